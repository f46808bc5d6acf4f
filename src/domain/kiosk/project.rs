//! The screen as a projection of the state. No side effects, no sentences.

use super::touch::{REVIEW_ROWS, pages};
use kiosk_hal::model::Role;

use super::{Kiosk, Line, StoreHealth};
use crate::domain::catalog::{LIST_PAGE, list_pages};
use crate::domain::id::ItemId;
use crate::domain::receipt;
use crate::domain::session::{Done, Page, Panel, SlipTrack, Trail, Visit};
use crate::domain::submission::CaseReceipt;
use crate::domain::time::{Now, clock, day, local_date};
use crate::ipc::{
    Accepted, Body, CanDo, Departments, EngineStatus, Frame, Home, Identify, Idle, Kept, Language, List, OutOfService,
    OutReason, Overlay, Pages, Place, Progress, Review, Scan, Screen, Sending, SetAside, SlipState, Stage, Take,
    TextSize, Window, WindowPlace, WindowReason, Works,
};

/// Steps of an application: identify, fill in, check, hand in.
const STEPS: u8 = 4;
/// Questions that a person answers in a minute.
const QUESTIONS_PER_MINUTE: usize = 3;

impl Kiosk {
    /// What is on the screen.
    pub fn screen(&self, now: &Now) -> Screen {
        match &self.visit {
            None => self.service_screen(now).unwrap_or_else(|| self.idle_screen(now)),
            Some(visit) => self.visit_screen(visit, now),
        }
    }

    /// How the machine is, for the technician. No personal data.
    pub fn status(&self, now: &Now, page: &str) -> EngineStatus {
        let health = &self.health;
        let devices = [
            ("id-reader", self.settings.fitted.reader, health.reader, &health.codes[0]),
            ("printer", self.settings.fitted.printer, health.printer, &health.codes[1]),
            ("scanner", self.settings.fitted.scanner, health.scanner, &health.codes[2]),
        ];
        let (sending, taking) = self.room_status();
        let (update, repair) = self.service_status();
        EngineStatus {
            sending,
            taking,
            answer: self.update_answer(),
            update,
            repair,
            kiosk: self.settings.kiosk_code.clone(),
            in_use: self.is_in_use(),
            page: page.to_owned(),
            waiting: self.waiting(),
            up_seconds: now.since_start.as_secs(),
            devices: devices
                .into_iter()
                .map(|(role, fitted, state, code)| {
                    let state = if fitted { format!("{state:?}") } else { "not fitted".to_owned() };
                    (role.to_owned(), if code.is_empty() { state } else { format!("{state} {code}") })
                })
                .collect(),
            line: format!("{:?}", health.line),
            store: match &health.store {
                StoreHealth::Good => "good".to_owned(),
                StoreHealth::Broken(code) => code.clone(),
            },
            outbox_read: self.queue_read,
            set_aside: self.outbox.aside(),
            county_reachable: match health.line {
                Line::Unknown => None,
                Line::Up => Some(true),
                Line::Down => Some(false),
            },
            county_seconds: now.since_start.saturating_sub(self.line_since).as_secs(),
            access: [
                ("id-reader", self.settings.fitted.reader, Role::IdReader),
                ("printer", self.settings.fitted.printer, Role::Printer),
                ("scanner", self.settings.fitted.scanner, Role::Scanner),
            ]
            .into_iter()
            .filter(|(_, fitted, _)| *fitted)
            .map(|(name, _, role)| (name.to_owned(), health.access(role)))
            .collect(),
            quiet_seconds: match self.visit {
                Some(_) => 0,
                None => now.since_start.saturating_sub(self.quiet_since).as_secs(),
            },
            ..EngineStatus::default()
        }
    }

    fn idle_screen(&self, now: &Now) -> Screen {
        let language = Language::default();
        let body = match &self.health.store {
            StoreHealth::Broken(code) => Body::OutOfService(OutOfService {
                reasons: vec![OutReason::Storage],
                guides_work: true,
                window: self.window(language),
                codes: std::iter::once(code)
                    .chain(&self.health.codes)
                    .filter(|code| !code.is_empty())
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(" "),
                leads_on: true,
            }),
            StoreHealth::Good => Body::Idle(Idle {
                card: self.health.card(self.settings.fitted.reader),
                paper: self.health.paper(self.settings.fitted.printer),
                line: self.health.line(),
                apply_count: if self.can_apply() { self.catalog.counts().apply } else { 0 },
                guide_count: self.catalog.counts().all,
                held: self.held(),
                notices: self.catalog.notices(local_date(now.wall), language),
                service: self.service_line(now),
            }),
        };
        Screen { frame: self.frame(language, TextSize::Normal, now, None, (false, false)), body, overlay: None }
    }

