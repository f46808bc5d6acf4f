//! Commands to dots: the modes of a printer, its line buffer and the roll it prints on.

use std::sync::Arc;

use encoding_rs::GB18030;

use crate::printer::command::{Alignment, Command, QrLevel, Size, Toggle};
use crate::printer::font::{CELL_HEIGHT, PaperFont};
use crate::printer::profile::PrinterProfile;
use crate::printer::raster::{Bitmap, QR_QUIET_MODULES};
use crate::printer::text::is_in_font;

/// Default line spacing: 3.75 mm.
const DEFAULT_SPACING: usize = 30;

/// From the head to the cutter: 10 mm, so the top of every slip is as long blank.
pub const HEAD_TO_CUTTER: usize = 80;

/// The most paper kept uncut, in rows (5 m): a printer fed with noise must not fill the memory.
const LONGEST_ROLL: usize = 40_000;

/// Something on the paper that no sender should have sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PaperIssue {
    /// A byte above 7F outside double-byte mode: `FS &` is missing (PR14).
    HighByteOutsideChineseMode,
    /// A four-byte GB 18030 code sent as text (PR15).
    FourByteCodeAsText,
    /// A code without a glyph in the printer's font.
    NoGlyph,
    /// Bytes that are no command.
    UnknownCommand,
}

/// What a command did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Rows of paper that moved.
    pub rows: usize,
    /// Whether the paper was cut.
    pub cut: bool,
}

/// The paper that has left the head since the last cut, one row of dots after the other.
#[derive(Debug, Clone)]
pub struct Roll {
    width: usize,
    dots: Vec<bool>,
}

impl Roll {
    fn new(width: usize) -> Self {
        Self { width, dots: vec![false; width * HEAD_TO_CUTTER] }
    }

    /// Rows since the last cut, up to the head.
    pub fn rows(&self) -> usize {
        self.dots.len() / self.width
    }

    /// Dots per row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Whether a dot is black.
    pub fn get(&self, x: usize, y: usize) -> bool {
        x < self.width && self.dots.get(y * self.width + x).copied().unwrap_or(false)
    }

    /// Whether anything is printed.
    pub fn has_ink(&self) -> bool {
        self.dots.contains(&true)
    }

    fn feed(&mut self, rows: usize) {
        self.dots.resize(self.dots.len() + rows * self.width, false);
        if self.rows() > LONGEST_ROLL {
            self.dots.drain(..(self.rows() - LONGEST_ROLL) * self.width);
        }
    }

    /// Prints a picture at the head and feeds the paper past it.
    fn print(&mut self, picture: &Bitmap, left: usize) {
        let top = self.dots.len();
        self.feed(picture.height());
        let top = top.min(self.dots.len().saturating_sub(picture.height() * self.width));
        for y in 0..picture.height() {
            for x in 0..picture.width().min(self.width.saturating_sub(left)) {
                if picture.get(x, y) {
                    self.dots[top + y * self.width + left + x] = true;
                }
            }
        }
    }

    /// Takes everything downstream of the cutter away.
    fn cut(&mut self) -> Self {
        let keep = (HEAD_TO_CUTTER * self.width).min(self.dots.len());
        let rest = self.dots.split_off(self.dots.len() - keep);
        Self { width: self.width, dots: std::mem::replace(&mut self.dots, rest) }
    }

    /// Takes everything up to the head away, as somebody does who tears the paper off at an open cover.
    fn tear(&mut self) -> Self {
        let fresh = Self::new(self.width);
        std::mem::replace(self, fresh)
    }
}

#[derive(Debug, Clone, Copy)]
struct Modes {
    chinese: bool,
    size: Size,
    bold: bool,
    underline: u8,
    inverse: bool,
    align: Alignment,
    spacing: usize,
    chinese_double: bool,
    qr_module: usize,
    qr_level: QrLevel,
}

impl Modes {
    const POWER_ON: Self = Self {
        chinese: false,
        size: Size::NORMAL,
        bold: false,
        underline: 0,
        inverse: false,
        align: Alignment::Left,
        spacing: DEFAULT_SPACING,
        chinese_double: false,
        qr_module: 3,
        qr_level: QrLevel::L,
    };
}

/// A printer's modes, line buffer and roll.
#[derive(Debug)]
pub struct Interpreter {
    profile: PrinterProfile,
    font: Arc<PaperFont>,
    modes: Modes,
    lead: Option<u8>,
    line: Vec<Bitmap>,
    line_width: usize,
    qr: Vec<u8>,
    graphics: Option<Bitmap>,
    roll: Roll,
    cut: Vec<Roll>,
    issues: Vec<PaperIssue>,
}

