//! Pins on a desk: outputs that can be looked at, inputs that can be pressed.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{GpioBackend, GpioError, Input, Output, Sense, Switch};

/// Simulated pins. Clones are handles to the same pins.
#[derive(Debug, Clone, Default)]
pub struct SimGpio {
    pins: Arc<Mutex<Pins>>,
}

#[derive(Debug, Default)]
struct Pins {
    on: BTreeSet<Output>,
    active: BTreeSet<Input>,
}

impl SimGpio {
    /// Everything off and at rest.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a lamp shines or the buzzer sounds.
    pub fn is_on(&self, output: Output) -> bool {
        self.lock().on.contains(&output)
    }

    /// Presses the button, opens the door, or lets go again.
    pub fn put(&self, input: Input, sense: Sense) {
        let mut pins = self.lock();
        match sense {
            Sense::Active => pins.active.insert(input),
            Sense::Rest => pins.active.remove(&input),
        };
    }

    fn lock(&self) -> MutexGuard<'_, Pins> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GpioBackend for SimGpio {
    fn set(&mut self, output: Output, to: Switch) -> Result<(), GpioError> {
        let mut pins = self.lock();
        match to {
            Switch::On => pins.on.insert(output),
            Switch::Off => pins.on.remove(&output),
        };
        Ok(())
    }

    fn read(&mut self, input: Input) -> Result<Sense, GpioError> {
        Ok(if self.lock().active.contains(&input) { Sense::Active } else { Sense::Rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_on_one_handle_is_seen_on_the_other() {
        let desk = SimGpio::new();
        let mut kiosk: Box<dyn GpioBackend> = Box::new(desk.clone());
        for output in Output::ALL {
            kiosk.set(output, Switch::On).expect("simulated pins do not fail");
            assert!(desk.is_on(output));
            kiosk.set(output, Switch::Off).expect("simulated pins do not fail");
            assert!(!desk.is_on(output));
        }
        for input in Input::ALL {
            desk.put(input, Sense::Active);
            assert_eq!(kiosk.read(input).expect("simulated pins do not fail"), Sense::Active);
            desk.put(input, Sense::Rest);
            assert_eq!(kiosk.read(input).expect("simulated pins do not fail"), Sense::Rest);
        }
    }
}
