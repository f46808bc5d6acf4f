//! The office's workbook of sixty items with its mistakes: what is taken, what is reported, and how people find things in it.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::civil::date;

use super::build::Count;
use super::cells::{self, Grid};
use super::import::{self, Asked, Imported};
use super::lint::lint;
use super::page::{Heading, by_department, department, page, place};
use super::shelf::together;
use crate::domain::catalog::Catalog;
use crate::domain::catalog::find::Index;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/content")
}

fn grids() -> Vec<Grid> {
    let bytes = std::fs::read(folder().join("镇村事项清单.xlsx")).unwrap();
    cells::workbook("镇村事项清单.xlsx", &bytes).unwrap()
}

fn made(grids: &[Grid]) -> Imported {
    let base = serde_json::from_str(include_str!("../../config/catalogue/local.json")).unwrap();
    import::of_grids(grids, &base, &Asked::default()).unwrap()
}

/// The workbook with the three cells mended that kept items out, as the report says.
fn mended() -> Catalog {
    let mut grids = grids();
    let items = grids.iter_mut().find(|grid| grid.sheet == "事项信息").unwrap();
    for (item, heading, text) in [
        ("zc-029", "业务办理项编码", "mended-029"),
        ("zc-048", "咨询电话", "0513-88880048"),
        ("zc-051", "受理条件", "家门口已经铺了污水管"),
    ] {
        let column = items.rows[2].iter().position(|head| head == heading).unwrap();
        let row = items.rows.iter().position(|row| row[1] == item).unwrap();
        items.rows[row][column] = text.into();
    }
    let made = made(&grids);
    assert_eq!(made.built.counts["事项信息"], Count { rows: 60, taken: 60 });
    let centre = super::testing::centre();
    together(&[made.package], &centre).unwrap().catalog
}

#[test]
fn every_row_of_the_workbook_is_taken_or_named_and_the_report_is_the_golden_one() {
    let made = made(&grids());
    assert_eq!(made.built.counts["事项信息"], Count { rows: 60, taken: 57 });
    let materials = made.built.counts["材料信息"];
    assert!(materials.rows - materials.taken >= 2, "{materials:?}");
    let findings = lint(&made.built, date(2026, 11, 24));
    let mut text = String::new();
    for (id, group) in by_department(&findings) {
        let _ = writeln!(text, "【{}】", department(id));
        for finding in group {
            let name = if finding.name.is_empty() { "" } else { &finding.name };
            let _ = writeln!(text, "{} {} {name}", finding.weight().word(), place(finding));
            let _ = writeln!(text, "    {}。{}。", finding.what(), finding.how());
        }
    }
    let digest = made.package.digest();
    let heading =
        Heading { file: "镇村事项清单.xlsx", version: 12, digest: &digest, items: made.built.items.len() };
    let html = page(&heading, &findings);
    for (name, new) in [("report.txt", &text), ("report.html", &html)] {
        let golden = folder().join(name);
        // Set to write the report anew; the difference is then read like code.
        if std::env::var_os("KIOSK_GOLDEN").is_some() {
            std::fs::write(&golden, new).unwrap();
        }
        let old = std::fs::read_to_string(&golden).unwrap_or_default();
        let line = old.lines().zip(new.lines()).find(|(old, new)| old != new);
        assert!(old == *new, "{name}: {line:?}");
    }
}

