//! The machine that walks through the questions.

use std::fmt;

use jiff::civil::Date;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::known::Known;
use super::question::{DigitRule, Input, Part, Question, SAME_AS_CARD};
use super::validate;
use crate::domain::catalog::Field;
use crate::domain::text::Text;
use crate::ipc::Problem;

/// Options on one page.
pub(super) const CHOICE_PAGE: usize = 6;
/// Room for typed digits, so that typing never moves them in memory and leaves a copy behind.
const DIGITS_ROOM: usize = 32;

/// A form being filled in.
pub struct Form {
    pub(super) fields: Vec<Field>,
    pub(super) known: Vec<Known>,
    pub(super) questions: Vec<Question>,
    pub(super) answers: Vec<Answer>,
    pub(super) left: Vec<Text>,
    pub(super) card_address: Zeroizing<String>,
    pub(super) today: Date,
    pub(super) at: usize,
    pub(super) page: usize,
    pub(super) problem: Option<Problem>,
    pub(super) phase: Phase,
}

/// Where the resident is.
pub(super) enum Phase {
    /// Question after question.
    Asking,
    /// Changing one answer; holds what stood before, for going back.
    Editing { before: Vec<Answer> },
    /// All answered.
    Reviewing,
}

/// Answer to one question. Wiped on drop.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub(super) struct Answer {
    /// Digits typed.
    pub digits: String,
    /// Values chosen, in the order of the options.
    pub chosen: Vec<String>,
    /// Accepted by [`Form::advance`].
    #[zeroize(skip)]
    pub settled: bool,
}

impl Answer {
    /// Nothing yet.
    pub fn empty() -> Self {
        Self { digits: String::with_capacity(DIGITS_ROOM), chosen: Vec::new(), settled: false }
    }

    /// Nothing typed and nothing chosen.
    pub fn is_empty(&self) -> bool {
        self.digits.is_empty() && self.chosen.is_empty()
    }
}

/// What [`Form::advance`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormStep {
    /// Still at the question; [`Form::view`] says what is wrong.
    Stay,
    /// At another question.
    Moved,
    /// All answered: show the review.
    Complete,
}

/// What [`Form::back`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormBack {
    /// At an earlier question.
    Moved,
    /// The change was dropped, the answers are as before: show the review.
    Review,
    /// There is no earlier question: leave the form.
    Leave,
}

impl Form {
    /// Index of the current question; stable, the same that a review row names.
    pub fn question(&self) -> usize {
        self.at
    }

    /// Position of the current question among those that are asked, from 1, and their number.
    pub fn position(&self) -> (usize, usize) {
        let asked = |range: std::ops::Range<usize>| range.filter(|at| self.is_active(*at)).count();
        let of = asked(0..self.questions.len());
        (asked(0..self.at + 1).min(of), of)
    }

    /// Everything is answered and nothing is being changed.
    pub fn is_reviewing(&self) -> bool {
        matches!(self.phase, Phase::Reviewing)
    }

    /// A key of the digit pad. `X` counts only as the last place of an ID number; `x` is taken as `X`.
    pub fn digit(&mut self, digit: char) {
        let digit = digit.to_ascii_uppercase();
        let Some((rule, answer)) = self.typing() else {
            return;
        };
        let last_of_id = matches!(rule, DigitRule::IdNumber) && answer.digits.len() + 1 == rule.most();
        let fits = digit.is_ascii_digit() || (digit == 'X' && last_of_id);
        if !fits || answer.digits.len() >= rule.most() {
            return;
        }
        answer.digits.push(digit);
        self.touched();
    }

    /// Takes the last digit away.
    pub fn erase(&mut self) {
        if let Some((_, answer)) = self.typing() {
            answer.digits.pop();
            self.touched();
        }
    }

