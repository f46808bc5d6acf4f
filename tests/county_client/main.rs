//! The county client against a platform over real TLS: the stand-in with its faults, and servers that mean harm.
//!
//! The rule behind every test: whatever goes wrong, the platform ends up with exactly one case per submission, and
//! the kiosk ends up with exactly its receipt.
#![expect(clippy::disallowed_methods, reason = "real servers on real sockets run in real time")]
#![expect(clippy::unwrap_used, reason = "a failing test may panic")]

mod attachments;
mod batch;
mod bench;
mod carry;
mod delivery;
mod hostile;
mod slips;

use std::fs;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use county_stand_in::Fault;
use jiff::Timestamp;
use kiosk::county::wire::{self, Priority, ReceiptFor};
use kiosk::county::{CountyClient, CountyError, CountySettings, TicketRequest, WallClock};
use kiosk::domain::id::{Sequence, SubmissionId};
use kiosk::domain::submission::{Application, CaseReceipt, CaseState, Verdict};
use serde_json::{Value, json};

use bench::{Bench, TERMINAL, body, body_with, clock, id, stored, word};

const CONTRACT: &str = include_str!("../../config/county-contract.yaml");

#[tokio::test]
async fn an_application_handed_in_becomes_one_case_with_the_fields_sent() {
    let bench = Bench::start();
    let receipt = stored(bench.submit(1).await);
    assert_eq!(receipt.case_number.len(), 18);
    assert_eq!(receipt.query_code.len(), 6);
    assert!(receipt.promise_date.is_some());
    let cases: Value = serde_json::from_str(&bench.platform.cases_json().unwrap()).unwrap();
    assert_eq!(
        cases,
        json!([{
            "clientSubmissionId": id(1).to_string(), "sequence": 1, "terminal": TERMINAL,
            "caseNumber": receipt.case_number, "queryCode": receipt.query_code, "itemCode": "320699000131128000",
            "fields": [
                {"name": "applicantName", "value": "示例张三", "source": "card"},
                {"name": "payLevel", "value": "900", "source": "resident"}
            ]
        }])
    );
}

#[tokio::test]
async fn handing_in_again_gives_the_same_receipt_also_after_a_restart_of_both_sides() {
    let mut bench = Bench::start();
    let first = stored(bench.submit(1).await);
    assert_eq!(stored(bench.submit(1).await), first);
    bench.restart();
    assert_eq!(stored(bench.submit(1).await), first);
    assert_eq!(bench.count(), 1);
}

#[tokio::test]
async fn other_content_under_a_used_id_is_set_aside_and_changes_nothing() {
    let bench = Bench::start();
    stored(bench.submit(1).await);
    let other = body_with(1, "100");
    let verdict = bench.client.submit(id(1), Sequence(1), &other).await;
    assert_eq!(word(&verdict), "aside county.id-conflict");
    assert_eq!(bench.platform.cases().unwrap()[0].fields[1].value, "900");
}

#[tokio::test]
async fn asking_after_a_lost_answer_does_not_take_a_foreign_receipt() {
    let bench = Bench::start();
    bench.platform.faults().push(Fault::DropAfterCommit);
    assert!(word(&bench.submit(1).await).starts_with("again"));
    let other = body_with(1, "100");
    let verdict = bench.client.submit(id(1), Sequence(1), &other).await;
    assert_eq!(word(&verdict), "aside county.id-conflict");
}

