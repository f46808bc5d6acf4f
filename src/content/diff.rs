//! What two packages differ in, item by item and field by field.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::package::Package;
use crate::domain::catalog::ITEMS;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// File in the package.
    pub path: String,
    /// Name of the item, if it is one.
    pub name: String,
    /// What became of it.
    pub what: What,
    /// Fields that differ, with their old and new values in JSON.
    pub fields: Vec<(String, String, String)>,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is another one.
    Changed,
}

/// The differences from an old package to a new one, in the order of their files.
pub fn diff(old: &Package, new: &Package) -> Vec<Difference> {
    let paths: BTreeSet<&String> = old.files().keys().chain(new.files().keys()).collect();
    let value = |package: &Package, path: &str| -> Option<Value> {
        package.files().get(path).map(|bytes| serde_json::from_slice(bytes).unwrap_or_default())
    };
    let one = |path: &String| {
        let (before, after) = (value(old, path), value(new, path));
        let what = match (old.files().get(path), new.files().get(path)) {
            (None, _) => What::Added,
            (_, None) => What::Removed,
            (Some(before), Some(after)) if before == after => return None,
            (Some(_), Some(_)) => What::Changed,
        };
        let name = after.as_ref().or(before.as_ref()).filter(|_| path.starts_with(ITEMS));
        let name = name.and_then(|item| item.get("taskName")?.as_str()).unwrap_or_default().to_owned();
        let mut fields = Vec::new();
        if let (What::Changed, Some(before), Some(after)) = (what, before, after) {
            differ("", &before, &after, &mut fields);
        }
        Some(Difference { path: path.clone(), name, what, fields })
    };
    paths.into_iter().filter_map(one).collect()
}

fn differ(path: &str, before: &Value, after: &Value, found: &mut Vec<(String, String, String)>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                let (old, new) = (old.get(key).unwrap_or(&Value::Null), new.get(key).unwrap_or(&Value::Null));
                differ(&below(key), old, new, found);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (position, (old, new)) in old.iter().zip(new).enumerate() {
                differ(&below(&(position + 1).to_string()), old, new, found);
            }
        }
        (old, new) if old == new => {}
        (old, new) => found.push((path.to_owned(), old.to_string(), new.to_string())),
    }
}
