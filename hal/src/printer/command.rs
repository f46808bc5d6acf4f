//! ESC/POS commands as a typed value, and their bytes.
//!
//! Only commands that the reference table of the device layer names are here, because only those were compared
//! between makers. [`Command::encode`] is the driver's half of the codec, [`super::parse`] the device's half; a
//! round trip through both is tested for every command. What a printer may understand beyond this (old cuts,
//! vendor QR forms, Japanese code selection) is left out on purpose: nothing here sends it.

/// On or off, for commands that take the lowest bit of a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toggle {
    /// Off.
    Off,
    /// On.
    On,
}

/// Character size as multiples of the 12 × 24 (Latin) or 24 × 24 (Chinese) dot cell, each 1 to 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Multiple of the width.
    pub width: u8,
    /// Multiple of the height.
    pub height: u8,
}

impl Size {
    /// The plain cell.
    pub const NORMAL: Self = Self { width: 1, height: 1 };
    /// Twice as wide and twice as high.
    pub const DOUBLE: Self = Self { width: 2, height: 2 };
}

/// Where a line stands between the edges of the printable area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alignment {
    /// Left.
    Left,
    /// Centre.
    Centre,
    /// Right.
    Right,
}

/// How the paper is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutKind {
    /// The slip falls.
    Full,
    /// A bridge of paper is left, so that the slip hangs until it is taken.
    Partial,
}

/// The four real-time questions `DLE EOT n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// `n` = 1: printer.
    Printer,
    /// `n` = 2: cause of being offline.
    Offline,
    /// `n` = 3: cause of an error.
    Error,
    /// `n` = 4: paper.
    Paper,
}

impl Question {
    /// All four, in the order they are asked.
    pub const ALL: [Self; 4] = [Self::Printer, Self::Offline, Self::Error, Self::Paper];

    /// The number `n` in the command.
    pub const fn number(self) -> u8 {
        match self {
            Self::Printer => 1,
            Self::Offline => 2,
            Self::Error => 3,
            Self::Paper => 4,
        }
    }

    /// The question for `n`.
    pub const fn from_number(n: u8) -> Option<Self> {
        match n {
            1 => Some(Self::Printer),
            2 => Some(Self::Offline),
            3 => Some(Self::Error),
            4 => Some(Self::Paper),
            _ => None,
        }
    }
}

/// What `DLE ENQ` asks for after a recoverable error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// Go on from the line where the error happened.
    Retry,
    /// Throw away what is buffered.
    Clear,
}

/// Error correction of a native QR code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QrLevel {
    /// About 7 %.
    L,
    /// About 15 %.
    M,
    /// About 25 %.
    Q,
    /// About 30 %.
    H,
}

/// Four printable characters (20 to 7E) that the printer echoes once everything before them is on paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessId(pub [u8; 4]);

impl ProcessId {
    /// The highest number that fits four digits.
    pub const LAST: u16 = 9999;

    /// Number 1 to 9999 as four decimal digits; numbers outside wrap into the range.
    pub fn from_number(number: u16) -> Self {
        let number = (number.max(1) - 1) % Self::LAST + 1;
        let digit = |place: u16| u8::try_from(number / place % 10).map_or(b'0', |digit| b'0' + digit);
        Self([digit(1000), digit(100), digit(10), digit(1)])
    }
}

