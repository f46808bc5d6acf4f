//! A [`Slip`] as the bytes of one print job for one profile.
//!
//! Promise: either the whole slip becomes bytes, or an error comes out before a single byte could be sent. Text goes
//! as text wherever the printer's font has it, because that is fast and sharp; a line with any other character goes
//! as a raster from the bundled font; a character that is missing there too is an error, never a blank.
//!
//! The look follows the house rules for slips: the paper's width in columns, double size for the centre's name, a
//! frame round the kind of slip, numbers double height, one blank line and 4 mm clear before the cut. Large print
//! doubles every text and keeps the order.

use zeroize::Zeroizing;

use super::command::{Alignment, Command, CutKind, Size, Toggle};
use super::font::{CELL_HEIGHT, PaperFont};
use super::profile::{COLUMN_DOTS, Cutter, PrinterProfile};
use super::raster::{Bitmap, QrTooLarge, draw_line, draw_qr};
use super::text::{encode_line, width_of, wrap, wrap_balanced};
use crate::model::{Align, Block, Slip};

/// Dots between lines, per unit of height: 0.75 mm is what official forms of this size use.
const LEADING: usize = 6;

/// Dots fed beyond the cutter, so that nothing stands within 4 mm of the edge.
const CLEAR_BEFORE_CUT: u8 = 32;

/// A label may take this part of the line; the value of a wider one goes to the next line.
const WIDEST_LABEL_PART: usize = 2;

/// Columns from which a value hangs beside its label; on narrower lines (large print) too little would be left.
const HANGING_FROM: usize = 20;

/// Dots of air above a heading and a list, and round a dashed line.
const AIR: usize = 10;

/// One print job: what is sent, and what it takes.
#[derive(Clone)]
pub struct PrintJob {
    /// The bytes, from `ESC @` to the cut. Wiped when dropped, for they hold a person's words.
    pub bytes: Zeroizing<Vec<u8>>,
    /// Rows of dots that the paper moves, for the time estimate.
    pub rows: u32,
}

impl std::fmt::Debug for PrintJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PrintJob").field("bytes", &self.bytes.len()).field("rows", &self.rows).finish()
    }
}

/// Why a slip cannot be laid out. Shows no characters: a rare one may be part of somebody's name.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// Neither the printer nor the bundled font has these characters.
    #[error("draw {} characters that no font has", .0.len())]
    MissingGlyph(Vec<char>),
    /// A QR payload is too long for the paper.
    #[error(transparent)]
    Qr(#[from] QrTooLarge),
}

impl std::fmt::Debug for LayoutError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// Lays a slip out.
///
/// # Errors
/// [`LayoutError`]; nothing has been sent then.
pub fn lay_out(slip: &Slip, profile: &PrinterProfile, font: &PaperFont) -> Result<PrintJob, LayoutError> {
    let mut sheet = Sheet::new(profile, font, slip.large);
    sheet.begin();
    for block in &slip.blocks {
        sheet.block(block)?;
    }
    sheet.end();
    Ok(PrintJob { bytes: sheet.out, rows: u32::try_from(sheet.rows).unwrap_or(u32::MAX) })
}

/// How a line of text looks.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Style {
    size: Size,
    bold: Toggle,
    align: Alignment,
}

/// A job in the making: bytes so far, and what the printer's modes are after them.
struct Sheet<'a> {
    profile: &'a PrinterProfile,
    font: &'a PaperFont,
    base: Size,
    out: Zeroizing<Vec<u8>>,
    rows: usize,
    style: Style,
    spacing: usize,
}

impl<'a> Sheet<'a> {
    fn new(profile: &'a PrinterProfile, font: &'a PaperFont, large: bool) -> Self {
        let base = if large { Size::DOUBLE } else { Size::NORMAL };
        let style = Style { size: Size::NORMAL, bold: Toggle::Off, align: Alignment::Left };
        Self { profile, font, base, out: Zeroizing::new(Vec::new()), rows: 0, style, spacing: 0 }
    }

    fn push(&mut self, command: &Command) {
        command.encode(&mut self.out);
    }

    fn begin(&mut self) {
        self.push(&Command::Initialise);
        self.push(&Command::ChineseOn);
        self.push(&Command::PaperStop(0));
        self.push(&Command::PanelLock(Toggle::On));
    }

    fn end(&mut self) {
        self.feed_lines(1);
        match self.profile.cutter {
            Cutter::Partial => self.push(&Command::FeedAndCut { kind: CutKind::Partial, extra: CLEAR_BEFORE_CUT }),
            Cutter::Full => self.push(&Command::FeedAndCut { kind: CutKind::Full, extra: CLEAR_BEFORE_CUT }),
            Cutter::None => self.feed_lines(5),
        }
        self.rows += 20 * usize::from(super::profile::DOTS_PER_MM);
    }

