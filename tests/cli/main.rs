//! The programs as a technician meets them: real processes, real pseudo-terminals, real sockets, with deadlines.
#![cfg(feature = "desk")]
#![expect(clippy::unwrap_used, reason = "a failing test may panic")]

mod engine;
mod halves;
mod kills;
mod late;
#[path = "../support/seal.rs"]
#[expect(dead_code, reason = "these tests seal and open nothing")]
mod seal;
mod staff;
mod start;
mod verbs;
mod world;
