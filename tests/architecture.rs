//! Who may import whom, and what may not stand in the code. The table of ARCHITECTURE, held by a test.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Module of the package, modules of the package it may use, crates it may use beside std.
const TABLE: &[(&str, &[&str], &[&str])] = &[
    (
        "domain",
        &["ipc"],
        &["serde", "serde_json", "jiff", "uuid", "zeroize", "thiserror", "kiosk_hal", "proptest", "pinyin"],
    ),
    ("ipc", &["domain"], &["serde", "serde_json", "jiff", "thiserror", "kiosk_hal"]),
    ("attest", &["domain"], &["ed25519_dalek", "sm2", "thiserror", "zeroize"]),
    ("disk", &[], &["rustix", "thiserror"]),
    (
        "content",
        &["domain", "disk", "provision"],
        &[
            "calamine",
            "encoding_rs",
            "hex",
            "jiff",
            "rust_xlsxwriter",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
            "toml",
        ],
    ),
    (
        "store",
        &["domain", "ipc", "seal"],
        &[
            "rusqlite",
            "rustix",
            "serde_json",
            "sm3",
            "hex",
            "thiserror",
            "tracing",
            "zeroize",
            "jiff",
            "uuid",
            "kiosk_hal",
        ],
    ),
    (
        "seal",
        &["domain"],
        &[
            "aes_gcm",
            "base64ct",
            "chacha20poly1305",
            "hex",
            "hmac",
            "hpke",
            "kiosk_hal",
            "serde",
            "serde_json",
            "sha2",
            "sm2",
            "sm3",
            "sm4",
            "thiserror",
            "zeroize",
        ],
    ),
    (
        "county",
        &["domain", "ipc"],
        &[
            "reqwest",
            "rustls",
            "serde",
            "serde_json",
            "sm3",
            "hmac",
            "hex",
            "jiff",
            "thiserror",
            "tracing",
            "tokio",
            "uuid",
            "kiosk_hal",
            "getrandom",
            "zeroize",
            "ring",
        ],
    ),
    (
        "provision",
        &["domain", "ipc", "config", "seal", "attest", "disk"],
        &[
            "base64",
            "hex",
            "jiff",
            "kiosk_hal",
            "rcgen",
            "ring",
            "rustls",
            "serde",
            "serde_json",
            "thiserror",
            "toml",
            "zeroize",
        ],
    ),
    (
        "screen",
        &["ipc"],
        &[
            "slint",
            "i_slint_backend_testing",
            "input",
            "qrcode",
            "png",
            "thiserror",
            "tracing",
            "kiosk_hal",
            "ab_glyph",
        ],
    ),
    ("config", &["domain", "seal"], &["serde", "toml", "thiserror", "kiosk_hal"]),
    (
        "telemetry",
        &["config", "domain"],
        &["kiosk_hal", "tracing", "tracing_subscriber", "serde", "serde_json", "thiserror", "jiff"],
    ),
    (
        "engine",
        &["domain", "ipc", "store", "county", "config", "telemetry", "attest", "provision"],
        &["tokio", "tracing", "serde", "serde_json", "toml", "thiserror", "jiff", "getrandom", "kiosk_hal"],
    ),
    (
        "update",
        &["domain", "ipc", "telemetry", "disk"],
        &["reqwest", "rustls", "serde", "serde_json", "jiff", "thiserror", "tracing", "tokio", "zbus", "zeroize"],
    ),
];

