//! What lies on the bench, and which orders a click means. Plain data: no window, no simulator.

use std::collections::BTreeSet;

use kiosk_hal::id_card::sim::Fault as ReaderFault;
use kiosk_hal::printer::sim::Fault as PrinterFault;
use kiosk_hal::scanner::sim::Fault as ScannerFault;

use crate::desk::local::COUNTY_FAULTS;
use crate::desk::order::Order;

/// The paper ends so soon that a slip is torn in its middle.
const PAPER_ENDS: &str = "paper-ends-after:600";

/// Faults that a new roll of paper takes away.
const PAPER_FAULTS: [&str; 3] = ["no-paper", "near-end", PAPER_ENDS];

/// A row of the list of devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Device {
    /// The card reader.
    Reader,
    /// The receipt printer.
    Printer,
    /// The code scanner.
    Scanner,
    /// The county's platform and the line to it.
    County,
}

impl Device {
    /// All rows, from top to bottom.
    pub(super) const ALL: [Self; 4] = [Self::Reader, Self::Printer, Self::Scanner, Self::County];

    /// Its name in orders.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Reader => "id-reader",
            Self::Printer => "printer",
            Self::Scanner => "scanner",
            Self::County => "county",
        }
    }

    /// Its name for people.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Reader => "Card reader",
            Self::Printer => "Printer",
            Self::Scanner => "Scanner",
            Self::County => "County platform",
        }
    }

    /// Names of the faults it can have.
    pub(super) fn faults(self) -> Vec<&'static str> {
        match self {
            Self::Reader => ReaderFault::ALL.into_iter().map(ReaderFault::as_str).collect(),
            Self::Printer => PrinterFault::PLAIN.into_iter().map(PrinterFault::name).chain([PAPER_ENDS]).collect(),
            Self::Scanner => ScannerFault::ALL.into_iter().map(ScannerFault::as_str).collect(),
            Self::County => COUNTY_FAULTS.to_vec(),
        }
    }

    fn of(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|device| device.key() == key)
    }
}

/// A click at the bench.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Click {
    /// On a card of the deck, by its key.
    Card(String),
    /// Take away what lies on the reader.
    TakeCard,
    /// Hold this text before the scanner.
    Scan(String),
    /// On a fault of a device.
    Fault(Device, String),
    /// Take all faults of a device away.
    NoFaults(Device),
    /// The plug of a device, or the line to the county.
    Switch(Device),
    /// A new roll of paper.
    Refill,
}

/// How a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lamp {
    /// Nothing is wrong.
    Good,
    /// It has a fault.
    Faulty,
    /// Its plug is pulled, or the line is cut.
    Out,
}

/// What lies on the bench and how the devices are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Board {
    card: Option<String>,
    /// Pieces of paper, and how many there were when the card was laid.
    slips: usize,
    slips_before: usize,
    unplugged: BTreeSet<Device>,
    line_cut: bool,
    /// Faults of the three devices.
    faults: BTreeSet<(Device, String)>,
    /// Faults of the county, each for one submission, in the order in which they strike.
    waiting: Vec<String>,
}

impl Board {
    /// The orders a click means. A blank code means none.
    pub(super) fn orders(&self, click: &Click) -> Vec<Order> {
        match click {
            Click::Card(key) if self.lies(key) => vec![Order::NoCard],
            Click::Card(key) => vec![Order::Card { key: key.clone() }],
            Click::TakeCard => vec![Order::NoCard],
            Click::Scan(text) if text.trim().is_empty() => Vec::new(),
            Click::Scan(text) => vec![Order::Scan { text: text.trim().to_owned() }],
            Click::Fault(device, name) => self.fault_orders(*device, name),
            Click::NoFaults(Device::County) => self.county_orders(&[]),
            Click::NoFaults(device) => {
                self.faults.iter().filter(|(owner, _)| owner == device).map(|(_, name)| off(*device, name)).collect()
            }
            Click::Switch(Device::County) => vec![Order::Line { up: self.line_cut }],
            Click::Switch(device) => {
                vec![Order::Plug { device: device.key().to_owned(), plugged: self.unplugged.contains(device) }]
            }
            Click::Refill => vec![Order::Refill],
        }
    }

    fn fault_orders(&self, device: Device, name: &str) -> Vec<Order> {
        match (device, self.has_fault(device, name)) {
            (Device::County, true) => {
                let rest: Vec<&String> = self.waiting.iter().filter(|waiting| *waiting != name).collect();
                self.county_orders(&rest)
            }
            (_, true) => vec![off(device, name)],
            (_, false) => vec![on(device, name)],
        }
    }

    /// Taking one of the county's troubles back takes back all of them, the cut line included, so the others are given
    /// again.
    fn county_orders(&self, rest: &[&String]) -> Vec<Order> {
        let first = self.waiting.first().map(|name| off(Device::County, name));
        let line = (first.is_some() && self.line_cut).then_some(Order::Line { up: false });
        first.into_iter().chain(line).chain(rest.iter().map(|name| on(Device::County, name))).collect()
    }

    /// Takes note of an order that was carried out, by whomever.
    pub(super) fn obeyed(&mut self, order: &Order) {
        match order {
            Order::Card { key } => {
                self.card = Some(key.clone());
                self.slips_before = self.slips;
            }
            Order::NoCard => self.card = None,
            Order::Scan { .. } => {}
            Order::Fault { device, name, on } => self.fault(device, name, *on),
            Order::Plug { device, plugged } => match (Device::of(device), plugged) {
                (Some(device), true) => _ = self.unplugged.remove(&device),
                (Some(device), false) => _ = self.unplugged.insert(device),
                (None, _) => {}
            },
            Order::Refill => {
                self.faults
                    .retain(|(device, name)| *device != Device::Printer || !PAPER_FAULTS.contains(&name.as_str()));
            }
            Order::Line { up } => self.line_cut = !up,
        }
    }

