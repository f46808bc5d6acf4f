//! A real engine is killed again and again, at moments nobody chose; what it promised on a screen stands at the county,
//! once.
//!
//! Six residents apply. Each time the engine is killed within a moment of "confirm", and four more times while it starts
//! and hands in. The line to the county comes and goes. The moments are the machine's own; only the waits are drawn.

use std::collections::BTreeSet;
use std::time::Duration;

use kiosk::desk::{Bench as _, Order};
use kiosk::ipc::{Body, Screen};
use serde_json::Value;

use super::halves::{confirm, fill_the_mobile};
use super::world::{World, rest};

/// Residents who apply.
const VISITS: u64 = 6;
/// Deaths in all for each of them.
const KILLS_PER_VISIT: u64 = 5;

#[test]
fn an_engine_killed_thirty_times_leaves_exactly_what_it_kept_at_the_county() {
    let world = World::new();
    let url = world.county_that_is_away();
    for device in ["id-reader", "printer"] {
        world.sim(device);
    }
    let county = world.start_sim("county", url.trim_start_matches("https://")).0;
    let mut draw = 0x2545_f491_4f6c_dd1d_u64;
    let mut below = |limit: u64| {
        draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (draw >> 33) % limit
    };
    let mut promised = BTreeSet::new();
    for visit in 0..VISITS {
        world.order(Order::Line { up: visit % 3 > 0 });
        let engine = world.engine();
        let mut screen = world.screen();
        fill_the_mobile(&world, &mut screen);
        confirm(&mut screen);
        rest(Duration::from_millis(below(250)));
        drop(engine);
        promised.extend(screen.to_the_end().iter().filter_map(number));
        world.order(Order::NoCard);
        for _ in 1..KILLS_PER_VISIT {
            world.order(Order::Line { up: below(3) > 0 });
            let engine = world.engine();
            rest(Duration::from_millis(below(400)));
            drop(engine);
        }
    }

    world.order(Order::Line { up: true });
    let engine = world.engine();
    world.until("everything is with the county", || {
        let status = world.ctl(&["status", "--json", "--config", &world.text("kiosk.toml")]).json();
        (status["waiting"] == 0).then_some(())
    });
    let cases: Vec<Value> = serde_json::from_str(&world.bench().cases_json().unwrap().unwrap()).unwrap();
    let mut numbers: Vec<u64> = cases.iter().map(|case| case["sequence"].as_u64().unwrap()).collect();
    numbers.sort_unstable();
    assert!(numbers.iter().copied().eq(1..=numbers.len() as u64), "one case for each number: {numbers:?}");
    assert!(cases.len() as u64 <= VISITS, "one application for each visit: {cases:?}");
    assert!(!promised.is_empty(), "no promise was ever seen");
    for number in &promised {
        assert!(numbers.contains(number), "number {number} was promised; there are {numbers:?}");
    }
    drop((engine, county));
}

/// The kiosk's number that a page promises.
fn number(screen: &Screen) -> Option<u64> {
    let Body::Kept(kept) = &screen.body else { return None };
    kept.number.replace(' ', "").get(4..)?.parse().ok()
}
