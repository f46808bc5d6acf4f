//! The machine's own input: libinput events before the toolkit sees them.
//!
//! Keys are swallowed, all of them: the kiosk has no keyboard, and the toolkit ends on Ctrl+Alt+Backspace and
//! Ctrl+Alt+Delete, whoever plugs one in. Touches go through [`Fingers`] and reach the window as its pointer, so that a palm
//! on the glass deadens nothing. Everything else passes.

use std::cell::RefCell;
use std::time::Duration;

use input::event::TouchEvent;
use input::event::touch::{TouchEventPosition, TouchEventSlot, TouchEventTrait};
use slint::platform::{PointerEventButton, WindowEvent};
use slint::{LogicalPosition, PlatformError};

use super::fingers::{Contact, Fingers, Pointer};
use super::ui::with_window;

/// Chooses the backend that the environment names, with our eyes on its input. Before the first window.
///
/// # Errors
/// The backend cannot be used.
pub(super) fn select() -> Result<(), PlatformError> {
    let fingers = RefCell::new(Fingers::default());
    slint::BackendSelector::new().with_libinput_event_hook(move |event| is_ours(event, &fingers)).select()
}

/// Whether the toolkit must not see this event.
fn is_ours(event: &input::Event, fingers: &RefCell<Fingers>) -> bool {
    if let input::Event::Touch(touch) = event {
        with_window(|window| take(touch, fingers, window));
    }
    matches!(event, input::Event::Keyboard(_) | input::Event::Touch(_))
}

fn take(touch: &TouchEvent, fingers: &RefCell<Fingers>, window: &slint::Window) {
    let size = window.size().to_logical(window.scale_factor());
    // Whole pixels are what the controller's range is mapped to.
    let place = |touch: &dyn Fn(u32, u32) -> (f64, f64)| {
        let (x, y) = touch(size.width as u32, size.height as u32);
        (x as f32, y as f32)
    };
    let (slot, time, contact) = match touch {
        TouchEvent::Down(down) => {
            let at = place(&|width, height| (down.x_transformed(width), down.y_transformed(height)));
            (down.slot(), down.time_usec(), Contact::Down(at))
        }
        TouchEvent::Motion(motion) => {
            let at = place(&|width, height| (motion.x_transformed(width), motion.y_transformed(height)));
            (motion.slot(), motion.time_usec(), Contact::Move(at))
        }
        TouchEvent::Up(up) => (up.slot(), up.time_usec(), Contact::Up),
        TouchEvent::Cancel(cancel) => (cancel.slot(), cancel.time_usec(), Contact::Cancel),
        // The end of a bundle of events; kinds that the library may learn later say nothing of a finger either.
        TouchEvent::Frame(_) | _ => return,
    };
    let slot = slot.map_or(0, |slot| slot as i32);
    for told in fingers.borrow_mut().take(slot, Duration::from_micros(time), contact) {
        if let Err(error) = window.dispatch_event_with_result(event(told)) {
            tracing::error!(%error, "a touch was not taken");
        }
    }
}

fn event(told: Pointer) -> WindowEvent {
    let at = |(x, y): (f32, f32)| LogicalPosition { x, y };
    let button = PointerEventButton::Left;
    match told {
        Pointer::Press(place) => WindowEvent::PointerPressed { position: at(place), button },
        Pointer::Move(place) => WindowEvent::PointerMoved { position: at(place) },
        Pointer::Release(place) => WindowEvent::PointerReleased { position: at(place), button },
        Pointer::Leave => WindowEvent::PointerExited,
    }
}
