//! The simulated side of serial devices: pure device models, and what carries their bytes.
//!
//! A [`DeviceModel`] is the device itself as a state machine over virtual time; each device class has one in its
//! own `sim` file. [`SimPort`] puts a model behind a real pseudo-terminal with the pace of a real line, so that a
//! driver opens it by path like any port. [`Bench`] joins a model and a protocol in memory under a virtual clock,
//! where ten minutes of silence take no time.

mod bench;
mod port;
mod pty;

pub use bench::Bench;
pub use port::{SimError, SimPort};
pub use pty::{Pty, PtyError};

use crate::runner::Elapsed;

/// Bit times per byte on the wire: start bit, eight data bits, stop bit.
pub const BITS_PER_BYTE: u32 = 10;

/// A device as seen from its serial line. Time is an argument, as in a protocol.
pub trait DeviceModel: Send {
    /// Bytes of the host.
    fn handle_input(&mut self, now: Elapsed, bytes: &[u8]);

    /// The next bytes for the host, until `None`. A model that answers late gives them only when it is time.
    fn poll_output(&mut self, now: Elapsed) -> Option<Vec<u8>>;

    /// When [`DeviceModel::poll_output`] has to be asked again although nothing arrives.
    fn poll_wake(&self) -> Option<Elapsed>;

    /// The speed of the device's own UART, in baud. A host at another speed gets, and sends, garbage.
    fn baud(&self) -> u32;
}

/// Time `bytes` take on a line of `baud`.
pub fn wire_time(bytes: usize, baud: u32) -> Elapsed {
    let bits = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(u64::from(BITS_PER_BYTE));
    Elapsed::from_micros(bits.saturating_mul(1_000_000) / u64::from(baud.max(1)))
}

/// What a receiver at another speed makes of bytes: something, but never the bytes.
pub fn at_wrong_speed(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| byte.rotate_left(3) ^ 0xF8).collect()
}
