//! Bianmin (便民自助终端): the open self-service terminal for town and village service centres.
//!
//! The library holds everything; the two binaries only wire it. `ARCHITECTURE.md` has the map and the invariants,
//! `tests/architecture.rs` holds the table of who may import whom.

pub mod assemble;
pub mod attest;
pub mod config;
pub mod content;
pub mod county;
pub mod ctl;
#[cfg(feature = "desk")]
pub mod desk;
pub mod disk;
pub mod domain;
pub mod engine;
pub mod ipc;
pub mod provision;
#[cfg(feature = "screen")]
pub mod screen;
pub mod seal;
pub mod store;
pub mod telemetry;
pub mod update;
