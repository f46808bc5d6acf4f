//! The device layer against its frozen bytes, its simulators and real pseudo-terminals. One binary, many modules.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "hal/runner.rs"]
mod runner;
