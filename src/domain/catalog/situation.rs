//! Two or three questions, and the exact list of what to bring.
//!
//! A guide lists every material that anybody may need. The questions of an item (for whom, which case) say which of them
//! this resident needs: a material with conditions counts when all of them are met. A question that nobody answered keeps
//! its materials on the list with a mark, so that an unanswered question never makes a list too short.

use super::error::ItemFault;
use super::item::MaterialSpec;
use super::rules::Facts;
use super::written::{SituationWritten, WhenWritten};
use crate::domain::text::Text;

/// Most questions before a list: more are a form.
const QUESTIONS: usize = 3;

/// One question of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Situation {
    /// Its id, a fact of [`Facts`].
    pub id: String,
    /// The question as a sentence.
    pub ask: Text,
    /// Two choices or more.
    pub choices: Vec<Answer>,
}

/// One choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its id.
    pub id: String,
    /// As it is shown.
    pub label: Text,
}

/// A condition of a material: the question has one of these answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// Id of the question.
    pub question: String,
    /// Ids of choices.
    pub is: Vec<String>,
}

/// A material on a resident's own list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ToBring<'a> {
    /// The material.
    pub material: &'a MaterialSpec,
    /// Whether it is certain or depends on a question that was not answered.
    pub certain: Certain,
}

/// Whether a material is needed for certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certain {
    /// It is.
    Yes,
    /// It depends on an answer that is missing.
    Depends,
}

/// The list for what was answered.
pub fn to_bring<'a>(materials: &'a [MaterialSpec], facts: &Facts) -> Vec<ToBring<'a>> {
    let listed = |material: &'a MaterialSpec| {
        let mut certain = Certain::Yes;
        for when in &material.when {
            match facts.answered(&when.question) {
                Some(answer) if when.is.iter().any(|id| id == answer) => {}
                Some(_) => return None,
                None => certain = Certain::Depends,
            }
        }
        Some(ToBring { material, certain })
    };
    materials.iter().filter_map(listed).collect()
}

/// The first question of an item that is not answered yet.
pub fn next_question<'a>(questions: &'a [Situation], facts: &Facts) -> Option<&'a Situation> {
    questions.iter().find(|question| facts.answered(&question.id).is_none())
}

/// Parses the questions of an item.
pub(super) fn parse(written: Vec<SituationWritten>) -> Result<Vec<Situation>, (String, ItemFault)> {
    if written.len() > QUESTIONS {
        return Err(("situations".into(), ItemFault::TooMany(QUESTIONS)));
    }
    let mut parsed: Vec<Situation> = Vec::new();
    for question in written {
        let path = format!("situations.{}", question.id);
        let fail = |fault| Err((path.clone(), fault));
        if question.id.is_empty() || question.ask.is_empty() || question.choices.len() < 2 {
            return fail(ItemFault::Empty);
        }
        if parsed.iter().any(|known| known.id == question.id) || ["age", "gender"].contains(&question.id.as_str()) {
            return fail(ItemFault::Twice(question.id));
        }
        let mut choices: Vec<Answer> = Vec::new();
        for choice in question.choices {
            if choice.id.is_empty() || choice.label.is_empty() {
                return fail(ItemFault::Empty);
            }
            if choices.iter().any(|known| known.id == choice.id) {
                return fail(ItemFault::Twice(choice.id));
            }
            choices.push(Answer { id: choice.id, label: Text::new(choice.label, choice.label_en) });
        }
        parsed.push(Situation { id: question.id, ask: Text::new(question.ask, question.ask_en), choices });
    }
    Ok(parsed)
}

/// Parses the conditions of a material.
pub(super) fn parse_when(written: Vec<WhenWritten>, questions: &[Situation]) -> Result<Vec<When>, ItemFault> {
    let when = |written: WhenWritten| {
        let question = questions.iter().find(|question| question.id == written.question);
        let question = question.ok_or_else(|| ItemFault::NotDefined(written.question.clone()))?;
        let strange = written.is.iter().find(|id| !question.choices.iter().any(|choice| choice.id == **id));
        match strange {
            Some(id) => Err(ItemFault::NotDefined(id.clone())),
            None if written.is.is_empty() => Err(ItemFault::Empty),
            None => Ok(When { question: written.question, is: written.is }),
        }
    };
    written.into_iter().map(when).collect()
}
