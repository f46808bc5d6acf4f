//! The square code with which a county takes a machine in.
//!
//! Text: `BME1.` payload `.` signature, both base64url without padding. The payload is a JSON object with short names: `v` 1,
//! `u` address of the platform, `a` SHA-256 of its authority's certificate (base64url), `t` token for one use, `e` end of its
//! time (unix seconds), `k` number of the kiosk, `p` code of the place. The signature is the authority's over the payload's
//! text. About 330 characters: a code of medium density that a kiosk's scanner reads from paper or from a screen.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::keys::{Document, SigningKey, Trusted};
use super::signed::{self, Unopened};
use crate::config::check_county_url;
use crate::domain::place::KioskCode;
use crate::domain::setup::Expected;
use crate::ipc::EnrolRefusal;

/// Beginning of every code.
const HEAD: &str = "BME1.";
/// Longest code, in bytes. A real one has a third of it.
const LONGEST: usize = 1024;

/// An enrolment code whose signature was checked, or one that is being made.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolCode {
    /// `https://host[:port]`.
    pub url: String,
    /// SHA-256 of the certificate (DER) of the authority that vouches for the platform.
    pub authority: [u8; 32],
    /// Counts once.
    pub token: String,
    /// From then on it does not count.
    pub expires: Timestamp,
    /// Number of the kiosk.
    pub kiosk: KioskCode,
    /// Code of the place, nine or twelve digits.
    pub place: String,
}

impl std::fmt::Debug for EnrolCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnrolCode").field("kiosk", &self.kiosk).field("place", &self.place).finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    v: u8,
    u: String,
    a: String,
    t: String,
    e: i64,
    k: String,
    p: String,
}

impl EnrolCode {
    /// The signed text.
    ///
    /// # Errors
    /// The fields cannot be written as JSON.
    pub fn sign(&self, key: &SigningKey) -> Result<String, serde_json::Error> {
        let payload = Payload {
            v: 1,
            u: self.url.clone(),
            a: URL_SAFE_NO_PAD.encode(self.authority),
            t: self.token.clone(),
            e: self.expires.as_second(),
            k: self.kiosk.to_string(),
            p: self.place.clone(),
        };
        signed::sign(HEAD, Document::Code, &payload, key)
    }

    /// Reads a stranger's text. `floor` is a moment that has certainly passed.
    ///
    /// # Errors
    /// The first thing that is wrong, in this order: length, form, signature, version and fields, address, time, kiosk,
    /// place. Nothing of an unsigned code is looked at.
    pub fn read(text: &str, trusted: &Trusted, floor: Timestamp, expected: &Expected) -> Result<Self, EnrolRefusal> {
        let text = text.trim();
        if !text.starts_with(HEAD) {
            return Err(if text.len() > LONGEST { EnrolRefusal::TooLong } else { EnrolRefusal::NotACode });
        }
        if text.len() > LONGEST {
            return Err(EnrolRefusal::TooLong);
        }
        let payload: Payload = signed::open(HEAD, Document::Code, text, trusted).map_err(|why| match why {
            Unopened::Form => EnrolRefusal::NotACode,
            Unopened::Foreign => EnrolRefusal::Foreign,
        })?;
        let code = Self::of(payload).ok_or(EnrolRefusal::NotACode)?;
        if check_county_url("the enrolment code", &code.url).is_err() {
            return Err(EnrolRefusal::BadAddress);
        }
        if code.expires <= floor {
            return Err(EnrolRefusal::Expired);
        }
        if expected.kiosk.as_ref().is_some_and(|kiosk| *kiosk != code.kiosk) {
            return Err(EnrolRefusal::OtherKiosk);
        }
        if expected.place.as_ref().is_some_and(|place| *place != code.place) {
            return Err(EnrolRefusal::OtherPlace);
        }
        Ok(code)
    }

    fn of(payload: Payload) -> Option<Self> {
        let is_token = (16..=64).contains(&payload.t.len()) && payload.t.bytes().all(|b| b.is_ascii_alphanumeric());
        let is_place = matches!(payload.p.len(), 9 | 12) && payload.p.bytes().all(|b| b.is_ascii_digit());
        if payload.v != 1 || !is_token || !is_place {
            return None;
        }
        Some(Self {
            url: payload.u,
            authority: URL_SAFE_NO_PAD.decode(&payload.a).ok()?.try_into().ok()?,
            token: payload.t,
            expires: Timestamp::from_second(payload.e).ok()?,
            kiosk: KioskCode::new(&payload.k).ok()?,
            place: payload.p,
        })
    }
}
