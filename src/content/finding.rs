//! What an office has to look at: where, what, how to mend it, and whose it is.
//!
//! A finding is a value. Its words lie in `findings.toml`, by code, with `{}` where what was found goes; a report and a page
//! are made of the same values.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// How grave it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// The row is not taken in.
    Refused,
    /// A guide without it is incomplete or wrong.
    Mend,
    /// Worth a look.
    Look,
}

impl Weight {
    /// Its word in a report.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refused => "未收入",
            Self::Mend => "需改正",
            Self::Look => "请核对",
        }
    }
}

/// Where it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
pub struct At {
    /// File.
    pub file: String,
    /// Sheet.
    pub sheet: String,
    /// Row, counted from 1; 0 is the whole sheet.
    pub row: u32,
    /// Letters of the column; empty is the whole row.
    pub column: String,
    /// Heading of the column.
    pub heading: String,
}

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.file)?;
        if !self.sheet.is_empty() {
            write!(f, " [{}]", self.sheet)?;
        }
        if self.row > 0 {
            write!(f, " {}{}", self.column, self.row)?;
        }
        if !self.heading.is_empty() {
            write!(f, " {}", self.heading)?;
        }
        Ok(())
    }
}

/// One thing to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable code.
    pub code: &'static str,
    /// Where.
    pub at: At,
    /// Number of the item, may be empty.
    pub item: String,
    /// Name of the item, may be empty.
    pub name: String,
    /// Id of the department, may be empty.
    pub department: String,
    /// What was found, for the words.
    pub found: String,
    /// How to mend it, where that is said at the column.
    pub mend: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    weight: Weight,
    what: String,
    mend: String,
}

static WORDS: LazyLock<BTreeMap<String, Words>> =
    LazyLock::new(|| toml::from_str(include_str!("findings.toml")).unwrap_or_default());

impl Finding {
    /// A finding of this kind.
    pub fn new(code: &'static str, at: At, found: impl Into<String>) -> Self {
        Self {
            code,
            at,
            item: String::new(),
            name: String::new(),
            department: String::new(),
            found: found.into(),
            mend: String::new(),
        }
    }

    /// How grave it is.
    pub fn weight(&self) -> Weight {
        WORDS.get(self.code).map_or(Weight::Refused, |words| words.weight)
    }

    /// What is so.
    pub fn what(&self) -> String {
        WORDS.get(self.code).map_or_else(|| self.code.to_owned(), |words| words.what.replace("{}", &self.found))
    }

    /// What to do.
    pub fn how(&self) -> String {
        let general = WORDS.get(self.code).map_or("", |words| words.mend.as_str());
        if self.mend.is_empty() { general.replace("{}", &self.found) } else { self.mend.clone() }
    }
}

/// All codes of findings.
pub fn codes() -> impl Iterator<Item = &'static str> {
    WORDS.keys().map(String::as_str)
}

/// Letters of a column, counted from 0: `A`, `Z`, `AA`.
pub fn letters(column: usize) -> String {
    let (above, here) = (column / 26, u8::try_from(column % 26).unwrap_or(0));
    let before = if above == 0 { String::new() } else { letters(above - 1) };
    format!("{before}{}", char::from(b'A' + here))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_letters_of_a_spreadsheet() {
        let known = [(0, "A"), (25, "Z"), (26, "AA"), (27, "AB"), (701, "ZZ"), (702, "AAA")];
        for (column, expected) in known {
            assert_eq!(letters(column), expected);
        }
    }

    #[test]
    fn every_finding_that_the_code_makes_has_words_and_no_words_are_left_over() {
        let sources = [
            include_str!("build.rs"),
            include_str!("draft.rs"),
            include_str!("cells.rs"),
            include_str!("lint.rs"),
            include_str!("read.rs"),
        ]
        .concat();
        let known: Vec<&str> = codes().collect();
        assert!(known.len() > 20, "the words are read");
        for code in &known {
            assert!(sources.contains(&format!("\"{code}\"")), "nobody says {code}");
        }
        for part in sources.split("\"sheet.").skip(1).chain(sources.split("\"rule.").skip(1)) {
            let code = part.split('"').next().unwrap_or_default();
            assert!(known.iter().any(|known| known.ends_with(code)), "no words for {code}");
        }
    }
}
