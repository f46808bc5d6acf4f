//! The screen as a process of its own: it has a socket to the engine and nothing else.
//!
//! The engine may be restarted under it: the screen keeps the last picture, connects again, and shows what the engine
//! then says. Touches that cannot be delivered are dropped; the person touches again.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::ui::{Ui, UiError, UiRemote};
use crate::ipc::{Connection, Reply, Request, Sender};

/// Pause before connecting again: an engine needs about two seconds to come back.
const AGAIN: Duration = Duration::from_millis(500);

/// Runs the window until it is closed.
///
/// # Errors
/// There is no display, or the fonts cannot be read.
pub fn run_remote(socket: &Path, width: f32, height: f32) -> Result<(), UiError> {
    let line: Arc<Mutex<Option<Sender>>> = Arc::default();
    let touches = Arc::clone(&line);
    let ui = Ui::new(move |intent| {
        let mut line = touches.lock().unwrap_or_else(PoisonError::into_inner);
        let delivered = line.as_mut().is_some_and(|line| line.touch(intent).is_ok());
        if !delivered {
            tracing::warn!("a touch could not be delivered: no engine");
        }
    })?;
    ui.set_size(width, height);
    let (stop, stopped) = sync_channel(1);
    let listener = listen(socket.to_owned(), line, ui.remote(), stopped);
    let outcome = ui.run();
    stop_listening(&stop);
    drop(listener);
    outcome
}

fn stop_listening(stop: &SyncSender<()>) {
    // A listener that has ended already needs no word.
    stop.try_send(()).ok();
}

/// Connects, shows what comes, and connects again, on a thread of its own.
fn listen(
    socket: PathBuf,
    line: Arc<Mutex<Option<Sender>>>,
    remote: UiRemote,
    stopped: Receiver<()>,
) -> Option<std::thread::JoinHandle<()>> {
    let work = move || {
        loop {
            if let Err(error) = follow(&socket, &line, &remote) {
                tracing::warn!(%error, "no engine");
            }
            *line.lock().unwrap_or_else(PoisonError::into_inner) = None;
            if !matches!(stopped.recv_timeout(AGAIN), Err(std::sync::mpsc::RecvTimeoutError::Timeout)) {
                return;
            }
        }
    };
    std::thread::Builder::new().name("engine-line".to_owned()).spawn(work).ok()
}

/// One connection, from its beginning to its end.
fn follow(socket: &Path, line: &Mutex<Option<Sender>>, remote: &UiRemote) -> Result<(), crate::ipc::ConnectionError> {
    let mut connection = Connection::open(socket)?;
    connection.send(&Request::Watch)?;
    *line.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection.sender()?);
    while let Some(reply) = connection.receive()? {
        match reply {
            Reply::Screen { screen } => {
                if remote.show(*screen).is_err() {
                    return Ok(());
                }
            }
            Reply::Status { .. } => {}
            Reply::Error { message } => tracing::warn!(message, "the engine did not understand"),
        }
    }
    Ok(())
}
