//! The client: one method for each thing the contract offers.
//!
//! **Asking before handing in again.** When a submission ended without a clear answer, the platform may or may not
//! have stored it. The client remembers the ids of such submissions; the next [`CountyClient::submit`] of such an id
//! first asks what stands under it and hands in only if that is nothing. The memory does not outlive the program, and
//! need not: handing in the same id with the same bytes is answered with the same receipt. Asking is the cheaper
//! half of the protection (no personal data travels twice), the id is the safe one.
//!
//! A batch is repeated without asking: it is one call either way, and the same bytes under the same ids get the same
//! receipts. A platform that does not have the path of batches is given one application after the other.
//!
//! Two submissions of the same id at the same time are harmless for the same reason; the engine makes one at a time.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

use super::batch::{classify_batch, wrap};
use super::carrier::{Carrier, Verb};
use super::classify::{Lookup, Ours, Proof, classify, classify_lookup};
use super::https::Https;
use super::settings::{CountyError, CountySettings, system_nonce};
use super::sign::Signer;
use super::transport::{Answer, Nonces, Request, Transport, WallClock};
use super::wire::{self, ANSWER_MAX, CatalogueVersion, Ticket, TicketRequest};
use crate::domain::id::{Sequence, SubmissionId};
use crate::domain::submission::{CaseReport, Handed, Verdict};

/// Ids remembered as unclear. Beyond it the memory starts afresh, which costs nothing but a question not asked.
const UNCLEAR_MAX: usize = 4096;

/// Where batches are handed in.
const BATCH: &str = "/api/v1/submissions/batch";

/// Speaks the contract with one platform.
pub struct CountyClient {
    transport: Transport,
    terminal: String,
    /// Submissions that may or may not have arrived.
    unclear: Mutex<BTreeSet<SubmissionId>>,
    /// The platform said that it takes no batches; forgotten with the program.
    takes_single_only: AtomicBool,
}

impl std::fmt::Debug for CountyClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CountyClient").field("transport", &self.transport).finish_non_exhaustive()
    }
}

impl CountyClient {
    /// Reads the files, checks the settings and makes a client over HTTPS, with nonces from the system. Connects to
    /// nothing yet.
    ///
    /// # Errors
    /// See [`CountyError`]; each names the key or the file.
    pub fn new(settings: CountySettings, clock: WallClock) -> Result<Self, CountyError> {
        let carrier = Box::new(Https::new(&settings)?);
        let signer = settings.signer()?;
        Ok(Self::over(carrier, signer, settings.terminal, clock, Arc::new(system_nonce)))
    }

    /// The same client over any carrier: clock and chance are the caller's.
    pub fn over(carrier: Box<dyn Carrier>, signer: Signer, terminal: String, clock: WallClock, nonces: Nonces) -> Self {
        Self {
            transport: Transport::new(carrier, signer, clock, nonces),
            terminal,
            unclear: Mutex::default(),
            takes_single_only: AtomicBool::new(false),
        }
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.transport
    }

    pub(super) fn terminal(&self) -> &str {
        &self.terminal
    }

    /// Who signs for this kiosk, and checks what the county signed.
    pub fn signer(&self) -> &Signer {
        self.transport.signer()
    }

    /// Hands in a stored application (`stored` is its JSON, byte for byte as kept) and says what came of it.
    pub async fn submit(&self, id: SubmissionId, sequence: Sequence, stored: &[u8]) -> Verdict {
        let Some(envelope) = wire::envelope(id, sequence, &self.terminal, stored) else {
            return Verdict::SetAside { code: "county.body-broken".into() };
        };
        let envelope = Zeroizing::new(envelope);
        let digest = wire::body_digest(&envelope);
        let ours = Ours { id, digest: &digest };
        let path = format!("/api/v1/submissions/{id}");
        if self.is_unclear(id) {
            match self.look_up(&path, ours).await {
                Lookup::Settled(verdict) => {
                    self.mark_clear(id);
                    return verdict;
                }
                Lookup::Unclear(verdict) => return verdict,
                Lookup::HandIn => {}
            }
        }
        let request = Request { verb: Verb::Put, path: &path, query_code: None, body: envelope };
        let (verdict, may_have_arrived) = match self.transport.exchange(request).await {
            Ok(answer) => (classify(answer.status, answer.heads(), &answer.body, ours), true),
            Err(failure) => (failure.verdict(), failure.may_have_arrived),
        };
        match verdict {
            Verdict::TryAgain { .. } if may_have_arrived => self.mark_unclear(id),
            Verdict::TryAgain { .. } => {}
            Verdict::Stored { .. } | Verdict::SetAside { .. } | Verdict::StopAll { .. } => {
                self.mark_clear(id);
            }
        }
        verdict
    }

