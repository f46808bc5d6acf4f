//! From a draft to the files of a package, with everything that an office has to look at on the way.
//!
//! Each row of 事项信息 becomes an item as a value in the keys of the exchange tables; rows of 材料信息 and 常见问题 go to
//! their items. A value that cannot be read is left out and named; a label that is in no table stays as it is. An item that the
//! kiosk could not load is not taken in, with the reason and the cell. Count in is count out: every row is taken or named.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::archive::{Files, is_name};
use super::columns::{COLUMNS, Column, Sheet, plain};
use super::draft::{Draft, Head, Row, Table};
use super::finding::{At, Finding};
use super::manifest::digest;
use super::read;
use super::split::{canonical, item_path, put_list};
use crate::domain::catalog::{BASE, Catalog, CatalogError, ItemFault, ORGANIZATIONS, PLACES};

/// Key under which an item keeps what stands under headings that are not known.
const OTHER: &str = "otherColumns";
/// Items that are tried to load together.
const TOGETHER: usize = 64;

/// How many rows there were, and how many were taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Count {
    /// Rows of the sheet.
    pub rows: usize,
    /// Rows that were taken.
    pub taken: usize,
}

/// What was made of a draft.
#[derive(Debug, Default)]
pub struct Built {
    /// The files of the package.
    pub files: Files,
    /// Rows by sheet.
    pub counts: BTreeMap<String, Count>,
    /// What to look at.
    pub findings: Vec<Finding>,
    /// The items that were taken, with their places.
    pub items: Vec<Placed>,
    /// Numbers and codes that are taken.
    known: BTreeSet<String>,
}

/// An item, and where its fields stand.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The item.
    pub value: Value,
    /// The place of its row.
    pub at: At,
    /// Places by path, for cells that are filled or could be.
    pub cells: BTreeMap<String, At>,
    /// Places of its materials, in their order.
    pub materials: Vec<At>,
    /// Places of its questions, in their order.
    pub questions: Vec<At>,
}

impl Placed {
    /// A text of the item.
    pub fn text(&self, path: &str) -> &str {
        get(&self.value, path).and_then(Value::as_str).unwrap_or_default()
    }

    /// The place of a field: its cell, or the row.
    pub fn place(&self, path: &str) -> At {
        let below = || self.cells.iter().find(|(known, _)| known.starts_with(path) || path.starts_with(known.as_str()));
        self.cells.get(path).or_else(|| below().map(|(_, at)| at)).unwrap_or(&self.at).clone()
    }

    /// A finding about a field.
    pub fn finding(&self, code: &'static str, path: &str, found: impl Into<String>) -> Finding {
        self.mark(Finding::new(code, self.place(path), found))
    }

    /// A finding, with whose it is.
    pub fn mark(&self, finding: Finding) -> Finding {
        Finding {
            item: self.text("itemId").to_owned(),
            name: self.text("taskName").to_owned(),
            department: self.text("department").to_owned(),
            ..finding
        }
    }
}

/// Reads a draft. `base` is the local file (words, themes, departments) that the items are checked against.
pub fn build(draft: Draft, base: &Value) -> Built {
    let mut built = Built { findings: draft.findings, ..Built::default() };
    let mut organizations = built.list(&draft.tables, "organizations.json");
    for file in ["everyday.json", "notices.json", "additions.json", PLACES] {
        let list = built.list(&draft.tables, file);
        put_list(&mut built.files, file, list);
    }
    for table in draft.tables.iter().filter(|table| table.sheet.name == "事项信息") {
        for row in &table.rows {
            built.take_item(table, row);
        }
    }
    for table in draft.tables.iter().filter(|table| table.sheet.into.is_some()) {
        built.take_lists(table);
    }
    for item in &mut built.items {
        complete(item, &mut organizations, &mut built.findings);
    }
    built.judge(&organizations, base);
    put_offices(&mut built.files, organizations);
    for item in &built.items {
        built.files.insert(item_path(item.text("itemId")), canonical(&item.value));
    }
    built
}

