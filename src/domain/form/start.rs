//! The beginning of a form: what the card tells is locked, the rest becomes questions.

use jiff::civil::Date;
use kiosk_hal::model::{IdCard, NumberCheck};
use zeroize::Zeroizing;

use super::known::Known;
use super::machine::{Answer, Form, Phase};
use super::question::append;
use crate::domain::catalog::{Catalog, Item};

/// Why a form cannot be started. No personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// The number of the card does not pass its own check.
    #[error("start the form: the number of the card fails its check")]
    NumberCheck,
    /// A required field comes from the card, but this card does not tell it.
    #[error("start the form: the card does not tell {field}")]
    CardLacks {
        /// Name of the field.
        field: String,
    },
    /// A required field cannot be answered here.
    #[error("start the form: {field} cannot be answered here")]
    NotAnswerable {
        /// Name of the field.
        field: String,
    },
}

impl FormError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NumberCheck => "form.number-check",
            Self::CardLacks { .. } => "form.card-lacks",
            Self::NotAnswerable { .. } => "form.not-answerable",
        }
    }
}

impl Form {
    /// Starts the form of an item with a card on the day `today`. A form without a question begins at the review.
    ///
    /// # Errors
    /// [`FormError`] if the card or the form does not allow it; the window has to help.
    pub fn start(item: &Item, catalog: &Catalog, card: &IdCard, today: Date) -> Result<Self, FormError> {
        if card.number_check == NumberCheck::Failed {
            return Err(FormError::NumberCheck);
        }
        let card_address = Zeroizing::new(card.address.clone().unwrap_or_default());
        let mut known = Vec::new();
        let mut questions = Vec::new();
        let mut left = Vec::new();
        for (index, field) in item.form.fields.iter().enumerate() {
            if let Some(fact) = field.prefill {
                match Known::take(index, fact, field.masked, card) {
                    Some(value) => known.push(value),
                    None if field.required => {
                        return Err(FormError::CardLacks { field: field.name.clone() });
                    }
                    None => {}
                }
            } else if field.is_answerable() {
                let has_address = !card_address.is_empty();
                append(&mut questions, index, field, catalog.address(), has_address);
            } else if field.required {
                return Err(FormError::NotAnswerable { field: field.name.clone() });
            } else {
                left.push(field.label.clone());
            }
        }
        let phase = if questions.is_empty() { Phase::Reviewing } else { Phase::Asking };
        Ok(Self {
            fields: item.form.fields.clone(),
            known,
            answers: questions.iter().map(|_| Answer::empty()).collect(),
            questions,
            left,
            card_address,
            today,
            at: 0,
            page: 0,
            problem: None,
            phase,
        })
    }
}
