//! The demo on a display: the kiosk's window, drawn as large as the monitor allows, and the bench window beside it.
//!
//! The bench is everything that a person or a device does to the kiosk: the deck of cards, the paper as it is printed,
//! codes before the scanner, plugs, faults, the line to the county. It promises that each click becomes [`Order`]s of
//! the same kind that a script of a visit gives, carried out by the same bench, and that it shows what is: the paper is
//! the printer's own, the state of the county's line is asked for, and an order that failed is told in its status line.
//!
//! [`Board`] holds what the bench shows and turns clicks into orders; it knows no window. `bench_window` leads it into
//! `ui/bench.slint` and asks the simulators a few times a second. `frame` gives the windows their places.
//!
//! Left out on purpose: translations, large print, and lamps of the kiosk's own (the demo drives no lamps yet).
//!
//! [`Order`]: super::Order

mod bench_window;
mod board;
mod fit;
mod frame;
mod open;

pub use open::{WindowError, open_windows};

/// What the compiler of `ui/bench.slint` makes.
mod generated {
    #![expect(
        clippy::todo,
        clippy::unwrap_used,
        unused_qualifications,
        reason = "written by the Slint compiler, not by hand"
    )]
    include!(concat!(env!("OUT_DIR"), "/bench.rs"));
}
