//! The pins of a Raspberry Pi through `rppal`.
//!
//! Dropping the backend gives the pins back as they were found, so lamps go dark when the program ends. Inputs have
//! the board's pull-up: the call button closes to ground, the door switch opens with the door.

use ::rppal::gpio::{Error, Gpio, InputPin, Level, OutputPin};
use std::io::ErrorKind;

use super::{GpioBackend, GpioError, GpioErrorKind, Input, Output, Polarity, Sense, Switch, Wiring};

/// The wired pins of one board.
#[derive(Debug)]
pub struct RppalGpio {
    outputs: Vec<(Output, Polarity, OutputPin)>,
    inputs: Vec<(Input, InputPin)>,
}

impl RppalGpio {
    /// Takes the pins of the wiring and switches all outputs off.
    ///
    /// # Errors
    /// No Raspberry Pi, no permission, no such pin, or a pin that is taken.
    pub fn open(wiring: &Wiring) -> Result<Self, GpioError> {
        let gpio = Gpio::new().map_err(|error| explain(None, &error))?;
        let take = |pin: u8| gpio.get(pin).map_err(|error| explain(Some(pin), &error));
        let mut outputs = Vec::new();
        for (output, pin, polarity) in &wiring.outputs {
            let taken = take(*pin)?;
            let pin = match level(*polarity, Switch::Off) {
                Level::High => taken.into_output_high(),
                Level::Low => taken.into_output_low(),
            };
            outputs.push((*output, *polarity, pin));
        }
        let mut inputs = Vec::new();
        for (input, pin) in &wiring.inputs {
            inputs.push((*input, take(*pin)?.into_input_pullup()));
        }
        Ok(Self { outputs, inputs })
    }
}

impl GpioBackend for RppalGpio {
    fn set(&mut self, output: Output, to: Switch) -> Result<(), GpioError> {
        for (_, polarity, pin) in self.outputs.iter_mut().filter(|(wired, _, _)| *wired == output) {
            pin.write(level(*polarity, to));
        }
        Ok(())
    }

    fn read(&mut self, input: Input) -> Result<Sense, GpioError> {
        let level = self.inputs.iter().find(|(wired, _)| *wired == input).map(|(_, pin)| pin.read());
        Ok(match (input, level) {
            (Input::CallButton, Some(Level::Low)) | (Input::Door, Some(Level::High)) => Sense::Active,
            (Input::CallButton, Some(Level::High) | None) | (Input::Door, Some(Level::Low) | None) => Sense::Rest,
        })
    }
}

const fn level(polarity: Polarity, to: Switch) -> Level {
    match (polarity, to) {
        (Polarity::ActiveHigh, Switch::On) | (Polarity::ActiveLow, Switch::Off) => Level::High,
        (Polarity::ActiveHigh, Switch::Off) | (Polarity::ActiveLow, Switch::On) => Level::Low,
    }
}

fn explain(pin: Option<u8>, error: &Error) -> GpioError {
    let kind = match error {
        Error::UnknownModel => GpioErrorKind::UnknownBoard,
        Error::PinUsed(_) => GpioErrorKind::InUse,
        Error::PinNotAvailable(_) => GpioErrorKind::NoSuchPin,
        Error::PermissionDenied(_) => GpioErrorKind::Permission,
        Error::Io(error) if error.kind() == ErrorKind::PermissionDenied => GpioErrorKind::Permission,
        Error::Io(error) if error.kind() == ErrorKind::ResourceBusy => GpioErrorKind::InUse,
        Error::Io(_) | Error::ThreadPanic => GpioErrorKind::System,
    };
    GpioError { pin, kind }
}
