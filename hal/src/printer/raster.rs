//! One-bit pictures and how they are sent: lines of text as raster, QR codes, bands of `GS v 0`.

use qrcode::{EcLevel, QrCode};

use super::command::{Command, Size, Toggle};
use super::font::{CELL_HEIGHT, PaperFont, columns_of};
use super::profile::COLUMN_DOTS;

/// Rows per raster command. Cheap printers buffer a band before they print it; this many fit all of them.
const BAND_ROWS: usize = 64;

/// A QR code is at least this wide without its quiet zone: 25 mm.
pub const QR_MIN_DOTS: usize = 200;

/// Quiet zone of a QR code in modules, on every side.
pub const QR_QUIET_MODULES: usize = 4;

/// The smallest module that phones read from thermal paper, in dots.
const QR_MODULE_MIN: usize = 3;

/// A one-bit picture, black on white.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bitmap {
    width: usize,
    height: usize,
    row_bytes: usize,
    bits: Vec<u8>,
}

impl Bitmap {
    /// A white picture of this many dots.
    pub fn new(width: usize, height: usize) -> Self {
        let row_bytes = width.div_ceil(8);
        Self { width, height, row_bytes, bits: vec![0; row_bytes * height] }
    }

    /// A picture from packed rows, most significant bit leftmost; short data leaves the rest white.
    pub fn from_rows(width: usize, row_bytes: usize, rows: &[u8]) -> Self {
        let height = rows.len() / row_bytes.max(1);
        let mut picture = Self::new(width, height);
        for (y, row) in rows.chunks_exact(row_bytes.max(1)).enumerate() {
            for x in 0..width {
                if row.get(x / 8).is_some_and(|byte| byte >> (7 - x % 8) & 1 == 1) {
                    picture.set(x, y);
                }
            }
        }
        picture
    }

    /// Width in dots.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Height in dots.
    pub const fn height(&self) -> usize {
        self.height
    }

    /// Whether the dot is black; outside is white.
    pub fn get(&self, x: usize, y: usize) -> bool {
        x < self.width && y < self.height && self.bits[y * self.row_bytes + x / 8] >> (7 - x % 8) & 1 == 1
    }

    /// Blackens a dot; outside is ignored.
    pub fn set(&mut self, x: usize, y: usize) {
        if x < self.width && y < self.height {
            self.bits[y * self.row_bytes + x / 8] |= 0x80 >> (x % 8);
        }
    }

    /// Blackens a rectangle.
    pub fn fill(&mut self, left: usize, top: usize, width: usize, height: usize) {
        for y in top..top + height {
            for x in left..left + width {
                self.set(x, y);
            }
        }
    }

    /// Draws the outline of a rectangle, two dots thick.
    pub fn frame(&mut self, left: usize, top: usize, width: usize, height: usize) {
        self.fill(left, top, width, 2);
        self.fill(left, (top + height).saturating_sub(2), width, 2);
        self.fill(left, top, 2, height);
        self.fill((left + width).saturating_sub(2), top, 2, height);
    }

    /// Blackens what is black in `other`, laid at this place.
    pub fn stamp(&mut self, other: &Self, left: usize, top: usize) {
        for y in 0..other.height {
            for x in 0..other.width {
                if other.get(x, y) {
                    self.set(left + x, top + y);
                }
            }
        }
    }

    /// Thickens every stroke by so many dots to the right, which is what bold means on a dot printer.
    pub fn embolden(&mut self, dots: usize) {
        for y in 0..self.height {
            for x in (1..self.width).rev() {
                if (1..=dots.min(x)).any(|back| self.get(x - back, y)) {
                    self.set(x, y);
                }
            }
        }
    }

    /// Swaps black and white.
    pub fn invert(&mut self) {
        let mut swapped = Self::new(self.width, self.height);
        for y in 0..self.height {
            for x in 0..self.width {
                if !self.get(x, y) {
                    swapped.set(x, y);
                }
            }
        }
        *self = swapped;
    }

    /// The same picture with every dot this many times as wide and high.
    pub fn scaled(&self, horizontal: usize, vertical: usize) -> Self {
        let mut large = Self::new(self.width * horizontal, self.height * vertical);
        for y in 0..self.height {
            for x in 0..self.width {
                if self.get(x, y) {
                    large.fill(x * horizontal, y * vertical, horizontal, vertical);
                }
            }
        }
        large
    }

    /// Raster commands for the picture, in bands, from the left edge of the paper.
    ///
    /// Printers hear real-time commands inside a raster as well. A picture that happens to spell one gets one dot
    /// more in its place; a QR code never does, because its modules are wider than a dot.
    pub fn to_commands(&self) -> Vec<Command> {
        let Ok(width_bytes) = u16::try_from(self.row_bytes) else { return Vec::new() };
        let mut bits = self.bits.clone();
        for at in 1..bits.len() {
            if bits[at - 1] == 0x10 && matches!(bits[at], 0x04 | 0x05 | 0x14) {
                bits[at - 1] = 0x18;
            }
        }
        bits.chunks(BAND_ROWS * self.row_bytes.max(1))
            .map(|rows| Command::Raster { mode: 0, width_bytes, rows: rows.to_vec() })
            .collect()
    }
}

/// One line of text as a picture, its left edge `indent` columns of plain width from the paper's edge.
pub fn draw_line(font: &PaperFont, text: &str, size: Size, bold: Toggle, indent: usize) -> Bitmap {
    let column = usize::from(COLUMN_DOTS);
    let width: usize = text.chars().map(columns_of).sum::<usize>() * column * usize::from(size.width);
    let mut line = Bitmap::new(indent * column + width, CELL_HEIGHT * usize::from(size.height));
    let mut left = indent * column;
    for character in text.chars() {
        let mut glyph = font.glyph(character, size);
        if bold == Toggle::On {
            glyph.embolden(usize::from(size.width));
        }
        line.stamp(&glyph, left, 0);
        left += glyph.width();
    }
    line
}

/// A payload that no QR code of readable size on this paper can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("QR payload of {bytes} bytes does not fit {width_dots} dots")]
pub struct QrTooLarge {
    /// Length of the payload.
    pub bytes: usize,
    /// Printable width.
    pub width_dots: usize,
}

/// A QR code, level M, with its quiet zone, centred in `width_dots`.
///
/// The module is the smallest that makes the code 25 mm wide; a code with so many modules that it would be wider than
/// the paper gets the largest module that fits.
///
/// # Errors
/// When the payload needs a code whose module would be smaller than a phone reads.
pub fn draw_qr(payload: &str, width_dots: usize) -> Result<Bitmap, QrTooLarge> {
    let too_large = QrTooLarge { bytes: payload.len(), width_dots };
    let code = QrCode::with_error_correction_level(payload.as_bytes(), EcLevel::M).map_err(|_| too_large)?;
    let modules = code.width();
    let with_quiet = modules + 2 * QR_QUIET_MODULES;
    let module = QR_MIN_DOTS.div_ceil(modules).max(4).min(width_dots / with_quiet);
    if module < QR_MODULE_MIN {
        return Err(too_large);
    }
    let left = (width_dots - with_quiet * module) / 2 + QR_QUIET_MODULES * module;
    let mut picture = Bitmap::new(left + (modules + QR_QUIET_MODULES) * module, with_quiet * module);
    for y in 0..modules {
        for x in 0..modules {
            if code[(x, y)] == qrcode::Color::Dark {
                picture.fill(left + x * module, (QR_QUIET_MODULES + y) * module, module, module);
            }
        }
    }
    Ok(picture)
}
