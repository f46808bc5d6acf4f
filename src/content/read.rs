//! One cell, from text to value and back, by the kind of its column.
//!
//! Whatever cannot be read is kept as it stands, or left out with a finding; nothing is guessed. [`show`] is the other
//! way, and a caller that wants to be sure reads what was shown and compares.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::columns::{COLUMNS, Column, Kind, narrow};

/// A value that was read from a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The value; nothing if it could not be read.
    pub value: Option<Value>,
    /// A unit that stood behind a number, as a code.
    pub unit: Option<String>,
    /// What to look at, and what was found.
    pub finding: Option<(&'static str, String)>,
}

impl Cell {
    fn of(value: impl Into<Value>) -> Self {
        Self { value: Some(value.into()), unit: None, finding: None }
    }

    fn with(mut self, code: &'static str, found: &str) -> Self {
        self.finding = Some((code, found.to_owned()));
        self
    }

    fn nothing(code: &'static str, found: &str) -> Self {
        Self { value: None, unit: None, finding: Some((code, found.to_owned())) }
    }
}

/// Reads a cell that is not empty.
pub fn read(column: &Column, text: &str) -> Cell {
    let text = text.trim();
    let table = column.table.as_deref().unwrap_or_default();
    match column.kind {
        Kind::Text => Cell::of(text),
        Kind::Phone => {
            let narrowed = narrow(text);
            let is_wide = narrowed != text;
            let cell = Cell::of(narrowed);
            if is_wide { cell.with("sheet.wide", text) } else { cell }
        }
        Kind::Int | Kind::Days => number(text),
        Kind::Date => day(text).map_or_else(|| Cell::nothing("sheet.date", text), |day| Cell::of(day.to_string())),
        Kind::Code => match COLUMNS.code(table, text) {
            Some(code) => Cell::of(code),
            None => Cell::of(text).with("sheet.code", text),
        },
        Kind::Codes => {
            let mut unknown = None;
            let code = |label: &str| {
                let code = COLUMNS.code(table, label);
                if code.is_none() {
                    unknown = unknown.take().or(Some(label.to_owned()));
                }
                code.unwrap_or(label).to_owned()
            };
            let codes: Vec<String> = parts(text).map(code).collect();
            let cell = Cell::of(codes);
            match unknown {
                Some(label) => cell.with("sheet.code", &label),
                None => cell,
            }
        }
        Kind::Yesno => match yes(text) {
            Some(is_so) => Cell::of(if is_so { "1" } else { "0" }),
            None => Cell::of(text).with("sheet.yesno", text),
        },
        Kind::Flag => yes(text).map_or_else(|| Cell::nothing("sheet.yesno", text), Cell::of),
        Kind::List => Cell::of(parts(text).map(str::to_owned).collect::<Vec<_>>()),
        Kind::Lines => {
            let key = column.key.as_deref().unwrap_or("text");
            Cell::of(lines(text).map(|line| json!({ key: line })).collect::<Vec<_>>())
        }
        Kind::Flow => Cell::of(flow(text)),
        Kind::Law => Cell::of(lines(text).map(law).collect::<Vec<_>>()),
        Kind::Fees => Cell::of(lines(text).map(fee).collect::<Vec<_>>()),
        Kind::Json => match serde_json::from_str::<Value>(text) {
            Ok(value) => Cell::of(value),
            Err(error) => Cell::nothing("sheet.json", &error.to_string()),
        },
    }
}

/// Words that say yes or no.
fn yes(text: &str) -> Option<bool> {
    match narrow(text).trim() {
        "是" | "有" | "1" | "√" | "Y" | "y" | "收费" | "支持" | "可以" | "true" => Some(true),
        "否" | "无" | "0" | "×" | "N" | "n" | "不收费" | "不支持" | "没有" | "免费" | "false" => {
            Some(false)
        }
        _ => None,
    }
}

/// Parts with commas, semicolons or line breaks between.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(['、', '，', ',', '；', ';', '\n', '\r', '|']).map(str::trim).filter(|part| !part.is_empty())
}

/// A whole number in narrow or wide digits, with a unit behind it or not.
fn number(text: &str) -> Cell {
    let narrowed = narrow(text);
    let rest = narrowed.trim().trim_start_matches("不超过").trim();
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, unit) = rest.split_at(end);
    // What a spreadsheet shows of a number that is whole.
    let unit = unit.strip_prefix(".0").unwrap_or(unit).trim().trim_start_matches('个');
    let is_now = ["即办", "当场办结", "当日", "立即办结", "即时", "马上办"].contains(&rest);
    let Some(number) = digits.parse::<u32>().ok().or(is_now.then_some(0)) else {
        return Cell::nothing("sheet.number", text);
    };
    if !(unit.is_empty() || is_now || unit.chars().all(|c| !c.is_ascii_digit())) {
        return Cell::nothing("sheet.number", text);
    }
    let mut cell = Cell::of(number);
    cell.unit = COLUMNS.code("timeUnit", unit).filter(|_| !unit.is_empty()).map(str::to_owned);
    if text.trim() != narrowed.trim() {
        cell.finding = Some(("sheet.wide", text.to_owned()));
    }
    cell
}

