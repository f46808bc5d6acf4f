//! Slips as the county sees them: the layout of the contract, read and checked with the keys the terminals told.
//!
//! Written from `config/county-contract.yaml` alone. It says what a slip is worth, and nothing about cases.

use ed25519_dalek::Verifier as _;
use ed25519_dalek::pkcs8::DecodePublicKey as _;

/// User id of SM2 signatures (GM/T 0009).
const SM2_USER: &str = "1234567812345678";
/// Values of the base-41 digits of a signature.
const DIGITS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*+-./";
/// Values of check characters.
const CHECKS: &str = "0123456789ABCDEFGHJKMNPQRTUVWXY";
/// Powers of 3 modulo 31, from the last place on.
const WEIGHTS: [u32; 23] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28, 22, 4, 12, 5, 15, 14];

/// Keys of one algorithm or the other.
pub enum Key {
    International(ed25519_dalek::VerifyingKey),
    Sm(Box<sm2::dsa::VerifyingKey>),
}

impl Key {
    /// Reads what a terminal told; `None` if the words do not fit each other.
    pub fn read(suite: &str, pem: &str) -> Option<Self> {
        match suite {
            "international" => ed25519_dalek::VerifyingKey::from_public_key_pem(pem)
                .ok()
                .filter(|key| !key.is_weak())
                .map(Self::International),
            "sm" => {
                let point = sm2::PublicKey::from_public_key_pem(pem).ok()?;
                sm2::dsa::VerifyingKey::new(SM2_USER, point).ok().map(|key| Self::Sm(Box::new(key)))
            }
            _ => None,
        }
    }

    /// Whether this key signed the text; the signature as it is written in a code.
    pub fn has_signed(&self, text: &str, signature: &str) -> bool {
        bytes_of(signature).is_some_and(|bytes| self.signed(text, &bytes))
    }

    fn signed(&self, text: &str, signature: &[u8; 64]) -> bool {
        match self {
            Self::International(key) => key.verify_strict(text.as_bytes(), &signature.into()).is_ok(),
            Self::Sm(key) => sm2::dsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(text.as_bytes(), &signature).is_ok()),
        }
    }
}

/// What is printed on a slip and stands in its code.
#[derive(Clone, PartialEq, Eq)]
pub struct Slip {
    /// Terminal.
    pub kiosk: String,
    /// Number on it.
    pub sequence: i64,
    /// When it was kept or accepted, unix seconds.
    pub at: i64,
    /// Case number of an accepted one.
    pub case: Option<String>,
    /// Query code.
    pub code: String,
    /// What the signature is over.
    text: String,
    /// The signature, if there is one.
    signature: Option<String>,
}

/// What somebody brought.
pub enum Brought {
    /// A slip with a place for a signature.
    Slip(Box<Slip>),
    /// A slip of the layout before: terminal and number, or case number; and code.
    Old { kiosk: Option<(String, i64)>, case: Option<String>, code: String },
    /// A slip's mark with something else behind it.
    Damaged,
    /// No slip.
    Other,
}

/// What a slip is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    Genuine,
    Altered,
    UnknownKiosk,
    Unsigned,
}

/// Reads what stands in a QR code.
pub fn read(text: &str) -> Brought {
    let words: Vec<&str> = text.trim().split(' ').collect();
    match words.as_slice() {
        ["BM2", kind, number, _item, at, case, code, signature] => {
            let (Some((kiosk, sequence)), Ok(at)) = (number_of(number), at.parse()) else { return Brought::Damaged };
            let case = match (*kind, *case) {
                ("K", "-") => None,
                ("A", case) if case != "-" => Some(case.to_owned()),
                _ => return Brought::Damaged,
            };
            Brought::Slip(Box::new(Slip {
                kiosk,
                sequence,
                at,
                case,
                code: (*code).to_owned(),
                text: words[..7].join(" "),
                signature: (*signature != "-").then(|| (*signature).to_owned()),
            }))
        }
        ["BM1", "K", number, code] if number.len() > 4 && number.is_ascii() => match number[4..].parse() {
            Ok(sequence) => {
                Brought::Old { kiosk: Some((number[..4].to_owned(), sequence)), case: None, code: (*code).to_owned() }
            }
            Err(_) => Brought::Damaged,
        },
        ["BM1", "A", number, code] => {
            Brought::Old { kiosk: None, case: Some((*number).to_owned()), code: (*code).to_owned() }
        }
        ["BM1" | "BM2", ..] => Brought::Damaged,
        _ => Brought::Other,
    }
}

