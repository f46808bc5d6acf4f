//! `kioskctl sim`: arguments of the simulators and of orders to them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use kiosk::assemble::paper_font;
use kiosk::ctl::printer::profile_of;
use kiosk::ctl::{CtlError, Form, finish, sim};
use kiosk::desk::{Order, Simulator, faults};

/// Simulators in place of devices and county.
#[derive(Debug, Subcommand)]
pub enum SimVerb {
    /// An ID card reader on a pseudo-terminal. Prints one line of JSON when it can be used; runs until it is killed.
    IdReader(PortArguments),
    /// A receipt printer that draws its paper.
    Printer {
        #[command(flatten)]
        port: PortArguments,
        /// Shipped profile (cn-kiosk-58, epson-like), or a file that ends with .toml.
        #[arg(long, default_value = "cn-kiosk-58", value_name = "NAME")]
        profile: String,
        /// Folder with the shipped fonts.
        #[arg(long, default_value = "ui/fonts", value_name = "FOLDER")]
        fonts: PathBuf,
    },
    /// A code scanner.
    Scanner(PortArguments),
    /// The stand-in for the county's platform: HTTPS with an authority and a secret of its own. Never for real cases.
    County {
        /// Address and port; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
        listen: SocketAddr,
        /// Folder for authority, secret and database.
        #[arg(long, value_name = "FOLDER")]
        folder: PathBuf,
        /// Control socket; named county.sock, `sim tell` and visits find it.
        #[arg(long, value_name = "SOCKET")]
        control: PathBuf,
    },
    /// Gives one order to a running simulator.
    #[command(after_help = faults())]
    Tell {
        /// Folder with the control sockets: id-reader.sock, printer.sock, scanner.sock, county.sock.
        #[arg(long, value_name = "FOLDER")]
        bench: PathBuf,
        #[command(subcommand)]
        order: TellVerb,
    },
}

/// Where a simulated device is.
#[derive(Debug, Args)]
pub struct PortArguments {
    /// Stable name of the port, a link that is made here.
    #[arg(long, value_name = "PATH")]
    at: PathBuf,
    /// Control socket; named after the device (id-reader.sock), `sim tell` and visits find it.
    #[arg(long, value_name = "SOCKET")]
    control: PathBuf,
}

/// Orders.
#[derive(Debug, Subcommand)]
pub enum TellVerb {
    /// Lay a card of the deck on the reader.
    Card {
        /// Key of the card; a wrong one lists them.
        key: String,
    },
    /// Take the card away.
    NoCard,
    /// Hold a code before the scanner.
    Scan {
        /// What the code holds.
        text: String,
    },
    /// Switch a fault on or off.
    #[command(after_help = faults())]
    Fault {
        /// id-reader, printer, scanner or county.
        device: String,
        /// Name of the fault.
        name: String,
        /// On or off.
        #[arg(value_enum)]
        state: OnOff,
    },
    /// Pull a plug, or put it back.
    Plug {
        /// id-reader, printer or scanner.
        device: String,
        /// In or out.
        #[arg(value_enum)]
        state: InOut,
    },
    /// Put a new roll of paper in.
    Refill,
    /// Cut the line to the county, or mend it.
    Line {
        /// Up or down.
        #[arg(value_enum)]
        state: UpDown,
    },
}

/// A switch.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum OnOff {
    /// On.
    On,
    /// Off.
    Off,
}

/// A plug.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum InOut {
    /// In.
    In,
    /// Out.
    Out,
}

/// A line.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum UpDown {
    /// There.
    Up,
    /// Cut.
    Down,
}

/// Runs a simulator for ever, or gives an order.
pub fn run(verb: SimVerb, form: Form) -> ExitCode {
    match verb {
        SimVerb::IdReader(port) => finish(sim::run(Simulator::IdReader { at: port.at }, &port.control), form),
        SimVerb::Scanner(port) => finish(sim::run(Simulator::Scanner { at: port.at }, &port.control), form),
        SimVerb::Printer { port, profile, fonts } => {
            let made = profile_of(&profile, None)
                .and_then(|profile| Ok((profile, paper_font(&fonts).map_err(CtlError::from)?)))
                .and_then(|(profile, font)| sim::run(Simulator::Printer { at: port.at, profile, font }, &port.control));
            finish(made, form)
        }
        SimVerb::County { listen, folder, control } => {
            finish(sim::run(Simulator::County { listen, folder }, &control), form)
        }
        SimVerb::Tell { bench, order } => finish(sim::tell(&bench, &order.order()), form),
    }
}

impl TellVerb {
    fn order(self) -> Order {
        match self {
            Self::Card { key } => Order::Card { key },
            Self::NoCard => Order::NoCard,
            Self::Scan { text } => Order::Scan { text },
            Self::Fault { device, name, state } => Order::Fault { device, name, on: matches!(state, OnOff::On) },
            Self::Plug { device, state } => Order::Plug { device, plugged: matches!(state, InOut::In) },
            Self::Refill => Order::Refill,
            Self::Line { state } => Order::Line { up: matches!(state, UpDown::Up) },
        }
    }
}
