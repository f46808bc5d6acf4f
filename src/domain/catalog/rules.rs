//! May I apply at all? Rules of an item as data, and an answer that says which fact fails and what to do.
//!
//! A rule holds if any of its tests holds; an item can be applied for if all its rules hold. That is as much as guides say
//! (from 60, or with a certificate; and registered here), every rule has its own words, and a fact that nobody told
//! leaves the rule open instead of failing it. A general expression language would say only that the whole is false.
//!
//! Left out: what the county decides, such as incomes. A machine's "you may" is a pre-check and never a promise.

use std::collections::BTreeMap;

use jiff::civil::Date;
use kiosk_hal::model::{IdCard, Sex};

use super::eligibility::age_on;
use super::error::ItemFault;
use super::situation::Situation;
use super::written::{RuleWritten, TestWritten};
use crate::domain::text::Text;

/// Facts that a card tells. Every other fact is the answer to one of the item's questions.
const AGE: &str = "age";
const GENDER: &str = "gender";

/// What is known about a resident, for the time of the visit.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Facts(BTreeMap<String, Fact>);

impl std::fmt::Debug for Facts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // How many, and nothing of a person.
        f.debug_struct("Facts").field("known", &self.0.len()).finish_non_exhaustive()
    }
}

#[derive(Clone, PartialEq, Eq)]
enum Fact {
    Number(i64),
    Word(String),
}

impl Facts {
    /// What a card tells on a day: age in full years, and sex as in GB/T 2261.1.
    #[must_use]
    pub fn of_card(card: &IdCard, today: Date) -> Self {
        let mut facts = Self::default();
        if let Some(birth) = card.birth {
            facts.0.insert(AGE.into(), Fact::Number(i64::from(age_on(birth, today))));
        }
        let sex = match card.sex {
            Sex::Male => Some("1"),
            Sex::Female => Some("2"),
            Sex::Unknown | Sex::NotStated => None,
        };
        if let Some(sex) = sex {
            facts.0.insert(GENDER.into(), Fact::Word(sex.into()));
        }
        facts
    }

    /// The answer to a question.
    pub fn answer(&mut self, question: &str, choice: &str) {
        self.0.insert(question.to_owned(), Fact::Word(choice.to_owned()));
    }

    /// The answer to a question, if there is one.
    pub fn answered(&self, question: &str) -> Option<&str> {
        match self.0.get(question) {
            Some(Fact::Word(word)) => Some(word),
            Some(Fact::Number(_)) | None => None,
        }
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// It holds if one of these does; at least one.
    any: Vec<Test>,
    /// Why not, as a sentence for the resident.
    pub why_not: Text,
    /// What to do then.
    pub todo: Text,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Test {
    fact: String,
    is: Is,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Is {
    AtLeast(i64),
    AtMost(i64),
    OneOf(Vec<String>),
}

/// May this resident apply?
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// Nothing speaks against it.
    May,
    /// A fact speaks against it.
    MayNot {
        /// Which fact: `age`, `gender`, or the id of a question.
        fact: &'a str,
        /// Why not.
        why: &'a Text,
        /// What to do.
        todo: &'a Text,
    },
    /// A question has to be answered first.
    Ask {
        /// Id of the question, or `age` and `gender`, which a card answers.
        fact: &'a str,
    },
}

/// Compares facts with rules. What certainly fails is told before anything is asked.
pub fn judge<'a>(rules: &'a [Rule], facts: &Facts) -> Verdict<'a> {
    let mut open = None;
    for rule in rules {
        let outcomes: Vec<Option<bool>> = rule.any.iter().map(|test| test.holds(facts)).collect();
        if outcomes.contains(&Some(true)) {
            continue;
        }
        let unknown = rule.any.iter().zip(&outcomes).find(|(_, outcome)| outcome.is_none());
        match (unknown, rule.any.first()) {
            (Some((test, _)), _) => open = open.or(Some(test.fact.as_str())),
            (None, Some(test)) => {
                return Verdict::MayNot { fact: &test.fact, why: &rule.why_not, todo: &rule.todo };
            }
            (None, None) => {}
        }
    }
    open.map_or(Verdict::May, |fact| Verdict::Ask { fact })
}

impl Test {
    /// `None`: the fact is not known.
    fn holds(&self, facts: &Facts) -> Option<bool> {
        let fact = facts.0.get(&self.fact)?;
        Some(match (&self.is, fact) {
            (Is::AtLeast(least), Fact::Number(number)) => number >= least,
            (Is::AtMost(most), Fact::Number(number)) => number <= most,
            (Is::OneOf(words), Fact::Word(word)) => words.contains(word),
            (Is::AtLeast(_) | Is::AtMost(_), Fact::Word(_)) | (Is::OneOf(_), Fact::Number(_)) => return None,
        })
    }
}

/// Parses the rules of an item. A fault names the rule by its place.
pub(super) fn parse(written: Vec<RuleWritten>, questions: &[Situation]) -> Result<Vec<Rule>, (String, ItemFault)> {
    let rule = |(position, written): (usize, RuleWritten)| {
        let path = format!("eligibility number {}", position + 1);
        if written.any.is_empty() || written.why_not.is_empty() || written.todo.is_empty() {
            return Err((path, ItemFault::Empty));
        }
        let any = written.any.into_iter().map(|t| test(t, questions)).collect::<Result<_, _>>();
        Ok(Rule {
            any: any.map_err(|fault| (path, fault))?,
            why_not: Text::new(written.why_not, written.why_not_en),
            todo: Text::new(written.todo, written.todo_en),
        })
    };
    written.into_iter().enumerate().map(rule).collect()
}

fn test(written: TestWritten, questions: &[Situation]) -> Result<Test, ItemFault> {
    let TestWritten { fact, at_least, at_most, one_of } = written;
    let is_number = fact == AGE;
    let question = questions.iter().find(|question| question.id == fact);
    if !is_number && fact != GENDER && question.is_none() {
        return Err(ItemFault::NotDefined(fact));
    }
    let is = match (at_least, at_most, one_of) {
        (Some(least), None, None) if is_number => Is::AtLeast(least),
        (None, Some(most), None) if is_number => Is::AtMost(most),
        (None, None, Some(words)) if !is_number => {
            let strange = question.and_then(|q| words.iter().find(|word| !q.choices.iter().any(|c| c.id == **word)));
            if let Some(word) = strange {
                return Err(ItemFault::NotDefined(word.clone()));
            }
            Is::OneOf(words)
        }
        _ => return Err(ItemFault::Shape(format!("{fact} needs exactly one of atLeast, atMost (age) or oneOf"))),
    };
    Ok(Test { fact, is })
}