/// One command, or a run of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `ESC @`: resets modes; some printers print what is left in the line buffer, others drop it.
    Initialise,
    /// `FS &`: double-byte mode on.
    ChineseOn,
    /// `FS .`: double-byte mode off.
    ChineseOff,
    /// `FS ! n`: bit 2 double width, bit 3 double height, bit 7 underline, for Chinese characters.
    ChineseStyle(u8),
    /// `FS W n`: Chinese characters in double size.
    ChineseDouble(Toggle),
    /// `FS S l r`: spacing of Chinese characters in dots.
    ChineseSpacing {
        /// Left of each character.
        left: u8,
        /// Right of each character.
        right: u8,
    },
    /// `ESC t n`: code page; the tables differ per maker.
    CodePage(u8),
    /// `ESC E n`: bold.
    Bold(Toggle),
    /// `ESC - n`: underline of 0, 1 or 2 dots.
    Underline(u8),
    /// `ESC ! n`: print mode byte; bit 3 bold, bit 4 double height, bit 5 double width, bit 7 underline.
    PrintMode(u8),
    /// `GS ! n`: size of Latin and Chinese characters.
    Size(Size),
    /// `GS B n`: white on black.
    Inverse(Toggle),
    /// `ESC a n`: alignment; only at the start of a line.
    Align(Alignment),
    /// `ESC 2`: default line spacing.
    LineSpacingDefault,
    /// `ESC 3 n`: line spacing in dots.
    LineSpacing(u8),
    /// `LF`: print the line and feed it.
    LineFeed,
    /// `ESC J n`: print and feed `n` dots.
    FeedDots(u8),
    /// `ESC d n`: print and feed `n` lines.
    FeedLines(u8),
    /// `GS V m`: cut where the paper is.
    Cut(CutKind),
    /// `GS V m n`: feed to the cutter and `extra` dots more, then cut.
    FeedAndCut {
        /// How.
        kind: CutKind,
        /// Dots beyond the cutter.
        extra: u8,
    },
    /// `ESC c 5 n`: panel button off (`On` means: the lock is on).
    PanelLock(Toggle),
    /// `ESC c 4 n`: which sensors stop printing; 0 means that a low roll does not.
    PaperStop(u8),
    /// `GS v 0 m x y d…`: a raster at the left edge, most significant bit leftmost.
    Raster {
        /// Bit 0 doubles the width, bit 1 the height.
        mode: u8,
        /// Bytes per row.
        width_bytes: u16,
        /// Rows; a multiple of `width_bytes` in length.
        rows: Vec<u8>,
    },
    /// `GS ( L` function 112: store a raster of `width_dots` in the print buffer, black, unscaled.
    GraphicsStore {
        /// Dots per row; the row is padded to whole bytes.
        width_dots: u16,
        /// Rows.
        rows: Vec<u8>,
    },
    /// `GS ( L` function 50: print what was stored.
    GraphicsPrint,
    /// `GS ( k`: QR model 2.
    QrModel2,
    /// `GS ( k`: module size in dots, 1 to 16.
    QrModule(u8),
    /// `GS ( k`: error correction.
    QrErrorLevel(QrLevel),
    /// `GS ( k`: store the payload, at most [`Command::QR_PAYLOAD_MAX`] bytes.
    QrStore(Vec<u8>),
    /// `GS ( k`: print the stored code.
    QrPrint,
    /// `DLE EOT n`: real-time question, answered with one byte even while data is queued.
    Ask(Question),
    /// `DLE ENQ n`: real-time recovery.
    Recover(Recovery),
    /// `GS a n`: automatic status; bits as in the table, 0 = off.
    AutoStatus(u8),
    /// `GS r 1`: queued paper status; the answer proves that everything before it was processed.
    PaperStatus,
    /// `GS ( H` function 48: echo this id when everything before it is printed.
    ReportProcess(ProcessId),
    /// Bytes of text as they are, none below 20.
    Text(Vec<u8>),
}

impl Command {
    /// The longest payload that `GS ( k` can store.
    pub const QR_PAYLOAD_MAX: usize = 7092;

