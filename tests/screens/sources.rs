//! The sources in `ui/`: every sentence has its Chinese, colours carry enough contrast.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn ui() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("ui")
}

fn slint_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // The bench beside the kiosk is a developer's tool in English; no resident ever sees it.
        if path.file_stem().is_some_and(|name| name == "bench") {
            continue;
        }
        if path.is_dir() {
            slint_files(&path, files);
        } else if path.extension().is_some_and(|kind| kind == "slint") {
            files.push(path);
        }
    }
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    slint_files(&ui(), &mut files);
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path, text)
        })
        .collect()
}

/// The string literals of a source, each with what stands right before it.
fn literals(source: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for line in source.lines() {
        let mut rest = line;
        let mut before = String::new();
        while let Some(start) = rest.find(['"', '/']) {
            if rest[start..].starts_with("//") {
                break;
            }
            if rest[start..].starts_with('/') {
                before.push_str(&rest[..=start]);
                rest = &rest[start + 1..];
                continue;
            }
            before.push_str(&rest[..start]);
            let Some(end) = rest[start + 1..].find('"') else {
                break;
            };
            let literal = &rest[start + 1..start + 1 + end];
            found.push((before.clone(), literal.to_owned()));
            before.push_str("\"\"");
            rest = &rest[start + end + 2..];
        }
    }
    found
}

fn chinese() -> BTreeMap<String, String> {
    let po = std::fs::read_to_string(ui().join("i18n/zh/LC_MESSAGES/kiosk.po")).unwrap();
    let mut sentences = BTreeMap::new();
    let mut id = String::new();
    for line in po.lines() {
        if let Some(text) = line.strip_prefix("msgid ") {
            id = text.trim_matches('"').to_owned();
        } else if let Some(text) = line.strip_prefix("msgstr ").or_else(|| line.strip_prefix("msgstr[0] ")) {
            sentences.insert(id.clone(), text.trim_matches('"').to_owned());
        }
    }
    sentences
}

fn sentences() -> BTreeSet<String> {
    sources()
        .iter()
        .flat_map(|(_, source)| literals(source))
        .filter(|(before, _)| before.ends_with("@tr("))
        .map(|(_, literal)| literal)
        .collect()
}

fn has_cjk(text: &str) -> bool {
    text.chars().any(|c| ('\u{3400}'..='\u{9fff}').contains(&c))
}

#[test]
fn every_sentence_of_the_screens_has_its_chinese() {
    let chinese = chinese();
    let missing: Vec<_> = sentences()
        .into_iter()
        .filter(|sentence| !chinese.get(sentence).is_some_and(|zh| has_cjk(zh) || sentence.starts_with("{0}-")))
        .collect();
    assert!(missing.is_empty(), "no Chinese for {missing:#?}");
}

#[test]
fn every_chinese_sentence_is_used_and_keeps_the_places_of_its_values() {
    let used = sentences();
    for (sentence, zh) in chinese().into_iter().filter(|(id, _)| !id.is_empty()) {
        assert!(used.contains(&sentence), "nothing says {sentence:?} any more");
        for place in ["{}", "{0}", "{1}", "{2}", "{3}", "{n}"] {
            assert_eq!(sentence.matches(place).count(), zh.matches(place).count(), "{sentence:?} and {zh:?}");
        }
        assert!(!zh.contains(['!', '！']), "{zh:?} shouts");
    }
}

#[test]
fn no_sentence_is_written_into_a_source_or_joined_from_pieces() {
    for (path, source) in sources() {
        // The stand-in values of an adapter are data, and a language is named in its own tongue.
        let mut stand_in = false;
        for line in source.lines() {
            if line.starts_with("export global") {
                stand_in = line.contains("Adapter");
            } else if line.starts_with('}') {
                stand_in = false;
            }
            let code = line.split("//").next().unwrap_or_default();
            assert!(
                stand_in || !has_cjk(code) || code.contains("\"English\" : \"中文\""),
                "{}: {line}",
                path.display()
            );
            assert!(
                !code.contains("\" +") && !code.contains("+ \"") && !code.contains(") + @tr"),
                "{} joins texts: {line}",
                path.display()
            );
        }
        for (before, literal) in literals(&source) {
            let words = literal.contains(' ') && literal.chars().any(|c| c.is_ascii_lowercase());
            let font = before.contains("default-font-family");
            let plural = before.contains("@tr(");
            assert!(!words || plural || font, "{} has a sentence outside @tr: {literal:?}", path.display());
        }
    }
}

#[test]
fn colours_and_text_sizes_come_from_the_theme_alone() {
    for (path, source) in sources() {
        if path.ends_with("theme.slint") {
            continue;
        }
        for line in source.lines() {
            assert!(!line.contains(": #") && !line.contains("? #"), "{} has a colour: {line}", path.display());
            let size = line.trim().strip_prefix("font-size:");
            assert!(size.is_none_or(|size| !size.contains("px")), "{} has a size of text: {line}", path.display());
        }
    }
}

fn colour(theme: &str, name: &str) -> [f64; 3] {
    let line = theme
        .lines()
        .find(|line| line.contains(&format!("<color> {name}:")))
        .unwrap_or_else(|| panic!("the theme has no colour {name}"));
    let digits = &line[line.find('#').unwrap() + 1..];
    [0, 2, 4].map(|at| f64::from(u8::from_str_radix(&digits[at..at + 2], 16).unwrap()) / 255.0)
}

/// Contrast by WCAG 2.2, 1 to 21.
fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let light = |[r, g, b]: [f64; 3]| {
        let linear = |c: f64| {
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    };
    let (a, b) = (light(one) + 0.05, light(other) + 0.05);
    a.max(b) / a.min(b)
}

#[test]
fn every_pair_of_colours_that_carries_text_has_a_contrast_of_seven() {
    let theme = std::fs::read_to_string(ui().join("theme.slint")).unwrap();
    for (text, ground) in [
        ("ink", "page"),
        ("ink", "surface"),
        ("ink", "surface-pressed"),
        ("quiet", "page"),
        ("quiet", "surface"),
        ("primary", "surface"),
        ("primary", "page"),
        ("primary", "primary-soft"),
        ("primary", "surface-pressed"),
        ("on-primary", "primary"),
        ("on-primary", "primary-pressed"),
        ("good", "good-soft"),
        ("good", "surface"),
        ("caution", "caution-soft"),
        ("caution", "surface"),
        ("fault", "fault-soft"),
        ("fault", "surface"),
    ] {
        let ratio = contrast(colour(&theme, text), colour(&theme, ground));
        assert!(ratio >= 6.95, "{text} on {ground} has only {ratio:.2}");
    }
    let off = contrast(colour(&theme, "off"), colour(&theme, "off-soft"));
    assert!(off >= 4.5, "what is switched off is still readable: {off:.2}");
}
