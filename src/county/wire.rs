//! Shapes of the contract, and the envelope around a stored application.
//!
//! The envelope is a function of the stored bytes, the id, the terminal and the sequence, and of nothing else: the
//! stored bytes are embedded as they are, never parsed and written again. So a retry after a year, by a newer
//! program, under a renamed terminal, still sends the bytes of the first time, and the platform answers as then.
//!
//! Readers of answers ignore fields they do not know (a newer platform) and bound every text they take: what comes
//! from outside ends on a screen, on paper and in a QR code.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::sign;
use crate::domain::id::{Sequence, SubmissionId};
use crate::domain::submission::{CaseReceipt, CaseReport, CaseState};

/// Longest answer read, in bytes. A receipt has a few hundred.
pub const ANSWER_MAX: usize = 64 * 1024;
/// Longest case number, in characters.
const CASE_NUMBER_MAX: usize = 64;
/// Longest query code, in characters; the known platforms use six digits.
const QUERY_CODE_MAX: usize = 32;
/// Longest machine code of a problem, in characters.
const CODE_MAX: usize = 64;
/// Longest text for people, in characters; anything longer is cut.
const TEXT_MAX: usize = 400;

/// The body of a submission.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    client_submission_id: SubmissionId,
    terminal_id: &'a str,
    sequence: Sequence,
    application: &'a RawValue,
}

/// What the envelope needs to know of the stored bytes.
#[derive(Deserialize)]
struct Stored {
    terminal: Option<String>,
}

/// Wraps a stored application for the wire.
///
/// The terminal is the one that took the application, as its own bytes say; `terminal` stands in where they do not.
///
/// # Errors
/// `None` if the stored bytes are not a JSON object: they can never be sent, staff have to look.
pub fn envelope(id: SubmissionId, sequence: Sequence, terminal: &str, stored: &[u8]) -> Option<Vec<u8>> {
    let application: &RawValue = serde_json::from_slice(stored).ok()?;
    let Stored { terminal: of_body } = serde_json::from_slice(stored).ok()?;
    serde_json::to_vec(&Envelope {
        client_submission_id: id,
        terminal_id: of_body.as_deref().unwrap_or(terminal),
        sequence,
        application,
    })
    .ok()
}

/// The platform's receipt for a submission, as written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    client_submission_id: SubmissionId,
    body_digest: String,
    case_number: String,
    query_code: String,
    accepted_at: Timestamp,
    promise_date: Option<Date>,
}

/// What a receipt says about us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiptFor {
    /// It is for our id and our bytes.
    Us(CaseReceipt),
    /// It is for our id and other bytes: the id stands for other content.
    OtherContent,
    /// It is not a receipt for us at all.
    Nobody,
}

/// Reads a receipt. `digest` is the SM3 of the envelope as lower-case hex.
pub fn receipt(body: &[u8], id: SubmissionId, digest: &str) -> ReceiptFor {
    let Ok(receipt) = serde_json::from_slice::<Receipt>(body) else {
        return ReceiptFor::Nobody;
    };
    let fits = receipt.client_submission_id == id
        && is_case_number(&receipt.case_number)
        && is_query_code(&receipt.query_code);
    if !fits {
        return ReceiptFor::Nobody;
    }
    if !receipt.body_digest.eq_ignore_ascii_case(digest) {
        return ReceiptFor::OtherContent;
    }
    ReceiptFor::Us(CaseReceipt {
        case_number: receipt.case_number,
        query_code: receipt.query_code,
        accepted_at: receipt.accepted_at,
        promise_date: receipt.promise_date,
    })
}

/// A case as the platform tells it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    case_number: String,
    item_name: String,
    state: String,
    raw_text: String,
    since: Timestamp,
    promise_date: Option<Date>,
}

