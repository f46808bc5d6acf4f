//! What was seen, written down as it happened, and the judge over it.
//!
//! The judge knows neither the client nor the outbox. It knows what the store confirmed, what went out on the line, what
//! stood on the screen before whom, what came out of the printer, and what the county holds in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use county_stand_in::seal::{Keys, Place};
use county_stand_in::sign::digest;
use kiosk::domain::effect::{Paper, PaperKind};
use kiosk::domain::id::{Sequence, SubmissionId};
use kiosk::domain::receipt::read_number;
use kiosk::domain::submission::{Application, CaseReceipt, OutboxEntry, OutboxState};
use kiosk::ipc::{Body, CaseState, Screen};
use kiosk::store::{self, StoreError, StoreErrorKind};

use super::county::{Case, County};
use super::line::Letter;

/// Number of a person.
pub type PersonNo = usize;

/// The code of the one kiosk of a run.
pub const KIOSK: &str = "K032";

/// An application as the store confirmed it.
#[derive(Debug)]
struct Kept {
    sequence: Sequence,
    /// `None`: the store broke before they could be read.
    bytes: Option<Vec<u8>>,
}

/// What a person asked for: as it stands on their card, and which item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub name: String,
    pub card: String,
    pub item: String,
}

/// The record of one run.
#[derive(Debug, Default)]
pub struct History {
    /// Who applied, by id; written when the store is asked.
    asked: BTreeMap<SubmissionId, PersonNo>,
    /// What they asked for, by id.
    wished: BTreeMap<SubmissionId, Wish>,
    /// The ids a visit applied under: another one only after a change.
    visits: BTreeMap<u64, BTreeSet<SubmissionId>>,
    kept: BTreeMap<SubmissionId, Kept>,
    acknowledged: BTreeMap<SubmissionId, CaseReceipt>,
    aside: BTreeMap<SubmissionId, String>,
    /// Digest of what went out under an id.
    sent: BTreeMap<String, String>,
    /// Numbers that were promised on screen or paper, and to whom.
    promised: BTreeMap<Sequence, PersonNo>,
    /// Slips without the mark of a copy that are in the world.
    originals: BTreeSet<String>,
    /// The first broken promise.
    violation: Option<String>,
    pub accepted_shown: u64,
}

impl History {
    /// What is wrong, if anything is.
    pub fn violation(&self) -> Option<&str> {
        self.violation.as_deref()
    }

    /// Notes a broken promise; the first one counts.
    pub fn blame(&mut self, what: String) {
        self.violation.get_or_insert(what);
    }

    /// Applications the store confirmed.
    pub fn kept_count(&self) -> usize {
        self.kept.len()
    }

    /// The store is asked to keep an application.
    pub fn asked(&mut self, visit: u64, wish: Option<(PersonNo, Wish)>, application: &Application) {
        let id = application.client_submission_id;
        let Some((person, wish)) = wish else {
            return self.blame(format!("{id} was made while nobody was there"));
        };
        self.asked.insert(id, person);
        self.wished.insert(id, wish);
        self.visits.entry(visit).or_default().insert(id);
    }

    /// The store confirmed it; this is what it then gave out.
    pub fn kept(&mut self, entry: &OutboxEntry, body: Result<Option<store::Body>, StoreError>) {
        let (id, sequence) = (entry.id, entry.sequence);
        let bytes = match body {
            Ok(body) => body.map(|body| body.bytes().to_vec()),
            Err(error) if error.kind == StoreErrorKind::EntryDamaged => {
                return self.blame("what was just kept does not read".to_owned());
            }
            Err(_) => None,
        };
        let kept = self.kept.entry(id).or_insert_with(|| Kept { sequence, bytes: bytes.clone() });
        let is_other = kept.bytes.is_some() && bytes.is_some() && kept.bytes != bytes;
        if kept.sequence != sequence || is_other {
            self.blame(format!("{id} was kept twice with different numbers or bytes"));
        }
    }

    /// Whether the store has confirmed it.
    pub fn knows(&self, id: SubmissionId) -> bool {
        self.kept.contains_key(&id)
    }

    /// The receipt is durable.
    pub fn acknowledged(&mut self, id: SubmissionId, receipt: &CaseReceipt) {
        self.acknowledged.insert(id, receipt.clone());
    }

    /// The mark for staff is durable, or the disk failed and may have it.
    pub fn set_aside(&mut self, id: SubmissionId, reason: &str) {
        self.aside.insert(id, reason.to_owned());
    }

