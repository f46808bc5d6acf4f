//! The platform's half of the contract, asked with a plain HTTP client and signatures made by hand.
#![expect(clippy::unwrap_used, reason = "a failing test may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use county_stand_in::sign::{Text, digest};
use county_stand_in::{Admin, Fault, Handle, Settings, Unsealed, serve};
use jiff::Timestamp;
use reqwest::{Client, Method, StatusCode};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use tempfile::TempDir;

const CONTRACT: &str = include_str!("../../../config/county-contract.yaml");
const API: &str = include_str!("../src/api.rs");
const ENROL: &str = include_str!("../src/enrol.rs");
const GATE: &str = include_str!("../src/gate.rs");
const ID: &str = "019b0a6e-8c00-7d4e-9a3b-5f2c1e7d8a90";

#[tokio::test]
async fn the_example_submission_is_taken_and_the_example_answers_have_the_true_shape() {
    let bench = Bench::with_example_keys();
    let submission = example("Submission");
    let path = format!("/api/v1/submissions/{ID}");
    let receipt = bench.put(&path, &submission).await;
    assert_eq!(receipt.status, 201);
    assert_eq!(keys(&receipt.json()), keys(&example("Receipt")));
    let sent = submission.to_string();
    assert_eq!(receipt.json()["bodyDigest"], digest(sent.as_bytes()));

    let number = receipt.json()["caseNumber"].as_str().unwrap().to_owned();
    let code = receipt.json()["queryCode"].as_str().unwrap().to_owned();
    let case = bench.ask(Ask::get(&format!("/api/v1/cases/{number}")).with("x-query-code", &code)).await;
    assert_eq!(keys(&case.json()), keys(&example("Case")));

    let ticket = bench.ask(Ask::new(Method::POST, "/api/v1/queue-tickets", &example("TicketRequest"))).await;
    assert_eq!(ticket.status, 201);
    assert_eq!(ticket.json()["number"], example("Ticket")["number"]);
    assert_eq!(keys(&ticket.json()), keys(&example("Ticket")));
    bench.platform.publish("320699", 12, b"a package".to_vec());
    bench.platform.publish_changes("320699", 11, 12, b"changes".to_vec());
    let offer = bench.ask(Ask::get("/api/v1/catalogue/offers/320699/11")).await;
    assert_eq!((offer.status, offer.json()), (200, example("PackageOffer")));
    let told = bench.put("/api/v1/terminals/K032/receipt-key", &example("ReceiptKey")).await;
    assert_eq!(told.status, 201);
    assert_eq!(told.json()["publicKey"], example("ReceiptKey")["publicKey"]);
    for (path, name) in [
        ("/api/v1/catalogue/version", "CatalogueVersion"),
        ("/api/v1/health", "Health"),
        ("/api/v1/terminals/320699-0001/gaps", "Gaps"),
        ("/api/v1/terminals/320699-0001/ledger/0", "Ledger"),
    ] {
        let answer = bench.ask(Ask::get(path)).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(keys(&answer.json()), keys(&example(name)), "{path}");
    }
}

#[tokio::test]
async fn in_a_batch_each_submission_has_the_answer_it_would_have_had_alone() {
    let bench = Bench::with_example_keys();
    let good = example("Submission");
    let other = ID.replace("8a90", "8a91");
    let mut outdated = unsealed();
    outdated["clientSubmissionId"] = other.clone().into();
    let batch = json!({ "terminalId": good["terminalId"], "submissions": [outdated, good] });
    let path = "/api/v1/submissions/batch";
    for first in [201, 200] {
        let answer = bench.ask(Ask::new(Method::POST, path, &batch)).await;
        assert_eq!(answer.status, 200);
        let results = answer.json()["results"].clone();
        assert_eq!((&results[0]["clientSubmissionId"], &results[0]["status"]), (&json!(other), &json!(422)));
        assert_eq!(results[0]["body"]["code"], "seal-missing");
        assert_eq!(keys(&results[0]), keys(&example("BatchResults")["results"][0]));
        assert_eq!((&results[1]["clientSubmissionId"], &results[1]["status"]), (&json!(ID), &json!(first)));
        let alone = bench.put(&format!("/api/v1/submissions/{ID}"), &good).await;
        assert_eq!(alone.json(), results[1]["body"], "the same submission, alone or in a batch");
    }
    assert_eq!(bench.platform.cases().unwrap().len(), 1);
    for (submissions, status, code) in [
        (json!([]), 422, "batch-size"),
        (json!(vec![&good; 51]), 422, "batch-size"),
        (json!([7]), 400, "body-malformed"),
    ] {
        let batch = json!({ "terminalId": "320699-0001", "submissions": submissions });
        bench.ask(Ask::new(Method::POST, path, &batch)).await.is_problem(status, code);
    }
}

