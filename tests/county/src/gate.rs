//! What stands before the interface: signature, time window, nonces; and after it, the signature of the answer.
//!
//! Order matters. The signature is checked first, so that nobody without the secret learns anything or uses up a
//! nonce; then the window, whose refusal is signed and carries the platform's time; then the nonce. Nonces are held in
//! memory for 600 s, twice the window. A restart forgets them; a request replayed just then meets the rule of the
//! submission id and changes nothing.
//!
//! Pages for people are not signed and pass by.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use crate::api::{self, Problem};
use crate::fault::Fault;
use crate::server::Platform;
use crate::sign::Text;

/// A request may be this many seconds older or newer than the platform's clock.
const WINDOW_S: i64 = 300;
/// A nonce is remembered this many seconds.
const NONCE_S: i64 = 600;
/// Largest body of a request. A form has a few thousand bytes.
const BODY_MAX: usize = 1024 * 1024;

/// What happens to an answer below HTTP.
#[derive(Debug, Clone)]
pub enum Fate {
    /// The connection ends without it.
    Abort,
    /// The connection ends after these bytes of the body.
    Truncate(Bytes),
}

/// Secret, remembered nonces, and the last answer to a submission (for one of the faults).
pub struct Gate {
    app_id: String,
    secret: Vec<u8>,
    nonces: Mutex<HashMap<String, i64>>,
    last: Mutex<Option<(StatusCode, HeaderMap, Bytes)>>,
}

impl Gate {
    pub fn new(app_id: String, secret: Vec<u8>) -> Self {
        Self { app_id, secret, nonces: Mutex::default(), last: Mutex::default() }
    }

    /// Signs a file.
    pub fn sign(&self, label: Text<'_>, content: &[u8]) -> String {
        label.sign(&self.secret, content)
    }

    /// Whether a terminal of ours signed a file.
    pub fn has_signed(&self, label: Text<'_>, content: &[u8], signature: &str) -> bool {
        label.app_id == self.app_id && label.is_signed(&self.secret, content, signature)
    }

    fn is_new_nonce(&self, nonce: &str, now: i64) -> bool {
        let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        nonces.retain(|_, seen| now - *seen < NONCE_S);
        nonces.insert(nonce.to_owned(), now).is_none()
    }
}

/// What the signature of an answer repeats from the request.
struct Asked {
    path: String,
    query: String,
    nonce: String,
}

/// The middleware around everything.
#[expect(clippy::disallowed_methods, reason = "latency is a fault this server is told to have")]
pub async fn pass(State(platform): State<Arc<Platform>>, request: Request, next: Next) -> Response {
    if platform.faults.is_line_down() && !request.uri().path().starts_with("/admin/") {
        return abort();
    }
    tokio::time::sleep(platform.faults.latency()).await;
    // A machine that enrols has no secret to sign with yet.
    if !request.uri().path().starts_with("/api/") || request.uri().path() == crate::enrol::PATH {
        return next.run(request).await;
    }
    let asked = Asked {
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        nonce: header(request.headers(), "x-nonce").to_owned(),
    };
    let is_handing_in =
        [Method::PUT, Method::POST].contains(request.method()) && asked.path.starts_with("/api/v1/submissions/");
    // A package that is fetched can fail in the same ways.
    let is_fetching = asked.path.starts_with("/api/v1/catalogue/files/");
    let fault = (is_handing_in || is_fetching).then(|| platform.faults.take()).flatten();
    let answer = match &fault {
        // Refused by order: it is remembered for staff as a refusal of the platform's own would be.
        Some(Fault::Refused { code }) => refuse(&platform, request, &asked, code).await,
        Some(fault) if fault.is_before_commit() => match instead(fault) {
            Instead::Signed(answer) => answer,
            Instead::Raw(answer) => return answer,
        },
        Some(_) | None => match admit(&platform, request, &asked).await {
            Ok(request) => next.run(request).await,
            Err(problem) => problem.into_response(),
        },
    };
    leave(&platform, &asked, answer, fault, is_handing_in).await
}

enum Instead {
    Signed(Response),
    Raw(Response),
}

/// The answer of a fault that strikes before anything is stored.
fn instead(fault: &Fault) -> Instead {
    match fault {
        Fault::Busy { retry_after } => {
            let mut answer = Problem::new(503, "busy", "the platform is busy").into_response();
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(*retry_after));
            Instead::Signed(answer)
        }
        Fault::Unauthorised => {
            Instead::Signed(Problem::new(401, "signature", "the signature does not fit").into_response())
        }
        Fault::Html => Instead::Raw(
            axum::response::Html("<!doctype html><title>Sign in</title><p>Sign in to go on.").into_response(),
        ),
        Fault::Empty => Instead::Raw(StatusCode::OK.into_response()),
        Fault::DropBefore => Instead::Raw(abort()),
        Fault::Broken
        | Fault::Refused { .. }
        | Fault::DropAfterCommit
        | Fault::Truncated
        | Fault::Repeated
        | Fault::WrongId
        | Fault::Unsigned
        | Fault::Drift => Instead::Raw((StatusCode::INTERNAL_SERVER_ERROR, "internal error").into_response()),
    }
}

