//! One JSON object per line over a Unix socket: what the screen and `kioskctl` say to the engine and hear from it.

use std::io::{BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Intent, Screen, StaffAsk, StaffTold, UpdateAnswer, UpdateNews};
use crate::domain::recount::Recount;

/// A line longer than this is not ours: the connection is closed.
pub const LONGEST_LINE: usize = 256 * 1024;

/// Longest time that a touch may hold up the thread that draws. An engine that has not read for so long, with a whole
/// buffer of touches before it, hangs; a person does not notice a fifth of a second.
pub const TOUCH: Duration = Duration::from_millis(200);

/// To the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "request")]
pub enum Request {
    /// Send the present screen, and each new one.
    Watch,
    /// A touch.
    Touch {
        /// What it means.
        intent: Intent,
    },
    /// Send a status report once.
    Status,
    /// The agent tells how updates are; the answer is a status report.
    Updates {
        /// How they are.
        news: Box<UpdateNews>,
    },
    /// A technician's question about the outbox; answered to root and the engine's own user only.
    Staff {
        /// The question.
        question: StaffAsk,
    },
    /// A frame is on the glass. The screen says so once per connection; nothing is answered.
    Painted,
}

/// From the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reply")]
pub enum Reply {
    /// A screen.
    Screen {
        /// The screen.
        screen: Box<Screen>,
    },
    /// A status report.
    Status {
        /// The report.
        status: Box<EngineStatus>,
    },
    /// An answer to a technician.
    Staff {
        /// The answer.
        answer: Box<StaffTold>,
    },
    /// The line was not understood.
    Error {
        /// What was wrong with it.
        message: String,
    },
}

/// How the engine is. No personal data.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EngineStatus {
    /// Code of the kiosk.
    pub kiosk: String,
    /// Somebody is using it.
    pub in_use: bool,
    /// Page shown.
    pub page: String,
    /// Applications whose acknowledgement is missing.
    pub waiting: usize,
    /// Seconds since the engine started.
    pub up_seconds: u64,
    /// State of each device by role.
    pub devices: std::collections::BTreeMap<String, String>,
    /// Line to the county.
    pub line: String,
    /// Sending: `on`, or the code of the county's refusal of this kiosk.
    pub sending: String,
    /// Taking applications: `on`, or the code of why none are taken.
    pub taking: String,
    /// Store: `good` or an error code.
    pub store: String,
    /// Version of the program.
    #[serde(default)]
    pub version: String,
    /// Boot slot of the image, such as `A`; empty where there is none.
    #[serde(default)]
    pub slot: String,
    /// What the store's file needs of a program, once it is open.
    #[serde(default)]
    pub schema: Option<StoreSchema>,
    /// The queue was read from the store, so what is in it is known.
    #[serde(default)]
    pub outbox_read: bool,
    /// Applications that were set aside for staff.
    #[serde(default)]
    pub set_aside: usize,
    /// Whether the last call to the county was answered; `None` before the first one ended.
    #[serde(default)]
    pub county_reachable: Option<bool>,
    /// Seconds since that became so.
    #[serde(default)]
    pub county_seconds: u64,
    /// What became of each fitted device since the start, by role.
    #[serde(default)]
    pub access: std::collections::BTreeMap<String, Access>,
    /// A screen said that a frame is on the glass.
    #[serde(default)]
    pub painted: bool,
    /// So many damaged files of the store were kept at the start, because not everything in them could be taken over.
    #[serde(default)]
    pub damaged_files: u32,
    /// Seconds since somebody last used the machine, or since the start; 0 while it is in use.
    #[serde(default)]
    pub quiet_seconds: u64,
    /// The technician's word about the update that waits for it, until the agent tells that it has taken it.
    #[serde(default)]
    pub answer: Option<UpdateAnswer>,
    /// Updates in one plain line; empty where nothing is to be told.
    #[serde(default)]
    pub update: String,
    /// What was repaired in the store since the start, or was lost; empty where nothing was.
    #[serde(default)]
    pub repair: String,
    /// The last recount against the county, if there was one.
    #[serde(default)]
    pub recount: Option<RecountSummary>,
}

/// What the last recount came to, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecountSummary {
    /// When, by the terminal's clock.
    pub at: jiff::Timestamp,
    /// Numbers about which this kiosk and the county say different things.
    pub differing: usize,
    /// The first of them, with the code of the difference.
    pub first: Option<(u64, String)>,
}

impl RecountSummary {
    /// In short.
    pub fn of(recount: &Recount) -> Self {
        let first = recount.differences.first().map(|found| (found.sequence.0, found.kind.code().to_owned()));
        Self { at: recount.at, differing: recount.differing, first }
    }
}

/// What became of a fitted device since the engine started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Its port is being opened for the first time.
    Opening,
    /// It answered and does so still.
    Opened,
    /// It answered and is away.
    Lost,
    /// It never answered.
    Absent,
}

/// Which programs can read the store's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StoreSchema {
    /// Schema of the file.
    pub schema: u32,
    /// Oldest schema whose program can read and deliver what is in it.
    pub readable_from: u32,
}

