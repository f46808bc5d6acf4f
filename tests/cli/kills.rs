//! A real engine is killed again and again, at moments nobody chose; what it promised stands at the county, once.
//!
//! The engine, the stand-in platform and the devices are processes of their own, and the line is real TLS over a real
//! socket. In every tenth life a resident applies at the screen, and the kill comes within a moment of "confirm". In every
//! other life three applications are kept before it begins, as a visit would have left them, and the kill comes while the
//! engine starts, opens the store and hands in. The line comes and goes, and some answers are lost after the commit. At the
//! end each application that was kept has its one case, the numbers have no gap, and the store holds the county's numbers.
//!
//! `KIOSK_KILLS` is the number of kills (20), `KIOSK_KILLS_SEED` draws the waits; the moments are the machine's own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kiosk::assemble;
use kiosk::config::Config;
use kiosk::desk::{Bench as _, Order};
use kiosk::domain::id::{ItemId, SubmissionId};
use kiosk::domain::receipt::{SlipCode, kept_code, parse};
use kiosk::domain::submission::{Application, FieldValue, ItemRef, OutboxEntry, OutboxState, StoreCommand, StoreEvent};
use kiosk::domain::text::Text;
use kiosk::ipc::{Body, Screen, Source};
use kiosk::store::{FILE_NAME, Keeper, Opening};
use serde_json::Value;

use super::halves::{confirm, fill_the_mobile};
use super::world::{World, rest};

/// Kills of the short form.
const KILLS: u64 = 20;
/// One life in so many has a resident at the screen; a visit takes seconds, at a person's pace.
const VISIT_EVERY: u64 = 10;
/// Applications that wait when another life begins.
const WAITING: u64 = 3;
/// A life without a resident ends within this time of its start: starting takes a third of it, handing in a tenth.
const LIFE_MS: u64 = 600;

#[test]
fn an_engine_killed_again_and_again_leaves_exactly_what_it_kept_at_the_county() {
    let kills = number_of("KIOSK_KILLS").unwrap_or(KILLS);
    let seed = number_of("KIOSK_KILLS_SEED").unwrap_or(20_261_124);
    let world = World::new();
    let url = world.county_that_is_away();
    for device in ["id-reader", "printer"] {
        world.sim(device);
    }
    let county = world.start_sim("county", url.trim_start_matches("https://")).0;
    let mut draw = Draw(seed);
    let mut promised = BTreeSet::<Promise>::new();
    for kill in 0..kills {
        world.order(Order::Line { up: draw.below(4) > 0 });
        if draw.below(3) == 0 {
            world.order(Order::Fault { device: "county".into(), name: "drop-after-commit".into(), on: true });
        }
        if kill % VISIT_EVERY == 0 {
            promised.extend(visit(&world, draw.below(250)));
        } else {
            promised.extend(keep(&world, kill));
            let engine = world.engine_at_once();
            rest(Duration::from_millis(draw.below(LIFE_MS)));
            drop(engine);
        }
    }

    world.order(Order::Line { up: true });
    world.order(Order::Fault { device: "county".into(), name: "drop-after-commit".into(), on: false });
    let engine = world.engine();
    world.until("everything is with the county", || {
        let status = world.ctl(&["status", "--json", "--config", &world.text("kiosk.toml")]).json();
        (status["outbox_read"] == true && status["waiting"] == 0).then_some(())
    });
    drop(engine);
    let cases: Vec<Value> = serde_json::from_str(&world.bench().cases_json().unwrap().unwrap()).unwrap();
    drop(county);
    judge(&promised, &entries(&world), &cases, seed);
}

/// A number that somebody was told, with the query code that goes with it: another application under the same number does
/// not keep the promise.
type Promise = (u64, String);

