//! `kioskctl catalog import`, `export` and `lint`: an office's spreadsheets to a package, back again, and what to mend.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::Serialize;

use super::catalog::write;
use super::{CtlError, Report};
use crate::content::build::{Built, Count};
use crate::content::cells::{Grid, file_name};
use crate::content::export::{self, ExportFault};
use crate::content::finding::{Finding, Weight};
use crate::content::import::{self, Asked, ImportFault};
use crate::content::lint::{count, lint as look};
use crate::content::page::{Heading, by_department, department, page, place};
use crate::content::{Package, source};

impl From<ImportFault> for CtlError {
    fn from(fault: ImportFault) -> Self {
        match fault {
            ImportFault::File(refused) => refused.into(),
            ImportFault::Nothing(finding) => {
                Self::new(finding.code, format!("{}: {}", finding.at, finding.what()), finding.how())
            }
            ImportFault::Kind(_) | ImportFault::Split { .. } | ImportFault::Json { .. } | ImportFault::Title(_) => {
                Self::new("package.import", fault.to_string(), "correct it and import again")
            }
        }
    }
}

impl From<ExportFault> for CtlError {
    fn from(fault: ExportFault) -> Self {
        Self::new("package.export", fault.to_string(), "export it as .json")
    }
}

/// What an import or a look at a package found.
#[derive(Debug, Serialize)]
pub struct Findings {
    /// The package or workbook.
    pub file: PathBuf,
    /// Version.
    pub version: u64,
    /// Digest of the manifest.
    pub digest: String,
    /// Rows by sheet: how many there were, how many were taken.
    pub counts: BTreeMap<String, Count>,
    /// Items of the package.
    pub items: usize,
    /// What to look at.
    pub findings: Vec<Finding>,
    /// Whether the findings are listed or only counted.
    #[serde(skip)]
    pub in_full: InFull,
}

/// How much a report says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InFull {
    /// Every finding.
    Yes,
    /// Numbers, and what was not taken in.
    No,
}

impl Report for Findings {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{}：{} 个事项，第 {} 版", self.file.display(), self.items, self.version)];
        for (sheet, Count { rows, taken }) in &self.counts {
            lines.push(format!("{sheet}：共 {rows} 行，收入 {taken} 行"));
        }
        let [refused, mend, look] = [Weight::Refused, Weight::Mend, Weight::Look].map(|w| count(&self.findings, w));
        lines.push(format!("未收入 {refused} 处，需改正 {mend} 处，请核对 {look} 处"));
        for (id, group) in by_department(&self.findings) {
            let shown: Vec<_> = group
                .into_iter()
                .filter(|finding| self.in_full == InFull::Yes || finding.weight() == Weight::Refused)
                .collect();
            if shown.is_empty() {
                continue;
            }
            lines.push(String::new());
            lines.push(format!("【{}】{} 处", department(id), shown.len()));
            for finding in shown {
                let name = if finding.name.is_empty() { String::new() } else { format!(" {}", finding.name) };
                lines.push(format!("  {}  {}{name}", finding.weight().word(), place(finding)));
                lines.push(format!("      {}。{}。", finding.what(), finding.how()));
            }
        }
        lines
    }
}

fn findings(file: &Path, package: &Package, built: &Built, today: Date, in_full: InFull) -> Findings {
    Findings {
        file: file.to_owned(),
        version: package.manifest().version,
        digest: package.digest(),
        counts: built.counts.clone(),
        items: built.items.len(),
        findings: look(built, today),
        in_full,
    }
}

/// Makes a package of an office's files.
///
/// # Errors
/// There is nothing that could be a package, or it cannot be written.
pub fn import(files: &[PathBuf], asked: &Asked, out: &Path, today: Date) -> Result<Findings, CtlError> {
    let made = import::import(files, asked)?;
    write(out, &made.package)?;
    Ok(findings(out, &made.package, &made.built, today, InFull::No))
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// The files.
    pub files: Vec<PathBuf>,
}

impl Report for Exported {
    fn lines(&self) -> Vec<String> {
        self.files.iter().map(|file| file.display().to_string()).collect()
    }
}

/// Writes a package as a workbook (`.xlsx`), as a folder of sheets (`.csv`) or as the two files in JSON.
///
/// # Errors
/// It cannot be read, carried by sheets, or written.
pub fn export(file: &Path, out: &Path) -> Result<Exported, CtlError> {
    let package = source::read(file)?;
    let mut written = Vec::new();
    let mut put = |path: PathBuf, bytes: &[u8]| -> Result<(), CtlError> {
        crate::disk::write(&path, bytes, crate::disk::OPEN)?;
        written.push(path);
        Ok(())
    };
    match out.extension().and_then(|end| end.to_str()).unwrap_or_default() {
        "xlsx" => put(out.to_owned(), &export::workbook(&export::grids(&file_name(out), &package)?)?)?,
        "json" => {
            let (items, local) = export::two_files(&package)?;
            put(out.to_owned(), items.to_string().as_bytes())?;
            put(out.with_file_name("local.json"), local.to_string().as_bytes())?;
        }
        _ => {
            for grid in export::grids(&file_name(out), &package)? {
                put(out.join(format!("{}.csv", grid.sheet)), comma_separated(&grid).as_bytes())?;
            }
        }
    }
    Ok(Exported { files: written })
}

/// A sheet with a byte order mark, so that spreadsheets see that it is UTF-8.
fn comma_separated(grid: &Grid) -> String {
    let cell = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
    let row = |cells: &Vec<String>| cells.iter().map(cell).collect::<Vec<_>>().join(",");
    let rows: Vec<String> = grid.rows.iter().map(row).collect();
    format!("\u{feff}{}\r\n", rows.join("\r\n"))
}

/// Looks a package or an office's files over; with `html` the report is written as a page too.
///
/// # Errors
/// It cannot be read, or the page cannot be written.
pub fn lint(file: &Path, asked: &Asked, html: Option<&Path>, today: Date) -> Result<Findings, CtlError> {
    let is_package = file.extension().is_some_and(|end| end == crate::content::shelf::ENDING);
    let found = if is_package {
        let package = source::read(file)?;
        let built = import::placed(&file_name(file), &package)?;
        findings(file, &package, &built, today, InFull::Yes)
    } else {
        let made = import::import(&[file.to_owned()], asked)?;
        findings(file, &made.package, &made.built, today, InFull::Yes)
    };
    if let Some(html) = html {
        let name = file_name(file);
        let heading = Heading { file: &name, version: found.version, digest: &found.digest, items: found.items };
        crate::disk::write(html, page(&heading, &found.findings).as_bytes(), crate::disk::OPEN)?;
    }
    Ok(found)
}
