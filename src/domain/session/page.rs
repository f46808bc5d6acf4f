//! The pages of a visit and the data each of them holds.

use kiosk_hal::model::{IdCard, PrintOutcome};

use crate::domain::catalog::{Catalog, Item};
use crate::domain::effect::PaperKind;
use crate::domain::event::AskNo;
use crate::domain::form::Form;
use crate::domain::id::{ItemId, Sequence, SubmissionId};
use crate::domain::submission::{Application, CaseReceipt, ItemRef};
use crate::domain::time::SinceStart;
use crate::ipc::{CardPrompt, CaseStatus, GuidePart, Language, ScanPrompt, WindowReason};

/// Where a list came from, so that 返回 leads back to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trail {
    /// From the home screen: a theme.
    Theme(String),
    /// From the departments: one of them.
    Department(String),
}

/// The page a visit is on.
#[derive(Debug)]
pub enum Page {
    /// Themes.
    Home,
    /// Departments.
    Departments,
    /// Items of a theme or department.
    List {
        /// Which.
        of: Trail,
        /// Page of the list, from 1.
        page: usize,
    },
    /// Guide.
    Guide {
        /// Which item.
        item: ItemId,
        /// Part shown.
        part: GuidePart,
        /// The notice slip.
        slip: SlipTrack,
    },
    /// Waiting for the card.
    Identify {
        /// For which item.
        item: ItemId,
        /// What to tell the person.
        prompt: CardPrompt,
    },
    /// Answering.
    Fill {
        /// For which item.
        item: ItemId,
        /// Whose card.
        card: Box<IdCard>,
        /// The answers.
        form: Box<Form>,
    },
    /// Looking everything over.
    Review {
        /// For which item.
        item: ItemId,
        /// Whose card.
        card: Box<IdCard>,
        /// The answers.
        form: Box<Form>,
        /// Page of the review, from 1.
        page: usize,
        /// An earlier try to keep exactly this: tried again as it was, under its id, to the last byte.
        tried: Option<Box<Application>>,
    },
    /// Being kept.
    Storing {
        /// For which item.
        item: ItemId,
        /// Whose card.
        card: Box<IdCard>,
        /// The answers, until they are safe.
        form: Box<Form>,
        /// What is being kept.
        application: Box<Application>,
        /// What became of the tries so far, this one among them.
        tries: Tries,
        /// The store must have answered by then.
        until: SinceStart,
    },
    /// Not kept; the answers are still here.
    NotKept {
        /// For which item.
        item: ItemId,
        /// Whose card.
        card: Box<IdCard>,
        /// The answers.
        form: Box<Form>,
        /// What was not kept, for the next try.
        application: Box<Application>,
        /// What became of the tries. While one is in doubt nothing is changed any more, so that no second application
        /// can come of it.
        tries: Tries,
    },
    /// Kept here.
    Kept(Done),
    /// The county has it.
    Accepted {
        /// What was handed in.
        done: Done,
        /// What the county gave.
        receipt: CaseReceipt,
    },
    /// The county refused it.
    SetAside(Done),
    /// Scan the code on your slip.
    Scan {
        /// What to tell the person.
        prompt: ScanPrompt,
        /// The question under way.
        ask: Option<AskNo>,
        /// The answer must have come by then.
        until: Option<SinceStart>,
        /// Number of the case that is being asked for.
        number: String,
        /// What this machine knows of the case already, shown if the county cannot be asked.
        last_known: Option<Box<CaseStatus>>,
        /// Expected query code of a kept slip that is being looked up.
        code: Option<String>,
    },
    /// State of a case.
    Status(Box<CaseStatus>),
    /// Go to the window.
    Window {
        /// Why.
        why: WindowReason,
        /// For which item.
        item: Option<ItemId>,
        /// Where 返回 leads; the answers wait there.
        from: Box<Page>,
    },
    /// Take card and paper.
    Take {
        /// Ends by itself.
        until: SinceStart,
    },
}

/// What is left of an application once it is safe: nothing personal but the masked name and number.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// Its id.
    pub id: SubmissionId,
    /// Its number on this kiosk.
    pub sequence: Sequence,
    /// Which item.
    pub item: ItemRef,
    /// When it was kept, by the terminal's clock.
    pub kept_at: jiff::Timestamp,
    /// Masked name for the slip.
    pub name: String,
    /// Masked mobile number.
    pub mobile: Option<String>,
    /// Materials that still have to be shown.
    pub bring_later: Vec<String>,
    /// The slip of the present page.
    pub slip: SlipTrack,
    /// Sending is under way or a next try is near.
    pub line_up: bool,
}

/// A slip on its way to paper.
#[derive(Debug, Clone, PartialEq)]
pub enum SlipTrack {
    /// None was asked for.
    None,
    /// At the printer.
    Printing {
        /// Its job.
        job: u64,
        /// Counts as unclear after this.
        until: SinceStart,
        /// What is printed, for a copy on demand.
        kind: Box<PaperKind>,
        /// It carries the mark of a copy: an earlier one may be on paper.
        copy: bool,
    },
    /// Ended.
    Ended {
        /// How.
        outcome: PrintOutcome,
        /// What was printed, for a copy on demand.
        kind: Box<PaperKind>,
        /// It carried the mark of a copy.
        copy: bool,
    },
}

/// The tries to keep one application, for the question whether it may be in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tries {
    /// Asked and not answered.
    open: u32,
    /// One ended without saying whether the disk has it.
    in_doubt: bool,
}

impl Tries {
    /// The store is asked once more.
    pub const fn asked(self) -> Self {
        Self { open: self.open.saturating_add(1), ..self }
    }

