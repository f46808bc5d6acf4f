//! The one loop that drives any device protocol over any link, one thread per device.
//!
//! A [`Protocol`] is a pure state machine: it is told what time it is, what arrived and what is asked for, and is
//! polled for bytes to send, for its next deadline and for events. The runner owns the link and the clock. It opens
//! the link, re-opens it with back-off after a loss, and is the only place where a device thread waits.
//!
//! Promises: [`Device::send`] never blocks (a full queue is an error for the caller); a lost link is dropped before
//! anything else happens; every loss is told to the protocol exactly once and every opening starts it anew;
//! dropping a [`Device`] ends its thread. A device thread that hangs in the kernel is left behind after a second
//! rather than holding up the program.
//!
//! Left out: any knowledge of bytes, and any retry that is not about opening the link.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroize;

use crate::link::{Link, LinkError, LinkErrorKind, LinkOpener};
use crate::model::{DeviceStatus, Role};

/// Requests that may wait for one device. A device that does not take this many is stuck.
const QUEUE_LENGTH: usize = 16;

/// Longest wait for input, so that a request is seen promptly.
const TICK: Duration = Duration::from_millis(20);

/// First pause before opening a lost link again: shorter than a plug takes to settle makes no sense.
const BACKOFF_FIRST: Duration = Duration::from_millis(500);

/// Longest pause between two attempts to open, so that a replugged device is back within seconds.
const BACKOFF_LONGEST: Duration = Duration::from_secs(5);

/// Base of the deadline for one write: a printer may stop the line for a while when its buffer is full.
const WRITE_BASE: Duration = Duration::from_secs(5);

/// Added per byte: twice the time of a byte at 9600 baud.
const WRITE_PER_BYTE: Duration = Duration::from_millis(2);

/// How long closing waits for the thread.
const CLOSE_WAIT: Duration = Duration::from_secs(1);

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
    fn handle_lost(&mut self, now: Elapsed, error: &LinkError);
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

/// A running device. Dropping it stops its thread.
#[derive(Debug)]
pub struct Device<R> {
    role: Role,
    requests: SyncSender<R>,
    stop: Arc<AtomicBool>,
    turns: Arc<AtomicU64>,
    ended: Receiver<()>,
    thread: Option<thread::JoinHandle<()>>,
}

/// The device did not take the request: its queue is full or its thread has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} does not take requests", .role.as_str())]
pub struct Busy {
    /// Which device.
    pub role: Role,
}

/// Starts the thread of one device. It opens the link by itself, now and after every loss.
///
/// `sink` is called on the device's thread with every event and must not block.
///
/// # Errors
/// The operating system gives no more threads.
pub fn spawn<P, S>(
    role: Role,
    opener: Box<dyn LinkOpener>,
    protocol: P,
    sink: S,
) -> Result<Device<P::Request>, std::io::Error>
where
    P: Protocol + 'static,
    S: FnMut(DeviceEvent<P::Event>) + Send + 'static,
{
    let (requests, incoming) = sync_channel(QUEUE_LENGTH);
    let (ending, ended) = sync_channel(1);
    let stop = Arc::new(AtomicBool::new(false));
    let turns = Arc::new(AtomicU64::new(0));
    let (stopped, turned) = (Arc::clone(&stop), Arc::clone(&turns));
    let runner = Runner { opener, protocol, sink, incoming, stop: stopped, turns: turned, start: clock() };
    let thread = thread::Builder::new().name(role.as_str().to_owned()).spawn(move || {
        runner.run();
        // The receiver is gone when nobody waits for the end.
        ending.try_send(()).ok();
    })?;
    Ok(Device { role, requests, stop, turns, ended, thread: Some(thread) })
}

/// The monotonic clock of the device layer. Every reading of the time in this crate comes through here.
#[expect(clippy::disallowed_methods, reason = "the one clock of the device layer")]
pub(crate) fn clock() -> Instant {
    Instant::now()
}

impl<R> Device<R> {
    /// Hands a request to the device without waiting.
    ///
    /// # Errors
    /// [`Busy`] when the device has not taken its earlier requests.
    pub fn send(&self, request: R) -> Result<(), Busy> {
        self.requests.try_send(request).map_err(|error| match error {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => Busy { role: self.role },
        })
    }

    /// Turns of its thread so far, while the link is served or waited for. `None`: the thread has ended.
    pub fn turns(&self) -> Option<u64> {
        let ended = self.thread.as_ref().is_none_or(thread::JoinHandle::is_finished);
        (!ended).then(|| self.turns.load(Ordering::Relaxed))
    }

    /// Stops the thread and waits for its end, at most a second. Dropping does the same.
    pub fn close(self) {}

    /// Which device this is.
    pub fn role(&self) -> Role {
        self.role
    }
}

