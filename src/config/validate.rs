//! From what is written to what is good: one function per section.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::check::{Checked, Validator, is_plain, is_window};
use super::error::{ConfigError, ConfigErrorKind};
use super::layers::{Layer, alone, merge};
use super::values::{
    Backoff, Config, County, Devices, IdReader, Loaded, Log, Packages, Printer, PrinterProfileRef, Receipt, Scanner,
    Screen, ScreenSize, Seal, Setup, Update, UpdateServer, VendorConfig, Visit, Window,
};
use super::written;
use crate::domain::outbox::Limits;
use crate::domain::place::{KioskCode, Place, PlaceError, PlacePart, PlaceParts, Village};
use crate::domain::recount::Timetable;
use crate::domain::text::Text;

/// Longest address of a page that people type off a slip.
const CHECK_PAGE_MAX: usize = 60;

impl Config {
    /// Reads the file and its drop-ins.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        Self::load_with(file, &[])
    }

    /// Reads the file and its drop-ins, and lays further layers on top.
    pub fn load_with(file: &Path, on_top: &[Layer]) -> Result<Self, ConfigError> {
        let merged = merge(file, on_top)?;
        let w = merged.written;
        let v = Validator { file, folder: file.parent().unwrap_or(Path::new("")), sources: &merged.sources };
        let PlaceSettings { kiosk, place, window } = v.place_settings(w.kiosk.clone(), w.place.clone())?;
        let county = v.county(w.county.clone())?;
        let seal = v.seal(w.seal.clone())?;
        let receipt = v.receipt(w.receipt.clone())?;
        let update = v.update(w.update.clone())?;
        let packages = v.packages(w.catalogue.clone())?;
        let limits = v.limits(&w.outbox)?;
        let recount = v.recount(&w.outbox)?;
        let VendorConfig {
            kiosk: _,
            devices,
            store_folder,
            catalogue_folder,
            screen,
            visit,
            backoff,
            socket,
            setup,
            update_folder: _,
            log,
        } = v.vendor(w)?;
        Ok(Self {
            kiosk,
            place,
            window,
            devices,
            county,
            seal,
            receipt,
            update,
            store_folder,
            catalogue_folder,
            packages,
            screen,
            visit,
            backoff,
            limits,
            recount,
            socket,
            setup,
            log,
            sources: merged.sources,
        })
    }

    /// Reads the file and its drop-ins, for serving or, where only the machine's own part is missing, for setting up. A value
    /// that is there and wrong is an error in both cases.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_or_set_up(file: &Path) -> Result<Loaded, ConfigError> {
        match Self::load(file) {
            Ok(config) => Ok(Loaded::Whole(Box::new(config))),
            Err(error) => {
                let own = ["kiosk.", "place.", "county.", "seal."].iter().any(|section| error.key.starts_with(section));
                let is_missing = matches!(error.kind, ConfigErrorKind::Missing { .. });
                match VendorConfig::load(file) {
                    Ok(vendor) if own && is_missing && vendor.setup.is_some() => Ok(Loaded::ToSetUp(Box::new(vendor))),
                    Ok(_) | Err(_) => Err(error),
                }
            }
        }
    }
}

impl VendorConfig {
    /// Reads what the image brings with it; the machine's own part may be missing.
    ///
    /// # Errors
    /// As [`Config::load`], for the keys of this part.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        Self::load_with(file, &[])
    }

    /// As [`Self::load`], with further layers on top.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_with(file: &Path, on_top: &[Layer]) -> Result<Self, ConfigError> {
        let merged = merge(file, on_top)?;
        let v = Validator { file, folder: file.parent().unwrap_or(Path::new("")), sources: &merged.sources };
        v.vendor(merged.written)
    }
}

/// Place, number and window of one machine, checked by the same rules as a configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceSettings {
    /// Number of the kiosk.
    pub kiosk: KioskCode,
    /// Where it stands.
    pub place: Place,
    /// The window that helps on.
    pub window: Window,
}

impl PlaceSettings {
    /// Checks a text with the sections `[kiosk]`, `[place]` and `[place.window]` and no other need.
    ///
    /// # Errors
    /// Names the key and says what to do.
    pub fn check(name: &'static str, text: &str) -> Result<Self, ConfigError> {
        let written = alone(name, text)?;
        let sources = BTreeMap::new();
        let v = Validator { file: Path::new(name), folder: Path::new(""), sources: &sources };
        v.place_settings(written.kiosk, written.place)
    }
}

/// Checks an address of a county by the rule of `county.url`.
///
/// # Errors
/// Says what to write instead.
pub fn check_county_url(name: &'static str, url: &str) -> Result<String, ConfigError> {
    let sources = BTreeMap::new();
    let v = Validator { file: Path::new(name), folder: Path::new(""), sources: &sources };
    v.url("county.url", Some(url.to_owned()))
}

