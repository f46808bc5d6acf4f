//! `kioskctl sim`: simulators as processes, and orders to them.

use std::path::Path;

use serde::Serialize;

use super::{CtlError, Form, Report, print};
use crate::desk::{BenchError, Order, Ready, Simulator, simulate};

/// An order was carried out, or a simulator ended in peace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Done {
    done: bool,
}

/// Runs a simulator until the process is killed, and says on standard output when it can be used.
///
/// # Errors
/// The port, the address or the control socket cannot be made.
pub fn run(simulator: Simulator, control: &Path) -> Result<Done, CtlError> {
    let tell = |ready: &Ready| {
        if let Err(error) = print(&mut std::io::stdout().lock(), ready, Form::Json) {
            tracing::warn!(%error, "nobody listens to this simulator");
        }
    };
    simulate(simulator, control, tell)?;
    Ok(Done { done: true })
}

/// Gives one order to the simulators whose control sockets lie in the folder.
///
/// # Errors
/// The simulator is not there, or refuses.
pub fn tell(bench: &Path, order: &Order) -> Result<Done, CtlError> {
    crate::desk::tell(bench, order)?;
    Ok(Done { done: true })
}

impl Report for Done {
    fn lines(&self) -> Vec<String> {
        vec!["done".to_owned()]
    }
}

impl Report for Ready {
    fn lines(&self) -> Vec<String> {
        vec![format!("{self:?}")]
    }
}

impl From<BenchError> for CtlError {
    fn from(error: BenchError) -> Self {
        let (code, todo) = match &error {
            BenchError::NoSuchCard { .. } | BenchError::NoSuchFault { .. } | BenchError::NoSuchDevice(_) => {
                ("sim.no-such", "take one of those that are named")
            }
            BenchError::NotHere(_) | BenchError::Refused(_) => ("sim.refused", "see kioskctl sim tell --help"),
            BenchError::Simulator(_) | BenchError::County(_) | BenchError::Font(_) => {
                ("sim.failed", "check that folder and address are free and writable")
            }
            BenchError::File { .. } => ("sim.unreachable", "check that the simulator runs and the folder is right"),
        };
        Self::new(code, error.to_string(), todo)
    }
}
