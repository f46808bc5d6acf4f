//! The kiosk program: wiring only. The demo on the desk, the whole machine, or one of its halves.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use kiosk::ctl;

/// Bianmin (便民自助终端), the self-service terminal for town and village service centres.
///
/// Without a command it starts the demo on the desk: the real kiosk with simulated devices and a stand-in for the
/// county's platform.
#[derive(Debug, Parser)]
#[command(name = "kiosk", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The demo on the desk. With a display it opens the kiosk and its bench; without one it plays a visit by itself.
    #[cfg(feature = "desk")]
    Desk(ctl::DeskArguments),
    /// The whole machine: whatever stands behind the ports and the address of the configuration.
    #[cfg(feature = "screen")]
    Run(ctl::RunArguments),
    /// The engine alone: devices, database, county. The screen connects over the socket.
    Engine {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
    },
    /// The screen alone: no device, no database, no network.
    #[cfg(feature = "screen")]
    Screen(ctl::ScreenArguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        #[cfg(feature = "desk")]
        None => ctl::desk(&ctl::DeskArguments::default()),
        #[cfg(not(feature = "desk"))]
        None => Err(anyhow::anyhow!("say what to start: run, engine or screen; see kiosk --help")),
        #[cfg(feature = "desk")]
        Some(Command::Desk(arguments)) => ctl::desk(&arguments),
        #[cfg(feature = "screen")]
        Some(Command::Run(arguments)) => ctl::run(&arguments),
        Some(Command::Engine { config }) => ctl::engine(&config),
        #[cfg(feature = "screen")]
        Some(Command::Screen(arguments)) => ctl::screen(&arguments),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            // Standard error may be closed; there is nobody left to tell then.
            writeln!(std::io::stderr(), "kiosk: {error:#}").ok();
            ExitCode::FAILURE
        }
    }
}
