//! From what is written to what is good.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::{ConfigError, ConfigErrorKind};
use super::layers::{Layer, Source, merge};
use super::values::{
    Backoff, Baud, Config, County, Devices, IdReader, Log, Printer, PrinterProfileRef, Scanner,
    Screen, ScreenSize, Visit, Window,
};
use super::written;
use crate::domain::place::{KioskCode, Place, PlaceError, PlacePart, PlaceParts, Village};
use crate::domain::text::Text;

/// Line speeds that readers, printers and scanners have.
const BAUDS: [i64; 5] = [9_600, 19_200, 38_400, 57_600, 115_200];

impl Config {
    /// Reads the file and its drop-ins.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        Self::load_with(file, &[])
    }

    /// Reads the file and its drop-ins, and lays further layers on top.
    pub fn load_with(file: &Path, on_top: &[Layer]) -> Result<Self, ConfigError> {
        let merged = merge(file, on_top)?;
        let w = merged.written;
        let v = Validator {
            file,
            folder: file.parent().unwrap_or(Path::new("")),
            sources: &merged.sources,
        };
        Ok(Self {
            kiosk: v.kiosk(w.kiosk)?,
            window: v.window(w.place.window.clone())?,
            place: v.place(w.place)?,
            devices: v.devices(w.devices)?,
            county: v.county(w.county)?,
            store_folder: v.path("store.folder", w.store.folder)?,
            catalogue_folder: v.path("catalogue.folder", w.catalogue.folder)?,
            screen: v.screen(w.screen)?,
            visit: v.visit(&w.visit)?,
            backoff: v.backoff(&w.outbox)?,
            socket: v.path("engine.socket", w.engine.socket)?,
            log: v.log(w.log)?,
            sources: merged.sources,
        })
    }
}

type Checked<T> = Result<T, ConfigError>;

/// What every check needs: the folder for relative paths and the origins for messages.
struct Validator<'a> {
    file: &'a Path,
    folder: &'a Path,
    sources: &'a BTreeMap<String, Source>,
}

