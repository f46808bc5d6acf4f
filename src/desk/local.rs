//! The bench in this process: three simulators on pseudo-terminals and the stand-in platform behind real TLS.
//!
//! The kiosk beside it notices no difference to the field: it opens serial lines by their stable names and speaks HTTPS
//! to an address. Everything lies in one temporary folder and goes with it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use county_stand_in::{Fault as CountyFault, Handle, Settings as CountySettings, Unsealed};
use kiosk_hal::id_card::deck;
use kiosk_hal::id_card::sim::{Fault as ReaderFault, IdReaderModel};
use kiosk_hal::printer::font::PaperFont;
use kiosk_hal::printer::profile::PrinterProfile;
use kiosk_hal::printer::sim::{Fault as PrinterFault, PrintedSlip, SimPrinter};
use kiosk_hal::scanner::sim::{Fault as ScannerFault, ScannerModel};
use kiosk_hal::sim::SimPort;

use super::order::{Bench, BenchError, Order, PaperSlip};

/// Simulators and platform of one desk, or some of them in a process of their own.
#[derive(Default)]
pub struct LocalBench {
    reader: Option<SimPort<IdReaderModel>>,
    printer: Option<SimPrinter>,
    scanner: Option<SimPort<ScannerModel>>,
    county: Option<Handle>,
}

/// Where the kiosk finds what the bench offers.
#[derive(Debug, Clone)]
pub struct BenchPorts {
    /// Serial line of the reader.
    pub reader: PathBuf,
    /// Serial line of the printer.
    pub printer: PathBuf,
    /// Serial line of the scanner.
    pub scanner: PathBuf,
    /// Address of the platform.
    pub county_url: String,
    /// Its certificate authority.
    pub ca_file: PathBuf,
    /// The shared secret.
    pub secret_file: PathBuf,
    /// Its public key for the seal.
    pub seal_file: PathBuf,
}

/// Where the platform is, and the files that a kiosk is given.
#[derive(Debug, Clone)]
pub struct CountyPorts {
    /// Its address.
    pub url: String,
    /// Its certificate authority.
    pub ca_file: PathBuf,
    /// The shared secret.
    pub secret_file: PathBuf,
    /// Its public key for the seal, of the national suite.
    pub seal_file: PathBuf,
}

impl LocalBench {
    /// Starts everything under a folder.
    ///
    /// # Errors
    /// What could not be started.
    pub fn start(
        folder: &Path,
        profile: PrinterProfile,
        font: Arc<PaperFont>,
    ) -> Result<(Self, BenchPorts), BenchError> {
        let (reader, printer, scanner) = (folder.join("id-reader"), folder.join("printer"), folder.join("scanner"));
        let mut bench = Self::default();
        bench.add_reader(&reader)?;
        bench.add_printer(&printer, profile, font)?;
        bench.add_scanner(&scanner)?;
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let CountyPorts { url: county_url, ca_file, secret_file, seal_file } =
            bench.add_county(listen, &folder.join("county"))?;
        Ok((bench, BenchPorts { reader, printer, scanner, county_url, ca_file, secret_file, seal_file }))
    }

    /// Adds a reader under a stable name.
    ///
    /// # Errors
    /// The name cannot be made.
    pub fn add_reader(&mut self, at: &Path) -> Result<(), BenchError> {
        self.reader = Some(SimPort::start(at, IdReaderModel::new())?);
        Ok(())
    }

    /// Adds a printer under a stable name.
    ///
    /// # Errors
    /// The name cannot be made.
    pub fn add_printer(&mut self, at: &Path, profile: PrinterProfile, font: Arc<PaperFont>) -> Result<(), BenchError> {
        self.printer = Some(SimPrinter::start(at, profile, font)?);
        Ok(())
    }

    /// Adds a scanner under a stable name.
    ///
    /// # Errors
    /// The name cannot be made.
    pub fn add_scanner(&mut self, at: &Path) -> Result<(), BenchError> {
        self.scanner = Some(SimPort::start(at, ScannerModel::new())?);
        Ok(())
    }