impl Built {
    /// The rows of a sheet that is a list of its own.
    fn list(&mut self, tables: &[Table], file: &str) -> Vec<Value> {
        let mut list = Vec::new();
        for table in tables.iter().filter(|table| table.sheet.file.as_deref() == Some(file)) {
            for row in &table.rows {
                let (value, _) = self.row(table, row);
                // A notice without its last day, a word without its meaning: half of it is of no use.
                let missing =
                    table.sheet.columns.iter().find(|column| column.must && get(&value, &column.path).is_none());
                self.count(table.sheet, usize::from(missing.is_none()));
                match missing {
                    None => list.push(value),
                    Some(column) => {
                        let finding = Finding::new("sheet.incomplete", table.at_column(row, column), &column.heading);
                        self.findings.push(Finding { mend: column.mend.clone(), ..finding });
                    }
                }
            }
        }
        list
    }

    fn count(&mut self, sheet: &Sheet, taken: usize) {
        let count = self.counts.entry(sheet.name.clone()).or_default();
        count.rows += 1;
        count.taken += taken;
    }

    /// The value of a row, and the places of its cells.
    fn row(&mut self, table: &Table, row: &Row) -> (Value, BTreeMap<String, At>) {
        let (mut value, mut other, mut places) = (json!({}), Map::new(), BTreeMap::new());
        for column in &table.sheet.columns {
            places.insert(column.path.clone(), table.at_column(row, column));
        }
        // What has no column lies below; what an office writes into a column goes before it.
        let is_rest = |head: usize| matches!(table.heads.get(head), Some((_, Head::Rest)));
        for (head, text) in row.cells.iter().filter(|(head, _)| is_rest(*head)) {
            match serde_json::from_str::<Value>(text) {
                Ok(json) => value = json,
                Err(error) => self.findings.push(Finding::new("sheet.json", table.at(row, *head), error.to_string())),
            }
        }
        for (head, text) in &row.cells {
            let at = table.at(row, *head);
            match table.heads.get(*head) {
                Some((_, Head::Known(column))) => {
                    let cell = read::read(column, text);
                    if let Some((code, found)) = cell.finding {
                        self.findings.push(Finding::new(code, at, found));
                    }
                    if let (Some(unit), Some(path)) = (cell.unit, &column.unit)
                        && get(&value, path).is_none_or(Value::is_null)
                    {
                        set(&mut value, path, json!(unit));
                    }
                    if let Some(read) = cell.value {
                        set(&mut value, &column.path, read);
                    }
                }
                Some((_, Head::Unknown)) => {
                    other.insert(at.heading, json!(text));
                }
                Some((_, Head::Rest)) | None => {}
            }
        }
        if !other.is_empty() {
            set(&mut value, OTHER, Value::Object(other));
        }
        (value, places)
    }

