//! Resident ID card reader (居民身份证阅读机具): the serial protocol of the licensed security module.
//!
//! [`codec`] turns bytes into frames, [`fields`] and [`layout`] turn a read reply into an
//! [`IdCard`](crate::model::IdCard), [`protocol`] decides what is asked when, [`driver`] starts it on a serial line.
//! [`sim`] is the module's own side, and [`deck`] a set of invented cards for it.
//!
//! The photo is opaque and is dropped where the reply is taken apart. Fingerprints are never asked for.

pub mod codec;
#[cfg(feature = "sim")]
pub mod deck;
pub mod driver;
pub mod ethnicity;
pub mod fields;
pub mod layout;
pub mod number;
pub mod protocol;
#[cfg(feature = "sim")]
pub mod sim;
pub mod status;

pub use driver::{IdReaderSettings, open};
