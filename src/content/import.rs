//! From files of an office to a package: which format it is, and what is told about the package itself.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde_json::{Value, json};

use super::archive::Files;
use super::build::{self, Built, Placed};
use super::cells::{self, Grid, file_name};
use super::columns::plain;
use super::draft::{self, Draft};
use super::export::{INFO_BASE, INFO_KEYS};
use super::finding::{At, Finding};
use super::package::{Package, Title};
use super::refusal::{Refusal, Refused};
use super::shelf::together;
use super::source;
use super::split::{SplitFault, canonical, split_items, split_local};
use crate::domain::catalog::{BASE, Centre, ITEMS, Region};
use crate::domain::text::Text;

/// The base that items are checked against where an office brings none: themes, departments and words of the shipped
/// catalogue.
const SHIPPED: &str = include_str!("../../config/catalogue/local.json");
/// Days after which content is called old, where nobody says otherwise: a quarter.
const FRESH_DAYS: u16 = 92;

/// What the command line says about the package; it goes before what the files say.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Code of the place.
    pub region: Option<String>,
    /// Version.
    pub version: Option<u64>,
    /// The day.
    pub made: Option<Date>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Who lets it be published.
    pub approver: Option<String>,
    /// A local file (JSON) with words, themes and departments.
    pub base: Option<PathBuf>,
}

/// A package that was made, and what was found.
#[derive(Debug)]
pub struct Imported {
    /// The package, not signed.
    pub package: Package,
    /// What was made of the rows.
    pub built: Built,
}

