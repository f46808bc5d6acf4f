//! Verbs of the command line as functions. The binaries hold argument types and nothing else.

mod start;

pub use start::engine;
#[cfg(feature = "desk")]
pub use start::{DeskArguments, desk};
#[cfg(feature = "screen")]
pub use start::{RunArguments, ScreenArguments, run, screen};
