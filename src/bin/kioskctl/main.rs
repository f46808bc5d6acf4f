//! The technician's tool: argument types and printing, nothing else.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use kiosk::ctl::check::{Depth, check};
use kiosk::ctl::id_reader::{self, Show};
use kiosk::ctl::order::{self, OrderFrom};
use kiosk::ctl::printer::{self, PrinterAt};
use kiosk::ctl::provision::{self, MakeFrom};
use kiosk::ctl::receipt::{self, Against, Text};
use kiosk::ctl::status::status;
use kiosk::ctl::{Form, finish, image, outbox, scanner};
use kiosk::provision::order::Anew;
use kiosk_hal::scanner::protocol::Family;

#[cfg(feature = "desk")]
mod bench;
mod catalog;

/// Looks after a kiosk: checks its configuration, asks the running engine, tries single devices.
///
/// Device verbs open the port by themselves, so the kiosk must not be running on it; `status` asks the running kiosk.
#[derive(Debug, Parser)]
#[command(
    name = "kioskctl",
    version,
    after_help = "Exit codes: 0 done and well, 1 failed or not well, 2 the command line makes no sense, 3 nothing can be \
                  said (receipt verify)."
)]
struct Arguments {
    /// Print one JSON object; a failure is {"error": {"code", "message", "todo"}}.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The configuration.
    #[command(subcommand)]
    Config(ConfigVerb),
    /// How the running engine is: devices, line, store, applications not yet sent. No personal data.
    Status {
        /// Configuration file; its engine.socket is asked.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// The ID card reader, driven from here.
    #[command(subcommand)]
    IdReader(IdReaderVerb),
    /// The printer, driven from here.
    #[command(subcommand)]
    Printer(PrinterVerb),
    /// The scanner, driven from here.
    #[command(subcommand)]
    Scanner(ScannerVerb),
    /// What waits for the county and what is set aside, by the running kiosk if there is one, which answers root.
    #[command(subcommand)]
    Outbox(OutboxVerb),
    /// Slips: whether one is genuine.
    #[command(subcommand)]
    Receipt(ReceiptVerb),
    /// The image: whether a machine runs a released one.
    #[command(subcommand)]
    Image(ImageVerb),
    /// The update agent: asks the rollout server, installs, restarts when nobody is disturbed. Runs until it is stopped.
    #[cfg(feature = "agent")]
    Agent {
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Updates of the image.
    #[cfg(feature = "agent")]
    #[command(subcommand)]
    Update(UpdateVerb),
    /// Setting machines up: prepared cards, the way without a line, what a machine was set up with.
    #[command(subcommand)]
    Provision(ProvisionVerb),
    /// Packages of the catalogue: made of spreadsheets, checked, signed, installed.
    #[command(subcommand)]
    Catalog(catalog::CatalogVerb),
    /// Simulators in place of devices and county, for desk, training and tests.
    #[cfg(feature = "desk")]
    #[command(subcommand)]
    Sim(bench::SimVerb),
}

#[derive(Debug, Subcommand)]
enum ConfigVerb {
    /// Checks a configuration and lists every key with where its value comes from.
    ///
    /// An error names file and key and says what to write. Nothing is changed, no device and no database is opened.
    Check {
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Read the files it names as well: catalogue, fonts, printer profile, county secret and certificates,
        /// key for slips.
        #[arg(long)]
        files: bool,
    },
}

#[derive(Debug, Subcommand)]
enum IdReaderVerb {
    /// Reads one card. Name and number are masked (王**, 110199********0018) unless --show is given.
    Read {
        /// Serial line, by its stable name.
        #[arg(long, value_name = "PORT")]
        port: String,
        /// Speed to begin with; the usual ones are tried after it.
        #[arg(long)]
        baud: Option<u32>,
        /// Seconds to wait for a card.
        #[arg(long, default_value_t = 10, value_name = "SECONDS")]
        within: u64,
        /// Print the whole card. Only with the consent of the person whose card it is.
        #[arg(long)]
        show: bool,
    },
}

#[cfg(feature = "agent")]
#[derive(Debug, Subcommand)]
enum UpdateVerb {
    /// The health gate: watches the running image and calls it good, or writes down why not.
    ///
    /// Good means: a frame was shown, the engine answers, its store is open and its queue read, every configured device
    /// answers or was away before the update, and the county answers or did not before. An image that was called good once
    /// stays good. Exit code 1: not good; the unit then restarts the machine and the boot counter brings the image before
    /// it back.
    Confirm {
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Seconds to wait for it.
        #[arg(long, default_value_t = 120, value_name = "SECONDS")]
        within: u64,
    },
    /// What the agent does, which image was good last, and why one was not.
    Status {
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Installs a bundle from a stick, through the agent. Works without a line and with a wrong clock.
    ///
    /// The signature is checked before anything is written. The new image starts once nobody uses the machine.
    Usb {
        /// The bundle.
        #[arg(value_name = "BUNDLE", required_unless_present = "stick")]
        file: Option<PathBuf>,
        /// The one bundle on the stick that is in.
        #[arg(long, conflicts_with = "file")]
        stick: bool,
        /// Not before somebody says so on the screen, which shows both versions.
        #[arg(long)]
        ask: bool,
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Seconds to wait for the end of the installation.
        #[arg(long, default_value_t = 1_800, value_name = "SECONDS")]
        within: u64,
    },
    /// What the manifest of an image with this program has to say: version and schema of the store.
    About,
}

#[derive(Debug, clap::Args)]
struct PrinterArguments {
    /// Serial line, by its stable name.
    #[arg(long, value_name = "PORT")]
    port: String,
    /// Shipped profile (cn-kiosk-58, epson-like), or a file that ends with .toml.
    #[arg(long, default_value = "cn-kiosk-58", value_name = "NAME")]
    profile: String,
    /// Speed, if it is not the profile's.
    #[arg(long)]
    baud: Option<u32>,
    /// Folder with the shipped fonts.
    #[arg(long, default_value = "/usr/share/kiosk/fonts", value_name = "FOLDER")]
    fonts: PathBuf,
}

#[derive(Debug, Subcommand)]
enum PrinterVerb {
    /// Asks for paper, cover, cutter and head. Exit code 1 if a slip could not be printed.
    Status(PrinterArguments),
    /// Prints one test slip and tells whether it is on paper. Exit code 1 if it is not, or if nobody can say.
    Test(PrinterArguments),
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ScannerKind {
    /// Can be triggered and set up.
    Newland,
    /// Sends codes and is sent nothing.
    Plain,
}

#[derive(Debug, Subcommand)]
enum ScannerVerb {
    /// Reads one code and prints its text, control characters escaped.
    Read {
        /// Serial line, by its stable name.
        #[arg(long, value_name = "PORT")]
        port: String,
        /// Speed.
        #[arg(long, default_value_t = 115_200)]
        baud: u32,
        /// Which commands it understands.
        #[arg(long, value_enum, default_value = "newland")]
        kind: ScannerKind,
        /// Seconds to wait for a code.
        #[arg(long, default_value_t = 10, value_name = "SECONDS")]
        within: u64,
    },
}

#[derive(Debug, Subcommand)]
enum OutboxVerb {
    /// Lists them, oldest first, with the reason in words. Names are masked.
    List {
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Puts one that is set aside back into the queue.
    Retry {
        /// Its number, as it is printed.
        number: String,
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Writes everything to a signed file for the county, sealed as it is. Nothing is changed here.
    Export {
        /// File to make, such as on a stick.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Stores the receipts of the county's file. Doing it again changes nothing.
    Import {
        /// File that came back.
        file: PathBuf,
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Counts what is here against what the county holds, number by number. Nothing is sent, deleted or marked.
    ///
    /// The kiosk does it once a day by itself (outbox.recount_hour); the last result is in `kioskctl status`.
    Recount {
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum ReceiptVerb {
    /// Checks the text of a slip's QR code, or the check character of a kiosk's number. Asks nobody.
    ///
    /// Exit code 0: genuine (or the number is well written). 1: altered, of an unknown kiosk, or no slip of ours. 3: a slip
    /// without signature (of the layout before, or of a kiosk without a key), which proves nothing either way.
    Verify(Signed),
}

/// A signed text, and whose keys count.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true)))]
struct Signed {
    /// What the code says; of a slip also the number as it is printed.
    #[arg(group = "what", value_name = "TEXT")]
    text: Option<String>,
    /// Read it from standard input.
    #[arg(long, group = "what")]
    stdin: bool,
    /// Public key of the kiosk (PEM).
    #[arg(long, value_name = "FILE", conflicts_with = "county_keys")]
    key: Option<PathBuf>,
    /// The county's register of public keys, as its page /verify/keys gives it.
    #[arg(long, value_name = "FILE")]
    county_keys: Option<PathBuf>,
}

impl Signed {
    fn read(self) -> (Text, Against) {
        let against = self.key.map(Against::Key).or(self.county_keys.map(Against::Register));
        (self.text.map_or(Text::StandardInput, Text::Given), against.unwrap_or(Against::Nothing))
    }
}

#[derive(Debug, Subcommand)]
enum ImageVerb {
    /// Checks the code of a machine's technician page: who signed it, and whether the image it names was released. Asks nobody.
    ///
    /// Exit code 0: the kiosk signed it, and a manifest has the image. 1: no manifest has it, altered, of an unknown kiosk, or no
    /// such code. 3: without signature, which proves nothing either way.
    Verify {
        #[command(flatten)]
        signed: Signed,
        /// The manifest.json of a released image; once for each.
        #[arg(long, value_name = "FILE")]
        manifest: Vec<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
enum ProvisionVerb {
    /// Makes a signed card (provision.toml) for each machine of a table. A mistake is named with line and column.
    Make {
        /// Table of machines, CSV with a line of names.
        #[arg(long, value_name = "FILE")]
        list: PathBuf,
        /// Private key of the county's authority (Ed25519, PKCS #8 in PEM).
        #[arg(long, value_name = "FILE")]
        county_key: PathBuf,
        /// Certificate (PEM) of the authority that vouches for the platform.
        #[arg(long, value_name = "FILE")]
        authority: PathBuf,
        /// Address of the platform, https://host or https://host:port.
        #[arg(long)]
        url: String,
        /// Folder for the cards; each machine has a folder in it.
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
        /// Days that the cards count.
        #[arg(long, default_value_t = 60)]
        days: u16,
        /// Address of the rollout server. Each card then has a token of its own, and rollout-targets.csv lists them for the
        /// server.
        #[arg(long, requires = "rollout_ca")]
        rollout_url: Option<String>,
        /// Tenant at the rollout server.
        #[arg(long, default_value = "DEFAULT")]
        rollout_tenant: String,
        /// Certificates (PEM) that the rollout server's must lead to.
        #[arg(long, value_name = "FILE", requires = "rollout_url")]
        rollout_ca: Option<PathBuf>,
    },
    /// Writes this machine's request to a file, to be carried to the county where there is no line.
    Request {
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Text of the county's code; without it the one that was scanned last.
        #[arg(long, value_name = "FILE")]
        code: Option<PathBuf>,
        /// File to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Takes the county's answer that was carried here. Wipe the stick afterwards.
    Accept {
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The answer.
        #[arg(value_name = "FILE")]
        answer: PathBuf,
    },
    /// Shows what the set-up wrote.
    Show {
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Removes what the set-up wrote; the next start begins it anew. Database, key and certificates stay.
    Reset {
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// I mean it.
        #[arg(long)]
        yes: bool,
    },
    /// Makes a signed order that takes one machine back to its set-up, to be carried there on a stick. It counts once.
    Order {
        /// Number of the kiosk.
        #[arg(long)]
        kiosk: String,
        /// Fingerprint of the machine's key, as the county has it from the enrolment (`key`, 64 digits).
        #[arg(long)]
        machine: String,
        /// Private key of the county's authority (Ed25519, PKCS #8 in PEM).
        #[arg(long, value_name = "FILE")]
        county_key: PathBuf,
        /// Empty the whole data partition; without it only what the set-up wrote goes.
        #[arg(long)]
        everything: bool,
        /// It counts although applications are unsent. With --everything they are lost.
        #[arg(long)]
        even_unsent: bool,
        /// Days that the order counts.
        #[arg(long, default_value_t = 14)]
        days: u16,
        /// File to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Obeys an order that was carried here, if it is signed, for this machine, in its time and for the first time.
    ///
    /// Run as the engine's user. Its first line is `reset settings` or `reset everything`; for the latter whoever called
    /// empties the data partition.
    Obey {
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The order.
        #[arg(value_name = "FILE")]
        order: PathBuf,
    },
}

fn main() -> ExitCode {
    let Arguments { json, command } = Arguments::parse();
    let form = if json { Form::Json } else { Form::Text };
    match command {
        Command::Config(ConfigVerb::Check { config, files }) => {
            finish(check(&config, if files { Depth::Files } else { Depth::Values }), form)
        }
        Command::Status { config } => finish(status(&config), form),
        Command::IdReader(IdReaderVerb::Read { port, baud, within, show }) => {
            let show = if show { Show::All } else { Show::Masked };
            finish(id_reader::read(&port, baud, Duration::from_secs(within), show), form)
        }
        Command::Printer(PrinterVerb::Status(arguments)) => finish(printer::status(&arguments.at()), form),
        Command::Printer(PrinterVerb::Test(arguments)) => finish(printer::test(&arguments.at()), form),
        Command::Scanner(ScannerVerb::Read { port, baud, kind, within }) => {
            let family = match kind {
                ScannerKind::Newland => Family::Newland,
                ScannerKind::Plain => Family::Plain,
            };
            finish(scanner::read(&port, baud, family, Duration::from_secs(within)), form)
        }
        Command::Outbox(OutboxVerb::List { config }) => finish(outbox::list(&config), form),
        Command::Outbox(OutboxVerb::Retry { number, config }) => finish(outbox::retry(&config, &number), form),
        Command::Outbox(OutboxVerb::Export { to, config }) => finish(outbox::export(&config, &to), form),
        Command::Outbox(OutboxVerb::Import { file, config }) => finish(outbox::import(&config, &file), form),
        Command::Outbox(OutboxVerb::Recount { config }) => finish(outbox::recount(&config), form),
        Command::Receipt(ReceiptVerb::Verify(signed)) => {
            let (text, against) = signed.read();
            finish(receipt::verify(text, &against), form)
        }
        Command::Image(ImageVerb::Verify { signed, manifest }) => {
            let (text, against) = signed.read();
            finish(image::verify(text, &against, &manifest), form)
        }
        #[cfg(feature = "agent")]
        Command::Agent { config } => match kiosk::ctl::update::agent(&config) {
            Ok(code) => code,
            Err(error) => {
                let error =
                    kiosk::ctl::CtlError::new("update.agent", format!("{error:#}"), "correct it and start again");
                finish::<kiosk::ctl::update::About>(Err(error), form)
            }
        },
        #[cfg(feature = "agent")]
        Command::Update(verb) => update(verb, form),
        Command::Provision(verb) => run_provision(&verb, form),
        Command::Catalog(verb) => catalog::run(&verb, form),
        #[cfg(feature = "desk")]
        Command::Sim(verb) => bench::run(verb, form),
    }
}

#[cfg(feature = "agent")]
fn update(verb: UpdateVerb, form: Form) -> ExitCode {
    use kiosk::ctl::update::{Bundle, When, about, confirm, status, usb};
    match verb {
        UpdateVerb::Confirm { config, within } => finish(confirm(&config, Duration::from_secs(within)), form),
        UpdateVerb::Status { config } => finish(status(&config), form),
        UpdateVerb::Usb { file, ask, config, within, .. } => {
            let when = if ask { When::Asked } else { When::Now };
            finish(usb(&config, file.map_or(Bundle::Stick, Bundle::File), when, Duration::from_secs(within)), form)
        }
        UpdateVerb::About => finish(Ok(about()), form),
    }
}

fn run_provision(verb: &ProvisionVerb, form: Form) -> ExitCode {
    match verb {
        ProvisionVerb::Make {
            list,
            county_key,
            authority,
            url,
            out,
            days,
            rollout_url,
            rollout_tenant,
            rollout_ca,
        } => {
            let rollout = rollout_url.as_deref().zip(rollout_ca.as_deref());
            let rollout = rollout.map(|(url, ca)| (url, rollout_tenant.as_str(), ca));
            finish(provision::make(&MakeFrom { list, county_key, authority, url, out, days: *days, rollout }), form)
        }
        ProvisionVerb::Request { config, code, out } => finish(provision::request(config, code.as_deref(), out), form),
        ProvisionVerb::Accept { config, answer } => finish(provision::accept(config, answer), form),
        ProvisionVerb::Show { config } => finish(provision::show(config), form),
        ProvisionVerb::Reset { config, yes } => finish(provision::reset(config, *yes), form),
        ProvisionVerb::Order { kiosk, machine, county_key, everything, even_unsent, days, out } => {
            let anew = if *everything { Anew::Everything } else { Anew::Settings };
            let from = OrderFrom { anew, kiosk, machine, county_key, days: *days, even_unsent: *even_unsent, out };
            finish(order::order(&from), form)
        }
        ProvisionVerb::Obey { config, order } => finish(order::obey(config, order), form),
    }
}

impl PrinterArguments {
    fn at(&self) -> PrinterAt<'_> {
        PrinterAt { port: &self.port, profile: &self.profile, baud: self.baud, fonts: &self.fonts }
    }
}
