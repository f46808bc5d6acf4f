//! The verbs against a store on a real disk and the stand-in platform.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use county_stand_in::{Handle, Lie, Settings, serve};

use super::*;
use crate::assemble::sealer;
use crate::domain::id::Sequence;
use crate::domain::submission::{OutboxState, StoreCommand, StoreEvent};
use crate::store::{FILE_NAME, Keeper, Opening, application, last_recount};

struct Bench {
    folder: tempfile::TempDir,
    county: Handle,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let county = serve(Settings::new(SocketAddr::from(([127, 0, 0, 1], 0)), folder.path().join("county"))).unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        fs::copy(root.join("config/desk.toml"), folder.path().join("kiosk.toml")).unwrap();
        fs::create_dir(folder.path().join("store")).unwrap();
        fs::create_dir(folder.path().join("kiosk.toml.d")).unwrap();
        let more = format!(
            "[county]\nurl = \"{}\"\napp_id = \"kiosk-demo-app\"\nca_file = \"county/ca.pem\"\n\
             secret_file = \"county/secret\"\n[seal]\ncounty_key_file = \"county/seal-sm.pem\"\n[store]\nfolder = \"store\"\n",
            county.url
        );
        fs::write(folder.path().join("kiosk.toml.d/10-test.toml"), more).unwrap();
        Self { folder, county }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self) -> PathBuf {
        self.at("kiosk.toml")
    }

    /// The store, as the engine would open it.
    fn keeper(&self) -> Keeper {
        let config = Config::load(&self.config()).unwrap();
        let file = config.store_folder.join(FILE_NAME);
        Keeper::open(&Opening::at(&file, &config.kiosk, &sealer(&config).unwrap())).unwrap().0
    }

    fn keep(&self, numbers: impl IntoIterator<Item = u64>) {
        let mut keeper = self.keeper();
        let kiosk = Config::load(&self.config()).unwrap().kiosk;
        for n in numbers {
            let mut application = application(n);
            application.terminal = kiosk.as_str().to_owned();
            keeper.command(&StoreCommand::Keep { application: Box::new(application) }, &mut |event| {
                assert!(matches!(event, StoreEvent::Kept { .. }), "{event:?}");
            });
        }
    }

    fn number(&self, sequence: u64) -> String {
        kiosk_number(Config::load(&self.config()).unwrap().kiosk.as_str(), Sequence(sequence))
    }

    /// What the county makes of the file out.
    fn carried(&self, out: &str, back: &str) {
        let file = fs::read(self.at(out)).unwrap();
        fs::write(self.at(back), self.county.import(&file).unwrap()).unwrap();
    }
}

#[test]
fn what_waits_is_carried_to_the_county_and_its_receipts_are_stored_once() {
    let bench = Bench::new();
    bench.keep(1..=3);
    assert_eq!(export(&bench.config(), &bench.at("out")).unwrap().count, 3);
    let file = fs::read_to_string(bench.at("out")).unwrap();
    assert!(!file.contains("张小明"), "sealed on the stick as on the disk");
    bench.carried("out", "back");
    assert_eq!(bench.county.cases().unwrap().len(), 3);
    let first = import(&bench.config(), &bench.at("back")).unwrap();
    assert_eq!(first, Imported { stored: 3, ..Imported::default() });
    assert!(list(&bench.config()).unwrap().entries.is_empty());
    let again = import(&bench.config(), &bench.at("back")).unwrap();
    assert_eq!(again, Imported { known: 3, ..Imported::default() });
    let receipt = bench.keeper().listed().unwrap().remove(0).entry.state;
    let OutboxState::Acknowledged { receipt } = receipt else { panic!("{receipt:?}") };
    assert_eq!(receipt.case_number, bench.county.cases().unwrap()[0].case_number);
    assert_eq!(export(&bench.config(), &bench.at("out2")).unwrap().count, 0);
}

#[test]
fn a_file_that_is_not_ours_changes_nothing_and_is_refused_by_name() {
    let bench = Bench::new();
    bench.keep([1]);
    export(&bench.config(), &bench.at("out")).unwrap();
    bench.carried("out", "back");
    let back = fs::read_to_string(bench.at("back")).unwrap();
    fs::write(bench.at("altered"), back.replace("\"status\":201", "\"status\":200")).unwrap();
    assert_eq!(import(&bench.config(), &bench.at("altered")).unwrap_err().code, "carry.signature");
    assert_eq!(import(&bench.config(), &bench.at("out")).unwrap_err().code, "carry.wrong-kind");
    assert_eq!(import(&bench.config(), &bench.at("missing")).unwrap_err().code, "carry.file");
    assert_eq!(export(&bench.config(), &bench.at("out")).unwrap_err().code, "carry.file", "nothing is written over");
    assert_eq!(list(&bench.config()).unwrap().entries.len(), 1);
}

