//! ARCHITECTURE against the code: imports, page changes, tests behind promises, paths.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{blocks, files, read, root, rows, section, spans, text_of};

const DOCUMENT: &str = "ARCHITECTURE.md";
/// Documents whose paths must exist.
const WITH_PATHS: [&str; 7] =
    ["README.md", DOCUMENT, "SECURITY.md", "CHANGELOG.md", "image/README.md", "config/README.md", "hal/README.md"];
/// First parts of a path; a code span that begins with one of them and a slash names a place in the tree.
const TOPS: [&str; 9] = ["src", "ui", "hal", "config", "tests", "image", ".ci", ".config", ".cargo"];

/// Module, our modules, foreign crates.
type Table = BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>;

#[test]
fn the_table_of_imports_is_the_one_that_is_enforced() {
    let document = read(DOCUMENT);
    let words = |cell: &str| cell.replace('`', "").split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
    let shown: Table = rows(section(&document, "## Map, and who may import whom"))
        .into_iter()
        .map(|row| (row[0].trim_matches('`').to_owned(), (words(row[2]), words(row[3]))))
        .collect();
    let enforced = enforced(&read("tests/architecture.rs"));
    assert!(enforced.len() >= 8, "the table is read: {enforced:?}");
    let modules: BTreeSet<&String> = shown.keys().chain(enforced.keys()).collect();
    for module in modules {
        assert_eq!(shown.get(module), enforced.get(module), "{module}: left the document, right the test");
    }
}

/// The constant `TABLE` of the architecture test: every string, by the bracket it stands in.
fn enforced(source: &str) -> Table {
    let start = source.find("const TABLE").expect("the table");
    let body = source[start..].split_once("= &[").expect("its value").1;
    let body = body.split("\n];").next().expect("its end");
    let mut table = Table::new();
    let (mut module, mut lists, mut depth) = (String::new(), Vec::new(), 0_usize);
    let mut pieces = body.split('"');
    while let Some(marks) = pieces.next() {
        for mark in marks.chars() {
            match mark {
                '(' => (module, lists) = (String::new(), Vec::new()),
                '[' => {
                    depth += 1;
                    lists.push(BTreeSet::new());
                }
                ']' => depth -= 1,
                ')' if lists.len() == 2 => {
                    let (others, ours) = (lists.pop().unwrap_or_default(), lists.pop().unwrap_or_default());
                    table.insert(std::mem::take(&mut module), (ours, others));
                }
                _ => {}
            }
        }
        let Some(word) = pieces.next() else { break };
        match lists.last_mut() {
            Some(list) if depth > 0 => drop(list.insert(word.to_owned())),
            Some(_) | None => word.clone_into(&mut module),
        }
    }
    table
}

#[test]
fn the_diagram_of_pages_has_exactly_the_edges_of_the_transitions() {
    let document = read(DOCUMENT);
    let [diagram] = blocks(&document, "pages")[..] else { panic!("one diagram of pages") };
    let drawn: BTreeSet<(String, String)> = diagram
        .lines()
        .filter_map(|line| line.split_once(" -> "))
        .flat_map(|(from, to)| to.split_whitespace().map(|to| (from.to_owned(), to.to_owned())))
        .collect();
    let page = |state: &str| state.split('+').next().unwrap_or_default().to_owned();
    let walked: BTreeSet<(String, String)> = read("src/domain/kiosk/tests/transitions.txt")
        .lines()
        .filter_map(|line| line.split_once(" -- "))
        .filter_map(|(from, rest)| Some((page(from), page(rest.split_once(" --> ")?.1))))
        .filter(|(from, to)| from != to)
        .collect();
    assert!(walked.len() > 40, "the transitions are read");
    let missing: Vec<_> = walked.difference(&drawn).collect();
    let invented: Vec<_> = drawn.difference(&walked).collect();
    assert!(missing.is_empty() && invented.is_empty(), "not drawn: {missing:?}\ndrawn and not there: {invented:?}");
}

#[test]
fn every_promise_names_tests_that_exist() {
    let document = read(DOCUMENT);
    let tests = tests();
    let mut missing = Vec::new();
    let mut named = 0;
    let security = read("SECURITY.md");
    let promises = rows(section(&document, "## Invariants")).into_iter().map(|row| (row[0], row[1]));
    let changes = rows(section(&document, "## Pages")).into_iter().map(|row| (row[0], row[2]));
    let protected =
        rows(section(&security, "## What is protected, and by what")).into_iter().map(|row| (row[0], row[2]));
    for (promise, cell) in promises.chain(changes).chain(protected) {
        let names = spans(cell);
        assert!(!names.is_empty(), "nothing holds: {promise}");
        named += names.len();
        missing.extend(names.into_iter().filter(|name| !tests.contains(*name)).map(str::to_owned));
    }
    assert!(named > 45, "the tables are read: {named}");
    assert!(missing.is_empty(), "no such tests: {missing:?}");
}

/// Names of all test functions of the tree.
fn tests() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (short, path) in files() {
        if !short.ends_with(".rs") {
            continue;
        }
        let text = text_of(&path).unwrap_or_default();
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            let name = line.trim_start_matches("async ").strip_prefix("fn ").and_then(|rest| rest.split('(').next());
            if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                is_test = true;
            } else if let Some(name) = name {
                if is_test {
                    found.insert(name.to_owned());
                }
                is_test = false;
            }
        }
    }
    found
}

#[test]
fn every_place_that_a_document_names_exists() {
    let mut missing = Vec::new();
    let mut named = 0;
    for document in WITH_PATHS {
        let text = read(document);
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let links = links.filter(|link| !link.contains("://") && !link.starts_with('#'));
        let spans = spans(&text);
        let beside = |place: &str| {
            let folder = document.rsplit_once('/').map(|(folder, _)| folder).unwrap_or_default();
            root().join(folder).join(place).exists()
        };
        for place in spans.into_iter().chain(links) {
            let is_place = place.split('/').next().is_some_and(|top| TOPS.contains(&top)) && place.contains('/');
            let is_root_file = place.ends_with(".md") || place.ends_with(".toml") || place.ends_with(".rs");
            let is_plain = place.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
            if !is_plain || !(is_place || is_root_file) || place.starts_with('/') {
                continue;
            }
            named += 1;
            if !root().join(place).exists() && !beside(place) {
                missing.push(format!("{document}: {place}"));
            }
        }
    }
    assert!(named > 60, "the documents name places: {named}");
    assert!(missing.is_empty(), "there is no such place:\n{}", missing.join("\n"));
}

#[test]
fn every_term_of_the_glossary_stands_where_it_says() {
    let document = read(DOCUMENT);
    let terms = rows(section(&document, "## Glossary"));
    assert!(terms.len() > 15, "the glossary is read");
    for row in terms {
        let place = row[2].trim_matches('`');
        assert!(root().join(place).is_file(), "{}: {place}", row[0]);
    }
}
