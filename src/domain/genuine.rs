//! What a machine says of the image it runs: a claim that its key signs and a telephone checks.
//!
//! **Layout `BMI1`**, five words with one space between them, letters and signs of the QR code's alphanumeric mode:
//!
//! ```text
//! BMI1 KIOSK HASH TIME SIGNATURE
//! ```
//!
//! `HASH` is the root hash of the verified root, 64 hexadecimal digits in capitals, as the first program of the machine
//! opened it; `TIME` unix seconds of the terminal's clock, when the page was opened; `SIGNATURE` the kiosk's over all
//! text before the last space, or `-` from a kiosk without a key. Whether that hash is one of a released image, the
//! image's `manifest.json` says.
//!
//! What it proves: the machine that holds this kiosk's key says so. An image that was changed is kept from that key by
//! the board's own verified start and not by this code; where the board has none, the code shows a mistake and no
//! attack.

use jiff::Timestamp;

/// First word of the code: product, image, version of the layout.
const MARK: &str = "BMI1";
/// Hexadecimal digits of a root hash (SHA-256).
const HASH_LENGTH: usize = 64;
/// Longest code that is looked at.
const CODE_MAX: usize = 240;
/// Stands in the place of a signature where there is none.
const NONE: &str = "-";

/// Root hash of the image that runs, 64 hexadecimal digits in capitals.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RootHash(String);

impl RootHash {
    /// Reads a hash, small letters as well as capitals. `None` if it is none.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_hash = text.len() == HASH_LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hash.then(|| Self(text.to_ascii_uppercase()))
    }

    /// All of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first sixteen digits in groups of four, to be compared by eye.
    pub fn in_groups(&self) -> String {
        self.0.as_bytes().chunks(4).take(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
    }
}

/// What a machine claims of its image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageClaim {
    /// Code of the kiosk.
    pub kiosk: String,
    /// What it runs.
    pub root_hash: RootHash,
    /// When, by its clock.
    pub at: Timestamp,
}

impl ImageClaim {
    /// The text that the signature is made over.
    pub fn text(&self) -> String {
        format!("{MARK} {} {} {}", self.kiosk, self.root_hash.as_str(), self.at.as_second())
    }
}

/// A scanned code, taken apart but not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageCode<'a> {
    /// It has the layout.
    Claimed {
        /// What it claims.
        claim: ImageClaim,
        /// What the signature is over.
        text: &'a str,
        /// The signature as written, `None` from a kiosk without a key.
        signature: Option<&'a str>,
    },
    /// Our mark, but not our layout: damaged or made up.
    Damaged,
    /// Another code.
    Foreign,
}

/// Takes a code apart. White space around it does not count; every character inside does.
pub fn take_apart(scanned: &str) -> ImageCode<'_> {
    let scanned = scanned.trim();
    if scanned.len() > CODE_MAX || scanned.split(' ').next() != Some(MARK) {
        return ImageCode::Foreign;
    }
    claimed(scanned).unwrap_or(ImageCode::Damaged)
}

fn claimed(scanned: &str) -> Option<ImageCode<'_>> {
    let (text, signature) = scanned.rsplit_once(' ')?;
    let [_, kiosk, hash, at] = *text.split(' ').collect::<Vec<_>>().as_slice() else { return None };
    let claim = ImageClaim {
        kiosk: kiosk.to_owned(),
        root_hash: RootHash::read(hash)?,
        at: Timestamp::from_second(at.parse().ok()?).ok()?,
    };
    // One text for each claim: a hash in small letters or a time with a plus is not what a kiosk writes.
    (claim.text() == text).then_some(ImageCode::Claimed {
        claim,
        text,
        signature: Some(signature).filter(|signature| *signature != NONE),
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test names its line")]

    use super::*;

    fn claim() -> ImageClaim {
        let root_hash = RootHash::read(&"9f3a".repeat(16)).unwrap();
        ImageClaim { kiosk: "K032".into(), root_hash, at: Timestamp::from_second(1_795_398_060).unwrap() }
    }

    #[test]
    fn a_claim_is_written_and_read_back() {
        let text = claim().text();
        assert_eq!(text, format!("BMI1 K032 {} 1795398060", "9F3A".repeat(16)));
        let signed = format!(" {text} ABC\n");
        let expected = ImageCode::Claimed { claim: claim(), text: &text, signature: Some("ABC") };
        assert_eq!(take_apart(&signed), expected);
        let unsigned = format!("{text} -");
        assert!(matches!(take_apart(&unsigned), ImageCode::Claimed { signature: None, .. }));
        assert_eq!(claim().root_hash.in_groups(), "9F3A 9F3A 9F3A 9F3A");
    }

    #[test]
    fn what_is_not_exactly_so_is_damaged_and_what_is_not_ours_is_foreign() {
        let text = claim().text();
        for (from, to) in
            [("9F3A", "9f3a"), ("9F3A9", "9F3G9"), ("9F3A9", "9"), (" 1795", " +1795"), ("K032 ", "K032  ")]
        {
            assert_eq!(take_apart(&format!("{} ABC", text.replacen(from, to, 1))), ImageCode::Damaged, "{to}");
        }
        assert_eq!(take_apart("BMI1"), ImageCode::Damaged);
        for foreign in ["", "BM2 K", "BMI2 K032 0 0 -", &format!("{text} {}", "A".repeat(CODE_MAX))] {
            assert_eq!(take_apart(foreign), ImageCode::Foreign, "{foreign}");
        }
    }
}
