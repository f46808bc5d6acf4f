//! `kioskctl outbox` while a real engine has the store, and the engine's own daily count.

use std::fs;
use std::net::SocketAddr;

use county_stand_in::{Fault, Handle, Lie, Settings, serve};
use kiosk::assemble;
use kiosk::config::Config;
use kiosk::domain::submission::{StoreCommand, StoreEvent};
use kiosk::store::{FILE_NAME, Keeper, Opening};

use super::kills::application;
use super::world::{Process, World};

/// A county in this process, so that it can be made to fail and to lie, and a kiosk that knows it.
struct Bench {
    world: World,
    county: Handle,
}

impl Bench {
    fn new(more: &str) -> Self {
        let world = World::new();
        let folder = world.at("county");
        let county = serve(Settings::new(SocketAddr::from(([127, 0, 0, 1], 0)), folder)).unwrap();
        world.write_config(&county.url, &format!("[outbox]\n{more}"));
        Self { world, county }
    }

    /// Keeps applications while no engine runs.
    fn keep(&self, numbers: std::ops::RangeInclusive<u64>) {
        let config = Config::load(&self.world.config()).unwrap();
        let file = config.store_folder.join(FILE_NAME);
        let opening = Opening::at(&file, &config.kiosk, &assemble::sealer(&config).unwrap());
        let (mut keeper, _) = Keeper::open(&opening).unwrap();
        for n in numbers {
            let command = StoreCommand::Keep { application: Box::new(application(n)) };
            keeper.command(&command, &mut |event| assert!(matches!(event, StoreEvent::Kept { .. }), "{event:?}"));
        }
    }