#[test]
fn each_mistake_of_the_workbook_is_found_in_its_own_row() {
    let made = made(&grids());
    let findings = lint(&made.built, date(2026, 11, 24));
    // Item, and what must be said about it.
    for (item, code) in [
        (4, "sheet.wide"),
        (7, "sheet.wide"),
        (8, "rule.code-type"),
        (10, "sheet.number"),
        (12, "rule.promise-longer"),
        (14, "rule.same-phone"),
        (16, "rule.missing"),
        (17, "rule.visit-reason"),
        (19, "rule.missing"),
        (20, "rule.missing"),
        (22, "rule.code-form"),
        (24, "rule.area-code"),
        (25, "rule.time"),
        (27, "rule.audience"),
        (29, "sheet.twice"),
        (30, "sheet.yesno"),
        (33, "sheet.code"),
        (34, "rule.flow"),
        (36, "rule.credit-code"),
        (38, "rule.sample"),
        (41, "rule.fee"),
        (43, "rule.expired"),
        (45, "rule.long-line"),
        (48, "sheet.refused"),
        (51, "sheet.refused"),
        (53, "rule.long-name"),
        (54, "rule.hard-words"),
        (57, "sheet.code"),
    ] {
        let here = |f: &&super::finding::Finding| f.at.sheet == "事项信息" && f.at.row == item + 3;
        let codes: Vec<_> = findings.iter().filter(here).map(|finding| finding.code).collect();
        assert!(codes.contains(&code), "zc-{item:03}: {code} is not among {codes:?}");
        let finding = findings.iter().filter(here).find(|finding| finding.code == code).unwrap();
        assert!(
            !finding.what().is_empty() && !finding.how().is_empty() && !finding.department.is_empty(),
            "{finding:?}"
        );
    }
    let elsewhere: Vec<_> = findings.iter().filter(|f| f.at.sheet != "事项信息").map(|f| (f.code, f.at.row)).collect();
    for wanted in ["sheet.code", "sheet.unknown-item", "sheet.no-item", "sheet.date", "sheet.unknown"] {
        assert!(elsewhere.iter().any(|(code, _)| *code == wanted), "{wanted} of {elsewhere:?}");
    }
}

/// Phrases with the items that answer them, by department.
fn phrases() -> BTreeMap<String, Vec<(String, Vec<String>)>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder().join("phrases")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let phrase = |line: &str| {
            let (phrase, items) = line.split_once('\t').unwrap();
            let items = items.split(',').map(|number| format!("zc-{:03}", number.parse::<u32>().unwrap()));
            (phrase.to_owned(), items.collect())
        };
        all.insert(path.file_stem().unwrap().to_str().unwrap().to_owned(), text.lines().map(phrase).collect());
    }
    all
}

#[test]
fn of_three_hundred_phrases_of_villagers_nineteen_in_twenty_find_their_item_among_the_first_five() {
    let index = Index::new(&mended());
    let (mut asked, mut found, mut firsts, mut missed) = (0_u32, 0_u32, 0_u32, Vec::new());
    for (department, phrases) in phrases() {
        for (phrase, items) in phrases {
            asked += 1;
            let hits = index.find(&phrase, 5);
            let at = hits.iter().position(|hit| items.contains(&hit.item.0));
            found += u32::from(at.is_some());
            firsts += u32::from(at == Some(0));
            if at.is_none() {
                let hits: Vec<_> = hits.iter().map(|hit| hit.item.0.clone()).collect();
                missed.push(format!("{department}: {phrase} wants {items:?}, found {hits:?}"));
            }
        }
    }
    assert!(asked >= 300, "{asked}");
    let report = format!("{found} of {asked} among five, {firsts} first; missed:\n{}", missed.join("\n"));
    if let Some(file) = std::env::var_os("KIOSK_RECALL") {
        std::fs::write(file, &report).unwrap();
    }
    assert!(found * 100 >= asked * 95, "{report}");
}

#[test]
fn no_phrase_of_the_test_is_an_everyday_word_or_a_keyword_as_a_whole_sentence() {
    let catalog = mended();
    let words: Vec<&String> = catalog.everyday().iter().flat_map(|entry| &entry.say).collect();
    for (phrase, _) in phrases().into_values().flatten() {
        // Single words are what people say and what the lists are for; a sentence in a list would be the test itself.
        if phrase.chars().count() > 6 && !phrase.is_ascii() {
            assert!(!words.contains(&&phrase), "{phrase}");
            assert!(!catalog.items().iter().any(|item| item.keywords.contains(&phrase)), "{phrase}");
        }
    }
}

#[test]
fn without_everyday_words_and_keywords_the_same_phrases_are_found_less_often() {
    let catalog = mended();
    let with = Index::new(&catalog);
    let base: serde_json::Value = serde_json::from_str(include_str!("../../config/catalogue/local.json")).unwrap();
    let mut sheets = grids();
    sheets.retain(|grid| grid.sheet != "日常用语");
    let made = import::of_grids(&sheets, &base, &Asked::default()).unwrap();
    let without = Index::new(&together(&[made.package], &super::testing::centre()).unwrap().catalog);
    let count = |index: &Index| {
        let all = phrases();
        let hit = |(phrase, items): &&(String, Vec<String>)| {
            index.find(phrase, 5).iter().any(|hit| items.contains(&hit.item.0))
        };
        all.values().flatten().filter(hit).count()
    };
    assert!(count(&with) > count(&without) + 15, "{} {}", count(&with), count(&without));
}