    /// Adds the stand-in platform and says where it is, with its authority, its secret and its key for the seal. It takes
    /// sealed applications only.
    ///
    /// # Errors
    /// The address is taken or the folder is not writable.
    pub fn add_county(&mut self, listen: SocketAddr, folder: &Path) -> Result<CountyPorts, BenchError> {
        let mut settings = CountySettings::new(listen, folder);
        settings.unsealed = Unsealed::Refused;
        let handle = county_stand_in::serve(settings)?;
        let ports = CountyPorts {
            url: handle.url.clone(),
            ca_file: handle.ca_pem.clone(),
            secret_file: handle.secret_file.clone(),
            seal_file: handle.seal_sm_pem.clone(),
        };
        self.county = Some(handle);
        Ok(ports)
    }

    /// An enrolment code of the platform for one hour, and the file with the key that its signature is checked with.
    ///
    /// # Errors
    /// There is no platform here, or it cannot make one.
    pub fn enrol_code(&self, kiosk: &str, place: &str) -> Result<(String, PathBuf), BenchError> {
        let county = self.county()?;
        Ok((county.enrol_code(kiosk, place, 3600)?, county.enrol_pub.clone()))
    }

    fn reader(&self) -> Result<&SimPort<IdReaderModel>, BenchError> {
        self.reader.as_ref().ok_or(BenchError::NotHere("no reader is simulated here"))
    }

    /// The simulated printer, to watch its paper.
    ///
    /// # Errors
    /// There is none here.
    pub fn printer(&self) -> Result<&SimPrinter, BenchError> {
        self.printer.as_ref().ok_or(BenchError::NotHere("no printer is simulated here"))
    }

    fn scanner(&self) -> Result<&SimPort<ScannerModel>, BenchError> {
        self.scanner.as_ref().ok_or(BenchError::NotHere("no scanner is simulated here"))
    }

    fn county(&self) -> Result<&Handle, BenchError> {
        self.county.as_ref().ok_or(BenchError::NotHere("no platform is simulated here"))
    }

    /// Whether the line to the platform is cut, and the names of the faults that wait for a submission each.
    ///
    /// # Errors
    /// There is no platform here.
    pub fn county_troubles(&self) -> Result<(bool, Vec<String>), BenchError> {
        let troubles = self.county()?.faults().troubles();
        let name =
            |fault: &CountyFault| COUNTY_FAULTS.into_iter().find(|name| county_fault(name).as_ref() == Some(fault));
        Ok((troubles.line_down, troubles.next.iter().filter_map(name).map(str::to_owned).collect()))
    }

    fn fault(&self, device: &str, name: &str, on: bool) -> Result<(), BenchError> {
        let unknown = |known: String| BenchError::NoSuchFault { device: device.into(), name: name.into(), known };
        match device {
            "id-reader" => {
                let fault: ReaderFault =
                    name.parse().map_err(|_| unknown(names(ReaderFault::ALL, ReaderFault::as_str)))?;
                self.reader()?.with(|model| if on { model.set_fault(fault) } else { model.clear_fault(fault) });
            }
            "printer" => {
                let fault = PrinterFault::from_name(name)
                    .ok_or_else(|| unknown(names(PrinterFault::PLAIN, PrinterFault::name)))?;
                let printer = self.printer()?;
                if on { printer.set_fault(fault) } else { printer.clear_fault(fault) }
            }
            "scanner" => {
                let fault: ScannerFault =
                    name.parse().map_err(|_| unknown(names(ScannerFault::ALL, ScannerFault::as_str)))?;
                self.scanner()?.with(|model| if on { model.set_fault(fault) } else { model.clear_fault(fault) });
            }
            "county" => {
                let fault = county_fault(name).ok_or_else(|| unknown(COUNTY_FAULTS.join(", ")))?;
                let faults = self.county()?.faults();
                if on { faults.push(fault) } else { faults.clear() }
            }
            other => return Err(BenchError::NoSuchDevice(other.to_owned())),
        }
        Ok(())
    }