    fn fault(&mut self, device: &str, name: &str, on: bool) {
        match (Device::of(device), on) {
            (Some(Device::County), true) => self.waiting.push(name.to_owned()),
            (Some(Device::County), false) => {
                self.waiting.clear();
                self.line_cut = false;
            }
            (Some(device @ (Device::Reader | Device::Printer | Device::Scanner)), true) => {
                self.faults.insert((device, name.to_owned()));
            }
            (Some(device @ (Device::Reader | Device::Printer | Device::Scanner)), false) => {
                self.faults.remove(&(device, name.to_owned()));
            }
            (None, _) => {}
        }
    }

    /// Takes note of what the county says about itself: its faults are used up by submissions.
    pub(super) fn saw_county(&mut self, line_cut: bool, waiting: Vec<String>) {
        self.line_cut = line_cut;
        self.waiting = waiting;
    }

    /// Takes note of how many pieces of paper there are.
    pub(super) fn saw_slips(&mut self, count: usize) {
        self.slips = count;
    }

    /// Key of the card on the reader.
    pub(super) fn card(&self) -> Option<&str> {
        self.card.as_deref()
    }

    /// Whether this card lies on the reader.
    pub(super) fn lies(&self, key: &str) -> bool {
        self.card() == Some(key)
    }

    /// Whether a device has a fault.
    pub(super) fn has_fault(&self, device: Device, name: &str) -> bool {
        match device {
            Device::Reader | Device::Printer | Device::Scanner => self.faults.contains(&(device, name.to_owned())),
            Device::County => self.waiting.iter().any(|waiting| waiting == name),
        }
    }

    /// Its lamp.
    pub(super) fn lamp(&self, device: Device) -> Lamp {
        if self.is_out(device) {
            Lamp::Out
        } else if self.count(device) > 0 {
            Lamp::Faulty
        } else {
            Lamp::Good
        }
    }

    /// Its state in words.
    pub(super) fn state(&self, device: Device) -> String {
        let base = match (device, self.is_out(device)) {
            (Device::County, true) => "line cut",
            (Device::County, false) => "line up",
            (_, true) => "unplugged",
            (_, false) => "plugged in",
        };
        match (device, self.count(device)) {
            (_, 0) => base.to_owned(),
            (Device::County, 1) => format!("{base}, 1 answer will fail"),
            (Device::County, count) => format!("{base}, {count} answers will fail"),
            (_, 1) => format!("{base}, 1 fault"),
            (_, count) => format!("{base}, {count} faults"),
        }
    }

    /// What its switch does when it is pressed.
    pub(super) fn switch(&self, device: Device) -> &'static str {
        match (device, self.is_out(device)) {
            (Device::County, true) => "Mend line",
            (Device::County, false) => "Cut line",
            (_, true) => "Plug in",
            (_, false) => "Unplug",
        }
    }

    /// What to do for the next visit.
    pub(super) fn hint(&self) -> &'static str {
        if self.card.is_none() {
            "Next visit: touch the kiosk, choose a service, and lay a card when it asks for one."
        } else if self.slips > self.slips_before {
            "The slip is out. Next visit: take the card away and lay another one when the kiosk asks for it."
        } else {
            "A card lies on the reader; the kiosk reads it when a service needs it."
        }
    }

    fn is_out(&self, device: Device) -> bool {
        match device {
            Device::Reader | Device::Printer | Device::Scanner => self.unplugged.contains(&device),
            Device::County => self.line_cut,
        }
    }

    fn count(&self, device: Device) -> usize {
        match device {
            Device::Reader | Device::Printer | Device::Scanner => {
                self.faults.iter().filter(|(owner, _)| *owner == device).count()
            }
            Device::County => self.waiting.len(),
        }
    }
}

/// An order that was carried out, for the status line.
pub(super) fn told(order: &Order) -> String {
    match order {
        Order::Card { key } => format!("Laid {key} on the reader."),
        Order::NoCard => "Took the card away.".to_owned(),
        Order::Scan { text } => format!("Held a code of {} characters before the scanner.", text.chars().count()),
        Order::Fault { device, name, on: true } => format!("The {device} has the fault {name}."),
        Order::Fault { device, name, on: false } => format!("The fault {name} of the {device} is gone."),
        Order::Plug { device, plugged: true } => format!("Plugged the {device} in."),
        Order::Plug { device, plugged: false } => format!("Pulled the plug of the {device}."),
        Order::Refill => "Put a new roll of paper in.".to_owned(),
        Order::Line { up: true } => "The line to the county is up.".to_owned(),
        Order::Line { up: false } => "Cut the line to the county.".to_owned(),
    }
}

/// How many cases a list of cases in JSON holds.
pub(super) fn case_count(json: &str) -> Option<usize> {
    serde_json::from_str::<Vec<serde::de::IgnoredAny>>(json).ok().map(|cases| cases.len())
}

fn on(device: Device, name: &str) -> Order {
    Order::Fault { device: device.key().to_owned(), name: name.to_owned(), on: true }
}

fn off(device: Device, name: &str) -> Order {
    Order::Fault { device: device.key().to_owned(), name: name.to_owned(), on: false }
}

#[cfg(test)]
#[path = "board_tests.rs"]
mod tests;
