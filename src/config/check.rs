//! Checks of single values, each with the message that says what to write.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::{ConfigError, ConfigErrorKind};
use super::layers::Source;
use super::values::Baud;

/// Ports that the machine's own wall lets through (`image/overlay/etc/nftables.conf`). Another one would look like a dead
/// line on every machine, so it is refused where somebody can read why.
const PORTS: [u16; 2] = [443, 8443];

/// Line speeds that readers, printers and scanners have.
const BAUDS: [i64; 5] = [9_600, 19_200, 38_400, 57_600, 115_200];

pub(super) type Checked<T> = Result<T, ConfigError>;

/// What every check needs: the folder for relative paths and the origins for messages.
pub(super) struct Validator<'a> {
    pub file: &'a Path,
    pub folder: &'a Path,
    pub sources: &'a BTreeMap<String, Source>,
}

impl Validator<'_> {
    pub(super) fn url(&self, key: &str, written: Option<String>) -> Checked<String> {
        let url = self.need(key, written, "write the county's address, such as \"https://…\"")?;
        let Some(rest) = url.strip_prefix("https://") else {
            return Err(self.bad(key, "must begin with https://; applications never travel in the clear"));
        };
        // The value itself is not repeated: what stands in it by mistake may be a password.
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, behind) = rest.split_at(end);
        if authority.contains('@') {
            return Err(self.bad(key, "must not hold a name or password; take it out and use county.secret_file"));
        }
        if !is_authority(authority) {
            return Err(self.bad(key, "must be https://host or https://host:port; write the county's host"));
        }
        if !matches!(behind, "" | "/") {
            let why = "must end with the host or its port; take out the path or query behind it, for the contract with \
                       the county has the paths";
            return Err(self.bad(key, why));
        }
        if !is_open(authority) {
            let why = "must be on port 443 or 8443, for the machine lets nothing else out; ask for the platform on one of \
                       them (only an address of this machine itself, such as 127.0.0.1, may have any port)";
            return Err(self.bad(key, why));
        }
        Ok(format!("https://{authority}"))
    }

    pub(super) fn auto_baud(&self, key: &str, written: Option<toml::Value>) -> Checked<Baud> {
        let value = self.need(key, written, "write \"auto\" or a number")?;
        if value.as_str() == Some("auto") {
            Ok(Baud::Auto)
        } else {
            self.baud(key, value.as_integer()).map(Baud::Fixed).map_err(|error| match error.kind {
                ConfigErrorKind::Missing { .. } => self.bad(key, "must be \"auto\" or a number"),
                ConfigErrorKind::Unreadable { .. } | ConfigErrorKind::Syntax { .. } | ConfigErrorKind::Bad { .. } => {
                    error
                }
            })
        }
    }

    pub(super) fn baud(&self, key: &str, written: Option<i64>) -> Checked<u32> {
        let value = self.need(key, written, "write the speed of the line")?;
        if BAUDS.contains(&value) {
            u32::try_from(value).map_err(|error| self.bad(key, error.to_string()))
        } else {
            Err(self.bad(key, format!("must be one of {BAUDS:?}")))
        }
    }

    pub(super) fn seconds(&self, key: &str, written: Option<i64>, range: RangeInclusive<u64>) -> Checked<Duration> {
        self.number(key, written, range).map(Duration::from_secs)
    }

    pub(super) fn number(&self, key: &str, written: Option<i64>, range: RangeInclusive<u64>) -> Checked<u64> {
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
    pub(super) fn path(&self, key: &str, written: Option<String>) -> Checked<PathBuf> {
        let path = self.need(key, written, "write a path")?;
        if path.trim().is_empty() {
            return Err(self.bad(key, "must not be empty"));
        }
        Ok(self.folder.join(path))
    }

    pub(super) fn need<T>(&self, key: &str, value: Option<T>, todo: &'static str) -> Checked<T> {
        value.ok_or_else(|| ConfigError {
            source_of: Some(Source::File(self.file.to_owned())),
            key: key.to_owned(),
            kind: ConfigErrorKind::Missing { todo },
        })
    }

    /// An error that names the file the bad value comes from.
    pub(super) fn bad(&self, key: &str, why: impl Into<String>) -> ConfigError {
        let main = || Source::File(self.file.to_owned());
        let source = self.sources.get(key).cloned().unwrap_or_else(main);
        ConfigError::bad(Some(source), key, why)
    }
}

/// Whether the machine lets calls out to this `host` or `host:port`. Loopback does not leave it.
fn is_open(authority: &str) -> bool {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().unwrap_or(0)),
        Some(_) | None => (authority, PORTS[0]),
    };
    let is_here = host == "localhost"
        || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    is_here || PORTS.contains(&port)
}

/// A host, or a host and a port from 1. IPv6 addresses stand in brackets. Whether the host exists is not asked.
fn is_authority(text: &str) -> bool {
    let (is_host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => (address.parse::<Ipv6Addr>().is_ok(), port),
        None => {
            let (host, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
            (!host.is_empty() && host.chars().all(fits), port)
        }
    };
    let is_port = |port: &str| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|n| n > 0);
    is_host && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

/// A name without anything that could be mistaken for a path or an address.
pub(super) fn is_plain(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
}

/// Two times of day such as `02:00-05:00`.
pub(super) fn is_window(text: &str) -> bool {
    let is_time = |text: &str| {
        text.split_once(':').is_some_and(|(hours, minutes)| {
            let number = |text: &str| (text.len() == 2).then(|| text.parse::<u8>().ok()).flatten();
            number(hours).is_some_and(|hours| hours < 24) && number(minutes).is_some_and(|minutes| minutes < 60)
        })
    };
    text.split_once('-').is_some_and(|(from, to)| is_time(from) && is_time(to))
}
