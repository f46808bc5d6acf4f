//! The simulated county: what `config/county-contract.yaml` promises, written for this simulation alone.
//!
//! Cases last; nonces are forgotten when it dies. It signs by the contract with the stand-in's function, which shares
//! nothing with the client. It does not look into an application: the bytes are opaque to it.

use std::collections::BTreeMap;

use county_stand_in::sign::{Text, digest};
use jiff::Timestamp;
use kiosk::county::carrier::HttpAnswer;
use serde_json::{Value, json};

use super::line::Letter;

/// Credentials of this invented county.
pub const APP: &str = "kiosk-demo-app";
pub const SECRET: &[u8] = b"a secret of nobody";
/// A request may be so many seconds off.
const WINDOW_S: i64 = 300;
/// A nonce is remembered so long.
const NONCE_S: i64 = 600;

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    pub id: String,
    pub digest: String,
    pub terminal: String,
    pub sequence: u64,
    /// The whole body as it came.
    pub envelope: Vec<u8>,
    pub number: String,
    pub code: String,
    pub accepted_at: Timestamp,
}

/// When it dies on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// Before anything is stored.
    Before,
    /// After it.
    After,
}

/// What it says instead of doing its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// It works.
    Well,
    /// 500, 502 or 504, unsigned as its front door writes them.
    Broken(u16),
    /// 503 or 429, signed, with `Retry-After`.
    Busy(u16, u64),
    /// 409 with a code that is no refusal.
    InProgress,
    /// 401 `signature`.
    Unauthorised,
    /// 403 `terminal-unknown`.
    Unknown,
}

/// The county.
pub struct County {
    pub cases: Vec<Case>,
    /// Applications it refused for good, by id.
    pub refused: BTreeMap<String, String>,
    /// How often a known id came with other bytes.
    pub conflicts: u64,
    /// Seconds its clock is ahead.
    pub clock_off: i64,
    /// Thousandths of the ids it refuses.
    pub poison: u64,
    /// Keeps no second case under an id; the protection a plant takes away.
    pub has_unique_key: bool,
    nonces: BTreeMap<String, i64>,
}

impl County {
    /// An empty county.
    pub fn new(poison: u64) -> Self {
        Self {
            cases: Vec::new(),
            refused: BTreeMap::new(),
            conflicts: 0,
            clock_off: 0,
            poison,
            has_unique_key: true,
            nonces: BTreeMap::new(),
        }
    }

    /// Starts again after a death.
    pub fn restart(&mut self) {
        self.nonces.clear();
    }

    /// The case under an id.
    pub fn case_of(&self, id: &str) -> Option<&Case> {
        self.cases.iter().find(|case| case.id == id)
    }

    /// Answers a letter at a true time (unix seconds); `None` if it dies on it.
    pub fn answer(&mut self, letter: &Letter, at: i64, mood: Mood, death: Option<Death>) -> Option<HttpAnswer> {
        let now = at + self.clock_off;
        let (status, body, more) = match self.gate(letter, now) {
            Err(refusal) => refusal,
            Ok(()) => match mood {
                Mood::Well => {
                    if death == Some(Death::Before) {
                        return None;
                    }
                    self.route(letter, now)
                }
                Mood::Broken(status) => {
                    return Some(unsigned(status, "text/plain", b"internal error"));
                }
                Mood::Busy(status, wait) => {
                    let (status, body, _) = problem(status, "busy");
                    (status, body, vec![("retry-after".to_owned(), wait.to_string())])
                }
                Mood::InProgress => problem(409, "in-progress"),
                Mood::Unauthorised => problem(401, "signature"),
                Mood::Unknown => problem(403, "terminal-unknown"),
            },
        };
        if death.is_some() {
            return None;
        }
        let mut answer = HttpAnswer { status, headers: more, body: body.to_string().into_bytes() };
        sign(letter, now, &mut answer);
        Some(answer)
    }

    fn gate(&mut self, letter: &Letter, now: i64) -> Result<(), Said> {
        let text = Text {
            first: letter.verb,
            path: &letter.path,
            query: "",
            app_id: letter.header("x-app-id"),
            timestamp: letter.header("x-timestamp"),
            nonce: letter.header("x-nonce"),
        };
        if text.app_id != APP || !text.is_signed(SECRET, &letter.body, letter.header("x-signature")) {
            return Err(problem(401, "signature"));
        }
        let is_near = text.timestamp.parse::<i64>().is_ok_and(|sent| (sent - now).abs() <= WINDOW_S);
        if !is_near {
            return Err(problem(401, "clock"));
        }
        self.nonces.retain(|_, seen| now - *seen < NONCE_S);
        if self.nonces.insert(text.nonce.to_owned(), now).is_some() {
            return Err(problem(401, "nonce"));
        }
        Ok(())
    }

