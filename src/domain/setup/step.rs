//! What each event does on each step.

use super::{
    AUTO_AGAIN, AUTO_DEVICES, AUTOMATIC, AskNo, Checks, Chosen, DeviceCheck, DeviceState, DeviceStatus, ELSEWHERE,
    ENROL_LIMIT, Enrol, EnrolPrompt, EnrolRefusal, Expected, FAREWELL, FIXED, Grant, IdReaderEvent, IdReaderRequest,
    Intent, LOOK, NetworkChoice, Now, PAGE, PRINT_LIMIT, Place, PlaceChoice, PrintOutcome, PrinterEvent, Progress,
    Provision, ROLES, Role, SAVE_LIMIT, Saving, ScannerEvent, ScannerRequest, Setup, SetupEffect, SetupNote, Step,
    Typed, Typing, View, ignored,
};

type Out<'a> = &'a mut Vec<SetupEffect>;

impl Setup {
    /// Turns to the first step that is not durable, and asks for what its page needs.
    pub(super) fn enter(&mut self, now: &Now, out: Out) {
        let had = wants(&self.view);
        self.view = match self.progress.step() {
            Step::Language => View::Language,
            Step::Place => View::Place { chosen: self.plan.places.skip(Chosen::default()), page: 1 },
            Step::Network => View::Network { typing: None, fixed: None },
            Step::Enrol => View::Enrol(Enrol::Waiting(EnrolPrompt::Scan)),
            Step::Devices => View::Devices { printing: None, auto_until: None },
            Step::Done => View::Done { ask: None, leave: None },
        };
        self.show_centre();
        let has = wants(&self.view);
        if had.0 != has.0 {
            out.push(SetupEffect::Reader(if has.0 { IdReaderRequest::Watch } else { IdReaderRequest::Stop }));
        }
        if had.1 != has.1 {
            out.push(SetupEffect::Scanner(if has.1 { ScannerRequest::Enable } else { ScannerRequest::Disable }));
        }
        match self.progress.step() {
            Step::Network => out.push(SetupEffect::LookAtNetwork),
            Step::Done => self.write_settings(now, out),
            Step::Language | Step::Place | Step::Enrol | Step::Devices => {}
        }
        self.go_on_by_file(now, out);
    }

    /// A place that is chosen down to its centre is shown by its name before it counts.
    fn show_centre(&mut self) {
        if let View::Place { chosen, .. } = &self.view
            && let Some(Ok(place)) = self.plan.places.place(chosen)
        {
            self.view = View::Centre { chosen: chosen.clone(), place: Box::new(place) };
        }
    }

    /// Makes a finished step durable. The step is left when the disk has answered, never before.
    fn finish(&mut self, now: &Now, change: impl FnOnce(&mut Progress), out: Out) {
        if self.saving.is_some() {
            return ignored("a step is being saved", out);
        }
        let mut next = Box::new(self.progress.clone());
        next.language = Some(self.language);
        change(&mut next);
        let ask = self.next_ask();
        self.not_saved = false;
        out.push(SetupEffect::Keep { ask, progress: next.clone() });
        self.saving = Some(Saving { ask, next, until: now.since_start + SAVE_LIMIT });
    }

    pub(super) fn kept(&mut self, now: &Now, ask: AskNo, result: &Result<(), String>, out: Out) {
        let Some(saving) = self.saving.take_if(|saving| saving.ask == ask) else {
            return ignored("a late answer of the disk", out);
        };
        match result {
            Ok(()) => {
                let step = self.progress.step();
                self.progress = *saving.next;
                out.push(SetupEffect::Note(SetupNote::StepDone { step: step.number() }));
                self.enter(now, out);
            }
            Err(_) => self.not_kept(now, out),
        }
    }

    /// The step stays, and says so; whoever waits on the enrolment page for the disk holds the code up again.
    fn not_kept(&mut self, now: &Now, out: Out) {
        self.not_saved = true;
        self.auto = None;
        if let View::Enrol(enrol) = &mut self.view {
            *enrol = Enrol::Waiting(EnrolPrompt::Refused { why: EnrolRefusal::NotStored });
            // An answer that was brought is taken again, and a broken disk does not fill the log.
            self.next_look = now.since_start + AUTO_AGAIN;
        }
        out.push(SetupEffect::Note(SetupNote::NotSaved));
    }