impl Slip {
    /// Checks the signature with the keys of its terminal.
    pub fn worth(&self, keys: &[Key]) -> Worth {
        let Some(signature) = &self.signature else { return Worth::Unsigned };
        if keys.is_empty() {
            return Worth::UnknownKiosk;
        }
        if keys.iter().any(|key| key.has_signed(&self.text, signature)) { Worth::Genuine } else { Worth::Altered }
    }
}

/// A typed number, tidied: `None` if it does not look like a terminal's number at all, `Some(None)` if its check
/// character does not fit.
pub fn typed(text: &str) -> Option<Option<(String, i64)>> {
    let tidy: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| match u32::from(c) {
            wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(c),
            _ => c,
        })
        .map(|c| c.to_ascii_uppercase())
        .enumerate()
        .map(|(at, c)| match c {
            'O' if at > 0 => '0',
            'I' | 'L' if at > 0 => '1',
            c => c,
        })
        .collect();
    let looks_so = tidy.is_ascii()
        && (11..=23).contains(&tidy.len())
        && tidy.starts_with(|c: char| c.is_ascii_uppercase())
        && tidy[1..tidy.len() - 1].bytes().all(|b| b.is_ascii_digit());
    looks_so.then(|| number_of(&tidy))
}

fn number_of(number: &str) -> Option<(String, i64)> {
    if !(11..=WEIGHTS.len()).contains(&number.len()) || !number.is_ascii() {
        return None;
    }
    let last = number.len() - 1;
    let mut sum = 0;
    for (at, c) in number.chars().enumerate() {
        let value = match at {
            0 if c.is_ascii_uppercase() => u32::from(c) - u32::from('A'),
            at if at == last => u32::try_from(CHECKS.find(c)?).ok()?,
            0 => return None,
            _ => c.to_digit(10)?,
        };
        sum += value * WEIGHTS[last - at];
    }
    if sum % 31 != 0 {
        return None;
    }
    Some((number[..4].to_owned(), number[4..last].parse().ok()?))
}

/// A terminal's number as it is printed, in groups and with its check character. `None` if such a terminal has no slips.
pub fn number(terminal: &str, sequence: i64) -> Option<String> {
    let bare = format!("{terminal}{sequence:06}");
    let whole = CHECKS.chars().map(|check| format!("{bare}{check}")).find(|whole| number_of(whole).is_some())?;
    // Every character of such a number is ASCII.
    let groups: Vec<String> = whole.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into()).collect();
    Some(groups.join(" "))
}

fn bytes_of(signature: &str) -> Option<[u8; 64]> {
    let values: Vec<usize> = signature.chars().map(|c| DIGITS.find(c)).collect::<Option<_>>()?;
    let mut bytes = Vec::with_capacity(64);
    for group in values.chunks(3) {
        let [a, b, c] = group else { return None };
        bytes.extend(u16::try_from(a * 41 * 41 + b * 41 + c).ok()?.to_be_bytes());
    }
    bytes.try_into().ok()
}

/// Query code of a slip printed before the county had the case: the last six decimal digits of the id.
pub fn kept_code(client_submission_id: &str) -> Option<String> {
    let id = u128::from_str_radix(&client_submission_id.replace('-', ""), 16).ok()?;
    Some(format!("{:06}", id % 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_number_and_code_come_out_here_too() {
        assert_eq!(typed("k032 0001 871"), Some(Some(("K032".into(), 187))));
        assert_eq!(typed("K032 0001 781"), Some(None));
        assert_eq!(typed("320699202611240001"), None);
        assert_eq!(kept_code("019b0a6e-8c00-7d4e-9a3b-5f2c1e7d8a90").as_deref(), Some("517008"));
    }

    #[test]
    fn anything_at_all_is_read_without_harm() {
        for text in [
            "",
            "BM1",
            "BM2",
            "BM1 K 王王王 1",
            "BM2 K 1 1 1 1 1 1",
            "BM1 K K03 2",
            "１２３",
            "BM2 K K0320001871 1 x - 1 -",
        ] {
            assert!(!matches!(read(text), Brought::Slip(_)), "{text}");
            assert_eq!(typed(text), None);
        }
    }
}
