//! What can be wrong with a catalogue: faults that stop the load, and doubts that do not.

use std::fmt;

use crate::domain::id::ItemId;

/// Which of the two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatalogFile {
    /// `items.json`.
    Items,
    /// `local.json`.
    Local,
}

impl fmt::Display for CatalogFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Items => "items.json",
            Self::Local => "local.json",
        })
    }
}

/// The catalogue cannot be used. For the engineer; trying again without a change is of no use.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// Not JSON, or not of the right shape.
    #[error("read {file}")]
    Shape {
        /// Which file.
        file: CatalogFile,
        /// What the parser says, with line and column.
        #[source]
        source: serde_json::Error,
    },
    /// A version of the format this program does not know.
    #[error("read {file}: format version {found:?} is not known here")]
    Version {
        /// Which file.
        file: CatalogFile,
        /// What is written.
        found: String,
    },
    /// Something is wrong in one item.
    #[error("accept item {item}, field {field}: {fault}")]
    Item {
        /// Which item, or its position if it has no id.
        item: String,
        /// Which field, with its path.
        field: String,
        /// What is wrong.
        fault: ItemFault,
    },
    /// Something is wrong in the local file.
    #[error("accept local.json, {key}: {fault}")]
    Local {
        /// Which key.
        key: String,
        /// What is wrong.
        fault: ItemFault,
    },
}

impl CatalogError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Shape { .. } => "catalog.shape",
            Self::Version { .. } => "catalog.version",
            Self::Item { .. } => "catalog.item",
            Self::Local { .. } => "catalog.local",
        }
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ItemFault {
    /// Missing, of the wrong type, or not readable.
    #[error("{0}")]
    Shape(String),
    /// Written, but empty.
    #[error("is empty")]
    Empty,
    /// The same id, name or value twice.
    #[error("{0:?} is there twice")]
    Twice(String),
    /// Points to something that is not there.
    #[error("{0:?} is not defined")]
    NotDefined(String),
    /// Too long.
    #[error("is longer than {0} characters")]
    TooLong(usize),
    /// More entries than fit.
    #[error("has more than {0} entries")]
    TooMany(usize),
    /// A value holds a comma, which separates values.
    #[error("option {0:?} holds a comma")]
    Comma(String),
    /// Lower limit above upper limit.
    #[error("the least is more than the most")]
    Limits,
    /// Not a code of this many digits.
    #[error("{0:?} is not a code of 12 digits")]
    NotACode(String),
    /// A period that ends before it begins.
    #[error("ends before it begins")]
    Period,
}

/// A doubt: the item stays, on the careful side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Which item.
    pub item: ItemId,
    /// Which field.
    pub field: String,
    /// What is doubtful.
    pub kind: WarningKind,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "item {}, {}: {}", self.item.0, self.field, self.kind)
    }
}

/// What is doubtful.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WarningKind {
    /// The item is suspended, cancelled or a draft and is not shown.
    #[error("not in use, left out")]
    NotInUse,
    /// A code that is in no table here; shown with a neutral label.
    #[error("code {0:?} is not known")]
    UnknownCode(String),
    /// The item code is not of the modern form.
    #[error("item code is not of the modern form")]
    CodeForm,
    /// The item code names another owner.
    #[error("item code names another owner")]
    CodeOwner,
    /// The item code names another level.
    #[error("item code names another level")]
    CodeLevel,
    /// The item code names another type.
    #[error("item code names another type")]
    CodeType,
    /// The owner's credit code fails its check; real registers hold such codes.
    #[error("credit code of the owner fails its check")]
    CreditCode,
    /// The kiosk mode says apply, the item says terminals may not.
    #[error("kiosk mode is apply but isServiceTerminals is not 1")]
    ModeForbidden,
    /// A kiosk mode that is not known; taken as guide only.
    #[error("kiosk mode {0:?} is not known")]
    UnknownMode(String),
    /// At once, but with a promised time, or the other way round.
    #[error("kind of case and promised time do not fit")]
    Promise,
    /// A visit without a reason.
    #[error("a visit is needed but no reason is given")]
    VisitReason,
    /// A fee without what it is for, or payment without a fee.
    #[error("fee marks do not fit")]
    Fee,
    /// One telephone for questions and complaints.
    #[error("telephone for questions and complaints are the same")]
    SamePhone,
    /// An option list that is missing.
    #[error("option list {0:?} is missing")]
    NoDict(String),
    /// A kind of field that this machine cannot take in.
    #[error("kind {0:?} cannot be taken in here")]
    KindNotHere(String),
    /// A pattern this program does not evaluate; the field is left for the window.
    #[error("pattern is not evaluated here")]
    Pattern,
    /// A source of values that is not known; the field is treated as not prefilled.
    #[error("prefill source {0:?} is not known")]
    UnknownPrefill(String),
    /// A length that does not fit the kind.
    #[error("maxLength does not fit the kind")]
    MaxLength,
    /// No English for what residents read.
    #[error("no English")]
    NoEnglish,
}
