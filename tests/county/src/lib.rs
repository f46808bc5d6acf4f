//! The stand-in for the county platform: for desk, training and tests only, never for real cases.
//!
//! It keeps the promises of `config/county-contract.yaml` as a real platform has to: TLS with an authority of its own,
//! signed requests and answers, a five-minute window, nonces seen once, one case per submission id for ever, the same
//! answer to the same bytes, a refusal to other bytes. Cases live in SQLite and survive a restart; a page shows them.
//!
//! And it can be told to fail in every way we know of ([`Fault`]), which is what it is for.
//!
//! It shares no code with the kiosk's client: signature and shapes are written twice, once on each side of the
//! contract, so that a mistake in one is found by the other. It has no approval logic; a case stays as submitted
//! until somebody moves it ([`Handle::set_state`]).
//!
//! [`serve`] starts it on a thread of its own with a runtime of its own; it stops when its [`Handle`] is dropped.

mod admin;
mod api;
pub mod attachment;
mod authority;
mod carry;
mod chance;
mod clock;
mod delivery;
mod enrol;
mod fault;
mod gate;
mod ledger;
mod page;
mod request;
pub mod seal;
mod server;
pub mod sign;
mod slip;
mod staff;
mod verify;

pub use carry::CarryRefusal;
pub use fault::{Fault, Faults, Lie, Troubles};
pub use ledger::{Case, Claim, Field, Terminal};
pub use server::{Admin, Handle, ServeError, Settings, Unsealed, enrol_code, serve};
