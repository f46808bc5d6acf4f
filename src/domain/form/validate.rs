//! Checks of answers, as pure functions. Each takes the digits as typed and says what is wrong, kindly.

use jiff::civil::Date;
use kiosk_hal::model::CardDate;

use crate::ipc::Problem;

/// Digits of a mobile number.
pub const MOBILE_DIGITS: u8 = 11;
/// Digits of a day, year first.
pub const DATE_DIGITS: u8 = 8;
/// Places of an ID number.
pub const ID_NUMBER_PLACES: u8 = 18;
/// Fewest digits of a bank account.
pub const ACCOUNT_MIN_DIGITS: u8 = 12;
/// Weights of the first 17 places of an ID number (GB 11643).
const ID_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// Check characters of an ID number by remainder.
const ID_CHECKS: &[u8; 11] = b"10X98765432";
/// Lengths of bank card numbers that carry a check digit (ISO/IEC 7812). Other lengths are passbook accounts without one.
const LUHN_LENGTHS: std::ops::RangeInclusive<usize> = 16..=19;

/// A mobile number: `1`, then `3` to `9`, eleven digits. A wrong beginning is told before missing digits.
///
/// # Errors
/// `Empty`, `NotAMobile`, `TooShort`.
pub fn mobile(digits: &str) -> Result<(), Problem> {
    let bytes = digits.as_bytes();
    let begins_right = match bytes {
        [] => return Err(Problem::Empty),
        [b'1'] => true,
        [b'1', second, ..] => (b'3'..=b'9').contains(second),
        [..] => false,
    };
    if !begins_right || !all_digits(digits) || bytes.len() > usize::from(MOBILE_DIGITS) {
        return Err(Problem::NotAMobile);
    }
    full_length(digits, MOBILE_DIGITS)
}

/// A bank account of 12 to `max_digits` digits; card numbers of 16 to 19 digits must pass their check digit.
///
/// # Errors
/// `Empty`, `TooShort`, `OutOfRange` if it is too long, `AccountCheck`.
pub fn account(digits: &str, max_digits: u8) -> Result<(), Problem> {
    full_length(digits, ACCOUNT_MIN_DIGITS)?;
    if digits.len() > usize::from(max_digits) || !all_digits(digits) {
        return Err(Problem::OutOfRange);
    }
    if LUHN_LENGTHS.contains(&digits.len()) && !luhn_passes(digits) {
        return Err(Problem::AccountCheck);
    }
    Ok(())
}

/// A day as `YYYYMMDD` within `back` days before and `ahead` days after `today`.
///
/// # Errors
/// `Empty`, `TooShort`, `NotADate`, `DateOutOfRange`.
pub fn date(digits: &str, today: Date, back: u32, ahead: u32) -> Result<Date, Problem> {
    full_length(digits, DATE_DIGITS)?;
    let day = CardDate::parse(digits).and_then(civil).ok_or(Problem::NotADate)?;
    let away = today.until(day).map_or(i32::MAX, |span| span.get_days());
    let in_reach = i64::from(away) <= i64::from(ahead) && -i64::from(away) <= i64::from(back);
    if in_reach { Ok(day) } else { Err(Problem::DateOutOfRange) }
}

/// A day of a card as a day of the calendar.
pub fn civil(day: CardDate) -> Option<Date> {
    Date::new(i16::try_from(day.year).ok()?, i8::try_from(day.month).ok()?, i8::try_from(day.day).ok()?).ok()
}

/// A whole number from `min` to `max`. Leading zeros do not matter.
///
/// # Errors
/// `Empty`, `OutOfRange`.
pub fn number(digits: &str, min: u64, max: u64) -> Result<u64, Problem> {
    if digits.is_empty() {
        return Err(Problem::Empty);
    }
    if !all_digits(digits) {
        return Err(Problem::OutOfRange);
    }
    let value: u64 = digits.parse().map_err(|_too_long| Problem::OutOfRange)?;
    if (min..=max).contains(&value) { Ok(value) } else { Err(Problem::OutOfRange) }
}

/// Money typed in whole yuan from `min` to `max` yuan; gives fen.
///
/// # Errors
/// `Empty`, `OutOfRange`.
pub fn money(digits: &str, min: u64, max: u64) -> Result<u64, Problem> {
    number(digits, min, max)?.checked_mul(100).ok_or(Problem::OutOfRange)
}

/// An ID number (GB 11643): 18 places, a birth date that exists and is not after `today`, the right check character.
///
/// # Errors
/// `Empty`, `TooShort`, `IdNumberCheck`.
pub fn id_number(text: &str, today: Date) -> Result<(), Problem> {
    full_length(text, ID_NUMBER_PLACES)?;
    let passes = text.len() == usize::from(ID_NUMBER_PLACES)
        && id_check(text) == text.bytes().last()
        && text.get(6..14).and_then(CardDate::parse).and_then(civil).is_some_and(|birth| birth <= today);
    if passes { Ok(()) } else { Err(Problem::IdNumberCheck) }
}

/// The check character that belongs to the first 17 digits.
fn id_check(text: &str) -> Option<u8> {
    let body = text.as_bytes().get(..17)?;
    let mut sum = 0;
    for (byte, weight) in body.iter().zip(ID_WEIGHTS) {
        if !byte.is_ascii_digit() {
            return None;
        }
        sum += u32::from(byte - b'0') * weight;
    }
    ID_CHECKS.get(usize::try_from(sum % 11).ok()?).copied()
}

