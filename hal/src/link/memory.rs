//! Links in memory, for tests: a pair of ends, and a port that can be plugged and unplugged.
//!
//! Both ends behave like a serial line whose other side is a program: bytes queue without limit, dropping one end
//! makes the other one report [`LinkErrorKind::Lost`], and bytes not yet read are gone with it, as on a real hang-up.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Link, LinkError, LinkErrorKind, LinkOpener};

/// One end of a link in memory. Dropping it hangs up.
#[derive(Debug)]
pub struct MemoryLink {
    name: String,
    wire: Arc<Wire>,
    side: Side,
}

/// A port in memory that devices are plugged into. Clones are handles to the same port.
#[derive(Debug, Clone)]
pub struct MemoryPort {
    name: String,
    waiting: Arc<Mutex<Option<MemoryLink>>>,
}

/// Makes two connected ends.
pub fn pair(name: &str) -> (MemoryLink, MemoryLink) {
    let wire = Arc::new(Wire { state: Mutex::new(WireState::default()), changed: Condvar::new() });
    let end = |side| MemoryLink { name: name.to_owned(), wire: Arc::clone(&wire), side };
    (end(Side::Left), end(Side::Right))
}

impl MemoryPort {
    /// A port with nothing plugged in: opening it fails with [`LinkErrorKind::Missing`].
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), waiting: Arc::default() }
    }

    /// Plugs a device in and returns the device's end. The next open gets the other end; a second open finds the
    /// port busy, as an exclusive serial port would be.
    pub fn plug(&self) -> MemoryLink {
        let (host, device) = pair(&self.name);
        *lock(&self.waiting) = Some(host);
        device
    }

    /// The same port as an opener for a driver.
    pub fn opener(&self) -> Box<dyn LinkOpener> {
        Box::new(self.clone())
    }
}

impl LinkOpener for MemoryPort {
    fn open(&mut self) -> Result<Box<dyn Link>, LinkError> {
        match lock(&self.waiting).take() {
            Some(link) => Ok(Box::new(link)),
            None => Err(LinkError { port: self.name.clone(), kind: LinkErrorKind::Missing, detail: String::new() }),
        }
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl MemoryLink {
    /// The speed the other end has set last, in baud; 0 before it set any.
    pub fn other_baud(&self) -> u32 {
        lock(&self.wire.state).baud[self.side.other().index()]
    }

    fn lost(&self) -> LinkError {
        LinkError { port: self.name.clone(), kind: LinkErrorKind::Lost, detail: String::new() }
    }
}

impl Link for MemoryLink {
    fn read(&mut self, buffer: &mut Vec<u8>, wait: Duration) -> Result<usize, LinkError> {
        let me = self.side.index();
        let state = lock(&self.wire.state);
        let (mut state, _) = self
            .wire
            .changed
            .wait_timeout_while(state, wait, |state| state.queued[me].is_empty() && !state.hung_up)
            .unwrap_or_else(PoisonError::into_inner);
        if state.hung_up {
            return Err(self.lost());
        }
        let count = state.queued[me].len();
        buffer.extend(state.queued[me].drain(..));
        Ok(count)
    }

    fn write_all(&mut self, bytes: &[u8], _wait: Duration) -> Result<(), LinkError> {
        let mut state = lock(&self.wire.state);
        if state.hung_up {
            return Err(self.lost());
        }
        state.queued[self.side.other().index()].extend(bytes);
        self.wire.changed.notify_all();
        Ok(())
    }

    fn set_baud(&mut self, baud: u32) -> Result<(), LinkError> {
        let mut state = lock(&self.wire.state);
        if state.hung_up {
            return Err(self.lost());
        }
        state.baud[self.side.index()] = baud;
        Ok(())
    }
}

impl Drop for MemoryLink {
    fn drop(&mut self) {
        lock(&self.wire.state).hung_up = true;
        self.wire.changed.notify_all();
    }
}

#[derive(Debug)]
struct Wire {
    state: Mutex<WireState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct WireState {
    /// Bytes on their way to each side.
    queued: [VecDeque<u8>; 2],
    baud: [u32; 2],
    hung_up: bool,
}

#[derive(Debug, Clone, Copy)]
enum Side {
    Left,
    Right,
}

impl Side {
    const fn index(self) -> usize {
        match self {
            Self::Left => 0,
            Self::Right => 1,
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

/// A poisoned lock only means that another test thread panicked; the bytes are still in order.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(1);

    #[test]
    fn bytes_reach_the_other_end_and_hanging_up_is_seen_as_lost() {
        let (mut left, mut right) = pair("memory");
        left.write_all(b"abc", SOON).expect("the line is open");
        let mut buffer = Vec::new();
        assert_eq!(right.read(&mut buffer, SOON).expect("the line is open"), 3);
        assert_eq!(buffer, b"abc");
        assert_eq!(right.read(&mut buffer, SOON).expect("silence is no error"), 0);
        drop(left);
        let error = right.read(&mut buffer, SOON).expect_err("the other end is gone");
        assert_eq!(error.kind, LinkErrorKind::Lost);
    }

    #[test]
    fn an_empty_port_is_missing_until_a_device_is_plugged_in() {
        let port = MemoryPort::new("memory");
        let mut opener = port.opener();
        assert_eq!(opener.open().err().map(|error| error.kind), Some(LinkErrorKind::Missing));
        let _device = port.plug();
        assert!(opener.open().is_ok());
    }
}