    /// Appends the bytes of this command.
    ///
    /// Lengths that a command cannot express are cut to what it can: rows to whole rows and 65 535 of them, a QR
    /// payload to [`Self::QR_PAYLOAD_MAX`]. The layout never gets near these bounds.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Initialise => out.extend([0x1B, 0x40]),
            Self::ChineseOn => out.extend([0x1C, 0x26]),
            Self::ChineseOff => out.extend([0x1C, 0x2E]),
            Self::ChineseStyle(n) => out.extend([0x1C, 0x21, *n]),
            Self::ChineseDouble(on) => out.extend([0x1C, 0x57, bit(*on)]),
            Self::ChineseSpacing { left, right } => out.extend([0x1C, 0x53, *left, *right]),
            Self::CodePage(n) => out.extend([0x1B, 0x74, *n]),
            Self::Bold(on) => out.extend([0x1B, 0x45, bit(*on)]),
            Self::Underline(n) => out.extend([0x1B, 0x2D, *n]),
            Self::PrintMode(n) => out.extend([0x1B, 0x21, *n]),
            Self::Size(size) => out.extend([0x1D, 0x21, size_byte(*size)]),
            Self::Inverse(on) => out.extend([0x1D, 0x42, bit(*on)]),
            Self::Align(alignment) => out.extend([0x1B, 0x61, alignment_byte(*alignment)]),
            Self::LineSpacingDefault => out.extend([0x1B, 0x32]),
            Self::LineSpacing(n) => out.extend([0x1B, 0x33, *n]),
            Self::LineFeed => out.push(0x0A),
            Self::FeedDots(n) => out.extend([0x1B, 0x4A, *n]),
            Self::FeedLines(n) => out.extend([0x1B, 0x64, *n]),
            Self::Cut(CutKind::Full) => out.extend([0x1D, 0x56, 0x00]),
            Self::Cut(CutKind::Partial) => out.extend([0x1D, 0x56, 0x01]),
            Self::FeedAndCut { kind: CutKind::Full, extra } => out.extend([0x1D, 0x56, 0x41, *extra]),
            Self::FeedAndCut { kind: CutKind::Partial, extra } => out.extend([0x1D, 0x56, 0x42, *extra]),
            Self::PanelLock(on) => out.extend([0x1B, 0x63, 0x35, bit(*on)]),
            Self::PaperStop(n) => out.extend([0x1B, 0x63, 0x34, *n]),
            Self::Raster { mode, width_bytes, rows } => encode_raster(out, *mode, *width_bytes, rows),
            Self::GraphicsStore { width_dots, rows } => encode_graphics(out, *width_dots, rows),
            Self::GraphicsPrint => out.extend([0x1D, 0x28, 0x4C, 0x02, 0x00, 0x30, 0x32]),
            Self::QrModel2 => out.extend([0x1D, 0x28, 0x6B, 0x04, 0x00, 0x31, 0x41, 0x32, 0x00]),
            Self::QrModule(n) => out.extend([0x1D, 0x28, 0x6B, 0x03, 0x00, 0x31, 0x43, *n]),
            Self::QrErrorLevel(level) => out.extend([0x1D, 0x28, 0x6B, 0x03, 0x00, 0x31, 0x45, level_byte(*level)]),
            Self::QrStore(payload) => {
                let payload = payload.get(..Self::QR_PAYLOAD_MAX).unwrap_or(payload);
                out.extend([0x1D, 0x28, 0x6B]);
                out.extend(count(payload.len() + 3).to_le_bytes());
                out.extend([0x31, 0x50, 0x30]);
                out.extend_from_slice(payload);
            }
            Self::QrPrint => out.extend([0x1D, 0x28, 0x6B, 0x03, 0x00, 0x31, 0x51, 0x30]),
            Self::Ask(question) => out.extend([0x10, 0x04, question.number()]),
            Self::Recover(Recovery::Retry) => out.extend([0x10, 0x05, 0x01]),
            Self::Recover(Recovery::Clear) => out.extend([0x10, 0x05, 0x02]),
            Self::AutoStatus(n) => out.extend([0x1D, 0x61, *n]),
            Self::PaperStatus => out.extend([0x1D, 0x72, 0x01]),
            Self::ReportProcess(id) => {
                out.extend([0x1D, 0x28, 0x48, 0x06, 0x00, 0x30, 0x30]);
                out.extend(id.0);
            }
            Self::Text(bytes) => out.extend_from_slice(bytes),
        }
    }

    /// The bytes of this command alone.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode(&mut out);
        out
    }
}

const fn bit(toggle: Toggle) -> u8 {
    match toggle {
        Toggle::Off => 0,
        Toggle::On => 1,
    }
}

fn size_byte(size: Size) -> u8 {
    (size.width.clamp(1, 8) - 1) << 4 | (size.height.clamp(1, 8) - 1)
}

const fn alignment_byte(alignment: Alignment) -> u8 {
    match alignment {
        Alignment::Left => 0,
        Alignment::Centre => 1,
        Alignment::Right => 2,
    }
}

const fn level_byte(level: QrLevel) -> u8 {
    match level {
        QrLevel::L => 0x30,
        QrLevel::M => 0x31,
        QrLevel::Q => 0x32,
        QrLevel::H => 0x33,
    }
}

fn count(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

fn encode_raster(out: &mut Vec<u8>, mode: u8, width_bytes: u16, rows: &[u8]) {
    let height = count(rows.len() / usize::from(width_bytes.max(1)));
    out.extend([0x1D, 0x76, 0x30, mode]);
    out.extend(width_bytes.to_le_bytes());
    out.extend(height.to_le_bytes());
    out.extend_from_slice(&rows[..usize::from(height) * usize::from(width_bytes)]);
}

fn encode_graphics(out: &mut Vec<u8>, width_dots: u16, rows: &[u8]) {
    let row = usize::from(width_dots.div_ceil(8)).max(1);
    let most = usize::from(u16::MAX - 10) / row;
    let height = (rows.len() / row).min(most);
    let payload = &rows[..height * row];
    out.extend([0x1D, 0x28, 0x4C]);
    out.extend(count(payload.len() + 10).to_le_bytes());
    out.extend([0x30, 0x70, 0x30, 0x01, 0x01, 0x31]);
    out.extend(width_dots.to_le_bytes());
    out.extend(count(height).to_le_bytes());
    out.extend_from_slice(payload);
}
