//! Files into one table, with the origin of each value.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use super::error::{ConfigError, ConfigErrorKind};
use super::written::Written;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The program.
    BuiltIn,
    /// A file.
    File(PathBuf),
    /// A layer added by the caller, such as the desk demo.
    Named(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built-in values"),
            Self::File(file) => file.display().fmt(f),
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// A piece of configuration on top of the files.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Who adds it, for messages.
    pub name: &'static str,
    /// TOML with any of the keys.
    pub text: String,
}

/// The layers in one.
#[derive(Debug)]
pub(super) struct Merged {
    pub written: Written,
    pub sources: BTreeMap<String, Source>,
}

/// Reads the file and its drop-ins, and puts all layers on top of each other.
pub(super) fn merge(file: &Path, on_top: &[Layer]) -> Result<Merged, ConfigError> {
    let mut texts = vec![(Source::BuiltIn, include_str!("defaults.toml").to_owned()), read(file)?];
    for drop_in in drop_ins(file)? {
        texts.push(read(&drop_in)?);
    }
    // What the machine's set-up wrote lies on the data partition and comes on top of what the image brings.
    if let Some(folder) = setup_folder(file, &texts)? {
        for drop_in in toml_files(&folder.join("config.d"))? {
            texts.push(read(&drop_in)?);
        }
    }
    texts.extend(on_top.iter().map(|layer| (Source::Named(layer.name), layer.text.clone())));

    let mut merged = Table::new();
    let mut sources = BTreeMap::new();
    for (source, text) in texts {
        let table = parse(&source, &text)?;
        lay(&mut merged, table, "", &source, &mut sources);
    }
    // Each layer was read with the same types, so that a failure here would be one of this program.
    let written = Written::deserialize(merged).map_err(|error| ConfigError {
        source_of: Some(Source::File(file.to_owned())),
        key: String::new(),
        kind: ConfigErrorKind::Bad { why: error.message().to_owned() },
    })?;
    Ok(Merged { written, sources })
}

fn read(file: &Path) -> Result<(Source, String), ConfigError> {
    let source = Source::File(file.to_owned());
    match std::fs::read_to_string(file) {
        Ok(text) => Ok((source, text)),
        Err(error) => Err(unreadable(source, &error)),
    }
}

/// The files `FILE.d/*.toml`, by name. No folder means no drop-ins.
fn drop_ins(file: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let mut name = OsString::from(file);
    name.push(".d");
    toml_files(&PathBuf::from(name))
}

/// `setup.folder` as the files say it; a relative one starts at the folder of the main file.
fn setup_folder(file: &Path, texts: &[(Source, String)]) -> Result<Option<PathBuf>, ConfigError> {
    let mut folder = None;
    for (source, text) in texts {
        let table = parse(source, text)?;
        let written = table.get("setup").and_then(|setup| setup.get("folder")).and_then(Value::as_str);
        folder = written.map(|path| file.parent().unwrap_or(Path::new("")).join(path)).or(folder);
    }
    Ok(folder)
}

/// One text by itself, without any other layer.
pub(super) fn alone(name: &'static str, text: &str) -> Result<Written, ConfigError> {
    let source = Source::Named(name);
    let table = parse(&source, text)?;
    Written::deserialize(table).map_err(|error| ConfigError {
        source_of: Some(source),
        key: String::new(),
        kind: ConfigErrorKind::Bad { why: error.message().to_owned() },
    })
}

/// The files `*.toml` of a folder, by name. No folder means no files.
fn toml_files(folder: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let list =
        || -> std::io::Result<Vec<PathBuf>> { std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect() };
    let mut files = list().map_err(|error| unreadable(Source::File(folder.to_owned()), &error))?;
    files.retain(|file| file.extension().is_some_and(|end| end == "toml"));
    files.sort();
    Ok(files)
}

fn unreadable(source: Source, error: &std::io::Error) -> ConfigError {
    ConfigError {
        source_of: Some(source),
        key: String::new(),
        kind: ConfigErrorKind::Unreadable { detail: error.to_string() },
    }
}

/// Parses one layer and refuses what it must not hold.
fn parse(source: &Source, text: &str) -> Result<Table, ConfigError> {
    let wrong = |error: &toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start);
        ConfigError {
            source_of: Some(source.clone()),
            key: key_at(text, at),
            kind: ConfigErrorKind::Syntax {
                line: text.get(..at).unwrap_or(text).matches('\n').count() + 1,
                detail: error.message().replace('\n', "; "),
            },
        }
    };
    // The typed reading finds unknown keys and wrong types with their place; the table is what is merged.
    toml::from_str::<Written>(text).map_err(|error| wrong(&error))?;
    text.parse::<Table>().map_err(|error| wrong(&error))
}

/// Path of the key written at or before a place in the text: the last section header above it and the key of its line.
fn key_at(text: &str, at: usize) -> String {
    let line_end = text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |length| at + length);
    let mut section = "";
    let mut key = "";
    for line in text.get(..line_end).unwrap_or(text).lines() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            section = header.split(']').next().unwrap_or(header).trim();
            key = "";
        } else if !line.starts_with('#') {
            key = line.split_once('=').map_or(line, |(key, _)| key.trim());
        }
    }
    match (section, key) {
        ("", key) => key.to_owned(),
        (section, "") => section.to_owned(),
        (section, key) => format!("{section}.{key}"),
    }
}

/// Lays one table over another, key by key, and notes the origin of each value.
fn lay(into: &mut Table, from: Table, path: &str, source: &Source, sources: &mut BTreeMap<String, Source>) {
    for (key, value) in from {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match (into.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => {
                lay(below, above, &path, source, sources);
            }
            (_, Value::Table(above)) => {
                let mut fresh = Table::new();
                lay(&mut fresh, above, &path, source, sources);
                into.insert(key, Value::Table(fresh));
            }
            (_, value) => {
                sources.insert(path, source.clone());
                into.insert(key, value);
            }
        }
    }
}
