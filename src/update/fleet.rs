//! The county's rollout server, by hawkBit's device interface (DDI): three calls and their answers.
//!
//! Ask (`GET controller/v1/{kiosk}`), look at the offer behind its link, tell how it goes (`POST …/feedback`). The bundle
//! itself is not fetched here: its address goes to RAUC, which streams the blocks it needs. The client is our own few calls
//! and not the crate `hawkbit`, which keeps the address of an artefact to itself and brings a second TLS library.
//!
//! Links in answers are followed only within the server's own origin, so no answer can send the kiosk's token elsewhere.
//! Answers are bounded. Times that the server asks for are kept between half a minute and a day.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Method, Url, redirect};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::run::Fetch;

/// An answer longer than this is not one of ours.
const ANSWER_MAX: usize = 256 * 1024;
/// One call with its answer.
const CALL: Duration = Duration::from_secs(30);
/// Bounds of the time between two questions.
const EVERY: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(86_400));

/// Who asks.
#[derive(Clone)]
pub struct Credentials {
    /// Tenant at the server.
    pub tenant: String,
    /// Name of this kiosk there.
    pub kiosk: String,
    /// The kiosk's own token.
    pub token: Zeroizing<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("tenant", &self.tenant).field("kiosk", &self.kiosk).finish_non_exhaustive()
    }
}

/// What the server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poll {
    /// When to ask again.
    pub every: Duration,
    /// An update for this kiosk.
    pub offer: Option<Offer>,
    /// An action that is to be given up.
    pub cancel: Option<String>,
}

/// An update that the server offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The server's action.
    pub action: String,
    /// Where the bundle lies.
    pub url: String,
}

/// What the server is told of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// So far.
    Going {
        /// Percent.
        percent: u8,
    },
    /// The new image runs and was called good.
    Done {
        /// Words for the operator.
        details: Vec<String>,
    },
    /// It does not run here.
    Failed {
        /// Code and words for the operator.
        details: Vec<String>,
    },
    /// Given up as asked.
    Cancelled,
    /// Too late to give up.
    NotCancelled,
}

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// The address is none.
    #[error("the address of the rollout server cannot be used: {0}")]
    Address(String),
    /// The certificates cannot be used.
    #[error("the certificates for the rollout server cannot be used: {0}")]
    Certificates(String),
    /// No answer.
    #[error("the rollout server does not answer")]
    NoAnswer(#[source] reqwest::Error),
    /// Not the answer that was asked for.
    #[error("the rollout server answered {0}")]
    Status(u16),
    /// The answer is not understood.
    #[error("the answer of the rollout server is not understood: {0}")]
    Answer(&'static str),
}

impl Progress {
    /// Whether it is the last word about its action.
    pub const fn is_end(&self) -> bool {
        match self {
            Self::Done { .. } | Self::Failed { .. } => true,
            Self::Going { .. } | Self::Cancelled | Self::NotCancelled => false,
        }
    }
}

impl FleetError {
    /// Whether telling it again may end better. A server that has closed or forgotten the action will never take it.
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::Status(status) => !matches!(status, 400..=499) || matches!(status, 401 | 403 | 408 | 429),
            Self::Address(_) | Self::Certificates(_) | Self::NoAnswer(_) | Self::Answer(_) => true,
        }
    }
}

/// A line to the server.
#[derive(Debug, Clone)]
pub struct Fleet {
    http: reqwest::Client,
    base: Url,
    ca_file: Option<PathBuf>,
    who: Credentials,
}

impl Fleet {
    /// To the server at `url` (https in every configuration). `ca_file` holds the certificates (PEM) that its own must
    /// lead to. Connects to nothing yet.
    ///
    /// # Errors
    /// The address or the certificates cannot be used.
    pub fn new(url: &str, ca_file: Option<&Path>, who: Credentials) -> Result<Self, FleetError> {
        let address = |error: &dyn std::fmt::Display| FleetError::Address(error.to_string());
        let mut base = Url::parse(url).map_err(|error| address(&error))?;
        base.path_segments_mut().map_err(|()| address(&"it has no path"))?.pop_if_empty().extend([
            who.tenant.as_str(),
            "controller",
            "v1",
            who.kiosk.as_str(),
        ]);
        let builder = reqwest::Client::builder()
            .http1_only()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .timeout(CALL);
        let http = builder.tls_backend_preconfigured(tls(ca_file)?).build().map_err(FleetError::NoAnswer)?;
        let ca_file = ca_file.map(|file| std::path::absolute(file).unwrap_or_else(|_| file.to_owned()));
        Ok(Self { http, base, ca_file, who })
    }

