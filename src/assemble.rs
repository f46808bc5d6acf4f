//! From a validated configuration to what an engine needs: files are read here, once, before anything starts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kiosk_hal::id_card::driver::IdReaderSettings;
use kiosk_hal::model::Slip;
use kiosk_hal::printer::driver::PrinterSettings;
use kiosk_hal::printer::font::PaperFont;
use kiosk_hal::printer::profile::PrinterProfile;
use kiosk_hal::scanner::driver::ScannerSettings;
use kiosk_hal::scanner::protocol::Family;
use zeroize::Zeroizing;

use crate::attest::SlipKey;
use crate::config::{Baud, Config, Devices, PrinterProfileRef, ScannerKind, Setup, VendorConfig};
use crate::content::{Refused, Shelf, Trust};
use crate::county::sign::Signer;
use crate::county::{CountyClient, CountyError, CountySettings};
use crate::domain::catalog::{Catalog, CatalogError, Centre, Scope};
use crate::domain::genuine::RootHash;
use crate::domain::outbox::Backoff;
use crate::domain::settings::{Fitted, Settings, Times, WindowSettings};
use crate::domain::setup::{FittedDevices, NetworkState, SetupPlan};
use crate::engine::{DevicePlan, EngineSetup, FirstStart, Journal, Signs, fresh_chance, look_at_network, wall_clock};
use crate::provision::{Folders, KeyError, Trusted};
use crate::seal::{CountyKey, LookupKey, SealError, Sealer};
use crate::store::{FILE_NAME, Opening, Store, StoreError, StoreErrorKind};
use crate::telemetry::{Code, Event};

/// Hotline of every place in China for government services (政务服务便民热线).
const HOTLINE: &str = "12345";
/// Where the first program of the machine writes which root it opened.
const ROOT_HASH: &str = "/run/bianmin-root-hash";
/// Version of the notice on personal data that the identify screen shows.
const NOTICE_VERSION: &str = "2026-11-24";
/// The key of lookup tags, in the folder of the store, where the configuration names no other file.
const LOOKUP_KEY: &str = "lookup.key";
/// The font that slips fall back to, in the folder of fonts.
const PAPER_FONT: &str = "NotoSansCJKsc-Regular.otf";

/// The slip that the technician's tool and the set-up print.
const TEST_SLIP: &str = include_str!("../ui/i18n/test-slip.toml");

