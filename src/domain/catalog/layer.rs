//! Four levels of content, one over the other: upper content is inherited, local content is added, and nothing from below
//! changes what stands above.
//!
//! A [`Layer`] is the content of one place as values by file name. [`join`] lays them from the highest level down:
//!
//! | file | what | may be given by |
//! |---|---|---|
//! | `base.json` | words, option lists, themes, departments, life events | the highest layer that has it, once |
//! | `places.json` | towns with their villages | whoever names a town first |
//! | `organizations.json` | offices | each for its own; an office is defined once |
//! | `items/ID.json` | an item | the highest layer that has it; its owner's level is not above the layer's town or village |
//! | `additions.json` | windows and notes beside items of upper levels | towns and villages |
//! | `everyday.json`, `notices.json` | everyday words, dated notices | each layer adds |
//!
//! Left out: who signed a layer and whether it is the newest, which is decided before it gets here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::catalogue::{Catalog, Edition, Loaded};
use super::error::CatalogError;
use super::item::Level;
use super::load::{ITEMS_FORMAT, LOCAL_FORMAT};
use super::region::{Centre, Region, Tier};

/// Files of a layer that hold no item.
pub const BASE: &str = "base.json";
/// Towns with their villages.
pub const PLACES: &str = "places.json";
/// Offices.
pub const ORGANIZATIONS: &str = "organizations.json";
/// Windows and notes of a town or village beside items of upper levels.
pub const ADDITIONS: &str = "additions.json";
/// Everyday words.
pub const EVERYDAY: &str = "everyday.json";
/// Dated notices.
pub const NOTICES: &str = "notices.json";
/// Folder of the items.
pub const ITEMS: &str = "items/";

/// Content of one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Whose it is, which version, and where it comes from.
    pub edition: Edition,
    /// Its files, by name.
    pub values: BTreeMap<String, Value>,
}

/// Why layers do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path} of {region}: {kind}")]
pub struct LayerFault {
    /// Whose layer.
    pub region: String,
    /// Which file.
    pub path: String,
    /// What is wrong.
    pub kind: LayerFaultKind,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayerFaultKind {
    /// A lower level has what a higher one has.
    #[error("{what} belongs to {owner} and cannot be changed from below")]
    Overrules {
        /// What.
        what: String,
        /// Whose it is.
        owner: String,
    },
    /// An item of a level that this place may not publish for.
    #[error("item {item} is owned by level {level}, which is above this place")]
    LevelAbove {
        /// Which item.
        item: String,
        /// Its level, as written.
        level: String,
    },
    /// An item for another town or village.
    #[error("item {item} is for the place {place}, which is not of this one")]
    OtherPlace {
        /// Which item.
        item: String,
        /// Code of the place, as written.
        place: String,
    },
    /// An addition to an item that nobody has.
    #[error("there is no item {0} to add to")]
    NothingToAddTo(String),
    /// A file that is not of its shape.
    #[error("it is not of the right shape: {0}")]
    Shape(String),
    /// Nobody gives it.
    #[error("no level gives it")]
    Missing,
}

impl LayerFault {
    /// What to do.
    pub fn mend(&self) -> &'static str {
        match &self.kind {
            LayerFaultKind::Overrules { .. } => {
                "leave it out here and ask the upper level to change it; local windows and notes go into 本地补充"
            }
            LayerFaultKind::LevelAbove { .. } => "let the owning level publish it, or correct 行使层级",
            LayerFaultKind::OtherPlace { .. } => "correct the code of the place, or leave the item out",
            LayerFaultKind::NothingToAddTo(_) => "correct the number of the item, or leave the addition out",
            LayerFaultKind::Shape(_) => "make the package again with `kioskctl catalog import`",
            LayerFaultKind::Missing => "install the county's package first",
        }
    }
}

