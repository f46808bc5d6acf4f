//! Commands in the documents: programs, subcommands and options that exist.

use crate::tree::{blocks, read, root, sources};

/// One command line of a document.
#[derive(Debug)]
struct Line {
    document: &'static str,
    /// `kiosk` or `kioskctl`.
    program: &'static str,
    /// Words before the first option or value.
    verbs: Vec<String>,
    /// Options without their dashes.
    options: Vec<String>,
    /// Values that name a place of the tree.
    places: Vec<String>,
}

fn lines() -> Vec<Line> {
    let mut found = Vec::new();
    for document in ["README.md", "config/README.md", "image/README.md", "SECURITY.md"] {
        let text = read(document);
        let shell = blocks(&text, "sh");
        let commands = shell.iter().flat_map(|block| block.lines()).map(|line| line.split(" #").next().unwrap_or(line));
        for command in commands {
            let words: Vec<&str> = command.split_whitespace().filter(|word| !is_variable(word)).collect();
            let (program, rest) = match words[..] {
                ["cargo", "run", ref rest @ ..] => {
                    let program =
                        if rest.windows(2).any(|two| two == ["--bin", "kioskctl"]) { "kioskctl" } else { "kiosk" };
                    let after = rest.iter().position(|word| *word == "--").map_or(rest.len(), |at| at + 1);
                    (program, &rest[after..])
                }
                ["kioskctl", ref rest @ ..] => ("kioskctl", rest),
                ["kiosk", ref rest @ ..] => ("kiosk", rest),
                _ => continue,
            };
            let is_verb =
                |word: &&&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-');
            let verbs = rest.iter().take_while(is_verb).map(|word| (*word).to_owned()).collect();
            let options = rest.iter().filter_map(|word| word.strip_prefix("--")).map(str::to_owned).collect();
            let places = rest.iter().filter(|word| word.contains('/') && !word.starts_with(['/', '$']));
            let places = places.map(|word| (*word).to_owned()).collect();
            found.push(Line { document, program, verbs, options, places });
        }
    }
    found
}

/// `NAME=value` before a command.
fn is_variable(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
}

/// `id-reader` as a variant of an enum of subcommands: `IdReader`.
fn variant(verb: &str) -> String {
    let capital = |part: &str| part.chars().next().map(|c| c.to_ascii_uppercase()).into_iter().collect::<String>();
    verb.split('-').map(|part| capital(part) + part.get(1..).unwrap_or_default()).collect()
}

/// A line of the source that declares this variant.
fn declares_variant(source: &str, name: &str) -> bool {
    source.lines().map(str::trim).any(|line| {
        line.strip_prefix(name).is_some_and(|rest| rest.starts_with('(') || rest.starts_with(" {") || rest == ",")
    })
}

/// A line of the source that declares this field.
fn declares_field(source: &str, option: &str) -> bool {
    let name = format!("{}:", option.replace('-', "_"));
    source.lines().map(str::trim).any(|line| line.trim_start_matches("pub ").starts_with(&name))
}

#[test]
fn every_command_that_a_document_shows_exists() {
    let arguments = sources("src/ctl");
    let kiosk = read("src/main.rs") + &arguments;
    let kioskctl = sources("src/bin") + &arguments;
    let lines = lines();
    assert!(lines.len() >= 5, "commands are read: {lines:?}");
    let mut wrong = Vec::new();
    for line in &lines {
        let source = if line.program == "kiosk" { &kiosk } else { &kioskctl };
        let verbs = line.verbs.iter().filter(|verb| !declares_variant(source, &variant(verb)));
        let options = line.options.iter().filter(|option| !declares_field(source, option));
        let places = line.places.iter().filter(|place| !root().join(place).exists());
        wrong.extend(verbs.chain(options).chain(places).map(|word| format!("{}: {word} in {line:?}", line.document)));
    }
    assert!(wrong.is_empty(), "no such thing:\n{}", wrong.join("\n"));
}

#[test]
fn the_two_commands_stand_in_the_readme_and_the_gate_runs_the_second() {
    let readme = read("README.md");
    let [first, ..] = blocks(&readme, "sh")[..] else { panic!("the README shows commands") };
    assert_eq!(first.lines().collect::<Vec<_>>(), ["cargo run", "cargo test --workspace"]);
    assert!(read(".ci/run").contains("cargo test --workspace --locked"), "the gate runs the tests as documented");
    assert!(read("Cargo.toml").contains("default-run = \"kiosk\""), "cargo run starts the kiosk");
}

#[test]
fn features_that_a_command_names_exist() {
    let manifest = read("Cargo.toml");
    let readme = read("README.md");
    let named = blocks(&readme, "sh").into_iter().flat_map(str::lines).filter_map(|line| {
        let after = line.split_once("--features ")?.1;
        after.split_whitespace().next()
    });
    let mut count = 0;
    for feature in named {
        count += 1;
        let is_ours = manifest.lines().any(|line| line.starts_with(&format!("{feature} = [")));
        let is_of_the_toolkit = feature.strip_prefix("slint/").is_some_and(|name| !name.is_empty());
        assert!(is_ours || is_of_the_toolkit, "there is no feature {feature}");
    }
    assert!(count >= 2, "the README names features");
}

#[test]
fn verbs_become_variants_and_options_fields() {
    assert_eq!(variant("id-reader"), "IdReader");
    assert!(declares_variant("    Desk(ctl::DeskArguments),\n    Engine {", "Desk"));
    assert!(declares_variant("    Engine {", "Engine"));
    assert!(!declares_variant("    DeskTop(x),", "Desk"));
    assert!(declares_field("    pub out: Option<PathBuf>,", "out"));
    assert!(!declares_field("    pub output: PathBuf,", "out"));
}
