//! Several applications in one call: how they are wrapped, and what the answer means for each.
//!
//! Each application travels in the same envelope, byte for byte, as it would alone; its digest is over that envelope, so
//! that one that was handed in alone before and one that comes in a batch are the same submission. The answer holds a
//! result for each, and each is judged by the rules of [`classify`](mod@super::classify): one that is refused does not
//! touch the others. Everything that spoils the answer as a whole leaves every application unclear, also a refusal of the
//! batch itself, for that says nothing about any of them.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::classify::{Heads, Ours, Proof, classify};
use super::wire::ANSWER_MAX;
use crate::domain::id::SubmissionId;
use crate::domain::submission::Verdict;

/// The body of a batch.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Batch<'a> {
    terminal_id: &'a str,
    submissions: Vec<&'a RawValue>,
}

/// The answer to a batch.
#[derive(Deserialize)]
struct Results<'a> {
    #[serde(borrow)]
    results: Vec<Outcome<'a>>,
}

/// What became of one application: the status it would have had alone, with its receipt or its problem.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    client_submission_id: SubmissionId,
    status: u16,
    #[serde(borrow)]
    body: &'a RawValue,
}

/// Wraps envelopes for one call; `None` if one of them is no JSON.
pub fn wrap(terminal: &str, envelopes: &[Zeroizing<Vec<u8>>]) -> Option<Vec<u8>> {
    let submissions = envelopes.iter().map(|envelope| serde_json::from_slice(envelope).ok()).collect::<Option<_>>()?;
    serde_json::to_vec(&Batch { terminal_id: terminal, submissions }).ok()
}

/// What an answer to a batch means for each of ours, in their order.
pub fn classify_batch(status: u16, heads: Heads<'_>, body: &[u8], ours: &[Ours<'_>]) -> Vec<(SubmissionId, Verdict)> {
    let all = |verdict: Verdict| ours.iter().map(|ours| (ours.id, verdict.clone())).collect();
    let Some(first) = ours.first() else { return Vec::new() };
    match status {
        200 => {}
        // About the batch, not about an application in it: alone each gets its own answer.
        201..=299 => return all(again("county.no-receipt")),
        400 | 409 | 413 | 422 => return all(again("county.batch-refused")),
        _ => return all(classify(status, heads, body, *first)),
    }
    if heads.proof == Proof::Unsigned {
        return all(again("county.answer-unsigned"));
    }
    if body.len() > ANSWER_MAX {
        return all(again("county.answer-too-big"));
    }
    let Ok(Results { results }) = serde_json::from_slice::<Results<'_>>(body) else {
        return all(again("county.no-receipt"));
    };
    ours.iter()
        .map(|ours| {
            let mut of_it = results.iter().filter(|outcome| outcome.client_submission_id == ours.id);
            let verdict = match (of_it.next(), of_it.next()) {
                (Some(outcome), None) => judge(outcome.status, outcome.body.get(), *ours),
                // Not told, or told twice.
                (None, _) | (Some(_), Some(_)) => again("county.no-receipt"),
            };
            (ours.id, verdict)
        })
        .collect()
}

/// One result of a signed answer.
pub(super) fn judge(status: u16, body: &str, ours: Ours<'_>) -> Verdict {
    let heads = Heads { retry_after: None, date: None, proof: Proof::Signed };
    match classify(status, heads, body.as_bytes(), ours) {
        // A kiosk that is refused is refused as a whole, not inside an answer to it.
        Verdict::StopAll { code } => Verdict::TryAgain { code, after: None },
        verdict @ (Verdict::Stored { .. } | Verdict::TryAgain { .. } | Verdict::SetAside { .. }) => verdict,
    }
}

