//! An application on its way: what is stored, what is sent, what comes back.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::{ItemId, Sequence, SubmissionId};
use super::text::Text;
pub use crate::ipc::CaseState;

/// Which item, in which version of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemRef {
    /// Id in the catalogue.
    pub item: ItemId,
    /// Business item code (业务办理项编码), opaque.
    pub code: String,
    /// Version of the item; the platform may refuse a form made for an old guide.
    pub version: u32,
    /// Official and everyday name, for lists and slips.
    pub name: Text,
    /// Everyday name.
    pub plain_name: Text,
}

/// The application as the resident confirmed it. Encoded once into the bytes that are stored and sent.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    /// Identity for life.
    pub client_submission_id: SubmissionId,
    /// Item.
    pub item: ItemRef,
    /// Terminal that took it.
    pub terminal: String,
    /// When the resident confirmed, by the terminal's clock.
    pub confirmed_at: Timestamp,
    /// Version of the form (`formVersion`).
    pub form_version: u32,
    /// Version of the notice on personal data the resident saw, and its language.
    pub notice: String,
    /// Fields in the order of the form.
    pub fields: Vec<FieldValue>,
}

impl std::fmt::Debug for Application {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Application").field("id", &self.client_submission_id).finish_non_exhaustive()
    }
}

/// One field of the form.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
pub struct FieldValue {
    /// Name in the form's schema.
    pub name: String,
    /// Value as the platform expects it (digits, codes, ISO date); several values joined by `,`.
    pub value: String,
    /// `card` or `resident`.
    #[zeroize(skip)]
    pub source: crate::ipc::Source,
}

impl std::fmt::Debug for FieldValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FieldValue").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What the county gave for an application. `Debug` shows neither number nor code: together they open the case.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseReceipt {
    /// Case number (办件号), opaque, at most 64 characters.
    pub case_number: String,
    /// Query code (查询码).
    pub query_code: String,
    /// When the platform stored it, by the platform's clock.
    pub accepted_at: Timestamp,
    /// Promised day, ISO date, if the platform gives one.
    pub promise_date: Option<jiff::civil::Date>,
}

impl std::fmt::Debug for CaseReceipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CaseReceipt").finish_non_exhaustive()
    }
}

/// One application in the store, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxEntry {
    /// Identity for life.
    pub id: SubmissionId,
    /// Number on this kiosk.
    pub sequence: Sequence,
    /// Which item.
    pub item: ItemRef,
    /// When it was kept, by the terminal's clock.
    pub kept_at: Timestamp,
    /// Bytes that travel; 0 once they are gone.
    pub size: u64,
    /// How far it is.
    pub state: OutboxState,
}

/// How far an application is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum OutboxState {
    /// Kept, the county's stored acknowledgement is still missing.
    Queued,
    /// The county has it; the content is deleted here, this tombstone stays.
    Acknowledged {
        /// What it gave.
        receipt: CaseReceipt,
    },
    /// The county refused it for good; staff have to look. The content stays.
    SetAside {
        /// The machine code of the reason.
        reason: String,
    },
}

/// What the core asks the store for. Each is answered by exactly one [`StoreEvent`].
#[derive(Debug, Clone, PartialEq)]
pub enum StoreCommand {
    /// Keep an application: case and outbox row in one transaction, with the next sequence number.
    Keep {
        /// Its content.
        application: Box<Application>,
    },
    /// The county has it: write the receipt, delete the content.
    Acknowledge {
        /// Which.
        id: SubmissionId,
        /// What the county gave.
        receipt: CaseReceipt,
    },
    /// The county has all of these: the same in one transaction, with one sync and one emptying of the log.
    AcknowledgeAll {
        /// Which, and what the county gave for each; at least two.
        receipts: Vec<(SubmissionId, CaseReceipt)>,
    },
    /// The county refused it for good.
    SetAside {
        /// Which.
        id: SubmissionId,
        /// The machine code of the reason.
        reason: String,
    },
    /// Look up an application by its number on this kiosk.
    Find {
        /// The number.
        sequence: Sequence,
    },
    /// Tell how much room the disk has.
    Measure,
    /// Read everything that is not acknowledged, oldest first (asked at start and after a reopening).
    LoadQueue,
    /// Close the file if it is open, open it afresh and check it.
    Reopen,
}

/// What an opening of the store found, for the technician.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreFound {
    /// Last number given.
    pub last: Sequence,
    /// Numbers without an entry.
    pub missing: Vec<Sequence>,
    /// The file was damaged: it was put aside under this name, and what was sound in it was taken over.
    pub aside: Option<String>,
}

