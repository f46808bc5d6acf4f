//! Whole visits through the real program: every script of `tests/visits/` ends as it says, and what is left behind
//! afterwards holds nothing of the people who were there.
//!
//! The program runs as in the field, with its most talkative log, on simulated devices and against the stand-in
//! platform. The scripts are dealt out to a few runs of the program at a time; each run closes with its own count, and
//! the names of all that passed are compared with the folder, so a script that is not played is found as well.
#![cfg(feature = "desk")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fs, thread};

use kiosk::desk::code_on;
use kiosk::domain::receipt::{SlipCode, parse};
use kiosk_hal::id_card::deck::deck;
use kiosk_hal::id_card::fields::card;
use serde_json::Value;
use tempfile::TempDir;

/// Runs of the program side by side: most of a visit is waiting for a serial line.
const RUNS: usize = 3;

/// The tests of this file take turns: simulated devices on a machine with too much to do answer too late.
static TURN: Mutex<()> = Mutex::new(());

/// A folder with the desk's configuration at the most talkative level of the log, for programs to be started in.
struct Desk(TempDir, #[expect(dead_code, reason = "held until the test is over")] MutexGuard<'static, ()>);

impl Desk {
    fn new() -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = TempDir::with_prefix("bianmin-visits-").expect("a temporary folder");
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(repository.join("config/desk.toml")).expect("the desk's configuration");
        let quoted = |path: &str| format!("{:?}", repository.join(path).display().to_string());
        let mut changed = text.clone();
        for (from, to) in [
            ("level = \"warn\"", "level = \"trace\"".to_owned()),
            ("folder = \"catalogue\"", format!("folder = {}", quoted("config/catalogue"))),
            ("fonts = \"../ui/fonts\"", format!("fonts = {}", quoted("ui/fonts"))),
        ] {
            assert!(changed.contains(from), "config/desk.toml has {from}");
            changed = changed.replace(from, &to);
        }
        fs::create_dir(folder.path().join("config")).expect("a folder");
        fs::write(folder.path().join("config/desk.toml"), changed).expect("a file");
        Self(folder, turn)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Starts the program in this folder, without a display.
    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kiosk"));
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        command
    }

    fn play(&self, visits: &Path, out: &Path) -> Output {
        let (visits, out) = (visits.display().to_string(), out.display().to_string());
        self.program(&["desk", "--headless", "--visits", &visits, "--out", &out]).output().expect("the program starts")
    }
}

fn scripts() -> BTreeMap<String, PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/visits");
    let files = fs::read_dir(folder).expect("the folder of scripts");
    files
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .map(|path| (path.file_stem().expect("a name").to_string_lossy().into_owned(), path))
        .collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files_under(&path)) } else { found.push(path) }
    }
    found
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn json(path: &Path) -> Value {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&bytes).expect("JSON")
}

/// Everything personal that the visits deal with.
struct Personal {
    /// Names, addresses and what was typed.
    words: BTreeSet<String>,
    /// Numbers of the cards and of people who were typed in.
    numbers: BTreeSet<String>,
}

impl Personal {
    fn collect(scripts: &BTreeMap<String, PathBuf>) -> Self {
        let (mut words, mut numbers) = (BTreeSet::new(), BTreeSet::new());
        for entry in deck() {
            let person = card(&entry.image.text);
            words.extend(
                [person.name.clone()].into_iter().chain(person.address.clone()).filter(|word| !word.is_empty()),
            );
            numbers.insert(person.number.clone());
        }
        for path in scripts.values() {
            let script: toml::Table = fs::read_to_string(path).expect("a script").parse().expect("TOML");
            for step in script["step"].as_array().expect("steps") {
                let typed = step.get("type").and_then(toml::Value::as_str).unwrap_or_default();
                if typed.len() == 18 {
                    numbers.insert(typed.to_owned());
                } else if typed.len() >= 11 {
                    words.insert(typed.to_owned());
                }
            }
        }
        assert!(words.len() > 25 && numbers.len() > 15, "there is something to look for");
        Self { words, numbers }
    }

    /// Nothing personal stands in this file.
    fn assert_absent(&self, what: &Path, bytes: &[u8]) {
        for word in self.words.iter().chain(&self.numbers) {
            assert!(!holds(bytes, word.as_bytes()), "{} holds {word}", what.display());
        }
    }

    /// No number of a person stands in this file, in any of the encodings that devices speak. Digits are the same bytes
    /// in ASCII, UTF-8 and GB 18030.
    fn assert_no_number(&self, what: &Path, bytes: &[u8]) {
        for number in &self.numbers {
            let wide: Vec<u8> = number.encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert!(!holds(bytes, number.as_bytes()) && !holds(bytes, &wide), "{} holds {number}", what.display());
        }
    }
}

