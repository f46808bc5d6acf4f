//! What hinders a start is said by name, and nothing is lost by it.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use kiosk::config::Config;
use kiosk::county::{CountyClient, CountyError, CountySettings};

use super::world::{World, root};

#[test]
fn without_the_secret_of_the_county_the_start_is_refused_by_name() {
    let world = World::new();
    let ended = world.engine_that_refuses();
    assert!(ended.failure().contains("county/"), "{ended:?}");
}

#[test]
fn a_missing_folder_of_the_store_is_refused_by_name_and_not_made() {
    let world = World::new();
    world.county_that_is_away();
    fs::write(world.at("kiosk.toml.d/20-store.toml"), "[store]\nfolder = \"disk/store\"\n").unwrap();
    let ended = world.engine_that_refuses();
    assert!(ended.failure().contains("disk/store/kiosk.db"), "{ended:?}");
    assert!(ended.err.contains("its folder does not exist") && ended.err.contains("mount the data disk"), "{ended:?}");
    assert!(!world.at("disk").exists(), "an empty folder in place of a disk would hide what is on the disk");
    assert!(!world.at("engine.sock").exists(), "nobody may connect to an engine that keeps nothing");
}

#[test]
fn the_address_in_the_shipped_reference_is_one_that_the_countys_client_takes() {
    let world = World::new();
    world.county_that_is_away();
    let client = |url: &str| {
        let settings = CountySettings {
            url: url.to_owned(),
            ca_file: world.at("county/ca.pem"),
            app_id: "K032".to_owned(),
            secret_file: world.at("county/secret"),
            terminal: "K032".to_owned(),
            connect_timeout: Duration::from_secs(1),
            request_timeout: Duration::from_secs(1),
        };
        CountyClient::new(settings, Arc::new(kiosk::engine::wall_clock)).map(drop)
    };
    let shipped = Config::load(&root().join("config/kiosk.toml")).unwrap();
    client(&shipped.county.url).unwrap();
    // The rule of the client is a rule.
    assert!(matches!(client(&format!("{}/api", shipped.county.url)), Err(CountyError::Url { .. })));
}

#[test]
fn a_database_of_a_newer_program_is_refused_and_left_as_it_is() {
    let world = World::new();
    world.county_that_is_away();
    drop(world.engine());
    let file = world.at("store/kiosk.db");
    let database = rusqlite::Connection::open(&file).unwrap();
    database.pragma_update(None, "user_version", 9_000).unwrap();
    drop(database);
    let before = fs::read(&file).unwrap();
    let ended = world.engine_that_refuses();
    assert!(ended.failure().contains("kiosk.db") && ended.err.contains("newer program"), "{ended:?}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let world = World::new();
    world.county_that_is_away();
    let (file, text) = (world.at("store/kiosk.db"), "a shopping list, many lines long\n".repeat(200));
    fs::write(&file, &text).unwrap();
    let ended = world.engine_that_refuses();
    assert!(ended.failure().contains("not a store of a kiosk"), "{ended:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn a_second_engine_is_refused_by_the_store_and_by_the_socket_and_the_first_goes_on() {
    let world = World::new();
    world.county_that_is_away();
    let _first = world.engine();
    let ended = world.engine_that_refuses();
    assert!(ended.failure().contains("another program is using it"), "{ended:?}");
    // Another store, the same socket.
    fs::create_dir(world.at("store2")).unwrap();
    fs::write(world.at("kiosk.toml.d/20-store.toml"), "[store]\nfolder = \"store2\"\n").unwrap();
    let ended = world.engine_that_refuses();
    assert!(ended.failure().contains("engine.sock") && ended.err.contains("another engine"), "{ended:?}");
    let ended = world.ctl(&["status", "--config", &world.text("kiosk.toml")]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn a_missing_port_does_not_hinder_the_start_and_stands_in_the_status() {
    let world = World::new();
    world.county_that_is_away();
    let _engine = world.engine();
    let status = world.until("the reader is missed", || {
        let status = world.ctl(&["status", "--json", "--config", &world.text("kiosk.toml")]).json();
        status["devices"]["id-reader"].as_str().unwrap().contains("port-missing").then_some(status)
    });
    assert_eq!((&status["kiosk"], &status["store"]), (&"K032".into(), &"good".into()));
}

#[test]
fn without_an_engine_the_status_says_what_to_do() {
    let world = World::new();
    let ended = world.ctl(&["status", "--config", &world.text("kiosk.toml")]);
    assert!(ended.failure().contains("engine.sock") && ended.err.contains("start the engine"), "{ended:?}");
}

#[test]
fn a_device_verb_on_a_port_of_the_running_engine_says_who_has_it() {
    let world = World::new();
    world.county_that_is_away();
    world.sim("id-reader");
    let _engine = world.engine();
    let config = world.text("kiosk.toml");
    world.until("the reader is online", || {
        let status = world.ctl(&["status", "--json", "--config", &config]).json();
        (status["devices"]["id-reader"] == "Online").then_some(())
    });
    let ended = world.ctl(&["id-reader", "read", "--port", &world.text("id-reader"), "--json"]);
    assert_eq!(ended.json()["error"]["code"], "id-reader.port-busy", "{ended:?}");
    assert!(ended.failure().contains("kioskctl status"), "{ended:?}");
}
