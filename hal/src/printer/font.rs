//! The bundled font as a printer font: glyphs in dot cells.
//!
//! Latin characters fill a cell of 12 × 24 dots, all others 24 × 24, times the size asked for. Glyphs are drawn at
//! the wanted size and cut to black or white, a little on the heavy side, because a 203 dpi thermal head shows thin
//! strokes as grey. The file comes from the caller; nothing here reads a disk.

use ab_glyph::{Font, FontVec, PxScale, point};

use super::command::Size;
use super::profile::COLUMN_DOTS;
use super::raster::Bitmap;

/// Height of the plain cell in dots.
pub const CELL_HEIGHT: usize = 24;

/// Ink from this coverage on; below one half, which thickens strokes by about a third of a dot.
const INK_FROM: f32 = 0.40;

/// The em square in parts of the cell's height: Chinese glyphs fill their cell but for a hair.
const EM_OF_CELL: f32 = 0.98;

/// Where the baseline lies below the cell's top, in parts of its height; 0.88 is the ideographic baseline.
const BASELINE: f32 = 0.86;

/// A font for paper.
pub struct PaperFont {
    font: FontVec,
}

impl std::fmt::Debug for PaperFont {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PaperFont").finish_non_exhaustive()
    }
}

/// The bytes are not a font.
#[derive(Debug, thiserror::Error)]
#[error("parse the bundled font for paper")]
pub struct FontError(#[source] ab_glyph::InvalidFont);

impl PaperFont {
    /// Reads an OpenType font from its bytes.
    ///
    /// # Errors
    /// When the bytes are not a font with outlines.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, FontError> {
        FontVec::try_from_vec(bytes).map(|font| Self { font }).map_err(FontError)
    }

    /// The characters of `text` that this font has no glyph for, each once, in order.
    ///
    /// Control characters count as missing, except the line break; a blank needs no glyph.
    pub fn missing(&self, text: &str) -> Vec<char> {
        let mut missing = Vec::new();
        for character in text.chars() {
            if !self.has(character) && !missing.contains(&character) {
                missing.push(character);
            }
        }
        missing
    }

    /// Whether this character can be drawn.
    pub fn has(&self, character: char) -> bool {
        is_blank(character) || character == '\n' || (!character.is_control() && self.font.glyph_id(character).0 != 0)
    }

    /// Draws one character into its cell of the given size; a missing one is an empty box.
    pub fn glyph(&self, character: char, size: Size) -> Bitmap {
        self.glyph_in(character, columns_of(character), size)
    }

    /// The same in a cell of this many columns, for a printer that takes a character for a Latin one.
    pub fn glyph_in(&self, character: char, columns: usize, size: Size) -> Bitmap {
        let width = columns * usize::from(COLUMN_DOTS) * usize::from(size.width);
        let height = CELL_HEIGHT * usize::from(size.height);
        let mut cell = Bitmap::new(width, height);
        if let Some(arms) = frame_arms(character) {
            draw_arms(&mut cell, arms, size);
            return cell;
        }
        if is_blank(character) {
            return cell;
        }
        if !self.has(character) {
            cell.frame(2, 3, width - 4, height - 6);
            return cell;
        }
        self.draw(&mut cell, character, columns);
        cell
    }

    fn draw(&self, cell: &mut Bitmap, character: char, columns: usize) {
        let (width, height) = (dots(cell.width()), dots(cell.height()));
        let id = self.font.glyph_id(character);
        let Some(units) = self.font.units_per_em() else { return };
        let em_y = height * EM_OF_CELL;
        let full = dots(columns * usize::from(COLUMN_DOTS)) / dots(CELL_HEIGHT) * height * EM_OF_CELL;
        let advance = self.font.h_advance_unscaled(id) / units * em_y;
        // Narrow letters keep their shape; wide ones are pressed into the cell, as in every fixed-width font.
        let natural = width / (full / EM_OF_CELL);
        let squeeze = (width / (advance * natural)).min(1.0) * natural;
        let to_scale = self.font.height_unscaled() / units;
        let scale = PxScale { x: em_y * squeeze * to_scale, y: em_y * to_scale };
        let left = (width - advance * squeeze) / 2.0;
        let glyph = id.with_scale_and_position(scale, point(left, height * BASELINE));
        let Some(outline) = self.font.outline_glyph(glyph) else { return };
        let bounds = outline.px_bounds();
        outline.draw(|x, y, coverage| {
            let (x, y) = (bounds.min.x + pixel(x), bounds.min.y + pixel(y));
            if coverage >= INK_FROM && x >= 0.0 && y >= 0.0 {
                cell.set(whole(x), whole(y));
            }
        });
    }
}

/// Columns that a character takes at normal width: one for ASCII and the no-break blank, two for all others.
pub const fn columns_of(character: char) -> usize {
    if character.is_ascii() || character == '\u{A0}' { 1 } else { 2 }
}

/// The arms of a heavy frame character from the middle of its cell: up, right, down, left.
///
/// These are drawn, not taken from the font, so that they meet at the cells' edges.
const fn frame_arms(character: char) -> Option<[bool; 4]> {
    match character {
        '━' => Some([false, true, false, true]),
        '┃' => Some([true, false, true, false]),
        '┏' => Some([false, true, true, false]),
        '┓' => Some([false, false, true, true]),
        '┗' => Some([true, true, false, false]),
        '┛' => Some([true, false, false, true]),
        _ => None,
    }
}

fn draw_arms(cell: &mut Bitmap, [up, right, down, left]: [bool; 4], size: Size) {
    let (across, along) = (4 * usize::from(size.width), 4 * usize::from(size.height));
    let (x, y) = (cell.width() / 2 - across / 2, cell.height() / 2 - along / 2);
    let (width, height) = (cell.width(), cell.height());
    if up {
        cell.fill(x, 0, across, y + along);
    }
    if down {
        cell.fill(x, y, across, height - y);
    }
    if left {
        cell.fill(0, y, x + across, along);
    }
    if right {
        cell.fill(x, y, width - x, along);
    }
}

const fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\u{A0}' | '\u{3000}')
}

#[expect(clippy::cast_precision_loss, reason = "cells are a few hundred dots wide")]
fn dots(count: usize) -> f32 {
    count as f32
}

#[expect(clippy::cast_precision_loss, reason = "cells are a few hundred dots wide")]
fn pixel(position: u32) -> f32 {
    position as f32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be at least 0 and small")]
fn whole(position: f32) -> usize {
    position as usize
}
