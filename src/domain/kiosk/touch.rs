//! What a touch does, page by page.

use kiosk_hal::model::{DeviceState, IdCard};

use super::Kiosk;
use crate::domain::catalog::{FULL_GUIDE_PAGES, list_pages};
use crate::domain::effect::{Effect, Note, PaperKind, VisitEnd};
use crate::domain::form::{Form, FormBack, FormStep};
use crate::domain::id::{ItemId, SubmissionId, VisitNo};
use crate::domain::session::{Page, Panel, SlipTrack, Trail, Tries, Visit};
use crate::domain::submission::{Application, StoreCommand};
use crate::domain::time::Now;
use crate::ipc::{CanDo, CardPrompt, GuidePart, Intent, Pages, ScanPrompt, WindowReason};

/// Rows on one page of the review.
pub(super) const REVIEW_ROWS: usize = 7;
/// Pages of the full guide.
const GUIDE_PAGES: usize = FULL_GUIDE_PAGES;

impl Kiosk {
    pub(super) fn touch(&mut self, now: &Now, intent: Intent, out: &mut Vec<Effect>) {
        if self.is_serviced() {
            return self.service_touch(now, &intent, out);
        }
        let Some(visit) = &mut self.visit else {
            self.first_touch(now, &intent, out);
            return;
        };
        let was_warning = visit.is_warning(&self.settings.times, now.since_start);
        visit.touched = now.since_start;
        if was_warning && matches!(intent, Intent::Leave | Intent::Finish) {
            self.leave(now, out);
            return;
        }
        let steps = matches!(intent, Intent::Next | Intent::Confirm | Intent::Finish | Intent::Apply | Intent::Begin);
        let turns = intent == Intent::NextPage;
        let same_touch =
            visit.stepped.is_some_and(|stepped| now.since_start < stepped + self.settings.times.same_touch);
        if steps && same_touch {
            return ignored("the same touch of a trembling hand", out);
        }
        visit.stepped = (steps || turns).then_some(now.since_start);
        match (intent, visit.panel) {
            (Intent::SetLanguage { language }, _) => visit.language = language,
            (Intent::SetTextSize { size }, _) => visit.size = size,
            (Intent::MoreTime, _) => {}
            (Intent::Help, panel) => {
                visit.panel = Some(Panel::Help);
                if panel != Some(Panel::Help) {
                    out.push(Effect::Note(Note::HelpCalled { visit: visit.no }));
                }
            }
            (Intent::CloseHelp | Intent::Back | Intent::Home, Some(Panel::Help))
            | (Intent::Stay | Intent::Back, Some(Panel::ConfirmLeave)) => visit.panel = None,
            (Intent::Leave, Some(Panel::ConfirmLeave)) => {
                visit.panel = None;
                self.turn_to(now, Page::Home, out);
            }
            (_, Some(_)) => ignored("a panel is open", out),
            (Intent::Home, None) => self.home(now, out),
            (Intent::Back, None) => self.back(now, out),
            (intent, None) => self.on_page(now, intent, out),
        }
    }