impl Interpreter {
    /// A printer that was just switched on.
    pub fn new(profile: PrinterProfile, font: Arc<PaperFont>) -> Self {
        let roll = Roll::new(usize::from(profile.width_dots));
        Self {
            profile,
            font,
            modes: Modes::POWER_ON,
            lead: None,
            line: Vec::new(),
            line_width: 0,
            qr: Vec::new(),
            graphics: None,
            roll,
            cut: Vec::new(),
            issues: Vec::new(),
        }
    }

    /// The paper since the last cut.
    pub fn roll(&self) -> &Roll {
        &self.roll
    }

    /// The pieces cut off since the last call.
    pub fn take_cut(&mut self) -> Vec<Roll> {
        std::mem::take(&mut self.cut)
    }

    /// What was wrong since the last call, each kind once.
    pub fn take_issues(&mut self) -> Vec<PaperIssue> {
        std::mem::take(&mut self.issues)
    }

    /// Tears the paper off at the head.
    pub fn tear(&mut self) -> Roll {
        self.roll.tear()
    }

    /// Forgets modes and buffers, as at power-on. The paper stays where it is.
    pub fn power_on(&mut self) {
        self.modes = Modes::POWER_ON;
        self.drop_line();
        self.qr.clear();
        self.graphics = None;
    }

    /// Notes that something was wrong.
    pub fn note(&mut self, issue: PaperIssue) {
        if !self.issues.contains(&issue) {
            self.issues.push(issue);
        }
    }

    /// Carries a command out. Real-time commands and questions are the model's business and do nothing here.
    pub fn apply(&mut self, command: &Command) -> Done {
        let before = self.roll.rows();
        let cut_before = self.cut.len();
        let mut cut_away = 0;
        match command {
            Command::Initialise => {
                self.drop_line();
                self.modes = Modes::POWER_ON;
            }
            Command::ChineseOn => self.modes.chinese = true,
            Command::ChineseOff => self.modes.chinese = false,
            Command::ChineseDouble(on) => self.modes.chinese_double = *on == Toggle::On,
            Command::ChineseStyle(n) => self.modes.chinese_double = n & 0x0C == 0x0C,
            Command::Bold(on) => self.modes.bold = *on == Toggle::On,
            Command::Underline(dots) => self.modes.underline = *dots,
            Command::PrintMode(n) => {
                self.modes.bold = n & 0x08 != 0;
                self.modes.size = Size { width: 1 + (n >> 5 & 1), height: 1 + (n >> 4 & 1) };
                self.modes.underline = n >> 7;
            }
            Command::Size(size) => self.modes.size = *size,
            Command::Inverse(on) => self.modes.inverse = *on == Toggle::On,
            Command::Align(alignment) if self.line.is_empty() => self.modes.align = *alignment,
            Command::LineSpacingDefault => self.modes.spacing = DEFAULT_SPACING,
            Command::LineSpacing(dots) => self.modes.spacing = usize::from(*dots),
            Command::LineFeed => self.end_line(self.modes.spacing),
            Command::FeedDots(dots) => self.end_line(usize::from(*dots)),
            Command::FeedLines(lines) => self.end_line(self.modes.spacing * usize::from(*lines)),
            Command::Cut(_) => cut_away = self.cut_paper(0),
            Command::FeedAndCut { extra, .. } => cut_away = self.cut_paper(HEAD_TO_CUTTER + usize::from(*extra)),
            Command::Raster { mode, width_bytes, rows } => self.raster(*mode, usize::from(*width_bytes), rows),
            Command::GraphicsStore { width_dots, rows } => {
                let width = usize::from(*width_dots);
                self.graphics = Some(Bitmap::from_rows(width, width.div_ceil(8), rows));
            }
            Command::GraphicsPrint => {
                if let Some(picture) = self.graphics.take() {
                    self.picture(&picture);
                }
            }
            Command::QrModule(dots) => self.modes.qr_module = usize::from(*dots).clamp(1, 16),
            Command::QrErrorLevel(level) => self.modes.qr_level = *level,
            Command::QrStore(payload) => self.qr.clone_from(payload),
            Command::QrPrint => self.native_qr(),
            Command::Text(bytes) => bytes.iter().for_each(|byte| self.text(*byte)),
            Command::Align(_)
            | Command::ChineseSpacing { .. }
            | Command::CodePage(_)
            | Command::PanelLock(_)
            | Command::PaperStop(_)
            | Command::QrModel2
            | Command::Ask(_)
            | Command::Recover(_)
            | Command::AutoStatus(_)
            | Command::PaperStatus
            | Command::ReportProcess(_) => {}
        }
        Done { rows: (self.roll.rows() + cut_away).saturating_sub(before), cut: self.cut.len() > cut_before }
    }

