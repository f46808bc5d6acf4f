//! The engine's side of the socket: screens out, touches in, one JSON object per line.
//!
//! A client that reads too slowly misses screens, never the last one. A client that sends nonsense gets an error line;
//! one that sends endless lines is cut off. Every touch of every client is just an event like any other. A client that
//! cannot be let in (no descriptors are left, say) is logged, and the next one is waited for: only the end of the engine
//! ends the listening.
//!
//! The socket is for the engine's user and group alone (mode 0660): the screen's user is in that group, nobody else is.
//! Between `bind` and the change of mode the folder protects it, which only that group may enter; the engine sets no
//! umask, because its threads share one.

use std::cell::RefCell;
use std::convert::Infallible;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, watch};

use super::journal::Recorder;
use super::staff::{StaffDesk, may_ask};
use crate::domain::event::Event;
use crate::ipc::{Beats, EngineStatus, LONGEST_LINE, Reply, Request, Screen, StaffAsk, StaffTold};
use crate::telemetry::Event as Recorded;

/// Read and write for user and group, nothing for others.
const MODE: u32 = 0o660;

/// Pause after a client could not be let in. The reason seldom goes at once, and one line a second does not fill a log.
const PAUSE: Duration = Duration::from_secs(1);

/// What a client can reach.
#[derive(Clone)]
pub struct Door {
    /// Takes touches.
    pub inbox: mpsc::Sender<Event>,
    /// Gives screens.
    pub screens: watch::Receiver<Arc<Screen>>,
    /// The present status.
    pub status: Rc<RefCell<EngineStatus>>,
    /// Writes down that a screen came or went.
    pub recorder: Recorder,
    /// Counts the frames of the screen that is there: none when it goes.
    pub painted: Beats,
    /// The staff's desk; a machine that is being set up has none.
    pub staff: Option<Rc<StaffDesk>>,
}

/// Starts listening. A socket left over from an engine that is gone is replaced; a living one is not.
pub fn listen(path: &Path, door: Door) -> std::io::Result<()> {
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(std::io::Error::new(std::io::ErrorKind::AddrInUse, "another engine is listening there"));
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(MODE))?;
    // Whoever made the socket owns it: that is the user of this engine.
    let own = std::fs::metadata(path)?.uid();
    tokio::task::spawn_local(async move {
        let accept = async || Ok(listener.accept().await?.0);
        let serve = |stream| drop(tokio::task::spawn_local(Client::new(stream, door.clone(), own).serve()));
        let_in(accept, serve, PAUSE).await
    });
    Ok(())
}

