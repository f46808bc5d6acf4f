//! The pure core: what the kiosk decides, and nothing else.
//!
//! No input, no output, no clock, no chance, no thread. Everything that happens comes in as an [`event::Event`] with
//! the time it happened at; everything that is asked for goes out as an [`effect::Effect`]. The same events at the
//! same times give the same result, on the desk, in a test and in the field.

pub mod catalog;
pub mod effect;
pub mod event;
pub mod form;
pub mod genuine;
pub mod id;
pub mod kiosk;
pub mod outbox;
pub mod place;
pub mod receipt;
pub mod recount;
pub mod session;
pub mod settings;
pub mod setup;
pub mod submission;
pub mod text;
pub mod time;
