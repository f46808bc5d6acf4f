//! Driving one device directly: events with one deadline for the whole verb.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use kiosk_hal::model::{DeviceState, DeviceStatus};
use kiosk_hal::runner::{Busy, DeviceEvent};

use super::CtlError;
use crate::engine::Clock;

/// Events of a device until the deadline.
pub struct Events<E> {
    port: String,
    clock: Clock,
    within: Duration,
    receiver: Receiver<DeviceEvent<E>>,
}

impl<E> Events<E> {
    /// A listener, and the end that the driver's sink sends to.
    pub fn new(port: &str, within: Duration) -> (Self, Sender<DeviceEvent<E>>) {
        let (sender, receiver) = channel();
        (Self { port: port.to_owned(), clock: Clock::start(), within, receiver }, sender)
    }

    /// The next event; `None` when the time is over.
    pub fn next(&self) -> Option<DeviceEvent<E>> {
        let left = self.within.checked_sub(self.clock.since_start())?;
        self.receiver.recv_timeout(left).ok()
    }

    /// Waits until the device can be used; what its class tells meanwhile goes to `aside`.
    ///
    /// # Errors
    /// It cannot be used, or did not say so in time.
    pub fn until_ready(&self, mut aside: impl FnMut(E)) -> Result<DeviceStatus, CtlError> {
        loop {
            match self.next() {
                Some(DeviceEvent::Status(status)) => {
                    if let Some(error) = self.failure(&status) {
                        return Err(error);
                    }
                    if status.state != DeviceState::Starting {
                        return Ok(status);
                    }
                }
                Some(DeviceEvent::Class(event)) => aside(event),
                None => {
                    let message = format!("the device at {} did not get ready in time", self.port);
                    return Err(CtlError::new(
                        "device.not-ready",
                        message,
                        "check power and plug, or give it more time",
                    ));
                }
            }
        }
    }

    /// What a state means for this verb.
    pub fn failure(&self, status: &DeviceStatus) -> Option<CtlError> {
        CtlError::of_device(status, &self.port)
    }
}

/// The system gives no more threads.
pub fn no_thread(error: &std::io::Error) -> CtlError {
    CtlError::new("system.no-thread", format!("cannot start the driver: {error}"), "close other programs")
}

/// The driver does not take the request.
pub fn busy(busy: &Busy) -> CtlError {
    CtlError::new("system.busy", busy.to_string(), "try again")
}
