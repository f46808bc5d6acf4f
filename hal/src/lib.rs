//! Device layer of a self-service terminal (自助终端设备层).
//!
//! Every device class has the same four parts, so that whoever knows one knows all:
//!
//! * `codec`: bytes to frames and back, both directions, incremental, bounded, never panics. Knows no time.
//! * `protocol`: requests, retries and deadlines over frames, an implementation of [`runner::Protocol`].
//!   Knows no port and reads no clock: time is an argument.
//! * `driver`: settings, a [`link::LinkOpener`] and the [`runner`]; one thread per device.
//! * `sim` (feature `sim`): the device's own side over the same codec, with named faults.
//!
//! The application holds a [`runner::Device`] per role, sends it requests and receives
//! [`runner::DeviceEvent`]s that speak in [`model`] types. It never sees a port or a byte.
//!
//! Left out on purpose: async, global state, and any sentence meant for a resident.

pub mod gpio;
pub mod id_card;
pub mod link;
pub mod model;
pub mod printer;
pub mod runner;
pub mod scanner;
#[cfg(feature = "sim")]
pub mod sim;

/// The example of the readme compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
