//! What a technician asks of a running engine about its outbox, and hears. One question, one answer; what is long comes in
//! parts.
//!
//! Nothing here can mark an application as acknowledged: the county's file comes in as it is, and the engine checks its
//! signature. Bodies go out as they lie on the disk, sealed. The engine answers these questions to its own user and to root
//! only, see `engine`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::id::{Sequence, SubmissionId};
use crate::domain::recount::Recount;

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "ask")]
pub enum StaffAsk {
    /// Applications above a number, with the acknowledged ones, some at a time.
    List {
        /// The last number that is known.
        after: Sequence,
    },
    /// The bytes of one application, as they would travel.
    Body {
        /// Its number.
        sequence: Sequence,
    },
    /// Put one that is set aside back into the queue.
    Retry {
        /// Its number.
        sequence: Sequence,
    },
    /// A part of the county's file; with the last one its receipts are stored.
    Import {
        /// The part, as text.
        part: String,
        /// Nothing follows.
        last: bool,
    },
    /// Count against the county now.
    Recount,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "told")]
pub enum StaffTold {
    /// Some applications, by number.
    List {
        /// They.
        entries: Vec<Told>,
        /// There are more behind them.
        more: bool,
    },
    /// The bytes, as text; `None`: there are none to send, or they are damaged.
    Body {
        /// JSON as it was kept.
        stored: Option<String>,
    },
    /// It is done.
    Done,
    /// The part is here, the next may come.
    Taken,
    /// What an import came to.
    Imported(Imported),
    /// What the recount came to.
    Recounted {
        /// It.
        recount: Recount,
    },
    /// It was not done.
    Refused {
        /// Stable code.
        code: String,
        /// What happened, for a person.
        message: String,
    },
}

/// One application, for staff: no content, and nothing that opens its case at the county.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Identity for life.
    pub id: SubmissionId,
    /// Number on this kiosk.
    pub sequence: Sequence,
    /// How far it is.
    pub state: ToldState,
    /// Everyday name of the item, Chinese.
    pub item: String,
    /// Such as `张*`, if the form had a name.
    pub masked_name: Option<String>,
    /// When it was kept, by the terminal's clock.
    pub kept_at: Timestamp,
}

/// How far an application is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum ToldState {
    /// It waits.
    Queued,
    /// The county has it.
    Acknowledged,
    /// Staff have to look.
    SetAside {
        /// The machine code of the reason.
        reason: String,
    },
}

/// What an import came to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// Receipts stored now.
    pub stored: usize,
    /// Set aside now, refused by the county.
    pub set_aside: usize,
    /// Known before; nothing changed.
    pub known: usize,
    /// Not of this kiosk's store, or without a clear result; nothing changed.
    pub unclear: usize,
}
