//! Long lanes: whether the store's promises hold through power cuts, bad disks and years of use.
//!
//! Each lane is a function that tries something many times against the real store and gives back a [`Tally`]. The
//! program `lanes` runs one of them for as long as it is told; the tests of this package run the same functions in a
//! short form, and each lane has a test in which a planted fault must be found: a lane that cannot fail proves nothing.
//!
//! Everything is chosen from a seed, so a failure is repeated by its seed. Nothing of this package is in the kiosk.

pub mod bitrot;
pub mod chance;
pub mod disk;
pub mod faults;
pub mod pace;
mod people;
pub mod powercut;
pub mod proxy;
pub mod seeds;
mod tally;
pub mod volume;

pub use pace::Pace;
pub use tally::{Stopwatch, Tally};