#[test]
fn every_visit_ends_as_scripted_and_leaves_nothing_personal_behind() {
    let (desk, scripts) = (Desk::new(), scripts());
    let out = desk.path("out");
    for (place, (name, path)) in scripts.iter().enumerate() {
        let folder = desk.path(&format!("deal-{}", place % RUNS));
        fs::create_dir_all(&folder).expect("a folder");
        fs::copy(path, folder.join(format!("{name}.toml"))).expect("a copy");
    }
    let outputs: Vec<Output> = thread::scope(|scope| {
        let runs: Vec<_> = (0..RUNS)
            .map(|run| {
                let (desk, out) = (&desk, &out);
                scope.spawn(move || desk.play(&desk.path(&format!("deal-{run}")), out))
            })
            .collect();
        runs.into_iter().map(|run| run.join().expect("a run")).collect()
    });

    let mut passed = BTreeSet::new();
    for (run, output) in outputs.iter().enumerate() {
        let said = text(&output.stdout);
        assert!(output.status.success(), "{said}\n{}", text(&output.stderr).lines().last().unwrap_or_default());
        let names: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("passed  ")).collect();
        assert_eq!(said.lines().last(), Some(format!("{} passed, 0 failed", names.len()).as_str()));
        passed.extend(names.into_iter().map(str::to_owned));
        fs::write(desk.path(&format!("run-{run}.log")), [&*output.stdout, &*output.stderr].concat()).expect("a file");
    }
    assert_eq!(passed, scripts.keys().cloned().collect(), "every script of the folder was played");

    let journal = fs::read_to_string(out.join("no_paper/events.jsonl")).expect("a journal");
    assert_eq!(journal.matches("-copy").count(), 1, "a slip printed again is noted as a copy");

    let personal = Personal::collect(&scripts);
    logs_and_journals_are_impersonal(&desk, &personal);
    paper_and_pictures_hold_no_number(&out, &personal);
    a_database_forgets_what_the_county_has(&out, &personal);
    slips_lead_to_their_case(&out);
    the_county_has_each_field_once_and_from_where_it_should(&out);
}

fn logs_and_journals_are_impersonal(desk: &Desk, personal: &Personal) {
    let mut journals = 0;
    for run in 0..RUNS {
        let log = desk.path(&format!("run-{run}.log"));
        let bytes = fs::read(&log).expect("a log");
        assert!(holds(&bytes, b"TRACE") || holds(&bytes, b"DEBUG"), "the log is talkative");
        personal.assert_absent(&log, &bytes);
    }
    for path in files_under(&desk.path("out")) {
        personal.assert_absent(&path, path.display().to_string().as_bytes());
        if path.ends_with("events.jsonl") {
            journals += 1;
            personal.assert_absent(&path, &fs::read(&path).expect("a journal"));
        }
    }
    assert_eq!(journals, scripts().len());
}

fn paper_and_pictures_hold_no_number(out: &Path, personal: &Personal) {
    let mut slips = 0;
    for path in files_under(out) {
        let ending = path.extension().unwrap_or_default();
        if ending == "bin" || ending == "png" {
            slips += usize::from(ending == "bin");
            personal.assert_no_number(&path, &fs::read(&path).expect("a file"));
        }
    }
    assert!(slips > 40, "{slips} slips were looked at");
}

/// These two scripts leave their database: one case was acknowledged at once, the other after the visit.
fn a_database_forgets_what_the_county_has(out: &Path, personal: &Personal) {
    for script in ["medical_insurance", "line_comes_back_after_the_visit"] {
        let files = files_under(&out.join(script).join("store"));
        assert!(!files.is_empty(), "{script} left its database");
        for path in files {
            personal.assert_absent(&path, &fs::read(&path).expect("a file of the database"));
        }
    }
}

