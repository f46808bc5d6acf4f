//! Bytes to commands: the device's half of the codec, as a printer reads them.
//!
//! The reader works on whatever has arrived so far. It either takes one command from the front, says how many bytes
//! of something unknown to skip, or asks for more. No command makes it wait for more than [`LONGEST`] bytes, so a
//! line full of noise can neither panic nor fill the memory.

use super::command::{Alignment, Command, CutKind, ProcessId, QrLevel, Question, Recovery, Size, Toggle};

/// The longest command this reader waits for, in bytes; a longer raster is skipped by its header.
pub const LONGEST: usize = 128 * 1024;

/// The longest run of text taken at once, so that a fault in the middle of a line acts in the middle of it.
const TEXT_RUN: usize = 16;

/// What stands at the front of the buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// A command and the number of bytes it took, at least 1.
    Command(Command, usize),
    /// This many bytes, at least 1, mean nothing here.
    Unknown(usize),
    /// The command is not complete yet.
    NeedMore,
}

/// Reads one command from the front of `bytes`.
pub fn parse(bytes: &[u8]) -> Parsed {
    match bytes {
        [] => Parsed::NeedMore,
        [0x0A, ..] => Parsed::Command(Command::LineFeed, 1),
        [0x10, rest @ ..] => parse_dle(rest),
        [0x1B, rest @ ..] => parse_esc(rest),
        [0x1C, rest @ ..] => parse_fs(rest),
        [0x1D, rest @ ..] => parse_gs(bytes, rest),
        [first, ..] if *first < 0x20 => Parsed::Unknown(1),
        _ => {
            let run = bytes.iter().take(TEXT_RUN).take_while(|byte| **byte >= 0x20).count();
            Parsed::Command(Command::Text(bytes[..run].to_vec()), run)
        }
    }
}

fn parse_dle(rest: &[u8]) -> Parsed {
    match rest {
        [] | [0x04 | 0x05] => Parsed::NeedMore,
        [0x04, n, ..] => {
            Question::from_number(*n).map_or(Parsed::Unknown(3), |asked| Parsed::Command(Command::Ask(asked), 3))
        }
        [0x05, 1, ..] => Parsed::Command(Command::Recover(Recovery::Retry), 3),
        [0x05, 2, ..] => Parsed::Command(Command::Recover(Recovery::Clear), 3),
        [0x05, _, ..] => Parsed::Unknown(3),
        [_, ..] => Parsed::Unknown(1),
    }
}

fn parse_esc(rest: &[u8]) -> Parsed {
    match rest {
        [0x40, ..] => Parsed::Command(Command::Initialise, 2),
        [0x32, ..] => Parsed::Command(Command::LineSpacingDefault, 2),
        [0x74, n, ..] => Parsed::Command(Command::CodePage(*n), 3),
        [0x45, n, ..] => Parsed::Command(Command::Bold(toggle(*n)), 3),
        [0x2D, n, ..] => Parsed::Command(Command::Underline(n & 0x0F), 3),
        [0x21, n, ..] => Parsed::Command(Command::PrintMode(*n), 3),
        [0x61, n, ..] => alignment(*n).map_or(Parsed::Unknown(3), |to| Parsed::Command(Command::Align(to), 3)),
        [0x33, n, ..] => Parsed::Command(Command::LineSpacing(*n), 3),
        [0x4A, n, ..] => Parsed::Command(Command::FeedDots(*n), 3),
        [0x64, n, ..] => Parsed::Command(Command::FeedLines(*n), 3),
        [0x63, 0x34, n, ..] => Parsed::Command(Command::PaperStop(*n), 4),
        [0x63, 0x35, n, ..] => Parsed::Command(Command::PanelLock(toggle(*n)), 4),
        [0x63, _, _, ..] => Parsed::Unknown(4),
        [] | [0x74 | 0x45 | 0x2D | 0x21 | 0x61 | 0x33 | 0x4A | 0x64 | 0x63] | [0x63, _] => Parsed::NeedMore,
        [_, ..] => Parsed::Unknown(2),
    }
}

fn parse_fs(rest: &[u8]) -> Parsed {
    match rest {
        [0x26, ..] => Parsed::Command(Command::ChineseOn, 2),
        [0x2E, ..] => Parsed::Command(Command::ChineseOff, 2),
        [0x21, n, ..] => Parsed::Command(Command::ChineseStyle(*n), 3),
        [0x57, n, ..] => Parsed::Command(Command::ChineseDouble(toggle(*n)), 3),
        [0x53, left, right, ..] => Parsed::Command(Command::ChineseSpacing { left: *left, right: *right }, 4),
        [] | [0x21 | 0x57 | 0x53] | [0x53, _] => Parsed::NeedMore,
        [_, ..] => Parsed::Unknown(2),
    }
}

