//! Why a verb failed: what, and what to do.

use kiosk_hal::model::{DeviceState, DeviceStatus, Role};
use serde::Serialize;

use crate::assemble::AssembleError;
use crate::config::ConfigError;

/// A verb that could not do what it was asked for. Printed as one sentence, or as JSON with `--json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}; {todo}")]
pub struct CtlError {
    /// Stable code such as `id-reader.port-missing`.
    pub code: String,
    /// What failed and why. Names the file, the port or the key; never a person.
    pub message: String,
    /// What to do.
    pub todo: String,
}

impl CtlError {
    /// An error with its three parts.
    pub fn new(code: impl Into<String>, message: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), todo: todo.into() }
    }

    /// What a device's state means for somebody who wants to use it here. `None`: it can be used, or will be soon.
    pub fn of_device(status: &DeviceStatus, port: &str) -> Option<Self> {
        let role = status.role.as_str();
        let code = status.code.trim_start_matches(role).trim_start_matches('.');
        let detail = if status.detail.is_empty() { String::new() } else { format!(" ({})", status.detail) };
        let (what, todo) = match status.state {
            DeviceState::Starting | DeviceState::Online => return None,
            // A printer without paper is still a printer to talk to.
            DeviceState::UserError if status.role == Role::Printer => return None,
            DeviceState::DeviceBusy => (
                "another program has the port open",
                "if the kiosk runs, ask it with `kioskctl status`, or stop it first",
            ),
            DeviceState::NoDevice => {
                ("there is no device at the port", "check plug and power, and the name of the port (ls -l /dev/kiosk)")
            }
            DeviceState::Offline if code == "port-permission" => {
                ("this user may not open the port", "join the group of the port (dialout), or run as the kiosk's user")
            }
            DeviceState::Offline if code == "port-not-serial" => {
                ("this is not a serial line", "check the name of the port")
            }
            DeviceState::Offline => {
                ("the device does not answer", "check power, plug and speed, and whether it is this kind of device")
            }
            DeviceState::HardwareError => {
                ("the device reports that it is broken", "switch it off and on; if that does not help, replace it")
            }
            DeviceState::UserError => ("the device waits for somebody's hand", "look at it"),
        };
        let code = if code.is_empty() { "failed" } else { code };
        Some(Self::new(format!("{role}.{code}"), format!("{role} at {port}: {what}{detail}"), todo))
    }
}

impl From<ConfigError> for CtlError {
    fn from(error: ConfigError) -> Self {
        Self::new(
            error.code(),
            error.to_string(),
            "correct the file and check it again; config/kiosk.toml has every key",
        )
    }
}

impl From<AssembleError> for CtlError {
    fn from(error: AssembleError) -> Self {
        let (code, todo) = match &error {
            AssembleError::Read { .. } => ("file.unreadable", "check the path and the permissions"),
            AssembleError::Catalogue { .. } => ("catalogue.refused", "correct the catalogue or put the last one back"),
            AssembleError::Font { .. } => ("file.font", "put the shipped font back"),
            AssembleError::Profile { .. } => ("config.profile", "take a shipped profile, or correct the file"),
            AssembleError::Store(store) => (store.code(), "mount the data disk, or correct store.folder"),
            AssembleError::Seal(seal) => {
                (seal.code(), "check seal.suite, seal.county_key_file and seal.lookup_key_file")
            }
            AssembleError::SlipKey { .. } => {
                ("receipt.key", "check receipt.key_file: a private key in PEM, Ed25519 or SM2")
            }
            AssembleError::TestSlip(_) => ("file.test-slip", "this is an error of the program"),
            AssembleError::Key(_) => ("provision.key", "give the right key file, or check its permissions"),
            AssembleError::County(_) => ("county.settings", "check county.url, county.ca_file and county.secret_file"),
        };
        Self::new(code, error.to_string(), todo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(state: DeviceState, code: &str) -> DeviceStatus {
        DeviceStatus { role: Role::Printer, state, code: code.to_owned(), detail: String::new() }
    }

    #[test]
    fn a_port_that_the_kiosk_holds_is_told_with_the_way_out() {
        let error = CtlError::of_device(&status(DeviceState::DeviceBusy, "port-busy"), "/dev/kiosk/printer");
        let error = error.expect("busy is an error");
        assert_eq!(error.code, "printer.port-busy");
        assert!(error.to_string().contains("/dev/kiosk/printer") && error.to_string().contains("kioskctl status"));
    }

    #[test]
    fn a_printer_without_paper_can_still_be_asked() {
        assert_eq!(CtlError::of_device(&status(DeviceState::UserError, "printer.paper-out"), "p"), None);
    }

    #[test]
    fn the_role_stands_once_in_a_code() {
        let error = CtlError::of_device(&status(DeviceState::Offline, "printer.no-answer"), "p").expect("an error");
        assert_eq!(error.code, "printer.no-answer");
    }
}
