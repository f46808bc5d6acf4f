//! The stand-in county platform as a program of its own. Not a government site: see the library.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::{fs, io};

use anyhow::Context as _;
use clap::Parser;
use county_stand_in::{Admin, Settings, Unsealed, serve};

/// Stand-in for the county platform: desk, training and tests only, never for real cases.
///
/// Makes a certificate authority (`ca.pem`), a shared secret (`secret`) and a database in the folder, prints its
/// address and serves until it is interrupted.
#[derive(Debug, Parser)]
#[command(name = "county-stand-in", version)]
struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Folder for certificates, secret and database; made if missing.
    #[arg(long)]
    folder: PathBuf,
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
    /// Take a file that a terminal exported, write the file with its receipts to `--receipts`, and end.
    #[arg(long, value_name = "FILE", requires = "receipts")]
    import: Option<PathBuf>,
    /// Where the receipts of `--import` go.
    #[arg(long, value_name = "FILE", requires = "import")]
    receipts: Option<PathBuf>,
    /// Open `/admin`, where faults can be set by anyone who reaches the port.
    #[arg(long)]
    faults: bool,
}

fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let arguments = Arguments::parse();
    let handle = serve(Settings {
        listen: arguments.listen,
        folder: arguments.folder,
        app_id: arguments.app_id,
        terminals: arguments.terminals,
        min_form_version: arguments.min_form_version,
        unsealed: if arguments.sealed_only { Unsealed::Refused } else { Unsealed::Taken },
        admin: if arguments.faults { Admin::Open } else { Admin::Absent },
    })?;
    if let (Some(file), Some(receipts)) = (&arguments.import, &arguments.receipts) {
        let carried = fs::read(file).with_context(|| format!("read {}", file.display()))?;
        let back = handle.import(&carried).with_context(|| format!("take {}", file.display()))?;
        fs::write(receipts, back).with_context(|| format!("write {}", receipts.display()))?;
        return Ok(());
    }
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
