//! What the configuration refuses, and that the shipped files are what they say.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use toml::{Table, Value};

use super::*;

/// The least that must be written.
const LEAST: &str = r#"
[kiosk]
code = "K032"
[place]
city = "示例市"
county = "示例县"
county_code = "320699"
kind = "county"
town = "示例镇"
town_code = "320699101"
level = "town"
[place.window]
address = "示例镇人民路1号"
hours = "周一至周五 9:00–17:00"
phone = "0513-00000000"
[county]
url = "https://county.example:8443/"
app_id = "K032"
secret_file = "secret"
ca_file = "/etc/kiosk/ca.pem"
[seal]
county_key_file = "county-seal.pem"
"#;

#[test]
fn the_least_file_gives_a_whole_configuration() {
    let desk = Desk::new(LEAST);
    let config = desk.load().unwrap();
    assert_eq!(config.place.centre_name().zh, "示例县示例镇为民服务中心");
    assert_eq!(config.county.url, "https://county.example:8443", "one address, however it is written");
    assert_eq!(config.county.secret_file, desk.path("secret"), "relative to the file");
    assert_eq!(config.county.ca_file, Path::new("/etc/kiosk/ca.pem"));
    assert_eq!(config.visit.idle_wipe, Duration::from_secs(120));
    assert_eq!(config.devices.id_reader.unwrap().baud, Baud::Auto);
    assert_eq!(config.window.name.zh, "全科窗口");
}

#[test]
fn every_missing_level_is_refused_by_name() {
    for (line, key) in [
        ("city = \"示例市\"\n", "place.city"),
        ("county = \"示例县\"\n", "place.county"),
        ("town = \"示例镇\"\n", "place.town"),
        ("level = \"town\"\n", "place.level"),
        ("kind = \"county\"\n", "place.kind"),
        ("town_code = \"320699101\"\n", "place.town_code"),
        ("county_key_file = \"county-seal.pem\"\n", "seal.county_key_file"),
    ] {
        let desk = Desk::new(&LEAST.replace(line, ""));
        let error = desk.load().unwrap_err();
        assert_eq!((error.code(), error.key.as_str()), ("config.missing", key));
        assert!(error.to_string().contains("kiosk.toml"), "{error}");
    }
    let desk = Desk::new(&LEAST.replace("\"town\"", "\"village\""));
    let error = desk.load().unwrap_err();
    assert_eq!((error.code(), error.key.as_str()), ("config.missing", "place.village"));
}

#[test]
fn a_wrong_pair_of_name_and_level_is_refused() {
    let desk = Desk::new(&LEAST.replace("level = \"town\"", "level = \"street\""));
    let error = desk.load().unwrap_err();
    assert_eq!(error.key, "place.town");
    assert!(error.to_string().contains("街道"), "{error}");
}

