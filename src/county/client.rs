//! The client: one request, one deadline, a bounded answer.
//!
//! The platform is whoever the configured certificate authority vouches for, over TLS, and nobody else: no system
//! store, no proxy from the environment, no redirect. Answers are read piece by piece and given up at
//! [`ANSWER_MAX`]; the deadline covers the whole exchange, so a server that sends a byte a second does not hold us.
//!
//! **Asking before handing in again.** When a submission ended without a clear answer, the platform may or may not
//! have stored it. The client remembers the ids of such submissions; the next [`CountyClient::submit`] of such an id
//! first asks what stands under it and hands in only if that is nothing. The memory does not outlive the program, and
//! need not: handing in the same id with the same bytes is answered with the same receipt. Asking is the cheaper
//! half of the protection (no personal data travels twice), the id is the safe one.
//!
//! **A wrong clock.** A kiosk without a battery clock may start in the wrong year, and the platform takes no signature
//! older than five minutes. It then answers 401 `clock`, signed, with its own time and our nonce. That is proof
//! enough to sign with its time from then on; the clock of records is not touched, and an unsigned claim about the
//! time moves nothing.
//!
//! The wall clock is an argument of [`CountyClient::new`]; nonces come from the system's random source.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use reqwest::header::{ACCEPT, CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Method, Url, redirect};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use zeroize::Zeroizing;

use super::classify::{Heads, Lookup, Ours, Proof, classify, classify_lookup};
use super::settings::{CountyError, CountySettings};
use super::sign::{self, Signed, Signer};
use super::wire::{self, ANSWER_MAX, CatalogueVersion, Ticket, TicketRequest};
use crate::domain::id::{Sequence, SubmissionId};
use crate::domain::submission::{CaseReport, Verdict};

/// Header with the query code: not in the URL, where servers and proxies would log it.
const QUERY_CODE: &str = "x-query-code";
/// Bytes of chance in a nonce: no two requests of a county ever share one.
const NONCE_BYTES: usize = 16;
/// Ids remembered as unclear. Beyond it the memory starts afresh, which costs nothing but a question not asked.
const UNCLEAR_MAX: usize = 4096;

/// Tells the wall clock; the engine owns the only one.
pub type WallClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Speaks the contract with one platform.
pub struct CountyClient {
    http: reqwest::Client,
    base: Url,
    signer: Signer,
    terminal: String,
    clock: WallClock,
    /// Seconds the platform is ahead of our wall clock, as it proved itself.
    offset: AtomicI64,
    /// Submissions that may or may not have arrived.
    unclear: Mutex<BTreeSet<SubmissionId>>,
}

impl std::fmt::Debug for CountyClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CountyClient")
            .field("base", &self.base.as_str())
            .field("signer", &self.signer)
            .finish_non_exhaustive()
    }
}

/// A whole answer.
struct Answer {
    status: u16,
    retry_after: Option<String>,
    date: Option<String>,
    /// The platform's time, unix seconds; counts only if signed.
    timestamp: Option<i64>,
    proof: Proof,
    /// More than [`ANSWER_MAX`] bytes mean: too big, and not all of it.
    body: Vec<u8>,
}

impl Answer {
    fn heads(&self) -> Heads<'_> {
        Heads {
            retry_after: self.retry_after.as_deref(),
            date: self.date.as_deref(),
            proof: self.proof,
        }
    }

    fn is_signed(&self, status: u16) -> bool {
        self.status == status && self.proof == Proof::Signed
    }
}

/// Why there is no answer.
struct NoAnswer {
    code: &'static str,
    /// Whether the request may have reached the platform.
    may_have_arrived: bool,
}

struct Request<'a> {
    method: Method,
    path: &'a str,
    query_code: Option<&'a str>,
    body: Vec<u8>,
}