    fn plug(&self, device: &str, plugged: bool) -> Result<(), BenchError> {
        match (device, plugged) {
            ("id-reader", true) => self.reader()?.replug()?,
            ("id-reader", false) => self.reader()?.unplug()?,
            ("printer", true) => self.printer()?.line().replug()?,
            ("printer", false) => self.printer()?.line().unplug()?,
            ("scanner", true) => self.scanner()?.replug()?,
            ("scanner", false) => self.scanner()?.unplug()?,
            (other, _) => return Err(BenchError::NoSuchDevice(other.to_owned())),
        }
        Ok(())
    }
}

impl Bench for LocalBench {
    fn obey(&self, order: &Order) -> Result<(), BenchError> {
        match order {
            Order::Card { key } => {
                let card = find_card(key)?;
                self.reader()?.with(|model| model.lay(card));
            }
            Order::NoCard => self.reader()?.with(IdReaderModel::lift),
            Order::Scan { text } => self.scanner()?.with(|model| model.present(text)),
            Order::Fault { device, name, on } => self.fault(device, name, *on)?,
            Order::Plug { device, plugged } => self.plug(device, *plugged)?,
            Order::Refill => self.printer()?.refill(),
            Order::Line { up: true } => self.county()?.faults().mend_line(),
            Order::Line { up: false } => self.county()?.faults().cut_line(),
        }
        Ok(())
    }

    fn slips(&self) -> Result<Vec<PaperSlip>, BenchError> {
        let slip = |slip: PrintedSlip| {
            let png = slip.image.to_png().map_err(|error| BenchError::Refused(error.to_string()))?;
            Ok(PaperSlip { png, bytes: slip.bytes, complete: slip.complete })
        };
        self.printer()?.slips().into_iter().map(slip).collect()
    }

    fn slip_count(&self) -> Result<usize, BenchError> {
        Ok(self.printer()?.line().with(|model| model.slip_count()))
    }

    fn cases_json(&self) -> Result<Option<String>, BenchError> {
        self.county.as_ref().map(Handle::cases_json).transpose().map_err(BenchError::from)
    }
}

/// The card with this key.
///
/// # Errors
/// There is none; the message lists those there are.
pub fn find_card(key: &str) -> Result<deck::CardImage, BenchError> {
    deck::find(key).map(|card| card.image).ok_or_else(|| BenchError::NoSuchCard {
        key: key.to_owned(),
        known: deck::deck().iter().map(|card| card.key).collect::<Vec<_>>().join(", "),
    })
}

/// Faults of the platform that a script can ask for, each for the next submission.
pub(super) const COUNTY_FAULTS: [&str; 11] = [
    "busy",
    "broken",
    "html",
    "empty",
    "unauthorised",
    "refused",
    "drop-before",
    "drop-after-commit",
    "truncated",
    "wrong-id",
    "unsigned",
];

fn county_fault(name: &str) -> Option<CountyFault> {
    Some(match name {
        "busy" => CountyFault::Busy { retry_after: 2 },
        "broken" => CountyFault::Broken,
        "html" => CountyFault::Html,
        "empty" => CountyFault::Empty,
        "unauthorised" => CountyFault::Unauthorised,
        "refused" => CountyFault::Refused { code: "form-outdated".to_owned() },
        "drop-before" => CountyFault::DropBefore,
        "drop-after-commit" => CountyFault::DropAfterCommit,
        "truncated" => CountyFault::Truncated,
        "wrong-id" => CountyFault::WrongId,
        "unsigned" => CountyFault::Unsigned,
        _ => return None,
    })
}

fn names<T: Copy>(all: impl IntoIterator<Item = T>, name: impl Fn(T) -> &'static str) -> String {
    all.into_iter().map(name).collect::<Vec<_>>().join(", ")
}
