//! A table of machines (CSV) and a prepared card for each.
//!
//! The first line names the columns. Every row is checked by the rules of the configuration before anything is written; the
//! first mistake names line, column and what to do. Columns whose value is the same in every row may not be left out:
//! a table says everything about each machine. Left out: other separators and other encodings than UTF-8.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::config::{ConfigError, ConfigErrorKind, PlaceSettings};
use crate::domain::place::{KioskCode, Place};
use crate::domain::settings::WindowSettings;
use crate::domain::setup::{FittedDevices, FixedAddress, NetworkChoice, NetworkError};
use crate::ipc::SetupNumber;
use crate::provision::card::window_settings;

/// Columns, and where the configuration has the same. The ones that may be left out, or be empty, are marked.
const COLUMNS: [(&str, &str, Must); 29] = [
    ("kiosk", "kiosk.code", Must::Be),
    ("city", "place.city", Must::Be),
    ("city_en", "place.city_en", Must::MayMiss),
    ("county", "place.county", Must::Be),
    ("county_en", "place.county_en", Must::MayMiss),
    ("county_code", "place.county_code", Must::Be),
    ("kind", "place.kind", Must::Be),
    ("town", "place.town", Must::Be),
    ("town_en", "place.town_en", Must::MayMiss),
    ("town_code", "place.town_code", Must::Be),
    ("level", "place.level", Must::Be),
    ("village", "place.village", Must::MayMiss),
    ("village_en", "place.village_en", Must::MayMiss),
    ("village_code", "place.village_code", Must::MayMiss),
    ("window", "place.window.name", Must::Be),
    ("window_en", "place.window.name_en", Must::MayMiss),
    ("address", "place.window.address", Must::Be),
    ("address_en", "place.window.address_en", Must::MayMiss),
    ("hours", "place.window.hours", Must::Be),
    ("hours_en", "place.window.hours_en", Must::MayMiss),
    ("phone", "place.window.phone", Must::Be),
    ("network", "", Must::Be),
    ("ip", "", Must::MayMiss),
    ("prefix", "", Must::MayMiss),
    ("gateway", "", Must::MayMiss),
    ("dns", "", Must::MayMiss),
    ("id_reader", "", Must::Be),
    ("printer", "", Must::Be),
    ("scanner", "", Must::Be),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Must {
    Be,
    MayMiss,
}

/// A mistake in the table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}{}: {why}", place(*.column, .name))]
pub struct ListError {
    /// From 1; the first line names the columns.
    pub line: usize,
    /// From 1; 0 where the whole line is meant.
    pub column: usize,
    /// Name of the column.
    pub name: String,
    /// What is wrong, and what to write.
    pub why: String,
}

fn place(column: usize, name: &str) -> String {
    if column == 0 { String::new() } else { format!(", column {column} ({name})") }
}

/// One machine of the table; everything in it is good.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Number of the kiosk.
    pub kiosk: KioskCode,
    /// Where it stands.
    pub place: Place,
    /// The window of its centre.
    pub window: WindowSettings,
    /// Its network.
    pub network: NetworkChoice,
    /// Its devices.
    pub devices: FittedDevices,
}

/// Reads a table.
///
/// # Errors
/// The first mistake.
pub fn read_list(text: &str) -> Result<Vec<Row>, ListError> {
    let mut records = records(text.trim_start_matches('\u{feff}'))?.into_iter();
    let whole = |line, why: &str| ListError { line, column: 0, name: String::new(), why: why.to_owned() };
    let (_, head) = records.next().ok_or_else(|| whole(1, "the table is empty; its first line names the columns"))?;
    for (index, name) in head.iter().enumerate() {
        let error = |why: String| ListError { line: 1, column: index + 1, name: name.clone(), why };
        if !COLUMNS.iter().any(|(known, ..)| known == name) {
            let known = COLUMNS.map(|(known, ..)| known).join(", ");
            return Err(error(format!("there is no such column; there are {known}")));
        }
        if head.iter().take(index).any(|before| before == name) {
            return Err(error("this column stands twice".to_owned()));
        }
    }
    for (name, _, must) in COLUMNS {
        if must == Must::Be && !head.iter().any(|column| column == name) {
            return Err(whole(1, &format!("the column {name} is missing")));
        }
    }
    let mut rows: Vec<Row> = Vec::new();
    let mut addresses: BTreeMap<Ipv4Addr, usize> = BTreeMap::new();
    for (line, fields) in records {
        let record = Record { line, head: &head, fields: &fields };
        if fields.len() != head.len() {
            return Err(whole(line, &format!("{} fields instead of {}", fields.len(), head.len())));
        }
        let row = record.row()?;
        if rows.iter().any(|other| other.kiosk == row.kiosk) {
            return Err(record.error("kiosk", "this number stands in the table twice"));
        }
        if let NetworkChoice::Fixed(fixed) = row.network
            && let Some(other) = addresses.insert(fixed.address(), line)
        {
            return Err(record.error("ip", &format!("this address is the one of line {other}")));
        }
        rows.push(row);
    }
    if rows.is_empty() {
        return Err(whole(2, "no machine stands in the table"));
    }
    Ok(rows)
}

