//! The engine: one loop around the pure core, and everything that carries out its effects.
//!
//! Every source (touches, devices, store, county) puts plain events into one bounded inbox. The loop takes one, freezes
//! the moment, asks the core, shows the new screen, and only then carries the effects out: *store, then show, then
//! print, then send*. Nothing in the loop waits for a device, a disk or a network. A machine that is not set up yet runs the
//! set-up's core in a loop of the same form. What staff ask of the outbox is answered beside the loop (`staff`).

mod clock;
mod counting;
mod devices;
mod effects;
mod journal;
mod network;
mod paper;
mod pulse;
mod run;
mod setup;
mod signs;
mod socket;
mod staff;
mod stamp;
mod words;

pub use clock::{Clock, fresh_chance, wall_clock};
pub use devices::DevicePlan;
pub use journal::{FileJournal, Journal, JournalLine};
pub use network::look as look_at_network;
pub use run::{Engine, EngineError, EngineSetup};
pub use setup::{FirstStart, check_answer};
pub use signs::Signs;
pub use staff::{Refusal, body, entries, may_ask, sum_up, take_carried, told};
