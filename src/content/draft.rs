//! A draft: the rows of an office's sheets, with the columns that were recognised, the raw text of every cell and its place.
//!
//! Headings are looked for in the first rows, for many sheets begin with a title or with two rows of headings. Of two rows
//! the lower one counts, alone or together with the one above it (办结时限 over 法定 and 承诺). What is not recognised is
//! kept under its heading.

use std::collections::BTreeMap;

use serde_json::Value;

use super::cells::Grid;
use super::columns::{COLUMNS, Column, Sheet, plain};
use super::finding::{At, Finding, letters};

/// Rows in which headings are looked for.
const HEAD_ROWS: usize = 10;
/// Heading of the column that carries what has no column of its own, in JSON. An export writes it.
pub const REST: &str = "其他内容（勿改）";
/// The sheet about the package itself: two columns, what and its value.
pub const INFO: &str = "包信息";

/// Rows of all sheets.
#[derive(Debug, Default)]
pub struct Draft {
    /// Sheets that were recognised.
    pub tables: Vec<Table>,
    /// What the sheet about the package says.
    pub info: BTreeMap<String, String>,
    /// What was found on the way.
    pub findings: Vec<Finding>,
}

/// One recognised sheet.
#[derive(Debug)]
pub struct Table {
    /// What it is.
    pub sheet: &'static Sheet,
    /// Its place, without row and column.
    pub at: At,
    /// Columns by their place in the sheet.
    pub heads: Vec<(usize, Head)>,
    /// Their headings as written.
    pub written: Vec<String>,
    /// Rows with something in them.
    pub rows: Vec<Row>,
}

/// What a column of a sheet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// A known one.
    Known(&'static Column),
    /// What has no column of its own.
    Rest,
    /// Not known; kept under its heading.
    Unknown,
}

impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path && self.heading == other.heading
    }
}

impl Eq for Column {}

/// One row.
#[derive(Debug, Clone)]
pub struct Row {
    /// Number, counted from 1.
    pub number: u32,
    /// Its cells that are not empty: place among the heads, text.
    pub cells: Vec<(usize, String)>,
}

impl Table {
    /// The place of a cell.
    pub fn at(&self, row: &Row, head: usize) -> At {
        let Some((column, kind)) = self.heads.get(head) else { return self.at_row(row) };
        let heading = match kind {
            Head::Known(known) => known.heading.clone(),
            Head::Rest => REST.to_owned(),
            Head::Unknown => self.written.get(head).cloned().unwrap_or_default(),
        };
        At { row: row.number, column: letters(*column), heading, ..self.at.clone() }
    }

    /// The place of a row.
    pub fn at_row(&self, row: &Row) -> At {
        At { row: row.number, ..self.at.clone() }
    }

    /// The place where a column of a row is or should be.
    pub fn at_column(&self, row: &Row, column: &'static Column) -> At {
        match self.heads.iter().position(|(_, head)| *head == Head::Known(column)) {
            Some(head) if column.heading == self.heading(head) => self.at(row, head),
            Some(_) | None => At { heading: column.heading.clone(), ..self.at_row(row) },
        }
    }

    fn heading(&self, head: usize) -> &str {
        match self.heads.get(head) {
            Some((_, Head::Known(column))) => &column.heading,
            Some((_, Head::Rest | Head::Unknown)) | None => "",
        }
    }

    /// The text of a column in a row.
    pub fn text<'r>(&self, row: &'r Row, path: &str) -> Option<&'r str> {
        let is_it = |head: usize| matches!(self.heads.get(head), Some((_, Head::Known(column))) if column.path == path);
        row.cells.iter().find(|(head, _)| is_it(*head)).map(|(_, text)| text.as_str())
    }
}

impl Draft {
    /// Recognises the sheets of these grids.
    pub fn of(grids: &[Grid]) -> Self {
        let mut draft = Self::default();
        for grid in grids {
            draft.take(grid);
        }
        if !draft.tables.iter().any(|table| table.sheet.name == "事项信息") && draft.findings.is_empty() {
            let file = grids.first().map(|grid| grid.file.clone()).unwrap_or_default();
            draft.findings.push(Finding::new("sheet.missing", At { file, ..At::default() }, "事项信息"));
        }
        draft
    }

