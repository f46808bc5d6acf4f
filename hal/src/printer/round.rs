//! One round of the four real-time questions, asked one at a time.
//!
//! Answers carry no number, so a round is only as good as its order. The first question that stays unanswered makes
//! the line *suspect*: a late answer, or a printer that always answers one question behind, would shift everything.
//! On a suspect line each question is asked twice and only the second answer counts, because that one belongs to
//! the question whether the line lags by one or not. A second silence ends the round.

use super::command::{Command, Question};
use super::flags::Flags;
use super::status::Answers;

/// Whether answers can be trusted to belong to the question just asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// Every question so far was answered in time.
    Trusted,
    /// One was not: ask twice, take the second.
    Suspect,
}

/// What to do next in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Send this question and wait.
    Ask(Question),
    /// All four are answered.
    Done(Answers),
    /// The printer does not answer.
    Silent,
}

/// A round under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Round {
    answers: Vec<u8>,
    repeated: bool,
    silences: u8,
}

/// Silences after which a round is given up: the first may be a lost byte, two in one round are none.
const SILENCES: u8 = 2;

impl Round {
    /// Starts; the first question is the first of [`Question::ALL`].
    pub(super) fn new() -> Self {
        Self { answers: Vec::with_capacity(4), repeated: false, silences: 0 }
    }

    /// The question that is due.
    pub(super) fn question(&self) -> Question {
        Question::ALL.get(self.answers.len()).copied().unwrap_or(Question::Paper)
    }

    /// Whether every question was answered in time: the printer was there all the while.
    pub(super) fn is_steady(&self) -> bool {
        self.silences == 0
    }

    /// A byte that looks like an answer has come.
    pub(super) fn answered(&mut self, byte: u8, line: Line) -> Step {
        debug_assert!(Flags::is_answer(byte), "the demultiplexer lets nothing else through");
        if line == Line::Suspect && !self.repeated {
            self.repeated = true;
            return Step::Ask(self.question());
        }
        self.repeated = false;
        self.answers.push(byte);
        match *self.answers.as_slice() {
            [a, b, c, d] => Step::Done([a, b, c, d]),
            _ => Step::Ask(self.question()),
        }
    }

    /// No answer came in time; the line is suspect from here on.
    pub(super) fn unanswered(&mut self) -> Step {
        self.silences += 1;
        self.repeated = false;
        if self.silences >= SILENCES { Step::Silent } else { Step::Ask(self.question()) }
    }
}

/// The bytes of a question.
pub(super) fn ask(question: Question) -> Vec<u8> {
    Command::Ask(question).to_bytes()
}
