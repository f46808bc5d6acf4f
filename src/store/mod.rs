//! Case and outbox store (SQLite): what the kiosk promised to keep.
//!
//! The promise: an application that was answered with `Kept` is on the disk with its number, whatever happens to the
//! program or the power a moment later; its number is the next one, without gaps; its identity never changes; it
//! leaves the queue only by the county's stored acknowledgement or by being set aside with a reason.
//!
//! How: one database in WAL mode with a full sync at every commit, one thread that owns the only connection, and one
//! short transaction per promise that writes application, outbox row and counter together. The thread answers after
//! the commit, never before. The database is locked for one program; its settings are read back at every open, and
//! a file that is foreign, locked or made by a newer program is refused and left as it is. A damaged one is put aside, and
//! what still reads of it is gone on with (`salvage`).
//!
//! - [`Store`] is the handle: commands in, events out through a closure ([`writer`](self)); [`Keeper`] is what its thread drives.
//! - `ledger` holds the SQL, `schema` the opening of the file and its numbered migrations.
//! - [`Body`] and [`encode`] are the one place where an application becomes the bytes that are stored and sent: sealed to
//!   the county's public key before they reach the database. The ledger and the county's client treat them as opaque, and
//!   nothing in the program can read them back. In the clear stand: identity, number, item, state, times, a masked name
//!   and a keyed tag of the card's number.
//!
//! After an error of the disk itself the connection is closed and nothing is written until the store is opened again (the
//! command `Reopen`, which the core gives after a pause):
//! a failed sync is not tried a second time, because the system may have thrown the pages away and would say yes. For the same
//! reason the opening believes nothing that it reads: all of it is written once more into fresh files (`afresh`). What was
//! in flight at that moment is answered with `NotKept`, and the next opening tells whether the disk has it after all; if so
//! it is an application like any other, sent under its own identity, and nobody was promised that it is not.
//!
//! Left out on purpose: retry and back-off (decided in the core), sending (`county`), pruning of tombstones (a row of
//! a few hundred bytes without personal data per application; ten years of a busy village fit in 20 MB).

mod afresh;
mod body;
mod entry;
mod error;
mod files;
mod graft;
mod keeper;
mod ledger;
mod recount;
mod room;
mod salvage;
mod schema;
mod staff;
mod traces;
mod writer;

#[cfg(test)]
mod slots_tests;

pub use body::{Body, Plain, encode};
pub use error::{StoreError, StoreErrorKind};
pub use files::Files;
pub use keeper::{Elsewhere, Keeper, OpenReport, Opening};
pub use ledger::Listed;
#[cfg(test)]
pub(crate) use ledger::tests::application;
pub use recount::{last_recount, remember_recount};
pub use salvage::Salvaged;
pub use schema::{NEWEST_SCHEMA, READABLE_FROM};
pub use staff::{StaffDoor, mark, requeue};
pub use writer::Store;

/// Name of the database in the configured folder.
pub const FILE_NAME: &str = "kiosk.db";
