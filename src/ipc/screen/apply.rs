//! Pages of an application: the card, one question at a time, the review.

use kiosk_hal::model::CardFailure;
use serde::{Deserialize, Serialize};

use super::Pages;

/// Identify screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Identify {
    /// What the reader waits for or complains about.
    pub prompt: CardPrompt,
    /// Who processes the data.
    pub processor: String,
    /// Everyday name of the item.
    pub item: String,
}

/// What to tell the person at the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "prompt")]
pub enum CardPrompt {
    /// Put the card down.
    Place,
    /// Being read, hold still.
    Reading,
    /// Not read; why.
    Failed {
        /// The reader's reason.
        why: CardFailure,
    },
    /// The card is past its date.
    Expired,
    /// The card is not valid yet: date of the machine or of the card is wrong.
    NotYetValid,
    /// The number does not pass its check.
    NumberWrong,
    /// This service is not for this kind of card.
    KindNotServed,
    /// The reader does not work; the answers are kept, the window can go on.
    ReaderLost,
}

/// One question of a form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// The question as a sentence.
    pub ask: String,
    /// A line of help, may be empty.
    pub hint: String,
    /// How it is answered.
    pub pad: Pad,
    /// What is wrong with the answer, after the resident tried to go on.
    pub problem: Option<Problem>,
    /// What the card said already, locked.
    pub known: Vec<KnownValue>,
    /// May be left empty.
    pub optional: bool,
    /// The answer would be accepted.
    pub complete: bool,
    /// Label of the next question; `None` = the review is next.
    pub next: Option<String>,
}

/// A value nobody has to type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KnownValue {
    /// Label of the field.
    pub label: String,
    /// Value, masked where it must be.
    pub value: String,
    /// Where it comes from.
    pub source: Source,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Read from the card.
    Card,
    /// Typed or chosen here.
    Resident,
}

/// How a question is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "pad")]
pub enum Pad {
    /// Digits on the large number pad.
    Digits {
        /// What they are.
        kind: DigitKind,
        /// What was typed, in groups.
        shown: String,
        /// Digits still missing, if the length is fixed.
        missing: Option<u8>,
    },
    /// One of several, or several of several.
    Choices {
        /// The options of this page.
        options: Vec<ChoiceView>,
        /// Several may be chosen.
        many: bool,
        /// Which page.
        pages: Pages,
    },
}

/// Kind of digits, for layout and spoken hints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DigitKind {
    /// Mobile number, 11 digits.
    Mobile,
    /// Bank account.
    Account,
    /// Date as year, month, day.
    Date,
    /// Money in yuan.
    Money,
    /// ID number, 18 places, `X` allowed.
    IdNumber,
    /// A plain whole number.
    Number,
}

/// One option.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChoiceView {
    /// Value for the intent.
    pub value: String,
    /// Text.
    pub label: String,
    /// Chosen.
    pub chosen: bool,
}

/// What is wrong with an answer, in terms a screen can say kindly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "problem")]
pub enum Problem {
    /// Nothing was answered.
    Empty,
    /// Digits missing.
    TooShort {
        /// How many.
        missing: u8,
    },
    /// A mobile number does not begin like this.
    NotAMobile,
    /// The bank account's check digit is wrong: probably a typing slip.
    AccountCheck,
    /// Not a day of the calendar.
    NotADate,
    /// A day too far back or ahead.
    DateOutOfRange,
    /// The ID number's check digit is wrong.
    IdNumberCheck,
    /// The amount or number is out of range.
    OutOfRange,
}

/// Review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// Everyday name of the item.
    pub item: String,
    /// The rows of this page.
    pub rows: Vec<ReviewRow>,
    /// Which page.
    pub pages: Pages,
    /// To whom it goes.
    pub receiver: String,
    /// Materials that still have to be shown at the window.
    pub bring_later: Vec<String>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewRow {
    /// Label.
    pub label: String,
    /// Value; masked where the card told it and the field says so, in full where it was typed.
    pub value: String,
    /// Where it comes from.
    pub source: Source,
    /// Question to go back to, if it can be changed.
    pub question: Option<usize>,
}
