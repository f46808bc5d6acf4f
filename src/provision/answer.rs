//! What the machine asks of the county, and what the county gives: over the line, or as files on a stick, by the same checks.
//!
//! The answer is signed by the county's authority, whatever way it comes, and names the key it is for and the token of the
//! code it answers: an answer for another machine is of no use here, nor one that this machine was given at an earlier time.
//! Reading writes nothing: what the county gave is stored after the set-up has judged it. It holds the secret that requests are signed with; a stick that carried it is a key and is
//! wiped afterwards.

use std::path::Path;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use super::code::EnrolCode;
use super::disk::{self, Folders};
use super::keys::{self, Document, KeyError, MachineKey, Trusted};
use super::rollout::Rollout;
use crate::attest::{SEED_LENGTH, SlipKey, Suite as SlipSuite};
use crate::domain::place::{KioskCode, Place, PlaceParts};
use crate::domain::settings::WindowSettings;
use crate::domain::setup::{Grant, PlaceList};
use crate::ipc::EnrolRefusal;
use crate::seal::{CountyKey, Suite};

/// Longest answer, in bytes: certificates and a county's list of places.
const LONGEST: usize = 512 * 1024;

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Text of the enrolment code.
    pub code: String,
    /// Request for a certificate, PEM.
    pub csr: String,
}

impl Request {
    /// Makes the machine's key if there is none, and the request, which is kept so that it can be carried.
    ///
    /// # Errors
    /// The disk, or the key.
    pub fn make(folders: &Folders, text: &str, code: &EnrolCode) -> Result<(Self, MachineKey), KeyError> {
        let key = MachineKey::open_or_make(&folders.machine_key())?;
        let request = Self { code: text.trim().to_owned(), csr: key.request(code.kiosk.as_str())? };
        let json = serde_json::to_vec(&request).map_err(|error| KeyError::Make(error.to_string()))?;
        disk::write(&folders.request(), &json, disk::SECRET)?;
        Ok((request, key))
    }
}

/// The answer as it travels: a text and the signature over it.
#[derive(Serialize, Deserialize)]
struct Sealed {
    answer: String,
    signature: String,
}

/// What the county gave. `Debug` shows nothing of the secret.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    v: u8,
    kiosk: KioskCode,
    /// Fingerprint of the machine's key.
    key: String,
    /// Token of the code that is answered.
    token: String,
    url: String,
    app_id: String,
    secret: String,
    certificate: String,
    ca: String,
    /// Suite and public key (PEM) that applications are sealed with.
    seal_suite: Suite,
    seal_key: String,
    #[serde(default)]
    place: Option<PlaceParts>,
    #[serde(default)]
    window: Option<WindowSettings>,
    #[serde(default)]
    places: Option<PlaceList>,
    /// Where updates come from, if the county has a rollout server.
    #[serde(default)]
    rollout: Option<Rollout>,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("kiosk", &self.kiosk).finish_non_exhaustive()
    }
}

impl Answer {
    /// Reads and checks an answer for this machine's key and this code.
    ///
    /// # Errors
    /// The first thing that is wrong. Nothing of an unsigned answer is looked at.
    pub fn read(bytes: &[u8], trusted: &Trusted, key: &MachineKey, code: &EnrolCode) -> Result<Self, EnrolRefusal> {
        if bytes.len() > LONGEST {
            return Err(EnrolRefusal::BadAnswer);
        }
        let sealed: Sealed = serde_json::from_slice(bytes).map_err(|_| EnrolRefusal::BadAnswer)?;
        if !trusted.has_signed(Document::Answer, sealed.answer.as_bytes(), &sealed.signature) {
            return Err(EnrolRefusal::OtherCounty);
        }
        let answer: Self = serde_json::from_str(&sealed.answer).map_err(|_| EnrolRefusal::BadAnswer)?;
        if answer.key != key.fingerprint() || answer.kiosk != code.kiosk {
            return Err(EnrolRefusal::OtherKiosk);
        }
        if answer.token != code.token {
            return Err(EnrolRefusal::BadAnswer);
        }
        let place_fits = match answer.place.clone().map(Place::new) {
            None => true,
            Some(Ok(place)) => place.code() == code.place,
            Some(Err(_)) => false,
        };
        let is_name = |text: &str| {
            (1..=64).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
        };
        let is_secret =
            (32..=256).contains(&answer.secret.len()) && answer.secret.bytes().all(|b| b.is_ascii_graphic());
        let is_good = answer.v == 1
            && answer.url == code.url
            && is_name(&answer.app_id)
            && is_secret
            && answer.certificate.contains("-----BEGIN CERTIFICATE-----")
            && fingerprint_of(&answer.ca) == Some(code.authority)
            && answer.rollout.as_ref().is_none_or(Rollout::is_good)
            && CountyKey::from_pem(answer.seal_suite, &answer.seal_key, Path::new("sealKey")).is_ok();
        if !is_good {
            return Err(EnrolRefusal::BadAnswer);
        }
        if !place_fits {
            return Err(EnrolRefusal::OtherPlace);
        }
        Ok(answer)
    }

    /// What of it the set-up judges, and goes on with.
    pub fn grant(&self) -> Grant {
        Grant {
            kiosk: self.kiosk.clone(),
            url: self.url.clone(),
            app_id: self.app_id.clone(),
            seal_suite: self.seal_suite.word().to_owned(),
            place: self.place.clone(),
            window: self.window.clone(),
        }
    }

    /// Writes what the county gave, each file whole. `carried` is the rollout server of a prepared card; the answer's own
    /// counts before it.
    ///
    /// # Errors
    /// Names the file.
    pub fn store(&self, folders: &Folders, carried: Option<&Rollout>) -> Result<(), KeyError> {
        disk::write(&folders.county("ca.pem"), self.ca.as_bytes(), disk::OPEN)?;
        disk::write(&folders.county("certificate.pem"), self.certificate.as_bytes(), disk::OPEN)?;
        disk::write(&folders.county("secret"), self.secret.as_bytes(), disk::SECRET)?;
        disk::write(&folders.county("seal.pub"), self.seal_key.as_bytes(), disk::OPEN)?;
        // The key that slips are signed with is made here, once, and never leaves; the county is told its public half
        // by the kiosk's first call.
        if disk::read(&folders.slip_key())?.is_none() {
            disk::write(&folders.slip_key(), slip_key(self.seal_suite)?.as_bytes(), disk::SECRET)?;
        }
        if let Some(places) = &self.places
            && let Ok(json) = serde_json::to_vec(places)
        {
            disk::write(&folders.county("places.json"), &json, disk::OPEN)?;
        }
        if let Some(rollout) = self.rollout.as_ref().or(carried) {
            rollout.store(folders)?;
        }
        Ok(())
    }
}

/// A fresh key for slips, PEM, of the same family as the seal.
fn slip_key(suite: Suite) -> Result<Zeroizing<String>, KeyError> {
    let suite = match suite {
        Suite::Sm => SlipSuite::Sm,
        Suite::International => SlipSuite::International,
    };
    let made = |error: crate::attest::KeyError| KeyError::Make(error.to_string());
    let seed = Zeroizing::new(keys::fresh::<SEED_LENGTH>()?);
    SlipKey::from_seed(suite, *seed).and_then(|key| key.to_pem()).map_err(made)
}

/// SHA-256 of the first certificate of a PEM text.
pub fn fingerprint_of(pem: &str) -> Option<[u8; 32]> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    ring::digest::digest(&ring::digest::SHA256, certificate.as_ref()).as_ref().try_into().ok()
}