#[tokio::test]
async fn a_seal_that_is_not_right_has_a_code_each_and_makes_no_case() {
    let bench = Bench::with_example_keys();
    let path = format!("/api/v1/submissions/{ID}");
    let bent = |change: fn(&mut Value)| {
        let mut submission = example("Submission");
        change(&mut submission);
        submission
    };
    for (submission, code) in [
        (unsealed(), "seal-missing"),
        (bent(|s| s["application"]["envelope"] = 2.into()), "seal-malformed"),
        (bent(|s| s["application"]["suite"] = "rot13".into()), "seal-malformed"),
        (bent(|s| s["application"]["sealed"] = "?".into()), "seal-malformed"),
        (bent(|s| s["application"]["keyId"] = "0011223344556677".into()), "seal-key-unknown"),
        (bent(|s| s["application"]["suite"] = "international".into()), "seal-key-unknown"),
        (bent(|s| s["application"]["sealed"] = "AAAA".into()), "seal-broken"),
        (bent(|s| s["sequence"] = 43.into()), "seal-broken"),
        (bent(|s| s["terminalId"] = "320699-0002".into()), "seal-broken"),
        (bent(|s| (s["terminalId"], s["application"]["terminal"]) = ("T-9".into(), "T-9".into())), "seal-broken"),
    ] {
        bench.put(&path, &submission).await.is_problem(422, code);
    }
    let other = ID.replace("019b", "019c");
    let mut moved = example("Submission");
    moved["clientSubmissionId"] = other.clone().into();
    bench.put(&format!("/api/v1/submissions/{other}"), &moved).await.is_problem(422, "seal-broken");
    assert!(bench.platform.cases().unwrap().is_empty());
    assert_eq!(bench.put(&path, &example("Submission")).await.status, 201);
    assert_eq!(bench.platform.cases().unwrap()[0].fields[0].value, "示例张三");
}

#[test]
fn document_and_program_have_the_same_paths_and_codes() {
    let documented: BTreeSet<&str> =
        CONTRACT.lines().filter_map(|line| line.strip_prefix("  /api/")?.strip_suffix(':')).collect();
    let served: BTreeSet<&str> =
        [API, ENROL].into_iter().flat_map(|source| source.split('"')).filter_map(|s| s.strip_prefix("/api/")).collect();
    assert_eq!(documented, served);
    assert_eq!(documented.len(), 14);
    for code in ENROL.split("\"enrolment-").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(CONTRACT.contains(&format!("`enrolment-{code}`")), "{code} is not documented");
    }

    let documented: BTreeSet<&str> = CONTRACT
        .lines()
        .filter_map(|line| line.strip_prefix("            - "))
        .filter(|word| !word.contains(' '))
        .collect();
    let given: BTreeSet<&str> = [API, GATE]
        .into_iter()
        .flat_map(|source| source.split("Problem::new(").skip(1).chain(source.split("Self::new(").skip(1)))
        .filter_map(|rest| rest.split('"').nth(1))
        // A fault takes its code from whoever sets it; the next text there is a title.
        .filter(|word| !word.contains(' '))
        .collect();
    let missing: Vec<_> = given.difference(&documented).collect();
    assert!(missing.is_empty(), "{missing:?} are not documented");
    assert!(given.len() > 12, "{given:?}");
}

