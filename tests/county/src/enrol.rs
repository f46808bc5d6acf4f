//! Taking machines in: the square code that a county hands out, and the answer to a machine that comes with one.
//!
//! Written from the contract alone, as everything here; the kiosk's side is another program. The authority's key, the authority
//! of machines and the codes that were used lie in the folder and survive a restart. A code counts once: the same code with the
//! same key of the same machine is answered as the first time (the answer may have been lost), with another key it is refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{JSON, Problem};
use crate::authority::write;
use crate::chance;
use crate::request;
use crate::server::{Platform, ServeError};

/// Path of the contract. It is not behind the gate: a machine that enrols has no secret yet.
pub const PATH: &str = "/api/v1/enrolments";
const HEAD: &str = "BME1.";
const CODE_WORD: &[u8] = b"bianmin enrolment code 1\n";
const ANSWER_WORD: &[u8] = b"bianmin enrolment answer 1\n";
/// The place list of the demo county.
const PLACES: &str = include_str!("../places.json");
/// Ed25519 SubjectPublicKeyInfo up to the key.
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// What taking machines in needs.
pub struct Enrolments {
    key: Ed25519KeyPair,
    machines: Issuer<'static, KeyPair>,
    ca_pem: String,
    used: Mutex<Used>,
}

/// Codes that were used: token, fingerprint of the machine's key.
struct Used {
    file: PathBuf,
    tokens: BTreeMap<String, String>,
}

impl Enrolments {
    /// Opens the folder, making what is missing: `enrol.key`, `enrol.pub`, `machines.key`, `enrolled.json`.
    pub fn open(folder: &Path, ca_pem: &Path) -> Result<Self, ServeError> {
        let (key_file, pub_file) = (folder.join("enrol.key"), folder.join("enrol.pub"));
        if !key_file.exists() {
            let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| ServeError::Chance)?;
            write(&key_file, 0o600, &pem("PRIVATE KEY", pkcs8.as_ref()))?;
        }
        let der = PrivatePkcs8KeyDer::from_pem_slice(&read(&key_file)?).map_err(|_| ServeError::Pem)?;
        let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der()).map_err(|_| ServeError::Pem)?;
        write(&pub_file, 0o644, &pem("PUBLIC KEY", &[&SPKI[..], key.public_key().as_ref()].concat()))?;
        let machines_file = folder.join("machines.key");
        if !machines_file.exists() {
            write(&machines_file, 0o600, &KeyPair::generate()?.serialize_pem())?;
        }
        let machines_key = KeyPair::from_pem(&text(&machines_file)?)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Stand-in authority of machines, not real");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let file = folder.join("enrolled.json");
        let tokens = if file.exists() { serde_json::from_str(&text(&file)?)? } else { BTreeMap::new() };
        Ok(Self {
            key,
            machines: Issuer::new(params, machines_key),
            ca_pem: text(ca_pem)?,
            used: Mutex::new(Used { file, tokens }),
        })
    }

    /// A new code for a machine. `place` is the code of its place, `expires` unix seconds.
    pub fn code(&self, url: &str, kiosk: &str, place: &str, expires: i64) -> Result<String, ServeError> {
        let authority = CertificateDer::from_pem_slice(self.ca_pem.as_bytes()).map_err(|_| ServeError::Pem)?;
        let payload = json!({
            "v": 1,
            "u": url,
            "a": URL_SAFE_NO_PAD.encode(digest(&SHA256, &authority)),
            "t": hex::encode(chance::bytes::<16>()?),
            "e": expires,
            "k": kiosk,
            "p": place,
        });
        Ok(self.signed_code(&payload))
    }

    /// A code with any payload, for tests of the other side.
    pub fn signed_code(&self, payload: &Value) -> String {
        let text = URL_SAFE_NO_PAD.encode(payload.to_string());
        let signature = self.key.sign(&[CODE_WORD, text.as_bytes()].concat());
        format!("{HEAD}{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The payload of a code that this authority signed.
    fn payload(&self, code: &str) -> Option<Payload> {
        let (text, signature) = code.strip_prefix(HEAD)?.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let signed = [CODE_WORD, text.as_bytes()].concat();
        UnparsedPublicKey::new(&ED25519, self.key.public_key()).verify(&signed, &signature).ok()?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    }

    /// Whether the token is free, or was used by this very key.
    fn use_up(&self, token: &str, key: &str) -> Result<bool, ServeError> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = used.tokens.get(token) {
            return Ok(before == key);
        }
        used.tokens.insert(token.to_owned(), key.to_owned());
        let json = serde_json::to_string(&used.tokens)?;
        write(&used.file, 0o600, &json)?;
        Ok(true)
    }
}

