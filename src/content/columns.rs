//! What the columns of a spreadsheet mean: `columns.toml`, read once, and how headings and labels are compared.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// The table of sheets, columns and codes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// Sheets in the order of a workbook.
    #[serde(rename = "sheet")]
    pub sheets: Vec<Sheet>,
    /// Labels by code by table.
    pub table: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// The theme of an item that names none, by department.
    pub theme_of: BTreeMap<String, String>,
}

/// One sheet.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// What else it is called.
    pub alias: Vec<String>,
    /// Rows belong to items and are their list of this name.
    #[serde(default)]
    pub into: Option<String>,
    /// Rows are the list of this file.
    #[serde(default)]
    pub file: Option<String>,
    /// Its columns.
    #[serde(rename = "column")]
    pub columns: Vec<Column>,
}

/// One column.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Where the value goes: keys and positions with points between.
    pub path: String,
    /// Its heading.
    pub heading: String,
    /// What else it is called.
    pub alias: Vec<String>,
    /// How it is read.
    pub kind: Kind,
    /// Table of codes.
    #[serde(default)]
    pub table: Option<String>,
    /// Key of each line.
    #[serde(default)]
    pub key: Option<String>,
    /// Where a unit goes that stands behind the number.
    #[serde(default)]
    pub unit: Option<String>,
    /// Every published guide has it.
    #[serde(default)]
    pub must: bool,
    /// What to write there.
    #[serde(default)]
    pub mend: String,
}

/// How a cell is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// As it stands.
    Text,
    /// Letters, digits and hyphens in their narrow form.
    Phone,
    /// A whole number; a unit behind it is passed over.
    Int,
    /// A number of days or another unit, which may stand behind it.
    Days,
    /// A day.
    Date,
    /// A label or its code.
    Code,
    /// Several of them.
    Codes,
    /// Yes or no, kept as `1` and `0`.
    Yesno,
    /// Yes or no.
    Flag,
    /// Words with commas between.
    List,
    /// One entry a line.
    Lines,
    /// Steps of the flow.
    Flow,
    /// Legal bases.
    Law,
    /// Fees.
    Fees,
    /// A value in JSON.
    Json,
}

/// The table of this program.
pub static COLUMNS: LazyLock<Columns> = LazyLock::new(|| {
    // The file is part of the program and a test reads it; an empty table would be a table that knows no column.
    toml::from_str(include_str!("columns.toml")).unwrap_or_else(|_| Columns {
        sheets: Vec::new(),
        table: BTreeMap::new(),
        theme_of: BTreeMap::new(),
    })
});

/// Headings and labels as they are compared, so that a sheet of thousands of rows compares each only once.
struct Lookup {
    sheets: BTreeMap<String, usize>,
    /// Columns by the name of their sheet.
    columns: BTreeMap<String, BTreeMap<String, usize>>,
    codes: BTreeMap<String, BTreeMap<String, String>>,
}

static LOOKUP: LazyLock<Lookup> = LazyLock::new(|| {
    let mut lookup = Lookup { sheets: BTreeMap::new(), columns: BTreeMap::new(), codes: BTreeMap::new() };
    for (number, sheet) in COLUMNS.sheets.iter().enumerate() {
        for name in std::iter::once(&sheet.name).chain(&sheet.alias) {
            lookup.sheets.entry(plain(name)).or_insert(number);
        }
        let columns = lookup.columns.entry(sheet.name.clone()).or_default();
        for (number, column) in sheet.columns.iter().enumerate() {
            for heading in std::iter::once(&column.heading).chain(&column.alias) {
                columns.entry(plain(heading)).or_insert(number);
            }
        }
    }
    for (table, codes) in &COLUMNS.table {
        let labels = lookup.codes.entry(table.clone()).or_default();
        for (code, names) in codes {
            for name in std::iter::once(code).chain(names) {
                labels.entry(plain(name)).or_insert_with(|| code.clone());
            }
        }
    }
    lookup
});

impl Columns {
    /// The sheet with this name.
    pub fn sheet(&self, name: &str) -> Option<&Sheet> {
        self.sheets.get(*LOOKUP.sheets.get(&plain(name))?)
    }

    /// The code of a label; a code is its own.
    pub fn code(&self, table: &str, label: &str) -> Option<&'static str> {
        LOOKUP.codes.get(table)?.get(&plain(label)).map(String::as_str)
    }

    /// The label of a code.
    pub fn label(&self, table: &str, code: &str) -> Option<&str> {
        self.table.get(table)?.get(code)?.first().map(String::as_str)
    }
}

impl Sheet {
    /// The column with this heading.
    pub fn column(&self, heading: &str) -> Option<usize> {
        LOOKUP.columns.get(&self.name)?.get(&plain(heading)).copied()
    }
}

/// A heading or label as it is compared: narrow, without blanks, marks and what stands in brackets.
pub fn plain(text: &str) -> String {
    let mut depth = 0_usize;
    let mut out = String::new();
    for c in narrow(text).chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ if depth > 0 || c.is_whitespace() || "*:,、，。．.-_/|“”\"'".contains(c) => {}
            _ => out.extend(c.to_lowercase()),
        }
    }
    out
}

/// Wide letters, digits and marks in their narrow form; everything else as it is.
pub fn narrow(text: &str) -> String {
    let one = |c: char| match c {
        '\u{3000}' | '\u{a0}' => ' ',
        '！'..='～' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '【' | '〔' => '[',
        '】' | '〕' => ']',
        '—' | '–' => '-',
        _ => c,
    };
    text.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_and_no_heading_of_a_sheet_means_two_columns() {
        assert_eq!(COLUMNS.sheets.len(), 8);
        for sheet in &COLUMNS.sheets {
            let mut known = BTreeMap::new();
            for column in &sheet.columns {
                for heading in std::iter::once(&column.heading).chain(&column.alias) {
                    let before = known.insert(plain(heading), &column.path).filter(|path| *path != &column.path);
                    assert_eq!(before, None, "{}: {heading}", sheet.name);
                }
                let needs_table = matches!(column.kind, Kind::Code | Kind::Codes);
                let table = column.table.as_ref().map(|table| COLUMNS.table.contains_key(table));
                assert_eq!(table, needs_table.then_some(true), "{}", column.heading);
                assert!(!column.must || !column.mend.is_empty(), "{} has no mend", column.heading);
            }
        }
    }

    #[test]
    fn labels_and_headings_are_compared_as_offices_write_them() {
        assert_eq!(plain(" 承诺办结\n时限（工作日）* "), "承诺办结时限");
        assert_eq!(plain("ＹＷ＿ＮＡＭＥ"), "ywname");
        assert_eq!(narrow("０５１３－８８８"), "0513-888");
        assert_eq!(COLUMNS.code("useLevel", "镇（乡、街道）级"), Some("5"));
        assert_eq!(COLUMNS.code("taskType", "公共服务"), Some("20"));
        assert_eq!(COLUMNS.code("taskType", "20"), Some("20"));
        assert_eq!(COLUMNS.code("taskType", "依申请便民服务"), None);
        assert_eq!(COLUMNS.sheet("申请材料").map(|sheet| sheet.name.as_str()), Some("材料信息"));
    }
}
