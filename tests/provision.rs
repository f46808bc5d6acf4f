//! Taking machines in, end to end: codes, answers and prepared cards between the kiosk's side and the stand-in county, which
//! share no code.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use std::path::{Path, PathBuf};
use std::process::Command;

use county_stand_in::{Handle, Settings, serve};
use jiff::Timestamp;
use kiosk::domain::place::KioskCode;
use kiosk::domain::setup::{Expected, FittedDevices, NetworkState, SetupPlan};
use kiosk::engine::{DevicePlan, Engine, FileJournal, FirstStart, check_answer};
use kiosk::ipc::EnrolRefusal;
use kiosk::provision::{EnrolCode, Folders, Request, Trusted, read_card, read_list, settings};
use serde_json::json;

const PLACES: &str = include_str!("../config/places.json");
const FLOOR: i64 = 1_793_491_200;

struct County {
    handle: Handle,
    folder: tempfile::TempDir,
}

fn county() -> County {
    let folder = tempfile::tempdir().unwrap();
    let handle = serve(Settings::new(([127, 0, 0, 1], 0).into(), folder.path().join("county"))).unwrap();
    std::fs::create_dir(folder.path().join("trusted")).unwrap();
    std::fs::copy(&handle.enrol_pub, folder.path().join("trusted/county.pub")).unwrap();
    County { handle, folder }
}

impl County {
    fn trusted(&self) -> Trusted {
        Trusted::read(&self.folder.path().join("trusted")).unwrap()
    }

    fn machine(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        std::fs::create_dir_all(folder.join("inbox")).unwrap();
        folder
    }

    fn first_start(&self, machine: &Path) -> FirstStart {
        let none = FittedDevices { reader: false, printer: false, scanner: false };
        FirstStart {
            plan: SetupPlan {
                places: serde_json::from_str(PLACES).unwrap(),
                fitted: none,
                kiosk: None,
                hotline: "12345".to_owned(),
            },
            folders: Folders::under(machine),
            trusted: self.trusted(),
            inbox: machine.join("inbox"),
            devices: DevicePlan::default(),
            test_slip: kiosk::assemble::test_slip().unwrap(),
            floor: floor(),
            look: Box::new(NetworkState::default),
            journal: Box::new(FileJournal::create(&machine.join("events.jsonl")).unwrap()),
            socket: None,
            signs: kiosk::engine::Signs::default(),
        }
    }
}

fn floor() -> Timestamp {
    Timestamp::from_second(FLOOR).unwrap()
}

fn expected() -> Expected {
    Expected { kiosk: Some(KioskCode::new("K032").unwrap()), place: Some("320699101".to_owned()) }
}

