//! Updates of the image: who decides, who installs, and when a new image counts as good.
//!
//! Three promises. A new image is called good only when the machine that it makes serves ([`judge`]); otherwise the boot
//! counter brings the old one back, and why is told. Nothing is installed and nothing restarts under a resident's hands,
//! nor into an image that could not read what is kept here ([`Agent`]). Every refusal has a stable code and one plain line
//! ([`Refusal`]).
//!
//! How: decisions are pure functions over plain data, as in `domain`: facts in, verdict out; events in, effects out. RAUC
//! checks signature, model and blocks, writes the other slot and switches the boot order; it is driven over D-Bus (`bus`,
//! with the feature `agent`). The county's rollout server speaks hawkBit's device interface ([`Fleet`]). What must
//! survive a power cut lies in small files of the update folder, each written whole or not at all ([`Folder`]).
//!
//! The technician sees all of it on the screen: the agent tells the engine over its socket how updates are and what fell back
//! last ([`news`]), and a bundle on a stick may wait for his word there (`asking`).
//!
//! Left out on purpose: a rollout server; delta formats of our own (RAUC fetches the blocks that changed); pausing a running
//! installation, which RAUC cannot do: its unit runs with idle priority for processor and disk instead.

mod agent;
mod asking;
#[cfg(feature = "agent")]
mod bus;
mod fleet;
mod folder;
mod gate;
mod refusal;
mod run;
mod stick;
mod version;
mod when;

pub use agent::{Agent, Effect, Event, Rules, Seen, Source, Step};
#[cfg(feature = "agent")]
pub use bus::{Bus, BusError};
pub use fleet::{Credentials, Fleet, FleetError, Offer, Poll, Progress};
pub use folder::{Folder, LastGood, Request, Resume, Status, Untold, Verdict};
pub use gate::{Candidate, Facts, Judgement, Outcome, Reason, Trial, judge};
pub use refusal::Refusal;
pub use run::{Booted, BundleInfo, Fetch, Installer, Look, Parts, ask_engine, news, turn_for_ever};
pub use stick::{OnStick, bundle_on};
pub use version::compare;
pub use when::{Window, offset};

#[cfg(test)]
mod machine_tests;
