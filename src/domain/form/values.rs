//! The final values of a form, and what is shown of them.

use zeroize::Zeroizing;

use super::known::show_day;
use super::machine::Form;
use super::mask;
use super::question::{DigitRule, Input, Part, Question, SAME_AS_CARD};
use super::validate;
use crate::domain::submission::FieldValue;
use crate::ipc::{Language, ReviewRow, Source};

/// Shown where an optional question was left empty.
const NOTHING: &str = "—";
/// Room for a value in bytes, so that joining its parts leaves no copy behind.
const VALUE_ROOM: usize = 640;

impl Form {
    /// The values in the order of the form, as the platform expects them; `None` until everything is answered.
    ///
    /// Digits as digits, choices as their values joined by `,`, days as ISO days, money in fen, an address as text.
    /// An optional field without an answer is left out.
    pub fn fields(&self) -> Option<Vec<FieldValue>> {
        if !self.is_reviewing() || !self.is_complete() {
            return None;
        }
        let mut values = Vec::with_capacity(self.fields.len());
        for (index, field) in self.fields.iter().enumerate() {
            let (value, source) = if let Some(known) = self.known.iter().find(|k| k.field == index) {
                (known.value().to_owned(), Source::Card)
            } else {
                (self.value(index), Source::Resident)
            };
            if !value.is_empty() {
                values.push(FieldValue { name: field.name.clone(), value, source });
            }
        }
        Some(values)
    }

    /// All rows of the review, in the order of the form: what the card told, then locked, and each answer with the
    /// question to go back to.
    ///
    /// What the card told is masked where the field says so. Digits the resident typed stand in full: nobody can check
    /// `138****0000`, and what is printed stays masked.
    pub fn review(&self, language: Language) -> Vec<ReviewRow> {
        let mut rows = Vec::with_capacity(self.fields.len());
        for (index, field) in self.fields.iter().enumerate() {
            let label = field.label.get(language).to_owned();
            if let Some(known) = self.known.iter().find(|known| known.field == index) {
                rows.push(ReviewRow { label, value: known.shown(language), source: Source::Card, question: None });
            } else if let Some(question) = self.first_question(index) {
                rows.push(ReviewRow {
                    label,
                    value: self.shown(index, language),
                    source: Source::Resident,
                    question: Some(question),
                });
            }
        }
        rows
    }

    /// The first mobile number that was answered, masked.
    pub fn mobile_masked(&self) -> Option<String> {
        let at =
            self.questions.iter().position(|question| matches!(question.input, Input::Digits(DigitRule::Mobile)))?;
        let answer = self.answers.get(at)?;
        (answer.settled && !answer.is_empty()).then(|| mask::mobile(&answer.digits))
    }

    fn first_question(&self, field: usize) -> Option<usize> {
        self.questions.iter().position(|question| question.field == field)
    }

    /// The value of a field that was asked for; empty if it was left empty.
    fn value(&self, field: usize) -> String {
        let mut value = String::with_capacity(VALUE_ROOM);
        for (at, question) in self.questions.iter().enumerate() {
            if question.field == field && self.is_active(at) {
                self.add_part(&mut value, at, question);
            }
        }
        value
    }

    fn add_part(&self, value: &mut String, at: usize, question: &Question) {
        let Some(answer) = self.answers.get(at) else {
            return;
        };
        if answer.is_empty() {
            return;
        }
        match &question.part {
            Part::Whole => match question.input {
                Input::Digits(rule) => value.push_str(&Zeroizing::new(self.final_digits(rule, &answer.digits))),
                Input::Choices { .. } => value.push_str(&answer.chosen.join(",")),
            },
            Part::Place { prefix, villages } => {
                let chosen = answer.chosen.first().map(String::as_str);
                if chosen == Some(SAME_AS_CARD) {
                    value.push_str(&self.card_address);
                } else if let Some(village) = villages.iter().find(|village| Some(village.code.as_str()) == chosen) {
                    value.push_str(prefix);
                    value.push_str(&village.name.zh);
                }
            }
            Part::Within { suffix, .. } => {
                // 0 says that the community has no groups: nothing to write.
                if let Ok(number @ 1..) = validate::number(&answer.digits, 0, u64::MAX) {
                    value.push_str(&number.to_string());
                    value.push_str(suffix);
                }
            }
        }
    }

    fn final_digits(&self, rule: DigitRule, digits: &str) -> String {
        let or_empty = |value: Option<String>| value.unwrap_or_default();
        match rule {
            DigitRule::Mobile | DigitRule::Account { .. } | DigitRule::IdNumber => digits.to_owned(),
            DigitRule::Money { min, max } => {
                or_empty(validate::money(digits, min, max).ok().map(|fen| fen.to_string()))
            }
            DigitRule::Integer { min, max } => or_empty(validate::number(digits, min, max).ok().map(|n| n.to_string())),
            DigitRule::Date { back, ahead } => {
                or_empty(validate::date(digits, self.today, back, ahead).ok().map(|day| day.to_string()))
            }
        }
    }

    fn shown(&self, field: usize, language: Language) -> String {
        let value = self.value(field);
        let question = self.questions.iter().find(|q| q.field == field);
        let (false, Some(question)) = (value.is_empty(), question) else {
            return NOTHING.to_owned();
        };
        let masked = self.fields.get(field).is_some_and(|field| field.masked);
        match (&question.input, &question.part) {
            (Input::Choices { options, .. }, Part::Whole) => {
                let separator = match language {
                    Language::Zh => "、",
                    Language::En => ", ",
                };
                let labels: Vec<&str> = options
                    .iter()
                    .filter(|option| value.split(',').any(|chosen| chosen == option.value))
                    .map(|option| option.label.get(language))
                    .collect();
                if masked { mask::whole(&labels.concat()) } else { labels.join(separator) }
            }
            (Input::Choices { .. } | Input::Digits(_), Part::Place { .. } | Part::Within { .. }) => {
                if masked {
                    mask::whole(&value)
                } else {
                    value
                }
            }
            (Input::Digits(rule), Part::Whole) => shown_digits(*rule, value, language),
        }
    }
}

/// Typed digits as they are read, never masked: their owner is asked to check them.
fn shown_digits(rule: DigitRule, value: String, language: Language) -> String {
    match rule {
        DigitRule::Mobile | DigitRule::Account { .. } | DigitRule::IdNumber => mask::groups(&value, rule.groups()),
        // Fen end in two digits; only whole yuan are typed.
        DigitRule::Money { .. } => format!("¥ {}", value.strip_suffix("00").unwrap_or(&value)),
        DigitRule::Integer { .. } => value,
        DigitRule::Date { .. } => show_day(&value, language),
    }
}