#[tokio::test]
async fn every_fault_ends_in_exactly_one_case_and_its_receipt() {
    let refused = |code: &str| Fault::Refused { code: code.into() };
    for (fault, first) in [
        (Fault::Busy { retry_after: 7 }, "again county.http-503 after 7"),
        (Fault::Broken, "again county.http-500"),
        (Fault::Html, "again county.no-receipt"),
        (Fault::Empty, "again county.no-receipt"),
        (Fault::Unauthorised, "stop county.signature"),
        (refused("form-outdated"), "aside form-outdated"),
        (refused("Not A Code"), "aside county.http-422"),
        (Fault::DropBefore, "again county.answer-broken"),
        (Fault::DropAfterCommit, "again county.answer-broken"),
        (Fault::Truncated, "again county.answer-broken"),
        (Fault::Repeated, "again county.no-receipt"),
        (Fault::WrongId, "again county.no-receipt"),
        (Fault::Unsigned, "again county.answer-unsigned"),
        (Fault::Drift, "stored"),
    ] {
        let bench = Bench::start();
        stored(bench.submit(1).await);
        bench.platform.faults().push_times(2, fault.clone());
        let earlier = bench.count();
        let verdict = bench.submit(2).await;
        assert!(word(&verdict).starts_with(first), "{fault:?}: {}", word(&verdict));
        let committed = bench.count() - earlier;
        assert_eq!(committed == 0, fault.is_before_commit(), "{fault:?}");
        // What a resident or a clerk does next: again, until it is stored.
        let mut receipt = bench.submit(2).await;
        for _ in 0..2 {
            if !matches!(receipt, Verdict::Stored { .. }) {
                receipt = bench.submit(2).await;
            }
        }
        let receipt = stored(receipt);
        let cases = bench.platform.cases().unwrap();
        assert_eq!(cases.len(), 2, "{fault:?}");
        assert_eq!(cases[1].case_number, receipt.case_number, "{fault:?}");
        assert_eq!(cases[1].query_code, receipt.query_code, "{fault:?}");
    }
}

#[tokio::test]
async fn after_a_lost_answer_the_client_asks_before_it_hands_in_again() {
    let bench = Bench::start();
    let faults = bench.platform.faults();
    faults.push(Fault::DropAfterCommit);
    // Meets the next application that is handed in, and must still be waiting when a question is enough.
    faults.push(Fault::Broken);
    assert_eq!(word(&bench.submit(1).await), "again county.answer-broken");
    stored(bench.submit(1).await);
    assert_eq!(faults.troubles().next, [Fault::Broken]);
}

#[tokio::test]
async fn any_mixture_of_faults_ends_in_one_case_each() {
    let bench = Bench::start();
    let faults = bench.platform.faults();
    let kinds = [
        Fault::Busy { retry_after: 1 },
        Fault::Broken,
        Fault::Html,
        Fault::DropBefore,
        Fault::DropAfterCommit,
        Fault::Truncated,
        Fault::Repeated,
        Fault::WrongId,
        Fault::Unsigned,
        Fault::Drift,
    ];
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..60 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let kind = usize::try_from(seed % 10).unwrap();
        faults.push(kinds[kind].clone());
    }
    let mut receipts: Vec<Option<CaseReceipt>> = vec![None; 8];
    let mut rounds = 0;
    while receipts.iter().any(Option::is_none) || !faults.troubles().next.is_empty() {
        rounds += 1;
        assert!(rounds < 60, "never comes to an end");
        for (at, kept) in (1..).zip(receipts.iter_mut()) {
            if let Verdict::Stored { receipt } = bench.submit(at).await {
                // Once stored, for ever the same.
                assert!(kept.as_ref().is_none_or(|kept| *kept == receipt));
                *kept = Some(receipt);
            }
        }
    }
    let cases = bench.platform.cases().unwrap();
    assert_eq!(cases.len(), 8);
    for case in cases {
        let at = usize::try_from(case.sequence).unwrap();
        assert_eq!(receipts[at - 1].as_ref().unwrap().case_number, case.case_number);
    }
}

#[tokio::test]
async fn a_slow_platform_is_left_at_the_deadline_and_has_one_case_in_the_end() {
    let bench = Bench::start();
    let hasty = bench.client_with(|settings| settings.request_timeout = Duration::from_millis(700));
    bench.platform.faults().set_latency(Duration::from_secs(3));
    let verdict = hasty.submit(id(1), Sequence(1), &body(1)).await;
    assert_eq!(word(&verdict), "again county.timeout");
    bench.platform.faults().set_latency(Duration::ZERO);
    let patient = &bench.client;
    stored(patient.submit(id(1), Sequence(1), &body(1)).await);
    assert_eq!(bench.count(), 1);
}

