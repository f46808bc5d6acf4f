//! Where lines go and what they look like.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::{Registry, fmt};

use crate::config::{Log, LogFormat, LogLevel};

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// A file cannot be opened for appending.
    #[error("open the log {}: {source}; check the folder and its permissions", .file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// The operating system's words.
        source: std::io::Error,
    },
    /// The process has a log already.
    #[error("start the log: it is running already")]
    Running,
}

impl TelemetryError {
    /// Stable code, listed in `config/events.md`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "log.file",
            Self::Running => "log.running",
        }
    }

    /// Every code there is, for the document.
    pub const CODES: [&'static str; 2] = ["log.file", "log.running"];
}

/// Starts the log of this process as configured: to the file, or to standard error.
///
/// # Errors
/// The file cannot be opened, or the log runs already.
pub fn start(log: &Log) -> Result<(), TelemetryError> {
    let writer = match &log.file {
        Some(file) => BoxMakeWriter::new(Mutex::new(append(file)?)),
        None => BoxMakeWriter::new(std::io::stderr),
    };
    tracing::subscriber::set_global_default(subscriber(log, writer)).map_err(|_| TelemetryError::Running)
}

/// What [`start`] installs, with a writer of the caller.
pub fn subscriber(log: &Log, writer: BoxMakeWriter) -> impl Subscriber + Send + Sync {
    let lines = fmt::layer().with_writer(writer).with_ansi(false);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match log.format {
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
        LogFormat::Text => lines.boxed(),
    };
    let level = level(log.level);
    let targets = Targets::new()
        .with_target("kiosk", level)
        .with_target("kiosk_hal", level)
        .with_target("kioskctl", level)
        .with_default(level.min(LevelFilter::WARN));
    Registry::default().with(lines.with_filter(targets))
}

fn append(file: &Path) -> Result<File, TelemetryError> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)
        .map_err(|source| TelemetryError::File { file: file.to_owned(), source })
}

const fn level(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

    use std::io::{self, Write};
    use std::sync::Arc;

    use kiosk_hal::model::{DeviceState, Role};
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::id::{Sequence, SubmissionId, VisitNo};
    use crate::telemetry::{Code, Event};

    #[test]
    fn an_event_is_one_json_line_with_its_id_and_fields() {
        let lines = logged(LogFormat::Json, LogLevel::Info, || {
            Event::ApplicationKept {
                visit: VisitNo(4),
                sequence: Sequence(17),
                id: SubmissionId::from_parts(1_744_246_946_816, [0; 10]),
            }
            .emit();
            Event::DeviceState {
                role: Role::IdReader,
                state: DeviceState::NoDevice,
                code: Code::new("id-reader.port-missing"),
            }
            .emit();
        });
        assert_eq!(lines.len(), 2);
        let kept: Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(kept["event"], "application.kept");
        assert_eq!(kept["sequence"], json!(17));
        assert_eq!(kept["level"], "INFO");
        assert_eq!(kept["id"], "01961d38-3c00", "the rest makes the query code of the slip");
        let state: Value = serde_json::from_str(&lines[1]).unwrap();
        assert_eq!(state["role"], "id-reader");
        assert_eq!(state["state"], "no-device");
    }

    #[test]
    fn the_level_holds_for_us_and_foreign_crates_stay_quiet() {
        let talk = || {
            tracing::debug!(target: "kiosk::engine", "ours");
            tracing::debug!(target: "hyper::client", "a request with its body");
            tracing::warn!(target: "hyper::client", "foreign warning");
        };
        let lines = logged(LogFormat::Text, LogLevel::Trace, talk);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].contains("ours") && lines[1].contains("foreign warning"));
        assert_eq!(logged(LogFormat::Text, LogLevel::Error, talk).len(), 0);
    }

    #[test]
    fn a_log_that_cannot_be_written_is_named() {
        let mut log = settings(LogFormat::Json, LogLevel::Info);
        log.file = Some(PathBuf::from("nowhere/kiosk.log"));
        let error = start(&log).unwrap_err();
        assert_eq!(error.code(), "log.file");
        assert!(error.to_string().contains("nowhere/kiosk.log"), "{error}");
    }

    fn logged(format: LogFormat, level: LogLevel, talk: impl FnOnce()) -> Vec<String> {
        let lines = Lines::default();
        let subscriber = subscriber(&settings(format, level), lines.writer());
        tracing::subscriber::with_default(subscriber, talk);
        lines.taken()
    }

    fn settings(format: LogFormat, level: LogLevel) -> Log {
        Log { format, level, file: None }
    }

    /// A writer that remembers.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Lines {
        fn writer(&self) -> BoxMakeWriter {
            let lines = self.clone();
            BoxMakeWriter::new(move || lines.clone())
        }

        fn taken(&self) -> Vec<String> {
            let bytes = self.0.lock().unwrap().clone();
            String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
        }
    }

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}
