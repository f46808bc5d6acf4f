//! The county client against a platform over real TLS: the stand-in with its faults, and servers that mean harm.
//!
//! The rule behind every test: whatever goes wrong, the platform ends up with exactly one case per submission, and
//! the kiosk ends up with exactly its receipt.
#![expect(clippy::unwrap_used, reason = "a failing test may panic")]

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use county_stand_in::sign::Text;
use county_stand_in::{Fault, Handle, Settings, serve};
use jiff::Timestamp;
use kiosk::county::wire::{self, Priority, ReceiptFor};
use kiosk::county::{CountyClient, CountyError, CountySettings, TicketRequest, WallClock};
use kiosk::domain::id::{ItemId, Sequence, SubmissionId};
use kiosk::domain::submission::{
    Application, CaseReceipt, CaseState, FieldValue, ItemRef, Verdict,
};
use kiosk::domain::text::Text as Words;
use kiosk::ipc::Source;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tempfile::TempDir;

const CONTRACT: &str = include_str!("../config/county-contract.yaml");
const TERMINAL: &str = "320699-0001";

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
        (
            Fault::Busy { retry_after: 7 },
            "again county.http-503 after 7",
        ),
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
        assert!(
            word(&verdict).starts_with(first),
            "{fault:?}: {}",
            word(&verdict)
        );
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
        assert_eq!(
            receipts[at - 1].as_ref().unwrap().case_number,
            case.case_number
        );
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
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
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
async fn an_unsigned_claim_about_the_time_moves_nothing() {
    let bench = Bench::start();
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&seen);
    let url = hostile(bench.folder.path(), move |stream, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        reply(
            stream,
            "401 Unauthorized",
            "x-timestamp: 1\r\nx-signature: 00\r\n",
            br#"{"code":"clock"}"#,
        );
    });
    let client = bench.client_with(|settings| settings.url = url);
    let verdict = client.submit(id(1), Sequence(1), &body(1)).await;
    assert_eq!(word(&verdict), "again county.clock");
    assert_eq!(seen.load(Ordering::SeqCst), 1);
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
    let report = bench
        .client
        .case_state(number, code)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(report.state, CaseState::Submitted);
    assert_eq!(report.item_name, "城乡居民基本养老保险参保登记");
    assert_eq!(report.promise_date, receipt.promise_date);
    for (state, wanted) in [
        ("in-review", CaseState::InReview),
        ("kept", CaseState::Unknown),
        ("a new word", CaseState::Unknown),
    ] {
        assert!(bench.platform.set_state(number, state, "审批中").unwrap());
        let report = bench
            .client
            .case_state(number, code)
            .await
            .unwrap()
            .unwrap();
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
    let second = bench
        .client
        .queue_ticket(&request(2, Priority::Ordinary))
        .await;
    assert_eq!(second.unwrap().number, "A002");
    let elder = bench
        .client
        .queue_ticket(&request(3, Priority::First))
        .await;
    assert_eq!(elder.unwrap().number, "AY001");
    let version = bench.client.catalogue_version().await.unwrap();
    assert_eq!(version.version, "sample-1");
}

#[tokio::test]
async fn only_the_configured_authority_counts() {
    let bench = Bench::start();
    let other = Bench::start();
    let client = bench.client_with(|settings| settings.url = other.platform.url.clone());
    let verdict = client.submit(id(1), Sequence(1), &body(1)).await;
    assert_eq!(word(&verdict), "again county.tls");
    assert_eq!(other.count(), 0);
}

#[tokio::test]
async fn a_server_without_tls_gets_nothing() {
    let bench = Bench::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = vec![0; 4096];
        let count = stream.read(&mut heard).unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .unwrap();
        heard.truncate(count);
        heard
    });
    let client = bench.client_with(|settings| settings.url = format!("https://{address}"));
    let verdict = client.submit(id(1), Sequence(1), &body(1)).await;
    assert_eq!(word(&verdict), "again county.tls");
    assert!(!String::from_utf8_lossy(&heard.join().unwrap()).contains("submissions"));
}

