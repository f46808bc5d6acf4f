//! Words that may stand nowhere: the tree knows no machine it was written on and no network it was fetched from.

use crate::tree::{files, text_of};

/// Beginnings of paths that exist on one machine only.
const MACHINE_PATHS: [&str; 5] = ["/work/", "/root/", "/home/", "/Users/", "/tmp/"];

/// Parts of the words, so that this file does not hold them itself.
fn forbidden() -> Vec<String> {
    let pairs = [
        ("clau", "de"),
        ("anthro", "pic"),
        ("open", "ai"),
        ("chat", "gpt"),
        ("co-authored", "-by"),
        ("generated ", "by a"),
        ("deb.", "debian.org"),
        ("snapshot.", "debian.org"),
        ("ustc.", "edu.cn"),
        ("tuna.", "tsinghua"),
        ("rsproxy", ".cn"),
    ];
    pairs.map(|(first, second)| format!("{first}{second}")).into()
}

/// Documents that are not in the tree. The frozen vectors may name where their bytes came from; they are not edited.
const ELSEWHERE: [&str; 6] = ["/shared/", "government-services.md", "devices.md", "product.md", "style.md", "look.md"];
const FROZEN: &str = "hal/tests/vectors/";

/// Whole words in capitals and references to a tracker.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

/// A path from the top; one below a folder or a variable of a script is another place.
fn has_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '}')
    })
}

fn faults(short: &str, text: &str, forbidden: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let small = line.to_lowercase();
        let mut found: Vec<&str> = forbidden.iter().map(String::as_str).filter(|word| small.contains(word)).collect();
        found.extend(ELSEWHERE.into_iter().filter(|name| !short.starts_with(FROZEN) && small.contains(name)));
        // The machine's first program mounts its own root there.
        let mounts_root = short == "image/boot/init";
        found.extend(
            MACHINE_PATHS.into_iter().filter(|path| has_path(line, path) && !(mounts_root && *path == "/root/")),
        );
        found.extend([concat!("A", "I"), concat!("LL", "M")].into_iter().filter(|word| has_word(line, word)));
        if small.split(concat!("iss", "ue #")).nth(1).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        {
            found.push("a number of a tracker");
        }
        faults.extend(found.into_iter().map(|word| format!("{short}:{}: {word}", number + 1)));
    }
    faults
}

#[test]
fn no_text_of_the_tree_speaks_of_the_machine_it_was_written_on() {
    let forbidden = forbidden();
    let mut wrong = Vec::new();
    let mut count = 0;
    for (short, path) in files() {
        // Texts of others: the lock file and the licences. This file names what it looks for.
        if short.ends_with("Cargo.lock") || short.contains("LICENSE") || short == "tests/documents/words.rs" {
            continue;
        }
        if let Some(text) = text_of(&path) {
            count += 1;
            wrong.extend(faults(&short, &text, &forbidden));
        }
    }
    assert!(count > 200, "the tree is read");
    assert!(wrong.is_empty(), "must not stand there:\n{}", wrong.join("\n"));
}

#[test]
fn the_search_finds_what_it_is_for_and_leaves_other_words_alone() {
    let forbidden = forbidden();
    for bad in ["see /root/x", "at /home/somebody/kiosk", "written by AI.", "LLM", "see issue #12", "product.md"] {
        assert!(!faults("README.md", bad, &forbidden).is_empty(), "{bad}");
    }
    for good in ["the session ends", "an issue with paper", "FAIL", "a helper of staff", "var/lib/kiosk", "MAIN"] {
        assert!(faults("README.md", good, &forbidden).is_empty(), "{good}");
    }
}