    /// Nobody was here: the visit begins, already in the wanted language or size.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a touch that means nothing here is one thing; a test lists every pair"
    )]
    pub(super) fn first_touch(&mut self, now: &Now, intent: &Intent, out: &mut Vec<Effect>) {
        let no = VisitNo(self.visits.0 + 1);
        let mut visit = Visit::new(no, now.since_start);
        match intent {
            Intent::OpenService => return self.open_service(now),
            Intent::Begin => {}
            Intent::SetLanguage { language } => visit.language = *language,
            Intent::SetTextSize { size } => visit.size = *size,
            Intent::Help => visit.panel = Some(Panel::Help),
            _ => return ignored("nobody is here", out),
        }
        out.push(Effect::Note(Note::VisitBegan { visit: no }));
        if visit.panel == Some(Panel::Help) {
            out.push(Effect::Note(Note::HelpCalled { visit: no }));
        }
        self.visits = no;
        self.visit = Some(visit);
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a touch that means nothing here is one thing; a test lists every pair"
    )]
    fn home(&mut self, now: &Now, out: &mut Vec<Effect>) {
        let Some(visit) = &mut self.visit else { return };
        match &visit.page {
            Page::Home | Page::Storing { .. } => ignored("home does nothing here", out),
            Page::Kept(_) | Page::Accepted { .. } | Page::SetAside(_) => self.leave(now, out),
            Page::Take { .. } => self.end_visit(now, VisitEnd::Left, out),
            page if page.holds_answers() => visit.panel = Some(Panel::ConfirmLeave),
            _ => self.turn_to(now, Page::Home, out),
        }
    }

    fn back(&mut self, now: &Now, out: &mut Vec<Effect>) {
        let Some(visit) = &mut self.visit else { return };
        let trail = visit.trail.clone();
        let trail_page = visit.trail_page;
        match &mut visit.page {
            Page::Home => self.leave(now, out),
            Page::Departments | Page::Scan { .. } | Page::Status(_) => self.turn_to(now, Page::Home, out),
            Page::List { of: Trail::Theme(_), .. } => self.turn_to(now, Page::Home, out),
            Page::List { of: Trail::Department(_), .. } => self.turn_to(now, Page::Departments, out),
            Page::Guide { part: part @ GuidePart::Full { .. }, .. } => *part = GuidePart::Short,
            Page::Guide { .. } => {
                let page = trail.map_or(Page::Home, |of| Page::List { of, page: trail_page });
                self.turn_to(now, page, out);
            }
            Page::Identify { item, .. } => {
                let item = item.clone();
                self.turn_to(now, guide(item), out);
            }
            Page::Fill { form, .. } => match form.back() {
                FormBack::Moved => {}
                FormBack::Review => self.show_review(now, out),
                FormBack::Leave => visit.panel = Some(Panel::ConfirmLeave),
            },
            Page::Review { form, .. } => match form.back() {
                FormBack::Moved => self.show_questions(now, out),
                FormBack::Review | FormBack::Leave => visit.panel = Some(Panel::ConfirmLeave),
            },
            Page::Storing { .. } => ignored("being kept", out),
            Page::NotKept { tries, .. } if tries.are_certainly_vain() => self.back_to_review(now, out),
            Page::NotKept { .. } => ignored("the store may still keep it", out),
            Page::Kept(_) | Page::Accepted { .. } | Page::SetAside(_) => self.leave(now, out),
            Page::Window { from, .. } => {
                let page = std::mem::replace(from.as_mut(), Page::Home);
                self.turn_to(now, page, out);
            }
            Page::Take { .. } => self.end_visit(now, VisitEnd::Left, out),
        }
    }

    fn on_page(&mut self, now: &Now, intent: Intent, out: &mut Vec<Effect>) {
        let Some(visit) = &mut self.visit else { return };
        match (&mut visit.page, intent) {
            (Page::Home, Intent::OpenTheme { theme }) => self.open_list(now, Trail::Theme(theme), out),
            (Page::Home, Intent::OpenDepartments) => self.turn_to(now, Page::Departments, out),
            (Page::Home, Intent::OpenScan) => self.open_scan(now, out),
            (Page::Home | Page::Scan { .. }, Intent::ToWindow) => {
                self.send_to_window(now, WindowReason::Asked, None, out);
            }
            (Page::Departments, Intent::OpenDepartment { department }) => {
                self.open_list(now, Trail::Department(department), out);
            }
            (Page::List { page, .. }, Intent::OpenItem { item }) => {
                let (item, page) = (ItemId(item), *page);
                if self.catalog.item(&item).is_some() {
                    visit.trail_page = page;
                    self.turn_to(now, guide(item), out);
                } else {
                    ignored("no such item", out);
                }
            }
            (Page::List { of, page }, Intent::NextPage) => {
                let count = of.items(&self.catalog).len();
                *page = (*page + 1).min(list_pages(count));
            }
            (Page::List { page, .. }, Intent::PreviousPage) => *page = page.saturating_sub(1).max(1),
            (Page::Guide { .. }, intent) => self.on_guide(now, intent, out),
            (Page::Identify { item, .. }, Intent::ToWindow) => {
                let item = item.clone();
                self.send_to_window(now, WindowReason::Asked, Some(item), out);
            }
            (Page::Fill { .. }, intent) => self.on_form(now, intent, out),
            (Page::Review { form, page, .. }, Intent::NextPage) => {
                *page = (*page + 1).min(pages(form.review(visit.language).len(), REVIEW_ROWS));
            }
            (Page::Review { page, .. }, Intent::PreviousPage) => *page = page.saturating_sub(1).max(1),
            (Page::Review { .. }, Intent::Edit { question }) => self.edit(now, question, out),
            (Page::Review { .. }, Intent::Confirm) => self.confirm(now, out),
            (Page::NotKept { .. }, Intent::Confirm) => self.keep_again(now, out),
            (Page::Review { .. } | Page::NotKept { .. }, Intent::ToWindow) => {
                self.send_to_window(now, WindowReason::Asked, None, out);
            }
            (Page::Kept(_) | Page::Accepted { .. } | Page::SetAside(_), Intent::PrintAgain) => {
                self.print_again(now, out);
            }
            (
                Page::NotKept { .. }
                | Page::Kept(_)
                | Page::Accepted { .. }
                | Page::SetAside(_)
                | Page::Status(_)
                | Page::Window { .. },
                Intent::Finish,
            ) => self.leave(now, out),
            (Page::Take { .. }, Intent::Finish | Intent::Begin) => self.end_visit(now, VisitEnd::Left, out),
            (Page::Status(_), Intent::OpenScan) => self.open_scan(now, out),
            _ => ignored("this touch means nothing on this page", out),
        }
    }

    fn open_list(&mut self, now: &Now, of: Trail, out: &mut Vec<Effect>) {
        if of.items(&self.catalog).is_empty() {
            return ignored("no such list", out);
        }
        if let Some(visit) = &mut self.visit {
            visit.trail = Some(of.clone());
            visit.trail_page = 1;
        }
        self.turn_to(now, Page::List { of, page: 1 }, out);
    }

    fn open_scan(&mut self, now: &Now, out: &mut Vec<Effect>) {
        let works = self.settings.fitted.scanner && scanner_may_work(self.health.scanner);
        let prompt = if works { ScanPrompt::Place } else { ScanPrompt::ScannerLost };
        self.turn_to(
            now,
            Page::Scan { prompt, ask: None, until: None, number: String::new(), last_known: None, code: None },
            out,
        );
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a touch that means nothing here is one thing; a test lists every pair"
    )]
    fn on_guide(&mut self, now: &Now, intent: Intent, out: &mut Vec<Effect>) {
        let Some(visit) = &mut self.visit else { return };
        let Page::Guide { item, part, slip } = &mut visit.page else {
            return;
        };
        let item = item.clone();
        match intent {
            Intent::OpenFullGuide => *part = full(1),
            Intent::NextPage | Intent::PreviousPage => {
                if let GuidePart::Full { pages } = part {
                    let page = if intent == Intent::NextPage { pages.page + 1 } else { pages.page.saturating_sub(1) };
                    *part = full(page.clamp(1, GUIDE_PAGES));
                }
            }
            Intent::PrintNotice | Intent::PrintAgain => {
                if matches!(slip, SlipTrack::Printing { .. }) {
                    return ignored("already printing", out);
                }
                let track = self.print(now, PaperKind::Notice { item }, false, out);
                self.set_slip(track);
            }
            Intent::Apply => self.apply(now, item, out),
            Intent::ToWindow => self.send_to_window(now, WindowReason::Asked, Some(item), out),
            Intent::Finish => self.leave(now, out),
            _ => ignored("this touch means nothing on a guide", out),
        }
    }

    fn apply(&mut self, now: &Now, item: ItemId, out: &mut Vec<Effect>) {
        let can = self.catalog.can(&item);
        match can {
            Some(CanDo::Apply) => {}
            Some(CanDo::WindowOnly | CanDo::Prefill) => {
                return self.send_to_window(now, WindowReason::FormNotHere, Some(item), out);
            }
            Some(CanDo::GuideOnly) | None => {
                return ignored("this item cannot be applied for here", out);
            }
        }
        if !self.settings.fitted.reader {
            return self.send_to_window(now, WindowReason::NoReader, Some(item), out);
        }
        if !self.can_apply() {
            return self.send_to_window(now, WindowReason::StorageDown, Some(item), out);
        }
        let prompt = self.place_prompt();
        self.turn_to(now, Page::Identify { item, prompt }, out);
    }

    /// What to say at the reader while nothing lies on it.
    pub(super) fn place_prompt(&self) -> CardPrompt {
        match self.health.reader {
            DeviceState::Online | DeviceState::Starting => CardPrompt::Place,
            DeviceState::Offline
            | DeviceState::NoDevice
            | DeviceState::HardwareError
            | DeviceState::UserError
            | DeviceState::DeviceBusy => CardPrompt::ReaderLost,
        }
    }

    /// Shows where the window is. A page that needs a device gives it up and is replaced by the guide behind it; any
    /// other page waits behind 返回 as it is.
    pub(super) fn send_to_window(&mut self, now: &Now, why: WindowReason, item: Option<ItemId>, out: &mut Vec<Effect>) {
        let Some(visit) = &mut self.visit else { return };
        let held = visit.page.item().cloned();
        let item = item.or(held);
        let needs_device = visit.page.wants_card() || visit.page.wants_code();
        let from = if needs_device {
            self.turn_to(now, Page::Home, out);
            item.clone().map_or(Page::Home, guide)
        } else {
            std::mem::replace(&mut visit.page, Page::Home)
        };
        self.turn_to(now, Page::Window { why, item, from: Box::new(from) }, out);
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a touch that means nothing here is one thing; a test lists every pair"
    )]
    fn on_form(&mut self, now: &Now, intent: Intent, out: &mut Vec<Effect>) {
        let Some(visit) = &mut self.visit else { return };
        let Page::Fill { form, .. } = &mut visit.page else {
            return;
        };
        match intent {
            Intent::Digit { digit } => form.digit(digit),
            Intent::Erase => form.erase(),
            Intent::Clear => form.clear(),
            Intent::Choose { value } => form.choose(&value),
            Intent::NextPage => form.next_page(),
            Intent::PreviousPage => form.previous_page(),
            Intent::ToWindow => self.send_to_window(now, WindowReason::Asked, None, out),
            Intent::Next => {
                if form.advance() == FormStep::Complete {
                    self.show_review(now, out);
                }
            }
            _ => ignored("this touch means nothing on a question", out),
        }
    }

    /// From the questions to the review, with card and answers.
    fn show_review(&mut self, now: &Now, out: &mut Vec<Effect>) {
        let Some(visit) = &mut self.visit else { return };
        if let Some(Page::Fill { item, card, form }) = visit.take_page(|page| matches!(page, Page::Fill { .. })) {
            self.turn_to(now, Page::Review { item, card, form, page: 1, tried: None }, out);
        }
    }

    fn back_to_review(&mut self, now: &Now, out: &mut Vec<Effect>) {
        let Some(visit) = &mut self.visit else { return };
        let taken = visit.take_page(|page| matches!(page, Page::NotKept { .. }));
        if let Some(Page::NotKept { item, card, form, application, .. }) = taken {
            self.turn_to(now, Page::Review { item, card, form, page: 1, tried: Some(application) }, out);
        }
    }

    fn edit(&mut self, now: &Now, question: usize, out: &mut Vec<Effect>) {
        let Some(visit) = &mut self.visit else { return };
        let Page::Review { form, .. } = &mut visit.page else { return };
        if form.edit(question) {
            self.show_questions(now, out);
        } else {
            ignored("no such question", out);
        }
    }

    /// From the review back to the questions. A changed application is another application: the id of an earlier try is
    /// not used for it.
    fn show_questions(&mut self, now: &Now, out: &mut Vec<Effect>) {
        let Some(visit) = &mut self.visit else { return };
        let taken = visit.take_page(|page| matches!(page, Page::Review { .. }));
        if let Some(Page::Review { item, card, form, .. }) = taken {
            self.turn_to(now, Page::Fill { item, card, form }, out);
        }
    }

    /// The resident confirmed: make the application, once, and have it kept.
    fn confirm(&mut self, now: &Now, out: &mut Vec<Effect>) {
        let Some(visit) = &mut self.visit else { return };
        let taken = visit.take_page(|page| matches!(page, Page::Review { .. }));
        let Some(Page::Review { item, card, form, tried, .. }) = taken else { return };
        let Some(found) = self.catalog.item(&item) else {
            self.turn_to(now, Page::Home, out);
            return ignored("the item left the catalogue", out);
        };
        let Some(fields) = form.fields() else {
            self.turn_to(now, Page::Review { item, card, form, page: 1, tried }, out);
            return ignored("something is not answered yet", out);
        };
        let application = tried.unwrap_or_else(|| {
            Box::new(Application {
                client_submission_id: new_id(now),
                item: found.reference(),
                terminal: self.settings.kiosk_code.clone(),
                confirmed_at: now.wall,
                form_version: found.form.version,
                notice: self.settings.notice_version.clone(),
                fields,
            })
        });
        self.keep(now, item, card, form, (application, Tries::default()), out);
    }

    /// Tries once more to keep what could not be kept: the same id, the same bytes.
    fn keep_again(&mut self, now: &Now, out: &mut Vec<Effect>) {
        let Some(visit) = &mut self.visit else { return };
        let taken = visit.take_page(|page| matches!(page, Page::NotKept { .. }));
        if let Some(Page::NotKept { item, card, form, application, tries }) = taken {
            self.keep(now, item, card, form, (application, tries), out);
        }
    }

    fn keep(
        &mut self,
        now: &Now,
        item: ItemId,
        card: Box<IdCard>,
        form: Box<Form>,
        (application, tries): (Box<Application>, Tries),
        out: &mut Vec<Effect>,
    ) {
        out.push(Effect::Note(Note::Confirmed { visit: self.visit_no(), id: application.client_submission_id }));
        self.ask_store(StoreCommand::Keep { application: application.clone() }, out);
        let until = now.since_start + self.settings.times.store_limit;
        self.turn_to(now, Page::Storing { item, card, form, application, tries: tries.asked(), until }, out);
    }

    fn print_again(&mut self, now: &Now, out: &mut Vec<Effect>) {
        let ended = self.visit.as_ref().and_then(|visit| visit.page.slip()?.ended());
        match ended {
            Some((kind, copy)) => {
                // Only what is certainly not on paper yet, by no try, is printed without the mark 重打.
                let track = self.print(now, kind, copy, out);
                self.set_slip(track);
            }
            None => ignored("nothing to print again", out),
        }
    }

    pub(super) fn set_slip(&mut self, track: SlipTrack) {
        if let Some(slip) = self.visit.as_mut().and_then(|visit| visit.page.slip_mut()) {
            *slip = track;
        }
    }
}

/// A short guide.
pub(super) fn guide(item: ItemId) -> Page {
    Page::Guide { item, part: GuidePart::Short, slip: SlipTrack::None }
}

/// Number of pages for so many rows, at least one.
pub(super) fn pages(rows: usize, per_page: usize) -> usize {
    rows.div_ceil(per_page).max(1)
}

pub(super) fn ignored(why: &'static str, out: &mut Vec<Effect>) {
    out.push(Effect::Ignored { why });
}

fn full(page: usize) -> GuidePart {
    GuidePart::Full { pages: Pages { page, of: GUIDE_PAGES } }
}

fn new_id(now: &Now) -> SubmissionId {
    let mut chance = [0; 10];
    chance.copy_from_slice(&now.chance[..10]);
    SubmissionId::from_parts(u64::try_from(now.wall.as_millisecond()).unwrap_or(0), chance)
}

fn scanner_may_work(state: DeviceState) -> bool {
    matches!(state, DeviceState::Online | DeviceState::Starting)
}
