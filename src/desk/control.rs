//! Control sockets of simulators that run in processes of their own: one JSON object per line.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::order::{Bench, BenchError, Order, PaperSlip};

/// A simulator that does not answer in this time is gone.
const ANSWER: Duration = Duration::from_secs(10);

/// To a simulator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Ask {
    /// Do this.
    Obey(Order),
    /// Show the paper.
    Slips,
    /// How many pieces of paper.
    SlipCount,
    /// Show the cases.
    Cases,
}

/// From a simulator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    /// Done.
    Done,
    /// The paper.
    Slips(Vec<PaperSlip>),
    /// How many pieces of paper.
    SlipCount(usize),
    /// The cases as JSON.
    Cases(Option<String>),
    /// Not done, and why.
    Refused(String),
}

/// Serves a bench on a socket until the process ends. `on_ready` is called once the socket is there. Each client has a
/// thread of its own, so that one that stays connected holds up nobody.
///
/// # Errors
/// The socket cannot be made.
pub fn serve(path: &Path, bench: &(dyn Bench + Sync), on_ready: impl FnOnce()) -> Result<(), BenchError> {
    let failed = |source| BenchError::File { path: path.display().to_string(), source };
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    on_ready();
    std::thread::scope(|clients| {
        for stream in listener.incoming() {
            clients.spawn(move || {
                if let Err(error) = stream.and_then(|stream| answer_all(&stream, bench)) {
                    tracing::warn!(%error, "control connection");
                }
            });
        }
    });
    Ok(())
}

fn answer_all(stream: &UnixStream, bench: &dyn Bench) -> std::io::Result<()> {
    let mut writer = stream.try_clone()?;
    for line in BufReader::new(stream).lines() {
        let answer = match serde_json::from_str(&line?) {
            Ok(ask) => answer(bench, &ask).unwrap_or_else(|error| Answer::Refused(error.to_string())),
            Err(error) => Answer::Refused(error.to_string()),
        };
        let mut line = serde_json::to_vec(&answer)?;
        line.push(b'\n');
        writer.write_all(&line)?;
    }
    Ok(())
}

fn answer(bench: &dyn Bench, ask: &Ask) -> Result<Answer, BenchError> {
    Ok(match ask {
        Ask::Obey(order) => {
            bench.obey(order)?;
            Answer::Done
        }
        Ask::Slips => Answer::Slips(bench.slips()?),
        Ask::SlipCount => Answer::SlipCount(bench.slip_count()?),
        Ask::Cases => Answer::Cases(bench.cases_json()?),
    })
}

/// An answer of another kind than the question. It is not shown: it may hold what a slip or a case holds.
fn crossed() -> BenchError {
    BenchError::Refused("something else than was asked for".to_owned())
}

/// A bench whose parts run in other processes, each with its socket in one folder.
#[derive(Debug, Clone)]
pub struct RemoteBench {
    folder: PathBuf,
}

impl RemoteBench {
    /// The bench whose sockets lie in this folder: `id-reader.sock`, `printer.sock`, `scanner.sock`, `county.sock`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    fn ask(&self, part: &str, ask: &Ask) -> Result<Answer, BenchError> {
        let path = self.folder.join(format!("{part}.sock"));
        let failed = |source| BenchError::File { path: path.display().to_string(), source };
        let mut stream = UnixStream::connect(&path).map_err(failed)?;
        stream.set_read_timeout(Some(ANSWER)).map_err(failed)?;
        let mut line = serde_json::to_vec(ask).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        stream.write_all(&line).map_err(failed)?;
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).map_err(failed)?;
        match serde_json::from_str(&answer).map_err(|error| failed(error.into()))? {
            Answer::Refused(message) => Err(BenchError::Refused(message)),
            answer @ (Answer::Done | Answer::Slips(_) | Answer::SlipCount(_) | Answer::Cases(_)) => Ok(answer),
        }
    }
}

impl Bench for RemoteBench {
    fn obey(&self, order: &Order) -> Result<(), BenchError> {
        let part = match order {
            Order::Card { .. } | Order::NoCard => "id-reader",
            Order::Scan { .. } => "scanner",
            Order::Refill => "printer",
            Order::Line { .. } => "county",
            Order::Fault { device, .. } | Order::Plug { device, .. } => device,
        };
        self.ask(part, &Ask::Obey(order.clone())).map(|_| ())
    }

    fn slips(&self) -> Result<Vec<PaperSlip>, BenchError> {
        match self.ask("printer", &Ask::Slips)? {
            Answer::Slips(slips) => Ok(slips),
            Answer::Done | Answer::SlipCount(_) | Answer::Cases(_) | Answer::Refused(_) => Err(crossed()),
        }
    }

    fn slip_count(&self) -> Result<usize, BenchError> {
        match self.ask("printer", &Ask::SlipCount)? {
            Answer::SlipCount(count) => Ok(count),
            Answer::Done | Answer::Slips(_) | Answer::Cases(_) | Answer::Refused(_) => Err(crossed()),
        }
    }

    /// A platform that is not there yet holds no case.
    fn cases_json(&self) -> Result<Option<String>, BenchError> {
        match self.ask("county", &Ask::Cases) {
            Ok(Answer::Cases(cases)) => Ok(cases),
            Ok(Answer::Done | Answer::Slips(_) | Answer::SlipCount(_) | Answer::Refused(_)) => Err(crossed()),
            Err(BenchError::File { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