    /// Ends what has run out, and looks around when it is time.
    pub(super) fn expire(&mut self, now: &Now, out: Out) {
        if self.saving.take_if(|saving| now.since_start >= saving.until).is_some() {
            self.not_kept(now, out);
        }
        if now.since_start >= self.next_look {
            self.next_look = now.since_start + LOOK;
            match &self.view {
                View::Network { .. } => out.push(SetupEffect::LookAtNetwork),
                View::Enrol(_) => out.push(SetupEffect::LookForFiles),
                View::Language | View::Place { .. } | View::Centre { .. } => {}
                View::Devices { .. } | View::Done { .. } | View::Left => {}
            }
        }
        match &mut self.view {
            View::Enrol(Enrol::Asking { until, .. }) if now.since_start >= *until => {
                self.refuse(now, EnrolRefusal::NoLine, out);
            }
            View::Enrol(Enrol::Again { at, .. }) if now.since_start >= *at => {
                self.view = View::Enrol(Enrol::Waiting(EnrolPrompt::Scan));
                self.go_on_by_file(now, out);
            }
            View::Devices { printing, .. } if printing.is_some_and(|(_, until)| now.since_start >= until) => {
                *printing = None;
                self.checks.set(Role::Printer, DeviceCheck::Look);
            }
            View::Devices { auto_until: Some(until), .. } if now.since_start >= *until => {
                // Somebody has to look: the pages take over.
                self.auto = None;
                self.view = View::Devices { printing: None, auto_until: None };
            }
            View::Done { ask: Some((_, until)), .. } if now.since_start >= *until => {
                self.view = View::Done { ask: None, leave: None };
                self.not_saved = true;
            }
            View::Done { leave: Some(at), .. } if now.since_start >= *at => {
                self.view = View::Left;
                out.push(SetupEffect::Leave);
            }
            View::Language
            | View::Place { .. }
            | View::Centre { .. }
            | View::Network { .. }
            | View::Enrol(_)
            | View::Devices { .. }
            | View::Done { .. }
            | View::Left => {}
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a touch that means nothing here is one thing; a test lists every pair"
    )]
    pub(super) fn touch(&mut self, now: &Now, intent: &Intent, out: Out) {
        match intent {
            Intent::SetTextSize { size } => return self.size = *size,
            Intent::SetLanguage { language } => {
                self.language = *language;
                if matches!(self.view, View::Language) {
                    self.finish(now, |_| {}, out);
                }
                return;
            }
            _ => {}
        }
        if self.saving.is_some() {
            return ignored("a step is being saved", out);
        }
        // A touch is a person's: from here on a person decides.
        if self.auto.take().is_some()
            && let View::Devices { auto_until, .. } = &mut self.view
        {
            *auto_until = None;
        }
        match &mut self.view {
            View::Language | View::Left => ignored("this touch means nothing here", out),
            View::Place { .. } => self.touch_place(now, intent, out),
            View::Centre { chosen, place } => match intent {
                Intent::Next => {
                    let place = Box::new(place.parts().clone());
                    self.finish(now, |next| next.place = Some(PlaceChoice::Chosen { place, window: None }), out);
                }
                Intent::Back => match self.plan.places.back(chosen) {
                    Some(chosen) => self.view = View::Place { chosen, page: 1 },
                    None => self.view = View::Language,
                },
                Intent::Choose { value } if value == ELSEWHERE => {
                    self.finish(now, |next| next.place = Some(PlaceChoice::County), out);
                }
                _ => ignored("this touch means nothing here", out),
            },
            View::Network { .. } => self.touch_network(now, intent, out),
            View::Enrol(_) => match intent {
                Intent::Back => {
                    // What was chosen before is what "go on" chooses again.
                    let fixed = match self.progress.network {
                        Some(NetworkChoice::Fixed(fixed)) => Some(fixed),
                        Some(NetworkChoice::Dhcp) | None => None,
                    };
                    self.view = View::Network { typing: None, fixed };
                    out.push(SetupEffect::Scanner(ScannerRequest::Disable));
                    out.push(SetupEffect::LookAtNetwork);
                }
                _ => ignored("this touch means nothing here", out),
            },
            View::Devices { .. } => self.touch_devices(now, intent, out),
            View::Done { ask: None, leave: None } if *intent == Intent::Next => self.write_settings(now, out),
            View::Done { .. } => ignored("the settings are being written", out),
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a touch that means nothing here is one thing; a test lists every pair"
    )]
    fn touch_place(&mut self, now: &Now, intent: &Intent, out: Out) {
        let View::Place { chosen, page } = &mut self.view else { return };
        let pages = self.plan.places.names(chosen).len().div_ceil(PAGE).max(1);
        match intent {
            Intent::Choose { value } if value == ELSEWHERE => {
                self.finish(now, |next| next.place = Some(PlaceChoice::County), out);
            }
            Intent::Choose { value } => {
                match value.parse().ok().and_then(|index| self.plan.places.choose(chosen, index)) {
                    Some(next) => {
                        self.view = View::Place { chosen: next, page: 1 };
                        self.show_centre();
                    }
                    None => ignored("no such place", out),
                }
            }
            Intent::NextPage => *page = (*page + 1).min(pages),
            Intent::PreviousPage => *page = page.saturating_sub(1).max(1),
            Intent::Back => match self.plan.places.back(chosen) {
                Some(above) => self.view = View::Place { chosen: above, page: 1 },
                None => self.view = View::Language,
            },
            _ => ignored("this touch means nothing here", out),
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a touch that means nothing here is one thing; a test lists every pair"
    )]
    fn touch_network(&mut self, now: &Now, intent: &Intent, out: Out) {
        let View::Network { typing, fixed } = &mut self.view else { return };
        let Some(numbers) = typing else {
            match intent {
                Intent::Choose { value } if value == FIXED => *typing = Some(Typing::default()),
                Intent::Choose { value } if value == AUTOMATIC => *fixed = None,
                Intent::Next => {
                    let choice = fixed.map_or(NetworkChoice::Dhcp, NetworkChoice::Fixed);
                    self.finish(now, |next| next.network = Some(choice), out);
                }
                Intent::Back => {
                    self.view = View::Place { chosen: self.plan.places.skip(Chosen::default()), page: 1 };
                    self.show_centre();
                }
                _ => ignored("this touch means nothing here", out),
            }
            return;
        };
        match intent {
            Intent::Digit { digit } => {
                if !numbers.digit(*digit) {
                    ignored("no room for this digit", out);
                }
            }
            Intent::Erase => _ = numbers.erase(),
            Intent::Clear => numbers.clear(),
            Intent::Back => {
                if !numbers.back() {
                    *typing = None;
                }
            }
            Intent::Next => match numbers.take() {
                Typed::More => {}
                Typed::Whole(whole) => self.view = View::Network { typing: None, fixed: Some(whole) },
            },
            _ => ignored("this touch means nothing here", out),
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a touch that means nothing here is one thing; a test lists every pair"
    )]
    fn touch_devices(&mut self, now: &Now, intent: &Intent, out: Out) {
        let View::Devices { printing, .. } = &mut self.view else { return };
        match intent {
            Intent::TryDevice { role } => match (role, self.checks.of(*role)) {
                (_, DeviceCheck::Absent) => ignored("this machine has none", out),
                (Role::Printer, DeviceCheck::Trying) => ignored("the slip is on its way", out),
                (Role::Printer, _) => {
                    self.last_job += 1;
                    *printing = Some((self.last_job, now.since_start + PRINT_LIMIT));
                    self.checks.set(Role::Printer, DeviceCheck::Trying);
                    out.push(SetupEffect::PrintTest { job: self.last_job });
                }
                (Role::IdReader | Role::Scanner, _) => self.checks.set(*role, DeviceCheck::Trying),
            },
            Intent::DeviceWorks { role } if self.checks.of(*role) == DeviceCheck::Look => {
                self.checks.set(*role, DeviceCheck::Works);
            }
            Intent::DeviceAbsent { role, absent: true } => {
                if *role == Role::Printer {
                    *printing = None;
                }
                self.checks.set(*role, DeviceCheck::Absent);
            }
            // What the configuration does not name cannot be brought back by a touch.
            Intent::DeviceAbsent { role, absent: false }
                if self.checks.of(*role) == DeviceCheck::Absent && self.plan.fitted.has(*role) =>
            {
                self.checks.set(*role, DeviceCheck::Untried);
            }
            Intent::Next if self.checks.are_settled() => {
                let fitted = self.checks.fitted();
                self.finish(now, |next| next.devices = Some(fitted), out);
            }
            _ => ignored("this touch means nothing here", out),
        }
    }

