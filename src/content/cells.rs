//! Spreadsheets as grids of text: workbooks, comma-separated files, and the cells that were merged.
//!
//! Every cell keeps its place. A merged cell gives its text to all the cells that it covers. Numbers are written without a
//! fraction that is nothing, days as `2026-12-31`.

use std::io::Cursor;
use std::path::Path;

use calamine::{Data, Reader as _, Xlsx};

use super::finding::{At, Finding};

/// Most cells of one sheet that are read; five thousand items with sixty columns have a tenth of it.
const MOST_CELLS: usize = 4_000_000;

/// One sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// Name of the file.
    pub file: String,
    /// Name of the sheet; for a comma-separated file the name of the file without its ending.
    pub sheet: String,
    /// Rows of cells.
    pub rows: Vec<Vec<String>>,
}

impl Grid {
    /// A cell; one that is not there is empty.
    pub fn cell(&self, row: usize, column: usize) -> &str {
        self.rows.get(row).and_then(|cells| cells.get(column)).map_or("", String::as_str)
    }

    /// Its width.
    pub fn width(&self) -> usize {
        self.rows.iter().map(Vec::len).max().unwrap_or(0)
    }
}

fn unreadable(file: &str, why: impl std::fmt::Display) -> Box<Finding> {
    Box::new(Finding::new("sheet.unreadable", At { file: file.to_owned(), ..At::default() }, why.to_string()))
}

/// Name of a file for reports.
pub fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// The sheets of a workbook.
///
/// # Errors
/// It is no workbook, or damaged.
pub fn workbook(file: &str, bytes: &[u8]) -> Result<Vec<Grid>, Box<Finding>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|error| unreadable(file, error))?;
    let mut grids = Vec::new();
    for sheet in book.sheet_names().clone() {
        let range = book.worksheet_range(&sheet).map_err(|error| unreadable(file, error))?;
        let merged = book.merge_cells_by_sheet_name(&sheet).map_err(|error| unreadable(file, error))?;
        let Some((last_row, last_column)) = range.end() else { continue };
        let (height, width) = (last_row as usize + 1, last_column as usize + 1);
        if height.saturating_mul(width) > MOST_CELLS {
            return Err(unreadable(file, format!("{sheet}: {height} × {width}")));
        }
        let mut rows = vec![vec![String::new(); width]; height];
        let (first_row, first_column) = range.start().unwrap_or((0, 0));
        for (row, column, value) in range.used_cells() {
            rows[first_row as usize + row][first_column as usize + column] = text(value);
        }
        for area in merged {
            let (top, left) = (area.start.0 as usize, area.start.1 as usize);
            let shared = rows.get(top).and_then(|cells| cells.get(left)).cloned().unwrap_or_default();
            for cells in rows.iter_mut().take(area.end.0 as usize + 1).skip(top) {
                for cell in cells.iter_mut().take(area.end.1 as usize + 1).skip(left) {
                    cell.clone_from(&shared);
                }
            }
        }
        grids.push(Grid { file: file.to_owned(), sheet, rows });
    }
    Ok(grids)
}

fn text(value: &Data) -> String {
    match value {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.trim().to_owned(),
        Data::Int(number) => number.to_string(),
        // 15 digits are what a spreadsheet keeps of a number; Rust writes a whole one without fraction or exponent.
        Data::Float(number) => number.to_string(),
        Data::Bool(is_so) => if *is_so { "是" } else { "否" }.to_owned(),
        Data::DateTime(day) => {
            let (year, month, day, ..) = day.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        Data::Error(error) => error.to_string(),
    }
}

/// The rows of a comma-separated file, in UTF-8 or, as older programs of offices write it, GB 18030.
///
/// # Errors
/// It is neither.
pub fn comma_separated(file: &str, bytes: &[u8]) -> Result<Grid, Box<Finding>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            let (text, _, has_errors) = encoding_rs::GB18030.decode(bytes);
            if has_errors {
                return Err(unreadable(file, "UTF-8 / GB 18030"));
            }
            text.into_owned()
        }
    };
    let sheet = file.rsplit_once('.').map_or(file, |(name, _)| name).to_owned();
    Ok(Grid { file: file.to_owned(), sheet, rows: records(&text) })
}

/// Records as RFC 4180 has them: quotes around a cell, two quotes for one.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut is_quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(std::mem::take(&mut cell).trim().to_owned()),
            '\r' if !is_quoted => {}
            '\n' if !is_quoted => {
                row.push(std::mem::take(&mut cell).trim().to_owned());
                rows.push(std::mem::take(&mut row));
            }
            _ => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell.trim().to_owned());
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_commas_and_line_breaks_in_a_cell_are_kept() {
        let rows = records("a,\"b, \"\"c\"\"\nd\",\r\n１,2");
        assert_eq!(rows, [vec!["a", "b, \"c\"\nd", ""], vec!["１", "2"]]);
    }

    #[test]
    fn a_file_of_an_older_program_is_read() {
        let (bytes, _, _) = encoding_rs::GB18030.encode("事项名称,办件类型\n低保,承诺件\n");
        let grid = comma_separated("事项信息.csv", &bytes);
        assert_eq!(grid.map(|g| (g.sheet.clone(), g.cell(1, 1).to_owned())), Ok(("事项信息".into(), "承诺件".into())));
    }

    #[test]
    fn a_damaged_workbook_is_a_finding_with_the_file() {
        let found = workbook("a.xlsx", b"PK\x03\x04 not really");
        assert_eq!(found.map_err(|f| (f.code, f.at.file)), Err(("sheet.unreadable", "a.xlsx".to_owned())));
    }
}