#[test]
fn an_unknown_key_stops_the_start_with_file_line_and_key() {
    let desk = Desk::new(&format!("{LEAST}\n[devices.printer]\n# speed\nprot = \"/dev/x\"\n"));
    let error = desk.load().unwrap_err();
    assert_eq!((error.code(), error.key.as_str()), ("config.syntax", "devices.printer.prot"));
    let text = error.to_string();
    for part in ["kiosk.toml", "line 26", "unknown field `prot`", "`port`"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn an_unknown_section_a_wrong_type_and_broken_toml_are_refused() {
    for (more, key) in [
        ("[printer]\nport = \"x\"", "printer"),
        ("[visit]\ntake_s = \"long\"", "visit.take_s"),
        ("[log]\nlevel = \"loud\"", "log.level"),
        ("[visit]\ntake_s = ", "visit.take_s"),
    ] {
        let error = Desk::new(&format!("{LEAST}\n{more}\n")).load().unwrap_err();
        assert_eq!((error.code(), error.key.as_str()), ("config.syntax", key), "{error}");
    }
}

#[test]
fn values_out_of_range_are_refused_with_the_range() {
    for (more, key) in [
        ("[visit]\ntake_s = 0", "visit.take_s"),
        ("[visit]\nidle_warning_s = 115", "visit.idle_wipe_s"),
        ("[outbox]\nbackoff_first_s = -1", "outbox.backoff_first_s"),
        ("[outbox]\nbackoff_cap_s = 2", "outbox.backoff_cap_s"),
        ("[outbox]\nmax_days_offline = 0", "outbox.max_days_offline"),
        ("[outbox]\nmax_waiting = 0", "outbox.max_waiting"),
        ("[outbox]\nmin_free_mb = 9", "outbox.min_free_mb"),
        ("[outbox]\nrecount_hour = 24", "outbox.recount_hour"),
        ("[outbox]\nrecount_spread_min = 721", "outbox.recount_spread_min"),
        ("[screen]\nsize = \"1080\"", "screen.size"),
        ("[screen]\nsize = \"1080x19200\"", "screen.size"),
        ("[devices.id-reader]\nbaud = \"fast\"", "devices.id-reader.baud"),
        ("[devices.id-reader]\nbaud = 115201", "devices.id-reader.baud"),
        ("[devices.printer]\nbaud = 1", "devices.printer.baud"),
        ("[devices.printer]\nprofile = \"../etc\"", "devices.printer.profile"),
        ("[store]\nfolder = \"\"", "store.folder"),
    ] {
        let error = Desk::new(&format!("{LEAST}\n{more}\n")).load().unwrap_err();
        assert_eq!((error.code(), error.key.as_str()), ("config.bad-value", key), "{error}");
    }
}

#[test]
fn only_a_bare_https_address_is_taken_and_the_refusal_says_what_to_do() {
    for (url, todo) in [
        ("http://county.example/", "must begin with https://"),
        ("https://", "write the county's host"),
        ("https:///api", "write the county's host"),
        ("https://county.example:http", "write the county's host"),
        ("https://county.example:99999", "write the county's host"),
        ("https://county.example:0", "write the county's host"),
        ("https://county example", "write the county's host"),
        ("https://county.example:9443", "must be on port 443 or 8443"),
        ("https://10.1.2.3:80", "must be on port 443 or 8443"),
        ("https://[fd00::1]:444/", "must be on port 443 or 8443"),
        ("https://[::1", "write the county's host"),
        ("https://user:word@county.example/", "use county.secret_file"),
        ("https://county.example/api", "take out the path"),
        ("https://county.example//", "take out the path"),
        ("https://county.example?key=1", "take out the path or query"),
        ("https://county.example/?key=1", "take out the path or query"),
        ("https://county.example/#top", "take out the path or query"),
        ("https://county.example/a b", "take out the path"),
    ] {
        let error = Desk::new(&LEAST.replace("https://county.example:8443/", url)).load().unwrap_err();
        assert_eq!((error.code(), error.key.as_str()), ("config.bad-value", "county.url"), "{url}");
        let text = error.to_string();
        assert!(text.contains("kiosk.toml") && text.contains("county.url") && text.contains(todo), "{url}: {text}");
        assert!(!text.contains("word@") && !text.contains("key=1"), "nothing secret is repeated: {text}");
    }
    for (url, taken) in [
        ("https://county.example", "https://county.example"),
        ("https://[::1]:8443/", "https://[::1]:8443"),
        ("https://[fd00::1]", "https://[fd00::1]"),
        ("https://county.example:443", "https://county.example:443"),
        ("https://localhost:9", "https://localhost:9"),
        ("https://127.0.0.1:9", "https://127.0.0.1:9"),
    ] {
        let config = Desk::new(&LEAST.replace("https://county.example:8443/", url)).load().unwrap();
        assert_eq!(config.county.url, taken);
    }
}

#[test]
fn a_secret_in_the_file_is_refused() {
    let text = LEAST.replace("secret_file = \"secret\"", "secret = \"abc\"");
    let error = Desk::new(&text).load().unwrap_err();
    assert_eq!(error.key, "county.secret");
}

#[test]
fn drop_ins_win_by_name_and_every_value_knows_its_origin() {
    let desk = Desk::new(LEAST);
    desk.write("kiosk.toml.d/20-late.toml", "[visit]\ntake_s = 20");
    desk.write("kiosk.toml.d/10-early.toml", "[visit]\ntake_s = 10\nidle_wipe_s = 200");
    desk.write("kiosk.toml.d/30-notes.txt", "no TOML at all");
    let config = desk.load().unwrap();
    assert_eq!(config.visit.take, Duration::from_secs(20));
    assert_eq!(config.visit.idle_wipe, Duration::from_secs(200));
    let file = |name: &str| Source::File(desk.path(name));
    assert_eq!(config.source_of("visit.take_s"), Some(&file("kiosk.toml.d/20-late.toml")));
    assert_eq!(config.source_of("visit.idle_wipe_s"), Some(&file("kiosk.toml.d/10-early.toml")));
    assert_eq!(config.source_of("visit.idle_warning_s"), Some(&Source::BuiltIn));
    assert_eq!(config.source_of("kiosk.code"), Some(&file("kiosk.toml")));
    assert_eq!(config.source_of("log.file"), None);

    desk.write("kiosk.toml.d/20-late.toml", "[visit]\ntake_s = 2");
    let error = desk.load().unwrap_err();
    assert_eq!(error.source_of, Some(file("kiosk.toml.d/20-late.toml")));
}

#[test]
fn a_layer_of_the_caller_is_on_top() {
    let desk = Desk::new(LEAST);
    let layer = Layer { name: "desk demo", text: "[devices.printer]\npresent = false".to_owned() };
    let config = Config::load_with(&desk.path("kiosk.toml"), &[layer]).unwrap();
    assert_eq!(config.devices.printer, None);
    assert_eq!(config.source_of("devices.printer.present"), Some(&Source::Named("desk demo")));
}

#[test]
fn an_absent_device_needs_no_good_port() {
    let text = format!("{LEAST}\n[devices.scanner]\npresent = false\nbaud = 1\n");
    let config = Desk::new(&text).load().unwrap();
    assert_eq!(config.devices.scanner, None);
}

#[test]
fn a_printer_profile_is_a_name_or_a_file_beside_the_configuration() {
    let text = format!("{LEAST}\n[devices.printer]\nprofile = \"profiles/own.toml\"\n");
    let desk = Desk::new(&text);
    let printer = desk.load().unwrap().devices.printer.unwrap();
    assert_eq!(printer.profile, PrinterProfileRef::File(desk.path("profiles/own.toml")));
}

#[test]
fn a_missing_file_is_named() {
    let error = Config::load(Path::new("nowhere/kiosk.toml")).unwrap_err();
    assert_eq!(error.code(), "config.unreadable");
    assert!(error.to_string().contains("nowhere/kiosk.toml"), "{error}");
}

#[test]
fn the_shipped_files_are_good() {
    for name in ["kiosk.toml", "desk.toml"] {
        Config::load(&shipped(name)).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn the_reference_holds_every_key_and_shows_the_built_in_values() {
    let reference = table(&std::fs::read_to_string(shipped("kiosk.toml")).unwrap());
    let built_in = table(include_str!("defaults.toml"));
    let mut defaults = Vec::new();
    leaves(&built_in, "", &mut defaults);
    let mut described = Vec::new();
    leaves(&reference, "", &mut described);
    for (key, value) in defaults {
        let shown = described.iter().find(|(k, _)| *k == key);
        assert_eq!(shown.map(|(_, v)| v), Some(&value), "{key}");
    }
    // Keys that have no value in the reference are shown in a comment.
    let text = std::fs::read_to_string(shipped("kiosk.toml")).unwrap();
    let keys = all_keys();
    assert!(keys.len() > 40, "the list of keys is read: {keys:?}");
    for key in keys {
        let is_shown = text.lines().any(|line| {
            let line = line.trim_start_matches("# ");
            line.split_once(" = ").is_some_and(|(written, _)| written == key)
        });
        assert!(is_shown, "{key} is not described");
    }
}

#[test]
fn the_toml_blocks_of_the_documents_are_good() {
    let mut found = 0;
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for block in text.split("```toml\n").skip(1) {
            let block = block.split("```").next().unwrap();
            found += 1;
            let layer = Layer { name: "block", text: block.to_owned() };
            let desk = Desk::new(LEAST);
            Config::load_with(&desk.path("kiosk.toml"), &[layer])
                .unwrap_or_else(|error| panic!("{}: {error}", document.display()));
        }
    }
    assert!(found > 0, "the README of the configuration has blocks");
}

/// A folder with a `kiosk.toml`.
struct Desk(TempDir);

impl Desk {
    fn new(text: &str) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        desk.write("kiosk.toml", text);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn load(&self) -> Result<Config, ConfigError> {
        Config::load(&self.path("kiosk.toml"))
    }
}

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name)
}

/// Documents whose TOML blocks are configuration.
fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    [root.to_owned(), root.join("config")]
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect()
}

fn table(text: &str) -> Table {
    text.parse().unwrap()
}

fn leaves(table: &Table, path: &str, into: &mut Vec<(String, Value)>) {
    for (key, value) in table {
        let path = format!("{path}{key}");
        match value.as_table() {
            Some(inner) => leaves(inner, &format!("{path}."), into),
            None => into.push((path, value.clone())),
        }
    }
}

/// Every key there is, read from the declaration of what may be written.
fn all_keys() -> Vec<String> {
    let declared = include_str!("written.rs");
    let body = declared.split("\nsections! {").nth(1).unwrap();
    body.split([',', '{', '}', '\n'])
        .filter_map(|piece| piece.trim().split_once(": Option<"))
        .map(|(key, _)| key.to_owned())
        .collect()
}