/// What could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// A file cannot be read.
    #[error("cannot read {what} {path}: {source}")]
    Read {
        /// What it is for.
        what: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The catalogue is not valid.
    #[error("cannot use the catalogue in {folder}: {source}")]
    Catalogue {
        /// Which folder.
        folder: PathBuf,
        /// Why.
        source: CatalogError,
    },
    /// The font for paper is damaged.
    #[error("cannot use the font {path}: {message}")]
    Font {
        /// Which.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// A printer profile is not valid.
    #[error("cannot use the printer profile {name}: {message}")]
    Profile {
        /// Its name or file.
        name: String,
        /// Why.
        message: String,
    },
    /// The store cannot be opened.
    #[error("cannot {0}")]
    Store(#[from] StoreError),
    /// The keys of the seal are not usable. Without them nothing may be kept, so nothing starts.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The key for slips is not usable.
    #[error("cannot use the key for slips {path}: {source}")]
    SlipKey {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: crate::attest::KeyError,
    },
    /// The shipped test slip is damaged.
    #[error("cannot use the shipped test slip: {0}")]
    TestSlip(String),
    /// A key of an authority cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The county's settings are not usable.
    #[error(transparent)]
    County(#[from] CountyError),
}

/// Reads catalogue, fonts, profile and credentials, and plans the devices.
///
/// # Errors
/// Names the file and says why it cannot be used.
pub fn engine_setup(config: &Config, journal: Box<dyn Journal>, listen: bool) -> Result<EngineSetup, AssembleError> {
    let file = config.store_folder.join(FILE_NAME);
    // Said before a key is missed in there: the disk is what has to be mended.
    if !config.store_folder.is_dir() {
        return Err(StoreError { file, doing: "open", kind: StoreErrorKind::NoFolder, source: None }.into());
    }
    let opening = Opening::at(&file, &config.kiosk, &sealer(config)?);
    Ok(EngineSetup {
        settings: settings(config),
        catalog: catalogue(config)?,
        // The folder must be there: a data disk that is not mounted is not replaced by an empty folder.
        open_store: Box::new(move |sink| Store::open(&opening, sink)),
        county: Some(county(config)?),
        slip_key: slip_key(config)?,
        devices: devices(&config.devices, &config.screen.fonts)?,
        journal,
        socket: listen.then(|| config.socket.clone()),
        slot: boot_slot(),
        signs: Signs::default(),
        recount: config.recount,
    })
}

/// Boot slot that the boot loader named on the kernel's command line (`rauc.slot=A`); empty where no slots are.
pub fn boot_slot() -> String {
    let line = std::fs::read_to_string("/proc/cmdline").unwrap_or_default();
    line.split_whitespace().find_map(|word| word.strip_prefix("rauc.slot=")).unwrap_or_default().to_owned()
}

/// Root hash that the first program of the machine opened the root with; none where there is no such program.
fn root_hash() -> Option<RootHash> {
    RootHash::read(&std::fs::read_to_string(ROOT_HASH).ok()?)
}

/// Reads places and keys, and plans the devices of a machine that is to be set up.
///
/// # Errors
/// Names the file and says why it cannot be used.
pub fn first_start(
    vendor: &VendorConfig,
    setup: &Setup,
    journal: Box<dyn Journal>,
    listen: bool,
) -> Result<FirstStart, AssembleError> {
    let places = read("the list of places", &setup.places)?;
    let places = serde_json::from_str(&places).map_err(|error| AssembleError::Read {
        what: "the list of places",
        path: setup.places.clone(),
        source: error.into(),
    })?;
    let fitted = FittedDevices {
        reader: vendor.devices.id_reader.is_some(),
        printer: vendor.devices.printer.is_some(),
        scanner: vendor.devices.scanner.is_some(),
    };
    let look: Box<dyn Fn() -> NetworkState + Send> = Box::new(look_at_network);
    Ok(FirstStart {
        plan: SetupPlan { places, fitted, kiosk: vendor.kiosk.clone(), hotline: HOTLINE.to_owned() },
        folders: Folders::under(&setup.folder),
        trusted: Trusted::read(&setup.enrolment_keys)?,
        inbox: setup.inbox.clone(),
        devices: devices(&vendor.devices, &vendor.screen.fonts)?,
        test_slip: test_slip()?,
        floor: crate::ctl::provision::time_floor(),
        look,
        journal,
        socket: listen.then(|| vendor.socket.clone()),
        signs: Signs::default(),
    })
}

/// The slip that is printed as a test. It is part of the program, and a test reads it.
///
/// # Errors
/// The file is not what it should be.
pub fn test_slip() -> Result<Slip, AssembleError> {
    toml::from_str(TEST_SLIP).map_err(|error: toml::de::Error| AssembleError::TestSlip(error.to_string()))
}

/// What the core has to know.
pub fn settings(config: &Config) -> Settings {
    Settings {
        kiosk_code: config.kiosk.as_str().to_owned(),
        centre: config.place.centre_name(),
        window: WindowSettings {
            name: config.window.name.clone(),
            address: config.window.address.clone(),
            hours: config.window.hours.clone(),
            phone: config.window.phone.clone(),
        },
        hotline: HOTLINE.to_owned(),
        check_page: config.receipt.check_page.clone(),
        root_hash: root_hash(),
        notice_version: NOTICE_VERSION.to_owned(),
        fitted: Fitted {
            reader: config.devices.id_reader.is_some(),
            printer: config.devices.printer.is_some(),
            scanner: config.devices.scanner.is_some(),
        },
        times: Times {
            idle_warning: config.visit.idle_warning,
            idle_wipe: config.visit.idle_wipe,
            take: config.visit.take,
            ..Times::default()
        },
        backoff: Backoff { first: config.backoff.first, cap: config.backoff.cap, ..Backoff::default() },
        limits: config.limits,
    }
}

/// The catalogue, narrowed to the items of this centre and its upper levels.
///
/// # Errors
/// Names the file or the item.
pub fn catalogue(config: &Config) -> Result<Catalog, AssembleError> {
    if let Some(catalog) = installed(config)? {
        return Ok(catalog);
    }
    let folder = &config.catalogue_folder;
    let items = read("the catalogue", &folder.join("items.json"))?;
    let local = read("the catalogue", &folder.join("local.json"))?;
    let loaded = Catalog::load(&items, &local).map_err(|source| {
        Event::CatalogueRefused { code: Code::new(source.code()) }.emit();
        AssembleError::Catalogue { folder: folder.clone(), source }
    })?;
    for warning in &loaded.warnings {
        tracing::debug!(%warning, "catalogue");
    }
    Ok(narrowed(loaded.catalog, config))
}

/// What concerns this centre. Statistical division codes: the town itself is its nine digits and three zeros.
fn narrowed(catalog: Catalog, config: &Config) -> Catalog {
    let centre = Centre::of(&config.place);
    let town = centre.town().unwrap_or_default();
    let scope = match centre.village() {
        Some(village) => Scope::Village { town: &town, village },
        None => Scope::Town { town: &town },
    };
    catalog.for_centre(scope)
}

/// Where packages of the catalogue are installed; `None` if the configuration names no folder.
///
/// # Errors
/// A key cannot be used.
pub fn shelf(config: &Config) -> Result<Option<Shelf>, KeyError> {
    let Some(folder) = &config.packages.folder else { return Ok(None) };
    let trust = Trust::read(&config.packages.keys)?;
    Ok(Some(Shelf::new(folder, trust, Centre::of(&config.place))))
}

/// The catalogue of the packages that are installed. A set that cannot be used is told; the last good one or, if there is none,
/// the shipped files take its place: a kiosk with an older guide is better than one without.
fn installed(config: &Config) -> Result<Option<Catalog>, AssembleError> {
    let refused = |why: &Refused| {
        Event::CatalogueRefused { code: Code::new(why.why.code()) }.emit();
        tracing::debug!(%why, "packages of the catalogue");
    };
    let Some(shelf) = shelf(config)? else { return Ok(None) };
    match shelf.load() {
        Ok(None) => Ok(None),
        Ok(Some(set)) => {
            set.fell_back.iter().for_each(refused);
            // The day in China; a clock that is behind takes nothing out.
            let today = crate::ctl::catalog::today();
            Ok(Some(narrowed(set.loaded.catalog, config).as_of(today)))
        }
        Err(why) => {
            refused(&why);
            Ok(None)
        }
    }
}

/// The font for lines that the printer's own font cannot print.
///
/// # Errors
/// Names the file.
pub fn paper_font(fonts: &Path) -> Result<Arc<PaperFont>, AssembleError> {
    let path = fonts.join(PAPER_FONT);
    let bytes =
        std::fs::read(&path).map_err(|source| AssembleError::Read { what: "the font", path: path.clone(), source })?;
    PaperFont::from_bytes(bytes).map(Arc::new).map_err(|error| AssembleError::Font { path, message: error.to_string() })
}

/// The printer profile of a configuration.
///
/// # Errors
/// Names the profile and what is wrong with it.
pub fn profile(printer: &crate::config::Printer) -> Result<PrinterProfile, AssembleError> {
    let mut profile = match &printer.profile {
        PrinterProfileRef::Shipped(name) => PrinterProfile::shipped(name).ok_or_else(|| AssembleError::Profile {
            name: name.clone(),
            message: "there is no shipped profile of this name".to_owned(),
        })?,
        PrinterProfileRef::File(path) => {
            let text = read("the printer profile", path)?;
            toml::from_str(&text).map_err(|error: toml::de::Error| AssembleError::Profile {
                name: path.display().to_string(),
                message: error.to_string(),
            })?
        }
    };
    if let Some(baud) = printer.baud {
        profile.baud = baud;
    }
    profile.check().map_err(|error| AssembleError::Profile {
        name: format!("{:?}", printer.profile),
        message: error.to_string(),
    })?;
    Ok(profile)
}

fn devices(devices: &Devices, fonts: &Path) -> Result<DevicePlan, AssembleError> {
    let text = |path: &Path| path.display().to_string();
    let reader = devices.id_reader.as_ref().map(|reader| {
        let mut settings = IdReaderSettings::at(text(&reader.port));
        if let Baud::Fixed(baud) = reader.baud {
            settings.baud = baud;
        }
        settings
    });
    let printer = printer_plan(devices, fonts)?;
    let scanner = devices.scanner.as_ref().map(|scanner| {
        let family = match scanner.kind {
            ScannerKind::Newland => Family::Newland,
            ScannerKind::Plain => Family::Plain,
        };
        ScannerSettings { path: text(&scanner.port), baud: scanner.baud, family }
    });
    Ok(DevicePlan { reader, printer, scanner })
}

/// The printer with its profile and the font it needs, if there is one.
///
/// # Errors
/// Names the profile or the font.
pub fn printer_plan(
    devices: &Devices,
    fonts: &Path,
) -> Result<Option<(PrinterSettings, Arc<PaperFont>)>, AssembleError> {
    let Some(printer) = &devices.printer else { return Ok(None) };
    let port = printer.port.display().to_string();
    let settings = PrinterSettings { port, profile: profile(printer)?, first_id: first_process_id() };
    Ok(Some((settings, paper_font(fonts)?)))
}

/// Differs from start to start, so that an echo of the last run is not taken for one of this run.
fn first_process_id() -> u16 {
    u16::try_from(wall_clock().as_second().rem_euclid(9_999) + 1).unwrap_or(1)
}

/// The client of the county, with its secret and its certificates read.
///
/// # Errors
/// Names the file or the setting.
pub fn county(config: &Config) -> Result<CountyClient, CountyError> {
    CountyClient::new(county_settings(config), Arc::new(wall_clock))
}

/// The credentials alone, for files that are carried by hand.
///
/// # Errors
/// Names the file or the setting.
pub fn signer(config: &Config) -> Result<Signer, CountyError> {
    county_settings(config).signer()
}

fn county_settings(config: &Config) -> CountySettings {
    let county = &config.county;
    CountySettings {
        url: county.url.clone(),
        ca_file: county.ca_file.clone(),
        app_id: county.app_id.clone(),
        secret_file: county.secret_file.clone(),
        terminal: config.kiosk.as_str().to_owned(),
        connect_timeout: county.connect_timeout,
        request_timeout: county.request_timeout,
    }
}

/// The seal: the county's public key, and the kiosk's own key for lookup tags, made at the first start.
///
/// # Errors
/// Names the file and says what to do.
pub fn sealer(config: &Config) -> Result<Arc<Sealer>, SealError> {
    let county = county_key(config)?;
    let lookup = match &config.seal.lookup_key_file {
        Some(file) => LookupKey::read(file)?,
        None => LookupKey::read_or_make(&config.store_folder.join(LOOKUP_KEY), fresh_bytes)?,
    };
    Ok(Arc::new(Sealer::new(county, lookup, Arc::new(fresh_bytes))?))
}

/// The county's public key.
///
/// # Errors
/// Names the file and says what to do.
pub fn county_key(config: &Config) -> Result<CountyKey, SealError> {
    CountyKey::read(config.seal.suite, &config.seal.county_key_file)
}

/// 32 bytes of chance from the system.
fn fresh_bytes() -> Result<[u8; 32], SealError> {
    fresh_chance().ok_or(SealError::NoChance)
}

/// The key that slips are signed with, if one is configured. A file that is named and cannot be used stops the start: a
/// kiosk that is meant to sign must not print slips that nobody can check.
///
/// # Errors
/// Names the file.
pub fn slip_key(config: &Config) -> Result<Option<SlipKey>, AssembleError> {
    let Some(path) = &config.receipt.key_file else { return Ok(None) };
    let pem = Zeroizing::new(read("the key for slips", path)?);
    let key = SlipKey::from_pem(&pem).map_err(|source| AssembleError::SlipKey { path: path.clone(), source })?;
    Ok(Some(key))
}

fn read(what: &'static str, path: &Path) -> Result<String, AssembleError> {
    std::fs::read_to_string(path).map_err(|source| AssembleError::Read { what, path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layer;

    #[test]
    fn a_kiosk_without_the_countys_key_does_not_start() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = || folder.path().join("county-seal.pem");
        let setup = || {
            let text =
                format!("[store]\nfolder = {0:?}\n[seal]\ncounty_key_file = \"{1}\"", folder.path(), key().display());
            let layer = Layer { name: "test", text };
            let desk = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/desk.toml");
            let config = Config::load_with(&desk, &[layer]).expect("a configuration");
            sealer(&config)
        };
        let error = setup().expect_err("there is no key");
        assert_eq!(error.code(), "seal.file");
        assert!(error.to_string().contains("county-seal.pem"), "{error}");
        let keys = county_stand_in::seal::Keys::of_the_standards().expect("the example");
        let write = |text: &str| std::fs::write(key(), text).expect("a file");
        write("no key");
        assert_eq!(setup().expect_err("no key").code(), "seal.not-a-key");
        write(&keys.pem(county_stand_in::seal::Suite::International));
        assert_eq!(setup().expect_err("the other suite").code(), "seal.other-suite");
        assert!(!folder.path().join(LOOKUP_KEY).exists(), "nothing is made before the county's key is good");
        write(&keys.pem(county_stand_in::seal::Suite::Sm));
        let first = setup().expect("all is there");
        assert!(folder.path().join(LOOKUP_KEY).exists());
        let second = setup().expect("all is there");
        assert_eq!(first.lookup_tag("1"), second.lookup_tag("1"), "kept");
        assert_ne!(first.same_tag(b"1"), second.same_tag(b"1"), "drawn anew and never written");
    }
}
