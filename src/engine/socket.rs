//! The engine's side of the socket: screens out, touches in, one JSON object per line.
//!
//! A client that reads too slowly misses screens, never the last one. A client that sends nonsense gets an error line;
//! one that sends endless lines is cut off. Every touch of every client is just an event like any other.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, watch};

use crate::domain::event::Event;
use crate::ipc::{EngineStatus, LONGEST_LINE, Reply, Request, Screen};

/// Starts listening. A socket left over from an engine that is gone is replaced; a living one is not.
pub fn listen(
    path: &Path,
    inbox: mpsc::Sender<Event>,
    screens: watch::Receiver<Arc<Screen>>,
    status: Rc<RefCell<EngineStatus>>,
) -> std::io::Result<()> {
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(std::io::Error::new(std::io::ErrorKind::AddrInUse, "another engine is listening there"));
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    tokio::task::spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::task::spawn_local(serve(stream, inbox.clone(), screens.clone(), Rc::clone(&status)));
        }
    });
    Ok(())
}

async fn serve(
    stream: UnixStream,
    inbox: mpsc::Sender<Event>,
    mut screens: watch::Receiver<Arc<Screen>>,
    status: Rc<RefCell<EngineStatus>>,
) {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let mut watching = false;
    let mut line = Vec::new();
    loop {
        tokio::select! {
            read = read_line(&mut reader, &mut line) => {
                if !matches!(read, Ok(true)) {
                    return;
                }
                let reply = match serde_json::from_slice::<Request>(&line) {
                    Ok(Request::Watch) => {
                        watching = true;
                        let screen = screens.borrow_and_update().as_ref().clone();
                        Some(Reply::Screen { screen: Box::new(screen) })
                    }
                    Ok(Request::Touch { intent }) => {
                        if inbox.try_send(Event::Intent(intent)).is_err() {
                            tracing::warn!("the engine does not take touches");
                        }
                        None
                    }
                    Ok(Request::Status) => Some(Reply::Status { status: status.borrow().clone() }),
                    Err(error) => Some(Reply::Error { message: error.to_string() }),
                };
                line.clear();
                if let Some(reply) = reply && write(&mut writer, &reply).await.is_err() {
                    return;
                }
            }
            changed = screens.changed(), if watching => {
                if changed.is_err() {
                    return;
                }
                let screen = screens.borrow_and_update().as_ref().clone();
                if write(&mut writer, &Reply::Screen { screen: Box::new(screen) }).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Appends to `line` up to a line end. Safe to cancel: what was read stays in `line`. `false` = end or too long.
async fn read_line(
    reader: &mut BufReader<tokio::net::unix::OwnedReadHalf>,
    line: &mut Vec<u8>,
) -> std::io::Result<bool> {
    loop {
        if line.len() > LONGEST_LINE {
            return Ok(false);
        }
        let room = (LONGEST_LINE + 1 - line.len()) as u64;
        if reader.take(room).read_until(b'\n', line).await? == 0 {
            return Ok(false);
        }
        if line.ends_with(b"\n") {
            return Ok(true);
        }
    }
}

async fn write(writer: &mut OwnedWriteHalf, reply: &Reply) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    writer.write_all(&line).await
}