#[tokio::test]
async fn the_same_id_and_body_get_the_same_answer_and_another_body_is_a_conflict() {
    let bench = Bench::start(|_| {});
    let path = format!("/api/v1/submissions/{ID}");
    let first = bench.put(&path, &unsealed()).await;
    let again = bench.put(&path, &unsealed()).await;
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(first.json(), again.json());
    let mut other = unsealed();
    other["application"]["fields"][2]["value"] = "100".into();
    bench.put(&path, &other).await.is_problem(409, "id-conflict");
    assert_eq!(bench.platform.cases().unwrap().len(), 1);
    assert_eq!(bench.platform.cases().unwrap()[0].fields[2].value, "900");
}

#[tokio::test]
async fn a_restart_keeps_cases_secret_and_authority() {
    let mut bench = Bench::start(|_| {});
    let path = format!("/api/v1/submissions/{ID}");
    let first = bench.put(&path, &unsealed()).await;
    let folder = bench.folder;
    drop(bench.platform);
    let settings = Settings::new("127.0.0.1:0".parse().unwrap(), folder.path());
    bench = Bench { platform: serve(settings).unwrap(), folder, http: bench.http, secret: bench.secret };
    let again = bench.put(&path, &unsealed()).await;
    assert_eq!(again.status, 200);
    assert_eq!(first.json(), again.json());
}

#[tokio::test]
async fn what_was_refused_for_good_is_shown_to_staff_with_its_reason_and_leaves_when_it_comes_in() {
    let bench = Bench::with_example_keys();
    let path = format!("/api/v1/submissions/{ID}");
    assert!(bench.page("/staff").await.contains("没有需要处理的申请"));
    // By the platform's own rules, twice, and by order.
    for _ in 0..2 {
        bench.put(&path, &unsealed()).await.is_problem(422, "seal-missing");
    }
    let page = bench.page("/staff").await;
    assert!(page.contains("内容没有加密") && page.contains("seal-missing") && page.contains("<td>2<td>"), "{page}");
    bench.platform.faults().push(Fault::Refused { code: "form-outdated".into() });
    bench.put(&path, &example("Submission")).await.is_problem(422, "form-outdated");
    let page = bench.page("/staff").await;
    assert!(page.contains("表单是旧版本") && !page.contains("seal-missing"), "the last reason counts: {page}");
    let application = example("Application");
    for field in application["fields"].as_array().unwrap() {
        let value = field["value"].as_str().unwrap();
        assert!(value.chars().count() < 3 || !page.contains(value), "{value} is on the page");
    }
    // What is no final refusal is not for staff, and neither is what came in.
    bench.platform.faults().push(Fault::Busy { retry_after: 1 });
    bench.put(&path.replace("8a90", "8a91"), &example("Submission")).await;
    assert_eq!(bench.put(&path, &example("Submission")).await.status, 201);
    assert!(bench.page("/staff").await.contains("没有需要处理的申请"));
}

#[tokio::test]
async fn a_request_without_a_true_signature_is_refused_and_stores_nothing() {
    let bench = Bench::start(|_| {});
    let path = format!("/api/v1/submissions/{ID}");
    let put = || Ask::new(Method::PUT, &path, &unsealed());
    for ask in [
        put().with("x-signature", ""),
        put().with("x-signature", &"0".repeat(64)),
        put().with("x-app-id", "somebody-else"),
        put().with("x-timestamp", "1"),
        put().with("x-nonce", "another-nonce-than-signed"),
    ] {
        bench.ask(ask).await.is_problem(401, "signature");
    }
    let mut bent = put();
    bent.sent_body = Some(unsealed().to_string().replace("900", "100"));
    bench.ask(bent).await.is_problem(401, "signature");
    assert!(bench.platform.cases().unwrap().is_empty());
}

#[tokio::test]
async fn a_request_counts_for_five_minutes_and_once() {
    let bench = Bench::start(|_| {});
    let at = |seconds: i64| {
        let mut ask = Ask::get("/api/v1/health");
        ask.timestamp += seconds;
        ask
    };
    for near in [-290, 0, 290] {
        assert_eq!(bench.ask(at(near)).await.status, 200, "{near}");
    }
    for far in [-310, 310, -90_000_000] {
        let answer = bench.ask(at(far)).await;
        answer.is_problem(401, "clock");
    }
    let mut twice = at(0);
    twice.nonce = "the-same-nonce".into();
    assert_eq!(bench.ask(twice.clone()).await.status, 200);
    bench.ask(twice).await.is_problem(401, "nonce");
}

