//! The three calls of the device interface, against hawkBit's mock: asking, looking, telling.

use std::path::PathBuf;

use hawkbit::ddi::{Execution, Finished, MaintenanceWindow, Type};
use hawkbit_mock::ddi::{ChunkProtocol, DeploymentBuilder, Server, ServerBuilder};
use kiosk::update::{Credentials, Fleet, Poll, Progress};
use serde_json::json;
use zeroize::Zeroizing;

const KIOSK: &str = "K001";

fn fleet(server: &Server) -> Fleet {
    // The mock's targets have tokens of this form.
    let token = Zeroizing::new(format!("Key{KIOSK}"));
    let who = Credentials { tenant: "DEFAULT".to_owned(), kiosk: KIOSK.to_owned(), token };
    Fleet::new(&server.base_url(), None, who).unwrap()
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// A file for the mock to offer; its content is fetched by nobody here.
fn bundle(name: &str) -> (PathBuf, &'static str, &'static str, &'static str) {
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, "bundle").unwrap();
    (path, "0", "0", "0")
}

fn deployment(update: Type, window: Option<MaintenanceWindow>, file: &str) -> hawkbit_mock::ddi::Deployment {
    let builder = DeploymentBuilder::new("10", Type::Forced, update);
    let builder = match window {
        Some(window) => builder.maintenance_window(window),
        None => builder,
    };
    builder.chunk(ChunkProtocol::BOTH, "os", "1.1.0", "bianmin", vec![bundle(file)]).build()
}

fn poll(fleet: &Fleet) -> Poll {
    run(fleet.poll(&[("kiosk", KIOSK)])).unwrap()
}

#[test]
fn without_work_the_servers_rhythm_is_all_that_comes() {
    let server = ServerBuilder::default().build();
    let target = server.add_target(KIOSK);
    let poll = poll(&fleet(&server));
    assert_eq!((poll.every.as_secs(), poll.offer, poll.cancel), (60, None, None));
    assert_eq!(target.poll_hits(), 1);
}

#[test]
fn a_wrong_token_gets_no_answer() {
    let server = ServerBuilder::default().build();
    server.add_target(KIOSK);
    let token = Zeroizing::new("KeyK002".to_owned());
    let who = Credentials { tenant: "DEFAULT".to_owned(), kiosk: KIOSK.to_owned(), token };
    let fleet = Fleet::new(&server.base_url(), None, who).unwrap();
    assert!(run(fleet.poll(&[])).is_err());
}

#[test]
fn a_deployment_gives_its_action_and_the_address_of_its_bundle() {
    let server = ServerBuilder::default().build();
    let target = server.add_target(KIOSK);
    target.push_deployment(deployment(Type::Forced, None, "device-interface-1.raucb"));
    let fleet = fleet(&server);
    let offer = poll(&fleet).offer.expect("an offer");
    assert_eq!(offer.action, "10");
    assert!(offer.url.ends_with("device-interface-1.raucb"), "{}", offer.url);
    let header = fleet.header_for(&offer.url);
    assert_eq!(header.as_deref(), Some("Authorization: TargetToken KeyK001"));
    assert_eq!(target.deployment_hits(), 1);
}

#[test]
fn a_deployment_that_is_to_wait_or_holds_no_bundle_is_no_offer() {
    for (update, window) in [(Type::Skip, None), (Type::Forced, Some(MaintenanceWindow::Unavailable))] {
        let server = ServerBuilder::default().build();
        let target = server.add_target(KIOSK);
        target.push_deployment(deployment(update, window, "device-interface-2.raucb"));
        assert_eq!(poll(&fleet(&server)).offer, None, "{update:?} {window:?}");
    }
    let server = ServerBuilder::default().build();
    let target = server.add_target(KIOSK);
    target.push_deployment(deployment(Type::Forced, None, "device-interface.txt"));
    assert!(run(fleet(&server).poll(&[])).is_err());
}

#[test]
fn what_the_server_wants_to_know_is_told_once_per_question() {
    let server = ServerBuilder::default().build();
    let target = server.add_target(KIOSK);
    target.request_config(json!({
        "mode": "merge",
        "data": { "kiosk": KIOSK },
        "status": { "result": { "finished": "success" }, "execution": "closed", "details": [] },
    }));
    poll(&fleet(&server));
    assert_eq!(target.config_data_hits(), 1);
}

#[test]
fn progress_success_and_failure_arrive_as_the_interface_wants_them() {
    let server = ServerBuilder::default().build();
    let target = server.add_target(KIOSK);
    let fleet = fleet(&server);
    let going = Some(json!({ "cnt": 40, "of": 100 }));
    let mut heard = target.expect_deployment_feedback("10", Execution::Proceeding, Finished::None, going, vec![]);
    run(fleet.report("10", &Progress::Going { percent: 40 })).unwrap();
    assert_eq!(heard.calls(), 1);
    heard.delete();
    let mut heard = target.expect_deployment_feedback("10", Execution::Closed, Finished::Success, None, vec!["well"]);
    run(fleet.report("10", &Progress::Done { details: vec!["well".to_owned()] })).unwrap();
    assert_eq!(heard.calls(), 1);
    heard.delete();
    let words = vec!["update.no-frame", "the new version showed no picture"];
    let heard = target.expect_deployment_feedback("10", Execution::Closed, Finished::Failure, None, words.clone());
    let details = words.into_iter().map(str::to_owned).collect();
    run(fleet.report("10", &Progress::Failed { details })).unwrap();
    assert_eq!(heard.calls(), 1);
}

#[test]
fn a_cancelled_action_is_heard_and_answered() {
    let server = ServerBuilder::default().build();
    let target = server.add_target(KIOSK);
    target.cancel_action("10");
    let fleet = fleet(&server);
    assert_eq!(poll(&fleet).cancel.as_deref(), Some("10"));
    let heard = target.expect_cancel_feedback("10", Execution::Closed, Finished::Success, vec![]);
    run(fleet.report("10", &Progress::Cancelled)).unwrap();
    assert_eq!(heard.calls(), 1);
}
