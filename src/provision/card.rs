//! The prepared card: one signed `provision.toml` with everything about one machine.
//!
//! A person can read it. Its last line is a comment with the signature over all that stands before it, so that any change of
//! any character makes it worthless. `[kiosk]` and `[place]` are those of the configuration and are checked by its rules.

use std::fmt::Write as _;

use serde::Deserialize;

use super::keys::{Document, SigningKey, Trusted};
use super::rollout::Rollout;
use super::settings::place_text;
use crate::config::PlaceSettings;
use crate::domain::place::Place;
use crate::domain::settings::WindowSettings;
use crate::domain::setup::{FittedDevices, NetworkChoice, Provision};
use crate::ipc::{EnrolRefusal, Language};

/// Beginning of the last line.
const SIGNATURE: &str = "# signature ";
/// Longest file, in bytes; a real one has two thousand.
const LONGEST: usize = 64 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Own {
    language: Language,
    code: String,
    network: NetworkChoice,
    devices: Devices,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Devices {
    id_reader: bool,
    printer: bool,
    scanner: bool,
}

/// The signed text of a card. `place` is the one of `provision`, checked; `rollout` is where its updates come from.
pub fn card_text(provision: &Provision, place: &Place, rollout: Option<&Rollout>, key: &SigningKey) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let language = match provision.language {
        Language::Zh => "zh",
        Language::En => "en",
    };
    let network = match provision.network {
        NetworkChoice::Dhcp => "mode = \"dhcp\"\n".to_owned(),
        NetworkChoice::Fixed(fixed) => format!(
            "mode = \"fixed\"\naddress = \"{}\"\nprefix = {}\ngateway = \"{}\"\ndns = \"{}\"\n",
            fixed.address(),
            fixed.prefix(),
            fixed.gateway(),
            fixed.dns()
        ),
    };
    let rollout = rollout.map(Rollout::card_text).unwrap_or_default();
    let FittedDevices { reader, printer, scanner } = provision.devices;
    let mut text = format!(
        "# Prepared for {} {}.\n# Put this file on the boot partition of its card; any change makes it worthless.\n\
         language = \"{language}\"\ncode = {}\n\n{}\n[network]\n{network}\n\
         [devices]\nid-reader = {reader}\nprinter = {printer}\nscanner = {scanner}\n{rollout}",
        provision.kiosk,
        place.centre_name().zh,
        quoted(&provision.code),
        place_text(provision.kiosk.as_str(), place, &provision.window),
    );
    let signature = key.sign(Document::Card, text.as_bytes());
    // Writing to a String cannot fail.
    writeln!(text, "{SIGNATURE}{signature}").ok();
    text
}

/// Reads a card and checks its signature and everything in it.
///
/// # Errors
/// `Foreign` without a valid signature; `BadFile` with one and contents that cannot be.
pub fn read_card(text: &str, trusted: &Trusted) -> Result<Provision, EnrolRefusal> {
    parts_of_card(text, trusted).map(|(provision, _)| provision)
}

/// The rollout server of a good card that names one.
pub fn rollout_of_card(text: &str, trusted: &Trusted) -> Option<Rollout> {
    parts_of_card(text, trusted).ok().and_then(|(_, rollout)| rollout)
}

fn parts_of_card(text: &str, trusted: &Trusted) -> Result<(Provision, Option<Rollout>), EnrolRefusal> {
    if text.len() > LONGEST {
        return Err(EnrolRefusal::TooLong);
    }
    let (signed, signature) = text.rsplit_once(SIGNATURE).ok_or(EnrolRefusal::Foreign)?;
    // Nothing stands behind the signature: it would not be signed.
    let is_whole = signed.ends_with('\n') && signature.trim_end().bytes().all(|b| b.is_ascii_graphic());
    if !is_whole || !trusted.has_signed(Document::Card, signed.as_bytes(), signature.trim_end()) {
        return Err(EnrolRefusal::Foreign);
    }
    let bad = |_| EnrolRefusal::BadFile;
    let mut table: toml::Table = signed.parse().map_err(bad)?;
    let mut own = toml::Table::new();
    for key in ["language", "code", "network", "devices"] {
        let value = table.remove(key).ok_or(EnrolRefusal::BadFile)?;
        own.insert(key.to_owned(), value);
    }
    let own: Own = own.try_into().map_err(bad)?;
    let rollout: Option<Rollout> = match table.remove("rollout") {
        Some(rollout) => Some(rollout.try_into().map_err(bad)?),
        None => None,
    };
    if rollout.as_ref().is_some_and(|rollout| !rollout.is_good()) {
        return Err(EnrolRefusal::BadFile);
    }
    let rest = toml::to_string(&table).map_err(|_| EnrolRefusal::BadFile)?;
    let settings = PlaceSettings::check("provision.toml", &rest).map_err(|_| EnrolRefusal::BadFile)?;
    let provision = Provision {
        kiosk: settings.kiosk,
        language: own.language,
        place: settings.place.parts().clone(),
        window: window_settings(settings.window),
        network: own.network,
        devices: FittedDevices {
            reader: own.devices.id_reader,
            printer: own.devices.printer,
            scanner: own.devices.scanner,
        },
        code: own.code,
    };
    Ok((provision, rollout))
}

/// The window as the core has it.
pub fn window_settings(window: crate::config::Window) -> WindowSettings {
    WindowSettings { name: window.name, address: window.address, hours: window.hours, phone: window.phone }
}
