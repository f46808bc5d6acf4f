//! Ways to fail, each by its name.
//!
//! Some last until taken back (a slow platform, a wrong clock, a dead line), the others meet one submission request
//! each, in the order they were set.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A failure that meets one submission request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase", tag = "fault", deny_unknown_fields)]
pub enum Fault {
    /// 503 with `Retry-After`; nothing is stored.
    Busy {
        /// Seconds in `Retry-After`.
        retry_after: u32,
    },
    /// 500 with a text that is no problem; nothing is stored.
    Broken,
    /// 200 with a sign-in page, as an access portal writes it; nothing is stored.
    Html,
    /// 200 with nothing in it; nothing is stored.
    Empty,
    /// 401 `signature`, as if the secret had been changed; nothing is stored.
    Unauthorised,
    /// 422 with this code; nothing is stored.
    Refused {
        /// Machine code, such as `form-outdated`.
        code: String,
    },
    /// The connection ends before anything is stored.
    DropBefore,
    /// The case is stored, then the connection ends without an answer.
    DropAfterCommit,
    /// The case is stored, and the connection ends in the middle of the answer.
    Truncated,
    /// The case is stored, and the answer is the one given to the submission before, as a confused proxy would.
    Repeated,
    /// The case is stored, and the signed receipt names another submission.
    WrongId,
    /// The case is stored, and the answer carries no signature.
    Unsigned,
    /// The case is stored, and the answer has fields and words that the contract does not know yet.
    Drift,
}

impl Fault {
    /// Whether it strikes before the case is stored.
    pub fn is_before_commit(&self) -> bool {
        match self {
            Self::Busy { .. }
            | Self::Broken
            | Self::Html
            | Self::Empty
            | Self::Unauthorised
            | Self::Refused { .. }
            | Self::DropBefore => true,
            Self::DropAfterCommit | Self::Truncated | Self::Repeated | Self::WrongId | Self::Unsigned | Self::Drift => {
                false
            }
        }
    }
}

/// What the platform says wrongly when a terminal counts, until it is taken back. What it holds stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase", tag = "lie", deny_unknown_fields)]
pub enum Lie {
    /// It leaves this number out.
    Forgets {
        /// Which.
        sequence: i64,
    },
    /// It tells another digest for this number.
    OtherBytes {
        /// Which.
        sequence: i64,
    },
    /// It tells another case number for this number.
    OtherCase {
        /// Which.
        sequence: i64,
    },
    /// It tells a number that never came, at the end.
    Invents {
        /// Which.
        sequence: i64,
    },
    /// It tells its first page for ever, and says each time that there is more.
    RepeatsItself,
}

/// What is wrong at the moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Troubles {
    /// Every request waits this long, in milliseconds.
    pub latency_ms: u64,
    /// The platform's clock is ahead by this many seconds.
    pub clock_offset_s: i64,
    /// The line is dead: connections end at once.
    pub line_down: bool,
    /// Failures waiting for a submission each.
    pub next: VecDeque<Fault>,
    /// What is said wrongly when a terminal counts.
    pub lies: Vec<Lie>,
}

/// The switchboard, shared by the server and whoever sets faults.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Troubles>);

impl Faults {
    /// Lets the next submission without a fault meet this one.
    pub fn push(&self, fault: Fault) {
        self.lock().next.push_back(fault);
    }

    /// The same fault `times` times.
    pub fn push_times(&self, times: usize, fault: Fault) {
        self.lock().next.extend(std::iter::repeat_n(fault, times));
    }

    /// Lets the platform say something wrong when a terminal counts.
    pub fn lie(&self, lie: Lie) {
        self.lock().lies.push(lie);
    }

    /// Makes every request wait.
    pub fn set_latency(&self, latency: Duration) {
        self.lock().latency_ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
    }

    /// Puts the platform's clock ahead (or behind) by some seconds.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.lock().clock_offset_s = seconds;
    }

    /// Cuts the line.
    pub fn cut_line(&self) {
        self.lock().line_down = true;
    }

    /// Mends the line.
    pub fn mend_line(&self) {
        self.lock().line_down = false;
    }

    /// Takes all faults back.
    pub fn clear(&self) {
        *self.lock() = Troubles::default();
    }

    /// What is wrong at the moment.
    pub fn troubles(&self) -> Troubles {
        self.lock().clone()
    }

    pub(crate) fn replace(&self, troubles: Troubles) {
        *self.lock() = troubles;
    }

    pub(crate) fn is_line_down(&self) -> bool {
        self.lock().line_down
    }

    pub(crate) fn clock_offset(&self) -> i64 {
        self.lock().clock_offset_s
    }

    pub(crate) fn latency(&self) -> Duration {
        Duration::from_millis(self.lock().latency_ms)
    }

    pub(crate) fn take(&self) -> Option<Fault> {
        self.lock().next.pop_front()
    }

    fn lock(&self) -> MutexGuard<'_, Troubles> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
