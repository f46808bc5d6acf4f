//! What the form screen shows.

use super::machine::{CHOICE_PAGE, Form};
use super::mask;
use super::question::{DigitRule, Input};
use crate::domain::catalog::Choice;
use crate::ipc::{self, ChoiceView, KnownValue, Language, Pad, Pages, Source};

impl Form {
    /// The current question. The answer being typed is shown in full: it is the one place where the resident must see it.
    pub fn view(&self, language: Language) -> ipc::Form {
        let question = self.questions.get(self.at);
        let say = |text: Option<&crate::domain::text::Text>| {
            text.map_or_else(String::new, |text| text.get(language).to_owned())
        };
        ipc::Form {
            ask: say(question.map(|q| &q.ask)),
            hint: say(question.map(|q| &q.help)),
            pad: self.pad(language),
            problem: self.problem.clone(),
            known: self.known_values(language),
            optional: question.is_some_and(|question| !question.required),
            complete: self.check(self.at).is_ok(),
            next: self
                .following()
                .and_then(|next| self.questions.get(next))
                .map(|next| next.label.get(language).to_owned()),
        }
    }

    /// Label of the current question, for the line of progress.
    pub fn label(&self, language: Language) -> String {
        self.questions.get(self.at).map_or_else(String::new, |question| question.label.get(language).to_owned())
    }

    /// Labels of optional fields that this machine cannot take in; the window can.
    pub fn left_for_window(&self, language: Language) -> Vec<String> {
        self.left.iter().map(|label| label.get(language).to_owned()).collect()
    }

    fn known_values(&self, language: Language) -> Vec<KnownValue> {
        self.known
            .iter()
            .filter_map(|known| {
                let field = self.fields.get(known.field)?;
                Some(KnownValue {
                    label: field.label.get(language).to_owned(),
                    value: known.shown(language),
                    source: Source::Card,
                })
            })
            .collect()
    }

    fn pad(&self, language: Language) -> Pad {
        let (Some(question), Some(answer)) = (self.questions.get(self.at), self.answers.get(self.at)) else {
            return self.choices(&[], &[], false, language);
        };
        match &question.input {
            Input::Digits(rule) => digits(*rule, &answer.digits),
            Input::Choices { options, many } => self.choices(options, &answer.chosen, *many, language),
        }
    }

    fn choices(&self, options: &[Choice], chosen: &[String], many: bool, language: Language) -> Pad {
        Pad::Choices {
            options: options
                .iter()
                .skip(self.page * CHOICE_PAGE)
                .take(CHOICE_PAGE)
                .map(|option| ChoiceView {
                    value: option.value.clone(),
                    label: option.label.get(language).to_owned(),
                    chosen: chosen.contains(&option.value),
                })
                .collect(),
            many,
            pages: Pages { page: self.page + 1, of: self.pages() },
        }
    }
}

fn digits(rule: DigitRule, typed: &str) -> Pad {
    let missing = rule.fixed().and_then(|length| u8::try_from(length.saturating_sub(typed.len())).ok());
    Pad::Digits { kind: rule.kind(), shown: mask::groups(typed, rule.groups()), missing }
}