#[test]
fn one_that_was_refused_is_listed_with_its_reason_and_put_back() {
    let bench = Bench::new();
    bench.keep(1..=2);
    let id = application(2).client_submission_id;
    let aside = StoreCommand::SetAside { id, reason: "form-outdated".into() };
    bench.keeper().command(&aside, &mut |_| {});
    let report = list(&bench.config()).unwrap();
    assert_eq!((report.entries[0].state, report.entries[1].state), ("queued", "set-aside"));
    let shown = report.lines().join("\n");
    assert!(shown.contains("form-outdated") && shown.contains("表单版本旧了"), "{shown}");
    assert!(!shown.contains("小明"), "{shown}");
    let queued = retry(&bench.config(), &bench.number(1)).unwrap_err();
    assert_eq!(queued.code, "store.not-queued", "only what is set aside is put back");
    retry(&bench.config(), &bench.number(2)).unwrap();
    assert_eq!(list(&bench.config()).unwrap().entries[1].state, "queued");
    assert_eq!(retry(&bench.config(), "K032").unwrap_err().code, "outbox.number");
}

#[test]
fn while_the_engine_has_the_store_nothing_is_touched() {
    let bench = Bench::new();
    bench.keep([1]);
    let _engine = bench.keeper();
    assert_eq!(list(&bench.config()).unwrap_err().code, "store.busy");
    assert_eq!(import(&bench.config(), &bench.at("none")).unwrap_err().code, "carry.file");
    assert_eq!(export(&bench.config(), &bench.at("out")).unwrap_err().code, "store.busy");
}

/// Three are with the county, the fourth waits, the fifth is set aside and the county has it under other bytes.
fn counted() -> Bench {
    let bench = Bench::new();
    bench.keep(1..=5);
    export(&bench.config(), &bench.at("out")).unwrap();
    bench.carried("out", "back");
    bench.keep([6]);
    let back: serde_json::Value =
        serde_json::from_str(fs::read_to_string(bench.at("back")).unwrap().lines().next().unwrap()).unwrap();
    assert_eq!(back["results"].as_array().unwrap().len(), 5);
    bench
}

fn codes(bench: &Bench) -> Vec<(String, &'static str)> {
    let recounted = recount(&bench.config()).unwrap();
    assert_eq!(recounted.differing, recounted.differences.len());
    recounted.differences.into_iter().map(|found| (found.number.replace(' ', ""), found.code)).collect()
}

#[test]
fn what_the_county_has_and_we_call_waiting_is_named_and_what_agrees_is_not() {
    let bench = counted();
    // The receipts are not here yet: five wait that the county has, the sixth waits as it should.
    let five: Vec<_> = (1..=5).map(|n| (bench.number(n), "recount.county-has-it")).collect();
    assert_eq!(codes(&bench), five);
    assert_eq!(list(&bench.config()).unwrap().entries.len(), 6, "a recount marks nothing");
    import(&bench.config(), &bench.at("back")).unwrap();
    assert_eq!(codes(&bench), []);
    let kept = last_recount(&bench.at("store")).unwrap();
    assert_eq!((kept.here, kept.there, kept.differing), (6, 5, 0));
}

#[test]
fn each_lie_of_the_county_is_a_difference_of_its_kind_and_changes_nothing_here() {
    let bench = counted();
    let faults = bench.county.faults();
    faults.lie(Lie::OtherBytes { sequence: 2 });
    assert_eq!(codes(&bench)[1], (bench.number(2), "recount.digest-differs"), "the bytes are still held here");
    import(&bench.config(), &bench.at("back")).unwrap();
    for (lie, sequence, code) in [
        (Lie::Forgets { sequence: 3 }, 3, "recount.county-lacks-it"),
        (Lie::OtherCase { sequence: 1 }, 1, "recount.case-differs"),
        (Lie::Invents { sequence: 9 }, 9, "recount.unknown-here"),
        (Lie::Invents { sequence: 6 }, 6, "recount.case-differs"),
    ] {
        faults.clear();
        faults.lie(lie);
        let before = bench.keeper().listed().unwrap();
        assert_eq!(codes(&bench), [(bench.number(sequence), code)]);
        assert_eq!(bench.keeper().listed().unwrap(), before, "nothing is sent, deleted or marked");
        assert_eq!(bench.county.cases().unwrap().len(), 5);
    }
    faults.clear();
    assert_eq!(codes(&bench), []);
    faults.lie(Lie::RepeatsItself);
    assert_eq!(recount(&bench.config()).unwrap_err().code, "county.answer-broken", "it ends");
}

#[test]
fn a_long_ledger_is_counted_page_by_page() {
    let bench = Bench::new();
    bench.keep(1..=260);
    export(&bench.config(), &bench.at("out")).unwrap();
    bench.carried("out", "back");
    assert_eq!(import(&bench.config(), &bench.at("back")).unwrap().stored, 260);
    bench.county.faults().lie(Lie::Forgets { sequence: 255 });
    assert_eq!(codes(&bench), [(bench.number(255), "recount.county-lacks-it")]);
}

#[test]
fn a_county_that_is_away_ends_a_recount_with_its_code() {
    let bench = counted();
    bench.county.faults().cut_line();
    let code = recount(&bench.config()).unwrap_err().code;
    assert!(code.starts_with("county."), "{code}");
    assert_eq!(last_recount(&bench.at("store")), None, "there is no half of a recount");
}