/// Why no package was made at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportFault {
    /// A file.
    #[error(transparent)]
    File(#[from] Refused),
    /// A file of no known kind.
    #[error("{0} is neither .xlsx, .csv nor .json")]
    Kind(String),
    /// JSON of another shape.
    #[error("{file}: {source}")]
    Split {
        /// Which file.
        file: String,
        /// What is wrong.
        source: SplitFault,
    },
    /// JSON that cannot be read.
    #[error("{file}: {why}")]
    Json {
        /// Which file.
        file: String,
        /// Why, with line and column.
        why: String,
    },
    /// Nothing could be taken in.
    #[error("{}: {}; {}", .0.at, .0.what(), .0.how())]
    Nothing(Box<Finding>),
    /// Something about the package itself is missing.
    #[error("{0} is not told: write it into the sheet 包信息 or give it on the command line")]
    Title(&'static str),
}

/// Makes a package of workbooks, comma-separated files or JSON. All files belong to one package.
///
/// # Errors
/// There is no package; everything less than that is a finding.
pub fn import(paths: &[PathBuf], asked: &Asked) -> Result<Imported, ImportFault> {
    let base = match &asked.base {
        Some(path) => json(path)?,
        None => serde_json::from_str(SHIPPED).unwrap_or_default(),
    };
    let (mut grids, mut own) = (Vec::new(), None);
    for path in paths {
        if path.is_dir() {
            own = Some((json(&path.join("items.json"))?, json(&path.join("local.json"))?, file_name(path)));
            continue;
        }
        match path.extension().and_then(|end| end.to_str()).unwrap_or_default() {
            "xlsx" => grids.extend(sheets(path, &source::bytes(path)?)?),
            "csv" => grids.push(one(cells::comma_separated(&file_name(path), &source::bytes(path)?))?),
            "json" => {
                let value = json(path)?;
                if value.get("schemaVersion").is_some() {
                    let beside = path.with_file_name("local.json");
                    let local = if beside.exists() { json(&beside)? } else { base.clone() };
                    own = Some((value, local, file_name(path)));
                } else {
                    let name = file_name(path);
                    let why = || ImportFault::Json { file: name.clone(), why: "there is no list of items".to_owned() };
                    grids.extend(draft::portal(&name, &value).ok_or_else(why)?);
                }
            }
            _ => return Err(ImportFault::Kind(file_name(path))),
        }
    }
    match own {
        Some((items, local, file)) => of_json(items, local, &file, asked),
        None => of_grids(&grids, &base, asked),
    }
}

fn json(path: &Path) -> Result<Value, ImportFault> {
    let bytes = source::bytes(path)?;
    serde_json::from_slice(&bytes).map_err(|error| ImportFault::Json { file: file_name(path), why: error.to_string() })
}

fn one<T>(read: Result<T, Box<Finding>>) -> Result<T, ImportFault> {
    read.map_err(ImportFault::Nothing)
}

fn sheets(path: &Path, bytes: &[u8]) -> Result<Vec<Grid>, ImportFault> {
    one(cells::workbook(&file_name(path), bytes))
}

/// Makes a package of sheets.
///
/// # Errors
/// As [`import`].
pub fn of_grids(grids: &[Grid], base: &Value, asked: &Asked) -> Result<Imported, ImportFault> {
    let draft = Draft::of(grids);
    let info = draft.info.clone();
    let told = |key: &str| info.get(&plain(key)).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    let mut own_base = String::new();
    for number in 1.. {
        match told(&format!("{INFO_BASE}{number}")) {
            Some(piece) => own_base.push_str(&piece),
            None => break,
        }
    }
    let own_base: Option<Value> = serde_json::from_str(&own_base).ok();
    let title = title(asked, &told)?;
    let mut files = Files::new();
    // A city or county brings the base; towns and villages stand upon it.
    let has_base = own_base.is_some() || title.region.code().len() <= 6;
    let mut local = base.clone();
    if let (Some(Value::Object(own)), Some(local)) = (&own_base, local.as_object_mut()) {
        local.extend(own.clone());
    }
    let mut split = Files::new();
    split_local(local.clone(), &mut split).map_err(|source| ImportFault::Split { file: "base".into(), source })?;
    if has_base {
        let bytes = own_base.map(|own| canonical(&own)).or_else(|| split.remove(BASE));
        files.extend(bytes.map(|bytes| (BASE.to_owned(), bytes)));
    }
    let mut built = build::build(draft, &local);
    if has_base && !built.files.contains_key("places.json") {
        files.extend(split.remove("places.json").map(|bytes| ("places.json".to_owned(), bytes)));
    }
    if built.items.is_empty() && !built.files.keys().any(|path| path == "additions.json" || path == "notices.json") {
        let nothing = built.findings.into_iter().find(|f| f.weight() == super::finding::Weight::Refused);
        let missing = || Finding::new("sheet.missing", At::default(), "事项信息");
        return Err(ImportFault::Nothing(Box::new(nothing.unwrap_or_else(missing))));
    }
    files.append(&mut built.files);
    let package = Package::build(title, files).map_err(|why| Refused::new(Path::new(""), why))?;
    // What stands by itself must load as a whole; a town's package is proven together with its county's.
    if has_base {
        let centre = Centre::by_code(&package.manifest().region);
        together(std::slice::from_ref(&package), &centre)?;
    }
    Ok(Imported { package, built })
}

/// Makes a package of the two files in JSON. Nothing is left out of them; items are completed as those of sheets are.
fn of_json(items: Value, local: Value, file: &str, asked: &Asked) -> Result<Imported, ImportFault> {
    let told = |key: &str| match key {
        "版本" => Some("1".to_owned()),
        "制作日期" => local.get("takenAt").and_then(Value::as_str).map(str::to_owned),
        "来源" => build::get(&local, "source.zh").and_then(Value::as_str).map(str::to_owned),
        "来源英文" => build::get(&local, "source.en").and_then(Value::as_str).map(str::to_owned),
        "区划代码" => build::get(&local, "place.townCode").and_then(Value::as_str)?.get(..6).map(str::to_owned),
        "发布单位" => build::get(&local, "place.county.zh").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    let title = title(asked, &told)?;
    let mut files = Files::new();
    let split = |source| ImportFault::Split { file: file.to_owned(), source };
    split_local(local.clone(), &mut files).map_err(split)?;
    split_items(items, &mut files).map_err(split)?;
    let mut built = Built::default();
    let mut offices: Vec<Value> =
        files.get("organizations.json").and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default();
    for (row, (_, bytes)) in (1..).zip(files.iter().filter(|(path, _)| path.starts_with(ITEMS))) {
        let value = serde_json::from_slice(bytes).unwrap_or(json!({}));
        let at = At { file: file.to_owned(), row, ..At::default() };
        let mut item = Placed { value, at, cells: Default::default(), materials: Vec::new(), questions: Vec::new() };
        build::complete(&mut item, &mut offices, &mut built.findings);
        built.items.push(item);
    }
    let (rows, taken) = (built.items.len(), built.items.len());
    built.counts.insert("事项信息".into(), build::Count { rows, taken });
    built.judge(&offices, &local);
    build::put_offices(&mut files, offices);
    files.retain(|path, _| !path.starts_with(ITEMS));
    for item in &built.items {
        files.insert(super::split::item_path(item.text("itemId")), canonical(&item.value));
    }
    let package = Package::build(title, files).map_err(|why| Refused::new(Path::new(file), why))?;
    Ok(Imported { package, built })
}

fn title(asked: &Asked, told: &dyn Fn(&str) -> Option<String>) -> Result<Title, ImportFault> {
    let [region, version, made, source, source_en, owner, approver, fresh, history] = INFO_KEYS;
    let code = asked.region.clone().or_else(|| told(region));
    let day = |text: String| text.parse::<Date>().ok();
    Ok(Title {
        region: code.as_deref().and_then(Region::new).ok_or(ImportFault::Title(region))?,
        version: asked.version.or_else(|| told(version)?.parse().ok()).ok_or(ImportFault::Title(version))?,
        made: asked.made.or_else(|| told(made).and_then(day)).ok_or(ImportFault::Title(made))?,
        source: Text::new(told(source).ok_or(ImportFault::Title(source))?, told(source_en).unwrap_or_default()),
        owner: asked.owner.clone().or_else(|| told(owner)).ok_or(ImportFault::Title(owner))?,
        approver: asked.approver.clone().or_else(|| told(approver)).unwrap_or_default(),
        fresh_days: told(fresh).and_then(|days| days.parse().ok()).unwrap_or(FRESH_DAYS),
        history: told(history).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
    })
}

/// The sheets that a package would be exported to, read again: every field with its cell.
///
/// # Errors
/// It cannot be written as sheets.
pub fn placed(file: &str, package: &Package) -> Result<Built, super::export::ExportFault> {
    let grids = super::export::grids(file, package)?;
    let base = serde_json::from_str(SHIPPED).unwrap_or_default();
    let local = build::local_of(package.files(), &base);
    Ok(build::build(Draft::of(&grids), &local))
}

impl From<Refusal> for ImportFault {
    fn from(why: Refusal) -> Self {
        Self::File(Refused::new(Path::new(""), why))
    }
}
