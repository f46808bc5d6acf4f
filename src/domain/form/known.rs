//! What the card tells, locked.

use kiosk_hal::model::{CardDate, IdCard, Sex};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{mask, validate};
use crate::domain::catalog::{CardFact, ethnicity_name, gender_name};
use crate::ipc::Language;

/// One value of the card. It has no way to change.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(super) struct Known {
    /// Index of the field in the form.
    #[zeroize(skip)]
    pub field: usize,
    #[zeroize(skip)]
    fact: CardFact,
    #[zeroize(skip)]
    masked: bool,
    value: String,
}

impl Known {
    /// Takes a fact from the card; `None` if the card does not tell it.
    pub fn take(field: usize, fact: CardFact, masked: bool, card: &IdCard) -> Option<Self> {
        let value = read(fact, card)?;
        (!value.is_empty()).then_some(Self { field, fact, masked, value })
    }

    /// The value as the platform expects it.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The value as it is shown, in part hidden where the field says so.
    pub fn shown(&self, language: Language) -> String {
        match (self.fact, self.masked) {
            (CardFact::Name, true) => mask::name(&self.value),
            (CardFact::Number, true) => mask::number(&self.value),
            (
                CardFact::Gender
                | CardFact::Ethnicity
                | CardFact::Birth
                | CardFact::Address
                | CardFact::Authority
                | CardFact::Nationality,
                true,
            ) => mask::whole(&self.value),
            (CardFact::Gender, false) => gender_name(&self.value).get(language).to_owned(),
            (CardFact::Ethnicity, false) => ethnicity_name(&self.value).get(language).to_owned(),
            (CardFact::Birth, false) => show_day(&self.value, language),
            (
                CardFact::Name | CardFact::Number | CardFact::Address | CardFact::Authority | CardFact::Nationality,
                false,
            ) => self.value.clone(),
        }
    }
}

/// An ISO day in the usual order of the language.
pub(super) fn show_day(iso: &str, language: Language) -> String {
    match (language, iso.parse::<jiff::civil::Date>()) {
        (Language::Zh, Ok(day)) => {
            format!("{}年{}月{}日", day.year(), day.month(), day.day())
        }
        (Language::Zh, Err(_)) | (Language::En, _) => iso.to_owned(),
    }
}

fn read(fact: CardFact, card: &IdCard) -> Option<String> {
    match fact {
        CardFact::Name => Some(if card.name.is_empty() { card.latin_name.clone()? } else { card.name.clone() }),
        CardFact::Number => Some(card.number.clone()),
        CardFact::Gender => Some(gender_code(card.sex).to_owned()),
        CardFact::Ethnicity => card.ethnicity.clone(),
        CardFact::Birth => card.birth.and_then(iso_day),
        CardFact::Address => card.address.clone(),
        CardFact::Authority => card.authority.clone(),
        CardFact::Nationality => card.nationality.clone(),
    }
}

fn gender_code(sex: Sex) -> &'static str {
    match sex {
        Sex::Unknown => "0",
        Sex::Male => "1",
        Sex::Female => "2",
        Sex::NotStated => "9",
    }
}

fn iso_day(day: CardDate) -> Option<String> {
    validate::civil(day).map(|day| day.to_string())
}
