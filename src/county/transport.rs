//! One request, one deadline, one bounded and checked answer.
//!
//! The platform is whoever the configured certificate authority vouches for, over TLS, and nobody else: no system
//! store, no proxy from the environment, no redirect. Answers are read piece by piece and given up at
//! [`ANSWER_MAX`]; the deadline covers the whole exchange, so a server that sends a byte a second does not hold us.
//!
//! **A wrong clock.** A kiosk without a battery clock may start in the wrong year, and the platform takes no signature
//! older than five minutes. It then answers 401 `clock`, signed, with its own time and our nonce. That is proof
//! enough to sign with its time from then on; the clock of records is not touched, and an unsigned claim about the
//! time moves nothing.
//!
//! The wall clock is an argument; nonces come from the system's random source.

use std::error::Error as _;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use reqwest::header::{ACCEPT, CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Method, Url, redirect};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use zeroize::Zeroizing;

use super::classify::{Heads, Proof};
use super::settings::{CountyError, CountySettings};
use super::sign::{self, Signed, Signer};
use super::wire::{self, ANSWER_MAX};
use crate::domain::submission::Verdict;

/// Header with the query code: not in the URL, where servers and proxies would log it.
const QUERY_CODE: &str = "x-query-code";
/// Bytes of chance in a nonce: no two requests of a county ever share one.
const NONCE_BYTES: usize = 16;

/// Tells the wall clock; the engine owns the only one.
pub type WallClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A connection to one platform with one set of credentials.
pub struct Transport {
    http: reqwest::Client,
    base: Url,
    signer: Signer,
    clock: WallClock,
    /// Seconds the platform is ahead of our wall clock, as it proved itself.
    offset: AtomicI64,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transport")
            .field("base", &self.base.as_str())
            .field("signer", &self.signer)
            .finish_non_exhaustive()
    }
}

/// A whole answer.
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub date: Option<String>,
    /// The platform's time, unix seconds; counts only if signed.
    pub timestamp: Option<i64>,
    pub proof: Proof,
    /// More than [`ANSWER_MAX`] bytes mean: too big, and not all of it.
    pub body: Vec<u8>,
}

impl Answer {
    /// The headers that matter.
    pub fn heads(&self) -> Heads<'_> {
        Heads { retry_after: self.retry_after.as_deref(), date: self.date.as_deref(), proof: self.proof }
    }

    /// Whether the platform itself gave this status.
    pub fn is_signed(&self, status: u16) -> bool {
        self.status == status && self.proof == Proof::Signed
    }
}

/// Why there is no answer.
pub struct NoAnswer {
    pub code: &'static str,
    /// Whether the request may have reached the platform.
    pub may_have_arrived: bool,
}

/// What is asked.
pub struct Request<'a> {
    pub method: Method,
    pub path: &'a str,
    pub query_code: Option<&'a str>,
    pub body: Vec<u8>,
}

impl Transport {
    /// Reads the files, checks the settings and makes the connection's frame. Connects to nothing yet.
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
            .map_err(|source| CountyError::Client { source: Box::new(source) })?;
        Ok(Self { http, base, signer: Signer::new(settings.app_id, secret), clock, offset: AtomicI64::new(0) })
    }

    /// One exchange, or two if the first taught us the platform's time.
    pub async fn exchange(&self, request: Request<'_>) -> Result<Answer, NoAnswer> {
        let answer = self.exchange_once(&request).await?;
        if self.has_learnt_time(&answer) {
            return self.exchange_once(&request).await;
        }
        Ok(answer)
    }

    async fn exchange_once(&self, request: &Request<'_>) -> Result<Answer, NoAnswer> {
        let nonce = nonce()?;
        let timestamp = (self.clock)().as_second() + self.offset.load(Ordering::Relaxed);
        let signed = Signed { first: request.method.as_str(), path: request.path, query: "", timestamp, nonce: &nonce };
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
            call = call.header(CONTENT_TYPE, content_type(request.path)).body(request.body.clone());
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
        let signed = Signed { first: &status.to_string(), path, query: "", timestamp, nonce };
        if body.len() <= ANSWER_MAX && self.signer.verify(signed, body, signature) {
            Proof::Signed
        } else {
            Proof::Unsigned
        }
    }

    /// Takes over the platform's time from a proven complaint about ours.
    fn has_learnt_time(&self, answer: &Answer) -> bool {
        let complains = answer.is_signed(401) && wire::problem_code(&answer.body).as_deref() == Some("clock");
        let Some(theirs) = answer.timestamp.filter(|_| complains) else {
            return false;
        };
        let offset = theirs.saturating_sub((self.clock)().as_second());
        self.offset.swap(offset, Ordering::Relaxed) != offset
    }
}

impl NoAnswer {
    /// What it means for a submission.
    pub fn verdict(&self) -> Verdict {
        Verdict::TryAgain { code: self.code.into(), after: None }
    }
}

/// Chunks of attachments are bytes, everything else is JSON.
fn content_type(path: &str) -> &'static str {
    if path.contains("/chunks/") { "application/octet-stream" } else { "application/json" }
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
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if fits { Ok(()) } else { Err(CountyError::Name { key }) }
}

fn tls_config(ca_file: &Path) -> Result<ClientConfig, CountyError> {
    let pem = read_file(ca_file)?;
    let no_authority = || CountyError::Authority { file: ca_file.into() };
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
        .map_err(|source| CountyError::Client { source: Box::new(source) })?;
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
    fs::read(file).map_err(|source| CountyError::File { file: file.into(), source })
}

#[expect(clippy::disallowed_methods, reason = "a nonce is chance by its purpose and decides nothing")]
fn nonce() -> Result<String, NoAnswer> {
    let mut bytes = [0; NONCE_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| NoAnswer { code: "county.no-chance", may_have_arrived: false })?;
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
    NoAnswer { code, may_have_arrived: !error.is_connect() }
}

/// Whether TLS is the cause. An I/O error holds its cause beside its chain, and hides it when it is wrapped.
fn is_tls(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<rustls::Error>() {
            return true;
        }
        cause = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
}