#[tokio::test]
async fn a_redirect_is_not_followed_even_if_it_is_signed() {
    let bench = Bench::start();
    let visits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&visits);
    let elsewhere = hostile(bench.folder.path(), move |stream, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        reply(stream, "200 OK", "", b"{}");
    });
    let secret = bench.secret();
    let url = hostile(bench.folder.path(), move |stream, request| {
        let heads = format!(
            "location: {elsewhere}/\r\n{}",
            signature(&secret, "307", request, b"")
        );
        reply(stream, "307 Temporary Redirect", &heads, b"");
    });
    let client = bench.client_with(|settings| settings.url = url);
    let verdict = client.submit(id(1), Sequence(1), &body(1)).await;
    assert_eq!(word(&verdict), "again county.redirect");
    assert_eq!(visits.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn ten_megabytes_of_answer_are_given_up_early() {
    let bench = Bench::start();
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let url = hostile(bench.folder.path(), move |stream, _| {
        let head = b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 104857600\r\n\r\n";
        let mut flows = stream.write_all(head).is_ok();
        while flows && counted.load(Ordering::SeqCst) < 104_857_600 {
            flows = stream.write_all(&[b' '; 65536]).is_ok();
            counted.fetch_add(65536, Ordering::SeqCst);
        }
    });
    let client = bench.client_with(|settings| settings.url = url);
    let verdict = client.submit(id(1), Sequence(1), &body(1)).await;
    assert_eq!(word(&verdict), "again county.answer-too-big");
    // Socket buffers hold some megabytes; the rest was never wanted.
    assert!(sent.load(Ordering::SeqCst) < 52_428_800);
}

#[tokio::test]
async fn a_byte_now_and_then_does_not_outlast_the_deadline() {
    let bench = Bench::start();
    let url = hostile(bench.folder.path(), |stream, _| {
        let head = b"HTTP/1.1 201 Created\r\ncontent-length: 60000\r\n\r\n";
        let mut flows = stream.write_all(head).is_ok();
        while flows {
            flows = stream.write_all(b" ").is_ok() && stream.flush().is_ok();
            thread::sleep(Duration::from_millis(100));
        }
    });
    let client = bench.client_with(|settings| {
        settings.url = url;
        settings.request_timeout = Duration::from_millis(1200);
    });
    let started = std::time::Instant::now();
    let verdict = client.submit(id(1), Sequence(1), &body(1)).await;
    assert_eq!(word(&verdict), "again county.timeout");
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_second_answer_nobody_asked_for_is_not_taken_for_the_next_request() {
    let bench = Bench::start();
    let secret = bench.secret();
    let url = hostile(bench.folder.path(), move |stream, request| {
        let body = br#"{"type":"x","title":"x","status":422,"code":"form-outdated"}"#;
        let heads = signature(&secret, "422", request, body);
        reply(stream, "422 Unprocessable", &heads, body);
        reply(stream, "422 Unprocessable", &heads, body);
    });
    let client = bench.client_with(|settings| settings.url = url);
    let first = client.submit(id(1), Sequence(1), &body(1)).await;
    assert_eq!(word(&first), "aside form-outdated");
    // Each request here is on a connection of its own and is judged by its own signed answer.
    let second = client.submit(id(2), Sequence(2), &body(2)).await;
    assert_eq!(word(&second), "aside form-outdated");
}

#[tokio::test]
async fn a_refusal_replayed_from_another_request_sets_nothing_aside() {
    let bench = Bench::start();
    let secret = bench.secret();
    let first = std::sync::OnceLock::new();
    let url = hostile(bench.folder.path(), move |stream, request| {
        let body = br#"{"type":"x","title":"x","status":422,"code":"form-outdated"}"#;
        let heads = first.get_or_init(|| signature(&secret, "422", request, body));
        reply(stream, "422 Unprocessable", heads, body);
    });
    let client = bench.client_with(|settings| settings.url = url);
    let verdict = client.submit(id(1), Sequence(1), &body(1)).await;
    assert_eq!(word(&verdict), "aside form-outdated");
    let verdict = client.submit(id(1), Sequence(1), &body(1)).await;
    assert_eq!(word(&verdict), "again county.answer-unsigned");
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
    assert_eq!(
        refused(&|s| s.url = s.url.replace("https", "http")),
        "county.url-not-https"
    );
    for broken in [
        "",
        "county",
        "https://",
        "https://u:p@host",
        "https://host/path",
        "https://host/?a",
    ] {
        assert_eq!(
            refused(&|s| s.url = broken.into()),
            "county.url",
            "{broken}"
        );
    }
    assert_eq!(
        refused(&|s| s.ca_file = "/nowhere/ca.pem".into()),
        "county.file"
    );
    assert_eq!(
        refused(&|s| s.ca_file.clone_from(&empty)),
        "county.authority"
    );
    assert_eq!(
        refused(&|s| s.ca_file.clone_from(&s.secret_file)),
        "county.authority"
    );
    assert_eq!(
        refused(&|s| s.secret_file.clone_from(&empty)),
        "county.secret"
    );
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
    let id: SubmissionId =
        serde_json::from_value(submission["clientSubmissionId"].clone()).unwrap();
    let application = submission["application"].to_string();
    // The kiosk's own type reads the application and writes the same.
    let typed: Application = serde_json::from_str(&application).unwrap();
    assert_eq!(
        serde_json::to_value(&typed).unwrap(),
        submission["application"]
    );
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
        client_ticket_id: serde_json::from_value(
            example("TicketRequest")["clientTicketId"].clone(),
        )
        .unwrap(),
        terminal_id: TERMINAL.into(),
        group: "A".into(),
        priority: Priority::First,
    };
    assert_eq!(
        serde_json::to_value(&request).unwrap(),
        example("TicketRequest")
    );
    assert!(wire::ticket(example("Ticket").to_string().as_bytes(), &request).is_some());
    for name in ["Conflict", "Outdated", "Clock"] {
        let code = wire::problem_code(example(name).to_string().as_bytes());
        assert_eq!(code.as_deref(), example(name)["code"].as_str());
    }
}

/// The stand-in platform and a client of it.
struct Bench {
    folder: TempDir,
    platform: Handle,
    client: CountyClient,
}

impl Bench {
    fn start() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = TempDir::new().unwrap();
        let mut settings = Settings::new(SocketAddr::from(([127, 0, 0, 1], 0)), folder.path());
        change(&mut settings);
        let platform = serve(settings).unwrap();
        let client = CountyClient::new(settings_for(&platform), clock()).unwrap();
        Self {
            folder,
            platform,
            client,
        }
    }

    /// Ends both programs and starts them again over the same files.
    fn restart(&mut self) {
        let settings = Settings::new(SocketAddr::from(([127, 0, 0, 1], 0)), self.folder.path());
        self.platform = serve(settings).unwrap();
        self.client = CountyClient::new(settings_for(&self.platform), clock()).unwrap();
    }

    fn settings(&self) -> CountySettings {
        settings_for(&self.platform)
    }

    fn client_with(&self, change: impl FnOnce(&mut CountySettings)) -> CountyClient {
        let mut settings = self.settings();
        change(&mut settings);
        CountyClient::new(settings, clock()).unwrap()
    }

    async fn submit(&self, n: u64) -> Verdict {
        self.client.submit(id(n), Sequence(n), &body(n)).await
    }

    fn count(&self) -> usize {
        self.platform.cases().unwrap().len()
    }

    fn secret(&self) -> Vec<u8> {
        fs::read(&self.platform.secret_file).unwrap()
    }
}

