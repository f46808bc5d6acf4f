//! The catalogue of items (事项目录): what a resident can read about and apply for on this kiosk.
//!
//! [`Catalog::load`] takes the text of two files, what the county publishes (`items.json`) and what belongs to the place
//! (`local.json`), and gives a catalogue that cannot be wrong in shape: every item has a name, an owner, at least one
//! theme and a department that exist, and every field of its form has a kind this program knows or is marked as one for
//! the window. What is broken stops the load with the item and the field; what is merely doubtful is a [`Warning`] and
//! the item stays, on the careful side: a doubt never adds the button to apply, it only takes it away.
//!
//! `written` is the files as they are, `load`, `fields` and `local` turn them into `item`, `checks` finds doubts, `can` decides what can be
//! done here, `region` and `layer` lay the content of four levels one over the other, `situation` makes the list of materials exact,
//! `rules` says who may apply, `find` finds items by what people call them, `guide` and `short` project an item for the screen, and `eligibility` compares an item with a card.
//!
//! Left out on purpose: files and network (the caller hands in text) and working-day arithmetic (the platform gives dates).

mod can;
mod catalogue;
mod checks;
mod code;
mod eligibility;
mod error;
mod fields;
pub mod find;
mod guide;
mod item;
mod layer;
mod load;
mod local;
mod region;
mod rules;
mod short;
mod situation;
mod tables;
mod written;

#[cfg(test)]
mod levels_tests;
#[cfg(test)]
mod tests;

pub use catalogue::{
    Age, Catalog, Counts, Department, Edition, Everyday, Expired, LIST_PAGE, Loaded, Past, Scope, Theme, list_pages,
};
pub use code::{ItemCode, credit_code_passes};
pub use eligibility::{Ineligible, age_on, eligible};
pub use error::{CatalogError, CatalogFile, ItemFault, Warning, WarningKind};
pub use guide::FULL_GUIDE_PAGES;
pub use item::{
    AddressWords, CardFact, Choice, Field, FieldKind, FormSpec, Item, Level, ListType, MaterialSpec, Mode, PartWords,
    Village,
};
pub use layer::{
    ADDITIONS, BASE, EVERYDAY, ITEMS, JoinError, Layer, LayerFault, LayerFaultKind, NOTICES, ORGANIZATIONS, PLACES,
    join,
};
pub use region::{Centre, Region, Tier};
pub use rules::{Facts, Rule, Verdict, judge};
pub use short::{Ask, Bring, May, ShortGuide};
pub use situation::{Answer, Certain, Situation, ToBring, When, next_question, to_bring};
pub use tables::{ethnicity_name, gender_name};
