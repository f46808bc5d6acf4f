//! Whether frames are really drawn.
//!
//! The software renderer has no notifier of its own, so the window holds one pixel whose colour is asked for when, and only
//! when, a frame is drawn: its binding calls back here. A timer changes what the colour depends on, which asks for a frame of
//! that pixel, and looks at its next turn whether the frame came. What comes out of this is proof: no frame, no call.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use slint::{Color, ComponentHandle, Timer, TimerMode};

use super::generated::{AppWindow, FramesAdapter};

/// How often a frame is asked for where nobody says otherwise.
pub const FRAME_EVERY: Duration = Duration::from_secs(5);

/// The first frame is looked for this often, so that whoever waits for it is not kept waiting.
const FIRST: Duration = Duration::from_millis(100);

/// The counter of one window.
pub(super) struct Frames {
    app: slint::Weak<AppWindow>,
    drawn: Rc<Cell<u64>>,
    timer: Rc<Timer>,
}

impl Frames {
    /// Counts the frames of this window.
    pub(super) fn new(app: &AppWindow) -> Self {
        let drawn = Rc::new(Cell::new(0));
        let counter = Rc::clone(&drawn);
        app.global::<FramesAdapter>().on_drawn(move |_| {
            counter.set(counter.get() + 1);
            Color::from_argb_u8(0, 0, 0, 0)
        });
        Self { app: app.as_weak(), drawn, timer: Rc::new(Timer::default()) }
    }

    /// Asks and looks, from now on.
    pub(super) fn watch(&self, every: Duration, tell: impl FnMut(u64) + 'static) {
        let (app, drawn, timer) = (self.app.clone(), Rc::clone(&self.drawn), Rc::downgrade(&self.timer));
        let tell = RefCell::new(tell);
        let told = Cell::new(0);
        self.timer.start(TimerMode::Repeated, FIRST.min(every), move || {
            let now = drawn.get();
            if now != told.get() {
                if told.replace(now) == 0
                    && let Some(timer) = timer.upgrade()
                {
                    timer.set_interval(every);
                }
                (tell.borrow_mut())(now);
            }
            if let Some(app) = app.upgrade() {
                let adapter = app.global::<FramesAdapter>();
                adapter.set_asked(adapter.get_asked().wrapping_add(1));
            }
        });
    }
}