fn settings_for(platform: &Handle) -> CountySettings {
    CountySettings {
        url: platform.url.clone(),
        ca_file: platform.ca_pem.clone(),
        app_id: "kiosk-demo-app".into(),
        secret_file: platform.secret_file.clone(),
        terminal: TERMINAL.into(),
        connect_timeout: Duration::from_secs(10),
        request_timeout: Duration::from_secs(20),
    }
}

fn clock() -> WallClock {
    Arc::new(Timestamp::now)
}

fn id(n: u64) -> SubmissionId {
    SubmissionId::from_parts(1_795_000_000_000 + n, [7; 10])
}

fn body(n: u64) -> Vec<u8> {
    body_with(n, "900")
}

fn body_with(n: u64, pay_level: &str) -> Vec<u8> {
    let field = |name: &str, value: &str, source| FieldValue {
        name: name.into(),
        value: value.into(),
        source,
    };
    let application = Application {
        client_submission_id: id(n),
        item: ItemRef {
            item: ItemId("sample-01".into()),
            code: "320699000131128000".into(),
            version: 1,
            name: Words::new("城乡居民基本养老保险参保登记", ""),
            plain_name: Words::new("办养老保险", ""),
        },
        terminal: TERMINAL.into(),
        confirmed_at: Timestamp::from_second(1_795_000_000).unwrap(),
        form_version: 1,
        notice: "1/zh".into(),
        fields: vec![
            field("applicantName", "示例张三", Source::Card),
            field("payLevel", pay_level, Source::Resident),
        ],
    };
    serde_json::to_vec(&application).unwrap()
}

