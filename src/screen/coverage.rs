//! Which characters the shipped fonts can draw.
//!
//! The text engine draws a character that no font has as nothing at all, and a name with a hole in it is a wrong name.
//! So every value of a person goes through [`Coverage::check`]: a character no face has becomes 〓 (U+3013) and the page
//! says so; one that only the regular face has makes the value plain instead of bold.

use std::path::{Path, PathBuf};

use ab_glyph::{Font, FontVec};

/// Drawn in place of a character that no font has.
pub const SUBSTITUTE: char = '〓';

/// Why the coverage is not known.
#[derive(Debug, thiserror::Error)]
pub enum CoverageError {
    /// A font file could not be read.
    #[error("read the font {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A font file is not a font.
    #[error("understand the font {0}")]
    NotAFont(PathBuf),
    /// There is no font at all.
    #[error("find any font: the variable SLINT_FONT_PATH names none")]
    NoFont,
}

/// A text made safe to draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The text, with 〓 for what no font has.
    pub text: String,
    /// A 〓 was put in.
    pub gap: bool,
    /// Holds a character that the bold face does not have.
    pub rare: bool,
}

/// The characters of the regular and the bold faces.
#[derive(Debug, Clone)]
pub struct Coverage {
    regular: Characters,
    bold: Characters,
}

impl Coverage {
    /// Reads the character tables of `files`; a file with "Bold" in its name is a bold face, any other a regular one.
    ///
    /// # Errors
    /// A file cannot be read or is not a font, or there is none.
    pub fn read(files: &[PathBuf]) -> Result<Self, CoverageError> {
        if files.is_empty() {
            return Err(CoverageError::NoFont);
        }
        let mut coverage = Self { regular: Characters::default(), bold: Characters::default() };
        for path in files {
            let bold = path.file_name().is_some_and(|name| name.to_string_lossy().contains("Bold"));
            let face = if bold { &mut coverage.bold } else { &mut coverage.regular };
            face.add(path)?;
        }
        Ok(coverage)
    }

    /// Makes `text` safe to draw.
    pub fn check(&self, text: &str) -> Shown {
        let mut shown = Shown { text: String::with_capacity(text.len()), gap: false, rare: false };
        for character in text.chars() {
            let regular = self.regular.has(character);
            let bold = self.bold.has(character);
            if regular || bold || character.is_control() {
                shown.text.push(character);
            } else {
                shown.text.push(SUBSTITUTE);
                shown.gap = true;
            }
            shown.rare |= regular && !bold;
        }
        shown
    }
}

/// A set of characters, one bit each.
#[derive(Debug, Clone, Default)]
struct Characters(Vec<u64>);

impl Characters {
    fn add(&mut self, path: &Path) -> Result<(), CoverageError> {
        let bytes = std::fs::read(path).map_err(|source| CoverageError::Read { path: path.to_owned(), source })?;
        let font = FontVec::try_from_vec(bytes).map_err(|_not_a_font| CoverageError::NotAFont(path.to_owned()))?;
        for (_, character) in font.codepoint_ids() {
            let (word, bit) = place(character);
            if self.0.len() <= word {
                self.0.resize(word + 1, 0);
            }
            self.0[word] |= bit;
        }
        Ok(())
    }

    fn has(&self, character: char) -> bool {
        let (word, bit) = place(character);
        self.0.get(word).is_some_and(|bits| bits & bit != 0)
    }
}

fn place(character: char) -> (usize, u64) {
    let code = u32::from(character);
    ((code / 64) as usize, 1 << (code % 64))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn shipped() -> Coverage {
        let fonts = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/fonts");
        Coverage::read(&[fonts.join("NotoSansCJKsc-Bold.otf"), fonts.join("NotoSansCJKsc-Regular.otf")]).unwrap()
    }

    #[test]
    fn a_name_in_common_characters_is_shown_as_it_is() {
        let shown = shipped().check("王秀兰");
        assert_eq!((shown.text.as_str(), shown.gap, shown.rare), ("王秀兰", false, false));
    }

    #[test]
    fn a_character_only_the_regular_face_has_is_kept_and_not_bold() {
        let shown = shipped().check("赵䶮");
        assert_eq!((shown.text.as_str(), shown.gap, shown.rare), ("赵䶮", false, true));
    }

    #[test]
    fn a_character_no_font_has_is_never_blank() {
        let shown = shipped().check("赵\u{2CE3E}\u{30EDD}");
        assert!(shown.gap && shown.text.contains(SUBSTITUTE));
    }

    #[test]
    fn no_font_at_all_is_an_error() {
        assert!(matches!(Coverage::read(&[]), Err(CoverageError::NoFont)));
    }
}