    /// Empties the answer.
    pub fn clear(&mut self) {
        if self.is_answering()
            && let Some(answer) = self.answers.get_mut(self.at)
        {
            answer.digits.zeroize();
            answer.digits.reserve(DIGITS_ROOM);
            answer.chosen.zeroize();
            self.touched();
            self.drop_dependents(self.at);
        }
    }

    /// Chooses an option, or switches it where several may be chosen. An optional single choice is switched as well, so
    /// that it can be taken back.
    pub fn choose(&mut self, value: &str) {
        if !self.is_answering() {
            return;
        }
        let (Some(question), Some(answer)) = (self.questions.get(self.at), self.answers.get_mut(self.at)) else {
            return;
        };
        let Input::Choices { options, many } = &question.input else {
            return;
        };
        if !options.iter().any(|option| option.value == value) {
            return;
        }
        let was_chosen = answer.chosen.iter().any(|chosen| chosen == value);
        if was_chosen && question.required && !many {
            return;
        }
        let chosen = options
            .iter()
            .map(|option| option.value.as_str())
            .filter(|option| {
                if *option == value {
                    !was_chosen
                } else {
                    *many && answer.chosen.iter().any(|chosen| chosen == option)
                }
            })
            .map(str::to_owned)
            .collect();
        answer.chosen.zeroize();
        answer.chosen = chosen;
        self.touched();
        self.drop_dependents(self.at);
    }

    /// Next page of the options, if there is one.
    pub fn next_page(&mut self) {
        if self.page + 1 < self.pages() {
            self.page += 1;
        }
    }

    /// Previous page of the options, if there is one.
    pub fn previous_page(&mut self) {
        self.page = self.page.saturating_sub(1);
    }

    /// Takes the answer and goes on.
    pub fn advance(&mut self) -> FormStep {
        if self.is_reviewing() {
            return FormStep::Complete;
        }
        if let Err(problem) = self.check(self.at) {
            self.problem = Some(problem);
            return FormStep::Stay;
        }
        if let Some(answer) = self.answers.get_mut(self.at) {
            answer.settled = true;
        }
        match self.following() {
            Some(next) => {
                self.go_to(next);
                FormStep::Moved
            }
            None => {
                self.problem = None;
                self.phase = Phase::Reviewing;
                FormStep::Complete
            }
        }
    }

    /// One step back. From a change it goes back to the review and drops the change; from the review to the last
    /// question.
    pub fn back(&mut self) -> FormBack {
        match std::mem::replace(&mut self.phase, Phase::Asking) {
            Phase::Editing { before } => {
                self.answers = before;
                self.problem = None;
                self.phase = Phase::Reviewing;
                FormBack::Review
            }
            Phase::Reviewing => {
                let last = (0..self.questions.len()).rev().find(|at| self.is_active(*at));
                self.back_to(last)
            }
            Phase::Asking => {
                let earlier = (0..self.at).rev().find(|at| self.is_active(*at));
                self.back_to(earlier)
            }
        }
    }

    /// From the review to one answer. Says whether there is such a question; anything else changes nothing.
    pub fn edit(&mut self, question: usize) -> bool {
        if !self.is_reviewing() || !self.is_active(question) {
            return false;
        }
        self.phase = Phase::Editing { before: self.answers.clone() };
        self.go_to(question);
        true
    }

    /// The question that comes after the current one, if it were answered now; `None` is the review.
    pub(super) fn following(&self) -> Option<usize> {
        let later = |at: &usize| *at != self.at && self.is_active(*at);
        let open = |at: &usize| later(at) && !self.is_settled(*at);
        let count = self.questions.len();
        match self.phase {
            Phase::Asking => (self.at + 1..count).find(later).or_else(|| (0..count).find(open)),
            Phase::Editing { .. } | Phase::Reviewing => (0..count).find(open),
        }
    }

