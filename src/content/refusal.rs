//! Why a package is refused: the file, the reason, and the mend.

use std::path::{Path, PathBuf};

use super::archive::ContainerFault;
use crate::disk::DiskError;
use crate::domain::catalog::{CatalogError, LayerFault, Region};

/// A package that is not taken. Whatever was there before stays.
#[derive(Debug, thiserror::Error)]
#[error("cannot take {}: {why}; {}", file.display(), why.mend())]
pub struct Refused {
    /// Which file.
    pub file: PathBuf,
    /// Why.
    #[source]
    pub why: Box<Refusal>,
}

impl Refused {
    /// A refusal of a file.
    pub fn new(file: &Path, why: impl Into<Refusal>) -> Self {
        Self { file: file.to_owned(), why: Box::new(why.into()) }
    }
}

/// Why.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It cannot be read.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// There is none.
    #[error("there is no package")]
    Nothing,
    /// The container is torn or something else.
    #[error("the container is damaged: {0}")]
    Container(#[from] ContainerFault),
    /// A name that cannot stand in a package.
    #[error("{0:?} is no name for a file of a package")]
    Name(String),
    /// No manifest, or one that is not of this form.
    #[error("the manifest cannot be read: {0}")]
    Manifest(String),
    /// Made by a newer program.
    #[error("form {0} of packages is not known here")]
    Format(u32),
    /// Nobody signed it.
    #[error("it is not signed")]
    Unsigned,
    /// Signed by nobody who may sign for this place, or changed after signing.
    #[error("no key of this place or of a level above it has signed it as it stands")]
    Foreign,
    /// A file that the manifest names is not there.
    #[error("{0} is missing in it")]
    Missing(String),
    /// A file is not the one that the manifest names.
    #[error("{0} was changed after the package was made")]
    Altered(String),
    /// A file that the manifest does not name.
    #[error("{0} does not belong to it")]
    Unlisted(String),
    /// For another place.
    #[error("it is made for {0}, and this centre does not belong to that place")]
    OtherPlace(Region),
    /// Older than what is here.
    #[error("version {offered} is older than version {have}, which is installed")]
    Older {
        /// What is installed.
        have: u64,
        /// What was offered.
        offered: u64,
    },
    /// The same version with other content.
    #[error("version {0} is installed with other content")]
    SameVersion(u64),
    /// A delta for another version.
    #[error("it builds upon {0}, which is not installed as it should be")]
    NoBase(String),
    /// Two levels do not go together, or one has something it may not have.
    #[error("{0}")]
    Layers(#[from] LayerFault),
    /// The content is broken.
    #[error("{0}")]
    Content(#[from] CatalogError),
}

impl Refusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Disk(_) | Self::Nothing => "package.unreadable",
            Self::Container(_) => "package.damaged",
            Self::Name(_) => "package.name",
            Self::Manifest(_) => "package.manifest",
            Self::Format(_) => "package.format",
            Self::Unsigned => "package.unsigned",
            Self::Foreign => "package.foreign",
            Self::Missing(_) => "package.missing",
            Self::Altered(_) => "package.altered",
            Self::Unlisted(_) => "package.unlisted",
            Self::OtherPlace(_) => "package.other-place",
            Self::Older { .. } => "package.older",
            Self::SameVersion(_) => "package.same-version",
            Self::NoBase(_) => "package.no-base",
            Self::Layers(_) => "package.levels",
            Self::Content(_) => "package.content",
        }
    }

    /// What to do.
    pub fn mend(&self) -> &'static str {
        match self {
            Self::Disk(_) => "check the file and its permissions",
            Self::Nothing => "put the package there, or name the right file",
            Self::Container(_) | Self::Missing(_) | Self::Unlisted(_) => "copy or fetch the package again",
            Self::Name(_) => "use letters, digits, point, hyphen and underline in item numbers and file names",
            Self::Manifest(_) => "make the package again with `kioskctl catalog import`",
            Self::Format(_) => "update the program first",
            Self::Unsigned => "sign it with `kioskctl catalog sign` and the key of the place",
            Self::Foreign => "have it signed by the county, or put the signer's public key into the folder of keys",
            Self::Altered(_) => "take the package as it was signed, or make and sign it again",
            Self::OtherPlace(_) => "take the package of this centre's own town or village, or of a level above it",
            Self::Older { .. } => "take a newer package; to go back on purpose use `kioskctl catalog back`",
            Self::SameVersion(_) => "publish the change under the next version",
            Self::NoBase(_) => "take the whole package instead of the changes",
            Self::Layers(fault) => fault.mend(),
            Self::Content(_) => "correct the item in the spreadsheet and import it again",
        }
    }
}
