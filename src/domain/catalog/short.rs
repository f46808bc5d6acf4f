//! The short guide: can I, what do I bring, how long, what does it cost, where. It changes with every answer.
//!
//! Everything stands in it as words in the language of the visit, so that a page and a one-time notice (一口清) of it say the
//! same. Materials are those of the situation so far; one that depends on an open question is marked. A rule that certainly
//! fails says why and what to do; while a question is open it is the next thing to ask.

use super::catalogue::Catalog;
use super::guide::{fee, shown, shown_place};
use super::item::Item;
use super::rules::{Facts, Verdict, judge};
use super::situation::{Certain, Situation, next_question, to_bring};
use crate::domain::text::Text;
use crate::ipc::{CanDo, HowLong, Language, Need, Place};

/// A guide in five answers.
#[derive(Debug, Clone, PartialEq)]
pub struct ShortGuide {
    /// Everyday name.
    pub plain_name: String,
    /// Official name.
    pub name: String,
    /// What can be done at this machine.
    pub can: CanDo,
    /// Can I?
    pub may: May,
    /// Who can, as the guide says it.
    pub who: Vec<String>,
    /// What do I bring?
    pub bring: Vec<Bring>,
    /// How long does it take?
    pub how_long: HowLong,
    /// What does it cost? `None` is free of charge.
    pub fee: Option<String>,
    /// How often do I have to come?
    pub visits: u8,
    /// Why I have to come.
    pub visits_why: String,
    /// Where? The place of this centre, or the first one.
    pub place: Option<Place>,
    /// Whom do I ask?
    pub phone: String,
    /// What the town or village adds.
    pub notes: Vec<String>,
    /// The next question that makes the answers more exact.
    pub ask: Option<Ask>,
}

/// Can I?
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum May {
    /// Nothing speaks against it.
    Yes,
    /// It depends on what was not told yet.
    Open,
    /// A fact speaks against it.
    No {
        /// Which: `age`, `gender` or the id of a question.
        fact: String,
        /// Why.
        why: String,
        /// What to do.
        todo: String,
    },
}

/// One thing to bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bring {
    /// Its name.
    pub name: String,
    /// A line beside it, may be empty.
    pub note: String,
    /// Necessity.
    pub need: Need,
    /// The reader has it, or the form of this machine replaces it.
    pub is_here: bool,
    /// It is given back and serves again.
    pub is_reusable: bool,
    /// It is needed for some, and a question that is open decides.
    pub depends: bool,
}

/// A question with its choices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Id of the question, for [`Facts::answer`].
    pub question: String,
    /// The question.
    pub text: String,
    /// Id and text of each choice.
    pub choices: Vec<(String, String)>,
}

impl Catalog {
    /// The short guide of an item for what is known of the resident. `region` is the code of this centre's place.
    pub fn short_guide(&self, item: &Item, facts: &Facts, region: &str, language: Language) -> ShortGuide {
        let say = |text: &Text| text.get(language).to_owned();
        let verdict = judge(&item.rules, facts);
        let place = item.places.iter().find(|place| place.region == region).or_else(|| item.places.first());
        let bring = to_bring(&item.materials, facts).into_iter().map(|line| Bring {
            name: say(&line.material.name),
            note: say(&line.material.note),
            need: line.material.need,
            is_here: line.material.by_card || line.material.by_form,
            is_reusable: line.material.reusable,
            depends: line.certain == Certain::Depends,
        });
        ShortGuide {
            plain_name: say(&item.plain_name),
            name: say(&item.name),
            can: shown(item.can),
            may: match &verdict {
                Verdict::May => May::Yes,
                Verdict::Ask { .. } => May::Open,
                Verdict::MayNot { fact, why, todo } => {
                    May::No { fact: (*fact).to_owned(), why: say(why), todo: say(todo) }
                }
            },
            who: item.conditions.iter().map(say).collect(),
            bring: bring.collect(),
            how_long: item.how_long,
            fee: fee(item, language),
            visits: item.visits,
            visits_why: say(&item.visits_why),
            place: place.map(|place| shown_place(place, language)),
            phone: item.phone.clone(),
            notes: item.local_notes.iter().map(say).collect(),
            ask: asked(item, facts, &verdict).map(|question| Ask {
                question: question.id.clone(),
                text: say(&question.ask),
                choices: question.choices.iter().map(|choice| (choice.id.clone(), say(&choice.label))).collect(),
            }),
        }
    }
}

/// What a rule waits for is asked before what only shortens the list; after a no nothing is asked.
fn asked<'a>(item: &'a Item, facts: &Facts, verdict: &Verdict<'_>) -> Option<&'a Situation> {
    let waits_for = match verdict {
        Verdict::MayNot { .. } => return None,
        Verdict::Ask { fact } => item.situations.iter().find(|question| question.id == *fact),
        Verdict::May => None,
    };
    waits_for.or_else(|| next_question(&item.situations, facts))
}