#[test]
fn forty_hostile_codes_are_refused_each_for_its_reason_and_the_good_one_is_taken() {
    let county = county();
    let other = self::county();
    let trusted = county.trusted();
    let read = |text: &str| EnrolCode::read(text, &trusted, floor(), &expected()).err();
    let good = county.handle.enrol_code("K032", "320699101", 3600).unwrap();
    assert_eq!(read(&good), None);

    let payload = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut payload = json!({
            "v": 1, "u": "https://county.example", "a": "A".repeat(43), "t": "0123456789abcdef0123456789abcdef",
            "e": FLOOR + 10_000, "k": "K032", "p": "320699101",
        });
        change(&mut payload);
        county.handle.signed_code(&payload)
    };
    assert_eq!(read(&payload(&|_| ())), None, "the pattern of the hostile ones is a good one");
    let set = |key: &'static str, value: serde_json::Value| payload(&move |p| p[key] = value.clone());
    let (head, tail) = good.split_at(good.len() - 6);
    let flipped = format!("{head}{}", tail.chars().rev().collect::<String>());
    let (text, signature) = good.rsplit_once('.').unwrap();
    let foreign = other.handle.enrol_code("K032", "320699101", 3600).unwrap();
    let mut hostile = vec![
        (String::new(), EnrolRefusal::NotACode),
        (" ".repeat(20), EnrolRefusal::NotACode),
        ("BM2 K K0320001871 11320699MB0000000A2000113112800 1795398060 - 481205 -".to_owned(), EnrolRefusal::NotACode),
        ("https://evil.example/BME1".to_owned(), EnrolRefusal::NotACode),
        ("bme1.abc.def".to_owned(), EnrolRefusal::NotACode),
        ("BME1.".to_owned(), EnrolRefusal::NotACode),
        ("BME1.abc".to_owned(), EnrolRefusal::NotACode),
        ("BME2.abc.def".to_owned(), EnrolRefusal::NotACode),
        ("\u{0}\u{1b}[2J".to_owned(), EnrolRefusal::NotACode),
        ("SETUPE1".to_owned(), EnrolRefusal::NotACode),
        ("居民身份证".to_owned(), EnrolRefusal::NotACode),
        ("A".repeat(4096), EnrolRefusal::TooLong),
        (format!("BME1.{}.{signature}", "A".repeat(2000)), EnrolRefusal::TooLong),
        (format!("BME1.{}", ".".repeat(1100)), EnrolRefusal::TooLong),
        ("BME1.abc.def".to_owned(), EnrolRefusal::Foreign),
        (foreign.clone(), EnrolRefusal::Foreign),
        (flipped, EnrolRefusal::Foreign),
        (format!("{text}."), EnrolRefusal::Foreign),
        (format!("{text}.{}", "A".repeat(86)), EnrolRefusal::Foreign),
        (format!("{text}.{signature}.{signature}"), EnrolRefusal::Foreign),
        (format!("{}.{signature}", foreign.rsplit_once('.').unwrap().0), EnrolRefusal::Foreign),
        (format!("{}x.{signature}", text), EnrolRefusal::Foreign),
        (good.to_lowercase().replacen("bme1", "BME1", 1), EnrolRefusal::Foreign),
        (set("e", json!(0)), EnrolRefusal::Expired),
        (set("e", json!(FLOOR)), EnrolRefusal::Expired),
        (set("u", json!("http://county.example")), EnrolRefusal::BadAddress),
        (set("u", json!("ftp://county.example")), EnrolRefusal::BadAddress),
        (set("u", json!("file:///etc/passwd")), EnrolRefusal::BadAddress),
        (set("u", json!("https://name:word@county.example")), EnrolRefusal::BadAddress),
        (set("u", json!("https://county.example/path?x=1")), EnrolRefusal::BadAddress),
        (set("u", json!("")), EnrolRefusal::BadAddress),
        (set("k", json!("K033")), EnrolRefusal::OtherKiosk),
        (set("p", json!("320699102")), EnrolRefusal::OtherPlace),
        (set("p", json!("320699101201")), EnrolRefusal::OtherPlace),
        (set("p", json!("3206")), EnrolRefusal::NotACode),
        (set("v", json!(2)), EnrolRefusal::NotACode),
        (set("a", json!("AA")), EnrolRefusal::NotACode),
        (set("t", json!("../../etc/passwd")), EnrolRefusal::NotACode),
        (set("k", json!("k032; rm")), EnrolRefusal::NotACode),
        (set("extra", json!(true)), EnrolRefusal::NotACode),
    ];
    assert_eq!(hostile.len(), 40);
    hostile.push((set("e", json!("soon")), EnrolRefusal::NotACode));
    for (text, why) in hostile {
        assert_eq!(read(&text), Some(why), "{text:.80}");
    }
}

/// A table of `count` machines, each in the demo county.
fn table(count: usize) -> String {
    let head = "kiosk,city,county,county_code,kind,town,town_code,level,village,village_code,window,address,hours,phone,\
                network,ip,prefix,gateway,dns,id_reader,printer,scanner\n";
    let row = |n: usize| {
        let network = if n.is_multiple_of(2) {
            "dhcp,,,,".to_owned()
        } else {
            format!("fixed,10.1.0.{},24,10.1.0.1,10.1.0.1", n + 10)
        };
        format!(
            "K{n:03},示例市,示例县,320699,county,示例镇,320699101,village,河东村,320699101201,全科窗口,\"一楼, 大厅\",\
             周一至周五,0513-00000000,{network},no,no,no\n"
        )
    };
    head.to_owned() + &(1..=count).map(row).collect::<String>()
}

