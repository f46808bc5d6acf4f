//! The verbs about packages of the catalogue.

use std::path::PathBuf;
use std::process::ExitCode;

#[cfg(feature = "author")]
use clap::Args;
use clap::Subcommand;
#[cfg(feature = "author")]
use jiff::civil::Date;
use kiosk::ctl::{Form, catalog, finish};

#[derive(Debug, Subcommand)]
pub enum CatalogVerb {
    /// Makes a package of an office's spreadsheets.
    ///
    /// Sheets 事项信息, 材料信息, 常见问题 and, if there, 机构信息, 日常用语, 公告, 本地补充, 村居信息 and 包信息. Headings may
    /// differ, labels become codes, what is not known is kept as it stands. What cannot be taken in is named with its cell.
    #[cfg(feature = "author")]
    Import {
        /// Workbook (.xlsx), sheets (.csv), a portal's export or a catalogue (.json), or a folder with items.json and local.json.
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// Package to write (.bmc).
        #[arg(long, value_name = "PKG")]
        out: PathBuf,
        #[command(flatten)]
        about: About,
    },
    /// Writes a package as a workbook (.xlsx), as the two files in JSON (.json), or as a folder of sheets (.csv).
    ///
    /// Importing what was written gives the same package byte for byte.
    #[cfg(feature = "author")]
    Export {
        /// Package.
        #[arg(value_name = "PKG")]
        package: PathBuf,
        /// File or folder to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Says what to mend, by department: sheet, row, column, what, and how.
    #[cfg(feature = "author")]
    Lint {
        /// Package or workbook.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Writes the report as one page too.
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
        #[command(flatten)]
        about: About,
    },
    /// Compares two packages, item by item and field by field.
    Diff {
        /// The older package.
        old: PathBuf,
        /// The newer package.
        new: PathBuf,
        /// Writes the changes alone, to be installed upon the older one.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Signs a package with the key of the place, or of a place above it.
    Sign {
        /// Package.
        #[arg(value_name = "PKG")]
        package: PathBuf,
        /// Private key, Ed25519, PEM (PKCS #8).
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Package to write; without it the file is replaced.
        #[arg(long, value_name = "PKG")]
        out: Option<PathBuf>,
    },
    /// Checks a package as a machine does: every file, the signature, the place.
    Verify {
        /// Package.
        #[arg(value_name = "PKG")]
        package: PathBuf,
        /// Folder of keys, as catalogue.keys of the configuration.
        #[arg(long, value_name = "FOLDER")]
        keys: PathBuf,
        /// Code of the centre it is to be installed at; without it the package's own place.
        #[arg(long, value_name = "CODE")]
        centre: Option<String>,
    },
    /// Installs a package, or those of a folder or stick, on this machine. A refused one changes nothing.
    Install {
        /// Package, or folder with packages.
        #[arg(value_name = "FROM")]
        from: PathBuf,
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Turns back to the packages that were installed before.
    Back {
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

/// What is told about a package; without it the sheet 包信息 says it.
#[cfg(feature = "author")]
#[derive(Debug, Args)]
pub struct About {
    /// Code of the place: 4 digits city, 6 county, 9 town, 12 village.
    #[arg(long, value_name = "CODE")]
    region: Option<String>,
    /// Version; rises with each publication.
    #[arg(long, value_name = "NUMBER")]
    number: Option<u64>,
    /// The day it is made.
    #[arg(long, value_name = "DAY")]
    made: Option<Date>,
    /// Who answers for the content.
    #[arg(long, value_name = "OFFICE")]
    owner: Option<String>,
    /// Who lets it be published.
    #[arg(long, value_name = "NAME")]
    approver: Option<String>,
    /// Words, themes and departments (JSON); without it those that are shipped.
    #[arg(long, value_name = "FILE")]
    base: Option<PathBuf>,
    /// The day that dates are compared with; without it today.
    #[arg(long, value_name = "DAY")]
    today: Option<Date>,
}

#[cfg(feature = "author")]
impl About {
    fn asked(&self) -> kiosk::content::import::Asked {
        kiosk::content::import::Asked {
            region: self.region.clone(),
            version: self.number,
            made: self.made,
            owner: self.owner.clone(),
            approver: self.approver.clone(),
            base: self.base.clone(),
        }
    }

    fn today(&self) -> Date {
        self.today.unwrap_or_else(catalog::today)
    }
}

/// Does what the verb says.
pub fn run(verb: &CatalogVerb, form: Form) -> ExitCode {
    #[cfg(feature = "author")]
    use kiosk::ctl::catalog_author;
    match verb {
        #[cfg(feature = "author")]
        CatalogVerb::Import { files, out, about } => {
            finish(catalog_author::import(files, &about.asked(), out, about.today()), form)
        }
        #[cfg(feature = "author")]
        CatalogVerb::Export { package, out } => finish(catalog_author::export(package, out), form),
        #[cfg(feature = "author")]
        CatalogVerb::Lint { file, html, about } => {
            finish(catalog_author::lint(file, &about.asked(), html.as_deref(), about.today()), form)
        }
        CatalogVerb::Diff { old, new, out } => finish(catalog::diff(old, new, out.as_deref()), form),
        CatalogVerb::Sign { package, key, out } => finish(catalog::sign(package, key, out.as_deref()), form),
        CatalogVerb::Verify { package, keys, centre } => {
            finish(catalog::verify(package, keys, centre.as_deref()), form)
        }
        CatalogVerb::Install { from, config } => finish(catalog::install(config, from), form),
        CatalogVerb::Back { config } => finish(catalog::back(config), form),
    }
}
