//! The window without a display: drawn by the software renderer into memory, touched by label.
//!
//! It promises that a foreign hand sees what a person would see and touches what a person could touch: a picture is
//! what the renderer draws with the shipped fonts, a press is a press and a release at the middle of the control that
//! carries the label, through the same window events as a finger's. What is hidden under a panel is not offered.
//!
//! Time stands still until [`Headless::advance`] is called, so pictures are the same in every run. A process can have
//! one such window per thread, once; it serves any number of visits.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use std::rc::Rc;
use std::time::Duration;

use i_slint_backend_testing::{AccessibleRole, ElementHandle, ElementRoot};
use slint::platform::software_renderer::{MinimalSoftwareWindow, RepaintBufferType};
use slint::platform::{Platform, PointerEventButton, WindowAdapter, WindowEvent};
use slint::{ComponentHandle, LogicalPosition, PhysicalSize, PlatformError, Rgb8Pixel};

use super::ui::{Ui, UiError};
use crate::ipc::{Intent, Screen};

/// Why there is no headless window.
#[derive(Debug, thiserror::Error)]
pub enum HeadlessError {
    /// This thread has a window system already.
    #[error("draw without a display: this thread has a window already")]
    Taken,
    /// The window could not be made.
    #[error("draw without a display")]
    Ui(#[from] UiError),
}

/// Why a control was not pressed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PressError {
    /// Nothing on the screen has this label.
    #[error("press {label:?}: the screen has {labels:?}")]
    NotThere {
        /// The wanted label.
        label: String,
        /// The labels of the controls that can be pressed.
        labels: Vec<String>,
    },
    /// The control is there and does nothing on this page.
    #[error("press {label:?}: it is switched off on this page")]
    Off {
        /// The wanted label.
        label: String,
    },
}

/// An element of the screen as a person meets it.
#[derive(Debug, Clone, PartialEq)]
pub struct Control {
    /// What it says.
    pub label: String,
    /// Position and size in pixels: left, top, width, height.
    pub place: (f32, f32, f32, f32),
    /// Whether it does something.
    pub enabled: bool,
    /// The component of `ui/` it is made from, for example `PrimaryButton`.
    pub kind: String,
}

/// A window in memory.
pub struct Headless {
    ui: Ui,
    window: Rc<MinimalSoftwareWindow>,
    clock: Rc<Cell<Duration>>,
    pixels: RefCell<Vec<Rgb8Pixel>>,
}

impl Headless {
    /// Makes a window of `width` × `height` pixels whose touches go to `send`.
    ///
    /// # Errors
    /// This thread has a window system already, or the fonts cannot be read.
    pub fn new(width: u32, height: u32, send: impl Fn(Intent) + 'static) -> Result<Self, HeadlessError> {
        let window = MinimalSoftwareWindow::new(RepaintBufferType::NewBuffer);
        let clock = Rc::new(Cell::new(Duration::ZERO));
        slint::platform::set_platform(Box::new(Memory { window: window.clone(), clock: clock.clone() }))
            .map_err(|_taken| HeadlessError::Taken)?;
        let ui = Ui::new(send)?;
        ui.app().show().map_err(|error| HeadlessError::Ui(UiError::Platform(error)))?;
        let headless = Self { ui, window, clock, pixels: RefCell::default() };
        headless.set_size(width, height);
        Ok(headless)
    }

    /// Makes the window another size.
    pub fn set_size(&self, width: u32, height: u32) {
        self.window.set_size(PhysicalSize::new(width, height));
        let blank = vec![Rgb8Pixel::default(); (width * height) as usize];
        *self.pixels.borrow_mut() = blank;
        self.settle();
        self.ui.app().window().request_redraw();
    }

    /// Shows `screen`.
    pub fn show(&self, screen: &Screen) {
        self.ui.show(screen);
        self.settle();
    }

    /// Lets time pass for the window.
    pub fn advance(&self, by: Duration) {
        self.clock.set(self.clock.get() + by);
        self.settle();
    }

    /// What is on the glass: pixels row by row, three bytes each.
    pub fn pixels(&self) -> (u32, u32, Vec<u8>) {
        self.settle();
        let PhysicalSize { width, height, .. } = self.window.size();
        let mut pixels = self.pixels.borrow_mut();
        self.window.draw_if_needed(|renderer| {
            renderer.render(&mut pixels, width as usize);
        });
        let bytes = pixels.iter().flat_map(|pixel| [pixel.r, pixel.g, pixel.b]).collect();
        (width, height, bytes)
    }

