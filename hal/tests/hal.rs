//! The device layer against its frozen bytes, its simulators and real pseudo-terminals. One binary, many modules.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "hal/devices_on_ptys.rs"]
mod devices_on_ptys;
#[path = "hal/id_codec.rs"]
mod id_codec;
#[path = "hal/id_protocol.rs"]
mod id_protocol;
#[path = "hal/printer_layout.rs"]
mod printer_layout;
#[path = "hal/printer_port.rs"]
mod printer_port;
#[path = "hal/printer_protocol.rs"]
mod printer_protocol;
#[path = "hal/printer_random.rs"]
mod printer_random;
#[path = "hal/printer_sim.rs"]
mod printer_sim;
#[path = "hal/printer_support.rs"]
mod printer_support;
#[path = "hal/printer_vectors.rs"]
mod printer_vectors;
#[path = "hal/runner.rs"]
mod runner;
#[path = "hal/scanner.rs"]
mod scanner;
#[path = "hal/vectors.rs"]
mod vectors;
