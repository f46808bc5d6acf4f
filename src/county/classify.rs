//! What an answer to a submission means. Pure: status, a few headers, the body and what we sent.
//!
//! The principle: an answer can be final only if the platform itself gave it, and it can condemn an application only
//! if it speaks of the application. So
//!
//! - 200 and 201 with a signed receipt for our id and our bytes: stored. Any other success is unclear.
//! - 401 and 403: stop all, signed or not, since a platform that does not know us cannot sign for us. Two codes speak
//!   of the one request only and are tried again: `clock` and `nonce`.
//! - 400, 413 and 422, signed: set aside with the platform's code. 409, signed, code `id-conflict`: set aside too;
//!   a 409 with another code is tried again, and the next try first asks what stands under our id. Code
//!   `seal-key-unknown` speaks of the county's own key: tried again, until it has it.
//! - The same unsigned: a proxy, a firewall or an access portal wrote it, not the platform. Try again.
//! - 3xx: we go nowhere else with an application. Try again, the address is a matter for the engineer.
//! - 404, 405, 410 and the other 4xx speak of the address, the wrong version or the network. Try again: nothing is
//!   wrong with the application, and nothing is dropped because of a typing error in a settings file.
//! - 408, 425, 429, 5xx and numbers nobody defined: try again, not before `Retry-After`.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

use super::wire::{self, ANSWER_MAX, ReceiptFor};
use crate::domain::id::SubmissionId;
use crate::domain::submission::Verdict;

/// Longest `Retry-After` obeyed: a mistaken or hostile date must not silence a kiosk for days.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(60 * 60);

/// Who wrote the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// The platform: the signature is valid and made for this request.
    Signed,
    /// Not proven: no signature, or a wrong one.
    Unsigned,
}

/// The headers that matter.
#[derive(Debug, Clone, Copy)]
pub struct Heads<'a> {
    /// `Retry-After`, as written.
    pub retry_after: Option<&'a str>,
    /// `Date`, as written; a date in `Retry-After` is read against it, so that our own clock does not count.
    pub date: Option<&'a str>,
    /// Who wrote the answer.
    pub proof: Proof,
}

/// What we sent.
#[derive(Debug, Clone, Copy)]
pub struct Ours<'a> {
    /// Id of the submission.
    pub id: SubmissionId,
    /// SM3 of the envelope as lower-case hex.
    pub digest: &'a str,
}

/// What the platform says about an id we asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// It settles the matter: stored, or the id stands for other content.
    Settled(Verdict),
    /// The platform knows nothing of it, or cannot be asked: handing in again is safe, the id sees to that.
    HandIn,
    /// It cannot be told now.
    Unclear(Verdict),
}

/// What an answer to a submission means.
pub fn classify(status: u16, heads: Heads<'_>, body: &[u8], ours: Ours<'_>) -> Verdict {
    match status {
        300..=399 => again("county.redirect", None),
        401 | 403 => credentials(status, heads, body),
        200 | 201 => success(heads, body, ours),
        202..=299 => again("county.no-receipt", None),
        400 | 409 | 413 | 422 => refusal(status, heads, body),
        _ => again(format!("county.http-{status}"), retry_after(heads)),
    }
}

/// What an answer to the question "what stands under this id?" means.
pub fn classify_lookup(status: u16, heads: Heads<'_>, body: &[u8], ours: Ours<'_>) -> Lookup {
    match status {
        404 | 405 | 410 | 501 => Lookup::HandIn,
        200..=299 => match classify(status, heads, body, ours) {
            settled @ (Verdict::Stored { .. } | Verdict::SetAside { .. }) => Lookup::Settled(settled),
            unclear @ (Verdict::TryAgain { .. } | Verdict::StopAll { .. }) => Lookup::Unclear(unclear),
        },
        401 | 403 => Lookup::Unclear(credentials(status, heads, body)),
        300..=399 => Lookup::Unclear(again("county.redirect", None)),
        _ => Lookup::Unclear(again(format!("county.http-{status}"), retry_after(heads))),
    }
}

/// `Retry-After` in seconds or as a date, at most [`RETRY_AFTER_MAX`]; nonsense counts as absent.
pub fn retry_after(heads: Heads<'_>) -> Option<Duration> {
    let text = heads.retry_after?.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than fit are a long time as well.
        let seconds = text.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX));
    }
    let seconds = http_date(text)?.as_second() - http_date(heads.date?)?.as_second();
    let seconds = u64::try_from(seconds).unwrap_or(0);
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

