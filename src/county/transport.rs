//! One signed request, one checked answer.
//!
//! Every request carries a fresh nonce and is signed; every answer is checked against the nonce of the request it must
//! belong to. How it travels is the matter of a [`Carrier`]; the wall clock and the nonces come in from outside.
//!
//! **A wrong clock.** A kiosk without a battery clock may start in the wrong year, and the platform takes no signature
//! older than five minutes. It then answers 401 `clock`, signed, with its own time and our nonce. That is proof
//! enough to sign with its time from then on; the clock of records is not touched, and an unsigned claim about the
//! time moves nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::carrier::{Carrier, HttpAnswer, HttpCall, NoAnswer, Verb};
use super::classify::{Heads, Proof};
use super::sign::{self, Signed, Signer};
use super::wire::{self, ANSWER_MAX};

/// Header with the query code: not in the URL, where servers and proxies would log it.
const QUERY_CODE: &str = "x-query-code";

/// Tells the wall clock; the engine owns the only one.
pub type WallClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Bytes of chance in a nonce: no two requests of a county ever share one.
pub type Nonce = [u8; 16];

/// Gives a fresh nonce; `None` if there is no chance to be had.
pub type Nonces = Arc<dyn Fn() -> Option<Nonce> + Send + Sync>;

/// A connection to one platform with one set of credentials.
pub struct Transport {
    carrier: Box<dyn Carrier>,
    signer: Signer,
    clock: WallClock,
    nonces: Nonces,
    /// Seconds the platform is ahead of our wall clock, as it proved itself.
    offset: AtomicI64,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transport")
            .field("to", &self.carrier.to())
            .field("signer", &self.signer)
            .finish_non_exhaustive()
    }
}

/// A whole answer, with what is proven about it.
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub date: Option<String>,
    /// The platform's time, unix seconds; counts only if signed.
    pub timestamp: Option<i64>,
    pub proof: Proof,
    /// More than [`ANSWER_MAX`] bytes mean: too big, and not all of it.
    pub body: Vec<u8>,
}

impl Answer {
    /// The headers that matter.
    pub fn heads(&self) -> Heads<'_> {
        Heads { retry_after: self.retry_after.as_deref(), date: self.date.as_deref(), proof: self.proof }
    }

    /// Whether the platform itself gave this status.
    pub fn is_signed(&self, status: u16) -> bool {
        self.status == status && self.proof == Proof::Signed
    }
}

/// What is asked.
pub struct Request<'a> {
    pub verb: Verb,
    pub path: &'a str,
    pub query_code: Option<&'a str>,
    pub body: Zeroizing<Vec<u8>>,
}

impl<'a> Request<'a> {
    /// A question without a body.
    pub fn get(path: &'a str) -> Self {
        Self { verb: Verb::Get, path, query_code: None, body: Zeroizing::default() }
    }
}

impl Transport {
    /// Signs as `signer` and travels by `carrier`.
    pub fn new(carrier: Box<dyn Carrier>, signer: Signer, clock: WallClock, nonces: Nonces) -> Self {
        Self { carrier, signer, clock, nonces, offset: AtomicI64::new(0) }
    }

    /// Who signs.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// One exchange, or two if the first taught us the platform's time.
    pub async fn exchange(&self, request: Request<'_>) -> Result<Answer, NoAnswer> {
        let answer = self.exchange_once(&request).await?;
        if self.has_learnt_time(&answer) {
            return self.exchange_once(&request).await;
        }
        Ok(answer)
    }

    async fn exchange_once(&self, request: &Request<'_>) -> Result<Answer, NoAnswer> {
        let nonce = (self.nonces)().ok_or(NoAnswer { code: "county.no-chance", may_have_arrived: false })?;
        let nonce = hex::encode(nonce);
        let timestamp = (self.clock)().as_second() + self.offset.load(Ordering::Relaxed);
        let signed = Signed { first: request.verb.as_str(), path: request.path, query: "", timestamp, nonce: &nonce };
        let mut headers = vec![
            (sign::APP_ID, self.signer.app_id().to_owned()),
            (sign::TIMESTAMP, timestamp.to_string()),
            (sign::NONCE, nonce.clone()),
            (sign::SIGNATURE, self.signer.sign(signed, &request.body)),
        ];
        if let Some(code) = request.query_code {
            headers.push((QUERY_CODE, code.to_owned()));
        }
        let body = match request.verb {
            Verb::Get => None,
            Verb::Put | Verb::Post => Some(request.body.clone()),
        };
        let call = HttpCall { verb: request.verb, path: request.path.to_owned(), headers, body };
        let answer = self.carrier.carry(call).await?;
        let timestamp = answer.header(sign::TIMESTAMP).and_then(|text| text.parse().ok());
        Ok(Answer {
            status: answer.status,
            retry_after: answer.header("retry-after").map(ToOwned::to_owned),
            date: answer.header("date").map(ToOwned::to_owned),
            timestamp,
            proof: self.proof(&answer, request.path, &nonce, timestamp),
            body: answer.body,
        })
    }

    /// Checks the signature of an answer against the nonce of the request it must belong to.
    fn proof(&self, answer: &HttpAnswer, path: &str, nonce: &str, timestamp: Option<i64>) -> Proof {
        let (Some(timestamp), Some(signature)) = (timestamp, answer.header(sign::SIGNATURE)) else {
            return Proof::Unsigned;
        };
        let signed = Signed { first: &answer.status.to_string(), path, query: "", timestamp, nonce };
        if answer.body.len() <= ANSWER_MAX && self.signer.verify(signed, &answer.body, signature) {
            Proof::Signed
        } else {
            Proof::Unsigned
        }
    }

    /// Takes over the platform's time from a proven complaint about ours.
    fn has_learnt_time(&self, answer: &Answer) -> bool {
        let complains = answer.is_signed(401) && wire::problem_code(&answer.body).as_deref() == Some("clock");
        let Some(theirs) = answer.timestamp.filter(|_| complains) else {
            return false;
        };
        let offset = theirs.saturating_sub((self.clock)().as_second());
        self.offset.swap(offset, Ordering::Relaxed) != offset
    }
}