fn parse_gs(all: &[u8], rest: &[u8]) -> Parsed {
    match rest {
        [0x21, n, ..] => {
            let size = Size { width: (n >> 4 & 7) + 1, height: (n & 7) + 1 };
            Parsed::Command(Command::Size(size), 3)
        }
        [0x42, n, ..] => Parsed::Command(Command::Inverse(toggle(*n)), 3),
        [0x56, 0x00 | 0x30, ..] => Parsed::Command(Command::Cut(CutKind::Full), 3),
        [0x56, 0x01 | 0x31, ..] => Parsed::Command(Command::Cut(CutKind::Partial), 3),
        [0x56, 0x41, n, ..] => Parsed::Command(Command::FeedAndCut { kind: CutKind::Full, extra: *n }, 4),
        [0x56, 0x42, n, ..] => Parsed::Command(Command::FeedAndCut { kind: CutKind::Partial, extra: *n }, 4),
        [0x56, m, ..] if !matches!(m, 0x41 | 0x42) => Parsed::Unknown(3),
        [0x61, n, ..] => Parsed::Command(Command::AutoStatus(*n), 3),
        [0x72, 0x01 | 0x31, ..] => Parsed::Command(Command::PaperStatus, 3),
        [0x72, _, ..] => Parsed::Unknown(3),
        [0x76, 0x30, mode, x0, x1, y0, y1, data @ ..] => {
            parse_raster(*mode, u16::from_le_bytes([*x0, *x1]), u16::from_le_bytes([*y0, *y1]), data)
        }
        [0x76, 0x30, ..] | [0x76] => Parsed::NeedMore,
        [0x76, _, ..] => Parsed::Unknown(2),
        [0x28, function, p0, p1, body @ ..] => {
            let length = usize::from(u16::from_le_bytes([*p0, *p1]));
            match body.get(..length) {
                None => Parsed::NeedMore,
                Some(body) => parse_parenthesis(*function, body)
                    .map_or(Parsed::Unknown(5 + length), |command| Parsed::Command(command, 5 + length)),
            }
        }
        [] | [0x21 | 0x42 | 0x56 | 0x61 | 0x72] | [0x56, _] | [0x28, ..] => Parsed::NeedMore,
        [_, ..] => Parsed::Unknown(2.min(all.len())),
    }
}

fn parse_raster(mode: u8, width_bytes: u16, height: u16, data: &[u8]) -> Parsed {
    let length = usize::from(width_bytes) * usize::from(height);
    if width_bytes == 0 || length + 8 > LONGEST {
        return Parsed::Unknown(8);
    }
    data.get(..length).map_or(Parsed::NeedMore, |rows| {
        Parsed::Command(Command::Raster { mode: mode & 3, width_bytes, rows: rows.to_vec() }, 8 + length)
    })
}

/// `GS ( x` with its length field already taken off.
fn parse_parenthesis(function: u8, body: &[u8]) -> Option<Command> {
    match (function, body) {
        (0x48, [0x30, 0x30, a, b, c, d]) => Some(Command::ReportProcess(ProcessId([*a, *b, *c, *d]))),
        (0x4C, [0x30, 0x32 | 0x02]) => Some(Command::GraphicsPrint),
        (0x4C, [0x30, 0x70, 0x30, 1, 1, 0x31, x0, x1, y0, y1, rows @ ..]) => {
            let width_dots = u16::from_le_bytes([*x0, *x1]);
            let height = usize::from(u16::from_le_bytes([*y0, *y1]));
            let fits = rows.len() == usize::from(width_dots.div_ceil(8)) * height;
            (width_dots > 0 && fits).then(|| Command::GraphicsStore { width_dots, rows: rows.to_vec() })
        }
        (0x6B, [0x31, 0x41, 0x32, 0x00]) => Some(Command::QrModel2),
        (0x6B, [0x31, 0x43, n]) => Some(Command::QrModule(*n)),
        (0x6B, [0x31, 0x45, n]) => level(*n).map(Command::QrErrorLevel),
        (0x6B, [0x31, 0x50, 0x30, payload @ ..]) if payload.len() <= Command::QR_PAYLOAD_MAX => {
            Some(Command::QrStore(payload.to_vec()))
        }
        (0x6B, [0x31, 0x51, 0x30]) => Some(Command::QrPrint),
        (_, _) => None,
    }
}

const fn toggle(n: u8) -> Toggle {
    if n & 1 == 1 { Toggle::On } else { Toggle::Off }
}

const fn alignment(n: u8) -> Option<Alignment> {
    match n {
        0x00 | 0x30 => Some(Alignment::Left),
        0x01 | 0x31 => Some(Alignment::Centre),
        0x02 | 0x32 => Some(Alignment::Right),
        _ => None,
    }
}

const fn level(n: u8) -> Option<QrLevel> {
    match n {
        0x30 => Some(QrLevel::L),
        0x31 => Some(QrLevel::M),
        0x32 => Some(QrLevel::Q),
        0x33 => Some(QrLevel::H),
        _ => None,
    }
}