    /// Something leaves the kiosk.
    pub fn sent(&mut self, letter: &Letter) {
        for (id, body) in letter.all_handed_in() {
            let of = digest(&body);
            if !self.asked.keys().any(|asked| asked.to_string() == id) {
                self.blame(format!("{id} went out and was never given to the store"));
            } else if *self.sent.entry(id.clone()).or_insert_with(|| of.clone()) != of {
                self.blame(format!("{id} went out with other bytes than before"));
            }
        }
    }

    /// A slip came out. `out`: it is really on paper.
    pub fn printed(&mut self, person: Option<PersonNo>, paper: &Paper, out: bool) {
        let word = match &paper.kind {
            PaperKind::Notice { .. } => return,
            PaperKind::Kept { number, .. } => {
                self.promise(person, number, "a slip");
                format!("kept {number}")
            }
            PaperKind::Accepted { number, receipt, .. } => {
                self.promise(person, number, "a slip");
                self.check_receipt(person, &receipt.case_number, &receipt.query_code);
                format!("accepted {number}")
            }
        };
        if out && !paper.copy && !self.originals.insert(word.clone()) {
            self.blame(format!("the slip \"{word}\" was printed twice without the mark of a copy"));
        }
    }

    /// Something is on the screen before somebody, or before nobody.
    pub fn shown(&mut self, person: Option<PersonNo>, screen: &Screen, secrets: &[(PersonNo, String)]) {
        if let Body::Kept(kept) = &screen.body {
            self.promise(person, &kept.number, "the screen");
        }
        if let Body::Accepted(accepted) = &screen.body {
            self.accepted_shown += 1;
            self.check_receipt(person, &accepted.number.replace(' ', ""), &accepted.query_code);
        }
        let text = serde_json::to_string(screen).unwrap_or_default().replace(' ', "");
        for (owner, secret) in secrets {
            if person != Some(*owner) && text.contains(secret.as_str()) {
                self.blame(format!("{} shows what belongs to person {owner}", screen.body.name()));
            }
        }
    }

    /// Somebody with a slip of this kiosk sees the state of a case.
    pub fn told(&mut self, person: PersonNo, state: CaseState, number: &str, county: &County) {
        let number = number.replace(' ', "");
        let id = match sequence_of(&number) {
            Some(sequence) => self.kept.iter().find(|(_, kept)| kept.sequence == sequence).map(|(id, _)| *id),
            None => county
                .cases
                .iter()
                .find(|case| case.number == number)
                .and_then(|case| case.id.parse().ok())
                .map(SubmissionId),
        };
        let is_theirs = id.is_some_and(|id| self.asked.get(&id) == Some(&person));
        if !is_theirs {
            self.blame(format!("person {person} was told of a case that is not theirs"));
        }
        if state == CaseState::SetAside && !id.is_some_and(|id| self.aside.contains_key(&id)) {
            self.blame("a case was called set aside and is not".to_owned());
        }
    }

    /// A number stands on screen or paper: the store must have said so before, to this person.
    fn promise(&mut self, person: Option<PersonNo>, number: &str, place: &str) {
        let Some(sequence) = sequence_of(&number.replace(' ', "")) else {
            return self.blame(format!("{place} says kept without a number of this kiosk"));
        };
        let owner = self.kept.iter().find(|(_, kept)| kept.sequence == sequence).and_then(|(id, _)| self.asked.get(id));
        match (owner, person) {
            (None, _) => self.blame(format!("{place} says kept for number {} before it was", sequence.0)),
            (Some(owner), Some(person)) if *owner == person => _ = self.promised.insert(sequence, person),
            (Some(_), _) => self.blame(format!("{place} shows number {} to somebody else", sequence.0)),
        }
    }

    /// A case number stands on screen or paper: its receipt must be stored, for this person.
    fn check_receipt(&mut self, person: Option<PersonNo>, number: &str, code: &str) {
        let stored = self.acknowledged.iter().find(|(_, receipt)| receipt.case_number == number);
        let Some((id, receipt)) = stored else {
            return self.blame("accepted was said before its receipt was stored".to_owned());
        };
        if receipt.query_code != code || self.asked.get(id).copied() != person {
            self.blame("accepted was said with the number of somebody else".to_owned());
        }
    }