    fn visit_screen(&self, visit: &Visit, now: &Now) -> Screen {
        let (body, progress) = self.page(visit);
        let may_be_kept = matches!(visit.page, Page::Storing { .. })
            || matches!(&visit.page, Page::NotKept { tries, .. } if !tries.are_certainly_vain());
        let can_back = !may_be_kept;
        let can_home = !matches!(visit.page, Page::Home | Page::Storing { .. });
        let overlay = if visit.is_warning(&self.settings.times, now.since_start) {
            let left = visit.limits(&self.settings.times).1.saturating_sub(now.since_start);
            Some(Overlay::StillThere { seconds_left: u32::try_from(left.as_secs()).unwrap_or(u32::MAX) })
        } else {
            visit.panel.map(|panel| match panel {
                Panel::Help => Overlay::Help(self.window(visit.language)),
                Panel::ConfirmLeave => Overlay::ConfirmLeave,
            })
        };
        Screen { frame: self.frame(visit.language, visit.size, now, progress, (can_back, can_home)), body, overlay }
    }

    pub(super) fn frame(
        &self,
        language: Language,
        text_size: TextSize,
        now: &Now,
        progress: Option<Progress>,
        (can_back, can_home): (bool, bool),
    ) -> Frame {
        Frame {
            centre: self.settings.centre.get(language).to_owned(),
            clock: clock(now.wall),
            language,
            text_size,
            progress,
            can_back,
            can_home,
            hotline: self.settings.hotline.clone(),
            sample: self.catalog.is_sample(),
        }
    }

    fn page(&self, visit: &Visit) -> (Body, Option<Progress>) {
        let language = visit.language;
        match &visit.page {
            Page::Home => (Body::Home(Home { themes: self.catalog.themes(language) }), None),
            Page::Departments => {
                (Body::Departments(Departments { departments: self.catalog.departments(language) }), None)
            }
            Page::List { of, page } => (Body::List(self.list(of, *page, language)), None),
            Page::Guide { item, part, slip } => (self.guide_body(item, *part, slip, language), None),
            Page::Identify { item, prompt } => {
                let body = Body::Identify(Identify {
                    prompt: *prompt,
                    processor: self.owner(item, language),
                    item: self.plain_name(item, language),
                });
                (body, Some(progress(1, Stage::Identify, String::new(), self.minutes(item, None))))
            }
            Page::Fill { item, form, .. } => {
                let about = form.label(language);
                let (position, of) = form.position();
                let minutes = self.minutes(item, Some(of + 1 - position.min(of)));
                (Body::Form(form.view(language)), Some(progress(2, Stage::Fill, about, minutes)))
            }
            Page::Review { item, form, page, .. } => {
                let rows = form.review(language);
                let of = pages(rows.len(), REVIEW_ROWS);
                let page = (*page).clamp(1, of);
                let body = Body::Review(Review {
                    item: self.plain_name(item, language),
                    rows: rows.into_iter().skip((page - 1) * REVIEW_ROWS).take(REVIEW_ROWS).collect(),
                    pages: Pages { page, of },
                    receiver: self.owner(item, language),
                    bring_later: self.bring_later(item, language),
                });
                (body, Some(progress(3, Stage::Review, String::new(), 1)))
            }
            Page::Storing { .. } => (Body::Storing, Some(progress(4, Stage::Done, String::new(), 1))),
            Page::NotKept { .. } => {
                (Body::NotKept(self.window(language)), Some(progress(3, Stage::Review, String::new(), 1)))
            }
            Page::Kept(done) => (Body::Kept(self.kept_body(done, language)), None),
            Page::Accepted { done, receipt } => {
                let body = Body::Accepted(Accepted {
                    item: done.item.plain_name.get(language).to_owned(),
                    number: receipt::in_groups(&receipt.case_number),
                    query_code: receipt.query_code.clone(),
                    qr: self.accepted_claim(done, receipt),
                    promised: receipt.promise_date.map(day),
                    mobile: done.mobile.clone(),
                    slip: slip_state(&done.slip),
                    bring_later: self.bring_later(&done.item.item, language),
                });
                (body, None)
            }
            Page::SetAside(done) => {
                let body = Body::SetAside(SetAside {
                    item: done.item.plain_name.get(language).to_owned(),
                    number: self.number(done),
                    slip: slip_state(&done.slip),
                    window: self.window(language),
                });
                (body, None)
            }
            Page::Scan { prompt, .. } => (Body::Scan(Scan { prompt: *prompt }), None),
            Page::Status(status) => (Body::Status((**status).clone()), None),
            Page::Window { why, item, .. } => (self.window_body(*why, item.as_ref(), language), None),
            Page::Take { .. } => (Body::Take(Take { card: visit.card_used, paper: visit.papers > 0 }), None),
        }
    }

