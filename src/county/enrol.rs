//! Enrolment: the one exchange before a machine has a secret.
//!
//! The machine knows the platform by a fingerprint alone: SHA-256 of the certificate of its authority, out of a signed code.
//! The platform shows that certificate in its chain; it becomes the only root for this connection, and the chain must lead to
//! it for the name of the address. Nothing is sent before that is proven.
//!
//! **A wrong clock.** Certificates have dates, and this machine may not know the day. A chain counts if it is good at the wall
//! clock's time or at the time floor, whichever is later: time before the floor is certainly wrong.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::redirect;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme};

use super::settings::{CONNECT_TIMEOUT, REQUEST_TIMEOUT};
use super::wire;

/// Path of the contract.
const PATH: &str = "/api/v1/enrolments";
/// Longest answer read: certificates and a list of places.
const ANSWER_MAX: usize = 512 * 1024;

/// Where to enrol.
#[derive(Debug, Clone)]
pub struct EnrolAt<'a> {
    /// `https://host[:port]`, checked.
    pub url: &'a str,
    /// SHA-256 of the authority's certificate.
    pub authority: [u8; 32],
    /// What the wall clock says, or the time floor if that is later.
    pub now: Timestamp,
}

/// Why there is no answer to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrolFailure {
    /// No connection, or no whole answer in time.
    NoLine,
    /// The other side is not the platform of this authority.
    OtherCounty,
    /// The platform says the time of the code is over.
    Expired,
    /// The platform says the code was used.
    Used,
    /// The platform does not accept the signature of the code.
    Foreign,
    /// The platform refuses.
    Refused,
    /// The answer is none of the contract.
    BadAnswer,
}

/// Sends one request and gives the bytes of the answer, unchecked but for the connection they came over.
///
/// # Errors
/// See [`EnrolFailure`].
pub async fn enrol(at: EnrolAt<'_>, body: Vec<u8>) -> Result<Vec<u8>, EnrolFailure> {
    let client = client(&at).map_err(|_| EnrolFailure::BadAnswer)?;
    let request = client
        .post(format!("{}{PATH}", at.url))
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/json")
        .body(body);
    let mut response = request.send().await.map_err(|error| failure(&error))?;
    let status = response.status().as_u16();
    let mut answer = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| failure(&error))? {
        answer.extend_from_slice(&piece);
        if answer.len() > ANSWER_MAX {
            return Err(EnrolFailure::BadAnswer);
        }
    }
    match (status, wire::problem_code(&answer).as_deref()) {
        (200 | 201, _) => Ok(answer),
        (410, Some("enrolment-expired")) => Err(EnrolFailure::Expired),
        (409, Some("enrolment-used")) => Err(EnrolFailure::Used),
        (403, Some("enrolment-foreign")) => Err(EnrolFailure::Foreign),
        (400..=499, Some(_)) => Err(EnrolFailure::Refused),
        (500..=599, _) => Err(EnrolFailure::NoLine),
        _ => Err(EnrolFailure::BadAnswer),
    }
}

fn client(at: &EnrolAt<'_>) -> Result<reqwest::Client, Box<dyn std::error::Error + Send + Sync>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let pinned = Pinned { authority: at.authority, now: at.now, provider: Arc::clone(&provider) };
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(pinned))
        .with_no_client_auth();
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(true)
        .http1_only()
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(REQUEST_TIMEOUT + Duration::from_secs(10))
        .build()?)
}

fn failure(error: &reqwest::Error) -> EnrolFailure {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.is::<TlsError>() {
            return EnrolFailure::OtherCounty;
        }
        cause = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    EnrolFailure::NoLine
}

/// Trusts the one authority with this fingerprint.
#[derive(Debug)]
struct Pinned {
    authority: [u8; 32],
    now: Timestamp,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let is_ours =
            |der: &&CertificateDer<'_>| ring::digest::digest(&ring::digest::SHA256, der).as_ref() == self.authority;
        let unknown = || TlsError::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let authority = intermediates.iter().find(is_ours).ok_or_else(unknown)?;
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone().into_owned()).map_err(|_| unknown())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider))
            .build()
            .map_err(|_| unknown())?;
        let seconds = u64::try_from(self.now.as_second()).unwrap_or(0);
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
