//! The desk: a whole kiosk on a developer's machine, and visits played by script.
//!
//! Everything here is for desks, training and tests; the feature `desk` brings it in, a device build has none of it.
//! The kiosk under it is the real one: it opens serial lines (pseudo-terminals paced at the baud rate), keeps its
//! applications in a database on disk and speaks HTTPS to a server behind a TCP port.

mod bench;
mod control;
mod local;
mod order;
mod picture;
mod player;
mod script;
mod simulate;
mod visits;
mod window;

pub use bench::{DeskBench, DeskError, NewMachine, desk_file};
pub use control::{RemoteBench, serve};
pub use local::{BenchPorts, CountyPorts, LocalBench, find_card};
pub use order::{Bench, BenchError, Order, PaperSlip};
pub use picture::code_on;
pub use player::{PlayError, Player};
pub use script::{Action, Script, ScriptError};
pub use simulate::{Ready, Simulator, faults, simulate, tell};
pub use visits::{Summary, VisitError, VisitPlan, play_desk, play_run};
pub use window::{WindowError, open_windows};

use std::time::{Duration, Instant};

/// The desk's clock: deadlines of scripts and the window's time. The kiosk has its own.
#[expect(clippy::disallowed_methods, reason = "the one place of the desk that reads a clock")]
fn clock() -> Instant {
    Instant::now()
}

/// A pause of the player between two looks at the screen.
#[expect(clippy::disallowed_methods, reason = "a person looks at a screen now and then; the kiosk itself never sleeps")]
fn rest(time: Duration) {
    std::thread::sleep(time);
}