    /// Hands in several stored applications in one call, and says what came of each, in the same order.
    pub async fn submit_batch(&self, stored: &[(Handed, &[u8])]) -> Vec<(SubmissionId, Verdict)> {
        let mut settled = Vec::new();
        let (mut envelopes, mut travelling) = (Vec::new(), Vec::new());
        for (handed, body) in stored {
            match wire::envelope(handed.id, handed.sequence, &self.terminal, body) {
                Some(envelope) => {
                    travelling.push((handed.id, wire::body_digest(&envelope)));
                    envelopes.push(Zeroizing::new(envelope));
                }
                None => settled.push((handed.id, Verdict::SetAside { code: "county.body-broken".into() })),
            }
        }
        let Some(body) = wrap(&self.terminal, &envelopes).filter(|_| !travelling.is_empty()) else { return settled };
        if self.takes_single_only.load(Ordering::Relaxed) {
            return self.submit_each(stored).await;
        }
        let request = Request { verb: Verb::Post, path: BATCH, query_code: None, body: Zeroizing::new(body) };
        let ours: Vec<Ours<'_>> = travelling.iter().map(|(id, digest)| Ours { id: *id, digest }).collect();
        let (verdicts, may_have_arrived) = match self.transport.exchange(request).await {
            Ok(answer) if [404, 405, 501].into_iter().any(|status| answer.is_signed(status)) => {
                self.takes_single_only.store(true, Ordering::Relaxed);
                return self.submit_each(stored).await;
            }
            Ok(answer) => (classify_batch(answer.status, answer.heads(), &answer.body, &ours), true),
            Err(failure) => (ours.iter().map(|ours| (ours.id, failure.verdict())).collect(), failure.may_have_arrived),
        };
        for (id, verdict) in &verdicts {
            match verdict {
                Verdict::TryAgain { .. } if may_have_arrived => self.mark_unclear(*id),
                Verdict::TryAgain { .. } => {}
                Verdict::Stored { .. } | Verdict::SetAside { .. } | Verdict::StopAll { .. } => self.mark_clear(*id),
            }
        }
        settled.extend(verdicts);
        settled
    }

    /// One after the other. When one ends unclear or the kiosk is refused, the rest are not tried and end as it did.
    async fn submit_each(&self, stored: &[(Handed, &[u8])]) -> Vec<(SubmissionId, Verdict)> {
        let mut verdicts: Vec<(SubmissionId, Verdict)> = Vec::with_capacity(stored.len());
        let mut ended: Option<Verdict> = None;
        for (handed, body) in stored {
            let verdict = match &ended {
                Some(verdict) => verdict.clone(),
                None => self.submit(handed.id, handed.sequence, body).await,
            };
            match &verdict {
                Verdict::TryAgain { .. } | Verdict::StopAll { .. } => ended = Some(verdict.clone()),
                Verdict::Stored { .. } | Verdict::SetAside { .. } => {}
            }
            verdicts.push((handed.id, verdict));
        }
        verdicts
    }

    /// State of a case, `None` if the platform does not know this number with this code.
    ///
    /// # Errors
    /// A stable code, if the platform could not be asked or its answer is unusable.
    pub async fn case_state(&self, case_number: &str, query_code: &str) -> Result<Option<CaseReport>, String> {
        // What cannot stand in a path or a header is no number and no code of the platform's.
        if !wire::is_case_number(case_number) || !wire::is_query_code(query_code) {
            return Ok(None);
        }
        let path = format!("/api/v1/cases/{}", encode(case_number));
        let answer = self.get(&path, Some(query_code)).await?;
        let code = wire::problem_code(&answer.body);
        if answer.is_signed(404) && code.as_deref() == Some("case-unknown") {
            return Ok(None);
        }
        let body = success(answer)?;
        wire::case_report(&body, case_number).map(Some).ok_or_else(|| "county.answer-broken".to_owned())
    }