impl CountyClient {
    /// Reads the files, checks the settings and makes a client. Connects to nothing yet.
    ///
    /// # Errors
    /// See [`CountyError`]; each names the key or the file.
    pub fn new(settings: CountySettings, clock: WallClock) -> Result<Self, CountyError> {
        let base = base_url(&settings.url)?;
        check_name("app-id", &settings.app_id)?;
        check_name("terminal", &settings.terminal)?;
        let tls = tls_config(&settings.ca_file)?;
        let secret = read_secret(&settings.secret_file)?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .http1_only()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.request_timeout)
            .build()
            .map_err(|source| CountyError::Client {
                source: Box::new(source),
            })?;
        Ok(Self {
            http,
            base,
            signer: Signer::new(settings.app_id, secret),
            terminal: settings.terminal,
            clock,
            offset: AtomicI64::new(0),
            unclear: Mutex::default(),
        })
    }

    /// Hands in a stored application (`stored` is its JSON, byte for byte as kept) and says what came of it.
    pub async fn submit(&self, id: SubmissionId, sequence: Sequence, stored: &[u8]) -> Verdict {
        let Some(envelope) = wire::envelope(id, sequence, &self.terminal, stored) else {
            return Verdict::SetAside {
                code: "county.body-broken".into(),
            };
        };
        let envelope = Zeroizing::new(envelope);
        let digest = wire::body_digest(&envelope);
        let ours = Ours {
            id,
            digest: &digest,
        };
        let path = format!("/api/v1/submissions/{id}");
        if self.is_unclear(id) {
            match self.look_up(&path, ours).await {
                Lookup::Settled(verdict) => {
                    self.mark_clear(id);
                    return verdict;
                }
                Lookup::Unclear(verdict) => return verdict,
                Lookup::HandIn => {}
            }
        }
        let request = Request {
            method: Method::PUT,
            path: &path,
            query_code: None,
            body: envelope.to_vec(),
        };
        let (verdict, may_have_arrived) = match self.exchange(request).await {
            Ok(answer) => (
                classify(answer.status, answer.heads(), &answer.body, ours),
                true,
            ),
            Err(failure) => (failure.verdict(), failure.may_have_arrived),
        };
        match verdict {
            Verdict::TryAgain { .. } if may_have_arrived => self.mark_unclear(id),
            Verdict::TryAgain { .. } => {}
            Verdict::Stored { .. } | Verdict::SetAside { .. } | Verdict::StopAll { .. } => {
                self.mark_clear(id);
            }
        }
        verdict
    }

    /// State of a case, `None` if the platform does not know this number with this code.
    ///
    /// # Errors
    /// A stable code, if the platform could not be asked or its answer is unusable.
    pub async fn case_state(
        &self,
        case_number: &str,
        query_code: &str,
    ) -> Result<Option<CaseReport>, String> {
        // What cannot stand in a path or a header is no number and no code of the platform's.
        if !wire::is_case_number(case_number) || !wire::is_query_code(query_code) {
            return Ok(None);
        }
        let path = format!("/api/v1/cases/{}", encode(case_number));
        let answer = self.get(&path, Some(query_code)).await?;
        let code = wire::problem_code(&answer.body);
        if answer.is_signed(404) && code.as_deref() == Some("case-unknown") {
            return Ok(None);
        }
        let body = success(answer)?;
        wire::case_report(&body, case_number)
            .map(Some)
            .ok_or_else(|| "county.answer-broken".to_owned())
    }

    /// Whether the platform is there, is the right one and takes our signature.
    pub async fn probe(&self) -> bool {
        self.get("/api/v1/health", None)
            .await
            .is_ok_and(|answer| answer.is_signed(200))
    }

    /// Version of the catalogue the platform serves.
    ///
    /// # Errors
    /// A stable code, as with [`Self::case_state`].
    pub async fn catalogue_version(&self) -> Result<CatalogueVersion, String> {
        let body = success(self.get("/api/v1/catalogue/version", None).await?)?;
        serde_json::from_slice(&body).map_err(|_| "county.answer-broken".to_owned())
    }

    /// Takes a queue ticket. Asking again with the same `client_ticket_id` gives the same ticket.
    ///
    /// # Errors
    /// A stable code, as with [`Self::case_state`].
    pub async fn queue_ticket(&self, request: &TicketRequest) -> Result<Ticket, String> {
        let body = serde_json::to_vec(request).map_err(|_| "county.body-broken".to_owned())?;
        let answer = self
            .exchange(Request {
                method: Method::POST,
                path: "/api/v1/queue-tickets",
                query_code: None,
                body,
            })
            .await
            .map_err(|failure| failure.code.to_owned())?;
        wire::ticket(&success(answer)?, request).ok_or_else(|| "county.answer-broken".to_owned())
    }

    async fn look_up(&self, path: &str, ours: Ours<'_>) -> Lookup {
        let request = Request {
            method: Method::GET,
            path,
            query_code: None,
            body: Vec::new(),
        };
        match self.exchange(request).await {
            Ok(answer) => classify_lookup(answer.status, answer.heads(), &answer.body, ours),
            Err(failure) => Lookup::Unclear(failure.verdict()),
        }
    }

    async fn get(&self, path: &str, query_code: Option<&str>) -> Result<Answer, String> {
        self.exchange(Request {
            method: Method::GET,
            path,
            query_code,
            body: Vec::new(),
        })
        .await
        .map_err(|failure| failure.code.to_owned())
    }

    /// One exchange, or two if the first taught us the platform's time.
    async fn exchange(&self, request: Request<'_>) -> Result<Answer, NoAnswer> {
        let answer = self.exchange_once(&request).await?;
        if self.has_learnt_time(&answer) {
            return self.exchange_once(&request).await;
        }
        Ok(answer)
    }

    async fn exchange_once(&self, request: &Request<'_>) -> Result<Answer, NoAnswer> {
        let nonce = nonce()?;
        let timestamp = (self.clock)().as_second() + self.offset.load(Ordering::Relaxed);
        let signed = Signed {
            first: request.method.as_str(),
            path: request.path,
            query: "",
            timestamp,
            nonce: &nonce,
        };
        let mut url = self.base.clone();
        url.set_path(request.path);
        let mut call = self
            .http
            .request(request.method.clone(), url)
            .header(ACCEPT, "application/json")
            .header(sign::APP_ID, self.signer.app_id())
            .header(sign::TIMESTAMP, timestamp.to_string())
            .header(sign::NONCE, &nonce)
            .header(sign::SIGNATURE, self.signer.sign(signed, &request.body));
        if let Some(code) = request.query_code {
            call = call.header(QUERY_CODE, code);
        }
        if request.method != Method::GET {
            call = call
                .header(CONTENT_TYPE, "application/json")
                .body(request.body.clone());
        }
        let mut response = call.send().await.map_err(|error| no_answer(&error))?;
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| no_answer(&error))? {
            body.extend_from_slice(&piece);
            if body.len() > ANSWER_MAX {
                body.truncate(ANSWER_MAX + 1);
                break;
            }
        }
        let heads = response.headers();
        let timestamp = header(heads, sign::TIMESTAMP).and_then(|text| text.parse().ok());
        let status = response.status().as_u16();
        Ok(Answer {
            status,
            retry_after: header(heads, RETRY_AFTER.as_str()).map(ToOwned::to_owned),
            date: header(heads, DATE.as_str()).map(ToOwned::to_owned),
            timestamp,
            proof: self.proof(status, request.path, &nonce, heads, timestamp, &body),
            body,
        })
    }

    /// Checks the signature of an answer against the nonce of the request it must belong to.
    fn proof(
        &self,
        status: u16,
        path: &str,
        nonce: &str,
        heads: &HeaderMap,
        timestamp: Option<i64>,
        body: &[u8],
    ) -> Proof {
        let (Some(timestamp), Some(signature)) = (timestamp, header(heads, sign::SIGNATURE)) else {
            return Proof::Unsigned;
        };
        let signed = Signed {
            first: &status.to_string(),
            path,
            query: "",
            timestamp,
            nonce,
        };
        if body.len() <= ANSWER_MAX && self.signer.verify(signed, body, signature) {
            Proof::Signed
        } else {
            Proof::Unsigned
        }
    }

    /// Takes over the platform's time from a proven complaint about ours.
    fn has_learnt_time(&self, answer: &Answer) -> bool {
        let complains =
            answer.is_signed(401) && wire::problem_code(&answer.body).as_deref() == Some("clock");
        let Some(theirs) = answer.timestamp.filter(|_| complains) else {
            return false;
        };
        let offset = theirs.saturating_sub((self.clock)().as_second());
        self.offset.swap(offset, Ordering::Relaxed) != offset
    }

    fn is_unclear(&self, id: SubmissionId) -> bool {
        self.unclear_ids().contains(&id)
    }

    fn mark_unclear(&self, id: SubmissionId) {
        let mut ids = self.unclear_ids();
        if ids.len() >= UNCLEAR_MAX {
            ids.clear();
        }
        ids.insert(id);
    }

    fn mark_clear(&self, id: SubmissionId) {
        self.unclear_ids().remove(&id);
    }

    fn unclear_ids(&self) -> std::sync::MutexGuard<'_, BTreeSet<SubmissionId>> {
        self.unclear.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NoAnswer {
    fn verdict(&self) -> Verdict {
        Verdict::TryAgain {
            code: self.code.into(),
            after: None,
        }
    }
}

