//! The device layer against its frozen bytes, its simulators and real pseudo-terminals. One binary, many modules.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "hal/devices_on_ptys.rs"]
mod devices_on_ptys;
#[path = "hal/id_codec.rs"]
mod id_codec;
#[path = "hal/id_protocol.rs"]
mod id_protocol;
#[path = "hal/runner.rs"]
mod runner;
#[path = "hal/scanner.rs"]
mod scanner;
#[path = "hal/vectors.rs"]
mod vectors;
