//! The interface of the contract, behind the gate.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::ServeError;
use crate::attachment::{self, Wrong};
use crate::fault::Lie;
use crate::ledger::{Case, Claim, Field, HandedIn, Submission};
use crate::server::{Platform, Unsealed};
use crate::{seal, sign, slip};

/// Type of an answer.
pub const JSON: &str = "application/json; charset=utf-8";
/// Type of a problem (RFC 9457).
const PROBLEM_JSON: &str = "application/problem+json; charset=utf-8";
/// Most submissions in one batch.
const BATCH_MAX: usize = 50;
/// Most cases in one page of a terminal's ledger; an answer stays far below 64 kB.
const LEDGER_PAGE: usize = 250;
/// Most fields in one application.
const FIELDS_MAX: usize = 200;

/// Paths and methods; `config/county-contract.yaml` lists the same.
pub fn router() -> Router<Arc<Platform>> {
    Router::new()
        .route("/api/v1/submissions/{clientSubmissionId}", put(hand_in).get(look_up))
        .route("/api/v1/submissions/{clientSubmissionId}/attachments/{number}", put(manifest).get(progress))
        .route("/api/v1/submissions/{clientSubmissionId}/attachments/{number}/chunks/{chunk}", put(chunk))
        .route("/api/v1/submissions/batch", post(hand_in_batch))
        .route("/api/v1/cases/{caseNumber}", get(case))
        .route("/api/v1/catalogue/version", get(catalogue_version))
        .route("/api/v1/catalogue/offers/{region}/{have}", get(package_offer))
        .route("/api/v1/catalogue/files/{sha256}/{from}", get(package_piece))
        .route("/api/v1/queue-tickets", post(queue_ticket))
        .route("/api/v1/terminals/{terminalId}/gaps", get(gaps))
        .route("/api/v1/terminals/{terminalId}/ledger/{after}", get(ledger))
        .route("/api/v1/terminals/{terminalId}/receipt-key", put(receipt_key))
        .route("/api/v1/health", get(health))
}

/// A refusal with a machine code.
#[derive(Debug)]
pub struct Problem {
    status: u16,
    code: String,
    title: &'static str,
}

impl Problem {
    pub fn new(status: u16, code: &str, title: &'static str) -> Self {
        Self { status, code: code.to_owned(), title }
    }

    fn body(&self) -> serde_json::Value {
        json!({
            "type": format!("urn:bianmin:county:{}", self.code),
            "title": self.title,
            "status": self.status,
            "code": self.code,
        })
    }
}

impl From<ServeError> for Problem {
    fn from(error: ServeError) -> Self {
        tracing::error!(%error, "stand-in platform failed");
        Self::new(500, "internal", "the platform failed")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        (status, [(CONTENT_TYPE, PROBLEM_JSON)], self.body().to_string()).into_response()
    }
}

/// Answer to a path the contract does not have.
pub async fn no_such_path() -> Problem {
    Problem::new(404, "path-unknown", "there is no such path")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    client_submission_id: String,
    terminal_id: String,
    sequence: i64,
    application: serde_json::Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Application {
    client_submission_id: String,
    terminal: String,
    form_version: u32,
    item: Item,
    fields: Vec<Field>,
}

#[derive(Deserialize)]
struct Item {
    code: String,
    name: Name,
}

#[derive(Deserialize)]
struct Name {
    zh: String,
}

async fn hand_in(
    State(platform): State<Arc<Platform>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let (status, case) = take_in(&platform, &id, &body)?;
    Ok(receipt(status, &case))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    terminal_id: String,
    submissions: Vec<Box<RawValue>>,
}

/// What a result needs to know of a submission before anything else about it is certain.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    client_submission_id: String,
}

/// Takes each submission as if it had come alone; one that is refused does not touch the others.
async fn hand_in_batch(State(platform): State<Arc<Platform>>, body: Bytes) -> Result<Response, Problem> {
    let malformed = || Problem::new(400, "body-malformed", "the body is not a batch of submissions");
    let batch: Batch = serde_json::from_slice(&body).map_err(|_| malformed())?;
    check_terminal(&platform, &batch.terminal_id)?;
    if !(1..=BATCH_MAX).contains(&batch.submissions.len()) {
        return Err(Problem::new(422, "batch-size", "a batch holds 1 to 50 submissions"));
    }
    let mut results = Vec::with_capacity(batch.submissions.len());
    for submission in &batch.submissions {
        let Named { client_submission_id: id } = serde_json::from_str(submission.get()).map_err(|_| malformed())?;
        results.push(result_of(&platform, &id, submission.get().as_bytes()));
    }
    Ok(answer(StatusCode::OK, &json!({ "results": results })))
}