/// Refuses a submission whatever it is.
async fn refuse(platform: &Platform, request: Request, asked: &Asked, code: &str) -> Response {
    let refused = || Problem::new(422, code, "the application is refused").into_response();
    let Ok(body) = to_bytes(request.into_body(), BODY_MAX).await else { return refused() };
    let id = asked.path.rsplit('/').next().unwrap_or_default();
    if let Err(error) = api::note_refusal(platform, id, &body, 422, code) {
        tracing::error!(%error, "a refusal could not be remembered");
    }
    refused()
}

/// Checks a request and hands it on with its body read.
async fn admit(platform: &Platform, request: Request, asked: &Asked) -> Result<Request, Problem> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_MAX).await.map_err(|_| Problem::new(413, "too-big", "the body is too big"))?;
    let gate = &platform.gate;
    let timestamp = header(&parts.headers, "x-timestamp");
    let text = Text {
        first: parts.method.as_str(),
        path: &asked.path,
        query: &asked.query,
        app_id: header(&parts.headers, "x-app-id"),
        timestamp,
        nonce: &asked.nonce,
    };
    let is_ours = text.app_id == gate.app_id
        && (8..=64).contains(&asked.nonce.len())
        && text.is_signed(&gate.secret, &body, header(&parts.headers, "x-signature"));
    if !is_ours {
        return Err(Problem::new(401, "signature", "the signature does not fit this request"));
    }
    let now = platform.now().as_second();
    let is_in_window = timestamp.parse::<i64>().is_ok_and(|sent| sent.abs_diff(now) <= WINDOW_S.unsigned_abs());
    if !is_in_window {
        return Err(Problem::new(401, "clock", "the time of the request is too far from the platform's"));
    }
    if !gate.is_new_nonce(&asked.nonce, now) {
        return Err(Problem::new(401, "nonce", "this request has been seen before"));
    }
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// Signs an answer, or spoils it as a fault asks.
async fn leave(
    platform: &Platform,
    asked: &Asked,
    answer: Response,
    fault: Option<Fault>,
    is_handing_in: bool,
) -> Response {
    let (mut parts, body) = answer.into_parts();
    let Ok(mut body) = to_bytes(body, usize::MAX).await else {
        return abort();
    };
    match &fault {
        Some(Fault::WrongId) => {
            body = edit(&body, |receipt| {
                receipt["clientSubmissionId"] = "00000000-0000-7000-8000-000000000000".into();
            });
        }
        Some(Fault::Drift) => {
            body = edit(&body, |receipt| {
                receipt["state"] = "pre-registered".into();
                receipt["handlers"] = serde_json::json!([{ "department": "示例部门" }]);
            });
        }
        Some(_) | None => {}
    }
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    if fault != Some(Fault::Unsigned) {
        sign(platform, asked, &mut parts, &body);
    }
    let last = platform.gate.last.lock();
    let mut last = last.unwrap_or_else(PoisonError::into_inner);
    match fault {
        Some(Fault::DropAfterCommit) => return abort(),
        Some(Fault::Truncated) => {
            let half = body.slice(..body.len() / 2);
            parts.extensions.insert(Fate::Truncate(half));
        }
        Some(Fault::Repeated) => {
            if let Some((status, headers, earlier)) = last.clone() {
                (parts.status, parts.headers, body) = (status, headers, earlier);
            }
        }
        Some(_) | None => {
            if is_handing_in {
                *last = Some((parts.status, parts.headers.clone(), body.clone()));
            }
        }
    }
    Response::from_parts(parts, Body::from(body))
}

fn sign(platform: &Platform, asked: &Asked, parts: &mut axum::http::response::Parts, body: &[u8]) {
    let timestamp = platform.now().as_second().to_string();
    let text = Text {
        first: parts.status.as_str(),
        path: &asked.path,
        query: &asked.query,
        app_id: &platform.gate.app_id,
        timestamp: &timestamp,
        nonce: &asked.nonce,
    };
    let signature = text.sign(&platform.gate.secret, body);
    for (name, value) in [("x-timestamp", &timestamp), ("x-nonce", &asked.nonce), ("x-signature", &signature)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            parts.headers.insert(name, value);
        }
    }
    if !parts.headers.contains_key(CONTENT_TYPE) {
        parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(api::JSON));
    }
}

fn edit(body: &Bytes, change: impl FnOnce(&mut Value)) -> Bytes {
    match serde_json::from_slice::<Value>(body) {
        Ok(mut value) if value.is_object() => {
            change(&mut value);
            value.to_string().into()
        }
        Ok(_) | Err(_) => body.clone(),
    }
}

fn abort() -> Response {
    let mut response = StatusCode::OK.into_response();
    response.extensions_mut().insert(Fate::Abort);
    response
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
