//! The Slint half: draws what a [`Screen`](crate::ipc::Screen) says and sends what a finger wants.
//!
//! It promises that whatever the engine says is on the glass, complete and in the language of the session, and that one
//! touch becomes one [`Intent`](crate::ipc::Intent). It keeps the promise by holding nothing of its own: [`Ui::show`]
//! maps a `Screen` value to the properties of the adapters in `ui/`, one file here for each adapter there, and the
//! callbacks of the adapters name intents. Texts that come as data are checked against the characters the fonts have.
//!
//! Left out on purpose: devices, database, network, rules. The screen may be killed and started again at any time.

mod coverage;
mod departments;
#[cfg(any(feature = "device", test))]
mod fingers;
mod fonts;
mod form;
mod frame;
mod frames;
#[cfg(feature = "desk")]
mod headless;
mod home;
mod identify;
mod idle;
mod item;
mod kept;
#[cfg(feature = "device")]
mod kms;
mod list;
mod other;
mod panel;
mod qr;
mod remote;
mod review;
mod rows;
mod service;
mod setup;
mod ui;

pub use coverage::{Coverage, CoverageError, Shown};
pub use fonts::{FontsError, ensure_fonts};
pub use frames::FRAME_EVERY;
#[cfg(feature = "desk")]
pub use headless::{Control, Headless, HeadlessError, PressError};
pub use remote::{Standby, run_remote};
pub use ui::{Gone, Ui, UiError, UiRemote, prepare};

/// What the compiler of `ui/` makes.
mod generated {
    #![expect(
        clippy::todo,
        clippy::unwrap_used,
        unused_qualifications,
        reason = "written by the Slint compiler, not by hand"
    )]
    slint::include_modules!();
}