fn again(code: &str) -> Verdict {
    Verdict::TryAgain { code: code.to_owned(), after: None }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing test may panic")]

    use serde_json::{Value, json};

    use super::*;

    fn id(n: u128) -> SubmissionId {
        SubmissionId(uuid::Uuid::from_u128(n))
    }

    fn receipt(n: u128, digest: &str) -> Value {
        json!({
            "clientSubmissionId": id(n).to_string(), "bodyDigest": digest, "caseNumber": format!("N{n}"),
            "queryCode": "042917", "acceptedAt": "2026-11-24T01:02:03Z", "promiseDate": null
        })
    }

    fn said(status: u16, proof: Proof, body: &Value) -> Vec<String> {
        let ours = [1, 2, 3].map(|n| Ours { id: id(n), digest: "ab" });
        let heads = Heads { retry_after: Some("9"), date: None, proof };
        classify_batch(status, heads, body.to_string().as_bytes(), &ours)
            .into_iter()
            .enumerate()
            .map(|(at, (told, verdict))| {
                assert_eq!(told, id(at as u128 + 1), "in the order of ours");
                match verdict {
                    Verdict::Stored { receipt } => receipt.case_number,
                    Verdict::TryAgain { code, .. } => format!("again {code}"),
                    Verdict::SetAside { code } => format!("aside {code}"),
                    Verdict::StopAll { code } => format!("stop {code}"),
                }
            })
            .collect()
    }

    fn result(n: u128, status: u16, body: &Value) -> Value {
        json!({ "clientSubmissionId": id(n).to_string(), "status": status, "body": body })
    }

    #[test]
    fn each_application_of_a_batch_has_its_own_verdict() {
        let body = json!({ "results": [
            result(3, 201, &receipt(3, "ab")), result(2, 422, &json!({"code": "form-outdated"})),
            result(1, 200, &receipt(1, "ab")),
        ]});
        assert_eq!(said(200, Proof::Signed, &body), ["N1", "aside form-outdated", "N3"]);
    }

    #[test]
    fn a_foreign_a_missing_and_a_doubled_result_are_unclear_and_other_content_is_set_aside() {
        let body = json!({ "results": [
            result(1, 201, &receipt(9, "ab")), result(2, 201, &receipt(2, "cd")),
            result(9, 201, &receipt(3, "ab")),
        ]});
        assert_eq!(
            said(200, Proof::Signed, &body),
            ["again county.no-receipt", "aside county.id-conflict", "again county.no-receipt"]
        );
        let twice = json!({ "results": [result(1, 422, &json!({"code": "x"})), result(1, 201, &receipt(1, "ab"))]});
        assert_eq!(said(200, Proof::Signed, &twice)[0], "again county.no-receipt");
    }

    #[test]
    fn what_is_not_proven_or_not_about_an_application_leaves_all_unclear() {
        let results = [1, 2, 3].map(|n| result(n, 201, &receipt(n, "ab")));
        let good = json!({ "results": results });
        for (status, proof, code) in [
            (200, Proof::Unsigned, "again county.answer-unsigned"),
            (202, Proof::Signed, "again county.no-receipt"),
            (400, Proof::Signed, "again county.batch-refused"),
            (422, Proof::Signed, "again county.batch-refused"),
            (413, Proof::Unsigned, "again county.batch-refused"),
            (302, Proof::Signed, "again county.redirect"),
            (503, Proof::Signed, "again county.http-503"),
            (500, Proof::Unsigned, "again county.http-500"),
            (401, Proof::Signed, "stop county.http-401"),
        ] {
            assert_eq!(said(status, proof, &good), [code; 3], "{status}");
        }
        assert_eq!(said(200, Proof::Signed, &json!({"results": 3})), ["again county.no-receipt"; 3]);
        let refused = json!({ "results": [result(1, 403, &json!({"code": "terminal-unknown"}))]});
        assert_eq!(said(200, Proof::Signed, &refused)[0], "again county.terminal-unknown");
    }

    #[test]
    fn a_batch_holds_the_envelopes_untouched() {
        let one = br#"{"b" : 1.50,"a":"\u5f20"}"#;
        let wrapped = wrap("K032", &[Zeroizing::new(one.to_vec()), Zeroizing::new(b"{}".to_vec())]).unwrap();
        let expected = r#"{"terminalId":"K032","submissions":[{"b" : 1.50,"a":"\u5f20"},{}]}"#;
        assert_eq!(String::from_utf8(wrapped).unwrap(), expected);
        assert_eq!(wrap("K032", &[Zeroizing::new(b"{".to_vec())]), None);
    }
}