    /// The header that RAUC needs to fetch from here, if `url` is of this origin.
    pub fn header_for(&self, url: &str) -> Option<String> {
        self.ours(url).ok().map(|_| format!("Authorization: {}", self.token()))
    }

    /// What RAUC needs to fetch from `url`: the same authority, wherever the server keeps its bundles, and the token for its
    /// own origin alone.
    pub fn fetch(&self, url: &str) -> Fetch {
        Fetch { header: self.header_for(url), ca_file: self.ca_file.clone() }
    }

    /// Asks for work. Says who we are when the server wants to know.
    ///
    /// # Errors
    /// No answer, or none that is understood.
    pub async fn poll(&self, attributes: &[(&str, &str)]) -> Result<Poll, FleetError> {
        let answer = self.call(Method::GET, self.base.clone(), None).await?;
        let link = |name: &str| answer.pointer(&format!("/_links/{name}/href")).and_then(Value::as_str);
        if let Some(link) = link("configData") {
            let data: serde_json::Map<String, Value> =
                attributes.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            let body = json!({
                "mode": "merge",
                "data": data,
                "status": { "execution": "closed", "result": { "finished": "success" }, "details": [] },
            });
            self.call(Method::PUT, self.ours(link)?, Some(body)).await?;
        }
        let cancel = match link("cancelAction") {
            Some(link) => {
                let answer = self.call(Method::GET, self.ours(link)?, None).await?;
                answer.pointer("/cancelAction/stopId").and_then(Value::as_str).map(str::to_owned)
            }
            None => None,
        };
        let offer = match link("deploymentBase") {
            Some(link) => self.offer(self.ours(link)?).await?,
            None => None,
        };
        let sleep = answer.pointer("/config/polling/sleep").and_then(Value::as_str);
        Ok(Poll { every: every(sleep), offer, cancel })
    }

    /// Tells how an action goes.
    ///
    /// # Errors
    /// No answer, or not a good one.
    pub async fn report(&self, action: &str, progress: &Progress) -> Result<(), FleetError> {
        let (folder, execution, finished, percent, details) = match progress {
            Progress::Going { percent } => ("deploymentBase", "proceeding", "none", Some(*percent), Vec::new()),
            Progress::Done { details } => ("deploymentBase", "closed", "success", None, details.clone()),
            Progress::Failed { details } => ("deploymentBase", "closed", "failure", None, details.clone()),
            Progress::Cancelled => ("cancelAction", "closed", "success", None, Vec::new()),
            Progress::NotCancelled => ("cancelAction", "rejected", "failure", None, Vec::new()),
        };
        let mut result = json!({ "finished": finished });
        if let Some(percent) = percent {
            result["progress"] = json!({ "cnt": percent, "of": 100 });
        }
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend([folder, action, "feedback"]);
        }
        let status = json!({ "execution": execution, "result": result, "details": details });
        self.call(Method::POST, url, Some(json!({ "id": action, "status": status }))).await?;
        Ok(())
    }

    /// The bundle of a deployment that may be begun. `None`: the server wants it kept waiting.
    async fn offer(&self, url: Url) -> Result<Option<Offer>, FleetError> {
        let answer = self.call(Method::GET, url, None).await?;
        let word = |place: &str| answer.pointer(place).and_then(Value::as_str);
        let action = word("/id").ok_or(FleetError::Answer("a deployment without an id"))?.to_owned();
        let waits = word("/deployment/update") == Some("skip")
            || word("/deployment/download") == Some("skip")
            || word("/deployment/maintenanceWindow") == Some("unavailable");
        if waits {
            return Ok(None);
        }
        let chunks = answer.pointer("/deployment/chunks").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let artefacts = chunks.iter().filter_map(|chunk| chunk.get("artifacts")?.as_array()).flatten();
        let url = artefacts
            .filter(|artefact| {
                artefact.get("filename").and_then(Value::as_str).is_some_and(|name| name.ends_with(".raucb"))
            })
            .find_map(|artefact| {
                let link = |name: &str| artefact.pointer(&format!("/_links/{name}/href")).and_then(Value::as_str);
                link("download").or_else(|| link("download-http")).map(str::to_owned)
            })
            .ok_or(FleetError::Answer("a deployment without a bundle"))?;
        Ok(Some(Offer { action, url }))
    }

    /// A link of an answer, if it leads to the server itself.
    fn ours(&self, link: &str) -> Result<Url, FleetError> {
        let url = self.base.join(link).map_err(|_| FleetError::Answer("a link that is none"))?;
        if url.origin() == self.base.origin() { Ok(url) } else { Err(FleetError::Answer("a link to another server")) }
    }

    fn token(&self) -> String {
        format!("TargetToken {}", self.who.token.as_str())
    }

    async fn call(&self, method: Method, url: Url, body: Option<Value>) -> Result<Value, FleetError> {
        let mut request = self.http.request(method, url).header("authorization", self.token());
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let mut answer = request.send().await.map_err(FleetError::NoAnswer)?;
        if !answer.status().is_success() {
            return Err(FleetError::Status(answer.status().as_u16()));
        }
        let mut text = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(FleetError::NoAnswer)? {
            if text.len() + piece.len() > ANSWER_MAX {
                return Err(FleetError::Answer("it is too long"));
            }
            text.extend_from_slice(&piece);
        }
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&text).map_err(|_| FleetError::Answer("it is no JSON"))
    }
}

