//! Why a link could not be opened or used.

use crate::model::{Audience, DeviceState};

/// A link failure: which port, what kind, what the system said.
#[derive(Debug, thiserror::Error)]
#[error("{kind} at {port}{}", detail_suffix(.detail))]
pub struct LinkError {
    /// The port as configured.
    pub port: String,
    /// The kind of failure.
    pub kind: LinkErrorKind,
    /// The operating system's words, empty where there are none.
    pub detail: String,
}

/// Kinds of link failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkErrorKind {
    /// The node does not exist.
    #[error("port missing")]
    Missing,
    /// Another program has it open.
    #[error("port in use by another program")]
    Busy,
    /// The user may not open it (group `dialout`).
    #[error("no permission for the port")]
    Permission,
    /// The node is not a serial line.
    #[error("not a serial line")]
    NotSerial,
    /// The other side is gone; open again.
    #[error("device disconnected")]
    Lost,
    /// The device did not take the bytes in time.
    #[error("device does not take data")]
    WriteTimeout,
}

impl LinkErrorKind {
    /// Stable code, prefixed by the role by whoever reports it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "port-missing",
            Self::Busy => "port-busy",
            Self::Permission => "port-permission",
            Self::NotSerial => "port-not-serial",
            Self::Lost => "disconnected",
            Self::WriteTimeout => "write-timeout",
        }
    }

    /// The device state this means.
    pub const fn state(self) -> DeviceState {
        match self {
            Self::Missing | Self::Lost => DeviceState::NoDevice,
            Self::Busy => DeviceState::DeviceBusy,
            Self::Permission | Self::NotSerial | Self::WriteTimeout => DeviceState::Offline,
        }
    }

    /// Who can mend it.
    pub const fn audience(self) -> Audience {
        match self {
            Self::Missing | Self::Busy | Self::Permission | Self::NotSerial | Self::Lost | Self::WriteTimeout => {
                Audience::Engineer
            }
        }
    }

    /// Whether trying again can help without anybody doing something.
    pub const fn is_retriable(self) -> bool {
        !matches!(self, Self::NotSerial)
    }
}

fn detail_suffix(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(" ({detail})") }
}