/// Reads the report on case `case_number`; `None` if the body is not one.
pub fn case_report(body: &[u8], case_number: &str) -> Option<CaseReport> {
    let case: Case = serde_json::from_slice(body).ok()?;
    (case.case_number == case_number).then(|| CaseReport {
        item_name: text(&case.item_name),
        state: case_state(&case.state),
        raw_text: text(&case.raw_text),
        since: case.since,
        promise_date: case.promise_date,
    })
}

/// The neutral state of a word of the contract. `kept` and `set-aside` are words of the kiosk alone; from the
/// platform they are as unknown as any other.
fn case_state(word: &str) -> CaseState {
    match word {
        "submitted" => CaseState::Submitted,
        "received" => CaseState::Received,
        "supplement-required" => CaseState::SupplementRequired,
        "accepted" => CaseState::Accepted,
        "not-accepted" => CaseState::NotAccepted,
        "in-review" => CaseState::InReview,
        "granted" => CaseState::Granted,
        "refused" => CaseState::Refused,
        "withdrawn" => CaseState::Withdrawn,
        "terminated" => CaseState::Terminated,
        "delivered" => CaseState::Delivered,
        _ => CaseState::Unknown,
    }
}

/// An RFC 9457 problem; only the machine code is used.
#[derive(Deserialize)]
struct Problem {
    code: String,
}

/// The machine code of a problem body, if there is a usable one: lower-case letters, digits, `.` and `-`.
pub fn problem_code(body: &[u8]) -> Option<String> {
    if body.len() > ANSWER_MAX {
        return None;
    }
    let Problem { code } = serde_json::from_slice(body).ok()?;
    let usable = !code.is_empty()
        && code.len() <= CODE_MAX
        && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.');
    usable.then_some(code)
}

/// Tells the public half of the key that a terminal signs its slips with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptKey<'a> {
    /// `international` (Ed25519) or `sm` (SM2 with SM3).
    pub suite: &'a str,
    /// SPKI in PEM.
    pub public_key: &'a str,
}

/// Asks for a queue ticket. No name: a ticket needs none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TicketRequest {
    /// Made on the kiosk; the same id gets the same ticket.
    pub client_ticket_id: SubmissionId,
    /// Terminal.
    pub terminal_id: String,
    /// Group of windows, as the platform calls it.
    pub group: String,
    /// Asks for the queue of older and disabled people.
    pub priority: Priority,
}

/// Which queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    /// The ordinary queue.
    Ordinary,
    /// Older and disabled people first.
    First,
}

/// A queue ticket.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// The request it answers.
    pub client_ticket_id: SubmissionId,
    /// What is called, such as `A012`.
    pub number: String,
    /// People before this one.
    pub waiting: u32,
    /// When it was given.
    pub issued_at: Timestamp,
}

/// Reads the ticket for a request; `None` if the body is not one.
pub fn ticket(body: &[u8], request: &TicketRequest) -> Option<Ticket> {
    let ticket: Ticket = serde_json::from_slice(body).ok()?;
    (ticket.client_ticket_id == request.client_ticket_id && is_token(&ticket.number, 16)).then_some(ticket)
}

/// The version of the catalogue the platform serves.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CatalogueVersion {
    /// Opaque; another text means another catalogue.
    pub version: String,
    /// When it was made.
    pub made_at: Timestamp,
}

/// The digest that receipts name, of the body that travels for these stored bytes; `None` if they make none.
pub fn digest_of(id: SubmissionId, sequence: Sequence, terminal: &str, stored: &[u8]) -> Option<String> {
    envelope(id, sequence, terminal, stored).map(|envelope| body_digest(&envelope))
}

/// SM3 of the envelope, as receipts name it.
pub fn body_digest(envelope: &[u8]) -> String {
    sign::digest(envelope)
}

/// Whether a text can be a case number. Dots alone would be a step in a path.
pub fn is_case_number(text: &str) -> bool {
    is_token(text, CASE_NUMBER_MAX) && text.chars().any(|c| c != '.')
}

/// Whether a text can be a query code; it travels in a header.
pub fn is_query_code(text: &str) -> bool {
    text.is_ascii() && is_token(text, QUERY_CODE_MAX)
}