#[tokio::test]
async fn a_cut_line_is_unclear_and_a_mended_one_delivers() {
    let bench = Bench::start();
    assert!(bench.client.probe().await);
    bench.platform.faults().cut_line();
    assert!(!bench.client.probe().await);
    assert!(word(&bench.submit(1).await).starts_with("again county."));
    bench.platform.faults().mend_line();
    assert!(bench.client.probe().await);
    stored(bench.submit(1).await);
}

#[tokio::test]
async fn nobody_at_the_address_is_unreachable() {
    let bench = Bench::start();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = bench.client_with(|settings| settings.url = format!("https://{free}"));
    let verdict = client.submit(id(1), Sequence(1), &body(1)).await;
    assert_eq!(word(&verdict), "again county.unreachable");
}

#[tokio::test]
async fn a_wrong_clock_on_either_side_costs_one_more_exchange_and_no_case() {
    let bench = Bench::start();
    let late: WallClock = Arc::new(|| Timestamp::from_second(1_000_000_000).unwrap());
    let client = CountyClient::new(bench.settings(), late).unwrap();
    stored(client.submit(id(1), Sequence(1), &body(1)).await);
    assert!(client.probe().await);
    bench.platform.faults().set_clock_offset(-86_400);
    stored(bench.submit(2).await);
    bench.platform.faults().set_clock_offset(0);
    stored(bench.submit(3).await);
    assert_eq!(bench.count(), 3);
}

#[tokio::test]
async fn wrong_credentials_stop_everything() {
    let bench = Bench::with(|settings| settings.terminals = vec!["another".into()]);
    assert_eq!(word(&bench.submit(1).await), "stop county.terminal-unknown");
    let other_secret = bench.folder.path().join("other");
    fs::write(&other_secret, "another secret").unwrap();
    let client = bench.client_with(|settings| settings.secret_file = other_secret);
    let verdict = client.submit(id(1), Sequence(1), &body(1)).await;
    assert_eq!(word(&verdict), "stop county.signature");
    assert!(!client.probe().await);
    assert_eq!(bench.count(), 0);
}

#[tokio::test]
async fn a_case_is_found_by_number_and_code_and_by_nothing_less() {
    let bench = Bench::start();
    let receipt = stored(bench.submit(1).await);
    let (number, code) = (receipt.case_number.as_str(), receipt.query_code.as_str());
    let report = bench.client.case_state(number, code).await.unwrap().unwrap();
    assert_eq!(report.state, CaseState::Submitted);
    assert_eq!(report.item_name, "城乡居民基本养老保险参保登记");
    assert_eq!(report.promise_date, receipt.promise_date);
    for (state, wanted) in
        [("in-review", CaseState::InReview), ("kept", CaseState::Unknown), ("a new word", CaseState::Unknown)]
    {
        assert!(bench.platform.set_state(number, state, "审批中").unwrap());
        let report = bench.client.case_state(number, code).await.unwrap().unwrap();
        assert_eq!((report.state, report.raw_text.as_str()), (wanted, "审批中"));
    }
    let long = "9".repeat(65);
    for (number, code) in [
        (number, "none"),
        (number, ""),
        (number, "0\r\nx: 1"),
        ("1", code),
        ("..", code),
        ("../health", code),
        ("编号", code),
        (long.as_str(), code),
    ] {
        let found = bench.client.case_state(number, code).await;
        assert_eq!(found, Ok(None), "{number} {code:?}");
    }
    bench.platform.faults().cut_line();
    assert!(bench.client.case_state(number, code).await.is_err());
}

#[tokio::test]
async fn a_ticket_asked_for_twice_is_one_ticket() {
    let bench = Bench::start();
    let request = |n, priority| TicketRequest {
        client_ticket_id: id(n),
        terminal_id: TERMINAL.into(),
        group: "A".into(),
        priority,
    };
    let first = request(1, Priority::Ordinary);
    let ticket = bench.client.queue_ticket(&first).await.unwrap();
    assert_eq!((ticket.number.as_str(), ticket.waiting), ("A001", 0));
    assert_eq!(bench.client.queue_ticket(&first).await.unwrap(), ticket);
    let second = bench.client.queue_ticket(&request(2, Priority::Ordinary)).await;
    assert_eq!(second.unwrap().number, "A002");
    let elder = bench.client.queue_ticket(&request(3, Priority::First)).await;
    assert_eq!(elder.unwrap().number, "AY001");
    let version = bench.client.catalogue_version().await.unwrap();
    assert_eq!(version.version, "sample-1");
}