    pub(super) fn device(&mut self, now: &Now, status: DeviceStatus, out: Out) {
        let scanner_lost = status.role == Role::Scanner && !is_usable(status.state);
        self.states.insert(status.role, status);
        if let View::Enrol(Enrol::Waiting(prompt @ (EnrolPrompt::Scan | EnrolPrompt::ScannerLost))) = &mut self.view {
            let lost = self.states.get(&Role::Scanner).is_some_and(|scanner| !is_usable(scanner.state));
            *prompt = if lost || scanner_lost { EnrolPrompt::ScannerLost } else { EnrolPrompt::Scan };
        }
        self.settle_by_file(now, out);
    }

    pub(super) fn reader(&mut self, event: &IdReaderEvent, out: Out) {
        if !matches!(self.view, View::Devices { .. }) {
            return ignored("nobody asked for a card", out);
        }
        // Of the card nothing is looked at and nothing is kept: that it could be read is all.
        match event {
            IdReaderEvent::Card(_) => self.tried(Role::IdReader, DeviceCheck::Works),
            IdReaderEvent::Failed(_) => self.tried(Role::IdReader, DeviceCheck::Fails),
            IdReaderEvent::Reading => self.tried(Role::IdReader, DeviceCheck::Trying),
            IdReaderEvent::Removed => {}
        }
    }

