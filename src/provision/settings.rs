//! From what the set-up knows to files that the configuration and the system read. For people, too: each says who wrote it.

use std::fmt::Write as _;

use kiosk_hal::model::Role;

use super::disk::{self, DiskError, Folders};
use crate::domain::place::{CentreLevel, CountyKind, Place};
use crate::domain::settings::WindowSettings;
use crate::domain::setup::{Grant, NetworkChoice, Progress, ROLES};

/// First line of every file.
pub(super) const HEAD: &str = "# Written by the set-up of this machine. `kioskctl provision reset` removes it; `provision show` tells what is set.\n";

/// Why the settings were not written.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A file.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A step is missing; the set-up never asks for this before all are finished.
    #[error("the set-up is not finished")]
    Unfinished,
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// `[kiosk]`, `[place]` and `[place.window]`.
pub fn place_text(kiosk: &str, place: &Place, window: &WindowSettings) -> String {
    let parts = place.parts();
    let mut text = format!("[kiosk]\ncode = {}\n\n[place]\n", quoted(kiosk));
    let mut put = |key: &str, value: &str| {
        if !value.is_empty() {
            // Writing to a String cannot fail.
            writeln!(text, "{key} = {}", quoted(value)).ok();
        }
    };
    put("city", &parts.city.zh);
    put("city_en", &parts.city.en);
    put("county", &parts.county.zh);
    put("county_en", &parts.county.en);
    put("county_code", &parts.county_code);
    put("kind", kind_word(parts.kind));
    put("town", &parts.town.zh);
    put("town_en", &parts.town.en);
    put("town_code", &parts.town_code);
    put("level", level_word(parts.level));
    if let Some(village) = &parts.village {
        put("village", &village.name.zh);
        put("village_en", &village.name.en);
        put("village_code", &village.code);
    }
    text.push_str("\n[place.window]\n");
    let mut put = |key: &str, value: &str| {
        if !value.is_empty() {
            writeln!(text, "{key} = {}", quoted(value)).ok();
        }
    };
    put("name", &window.name.zh);
    put("name_en", &window.name.en);
    put("address", &window.address.zh);
    put("address_en", &window.address.en);
    put("hours", &window.hours.zh);
    put("hours_en", &window.hours.en);
    put("phone", &window.phone);
    text
}

const fn kind_word(kind: CountyKind) -> &'static str {
    match kind {
        CountyKind::County => "county",
        CountyKind::District => "district",
        CountyKind::City => "city",
        CountyKind::Zone => "zone",
    }
}

const fn level_word(level: CentreLevel) -> &'static str {
    match level {
        CentreLevel::Town => "town",
        CentreLevel::Township => "township",
        CentreLevel::Street => "street",
        CentreLevel::Village => "village",
        CentreLevel::Community => "community",
    }
}

fn county_text(grant: &Grant, folders: &Folders) -> String {
    let path = |name: &str| quoted(&folders.county(name).display().to_string());
    format!(
        "[county]\nurl = {}\napp_id = {}\nsecret_file = {}\nca_file = {}\n\n\
         [seal]\nsuite = {}\ncounty_key_file = {}\n\n[receipt]\nkey_file = {}\n",
        quoted(&grant.url),
        quoted(&grant.app_id),
        path("secret"),
        path("ca.pem"),
        quoted(&grant.seal_suite),
        path("seal.pub"),
        quoted(&folders.slip_key().display().to_string()),
    )
}

/// `[network]` as a comment for people: the system reads its own file.
fn network_text(choice: NetworkChoice) -> String {
    let how = match choice {
        NetworkChoice::Dhcp => "# The address comes from the network (DHCP).".to_owned(),
        NetworkChoice::Fixed(fixed) => format!(
            "# Fixed address {}/{}, router {}, name server {}.",
            fixed.address(),
            fixed.prefix(),
            fixed.gateway(),
            fixed.dns()
        ),
    };
    format!("{how}\n# The system reads network/50-kiosk.network in the folder above.\n")
}

/// The file for systemd-networkd.
pub fn networkd_text(choice: NetworkChoice) -> String {
    let body = match choice {
        NetworkChoice::Dhcp => "DHCP=yes\n".to_owned(),
        NetworkChoice::Fixed(fixed) => format!(
            "Address={}/{}\nGateway={}\nDNS={}\n",
            fixed.address(),
            fixed.prefix(),
            fixed.gateway(),
            fixed.dns()
        ),
    };
    format!("{HEAD}[Match]\nType=ether\n\n[Network]\n{body}")
}

/// Makes the progress durable: first the network file that follows from it, then the progress itself.
///
/// # Errors
/// Names the file; nothing counts as finished then.
pub fn keep(folders: &Folders, progress: &Progress) -> Result<(), SettingsError> {
    if let Some(choice) = progress.network {
        let text = networkd_text(choice);
        if disk::read(&folders.network())?.as_deref() != Some(text.as_str()) {
            disk::write(&folders.network(), text.as_bytes(), disk::OPEN)?;
        }
    }
    let json = serde_json::to_vec_pretty(progress).map_err(|_| SettingsError::Unfinished)?;
    disk::write(&folders.progress(), &json, disk::OPEN)?;
    Ok(())
}

/// The progress on the disk. One that cannot be read counts as none: the set-up begins again.
pub fn resume(folders: &Folders) -> Option<Progress> {
    let text = disk::read(&folders.progress()).ok().flatten()?;
    serde_json::from_str::<Progress>(&text).ok().and_then(Progress::checked)
}

/// Writes the settings, the one with the number of the kiosk last: until it is there the configuration is not whole, and the
/// set-up does this again. Then the progress is forgotten.
///
/// # Errors
/// Names the file.
pub fn finish(folders: &Folders, progress: &Progress) -> Result<(), SettingsError> {
    let (Some(grant), Some(place), Some(window), Some(network), Some(devices)) =
        (&progress.enrolled, progress.place(), progress.window(), progress.network, progress.devices)
    else {
        return Err(SettingsError::Unfinished);
    };
    let mut fitted = String::new();
    for role in ROLES {
        let role_name = match role {
            Role::IdReader => "id-reader",
            Role::Printer => "printer",
            Role::Scanner => "scanner",
        };
        writeln!(fitted, "[devices.{role_name}]\npresent = {}\n", devices.has(role)).ok();
    }
    for (name, text) in [
        ("80-network.toml", network_text(network)),
        ("70-devices.toml", fitted),
        ("60-county.toml", county_text(grant, folders)),
        ("50-place.toml", place_text(grant.kiosk.as_str(), &place, &window)),
    ] {
        disk::write(&folders.config(name), format!("{HEAD}\n{text}").as_bytes(), disk::OPEN)?;
    }
    disk::remove(&folders.progress())?;
    disk::remove(&folders.answer())?;
    Ok(())
}

/// Names of the files that the set-up writes, for showing and for removing.
pub const WRITTEN: [&str; 5] =
    ["50-place.toml", "60-county.toml", super::rollout::FILE, "70-devices.toml", "80-network.toml"];