    /// What the county reads in a case, under the number on the slip, against what the person asked for.
    fn opened(&self, case: &Case, sequence: Sequence, id: SubmissionId) -> Option<String> {
        let number = i64::try_from(sequence.0).ok()?;
        let outside: serde_json::Value = serde_json::from_slice(&case.envelope).ok()?;
        let place = Place { id: &case.id, sequence: number, purpose: "application" };
        let Ok(plain) = keys()?.open_bytes(outside["application"].to_string().as_bytes(), place) else {
            return Some(format!("number {number} does not open at the county"));
        };
        let Ok(application) = serde_json::from_slice::<Application>(&plain) else {
            return Some(format!("number {number} is no application"));
        };
        let is_right = application.client_submission_id == id && Some(&wish_in(&application)) == self.wished.get(&id);
        (!is_right).then(|| format!("number {number} is not what was asked for"))
    }

    /// The end: faults are over and time has passed.
    pub fn close(&mut self, entries: &BTreeMap<Sequence, OutboxEntry>, county: &County) {
        for sequence in self.promised.keys() {
            if !entries.contains_key(sequence) {
                return self.blame(format!("number {} was promised and is gone", sequence.0));
            }
        }
        for (id, kept) in &self.kept {
            if entries.get(&kept.sequence).is_none_or(|entry| entry.id != *id) {
                return self.blame(format!("number {} was kept and is gone", kept.sequence.0));
            }
        }
        let numbers: Vec<u64> = entries.keys().map(|sequence| sequence.0).collect();
        if numbers.iter().copied().ne(1..=numbers.len() as u64) {
            return self.blame(format!("the numbers have gaps: {numbers:?}"));
        }
        let mut findings = Vec::new();
        for ids in self.visits.values() {
            let kept: Vec<_> = entries.values().filter(|entry| ids.contains(&entry.id)).collect();
            if kept.len() > 1 {
                findings.push(format!("one visit was kept as {} applications", kept.len()));
            }
        }
        for (sequence, entry) in entries {
            let id = entry.id.to_string();
            let cases: Vec<&Case> = county.cases.iter().filter(|case| case.id == id).collect();
            let kept = self.kept.get(&entry.id);
            findings.extend(match &entry.state {
                OutboxState::Queued => Some(format!("number {} is still waiting", sequence.0)),
                OutboxState::SetAside { reason } if county.refused.get(&id) == Some(reason) && cases.is_empty() => None,
                OutboxState::SetAside { reason } => {
                    Some(format!("number {} was set aside without a refusal: {reason}", sequence.0))
                }
                OutboxState::Acknowledged { receipt } => match cases.as_slice() {
                    [case] if case.number == receipt.case_number && case.code == receipt.query_code => {
                        objection(case, *sequence, kept).or_else(|| self.opened(case, *sequence, entry.id))
                    }
                    [_] => Some(format!("number {} has a receipt the county does not have", sequence.0)),
                    [] => Some(format!("number {} is acknowledged; the county does not have it", sequence.0)),
                    [_, ..] => Some(format!("{} cases stand under {id}", cases.len())),
                },
            });
        }
        for case in &county.cases {
            if !entries.values().any(|entry| entry.id.to_string() == case.id) {
                findings.push(format!("the county has {} and the kiosk never kept it", case.id));
            }
        }
        if county.conflicts > 0 {
            findings.push(format!("other bytes came under a known id {} times", county.conflicts));
        }
        if let Some(finding) = findings.into_iter().next() {
            self.blame(finding);
        }
    }
}

/// What stands in an application, as far as somebody asked for it.
fn wish_in(application: &Application) -> Wish {
    let value = |name: &str| {
        let field = application.fields.iter().find(|field| field.name == name);
        field.map(|field| field.value.clone()).unwrap_or_default()
    };
    Wish { name: value("applicantName"), card: value("applicantIdNo"), item: application.item.item.0.clone() }
}

/// The county's private keys.
fn keys() -> Option<&'static Keys> {
    static KEYS: OnceLock<Option<Keys>> = OnceLock::new();
    KEYS.get_or_init(Keys::of_the_standards).as_ref()
}

/// What is wrong with a case of this number.
fn objection(case: &Case, sequence: Sequence, kept: Option<&Kept>) -> Option<String> {
    let Some(kept) = kept else {
        return Some(format!("number {} was never confirmed by the store", sequence.0));
    };
    let carries = kept.bytes.as_ref().is_none_or(|bytes| case.envelope.windows(bytes.len()).any(|part| part == bytes));
    if !carries {
        return Some(format!("number {} is at the county with other bytes", sequence.0));
    }
    let fits = case.sequence == sequence.0 && case.terminal == KIOSK;
    (!fits).then(|| format!("number {} is at the county under another number", sequence.0))
}

/// The sequence in a number of this kiosk.
fn sequence_of(number: &str) -> Option<Sequence> {
    let (kiosk, sequence) = read_number(number).ok()?;
    (kiosk == KIOSK).then_some(sequence)
}
