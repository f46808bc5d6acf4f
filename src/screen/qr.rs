//! QR codes as pictures.

use qrcode::{Color, EcLevel, QrCode};
use slint::{Image, Rgb8Pixel, SharedPixelBuffer};

/// Modules of white around the code that a reader needs (ISO/IEC 18004).
const QUIET_ZONE: usize = 4;

/// Pixels for each module; the screen scales the picture without smoothing.
const MODULE: usize = 8;

/// The code for `payload` with its quiet zone, black on white; an empty picture if the payload does not fit a code.
pub fn picture(payload: &str) -> Image {
    let Ok(code) = QrCode::with_error_correction_level(payload.as_bytes(), EcLevel::M) else {
        return Image::default();
    };
    let modules = code.width() + 2 * QUIET_ZONE;
    let side = modules * MODULE;
    let Ok(side_u32) = u32::try_from(side) else {
        return Image::default();
    };
    let mut buffer = SharedPixelBuffer::<Rgb8Pixel>::new(side_u32, side_u32);
    for (at, pixel) in buffer.make_mut_slice().iter_mut().enumerate() {
        let (row, column) = (at / side / MODULE, at % side / MODULE);
        let inside = QUIET_ZONE..modules - QUIET_ZONE;
        let dark = inside.contains(&row)
            && inside.contains(&column)
            && code[(column - QUIET_ZONE, row - QUIET_ZONE)] == Color::Dark;
        let level = if dark { 0 } else { 255 };
        *pixel = Rgb8Pixel::new(level, level, level);
    }
    Image::from_rgb8(buffer)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn a_code_decodes_to_its_payload_and_has_a_white_border_of_four_modules() {
        let payload = "BM2 K K0320001871 11320699MB0000000A2000113112800 1795398060 - 481205 -";
        let buffer = picture(payload).to_rgb8().unwrap();
        let (width, height) = (buffer.width() as usize, buffer.height() as usize);
        let at = |x: usize, y: usize| buffer.as_slice()[y * width + x].r;
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, at);
        let (_, text) = image.detect_grids()[0].decode().unwrap();
        assert_eq!(text, payload);
        let border = QUIET_ZONE * MODULE;
        assert!((0..width).all(|x| (0..border).all(|y| at(x, y) == 255)));
        assert_eq!(at(border, border), 0);
    }
}
