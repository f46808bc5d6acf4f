//! The main job with everything in a process of its own, and a county that comes late.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use kiosk::desk::Bench as _;
use serde_json::Value;

use super::world::{World, rest, root, run};

/// Seconds the county is missing after the resident holds the first slip. `KIOSK_COUNTY_LATE_S=30` makes it half a minute.
fn late() -> Duration {
    let written = std::env::var("KIOSK_COUNTY_LATE_S").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(written.unwrap_or(6))
}

#[test]
fn an_application_is_kept_while_the_county_is_away_and_accepted_once_when_it_comes() {
    let world = World::new();
    let url = world.county_that_is_away();
    for device in ["id-reader", "printer", "scanner"] {
        world.sim(device);
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_kiosk"));
    command.arg("run").arg("--config").arg(world.config()).arg("--headless");
    command.arg("--visits").arg(root().join("tests/visits-run/late.toml"));
    command.arg("--bench").arg(world.at("bench")).arg("--out").arg(world.at("out"));

    let (first_slip, county) = std::thread::scope(|scope| {
        let kiosk = scope.spawn(|| run(&mut command));
        let first_slip = world.until("the slip of the kept application", || {
            (world.bench().slip_count().unwrap() == 1 || kiosk.is_finished()).then(|| world.bench().slips().unwrap())
        });
        rest(late());
        assert_eq!(world.bench().slip_count().unwrap(), first_slip.len(), "no second slip without the county");
        let county = world.start_sim("county", url.trim_start_matches("https://")).0;
        let ended = kiosk.join().unwrap();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.out.contains("1 passed, 0 failed"), "{ended:?}");
        (first_slip, county)
    });

    // Kept first, with the kiosk's own code; then the county's number.
    assert!(kiosk::desk::code_on(&first_slip[0].png).unwrap().starts_with("BM2 K "));
    let slips = world.bench().slips().unwrap();
    assert_eq!(slips.len(), 2);
    let cases: Vec<Value> = serde_json::from_str(&world.bench().cases_json().unwrap().unwrap()).unwrap();
    assert_eq!(cases.len(), 1, "{cases:?}");
    let accepted = kiosk::desk::code_on(&slips[1].png).unwrap();
    assert!(accepted.contains(cases[0]["caseNumber"].as_str().unwrap()), "{accepted}");
    drop(county);

    let journal = fs::read_to_string(world.at("out/events.jsonl")).unwrap();
    let events: Vec<String> = journal
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].as_str().unwrap().to_owned())
        .collect();
    let at = |event: &str| events.iter().position(|e| e == event).unwrap_or_else(|| panic!("no {event} in {journal}"));
    assert!(at("application.kept") < at("county.try-again") && at("county.try-again") < at("application.accepted"));
    assert!(at("slip.printed") < at("application.accepted"));
    for person in ["陈", "建国", "13800000000", "1101"] {
        assert!(!journal.contains(person), "{person} stands in {journal}");
    }
    assert!(world.at("out/screens").read_dir().unwrap().count() >= 2);
}

#[test]
fn a_run_whose_visit_does_not_end_as_scripted_fails_with_the_step() {
    let world = World::new();
    world.county_that_is_away();
    world.sim("printer");
    let script = world.at("wrong.toml");
    fs::write(&script, "title = \"nothing\"\n[[step]]\ntouch = \"没有这个按钮\"\nwithin = 1\n").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kiosk"));
    command.arg("run").arg("--config").arg(world.config()).arg("--headless").arg("--visits").arg(script);
    command.arg("--bench").arg(world.at("bench")).stdin(Stdio::null());
    let ended = run(&mut command);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains("0 passed, 1 failed") && ended.out.contains("step 1"), "{ended:?}");
}

#[test]
fn a_visit_without_a_bench_is_played_and_fails_only_where_it_needs_one() {
    let world = World::new();
    world.county_that_is_away();
    let play = |name: &str, steps: &str, more: &[&str]| {
        let script = world.at(name);
        fs::write(&script, format!("title = \"no bench\"\n{steps}")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_kiosk"));
        command.arg("run").arg("--config").arg(world.config()).arg("--visits").arg(script).args(more);
        run(command.stdin(Stdio::null()))
    };
    let ended = play("looks.toml", "[[step]]\nwait_screen = \"idle\"\n", &["--out", &world.text("looks")]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.contains("1 passed, 0 failed"), "{ended:?}");
    for (name, step) in [("card.toml", "card = \"chen_jianguo\""), ("slips.toml", "wait_slips = 1\nwithin = 1")] {
        let ended = play(name, &format!("[[step]]\n{step}\n"), &[]);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.out.contains("step 1") && ended.out.contains("--bench"), "{ended:?}");
    }
    let ended = play("cases.toml", "[end]\ncases = 0\n[[step]]\nwait_screen = \"idle\"\n", &[]);
    assert_eq!(ended.code, Some(1), "no platform is not the same as no case: {ended:?}");
    assert!(ended.out.contains("--bench"), "{ended:?}");
}

#[test]
fn a_headless_run_without_a_visit_is_refused() {
    let world = World::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kiosk"));
    let ended = run(command.arg("run").arg("--config").arg(world.config()).arg("--headless").stdin(Stdio::null()));
    assert!(ended.code != Some(0) && ended.err.contains("--visits"), "{ended:?}");
}