    /// What is on the glass as a PNG file.
    ///
    /// # Errors
    /// The picture could not be encoded.
    pub fn render(&self) -> Result<Vec<u8>, png::EncodingError> {
        let (width, height, bytes) = self.pixels();
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&bytes)?;
        writer.finish()?;
        Ok(file)
    }

    /// Presses the control with this label: down and up at its middle.
    ///
    /// # Errors
    /// No such control is on the screen, or it is switched off.
    pub fn press(&self, label: &str) -> Result<(), PressError> {
        let controls = self.controls();
        let named = || controls.iter().filter(|control| control.label == label);
        let Some(control) = named().find(|control| control.enabled) else {
            let label = label.to_owned();
            return Err(if named().next().is_some() {
                PressError::Off { label }
            } else {
                PressError::NotThere { label, labels: self.labels() }
            });
        };
        let (left, top, width, height) = self.visible(control.place);
        let position = LogicalPosition::new(left + width / 2.0, top + height / 2.0);
        let button = PointerEventButton::Left;
        self.touch(WindowEvent::PointerMoved { position });
        self.touch(WindowEvent::PointerPressed { position, button });
        self.touch(WindowEvent::PointerReleased { position, button });
        self.touch(WindowEvent::PointerExited);
        Ok(())
    }

    /// The labels of the controls that can be pressed, in reading order.
    pub fn labels(&self) -> Vec<String> {
        self.controls().into_iter().filter(|control| control.enabled).map(|control| control.label).collect()
    }

    /// All controls a person can see, also those that are switched off.
    pub fn controls(&self) -> Vec<Control> {
        self.elements(AccessibleRole::Button)
    }

    /// All texts a person can see.
    pub fn texts(&self) -> Vec<Control> {
        self.elements(AccessibleRole::Text)
    }

    /// The rectangles of the components of `ui/` named `kind`, for the tests of the layout.
    pub fn places(&self, kind: &str) -> Vec<(f32, f32, f32, f32)> {
        self.root().query_descendants().match_inherits(kind).find_all().iter().map(place).collect()
    }

    /// The part of a place that its scrolling view shows.
    fn visible(&self, place: (f32, f32, f32, f32)) -> (f32, f32, f32, f32) {
        let (left, top, width, height) = place;
        let view = self.places("Flickable").into_iter().find(|view| {
            left >= view.0 - 1.0
                && left + width <= view.0 + view.2 + 1.0
                && top < view.1 + view.3
                && top + height > view.1
        });
        view.map_or(place, |view| {
            let upper = top.max(view.1);
            let lower = (top + height).min(view.1 + view.3);
            (left, upper, width, lower - upper)
        })
    }

    fn elements(&self, role: AccessibleRole) -> Vec<Control> {
        self.settle();
        let mut found: Vec<Control> = Vec::new();
        self.root().visit_descendants(|element| {
            if element.accessible_role() == Some(role) {
                let control = Control {
                    label: element.accessible_label().unwrap_or_default().into(),
                    place: place(&element),
                    enabled: element.accessible_enabled().unwrap_or(true),
                    kind: element.type_name().unwrap_or_default().into(),
                };
                if !found.contains(&control) {
                    found.push(control);
                }
            }
            ControlFlow::<()>::Continue(())
        });
        found
    }

    /// A panel hides what is under it.
    fn root(&self) -> ElementHandle {
        let root = self.ui.app().root_element();
        root.query_descendants().match_inherits("PanelView").find_first().unwrap_or(root)
    }

    fn touch(&self, event: WindowEvent) {
        self.ui.app().window().dispatch_event(event);
        self.settle();
    }

    /// Runs what waits for the next turn of an event loop.
    fn settle(&self) {
        slint::platform::update_timers_and_animations();
    }
}

fn place(element: &ElementHandle) -> (f32, f32, f32, f32) {
    let (position, size) = (element.absolute_position(), element.size());
    (position.x, position.y, size.width, size.height)
}

/// The window system of a headless run: one window, a clock that is moved by hand.
struct Memory {
    window: Rc<MinimalSoftwareWindow>,
    clock: Rc<Cell<Duration>>,
}

impl Platform for Memory {
    fn create_window_adapter(&self) -> Result<Rc<dyn WindowAdapter>, PlatformError> {
        Ok(self.window.clone())
    }

    fn duration_since_start(&self) -> Duration {
        self.clock.get()
    }
}
