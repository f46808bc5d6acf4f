//! Opening both windows and running them until one is closed.

use std::rc::Rc;

use slint::ComponentHandle as _;
use slint::winit_030::WinitWindowAccessor as _;

use super::bench_window::BenchView;
use super::frame;
use crate::desk::bench::DeskBench;
use crate::screen::{Ui, UiError};

/// Why the windows could not be opened or ended badly.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// There is no bench window.
    #[error("open the bench window")]
    Bench(#[source] slint::PlatformError),
    /// The kiosk's window.
    #[error(transparent)]
    Kiosk(#[from] UiError),
}

/// Shows the kiosk's window and the bench beside it, and returns when either is closed or Esc is pressed in one.
///
/// Call it on the thread that made `ui`. What `desk` simulates stays until the engine that uses it is dropped by the
/// caller: drop that first.
///
/// # Errors
/// There is no display, or the event loop ended badly.
pub fn open_windows(desk: &Rc<DeskBench>, ui: &Ui) -> Result<(), WindowError> {
    let view = BenchView::new(desk).map_err(WindowError::Bench)?;
    frame::keep_whole(ui.window());
    frame::end_with(view.window().window());
    view.window().show().map_err(WindowError::Bench)?;
    ui.set_size(540.0, 960.0);
    arrange(ui, &view);
    ui.run()?;
    view.window().hide().map_err(WindowError::Bench)
}

/// Gives the windows their places as soon as the window system has made them.
fn arrange(ui: &Ui, view: &BenchView) {
    let (kiosk, bench) = (ui.clone(), view.window().clone_strong());
    let arranged = slint::spawn_local(async move {
        if kiosk.window().winit_window().await.is_err() || bench.window().winit_window().await.is_err() {
            return;
        }
        let Some(fit) = frame::places(kiosk.window()) else { return };
        frame::rescale(kiosk.window(), fit.kiosk.width, fit.kiosk.height);
        frame::put(kiosk.window(), fit.kiosk);
        frame::put(bench.window(), fit.bench);
    });
    if let Err(error) = arranged {
        tracing::warn!(%error, "the windows stay where the window system put them");
    }
}
