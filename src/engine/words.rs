//! Words on slips, out of `ui/i18n/slip.toml`: words for people live in `ui/`, never in code.

use std::collections::BTreeMap;

use crate::ipc::Language;

/// The shipped file.
const SHIPPED: &str = include_str!("../../ui/i18n/slip.toml");

/// Both tables of words.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    zh: BTreeMap<String, String>,
    en: BTreeMap<String, String>,
}

impl Words {
    /// The shipped words. The file is part of the program, and a test reads it.
    ///
    /// # Errors
    /// The file is not what it should be.
    pub fn shipped() -> Result<Self, toml::de::Error> {
        toml::from_str(SHIPPED)
    }

    /// A sentence, its `{name}` places filled in. A key that does not exist shows itself, and a test finds it.
    pub fn say(&self, language: Language, key: &str, fill: &[(&str, &str)]) -> String {
        let table = match language {
            Language::Zh => &self.zh,
            Language::En => &self.en,
        };
        let mut sentence = table.get(key).cloned().unwrap_or_else(|| key.to_owned());
        for (name, value) in fill {
            sentence = sentence.replace(&format!("{{{name}}}"), value);
        }
        sentence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_stands_in_both_languages_with_the_same_places() {
        let words = Words::shipped().expect("the shipped file is valid");
        assert_eq!(words.zh.keys().collect::<Vec<_>>(), words.en.keys().collect::<Vec<_>>());
        let places = |text: &str| {
            let mut found: Vec<String> =
                text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.into()).collect();
            found.sort();
            found
        };
        for (key, zh) in &words.zh {
            assert_eq!(places(zh), places(&words.en[key]), "{key}");
        }
    }

    #[test]
    fn every_key_that_the_slips_use_exists() {
        let words = Words::shipped().expect("the shipped file is valid");
        let source = include_str!("paper.rs");
        let used: Vec<&str> =
            source.split("say(\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(key, _)| key).collect();
        assert!(used.len() > 20, "the slips use words");
        for key in used {
            assert!(words.zh.contains_key(key), "{key} is missing in slip.toml");
        }
    }
}
