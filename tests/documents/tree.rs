//! Reading the tree: files, Markdown blocks, tables and code spans.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that are made by building or running, or belong to the version control.
const NOT_OURS: [&str; 4] = [".git", "target", "out", "node_modules"];

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A text file of the tree.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file of the tree, with its path from the root.
pub fn files() -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the repository").flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if NOT_OURS.iter().any(|other| name.to_string_lossy() == *other) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                let short = path.strip_prefix(root()).expect("inside the root").display().to_string();
                found.push((short, path));
            }
        }
    }
    found.sort();
    found
}

/// All Rust sources below a folder, as one text.
pub fn sources(folder: &str) -> String {
    let below = format!("{folder}/");
    let of_folder = |(short, _): &&(String, PathBuf)| short.starts_with(&below) && short.ends_with(".rs");
    files().iter().filter(of_folder).map(|(_, path)| text_of(path).unwrap_or_default()).collect()
}

/// The file as text, if it is text.
pub fn text_of(path: &Path) -> Option<String> {
    fs::read(path).ok().and_then(|bytes| String::from_utf8(bytes).ok())
}

/// Bodies of the fenced blocks with this mark.
pub fn blocks<'d>(document: &'d str, mark: &str) -> Vec<&'d str> {
    let fence = format!("```{mark}\n");
    document.split(fence.as_str()).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// Everything between single backticks outside fenced blocks.
pub fn spans(document: &str) -> Vec<&str> {
    let prose = document.split("```").step_by(2);
    prose.flat_map(|text| text.lines()).flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

/// The part of a document under a heading, up to the next heading of the same depth.
pub fn section<'d>(document: &'d str, heading: &str) -> &'d str {
    let start = document.find(heading).unwrap_or_else(|| panic!("there is no heading {heading}"));
    let body = &document[start + heading.len()..];
    body.split("\n## ").next().unwrap_or(body)
}

/// Rows of the Markdown tables in a text, without head and rule; cells are trimmed.
pub fn rows(text: &str) -> Vec<Vec<&str>> {
    let is_rule = |line: &str| line.starts_with('|') && line.chars().all(|c| "|-: ".contains(c));
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let head = |index: usize| lines.get(index + 1).is_some_and(|next| is_rule(next));
    lines
        .iter()
        .enumerate()
        .filter(|(index, line)| line.starts_with('|') && !is_rule(line) && !head(*index))
        .map(|(_, line)| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

#[test]
fn blocks_spans_and_rows_are_found() {
    let document = "a `one` b\n```sh\nx `not` y\n```\nc `two`\n| H | I |\n|---|---|\n| a | b |\n";
    assert_eq!(blocks(document, "sh"), ["x `not` y\n"]);
    assert_eq!(spans(document), ["one", "two"]);
    assert_eq!(rows(document), [["a", "b"]]);
}