    fn take_item(&mut self, table: &Table, row: &Row) {
        let from = self.findings.len();
        let (mut value, cells) = self.row(table, row);
        let word = |value: &Value, path: &str| get(value, path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (name, code) = (word(&value, "taskName"), word(&value, "taskHandleItem"));
        if word(&value, "itemId").is_empty() {
            let id = [&code, &name].into_iter().find(|text| !text.is_empty()).map(|text| id_of(text));
            set(&mut value, "itemId", json!(id.unwrap_or_default()));
        }
        let placed = Placed { value, at: table.at_row(row), cells, materials: Vec::new(), questions: Vec::new() };
        for index in from..self.findings.len() {
            self.findings[index] = placed.mark(self.findings[index].clone());
        }
        let marks = [format!("id {}", placed.text("itemId")), format!("code {code}")];
        let known = if code.is_empty() { &marks[..1] } else { &marks[..] };
        let is_twice = known.iter().any(|mark| self.known.contains(mark));
        self.count(table.sheet, usize::from(!is_twice));
        if is_twice {
            let found = if code.is_empty() { name } else { code };
            self.findings.push(placed.finding("sheet.twice", "taskHandleItem", found));
            return;
        }
        self.known.extend(known.iter().cloned());
        self.items.push(placed);
    }

    /// Rows of materials or questions, each to its item.
    fn take_lists(&mut self, table: &Table) {
        let into = table.sheet.into.as_deref().unwrap_or_default();
        let mut index: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (position, item) in self.items.iter().enumerate() {
            let names = ["itemId", "taskHandleItem", "taskName", "taskPlainName"].map(|path| plain(item.text(path)));
            let mut names: Vec<String> = names.into_iter().filter(|name| !name.is_empty()).collect();
            names.sort();
            names.dedup();
            for name in names {
                index.entry(name).or_default().push(position);
            }
        }
        for row in &table.rows {
            let from = self.findings.len();
            let wanted = table.text(row, "@item").unwrap_or_default().to_owned();
            let (mut value, _) = self.row(table, row);
            if let Some(value) = value.as_object_mut() {
                value.remove("@item");
            }
            let at = table.at_row(row);
            let found = match index.get(&plain(&wanted)).map(Vec::as_slice) {
                _ if wanted.is_empty() => Err("sheet.no-item"),
                Some([position]) => Ok(*position),
                Some(_) => Err("sheet.two-items"),
                None => Err("sheet.unknown-item"),
            };
            self.count(table.sheet, usize::from(found.is_ok()));
            match found {
                Err(code) => self.findings.push(Finding::new(code, at, wanted)),
                Ok(position) => {
                    let item = &mut self.items[position];
                    for finding in &mut self.findings[from..] {
                        *finding = item.mark(finding.clone());
                    }
                    push(&mut item.value, into, value);
                    if into == "materials" { &mut item.materials } else { &mut item.questions }.push(at);
                }
            }
        }
    }

    /// Takes out what the kiosk could not load, with the reason.
    pub fn judge(&mut self, organizations: &[Value], base: &Value) {
        let (mut kept, mut waiting) = (Vec::new(), VecDeque::new());
        for item in std::mem::take(&mut self.items) {
            if is_name(&item_path(item.text("itemId"))) {
                waiting.push_back(item);
            } else {
                self.refuse(&item, "itemId", item.text("itemId").to_owned());
            }
        }
        while !waiting.is_empty() {
            // A load of several costs what a load of one does. It stops at the first that is wrong: those before are right.
            let values: Vec<&Value> = waiting.iter().take(TOGETHER).map(|item| &item.value).collect();
            match first_fault(&values, organizations, base) {
                None => kept.extend(waiting.drain(..values.len())),
                Some((good, path, why)) => {
                    kept.extend(waiting.drain(..good));
                    if let Some(item) = waiting.pop_front() {
                        self.refuse(&item, &path, why);
                    }
                }
            }
        }
        self.items = kept;
    }

    fn refuse(&mut self, item: &Placed, path: &str, why: String) {
        let count = self.counts.entry("事项信息".to_owned()).or_default();
        count.taken = count.taken.saturating_sub(1);
        self.findings.push(item.finding("sheet.refused", path, why));
    }
}

/// The place of the first item that the kiosk could not load, with its field and the reason.
fn first_fault(items: &[&Value], organizations: &[Value], base: &Value) -> Option<(usize, String, String)> {
    let file = json!({"schemaVersion": "0.1-sample", "organizations": organizations, "items": items});
    match Catalog::from_values(file, base.clone()) {
        Ok(_) => None,
        Err(CatalogError::Item { item, field, fault }) => {
            let at = items.iter().position(|value| value.get("itemId").and_then(Value::as_str) == Some(&item));
            let column = COLUMNS.sheet("事项信息").and_then(|sheet| column_of(sheet, &field));
            let name = column.map_or(field.as_str(), |column| &column.heading);
            let why = if fault == ItemFault::Empty { "没有填".to_owned() } else { fault.to_string() };
            Some((at.unwrap_or(0), field.clone(), format!("“{name}” {why}")))
        }
        Err(error) => Some((0, "itemId".to_owned(), error.to_string())),
    }
}

/// The offices in the order of their numbers.
pub fn put_offices(files: &mut Files, mut offices: Vec<Value>) {
    offices.sort_by_key(|office| office.get("orgId").and_then(Value::as_str).map(str::to_owned));
    put_list(files, ORGANIZATIONS, offices);
}

/// What every item has, whatever its source: the same whether it came from a sheet or from JSON.
pub fn complete(item: &mut Placed, organizations: &mut Vec<Value>, findings: &mut Vec<Finding>) {
    let defaults = [
        ("taskVersion", json!(1)),
        ("taskState", json!("1")),
        ("taskPlainName", json!(item.text("taskName"))),
        ("taskHandleItem", json!("")),
        ("taskType", json!("")),
        ("useLevel", json!("")),
        ("department", json!("")),
        ("projectType", json!("")),
        ("linkWay.phone", json!("")),
        ("superviseWay.phone", json!("")),
        ("result.resultName", json!("")),
        ("transactPlaces", json!([])),
        ("isServiceTerminals", json!("0")),
        ("acceptCondition", json!([])),
        ("materials", json!([])),
        ("questions", json!([])),
        ("handleFlow", json!([])),
        ("fee.isFee", json!("")),
        ("fee.items", json!([])),
        ("form", json!({"formVersion": 1, "fields": []})),
        ("kiosk.mode", json!("guide_only")),
        ("kiosk.identifyBy", json!(["idCard"])),
    ];
    for (path, value) in defaults {
        if get(&item.value, path).is_none() {
            set(&mut item.value, path, value);
        }
    }
    let places = item.value.get_mut("transactPlaces").and_then(Value::as_array_mut);
    for place in places.into_iter().flatten().filter_map(Value::as_object_mut) {
        for key in ["name", "address", "officeHours"] {
            place.entry(key).or_insert(json!(""));
        }
    }
    if get(&item.value, "themes").is_none()
        && let Some(theme) = COLUMNS.theme_of.get(item.text("department"))
    {
        findings.push(item.finding("sheet.no-theme", "themes", COLUMNS.label("themes", theme).unwrap_or(theme)));
        set(&mut item.value, "themes", json!([theme]));
    }
    if item.text("deptId").is_empty() && !item.text("deptName").is_empty() {
        let (name, code) = (item.text("deptName").to_owned(), item.text("deptCreditCode").to_owned());
        let of = |office: &Value, key: &str| office.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let known = organizations.iter().find(|office| {
            plain(&of(office, "name")) == plain(&name)
                || plain(&of(office, "shortName")) == plain(&name)
                || (!code.is_empty() && of(office, "creditCode") == code)
        });
        let id = known.map(|office| of(office, "orgId")).unwrap_or_else(|| {
            findings.push(item.finding("sheet.no-office", "deptName", name.as_str()));
            let id = id_of(if code.is_empty() { &name } else { &code });
            organizations.push(json!({"orgId": id, "name": name, "shortName": name, "creditCode": code}));
            id
        });
        set(&mut item.value, "deptId", json!(id));
    }
}

/// A number for what has none: the text itself if it can be a name of a file, else the beginning of its digest.
fn id_of(text: &str) -> String {
    if is_name(text) && text.len() <= 64 { text.to_owned() } else { digest(text.as_bytes()).chars().take(16).collect() }
}

/// The value at a path: keys and positions with points between.
pub fn get<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, part| match part.parse::<usize>() {
        Ok(position) => value.get(position),
        Err(_) => value.get(part),
    })
}