/// `HH:MM:SS` within the bounds; the longer bound's tenth where nothing usable stands.
fn every(sleep: Option<&str>) -> Duration {
    let parts: Vec<u64> = sleep.unwrap_or_default().split(':').filter_map(|part| part.parse().ok()).collect();
    let wanted = match parts[..] {
        [hours, minutes, seconds] if hours < 1_000 && minutes < 60 && seconds < 60 => {
            Duration::from_secs(hours * 3_600 + minutes * 60 + seconds)
        }
        _ => EVERY.1 / 10,
    };
    wanted.clamp(EVERY.0, EVERY.1)
}

fn tls(ca_file: Option<&Path>) -> Result<ClientConfig, FleetError> {
    let bad = |error: &dyn std::fmt::Display| FleetError::Certificates(error.to_string());
    let mut roots = RootCertStore::empty();
    if let Some(file) = ca_file {
        for certificate in CertificateDer::pem_file_iter(file).map_err(|error| bad(&error))? {
            roots.add(certificate.map_err(|error| bad(&error))?).map_err(|error| bad(&error))?;
        }
    }
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_rhythm_is_kept_within_bounds() {
        let seconds = |text| every(Some(text)).as_secs();
        assert_eq!(seconds("00:05:00"), 300);
        assert_eq!((seconds("00:00:01"), seconds("900:00:00")), (30, 86_400));
        assert_eq!((seconds("soon"), every(None).as_secs()), (8_640, 8_640));
    }

    #[test]
    fn a_link_to_another_server_is_not_followed_and_gets_no_token() {
        let token = Zeroizing::new("t0ken".to_owned());
        let who = Credentials { tenant: "county".to_owned(), kiosk: "K001".to_owned(), token };
        assert!(!format!("{who:?}").contains("t0ken"));
        let fleet = Fleet::new("https://rollout.example", None, who).expect("a line");
        assert!(fleet.header_for("https://rollout.example/b.raucb").is_some());
        for other in
            ["https://elsewhere.example/b.raucb", "http://rollout.example/b.raucb", "https://rollout.example:1/b"]
        {
            assert_eq!(fleet.header_for(other), None, "{other}");
        }
        // A county's authority is in no list of the system: without it no bundle could be fetched.
        let ca = rcgen::generate_simple_self_signed(Vec::new()).expect("a certificate").cert.pem();
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("rollout-ca.pem");
        std::fs::write(&file, ca).expect("a file");
        let who = Credentials { tenant: "county".to_owned(), kiosk: "K001".to_owned(), token: Zeroizing::default() };
        let fleet = Fleet::new("https://rollout.example", Some(&file), who).expect("a line");
        let fetch = fleet.fetch("https://elsewhere.example/b.raucb");
        assert_eq!((fetch.header, fetch.ca_file), (None, Some(file)));
    }
}