    /// One try was answered with a no.
    pub const fn refused(&mut self, certain: bool) {
        self.open = self.open.saturating_sub(1);
        self.in_doubt |= !certain;
    }

    /// The queue was read afresh from the disk, and the application is not in it.
    pub const fn not_on_disk(&mut self) {
        self.in_doubt = false;
    }

    /// The application is certainly not in the store and will not get there by itself.
    pub const fn are_certainly_vain(self) -> bool {
        self.open == 0 && !self.in_doubt
    }
}

impl SlipTrack {
    /// Waits for this job.
    pub fn is_printing(&self, number: u64) -> bool {
        matches!(self, Self::Printing { job, .. } if *job == number)
    }

    /// What was printed or should have been, and whether one may be on paper by now: this one or an earlier one.
    pub fn ended(&self) -> Option<(PaperKind, bool)> {
        match self {
            Self::Ended { kind, outcome, copy } => {
                Some(((**kind).clone(), *copy || !matches!(outcome, PrintOutcome::NotPrinted(_))))
            }
            Self::None | Self::Printing { .. } => None,
        }
    }
}

impl Trail {
    /// The items of the list.
    pub fn items<'a>(&self, catalog: &'a Catalog) -> Vec<&'a Item> {
        match self {
            Self::Theme(id) => catalog.items_of_theme(id),
            Self::Department(id) => catalog.items_of_department(id),
        }
    }

    /// The title of the list.
    pub fn title(&self, catalog: &Catalog, language: Language) -> String {
        let title = match self {
            Self::Theme(id) => catalog.theme(id).map(|theme| &theme.title),
            Self::Department(id) => catalog.department(id).map(|department| &department.name),
        };
        title.map(|title| title.get(language).to_owned()).unwrap_or_default()
    }
}

impl Page {
    /// Personal answers would be lost by leaving.
    pub fn holds_answers(&self) -> bool {
        match self {
            Self::Fill { .. } | Self::Review { .. } | Self::Storing { .. } | Self::NotKept { .. } => true,
            Self::Window { from, .. } => from.holds_answers(),
            Self::Home
            | Self::Departments
            | Self::List { .. }
            | Self::Guide { .. }
            | Self::Identify { .. }
            | Self::Kept(_)
            | Self::Accepted { .. }
            | Self::SetAside(_)
            | Self::Scan { .. }
            | Self::Status(_)
            | Self::Take { .. } => false,
        }
    }

    /// The item that is being filled in or looked over.
    pub fn item(&self) -> Option<&ItemId> {
        match self {
            Self::Guide { item, .. }
            | Self::Identify { item, .. }
            | Self::Fill { item, .. }
            | Self::Review { item, .. }
            | Self::Storing { item, .. }
            | Self::NotKept { item, .. } => Some(item),
            Self::Kept(done) | Self::Accepted { done, .. } | Self::SetAside(done) => Some(&done.item.item),
            Self::Window { item, .. } => item.as_ref(),
            Self::Home
            | Self::Departments
            | Self::List { .. }
            | Self::Scan { .. }
            | Self::Status(_)
            | Self::Take { .. } => None,
        }
    }

    /// The slip of this page, if it has one.
    pub fn slip_mut(&mut self) -> Option<&mut SlipTrack> {
        match self {
            Self::Guide { slip, .. } => Some(slip),
            Self::Kept(done) | Self::Accepted { done, .. } | Self::SetAside(done) => Some(&mut done.slip),
            Self::Window { from, .. } => from.slip_mut(),
            Self::Home
            | Self::Departments
            | Self::List { .. }
            | Self::Identify { .. }
            | Self::Fill { .. }
            | Self::Review { .. }
            | Self::Storing { .. }
            | Self::NotKept { .. }
            | Self::Scan { .. }
            | Self::Status(_)
            | Self::Take { .. } => None,
        }
    }

    /// The slip of this page.
    pub fn slip(&self) -> Option<&SlipTrack> {
        match self {
            Self::Guide { slip, .. } => Some(slip),
            Self::Kept(done) | Self::Accepted { done, .. } | Self::SetAside(done) => Some(&done.slip),
            Self::Window { from, .. } => from.slip(),
            Self::Home
            | Self::Departments
            | Self::List { .. }
            | Self::Identify { .. }
            | Self::Fill { .. }
            | Self::Review { .. }
            | Self::Storing { .. }
            | Self::NotKept { .. }
            | Self::Scan { .. }
            | Self::Status(_)
            | Self::Take { .. } => None,
        }
    }

    /// This page, or the one behind the window, waits for this application to be kept.
    pub fn waits_to_keep(&self, wanted: SubmissionId) -> bool {
        if let Self::Window { from, .. } = self {
            return matches!(from.as_ref(), Self::NotKept { .. }) && from.waits_to_keep(wanted);
        }
        matches!(
            self,
            Self::Storing { application, .. } | Self::NotKept { application, .. }
                if application.client_submission_id == wanted
        )
    }

    /// The application that this page, or the one behind the window, wants kept, and the tries so far.
    pub fn tries_mut(&mut self) -> Option<(SubmissionId, &mut Tries)> {
        if let Self::Window { from, .. } = self {
            return from.tries_mut();
        }
        let (Self::Storing { application, tries, .. } | Self::NotKept { application, tries, .. }) = self else {
            return None;
        };
        Some((application.client_submission_id, tries))
    }

    /// The reader looks for cards on this page.
    pub fn wants_card(&self) -> bool {
        matches!(self, Self::Identify { .. })
    }

    /// The scanner is enabled on this page.
    pub fn wants_code(&self) -> bool {
        matches!(self, Self::Scan { .. })
    }
}
