//! Files that are carried by hand: a terminal's applications come in, receipts go back.
//!
//! Written from the contract, apart from the terminal's half.

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::api;
use crate::server::{Platform, ServeError};
use crate::sign::{Text, digest};

const OUT: &str = "bianmin-outbox";
const BACK: &str = "bianmin-receipts";

/// Why a terminal's file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum CarryRefusal {
    /// It is no such file, or not whole.
    #[error("this is not a terminal's file, or not all of it")]
    NotAFile,
    /// It was altered, or signed with another secret.
    #[error("the signature does not fit")]
    Signature,
    /// The platform failed.
    #[error(transparent)]
    Failed(#[from] ServeError),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Out {
    kind: String,
    version: u32,
    app_id: String,
    terminal_id: String,
    made: i64,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    client_submission_id: String,
    digest: Option<String>,
    submission: Option<Box<RawValue>>,
}

/// Takes the applications in a terminal's file, each by itself, and makes the file that goes back.
pub fn take(platform: &Platform, file: &[u8]) -> Result<Vec<u8>, CarryRefusal> {
    let text = std::str::from_utf8(file).map_err(|_| CarryRefusal::NotAFile)?;
    let mut lines = text.lines();
    let (Some(content), Some(signature), None) = (lines.next(), lines.next(), lines.next()) else {
        return Err(CarryRefusal::NotAFile);
    };
    let out: Out = serde_json::from_str(content).map_err(|_| CarryRefusal::NotAFile)?;
    if out.kind != OUT || out.version != 1 {
        return Err(CarryRefusal::NotAFile);
    }
    let made = out.made.to_string();
    let label =
        Text { first: "FILE", path: OUT, query: "", app_id: &out.app_id, timestamp: &made, nonce: &out.terminal_id };
    if !platform.gate.has_signed(label, content.as_bytes(), signature) {
        return Err(CarryRefusal::Signature);
    }
    let mut results = Vec::new();
    for entry in &out.entries {
        let Some(submission) = &entry.submission else { continue };
        let bytes = submission.get().as_bytes();
        if entry.digest.as_deref() != Some(digest(bytes).as_str()) {
            return Err(CarryRefusal::NotAFile);
        }
        results.push(api::result_of(platform, &entry.client_submission_id, bytes));
    }
    let made = platform.now().as_second();
    let content = json!({
        "kind": BACK, "version": 1, "appId": out.app_id, "terminalId": out.terminal_id, "made": made,
        "results": results,
    })
    .to_string();
    let made = made.to_string();
    let signature = platform.gate.sign(Text { path: BACK, timestamp: &made, ..label }, content.as_bytes());
    Ok(format!("{content}\n{signature}\n").into_bytes())
}
