//! What is wrong with a configuration: where, what, and what to do.

use kiosk_hal::model::Audience;

use super::layers::Source;

/// A configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {kind}", place = place(.source_of, .key))]
pub struct ConfigError {
    /// The file, where one is to blame.
    pub source_of: Option<Source>,
    /// Path of the key, such as `county.url`; empty where no single key is to blame.
    pub key: String,
    /// What is wrong.
    pub kind: ConfigErrorKind,
}

/// Kinds of configuration error. Their texts say what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigErrorKind {
    /// The file cannot be read.
    #[error("cannot be read ({detail}); check the path and the permissions")]
    Unreadable {
        /// The operating system's words.
        detail: String,
    },
    /// Not TOML, an unknown key, or a value of another kind.
    #[error("line {line}: {detail}")]
    Syntax {
        /// From 1.
        line: usize,
        /// The parser's words; an unknown key is named with the ones that exist.
        detail: String,
    },
    /// A key without which nothing works.
    #[error("is missing; {todo}")]
    Missing {
        /// What to write.
        todo: &'static str,
    },
    /// A value that cannot be.
    #[error("{why}")]
    Bad {
        /// Why, and what to write instead.
        why: String,
    },
}

impl ConfigErrorKind {
    /// Stable code, listed in `config/events.md`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "config.unreadable",
            Self::Syntax { .. } => "config.syntax",
            Self::Missing { .. } => "config.missing",
            Self::Bad { .. } => "config.bad-value",
        }
    }

    /// Every code there is, for the document.
    pub const CODES: [&'static str; 4] = ["config.unreadable", "config.syntax", "config.missing", "config.bad-value"];
}

impl ConfigError {
    /// Stable code.
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// Who can mend it.
    pub const fn audience(&self) -> Audience {
        Audience::Engineer
    }

    /// Trying again without a change does not help.
    pub const fn retry(&self) -> bool {
        false
    }

    pub(super) fn bad(source: Option<Source>, key: &str, why: impl Into<String>) -> Self {
        Self { source_of: source, key: key.to_owned(), kind: ConfigErrorKind::Bad { why: why.into() } }
    }
}

/// File and key, as far as they are known.
fn place(source: &Option<Source>, key: &str) -> String {
    match (source, key.is_empty()) {
        (Some(source), true) => source.to_string(),
        (Some(source), false) => format!("{source}: {key}"),
        (None, _) => key.to_owned(),
    }
}