    fn outbox(&self, verb: &[&str]) -> serde_json::Value {
        let config = self.world.text("kiosk.toml");
        let ended = self.world.ctl(&[&["--json", "outbox"], verb, &["--config", &config]].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.json()
    }

    fn status(&self) -> serde_json::Value {
        self.world.ctl(&["status", "--json", "--config", &self.world.text("kiosk.toml")]).json()
    }

    fn wait_for_status(&self, what: &str, good: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
        self.world.until(what, || Some(self.status()).filter(&good))
    }

    fn engine(&self) -> Process {
        let engine = self.world.engine();
        self.wait_for_status("the queue is read", |status| status["outbox_read"] == true);
        engine
    }
}

#[test]
fn what_waits_is_listed_carried_and_put_back_while_the_engine_runs() {
    // Off its hour it does not count by itself here: a day's spread.
    let bench = Bench::new("recount_spread_min = 720");
    bench.keep(1..=3);
    bench.county.faults().cut_line();
    let engine = bench.engine();
    let (out, back) = (bench.world.text("out"), bench.world.text("back"));
    let entries = bench.outbox(&["list"])["entries"].as_array().unwrap().clone();
    assert_eq!(entries.len(), 3, "{entries:?}");
    assert!(entries.iter().all(|entry| entry["state"] == "queued"));
    // The name of an application is masked, whoever asks.
    assert_eq!(entries[0]["name"].as_str().unwrap().chars().nth(1), Some('*'), "{entries:?}");

    // By stick to the county, and its receipts back, under the running engine.
    assert_eq!(bench.outbox(&["export", "--to", &out])["count"], 3);
    fs::write(&back, bench.county.import(&fs::read(&out).unwrap()).unwrap()).unwrap();
    let imported = bench.outbox(&["import", &back]);
    assert_eq!((imported["stored"].as_u64(), imported["unclear"].as_u64()), (Some(3), Some(0)), "{imported}");
    bench.wait_for_status("the plan follows", |status| status["waiting"] == 0);
    assert_eq!(bench.outbox(&["import", &back])["known"], 3, "a second time changes nothing");

    // The line comes back: nothing is sent a second time, and both ledgers agree.
    bench.county.faults().mend_line();
    let recounted = bench.outbox(&["recount"]);
    assert_eq!((recounted["here"].as_u64(), recounted["differing"].as_u64()), (Some(3), Some(0)), "{recounted}");
    assert_eq!(bench.county.cases().unwrap().len(), 3);
    drop(engine);
    assert_eq!(bench.outbox(&["list"])["entries"].as_array().unwrap().len(), 0, "the store says so too");
}

#[test]
fn one_that_was_set_aside_is_put_back_under_the_running_engine_and_sent() {
    let bench = Bench::new("recount_spread_min = 720");
    bench.keep(1..=1);
    bench.county.faults().push(Fault::Refused { code: "form-outdated".into() });
    let engine = bench.engine();
    bench.wait_for_status("it is set aside", |status| status["set_aside"] == 1);
    let aside = bench.outbox(&["list"])["entries"][0].clone();
    assert_eq!((&aside["state"], &aside["reason"]), (&"set-aside".into(), &"form-outdated".into()));
    bench.outbox(&["retry", aside["number"].as_str().unwrap()]);
    bench.wait_for_status("it is with the county", |status| status["waiting"] == 0 && status["set_aside"] == 0);
    assert_eq!(bench.county.cases().unwrap().len(), 1);
    // What is not set aside is not put back, and the code of the store comes through.
    let config = bench.world.text("kiosk.toml");
    let refused =
        bench.world.ctl(&["outbox", "retry", aside["number"].as_str().unwrap(), "--config", &config, "--json"]);
    assert!(refused.failure().contains("store.not-queued") || refused.out.contains("store.not-queued"), "{refused:?}");
    drop(engine);
}

#[test]
fn a_file_that_was_altered_is_refused_by_the_engine_itself() {
    use kiosk::ipc::{Connection, Reply, Request, StaffAsk, StaffTold};
    let bench = Bench::new("recount_spread_min = 720");
    bench.keep(1..=1);
    bench.county.faults().cut_line();
    let _engine = bench.engine();
    let out = bench.world.text("out");
    bench.outbox(&["export", "--to", &out]);
    let back = String::from_utf8(bench.county.import(&fs::read(&out).unwrap()).unwrap()).unwrap();
    let altered = back.replacen("\"status\":201", "\"status\":200", 1);
    assert_ne!(altered, back);
    let mut connection = Connection::open(&bench.world.at("engine.sock")).unwrap();
    let mut send = |part: &str| {
        let question = StaffAsk::Import { part: part.to_owned(), last: true };
        connection.send(&Request::Staff { question }).unwrap();
        match connection.receive().unwrap() {
            Some(Reply::Staff { answer }) => *answer,
            other => panic!("{other:?}"),
        }
    };
    // Past kioskctl, straight into the socket: whoever asks is not believed, the signature is.
    let told = send(&altered);
    assert!(matches!(&told, StaffTold::Refused { code, .. } if code == "carry.signature"), "{told:?}");
    assert_eq!(bench.status()["waiting"], 1);
    assert!(matches!(send(&back), StaffTold::Imported(imported) if imported.stored == 1));
}

#[test]
fn the_engine_counts_by_itself_and_says_what_differs() {
    let bench = Bench::new("recount_hour = 0\nrecount_spread_min = 0");
    bench.keep(1..=2);
    let engine = bench.engine();
    bench.wait_for_status("both are with the county", |status| status["waiting"] == 0);
    drop(engine);
    fs::remove_file(bench.world.at("store/recount.json")).ok();

    bench.county.faults().lie(Lie::Forgets { sequence: 2 });
    let engine = bench.engine();
    // The line is found at the first look; the clock on the screen wakes the loop at the next full minute at the latest.
    let status = bench.wait_for_status("it has counted", |status| status["recount"].is_object());
    assert_eq!(status["recount"]["differing"], 1, "{status}");
    assert_eq!(status["recount"]["first"][1], "recount.county-lacks-it");
    let log = fs::read_to_string(bench.world.at("engine.log")).unwrap();
    assert!(log.contains("ledger.recounted") && log.contains("ledger.differs"), "{log}");
    assert_eq!(bench.county.cases().unwrap().len(), 2, "nothing was sent for it");
    drop(engine);
    // It is remembered, and not counted again today.
    let _engine = bench.engine();
    assert_eq!(bench.status()["recount"]["differing"], 1);
}
