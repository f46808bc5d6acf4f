//! Handing in an attachment over a thin line: ask, send what is missing, believe signed answers only.
//!
//! [`Upload`] decides, without time and line: first it asks what the platform has, then it sends the manifest if nothing
//! is known, then every chunk that is missing, until all are there. After anything unclear the try is over; the
//! next one begins with asking, so a chunk that arrived although its answer was lost is not sent again. At most one chunk
//! is ever on its way. When to try again is decided by the core, as for applications.

use std::collections::BTreeSet;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::carrier::Verb;
use super::client::CountyClient;
use super::transport::{Answer, Request};
use super::wire;
use crate::domain::id::SubmissionId;

/// One try to hand in an attachment of some chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    chunks: usize,
    missing: Option<BTreeSet<usize>>,
    is_known: bool,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Ask what is there.
    Ask,
    /// Send the manifest.
    Manifest,
    /// Send the chunk of this number.
    Chunk(usize),
    /// Everything is there.
    Done,
}

/// What the platform has, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Progress {
    /// Chunks of the whole.
    pub chunks: usize,
    /// Those that are there.
    pub have: BTreeSet<usize>,
}

impl Upload {
    /// A try for an attachment of this many chunks.
    pub fn new(chunks: usize) -> Self {
        Self { chunks, missing: None, is_known: true }
    }

    /// The next step.
    pub fn next(&self) -> Step {
        match &self.missing {
            _ if !self.is_known => Step::Manifest,
            None => Step::Ask,
            Some(missing) => missing.first().map_or(Step::Done, |chunk| Step::Chunk(*chunk)),
        }
    }

    /// The platform knows nothing of it.
    pub fn is_unknown(&mut self) {
        self.is_known = false;
    }

    /// The platform told what it has. `false`: it speaks of another attachment, nothing can come of it.
    #[must_use]
    pub fn has(&mut self, progress: &Progress) -> bool {
        self.is_known = true;
        self.missing = Some((0..self.chunks).filter(|chunk| !progress.have.contains(chunk)).collect());
        progress.chunks == self.chunks
    }
}

impl CountyClient {
    /// Hands in attachment `number` of a submission, or what is still missing of it. `Ok`: the platform has all of it.
    ///
    /// # Errors
    /// A stable code: of the line (`county.timeout` …), of the platform, or `county.no-receipt` if its answer is none.
    /// Trying again goes on where this try ended.
    pub async fn hand_in_attachment(
        &self,
        id: SubmissionId,
        number: u16,
        manifest: &[u8],
        chunks: &[Vec<u8>],
    ) -> Result<(), String> {
        let path = format!("/api/v1/submissions/{id}/attachments/{number}");
        let mut upload = Upload::new(chunks.len());
        loop {
            let step = upload.next();
            let (verb, path, body) = match step {
                Step::Done => return Ok(()),
                Step::Ask => (Verb::Get, path.clone(), Vec::new()),
                Step::Manifest => (Verb::Put, path.clone(), manifest.to_vec()),
                Step::Chunk(at) => {
                    (Verb::Put, format!("{path}/chunks/{at}"), chunks.get(at).cloned().unwrap_or_default())
                }
            };
            let request = Request { verb, path: &path, query_code: None, body: Zeroizing::new(body) };
            let answer = self.transport().exchange(request).await.map_err(|failure| failure.code.to_owned())?;
            let before = upload.clone();
            hear(&mut upload, &answer)?;
            // An answer that leaves everything as it was would be asked for for ever.
            if upload == before {
                return Err("county.no-receipt".to_owned());
            }
        }
    }
}

/// Takes in an answer; unsigned ones count for nothing.
fn hear(upload: &mut Upload, answer: &Answer) -> Result<(), String> {
    if answer.is_signed(200) {
        let progress: Progress = serde_json::from_slice(&answer.body).map_err(|_| "county.answer-broken".to_owned())?;
        return if upload.has(&progress) { Ok(()) } else { Err("county.no-receipt".to_owned()) };
    }
    let code = wire::problem_code(&answer.body);
    match (answer.is_signed(404), code.as_deref()) {
        (true, Some("attachment-unknown")) => {
            upload.is_unknown();
            Ok(())
        }
        (true, _) | (false, None) => Err(format!("county.http-{}", answer.status)),
        (false, Some(code)) => Err(code.to_owned()),
    }
}

#[cfg(test)]
#[path = "attachment_tests.rs"]
mod tests;