/// The promise, over everything there is.
fn judge(promised: &BTreeSet<Promise>, entries: &[OutboxEntry], cases: &[Value], seed: u64) {
    let mut at_county: BTreeMap<u64, Vec<&Value>> = BTreeMap::new();
    for case in cases {
        at_county.entry(case["sequence"].as_u64().unwrap()).or_default().push(case);
    }
    assert!(!promised.is_empty(), "no promise was ever seen");
    let held: BTreeSet<Promise> = entries.iter().map(|entry| (entry.sequence.0, kept_code(entry.id))).collect();
    for promise in promised {
        assert!(held.contains(promise), "seed {seed}: number {} was promised and is not that application", promise.0);
        assert!(at_county.contains_key(&promise.0), "seed {seed}: number {} is not with the county", promise.0);
    }
    let numbers: Vec<u64> = entries.iter().map(|entry| entry.sequence.0).collect();
    assert!(numbers.iter().copied().eq(1..=numbers.len() as u64), "seed {seed}: there is a gap in {numbers:?}");
    for entry in entries {
        let held = at_county.remove(&entry.sequence.0).unwrap_or_default();
        let [case] = held[..] else { panic!("seed {seed}: number {} has {} cases", entry.sequence.0, held.len()) };
        assert_eq!(case["clientSubmissionId"], entry.id.to_string(), "seed {seed}: the same id for life");
        let OutboxState::Acknowledged { receipt } = &entry.state else { panic!("seed {seed}: {entry:?}") };
        assert_eq!(case["caseNumber"], receipt.case_number, "seed {seed}: the receipt is the county's");
    }
    assert!(at_county.is_empty(), "seed {seed}: the county has what was never kept: {at_county:?}");
}

/// A resident applies at the screen; the kill comes so many milliseconds after "confirm". What was promised until then.
fn visit(world: &World, moment: u64) -> Vec<Promise> {
    world.order(Order::NoCard);
    let engine = world.engine();
    let mut screen = world.screen();
    fill_the_mobile(world, &mut screen);
    confirm(&mut screen);
    rest(Duration::from_millis(moment));
    drop(engine);
    screen.into_the_rest().iter().filter_map(promise).collect()
}

/// Keeps applications while no engine runs, and gives what was promised.
fn keep(world: &World, life: u64) -> Vec<Promise> {
    let mut keeper = keeper(world);
    let mut numbers = Vec::new();
    for n in 0..WAITING {
        let application = Box::new(application(life * WAITING + n));
        keeper.command(&StoreCommand::Keep { application }, &mut |event| {
            let StoreEvent::Kept { entry } = event else { panic!("{event:?}") };
            numbers.push((entry.sequence.0, kept_code(entry.id)));
        });
    }
    numbers
}

fn entries(world: &World) -> Vec<OutboxEntry> {
    keeper(world).listed().unwrap().into_iter().map(|listed| listed.entry).collect()
}

fn keeper(world: &World) -> Keeper {
    let config = Config::load(&world.config()).unwrap();
    let file = config.store_folder.join(FILE_NAME);
    Keeper::open(&Opening::at(&file, &config.kiosk, &assemble::sealer(&config).unwrap())).unwrap().0
}

/// An invented application; no two are alike.
pub fn application(n: u64) -> Application {
    let mut chance = [0; 10];
    chance[2..].copy_from_slice(&n.to_be_bytes());
    Application {
        client_submission_id: SubmissionId::from_parts(1_795_500_000_000, chance),
        item: ItemRef {
            item: ItemId("sample-01".to_owned()),
            code: "000000000".to_owned(),
            version: 1,
            name: Text::new("参保登记", "Enrolment"),
            plain_name: Text::new("办养老保险", "Pension"),
        },
        terminal: "K032".to_owned(),
        confirmed_at: "2026-11-24T01:02:03Z".parse().unwrap(),
        form_version: 1,
        notice: "1/zh".to_owned(),
        fields: vec![FieldValue {
            name: "applicantName".to_owned(), value: format!("测试{n}"), source: Source::Card
        }],
    }
}

/// What a page promises.
fn promise(screen: &Screen) -> Option<Promise> {
    let Body::Kept(kept) = &screen.body else { return None };
    match parse(&kept.qr) {
        Some(SlipCode::Kept { sequence, code, .. }) => Some((sequence.0, code)),
        other => panic!("a page promises {other:?}"),
    }
}

fn number_of(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

/// A row of numbers that depends on its seed alone.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}