/// Serves whoever comes, for ever. After a failure it pauses and goes on.
async fn let_in<T>(accept: impl AsyncFn() -> std::io::Result<T>, serve: impl Fn(T), pause: Duration) -> Infallible {
    loop {
        match accept().await {
            Ok(client) => serve(client),
            Err(error) => {
                tracing::warn!(%error, "a client of the socket could not be let in");
                rest(pause).await;
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a pause after a failure of the system, outside of any promise")]
async fn rest(time: Duration) {
    tokio::time::sleep(time).await;
}

/// One connection.
struct Client {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    door: Door,
    is_screen: bool,
    /// The system says that this is root or the engine's own user.
    is_staff: bool,
    /// Parts of a file that are here.
    file: String,
}

impl Client {
    fn new(stream: UnixStream, door: Door, own: u32) -> Self {
        let is_staff = stream.peer_cred().is_ok_and(|peer| may_ask(peer.uid(), own));
        let (reader, writer) = stream.into_split();
        Self { reader: BufReader::new(reader), writer, door, is_screen: false, is_staff, file: String::new() }
    }

    async fn serve(mut self) {
        // The end of a connection needs no word but the one below: whoever was there connects again.
        self.talk().await.ok();
        if self.is_screen {
            // What it had painted is gone with it.
            self.door.painted.forget();
            self.door.status.borrow_mut().painted = false;
            self.door.recorder.record(&Recorded::ScreenLost {});
        }
    }

    /// Answers until the client goes, sends what is no line, or does not take its answers.
    async fn talk(&mut self) -> std::io::Result<()> {
        let mut line = Vec::new();
        loop {
            tokio::select! {
                read = read_line(&mut self.reader, &mut line) => {
                    match read? {
                        Line::Whole => {}
                        Line::End => return Ok(()),
                        Line::TooLong => {
                            let message = format!("the line is longer than {LONGEST_LINE} bytes");
                            return write(&mut self.writer, &Reply::Error { message }).await;
                        }
                    }
                    let reply = match serde_json::from_slice::<Request>(&line) {
                        Ok(Request::Staff { question }) => Some(self.staff(question).await),
                        Ok(request) => self.answer(request),
                        Err(error) => Some(Reply::Error { message: error.to_string() }),
                    };
                    if let Some(reply) = reply {
                        write(&mut self.writer, &reply).await?;
                    }
                    line.clear();
                }
                changed = self.door.screens.changed(), if self.is_screen => {
                    if changed.is_err() {
                        return Ok(());
                    }
                    let reply = self.screen();
                    write(&mut self.writer, &reply).await?;
                }
            }
        }
    }

    async fn staff(&mut self, question: StaffAsk) -> Reply {
        let refused = |code: &str, message: &str| StaffTold::Refused { code: code.into(), message: message.into() };
        let answer = match self.door.staff.clone() {
            _ if !self.is_staff => refused("outbox.not-allowed", "only root and the engine's own user may ask this"),
            None => refused("outbox.no-store", "this machine is being set up; nothing is kept yet"),
            Some(desk) => desk.answer(question, &mut self.file).await,
        };
        Reply::Staff { answer: Box::new(answer) }
    }

    fn answer(&mut self, request: Request) -> Option<Reply> {
        match request {
            Request::Watch => {
                if !self.is_screen {
                    self.is_screen = true;
                    self.door.recorder.record(&Recorded::ScreenConnected {});
                }
                Some(self.screen())
            }
            Request::Touch { intent } => {
                if self.door.inbox.try_send(Event::Intent(intent)).is_err() {
                    tracing::warn!("the engine does not take touches");
                }
                None
            }
            Request::Painted => {
                self.door.painted.beat();
                self.door.status.borrow_mut().painted = true;
                None
            }
            Request::Updates { news } => {
                if self.door.inbox.try_send(Event::Updates(news)).is_err() {
                    tracing::warn!("the engine does not take news of updates");
                }
                Some(Reply::Status { status: Box::new(self.door.status.borrow().clone()) })
            }
            Request::Status => Some(Reply::Status { status: Box::new(self.door.status.borrow().clone()) }),
            // Answered before, for it takes time.
            Request::Staff { .. } => None,
        }
    }

    fn screen(&mut self) -> Reply {
        Reply::Screen { screen: Box::new(self.door.screens.borrow_and_update().as_ref().clone()) }
    }
}

/// What was read.
enum Line {
    /// A line with its end.
    Whole,
    /// The client is gone.
    End,
    /// More than a line may hold.
    TooLong,
}

/// Appends to `line` up to a line end. Safe to cancel: what was read stays in `line`.
async fn read_line(reader: &mut BufReader<OwnedReadHalf>, line: &mut Vec<u8>) -> std::io::Result<Line> {
    loop {
        if line.len() > LONGEST_LINE {
            return Ok(Line::TooLong);
        }
        let room = (LONGEST_LINE + 1 - line.len()) as u64;
        if reader.take(room).read_until(b'\n', line).await? == 0 {
            return Ok(Line::End);
        }
        if line.ends_with(b"\n") {
            return Ok(Line::Whole);
        }
    }
}

async fn write(writer: &mut OwnedWriteHalf, reply: &Reply) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    writer.write_all(&line).await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_client_that_cannot_be_let_in_does_not_end_the_listening() {
        let tried = Cell::new(0);
        let served = RefCell::new(Vec::new());
        // Twice no descriptors are left, then two clients come, then nobody.
        let accept = async || {
            tried.set(tried.get() + 1);
            match tried.get() {
                1 | 2 => Err(std::io::Error::other("no descriptors are left")),
                client @ (3 | 4) => Ok(client),
                _ => std::future::pending().await,
            }
        };
        let serve = |client| served.borrow_mut().push(client);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let listening = let_in(accept, serve, Duration::from_millis(1));
        let all_served = async {
            while served.borrow().len() < 2 {
                tokio::task::yield_now().await
            }
        };
        runtime.block_on(async {
            tokio::select! {
                never = listening => match never {},
                () = all_served => {}
                () = tokio::time::sleep_until(tokio::time::Instant::now() + Duration::from_secs(20)) => {}
            }
        });
        assert_eq!(*served.borrow(), [3, 4]);
    }
}
