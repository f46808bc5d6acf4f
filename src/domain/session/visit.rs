//! A visit: its page, its panel, its language, and when it was last touched.

use super::page::{Page, Trail};
use crate::domain::id::VisitNo;
use crate::domain::settings::Times;
use crate::domain::time::SinceStart;
use crate::ipc::{Language, TextSize};

/// One person in front of the machine.
#[derive(Debug)]
pub struct Visit {
    /// Its number.
    pub no: VisitNo,
    /// Language of the session.
    pub language: Language,
    /// Text size of the session.
    pub size: TextSize,
    /// Where they are.
    pub page: Page,
    /// A panel over the page.
    pub panel: Option<Panel>,
    /// The list they came from.
    pub trail: Option<Trail>,
    /// Page of that list, from 1.
    pub trail_page: usize,
    /// When it began.
    pub began: SinceStart,
    /// When the screen was last touched or a card was last laid down.
    pub touched: SinceStart,
    /// A card was read.
    pub card_used: bool,
    /// Slips that came out or are on their way.
    pub papers: u32,
    /// When a step was last taken with a primary button, until something else is touched.
    pub stepped: Option<SinceStart>,
}

/// A panel over the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Panel {
    /// A person was called.
    Help,
    /// Leave and lose the answers?
    ConfirmLeave,
}

impl Visit {
    /// A new visit on the home page.
    pub fn new(no: VisitNo, now: SinceStart) -> Self {
        Self {
            no,
            language: Language::default(),
            size: TextSize::default(),
            page: Page::Home,
            panel: None,
            trail: None,
            trail_page: 1,
            began: now,
            touched: now,
            card_used: false,
            papers: 0,
            stepped: None,
        }
    }

    /// Takes the page out if it is a wanted one; the caller puts another in its place by `turn_to`.
    pub fn take_page(&mut self, wanted: impl FnOnce(&Page) -> bool) -> Option<Page> {
        wanted(&self.page).then(|| std::mem::replace(&mut self.page, Page::Home))
    }

    /// When the warning comes, and when the visit ends.
    pub fn limits(&self, times: &Times) -> (SinceStart, SinceStart) {
        let factor = if self.size == TextSize::Large { times.large_factor.max(1) } else { 1 };
        let (warning, wipe) = (times.idle_warning * factor, times.idle_wipe * factor);
        let extra =
            if self.panel == Some(Panel::Help) { times.help_wait.saturating_sub(warning) } else { SinceStart::ZERO };
        (self.touched + warning + extra, self.touched + wipe + extra)
    }

    /// The person is being asked whether they are still there.
    pub fn is_warning(&self, times: &Times, now: SinceStart) -> bool {
        now >= self.limits(times).0 && !matches!(self.page, Page::Take { .. })
    }
}
