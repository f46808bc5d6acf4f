//! A read reply taken apart into the fields of a card.
//!
//! The reply to 30 01 holds two big-endian lengths, 256 bytes of text and 1024 bytes of photo; the reply to 30 10
//! holds a third length and 0, 512 or 1024 bytes of fingerprints. Which of the two it is follows from the command
//! that was sent, never from the data. Any other length is an error: fields at wrong offsets would be somebody
//! else's data.

use zeroize::Zeroizing;

use super::layout::{Field, TEXT_LENGTH, is_padding, kind_of, read, read_padded};
use super::number;
use crate::model::{CardDate, CardKind, IdCard, Sex, Validity};

/// Bytes of photo on a card.
pub const PHOTO_LENGTH: usize = 1024;

/// Sizes of fingerprint data: none, one template, two templates.
const FINGERPRINT_LENGTHS: [usize; 3] = [0, 512, 1024];

/// Which command a reply answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadKind {
    /// 30 01.
    TextAndPhoto,
    /// 30 10.
    WithFingerprints,
}

/// The parts of a read reply.
#[derive(Clone, PartialEq, Eq)]
pub struct CardParts<'a> {
    /// The text.
    pub text: &'a [u8; TEXT_LENGTH],
    /// The photo, opaque.
    pub photo: &'a [u8],
    /// Fingerprint templates, opaque; empty after 30 01.
    pub fingerprints: &'a [u8],
}

impl std::fmt::Debug for CardParts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CardParts").field("fingerprints", &self.fingerprints.len()).finish_non_exhaustive()
    }
}

/// A read reply does not have the shape it must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// Too short for its length fields.
    #[error("card reply without length fields")]
    NoLengths,
    /// The length of the text is not 256.
    #[error("card text of {0} bytes")]
    TextLength(usize),
    /// The length of the photo is not 1024.
    #[error("card photo of {0} bytes")]
    PhotoLength(usize),
    /// The length of the fingerprints is none of 0, 512, 1024.
    #[error("card fingerprints of {0} bytes")]
    FingerprintLength(usize),
    /// The parts do not fill the reply exactly.
    #[error("card reply of {0} bytes does not match its lengths")]
    Total(usize),
}

/// Takes the data of a successful read reply apart.
///
/// # Errors
/// Any length that a card cannot have.
pub fn take_apart(data: &[u8], kind: ReadKind) -> Result<CardParts<'_>, ShapeError> {
    let (text_length, rest) = length(data)?;
    let (photo_length, rest) = length(rest)?;
    let (fingerprint_length, rest) = match kind {
        ReadKind::TextAndPhoto => (0, rest),
        ReadKind::WithFingerprints => length(rest)?,
    };
    if text_length != TEXT_LENGTH {
        return Err(ShapeError::TextLength(text_length));
    }
    if photo_length != PHOTO_LENGTH {
        return Err(ShapeError::PhotoLength(photo_length));
    }
    if !FINGERPRINT_LENGTHS.contains(&fingerprint_length) {
        return Err(ShapeError::FingerprintLength(fingerprint_length));
    }
    let total = ShapeError::Total(data.len());
    let (text, rest) = rest.split_first_chunk::<TEXT_LENGTH>().ok_or(total)?;
    let (photo, fingerprints) = rest.split_at_checked(PHOTO_LENGTH).ok_or(total)?;
    if fingerprints.len() != fingerprint_length {
        return Err(total);
    }
    Ok(CardParts { text, photo, fingerprints })
}

/// Reads the fields of a card's text. Always succeeds: what cannot be read is `None`, `Unclear` or `Failed`.
pub fn card(text: &[u8; TEXT_LENGTH]) -> IdCard {
    let kind = kind_of(text);
    let number = number::normalise(&field(text, kind, Field::Number).unwrap_or_default());
    IdCard {
        kind,
        name: field(text, kind, Field::Name).unwrap_or_default(),
        latin_name: latin_name(text, kind),
        sex: sex(text, kind),
        ethnicity: field(text, kind, Field::Ethnicity),
        birth: date(text, kind, Field::Birth),
        address: field(text, kind, Field::Address),
        number_check: number::check(kind, &number),
        number,
        authority: field(text, kind, Field::Authority),
        valid_from: date(text, kind, Field::ValidFrom),
        valid_until: validity(text, kind),
        nationality: field(text, kind, Field::Nationality),
        pass_number: field(text, kind, Field::PassNumber),
    }
}

fn length(data: &[u8]) -> Result<(usize, &[u8]), ShapeError> {
    let (bytes, rest) = data.split_first_chunk::<2>().ok_or(ShapeError::NoLengths)?;
    Ok((usize::from(u16::from_be_bytes(*bytes)), rest))
}

fn field(text: &[u8; TEXT_LENGTH], kind: CardKind, field: Field) -> Option<String> {
    read(text, kind, field).map(|value| String::clone(&value))
}

/// The two parts of a long name are joined before blanks are removed: a part may end with a blank of the name.
fn latin_name(text: &[u8; TEXT_LENGTH], kind: CardKind) -> Option<String> {
    let mut name = read_padded(text, kind, Field::LatinName)?;
    if let Some(rest) = read_padded(text, kind, Field::LatinNameRest) {
        let joined = Zeroizing::new(format!("{}{}", name.as_str(), rest.as_str()));
        name = joined;
    }
    Some(name.trim_end_matches(is_padding).to_owned())
}

fn sex(text: &[u8; TEXT_LENGTH], kind: CardKind) -> Sex {
    match read(text, kind, Field::Sex).as_ref().map(|value| value.as_str()) {
        Some("0") => Sex::Unknown,
        Some("1") => Sex::Male,
        Some("2") => Sex::Female,
        Some(_) | None => Sex::NotStated,
    }
}

fn date(text: &[u8; TEXT_LENGTH], kind: CardKind, field: Field) -> Option<CardDate> {
    CardDate::parse(&read(text, kind, field)?)
}

fn validity(text: &[u8; TEXT_LENGTH], kind: CardKind) -> Validity {
    let Some(value) = read(text, kind, Field::ValidTo) else { return Validity::Unclear };
    if value.as_str() == "长期" {
        return Validity::LongTerm;
    }
    CardDate::parse(&value).map_or(Validity::Unclear, Validity::Until)
}