/// Crates that a module must never name, whatever the table says.
const NEVER: &[(&str, &[&str])] = &[
    ("domain", &["tokio", "rusqlite", "reqwest", "slint", "tracing", "std::fs", "std::net", "std::thread", "std::env"]),
    ("ipc", &["slint", "rusqlite", "tokio"]),
    ("screen", &["rusqlite", "reqwest", "serialport"]),
    ("engine", &["slint"]),
    ("seal", &["rusqlite", "reqwest", "tokio", "getrandom", "std::net", "std::thread"]),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the repository").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The file without comments, string contents and what follows `#[cfg(test)]`.
fn code_of(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source file");
    let text = text.split("\n#[cfg(test)]\n").next().unwrap_or_default().to_owned();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// First segments of everything named by path: `crate::store::…` gives `store`, `use tokio::…` gives `tokio`.
fn names(code: &str) -> (Vec<String>, Vec<String>) {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let inside = code.split("crate::").skip(1).map(word).collect();
    let outside = code
        .lines()
        .filter_map(|line| line.trim_start().trim_start_matches("pub ").strip_prefix("use "))
        .map(word)
        .collect();
    (inside, outside)
}

fn is_test_file(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests")
        || path
            .file_stem()
            .is_some_and(|stem| stem == "tests" || stem == "testing" || stem.to_string_lossy().ends_with("_tests"))
}

#[test]
fn every_module_imports_only_what_the_table_allows() {
    let mut wrong = Vec::new();
    for (module, inside_allowed, outside_allowed) in TABLE {
        for path in files(&root().join("src").join(module), "rs") {
            if is_test_file(&path) {
                continue;
            }
            let (inside, outside) = names(&code_of(&path));
            for name in inside {
                if name != *module && !inside_allowed.contains(&name.as_str()) {
                    wrong.push(format!("{}: crate::{name}", path.display()));
                }
            }
            for name in outside {
                let own = ["std", "core", "alloc", "super", "self", "crate"].contains(&name.as_str())
                    || path.parent().is_some_and(|folder| {
                        folder.join(format!("{name}.rs")).exists() || folder.join(&name).is_dir()
                    });
                if !own && name.starts_with(char::is_lowercase) && !outside_allowed.contains(&name.as_str()) {
                    wrong.push(format!("{}: {name}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports against the table:\n{}", wrong.join("\n"));
}

#[test]
fn what_a_module_must_never_touch_is_not_even_named() {
    let mut wrong = Vec::new();
    for (module, never) in NEVER {
        for path in files(&root().join("src").join(module), "rs") {
            if is_test_file(&path) {
                continue;
            }
            let code = code_of(&path);
            for name in *never {
                if code.contains(&format!("{name}::")) || code.contains(&format!("use {name};")) {
                    wrong.push(format!("{}: {name}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "named against the rules:\n{}", wrong.join("\n"));
}

#[test]
fn the_check_itself_finds_a_wrong_import() {
    let (inside, outside) = names("use tokio::sync::mpsc;\nfn f() { crate::store::open(); }\npub use slint::Weak;");
    assert_eq!(inside, ["store"]);
    assert_eq!(outside, ["tokio", "slint"]);
}

#[test]
fn the_device_layer_knows_nothing_of_the_application() {
    let manifest = fs::read_to_string(root().join("hal/Cargo.toml")).expect("the manifest of the device layer");
    let dependencies: BTreeMap<&str, &str> =
        manifest.lines().filter_map(|line| line.split_once('=')).map(|(name, value)| (name.trim(), value)).collect();
    for never in ["kiosk.workspace", "tokio.workspace", "slint.workspace", "kiosk", "tokio", "slint"] {
        assert!(!dependencies.contains_key(never), "{never}");
    }
}

#[test]
fn clocks_are_read_in_one_file_of_each_crate() {
    for (folder, allowed) in [("src", &["engine/clock.rs"][..]), ("hal/src", &["runner.rs"][..])] {
        for path in files(&root().join(folder), "rs") {
            let code = code_of(&path);
            let reads = code.contains("Instant::now()")
                || code.contains("Timestamp::now()")
                || code.contains("SystemTime::now()");
            let may = allowed.iter().any(|name| path.ends_with(name))
                || path.components().any(|part| part.as_os_str() == "desk");
            assert!(!reads || may, "{} reads a clock", path.display());
        }
    }
}

#[test]
fn every_module_tells_its_story_and_no_file_is_too_long() {
    for folder in ["src", "hal/src", "tests"] {
        for path in files(&root().join(folder), "rs") {
            let text = fs::read_to_string(&path).expect("a source file");
            assert!(text.trim_start().starts_with("//!"), "{} has no module documentation", path.display());
            let lines = text.lines().count();
            assert!(lines <= 700, "{} has {lines} lines", path.display());
        }
    }
    for path in files(&root().join("ui"), "slint") {
        let lines = fs::read_to_string(&path).expect("a screen").lines().count();
        assert!(lines <= 700, "{} has {lines} lines", path.display());
    }
}

#[test]
fn no_mark_of_unfinished_work_is_left_in_the_tree() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("X", "XX"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
    ];
    for folder in ["src", "hal", "tests", "ui"] {
        for ending in ["rs", "slint"] {
            for path in files(&root().join(folder), ending) {
                let text = fs::read_to_string(&path).expect("a source file");
                for mark in marks {
                    let nationality = mark.len() == 3 && text.contains("\"XXX");
                    assert!(nationality || !text.contains(mark), "{} holds {mark}", path.display());
                }
            }
        }
    }
}

#[test]
fn the_device_build_names_no_simulator_no_stand_in_and_no_bench() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the manifest");
    let device =
        manifest.lines().find(|line| line.starts_with("device = ")).expect("the feature of the machine's build");
    for name in ["desk", "sim", "county-stand-in", "testing", "winit"] {
        assert!(!device.contains(name), "the device build brings in {name}");
    }
    // The same of the resolved tree: what cargo would really link. Where that build was never made some of its crates may
    // be missing; cargo then fetches them, as building it would.
    let tree = |offline: &[&str]| {
        std::process::Command::new(env!("CARGO"))
            .args(["tree", "--locked", "-e", "normal", "-p", "kiosk", "--no-default-features", "--features", "device"])
            .args(["--target", "x86_64-unknown-linux-gnu", "--prefix", "none", "-f", "{p} {f}"])
            .args(offline)
            .current_dir(root())
            .output()
            .expect("cargo runs")
    };
    let mut output = tree(&["--offline"]);
    if !output.status.success() {
        output = tree(&[]);
    }
    let tree = output;
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8_lossy(&tree.stdout);
    assert!(tree.contains("kiosk-hal") && tree.contains("i-slint-backend-linuxkms"), "the tree is the device build's");
    for line in tree.lines() {
        assert!(!line.starts_with("county-stand-in"), "{line}");
        assert!(!line.starts_with("i-slint-backend-testing"), "{line}");
        assert!(!line.starts_with("i-slint-backend-winit"), "{line}");
        assert!(!(line.starts_with("kiosk-hal") && line.contains("sim")), "{line}");
    }
}