/// The body of a signed 200 or 201, or the code of what it is instead.
fn success(answer: Answer) -> Result<Vec<u8>, String> {
    if answer.body.len() > ANSWER_MAX {
        return Err("county.answer-too-big".into());
    }
    match (answer.status, answer.proof) {
        (200 | 201, Proof::Signed) => Ok(answer.body),
        (200 | 201, Proof::Unsigned) => Err("county.answer-unsigned".into()),
        (300..=399, Proof::Signed | Proof::Unsigned) => Err("county.redirect".into()),
        (status, Proof::Signed | Proof::Unsigned) => Err(format!("county.http-{status}")),
    }
}

fn base_url(text: &str) -> Result<Url, CountyError> {
    let broken = || CountyError::Url { url: text.into() };
    let url = Url::parse(text).map_err(|_| broken())?;
    if url.scheme() != "https" {
        return Err(CountyError::NotHttps { url: text.into() });
    }
    let bare = url.has_host()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if bare { Ok(url) } else { Err(broken()) }
}

fn check_name(key: &'static str, name: &str) -> Result<(), CountyError> {
    let fits = !name.is_empty()
        && name.len() <= 64
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if fits {
        Ok(())
    } else {
        Err(CountyError::Name { key })
    }
}

fn tls_config(ca_file: &Path) -> Result<ClientConfig, CountyError> {
    let pem = read_file(ca_file)?;
    let no_authority = || CountyError::Authority {
        file: ca_file.into(),
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|_| no_authority())?;
        roots.add(certificate).map_err(|_| no_authority())?;
    }
    if roots.is_empty() {
        return Err(no_authority());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|source| CountyError::Client {
            source: Box::new(source),
        })?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn read_secret(file: &Path) -> Result<Zeroizing<Vec<u8>>, CountyError> {
    let bytes = Zeroizing::new(read_file(file)?);
    let secret = Zeroizing::new(bytes.trim_ascii().to_vec());
    if secret.is_empty() {
        return Err(CountyError::Secret { file: file.into() });
    }
    Ok(secret)
}