struct Record<'a> {
    line: usize,
    head: &'a [String],
    fields: &'a [String],
}

impl Record<'_> {
    fn get(&self, name: &str) -> &str {
        let at = self.head.iter().position(|column| column == name);
        at.and_then(|at| self.fields.get(at)).map_or("", |field| field.trim())
    }

    fn error(&self, name: &str, why: &str) -> ListError {
        let column = self.head.iter().position(|column| column == name).map_or(0, |at| at + 1);
        ListError { line: self.line, column, name: name.to_owned(), why: why.to_owned() }
    }

    fn row(&self) -> Result<Row, ListError> {
        let mut sections: BTreeMap<&str, toml::Table> = BTreeMap::new();
        for (name, key, must) in COLUMNS {
            let value = self.get(name);
            if value.is_empty() && must == Must::Be {
                return Err(self.error(name, "is empty; write a value"));
            }
            if let Some((section, key)) = key.rsplit_once('.')
                && !value.is_empty()
            {
                let value = toml::Value::String(value.to_owned());
                sections.entry(section).or_default().insert(key.to_owned(), value);
            }
        }
        let text: String = sections.iter().map(|(section, table)| format!("[{section}]\n{table}\n")).collect();
        let settings = PlaceSettings::check("the table", &text).map_err(|error| self.of_config(&error))?;
        Ok(Row {
            kiosk: settings.kiosk,
            place: settings.place,
            window: window_settings(settings.window),
            network: self.network()?,
            devices: FittedDevices {
                reader: self.yes("id_reader")?,
                printer: self.yes("printer")?,
                scanner: self.yes("scanner")?,
            },
        })
    }

    /// The configuration's complaint, said of the column.
    fn of_config(&self, error: &ConfigError) -> ListError {
        let name = COLUMNS.iter().find(|(_, key, _)| *key == error.key).map_or("", |(name, ..)| name);
        let why = match &error.kind {
            ConfigErrorKind::Syntax { detail, .. } => detail.clone(),
            kind @ (ConfigErrorKind::Unreadable { .. }
            | ConfigErrorKind::Missing { .. }
            | ConfigErrorKind::Bad { .. }) => kind.to_string(),
        };
        self.error(name, &why)
    }

    fn network(&self) -> Result<NetworkChoice, ListError> {
        let numbers = ["ip", "prefix", "gateway", "dns"];
        match self.get("network") {
            "dhcp" => match numbers.into_iter().find(|name| !self.get(name).is_empty()) {
                None => Ok(NetworkChoice::Dhcp),
                Some(name) => Err(self.error(name, "must be empty with dhcp")),
            },
            "fixed" => {
                let ip = |name: &str| {
                    let why = "must be an address such as 192.168.1.20";
                    self.get(name).parse::<Ipv4Addr>().map_err(|_| self.error(name, why))
                };
                let prefix = self.get("prefix").parse().map_err(|_| self.error("prefix", "must be 8 to 30"))?;
                FixedAddress::new(ip("ip")?, prefix, ip("gateway")?, ip("dns")?).map(NetworkChoice::Fixed).map_err(
                    |error: NetworkError| {
                        let name = match error.number() {
                            SetupNumber::Address => "ip",
                            SetupNumber::Prefix => "prefix",
                            SetupNumber::Gateway => "gateway",
                            SetupNumber::Dns => "dns",
                        };
                        self.error(name, &error.to_string())
                    },
                )
            }
            _ => Err(self.error("network", "must be dhcp or fixed")),
        }
    }

    fn yes(&self, name: &str) -> Result<bool, ListError> {
        match self.get(name) {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(self.error(name, "must be yes, or no for a device that is absent on purpose")),
        }
    }
}

/// Records of a CSV text (RFC 4180), each with the line it begins on. Empty lines are skipped.
fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, ListError> {
    let mut records = Vec::new();
    let (mut line, mut begin) = (1, 1);
    let mut fields: Vec<String> = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut was_quoted = false;
    let mut chars = text.chars().peekable();
    let error = |line, column, why: &str| ListError { line, column, name: String::new(), why: why.to_owned() };
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if field.is_empty() && !was_quoted => (quoted, was_quoted) = (true, true),
            '"' => {
                return Err(error(
                    line,
                    fields.len() + 1,
                    "a quotation mark inside a field; double it and quote the field",
                ));
            }
            ',' if !quoted => {
                fields.push(std::mem::take(&mut field));
                was_quoted = false;
            }
            '\n' if !quoted => {
                fields.push(std::mem::take(&mut field));
                let record = std::mem::take(&mut fields);
                if record.len() > 1 || record.iter().any(|field| !field.trim().is_empty()) {
                    records.push((begin, record));
                }
                line += 1;
                (begin, was_quoted) = (line, false);
            }
            '\r' if !quoted => {}
            _ => {
                line += usize::from(c == '\n');
                field.push(c);
            }
        }
    }
    if quoted {
        return Err(error(begin, fields.len() + 1, "a quotation mark is not closed"));
    }
    if !field.is_empty() || !fields.is_empty() {
        fields.push(field);
        records.push((begin, fields));
    }
    Ok(records)
}
