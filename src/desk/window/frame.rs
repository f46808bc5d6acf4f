//! What the window system does to the two windows: their places, the kiosk's scale, and the ways to end.

use slint::winit_030::winit::event::{ElementState, WindowEvent};
use slint::winit_030::winit::keyboard::{Key, NamedKey};
use slint::winit_030::{EventResult, WinitWindowAccessor, winit};
use slint::{PhysicalPosition, PhysicalSize, Window};

use super::fit::{Fit, Place, fit, scale};

/// Ends the demo when either window is closed, or when Esc is pressed in it.
pub(super) fn end_with(window: &Window) {
    window.on_close_requested(|| {
        end();
        slint::CloseRequestResponse::HideWindow
    });
    window.on_winit_window_event(|_window, event| {
        end_on_escape(event);
        EventResult::Propagate
    });
}

/// The same for the kiosk's window, which also draws its screen as large as it is, whatever size a person gives it.
pub(super) fn keep_whole(window: &Window) {
    end_with(window);
    window.on_winit_window_event(|window, event| {
        end_on_escape(event);
        if let WindowEvent::Resized(size) = event {
            rescale(window, size.width, size.height);
        }
        // The monitor's own scale is part of the window's size already.
        if matches!(event, WindowEvent::ScaleFactorChanged { .. }) {
            return EventResult::PreventDefault;
        }
        EventResult::Propagate
    });
}

/// Where the windows go on the monitor of this one. Nothing before the window is on a monitor.
pub(super) fn places(window: &Window) -> Option<Fit> {
    window.with_winit_window(|window| {
        let monitor = window.current_monitor().or_else(|| window.available_monitors().next())?;
        let size = monitor.size();
        Some(fit(size.width, size.height, monitor.scale_factor()))
    })?
}

/// Moves a window. Where the window system gives places itself, only the size is taken.
pub(super) fn put(window: &Window, place: Place) {
    // What the window was told to be at least was reckoned for another scale; the toolkit says it anew when it draws.
    window.with_winit_window(|window| window.set_min_inner_size(None::<winit::dpi::PhysicalSize<u32>>));
    window.set_position(PhysicalPosition::new(place.x, place.y));
    window.set_size(PhysicalSize::new(place.width, place.height));
}

/// Draws the kiosk so large that a window of this size holds its screen.
pub(super) fn rescale(window: &Window, width: u32, height: u32) {
    let scale_factor = scale(width, height);
    if (window.scale_factor() - scale_factor).abs() > f32::EPSILON {
        window.dispatch_event(slint::platform::WindowEvent::ScaleFactorChanged { scale_factor });
        // The pixels stay as many as they are, so the logical size is another one. Between the two events nothing is
        // drawn: the renderer refuses a surface that does not fit.
        let size = window.size().to_logical(scale_factor);
        window.dispatch_event(slint::platform::WindowEvent::Resized { size });
    }
}

fn end_on_escape(event: &WindowEvent) {
    if let WindowEvent::KeyboardInput { event, .. } = event
        && event.state == ElementState::Pressed
        && event.logical_key == Key::Named(NamedKey::Escape)
    {
        end();
    }
}

/// Ends the event loop; both windows go with it.
fn end() {
    if let Err(error) = slint::quit_event_loop() {
        tracing::debug!(%error, "the event loop has ended already");
    }
}
