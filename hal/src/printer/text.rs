//! Breaking text into lines of columns, and deciding how a line travels: as text or as raster.
//!
//! A Chinese character is two columns, an ASCII character one. A break never separates a closing mark from what it
//! closes (，。、；：？！）」 and their like never begin a line) nor an opening mark from what it opens, and never splits
//! a Latin word or a number that fits a line.

use encoding_rs::GB18030;

use super::font::columns_of;
use super::profile::ChineseText;

/// Marks that never begin a line (行首禁则).
const NEVER_FIRST: &str = "，。、；：？！）」』》〉】〕”’…—～·％℃";

/// Marks that never end a line (行尾禁则).
const NEVER_LAST: &str = "（「『《〈【〔“‘￥—～";

/// A last line of at most this many characters, a single one with a mark, looks like a mistake.
const ORPHAN: usize = 2;

/// Lines shorter than this have no columns to give away.
const ROOM_TO_GIVE: usize = 14;

/// The columns of a text at normal width.
pub fn width_of(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// Breaks a text into lines of at most `columns`; at least one line, blanks at line ends removed.
///
/// A line break in the text is kept. A piece that is wider than a whole line is split where it must be. Where lines
/// that are one or two characters shorter keep the last line from holding a single character, they are.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    text.split('\n').flat_map(|paragraph| wrap_without_orphan(paragraph, columns.max(2))).collect()
}

fn wrap_without_orphan(text: &str, columns: usize) -> Vec<String> {
    let full = wrap_paragraph(text, columns);
    let ends_well = |lines: &[String]| lines.last().is_some_and(|last| last.chars().count() > ORPHAN);
    if full.len() < 2 || ends_well(&full) || columns < ROOM_TO_GIVE {
        return full;
    }
    let whole_pieces = longest_piece(text);
    [columns - 2, columns - 4]
        .into_iter()
        .filter(|columns| whole_pieces <= *columns)
        .map(|columns| wrap_paragraph(text, columns))
        .find(|lines| lines.len() == full.len() && ends_well(lines))
        .unwrap_or(full)
}

/// The same with lines about as long as each other, for centred text: as many lines, but none nearly empty.
pub fn wrap_balanced(text: &str, columns: usize) -> Vec<String> {
    let lines = wrap(text, columns);
    // Narrower lines that keep the number of lines and split no word that was whole before.
    let mut narrow = (longest_piece(text).max(2)..columns).map(|narrow| wrap(text, narrow));
    narrow.find(|tried| tried.len() == lines.len()).unwrap_or(lines)
}

/// The columns of the longest piece that should not be split.
fn longest_piece(text: &str) -> usize {
    text.split('\n').flat_map(pieces).map(|piece| width_of(piece.trim())).max().unwrap_or(0)
}

fn wrap_paragraph(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for piece in pieces(text) {
        if width_of(&line) + width_of(piece.trim_end_matches(' ')) <= columns {
            line.push_str(piece);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        line.push_str(piece.trim_start_matches(' '));
        while width_of(line.trim_end_matches(' ')) > columns {
            let cut = split_at_columns(&line, columns);
            let rest = line.split_off(cut);
            lines.push(std::mem::replace(&mut line, rest));
        }
    }
    lines.push(line);
    for line in &mut lines {
        line.truncate(line.trim_end_matches(' ').len());
    }
    lines
}

/// The byte position after as many characters as fit, at least one.
fn split_at_columns(text: &str, columns: usize) -> usize {
    let mut width = 0;
    for (position, character) in text.char_indices() {
        width += columns_of(character);
        if width > columns && position > 0 {
            return position;
        }
    }
    text.len()
}

/// The pieces between which a line may break, in order, together the whole text.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut before: Option<char> = None;
    for (position, character) in text.char_indices() {
        if before.is_some_and(|before| may_break(before, character)) {
            pieces.push(&text[start..position]);
            start = position;
        }
        before = Some(character);
    }
    if start < text.len() {
        pieces.push(&text[start..]);
    }
    pieces
}

fn may_break(before: char, after: char) -> bool {
    if after == ' ' || NEVER_FIRST.contains(after) || NEVER_LAST.contains(before) {
        return false;
    }
    // ASCII closing marks after a Chinese character hold on as well.
    if columns_of(before) == 2 && matches!(after, ',' | '.' | ';' | ':' | '?' | '!' | ')' | ']') {
        return false;
    }
    // A number keeps its unit: 5个, 1号, 23日.
    if before.is_ascii_digit() && columns_of(after) == 2 {
        return false;
    }
    before == ' ' || columns_of(before) == 2 || columns_of(after) == 2
}

/// The bytes of a line for a printer with this font, or `None` when the line must travel as raster.
///
/// Raster it is for any four-byte code, for private-use characters (the code exists, a glyph does not), for what the
/// encoding cannot express, and for control characters.
pub fn encode_line(text: &str, chinese: ChineseText) -> Option<Vec<u8>> {
    if text.chars().any(|character| character.is_control() || is_private_use(character)) {
        return None;
    }
    let text = text.replace('\u{A0}', " ");
    let (bytes, _, had_errors) = GB18030.encode(&text);
    if had_errors {
        return None;
    }
    let mut rest = bytes.as_ref();
    while let [first, tail @ ..] = rest {
        if *first < 0x80 {
            rest = tail;
            continue;
        }
        let [second, tail @ ..] = tail else { return None };
        if !is_in_font(*first, *second, chinese) {
            return None;
        }
        rest = tail;
    }
    Some(bytes.into_owned())
}

/// Whether the printer's font has the two-byte code; a second byte of 30 to 39 begins a four-byte code.
pub(super) fn is_in_font(first: u8, second: u8, chinese: ChineseText) -> bool {
    match chinese {
        ChineseText::Gb18030TwoByte => (0x81..=0xFE).contains(&first) && second >= 0x40,
        // Rows 1 to 9 hold symbols, 16 to 87 characters; GB 18030 has put more into rows 2, 6 and 8 than GB 2312 had,
        // but nothing a slip needs.
        ChineseText::Gb2312 => second >= 0xA1 && ((0xA1..=0xA9).contains(&first) || (0xB0..=0xF7).contains(&first)),
        ChineseText::None => false,
    }
}

const fn is_private_use(character: char) -> bool {
    matches!(character, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')
}