/// The check digit of bank cards: from the right, every second digit counts double, and the sum ends in 0.
fn luhn_passes(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte.saturating_sub(b'0'));
            let doubled = digit * 2;
            match (place % 2 == 1, doubled > 9) {
                (true, true) => doubled - 9,
                (true, false) => doubled,
                (false, _) => digit,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

fn full_length(text: &str, least: u8) -> Result<(), Problem> {
    if text.is_empty() {
        return Err(Problem::Empty);
    }
    let typed = u8::try_from(text.len()).unwrap_or(u8::MAX);
    match least.saturating_sub(typed) {
        0 => Ok(()),
        missing => Err(Problem::TooShort { missing }),
    }
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date as day;

    use super::*;

    fn today() -> Date {
        day(2026, 11, 24)
    }

    #[test]
    fn mobile_numbers_are_judged_by_length_and_beginning() {
        for good in ["13800000000", "19912345678", "15000000001"] {
            assert_eq!(mobile(good), Ok(()), "{good}");
        }
        for (bad, problem) in [
            ("", Problem::Empty),
            ("1", Problem::TooShort { missing: 10 }),
            ("138000000", Problem::TooShort { missing: 2 }),
            ("12", Problem::NotAMobile),
            ("12800000000", Problem::NotAMobile),
            ("05130000000", Problem::NotAMobile),
            ("23800000000", Problem::NotAMobile),
            ("138000000000", Problem::NotAMobile),
            ("1380000000x", Problem::NotAMobile),
        ] {
            assert_eq!(mobile(bad), Err(problem), "{bad}");
        }
    }

    #[test]
    fn card_numbers_must_pass_their_check_digit_and_passbooks_need_none() {
        for good in ["4111111111111111", "9999000000000004410", "123456789012", "12345678901234567890"] {
            assert_eq!(account(good, 30), Ok(()), "{good}");
        }
        for (bad, problem) in [
            ("", Problem::Empty),
            ("12345", Problem::TooShort { missing: 7 }),
            ("4111111111111112", Problem::AccountCheck),
            ("9999000000000004401", Problem::AccountCheck),
            ("1234567890123456789012345678901", Problem::OutOfRange),
        ] {
            assert_eq!(account(bad, 30), Err(problem), "{bad}");
        }
    }

    #[test]
    fn every_single_wrong_digit_of_a_card_number_is_found() {
        let good = "9999000000000004410";
        for at in 0..good.len() {
            for digit in b'0'..=b'9' {
                let mut bytes = good.as_bytes().to_vec();
                if bytes.get(at) == Some(&digit) {
                    continue;
                }
                bytes[at] = digit;
                let wrong = String::from_utf8(bytes).expect("digits");
                assert_eq!(account(&wrong, 30), Err(Problem::AccountCheck), "{wrong}");
            }
        }
    }

    #[test]
    fn id_numbers_of_the_standard_pass_and_broken_ones_do_not() {
        for good in [
            "11010519491231002X",
            "320699195001010000",
            "320699198506150010",
            "320699201001010025",
            "320699198802290034",
            "32069919600101003X",
        ] {
            assert_eq!(id_number(good, today()), Ok(()), "{good}");
        }
        for (bad, problem) in [
            ("", Problem::Empty),
            ("32069919500101", Problem::TooShort { missing: 4 }),
            ("320699195001010001", Problem::IdNumberCheck),
            ("11010519491231002x", Problem::IdNumberCheck),
            ("320699199002300013", Problem::IdNumberCheck),
            ("X20699195001010000", Problem::IdNumberCheck),
        ] {
            assert_eq!(id_number(bad, today()), Err(problem), "{bad}");
        }
    }

    #[test]
    fn a_birth_date_that_does_not_exist_is_refused_even_with_the_right_check_digit() {
        let body = "32069919900230001";
        let check = id_check(body).expect("17 digits");
        let number = format!("{body}{}", char::from(check));
        assert_eq!(id_number(&number, today()), Err(Problem::IdNumberCheck));
    }

    #[test]
    fn days_must_exist_and_lie_in_reach() {
        assert_eq!(date("20261124", today(), 0, 0), Ok(today()));
        assert_eq!(date("20270301", today(), 10, 310), Ok(day(2027, 3, 1)));
        assert_eq!(date("20280229", today(), 10, 900), Ok(day(2028, 2, 29)));
        for (bad, problem) in [
            ("", Problem::Empty),
            ("2026", Problem::TooShort { missing: 4 }),
            ("20270229", Problem::NotADate),
            ("20261301", Problem::NotADate),
            ("20261100", Problem::NotADate),
            ("20261113", Problem::DateOutOfRange),
            ("20271001", Problem::DateOutOfRange),
            ("18000101", Problem::DateOutOfRange),
            ("29991231", Problem::DateOutOfRange),
        ] {
            assert_eq!(date(bad, today(), 10, 310), Err(problem), "{bad}");
        }
    }

    #[test]
    fn numbers_and_money_keep_their_limits_and_money_becomes_fen() {
        assert_eq!(number("007", 1, 30), Ok(7));
        assert_eq!(number("0", 1, 30), Err(Problem::OutOfRange));
        assert_eq!(number("31", 1, 30), Err(Problem::OutOfRange));
        assert_eq!(number("", 0, 30), Err(Problem::Empty));
        assert_eq!(number("99999999999999999999999", 0, u64::MAX), Err(Problem::OutOfRange));
        assert_eq!(money("1200", 0, 2000), Ok(120_000));
        assert_eq!(money("2001", 0, 2000), Err(Problem::OutOfRange));
        assert_eq!(money("18446744073709551615", 0, u64::MAX), Err(Problem::OutOfRange));
    }
}