    fn text(&mut self, byte: u8) {
        if let Some(lead) = self.lead.take() {
            return self.pair(lead, byte);
        }
        if byte < 0x80 {
            return self.character(char::from(byte), 1);
        }
        if self.modes.chinese && (0x81..=0xFE).contains(&byte) {
            self.lead = Some(byte);
            return;
        }
        self.note(PaperIssue::HighByteOutsideChineseMode);
        self.character(char::from(byte), 1);
    }

    fn pair(&mut self, lead: u8, second: u8) {
        if second.is_ascii_digit() {
            self.note(PaperIssue::FourByteCodeAsText);
        }
        let code = [lead, second];
        let (text, had_errors) = GB18030.decode_without_bom_handling(&code);
        let mut characters = text.chars();
        match (had_errors, characters.next(), characters.next()) {
            (false, Some(character), None) if is_in_font(lead, second, self.profile.chinese) => {
                self.character(character, 2);
            }
            (_, _, _) => {
                self.note(PaperIssue::NoGlyph);
                self.character('\u{FFFF}', 2);
            }
        }
    }

    fn character(&mut self, character: char, columns: usize) {
        let Modes { size, bold, underline, inverse, chinese_double, .. } = self.modes;
        let size = if columns == 2 && chinese_double { Size::DOUBLE } else { size };
        let mut glyph = self.font.glyph_in(character, columns, size);
        if bold {
            glyph.embolden(usize::from(size.width));
        }
        let (width, height) = (glyph.width(), glyph.height());
        if underline > 0 {
            glyph.fill(0, height - usize::from(underline), width, usize::from(underline));
        }
        if inverse {
            glyph.invert();
        }
        if self.line_width + width > self.roll.width() {
            self.end_line(self.modes.spacing);
        }
        self.line_width += width;
        self.line.push(glyph);
    }

    /// Prints the line buffer and feeds at least `pitch` rows from the line's top.
    fn end_line(&mut self, pitch: usize) {
        self.lead = None;
        let height = self.line.iter().map(Bitmap::height).max().unwrap_or(0);
        if height > 0 {
            let mut picture = Bitmap::new(self.line_width, height);
            let mut left = 0;
            for glyph in std::mem::take(&mut self.line) {
                picture.stamp(&glyph, left, height - glyph.height());
                left += glyph.width();
            }
            let left = self.left_of(picture.width());
            self.roll.print(&picture, left);
            self.line_width = 0;
        }
        self.roll.feed(pitch.saturating_sub(height));
    }

    fn left_of(&self, width: usize) -> usize {
        let room = self.roll.width().saturating_sub(width);
        match self.modes.align {
            Alignment::Left => 0,
            Alignment::Centre => room / 2,
            Alignment::Right => room,
        }
    }

    fn drop_line(&mut self) {
        self.line.clear();
        self.line_width = 0;
        self.lead = None;
    }

    fn picture(&mut self, picture: &Bitmap) {
        if !self.line.is_empty() {
            self.end_line(self.modes.spacing);
        }
        let left = self.left_of(picture.width());
        self.roll.print(picture, left);
    }

    fn raster(&mut self, mode: u8, width_bytes: usize, rows: &[u8]) {
        let picture = Bitmap::from_rows(width_bytes * 8, width_bytes, rows);
        let (horizontal, vertical) = (1 + usize::from(mode & 1), 1 + usize::from(mode >> 1 & 1));
        if horizontal * vertical == 1 {
            self.picture(&picture);
        } else {
            self.picture(&picture.scaled(horizontal, vertical));
        }
    }

    fn native_qr(&mut self) {
        let level = match self.modes.qr_level {
            QrLevel::L => qrcode::EcLevel::L,
            QrLevel::M => qrcode::EcLevel::M,
            QrLevel::Q => qrcode::EcLevel::Q,
            QrLevel::H => qrcode::EcLevel::H,
        };
        let Ok(code) = qrcode::QrCode::with_error_correction_level(&self.qr, level) else { return };
        let module = self.modes.qr_module;
        let mut picture = Bitmap::new(code.width(), code.width() + QR_QUIET_MODULES);
        for y in 0..code.width() {
            for x in 0..code.width() {
                if code[(x, y)] == qrcode::Color::Dark {
                    picture.set(x, y + QR_QUIET_MODULES / 2);
                }
            }
        }
        self.picture(&picture.scaled(module, module));
    }

    /// Feeds and cuts; returns the rows cut away.
    fn cut_paper(&mut self, feed: usize) -> usize {
        if !self.line.is_empty() {
            self.end_line(self.modes.spacing);
        }
        self.roll.feed(feed);
        let piece = self.roll.cut();
        let rows = piece.rows();
        self.cut.push(piece);
        rows
    }
}

const _: () = assert!(CELL_HEIGHT <= DEFAULT_SPACING, "plain lines do not touch");
