//! `kioskctl status`: what the running engine says of itself.

use std::path::Path;
use std::time::Duration;

use super::{CtlError, Report};
use crate::config::Config;
use crate::ipc::{Connection, EngineStatus, Reply, Request};

/// The engine answers within a turn of its loop; longer means that it hangs.
const ANSWER: Duration = Duration::from_secs(5);

/// Asks the engine behind the socket of this configuration.
///
/// # Errors
/// No engine runs there, or it does not answer.
pub fn status(config: &Path) -> Result<EngineStatus, CtlError> {
    let config = Config::load(config)?;
    let no_engine = |error: crate::ipc::ConnectionError| {
        CtlError::new(
            "engine.unreachable",
            error.to_string(),
            "start the engine, or look into its log for why it ended",
        )
    };
    let mut connection = Connection::open(&config.socket).map_err(no_engine)?;
    connection.wait_at_most(ANSWER).map_err(no_engine)?;
    connection.send(&Request::Status).map_err(no_engine)?;
    match connection.receive().map_err(no_engine)? {
        Some(Reply::Status { status }) => Ok(*status),
        Some(Reply::Screen { .. } | Reply::Staff { .. } | Reply::Error { .. }) | None => Err(CtlError::new(
            "engine.unexpected",
            format!("the engine at {} gave no status", config.socket.display()),
            "use the kioskctl of the same version as the engine",
        )),
    }
}

impl Report for EngineStatus {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!("kiosk        {}", self.kiosk),
            format!("up           {} s", self.up_seconds),
            format!("in use       {}", if self.in_use { "yes" } else { "no" }),
            format!("page         {}", self.page),
            format!("not yet sent {}", self.waiting),
            format!("line         {}", self.line),
            format!("sending      {}", self.sending),
            format!("taking       {}", self.taking),
            format!("store        {}", self.store),
        ];
        for (label, line) in [("update", &self.update), ("repair", &self.repair)] {
            if !line.is_empty() {
                lines.push(format!("{label:<12} {line}"));
            }
        }
        if self.damaged_files > 0 {
            let count = self.damaged_files;
            lines.push(format!("damaged      {count} file(s) beside the store; take them to the service"));
        }
        if let Some(recount) = &self.recount {
            let found = match &recount.first {
                None => "agrees with the county".to_owned(),
                Some((sequence, code)) => format!("{} differ, first {sequence}: {code}", recount.differing),
            };
            lines.push(format!("recount      {found} ({})", recount.at));
        }
        lines.extend(self.devices.iter().map(|(role, state)| format!("{role:<12} {state}")));
        lines
    }
}
