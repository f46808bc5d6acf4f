//! Verbs of the command line as functions that return reports. The binaries hold argument types and nothing else.
//!
//! A verb that drives a device opens its port by itself, with the driver the engine uses; the port is exclusive, so it fails
//! with a plain word while the kiosk runs. Reports are printed in one place ([`finish`]), for a person or as JSON.

pub mod catalog;
#[cfg(feature = "author")]
pub mod catalog_author;
pub mod check;
mod device;
mod error;
pub mod id_reader;
pub mod image;
pub mod order;
pub mod outbox;
mod output;
pub mod printer;
pub mod provision;
pub mod receipt;
pub mod scanner;
#[cfg(feature = "desk")]
pub mod sim;
mod start;
pub mod status;
#[cfg(feature = "agent")]
pub mod update;

pub use error::CtlError;
pub use output::{Form, Report, finish, print};
pub use start::engine;
#[cfg(feature = "desk")]
pub use start::{DeskArguments, desk};
#[cfg(feature = "screen")]
pub use start::{RunArguments, ScreenArguments, run, screen};
