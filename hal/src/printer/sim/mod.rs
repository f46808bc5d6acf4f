//! A receipt printer that is not there: reads the bytes, draws the paper, has every fault a printer has.
//!
//! [`PrinterModel`] is the device as a state machine over virtual time: its line, its buffer, its head with a speed,
//! its sensors. [`interpreter`] turns commands into dots on a roll, [`paper`] turns a piece of the roll into a
//! picture, [`fault`] names what can go wrong. [`SimPrinter`] puts a model on a pseudo-terminal for the desk.
//!
//! It is stricter than most printers, so that what works here works there: `ESC @` leaves it without double-byte
//! mode, and a four-byte code sent as text comes out as two wrong characters and is noted as an issue.

pub mod fault;
pub mod interpreter;
mod model;
pub mod paper;
mod port;

pub use fault::Fault;
pub use interpreter::PaperIssue;
pub use model::PrinterModel;
pub use paper::{PaperImage, PrintedSlip};
pub use port::SimPrinter;
