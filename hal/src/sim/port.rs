//! A device model on a pseudo-terminal, in a thread of its own.
//!
//! The thread hands the host's bytes to the model and the model's bytes to the host at the pace of the device's
//! line: a byte takes ten bit times, and what has not been on the wire yet is not readable. A host at another speed
//! receives and sends garbage. The model is reached from outside under a lock ([`SimPort::with`]): laying a card on
//! the reader or switching a fault on is a method of the model.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::pty::{Pty, PtyError};
use super::{DeviceModel, at_wrong_speed, wire_time};
use crate::runner::{Elapsed, clock};

/// Longest wait of the thread, so that changes from outside are seen soon.
const TICK: Duration = Duration::from_millis(5);

/// A simulated device behind a path. Dropping it unplugs the device for good.
#[derive(Debug)]
pub struct SimPort<M> {
    path: PathBuf,
    model: Arc<Mutex<M>>,
    orders: Sender<Order>,
    stop: Arc<AtomicBool>,
    start: Instant,
    thread: Option<thread::JoinHandle<()>>,
}

/// A simulated port could not be started or plugged in.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The pseudo-terminal failed.
    #[error(transparent)]
    Pty(#[from] PtyError),
    /// No thread for it.
    #[error("no thread for the simulated port")]
    Thread(#[source] io::Error),
    /// Its thread has ended.
    #[error("the simulated port has ended")]
    Ended,
}

impl<M: DeviceModel + 'static> SimPort<M> {
    /// Plugs the model in under the stable name `path` (a symbolic link that is made and repointed here).
    ///
    /// # Errors
    /// No pseudo-terminal, no thread, or the link's folder is not writable.
    pub fn start(path: &Path, model: M) -> Result<Self, SimError> {
        let pty = Pty::open(path)?;
        let model = Arc::new(Mutex::new(model));
        let (orders, incoming) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let start = clock();
        let line = Line {
            model: Arc::clone(&model),
            incoming,
            stop: Arc::clone(&stop),
            start,
            pty: Some(pty),
            pending: VecDeque::new(),
            wire_free: Elapsed::ZERO,
        };
        let thread =
            thread::Builder::new().name("sim-port".to_owned()).spawn(move || line.run()).map_err(SimError::Thread)?;
        Ok(Self { path: path.to_owned(), model, orders, stop, start, thread: Some(thread) })
    }

    /// The stable name that a driver opens.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Time since the start, as the model sees it.
    pub fn now(&self) -> Elapsed {
        clock().saturating_duration_since(self.start)
    }

    /// Works on the model: lays a card, sets a fault, looks at what it got.
    pub fn with<T>(&self, work: impl FnOnce(&mut M) -> T) -> T {
        work(&mut lock(&self.model))
    }

    /// Pulls the plug: both ends close and the name disappears. Returns when that is done.
    ///
    /// # Errors
    /// The port has ended.
    pub fn unplug(&self) -> Result<(), SimError> {
        let (done, answer) = channel();
        self.orders.send(Order::Unplug { done }).map_err(|_| SimError::Ended)?;
        answer.recv().map_err(|_| SimError::Ended)
    }

    /// Plugs the device in again: a new node under the same name. Returns when that is done.
    ///
    /// # Errors
    /// No pseudo-terminal, or the port has ended.
    pub fn replug(&self) -> Result<(), SimError> {
        let (done, answer) = channel();
        let pty = Pty::open(&self.path)?;
        self.orders.send(Order::Plug { pty, done }).map_err(|_| SimError::Ended)?;
        answer.recv().map_err(|_| SimError::Ended)
    }
}

impl<M> Drop for SimPort<M> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("simulated port ended by a panic");
        }
    }
}

enum Order {
    Unplug { done: Sender<()> },
    Plug { pty: Pty, done: Sender<()> },
}

/// The thread's side.
struct Line<M> {
    model: Arc<Mutex<M>>,
    incoming: Receiver<Order>,
    stop: Arc<AtomicBool>,
    start: Instant,
    pty: Option<Pty>,
    /// Bytes of the model that are not on the wire yet.
    pending: VecDeque<u8>,
    /// Until when the wire is taken by bytes already sent.
    wire_free: Elapsed,
}

impl<M: DeviceModel> Line<M> {
    fn run(mut self) {
        while !self.stop.load(Ordering::Acquire) {
            self.take_orders();
            if let Err(error) = self.turn() {
                tracing::debug!(%error, "simulated line closed");
                self.hang_up();
            }
        }
    }

    fn turn(&mut self) -> io::Result<()> {
        let now = clock().saturating_duration_since(self.start);
        let (baud, wake) = {
            let mut model = lock(&self.model);
            while let Some(bytes) = model.poll_output(now) {
                if self.pending.is_empty() {
                    self.wire_free = self.wire_free.max(now);
                }
                self.pending.extend(bytes);
            }
            (model.baud(), model.poll_wake())
        };
        let wait = wake.map_or(TICK, |wake| wake.saturating_sub(now)).min(TICK);
        let Some(pty) = self.pty.as_mut() else {
            // Unplugged: the model's answers go nowhere.
            self.pending.clear();
            match self.incoming.recv_timeout(TICK) {
                Ok(order) => self.obey(order),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            return Ok(());
        };
        pty.clear_exclusive()?;
        let same_speed = pty.host_baud()? == baud;
        send_due(pty, &mut self.pending, &mut self.wire_free, now, baud, same_speed)?;
        let mut bytes = Vec::new();
        let wait = if self.pending.is_empty() { wait } else { wait.min(Duration::from_millis(1)) };
        pty.read(&mut bytes, wait)?;
        if !bytes.is_empty() {
            // The host may have changed its speed while this thread waited.
            let heard = if pty.host_baud()? == baud { bytes } else { at_wrong_speed(&bytes) };
            let now = clock().saturating_duration_since(self.start);
            lock(&self.model).handle_input(now, &heard);
        }
        Ok(())
    }

    fn take_orders(&mut self) {
        loop {
            match self.incoming.try_recv() {
                Ok(order) => self.obey(order),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return,
            }
        }
    }

    fn obey(&mut self, order: Order) {
        let done = match order {
            Order::Unplug { done } => {
                self.hang_up();
                done
            }
            Order::Plug { pty, done } => {
                self.hang_up();
                self.pty = Some(pty);
                done
            }
        };
        // Whoever asked may have stopped waiting.
        done.send(()).ok();
    }

    fn hang_up(&mut self) {
        self.pty = None;
        self.pending.clear();
    }
}

/// Sends the bytes whose time on the wire has passed by `now`.
fn send_due(
    pty: &mut Pty,
    pending: &mut VecDeque<u8>,
    wire_free: &mut Elapsed,
    now: Elapsed,
    baud: u32,
    same_speed: bool,
) -> io::Result<()> {
    let per_byte = wire_time(1, baud).max(Duration::from_nanos(1));
    let due = now.saturating_sub(*wire_free).as_nanos() / per_byte.as_nanos();
    let count = usize::try_from(due).unwrap_or(usize::MAX).min(pending.len());
    if count == 0 {
        return Ok(());
    }
    let slice: Vec<u8> = pending.iter().copied().take(count).collect();
    let sent = pty.write_some(&if same_speed { slice } else { at_wrong_speed(&slice) })?;
    pending.drain(..sent);
    *wire_free += per_byte.saturating_mul(u32::try_from(sent).unwrap_or(u32::MAX));
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