impl Validator<'_> {
    fn place_settings(&self, kiosk: written::Kiosk, place: written::Place) -> Checked<PlaceSettings> {
        Ok(PlaceSettings {
            kiosk: self.kiosk(kiosk)?,
            window: self.window(place.window.clone())?,
            place: self.place(place)?,
        })
    }

    fn vendor(&self, w: written::Written) -> Checked<VendorConfig> {
        Ok(VendorConfig {
            kiosk: if w.kiosk.code.is_some() { Some(self.kiosk(w.kiosk)?) } else { None },
            devices: self.devices(w.devices)?,
            store_folder: self.path("store.folder", w.store.folder)?,
            catalogue_folder: self.path("catalogue.folder", w.catalogue.folder)?,
            screen: self.screen(w.screen)?,
            visit: self.visit(&w.visit)?,
            backoff: self.backoff(&w.outbox)?,
            socket: self.path("engine.socket", w.engine.socket)?,
            setup: self.setup(w.setup)?,
            update_folder: self.path("update.folder", w.update.folder)?,
            log: self.log(w.log)?,
        })
    }

    /// Without a folder the machine is not set up on its own screen, and the other keys mean nothing.
    fn setup(&self, w: written::Setup) -> Checked<Option<Setup>> {
        if w.folder.is_none() {
            return Ok(None);
        }
        Ok(Some(Setup {
            folder: self.path("setup.folder", w.folder)?,
            enrolment_keys: self.path("setup.enrolment_keys", w.enrolment_keys)?,
            places: self.path("setup.places", w.places)?,
            inbox: self.path("setup.inbox", w.inbox)?,
        }))
    }

    fn kiosk(&self, w: written::Kiosk) -> Checked<KioskCode> {
        let key = "kiosk.code";
        let todo = "write the number of the kiosk, such as code = \"K032\"";
        let code = self.need(key, w.code, todo)?;
        KioskCode::new(&code).map_err(|error| self.bad(key, error.to_string()))
    }

    fn place(&self, w: written::Place) -> Checked<Place> {
        let level = self.need(
            "place.level",
            w.level,
            "write the level of the centre: \"town\", \"township\", \"street\", \"village\" or \"community\"",
        )?;
        let name = |key: &str, zh: Option<String>, en: Option<String>| -> Checked<Text> {
            let todo = "all four levels are needed: city, county, town and, for a village centre, village";
            Ok(Text::new(self.need(key, zh, todo)?, en.unwrap_or_default()))
        };
        let village = match (w.village, w.village_code) {
            (None, None) if !level.is_below_town() => None,
            (zh, code) => Some(Village {
                name: name("place.village", zh, w.village_en)?,
                code: self.need("place.village_code", code, "write its twelve digits")?,
            }),
        };
        let parts = PlaceParts {
            city: name("place.city", w.city, w.city_en)?,
            county: name("place.county", w.county, w.county_en)?,
            county_code: self.need("place.county_code", w.county_code, "write its six digits")?,
            kind: self.need(
                "place.kind",
                w.kind,
                "write what the county level is: \"county\", \"district\", \"city\" or \"zone\"",
            )?,
            town: name("place.town", w.town, w.town_en)?,
            town_code: self.need("place.town_code", w.town_code, "write its nine digits")?,
            level,
            village,
        };
        Place::new(parts).map_err(|error| self.bad(place_key(&error), error.to_string()))
    }

    fn window(&self, w: written::Window) -> Checked<Window> {
        let text = |key: &str, zh: Option<String>, en: Option<String>| -> Checked<Text> {
            let todo = "residents are sent there; write it as it stands on the door";
            Ok(Text::new(self.need(key, zh, todo)?, en.unwrap_or_default()))
        };
        let phone_key = "place.window.phone";
        let phone = self.need(phone_key, w.phone, "write the telephone of the window")?;
        let is_phone = phone.bytes().all(|b| b.is_ascii_digit() || b == b'-' || b == b' ');
        if !is_phone || phone.bytes().filter(u8::is_ascii_digit).count() < 5 {
            return Err(self.bad(phone_key, "must be digits with - or spaces between, at least five"));
        }
        Ok(Window {
            name: text("place.window.name", w.name, w.name_en)?,
            address: text("place.window.address", w.address, w.address_en)?,
            hours: text("place.window.hours", w.hours, w.hours_en)?,
            phone,
        })
    }

    fn devices(&self, w: written::Devices) -> Checked<Devices> {
        let written::Devices { id_reader, printer, scanner } = w;
        Ok(Devices {
            id_reader: self.present(id_reader.present, || {
                Ok(IdReader {
                    port: self.path("devices.id-reader.port", id_reader.port)?,
                    baud: self.auto_baud("devices.id-reader.baud", id_reader.baud)?,
                })
            })?,
            printer: self.present(printer.present, || {
                Ok(Printer {
                    port: self.path("devices.printer.port", printer.port)?,
                    baud: match printer.baud {
                        Some(_) => Some(self.baud("devices.printer.baud", printer.baud)?),
                        None => None,
                    },
                    profile: self.profile(printer.profile)?,
                })
            })?,
            scanner: self.present(scanner.present, || {
                Ok(Scanner {
                    port: self.path("devices.scanner.port", scanner.port)?,
                    baud: self.baud("devices.scanner.baud", scanner.baud)?,
                    kind: self.need("devices.scanner.kind", scanner.kind, "write \"newland\" or \"plain\"")?,
                })
            })?,
        })
    }

    /// An absent device needs no further keys.
    fn present<T>(&self, is_present: Option<bool>, read: impl FnOnce() -> Checked<T>) -> Checked<Option<T>> {
        if is_present.unwrap_or(true) { read().map(Some) } else { Ok(None) }
    }

    fn profile(&self, written: Option<String>) -> Checked<PrinterProfileRef> {
        let key = "devices.printer.profile";
        let name = self.need(key, written, "write the name of a profile or of a file .toml")?;
        if name.ends_with(".toml") {
            self.path(key, Some(name)).map(PrinterProfileRef::File)
        } else if is_plain(&name) {
            Ok(PrinterProfileRef::Shipped(name))
        } else {
            Err(self.bad(key, "is neither the name of a shipped profile nor a file that ends with .toml"))
        }
    }

    fn county(&self, w: written::County) -> Checked<County> {
        Ok(County {
            url: self.url("county.url", w.url)?,
            app_id: {
                let key = "county.app_id";
                let todo = "write the name the county gave this kiosk";
                let name = self.need(key, w.app_id, todo)?;
                if is_plain(&name) {
                    name
                } else {
                    return Err(self.bad(key, "must be 1 to 64 letters, digits, - . or _"));
                }
            },
            secret_file: self.path("county.secret_file", w.secret_file)?,
            ca_file: self.path("county.ca_file", w.ca_file)?,
            connect_timeout: self.seconds("county.connect_timeout_s", w.connect_timeout_s, 1..=60)?,
            request_timeout: self.seconds("county.request_timeout_s", w.request_timeout_s, 1..=300)?,
        })
    }

    fn seal(&self, w: written::Seal) -> Checked<Seal> {
        Ok(Seal {
            suite: self.need("seal.suite", w.suite, "write \"sm\" or \"international\"")?,
            county_key_file: {
                let key = "seal.county_key_file";
                let todo = "name the file with the county's public key; nothing is kept unsealed";
                let file = self.need(key, w.county_key_file, todo)?;
                self.path(key, Some(file))?
            },
            lookup_key_file: match w.lookup_key_file {
                Some(file) => Some(self.path("seal.lookup_key_file", Some(file))?),
                None => None,
            },
        })
    }

    fn packages(&self, w: written::Catalogue) -> Checked<Packages> {
        let folder = w.installed.map(|folder| self.path("catalogue.installed", Some(folder))).transpose()?;
        Ok(Packages { folder, keys: self.path("catalogue.keys", w.keys)? })
    }

    fn receipt(&self, w: written::Receipt) -> Checked<Receipt> {
        let key = "receipt.check_page";
        let is_page = |page: &String| {
            page.strip_prefix("https://").is_some_and(|rest| !rest.is_empty())
                && page.len() <= CHECK_PAGE_MAX
                && page.bytes().all(|b| b.is_ascii_graphic())
        };
        if w.check_page.as_ref().is_some_and(|page| !is_page(page)) {
            let why = "must be an address that begins with https:// and has at most 60 characters, for it is printed";
            return Err(self.bad(key, why));
        }
        let key_file = w.key_file.map(|file| self.path("receipt.key_file", Some(file))).transpose()?;
        Ok(Receipt { key_file, check_page: w.check_page })
    }

    fn screen(&self, w: written::Screen) -> Checked<Screen> {
        let key = "screen.size";
        let written = self.need(key, w.size, "write \"1080x1920\" or \"1280x800\"")?;
        let side = |text: &str| text.parse::<u32>().ok().filter(|n| (480..=7_680).contains(n));
        let size = written
            .split_once('x')
            .and_then(|(width, height)| Some(ScreenSize { width: side(width)?, height: side(height)? }))
            .ok_or_else(|| {
                self.bad(key, "must be width x height in pixels, each 480 to 7680, such as \"1080x1920\"")
            })?;
        Ok(Screen { fonts: self.path("screen.fonts", w.fonts)?, size })
    }

    fn visit(&self, w: &written::Visit) -> Checked<Visit> {
        let idle_warning = self.seconds("visit.idle_warning_s", w.idle_warning_s, 10..=1_800)?;
        let idle_wipe = self.seconds("visit.idle_wipe_s", w.idle_wipe_s, 20..=3_600)?;
        if idle_wipe < idle_warning + Duration::from_secs(10) {
            let why = "must be at least 10 s more than visit.idle_warning_s: nobody can answer faster";
            return Err(self.bad("visit.idle_wipe_s", why));
        }
        let take = self.seconds("visit.take_s", w.take_s, 5..=300)?;
        Ok(Visit { idle_warning, idle_wipe, take })
    }

    fn backoff(&self, w: &written::Outbox) -> Checked<Backoff> {
        let first = self.seconds("outbox.backoff_first_s", w.backoff_first_s, 1..=600)?;
        let cap = self.seconds("outbox.backoff_cap_s", w.backoff_cap_s, 1..=86_400)?;
        if cap < first {
            return Err(self.bad("outbox.backoff_cap_s", "must not be less than outbox.backoff_first_s"));
        }
        Ok(Backoff { first, cap })
    }

    fn update(&self, w: written::Update) -> Checked<Update> {
        let minutes = |key: &str, written, range| -> Checked<Duration> {
            self.number(key, written, range).map(|minutes| Duration::from_secs(minutes * 60))
        };
        let tenant = self.need("update.tenant", w.tenant, "write the tenant of the rollout server")?;
        if !is_plain(&tenant) {
            return Err(self.bad("update.tenant", "must be 1 to 64 letters, digits, - . or _"));
        }
        let server = match w.url {
            None => None,
            Some(url) => Some(UpdateServer {
                url: self.url("update.url", Some(url))?,
                tenant,
                token_file: self.path("update.token_file", w.token_file)?,
                ca_file: self.path("update.ca_file", w.ca_file)?,
            }),
        };
        let window = self.need("update.window", w.window, "write the hours, such as \"02:00-05:00\"")?;
        if !is_window(&window) {
            return Err(self.bad("update.window", "must be two times of day with a - between, such as \"02:00-05:00\""));
        }
        Ok(Update {
            folder: self.path("update.folder", w.folder)?,
            server,
            window,
            spread: minutes("update.spread_min", w.spread_min, 0..=720)?,
            quiet: minutes("update.quiet_min", w.quiet_min, 1..=240)?,
            stick_folder: self.path("update.stick_folder", w.stick_folder)?,
            restart_flag: self.path("update.restart_flag", w.restart_flag)?,
        })
    }

    fn limits(&self, w: &written::Outbox) -> Checked<Limits> {
        let days = self.number("outbox.max_days_offline", w.max_days_offline, 1..=365)?;
        let waiting = self.number("outbox.max_waiting", w.max_waiting, 1..=100_000)?;
        let min_free_mb = self.number("outbox.min_free_mb", w.min_free_mb, 10..=100_000)?;
        Ok(Limits {
            max_days_offline: u32::try_from(days).unwrap_or(u32::MAX),
            max_waiting: usize::try_from(waiting).unwrap_or(usize::MAX),
            min_free_mb,
        })
    }

    fn recount(&self, w: &written::Outbox) -> Checked<Timetable> {
        let hour = self.number("outbox.recount_hour", w.recount_hour, 0..=23)?;
        let minutes = self.number("outbox.recount_spread_min", w.recount_spread_min, 0..=720)?;
        Ok(Timetable { hour: i8::try_from(hour).unwrap_or(0), spread: Duration::from_secs(minutes * 60) })
    }

    fn log(&self, w: written::Log) -> Checked<Log> {
        Ok(Log {
            format: self.need("log.format", w.format, "write \"json\" or \"text\"")?,
            level: self.need("log.level", w.level, "write \"info\"")?,
            file: match w.file {
                Some(file) => Some(self.path("log.file", Some(file))?),
                None => None,
            },
        })
    }
}

/// The key that a wrong place is about.
fn place_key(error: &PlaceError) -> &'static str {
    match (error.part(), error.is_about_code()) {
        (Some(PlacePart::City), _) => "place.city",
        (Some(PlacePart::County), false) => "place.county",
        (Some(PlacePart::County), true) => "place.county_code",
        (Some(PlacePart::Town), false) => "place.town",
        (Some(PlacePart::Town), true) => "place.town_code",
        (Some(PlacePart::Village), false) => "place.village",
        (Some(PlacePart::Village), true) => "place.village_code",
        (None, _) => "place",
    }
}
