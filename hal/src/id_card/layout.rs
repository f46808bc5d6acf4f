//! Where each field lies in a card's 256 bytes of text, for the four kinds of card.
//!
//! Text is UTF-16, little-endian, padded on the right with blanks. Offsets and lengths are bytes. The kind is told
//! by one character at offset 248: `I`, `J`, `Y`, anything else is a resident card. The same tables serve for
//! reading and, in the simulator, for writing a card.

use zeroize::Zeroizing;

use crate::model::CardKind;

/// Bytes of text on a card.
pub const TEXT_LENGTH: usize = 256;

/// Where the character stands that tells the kind.
const KIND_OFFSET: usize = 248;

/// A field of some kind of card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// Name in Chinese.
    Name,
    /// Name in Latin letters, or its first part.
    LatinName,
    /// Second part of the name in Latin letters.
    LatinNameRest,
    /// Sex, one digit.
    Sex,
    /// Ethnicity, two digits.
    Ethnicity,
    /// Birth date, YYYYMMDD.
    Birth,
    /// Address.
    Address,
    /// Citizen or card number.
    Number,
    /// Issuing authority in words.
    Authority,
    /// Accepting authority's code, four digits.
    AuthorityCode,
    /// First day of validity.
    ValidFrom,
    /// Last day of validity, or 长期.
    ValidTo,
    /// Travel permit number.
    PassNumber,
    /// How often the card was issued, two digits.
    IssueCount,
    /// Nationality, three letters.
    Nationality,
    /// Version of the card, two digits.
    CardVersion,
    /// How often the card was renewed, two digits.
    RenewalCount,
    /// Link to the previous number, three characters.
    PreviousNumberLink,
    /// The character that tells the kind.
    CardType,
}

/// A field with offset and length in bytes.
pub type Place = (Field, usize, usize);

const RESIDENT: &[Place] = &[
    (Field::Name, 0, 30),
    (Field::Sex, 30, 2),
    (Field::Ethnicity, 32, 4),
    (Field::Birth, 36, 16),
    (Field::Address, 52, 70),
    (Field::Number, 122, 36),
    (Field::Authority, 158, 30),
    (Field::ValidFrom, 188, 16),
    (Field::ValidTo, 204, 16),
];

const HMT_RESIDENCE: &[Place] = &[
    (Field::Name, 0, 30),
    (Field::Sex, 30, 2),
    (Field::Birth, 36, 16),
    (Field::Address, 52, 70),
    (Field::Number, 122, 36),
    (Field::Authority, 158, 30),
    (Field::ValidFrom, 188, 16),
    (Field::ValidTo, 204, 16),
    (Field::PassNumber, 220, 18),
    (Field::IssueCount, 238, 4),
    (Field::CardType, KIND_OFFSET, 2),
];

const FOREIGN_2017: &[Place] = &[
    (Field::LatinName, 0, 120),
    (Field::Sex, 120, 2),
    (Field::Number, 122, 30),
    (Field::Nationality, 152, 6),
    (Field::Name, 158, 30),
    (Field::ValidFrom, 188, 16),
    (Field::ValidTo, 204, 16),
    (Field::Birth, 220, 16),
    (Field::CardVersion, 236, 4),
    (Field::AuthorityCode, 240, 8),
    (Field::CardType, KIND_OFFSET, 2),
];

const FOREIGN_2023: &[Place] = &[
    (Field::Name, 0, 30),
    (Field::Sex, 30, 2),
    (Field::RenewalCount, 32, 4),
    (Field::Birth, 36, 16),
    (Field::LatinName, 52, 70),
    (Field::Number, 122, 36),
    (Field::ValidFrom, 188, 16),
    (Field::ValidTo, 204, 16),
    (Field::LatinNameRest, 220, 22),
    (Field::Nationality, 242, 6),
    (Field::CardType, KIND_OFFSET, 2),
    (Field::PreviousNumberLink, 250, 6),
];

/// The fields of a kind of card, by offset.
pub const fn layout(kind: CardKind) -> &'static [Place] {
    match kind {
        CardKind::Resident => RESIDENT,
        CardKind::HmtResidence => HMT_RESIDENCE,
        CardKind::ForeignPermanent2017 => FOREIGN_2017,
        CardKind::ForeignPermanent2023 => FOREIGN_2023,
    }
}

/// The kind of the card that holds this text.
pub fn kind_of(text: &[u8; TEXT_LENGTH]) -> CardKind {
    match text.get(KIND_OFFSET..KIND_OFFSET + 2) {
        Some([b'I', 0]) => CardKind::ForeignPermanent2017,
        Some([b'J', 0]) => CardKind::HmtResidence,
        Some([b'Y', 0]) => CardKind::ForeignPermanent2023,
        Some(_) | None => CardKind::Resident,
    }
}

/// Reads one field, blanks on the right removed. `None` if this kind of card has no such field.
///
/// Broken UTF-16 becomes U+FFFD; private-use characters stay.
pub fn read(text: &[u8; TEXT_LENGTH], kind: CardKind, field: Field) -> Option<Zeroizing<String>> {
    let mut value = read_padded(text, kind, field)?;
    let length = value.trim_end_matches(is_padding).len();
    value.truncate(length);
    Some(value)
}

/// Reads one field with its padding: parts of a name are joined before blanks are removed.
pub fn read_padded(text: &[u8; TEXT_LENGTH], kind: CardKind, field: Field) -> Option<Zeroizing<String>> {
    let (_, offset, length) = layout(kind).iter().find(|(known, _, _)| *known == field)?;
    let bytes = text.get(*offset..offset + length)?;
    let units = bytes.chunks_exact(2).map(|pair| match *pair {
        [low, high] => u16::from_le_bytes([low, high]),
        _ => 0,
    });
    let characters = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    Some(Zeroizing::new(characters.collect()))
}

/// Blanks that pad a field on the right: the plain one, the Chinese one, and NUL.
pub fn is_padding(character: char) -> bool {
    matches!(character, ' ' | '\u{3000}' | '\0')
}
