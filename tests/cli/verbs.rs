//! Verbs of `kioskctl` against simulators in processes of their own.

use kiosk::desk::{Bench as _, Order};
use serde_json::json;

use super::world::{World, fonts};

fn fault(device: &str, name: &str, on: bool) -> Order {
    Order::Fault { device: device.into(), name: name.into(), on }
}

#[test]
fn a_configuration_is_checked_with_the_origin_of_every_value() {
    let world = World::new();
    let ended = world.ctl(&["config", "check", "--config", &world.text("kiosk.toml"), "--json"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let report = ended.json();
    assert_eq!(report["kiosk"], "K032");
    assert!(report["centre"].as_str().unwrap().ends_with("为民服务中心"));
    let source = |key: &str| {
        let keys = report["keys"].as_array().unwrap();
        keys.iter().find(|entry| entry["key"] == key).unwrap()["source"].as_str().unwrap().to_owned()
    };
    assert!(source("kiosk.code").ends_with("kiosk.toml"));
    assert!(source("store.folder").ends_with("10-test.toml"));
    assert_eq!(source("visit.idle_wipe_s"), "built-in values");
}

#[test]
fn an_unknown_key_is_named_with_its_file() {
    let world = World::new();
    std::fs::write(world.at("kiosk.toml.d/20-typo.toml"), "[visit]\nidle_wype_s = 120\n").unwrap();
    let ended = world.ctl(&["config", "check", "--config", &world.text("kiosk.toml")]);
    let message = ended.failure();
    assert!(message.contains("20-typo.toml") && message.contains("idle_wype_s"), "{message}");
    let ended = world.ctl(&["config", "check", "--json", "--config", &world.text("kiosk.toml")]);
    assert_eq!(ended.json()["error"]["code"], "config.syntax");
}

#[test]
fn a_missing_secret_of_the_county_is_found_by_the_check_of_the_files() {
    let world = World::new();
    let config = world.text("kiosk.toml");
    assert_eq!(world.ctl(&["config", "check", "--config", &config]).code, Some(0));
    let ended = world.ctl(&["config", "check", "--files", "--config", &config]);
    assert!(ended.failure().contains("county/"), "{ended:?}");
    world.county_that_is_away();
    let ended = world.ctl(&["config", "check", "--files", "--config", &config]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    std::fs::remove_file(world.at("county/secret")).unwrap();
    let ended = world.ctl(&["config", "check", "--files", "--config", &config]);
    assert!(ended.failure().contains("county/secret"), "{ended:?}");
}

#[test]
fn a_command_line_without_sense_ends_with_two() {
    assert_eq!(World::new().ctl(&["printer", "polish"]).code, Some(2));
}

#[test]
fn a_card_is_read_masked_and_in_full_only_when_asked() {
    let world = World::new();
    world.sim("id-reader");
    world.order(Order::Card { key: "wang_guifang".into() });
    let port = world.text("id-reader");
    let ended = world.ctl(&["id-reader", "read", "--port", &port, "--within", "30", "--json"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let card = ended.json();
    assert_eq!((&card["kind"], &card["name"]), (&json!("resident"), &json!("王*")));
    let number = card["number"].as_str().unwrap().to_owned();
    assert_eq!(number.len(), 18);
    assert_eq!(&number[6..14], "********");
    assert!(!ended.out.contains("桂芳") && card.get("address").is_none());

    world.order(Order::Card { key: "wang_guifang".into() });
    let ended = world.ctl(&["id-reader", "read", "--port", &port, "--within", "30", "--show", "--json"]);
    let card = ended.json();
    assert_eq!(card["name"], "王桂芳");
    assert!(!card["number"].as_str().unwrap().contains('*') && card["address"].is_string());
}

#[test]
fn a_card_that_cannot_be_read_and_one_of_a_foreign_kind_end_with_a_plain_word() {
    let world = World::new();
    world.sim("id-reader");
    let port = world.text("id-reader");
    let read = || world.ctl(&["id-reader", "read", "--port", &port, "--within", "40", "--json"]);
    for (name, code) in [("read-fails", "id-reader.unreadable"), ("unsupported", "id-reader.unsupported")] {
        world.order(fault("id-reader", name, true));
        world.order(Order::Card { key: "wang_guifang".into() });
        let ended = read();
        assert!(ended.failure().contains("card"), "{ended:?}");
        assert_eq!(ended.json()["error"]["code"], code);
        world.order(fault("id-reader", name, false));
        world.order(Order::NoCard);
    }
    world.order(Order::Card { key: "wang_guifang".into() });
    assert_eq!(read().code, Some(0), "the reader recovers");
}

#[test]
fn a_reader_without_a_card_and_a_port_without_a_reader_are_two_errors() {
    let world = World::new();
    let port = world.text("id-reader");
    let ended = world.ctl(&["id-reader", "read", "--port", &port, "--json"]);
    assert_eq!(ended.json()["error"]["code"], "id-reader.port-missing");
    assert!(ended.failure().contains(&port), "{ended:?}");
    world.sim("id-reader");
    let ended = world.ctl(&["id-reader", "read", "--port", &port, "--within", "4", "--json"]);
    assert_eq!(ended.json()["error"]["code"], "id-reader.no-card", "{ended:?}");
}

#[test]
fn a_printer_tells_its_state_and_prints_one_test_slip() {
    let world = World::new();
    world.sim("printer");
    let (port, fonts) = (world.text("printer"), fonts());
    let printer = |verb: &str| world.ctl(&["printer", verb, "--port", &port, "--fonts", &fonts, "--json"]);
    let ended = printer("status");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.json()["parts"]["paper"], "full");
    assert_eq!(world.bench().slip_count().unwrap(), 0);
    let ended = printer("test");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.json()["test"]["outcome"], "printed");
    let slips = world.bench().slips().unwrap();
    assert_eq!(slips.len(), 1);
    assert_eq!(kiosk::desk::code_on(&slips[0].png).as_deref(), Some("BIANMIN PRINTER TEST"));
}

#[test]
fn a_printer_without_paper_says_so_and_prints_nothing() {
    let world = World::new();
    world.sim("printer");
    world.order(fault("printer", "no-paper", true));
    let (port, fonts) = (world.text("printer"), fonts());
    let printer = |verb: &str| world.ctl(&["printer", verb, "--port", &port, "--fonts", &fonts, "--json"]);
    let ended = printer("status");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!((&ended.json()["code"], &ended.json()["parts"]["paper"]), (&json!("printer.paper-out"), &json!("out")));
    let ended = printer("test");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.json()["test"], json!({"outcome": "not-printed", "cause": "paper-out"}));
    assert_eq!(world.bench().slip_count().unwrap(), 0);
}

#[test]
fn a_code_is_read_by_the_scanner() {
    let world = World::new();
    world.sim("scanner");
    world.order(Order::Scan { text: "BM1 K K032000187 测试".into() });
    let ended = world.ctl(&["scanner", "read", "--port", &world.text("scanner"), "--within", "30", "--json"]);
    assert_eq!(ended.json()["text"], "BM1 K K032000187 测试", "{ended:?}");
}

#[test]
fn orders_come_from_the_command_line_and_a_wrong_one_lists_the_right_ones() {
    let world = World::new();
    world.sim("id-reader");
    let bench = world.text("bench");
    let tell = |order: &[&str]| world.ctl(&[&["sim", "tell", "--bench", &bench], order].concat());
    assert_eq!(tell(&["card", "wang_guifang"]).code, Some(0));
    assert_eq!(tell(&["fault", "id-reader", "slow", "on"]).code, Some(0));
    assert!(tell(&["card", "nobody"]).failure().contains("wang_guifang"));
    assert!(tell(&["fault", "id-reader", "rust", "on"]).failure().contains("read-fails"));
    assert!(tell(&["refill"]).failure().contains("printer.sock"));
    let help = world.ctl(&["sim", "tell", "--help"]);
    for name in ["read-fails", "no-paper", "no-suffix", "drop-after-commit"] {
        assert!(help.out.contains(name), "{name} is missing in {}", help.out);
    }
}
