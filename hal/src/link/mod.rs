//! Byte links to devices: read until a deadline, write all, close (drop).
//!
//! A link is dumb. It knows neither frames nor retries; it only tells *lost* apart from *nothing yet*, because
//! that is where serial stacks differ (an endless `Ok(0)` on an unplugged adapter, `BrokenPipe` on a pty).

use std::time::Duration;

mod error;
pub mod memory;
pub mod serial;

pub use error::{LinkError, LinkErrorKind};
pub use serial::{SerialOpener, SerialSettings};

/// An open byte link.
pub trait Link: Send {
    /// Waits at most `wait` for input and appends what arrives to `buffer`.
    ///
    /// Returns the number of bytes appended; 0 means the time passed with nothing received.
    ///
    /// # Errors
    /// [`LinkErrorKind::Lost`] when the other side is gone; the caller drops the link and opens it again.
    fn read(&mut self, buffer: &mut Vec<u8>, wait: Duration) -> Result<usize, LinkError>;

    /// Writes all bytes or fails. A partial write is continued inside, with a deadline of `wait` for the whole.
    ///
    /// # Errors
    /// [`LinkErrorKind::Lost`] or [`LinkErrorKind::WriteTimeout`].
    fn write_all(&mut self, bytes: &[u8], wait: Duration) -> Result<(), LinkError>;

    /// Sets the line speed in baud where the link has one; others accept and ignore it.
    ///
    /// # Errors
    /// As for reading.
    fn set_baud(&mut self, baud: u32) -> Result<(), LinkError>;
}

/// Opens a link again and again: at start, and after each loss.
pub trait LinkOpener: Send {
    /// Opens the link.
    ///
    /// # Errors
    /// Says what is wrong with which port: missing, busy, no permission, not a serial line.
    fn open(&mut self) -> Result<Box<dyn Link>, LinkError>;

    /// The port as configured, for messages.
    fn name(&self) -> &str;
}
