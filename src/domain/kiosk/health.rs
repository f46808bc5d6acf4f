//! What works right now, as far as the machine knows.

use kiosk_hal::model::{DeviceState, DeviceStatus, PaperState, PrinterStatus, Role};

use crate::ipc::{Access, Works};

/// State of the parts of the machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// ID card reader.
    pub reader: DeviceState,
    /// Printer as a device.
    pub printer: DeviceState,
    /// Printer's parts.
    pub printer_parts: PrinterStatus,
    /// Scanner.
    pub scanner: DeviceState,
    /// Line to the county.
    pub line: Line,
    /// Store.
    pub store: StoreHealth,
    /// Codes of what is broken, by role, for the technician.
    pub codes: [String; 3],
    /// Which roles have answered since the start.
    pub answered: [bool; 3],
}

/// Line to the county.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Not tried yet.
    Unknown,
    /// The last call was answered.
    Up,
    /// The last call was not.
    Down,
}

/// Store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreHealth {
    /// Applications can be kept.
    Good,
    /// They cannot; stable code.
    Broken(String),
}

impl Health {
    /// Nothing known yet.
    pub fn new() -> Self {
        Self {
            reader: DeviceState::Starting,
            printer: DeviceState::Starting,
            printer_parts: PrinterStatus::UNKNOWN,
            scanner: DeviceState::Starting,
            line: Line::Unknown,
            store: StoreHealth::Good,
            codes: Default::default(),
            answered: [false; 3],
        }
    }

    /// Takes a device's word for its state. Says whether that is news.
    pub fn note(&mut self, status: DeviceStatus) -> bool {
        let (slot, index) = match status.role {
            Role::IdReader => (&mut self.reader, 0),
            Role::Printer => (&mut self.printer, 1),
            Role::Scanner => (&mut self.scanner, 2),
        };
        let is_news = *slot != status.state || self.codes[index] != status.code;
        *slot = status.state;
        self.answered[index] |= answers(status.state);
        self.codes[index] = status.code;
        is_news
    }

    /// What became of a fitted device since the start.
    pub fn access(&self, role: Role) -> Access {
        let (state, index) = match role {
            Role::IdReader => (self.reader, 0),
            Role::Printer => (self.printer, 1),
            Role::Scanner => (self.scanner, 2),
        };
        match (state, self.answered[index]) {
            (state, _) if answers(state) => Access::Opened,
            (_, true) => Access::Lost,
            (DeviceState::Starting, false) => Access::Opening,
            (_, false) => Access::Absent,
        }
    }

    /// Reading a card, in the resident's terms.
    pub fn card(&self, fitted: bool) -> Works {
        if fitted { works(self.reader) } else { Works::No }
    }

    /// Scanning, in the resident's terms.
    pub fn scan(&self, fitted: bool) -> Works {
        if fitted { works(self.scanner) } else { Works::No }
    }

    /// Printing, in the resident's terms. What is not known is never shown as good.
    pub fn paper(&self, fitted: bool) -> Works {
        if !fitted || self.printer_parts.why_not().is_some() {
            return Works::No;
        }
        match works(self.printer) {
            Works::Yes | Works::Low if self.printer_parts.paper == PaperState::Low => Works::Low,
            Works::Yes | Works::Low if self.printer_parts.can_print() => Works::Yes,
            Works::Yes | Works::Low | Works::Checking => Works::Checking,
            Works::No => Works::No,
        }
    }

    /// The line, in the resident's terms.
    pub fn line(&self) -> Works {
        match self.line {
            Line::Unknown => Works::Checking,
            Line::Up => Works::Yes,
            Line::Down => Works::No,
        }
    }
}

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}

/// Something that is our device answers there, whether it can serve or not.
fn answers(state: DeviceState) -> bool {
    match state {
        DeviceState::Online | DeviceState::UserError | DeviceState::HardwareError => true,
        DeviceState::Starting | DeviceState::Offline | DeviceState::NoDevice | DeviceState::DeviceBusy => false,
    }
}

fn works(state: DeviceState) -> Works {
    match state {
        DeviceState::Online => Works::Yes,
        DeviceState::Starting => Works::Checking,
        DeviceState::Offline
        | DeviceState::NoDevice
        | DeviceState::HardwareError
        | DeviceState::UserError
        | DeviceState::DeviceBusy => Works::No,
    }
}
