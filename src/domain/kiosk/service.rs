//! What the technician is told: updates, repairs of the store, codes of devices; and the one word he may give.
//!
//! Promises: the page opens on the idle and the out-of-service page alone, never over a visit, and closes by itself; it shows
//! numbers, versions and codes and nothing of a person. The one deed on it, "install", exists only while the agent says that
//! a bundle with a good signature waits on a stick: whoever could put it in has opened the machine, and that is the trust
//! a stick has. Without one the page may be read by anybody and changes nothing.
//!
//! The word is handed to the agent with each status report until its news says that it no longer waits for one. A report
//! that is lost is followed by another, and a word that arrives twice finds a bundle that no longer asks.
//!
//! Left out: staff cards. They will open what the stick does not.

use super::touch::ignored;
use super::{Kiosk, StoreHealth};
use crate::domain::effect::{Effect, Note};
use crate::domain::genuine::ImageClaim;
use crate::domain::id::Sequence;
use crate::domain::receipt;
use crate::domain::submission::StoreFound;
use crate::domain::time::{Now, SinceStart, clock};
use crate::ipc::{
    Body, Clock, FellBackLine, ImageCard, Intent, Language, Screen, ServiceLine, ServicePage, StoreCard, StoreState,
    TextSize, UpdateAnswer, UpdateNews, UpdatePhase,
};

/// The page closes by itself when nobody touched it for so long: a technician reads and telephones; whoever finds the page
/// instead of the idle one has a large way out.
const OPEN_FOR: SinceStart = SinceStart::from_secs(300);
/// A refusal stands on the idle page for so long: whoever brought the stick has read it by then.
const REFUSED_FOR: SinceStart = SinceStart::from_secs(600);

/// What is known for the technician.
#[derive(Debug, Default)]
pub(super) struct Service {
    news: UpdateNews,
    /// The word about the bundle that asks.
    answer: Option<UpdateAnswer>,
    /// Until when the idle page tells of a refusal.
    refused_until: SinceStart,
    /// What the last opening of the store found.
    found: Option<StoreFound>,
    /// The file that was put aside since the start.
    aside: String,
    /// Code of what last broke the store since the start.
    broke: String,
    open: Option<Open>,
}

impl Service {
    /// Numbers without an application.
    fn missing(&self) -> &[Sequence] {
        self.found.as_ref().map_or(&[], |found| &found.missing)
    }
}

/// The page is open.
#[derive(Debug)]
struct Open {
    touched: SinceStart,
    /// By the machine's clock.
    since: jiff::Timestamp,
    language: Language,
    size: TextSize,
}

impl Open {
    fn at(now: &Now) -> Self {
        Self { touched: now.since_start, since: now.wall, language: Language::default(), size: TextSize::default() }
    }
}

impl Kiosk {
    /// The agent told how updates are.
    pub(super) fn updates(&mut self, now: &Now, news: UpdateNews) {
        let service = &mut self.service;
        let is_new = news.phase != service.news.phase || news.version != service.news.version;
        if news.phase != UpdatePhase::Asking || is_new {
            service.answer = None;
        }
        if is_new && news.phase == UpdatePhase::Refused {
            service.refused_until = now.since_start + REFUSED_FOR;
        }
        // Somebody stands there with a stick: the page comes by itself, but never over a visit.
        if is_new && news.phase == UpdatePhase::Asking && self.visit.is_none() && service.open.is_none() {
            service.open = Some(Open::at(now));
        }
        service.news = news;
    }

    /// The store was opened.
    pub(super) fn store_found(&mut self, found: StoreFound) {
        if let Some(aside) = &found.aside {
            self.service.aside.clone_from(aside);
        }
        self.service.found = Some(found);
    }

    /// The store broke.
    pub(super) fn store_broke(&mut self, code: &str) {
        code.clone_into(&mut self.service.broke);
    }

    /// Whether the technician's page is on the glass.
    pub(super) fn is_serviced(&self) -> bool {
        self.visit.is_none() && self.service.open.is_some()
    }

