//! From fields to questions. Most fields are one question; an address is up to three, of which the later ones hang on
//! the first.

use crate::domain::catalog::{AddressWords, Choice, Field, FieldKind, Village};
use crate::domain::text::Text;
use crate::ipc::DigitKind;

use super::validate;

/// Value of the choice "as on the card". Villages have digits as values, so the two cannot meet.
pub(super) const SAME_AS_CARD: &str = "card";
/// Highest number of a group (组); 0 says that there are no groups.
const GROUP_MAX: u64 = 99;
/// Highest house number (号).
const HOUSE_MAX: u64 = 9999;

/// One question.
#[derive(Clone)]
pub(super) struct Question {
    /// Index of the field in the form.
    pub field: usize,
    /// Which part of the field's value it gives.
    pub part: Part,
    /// Label.
    pub label: Text,
    /// The sentence.
    pub ask: Text,
    /// Help.
    pub help: Text,
    /// Must be answered.
    pub required: bool,
    /// How it is answered.
    pub input: Input,
}

/// Part of a field's value.
#[derive(Clone)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// Which village, or the card's address.
    Place {
        /// The address begins with it.
        prefix: String,
        /// Names of the villages.
        villages: Vec<Village>,
    },
    /// Number within the village, with what follows it; asked only if a village was chosen. Holds the index of the
    /// question about the place.
    Within {
        /// The question about the place.
        place: usize,
        /// What follows the number.
        suffix: String,
    },
}

/// How a question is answered.
#[derive(Clone)]
pub(super) enum Input {
    /// With digits.
    Digits(DigitRule),
    /// By choosing.
    Choices {
        /// The options.
        options: Vec<Choice>,
        /// Several may be chosen.
        many: bool,
    },
}

/// Which digits.
#[derive(Clone, Copy)]
pub(super) enum DigitRule {
    /// Mobile number.
    Mobile,
    /// Bank account.
    Account { max_digits: u8 },
    /// Money in yuan.
    Money { min: u64, max: u64 },
    /// Whole number.
    Integer { min: u64, max: u64 },
    /// Day.
    Date { back: u32, ahead: u32 },
    /// ID number.
    IdNumber,
}

impl DigitRule {
    /// Kind for the pad.
    pub fn kind(self) -> DigitKind {
        match self {
            Self::Mobile => DigitKind::Mobile,
            Self::Account { .. } => DigitKind::Account,
            Self::Money { .. } => DigitKind::Money,
            Self::Integer { .. } => DigitKind::Number,
            Self::Date { .. } => DigitKind::Date,
            Self::IdNumber => DigitKind::IdNumber,
        }
    }

    /// Most places that can be typed.
    pub fn most(self) -> usize {
        match self {
            Self::Mobile => validate::MOBILE_DIGITS.into(),
            Self::Account { max_digits } => max_digits.into(),
            Self::Money { max, .. } | Self::Integer { max, .. } => max.to_string().len(),
            Self::Date { .. } => validate::DATE_DIGITS.into(),
            Self::IdNumber => validate::ID_NUMBER_PLACES.into(),
        }
    }

    /// Number of places, where it is fixed.
    pub fn fixed(self) -> Option<usize> {
        match self {
            Self::Mobile | Self::Date { .. } | Self::IdNumber => Some(self.most()),
            Self::Account { .. } | Self::Money { .. } | Self::Integer { .. } => None,
        }
    }

    /// Lengths of the groups it is shown in; empty for none.
    pub fn groups(self) -> &'static [usize] {
        match self {
            Self::Mobile => &[3, 4],
            Self::Account { .. } => &[4],
            Self::Date { .. } => &[4, 2],
            Self::IdNumber => &[6, 8, 4],
            Self::Money { .. } | Self::Integer { .. } => &[],
        }
    }
}

/// Makes the questions of one field and appends them. A field that cannot be asked for adds none.
pub(super) fn append(
    questions: &mut Vec<Question>,
    index: usize,
    field: &Field,
    address: &AddressWords,
    has_card_address: bool,
) {
    let input = match &field.kind {
        FieldKind::Mobile => Input::Digits(DigitRule::Mobile),
        FieldKind::Account { max_digits } => Input::Digits(DigitRule::Account { max_digits: *max_digits }),
        FieldKind::Money { min, max } => Input::Digits(DigitRule::Money { min: *min, max: *max }),
        FieldKind::Integer { min, max } => Input::Digits(DigitRule::Integer { min: *min, max: *max }),
        FieldKind::Date { back, ahead } => Input::Digits(DigitRule::Date { back: *back, ahead: *ahead }),
        FieldKind::IdNumber => Input::Digits(DigitRule::IdNumber),
        FieldKind::Choice { options, many } => Input::Choices { options: options.clone(), many: *many },
        FieldKind::Address => {
            append_address(questions, index, field, address, has_card_address);
            return;
        }
        FieldKind::NotHere => return,
    };
    questions.push(Question {
        field: index,
        part: Part::Whole,
        label: field.label.clone(),
        ask: field.ask.clone(),
        help: field.help.clone(),
        required: field.required,
        input,
    });
}

fn append_address(
    questions: &mut Vec<Question>,
    index: usize,
    field: &Field,
    address: &AddressWords,
    has_card_address: bool,
) {
    let same = has_card_address.then(|| Choice { value: SAME_AS_CARD.to_owned(), label: address.same_as_card.clone() });
    let villages =
        address.villages.iter().map(|village| Choice { value: village.code.clone(), label: village.name.clone() });
    let place = questions.len();
    questions.push(Question {
        field: index,
        part: Part::Place { prefix: address.prefix.clone(), villages: address.villages.clone() },
        label: field.label.clone(),
        ask: field.ask.clone(),
        help: field.help.clone(),
        required: field.required,
        input: Input::Choices { options: same.into_iter().chain(villages).collect(), many: false },
    });
    for (words, min, max, required) in [(&address.group, 0, GROUP_MAX, true), (&address.house, 1, HOUSE_MAX, false)] {
        questions.push(Question {
            field: index,
            part: Part::Within { place, suffix: words.suffix.clone() },
            label: words.label.clone(),
            ask: words.ask.clone(),
            help: words.help.clone(),
            required,
            input: Input::Digits(DigitRule::Integer { min, max }),
        });
    }
}
