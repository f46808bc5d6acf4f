//! What an ID card reader tells: the card, or why there is none.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Requests to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdReaderRequest {
    /// Look for cards and read each once, until [`IdReaderRequest::Stop`].
    Watch,
    /// Stop looking; the field is left alone.
    Stop,
    /// Bring the module to a known state.
    Reset,
}

/// Events of the reader.
#[derive(Debug, Clone, PartialEq)]
pub enum IdReaderEvent {
    /// A card lies in the field and is being read: the resident must hold still.
    Reading,
    /// The card was read.
    Card(Box<IdCard>),
    /// No card could be read; the reader goes on looking if it was asked to watch.
    Failed(CardFailure),
    /// The card that was reported left the field, as far as the module can tell; not reliable.
    Removed,
}

/// Why a card in the field was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardFailure {
    /// Read failed after all retries (SW3 41): present it again.
    Unreadable,
    /// The card moved while it was read (SW3 81 after 9F): hold it still.
    Moved,
    /// Card and module do not accept each other (SW3 31, 32, 33).
    Rejected,
    /// A card of a kind this reader does not support (SW3 40).
    UnsupportedKind,
    /// The reply did not hold the fields it should.
    Malformed,
}

/// Which card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardKind {
    /// Resident ID card (居民身份证).
    Resident,
    /// Residence permit for Hong Kong, Macao and Taiwan residents (港澳台居民居住证), type `J`.
    HmtResidence,
    /// Foreign permanent resident card, 2017 version (外国人永久居留身份证), type `I`.
    ForeignPermanent2017,
    /// Foreign permanent resident card, 2023 version, type `Y`.
    ForeignPermanent2023,
}

/// Sex as on the card (GB/T 2261.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sex {
    /// 0.
    Unknown,
    /// 1.
    Male,
    /// 2.
    Female,
    /// 9, and any other digit.
    NotStated,
}

/// A calendar date on a card. Only real dates exist (30 February does not).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CardDate {
    /// Year, 1800 to 2999.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31.
    pub day: u8,
}

impl CardDate {
    /// Reads `YYYYMMDD`; `None` if it is not eight digits or not a day of the calendar.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let year: u16 = text.get(0..4)?.parse().ok()?;
        let month: u8 = text.get(4..6)?.parse().ok()?;
        let day: u8 = text.get(6..8)?.parse().ok()?;
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let last = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        ((1800..3000).contains(&year) && (1..=last).contains(&day)).then_some(Self { year, month, day })
    }
}

impl fmt::Debug for CardDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardDate(…)")
    }
}

/// End of validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Validity {
    /// Valid up to and including this day.
    Until(CardDate),
    /// 长期: no end.
    LongTerm,
    /// The card holds something else.
    Unclear,
}

/// Result of the number's own check rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NumberCheck {
    /// Check digit and date are right.
    Passed,
    /// They are not: "reader data inconsistent", never accepted silently.
    Failed,
}

/// The fields of a card. The photo is not among them: it is opaque and is not kept.
///
/// `Debug` shows only the kind, and the memory is wiped on drop.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, Serialize, Deserialize)]
pub struct IdCard {
    /// Which card.
    #[zeroize(skip)]
    pub kind: CardKind,
    /// Chinese name (姓名), trailing blanks removed.
    pub name: String,
    /// Name in Latin letters, on foreign permanent resident cards.
    pub latin_name: Option<String>,
    /// Sex (性别).
    #[zeroize(skip)]
    pub sex: Sex,
    /// Ethnicity code, two digits of GB/T 3304 (民族), on resident cards.
    pub ethnicity: Option<String>,
    /// Birth date (出生); `None` if the card's digits are not a date.
    #[zeroize(skip)]
    pub birth: Option<CardDate>,
    /// Address (住址), where the card has one.
    pub address: Option<String>,
    /// Citizen or card number (公民身份号码), `x` normalised to `X`.
    pub number: String,
    /// Whether the number passes its check.
    #[zeroize(skip)]
    pub number_check: NumberCheck,
    /// Issuing authority (签发机关), where the card has one.
    pub authority: Option<String>,
    /// First day of validity.
    #[zeroize(skip)]
    pub valid_from: Option<CardDate>,
    /// Last day of validity.
    #[zeroize(skip)]
    pub valid_until: Validity,
    /// Nationality, three letters, on foreign permanent resident cards.
    pub nationality: Option<String>,
    /// Travel permit number (通行证号码), on HMT residence permits.
    pub pass_number: Option<String>,
}

impl fmt::Debug for IdCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdCard").field("kind", &self.kind).finish_non_exhaustive()
    }
}