    pub(super) fn printer(&mut self, event: &PrinterEvent, out: Out) {
        let View::Devices { printing, .. } = &mut self.view else {
            return ignored("nobody asked for a slip", out);
        };
        match event {
            PrinterEvent::Status(_) => {}
            PrinterEvent::Finished { job, outcome } => {
                if printing.is_none_or(|(asked, _)| asked != *job) {
                    return ignored("a late slip", out);
                }
                *printing = None;
                let check = match outcome {
                    PrintOutcome::Printed => DeviceCheck::Works,
                    PrintOutcome::NotPrinted(_) => DeviceCheck::Fails,
                    PrintOutcome::Unknown(_) => DeviceCheck::Look,
                };
                self.tried(Role::Printer, check);
            }
        }
    }

    /// Notes how a try went; what is absent on purpose stays so.
    fn tried(&mut self, role: Role, check: DeviceCheck) {
        if self.checks.of(role) != DeviceCheck::Absent {
            self.checks.set(role, check);
        }
    }

    pub(super) fn scanner(&mut self, now: &Now, event: ScannerEvent, out: Out) {
        let ScannerEvent::Code(code) = event else {
            if let (ScannerEvent::TooLong, View::Enrol(Enrol::Waiting(_))) = (&event, &self.view) {
                self.refuse(now, EnrolRefusal::TooLong, out);
            }
            return;
        };
        // A code that came through is the proof of the scanner, whatever it says.
        self.tried(Role::Scanner, DeviceCheck::Works);
        match &self.view {
            View::Enrol(Enrol::Waiting(_) | Enrol::Again { .. }) if self.saving.is_none() => match code.text {
                Ok(text) => self.ask_county(now, text, out),
                Err(_) => self.refuse(now, EnrolRefusal::NotACode, out),
            },
            View::Enrol(_) => ignored("the county is being asked", out),
            View::Devices { .. } => {}
            View::Language | View::Place { .. } | View::Centre { .. } => ignored("nobody asked for a code", out),
            View::Network { .. } | View::Done { .. } | View::Left => ignored("nobody asked for a code", out),
        }
    }

