//! Values that all device classes share: roles, states and errors.
//!
//! The words follow XFS4IoT (CEN/XFS for IoT) so that an integrator finds what they know. `Unknown` and
//! `NotSupported` are values of their own: a missing sensor is never reported as "ok".

mod id_card;
mod printer;
mod scanner;
mod slip;

pub use id_card::{
    CardDate, CardFailure, CardKind, IdCard, IdReaderEvent, IdReaderRequest, NumberCheck, Sex, Validity,
};
pub use printer::{
    NotPrintedCause, PaperState, PartState, PrintOutcome, PrinterEvent, PrinterRequest, PrinterStatus, UnknownCause,
};
pub use scanner::{ScannedCode, ScannerEvent, ScannerRequest};
pub use slip::{Align, Block, Slip};

use serde::{Deserialize, Serialize};

/// What a device is for, in the order a visit meets them. Configuration names devices by role, never by port number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Resident ID card reader (居民身份证阅读机具).
    IdReader,
    /// Receipt printer (凭条打印机).
    Printer,
    /// Barcode and QR scanner (扫码器).
    Scanner,
}

impl Role {
    /// The stable name used in configuration, logs and error codes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IdReader => "id-reader",
            Self::Printer => "printer",
            Self::Scanner => "scanner",
        }
    }
}

/// Common device state, after XFS4IoT `Common.Status.device`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceState {
    /// The port is being opened or the device is being initialised.
    Starting,
    /// The device answers and can serve.
    Online,
    /// The port is there, but no valid answer comes.
    Offline,
    /// The port is missing.
    NoDevice,
    /// The device itself reports that it is broken.
    HardwareError,
    /// Somebody has to do something by hand (paper, cover).
    UserError,
    /// Another program holds the port.
    DeviceBusy,
}

/// Who should act on an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// The resident at the machine.
    Citizen,
    /// A clerk of the centre.
    Staff,
    /// A technician.
    Engineer,
}

/// State of one device with the reason for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceStatus {
    /// Which device.
    pub role: Role,
    /// Its state.
    pub state: DeviceState,
    /// Stable error code such as `printer.paper-out`; empty while all is well.
    pub code: String,
    /// Detail for the technician: the port, the vendor's bytes. Escaped, bounded, without personal data.
    pub detail: String,
}
