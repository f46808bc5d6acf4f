//! Numbers and codes on slips: made here, read back here.
//!
//! A bare number opens nothing: a QR code and every question carry a second part, the query code. The QR holds facts
//! about the application and no person: no name, no ID number.
//!
//! **Layout `BM2`**, eight words with one space between them:
//!
//! ```text
//! BM2 KIND NUMBER ITEM TIME CASE CODE SIGNATURE
//! ```
//!
//! `KIND` is `K` (kept) or `A` (accepted); `NUMBER` the kiosk's number with its check character; `ITEM` the business
//! item code; `TIME` unix seconds, of keeping by the terminal's clock or of the county's acceptance; `CASE` the case
//! number or `-`; `CODE` the query code; `SIGNATURE` the kiosk's over all text before the last space (the *claim*), or
//! `-` from a kiosk without a key. The core makes claims and never signs: a key is no plain value. Letters are capitals
//! and signs those of the QR code's alphanumeric mode wherever the county's own words allow it, to keep the code small.
//!
//! **Layout `BM1`**, of slips printed before (`BM1 KIND NUMBER CODE`, no check character, no signature), is still read.
//!
//! **The check character.** A number is typed by people, so it ends with a character that depends on all others:
//! modulo 31 with powers of 3, all different below the 30th place. Every single altered character and every swap of
//! two characters next to each other is found. ISO 7064 offers MOD 37,36, which misses some swaps, and MOD 37-2,
//! which needs `*`. The 31 characters leave out I, L, O, S and Z, which look like digits.

use jiff::Timestamp;

use super::id::{Sequence, SubmissionId};

/// First word of our QR codes: product and version of the layout.
const MARK: &str = "BM2";
/// The layout without check character and signature.
const OLD_MARK: &str = "BM1";
/// Stands where there is no case number yet, or no signature.
const NONE: &str = "-";
/// Longest payload that is looked at: item and case number at most 64 each, code 32, signature 96, and the rest.
const PAYLOAD_MAX: usize = 320;
/// Characters of the check, by value.
const CHECKS: &[u8; 31] = b"0123456789ABCDEFGHJKMNPQRTUVWXY";
/// Length of a kiosk code: a letter and three digits.
const KIOSK_LENGTH: usize = 4;
/// Fewest digits of a sequence number.
const DIGITS_MIN: usize = 6;
/// Most digits of a sequence number. With the kiosk's four and the check they stay below the 30th place.
const DIGITS_MAX: usize = 18;

/// What a scanned slip says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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

/// What a slip of the present layout claims.
#[derive(Clone, PartialEq, Eq)]
pub struct Claim {
    /// Code of the kiosk that printed it.
    pub kiosk: String,
    /// Number on that kiosk.
    pub sequence: Sequence,
    /// Business item code.
    pub item: String,
    /// When it was kept (terminal's clock), or accepted (county's clock), in whole seconds.
    pub at: Timestamp,
    /// The county's case number, on a slip of the kind "accepted".
    pub case: Option<String>,
    /// Query code.
    pub code: String,
}

impl std::fmt::Debug for Claim {
    /// Number and query code together open a case: neither code is shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claim").field("kiosk", &self.kiosk).field("sequence", &self.sequence).finish_non_exhaustive()
    }
}

/// A slip's payload, taken apart but not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload<'a> {
    /// The layout without signature.
    Old(SlipCode),
    /// The present layout.
    Signed {
        /// What it claims.
        claim: Box<Claim>,
        /// The text the signature is over.
        text: &'a str,
        /// The signature as written, `None` from a kiosk without a key.
        signature: Option<&'a str>,
    },
    /// Our mark, but not our layout: damaged or made up.
    Damaged,
    /// Not a code of ours.
    Foreign,
}

/// Why a typed number is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberError {
    /// It does not look like a kiosk's number.
    NotANumber,
    /// It looks like one, but its check character does not fit: please look at the number again.
    LookAgain,
}

impl Claim {
    /// The text that a signature is made over, and that stands before it in the QR code.
    pub fn text(&self) -> String {
        let (kind, case) = match &self.case {
            None => ("K", NONE),
            Some(case) => ("A", case.as_str()),
        };
        let number = kiosk_number(&self.kiosk, self.sequence);
        format!("{MARK} {kind} {number} {} {} {case} {}", self.item, self.at.as_second(), self.code)
    }
}

/// The payload of a QR code: the claim and its signature, or the sign that there is none.
pub fn payload(claim: &str, signature: Option<&str>) -> String {
    format!("{claim} {}", signature.unwrap_or(NONE))
}

/// The kiosk's number of an application: kiosk code, at least six digits and a check character, `K0320001871`.
pub fn kiosk_number(kiosk: &str, sequence: Sequence) -> String {
    let bare = format!("{kiosk}{:06}", sequence.0);
    // A code that is no kiosk's cannot come from a checked configuration; its number fits nothing when it is read back.
    let check = check_character(&bare).unwrap_or('-');
    format!("{bare}{check}")
}