    fn take(&mut self, grid: &Grid) {
        let at = At { file: grid.file.clone(), sheet: grid.sheet.clone(), ..At::default() };
        if plain(&grid.sheet) == plain(INFO) {
            for row in &grid.rows {
                if let [key, value, ..] = &row[..] {
                    self.info.entry(plain(key)).or_insert_with(|| value.clone());
                }
            }
            return;
        }
        let Some(sheet) = COLUMNS.sheet(&grid.sheet) else {
            self.findings.push(Finding::new("sheet.unknown", at, &grid.sheet));
            return;
        };
        let Some(head_row) = head_row(grid, sheet) else {
            self.findings.push(Finding::new("sheet.no-heading", at, &grid.sheet));
            return;
        };
        let mut heads: Vec<(usize, Head)> = Vec::new();
        let mut headings = Vec::new();
        for column in 0..grid.width() {
            let written = grid.cell(head_row, column);
            let head = head_of(grid, sheet, head_row, column);
            let place = At { row: row_number(head_row), column: letters(column), ..at.clone() };
            match head {
                None => {}
                Some(Head::Known(known)) if heads.iter().any(|(_, head)| *head == Head::Known(known)) => {
                    self.findings.push(Finding::new("sheet.heading-twice", place, written));
                }
                Some(head) => {
                    if head == Head::Unknown {
                        self.findings.push(Finding::new("sheet.unknown-heading", place, written));
                    }
                    heads.push((column, head));
                    headings.push(written.trim().to_owned());
                }
            }
        }
        let mut rows = Vec::new();
        for index in head_row + 1..grid.rows.len() {
            let cells: Vec<(usize, String)> = heads
                .iter()
                .enumerate()
                .map(|(head, (column, _))| (head, grid.cell(index, *column).trim().to_owned()))
                .filter(|(_, text)| !text.is_empty())
                .collect();
            // A line of explanation is one merged cell over the whole width.
            let is_note = cells.len() > 3 && cells.iter().all(|(_, text)| *text == cells[0].1);
            if !cells.is_empty() && !is_note {
                rows.push(Row { number: row_number(index), cells });
            }
        }
        self.tables.push(Table { sheet, at, heads, written: headings, rows });
    }
}

fn row_number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

/// The row that most headings stand in; of rows that are equal the first.
fn head_row(grid: &Grid, sheet: &'static Sheet) -> Option<usize> {
    let known = |row: usize| {
        (0..grid.width()).filter(|column| matches!(head_of(grid, sheet, row, *column), Some(Head::Known(_)))).count()
    };
    let rows = 0..grid.rows.len().min(HEAD_ROWS);
    let best = rows.map(|row| (known(row), std::cmp::Reverse(row))).max()?;
    (best.0 >= 2.min(sheet.columns.len())).then_some(best.1.0)
}

/// What a column is, by what stands in this row, alone or with the row above it.
fn head_of(grid: &Grid, sheet: &'static Sheet, row: usize, column: usize) -> Option<Head> {
    let here = grid.cell(row, column);
    let above = if row == 0 { "" } else { grid.cell(row - 1, column) };
    if plain(here) == plain(REST) {
        return Some(Head::Rest);
    }
    let found = sheet
        .column(&format!("{here}{above}"))
        .filter(|_| !here.is_empty() && here != above)
        .or_else(|| sheet.column(&format!("{above}{here}")).filter(|_| !here.is_empty() && here != above))
        .or_else(|| sheet.column(here));
    match found {
        Some(index) => sheet.columns.get(index).map(Head::Known),
        None => (!here.trim().is_empty()).then_some(Head::Unknown),
    }
}

/// The rows of a portal's export in JSON, as grids: a list of items with their own names of fields, materials and questions
/// as lists inside.
pub fn portal(file: &str, value: &Value) -> Option<Vec<Grid>> {
    let list = value.as_array().or_else(|| {
        ["data", "items", "rows", "result"].iter().find_map(|key| value.get(key).and_then(Value::as_array))
    })?;
    let mut parts: BTreeMap<&str, Vec<BTreeMap<String, String>>> = BTreeMap::new();
    for item in list {
        let item = item.as_object()?;
        let mut own = BTreeMap::new();
        for (key, value) in item {
            let rows = value.as_array().filter(|rows| rows.iter().all(Value::is_object));
            match rows {
                Some(rows) => {
                    let sheet = COLUMNS.sheet(key).filter(|sheet| sheet.into.is_some());
                    let name = ["task_name", "YW_NAME", "事项名称"].iter().find_map(|key| item.get(*key)?.as_str());
                    for row in rows {
                        let mut cells: BTreeMap<String, String> =
                            row.as_object()?.iter().map(|(key, value)| (key.clone(), plain_text(value))).collect();
                        cells.insert("所属事项".into(), name.unwrap_or_default().to_owned());
                        parts.entry(sheet.map_or(key.as_str(), |sheet| &sheet.name)).or_default().push(cells);
                    }
                }
                None => drop(own.insert(key.clone(), plain_text(value))),
            }
        }
        parts.entry("事项信息").or_default().push(own);
    }
    let grid = |(sheet, rows): (&str, Vec<BTreeMap<String, String>>)| {
        let mut heads: Vec<&String> = rows.iter().flat_map(BTreeMap::keys).collect();
        heads.sort();
        heads.dedup();
        let cells = |row: &BTreeMap<String, String>| {
            heads.iter().map(|head| row.get(*head).cloned().unwrap_or_default()).collect::<Vec<_>>()
        };
        let first = heads.iter().map(|head| (*head).clone()).collect();
        let rows = std::iter::once(first).chain(rows.iter().map(cells)).collect();
        Grid { file: file.to_owned(), sheet: sheet.to_owned(), rows }
    };
    Some(parts.into_iter().map(grid).collect())
}

fn plain_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
