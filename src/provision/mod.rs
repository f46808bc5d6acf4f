//! Making a machine the county's own: codes, keys, answers, prepared cards, and the settings that come of them.
//!
//! It promises that nothing unsigned changes a machine: an enrolment code, a prepared card and an answer of the county count
//! only with the signature of an authority whose key came with the image, and only for this machine's key and place. The
//! key of the machine is made here and has no way out. Every file is written beside its place and renamed, so that a loss of
//! power leaves the old one or the new one.
//!
//! How: [`code`] is the square code; [`keys`] holds signatures and the machine's key; [`answer`] is what the county gives,
//! over the line or in a file, by the same checks; [`card`] is the prepared card; [`list`] makes many of them from a table;
//! [`order`] is an order to begin anew; [`rollout`] is where updates come from;
//! [`settings`] writes what the configuration reads; [`disk`] writes files.
//!
//! **A wrong clock.** A machine without a battery clock may wake in any year. A code is refused here as expired only if even
//! the time floor (a moment that has certainly passed) is beyond its time; whether it is still good is the county's to say, by
//! its own clock.
//!
//! Left out: talking to the county (`county`), deciding what comes next (`domain`).

pub mod answer;
pub mod card;
pub mod code;
pub mod disk;
pub mod keys;
pub mod list;
pub mod order;
pub mod rollout;
pub mod settings;
mod signed;

pub use answer::{Answer, Request};
pub use card::{card_text, read_card, rollout_of_card};
pub use code::EnrolCode;
pub use disk::{DiskError, Folders};
pub use keys::{KeyError, MachineKey, SigningKey, Trusted};
pub use list::{ListError, Row, read_list};
pub use rollout::Rollout;