impl<R> Drop for Device<R> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        let ended = match self.ended.recv_timeout(CLOSE_WAIT) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => true,
            Err(RecvTimeoutError::Timeout) => false,
        };
        match self.thread.take() {
            Some(thread) if ended => {
                if thread.join().is_err() {
                    tracing::error!(device = self.role.as_str(), "device thread ended by a panic");
                }
            }
            Some(_) | None => tracing::warn!(device = self.role.as_str(), "device thread did not end in time"),
        }
    }
}

struct Runner<P: Protocol, S> {
    opener: Box<dyn LinkOpener>,
    protocol: P,
    sink: S,
    incoming: Receiver<P::Request>,
    stop: Arc<AtomicBool>,
    turns: Arc<AtomicU64>,
    start: Instant,
}

/// Why a turn of the loop ended the link.
enum Ended {
    Lost(LinkError),
    Reopen,
    Stopped,
}

impl<P: Protocol, S: FnMut(DeviceEvent<P::Event>)> Runner<P, S> {
    fn run(mut self) {
        let mut backoff = BACKOFF_FIRST;
        while !self.is_stopped() {
            let error = match self.opener.open() {
                Ok(link) => {
                    backoff = BACKOFF_FIRST;
                    match self.serve(link) {
                        Ended::Lost(error) => error,
                        Ended::Reopen => self.given_up(),
                        Ended::Stopped => return,
                    }
                }
                Err(error) => error,
            };
            self.protocol.handle_lost(self.now(), &error);
            self.emit();
            self.pause(backoff);
            backoff = (backoff * 2).min(BACKOFF_LONGEST);
        }
    }

    /// Serves one open link until it ends. The link is dropped on return, before anything else is done.
    fn serve(&mut self, mut link: Box<dyn Link>) -> Ended {
        self.protocol.handle_opened(self.now());
        let mut buffer = Vec::new();
        loop {
            if self.is_stopped() {
                return Ended::Stopped;
            }
            self.take_requests();
            self.emit();
            // One transmission per turn, so that answers are heard between two of them.
            let wait = match self.protocol.poll_transmit() {
                Some(transmit) => match self.transmit(link.as_mut(), transmit) {
                    Ok(()) => Duration::ZERO,
                    Err(ended) => return ended,
                },
                None => self.until_deadline().min(TICK),
            };
            // Wiped, not only emptied: a card may have passed through it.
            buffer.zeroize();
            match link.read(&mut buffer, wait) {
                Ok(0) => {}
                Ok(_) => self.protocol.handle_input(self.now(), &buffer),
                Err(error) => return Ended::Lost(error),
            }
            self.check_deadline();
        }
    }

    fn transmit(&mut self, link: &mut dyn Link, transmit: Transmit) -> Result<(), Ended> {
        match transmit {
            Transmit::Bytes(bytes) => {
                let count = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
                link.write_all(&bytes, WRITE_BASE + WRITE_PER_BYTE.saturating_mul(count)).map_err(Ended::Lost)
            }
            Transmit::Baud(baud) => link.set_baud(baud).map_err(Ended::Lost),
            Transmit::Reopen => Err(Ended::Reopen),
        }
    }

    /// Waits for the next attempt to open. Requests are heard meanwhile, so that they end with a definite result.
    fn pause(&mut self, length: Duration) {
        let until = clock() + length;
        while !self.is_stopped() {
            let left = until.saturating_duration_since(clock());
            if left.is_zero() {
                return;
            }
            match self.incoming.recv_timeout(left.min(TICK)) {
                Ok(request) => self.protocol.handle_request(self.now(), request),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.check_deadline();
            // Nothing can be sent without a link; what a protocol still wants to send is void.
            while self.protocol.poll_transmit().is_some() {}
            self.emit();
        }
    }

    fn take_requests(&mut self) {
        loop {
            match self.incoming.try_recv() {
                Ok(request) => self.protocol.handle_request(self.now(), request),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return,
            }
        }
    }

    /// Ends one turn: what is due is done, and the turn is counted for whoever watches the thread.
    fn check_deadline(&mut self) {
        self.turns.fetch_add(1, Ordering::Relaxed);
        let now = self.now();
        if self.protocol.poll_timeout().is_some_and(|deadline| deadline <= now) {
            self.protocol.handle_timeout(now);
        }
    }

    fn emit(&mut self) {
        while let Some(event) = self.protocol.poll_event() {
            (self.sink)(event);
        }
    }

    fn until_deadline(&self) -> Duration {
        self.protocol.poll_timeout().map_or(TICK, |deadline| deadline.saturating_sub(self.now()))
    }

    fn given_up(&self) -> LinkError {
        let detail = "given up by the driver to start again".to_owned();
        LinkError { port: self.opener.name().to_owned(), kind: LinkErrorKind::Lost, detail }
    }

    fn now(&self) -> Elapsed {
        clock().saturating_duration_since(self.start)
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}
