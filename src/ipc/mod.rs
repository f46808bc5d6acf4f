//! The seam between the engine and everything that shows it: plain values, one JSON object per line.
//!
//! [`Intent`] goes in, [`Screen`] comes out. On the desk both travel over a channel inside one process, on the machine
//! over a Unix socket between two. Nothing here decides anything, and nothing here holds a sentence for a resident:
//! sentences live in `ui/`, chosen by the keys of these types; the texts inside a [`Screen`] are data (names of items,
//! of offices, answers of the resident) in the language of the session.

mod intent;
mod notify;
mod screen;
mod staff;
mod wire;

pub use intent::{Intent, Language, TextSize};
pub use notify::{Beats, Notifier};
pub use screen::*;
pub use staff::{Imported, StaffAsk, StaffTold, Told, ToldState};
pub use wire::{
    Access, Connection, ConnectionError, EngineStatus, LONGEST_LINE, RecountSummary, Reply, Request, Sender,
    StoreSchema,
};
