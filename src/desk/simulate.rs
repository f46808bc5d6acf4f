//! Simulators as processes of their own, with a control socket each, and orders to them from the command line.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kiosk_hal::id_card::sim::Fault as ReaderFault;
use kiosk_hal::printer::font::PaperFont;
use kiosk_hal::printer::profile::PrinterProfile;
use kiosk_hal::printer::sim::Fault as PrinterFault;
use kiosk_hal::scanner::sim::Fault as ScannerFault;
use serde::Serialize;

use super::control::{RemoteBench, serve};
use super::local::{COUNTY_FAULTS, CountyPorts, LocalBench};
use super::order::{Bench, BenchError, Order};

/// What to simulate.
#[derive(Debug)]
pub enum Simulator {
    /// An ID card reader under a stable name.
    IdReader {
        /// The name of its port.
        at: PathBuf,
    },
    /// A printer.
    Printer {
        /// The name of its port.
        at: PathBuf,
        /// What it can do.
        profile: PrinterProfile,
        /// Draws what its own font would.
        font: Arc<PaperFont>,
    },
    /// A scanner.
    Scanner {
        /// The name of its port.
        at: PathBuf,
    },
    /// The stand-in county platform.
    County {
        /// Where it listens.
        listen: SocketAddr,
        /// Its authority, secret and database.
        folder: PathBuf,
    },
}

/// Told once a simulator can be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "ready")]
pub enum Ready {
    /// A device.
    Device {
        /// The name of its port.
        port: PathBuf,
        /// Its control socket.
        control: PathBuf,
    },
    /// The platform.
    County {
        /// Its address.
        url: String,
        /// Certificates that a kiosk has to trust.
        ca_file: PathBuf,
        /// The secret that a kiosk signs with.
        secret_file: PathBuf,
        /// The public key that a kiosk seals to.
        seal_file: PathBuf,
        /// Its control socket.
        control: PathBuf,
    },
}

/// Runs a simulator until the process is killed. `on_ready` is called once it can be used.
///
/// # Errors
/// The port, the address or the control socket cannot be made.
pub fn simulate(simulator: Simulator, control: &Path, on_ready: impl FnOnce(&Ready)) -> Result<(), BenchError> {
    let mut bench = LocalBench::default();
    let control_path = control.to_owned();
    let ready = match simulator {
        Simulator::IdReader { at } => {
            bench.add_reader(&at)?;
            Ready::Device { port: at, control: control_path }
        }
        Simulator::Printer { at, profile, font } => {
            bench.add_printer(&at, profile, font)?;
            Ready::Device { port: at, control: control_path }
        }
        Simulator::Scanner { at } => {
            bench.add_scanner(&at)?;
            Ready::Device { port: at, control: control_path }
        }
        Simulator::County { listen, folder } => {
            let CountyPorts { url, ca_file, secret_file, seal_file } = bench.add_county(listen, &folder)?;
            Ready::County { url, ca_file, secret_file, seal_file, control: control_path }
        }
    };
    serve(control, &bench, || on_ready(&ready))
}

/// Gives one order to the simulators whose control sockets lie in a folder.
///
/// # Errors
/// The simulator is not there, or refuses.
pub fn tell(bench: &Path, order: &Order) -> Result<(), BenchError> {
    RemoteBench::new(bench).obey(order)
}

/// Every fault there is, by device, for the help text.
pub fn faults() -> String {
    let list = |names: Vec<&str>| names.join(", ");
    format!(
        "Faults:\n  id-reader  {}\n  printer    {}, paper-ends-after:BYTES\n  scanner    {}\n  county     {} \
         (each for the next submission; off takes all back)",
        list(ReaderFault::ALL.into_iter().map(ReaderFault::as_str).collect()),
        list(PrinterFault::PLAIN.into_iter().map(PrinterFault::name).collect()),
        list(ScannerFault::ALL.into_iter().map(ScannerFault::as_str).collect()),
        list(COUNTY_FAULTS.to_vec()),
    )
}
