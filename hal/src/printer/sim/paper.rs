//! A piece of the roll as a picture: grey, 8 dots per millimetre, with margins and the edge it was cut or torn at.

use super::interpreter::{PaperIssue, Roll};
use crate::printer::profile::{DOTS_PER_MM, PrinterProfile};

/// Grey of what lies behind the paper.
const DESK: u8 = 198;

/// Grey of thermal paper, slightly off white.
const PAPER: u8 = 250;

/// Grey along the paper's edge.
const EDGE: u8 = 226;

/// Grey of a printed dot; thermal ink is not black.
const INK: u8 = 34;

/// Desk visible on every side, in dots.
const BORDER: usize = 16;

/// How the lower end of a piece came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// By the cutter: fine teeth.
    Cut,
    /// By hand.
    Torn,
}

/// A grey picture, one byte per pixel, row after row.
#[derive(Clone, PartialEq, Eq)]
pub struct PaperImage {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Grey values.
    pub pixels: Vec<u8>,
}

impl std::fmt::Debug for PaperImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PaperImage({} × {})", self.width, self.height)
    }
}

/// The picture cannot be written as PNG.
#[derive(Debug, thiserror::Error)]
#[error("write the picture of a slip as PNG")]
pub struct PngError(#[from] png::EncodingError);

impl PaperImage {
    /// Draws a piece of the roll.
    pub fn draw(roll: &Roll, profile: &PrinterProfile, end: Edge) -> Self {
        let paper_width = usize::from(profile.paper_mm) * usize::from(DOTS_PER_MM);
        let margin = paper_width.saturating_sub(roll.width()) / 2;
        let (width, height) = (paper_width + 2 * BORDER, roll.rows() + 2 * BORDER);
        let mut pixels = vec![DESK; width * height];
        for x in 0..paper_width {
            let top = BORDER - tooth(x, Edge::Cut);
            let bottom = height - BORDER + tooth(x, end);
            for y in top..bottom {
                let at_edge = x < 2 || x + 2 >= paper_width || y < top + 2 || y + 2 >= bottom;
                let printed = x >= margin && y >= BORDER && roll.get(x - margin, y - BORDER);
                pixels[y * width + BORDER + x] = match (printed, at_edge) {
                    (true, _) => INK,
                    (false, true) => EDGE,
                    (false, false) => PAPER,
                };
            }
        }
        Self { width, height, pixels }
    }

    /// The picture as an 8-bit grey PNG with its resolution.
    ///
    /// # Errors
    /// When the picture is too large for the format.
    pub fn to_png(&self) -> Result<Vec<u8>, PngError> {
        let mut out = Vec::new();
        let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let mut encoder = png::Encoder::new(&mut out, side(self.width), side(self.height));
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        let per_metre = u32::from(DOTS_PER_MM) * 1000;
        let unit = png::Unit::Meter;
        encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: per_metre, yppu: per_metre, unit }));
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        writer.finish()?;
        Ok(out)
    }
}

/// How far the paper reaches beyond its nominal end at this column, in dots, less than [`BORDER`].
fn tooth(x: usize, edge: Edge) -> usize {
    match edge {
        // The blade of a receipt cutter leaves teeth of about a millimetre.
        Edge::Cut => (x % 8).min(8 - x % 8) / 2,
        Edge::Torn => 2 + (x / 5 * 7919 % 11 + x / 17 * 104_729 % 9) / 2 + x % 3,
    }
}

/// One piece of paper that left the printer.
#[derive(Clone, PartialEq, Eq)]
pub struct PrintedSlip {
    /// How it looks.
    pub image: PaperImage,
    /// Every byte that was worked off for it, as it came over the line; questions about the state are left out.
    pub bytes: Vec<u8>,
    /// Whether it was cut by its own job and nothing was lost on the way.
    pub complete: bool,
    /// What was wrong with the bytes, each kind once.
    pub issues: Vec<PaperIssue>,
}

impl std::fmt::Debug for PrintedSlip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { image, bytes, complete, issues } = self;
        f.debug_struct("PrintedSlip")
            .field("image", image)
            .field("bytes", &bytes.len())
            .field("complete", complete)
            .field("issues", issues)
            .finish()
    }
}