    /// Whether the platform is there, is the right one and takes our signature.
    pub async fn probe(&self) -> bool {
        self.get("/api/v1/health", None).await.is_ok_and(|answer| answer.is_signed(200))
    }

    /// Version of the catalogue the platform serves.
    ///
    /// # Errors
    /// A stable code, as with [`Self::case_state`].
    pub async fn catalogue_version(&self) -> Result<CatalogueVersion, String> {
        let body = success(self.get("/api/v1/catalogue/version", None).await?)?;
        serde_json::from_slice(&body).map_err(|_| "county.answer-broken".to_owned())
    }

    /// Takes a queue ticket. Asking again with the same `client_ticket_id` gives the same ticket.
    ///
    /// # Errors
    /// A stable code, as with [`Self::case_state`].
    pub async fn queue_ticket(&self, request: &TicketRequest) -> Result<Ticket, String> {
        let body = serde_json::to_vec(request).map_err(|_| "county.body-broken".to_owned())?.into();
        let answer = self
            .transport
            .exchange(Request { verb: Verb::Post, path: "/api/v1/queue-tickets", query_code: None, body })
            .await
            .map_err(|failure| failure.code.to_owned())?;
        wire::ticket(&success(answer)?, request).ok_or_else(|| "county.answer-broken".to_owned())
    }

    /// Tells the public half of the key that this terminal signs its slips with (SPKI PEM). Telling it again changes
    /// nothing; a key told before stays valid for the slips of its time.
    ///
    /// # Errors
    /// A stable code, as with [`Self::case_state`].
    pub async fn register_receipt_key(&self, suite: &str, public_pem: &str) -> Result<(), String> {
        let path = format!("/api/v1/terminals/{}/receipt-key", encode(&self.terminal));
        let key = wire::ReceiptKey { suite, public_key: public_pem };
        let body = serde_json::to_vec(&key).map_err(|_| "county.body-broken".to_owned())?;
        let request = Request { verb: Verb::Put, path: &path, query_code: None, body: Zeroizing::new(body) };
        let answer = self.transport.exchange(request).await.map_err(|failure| failure.code.to_owned())?;
        success(answer).map(drop)
    }

    async fn look_up(&self, path: &str, ours: Ours<'_>) -> Lookup {
        match self.transport.exchange(Request::get(path)).await {
            Ok(answer) => classify_lookup(answer.status, answer.heads(), &answer.body, ours),
            Err(failure) => Lookup::Unclear(failure.verdict()),
        }
    }

    async fn get(&self, path: &str, query_code: Option<&str>) -> Result<Answer, String> {
        self.transport
            .exchange(Request { query_code, ..Request::get(path) })
            .await
            .map_err(|failure| failure.code.to_owned())
    }

    fn is_unclear(&self, id: SubmissionId) -> bool {
        self.unclear_ids().contains(&id)
    }

    fn mark_unclear(&self, id: SubmissionId) {
        let mut ids = self.unclear_ids();
        if ids.len() >= UNCLEAR_MAX {
            ids.clear();
        }
        ids.insert(id);
    }

    fn mark_clear(&self, id: SubmissionId) {
        self.unclear_ids().remove(&id);
    }

    fn unclear_ids(&self) -> std::sync::MutexGuard<'_, BTreeSet<SubmissionId>> {
        self.unclear.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The body of a signed 200 or 201, or the code of what it is instead.
pub(super) fn success(answer: Answer) -> Result<Vec<u8>, String> {
    if answer.body.len() > ANSWER_MAX {
        return Err("county.answer-too-big".into());
    }
    match (answer.status, answer.proof) {
        (200 | 201, Proof::Signed) => Ok(answer.body),
        (200 | 201, Proof::Unsigned) => Err("county.answer-unsigned".into()),
        (300..=399, Proof::Signed | Proof::Unsigned) => Err("county.redirect".into()),
        (status, Proof::Signed | Proof::Unsigned) => Err(format!("county.http-{status}")),
    }
}

/// Percent-encodes one segment of a path; only unreserved characters stay.
pub(super) fn encode(segment: &str) -> String {
    let mut encoded = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&hex::encode_upper([byte]));
        }
    }
    encoded
}
