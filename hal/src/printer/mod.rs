//! Receipt printer (凭条打印机): ESC/POS.
//!
//! The promise to the application is one sentence: every job ends exactly once, as printed, as certainly not printed
//! with a cause, or as unknown with a cause, and nothing is ever printed a second time by itself.
//!
//! * [`command`], [`parse`], [`reply`], [`flags`]: bytes to values and back, both directions.
//! * [`profile`]: what one model can do, as data.
//! * [`text`], [`font`], [`raster`], [`layout`]: a [`crate::model::Slip`] as the bytes of a job.
//! * [`status`], [`protocol`]: questions, deadlines, proof of print.
//! * [`driver`]: the protocol on a port.
//! * `sim` (feature `sim`): a printer that reads the bytes and draws the paper.

pub mod command;
pub mod driver;
pub mod flags;
pub mod font;
pub mod layout;
pub mod parse;
pub mod profile;
mod proof;
pub mod protocol;
pub mod raster;
pub mod reply;
mod round;
#[cfg(feature = "sim")]
pub mod sim;
pub mod status;
pub mod text;

pub use driver::{PrinterSettings, open};
pub use font::PaperFont;
pub use profile::PrinterProfile;
pub use protocol::PrinterProtocol;
