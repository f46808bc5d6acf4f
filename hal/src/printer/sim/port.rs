//! The simulated printer on a pseudo-terminal, for the desk.

use std::path::Path;
use std::sync::Arc;

use super::fault::Fault;
use super::model::{OnSlip, PrinterModel};
use super::paper::{PaperImage, PrintedSlip};
use crate::printer::font::PaperFont;
use crate::printer::profile::PrinterProfile;
use crate::sim::{SimError, SimPort};

/// A printer behind a path. Dropping it unplugs it for good.
#[derive(Debug)]
pub struct SimPrinter {
    port: SimPort<PrinterModel>,
}

impl SimPrinter {
    /// Plugs a healthy printer in under the stable name `path`.
    ///
    /// # Errors
    /// No pseudo-terminal, no thread, or the folder of `path` is not writable.
    pub fn start(path: &Path, profile: PrinterProfile, font: Arc<PaperFont>) -> Result<Self, SimError> {
        SimPort::start(path, PrinterModel::new(profile, font)).map(|port| Self { port })
    }

    /// The name that a driver opens.
    pub fn path(&self) -> &Path {
        self.port.path()
    }

    /// The slips so far, oldest first, at most the last 64.
    pub fn slips(&self) -> Vec<PrintedSlip> {
        self.port.with(|model| model.slips())
    }

    /// The paper that hangs out, if anything is on it.
    pub fn paper_in_progress(&self) -> Option<PaperImage> {
        self.port.with(|model| model.paper_in_progress())
    }

    /// Calls `on_slip` with every further piece of paper, on the printer's thread; it must not block nor call back.
    pub fn subscribe(&self, on_slip: OnSlip) {
        self.port.with(|model| model.subscribe(on_slip));
    }

    /// Sets a fault.
    pub fn set_fault(&self, fault: Fault) {
        self.port.with(|model| model.set_fault(fault));
    }

    /// Takes a fault away.
    pub fn clear_fault(&self, fault: Fault) {
        self.port.with(|model| model.clear_fault(fault));
    }

    /// Puts a new roll in.
    pub fn refill(&self) {
        self.port.with(PrinterModel::refill);
    }

    /// Switches off and on.
    pub fn power_cycle(&self) {
        let now = self.port.now();
        self.port.with(|model| model.power_cycle(now));
    }

    /// The line under it, to pull the plug and put it back.
    pub fn line(&self) -> &SimPort<PrinterModel> {
        &self.port
    }
}