fn slips_lead_to_their_case(out: &Path) {
    let mut codes = 0;
    for entry in fs::read_dir(out).expect("a folder") {
        let visit = entry.expect("an entry").path();
        let mut printed = BTreeSet::new();
        for slip in visit.join("slips").read_dir().into_iter().flatten() {
            let path = slip.expect("an entry").path();
            if path.extension().is_some_and(|ending| ending == "png") {
                printed.extend(code_on(&fs::read(path).expect("a picture")));
            }
        }
        let accepted = printed.iter().filter(|code| code.starts_with("BM2 A ")).cloned().collect::<BTreeSet<_>>();
        // Each is signed, and names a case of the county with its query code.
        assert!(printed.iter().all(|code| code.starts_with("BM2 ") && !code.ends_with(" -")), "{printed:?}");
        let accepted: BTreeSet<SlipCode> = accepted.iter().map(|code| parse(code).expect("a code of ours")).collect();
        let cases = json(&visit.join("county.json"));
        let word = |case: &Value, name: &str| case[name].as_str().expect("a text").to_owned();
        let held: BTreeSet<SlipCode> = cases
            .as_array()
            .expect("cases")
            .iter()
            .map(|case| SlipCode::Case { number: word(case, "caseNumber"), code: word(case, "queryCode") })
            .collect();
        assert!(accepted.is_subset(&held), "{}: {accepted:?} are of {held:?}", visit.display());
        codes += accepted.len();
    }
    assert!(codes > 15, "{codes} codes were read off the paper");
}

fn the_county_has_each_field_once_and_from_where_it_should(out: &Path) {
    let items = json(&Path::new(env!("CARGO_MANIFEST_DIR")).join("config/catalogue/items.json"));
    let mut seen = 0;
    for entry in fs::read_dir(out).expect("a folder") {
        for case in json(&entry.expect("an entry").path().join("county.json")).as_array().expect("cases") {
            let mut items = items["items"].as_array().expect("items").iter();
            let item = items.find(|item| item["taskHandleItem"] == case["itemCode"]).expect("an item of the catalogue");
            let mut names = BTreeSet::new();
            for field in case["fields"].as_array().expect("fields") {
                assert!(names.insert(field["name"].as_str()), "{} came twice", field["name"]);
                let mut known = item["form"]["fields"].as_array().expect("a form").iter();
                let known = known.find(|known| known["name"] == field["name"]).expect("a field of the form");
                let from = if known["prefillFrom"].is_string() { "card" } else { "resident" };
                assert_eq!(field["source"], from, "{}", field["name"]);
                assert!(field["value"].as_str().is_some_and(|value| !value.is_empty()), "{}", field["name"]);
            }
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen} cases were looked at");

    let fields = |visit: &str| {
        let cases = json(&out.join(visit).join("county.json"));
        assert_eq!(cases.as_array().map(Vec::len), Some(1), "{visit}");
        let fields = cases[0]["fields"].as_array().expect("fields").clone();
        fields.iter().map(|field| format!("{}={}", field["name"], field["value"]).replace('"', "")).collect::<Vec<_>>()
    };
    assert_eq!(
        fields("allowance_from_80"),
        [
            "applicantName=王桂芳",
            "applicantIdNo=320699194403120021",
            "gender=2",
            "ethnicity=01",
            "mobile=13900001234",
            "address=江苏省示例县示例镇示例村一组12号",
            "bankAccount=6222021234567890128",
        ]
    );
    assert_eq!(
        fields("answer_is_corrected_from_the_review")[4..],
        ["mobile=13700005678", "address=江苏省示例县示例镇示例村一组30号", "insuredKind=学生儿童"]
    );
    assert_eq!(fields("birth_registration")[6..], ["spouseIdNo=320699199303150015", "expectedDate=2027-04-12"]);
}

#[test]
fn a_visit_that_ends_otherwise_fails_the_run_and_says_why() {
    let desk = Desk::new();
    let folder = desk.path("wrong");
    fs::create_dir(&folder).expect("a folder");
    let script = |name: &str, text: &str| fs::write(folder.join(format!("{name}.toml")), text).expect("a file");
    script("good", "title = 'good'\nstep = [{ wait_screen = 'idle' }]\n[end]\ncases = 0\nslips = 0\n");
    script("no_such_button", "title = 'bad'\nstep = [{ touch = '不存在', within = 1 }]\n");
    script("one_case_too_few", "title = 'bad'\nstep = [{ wait_screen = 'idle' }]\n[end]\ncases = 1\n");
    let output = desk.play(&folder, &desk.path("out"));
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("passed  good"), "{said}");
    assert!(said.contains("FAILED  no_such_button: step 1 (Touch(\"不存在\"))"), "{said}");
    assert!(said.contains("FAILED  one_case_too_few: the visit ended otherwise: the platform holds 0 cases"), "{said}");
    assert_eq!(said.lines().last(), Some("1 passed, 2 failed"));
}

#[test]
fn without_a_display_the_demo_plays_one_visit_by_itself() {
    let desk = Desk::new();
    let output = desk.program(&[]).output().expect("the program starts");
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("There is no display"), "{said}");
    assert_eq!(json(&desk.path("out/county.json")).as_array().map(Vec::len), Some(1));
    assert!(desk.path("out/slips/2.png").is_file() && desk.path("out/screens/01-idle.png").is_file());
}