    fn route(&mut self, letter: &Letter, now: i64) -> Said {
        let path = letter.path.strip_prefix("/api/v1/").unwrap_or_default();
        let (word, rest) = path.split_once('/').unwrap_or((path, ""));
        match (letter.verb, word) {
            ("PUT", "submissions") => self.hand_in(rest, letter, now),
            ("GET", "submissions") => match self.case_of(rest) {
                Some(case) => (200, receipt(case), Vec::new()),
                None => problem(404, "submission-unknown"),
            },
            ("GET", "cases") => {
                let code = letter.header("x-query-code");
                match self.cases.iter().find(|case| case.number == rest && case.code == code) {
                    Some(case) => (200, state(case), Vec::new()),
                    None => problem(404, "case-unknown"),
                }
            }
            ("GET", "health") => (200, json!({ "status": "ok" }), Vec::new()),
            _ => problem(404, "path-unknown"),
        }
    }

    fn hand_in(&mut self, id: &str, letter: &Letter, now: i64) -> Said {
        let digest = digest(&letter.body);
        let known = self.case_of(id);
        if let Some(case) = known.filter(|case| case.digest != digest) {
            let _stays_as_it_is = case;
            self.conflicts += 1;
            return problem(409, "id-conflict");
        }
        if let Some(case) = known.filter(|_| self.has_unique_key) {
            return (200, receipt(case), Vec::new());
        }
        let Ok(envelope) = serde_json::from_slice::<Value>(&letter.body) else {
            return problem(400, "body-malformed");
        };
        if envelope["clientSubmissionId"] != id {
            return problem(400, "id-mismatch");
        }
        // The same id meets the same fate whenever it comes.
        let lot = id.bytes().fold(7_u64, |lot, byte| lot.wrapping_mul(31).wrapping_add(u64::from(byte))) % 1_000;
        if lot < self.poison {
            self.refused.insert(id.to_owned(), "form-outdated".to_owned());
            return problem(422, "form-outdated");
        }
        let number = self.cases.len() as u64 + 1;
        let case = Case {
            id: id.to_owned(),
            digest,
            terminal: envelope["terminalId"].as_str().unwrap_or_default().to_owned(),
            sequence: envelope["sequence"].as_u64().unwrap_or_default(),
            envelope: letter.body.clone(),
            number: format!("32069920261124{number:04}"),
            code: format!("{:06}", (number * 271_829 + lot) % 1_000_000),
            accepted_at: Timestamp::from_second(now).unwrap_or_default(),
        };
        self.cases.push(case.clone());
        (201, receipt(&case), Vec::new())
    }
}

/// Status, body, further headers.
type Said = (u16, Value, Vec<(String, String)>);

fn problem(status: u16, code: &str) -> Said {
    let body = json!({ "type": format!("urn:x:{code}"), "title": code, "status": status, "code": code });
    (status, body, Vec::new())
}

fn receipt(case: &Case) -> Value {
    json!({
        "clientSubmissionId": case.id, "bodyDigest": case.digest, "caseNumber": case.number, "queryCode": case.code,
        "acceptedAt": case.accepted_at.to_string(), "promiseDate": null, "state": "submitted",
    })
}

fn state(case: &Case) -> Value {
    json!({
        "caseNumber": case.number, "itemName": "示例事项", "state": "in-review", "rawText": "审批中",
        "since": case.accepted_at.to_string(), "promiseDate": null,
    })
}

/// A receipt that somebody else wrote: well formed, for this id and these bytes, with a number of his own.
pub fn forged(letter: &Letter, id: &str) -> HttpAnswer {
    let body = json!({
        "clientSubmissionId": id, "bodyDigest": digest(&letter.body), "caseNumber": "999999999999999999",
        "queryCode": "999999", "acceptedAt": "2026-11-24T01:00:00Z", "promiseDate": null, "state": "submitted",
    });
    unsigned(201, "application/json", body.to_string().as_bytes())
}

/// An answer without a signature.
pub fn unsigned(status: u16, kind: &str, body: &[u8]) -> HttpAnswer {
    HttpAnswer { status, headers: vec![("content-type".to_owned(), kind.to_owned())], body: body.to_vec() }
}

/// Signs an answer to a letter.
pub fn sign(letter: &Letter, now: i64, answer: &mut HttpAnswer) {
    let (status, now) = (answer.status.to_string(), now.to_string());
    let text = Text {
        first: &status,
        path: &letter.path,
        query: "",
        app_id: APP,
        timestamp: &now,
        nonce: letter.header("x-nonce"),
    };
    let signature = text.sign(SECRET, &answer.body);
    answer.headers.retain(|(name, _)| name != "x-timestamp" && name != "x-signature");
    answer.headers.extend([("x-timestamp".to_owned(), now.clone()), ("x-signature".to_owned(), signature)]);
}