    /// Opens the page; nobody is here.
    pub(super) fn open_service(&mut self, now: &Now) {
        self.service.open = Some(Open::at(now));
    }

    /// A touch on the technician's page.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a touch that means nothing here is one thing; a test lists every pair"
    )]
    pub(super) fn service_touch(&mut self, now: &Now, intent: &Intent, out: &mut Vec<Effect>) {
        let Some(open) = &mut self.service.open else { return };
        open.touched = now.since_start;
        match intent {
            // A resident who found this page: the panel lies over a visit of his own.
            Intent::Help => {
                self.service.open = None;
                self.first_touch(now, intent, out);
            }
            Intent::Back | Intent::Home | Intent::Finish => self.service.open = None,
            Intent::SetLanguage { language } => open.language = *language,
            Intent::SetTextSize { size } => open.size = *size,
            Intent::AnswerUpdate { answer } => {
                if self.service.news.phase != UpdatePhase::Asking || self.service.answer.is_some() {
                    return ignored("no update asks for a word", out);
                }
                self.service.answer = Some(*answer);
                let version = self.service.news.version.clone();
                out.push(Effect::Note(Note::UpdateAnswered { version, install: *answer == UpdateAnswer::Install }));
            }
            _ => ignored("the technician's page is open", out),
        }
    }

    /// When the page closes by itself, or the idle page stops telling of a refusal.
    pub(super) fn service_wake(&self, now: &Now) -> Option<SinceStart> {
        match &self.service.open {
            Some(open) => Some(open.touched + OPEN_FOR),
            None => Some(self.service.refused_until).filter(|until| *until > now.since_start),
        }
    }

    /// Closes what has been open for long enough.
    pub(super) fn expire_service(&mut self, now: &Now) {
        if self.service.open.as_ref().is_some_and(|open| now.since_start >= open.touched + OPEN_FOR) {
            self.service.open = None;
        }
    }

    /// The word for the agent.
    pub(super) fn update_answer(&self) -> Option<UpdateAnswer> {
        self.service.answer
    }

    /// Updates and the store, each in one plain line for `kioskctl status`.
    pub(super) fn service_status(&self) -> (String, String) {
        let news = &self.service.news;
        let update = match (news.phase, &news.fell_back) {
            (UpdatePhase::Resting, None) => String::new(),
            (UpdatePhase::Resting, Some(fell)) => {
                format!(
                    "{} fell back to {}: {} ({}, {})",
                    fell.version, fell.back_to, fell.why.en, fell.code, fell.why.zh
                )
            }
            (UpdatePhase::Asking, _) => format!("{} on the stick waits for a word on the screen", news.version),
            (UpdatePhase::Waiting, _) => format!("{} waits for its moment", news.version),
            (UpdatePhase::Installing, _) => format!("{} is being installed, {}%", news.version, news.percent),
            (UpdatePhase::Restart, _) => format!("{} starts with the next restart. {}", news.version, news.why.en),
            (UpdatePhase::Refused, _) => {
                format!("{} refused: {} ({}, {})", news.version, news.why.en, news.code, news.why.zh)
            }
        };
        let repair = match (self.service.aside.as_str(), self.service.missing().len()) {
            ("", 0) => String::new(),
            ("", lost) => format!("{lost} numbers without an application"),
            (aside, lost) => {
                format!("repaired; the damaged file is {aside}; {lost} numbers without an application")
            }
        };
        (update.trim().to_owned(), repair)
    }

    /// What the idle page says to the technician: what waits for him first, what he should know last, and always a way in.
    pub(super) fn service_line(&self, now: &Now) -> ServiceLine {
        let news = &self.service.news;
        let version = news.version.clone();
        let present = match news.phase {
            UpdatePhase::Asking if self.service.answer.is_none() => Some(ServiceLine::Offer { version }),
            UpdatePhase::Asking | UpdatePhase::Waiting | UpdatePhase::Installing => {
                Some(ServiceLine::Installing { version })
            }
            UpdatePhase::Restart => Some(ServiceLine::Restart { version }),
            UpdatePhase::Refused if now.since_start < self.service.refused_until => {
                Some(ServiceLine::Refused { version })
            }
            UpdatePhase::Refused | UpdatePhase::Resting => None,
        };
        let fell = || news.fell_back.as_ref().map(|fell| ServiceLine::FellBack { version: fell.version.clone() });
        let lost = self.service.missing().len();
        let repaired = || (!self.service.aside.is_empty()).then_some(ServiceLine::Repaired { lost });
        let nothing = || ServiceLine::Nothing { kiosk: self.settings.kiosk_code.clone() };
        present.or_else(fell).or_else(repaired).unwrap_or_else(nothing)
    }

    /// The technician's page.
    pub(super) fn service_screen(&self, now: &Now) -> Option<Screen> {
        let open = self.service.open.as_ref()?;
        let language = open.language;
        let news = &self.service.news;
        let free = now.since_start.saturating_sub(self.quiet_since);
        let restart_at = news.quiet_seconds.filter(|_| news.phase == UpdatePhase::Restart && news.code.is_empty());
        let restart_at = restart_at.and_then(|quiet| ahead(now, SinceStart::from_secs(quiet).saturating_sub(free)));
        let page = ServicePage {
            running: news.running.clone(),
            phase: news.phase,
            version: news.version.clone(),
            percent: news.percent,
            why: news.why.get(language).to_owned(),
            code: news.code.clone(),
            restart_at,
            answered: self.service.answer.is_some(),
            fell_back: news.fell_back.as_ref().map(|fell| FellBackLine {
                version: fell.version.clone(),
                back_to: fell.back_to.clone(),
                at: clock(fell.at),
                why: fell.why.get(language).to_owned(),
                code: fell.code.clone(),
            }),
            store: self.store_card(now),
            codes: self.health.codes.iter().filter(|code| !code.is_empty()).cloned().collect(),
            image: self.image_card(open.since),
        };
        let frame = self.frame(language, open.size, now, None, (true, true));
        Some(Screen { frame, body: Body::Service(Box::new(page)), overlay: None })
    }

    fn image_card(&self, at: jiff::Timestamp) -> Option<ImageCard> {
        let root_hash = self.settings.root_hash.clone()?;
        let hash = root_hash.in_groups();
        let claim = ImageClaim { kiosk: self.settings.kiosk_code.clone(), root_hash, at };
        Some(ImageCard { hash, qr: claim.text() })
    }

    fn store_card(&self, now: &Now) -> StoreCard {
        let service = &self.service;
        let missing = service.missing();
        let state = match &self.health.store {
            StoreHealth::Broken(code) => match code.as_str() {
                "store.disk-full" => StoreState::NoRoom,
                "store.io" => StoreState::Disk,
                "store.damaged" | "store.not-a-database" => StoreState::Damaged,
                _ => StoreState::Broken,
            },
            StoreHealth::Good if !service.aside.is_empty() => StoreState::Repaired,
            StoreHealth::Good if !service.broke.is_empty() => StoreState::Reopened,
            StoreHealth::Good => StoreState::Sound,
        };
        let number = |sequence| receipt::in_groups(&receipt::kiosk_number(&self.settings.kiosk_code, sequence));
        StoreCard {
            state,
            code: match &self.health.store {
                StoreHealth::Broken(code) => code.clone(),
                StoreHealth::Good => service.broke.clone(),
            },
            given: service.found.as_ref().map(|found| found.last.0),
            waiting: self.outbox.waiting() + self.outbox.aside(),
            lost: missing.iter().take(StoreCard::MOST).map(|sequence| number(*sequence)).collect(),
            lost_more: missing.len().saturating_sub(StoreCard::MOST),
            aside: service.aside.clone(),
            again_at: self.reopening.due().and_then(|at| ahead(now, at.saturating_sub(now.since_start))),
        }
    }
}

/// The time on the machine's clock after so long.
fn ahead(now: &Now, after: SinceStart) -> Option<Clock> {
    let after = jiff::SignedDuration::try_from(after).ok()?;
    now.wall.checked_add(after).ok().map(clock)
}
