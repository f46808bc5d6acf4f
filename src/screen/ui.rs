//! The window and what is in it.
//!
//! [`Ui`] lives on the thread that draws. Another thread hands it screens through a [`UiRemote`].

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use slint::{ComponentHandle, PlatformError};

use super::coverage::{Coverage, CoverageError};
use super::generated::{AppWindow, PageKind};
use super::{
    departments, fonts, form, frame, frames, home, identify, idle, item, kept, list, other, panel, review, service,
    setup,
};
use crate::ipc::{Body, Intent, Language, Screen, TextSize};

/// Where touches go.
pub(super) type Sender = Rc<dyn Fn(Intent)>;

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum UiError {
    /// The fonts are not as they must be.
    #[error("read the fonts")]
    Fonts(#[from] CoverageError),
    /// The toolkit found no display, or could not use it.
    #[error("open the window")]
    Platform(#[source] PlatformError),
    /// The event loop ended badly.
    #[error("run the window")]
    Loop(#[source] PlatformError),
}

/// The window is closed; nobody sees the screen any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("show a screen: the window is closed")]
pub struct Gone;

/// The window of the kiosk. A clone is the same window.
#[derive(Clone)]
pub struct Ui(Rc<Inner>);

struct Inner {
    app: AppWindow,
    frames: frames::Frames,
    coverage: Coverage,
    /// What the frame's two switches switch from.
    session: Rc<Cell<(Language, TextSize)>>,
    shown: RefCell<Option<Screen>>,
    home: home::Rows,
    departments: departments::Rows,
    idle: idle::Rows,
    list: list::Rows,
    item: item::Rows,
    form: form::Rows,
    review: review::Rows,
    kept: kept::Rows,
    other: other::Rows,
    service: service::Rows,
    setup: setup::Rows,
}

thread_local! {
    /// The window that screens from other threads are for.
    static WINDOW: RefCell<Weak<Inner>> = const { RefCell::new(Weak::new()) };
}

/// Takes the machine's input in hand. Once, before the first window; elsewhere there is nothing to do.
///
/// # Errors
/// The toolkit cannot use the display it was told to use.
pub fn prepare() -> Result<(), UiError> {
    #[cfg(feature = "device")]
    super::kms::select().map_err(UiError::Platform)?;
    Ok(())
}

/// Calls `work` with the window of this thread, if there is one.
#[cfg(feature = "device")]
pub(super) fn with_window(work: impl FnOnce(&slint::Window)) {
    if let Some(window) = WINDOW.with_borrow(Weak::upgrade) {
        work(window.app.window());
    }
}

impl Ui {
    /// Makes the window and connects its touches to `send`, which is called on this thread and must not block.
    ///
    /// # Errors
    /// No font named by `SLINT_FONT_PATH` can be read, or there is no display.
    pub fn new(send: impl Fn(Intent) + 'static) -> Result<Self, UiError> {
        let coverage = Coverage::read(&fonts::shipped())?;
        let app = AppWindow::new().map_err(UiError::Platform)?;
        let session = Rc::new(Cell::new((Language::default(), TextSize::default())));
        let send: Sender = Rc::new(send);
        frame::connect(&app, &send, &session);
        panel::connect(&app, &send);
        identify::connect(&app, &send);
        other::connect(&app, &send);
        kept::connect(&app, &send);
        let inner = Rc::new(Inner {
            home: home::Rows::new(&app, &send),
            departments: departments::Rows::new(&app, &send),
            idle: idle::Rows::new(&app, &send),
            list: list::Rows::new(&app, &send),
            item: item::Rows::new(&app, &send),
            form: form::Rows::new(&app, &send),
            review: review::Rows::new(&app, &send),
            kept: kept::Rows::new(&app),
            other: other::Rows::new(&app),
            service: service::Rows::new(&app, &send),
            setup: setup::Rows::new(&app, &send),
            shown: RefCell::new(None),
            frames: frames::Frames::new(&app),
            coverage,
            session,
            app,
        });
        choose_language(Language::default());
        WINDOW.set(Rc::downgrade(&inner));
        Ok(Self(inner))
    }

    /// Shows `screen`. A screen equal to the one shown costs nothing.
    pub fn show(&self, screen: &Screen) {
        self.0.show(screen);
    }

    /// The way to this window from other threads.
    pub fn remote(&self) -> UiRemote {
        UiRemote(self.0.app.as_weak())
    }

    /// Asks for a tiny frame every so often and calls `tell` on this thread with the number of frames so far, each time
    /// that one more was really drawn since the last look. A window that draws no more tells nothing.
    pub fn watch_frames(&self, every: Duration, tell: impl FnMut(u64) + 'static) {
        self.0.frames.watch(every, tell);
    }

    /// Draws everything `factor` times as large; the desk uses it to fit the portrait window on a monitor.
    pub fn set_scale(&self, factor: f32) {
        let window = self.0.app.window();
        window.dispatch_event(slint::platform::WindowEvent::ScaleFactorChanged { scale_factor: factor });
    }

    /// Asks for a window of this size in logical pixels: 1080×1920 or 1280×800.
    pub fn set_size(&self, width: f32, height: f32) {
        self.0.app.window().set_size(slint::LogicalSize::new(width, height));
    }

    /// Fills the whole display.
    pub fn set_fullscreen(&self) {
        self.0.app.window().set_fullscreen(true);
    }

    /// Shows the window and handles touches until it is closed.
    ///
    /// # Errors
    /// The event loop of the toolkit ended badly.
    pub fn run(&self) -> Result<(), UiError> {
        self.0.app.run().map_err(UiError::Loop)
    }

    /// The window itself, for the desk, which gives it a place beside the bench.
    #[cfg(feature = "desk")]
    pub fn window(&self) -> &slint::Window {
        self.0.app.window()
    }

    /// The component, for the headless player.
    #[cfg(feature = "desk")]
    pub(super) fn app(&self) -> &AppWindow {
        &self.0.app
    }
}

/// Hands screens to the window from any thread.
#[derive(Clone)]
pub struct UiRemote(slint::Weak<AppWindow>);

impl UiRemote {
    /// Shows `screen` at the next turn of the window's loop.
    ///
    /// # Errors
    /// The loop has ended.
    pub fn show(&self, screen: Screen) -> Result<(), Gone> {
        self.0
            .upgrade_in_event_loop(move |_app| {
                if let Some(window) = WINDOW.with_borrow(Weak::upgrade) {
                    window.show(&screen);
                }
            })
            .map_err(|_closed| Gone)
    }

    /// Closes the window and lets [`Ui::run`] return.
    ///
    /// # Errors
    /// The loop has ended already.
    pub fn quit(&self) -> Result<(), Gone> {
        self.0
            .upgrade_in_event_loop(|app| {
                let _hidden = app.hide();
                // The loop ends when the last window is hidden; on a desk the bench is still open.
                let _ended = slint::quit_event_loop();
            })
            .map_err(|_closed| Gone)
    }
}

impl Inner {
    fn show(&self, screen: &Screen) {
        let mut shown = self.shown.borrow_mut();
        if shown.as_ref() == Some(screen) {
            return;
        }
        let app = &self.app;
        let frame = &screen.frame;
        let language = frame.language;
        if self.session.get().0 != language {
            choose_language(language);
        }
        self.session.set((language, frame.text_size));
        frame::show(app, frame);
        self.show_body(&screen.body);
        app.set_page(page_kind(&screen.body));
        panel::show(app, screen.overlay.as_ref());
        *shown = Some(screen.clone());
    }

    fn show_body(&self, body: &Body) {
        let app = &self.app;
        match body {
            Body::Idle(idle) => self.idle.show(app, idle),
            Body::Home(home) => self.home.show(home),
            Body::Departments(departments) => self.departments.show(departments),
            Body::List(list) => self.list.show(app, list),
            Body::Item(item) => self.item.show(app, item),
            Body::Identify(identify) => identify::show(app, identify),
            Body::Form(form) => self.form.show(app, form, &self.coverage),
            Body::Review(review) => self.review.show(app, review, &self.coverage),
            Body::Storing => {}
            Body::NotKept(place) => kept::show_not_kept(app, place),
            Body::Kept(value) => kept::show_kept(app, value),
            Body::Accepted(accepted) => self.kept.show_accepted(app, accepted),
            Body::SetAside(set_aside) => kept::show_set_aside(app, set_aside),
            Body::Scan(scan) => other::show_scan(app, scan),
            Body::Status(status) => kept::show_status(app, status),
            Body::Window(window) => other::show_window(app, window),
            Body::Take(take) => other::show_take(app, take),
            Body::OutOfService(out) => self.other.show_out(app, out),
            Body::Service(page) => self.service.show(app, page),
            Body::Setup(setup) => self.setup.show(app, setup),
        }
    }
}

/// The sources are English, so English is the empty translation.
fn choose_language(language: Language) {
    let name = match language {
        Language::Zh => "zh",
        Language::En => "",
    };
    if let Err(error) = slint::select_bundled_translation(name) {
        tracing::error!(%error, "failed to choose the language of the screen");
    }
}

fn page_kind(body: &Body) -> PageKind {
    match body {
        Body::Idle(_) => PageKind::Idle,
        Body::Home(_) => PageKind::Home,
        Body::Departments(_) => PageKind::Departments,
        Body::List(_) => PageKind::List,
        Body::Item(_) => PageKind::Item,
        Body::Identify(_) => PageKind::Identify,
        Body::Form(_) => PageKind::Form,
        Body::Review(_) => PageKind::Review,
        Body::Storing => PageKind::Storing,
        Body::NotKept(_) => PageKind::NotKept,
        Body::Kept(_) => PageKind::Kept,
        Body::Accepted(_) => PageKind::Accepted,
        Body::SetAside(_) => PageKind::SetAside,
        Body::Scan(_) => PageKind::Scan,
        Body::Status(_) => PageKind::Status,
        Body::Window(_) => PageKind::Window,
        Body::Take(_) => PageKind::Take,
        Body::OutOfService(_) => PageKind::OutOfService,
        Body::Service(_) => PageKind::Service,
        Body::Setup(_) => PageKind::Setup,
    }
}
