//! The one loop that drives any device protocol over any link, one thread per device.
//!
//! A [`Protocol`] is a pure state machine: it is told what time it is, what arrived and what is asked for, and is
//! polled for bytes to send, for its next deadline and for events. The runner owns the link and the clock. It opens
//! the link, re-opens it with back-off after a loss, and is the only place where a device thread waits.

use std::time::Duration;

use crate::model::DeviceStatus;

/// Time since the device thread started. The only clock a protocol sees.
pub type Elapsed = Duration;

/// A device protocol without input, output or clock.
pub trait Protocol: Send {
    /// What the application may ask for.
    type Request: Send + 'static;
    /// What the device tells.
    type Event: Send + 'static;

    /// The link is open: start from a known state (speed search, initialisation).
    fn handle_opened(&mut self, now: Elapsed);
    /// The link is gone or could not be opened; work in progress ends with a definite result.
    fn handle_lost(&mut self, now: Elapsed, error: &crate::link::LinkError);
    /// A request of the application.
    fn handle_request(&mut self, now: Elapsed, request: Self::Request);
    /// Bytes from the device.
    fn handle_input(&mut self, now: Elapsed, bytes: &[u8]);
    /// The deadline given by [`Protocol::poll_timeout`] has passed.
    fn handle_timeout(&mut self, now: Elapsed);
    /// The next thing to do on the link, until `None`.
    fn poll_transmit(&mut self) -> Option<Transmit>;
    /// The next deadline.
    fn poll_timeout(&self) -> Option<Elapsed>;
    /// The next event, until `None`.
    fn poll_event(&mut self) -> Option<DeviceEvent<Self::Event>>;
}

/// What a protocol wants done on its link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transmit {
    /// Send these bytes.
    Bytes(Vec<u8>),
    /// Change the line speed, in baud.
    Baud(u32),
    /// Give the link up and open it again.
    Reopen,
}

/// What a device thread reports.
#[derive(Debug, Clone, PartialEq)]
pub enum DeviceEvent<E> {
    /// The state changed (old states are the receiver's business).
    Status(DeviceStatus),
    /// Something of this class of device.
    Class(E),
}