/// Visible ASCII or other letters, no space or control character, at least one, at most `max`.
fn is_token(text: &str, max: usize) -> bool {
    !text.is_empty() && text.chars().count() <= max && text.chars().all(|c| c.is_alphanumeric() || c.is_ascii_graphic())
}

fn text(raw: &str) -> String {
    raw.chars().filter(|c| !c.is_control()).take(TEXT_MAX).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing test may panic")]

    use super::*;

    const ID: SubmissionId = SubmissionId(uuid::Uuid::from_u128(7));

    #[test]
    fn the_envelope_embeds_the_stored_bytes_untouched() {
        let stored = br#"{"terminal":"T-1", "b" : 1.50,"a":"\u5f20"}"#;
        let sent = envelope(ID, Sequence(42), "T-2", stored).unwrap();
        assert_eq!(
            String::from_utf8(sent).unwrap(),
            concat!(
                r#"{"clientSubmissionId":"00000000-0000-0000-0000-000000000007","terminalId":"T-1","sequence":42,"#,
                r#""application":{"terminal":"T-1", "b" : 1.50,"a":"\u5f20"}}"#
            )
        );
    }

    #[test]
    fn a_renamed_terminal_does_not_change_an_old_envelope() {
        let stored = br#"{"terminal":"T-1"}"#;
        assert_eq!(envelope(ID, Sequence(1), "T-1", stored), envelope(ID, Sequence(1), "T-9", stored));
    }

    #[test]
    fn stored_bytes_that_are_no_object_make_no_envelope() {
        for broken in [&b""[..], b"{", b"\xff", b"[1]", b"{} {}", b"12"] {
            assert_eq!(envelope(ID, Sequence(1), "T-1", broken), None);
        }
    }

    #[test]
    fn a_receipt_counts_only_for_our_id_and_our_bytes() {
        let of = |id: &str, digest: &str, number: &str| {
            serde_json::json!({
                "clientSubmissionId": id, "bodyDigest": digest, "caseNumber": number, "queryCode": "042917",
                "acceptedAt": "2026-11-24T01:02:03Z", "promiseDate": null, "newField": {"x": 1}
            })
            .to_string()
        };
        let ours = ID.to_string();
        assert!(matches!(
            receipt(of(&ours, "ab", "320699202611240001").as_bytes(), ID, "ab"),
            ReceiptFor::Us(CaseReceipt { case_number, .. }) if case_number == "320699202611240001"
        ));
        let other = SubmissionId(uuid::Uuid::from_u128(8)).to_string();
        assert_eq!(receipt(of(&other, "ab", "1").as_bytes(), ID, "ab"), ReceiptFor::Nobody);
        assert_eq!(receipt(of(&ours, "cd", "1").as_bytes(), ID, "ab"), ReceiptFor::OtherContent);
        let long = "1".repeat(65);
        for number in ["", " ", "1\n2", "1 2", "\u{1b}@", long.as_str()] {
            assert_eq!(receipt(of(&ours, "ab", number).as_bytes(), ID, "ab"), ReceiptFor::Nobody, "{number:?}");
        }
    }

    #[test]
    fn words_of_the_kiosk_are_unknown_from_the_platform() {
        for word in ["kept", "set-aside", "预审", "", "unknown"] {
            assert_eq!(case_state(word), CaseState::Unknown);
        }
        assert_eq!(case_state("supplement-required"), CaseState::SupplementRequired);
    }

    #[test]
    fn only_a_harmless_problem_code_is_read() {
        assert_eq!(problem_code(br#"{"code":"form-outdated","x":1}"#).as_deref(), Some("form-outdated"));
        for body in [
            &br#"{"code":""}"#[..],
            br#"{"code":"Name Zhang"}"#,
            br#"{"code":7}"#,
            b"<html>",
            b"",
            br#"{"status":422}"#,
        ] {
            assert_eq!(problem_code(body), None);
        }
    }
}