#[tokio::test]
async fn every_answer_is_signed_for_its_own_request() {
    let bench = Bench::start(|_| {});
    // `ask` checks the signature of each answer; here are a success, refusals, an unknown path and a wrong method.
    for (ask, status) in [
        (Ask::get("/api/v1/health"), 200),
        (Ask::get("/api/v1/cases/1"), 404),
        (Ask::get("/api/v1/nothing"), 404),
        (Ask::new(Method::DELETE, "/api/v1/health", &Value::Null), 405),
        (Ask::get("/api/v1/health").with("x-signature", "00"), 401),
    ] {
        assert_eq!(bench.ask(ask).await.status, status);
    }
}

#[tokio::test]
async fn a_body_above_one_mebibyte_is_too_big() {
    let bench = Bench::start(|_| {});
    let big = json!({ "x": "1".repeat(1024 * 1024) });
    bench.put(&format!("/api/v1/submissions/{ID}"), &big).await.is_problem(413, "too-big");
}

#[tokio::test]
async fn malformed_submissions_have_a_code_each() {
    let bench = Bench::start(|settings| {
        settings.terminals = vec!["320699-0001".into()];
        settings.min_form_version = 1;
    });
    let path = format!("/api/v1/submissions/{ID}");
    let bent = |change: fn(&mut Value)| {
        let mut submission = unsealed();
        change(&mut submission);
        submission
    };
    for (submission, status, code) in [
        (json!([1]), 400, "body-malformed"),
        (bent(|s| s["sequence"] = "one".into()), 400, "body-malformed"),
        (bent(|s| s["clientSubmissionId"] = ID.replace("019b", "019c").into()), 400, "id-mismatch"),
        (bent(|s| s["terminalId"] = "T-9".into()), 403, "terminal-unknown"),
        (bent(|s| s["sequence"] = 0.into()), 422, "form-invalid"),
        (bent(|s| s["application"] = json!({})), 422, "form-invalid"),
        (bent(|s| s["application"]["fields"] = json!([])), 422, "form-invalid"),
        (bent(|s| s["application"]["terminal"] = "T-9".into()), 422, "form-invalid"),
        (bent(|s| s["application"]["formVersion"] = 0.into()), 422, "form-outdated"),
    ] {
        bench.put(&path, &submission).await.is_problem(status, code);
    }
    let upper = format!("/api/v1/submissions/{}", ID.to_uppercase());
    bench.put(&upper, &unsealed()).await.is_problem(400, "id-malformed");
    assert!(bench.platform.cases().unwrap().is_empty());
}

#[tokio::test]
async fn a_wrong_query_code_is_like_a_wrong_number() {
    let bench = Bench::start(|_| {});
    let receipt = bench.put(&format!("/api/v1/submissions/{ID}"), &unsealed()).await.json();
    let number = receipt["caseNumber"].as_str().unwrap();
    let path = format!("/api/v1/cases/{number}");
    let wrong = bench.ask(Ask::get(&path).with("x-query-code", "none")).await;
    let unknown = bench.ask(Ask::get("/api/v1/cases/1")).await;
    wrong.is_problem(404, "case-unknown");
    assert_eq!(wrong.body, unknown.body);
}

#[tokio::test]
async fn missing_and_repeated_numbers_of_a_terminal_are_named() {
    let bench = Bench::start(|_| {});
    for (last, sequence) in [("1", 1), ("2", 3), ("3", 3), ("4", 6)] {
        let id = format!("{}{last}", &ID[..35]);
        let mut submission = unsealed();
        submission["clientSubmissionId"] = id.clone().into();
        submission["application"]["clientSubmissionId"] = id.clone().into();
        submission["sequence"] = sequence.into();
        let answer = bench.put(&format!("/api/v1/submissions/{id}"), &submission).await;
        assert_eq!(answer.status, 201);
    }
    let gaps = bench.ask(Ask::get("/api/v1/terminals/320699-0001/gaps")).await;
    assert_eq!(
        gaps.json(),
        json!({"terminal": "320699-0001", "cases": 4, "highest": 6, "missing": [2, 4, 5], "repeated": [3]})
    );
    let numbers: BTreeSet<_> = bench.platform.cases().unwrap().into_iter().map(|case| case.case_number).collect();
    assert_eq!(numbers.len(), 4);
}