/// Puts a value at a path, making what is missing on the way.
pub fn set(value: &mut Value, path: &str, new: Value) {
    let (part, rest) = path.split_once('.').map_or((path, None), |(part, rest)| (part, Some(rest)));
    let place = match part.parse::<usize>() {
        Ok(position) => {
            if !value.is_array() {
                *value = json!([]);
            }
            let Value::Array(list) = value else { return };
            while list.len() <= position {
                list.push(json!({}));
            }
            &mut list[position]
        }
        Err(_) => {
            if !value.is_object() {
                *value = json!({});
            }
            &mut value[part]
        }
    };
    match rest {
        Some(rest) => set(place, rest, new),
        None => *place = new,
    }
}

fn push(value: &mut Value, key: &str, row: Value) {
    let place = &mut value[key];
    match place.as_array_mut() {
        Some(list) => list.push(row),
        None => *place = json!([row]),
    }
}

/// The base of the files, or the one that is given: what items are checked against, as a local file.
pub fn local_of(files: &Files, base: &Value) -> Value {
    let json = |path: &str| files.get(path).and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
    let mut local = base.clone();
    if let (Some(Value::Object(own)), Some(local)) = (json(BASE), local.as_object_mut()) {
        local.extend(own);
    }
    if let (Some(place), Some(local)) = (json(PLACES).and_then(|list| list.get(0).cloned()), local.as_object_mut()) {
        local.insert("place".into(), place);
    }
    local
}

/// A column of a sheet by its path.
pub fn column_of<'s>(sheet: &'s Sheet, path: &str) -> Option<&'s Column> {
    sheet.columns.iter().find(|column| column.path == path)
}
