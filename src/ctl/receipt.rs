//! `kioskctl receipt verify`: whether a slip is genuine, without asking anybody.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{CtlError, Report};
use crate::attest::{Keys, Outcome, PublicKey, check};
use crate::domain::receipt::{NumberError, read_number};
use crate::domain::time::clock;

/// Longest text that is read from standard input, in bytes.
const INPUT_MAX: u64 = 4096;

/// Where the text comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// The command line.
    Given(String),
    /// Standard input.
    StandardInput,
}

/// Whose keys count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Against {
    /// The public key in this PEM file.
    Key(PathBuf),
    /// The county's register in this JSON file.
    Register(PathBuf),
    /// None: enough for a number.
    Nothing,
}

impl Text {
    /// The text itself.
    ///
    /// # Errors
    /// Standard input cannot be read.
    pub(super) fn read(self) -> Result<String, CtlError> {
        match self {
            Self::Given(text) => Ok(text),
            Self::StandardInput => read_input(),
        }
    }
}

impl Against {
    /// The keys; `needed` says what they are needed for.
    ///
    /// # Errors
    /// A file cannot be used, or none was given.
    pub(super) fn keys(&self, needed: &str) -> Result<Keys, CtlError> {
        match self {
            Self::Key(file) => Ok(Keys::Single(public_key(&read(file)?, file)?)),
            Self::Register(file) => register(file),
            Self::Nothing => {
                let todo = "give --key FILE (the kiosk's public key) or --county-keys FILE (the county's register)";
                Err(CtlError::new("receipt.no-key", needed, todo))
            }
        }
    }
}

/// What came of it. The query code is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceiptReport {
    /// `genuine`, `altered`, `unknown-kiosk`, `unsigned`, `foreign`, `number` or `number-wrong`.
    pub outcome: &'static str,
    /// Kiosk the text names, if it is to be believed.
    pub kiosk: Option<String>,
    /// Number on that kiosk.
    pub sequence: Option<u64>,
    /// `kept` or `accepted`.
    pub kind: Option<&'static str>,
    /// Business item code.
    pub item: Option<String>,
    /// When, in China.
    pub at: Option<String>,
    /// Case number.
    pub case: Option<String>,
    /// What it means, for a person.
    pub meaning: String,
}

/// The county's register, as its page gives it.
#[derive(Deserialize)]
struct Register {
    keys: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    terminal: String,
    public_key: String,
}

/// Checks a text.
///
/// # Errors
/// A file cannot be used, or there is none where one is needed.
pub fn verify(text: Text, against: &Against) -> Result<ReceiptReport, CtlError> {
    let text = text.read()?;
    if !text.trim_start().starts_with("BM") {
        match read_number(&text) {
            Ok((kiosk, sequence)) => {
                let meaning = format!("well written: number {} of kiosk {kiosk}", sequence.0);
                return Ok(ReceiptReport { kiosk: Some(kiosk), sequence: Some(sequence.0), ..bare("number", meaning) });
            }
            Err(NumberError::LookAgain) => {
                let meaning = "please look at the number again: a character is wrong, or two are the wrong way round";
                return Ok(bare("number-wrong", meaning.to_owned()));
            }
            Err(NumberError::NotANumber) => {}
        }
    }
    Ok(report(check(&text, &against.keys("a slip is checked with a key")?)))
}

fn report(outcome: Outcome) -> ReceiptReport {
    let word = outcome.as_str();
    match outcome {
        Outcome::Genuine(claim) => {
            let kind = if claim.case.is_some() { "accepted" } else { "kept" };
            ReceiptReport {
                kiosk: Some(claim.kiosk),
                sequence: Some(claim.sequence.0),
                kind: Some(kind),
                item: Some(claim.item),
                at: Some(minute(claim.at)),
                case: claim.case,
                ..bare(word, "genuine: the kiosk signed exactly this".to_owned())
            }
        }
        Outcome::Altered => bare(
            word,
            "altered, or not read whole: the kiosk did not sign this; scan again before you accuse".to_owned(),
        ),
        Outcome::UnknownKiosk { kiosk } => {
            let meaning = format!("no key is known for kiosk {kiosk}: take a newer register, or ask the county");
            ReceiptReport { kiosk: Some(kiosk), ..bare(word, meaning) }
        }
        Outcome::Unsigned => {
            let meaning = "without signature (older layout, or a kiosk without a key): the paper proves nothing, ask \
                           the county by number and query code";
            bare(word, meaning.to_owned())
        }
        Outcome::Foreign => bare(word, "no slip of a kiosk".to_owned()),
    }
}