/// A catalogue that cannot be made of these layers.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// They do not go together.
    #[error(transparent)]
    Layers(#[from] LayerFault),
    /// Together they are no catalogue.
    #[error(transparent)]
    Content(#[from] CatalogError),
}

/// Lays the layers of a centre one over the other.
///
/// # Errors
/// The first file that may not be as it is, with its place.
pub fn join(mut layers: Vec<Layer>, centre: &Centre) -> Result<Loaded, JoinError> {
    layers.sort_by_key(|layer| layer.edition.region.level());
    let mut joined = Joined::default();
    for layer in &mut layers {
        joined.take(layer)?;
    }
    let nobody = |path: &str| LayerFault { region: "all".into(), path: path.into(), kind: LayerFaultKind::Missing };
    let Some(lowest) = layers.last() else { return Err(nobody(BASE).into()) };
    let (mut base, _) = joined.base.take().ok_or_else(|| nobody(BASE))?;
    let town = centre.town();
    let place = joined.places.remove(town.as_deref().unwrap_or_default());
    // Without a town of its own the first one stands for all: the county's desk.
    let place = place.or_else(|| joined.places.pop_first().map(|(_, place)| place));
    let (place, _) = place.ok_or_else(|| nobody(PLACES))?;
    base.insert("schema".into(), json!(LOCAL_FORMAT));
    base.insert("version".into(), json!(version_line(&layers)));
    base.insert("source".into(), json!(lowest.edition.source));
    // The oldest layer decides how old the content is.
    base.insert("takenAt".into(), json!(layers.iter().map(|layer| layer.edition.made).min()));
    base.insert("place".into(), place);
    base.insert("notices".into(), Value::Array(joined.notices));
    base.insert("everyday".into(), Value::Array(joined.everyday));
    let items = json!({
        "schemaVersion": ITEMS_FORMAT,
        "organizations": joined.organizations.into_values().map(|(value, _)| value).collect::<Vec<_>>(),
        "items": joined.items.into_iter().map(|(_, value)| value).collect::<Vec<_>>(),
    });
    let mut loaded = Catalog::from_values(items, Value::Object(base))?;
    loaded.catalog.editions = layers.into_iter().map(|layer| layer.edition).collect();
    Ok(loaded)
}

/// All versions in one line, the highest level first: `3206.4-320699.12`.
fn version_line(layers: &[Layer]) -> String {
    let parts: Vec<_> =
        layers.iter().map(|layer| format!("{}.{}", layer.edition.region.code(), layer.edition.version)).collect();
    parts.join("-")
}

/// What was taken so far, each with whose it is.
#[derive(Default)]
struct Joined {
    base: Option<(Map<String, Value>, String)>,
    places: BTreeMap<String, (Value, String)>,
    organizations: BTreeMap<String, (Value, String)>,
    items: Vec<(String, Value)>,
    ids: BTreeMap<String, String>,
    codes: BTreeMap<String, String>,
    everyday: Vec<Value>,
    notices: Vec<Value>,
}

impl Joined {
    fn take(&mut self, layer: &mut Layer) -> Result<(), LayerFault> {
        let whose = layer.edition.region.to_string();
        let values = std::mem::take(&mut layer.values);
        let fault = |path: &str, kind| LayerFault { region: whose.clone(), path: path.to_owned(), kind };
        // Additions come last: a town may add to its own items as well.
        let mut additions = Vec::new();
        for (path, value) in values {
            let shape = |what: &str| fault(&path, LayerFaultKind::Shape(what.to_owned()));
            match path.as_str() {
                BASE => {
                    let Value::Object(base) = value else { return Err(shape("an object is needed")) };
                    if let Some((_, owner)) = &self.base {
                        let kind = LayerFaultKind::Overrules { what: "the base".into(), owner: owner.clone() };
                        return Err(fault(&path, kind));
                    }
                    self.base = Some((base, whose.clone()));
                }
                PLACES => {
                    define(&mut self.places, list(value).ok_or_else(|| shape("a list is needed"))?, "townCode", &whose)
                        .map_err(|kind| fault(&path, kind))?
                }
                ORGANIZATIONS => {
                    define(
                        &mut self.organizations,
                        list(value).ok_or_else(|| shape("a list is needed"))?,
                        "orgId",
                        &whose,
                    )
                    .map_err(|kind| fault(&path, kind))?;
                }
                EVERYDAY => self.everyday.extend(list(value).ok_or_else(|| shape("a list is needed"))?),
                NOTICES => self.notices.extend(list(value).ok_or_else(|| shape("a list is needed"))?),
                ADDITIONS => additions = list(value).ok_or_else(|| shape("a list is needed"))?,
                _ if path.starts_with(ITEMS) => {
                    self.take_item(value, &layer.edition.region).map_err(|kind| fault(&path, kind))?;
                }
                // Blank forms, samples and sounds are files beside; they are no part of the catalogue's own values.
                _ => {}
            }
        }
        for addition in additions {
            self.add(addition).map_err(|kind| fault(ADDITIONS, kind))?;
        }
        Ok(())
    }

    fn take_item(&mut self, item: Value, region: &Region) -> Result<(), LayerFaultKind> {
        let word = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (id, code) = (word("itemId"), word("taskHandleItem"));
        if id.is_empty() {
            return Err(LayerFaultKind::Shape("itemId is needed".into()));
        }
        let owner = self.ids.get(&id).or_else(|| self.codes.get(&code).filter(|_| !code.is_empty()));
        if let Some(owner) = owner {
            return Err(LayerFaultKind::Overrules { what: format!("item {id}"), owner: owner.clone() });
        }
        let level = Level::from_code(&word("useLevel"));
        let may = match region.level() {
            // A county publishes what its upper levels handed down, and what its towns do.
            Tier::City | Tier::County => true,
            Tier::Town | Tier::Village => level >= Level::from(region.level()),
        };
        if !may {
            return Err(LayerFaultKind::LevelAbove { item: id, level: word("useLevel") });
        }
        // A town is written with twelve digits of which nine are its own.
        for (key, digits) in [("townCode", 9), ("villageCode", 12)] {
            let place = word(key);
            let shorter = digits.min(place.len()).min(region.code().len());
            if place.get(..shorter) != region.code().get(..shorter) && !place.is_empty() && !is_zone(region) {
                return Err(LayerFaultKind::OtherPlace { item: id, place });
            }
        }
        self.ids.insert(id.clone(), region.to_string());
        if !code.is_empty() {
            self.codes.insert(code, region.to_string());
        }
        self.items.push((id, item));
        Ok(())
    }

    /// Windows stand first, for they are nearest; a note stands beside.
    fn add(&mut self, addition: Value) -> Result<(), LayerFaultKind> {
        let id = addition.get("item").and_then(Value::as_str).unwrap_or_default();
        let known: BTreeSet<&str> = ["item", "places", "note"].into();
        let strange = addition.as_object().and_then(|map| map.keys().find(|key| !known.contains(key.as_str())));
        if let Some(key) = strange {
            return Err(LayerFaultKind::Shape(format!("{key} cannot be added to an item")));
        }
        let Some((_, item)) = self.items.iter_mut().find(|(known, _)| known == id) else {
            return Err(LayerFaultKind::NothingToAddTo(id.to_owned()));
        };
        let Some(item) = item.as_object_mut() else { return Err(LayerFaultKind::Shape("an object is needed".into())) };
        let mut places = addition.get("places").cloned().and_then(list).unwrap_or_default();
        let old = item.remove("transactPlaces").and_then(list).unwrap_or_default();
        places.extend(old);
        item.insert("transactPlaces".into(), Value::Array(places));
        if let Some(note) = addition.get("note") {
            let mut notes = item.remove("localNotes").and_then(list).unwrap_or_default();
            notes.push(note.clone());
            item.insert("localNotes".into(), Value::Array(notes));
        }
        Ok(())
    }
}

/// The towns of a zone keep the codes of the county around it, so a zone's code says nothing about its towns.
fn is_zone(region: &Region) -> bool {
    region.level() == Tier::County && region.code().get(4..).is_some_and(|last| last.starts_with('7'))
}

fn list(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(list) => Some(list),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => None,
    }
}

/// Takes entries that are each defined once. The same entry again is no change.
fn define(
    known: &mut BTreeMap<String, (Value, String)>,
    list: Vec<Value>,
    key: &str,
    whose: &str,
) -> Result<(), LayerFaultKind> {
    for value in list {
        let Some(id) = value.get(key).and_then(Value::as_str).map(str::to_owned) else {
            return Err(LayerFaultKind::Shape(format!("{key} is needed")));
        };
        match known.get(&id) {
            Some((old, _)) if *old == value => {}
            Some((_, owner)) => {
                return Err(LayerFaultKind::Overrules { what: format!("{key} {id}"), owner: owner.clone() });
            }
            None => {
                known.insert(id, (value, whose.to_owned()));
            }
        }
    }
    Ok(())
}
