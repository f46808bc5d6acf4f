//! `kioskctl config check`: what the machine would run with, and where each value comes from.

use std::path::Path;

use serde::Serialize;

use super::{CtlError, Report};
use crate::assemble::{AssembleError, catalogue, county, county_key, printer_plan, slip_key};
use crate::config::Config;
use crate::ipc::Language;

/// How much is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The configuration by itself: also on a desk far from the machine.
    Values,
    /// Also the files it names: catalogue, fonts, profile, secret, certificates and key for slips.
    Files,
}

/// A configuration that can be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigReport {
    /// The main file.
    pub file: String,
    /// Number of the kiosk.
    pub kiosk: String,
    /// Name of the centre, built from its place.
    pub centre: String,
    /// Whether the files it names were looked at.
    pub files_checked: bool,
    /// Every key that has a value, with where it comes from.
    pub keys: Vec<KeySource>,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeySource {
    /// Path of the key, such as `visit.idle_wipe_s`.
    pub key: String,
    /// A file, or `built-in values`.
    pub source: String,
}

/// Checks a configuration.
///
/// # Errors
/// Names file and key, and says what to do.
pub fn check(file: &Path, depth: Depth) -> Result<ConfigReport, CtlError> {
    let config = Config::load(file)?;
    if depth == Depth::Files {
        catalogue(&config)?;
        printer_plan(&config.devices, &config.screen.fonts)?;
        slip_key(&config)?;
        county(&config).map_err(AssembleError::from)?;
        county_key(&config).map_err(AssembleError::from)?;
    }
    let keys =
        config.sources().map(|(key, source)| KeySource { key: key.to_owned(), source: source.to_string() }).collect();
    Ok(ConfigReport {
        file: file.display().to_string(),
        kiosk: config.kiosk.as_str().to_owned(),
        centre: config.place.centre_name().get(Language::Zh).to_owned(),
        files_checked: depth == Depth::Files,
        keys,
    })
}

impl Report for ConfigReport {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{}: good; kiosk {} of {}", self.file, self.kiosk, self.centre)];
        lines.extend(self.keys.iter().map(|key| format!("{:<32} {}", key.key, key.source)));
        lines
    }
}