/// A time as it is told, in China, to the minute.
pub(super) fn minute(at: jiff::Timestamp) -> String {
    let c = clock(at);
    format!("{}-{:02}-{:02} {:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute)
}

fn bare(outcome: &'static str, meaning: String) -> ReceiptReport {
    ReceiptReport { outcome, kiosk: None, sequence: None, kind: None, item: None, at: None, case: None, meaning }
}

fn read_input() -> Result<String, CtlError> {
    let mut text = String::new();
    std::io::stdin().lock().take(INPUT_MAX).read_to_string(&mut text).map_err(|error| {
        CtlError::new("receipt.input", format!("cannot read standard input: {error}"), "give the text of the QR code")
    })?;
    Ok(text)
}

fn register(file: &Path) -> Result<Keys, CtlError> {
    let register: Register = serde_json::from_str(&read(file)?).map_err(|error| {
        let what = format!("{}: not the county's register: {error}", file.display());
        CtlError::new("receipt.register", what, "fetch it again from the county's page /verify/keys")
    })?;
    let mut keys: BTreeMap<String, Vec<PublicKey>> = BTreeMap::new();
    for entry in register.keys {
        keys.entry(entry.terminal).or_default().push(public_key(&entry.public_key, file)?);
    }
    Ok(Keys::Register(keys))
}

fn public_key(pem: &str, file: &Path) -> Result<PublicKey, CtlError> {
    PublicKey::from_pem(pem).map_err(|error| {
        let what = format!("{}: cannot {error}", file.display());
        CtlError::new(error.code(), what, "give a file that begins with BEGIN PUBLIC KEY")
    })
}

pub(super) fn read(file: &Path) -> Result<String, CtlError> {
    std::fs::read_to_string(file).map_err(|error| {
        let what = format!("cannot read {}: {error}", file.display());
        CtlError::new("file.unreadable", what, "check the path and the permissions")
    })
}

impl Report for ReceiptReport {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{}: {}", self.outcome, self.meaning)];
        let facts = [
            ("kiosk", self.kiosk.clone()),
            ("number", self.sequence.map(|sequence| sequence.to_string())),
            ("kind", self.kind.map(str::to_owned)),
            ("item", self.item.clone()),
            ("time", self.at.clone()),
            ("case", self.case.clone()),
        ];
        lines.extend(facts.into_iter().filter_map(|(name, value)| Some(format!("{name:<8}{}", value?))));
        lines
    }

    fn is_good(&self) -> bool {
        matches!(self.outcome, "genuine" | "number")
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

    const CLAIM: &str = "BM2 A K0320001871 11320699 1767225600 320699202611240001 482913";

    fn told(text: &str, against: &Against) -> (&'static str, u8) {
        let report = verify(Text::Given(text.to_owned()), against).unwrap();
        assert!(!report.lines().join("\n").contains("482913"), "the query code is not repeated");
        (report.outcome, if report.is_good() { 0 } else { report.code_if_not_good() })
    }

    #[test]
    fn each_outcome_has_its_word_and_its_exit_code() {
        let folder = tempfile::TempDir::new().unwrap();
        let key = SlipKey::from_seed(Suite::Sm, [4; 32]).unwrap();
        let pem = key.public().to_pem().unwrap();
        let (single, register) = (folder.path().join("key.pem"), folder.path().join("keys.json"));
        std::fs::write(&single, &pem).unwrap();
        let entry = serde_json::json!({ "terminal": "K033", "suite": "sm", "publicKey": pem });
        std::fs::write(&register, serde_json::json!({ "keys": [entry] }).to_string()).unwrap();
        let (single, register) = (Against::Key(single), Against::Register(register));

        let genuine = payload(CLAIM, key.sign(CLAIM).as_deref());
        assert_eq!(told(&genuine, &single), ("genuine", 0));
        assert_eq!(told(&genuine.replace("482913", "482914"), &single), ("altered", 1));
        assert_eq!(told(&genuine, &register), ("unknown-kiosk", 1));
        assert_eq!(told(&payload(CLAIM, None), &single), ("unsigned", 3));
        assert_eq!(told("BM1 K K032000187 000001", &register), ("unsigned", 3));
        assert_eq!(told("https://example.invalid", &single), ("foreign", 1));
        assert_eq!(told("k032 0001 871", &Against::Nothing), ("number", 0));
        assert_eq!(told("k032 0001 781", &Against::Nothing), ("number-wrong", 1));
    }

    #[test]
    fn a_slip_without_a_key_to_check_it_says_which_key_to_give() {
        let error = verify(Text::Given(CLAIM.to_owned()), &Against::Nothing).unwrap_err();
        assert_eq!(error.code, "receipt.no-key");
        assert!(error.to_string().contains("--county-keys"));
    }
}
