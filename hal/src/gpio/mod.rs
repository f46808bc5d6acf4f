//! Lamps, buzzer, call button and door switch.
//!
//! A [`GpioBackend`] sets outputs and reads inputs, nothing more: which lamp shines when, and for how long a button
//! must be held, is decided above it. `rppal` drives the pins of a Raspberry Pi; it is no longer maintained by its
//! authors, so it stays in one file behind this trait. [`SimGpio`] plays the pins on a desk and in tests.
//!
//! Outputs are off when a backend is opened and when it is dropped.

use std::fmt;

#[cfg(feature = "gpio-rppal")]
mod rppal;
#[cfg(feature = "sim")]
mod sim;

#[cfg(feature = "gpio-rppal")]
pub use self::rppal::RppalGpio;
#[cfg(feature = "sim")]
pub use sim::SimGpio;

/// Something the kiosk switches on and off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Output {
    /// Lamp at the ID card reader.
    ReaderLamp,
    /// Lamp at the exit of the printer.
    PrinterLamp,
    /// Lamp at the scanner.
    ScannerLamp,
    /// Lamp that calls a clerk.
    HelpLamp,
    /// Buzzer.
    Buzzer,
}

impl Output {
    /// All outputs.
    pub const ALL: [Self; 5] = [Self::ReaderLamp, Self::PrinterLamp, Self::ScannerLamp, Self::HelpLamp, Self::Buzzer];
}

/// Something the kiosk looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Input {
    /// The button that calls a clerk; closes to ground.
    CallButton,
    /// The cabinet door; its switch opens with the door, so a cut wire reads as an open door.
    Door,
}

impl Input {
    /// All inputs.
    pub const ALL: [Self; 2] = [Self::CallButton, Self::Door];
}

/// State of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// No light, no sound.
    Off,
    /// Light or sound.
    On,
}

/// State of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// Button released, door closed.
    Rest,
    /// Button pressed, door open or its wire cut.
    Active,
}

/// Sets outputs and reads inputs. A line that is not wired can be set without effect and reads as [`Sense::Rest`].
pub trait GpioBackend: Send {
    /// Switches an output.
    ///
    /// # Errors
    /// The pins are gone.
    fn set(&mut self, output: Output, to: Switch) -> Result<(), GpioError>;

    /// Reads an input as it is at this moment, without debouncing.
    ///
    /// # Errors
    /// The pins are gone.
    fn read(&mut self, input: Input) -> Result<Sense, GpioError>;
}

/// Which level lights a lamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Polarity {
    /// High is on.
    ActiveHigh,
    /// Low is on.
    ActiveLow,
}

/// Which line is wired to which pin, in the Broadcom numbering.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wiring {
    /// Outputs with pin and polarity.
    pub outputs: Vec<(Output, u8, Polarity)>,
    /// Inputs with pin.
    pub inputs: Vec<(Input, u8)>,
}

/// Pins could not be used.
#[derive(Debug, thiserror::Error)]
#[error("{kind}{}", .pin.map_or_else(String::new, |pin| format!(" (pin {pin})")))]
pub struct GpioError {
    /// Which pin, where one is concerned.
    pub pin: Option<u8>,
    /// What is wrong.
    pub kind: GpioErrorKind,
}

/// Kinds of GPIO failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GpioErrorKind {
    /// This is no board the backend knows.
    UnknownBoard,
    /// The user may not use the pins (group `gpio`).
    Permission,
    /// Another program, or another line of the wiring, has the pin.
    InUse,
    /// The board has no such pin.
    NoSuchPin,
    /// The system refuses for another reason.
    System,
}

impl GpioErrorKind {
    /// Stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownBoard => "gpio.unknown-board",
            Self::Permission => "gpio.permission",
            Self::InUse => "gpio.in-use",
            Self::NoSuchPin => "gpio.no-such-pin",
            Self::System => "gpio.system",
        }
    }
}

impl fmt::Display for GpioErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownBoard => "board without known pins",
            Self::Permission => "no permission for the pins",
            Self::InUse => "pin in use",
            Self::NoSuchPin => "no such pin",
            Self::System => "pins refused by the system",
        })
    }
}
