//! The pure core: what the kiosk decides, and nothing else.
//!
//! No input, no output, no clock, no chance, no thread. Everything that happens comes in as an [`event::Event`] with
//! the time it happened at; everything that is asked for goes out as an [`effect::Effect`]. The same events at the
//! same times give the same result, on the desk, in a test and in the field.

pub mod catalog;
pub mod form;
pub mod id;
pub mod place;
pub mod submission;
pub mod text;
pub mod time;