/// The client side of the socket, blocking, for the screen process and `kioskctl`.
#[derive(Debug)]
pub struct Connection {
    reader: BufReader<UnixStream>,
    writer: UnixStream,
}

/// The engine cannot be reached or does not speak our language.
#[derive(Debug, thiserror::Error)]
#[error("{doing} the engine at {socket}: {source}")]
pub struct ConnectionError {
    doing: &'static str,
    socket: String,
    source: std::io::Error,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Names the socket and says why it could not be reached.
    pub fn open(socket: &Path) -> Result<Self, ConnectionError> {
        let error = |source| ConnectionError { doing: "cannot reach", socket: socket.display().to_string(), source };
        let writer = UnixStream::connect(socket).map_err(error)?;
        writer.set_write_timeout(Some(Duration::from_secs(5))).map_err(error)?;
        let reader = BufReader::new(writer.try_clone().map_err(error)?);
        Ok(Self { reader, writer })
    }

    /// Limits every wait for a reply; a wait that is over is an error. Without a limit it waits for ever, as a screen does.
    ///
    /// # Errors
    /// The limit is zero.
    pub fn wait_at_most(&self, limit: Duration) -> Result<(), ConnectionError> {
        self.writer.set_read_timeout(Some(limit)).map_err(|source| self.error("cannot set a limit for", source))
    }

    /// Sends one request.
    ///
    /// # Errors
    /// The engine is gone.
    pub fn send(&mut self, request: &Request) -> Result<(), ConnectionError> {
        write_line(&mut self.writer, request).map_err(|source| self.error("cannot write to", source))
    }

    /// Waits for the next reply; `None` when the engine closed the connection.
    ///
    /// # Errors
    /// The line broke, or what came is not a reply.
    pub fn receive(&mut self) -> Result<Option<Reply>, ConnectionError> {
        let mut line = String::new();
        match std::io::Read::take(&mut self.reader, LONGEST_LINE as u64).read_line(&mut line) {
            Ok(0) => Ok(None),
            Ok(_) => serde_json::from_str(&line)
                .map(Some)
                .map_err(|error| self.error("cannot understand", std::io::Error::other(error.to_string()))),
            Err(source) => Err(self.error("cannot read from", source)),
        }
    }

    /// A second handle for sending from another thread, which must not be held up: from now on a writing that takes
    /// longer than 200 ms fails, through this connection as well, for both are one socket.
    ///
    /// # Errors
    /// The system gives no more descriptors.
    pub fn sender(&self) -> Result<Sender, ConnectionError> {
        let limited = self.writer.set_write_timeout(Some(TOUCH));
        match limited.and_then(|()| self.writer.try_clone()) {
            Ok(writer) => Ok(Sender { writer }),
            Err(source) => Err(self.error("cannot share the connection to", source)),
        }
    }

    fn error(&self, doing: &'static str, source: std::io::Error) -> ConnectionError {
        let socket = self
            .writer
            .peer_addr()
            .ok()
            .and_then(|address| address.as_pathname().map(|path| path.display().to_string()))
            .unwrap_or_default();
        ConnectionError { doing, socket, source }
    }
}

/// Sends touches from the screen's thread.
#[derive(Debug)]
pub struct Sender {
    writer: UnixStream,
}

impl Sender {
    /// Sends one touch, within 200 ms. After a failure the connection is closed, because half a line may have gone
    /// out: the reading side notices and connects again.
    ///
    /// # Errors
    /// The engine is gone or does not read.
    pub fn touch(&mut self, intent: Intent) -> std::io::Result<()> {
        self.send(&Request::Touch { intent })
    }

    /// Says that a frame is on the glass; the same limit, the same end after a failure.
    ///
    /// # Errors
    /// The engine is gone or does not read.
    pub fn painted(&mut self) -> std::io::Result<()> {
        self.send(&Request::Painted)
    }

    fn send(&mut self, request: &Request) -> std::io::Result<()> {
        let sent = write_line(&mut self.writer, request);
        if sent.is_err() {
            // A socket that is closed already need not be closed.
            self.writer.shutdown(Shutdown::Both).ok();
        }
        sent
    }
}

fn write_line(writer: &mut UnixStream, request: &Request) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    writer.write_all(&line)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_touch_into_a_hanging_engine_fails_soon_and_closes_the_connection() {
        let (ours, mut engine) = UnixStream::pair().expect("a pair of sockets");
        let reader = BufReader::new(ours.try_clone().expect("a second handle"));
        let mut connection = Connection { reader, writer: ours };
        let mut sender = connection.sender().expect("a sender");
        assert_eq!(sender.writer.write_timeout().expect("a limit"), Some(TOUCH), "without it the next line hangs");
        // Nobody reads: the buffer is full after a while.
        while sender.touch(Intent::Begin).is_ok() {}
        assert!(matches!(connection.receive(), Ok(None)), "the reading side notices at once");
        // The engine finds the end behind whatever had come through.
        engine.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
        std::io::copy(&mut engine, &mut std::io::sink()).expect("an end, not a wait");
    }
}
