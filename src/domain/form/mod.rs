//! Forms by data: the questions of an item, asked one at a time, checked, and turned into values.
//!
//! [`Form`] knows no item. It takes the fields of an item and a card, locks what the card tells, and makes questions of
//! the rest. Every operation is total: it may be called at any time with anything, and what makes no sense changes
//! nothing. Values leave only when every question was answered and every answer passes its own check. An answer that
//! hangs on another (the group of a village) is dropped when the other changes. Nothing is asked twice, nothing that the
//! card tells is asked at all, and a value of the card never changes.
//!
//! `question` makes questions of fields, `validate` checks answers, `start` begins, `machine` moves between questions, `known` takes
//! facts from the card, `view` projects for the screen, `values` gives the final values, `mask` hides what bystanders
//! need not see.
//!
//! Answers are wiped on drop, and no `Debug` shows them. Left out on purpose: free text (there is no keyboard yet), and
//! every sentence about a wrong answer: those are chosen by the screen from [`crate::ipc::Problem`].

mod known;
mod machine;
pub mod mask;
mod question;
mod start;
pub mod validate;
mod values;
mod view;

#[cfg(test)]
mod tests;

pub use machine::{Form, FormBack, FormStep};
pub use start::FormError;