/// What the store answers.
#[derive(Debug, Clone, PartialEq)]
pub enum StoreEvent {
    /// Kept, durable on the disk.
    Kept {
        /// The new entry.
        entry: OutboxEntry,
    },
    /// This try did not keep it.
    NotKept {
        /// Which.
        id: SubmissionId,
        /// Stable error code (`store.disk-full` …).
        code: String,
        /// Nothing of this try is in the store. Otherwise the disk failed on the way, and only the next reading of the
        /// queue tells whether it has the application after all.
        certain: bool,
    },
    /// The receipt is durable.
    Acknowledged {
        /// Which.
        id: SubmissionId,
    },
    /// Answer to [`StoreCommand::AcknowledgeAll`].
    Marked {
        /// Those whose receipt is durable.
        done: Vec<SubmissionId>,
        /// The others, each with a stable error code; they are still queued.
        failed: Vec<(SubmissionId, String)>,
    },
    /// The set-aside mark is durable.
    SetAside {
        /// Which.
        id: SubmissionId,
    },
    /// Staff carried a receipt here by hand; it is durable, and nobody had asked for it.
    Carried {
        /// Which.
        id: SubmissionId,
    },
    /// Staff put an entry that was set aside back into the queue; durable.
    Requeued {
        /// The entry.
        entry: OutboxEntry,
    },
    /// A mark could not be written; the entry is still queued and is tried again with the same id.
    MarkFailed {
        /// Which.
        id: SubmissionId,
        /// Stable error code.
        code: String,
    },
    /// Answer to [`StoreCommand::Find`].
    Found {
        /// The entry, if this kiosk knows it.
        entry: Option<OutboxEntry>,
    },
    /// The look-up failed; nothing is known about the case.
    FindFailed {
        /// Stable error code.
        code: String,
    },
    /// Answer to [`StoreCommand::LoadQueue`].
    Queue {
        /// Queued and set-aside entries, oldest first.
        entries: Vec<OutboxEntry>,
    },
    /// Answer to [`StoreCommand::Reopen`]: the file is open and sound.
    Reopened {
        /// Last number given.
        last: Sequence,
        /// Entries that are not acknowledged.
        open: u64,
        /// Numbers without an entry.
        missing: Vec<Sequence>,
        /// The file was damaged, and what was sound in it was taken over into a fresh one.
        is_salvaged: bool,
        /// Not everything was: the damaged file was put aside under this name.
        aside: Option<String>,
    },
    /// Answer to [`StoreCommand::Measure`].
    Measured {
        /// Free bytes beside the database, if the system tells.
        free: Option<u64>,
    },
    /// The store broke; nothing more can be kept until it is mended.
    Broken {
        /// Stable error code.
        code: String,
    },
}

/// One application on its way to the county.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handed {
    /// Which.
    pub id: SubmissionId,
    /// Its number on this kiosk.
    pub sequence: Sequence,
}

/// What the core asks the county for. Each is answered by exactly one [`CountyEvent`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CountyCommand {
    /// Hand in the stored application (its bytes are read from the store, never rebuilt).
    Submit {
        /// Which.
        id: SubmissionId,
        /// Its number on this kiosk.
        sequence: Sequence,
    },
    /// Hand in several stored applications in one call.
    SubmitBatch {
        /// Which, in order; at least two.
        handed: Vec<Handed>,
    },
    /// State of a case by number and query code.
    CaseState {
        /// Case number.
        case_number: String,
        /// Query code.
        query_code: String,
    },
    /// Is the platform there?
    Probe,
}

/// What the county answers.
#[derive(Debug, Clone, PartialEq)]
pub enum CountyEvent {
    /// Answer to [`CountyCommand::Submit`].
    Submitted {
        /// Which.
        id: SubmissionId,
        /// What it means.
        verdict: Verdict,
    },
    /// Answer to [`CountyCommand::SubmitBatch`].
    BatchSubmitted {
        /// What it means for each, in the order they were handed in.
        verdicts: Vec<(SubmissionId, Verdict)>,
    },
    /// Answer to [`CountyCommand::CaseState`].
    CaseState {
        /// The case, `Ok(None)` if the platform does not know it, `Err` with a code if it could not be asked.
        answer: Result<Option<CaseReport>, String>,
    },
    /// Answer to [`CountyCommand::Probe`].
    Probed {
        /// It answered.
        reachable: bool,
    },
}

/// State of a case as the platform tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseReport {
    /// Name of the item.
    pub item_name: String,
    /// Neutral state; an unknown word of the platform maps to `unknown`.
    pub state: CaseState,
    /// The platform's own words.
    pub raw_text: String,
    /// When the state was entered.
    pub since: Timestamp,
    /// Promised day.
    pub promise_date: Option<jiff::civil::Date>,
}

/// What an answer to a submission means: the outcome of the pure `classify`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The platform has stored it.
    Stored {
        /// What it gave.
        receipt: CaseReceipt,
    },
    /// Unclear or busy: again with the same id, not before `after` if the platform said so.
    TryAgain {
        /// Stable code (`county.timeout`, `county.http-503` …).
        code: String,
        /// `Retry-After`.
        after: Option<Duration>,
    },
    /// Refused for good: set aside for staff, with the reason.
    SetAside {
        /// The platform's machine code, or ours (`county.id-conflict` …).
        code: String,
    },
    /// Wrong credentials: stop sending everything and raise the alarm.
    StopAll {
        /// Stable code.
        code: String,
    },
}

impl Verdict {
    /// Whether it was made on this machine because the content could not be had, and says nothing about line and platform.
    pub fn arose_here(&self) -> bool {
        match self {
            Self::SetAside { code } | Self::TryAgain { code, .. } => {
                code.starts_with("store.") || code == "county.body-broken"
            }
            Self::Stored { .. } | Self::StopAll { .. } => false,
        }
    }

    /// Whether the platform spoke of the application itself, which proves that the line is good. Not asked of those that
    /// [arose here](Self::arose_here).
    pub const fn is_about_the_application(&self) -> bool {
        match self {
            Self::Stored { .. } | Self::SetAside { .. } => true,
            Self::TryAgain { .. } | Self::StopAll { .. } => false,
        }
    }
}