fn success(heads: Heads<'_>, body: &[u8], ours: Ours<'_>) -> Verdict {
    if body.len() > ANSWER_MAX {
        return again("county.answer-too-big", None);
    }
    match (wire::receipt(body, ours.id, ours.digest), heads.proof) {
        (ReceiptFor::Us(receipt), Proof::Signed) => Verdict::Stored { receipt },
        (ReceiptFor::OtherContent, Proof::Signed) => set_aside("county.id-conflict"),
        (ReceiptFor::Us(_) | ReceiptFor::OtherContent, Proof::Unsigned) => again("county.answer-unsigned", None),
        (ReceiptFor::Nobody, Proof::Signed | Proof::Unsigned) => again("county.no-receipt", None),
    }
}

fn credentials(status: u16, heads: Heads<'_>, body: &[u8]) -> Verdict {
    let code = wire::problem_code(body);
    let code = match code.as_deref() {
        Some("clock") => return again("county.clock", retry_after(heads)),
        Some("nonce") => return again("county.nonce", retry_after(heads)),
        Some("signature") => "county.signature".to_owned(),
        Some("terminal-unknown") => "county.terminal-unknown".to_owned(),
        Some(_) | None => format!("county.http-{status}"),
    };
    Verdict::StopAll { code }
}

fn refusal(status: u16, heads: Heads<'_>, body: &[u8]) -> Verdict {
    if heads.proof == Proof::Unsigned {
        return again("county.answer-unsigned", retry_after(heads));
    }
    match (status, wire::problem_code(body)) {
        (409, Some(code)) if code == "id-conflict" => set_aside("county.id-conflict"),
        (409, _) => again("county.http-409", retry_after(heads)),
        // The county has to bring its key back; until then nothing is wrong with any application.
        (_, Some(code)) if code == "seal-key-unknown" => again("county.seal-key-unknown", retry_after(heads)),
        (_, Some(code)) => set_aside(code),
        (_, None) => set_aside(format!("county.http-{status}")),
    }
}

fn http_date(text: &str) -> Option<Timestamp> {
    Some(rfc2822::parse(text).ok()?.timestamp())
}

fn again(code: impl Into<String>, after: Option<Duration>) -> Verdict {
    Verdict::TryAgain { code: code.into(), after }
}

