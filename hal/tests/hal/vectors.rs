//! Reads the frozen files of `tests/vectors`.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The text of a frozen file.
pub fn text(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A frozen TOML file.
pub fn table(name: &str) -> toml::Table {
    text(name).parse().unwrap()
}

/// The records of a frozen `.hex` file by name.
pub fn records(name: &str) -> BTreeMap<String, Vec<u8>> {
    let mut records: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut current = None;
    for line in text(name).lines() {
        if let Some(record) = line.strip_prefix('@') {
            current = Some(record.to_owned());
        } else if !line.starts_with('#') && !line.trim().is_empty() {
            records.entry(current.clone().unwrap()).or_default().extend(bytes(line));
        }
    }
    records
}

/// Blank-separated hex digits as bytes.
pub fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex.split_whitespace().collect::<String>()).unwrap()
}

/// A string of a TOML table; empty if it is not there.
pub fn string(table: &toml::Table, key: &str) -> String {
    table.get(key).and_then(toml::Value::as_str).unwrap_or_default().to_owned()
}