/// What becomes of one submission among several.
pub fn result_of(platform: &Platform, id: &str, body: &[u8]) -> serde_json::Value {
    match take_in(platform, id, body) {
        Ok((status, case)) => {
            json!({ "clientSubmissionId": id, "status": status.as_u16(), "body": receipt_body(&case) })
        }
        Err(problem) => json!({ "clientSubmissionId": id, "status": problem.status, "body": problem.body() }),
    }
}

/// Takes a submission, or refuses it and remembers for staff that it did.
fn take_in(platform: &Platform, id: &str, body: &[u8]) -> Result<(StatusCode, Case), Problem> {
    let taken = store(platform, id, body);
    match &taken {
        Ok(_) => platform.ledger().settle(id)?,
        Err(problem) => note_refusal(platform, id, body, problem.status, &problem.code)?,
    }
    taken
}

/// Where a submission that was refused for good comes from. What names no place, or is no fault of its own, is not
/// remembered; a conflict is one of the body that came second, and what stands under the id stays a case.
pub fn note_refusal(platform: &Platform, id: &str, body: &[u8], status: u16, code: &str) -> Result<(), ServeError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Place {
        terminal_id: String,
        sequence: i64,
    }
    if ![400, 409, 413, 422].contains(&status) || check_id(id).is_err() {
        return Ok(());
    }
    let Ok(Place { terminal_id, sequence }) = serde_json::from_slice(body) else { return Ok(()) };
    let now = platform.now();
    platform.ledger().refuse(id, &terminal_id, sequence, code, now)
}

/// Stores a submission, or finds that it is there already.
fn store(platform: &Platform, id: &str, body: &[u8]) -> Result<(StatusCode, Case), Problem> {
    check_id(id)?;
    let envelope: Envelope = serde_json::from_slice(body)
        .map_err(|_| Problem::new(400, "body-malformed", "the body is not a submission"))?;
    if envelope.client_submission_id != id {
        return Err(Problem::new(400, "id-mismatch", "path and body name different submissions"));
    }
    check_terminal(platform, &envelope.terminal_id)?;
    let digest = sign::digest(body);
    // What was stored once is answered as then, whatever the rules for new forms have become since.
    if let Some(case) = platform.ledger().by_submission(id)? {
        return if case.body_digest == digest { Ok((StatusCode::OK, case)) } else { Err(id_conflict()) };
    }
    let submission = check_form(platform, envelope, digest)?;
    let now = platform.now();
    let handed_in = platform.ledger().hand_in(&submission, now)?;
    match handed_in {
        HandedIn::New(case) => Ok((StatusCode::CREATED, case)),
        HandedIn::Again(case) => Ok((StatusCode::OK, case)),
        HandedIn::Conflict => Err(id_conflict()),
    }
}

async fn look_up(State(platform): State<Arc<Platform>>, Path(id): Path<String>) -> Result<Response, Problem> {
    check_id(&id)?;
    let case = platform
        .ledger()
        .by_submission(&id)?
        .ok_or_else(|| Problem::new(404, "submission-unknown", "nothing stands under this submission id"))?;
    Ok(receipt(StatusCode::OK, &case))
}

async fn manifest(
    State(platform): State<Arc<Platform>>,
    Path((id, number)): Path<(String, u16)>,
    body: Bytes,
) -> Result<Response, Problem> {
    check_id(&id)?;
    if let Ok(manifest) = serde_json::from_slice::<attachment::Manifest>(&body) {
        check_terminal(&platform, &manifest.terminal_id)?;
    }
    told(platform.shelf().manifest(&platform.seal_keys, &id, number, &body))
}

async fn chunk(
    State(platform): State<Arc<Platform>>,
    Path((id, number, at)): Path<(String, u16, usize)>,
    body: Bytes,
) -> Result<Response, Problem> {
    check_id(&id)?;
    told(platform.shelf().chunk(&id, number, at, &body))
}

async fn progress(
    State(platform): State<Arc<Platform>>,
    Path((id, number)): Path<(String, u16)>,
) -> Result<Response, Problem> {
    check_id(&id)?;
    told(platform.shelf().progress(&id, number))
}

/// What came of a question about an attachment.
fn told(progress: Result<attachment::Progress, Wrong>) -> Result<Response, Problem> {
    progress.map(|progress| answer(StatusCode::OK, &json!(progress))).map_err(|wrong| match wrong {
        Wrong::Unknown => Problem::new(404, "attachment-unknown", "there is no such attachment"),
        Wrong::Manifest => Problem::new(422, "manifest-broken", "the manifest is none or contradicts itself"),
        Wrong::Conflict => Problem::new(409, "manifest-conflict", "another manifest stands under this number"),
        Wrong::Chunk => Problem::new(422, "chunk-broken", "the chunk is not the one of this place"),
        Wrong::Seal(refusal) => seal_problem(refusal),
    })
}

