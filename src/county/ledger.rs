//! The county's ledger of this kiosk, for the recount: read page by page, changed by nothing here.
//!
//! A page is believed only if the platform signed it and if it goes on where the page before ended: numbers above the one
//! asked for, ascending, and a page that promises more holds at least one. A platform that repeats a page for ever is
//! therefore noticed instead of followed. One that does not have the path ends the recount with `county.http-404`.

use serde::Deserialize;

use super::client::{CountyClient, encode, success};
use super::transport::Request;
use crate::domain::id::Sequence;
use crate::domain::recount::Claim;

/// Longest case number and digest that are taken, in characters.
const TEXT_MAX: usize = 64;
/// Claims that are taken in all; a kiosk of ten busy years has a tenth of them.
const CLAIMS_MAX: usize = 1_000_000;

/// One page.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    entries: Vec<Claim>,
    more: bool,
}

impl CountyClient {
    /// Everything that the county holds of this kiosk, by number. A number may come twice: two cases under one.
    ///
    /// # Errors
    /// A stable code, as with [`CountyClient::case_state`]. There is no half of a ledger.
    pub async fn whole_ledger(&self) -> Result<Vec<Claim>, String> {
        let mut all: Vec<Claim> = Vec::new();
        loop {
            let after = all.last().map_or(Sequence(0), |claim| claim.sequence);
            let path = format!("/api/v1/terminals/{}/ledger/{}", encode(self.terminal()), after.0);
            let answer = self.transport().exchange(Request::get(&path)).await;
            let body = success(answer.map_err(|failure| failure.code.to_owned())?)?;
            let page = read(&body, after).ok_or_else(|| "county.answer-broken".to_owned())?;
            all.extend(page.entries);
            if !page.more {
                return Ok(all);
            }
            if all.len() > CLAIMS_MAX {
                return Err("county.answer-too-big".to_owned());
            }
        }
    }
}

/// The page after a number, if it is one.
fn read(body: &[u8], after: Sequence) -> Option<Page> {
    let page: Page = serde_json::from_slice(body).ok()?;
    let goes_on = page.entries.first().is_none_or(|first| first.sequence > after)
        && page.entries.is_sorted_by_key(|claim| claim.sequence);
    let is_text = |text: &str| (1..=TEXT_MAX).contains(&text.len()) && !text.chars().any(char::is_control);
    let is_whole = page.entries.iter().all(|claim| is_text(&claim.body_digest) && is_text(&claim.case_number));
    (goes_on && is_whole && !(page.more && page.entries.is_empty())).then_some(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(numbers: &[u64], more: bool) -> Vec<u8> {
        let entries: Vec<_> = numbers
            .iter()
            .map(|number| {
                serde_json::json!({
                    "sequence": number, "clientSubmissionId": "019ad0f2-7a3c-7000-8000-000000000001",
                    "bodyDigest": "ab", "caseNumber": "320699202611240001",
                })
            })
            .collect();
        serde_json::json!({ "entries": entries, "more": more }).to_string().into_bytes()
    }

    #[test]
    fn a_page_that_does_not_go_on_is_no_page() {
        let five = Sequence(5);
        assert!(read(&page(&[6, 7, 9], true), five).is_some());
        assert!(read(&page(&[], false), five).is_some(), "nothing more is an end");
        assert!(read(&page(&[6, 6], false), five).is_some(), "two cases under one number are told as they are");
        assert!(read(&page(&[5, 6], true), five).is_none(), "it would repeat itself for ever");
        assert!(read(&page(&[7, 6], false), five).is_none());
        assert!(read(&page(&[], true), five).is_none());
        assert!(read(b"<html>", five).is_none());
        assert!(read(&page(&[6], false)[1..], five).is_none());
    }
}
