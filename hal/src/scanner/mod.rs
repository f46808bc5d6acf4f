//! Barcode and QR scanner (扫码器) on a serial line: USB-CDC or UART.
//!
//! [`codec`] cuts the stream into codes and command replies, [`command`] makes the commands, [`protocol`] decides
//! when the scanner is triggered and which codes count, [`driver`] starts it on a serial line, [`sim`] is a module
//! of the Newland kind.
//!
//! Left out: scanners that play a keyboard; their key presses need a grabbed input device and another decoder.

pub mod codec;
pub mod command;
pub mod driver;
pub mod protocol;
#[cfg(feature = "sim")]
pub mod sim;

pub use driver::{ScannerSettings, open};
