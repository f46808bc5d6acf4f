//! Numbers and codes on slips: made here, read back here.
//!
//! A bare number opens nothing: a QR code and every question carry a second part, the query code. The QR holds number
//! and code and nothing else, no name and no ID number.

use super::id::{Sequence, SubmissionId};

/// First word of our QR codes: product and version of the layout.
const MARK: &str = "BM1";

/// What a scanned slip says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlipCode {
    /// A slip of the kind "kept": kiosk number and code.
    Kept {
        /// Code of the kiosk that printed it.
        kiosk: String,
        /// Number on that kiosk.
        sequence: Sequence,
        /// Query code.
        code: String,
    },
    /// A slip of the kind "accepted": the platform's number and code.
    Case {
        /// Case number.
        number: String,
        /// Query code.
        code: String,
    },
}

/// The kiosk's number of an application: kiosk code and at least six digits, `K032000187`.
pub fn kiosk_number(kiosk: &str, sequence: Sequence) -> String {
    format!("{kiosk}{:06}", sequence.0)
}

/// A number in groups of four for reading aloud: `K032 0001 87`.
pub fn in_groups(number: &str) -> String {
    let characters: Vec<char> = number.chars().filter(|c| !c.is_whitespace()).collect();
    characters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// Query code of a kept application: six digits out of the random part of its id.
pub fn kept_code(id: SubmissionId) -> String {
    format!("{:06}", id.0.as_u128() % 1_000_000)
}

/// QR payload of a "kept" slip.
pub fn kept_qr(kiosk: &str, sequence: Sequence, id: SubmissionId) -> String {
    format!("{MARK} K {} {}", kiosk_number(kiosk, sequence), kept_code(id))
}

/// QR payload of an "accepted" slip.
pub fn case_qr(number: &str, code: &str) -> String {
    format!("{MARK} A {number} {code}")
}

/// Reads a scanned payload; `None` if it is not a code of ours. Bounded, never opens anything.
pub fn parse(payload: &str) -> Option<SlipCode> {
    if payload.len() > 160 {
        return None;
    }
    let mut words = payload.trim().split(' ');
    let (mark, kind, number, code) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let harmless =
        |word: &str| (1..=64).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if words.next().is_some() || mark != MARK || !harmless(number) || !harmless(code) {
        return None;
    }
    match kind {
        "A" => Some(SlipCode::Case { number: number.to_owned(), code: code.to_owned() }),
        "K" => {
            let (kiosk, digits) = number.split_at_checked(4)?;
            let sequence = Sequence(digits.parse().ok()?);
            Some(SlipCode::Kept { kiosk: kiosk.to_owned(), sequence, code: code.to_owned() })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_back_from_the_codes_that_were_printed() {
        let id = SubmissionId::from_parts(1_767_225_600_000, [7; 10]);
        let qr = kept_qr("K032", Sequence(187), id);
        assert_eq!(qr, format!("BM1 K K032000187 {}", kept_code(id)));
        assert_eq!(
            parse(&qr),
            Some(SlipCode::Kept { kiosk: "K032".into(), sequence: Sequence(187), code: kept_code(id) })
        );
        assert_eq!(
            parse(&case_qr("320699202611240001", "482913")),
            Some(SlipCode::Case { number: "320699202611240001".into(), code: "482913".into() })
        );
    }

    #[test]
    fn a_number_beyond_six_digits_stays_readable() {
        assert_eq!(kiosk_number("K032", Sequence(1_234_567)), "K0321234567");
        let qr = "BM1 K K0321234567 000001";
        assert!(matches!(parse(qr), Some(SlipCode::Kept { sequence: Sequence(1_234_567), .. })));
    }

    #[test]
    fn foreign_and_hostile_codes_are_not_ours() {
        for payload in [
            "",
            "https://example.invalid/?x=1",
            "BM1 A 1",
            "BM1 A 1 2 3",
            "BM1 Z 1 2",
            "BM2 A 1 2",
            "BM1 A 1;DROP 2",
            "BM1 A 1\u{1b}@ 2",
            "BM1 K K03 2",
            "BM1 K K032x 2",
            &format!("BM1 A {} 2", "9".repeat(200)),
        ] {
            assert_eq!(parse(payload), None, "{payload:?}");
        }
    }

    #[test]
    fn groups_follow_the_paper_rules() {
        assert_eq!(in_groups("K032000187"), "K032 0001 87");
    }
}