fn kioskctl(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_kioskctl")).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

fn make_cards(county: &County, table: &str) -> (bool, String) {
    make_cards_with(county, table, &[])
}

fn make_cards_with(county: &County, table: &str, more: &[&str]) -> (bool, String) {
    let list = county.folder.path().join("kiosks.csv");
    std::fs::write(&list, table).unwrap();
    let text = |path: &Path| path.display().to_string();
    let (key, authority, out) =
        (text(&county.handle.enrol_key), text(&county.handle.ca_pem), text(&county.folder.path().join("cards")));
    let list = text(&list);
    let arguments = [
        "provision",
        "make",
        "--list",
        &list,
        "--county-key",
        &key,
        "--authority",
        &authority,
        "--url",
        &county.handle.url,
        "--out",
        &out,
    ];
    kioskctl(&[&arguments, more].concat())
}

#[test]
fn forty_cards_from_a_table_each_set_its_machine_up_without_a_touch() {
    let county = county();
    let (made, text) = make_cards(&county, &table(40));
    assert!(made, "{text}");
    for n in 1..=40 {
        let kiosk = format!("K{n:03}");
        let card = std::fs::read_to_string(county.folder.path().join(format!("cards/{kiosk}/provision.toml"))).unwrap();
        assert_eq!(read_card(&card, &county.trusted()).unwrap().kiosk.as_str(), kiosk);
        assert_eq!(read_card(&card.replace("河东村", "河西村"), &county.trusted()), Err(EnrolRefusal::Foreign));
        assert_eq!(read_card(&format!("{card}x = 1\n"), &county.trusted()), Err(EnrolRefusal::Foreign));
        // Three of them go all the way: key, request, certificate, settings.
        if n > 3 {
            continue;
        }
        let machine = county.machine(&kiosk);
        std::fs::write(machine.join("inbox/provision.toml"), &card).unwrap();
        Engine::start_setup(county.first_start(&machine)).unwrap().wait().unwrap();
        let config = machine.join("vendor.toml");
        std::fs::write(&config, format!("[setup]\nfolder = \"{}\"\n", machine.display())).unwrap();
        let config = kiosk::config::Config::load(&config).unwrap();
        assert_eq!(config.kiosk.as_str(), kiosk);
        assert_eq!(config.place.centre_name().zh, "示例县示例镇河东村便民服务中心");
        assert_eq!(config.county.url, county.handle.url);
        assert!(config.devices.printer.is_none(), "absent on purpose");
        let network = std::fs::read_to_string(machine.join("network/50-kiosk.network")).unwrap();
        assert_eq!(network.contains("DHCP=yes"), n == 2, "{network}");
        let certificate = std::fs::read_to_string(machine.join("county/certificate.pem")).unwrap();
        assert!(certificate.contains("BEGIN CERTIFICATE"));
        assert_eq!(
            std::fs::read(machine.join("county/secret")).unwrap().trim_ascii(),
            std::fs::read(&county.handle.secret_file).unwrap().trim_ascii()
        );
        assert!(!machine.join("setup.json").exists(), "the progress is forgotten when the settings are there");
        let journal = std::fs::read_to_string(machine.join("events.jsonl")).unwrap();
        assert!(journal.contains("setup.step") && !journal.contains("BME1"), "{journal}");
    }
}

#[test]
fn a_card_brings_the_rollout_server_and_a_token_of_its_own_and_both_are_stored_with_the_enrolment() {
    let county = county();
    let ca = county.handle.ca_pem.display().to_string();
    let more = ["--rollout-url", "https://rollout.county.example:8443", "--rollout-ca", &ca];
    let (made, text) = make_cards_with(&county, &table(2), &more);
    assert!(made, "{text}");
    let targets = std::fs::read_to_string(county.folder.path().join("cards/rollout-targets.csv")).unwrap();
    let tokens: Vec<&str> = targets.lines().skip(1).filter_map(|line| line.rsplit(',').next()).collect();
    assert!(tokens.len() == 2 && tokens[0] != tokens[1] && tokens[0].len() == 32, "{targets}");
    let card = std::fs::read_to_string(county.folder.path().join("cards/K001/provision.toml")).unwrap();
    assert_eq!(
        read_card(&card.replace("rollout.county", "evil.county"), &county.trusted()),
        Err(EnrolRefusal::Foreign)
    );
    let machine = county.machine("K001");
    std::fs::write(machine.join("inbox/provision.toml"), &card).unwrap();
    Engine::start_setup(county.first_start(&machine)).unwrap().wait().unwrap();
    let config = machine.join("vendor.toml");
    std::fs::write(&config, format!("[setup]\nfolder = \"{}\"\n", machine.display())).unwrap();
    let server = kiosk::config::Config::load(&config).unwrap().update.server.unwrap();
    assert_eq!((server.url.as_str(), server.tenant.as_str()), ("https://rollout.county.example:8443", "DEFAULT"));
    assert_eq!(std::fs::read(server.ca_file).unwrap(), std::fs::read(&county.handle.ca_pem).unwrap());
    assert_eq!(std::fs::read_to_string(machine.join("rollout/token")).unwrap(), tokens[0]);
    let progress = std::fs::read_to_string(machine.join("events.jsonl")).unwrap();
    assert!(!progress.contains(tokens[0]), "no token in the journal");
    let mode = |name: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(machine.join(name)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!((mode("rollout/token"), mode("rollout/ca.pem")), (0o600, 0o644));
}

#[test]
fn an_order_takes_its_machine_back_to_the_set_up_once_and_does_nothing_on_another() {
    let county = county();
    let (made, text) = make_cards(&county, &table(2));
    assert!(made, "{text}");
    let set_up = |kiosk: &str| {
        let machine = county.machine(kiosk);
        let card = county.folder.path().join(format!("cards/{kiosk}/provision.toml"));
        std::fs::copy(card, machine.join("inbox/provision.toml")).unwrap();
        Engine::start_setup(county.first_start(&machine)).unwrap().wait().unwrap();
        let trusted = county.folder.path().join("trusted");
        let text = format!(
            "[setup]\nfolder = \"{}\"\nenrolment_keys = \"{}\"\n[engine]\nsocket = \"{}\"\n",
            machine.display(),
            trusted.display(),
            machine.join("engine.sock").display()
        );
        std::fs::write(machine.join("vendor.toml"), text).unwrap();
        machine
    };
    let (first, second) = (set_up("K001"), set_up("K002"));
    let config = |machine: &Path| machine.join("vendor.toml").display().to_string();
    let (_, shown) = kioskctl(&["provision", "show", "--config", &config(&first)]);
    let key = shown.lines().find_map(|line| line.strip_prefix("machine's key ")).unwrap();
    let order = |kiosk: &str, more: &[&str]| {
        let out = county.folder.path().join("order.txt").display().to_string();
        let county_key = county.handle.enrol_key.display().to_string();
        let arguments =
            ["provision", "order", "--kiosk", kiosk, "--machine", key, "--county-key", &county_key, "--out", &out];
        let (made, text) = kioskctl(&[&arguments, more].concat());
        assert!(made, "{text}");
        out
    };
    let obey = |machine: &Path, file: &str| kioskctl(&["provision", "obey", "--config", &config(machine), file]);
    let is_set_up = |machine: &Path| machine.join("config.d/50-place.toml").exists();
    // Nobody can say that nothing is unsent here: the engine is away.
    let (obeyed, text) = obey(&first, &order("K001", &[]));
    assert!(!obeyed && text.contains("unsent") && is_set_up(&first), "{text}");
    let file = order("K001", &["--even-unsent"]);
    let (obeyed, text) = obey(&second, &file);
    assert!(!obeyed && text.contains("another machine") && is_set_up(&second), "{text}");
    let (obeyed, text) = obey(&first, &file);
    assert!(obeyed && text.starts_with("reset settings") && !is_set_up(&first), "{text}");
    assert!(first.join("keys/machine.key").exists(), "the key stays");
    let (obeyed, text) = obey(&first, &file);
    assert!(!obeyed && text.contains("obeyed before"), "{text}");
    let (obeyed, text) = obey(&first, &order("K001", &["--even-unsent", "--everything"]));
    assert!(obeyed && text.starts_with("reset everything"), "{text}");
}

#[test]
fn a_mistake_in_the_table_is_named_with_line_and_column_and_nothing_is_written() {
    let county = county();
    for (wrong, line, column) in [
        (table(3).replace("K002", "K2"), 3, "column 1 (kiosk)"),
        (table(3).replace("K003", "K001"), 4, "column 1 (kiosk)"),
        (table(2).replacen("河东村", "河东镇", 1), 2, "column 9 (village)"),
        (table(2).replacen("320699101201", "320699101", 1), 2, "column 10 (village_code)"),
        (table(2).replacen(",320699,county,", ",320699,state,", 1), 2, "column 5 (kind)"),
        (table(2).replacen("0513-00000000", "call us", 1), 2, "column 14 (phone)"),
        (table(2).replacen("10.1.0.1,10.1.0.1", "10.2.0.1,10.1.0.1", 1), 2, "column 18 (gateway)"),
        (table(2).replacen(",no,no,no", ",no,no,maybe", 1), 2, "column 22 (scanner)"),
        (table(2).replacen("kiosk,city", "kiosk,town_name", 1), 1, "column 2 (town_name)"),
    ] {
        let error = read_list(&wrong).unwrap_err();
        assert!(error.line == line && error.to_string().contains(column), "{error}");
        let (made, text) = make_cards(&county, &wrong);
        assert!(!made && text.contains(&format!("line {line}, {column}")), "{text}");
        assert!(!county.folder.path().join("cards").exists());
    }
}

fn refused(folders: &Folders, trusted: &Trusted, floor: Timestamp, bytes: &[u8]) -> Option<EnrolRefusal> {
    check_answer(folders, trusted, floor, bytes).err()
}

#[test]
fn an_old_answer_of_the_same_machine_replaces_nothing_and_a_right_one_is_stored_after_its_judgement() {
    let county = county();
    let machine = county.machine("again");
    let folders = Folders::under(&machine);
    let ask = |code: &str| {
        let read = EnrolCode::read(code, &county.trusted(), floor(), &expected()).unwrap();
        let (request, _) = Request::make(&folders, code, &read).unwrap();
        county.handle.answer_file(&serde_json::to_vec(&request).unwrap()).unwrap()
    };
    let old = ask(&county.handle.enrol_code("K032", "320699101", 3600).unwrap());
    let new = ask(&county.handle.enrol_code("K032", "320699101", 3600).unwrap());
    assert_eq!(refused(&folders, &county.trusted(), floor(), old.as_bytes()), Some(EnrolRefusal::BadAnswer));
    assert_eq!(refused(&folders, &county.trusted(), floor(), new.as_bytes()), None);
    for name in ["secret", "ca.pem", "seal.pub", "certificate.pem"] {
        assert!(!folders.county(name).exists(), "checking stores nothing: {name}");
    }
}

#[test]
fn an_answer_that_came_before_its_request_is_looked_at_again_when_the_request_is_made() {
    let county = county();
    let machine = county.machine("early");
    let folders = Folders::under(&machine);
    let code = county.handle.enrol_code("K032", "320699101201", 3600).unwrap();
    let read = EnrolCode::read(&code, &county.trusted(), floor(), &Expected::default()).unwrap();
    let (request, _) = Request::make(&folders, &code, &read).unwrap();
    let answer = county.handle.answer_file(&serde_json::to_vec(&request).unwrap()).unwrap();
    // The request of another code is the last one here; the answer lies in the inbox already.
    let other = county.handle.enrol_code("K031", "320699101201", 3600).unwrap();
    let read_other = EnrolCode::read(&other, &county.trusted(), floor(), &Expected::default()).unwrap();
    Request::make(&folders, &other, &read_other).unwrap();
    std::fs::write(machine.join("inbox/answer.json"), &answer).unwrap();
    let place = serde_json::from_str::<serde_json::Value>(&answer).unwrap()["answer"].as_str().map(str::to_owned);
    let place = serde_json::from_str::<serde_json::Value>(&place.unwrap()).unwrap()["place"].clone();
    let progress = json!({
        "version": 1, "language": "zh", "place": { "from": "chosen", "place": place, "window": null },
        "network": { "mode": "dhcp" }, "enrolled": null, "devices": null,
    });
    let progress = serde_json::from_value(progress).unwrap();
    settings::keep(&folders, &progress).unwrap();
    let engine = Engine::start_setup(county.first_start(&machine)).unwrap();
    let journal = || std::fs::read_to_string(machine.join("events.jsonl")).unwrap_or_default();
    until("the early answer is refused", || {
        journal().contains("setup.bad-answer") || journal().contains("other-kiosk")
    });
    assert!(!folders.county("secret").exists());
    Request::make(&folders, &code, &read).unwrap();
    until("the answer is taken", || settings::resume(&folders).is_some_and(|progress| progress.enrolled.is_some()));
    assert!(folders.county("secret").exists() && folders.county("ca.pem").exists());
    drop(engine);
}

#[expect(clippy::disallowed_methods, reason = "the set-up looks for files in its own time")]
fn until(what: &str, is_so: impl Fn() -> bool) {
    let start = std::time::Instant::now();
    while !is_so() {
        assert!(start.elapsed() < std::time::Duration::from_secs(30), "waiting: {what}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn a_code_counts_for_one_key_and_the_county_s_clock_decides_about_its_time() {
    let county = county();
    let code = county.handle.enrol_code("K032", "320699101", 3600).unwrap();
    let (first, second) = (Folders::under(&county.machine("first")), Folders::under(&county.machine("second")));
    let read = EnrolCode::read(&code, &county.trusted(), floor(), &expected()).unwrap();
    let ask = |folders: &Folders| {
        let (request, _) = Request::make(folders, &code, &read).unwrap();
        county.handle.answer_file(&serde_json::to_vec(&request).unwrap())
    };
    let answer = ask(&first).unwrap();
    assert!(ask(&first).is_some(), "the answer may have been lost: the same key is answered again");
    assert!(ask(&second).is_none(), "used");
    // The answer, carried as a file: the same checks, and of no use to another machine.
    let taken = check_answer(&first, &county.trusted(), floor(), answer.as_bytes()).unwrap();
    assert_eq!(taken.grant().kiosk.as_str(), "K032");
    assert_eq!(refused(&second, &county.trusted(), floor(), answer.as_bytes()), Some(EnrolRefusal::OtherKiosk));
    let changed = answer.replace("K032", "K033");
    assert_eq!(refused(&first, &county.trusted(), floor(), changed.as_bytes()), Some(EnrolRefusal::OtherCounty));
    assert_eq!(refused(&first, &Trusted::default(), floor(), answer.as_bytes()), Some(EnrolRefusal::Foreign));
    // Its time is over by the county's clock, whatever ours says.
    let late = county.handle.enrol_code("K032", "320699101", -1).unwrap();
    let read = EnrolCode::read(&late, &county.trusted(), floor(), &expected()).unwrap();
    let (request, _) = Request::make(&first, &late, &read).unwrap();
    assert!(county.handle.answer_file(&serde_json::to_vec(&request).unwrap()).is_none());
}

#[test]
fn what_is_half_written_is_begun_again_and_a_whole_progress_goes_on() {
    let county = county();
    let machine = county.machine("half");
    let folders = Folders::under(&machine);
    assert_eq!(settings::resume(&folders), None);
    std::fs::write(machine.join("setup.json"), "{\"version\": 1, \"language\": \"z").unwrap();
    assert_eq!(settings::resume(&folders), None, "half a file is no progress");
    let progress = kiosk::domain::setup::Progress::default();
    settings::keep(&folders, &progress).unwrap();
    assert_eq!(settings::resume(&folders), Some(progress.clone()));
    assert!(settings::finish(&folders, &progress).is_err(), "nothing is written before every step is finished");
    assert!(!machine.join("config.d").exists());
}
