//! What the core has to know about its place and its limits. Comes validated from the configuration.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::genuine::RootHash;
use super::outbox::{Backoff, Limits};
use super::text::Text;

/// Settings of one kiosk.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Code of the kiosk, one letter and three digits, first part of every number it gives.
    pub kiosk_code: String,
    /// Full name of the centre, built by the naming rule.
    pub centre: Text,
    /// The window that helps on.
    pub window: WindowSettings,
    /// Hotline on every screen and slip.
    pub hotline: String,
    /// Page of the county on which anybody can check a slip, as it is printed.
    pub check_page: Option<String>,
    /// Root hash of the image that runs; `None` where no verified root was opened, as on the desk.
    pub root_hash: Option<RootHash>,
    /// Version of the notice on personal data (隐私告知).
    pub notice_version: String,
    /// Which devices the machine has.
    pub fitted: Fitted,
    /// Waits and deadlines.
    pub times: Times,
    /// How sending is retried.
    pub backoff: Backoff,
    /// How much may wait here.
    pub limits: Limits,
}

/// The all-round window (全科窗口) a resident is sent to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowSettings {
    /// Name of the place.
    pub name: Text,
    /// Address.
    pub address: Text,
    /// Opening hours.
    pub hours: Text,
    /// Telephone.
    pub phone: String,
}

/// Which devices the machine has. A device that is not there is never waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fitted {
    /// ID card reader.
    pub reader: bool,
    /// Receipt printer.
    pub printer: bool,
    /// Scanner.
    pub scanner: bool,
}

/// Waits and deadlines of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Nobody touched the screen for so long: ask whether they are still there.
    pub idle_warning: Duration,
    /// Nobody touched it for so long: end the visit and wipe it.
    pub idle_wipe: Duration,
    /// The same two limits are so many times longer in large print, where people take more time.
    pub large_factor: u32,
    /// While help is asked for on the screen, the visit waits so long.
    pub help_wait: Duration,
    /// "Take your card and paper" ends by itself after this.
    pub take: Duration,
    /// A print job without any answer counts as unclear after this. The printer has its own, shorter deadlines.
    pub print_limit: Duration,
    /// The store must have answered a `Keep` by then; after that it counts as not kept.
    pub store_limit: Duration,
    /// A look-up of a case must have been answered by then.
    pub lookup_limit: Duration,
    /// A second touch of a primary button within this time is the same touch of a trembling hand: the next page stands
    /// in the same place, and nobody has read it yet.
    pub same_touch: Duration,
    /// A broken store is opened again after this: long enough for a disk that was reset to come back, short enough that
    /// staff need not be called for it.
    pub reopen_first: Duration,
    /// The pause doubles with each opening that fails, up to this.
    pub reopen_cap: Duration,
    /// Time between two looks at whether the county is there, while nothing is sent.
    pub probe: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            idle_warning: Duration::from_secs(60),
            idle_wipe: Duration::from_secs(120),
            large_factor: 2,
            help_wait: Duration::from_secs(300),
            take: Duration::from_secs(8),
            print_limit: Duration::from_secs(60),
            store_limit: Duration::from_secs(30),
            lookup_limit: Duration::from_secs(45),
            same_touch: Duration::from_millis(600),
            reopen_first: Duration::from_secs(30),
            reopen_cap: Duration::from_secs(15 * 60),
            probe: Duration::from_secs(60),
        }
    }
}