    fn ask_county(&mut self, now: &Now, code: String, out: Out) {
        let ask = self.next_ask();
        let place = match &self.progress.place {
            Some(PlaceChoice::Chosen { place, .. }) => Place::new(place.as_ref().clone()).ok(),
            Some(PlaceChoice::County) | None => None,
        };
        let kiosk = self.plan.kiosk.clone().or_else(|| self.auto.as_ref().map(|file| file.kiosk.clone()));
        let expected = Expected { kiosk, place: place.map(|place| place.code().to_owned()) };
        self.view = View::Enrol(Enrol::Asking { ask, until: now.since_start + ENROL_LIMIT });
        out.push(SetupEffect::Enrol { ask, code, expected });
    }

    pub(super) fn enrolled(&mut self, now: &Now, ask: AskNo, result: Result<Grant, EnrolRefusal>, out: Out) {
        if !matches!(&self.view, View::Enrol(Enrol::Asking { ask: asked, .. }) if *asked == ask) {
            return ignored("a late answer of the county", out);
        }
        match result {
            Ok(grant) => self.take_grant(now, grant, out),
            Err(why) => self.refuse(now, why, out),
        }
    }

    pub(super) fn answer_found(&mut self, now: &Now, result: Result<Grant, EnrolRefusal>, out: Out) {
        match (&self.view, result) {
            (View::Enrol(_), Ok(grant)) if self.saving.is_none() => self.take_grant(now, grant, out),
            (View::Enrol(Enrol::Waiting(_)), Err(why)) if self.saving.is_none() => self.refuse(now, why, out),
            // A file that is not for this machine stops neither the county's answer nor a prepared card.
            (View::Enrol(_), Err(why)) => out.push(SetupEffect::Note(SetupNote::Refused { why })),
            (_, _) => ignored("nobody waits for an answer of the county", out),
        }
    }

    /// The county's word on the place counts only if it fits what was chosen here.
    fn take_grant(&mut self, now: &Now, grant: Grant, out: Out) {
        let chosen = self.progress.place();
        let mut next = self.progress.clone();
        next.enrolled = Some(grant.clone());
        match (next.place(), chosen) {
            (Some(place), Some(chosen)) if place.code() != chosen.code() => {
                return self.refuse(now, EnrolRefusal::OtherPlace, out);
            }
            (Some(_), _) if next.window().is_some() => {}
            // Names that do not fit together, or nothing that residents could be sent to.
            (Some(_) | None, _) => return self.refuse(now, EnrolRefusal::BadAnswer, out),
        }
        if self.plan.kiosk.as_ref().is_some_and(|kiosk| *kiosk != grant.kiosk) {
            return self.refuse(now, EnrolRefusal::OtherKiosk, out);
        }
        self.view = View::Enrol(Enrol::Waiting(EnrolPrompt::Asking));
        self.finish(now, |next| next.enrolled = Some(grant), out);
    }

    fn refuse(&mut self, now: &Now, why: EnrolRefusal, out: Out) {
        out.push(SetupEffect::Note(SetupNote::Refused { why }));
        if self.auto.is_some() && why.may_pass() {
            self.view = View::Enrol(Enrol::Again { at: now.since_start + AUTO_AGAIN, why });
            return;
        }
        self.auto = None;
        self.view = View::Enrol(Enrol::Waiting(EnrolPrompt::Refused { why }));
    }