    fn block(&mut self, block: &Block) -> Result<(), LayoutError> {
        let plain = self.plain();
        match block {
            Block::Title { text } => self.title(text),
            Block::Framed { text } => self.framed(text),
            Block::Text { text, bold, align } => {
                if *bold {
                    self.feed_dots(AIR);
                }
                self.paragraph(
                    text,
                    Style { bold: if *bold { Toggle::On } else { Toggle::Off }, align: alignment(*align), ..plain },
                )
            }
            Block::Field { label, value } => self.field(label, value),
            Block::Number { text } => {
                let size = Size { width: self.base.width, height: self.base.height + 1 };
                self.paragraph(text, Style { size, bold: Toggle::On, align: Alignment::Centre })
            }
            Block::Tick { text } => self.hanging("□ ", text, plain),
            Block::Rule => {
                let text = "-".repeat(self.profile.columns());
                self.feed_dots(AIR);
                self.line(&text, Style { size: Size::NORMAL, ..plain }, 0)
            }
            Block::Qr { payload, caption } => self.qr(payload, caption),
            Block::Feed { lines } => {
                self.feed_lines(*lines);
                Ok(())
            }
        }
    }

    fn plain(&self) -> Style {
        Style { size: self.base, bold: Toggle::Off, align: Alignment::Left }
    }

    fn columns_at(&self, size: Size) -> usize {
        self.profile.columns() / usize::from(size.width)
    }

    /// The centre's name; when it needs two lines, they are about as long as each other.
    fn title(&mut self, text: &str) -> Result<(), LayoutError> {
        let large_on_wide = self.base != Size::NORMAL && self.profile.columns() >= 48;
        let size = if large_on_wide { Size { width: 3, height: 3 } } else { Size::DOUBLE };
        let style = Style { size, bold: Toggle::On, align: Alignment::Centre };
        for line in wrap_balanced(text, self.columns_at(size)) {
            self.line(&line, style, 0)?;
        }
        Ok(())
    }

    fn paragraph(&mut self, text: &str, style: Style) -> Result<(), LayoutError> {
        let columns = self.columns_at(style.size);
        let lines = match style.align {
            Alignment::Left => wrap(text, columns),
            Alignment::Centre | Alignment::Right => wrap_balanced(text, columns),
        };
        for line in lines {
            self.line(&line, style, 0)?;
        }
        Ok(())
    }

    fn field(&mut self, label: &str, value: &str) -> Result<(), LayoutError> {
        let style = self.plain();
        let head = match label.chars().last() {
            None => String::new(),
            Some(':') => format!("{label} "),
            Some('：') => label.to_owned(),
            Some(last) if last.is_ascii() => format!("{label}: "),
            Some(_) => format!("{label}："),
        };
        let columns = self.columns_at(style.size);
        let fits = width_of(&head) + width_of(value) <= columns;
        if fits || (columns >= HANGING_FROM && width_of(&head) * WIDEST_LABEL_PART <= columns) {
            return self.hanging(&head, value, style);
        }
        self.paragraph(head.trim_end_matches(' '), style)?;
        self.hanging("  ", value, style)
    }

    /// A head, and a text that hangs beside it.
    fn hanging(&mut self, head: &str, text: &str, style: Style) -> Result<(), LayoutError> {
        let indent = width_of(head);
        for (number, line) in wrap(text, self.columns_at(style.size) - indent).into_iter().enumerate() {
            if number == 0 {
                self.line(&format!("{head}{line}"), style, 0)?;
            } else {
                self.line(&line, style, indent)?;
            }
        }
        Ok(())
    }

    /// The kind of slip: double size inside heavy frame characters, or the same as a raster.
    fn framed(&mut self, text: &str) -> Result<(), LayoutError> {
        let size = [self.base.width + 1, 2, 1]
            .into_iter()
            .map(|times| Size { width: times, height: times })
            .find(|size| width_of(text) * usize::from(size.width) + 8 <= self.profile.columns())
            .unwrap_or(Size::NORMAL);
        let words = width_of(text) * usize::from(size.width);
        let inner = (words + 4).next_multiple_of(2).min(self.profile.columns() - 4);
        let bar = "━".repeat(inner / 2);
        let (top, bottom) = (format!("┏{bar}┓"), format!("┗{bar}┛"));
        let chinese = self.profile.chinese;
        let Some(words_sent) = encode_line(text, chinese).filter(|_| encode_line(&top, chinese).is_some()) else {
            return self.framed_as_raster(text, size);
        };
        let side = encode_line("┃", chinese).unwrap_or_default();
        let pad = inner.saturating_sub(words);
        let edge = Style { size: Size::NORMAL, bold: Toggle::Off, align: Alignment::Centre };
        self.feed_dots(LEADING);
        self.spaced_line(&top, edge, CELL_HEIGHT)?;
        let tall = Style { size: Size { width: 1, height: size.height }, ..edge };
        let cell = CELL_HEIGHT * usize::from(size.height);
        self.set_spacing(cell);
        self.set_style(tall);
        self.out.extend_from_slice(&side);
        self.out.extend(std::iter::repeat_n(b' ', pad / 2));
        self.set_style(Style { size, bold: Toggle::On, ..edge });
        self.out.extend_from_slice(&words_sent);
        self.set_style(tall);
        self.out.extend(std::iter::repeat_n(b' ', pad - pad / 2));
        self.out.extend_from_slice(&side);
        self.push(&Command::LineFeed);
        self.rows += cell;
        self.spaced_line(&bottom, edge, CELL_HEIGHT)?;
        self.feed_dots(LEADING);
        Ok(())
    }