/// Reads a number as a person types it: small letters, spaces, hyphens, full-width characters and the letters O, I, L
/// in the place of digits do not count.
///
/// # Errors
/// See [`NumberError`].
pub fn read_number(typed: &str) -> Result<(String, Sequence), NumberError> {
    let mut number = String::new();
    for c in typed.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '－')) {
        if number.len() > KIOSK_LENGTH + DIGITS_MAX {
            return Err(NumberError::NotANumber);
        }
        let plain = match u32::from(c) {
            wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(c),
            _ => c,
        };
        number.push(match plain.to_ascii_uppercase() {
            'O' if !number.is_empty() => '0',
            'I' | 'L' if !number.is_empty() => '1',
            c if c.is_ascii_alphanumeric() => c,
            _ => return Err(NumberError::NotANumber),
        });
    }
    let split = number.len().saturating_sub(1);
    let (bare, check) = number.split_at(split);
    let expected = check_character(bare).ok_or(NumberError::NotANumber)?;
    if !check.starts_with(expected) {
        return Err(NumberError::LookAgain);
    }
    let (kiosk, digits) = bare.split_at(KIOSK_LENGTH);
    let sequence = digits.parse().map_err(|_| NumberError::NotANumber)?;
    Ok((kiosk.to_owned(), Sequence(sequence)))
}

/// The check character of a number without it; `None` if this is no number of a kiosk.
fn check_character(bare: &str) -> Option<char> {
    let (kiosk, digits) = bare.as_bytes().split_at_checked(KIOSK_LENGTH)?;
    let (letter, of_county) = kiosk.split_first()?;
    let is_number = letter.is_ascii_uppercase()
        && of_county.iter().chain(digits).all(u8::is_ascii_digit)
        && (DIGITS_MIN..=DIGITS_MAX).contains(&digits.len());
    if !is_number {
        return None;
    }
    let digits = of_county.iter().chain(digits).map(|digit| u32::from(digit - b'0'));
    let sum = digits.fold(u32::from(letter - b'A'), |sum, digit| (sum * 3 + digit) % 31);
    // The check is the last place: sum * 3 + check is a multiple of 31.
    let check = (31 - sum * 3 % 31) % 31;
    CHECKS.get(check as usize).copied().map(char::from)
}

/// A number in groups of four for reading aloud: `K032 0001 871`.
pub fn in_groups(number: &str) -> String {
    let characters: Vec<char> = number.chars().filter(|c| !c.is_whitespace()).collect();
    characters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// Query code of a kept application: six digits out of the random part of its id.
pub fn kept_code(id: SubmissionId) -> String {
    format!("{:06}", id.0.as_u128() % 1_000_000)
}

/// Reads a scanned payload; `None` if it is not a code of ours. Bounded, never opens anything, believes no signature:
/// the query code is what a question needs.
pub fn parse(scanned: &str) -> Option<SlipCode> {
    match take_apart(scanned) {
        Payload::Old(code) => Some(code),
        Payload::Signed { claim, .. } => {
            let Claim { kiosk, sequence, case, code, .. } = *claim;
            Some(match case {
                Some(number) => SlipCode::Case { number, code },
                None => SlipCode::Kept { kiosk, sequence, code },
            })
        }
        Payload::Damaged | Payload::Foreign => None,
    }
}

/// Takes a payload apart. White space around it does not count; every character inside does.
pub fn take_apart(scanned: &str) -> Payload<'_> {
    let scanned = scanned.trim();
    let (mark, rest) = scanned.split_once(' ').unwrap_or((scanned, ""));
    if scanned.len() > PAYLOAD_MAX {
        return Payload::Foreign;
    }
    match mark {
        MARK => signed(scanned).unwrap_or(Payload::Damaged),
        OLD_MARK => old(rest).map_or(Payload::Damaged, Payload::Old),
        _ => Payload::Foreign,
    }
}

fn signed(scanned: &str) -> Option<Payload<'_>> {
    let (text, signature) = scanned.rsplit_once(' ')?;
    let mut words = text.split(' ');
    let mut next = || words.next();
    let (_, kind, number, item, at, case, code) = (next()?, next()?, next()?, next()?, next()?, next()?, next()?);
    let (kiosk, sequence) = read_number(number).ok()?;
    let case = match (kind, case) {
        ("K", NONE) => None,
        ("A", case) if case != NONE && is_harmless(case) => Some(case.to_owned()),
        _ => return None,
    };
    if !is_harmless(item) || !is_harmless(code) {
        return None;
    }
    let at = Timestamp::from_second(at.parse().ok()?).ok()?;
    let claim = Claim { kiosk, sequence, item: item.to_owned(), at, case, code: code.to_owned() };
    let signature = (signature != NONE).then_some(signature);
    // One way to write each claim: what reads the same is the same text.
    (claim.text() == text).then(|| Payload::Signed { claim: Box::new(claim), text, signature })
}

fn old(rest: &str) -> Option<SlipCode> {
    let mut words = rest.split(' ');
    let (kind, number, code) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() || !is_harmless(number) || !is_harmless(code) {
        return None;
    }
    match kind {
        "A" => Some(SlipCode::Case { number: number.to_owned(), code: code.to_owned() }),
        "K" => {
            let (kiosk, digits) = number.split_at_checked(KIOSK_LENGTH)?;
            let sequence = Sequence(digits.parse().ok()?);
            Some(SlipCode::Kept { kiosk: kiosk.to_owned(), sequence, code: code.to_owned() })
        }
        _ => None,
    }
}

fn is_harmless(word: &str) -> bool {
    (1..=64).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
#[path = "receipt_tests.rs"]
mod tests;