#[track_caller]
fn stored(verdict: Verdict) -> CaseReceipt {
    match verdict {
        Verdict::Stored { receipt } => receipt,
        other @ (Verdict::TryAgain { .. } | Verdict::SetAside { .. } | Verdict::StopAll { .. }) => {
            panic!("not stored: {}", word(&other))
        }
    }
}

fn word(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Stored { .. } => "stored".into(),
        Verdict::TryAgain { code, after: None } => format!("again {code}"),
        Verdict::TryAgain {
            code,
            after: Some(after),
        } => format!("again {code} after {}", after.as_secs()),
        Verdict::SetAside { code } => format!("aside {code}"),
        Verdict::StopAll { code } => format!("stop {code}"),
    }
}

/// A TLS stream as the hostile server sees it.
type Stream<'a> = rustls::Stream<'a, rustls::ServerConnection, TcpStream>;

/// A server with the platform's own certificate and any manners, one request a connection. Gives its URL.
fn hostile(folder: &Path, behave: impl Fn(&mut Stream<'_>, &str) + Send + 'static) -> String {
    let certificate = fs::read(folder.join("server.pem")).unwrap();
    let key = fs::read(folder.join("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(&certificate).unwrap()],
            PrivateKeyDer::from_pem_slice(&key).unwrap(),
        )
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let Ok(mut connection) = rustls::ServerConnection::new(Arc::clone(&config)) else {
                return;
            };
            let mut stream = rustls::Stream::new(&mut connection, &mut stream);
            let request = read_request(&mut stream);
            behave(&mut stream, &request);
            // A polite end, so that the last bytes are not lost in a reset.
            stream.conn.send_close_notify();
            drop(stream.flush());
        }
    });
    format!("https://{address}")
}

/// Reads head and body of one request; the text may hold less if the other side goes away.
fn read_request(stream: &mut Stream<'_>) -> String {
    let mut read = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head_of(head, "content-length").parse().unwrap_or(0);
            if body.len() >= length {
                return text;
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return text,
            Ok(count) => read.extend_from_slice(&piece[..count]),
        }
    }
}

fn head_of<'a>(request: &'a str, name: &str) -> &'a str {
    request
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map_or("", |(_, value)| value)
}

fn reply(stream: &mut Stream<'_>, status: &str, heads: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\n{heads}\r\n",
        body.len()
    );
    // The client may have hung up already; that is its right.
    drop(stream.write_all(head.as_bytes()));
    drop(stream.write_all(body));
    drop(stream.flush());
}

/// Signature headers as the true platform would write them for this request.
fn signature(secret: &[u8], status: &str, request: &str, body: &[u8]) -> String {
    let path = request.split(' ').nth(1).unwrap_or_default();
    let nonce = head_of(request, "x-nonce");
    let text = Text {
        first: status,
        path,
        query: "",
        app_id: "kiosk-demo-app",
        timestamp: "1795000000",
        nonce,
    };
    let signature = text.sign(secret, body);
    format!("x-timestamp: 1795000000\r\nx-nonce: {nonce}\r\nx-signature: {signature}\r\n")
}

/// An example of the contract: the JSON after `Name:` and `value:`.
fn example(name: &str) -> Value {
    let (_, examples) = CONTRACT.split_once("\n  examples:\n").unwrap();
    let (_, rest) = examples
        .split_once(&format!("    {name}:\n      value: "))
        .unwrap();
    let mut values = serde_json::Deserializer::from_str(rest).into_iter();
    values.next().unwrap().unwrap()
}