fn set_aside(code: impl Into<String>) -> Verdict {
    Verdict::SetAside { code: code.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: SubmissionId = SubmissionId(uuid::Uuid::from_u128(7));
    const OURS: Ours<'_> = Ours { id: ID, digest: "ab12" };
    const NUMBER: &str = "320699202611240001";

    /// Every kind of body an answer may have, by name.
    fn bodies() -> Vec<(&'static str, Vec<u8>)> {
        let receipt = |id: u128, digest: &str| {
            serde_json::json!({
                "clientSubmissionId": uuid::Uuid::from_u128(id), "bodyDigest": digest, "caseNumber": NUMBER,
                "queryCode": "042917", "acceptedAt": "2026-11-24T01:02:03Z", "promiseDate": "2026-12-14",
                "state": "submitted"
            })
            .to_string()
            .into_bytes()
        };
        let problem = |code: &str| format!(r#"{{"type":"about:blank","code":"{code}"}}"#).into_bytes();
        let mut too_big = receipt(7, "ab12");
        too_big.resize(ANSWER_MAX + 1, b' ');
        vec![
            ("good", receipt(7, "ab12")),
            ("other id", receipt(8, "ab12")),
            ("other content", receipt(7, "cd34")),
            ("empty", Vec::new()),
            ("html", b"<!doctype html><title>Sign in</title>".to_vec()),
            ("broken", receipt(7, "ab12")[..40].to_vec()),
            ("too big", too_big),
            ("problem", problem("form-outdated")),
            ("problem id-conflict", problem("id-conflict")),
            ("problem seal-key-unknown", problem("seal-key-unknown")),
            ("problem clock", problem("clock")),
            ("problem nonce", problem("nonce")),
            ("problem signature", problem("signature")),
            ("problem terminal-unknown", problem("terminal-unknown")),
        ]
    }

    /// The table by hand: one short word per status, body and proof.
    fn expected(status: u16, body: &str, proof: Proof) -> String {
        let signed = proof == Proof::Signed;
        let is_receipt = matches!(body, "good" | "other content");
        match (status, body) {
            (200 | 201, "good") if signed => format!("stored {NUMBER}"),
            (200 | 201, "other content") if signed => "aside county.id-conflict".into(),
            (200 | 201, "too big") => "again county.answer-too-big".into(),
            (200 | 201, _) if is_receipt => "again county.answer-unsigned".into(),
            (200..=299, _) => "again county.no-receipt".into(),
            (300..=399, _) => "again county.redirect".into(),
            (401 | 403, "problem clock") => "again county.clock".into(),
            (401 | 403, "problem nonce") => "again county.nonce".into(),
            (401 | 403, "problem signature") => "stop county.signature".into(),
            (401 | 403, "problem terminal-unknown") => "stop county.terminal-unknown".into(),
            (401 | 403, _) => format!("stop county.http-{status}"),
            (400 | 409 | 413 | 422, _) if !signed => "again county.answer-unsigned".into(),
            (409, "problem id-conflict") => "aside county.id-conflict".into(),
            (409, _) => "again county.http-409".into(),
            (400 | 413 | 422, "problem seal-key-unknown") => "again county.seal-key-unknown".into(),
            (400 | 413 | 422, _) => match body.strip_prefix("problem") {
                Some("") => "aside form-outdated".into(),
                Some(code) => format!("aside {}", code.trim()),
                None => format!("aside county.http-{status}"),
            },
            _ => format!("again county.http-{status}"),
        }
    }

    fn word(verdict: &Verdict) -> String {
        match verdict {
            Verdict::Stored { receipt } => format!("stored {}", receipt.case_number),
            Verdict::TryAgain { code, .. } => format!("again {code}"),
            Verdict::SetAside { code } => format!("aside {code}"),
            Verdict::StopAll { code } => format!("stop {code}"),
        }
    }

    fn heads(proof: Proof) -> Heads<'static> {
        Heads { retry_after: None, date: None, proof }
    }

    #[test]
    fn every_status_with_every_body_has_the_documented_verdict() {
        let mut seen = 0;
        for status in 100..=599 {
            for (name, body) in bodies() {
                for proof in [Proof::Signed, Proof::Unsigned] {
                    let verdict = classify(status, heads(proof), &body, OURS);
                    assert_eq!(word(&verdict), expected(status, name, proof), "{status} {name} {proof:?}");
                    seen += 1;
                }
            }
        }
        assert_eq!(seen, 500 * 14 * 2);
    }

    #[test]
    fn only_a_signed_receipt_for_us_is_ever_stored() {
        for status in 0..=999 {
            for (name, body) in bodies() {
                for proof in [Proof::Signed, Proof::Unsigned] {
                    let stored = matches!(classify(status, heads(proof), &body, OURS), Verdict::Stored { .. });
                    let may = proof == Proof::Signed && name == "good" && (200..=201).contains(&status);
                    assert_eq!(stored, may, "{status} {name} {proof:?}");
                }
            }
        }
    }

    #[test]
    fn an_unproven_answer_never_sets_an_application_aside() {
        for status in 0..=999 {
            for (name, body) in bodies() {
                let verdict = classify(status, heads(Proof::Unsigned), &body, OURS);
                assert!(!matches!(verdict, Verdict::SetAside { .. }), "{status} {name}");
            }
        }
    }

    #[test]
    fn asking_hands_in_again_only_where_the_platform_knows_nothing() {
        for status in 100..=599 {
            for (name, body) in bodies() {
                for proof in [Proof::Signed, Proof::Unsigned] {
                    let told = match classify_lookup(status, heads(proof), &body, OURS) {
                        Lookup::HandIn => "hand in".to_owned(),
                        Lookup::Settled(verdict) | Lookup::Unclear(verdict) => word(&verdict),
                    };
                    let wanted = match status {
                        404 | 405 | 410 | 501 => "hand in".to_owned(),
                        400 | 409 | 413 | 422 => format!("again county.http-{status}"),
                        _ => expected(status, name, proof),
                    };
                    assert_eq!(told, wanted, "{status} {name} {proof:?}");
                }
            }
        }
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_date_and_capped() {
        let read = |retry_after, date| retry_after_of(retry_after, date).map(|wait| wait.as_secs());
        let date = Some("Tue, 24 Nov 2026 08:00:00 GMT");
        assert_eq!(read("0", None), Some(0));
        assert_eq!(read(" 120 ", None), Some(120));
        assert_eq!(read("86400", None), Some(3600));
        assert_eq!(read("99999999999999999999999999", None), Some(3600));
        assert_eq!(read("Tue, 24 Nov 2026 08:01:30 GMT", date), Some(90));
        assert_eq!(read("Tue, 24 Nov 2026 07:00:00 GMT", date), Some(0));
        assert_eq!(read("Wed, 25 Nov 2026 08:00:00 GMT", date), Some(3600));
        assert_eq!(read("Tue, 24 Nov 2026 08:01:30 GMT", None), None);
        for nonsense in ["", "soon", "-5", "1.5", "Tue, 99 Nov 2026 08:00:00 GMT"] {
            assert_eq!(read(nonsense, date), None, "{nonsense}");
        }
    }

    #[test]
    fn a_busy_platform_says_when_to_come_back() {
        for status in [408, 425, 429, 500, 502, 503, 504] {
            let heads = Heads { retry_after: Some("30"), ..heads(Proof::Unsigned) };
            assert_eq!(
                classify(status, heads, b"<html>", OURS),
                Verdict::TryAgain { code: format!("county.http-{status}"), after: Some(Duration::from_secs(30)) }
            );
        }
    }

    fn retry_after_of(text: &str, date: Option<&str>) -> Option<Duration> {
        retry_after(Heads { retry_after: Some(text), date, proof: Proof::Signed })
    }
}