fn read_file(file: &Path) -> Result<Vec<u8>, CountyError> {
    fs::read(file).map_err(|source| CountyError::File {
        file: file.into(),
        source,
    })
}

fn nonce() -> Result<String, NoAnswer> {
    let mut bytes = [0; NONCE_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| NoAnswer {
        code: "county.no-chance",
        may_have_arrived: false,
    })?;
    Ok(hex::encode(bytes))
}

fn header<'a>(heads: &'a HeaderMap, name: &str) -> Option<&'a str> {
    heads.get(name)?.to_str().ok()
}

/// Which code a failed exchange has. Errors of the library are not passed on: they may name addresses and more.
fn no_answer(error: &reqwest::Error) -> NoAnswer {
    let code = if is_tls(error) {
        "county.tls"
    } else if error.is_timeout() {
        "county.timeout"
    } else if error.is_connect() {
        "county.unreachable"
    } else {
        "county.answer-broken"
    };
    NoAnswer {
        code,
        may_have_arrived: !error.is_connect(),
    }
}

/// Whether TLS is the cause. An I/O error holds its cause beside its chain, and hides it when it is wrapped.
fn is_tls(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<rustls::Error>() {
            return true;
        }
        cause = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
}

/// Percent-encodes one segment of a path; only unreserved characters stay.
fn encode(segment: &str) -> String {
    let mut encoded = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&hex::encode_upper([byte]));
        }
    }
    encoded
}
