//! Item codes and unified social credit codes. Codes are opaque; they are parsed for warnings only.

/// The characters of a credit code in order of value (GB 32100): no I, O, S, V, Z.
const CREDIT_ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// Weights of the first 17 characters.
const CREDIT_WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// Whether a unified social credit code of 18 characters passes its check (GB 32100).
pub fn credit_code_passes(code: &str) -> bool {
    let bytes = code.as_bytes();
    let Some((&check, body)) = bytes.split_last() else {
        return false;
    };
    if body.len() != CREDIT_WEIGHTS.len() {
        return false;
    }
    let mut sum = 0;
    for (byte, weight) in body.iter().zip(CREDIT_WEIGHTS) {
        let Some(value) = credit_value(*byte) else {
            return false;
        };
        sum += value * weight;
    }
    credit_value(check) == Some((31 - sum % 31) % 31)
}

fn credit_value(byte: u8) -> Option<u32> {
    let at = CREDIT_ALPHABET.iter().position(|known| *known == byte)?;
    u32::try_from(at).ok()
}

/// The parts of an item code of the modern form, 31 or 33 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemCode<'a> {
    /// Credit code of the owner, 18 characters.
    pub owner: &'a str,
    /// Level, one digit.
    pub level: &'a str,
    /// Type of item, two digits.
    pub task_type: &'a str,
}

impl<'a> ItemCode<'a> {
    /// Takes a code apart; `None` if it is not of the modern form.
    pub fn parse(code: &'a str) -> Option<Self> {
        if !matches!(code.len(), 31 | 33) || !code.is_ascii() {
            return None;
        }
        let (owner, rest) = code.split_at(18);
        let level = rest.get(0..1)?;
        let shape = owner.bytes().all(|b| credit_value(b).is_some())
            && matches!(level, "1" | "2" | "3" | "4" | "5" | "6")
            && rest.bytes().all(|b| b.is_ascii_digit());
        shape.then_some(Self { owner, level, task_type: rest.get(3..5)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credit_codes_of_the_standard_and_of_real_registers_are_judged_right() {
        for good in [
            "91350100M000100Y43",
            "91110000101623741K",
            "113205000141492526",
            "11441423MB2C95737D",
            "12441500196720244T",
        ] {
            assert!(credit_code_passes(good), "{good}");
        }
        for bad in ["91350100M000100Y4A", "91350211M0000XUF46", "", "91350100M000100Y4", "9135010OM000100Y43"] {
            assert!(!credit_code_passes(bad), "{bad}");
        }
    }

    #[test]
    fn modern_item_codes_are_taken_apart_and_others_are_left_alone() {
        let suzhou = ItemCode::parse("113205000141492526332010502800201").expect("modern");
        assert_eq!(suzhou.owner, "113205000141492526");
        assert_eq!((suzhou.level, suzhou.task_type), ("3", "01"));
        let unlisted = ItemCode::parse("12441500196720244T3442199806003").expect("modern");
        assert_eq!(unlisted.task_type, "21");
        for other in ["000131128000", "511A0138000000-511602000000-000-x-1-00", "", "办件"] {
            assert_eq!(ItemCode::parse(other), None);
        }
    }
}
