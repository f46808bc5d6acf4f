//! Carrying by hand: what waits here goes to the county on a stick, and the county's receipts come back the same way.
//!
//! **The file out** holds everything of a kiosk: for each application id, number and state, and for what still waits or is
//! set aside the envelope, byte for byte as it would travel by line, with its digest. It is as sealed as on the disk.
//! **The file back** holds a result for each, of the shape a batch has. Both are one line of JSON and one line with a
//! signature under the secret shared with the county, over kind, terminal and time as well.
//!
//! A receipt from a file is exactly as good as one by line: it is judged by the same rules against the same id and
//! bytes. What is not from this county, not whole, or not for this kiosk is refused by name and changes nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::batch::judge;
use super::classify::Ours;
use super::sign::{Signed, Signer};
use super::wire;
use crate::domain::id::{Sequence, SubmissionId};
use crate::domain::submission::Verdict;

/// Version of both files.
const VERSION: u32 = 1;
/// Kind of the file out.
const OUT: &str = "bianmin-outbox";
/// Kind of the file back.
const BACK: &str = "bianmin-receipts";

/// One application on its way out. Shows nothing of its content.
pub struct Parcel {
    /// Which.
    pub id: SubmissionId,
    /// Its number.
    pub sequence: Sequence,
    /// `queued`, `set-aside` or `acknowledged`.
    pub state: &'static str,
    /// The stored bytes, where they are still here.
    pub stored: Option<Vec<u8>>,
}

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CarryError {
    /// It is no such file, or not whole.
    #[error("this is not a file with a county's receipts, or not all of it")]
    NotAFile,
    /// It is the file that goes to the county.
    #[error("this is the file that goes to the county, not the one that comes back")]
    WrongKind,
    /// A later program made it.
    #[error("a newer program made this file")]
    Version,
    /// It is from elsewhere.
    #[error("this file is from another county's platform")]
    ForeignCounty,
    /// It is for another terminal.
    #[error("this file is for another kiosk")]
    OtherKiosk,
    /// The signature does not fit.
    #[error("the signature of this file does not fit: it was altered, or made with another secret")]
    Signature,
}

impl CarryError {
    /// Stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotAFile => "carry.not-a-file",
            Self::WrongKind => "carry.wrong-kind",
            Self::Version => "carry.version",
            Self::ForeignCounty => "carry.foreign-county",
            Self::OtherKiosk => "carry.other-kiosk",
            Self::Signature => "carry.signature",
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Out<'a> {
    kind: &'a str,
    version: u32,
    app_id: &'a str,
    terminal_id: &'a str,
    made: i64,
    entries: Vec<OutEntry>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutEntry {
    client_submission_id: SubmissionId,
    sequence: Sequence,
    state: &'static str,
    digest: Option<String>,
    submission: Option<Box<RawValue>>,
}

/// What is read before the signature is looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Label {
    kind: String,
    version: u32,
    app_id: String,
    terminal_id: String,
    made: i64,
}

#[derive(Deserialize)]
struct Results {
    results: Vec<Answer>,
}

/// What the county says of one application.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Which.
    #[serde(rename = "clientSubmissionId")]
    pub id: SubmissionId,
    status: u16,
    body: Box<RawValue>,
}

impl Answer {
    /// What it means for the application with these stored bytes, as if it had come by line. `None` if the bytes make no
    /// envelope.
    pub fn verdict(&self, sequence: Sequence, terminal: &str, stored: &[u8]) -> Option<Verdict> {
        let digest = wire::body_digest(&wire::envelope(self.id, sequence, terminal, stored)?);
        Some(judge(self.status, self.body.get(), Ours { id: self.id, digest: &digest }))
    }
}

/// Writes the file out.
///
/// # Errors
/// `None` if an application makes no JSON.
pub fn write_out(signer: &Signer, terminal: &str, made: Timestamp, parcels: &[Parcel]) -> Option<Vec<u8>> {
    let mut entries = Vec::with_capacity(parcels.len());
    for parcel in parcels {
        // What makes no envelope could never be sent by line either; its number and state still go.
        let envelope =
            parcel.stored.as_ref().and_then(|stored| wire::envelope(parcel.id, parcel.sequence, terminal, stored));
        entries.push(OutEntry {
            client_submission_id: parcel.id,
            sequence: parcel.sequence,
            state: parcel.state,
            digest: envelope.as_deref().map(wire::body_digest),
            submission: match envelope {
                Some(envelope) => Some(RawValue::from_string(String::from_utf8(envelope).ok()?).ok()?),
                None => None,
            },
        });
    }
    let made = made.as_second();
    let out = Out { kind: OUT, version: VERSION, app_id: signer.app_id(), terminal_id: terminal, made, entries };
    let mut file = serde_json::to_vec(&out).ok()?;
    let signature = signer.sign(of_file(OUT, terminal, made), &file);
    file.push(b'\n');
    file.extend_from_slice(signature.as_bytes());
    file.push(b'\n');
    Some(file)
}

/// Reads the file back.
///
/// # Errors
/// Says by name why it is not taken.
pub fn read_back(signer: &Signer, terminal: &str, file: &[u8]) -> Result<Vec<Answer>, CarryError> {
    let text = std::str::from_utf8(file).map_err(|_| CarryError::NotAFile)?;
    let mut lines = text.lines();
    let (Some(content), Some(signature), None) = (lines.next(), lines.next(), lines.next()) else {
        return Err(CarryError::NotAFile);
    };
    let label: Label = serde_json::from_str(content).map_err(|_| CarryError::NotAFile)?;
    match label.kind.as_str() {
        BACK => {}
        OUT => return Err(CarryError::WrongKind),
        _ => return Err(CarryError::NotAFile),
    }
    if label.version != VERSION {
        return Err(CarryError::Version);
    }
    if label.app_id != signer.app_id() {
        return Err(CarryError::ForeignCounty);
    }
    if label.terminal_id != terminal {
        return Err(CarryError::OtherKiosk);
    }
    if !signer.verify(of_file(BACK, terminal, label.made), content.as_bytes(), signature) {
        return Err(CarryError::Signature);
    }
    let Results { results } = serde_json::from_str(content).map_err(|_| CarryError::NotAFile)?;
    Ok(results)
}

/// What is signed besides the content: the kind in the place of the method, the terminal in the place of the nonce.
fn of_file<'a>(kind: &'a str, terminal: &'a str, made: i64) -> Signed<'a> {
    Signed { first: "FILE", path: kind, query: "", timestamp: made, nonce: terminal }
}
