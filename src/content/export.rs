//! From a package back to an office's sheets, so that importing them gives the same package byte for byte.
//!
//! A value goes into its column if the text that stands there is read as the same value again; everything else of a row goes
//! into one column as JSON, which an office leaves alone. The package's own title and base stand in the sheet 包信息.

use std::collections::BTreeMap;

use rust_xlsxwriter::{Format, FormatAlign, Workbook, XlsxError};
use serde_json::{Map, Value, json};

use super::archive::Files;
use super::build::{get, set};
use super::cells::Grid;
use super::columns::{COLUMNS, Sheet};
use super::draft::{INFO, REST};
use super::package::Package;
use super::read;
use crate::domain::catalog::{BASE, ITEMS};

/// Most characters of a cell: a spreadsheet takes 32,767.
const CELL: usize = 30_000;
/// Keys of the sheet about the package, in its order. The base is cut into pieces of a cell's length.
pub const INFO_KEYS: [&str; 9] =
    ["区划代码", "版本", "制作日期", "来源", "来源英文", "发布单位", "审核人", "保鲜天数", "更新记录"];
/// Key of the base.
pub const INFO_BASE: &str = "基础数据";

/// Why a package cannot be written as sheets.
#[derive(Debug, thiserror::Error)]
pub enum ExportFault {
    /// A file of it is no JSON.
    #[error("{0} is no JSON")]
    Shape(String),
    /// Files that sheets cannot carry.
    #[error("{0} cannot stand in a sheet; keep the package as it is")]
    File(String),
    /// A value too long for a cell.
    #[error("{0} is too long for a cell of a spreadsheet")]
    TooLong(String),
    /// The workbook.
    #[error("cannot make the workbook: {0}")]
    Workbook(#[from] XlsxError),
}

/// The sheets of a package.
///
/// # Errors
/// Something that sheets cannot carry.
pub fn grids(file: &str, package: &Package) -> Result<Vec<Grid>, ExportFault> {
    let files = package.files();
    let mut out = vec![info(file, package)?];
    for sheet in &COLUMNS.sheets {
        let rows = rows_of(sheet, files)?;
        if rows.is_empty() && sheet.file.is_some() {
            continue;
        }
        let mut grid = Grid { file: file.to_owned(), sheet: sheet.name.clone(), rows: Vec::new() };
        let heads = sheet.columns.iter().map(|column| column.heading.clone()).chain([REST.to_owned()]);
        grid.rows.push(heads.collect());
        for (name, value) in rows {
            let cells = cells(sheet, value);
            if cells.iter().any(|cell| cell.chars().count() > CELL) {
                return Err(ExportFault::TooLong(name));
            }
            grid.rows.push(cells);
        }
        out.push(grid);
    }
    let known = |path: &str| {
        path == BASE
            || path.starts_with(ITEMS)
            || COLUMNS.sheets.iter().any(|sheet| sheet.file.as_deref() == Some(path))
    };
    match files.keys().find(|path| !known(path)) {
        Some(path) => Err(ExportFault::File(path.clone())),
        None => Ok(out),
    }
}

fn json_of(files: &Files, path: &str) -> Result<Option<Value>, ExportFault> {
    let value = files.get(path).map(|bytes| serde_json::from_slice(bytes)).transpose();
    value.map_err(|_| ExportFault::Shape(path.to_owned()))
}

fn info(file: &str, package: &Package) -> Result<Grid, ExportFault> {
    let manifest = package.manifest();
    let values = [
        manifest.region.code().to_owned(),
        manifest.version.to_string(),
        manifest.made.to_string(),
        manifest.source.zh.clone(),
        manifest.source.en.clone(),
        manifest.owner.clone(),
        manifest.approver.clone(),
        manifest.fresh_days.to_string(),
        json!(manifest.history).to_string(),
    ];
    let mut rows: Vec<Vec<String>> =
        INFO_KEYS.iter().zip(values).map(|(key, value)| vec![(*key).to_owned(), value]).collect();
    if let Some(base) = json_of(package.files(), BASE)? {
        let text: Vec<char> = base.to_string().chars().collect();
        for (number, piece) in text.chunks(CELL).enumerate() {
            rows.push(vec![format!("{INFO_BASE}{}", number + 1), piece.iter().collect()]);
        }
    }
    Ok(Grid { file: file.to_owned(), sheet: INFO.to_owned(), rows })
}

/// The values of a sheet's rows, with a name for faults.
fn rows_of(sheet: &Sheet, files: &Files) -> Result<Vec<(String, Value)>, ExportFault> {
    if let Some(path) = &sheet.file {
        let list = json_of(files, path)?.unwrap_or(json!([]));
        let list = list.as_array().cloned().ok_or_else(|| ExportFault::Shape(path.clone()))?;
        return Ok(list.into_iter().map(|value| (path.clone(), value)).collect());
    }
    let mut rows = Vec::new();
    for path in files.keys().filter(|path| path.starts_with(ITEMS)) {
        let mut item = json_of(files, path)?.ok_or_else(|| ExportFault::Shape(path.clone()))?;
        let object = item.as_object_mut().ok_or_else(|| ExportFault::Shape(path.clone()))?;
        let mut lists: BTreeMap<&str, Value> = BTreeMap::new();
        for into in COLUMNS.sheets.iter().filter_map(|sheet| sheet.into.as_deref()) {
            lists.insert(into, object.remove(into).unwrap_or(json!([])));
        }
        match &sheet.into {
            None => rows.push((path.clone(), item)),
            Some(into) => {
                let id = get(&item, "itemId").cloned().unwrap_or_default();
                let list = lists.remove(into.as_str()).and_then(|list| list.as_array().cloned()).unwrap_or_default();
                rows.extend(list.into_iter().map(|mut value| {
                    set(&mut value, "@item", id.clone());
                    (path.clone(), value)
                }));
            }
        }
    }
    Ok(rows)
}

/// The cells of a row, the last one with what has no column.
fn cells(sheet: &Sheet, value: Value) -> Vec<String> {
    let mut rest = value.clone();
    let mut cells = Vec::new();
    for column in &sheet.columns {
        let here = get(&value, &column.path);
        let text = here.and_then(|here| read::show(column, here)).filter(|text| {
            let again = read::read(column, text);
            !text.trim().is_empty() && again.finding.is_none() && again.value.as_ref() == here && again.unit.is_none()
        });
        if text.is_some() {
            remove(&mut rest, &column.path);
        }
        cells.push(text.unwrap_or_default());
    }
    let is_nothing = rest.as_object().is_some_and(Map::is_empty);
    cells.push(if is_nothing { String::new() } else { rest.to_string() });
    cells
}

/// Takes out what a column carries. The objects and lists around it stay, for they keep places.
fn remove(value: &mut Value, path: &str) {
    let (part, rest) = path.split_once('.').map_or((path, None), |(part, rest)| (part, Some(rest)));
    let place = match part.parse::<usize>() {
        Ok(position) => value.get_mut(position),
        Err(_) if rest.is_none() => {
            if let Some(object) = value.as_object_mut() {
                object.remove(part);
            }
            return;
        }
        Err(_) => value.get_mut(part),
    };
    if let (Some(place), Some(rest)) = (place, rest) {
        remove(place, rest);
    }
}

/// A workbook of sheets, with headings that stay in sight and columns that can be read.
///
/// # Errors
/// The library refuses, which is a fault of this program.
pub fn workbook(grids: &[Grid]) -> Result<Vec<u8>, ExportFault> {
    let mut book = Workbook::new();
    let head = Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Center);
    let body = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    for grid in grids {
        let sheet = book.add_worksheet();
        sheet.set_name(&grid.sheet)?;
        sheet.set_freeze_panes(1, 0)?;
        for (row, cells) in (0_u32..).zip(&grid.rows) {
            for (column, cell) in (0_u16..).zip(cells) {
                if row == 0 {
                    sheet.set_column_width(column, 18)?;
                }
                sheet.write_string_with_format(row, column, cell, if row == 0 { &head } else { &body })?;
            }
        }
    }
    Ok(book.save_to_buffer()?)
}

/// The catalogue as the two files in JSON: items with their offices, and what belongs to the place.
///
/// # Errors
/// A file of it that is no JSON.
pub fn two_files(package: &Package) -> Result<(Value, Value), ExportFault> {
    let files = package.files();
    let mut items = Vec::new();
    for path in files.keys().filter(|path| path.starts_with(ITEMS)) {
        items.extend(json_of(files, path)?);
    }
    let offices = json_of(files, "organizations.json")?.unwrap_or(json!([]));
    let mut local = json_of(files, BASE)?.unwrap_or(json!({}));
    for (key, path) in [("notices", "notices.json"), ("everyday", "everyday.json")] {
        local[key] = json_of(files, path)?.unwrap_or(json!([]));
    }
    if let Some(place) = json_of(files, "places.json")?.and_then(|list| list.get(0).cloned()) {
        local["place"] = place;
    }
    let manifest = package.manifest();
    local["schema"] = json!(1);
    local["version"] = json!(manifest.version.to_string());
    local["source"] = json!(manifest.source);
    local["takenAt"] = json!(manifest.made);
    Ok((json!({"schemaVersion": "0.1-sample", "organizations": offices, "items": items}), local))
}
