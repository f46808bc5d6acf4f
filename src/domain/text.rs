//! Texts that come as data in two languages.

use serde::{Deserialize, Serialize};

use crate::ipc::Language;

/// A text in Chinese and English. Where the English is missing, the Chinese is shown rather than nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Text {
    /// Chinese.
    pub zh: String,
    /// English, may be empty.
    #[serde(default)]
    pub en: String,
}

impl Text {
    /// Both languages at once.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// The text in the language of the session.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::En if !self.en.is_empty() => &self.en,
            Language::En | Language::Zh => &self.zh,
        }
    }
}
