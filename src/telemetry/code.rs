//! Codes in the log, also foreign ones.

use std::fmt;

/// Longest code that is shown whole.
const LONGEST: usize = 64;
/// A longer row of digits could be the number of a person, an account or a telephone.
const DIGITS: usize = 6;

/// A machine code such as `store.io`. Codes come from the county's platform too, which may put anything into them: what
/// does not look like a code is shown as `unreadable`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// Takes a code of at most 64 letters, digits, `-`, `.`, `_` without a long row of digits.
    /// No code at all becomes `none`.
    pub fn new(code: &str) -> Self {
        if code.is_empty() {
            return Self("none".to_owned());
        }
        let is_code = (1..=LONGEST).contains(&code.len())
            && code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
            && !code.as_bytes().windows(DIGITS + 1).any(|window| window.iter().all(u8::is_ascii_digit));
        Self(if is_code { code } else { "unreadable" }.to_owned())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_shown_and_a_person_in_its_place_is_not() {
        for good in ["store.io", "county.http-503", "FORM_OUTDATED", "E123456"] {
            assert_eq!(Code::new(good).to_string(), good);
        }
        assert_eq!(Code::new("").to_string(), "none");
        for bad in ["张小明", "name: Zhang", "110199190001010015", "tel-13900000000", &"a".repeat(65)] {
            assert_eq!(Code::new(bad).to_string(), "unreadable", "{bad}");
        }
    }
}