#[tokio::test]
async fn stored_bytes_that_are_no_application_are_set_aside_without_a_call() {
    let bench = Bench::start();
    let verdict = bench.client.submit(id(1), Sequence(1), b"\xff\x00").await;
    assert_eq!(word(&verdict), "aside county.body-broken");
}

#[test]
fn settings_that_cannot_work_are_refused_at_the_start() {
    let bench = Bench::start();
    let empty = bench.folder.path().join("empty");
    fs::write(&empty, " \n").unwrap();
    let refused = |change: &dyn Fn(&mut CountySettings)| {
        let mut settings = bench.settings();
        change(&mut settings);
        let error: CountyError = CountyClient::new(settings, clock()).unwrap_err();
        error.code()
    };
    assert_eq!(refused(&|s| s.url = s.url.replace("https", "http")), "county.url-not-https");
    for broken in ["", "county", "https://", "https://u:p@host", "https://host/path", "https://host/?a"] {
        assert_eq!(refused(&|s| s.url = broken.into()), "county.url", "{broken}");
    }
    assert_eq!(refused(&|s| s.ca_file = "/nowhere/ca.pem".into()), "county.file");
    assert_eq!(refused(&|s| s.ca_file.clone_from(&empty)), "county.authority");
    assert_eq!(refused(&|s| s.ca_file.clone_from(&s.secret_file)), "county.authority");
    assert_eq!(refused(&|s| s.secret_file.clone_from(&empty)), "county.secret");
    assert_eq!(refused(&|s| s.app_id = "a\nb".into()), "county.name");
    assert_eq!(refused(&|s| s.terminal.clear()), "county.name");
}

#[test]
fn the_secret_is_in_no_debug_text() {
    let bench = Bench::start();
    let secret = String::from_utf8(bench.secret()).unwrap();
    assert!(!format!("{:?}", bench.client).contains(&secret));
}

#[test]
fn the_examples_of_the_contract_are_what_the_client_writes_and_reads() {
    let submission = example("Submission");
    let id: SubmissionId = serde_json::from_value(submission["clientSubmissionId"].clone()).unwrap();
    let application = submission["application"].to_string();
    // The kiosk's own type reads the application and writes the same.
    let content = example("Application");
    let typed: Application = serde_json::from_value(content.clone()).unwrap();
    assert_eq!(serde_json::to_value(&typed).unwrap(), content);
    let sent = wire::envelope(id, Sequence(42), TERMINAL, application.as_bytes()).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&sent).unwrap(), submission);

    let receipt = example("Receipt");
    let digest = receipt["bodyDigest"].as_str().unwrap();
    let read = wire::receipt(receipt.to_string().as_bytes(), id, digest);
    assert!(matches!(read, ReceiptFor::Us(receipt) if receipt.query_code == "042917"));
    let case = example("Case").to_string();
    let report = wire::case_report(case.as_bytes(), "320699202611240001").unwrap();
    assert_eq!(report.state, CaseState::Accepted);
    let request = TicketRequest {
        client_ticket_id: serde_json::from_value(example("TicketRequest")["clientTicketId"].clone()).unwrap(),
        terminal_id: TERMINAL.into(),
        group: "A".into(),
        priority: Priority::First,
    };
    assert_eq!(serde_json::to_value(&request).unwrap(), example("TicketRequest"));
    assert!(wire::ticket(example("Ticket").to_string().as_bytes(), &request).is_some());
    for name in ["Conflict", "Outdated", "Clock"] {
        let code = wire::problem_code(example(name).to_string().as_bytes());
        assert_eq!(code.as_deref(), example(name)["code"].as_str());
    }
}

/// An example of the contract: the JSON after `Name:` and `value:`.
fn example(name: &str) -> Value {
    let (_, examples) = CONTRACT.split_once("\n  examples:\n").unwrap();
    let (_, rest) = examples.split_once(&format!("    {name}:\n      value: ")).unwrap();
    let mut values = serde_json::Deserializer::from_str(rest).into_iter();
    values.next().unwrap().unwrap()
}
