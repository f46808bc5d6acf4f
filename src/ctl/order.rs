//! `kioskctl provision order` on the county's desk, and `provision obey` on the machine that the order is carried to.

use std::path::Path;

use serde::Serialize;

use super::provision::{fingerprint, machine, remove_settings, text_of, time_floor};
use super::{CtlError, Report};
use crate::config::{Config, Loaded};
use crate::domain::place::KioskCode;
use crate::engine::{Clock, wall_clock};
use crate::provision::order::{Anew, Here, Order, OrderRefusal, SpendError};
use crate::provision::{SigningKey, disk};
use crate::update::ask_engine;

/// What an order is made from.
#[derive(Debug, Clone)]
pub struct OrderFrom<'a> {
    /// What is to begin anew.
    pub anew: Anew,
    /// Number of the kiosk.
    pub kiosk: &'a str,
    /// Fingerprint of the machine's key, as the county has it from the enrolment.
    pub machine: &'a str,
    /// Private key of the county's authority.
    pub county_key: &'a Path,
    /// Days that it counts.
    pub days: u16,
    /// It counts although applications are unsent: they are lost with everything else.
    pub even_unsent: bool,
    /// File to write.
    pub out: &'a Path,
}

/// An order that was made, or obeyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ordered {
    /// `settings` or `everything`.
    pub anew: &'static str,
    /// Number of the kiosk.
    pub kiosk: String,
    /// Number of the order.
    pub number: String,
    /// What to do next.
    pub next: &'static str,
}

impl Report for Ordered {
    fn lines(&self) -> Vec<String> {
        vec![format!("reset {}", self.anew), format!("{}: order {}", self.kiosk, self.number), self.next.to_owned()]
    }
}

/// Makes a signed order for one machine.
///
/// # Errors
/// A field that cannot be, the key, or the file.
pub fn order(from: &OrderFrom<'_>) -> Result<Ordered, CtlError> {
    let bad = |message: String| CtlError::new("provision.order", message, "correct it and make the order again");
    let kiosk = KioskCode::new(from.kiosk).map_err(|error| bad(error.to_string()))?;
    if from.machine.len() != 64 || !from.machine.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(bad("the fingerprint of the machine's key must have 64 hexadecimal digits".to_owned()));
    }
    let expires = wall_clock()
        .checked_add(jiff::SignedDuration::from_hours(i64::from(from.days) * 24))
        .map_err(|error| bad(error.to_string()))?;
    let order = Order {
        anew: from.anew,
        kiosk,
        machine: from.machine.to_ascii_lowercase(),
        number: hex::encode(Clock::start().now().chance),
        expires,
        even_unsent: from.even_unsent,
    };
    let text = order.sign(&SigningKey::read(from.county_key)?).map_err(|error| bad(error.to_string()))?;
    disk::write(from.out, text.as_bytes(), disk::SECRET)?;
    let next = "put the file as order.txt on a stick and the stick into the machine; it counts once";
    Ok(Ordered { anew: order.anew.word(), kiosk: order.kiosk.to_string(), number: order.number, next })
}

/// Obeys an order that was carried here, as the engine's own user: the settings are removed; for everything the caller
/// empties the data partition. Its number is spent before anything is done.
///
/// # Errors
/// The order does not count, and why; or a file.
pub fn obey(config: &Path, file: &Path) -> Result<Ordered, CtlError> {
    let (folders, trusted) = machine(config)?;
    let (kiosk, socket) = match Config::load_or_set_up(config)? {
        Loaded::Whole(config) => (Some(config.kiosk), config.socket),
        Loaded::ToSetUp(vendor) => (vendor.kiosk, vendor.socket),
    };
    // A machine that was never enrolled has no key, and no order is for it.
    let here = Here { kiosk, machine: fingerprint(&folders)?, floor: time_floor(), all_sent: all_sent(&socket) };
    let refused = |why: OrderRefusal| {
        CtlError::new(why.code(), format!("not obeyed: {why}"), "ask the county for an order for this machine")
    };
    let order = Order::read(&text_of(file)?, &trusted, &here).map_err(refused)?;
    order.spend(&folders).map_err(|error| match error {
        SpendError::Refused(why) => refused(why),
        SpendError::Disk(error) => error.into(),
    })?;
    let next = match order.anew {
        Anew::Settings => {
            remove_settings(&folders)?;
            "start the machine again: it begins its set-up. Database, key and certificates stay"
        }
        Anew::Everything => "start the machine with an empty data partition",
    };
    Ok(Ordered { anew: order.anew.word(), kiosk: order.kiosk.to_string(), number: order.number, next })
}

/// Whether nothing is unsent, for certain. An engine that is away, or that is a set-up and has no store open, cannot say so.
fn all_sent(socket: &Path) -> bool {
    ask_engine(socket).is_some_and(|status| status.outbox_read && status.waiting + status.set_aside == 0)
}
