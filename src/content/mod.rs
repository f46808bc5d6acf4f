//! Content made by those who own a spreadsheet: from a workbook to a signed package, and from a package to the catalogue.
//!
//! One way leads from what an office has to what a resident reads:
//!
//! ```text
//! xlsx, csv, json ─▶ Draft ─────────▶ Package ─────────▶ Shelf ─────────▶ Catalog
//!                    cells with       manifest with      two folders,     four levels
//!                    their places     digests, signed    one pointer      laid over each other
//! ```
//!
//! `archive` is the container, `manifest` and `package` what is in it, `trust` whose signature counts for which place,
//! `split` takes the JSON of a catalogue apart, `source` reads strangers' files, `shelf` installs and keeps the last good set, `refusal` says why not and what to do.
//! `cells`, `columns`, `read`, `draft`, `build`, `import` and `export` (feature `author`) turn spreadsheets into packages and back; `lint` and `page` tell
//! an office what to mend, cell by cell; `diff` compares two packages.
//!
//! Left out: what a screen shows (`domain::catalog` gives it values), and the line, which `county` has.

pub mod archive;
#[cfg(feature = "author")]
pub mod build;
#[cfg(feature = "author")]
pub mod cells;
#[cfg(feature = "author")]
pub mod columns;
pub mod diff;
#[cfg(feature = "author")]
pub mod draft;
#[cfg(feature = "author")]
pub mod export;
#[cfg(feature = "author")]
pub mod finding;
#[cfg(feature = "author")]
pub mod import;
#[cfg(feature = "author")]
pub mod lint;
pub mod manifest;
pub mod package;
#[cfg(feature = "author")]
pub mod page;
#[cfg(feature = "author")]
pub mod read;
pub mod refusal;
pub mod shelf;
pub mod source;
pub mod split;
pub mod trust;

#[cfg(all(test, feature = "author"))]
mod author_tests;
#[cfg(test)]
pub mod testing;
#[cfg(all(test, feature = "author"))]
mod workbook_tests;

pub use package::{Package, Parcel, Title};
pub use refusal::{Refusal, Refused};
pub use shelf::{Installed, Outcome, Shelf};
pub use trust::Trust;
