//! A desk: the bench, and the configuration of the kiosk beside it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::local::{BenchPorts, LocalBench};
use super::order::BenchError;
use super::script::MachineSettings;
use crate::assemble::{self, AssembleError};
use crate::attest::{KeyError, SEED_LENGTH, SlipKey, Suite};
use crate::config::{Config, ConfigError, Layer, Setup, VendorConfig};

/// File of the key that slips are signed with, in the desk's folder.
const SLIP_KEY: &str = "receipt.key";

/// Why a desk could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The repository was not found.
    #[error("cannot find config/desk.toml here or in a folder above; start the demo inside the repository")]
    NoRepository,
    /// No temporary folder.
    #[error("cannot make a temporary folder: {0}")]
    Folder(#[from] std::io::Error),
    /// The configuration is not valid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Something named by the configuration cannot be used.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// A simulator could not be started.
    #[error(transparent)]
    Bench(#[from] BenchError),
    /// No key for slips could be made.
    #[error(transparent)]
    SlipKey(#[from] KeyError),
    /// The desk's configuration has no printer, and slips are what it is about.
    #[error("config/desk.toml has no printer")]
    NoPrinter,
}

/// Simulators, platform, and the configuration that points at them. Everything goes with it when it is dropped.
pub struct DeskBench {
    /// The bench.
    pub bench: LocalBench,
    /// Configuration of the kiosk beside it.
    pub config: Config,
    _folder: TempDir,
}

impl DeskBench {
    /// Sets a desk up from `config/desk.toml` of the repository.
    ///
    /// # Errors
    /// What is missing or could not be started.
    pub fn set_up(machine: &MachineSettings) -> Result<Self, DeskError> {
        let file = desk_file()?;
        let folder = TempDir::with_prefix("bianmin-desk-")?;
        let first = Config::load(&file)?;
        let printer = first.devices.printer.as_ref().ok_or(DeskError::NoPrinter)?;
        let profile = assemble::profile(printer)?;
        let font = assemble::paper_font(&first.screen.fonts)?;
        let (bench, ports) = LocalBench::start(folder.path(), profile, font)?;
        std::fs::create_dir(folder.path().join("store"))?;
        std::fs::write(folder.path().join(SLIP_KEY), desk_key()?.as_bytes())?;
        let mut config = Config::load_with(&file, &[layer(folder.path(), &ports)])?;
        // Set after the check of the file: nobody waits a minute in a script, and no file may ask for two seconds.
        config.visit.idle_warning = machine.idle_warning_s.map_or(config.visit.idle_warning, Duration::from_secs);
        config.visit.idle_wipe = machine.idle_wipe_s.map_or(config.visit.idle_wipe, Duration::from_secs);
        Ok(Self { bench, config, _folder: folder })
    }
}

/// A new machine on the desk: the configuration of its image, and the county's code for it.
pub struct NewMachine {
    /// What the image brings with it.
    pub vendor: VendorConfig,
    /// Where the set-up keeps things.
    pub setup: Setup,
    /// The code to be held to the scanner.
    pub code: String,
}

impl DeskBench {
    /// The same desk with a machine that is not set up yet. The code is for the town's centre of the first county of the list.
    ///
    /// # Errors
    /// What is missing or could not be written.
    pub fn new_machine(&self) -> Result<NewMachine, DeskError> {
        let folder = self._folder.path();
        let (code, key) = self.bench.enrol_code("K032", "320699101")?;
        let keys = folder.join("enrolment");
        std::fs::create_dir_all(&keys)?;
        std::fs::copy(key, keys.join("county.pub"))?;
        let places = desk_file()?.with_file_name("places.json");
        let setup = Setup { folder: folder.join("data"), enrolment_keys: keys, places, inbox: folder.join("inbox") };
        let config = self.config.clone();
        let vendor = VendorConfig {
            kiosk: None,
            devices: config.devices,
            store_folder: config.store_folder,
            catalogue_folder: config.catalogue_folder,
            screen: config.screen,
            visit: config.visit,
            backoff: config.backoff,
            socket: config.socket,
            update_folder: config.update.folder,
            setup: Some(setup.clone()),
            log: config.log,
        };
        Ok(NewMachine { vendor, setup, code })
    }
}

/// The desk's configuration file, found from the working folder or from where the program lies.
///
/// # Errors
/// It is neither here nor above.
pub fn desk_file() -> Result<PathBuf, DeskError> {
    let starts = [std::env::current_dir().ok(), std::env::current_exe().ok()];
    starts
        .iter()
        .flatten()
        .flat_map(|start| start.ancestors())
        .map(|folder| folder.join("config").join("desk.toml"))
        .find(|file| file.is_file())
        .ok_or(DeskError::NoRepository)
}

/// A key for the slips of this desk, gone with its folder.
#[expect(clippy::disallowed_methods, reason = "a desk's key is made once, before anything that is replayed")]
fn desk_key() -> Result<zeroize::Zeroizing<String>, DeskError> {
    let mut seed = [0; SEED_LENGTH];
    getrandom::fill(&mut seed).map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(SlipKey::from_seed(Suite::International, seed)?.to_pem()?)
}

/// Where the simulators are, laid over the file.
fn layer(folder: &Path, ports: &BenchPorts) -> Layer {
    let quote = |path: &Path| toml::Value::String(path.display().to_string()).to_string();
    let text = format!(
        "[devices.id-reader]\nport = {}\n[devices.printer]\nport = {}\n[devices.scanner]\nport = {}\n\
         [county]\nurl = \"{}\"\napp_id = \"kiosk-demo-app\"\nca_file = {}\nsecret_file = {}\n\
         [seal]\ncounty_key_file = {}\n[receipt]\nkey_file = {}\ncheck_page = \"{}/verify\"\n\
         [store]\nfolder = {}\n[engine]\nsocket = {}\n",
        quote(&ports.reader),
        quote(&ports.printer),
        quote(&ports.scanner),
        ports.county_url,
        quote(&ports.ca_file),
        quote(&ports.secret_file),
        quote(&ports.seal_file),
        quote(&folder.join(SLIP_KEY)),
        ports.county_url,
        quote(&folder.join("store")),
        quote(&folder.join("engine.sock")),
    );
    Layer { name: "desk", text }
}