    pub(super) fn file_found(&mut self, now: &Now, result: Result<Box<Provision>, EnrolRefusal>, out: Out) {
        let file = match result {
            Ok(file) => file,
            Err(why) => {
                if self.file != Some(why) {
                    self.file = Some(why);
                    out.push(SetupEffect::Note(SetupNote::Refused { why }));
                }
                return;
            }
        };
        // A file for another place than the one chosen by hand, or for another kiosk, is somebody else's card.
        let place = Place::new(file.place.clone());
        let ours = place.as_ref().is_ok_and(|place| self.progress.place().is_none_or(|p| p.code() == place.code()));
        let same = self.plan.kiosk.as_ref().is_none_or(|kiosk| *kiosk == file.kiosk)
            && self.progress.enrolled.as_ref().is_none_or(|grant| grant.kiosk == file.kiosk);
        if !ours || !same {
            let why = if ours { EnrolRefusal::OtherKiosk } else { EnrolRefusal::OtherPlace };
            self.file = Some(why);
            return out.push(SetupEffect::Note(SetupNote::Refused { why }));
        }
        self.file = None;
        if self.auto.is_some() || self.saving.is_some() {
            return ignored("the file is in use already", out);
        }
        self.language = file.language;
        self.checks = Checks::new(super::FittedDevices {
            reader: file.devices.reader && self.plan.fitted.reader,
            printer: file.devices.printer && self.plan.fitted.printer,
            scanner: file.devices.scanner && self.plan.fitted.scanner,
        });
        self.auto = Some(file);
        self.go_on_by_file(now, out);
    }

    /// The next step of a prepared card.
    fn go_on_by_file(&mut self, now: &Now, out: Out) {
        let Some(file) = &self.auto else { return };
        match self.progress.step() {
            Step::Language | Step::Place | Step::Network => {
                let (place, network) = (Box::new(file.place.clone()), file.network);
                let window = Some(Box::new(file.window.clone()));
                self.finish(
                    now,
                    |next| {
                        next.place = Some(PlaceChoice::Chosen { place, window });
                        next.network = Some(network);
                    },
                    out,
                );
            }
            Step::Enrol => {
                let code = file.code.clone();
                self.ask_county(now, code, out);
            }
            Step::Devices => {
                self.view = View::Devices { printing: None, auto_until: Some(now.since_start + AUTO_DEVICES) };
                self.settle_by_file(now, out);
            }
            Step::Done => {}
        }
    }

    /// A prepared card takes a device that answers as working; without a person no slip and no card can be tried.
    fn settle_by_file(&mut self, now: &Now, out: Out) {
        if !matches!(self.view, View::Devices { auto_until: Some(_), .. }) || self.saving.is_some() {
            return;
        }
        for role in ROLES {
            let works = self.states.get(&role).is_some_and(|status| status.state == DeviceState::Online);
            if works {
                self.tried(role, DeviceCheck::Works);
            }
        }
        if self.checks.are_settled() {
            let fitted = self.checks.fitted();
            self.finish(now, |next| next.devices = Some(fitted), out);
        }
    }

    fn write_settings(&mut self, now: &Now, out: Out) {
        let ask = self.next_ask();
        self.not_saved = false;
        self.view = View::Done { ask: Some((ask, now.since_start + SAVE_LIMIT)), leave: None };
        out.push(SetupEffect::Finish { ask, progress: Box::new(self.progress.clone()) });
    }

    pub(super) fn finished(&mut self, now: &Now, ask: AskNo, result: &Result<(), String>, out: Out) {
        if !matches!(&self.view, View::Done { ask: Some((asked, _)), .. } if *asked == ask) {
            return ignored("a late answer of the disk", out);
        }
        match result {
            Ok(()) => {
                self.view = View::Done { ask: None, leave: Some(now.since_start + FAREWELL) };
                out.push(SetupEffect::Note(SetupNote::StepDone { step: Step::Done.number() }));
            }
            Err(_) => {
                self.view = View::Done { ask: None, leave: None };
                self.not_saved = true;
                out.push(SetupEffect::Note(SetupNote::NotSaved));
            }
        }
    }
}

/// Whether a page needs cards and codes.
fn wants(view: &View) -> (bool, bool) {
    match view {
        View::Enrol(_) => (false, true),
        View::Devices { .. } => (true, true),
        View::Language | View::Place { .. } | View::Centre { .. } => (false, false),
        View::Network { .. } | View::Done { .. } | View::Left => (false, false),
    }
}

fn is_usable(state: DeviceState) -> bool {
    match state {
        DeviceState::Starting | DeviceState::Online | DeviceState::UserError => true,
        DeviceState::Offline | DeviceState::NoDevice | DeviceState::HardwareError | DeviceState::DeviceBusy => false,
    }
}
