//! Orders to the simulated bench, as plain data: from a visit script, the bench window or a control socket.

use serde::{Deserialize, Serialize};

/// One thing that happens at the bench.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "order", deny_unknown_fields)]
pub enum Order {
    /// Lay a card of the deck on the reader; one that lies there is taken away first.
    Card {
        /// Key of the card.
        key: String,
    },
    /// Take the card away.
    NoCard,
    /// Hold a code before the scanner.
    Scan {
        /// What the code holds.
        text: String,
    },
    /// Switch a fault on, or off.
    Fault {
        /// `id-reader`, `printer`, `scanner` or `county`.
        device: String,
        /// Name of the fault.
        name: String,
        /// On or off.
        on: bool,
    },
    /// Pull a device's plug, or put it back.
    Plug {
        /// `id-reader`, `printer` or `scanner`.
        device: String,
        /// In or out.
        plugged: bool,
    },
    /// Put a new roll of paper in.
    Refill,
    /// Cut the line to the county, or mend it.
    Line {
        /// Up or cut.
        up: bool,
    },
}

/// An order could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// No such card.
    #[error("the deck has no card {key:?}; it has {known}")]
    NoSuchCard {
        /// What was asked for.
        key: String,
        /// What there is.
        known: String,
    },
    /// No such fault.
    #[error("the {device} has no fault {name:?}; it has {known}")]
    NoSuchFault {
        /// Which device.
        device: String,
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// No such device.
    #[error("the bench has no {0:?}; it has id-reader, printer, scanner and county")]
    NoSuchDevice(String),
    /// This bench cannot do that.
    #[error("this bench cannot do that: {0}")]
    NotHere(&'static str),
    /// A simulator failed.
    #[error("simulator: {0}")]
    Simulator(#[from] kiosk_hal::sim::SimError),
    /// The stand-in platform failed.
    #[error("stand-in platform: {0}")]
    County(#[from] county_stand_in::ServeError),
    /// A file or socket failed.
    #[error("cannot use {path}: {source}")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The font for the paper is missing or damaged.
    #[error("cannot use the font for paper: {0}")]
    Font(String),
    /// The other side of a control socket refused.
    #[error("the simulator answers: {0}")]
    Refused(String),
}

/// One piece of paper that left the printer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaperSlip {
    /// How it looks, as PNG. On a control socket in hexadecimal.
    #[serde(with = "hex::serde")]
    pub png: Vec<u8>,
    /// The bytes that were printed.
    #[serde(with = "hex::serde")]
    pub bytes: Vec<u8>,
    /// Cut by its own job, nothing lost on the way.
    pub complete: bool,
}

/// A bench that obeys orders.
pub trait Bench {
    /// Carries an order out.
    ///
    /// # Errors
    /// The order names something that is not there, or the simulator failed.
    fn obey(&self, order: &Order) -> Result<(), BenchError>;

    /// The pieces of paper so far, oldest first.
    ///
    /// # Errors
    /// The printer's process does not answer.
    fn slips(&self) -> Result<Vec<PaperSlip>, BenchError>;

    /// How many pieces of paper there are.
    ///
    /// # Errors
    /// The printer's process does not answer.
    fn slip_count(&self) -> Result<usize, BenchError>;

    /// The cases that the stand-in platform holds, as JSON, if this bench has one.
    ///
    /// # Errors
    /// The platform's database cannot be read.
    fn cases_json(&self) -> Result<Option<String>, BenchError>;
}