    fn framed_as_raster(&mut self, text: &str, size: Size) -> Result<(), LayoutError> {
        self.check_glyphs(text)?;
        let words = draw_line(self.font, text, size, Toggle::On, 0);
        let paper = usize::from(self.profile.width_dots);
        let (width, height) = ((words.width() + 48).min(paper), words.height() + 32);
        let left = (paper - width) / 2;
        let mut picture = Bitmap::new(left + width, height);
        picture.frame(left, 0, width, height);
        picture.frame(left + 2, 2, width - 4, height - 4);
        picture.stamp(&words, left + (width.saturating_sub(words.width())) / 2, 16);
        self.feed_dots(LEADING);
        self.raster(&picture);
        self.feed_dots(2 * LEADING);
        Ok(())
    }

    fn qr(&mut self, payload: &str, caption: &str) -> Result<(), LayoutError> {
        let picture = draw_qr(payload, usize::from(self.profile.width_dots))?;
        self.raster(&picture);
        self.paragraph(caption, Style { align: Alignment::Centre, ..self.plain() })
    }

    fn line(&mut self, text: &str, style: Style, indent: usize) -> Result<(), LayoutError> {
        let height = CELL_HEIGHT * usize::from(style.size.height);
        let leading = LEADING * usize::from(style.size.height.min(2));
        if let Some(bytes) = encode_line(text, self.profile.chinese) {
            self.set_spacing(height + leading);
            self.set_style(style);
            self.out.extend(std::iter::repeat_n(b' ', indent));
            self.out.extend_from_slice(&bytes);
            self.push(&Command::LineFeed);
            self.rows += height + leading;
            return Ok(());
        }
        self.check_glyphs(text)?;
        let times = usize::from(style.size.width);
        let used = (width_of(text) + indent) * times;
        let indent = match style.align {
            Alignment::Left => indent * times,
            Alignment::Centre => self.profile.columns().saturating_sub(used) / 2,
            Alignment::Right => self.profile.columns().saturating_sub(used),
        };
        let picture = draw_line(self.font, text, style.size, style.bold, indent);
        self.raster(&picture);
        self.feed_dots(leading);
        Ok(())
    }

    fn spaced_line(&mut self, text: &str, style: Style, spacing: usize) -> Result<(), LayoutError> {
        let Some(bytes) = encode_line(text, self.profile.chinese) else { return self.line(text, style, 0) };
        self.set_spacing(spacing);
        self.set_style(style);
        self.out.extend_from_slice(&bytes);
        self.push(&Command::LineFeed);
        self.rows += spacing;
        Ok(())
    }

    fn check_glyphs(&self, text: &str) -> Result<(), LayoutError> {
        let missing = self.font.missing(text);
        if missing.is_empty() { Ok(()) } else { Err(LayoutError::MissingGlyph(missing)) }
    }

    /// A raster stands at the left edge whatever the alignment is on the printer at hand: its own margin is in it.
    fn raster(&mut self, picture: &Bitmap) {
        self.set_style(Style { align: Alignment::Left, ..self.style });
        for command in picture.to_commands() {
            self.push(&command);
        }
        self.rows += picture.height();
    }

    fn feed_dots(&mut self, dots: usize) {
        self.push(&Command::FeedDots(u8::try_from(dots).unwrap_or(u8::MAX)));
        self.rows += dots;
    }

    fn feed_lines(&mut self, lines: u8) {
        self.set_style(self.plain());
        let spacing = (CELL_HEIGHT + LEADING) * usize::from(self.base.height);
        self.set_spacing(spacing);
        self.push(&Command::FeedLines(lines));
        self.rows += spacing * usize::from(lines);
    }

    fn set_spacing(&mut self, spacing: usize) {
        if self.spacing != spacing {
            self.push(&Command::LineSpacing(u8::try_from(spacing).unwrap_or(u8::MAX)));
            self.spacing = spacing;
        }
    }

    fn set_style(&mut self, style: Style) {
        if self.style.align != style.align {
            self.push(&Command::Align(style.align));
        }
        if self.style.size != style.size {
            self.push(&Command::Size(style.size));
        }
        if self.style.bold != style.bold {
            self.push(&Command::Bold(style.bold));
        }
        self.style = style;
    }
}

const fn alignment(align: Align) -> Alignment {
    match align {
        Align::Left => Alignment::Left,
        Align::Centre => Alignment::Centre,
    }
}

/// The time the paper needs at this speed, in milliseconds.
pub(super) fn print_time_ms(rows: u32, profile: &PrinterProfile) -> u64 {
    let rows_per_second = u64::from(profile.speed_mm_per_s) * u64::from(super::profile::DOTS_PER_MM);
    u64::from(rows) * 1000 / rows_per_second.max(1)
}

const _: () = assert!(COLUMN_DOTS as usize * 2 == CELL_HEIGHT, "a Chinese cell is square and two columns wide");