#[tokio::test]
async fn the_pages_say_what_they_are_and_show_no_whole_personal_value() {
    let bench = Bench::start(|_| {});
    let receipt = bench.put(&format!("/api/v1/submissions/{ID}"), &unsealed()).await.json();
    let number = receipt["caseNumber"].as_str().unwrap();
    let code = receipt["queryCode"].as_str().unwrap();
    let list = bench.page("/").await;
    let case = bench.page(&format!("/cases/{number}?code={code}")).await;
    let refused = bench.page(&format!("/cases/{number}?code=none")).await;
    for page in [&list, &case, &refused] {
        assert!(page.contains("演示平台，不是政府网站"));
        assert!(page.contains(number));
        for personal in ["示例张三", "11019919000101001X", "<script"] {
            assert!(!page.contains(personal), "{personal}");
        }
    }
    assert!(list.contains("示***") && list.contains("320699-0001"));
    assert!(!list.contains(code));
    assert!(case.contains("已提交") && case.contains("11**************1X"));
    assert!(refused.contains("没有找到"));
}

#[tokio::test]
async fn faults_can_be_set_over_http_only_where_that_was_asked_for() {
    let closed = Bench::start(|_| {});
    let open = Bench::start(|settings| settings.admin = Admin::Open);
    let push = |bench: &Bench| {
        bench
            .http
            .post(format!("{}/admin/faults/next", bench.platform.url))
            .header("content-type", "application/json")
            .body(r#"{"fault":"busy","retryAfter":7}"#)
            .send()
    };
    assert_eq!(push(&closed).await.unwrap().status(), StatusCode::NOT_FOUND);
    assert_eq!(push(&open).await.unwrap().status(), StatusCode::NO_CONTENT);
    let told = open.page("/admin/faults").await;
    assert!(told.contains(r#""fault":"busy""#), "{told}");
    assert_eq!(open.platform.faults().troubles().next, [Fault::Busy { retry_after: 7 }]);
    let answer = open.put(&format!("/api/v1/submissions/{ID}"), &unsealed()).await;
    answer.is_problem(503, "busy");
    assert_eq!(answer.retry_after.as_deref(), Some("7"));
}

#[tokio::test]
async fn a_line_cut_over_http_can_be_mended_over_http() {
    let bench = Bench::start(|settings| settings.admin = Admin::Open);
    let faults = format!("{}/admin/faults", bench.platform.url);
    let cut = bench.http.put(&faults).header("content-type", "application/json").body(r#"{"lineDown":true}"#);
    assert_eq!(cut.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    let page = bench.http.get(format!("{}/", bench.platform.url));
    assert!(page.send().await.is_err());
    let mended = bench.http.delete(&faults).send().await.unwrap();
    assert_eq!(mended.status(), StatusCode::NO_CONTENT);
    assert_eq!(bench.ask(Ask::get("/api/v1/health")).await.status, 200);
}

/// A platform and somebody who may talk to it.
struct Bench {
    platform: Handle,
    folder: TempDir,
    http: Client,
    secret: Vec<u8>,
}

/// A request, signed truly unless told otherwise.
#[derive(Clone)]
struct Ask {
    method: Method,
    path: String,
    body: String,
    sent_body: Option<String>,
    timestamp: i64,
    nonce: String,
    headers: Vec<(String, String)>,
}

/// An answer whose signature has been checked.
struct Answer {
    status: u16,
    retry_after: Option<String>,
    body: String,
}

impl Ask {
    #[expect(clippy::disallowed_methods, reason = "the platform compares with the real time and wants a fresh nonce")]
    fn new(method: Method, path: &str, body: &Value) -> Self {
        let mut chance = [0; 8];
        getrandom::fill(&mut chance).unwrap();
        Self {
            method,
            path: path.into(),
            body: if body.is_null() { String::new() } else { body.to_string() },
            sent_body: None,
            timestamp: Timestamp::now().as_second(),
            nonce: hex::encode(chance),
            headers: Vec::new(),
        }
    }

    fn get(path: &str) -> Self {
        Self::new(Method::GET, path, &Value::Null)
    }

    /// Adds a header, or replaces one of the signature's after signing.
    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    #[track_caller]
    fn is_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{}", self.body);
        let problem = self.json();
        assert_eq!(problem["code"], code);
        assert_eq!(problem["status"], status);
        assert_eq!(keys(&problem), keys(&example("Conflict")));
    }
}

impl Bench {
    /// A platform with the published keys, to which the document's example is sealed. It takes nothing unsealed.
    fn with_example_keys() -> Self {
        Self::start(|settings| {
            settings.unsealed = Unsealed::Refused;
            let keys = concat!(
                "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8\n",
                "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a\n",
            );
            fs::write(settings.folder.join("seal.key"), keys).unwrap();
        })
    }

    fn start(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = TempDir::new().unwrap();
        let mut settings = Settings::new("127.0.0.1:0".parse().unwrap(), folder.path());
        change(&mut settings);
        let platform = serve(settings).unwrap();
        let pem = fs::read(&platform.ca_pem).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            http: Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap(),
            secret: fs::read(&platform.secret_file).unwrap(),
            platform,
            folder,
        }
    }

    async fn put(&self, path: &str, body: &Value) -> Answer {
        self.ask(Ask::new(Method::PUT, path, body)).await
    }

    async fn page(&self, path: &str) -> String {
        let url = format!("{}{path}", self.platform.url);
        self.http.get(url).send().await.unwrap().text().await.unwrap()
    }

    async fn ask(&self, ask: Ask) -> Answer {
        let timestamp = ask.timestamp.to_string();
        let text = Text {
            first: ask.method.as_str(),
            path: &ask.path,
            query: "",
            app_id: "kiosk-demo-app",
            timestamp: &timestamp,
            nonce: &ask.nonce,
        };
        let mut headers = reqwest::header::HeaderMap::new();
        let mut put = |name: &str, value: &str| {
            let name: reqwest::header::HeaderName = name.parse().unwrap();
            headers.insert(name, value.parse().unwrap());
        };
        put("x-app-id", text.app_id);
        put("x-timestamp", &timestamp);
        put("x-nonce", &ask.nonce);
        put("x-signature", &text.sign(&self.secret, ask.body.as_bytes()));
        for (name, value) in &ask.headers {
            put(name, value);
        }
        let nonce = headers["x-nonce"].to_str().unwrap().to_owned();
        let response = self
            .http
            .request(ask.method.clone(), format!("{}{}", self.platform.url, ask.path))
            .headers(headers)
            .body(ask.sent_body.unwrap_or(ask.body))
            .send()
            .await
            .unwrap();
        let header = |name: &str| {
            let value = response.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        let status = response.status().as_u16();
        let (first, timestamp) = (status.to_string(), header("x-timestamp").unwrap());
        let (signature, retry_after) = (header("x-signature").unwrap(), header("retry-after"));
        assert_eq!(header("x-nonce").as_deref(), Some(nonce.as_str()));
        let body = response.text().await.unwrap();
        let text = Text { first: &first, timestamp: &timestamp, nonce: &nonce, ..text };
        assert!(text.is_signed(&self.secret, body.as_bytes(), &signature));
        Answer { status, retry_after, body }
    }
}

/// An example of the document: the JSON after `Name:` and `value:`.
fn example(name: &str) -> Value {
    let (_, examples) = CONTRACT.split_once("\n  examples:\n").unwrap();
    let (_, rest) = examples.split_once(&format!("    {name}:\n      value: ")).unwrap();
    let mut values = serde_json::Deserializer::from_str(rest).into_iter();
    values.next().unwrap().unwrap()
}

/// The example submission with its content as it lies, as terminals of the first schema send it.
fn unsealed() -> Value {
    let mut submission = example("Submission");
    submission["application"] = example("Application");
    submission
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}