async fn case(
    State(platform): State<Arc<Platform>>,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let code = headers.get("x-query-code").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let case = platform
        .ledger()
        .by_number(&number, code)?
        .ok_or_else(|| Problem::new(404, "case-unknown", "there is no case with this number and query code"))?;
    Ok(answer(
        StatusCode::OK,
        &json!({
            "caseNumber": case.case_number,
            "itemName": case.item_name,
            "state": case.state,
            "rawText": case.raw_text,
            "since": case.since,
            "promiseDate": case.promise_date,
        }),
    ))
}

async fn catalogue_version() -> Response {
    answer(StatusCode::OK, &json!({ "version": "sample-1", "madeAt": "2026-11-24T00:00:00Z" }))
}

async fn package_offer(
    State(platform): State<Arc<Platform>>,
    Path((region, have)): Path<(String, u64)>,
) -> Result<Response, Problem> {
    let unknown = || Problem::new(404, "catalogue-unknown", "there is no package of this place");
    let offer = platform.packages().offer(&region, have).ok_or_else(unknown)?;
    Ok(answer(StatusCode::OK, &json!(offer)))
}

async fn package_piece(
    State(platform): State<Arc<Platform>>,
    Path((sha256, from)): Path<(String, usize)>,
) -> Result<Response, Problem> {
    let unknown = || Problem::new(404, "file-unknown", "there is no such file, or it ends before");
    let piece = platform.packages().piece(&sha256, from).ok_or_else(unknown)?;
    Ok((StatusCode::OK, [(CONTENT_TYPE, "application/octet-stream")], piece).into_response())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TicketRequest {
    client_ticket_id: String,
    terminal_id: String,
    group: String,
    priority: Priority,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Priority {
    Ordinary,
    First,
}

async fn queue_ticket(State(platform): State<Arc<Platform>>, body: Bytes) -> Result<Response, Problem> {
    let request: TicketRequest = serde_json::from_slice(&body)
        .map_err(|_| Problem::new(400, "body-malformed", "the body does not ask for a ticket"))?;
    check_id(&request.client_ticket_id)?;
    check_terminal(&platform, &request.terminal_id)?;
    let letter = request
        .group
        .chars()
        .next()
        .filter(char::is_ascii_alphabetic)
        .ok_or_else(|| Problem::new(422, "group-unknown", "there is no such group of windows"))?
        .to_ascii_uppercase();
    let prefix = match request.priority {
        Priority::Ordinary => letter.to_string(),
        Priority::First => format!("{letter}Y"),
    };
    let now = platform.now();
    let ticket = platform.ledger().ticket(&request.client_ticket_id, &prefix, now)?;
    Ok(answer(StatusCode::CREATED, &json!(ticket)))
}

async fn gaps(State(platform): State<Arc<Platform>>, Path(terminal): Path<String>) -> Result<Response, Problem> {
    let count = platform.ledger().terminal(&terminal)?;
    Ok(answer(StatusCode::OK, &json!(count)))
}

/// What is held of a terminal, a page at a time, for its recount.
async fn ledger(
    State(platform): State<Arc<Platform>>,
    Path((terminal, after)): Path<(String, i64)>,
) -> Result<Response, Problem> {
    check_terminal(&platform, &terminal)?;
    let lies = platform.faults.troubles().lies;
    let repeats = lies.contains(&Lie::RepeatsItself);
    let mut entries = platform.ledger().claims(&terminal, if repeats { 0 } else { after }, LEDGER_PAGE + 1)?;
    let more = entries.len() > LEDGER_PAGE || repeats;
    entries.truncate(LEDGER_PAGE);
    for lie in lies {
        match lie {
            Lie::Forgets { sequence } => entries.retain(|claim| claim.sequence != sequence),
            Lie::OtherBytes { sequence } => {
                entries.iter_mut().filter(|c| c.sequence == sequence).for_each(|c| c.body_digest = "0".repeat(64));
            }
            Lie::OtherCase { sequence } => {
                entries.iter_mut().filter(|c| c.sequence == sequence).for_each(|c| c.case_number.push('9'));
            }
            Lie::Invents { sequence } if !more && sequence > after => entries.push(Claim {
                sequence,
                client_submission_id: "019ad0f2-7a3c-7000-8000-00000000dead".into(),
                body_digest: "0".repeat(64),
                case_number: "320699202601010001".into(),
            }),
            Lie::Invents { .. } | Lie::RepeatsItself => {}
        }
    }
    Ok(answer(StatusCode::OK, &json!({ "terminal": terminal, "entries": entries, "more": more })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReceiptKey {
    suite: String,
    public_key: String,
}

/// Keeps a terminal's public key for slips, beside those it told before: slips outlive a replaced key.
async fn receipt_key(
    State(platform): State<Arc<Platform>>,
    Path(terminal): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let told: ReceiptKey = serde_json::from_slice(&body)
        .map_err(|_| Problem::new(400, "body-malformed", "the body does not tell a key"))?;
    check_terminal(&platform, &terminal)?;
    if slip::Key::read(&told.suite, &told.public_key).is_none() {
        return Err(Problem::new(422, "key-unusable", "this is no public key of this suite"));
    }
    let now = platform.now();
    let is_new = platform.ledger().remember_key(&terminal, &told.suite, &told.public_key, now)?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    let body = json!({ "terminal": terminal, "suite": told.suite, "publicKey": told.public_key });
    Ok(answer(status, &body))
}

async fn health(State(platform): State<Arc<Platform>>) -> Response {
    let now = platform.now().to_string();
    answer(StatusCode::OK, &json!({ "status": "ok", "time": now }))
}

fn check_id(id: &str) -> Result<(), Problem> {
    let is_uuid = id.len() == 36
        && id.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => matches!(c, '0'..='9' | 'a'..='f'),
        });
    if is_uuid { Ok(()) } else { Err(Problem::new(400, "id-malformed", "the id is not a UUID in lower case")) }
}

fn check_terminal(platform: &Platform, terminal: &str) -> Result<(), Problem> {
    let known = &platform.settings.terminals;
    if known.is_empty() || known.iter().any(|name| name == terminal) {
        Ok(())
    } else {
        Err(Problem::new(403, "terminal-unknown", "this terminal is not registered"))
    }
}

fn check_form(platform: &Platform, envelope: Envelope, body_digest: String) -> Result<Submission, Problem> {
    let invalid = || Problem::new(422, "form-invalid", "the application does not fit its form");
    let application = unseal(platform, &envelope)?;
    let application: Application = serde_json::from_slice(&application).map_err(|_| invalid())?;
    if application.form_version < platform.settings.min_form_version {
        return Err(Problem::new(422, "form-outdated", "the form was made for an older guide"));
    }
    let fits = application.client_submission_id == envelope.client_submission_id
        && application.terminal == envelope.terminal_id
        && envelope.sequence >= 1
        && (1..=FIELDS_MAX).contains(&application.fields.len())
        && application.fields.iter().all(|field| !field.name.is_empty());
    if !fits {
        return Err(invalid());
    }
    Ok(Submission {
        client_submission_id: envelope.client_submission_id,
        body_digest,
        terminal: envelope.terminal_id,
        sequence: envelope.sequence,
        item_code: application.item.code,
        item_name: application.item.name.zh,
        fields: application.fields,
    })
}

/// The application inside the envelope, as JSON.
fn unseal(platform: &Platform, submission: &Envelope) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let application = &submission.application;
    if application.get("sealed").is_none() {
        return match platform.settings.unsealed {
            Unsealed::Taken => Ok(Zeroizing::new(application.to_string().into_bytes())),
            Unsealed::Refused => Err(Problem::new(422, "seal-missing", "the application is not sealed")),
        };
    }
    let envelope = seal::Envelope::deserialize(application).map_err(|_| seal_malformed())?;
    if envelope.terminal != submission.terminal_id {
        return Err(Problem::new(422, "seal-broken", "the envelope does not open where it was found"));
    }
    let place =
        seal::Place { id: &submission.client_submission_id, sequence: submission.sequence, purpose: "application" };
    platform.seal_keys.open(&envelope, place).map_err(seal_problem)
}

fn seal_problem(refusal: seal::Refusal) -> Problem {
    match refusal {
        seal::Refusal::Malformed => seal_malformed(),
        seal::Refusal::KeyUnknown => Problem::new(422, "seal-key-unknown", "it is sealed to a key that is not here"),
        seal::Refusal::Broken => Problem::new(422, "seal-broken", "the envelope does not open where it was found"),
    }
}

fn seal_malformed() -> Problem {
    Problem::new(422, "seal-malformed", "the envelope is not of a known version and suite")
}

fn id_conflict() -> Problem {
    Problem::new(409, "id-conflict", "another application stands under this submission id")
}

fn receipt(status: StatusCode, case: &Case) -> Response {
    answer(status, &receipt_body(case))
}

fn receipt_body(case: &Case) -> serde_json::Value {
    json!({
        "clientSubmissionId": case.client_submission_id,
        "bodyDigest": case.body_digest,
        "caseNumber": case.case_number,
        "queryCode": case.query_code,
        "acceptedAt": case.accepted_at,
        "promiseDate": case.promise_date,
        "state": case.state,
    })
}

fn answer(status: StatusCode, body: &serde_json::Value) -> Response {
    (status, [(CONTENT_TYPE, JSON)], body.to_string()).into_response()
}
