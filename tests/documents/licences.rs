//! Licences and bans of `deny.toml`, without the tool: what cargo would link, compared with the list.
//!
//! The tool `cargo deny` does more (advisories, sources); this holds the part that a fork must never lose, wherever the
//! tests run.

use std::collections::BTreeSet;
use std::process::Command;

use crate::tree::{read, root};

/// A build, and what is banned elsewhere and may be in this one.
struct Build {
    arguments: &'static [&'static str],
    may_hold: &'static [&'static str],
}

/// What is built for the desk and the tests, and what is built for the machine.
const BUILDS: [Build; 2] = [
    Build { arguments: &["--workspace"], may_hold: &[] },
    Build {
        arguments: &["-p", "kiosk", "--no-default-features", "--features", "device", "-e", "normal,build"],
        // The touchscreen comes through libinput, and libinput through libudev.
        may_hold: &["libudev-sys"],
    },
];

/// Name and licence of every crate of a build. The features of a build decide what is in it.
fn crates(build: &[&str]) -> BTreeSet<(String, String)> {
    let tree = |offline: &[&str]| {
        Command::new(env!("CARGO"))
            .args(["tree", "--locked", "--target", "x86_64-unknown-linux-gnu", "--prefix", "none", "-f", "{p}\t{l}"])
            .args(build)
            .args(offline)
            .current_dir(root())
            .output()
            .expect("cargo runs")
    };
    // Crates of a build that was never made here are fetched, as building it would.
    let mut output = tree(&["--offline"]);
    if !output.status.success() {
        output = tree(&[]);
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .filter_map(|line| line.trim_end_matches(" (*)").split_once('\t'))
        .map(|(package, licence)| {
            let name = package.split_whitespace().next().unwrap_or_default();
            (name.to_owned(), licence.to_owned())
        })
        .collect()
}

/// Strings of a list in `deny.toml`.
fn allowed() -> BTreeSet<String> {
    let text = read("deny.toml");
    let list = text.split("allow = [").nth(1).and_then(|rest| rest.split(']').next()).expect("the list of licences");
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

fn banned() -> BTreeSet<String> {
    let text = read("deny.toml");
    text.split("crate = \"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

/// Whether an SPDX expression can be satisfied with the allowed licences. `/` is the old way to write `OR`.
fn is_satisfied(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    either(&words, &mut at, allowed) && at == words.len()
}

fn either(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut holds = both(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        // Both sides are read, whatever the first one gave.
        holds |= both(words, at, allowed);
    }
    holds
}

fn both(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut holds = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        holds &= one(words, at, allowed);
    }
    holds
}

fn one(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let holds = either(words, at, allowed);
        let is_closed = words.get(*at) == Some(&")");
        *at += 1;
        return holds && is_closed;
    }
    if words.get(*at) == Some(&"WITH") {
        let exception = words.get(*at + 1).unwrap_or(&"");
        *at += 2;
        // What is allowed without an exception is allowed with one: an exception only adds permission.
        return allowed.contains(&format!("{word} WITH {exception}")) || allowed.contains(*word);
    }
    allowed.contains(*word)
}

#[test]
fn every_crate_of_every_build_has_an_allowed_licence_and_none_is_banned() {
    let (allowed, banned) = (allowed(), banned());
    assert!(allowed.contains("MIT") && banned.contains("openssl-sys"), "the lists are read");
    assert!(!allowed.contains("GPL-2.0-only"), "GPL-2.0-only cannot be linked with GPL-3.0");
    for Build { arguments, may_hold } in BUILDS {
        let crates = crates(arguments);
        assert!(crates.len() > 200, "the tree is read: {arguments:?}");
        assert!(crates.iter().any(|(name, _)| name == "slint"), "the toolkit is in the tree");
        let wrong: Vec<_> = crates
            .iter()
            .filter(|(name, licence)| {
                let is_banned = banned.contains(name) && !may_hold.contains(&name.as_str());
                is_banned || !is_satisfied(licence, &allowed)
            })
            .collect();
        assert!(wrong.is_empty(), "in {arguments:?}: {wrong:?}");
    }
}

#[test]
fn our_own_licences_are_the_documented_ones_and_their_texts_are_there() {
    assert!(read("Cargo.toml").contains("license = \"GPL-3.0-or-later\""));
    assert!(read("hal/Cargo.toml").contains("license = \"MIT OR Apache-2.0\""));
    assert!(read("LICENSE").contains("GNU GENERAL PUBLIC LICENSE"));
    assert!(read("LICENSE").contains("Version 3, 29 June 2007"));
    assert!(read("hal/LICENSE-MIT").contains("Permission is hereby granted"));
    assert!(read("hal/LICENSE-APACHE").contains("Apache License"));
}

#[test]
fn expressions_are_read_as_they_are_meant() {
    let allowed: BTreeSet<String> = ["MIT", "Apache-2.0", "Unicode-3.0"].map(str::to_owned).into();
    for good in [
        "MIT",
        "MIT/Apache-2.0",
        "GPL-2.0-only OR MIT",
        "(MIT OR X) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception OR X",
        "X OR MIT OR Y",
    ] {
        assert!(is_satisfied(good, &allowed), "{good}");
    }
    for bad in ["", "X", "MIT AND X", "(MIT OR X) AND Y", "GPL-2.0-only", "(MIT", "MIT MIT"] {
        assert!(!is_satisfied(bad, &allowed), "{bad}");
    }
}