#[derive(Deserialize)]
struct Payload {
    u: String,
    t: String,
    e: i64,
    k: String,
    p: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    code: String,
    csr: String,
    #[serde(default)]
    receipt_key: Option<String>,
}

/// `POST /api/v1/enrolments`.
pub fn router() -> Router<Arc<Platform>> {
    Router::new().route(PATH, post(enrol))
}

async fn enrol(State(platform): State<Arc<Platform>>, body: Bytes) -> Result<Response, Problem> {
    answer(&platform, &body).map(|answer| (StatusCode::CREATED, [(CONTENT_TYPE, JSON)], answer).into_response())
}

/// The answer to a request, as it travels over the line or in a file.
pub fn answer(platform: &Platform, body: &[u8]) -> Result<String, Problem> {
    let malformed = || Problem::new(400, "body-malformed", "the body is not an enrolment");
    let request: Request = serde_json::from_slice(body).map_err(|_| malformed())?;
    let enrolments = &platform.enrolments;
    let payload = enrolments
        .payload(&request.code)
        .ok_or_else(|| Problem::new(403, "enrolment-foreign", "the code is not one of ours"))?;
    if platform.now().as_second() >= payload.e {
        return Err(Problem::new(410, "enrolment-expired", "the time of the code is over"));
    }
    let csr = request::Request::read(&request.csr).ok_or_else(malformed)?;
    if csr.name != payload.k {
        return Err(Problem::new(422, "enrolment-kiosk", "the request is for another kiosk than the code"));
    }
    let key = hex::encode(digest(&SHA256, &csr.spki));
    if !enrolments.use_up(&payload.t, &key)? {
        return Err(Problem::new(409, "enrolment-used", "the code was used for another machine"));
    }
    if let Some(receipt_key) = &request.receipt_key {
        tracing::info!(kiosk = payload.k, length = receipt_key.len(), "key for receipts registered");
    }
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, payload.k.as_str());
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = params.signed_by(&csr, &enrolments.machines).map_err(ServeError::from)?.pem();
    let (place, window) = place(&payload.p);
    let answer = json!({
        "v": 1,
        "kiosk": payload.k,
        "key": key,
        "token": payload.t,
        "url": payload.u,
        "appId": platform.settings.app_id,
        "secret": platform.secret,
        "certificate": certificate,
        "ca": enrolments.ca_pem,
        "sealSuite": "sm",
        "sealKey": platform.seal_keys.pem(crate::seal::Suite::Sm),
        "place": place,
        "window": window,
        "places": serde_json::from_str::<Value>(PLACES).map_err(ServeError::from)?,
    })
    .to_string();
    let signature = enrolments.key.sign(&[ANSWER_WORD, answer.as_bytes()].concat());
    Ok(json!({ "answer": answer, "signature": URL_SAFE_NO_PAD.encode(signature) }).to_string())
}

/// The place with this code and its window; nothing where the demo county has none.
fn place(code: &str) -> (Value, Value) {
    let list: Value = serde_json::from_str(PLACES).unwrap_or_default();
    let each = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    for city in each(&list, "cities") {
        for county in each(&city, "counties") {
            for town in each(&county, "towns") {
                let villages = each(&town, "villages");
                let village = villages.iter().find(|village| village["code"] == code);
                if town["code"] != code && village.is_none() {
                    continue;
                }
                let name = village.unwrap_or(&town)["name"]["zh"].as_str().unwrap_or_default().to_owned();
                let place = json!({
                    "city": city["name"],
                    "county": county["name"],
                    "county_code": county["code"],
                    "kind": county["kind"],
                    "town": town["name"],
                    "town_code": town["code"],
                    "level": village.unwrap_or(&town)["level"],
                    "village": village.map(|village| json!({ "name": village["name"], "code": village["code"] })),
                });
                let window = json!({
                    "name": { "zh": "全科窗口", "en": "All-round window" },
                    "address": { "zh": format!("{name}示例路1号一楼大厅"), "en": "Ground floor, 1 Shili Road" },
                    "hours": { "zh": "周一至周五 8:30–11:30 14:00–17:30", "en": "Mon to Fri 8:30–11:30, 14:00–17:30" },
                    "phone": "0513-00000000",
                });
                return (place, window);
            }
        }
    }
    (Value::Null, Value::Null)
}

fn pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let lines: Vec<&str> =
        (0..body.len()).step_by(64).filter_map(|at| body.get(at..(at + 64).min(body.len()))).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn read(file: &Path) -> Result<Vec<u8>, ServeError> {
    fs::read(file).map_err(|source| ServeError::file(file, source))
}

fn text(file: &Path) -> Result<String, ServeError> {
    fs::read_to_string(file).map_err(|source| ServeError::file(file, source))
}
