//! Check rules for the numbers on cards.
//!
//! Citizens, HMT residents and the foreign permanent residents of 2023 carry 18 characters with a MOD 11-2 check
//! (GB 11643, ISO 7064); the cards of 2017 carry 15 characters with the 7-3-1 check of passports. The dates inside
//! must be days of the calendar. The address code is never judged: codes of abolished counties stay valid for life.

use crate::model::{CardDate, CardKind, NumberCheck};

/// Weights of the first 17 digits.
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/// Check character by the weighted sum modulo 11.
const CHECK: [u8; 11] = *b"10X98765432";

/// Checks a number by the rule of its card. A lower-case `x` at the end counts as `X`.
pub fn check(kind: CardKind, number: &str) -> NumberCheck {
    let number = normalise(number);
    let good = match kind {
        CardKind::Resident | CardKind::HmtResidence => is_mod_11_2(&number) && !number.starts_with(['0', '9']),
        CardKind::ForeignPermanent2023 => is_mod_11_2(&number) && number.starts_with('9'),
        CardKind::ForeignPermanent2017 => is_7_3_1(&number),
    };
    if good { NumberCheck::Passed } else { NumberCheck::Failed }
}

/// The number with a final `x` made `X`.
pub fn normalise(number: &str) -> String {
    match number.strip_suffix('x') {
        Some(front) => format!("{front}X"),
        None => number.to_owned(),
    }
}

/// The MOD 11-2 check character for 17 digits; `None` if they are not 17 digits.
pub fn check_character(digits: &str) -> Option<char> {
    if digits.len() != WEIGHTS.len() {
        return None;
    }
    let mut sum = 0;
    for (byte, weight) in digits.bytes().zip(WEIGHTS) {
        sum += digit(byte)? * weight;
    }
    CHECK.get(usize::try_from(sum % 11).ok()?).copied().map(char::from)
}

fn is_mod_11_2(number: &str) -> bool {
    let (Some(digits), Some(last), Some(date)) = (number.get(..17), number.get(17..), number.get(6..14)) else {
        return false;
    };
    check_character(digits).is_some_and(|right| last.chars().eq([right])) && CardDate::parse(date).is_some()
}

/// Three letters, four digits of region, YYMMDD, sex, check: 15 characters.
fn is_7_3_1(number: &str) -> bool {
    let bytes = number.as_bytes();
    let Ok(bytes) = <&[u8; 15]>::try_from(bytes) else { return false };
    let (letters, digits) = bytes.split_at(3);
    if !letters.iter().all(u8::is_ascii_uppercase) || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let (front, last) = bytes.split_at(14);
    let sum: u32 = front.iter().zip([7, 3, 1].into_iter().cycle()).map(|(byte, weight)| value(*byte) * weight).sum();
    let right = last.first().copied().and_then(digit) == Some(sum % 10);
    // The century is not on the card: the date has to exist in one of the two.
    let short = number.get(7..13).unwrap_or_default();
    right && ["19", "20"].iter().any(|century| CardDate::parse(&format!("{century}{short}")).is_some())
}

fn digit(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(10)
}

/// Value of a character in the passport rule: digits as they are, A = 10 to Z = 35.
fn value(byte: u8) -> u32 {
    char::from(byte).to_digit(36).unwrap_or_default()
}
