//! Logs and the event catalogue.
//!
//! Two kinds of line. What matters for operation is an [`Event`] of the catalogue: a stable id, fixed fields, written with
//! [`Event::emit`]; a document (`config/events.md`) lists them and a test compares. Everything else is an ordinary
//! `tracing` line for developers.
//!
//! Personal data cannot get into an event, because its fields are of types that cannot hold any ([`Field`] is sealed and
//! not implemented for text): numbers, identities, words of our own enums, and [`Code`]s that are cut to the letters of a
//! code. Foreign crates are heard from `warn` up only, whatever the level, so that no library traces a request with its body.
//!
//! Left out on purpose: shipping to the county (OTLP) and rotation, which is the journal's.

mod catalogue;
mod code;
mod field;
mod notes;
mod output;

pub use catalogue::{CATALOGUE, Entry, Event};
pub use code::Code;
pub use field::{Field, Kind, Version};
pub use output::{TelemetryError, start, subscriber};

/// Target of catalogue events among the other lines.
pub const EVENT_TARGET: &str = "kiosk::event";
