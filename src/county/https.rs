//! The carrier of the product: HTTPS, one request, one deadline, one bounded answer.
//!
//! The platform is whoever the configured certificate authority vouches for, over TLS, and nobody else: no system
//! store, no proxy from the environment, no redirect, no retry of the library's own. Answers are read piece by piece
//! and given up at [`ANSWER_MAX`]; the deadline covers the whole exchange, so a server that sends a byte a second does
//! not hold us.

use std::error::Error as _;
use std::io;
use std::path::Path;
use std::sync::Arc;

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, Url, redirect};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use super::carrier::{Carried, Carrier, HttpAnswer, HttpCall, NoAnswer, READ, Verb};
use super::settings::{CountyError, CountySettings, read_file};
use super::wire::ANSWER_MAX;

/// Talks to one address over HTTPS.
#[derive(Debug)]
pub struct Https {
    http: reqwest::Client,
    base: Url,
}

impl Https {
    /// Reads the authority, checks the address and makes the connection's frame. Connects to nothing yet.
    ///
    /// # Errors
    /// See [`CountyError`]; each names the key or the file.
    pub fn new(settings: &CountySettings) -> Result<Self, CountyError> {
        let base = base_url(&settings.url)?;
        let tls = tls_config(&settings.ca_file)?;
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
        Ok(Self { http, base })
    }

    async fn exchange(&self, call: HttpCall) -> Result<HttpAnswer, NoAnswer> {
        let mut url = self.base.clone();
        url.set_path(&call.path);
        let method = match call.verb {
            Verb::Get => Method::GET,
            Verb::Put => Method::PUT,
            Verb::Post => Method::POST,
        };
        let mut request = self.http.request(method, url).header(ACCEPT, "application/json");
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, content_type(&call.path)).body(body.to_vec());
        }
        let mut response = request.send().await.map_err(|error| no_answer(&error))?;
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| no_answer(&error))? {
            body.extend_from_slice(&piece);
            if body.len() > ANSWER_MAX {
                body.truncate(ANSWER_MAX + 1);
                break;
            }
        }
        let heads = response.headers();
        let header = |name: &str| Some((name.to_owned(), heads.get(name)?.to_str().ok()?.to_owned()));
        Ok(HttpAnswer {
            status: response.status().as_u16(),
            headers: READ.iter().filter_map(|name| header(name)).collect(),
            body,
        })
    }
}

impl Carrier for Https {
    fn carry(&self, call: HttpCall) -> Carried<'_> {
        Box::pin(self.exchange(call))
    }

    fn to(&self) -> &str {
        self.base.as_str()
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

/// Which code a failed exchange has. Errors of the library are not passed on: they may name addresses and more.
fn no_answer(error: &reqwest::Error) -> NoAnswer {
    let code = if is_tls(error) {
        "county.tls"
    } else if error.is_connect() {
        // Asked first: a connection that was not made in time is both, and no application had a part in it.
        "county.unreachable"
    } else if error.is_timeout() {
        "county.timeout"
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

/// Chunks of attachments are bytes, everything else is JSON.
fn content_type(path: &str) -> &'static str {
    if path.contains("/chunks/") { "application/octet-stream" } else { "application/json" }
}