    fn list(&self, of: &Trail, page: usize, language: Language) -> List {
        let items = of.items(&self.catalog);
        let pages = list_pages(items.len());
        let page = page.clamp(1, pages);
        List {
            title: of.title(&self.catalog, language),
            rows: items
                .into_iter()
                .skip((page - 1) * LIST_PAGE)
                .take(LIST_PAGE)
                .map(|item| {
                    let mut row = self.catalog.row(item, language);
                    row.can = self.can_here(row.can);
                    row
                })
                .collect(),
            pages: Pages { page, of: pages },
        }
    }

    fn guide_body(&self, item: &ItemId, part: crate::ipc::GuidePart, slip: &SlipTrack, language: Language) -> Body {
        match self.catalog.item(item) {
            Some(found) => {
                let mut guide = self.catalog.guide(found, language, part);
                guide.can = self.can_here(guide.can);
                guide.can_print = matches!(self.health.paper(self.settings.fitted.printer), Works::Yes | Works::Low);
                guide.slip = slip_state(slip);
                Body::Item(Box::new(guide))
            }
            None => self.window_body(WindowReason::Asked, None, language),
        }
    }

    /// What can be done here with an item on this machine right now: never a button that leads nowhere.
    fn can_here(&self, can: CanDo) -> CanDo {
        if can == CanDo::Apply && !self.can_apply() { CanDo::WindowOnly } else { can }
    }

    fn window_body(&self, why: WindowReason, item: Option<&ItemId>, language: Language) -> Body {
        let item = item.map(|item| self.plain_name(item, language)).unwrap_or_default();
        Body::Window(Window { why, item, window: self.window(language) })
    }

    fn kept_body(&self, done: &Done, language: Language) -> Kept {
        Kept {
            item: done.item.plain_name.get(language).to_owned(),
            number: self.number(done),
            qr: self.kept_claim(done),
            mobile: done.mobile.clone(),
            slip: slip_state(&done.slip),
            sending: if done.line_up { Sending::Now } else { Sending::Later },
            phone: self.settings.window.phone.clone(),
        }
    }

    pub(super) fn number(&self, done: &Done) -> String {
        receipt::in_groups(&receipt::kiosk_number(&self.settings.kiosk_code, done.sequence))
    }

    /// What the "kept" slip claims. Screen and paper say the same; the engine adds the signature.
    pub(super) fn kept_claim(&self, done: &Done) -> String {
        self.claim(done, done.kept_at, None, receipt::kept_code(done.id))
    }

    /// What the "accepted" slip claims.
    pub(super) fn accepted_claim(&self, done: &Done, given: &CaseReceipt) -> String {
        self.claim(done, given.accepted_at, Some(given.case_number.clone()), given.query_code.clone())
    }

    fn claim(&self, done: &Done, at: jiff::Timestamp, case: Option<String>, code: String) -> String {
        let kiosk = self.settings.kiosk_code.clone();
        receipt::Claim { kiosk, sequence: done.sequence, item: done.item.code.clone(), at, case, code }.text()
    }

    fn window(&self, language: Language) -> WindowPlace {
        let window = &self.settings.window;
        WindowPlace {
            place: Place {
                name: window.name.get(language).to_owned(),
                address: window.address.get(language).to_owned(),
                hours: window.hours.get(language).to_owned(),
            },
            phone: window.phone.clone(),
            hotline: self.settings.hotline.clone(),
        }
    }

    fn plain_name(&self, item: &ItemId, language: Language) -> String {
        self.catalog.item(item).map(|item| item.plain_name.get(language).to_owned()).unwrap_or_default()
    }

    fn owner(&self, item: &ItemId, language: Language) -> String {
        self.catalog.item(item).map(|item| item.owner.get(language).to_owned()).unwrap_or_default()
    }

    fn bring_later(&self, item: &ItemId, language: Language) -> Vec<String> {
        self.catalog.item(item).map(|item| self.catalog.bring_later(item, language)).unwrap_or_default()
    }

    /// Minutes left: the card, the questions still open, the review.
    fn minutes(&self, item: &ItemId, open: Option<usize>) -> u8 {
        let questions = open.or_else(|| self.catalog.item(item).map(|item| item.question_count()));
        let minutes = 1 + questions.unwrap_or(0).div_ceil(QUESTIONS_PER_MINUTE);
        u8::try_from(minutes).unwrap_or(u8::MAX)
    }
}

fn progress(step: u8, stage: Stage, about: String, minutes_left: u8) -> Progress {
    Progress { step, of: STEPS, stage, about, minutes_left }
}

fn slip_state(slip: &SlipTrack) -> SlipState {
    use kiosk_hal::model::PrintOutcome;
    match slip {
        SlipTrack::None => SlipState::None,
        SlipTrack::Printing { .. } => SlipState::Printing,
        SlipTrack::Ended { outcome: PrintOutcome::Printed, .. } => SlipState::Printed,
        SlipTrack::Ended { outcome: PrintOutcome::NotPrinted(why), .. } => SlipState::NotPrinted { why: *why },
        SlipTrack::Ended { outcome: PrintOutcome::Unknown(why), .. } => SlipState::Unclear { why: *why },
    }
}
