//! The programs as a technician meets them: real processes, real pseudo-terminals, real sockets, with deadlines.
#![cfg(feature = "desk")]
#![expect(clippy::unwrap_used, reason = "a failing test may panic")]

mod engine;
mod halves;
mod late;
mod start;
mod verbs;
mod world;