    /// Whether a question is asked at all, given the other answers.
    pub(super) fn is_active(&self, at: usize) -> bool {
        let Some(question) = self.questions.get(at) else {
            return false;
        };
        match &question.part {
            Part::Whole | Part::Place { .. } => true,
            Part::Within { place, .. } => self
                .answers
                .get(*place)
                .and_then(|answer| answer.chosen.first())
                .is_some_and(|value| value != SAME_AS_CARD),
        }
    }

    /// Checks the answer to one question.
    pub(super) fn check(&self, at: usize) -> Result<(), Problem> {
        let (Some(question), Some(answer)) = (self.questions.get(at), self.answers.get(at)) else {
            return Ok(());
        };
        if answer.is_empty() {
            return if question.required { Err(Problem::Empty) } else { Ok(()) };
        }
        let Input::Digits(rule) = &question.input else {
            return Ok(());
        };
        let digits = answer.digits.as_str();
        match *rule {
            DigitRule::Mobile => validate::mobile(digits),
            DigitRule::Account { max_digits } => validate::account(digits, max_digits),
            DigitRule::Money { min, max } => validate::money(digits, min, max).map(|_fen| ()),
            DigitRule::Integer { min, max } => validate::number(digits, min, max).map(|_n| ()),
            DigitRule::Date { back, ahead } => validate::date(digits, self.today, back, ahead).map(|_day| ()),
            DigitRule::IdNumber => validate::id_number(digits, self.today),
        }
    }

    /// Every question that is asked was answered and accepted.
    pub(super) fn is_complete(&self) -> bool {
        (0..self.questions.len())
            .filter(|at| self.is_active(*at))
            .all(|at| self.is_settled(at) && self.check(at).is_ok())
    }

    /// Pages of options of the current question, at least 1.
    pub(super) fn pages(&self) -> usize {
        match self.questions.get(self.at).map(|question| &question.input) {
            Some(Input::Choices { options, .. }) => options.len().div_ceil(CHOICE_PAGE).max(1),
            Some(Input::Digits(_)) | None => 1,
        }
    }

    fn is_settled(&self, at: usize) -> bool {
        self.answers.get(at).is_some_and(|answer| answer.settled)
    }

    fn is_answering(&self) -> bool {
        !self.is_reviewing()
    }

    fn typing(&mut self) -> Option<(DigitRule, &mut Answer)> {
        if self.is_reviewing() {
            return None;
        }
        let Input::Digits(rule) = self.questions.get(self.at)?.input else {
            return None;
        };
        Some((rule, self.answers.get_mut(self.at)?))
    }

    /// The current answer was changed: it has to be accepted again.
    fn touched(&mut self) {
        self.problem = None;
        if let Some(answer) = self.answers.get_mut(self.at) {
            answer.settled = false;
        }
    }

    fn drop_dependents(&mut self, changed: usize) {
        for (question, answer) in self.questions.iter().zip(&mut self.answers) {
            if let Part::Within { place, .. } = question.part
                && place == changed
            {
                *answer = Answer::empty();
            }
        }
    }

    fn go_to(&mut self, at: usize) {
        self.at = at;
        self.problem = None;
        self.page = self.page_of_chosen();
    }

    fn back_to(&mut self, earlier: Option<usize>) -> FormBack {
        match earlier {
            Some(at) => {
                self.go_to(at);
                FormBack::Moved
            }
            None => {
                // Without a question the review is all there is; otherwise this is the first question.
                if self.questions.is_empty() {
                    self.phase = Phase::Reviewing;
                }
                FormBack::Leave
            }
        }
    }

    /// The page that shows what is chosen, else the first.
    fn page_of_chosen(&self) -> usize {
        let (Some(question), Some(answer)) = (self.questions.get(self.at), self.answers.get(self.at)) else {
            return 0;
        };
        let Input::Choices { options, .. } = &question.input else {
            return 0;
        };
        options.iter().position(|option| answer.chosen.first() == Some(&option.value)).map_or(0, |at| at / CHOICE_PAGE)
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form").field("at", &self.at).field("questions", &self.questions.len()).finish_non_exhaustive()
    }
}
