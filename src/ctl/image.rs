//! `kioskctl image verify`: whether a machine runs a released image, from the code on its technician's page, without
//! asking anybody.
//!
//! Two things are asked apart: did the kiosk that the code names sign it, and is the root hash in it one of a manifest that
//! was given. What the answer is worth, [`crate::domain::genuine`] says.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::receipt::{Against, Text, minute};
use super::{CtlError, Report};
use crate::attest::{Outcome, check_image};
use crate::domain::genuine::RootHash;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImageReport {
    /// `genuine`, `unknown-image`, `altered`, `unknown-kiosk`, `unsigned` or `foreign`.
    pub outcome: &'static str,
    /// Kiosk that signed it.
    pub kiosk: Option<String>,
    /// Version of the image, of the manifest that has its hash.
    pub version: Option<String>,
    /// Root hash that the kiosk names.
    pub root_hash: Option<String>,
    /// When, by the kiosk's clock, in China.
    pub at: Option<String>,
    /// What it means, for a person.
    pub meaning: String,
}

/// The part of an image's `manifest.json` that counts here.
#[derive(Deserialize)]
struct Manifest {
    version: String,
    root_hash: String,
}

/// Checks a code.
///
/// # Errors
/// A file cannot be used, or no key was given.
pub fn verify(text: Text, against: &Against, manifests: &[PathBuf]) -> Result<ImageReport, CtlError> {
    let text = text.read()?;
    let outcome = check_image(&text, &against.keys("the code of an image is checked with a key")?);
    let word = outcome.as_str();
    let bare = |meaning: &str| ImageReport {
        outcome: word,
        kiosk: None,
        version: None,
        root_hash: None,
        at: None,
        meaning: meaning.to_owned(),
    };
    Ok(match outcome {
        Outcome::Genuine(claim) => {
            let released = released(manifests, &claim.root_hash)?;
            let (outcome, meaning) = match &released {
                Some(version) => (word, format!("the kiosk says that it runs the released image {version}")),
                None => {
                    let meaning = "the kiosk signed this, and none of the manifests given has this image: give those of all \
                                   releases; if it is in none, take the machine out of service";
                    ("unknown-image", meaning.to_owned())
                }
            };
            ImageReport {
                outcome,
                version: released,
                root_hash: Some(claim.root_hash.as_str().to_ascii_lowercase()),
                at: Some(minute(claim.at)),
                kiosk: Some(claim.kiosk),
                meaning,
            }
        }
        Outcome::Altered => bare("altered, or not read whole: the kiosk did not sign this; scan again"),
        Outcome::UnknownKiosk { kiosk } => {
            let meaning = format!("no key is known for kiosk {kiosk}: take a newer register, or ask the county");
            ImageReport { kiosk: Some(kiosk), ..bare(&meaning) }
        }
        Outcome::Unsigned => bare("without signature: this kiosk has no key for slips, so its word proves nothing"),
        Outcome::Foreign => bare("no code of an image; a slip is checked with kioskctl receipt verify"),
    })
}

/// Version of the manifest that has this root.
fn released(manifests: &[PathBuf], root_hash: &RootHash) -> Result<Option<String>, CtlError> {
    for file in manifests {
        let manifest = manifest(file)?;
        if RootHash::read(&manifest.root_hash).as_ref() == Some(root_hash) {
            return Ok(Some(manifest.version));
        }
    }
    Ok(None)
}

fn manifest(file: &Path) -> Result<Manifest, CtlError> {
    let text = super::receipt::read(file)?;
    serde_json::from_str(&text).map_err(|error| {
        let what = format!("{}: not the manifest of an image: {error}", file.display());
        CtlError::new("image.manifest", what, "give the manifest.json that came with the image")
    })
}

impl Report for ImageReport {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{}: {}", self.outcome, self.meaning)];
        let facts = [("kiosk", &self.kiosk), ("version", &self.version), ("root", &self.root_hash), ("time", &self.at)];
        lines.extend(facts.into_iter().filter_map(|(name, value)| Some(format!("{name:<8}{}", value.as_ref()?))));
        lines
    }

    fn is_good(&self) -> bool {
        self.outcome == "genuine"
    }

    fn code_if_not_good(&self) -> u8 {
        if self.outcome == "unsigned" { 3 } else { 1 }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test names its line")]

    use super::*;
    use crate::attest::{SlipKey, Suite};
    use crate::domain::receipt::payload;

    const HASH: &str = "9f3a20c177d4e05b9f3a20c177d4e05b9f3a20c177d4e05b9f3a20c177d4e05b";

    #[test]
    fn each_outcome_has_its_word_and_its_exit_code() {
        let folder = tempfile::TempDir::new().unwrap();
        let put = |name: &str, text: String| {
            let file = folder.path().join(name);
            std::fs::write(&file, text).unwrap();
            file
        };
        let key = SlipKey::from_seed(Suite::International, [5; 32]).unwrap();
        let pem = key.public().to_pem().unwrap();
        let entry = serde_json::json!({ "terminal": "K033", "suite": "international", "publicKey": pem });
        let register = Against::Register(put("keys.json", serde_json::json!({ "keys": [entry] }).to_string()));
        let single = Against::Key(put("key.pem", pem));
        let of = |version: &str, hash: &str| serde_json::json!({ "version": version, "root_hash": hash }).to_string();
        let ours = put("ours.json", of("1.2.0", HASH));
        let other = put("other.json", of("1.1.0", &HASH.replace('9', "8")));
        let all = [other.clone(), ours.clone()];
        let told = |text: &str, against: &Against, manifests: &[PathBuf]| {
            let report = verify(Text::Given(text.to_owned()), against, manifests).unwrap();
            let code = if report.is_good() { 0 } else { report.code_if_not_good() };
            (report.outcome, report.version, code)
        };

        let claim = format!("BMI1 K032 {} 1795398060", HASH.to_ascii_uppercase());
        let code = payload(&claim, key.sign(&claim).as_deref());
        assert_eq!(told(&code, &single, &all), ("genuine", Some("1.2.0".into()), 0));
        assert_eq!(told(&code, &single, &[other]), ("unknown-image", None, 1));
        assert_eq!(
            told(&code.replace("9F3A20C177D4E05B 1795", "8F3A20C177D4E05B 1795"), &single, &all),
            ("altered", None, 1)
        );
        assert_eq!(told(&code.replace("1795398060", "1795398061"), &single, &all), ("altered", None, 1));
        assert_eq!(told(&code, &register, &all), ("unknown-kiosk", None, 1));
        assert_eq!(told(&payload(&claim, None), &single, &all), ("unsigned", None, 3));
        // A slip of the same kiosk, signed by the same key, is no image.
        let slip = "BM2 A K0320001871 11320699 1767225600 320699202611240001 482913";
        assert_eq!(told(&payload(slip, key.sign(slip).as_deref()), &single, &all), ("foreign", None, 1));
        let error = verify(Text::Given(code), &single, &[put("slip.txt", slip.to_owned())]).unwrap_err();
        assert_eq!(error.code, "image.manifest");
    }
}