/// A day as people write it.
fn day(text: &str) -> Option<Date> {
    let text = narrow(text).replace(['年', '月', '/', '.'], "-").replace('日', "");
    let mut parts = text.trim().split('-').map(|part| part.trim().parse::<i16>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() {
        return None;
    }
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Lines without their numbering.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '\r']).map(unnumbered).filter(|line| !line.is_empty())
}

/// A line without `1.`, `（一）`, `①` before it. A number that is no numbering stays.
fn unnumbered(line: &str) -> &str {
    let line = line.trim();
    let is_count = |c: char| c.is_ascii_digit() || "０１２３４５６７８９一二三四五六七八九十".contains(c);
    let after = |rest: &'_ str| rest.find(|c| !is_count(c)).filter(|at| *at > 0);
    if let Some(rest) = line.strip_prefix(['(', '（'])
        && let Some(at) = after(rest)
        && let Some(rest) = rest[at..].strip_prefix([')', '）'])
    {
        return rest.trim();
    }
    if let Some(at) = after(line)
        && let Some(rest) = line[at..].strip_prefix(['、', '.', '．'])
        && !rest.starts_with(|c: char| c.is_ascii_digit())
    {
        return rest.trim();
    }
    line.strip_prefix(['①', '②', '③', '④', '⑤', '⑥', '⑦', '⑧', '⑨']).map_or(line, str::trim)
}

/// Steps: one a line as `环节｜谁来办｜做什么`, or all in one line with arrows.
fn flow(text: &str) -> Vec<Value> {
    let arrows = ["→", "->", "——>", "⇒", "—>"];
    if let Some(arrow) = arrows.iter().find(|arrow| text.contains(**arrow)) {
        let step = |step: &str| json!({"step": step, "handler": "", "text": ""});
        return text.split(arrow).map(unnumbered).filter(|part| !part.is_empty()).map(step).collect();
    }
    let step = |line: &str| {
        let mut parts = line.splitn(3, ['|', '｜']).map(str::trim);
        let mut part = || parts.next().unwrap_or_default().to_owned();
        json!({"step": part(), "handler": part(), "text": part()})
    };
    lines(text).map(step).collect()
}

/// A title and, in brackets behind it, a number of the document.
fn law(line: &str) -> Value {
    let line = line.trim();
    let (title, rest) = match line.strip_prefix('《').and_then(|rest| rest.split_once('》')) {
        Some((title, rest)) => (title, rest.trim()),
        None => (line, ""),
    };
    let number = rest.strip_prefix(['(', '（']).and_then(|rest| rest.strip_suffix([')', '）']));
    match (number, rest.is_empty()) {
        (Some(number), _) => json!({"title": title, "docNo": number}),
        (None, true) => json!({"title": title}),
        // An article behind the title belongs to it.
        (None, false) => json!({"title": line}),
    }
}

/// What is paid for, and how much.
fn fee(line: &str) -> Value {
    let (name, stand) = line.split_once(['：', ':']).unwrap_or((line, ""));
    json!({"feeName": name.trim(), "feeStand": stand.trim()})
}

/// The text of a value, as an office would write it; nothing if there is no such text.
pub fn show(column: &Column, value: &Value) -> Option<String> {
    let table = column.table.as_deref().unwrap_or_default();
    let word = |key: &str, value: &Value| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let rows = |each: &dyn Fn(&Value) -> Option<String>| {
        let rows: Option<Vec<String>> = value.as_array()?.iter().map(each).collect();
        rows.map(|rows| rows.join("\n"))
    };
    match column.kind {
        Kind::Text | Kind::Phone | Kind::Date => value.as_str().map(str::to_owned),
        Kind::Int | Kind::Days => value.as_u64().map(|number| number.to_string()),
        Kind::Code => value.as_str().map(|code| COLUMNS.label(table, code).unwrap_or(code).to_owned()),
        Kind::Codes => {
            let label = |code: &Value| code.as_str().map(|code| COLUMNS.label(table, code).unwrap_or(code).to_owned());
            let labels: Option<Vec<String>> = value.as_array()?.iter().map(label).collect();
            labels.map(|labels| labels.join("；"))
        }
        Kind::Yesno => match value.as_str()? {
            "1" => Some("是".to_owned()),
            "0" => Some("否".to_owned()),
            other => Some(other.to_owned()),
        },
        Kind::Flag => value.as_bool().map(|is_so| if is_so { "是" } else { "否" }.to_owned()),
        Kind::List => {
            let words: Option<Vec<String>> = value.as_array()?.iter().map(|w| w.as_str().map(str::to_owned)).collect();
            words.map(|words| words.join("、"))
        }
        Kind::Lines => rows(&|row| word(column.key.as_deref().unwrap_or("text"), row)),
        Kind::Flow => rows(&|row| Some([word("step", row)?, word("handler", row)?, word("text", row)?].join("｜"))),
        Kind::Law => rows(&|row| {
            let title = word("title", row)?;
            Some(match word("docNo", row) {
                Some(number) => format!("《{title}》（{number}）"),
                None if title.contains('《') => title,
                None => format!("《{title}》"),
            })
        }),
        Kind::Fees => rows(&|row| Some(format!("{}：{}", word("feeName", row)?, word("feeStand", row)?))),
        Kind::Json => Some(value.to_string()),
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