impl Validator<'_> {
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
            let todo =
                "all four levels are needed: city, county, town and, for a village centre, village";
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
        let is_phone = phone
            .bytes()
            .all(|b| b.is_ascii_digit() || b == b'-' || b == b' ');
        if !is_phone || phone.bytes().filter(u8::is_ascii_digit).count() < 5 {
            return Err(self.bad(
                phone_key,
                "must be digits with - or spaces between, at least five",
            ));
        }
        Ok(Window {
            name: text("place.window.name", w.name, w.name_en)?,
            address: text("place.window.address", w.address, w.address_en)?,
            hours: text("place.window.hours", w.hours, w.hours_en)?,
            phone,
        })
    }

    fn devices(&self, w: written::Devices) -> Checked<Devices> {
        let written::Devices {
            id_reader,
            printer,
            scanner,
        } = w;
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
                    kind: self.need(
                        "devices.scanner.kind",
                        scanner.kind,
                        "write \"newland\" or \"plain\"",
                    )?,
                })
            })?,
        })
    }

    /// An absent device needs no further keys.
    fn present<T>(
        &self,
        is_present: Option<bool>,
        read: impl FnOnce() -> Checked<T>,
    ) -> Checked<Option<T>> {
        if is_present.unwrap_or(true) {
            read().map(Some)
        } else {
            Ok(None)
        }
    }

    fn profile(&self, written: Option<String>) -> Checked<PrinterProfileRef> {
        let key = "devices.printer.profile";
        let name = self.need(
            key,
            written,
            "write the name of a profile or of a file .toml",
        )?;
        if name.ends_with(".toml") {
            self.path(key, Some(name)).map(PrinterProfileRef::File)
        } else if is_plain(&name) {
            Ok(PrinterProfileRef::Shipped(name))
        } else {
            Err(self.bad(
                key,
                "is neither the name of a shipped profile nor a file that ends with .toml",
            ))
        }
    }

    fn county(&self, w: written::County) -> Checked<County> {
        let kib = self.number("county.max_answer_kib", w.max_answer_kib, 16..=16_384)?;
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
            connect_timeout: self.seconds(
                "county.connect_timeout_s",
                w.connect_timeout_s,
                1..=60,
            )?,
            request_timeout: self.seconds(
                "county.request_timeout_s",
                w.request_timeout_s,
                1..=300,
            )?,
            max_answer_bytes: usize::try_from(kib).unwrap_or(usize::MAX / 1024) * 1024,
        })
    }

    fn screen(&self, w: written::Screen) -> Checked<Screen> {
        let key = "screen.size";
        let written = self.need(key, w.size, "write \"1080x1920\" or \"1280x800\"")?;
        let side = |text: &str| {
            text.parse::<u32>()
                .ok()
                .filter(|n| (480..=7_680).contains(n))
        };
        let size = written
            .split_once('x')
            .and_then(|(width, height)| {
                Some(ScreenSize {
                    width: side(width)?,
                    height: side(height)?,
                })
            })
            .ok_or_else(|| {
                self.bad(
                    key,
                    "must be width x height in pixels, each 480 to 7680, such as \"1080x1920\"",
                )
            })?;
        Ok(Screen {
            fonts: self.path("screen.fonts", w.fonts)?,
            size,
        })
    }

    fn visit(&self, w: &written::Visit) -> Checked<Visit> {
        let idle_warning = self.seconds("visit.idle_warning_s", w.idle_warning_s, 10..=1_800)?;
        let idle_wipe = self.seconds("visit.idle_wipe_s", w.idle_wipe_s, 20..=3_600)?;
        if idle_wipe < idle_warning + Duration::from_secs(10) {
            let why =
                "must be at least 10 s more than visit.idle_warning_s: nobody can answer faster";
            return Err(self.bad("visit.idle_wipe_s", why));
        }
        let take = self.seconds("visit.take_s", w.take_s, 5..=300)?;
        Ok(Visit {
            idle_warning,
            idle_wipe,
            take,
        })
    }

    fn backoff(&self, w: &written::Outbox) -> Checked<Backoff> {
        let first = self.seconds("outbox.backoff_first_s", w.backoff_first_s, 1..=600)?;
        let cap = self.seconds("outbox.backoff_cap_s", w.backoff_cap_s, 1..=86_400)?;
        if cap < first {
            return Err(self.bad(
                "outbox.backoff_cap_s",
                "must not be less than outbox.backoff_first_s",
            ));
        }
        Ok(Backoff { first, cap })
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

    fn url(&self, key: &str, written: Option<String>) -> Checked<String> {
        let url = self.need(
            key,
            written,
            "write the county's address, such as \"https://…\"",
        )?;
        let Some(rest) = url.strip_prefix("https://") else {
            return Err(self.bad(
                key,
                "must begin with https://; applications never travel in the clear",
            ));
        };
        let host = rest.split('/').next().unwrap_or_default();
        if host.is_empty() || rest.contains(['?', '#']) || rest.contains(char::is_whitespace) {
            return Err(self.bad(key, "must be https://, a host and at most a path"));
        }
        if host.contains('@') {
            return Err(self.bad(
                key,
                "must not hold a name or password; use county.secret_file",
            ));
        }
        Ok(url.trim_end_matches('/').to_owned())
    }

    fn auto_baud(&self, key: &str, written: Option<toml::Value>) -> Checked<Baud> {
        let value = self.need(key, written, "write \"auto\" or a number")?;
        if value.as_str() == Some("auto") {
            Ok(Baud::Auto)
        } else {
            self.baud(key, value.as_integer())
                .map(Baud::Fixed)
                .map_err(|error| match error.kind {
                    ConfigErrorKind::Missing { .. } => {
                        self.bad(key, "must be \"auto\" or a number")
                    }
                    ConfigErrorKind::Unreadable { .. }
                    | ConfigErrorKind::Syntax { .. }
                    | ConfigErrorKind::Bad { .. } => error,
                })
        }
    }

    fn baud(&self, key: &str, written: Option<i64>) -> Checked<u32> {
        let value = self.need(key, written, "write the speed of the line")?;
        if BAUDS.contains(&value) {
            u32::try_from(value).map_err(|error| self.bad(key, error.to_string()))
        } else {
            Err(self.bad(key, format!("must be one of {BAUDS:?}")))
        }
    }

    fn seconds(
        &self,
        key: &str,
        written: Option<i64>,
        range: RangeInclusive<u64>,
    ) -> Checked<Duration> {
        self.number(key, written, range).map(Duration::from_secs)
    }

    fn number(&self, key: &str, written: Option<i64>, range: RangeInclusive<u64>) -> Checked<u64> {
        let value = self.need(key, written, "write a number")?;
        match u64::try_from(value) {
            Ok(value) if range.contains(&value) => Ok(value),
            Ok(_) | Err(_) => {
                let (from, to) = (range.start(), range.end());
                Err(self.bad(key, format!("must be {from} to {to}, not {value}")))
            }
        }
    }

    /// A path; a relative one starts at the folder of the main file.
    fn path(&self, key: &str, written: Option<String>) -> Checked<PathBuf> {
        let path = self.need(key, written, "write a path")?;
        if path.trim().is_empty() {
            return Err(self.bad(key, "must not be empty"));
        }
        Ok(self.folder.join(path))
    }

    fn need<T>(&self, key: &str, value: Option<T>, todo: &'static str) -> Checked<T> {
        value.ok_or_else(|| ConfigError {
            source_of: Some(Source::File(self.file.to_owned())),
            key: key.to_owned(),
            kind: ConfigErrorKind::Missing { todo },
        })
    }

    /// An error that names the file the bad value comes from.
    fn bad(&self, key: &str, why: impl Into<String>) -> ConfigError {
        let main = || Source::File(self.file.to_owned());
        let source = self.sources.get(key).cloned().unwrap_or_else(main);
        ConfigError::bad(Some(source), key, why)
    }
}

/// A name without anything that could be mistaken for a path or an address.
fn is_plain(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
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
