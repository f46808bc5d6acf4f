//! The two files of a catalogue in JSON, taken apart into the files of a package.
//!
//! `items.json` becomes one file per item, so that a change of one item travels alone; `local.json` becomes the base, the
//! places, the notices and the everyday words. Values are written in one way: keys sorted, no blanks.

use serde_json::{Map, Value};

use super::archive::Files;
use crate::domain::catalog::{BASE, EVERYDAY, ITEMS, NOTICES, ORGANIZATIONS, PLACES};

/// Keys of `local.json` that are the title's business, or have a file of their own.
const NOT_BASE: [&str; 8] = ["notice", "schema", "version", "source", "takenAt", "place", "notices", "everyday"];

/// What cannot be taken apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} is missing or not of its shape")]
pub struct SplitFault {
    /// What.
    pub what: String,
}

/// A value in the one way it is written. The maps of this program are sorted by their nature; a test holds it.
pub fn canonical(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// Name of the file of an item.
pub fn item_path(id: &str) -> String {
    format!("{ITEMS}{id}.json")
}

/// Puts a list into the files if there is something in it.
pub fn put_list(files: &mut Files, path: &str, list: Vec<Value>) {
    if !list.is_empty() {
        files.insert(path.to_owned(), canonical(&Value::Array(list)));
    }
}

/// The files of `items.json`: offices and items.
///
/// # Errors
/// Names what is missing.
pub fn split_items(items: Value, files: &mut Files) -> Result<(), SplitFault> {
    let missing = |what: &str| SplitFault { what: what.to_owned() };
    let Value::Object(mut items) = items else { return Err(missing("items.json")) };
    put_list(files, ORGANIZATIONS, take_list(&mut items, "organizations").ok_or_else(|| missing("organizations"))?);
    for (position, item) in take_list(&mut items, "items").ok_or_else(|| missing("items"))?.into_iter().enumerate() {
        let id = item.get("itemId").and_then(Value::as_str);
        let id = id.ok_or_else(|| missing(&format!("itemId of item number {}", position + 1)))?;
        if files.insert(item_path(id), canonical(&item)).is_some() {
            return Err(SplitFault { what: format!("item {id} is there twice; its number") });
        }
    }
    Ok(())
}

/// The files of `local.json`.
///
/// # Errors
/// Names what is missing.
pub fn split_local(local: Value, files: &mut Files) -> Result<(), SplitFault> {
    let Value::Object(mut local) = local else { return Err(SplitFault { what: "local.json".to_owned() }) };
    let place = local.remove("place").ok_or_else(|| SplitFault { what: "place of local.json".to_owned() })?;
    put_list(files, PLACES, vec![place]);
    put_list(files, NOTICES, take_list(&mut local, "notices").unwrap_or_default());
    put_list(files, EVERYDAY, take_list(&mut local, "everyday").unwrap_or_default());
    let base: Map<String, Value> = local.into_iter().filter(|(key, _)| !NOT_BASE.contains(&key.as_str())).collect();
    files.insert(BASE.to_owned(), canonical(&Value::Object(base)));
    Ok(())
}

fn take_list(from: &mut Map<String, Value>, key: &str) -> Option<Vec<Value>> {
    match from.remove(key)? {
        Value::Array(list) => Some(list),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_written_with_sorted_keys_whatever_order_they_came_in() {
        let value: Value = serde_json::from_str(r#"{"b": 1, "a": {"d": [2], "c": "中"}}"#).unwrap_or_default();
        assert_eq!(canonical(&value), r#"{"a":{"c":"中","d":[2]},"b":1}"#.as_bytes());
    }

    #[test]
    fn an_item_without_number_and_one_that_is_there_twice_are_named() {
        let fault = |items| split_items(json!({"organizations": [], "items": items}), &mut Files::new()).err();
        assert_eq!(fault(json!([{}])).map(|f| f.what), Some("itemId of item number 1".to_owned()));
        let twice = fault(json!([{"itemId": "a"}, {"itemId": "a"}])).map(|f| f.what).unwrap_or_default();
        assert!(twice.contains("item a is there twice"), "{twice}");
    }
}
