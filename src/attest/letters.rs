//! Bytes in characters that a QR code holds in eleven bits a pair: two bytes are three characters to the base 41.
//!
//! The alphabet is that of the QR code's alphanumeric mode without space (it parts words), `%`, `$` and `:`. A group of
//! three stands for exactly one pair of bytes; groups above it are refused, so there is one way to write each value.

/// Digits by value.
const ALPHABET: &[u8; 41] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*+-./";
/// The base.
const BASE: u32 = 41;

/// Writes bytes; an odd last byte counts as followed by a zero.
pub fn write(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(2) * 3);
    for pair in bytes.chunks(2) {
        let value = pair.iter().fold(0, |value, byte| value << 8 | u32::from(*byte)) << (8 * (2 - pair.len()));
        for digit in [value / BASE / BASE, value / BASE % BASE, value % BASE] {
            text.extend(ALPHABET.get(digit as usize).copied().map(char::from));
        }
    }
    text
}

/// Reads exactly `N` bytes, `N` even; `None` for anything else.
pub fn read<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() * 2 != N * 3 {
        return None;
    }
    let mut bytes = [0; N];
    for (pair, group) in bytes.chunks_mut(2).zip(text.as_bytes().chunks(3)) {
        let mut value = 0;
        for character in group {
            let digit = ALPHABET.iter().position(|known| known == character)?;
            value = value * BASE + u32::try_from(digit).ok()?;
        }
        pair.copy_from_slice(&u16::try_from(value).ok()?.to_be_bytes());
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_bytes_is_written_in_its_own_way_and_read_back() {
        let mut seen = std::collections::BTreeSet::new();
        for value in 0..=u16::MAX {
            let text = write(&value.to_be_bytes());
            assert_eq!(read::<2>(&text), Some(value.to_be_bytes()));
            assert!(seen.insert(text));
        }
        assert_eq!(write(&[0; 64]).len(), 96);
    }

    #[test]
    fn what_was_not_written_here_is_not_read() {
        for text in ["", "00", "0000", "///", "00a", "0 0", "00é", ".00"] {
            assert_eq!(read::<2>(text), None, "{text}");
        }
    }
}
