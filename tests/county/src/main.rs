//! The stand-in county platform as a program of its own. Not a government site: see the library.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::{fs, io};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use county_stand_in::{Admin, Settings, Unsealed, serve};

/// Stand-in for the county platform: desk, training and tests only, never for real cases.
///
/// Makes a certificate authority (`ca.pem`), a shared secret (`secret`) and a database in the folder, prints its
/// address and serves until it is interrupted.
#[derive(Debug, Parser)]
#[command(name = "county-stand-in", version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Folder for certificates, secret and database; made if missing.
    #[arg(long, required = true)]
    folder: Option<PathBuf>,
    /// File to write the address to, once it can be reached.
    #[arg(long)]
    ready_file: Option<PathBuf>,
    /// Application id that kiosks sign with.
    #[arg(long, default_value = "kiosk-demo-app")]
    app_id: String,
    /// Terminal that is registered; may be given again. Without any, every terminal is.
    #[arg(long = "terminal")]
    terminals: Vec<String>,
    /// Refuse forms older than this version.
    #[arg(long, default_value_t = 1)]
    min_form_version: u32,
    /// Refuse applications that are not sealed.
    #[arg(long)]
    sealed_only: bool,
    /// Open `/admin`, where faults can be set by anyone who reaches the port.
    #[arg(long)]
    faults: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Prints a new enrolment code for a machine, signed with the key of the folder.
    EnrolCode {
        /// Folder of the platform.
        #[arg(long)]
        folder: PathBuf,
        /// Address of the platform, as machines reach it.
        #[arg(long)]
        url: String,
        /// Number of the kiosk.
        #[arg(long)]
        kiosk: String,
        /// Code of its place, nine or twelve digits.
        #[arg(long)]
        place: String,
        /// Hours that it counts.
        #[arg(long, default_value_t = 72)]
        hours: u32,
    },
}

fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let arguments = Arguments::parse();
    if let Some(Verb::EnrolCode { folder, url, kiosk, place, hours }) = &arguments.verb {
        let code = county_stand_in::enrol_code(folder, url, kiosk, place, i64::from(*hours) * 3600)?;
        writeln!(io::stdout(), "{code}")?;
        return Ok(());
    }
    let folder = arguments.folder.context("say which folder")?;
    let handle = serve(Settings {
        listen: arguments.listen,
        folder,
        app_id: arguments.app_id,
        terminals: arguments.terminals,
        min_form_version: arguments.min_form_version,
        unsealed: if arguments.sealed_only { Unsealed::Refused } else { Unsealed::Taken },
        admin: if arguments.faults { Admin::Open } else { Admin::Absent },
    })?;
    writeln!(io::stdout(), "{}", handle.url)?;
    if let Some(file) = arguments.ready_file {
        let unfinished = file.with_extension("new");
        fs::write(&unfinished, &handle.url)
            .and_then(|()| fs::rename(&unfinished, &file))
            .with_context(|| format!("write {}", file.display()))?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(tokio::signal::ctrl_c())?;
    Ok(())
}
