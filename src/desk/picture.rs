//! Reading pictures of paper, as a scanner would.

/// The text of the first QR code in a PNG picture.
pub fn code_on(picture: &[u8]) -> Option<String> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(picture));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().ok()?;
    let mut pixels = vec![0; reader.output_buffer_size()?];
    let info = reader.next_frame(&mut pixels).ok()?;
    let (width, height, samples) = (info.width as usize, info.height as usize, info.color_type.samples());
    code_in(width, height, |x, y| pixels.get(y * info.line_size + x * samples).copied().unwrap_or(u8::MAX))
}

/// The text of the first QR code in a picture whose grey value at column `x` of row `y` is `grey(x, y)`.
pub(super) fn code_in(width: usize, height: usize, grey: impl FnMut(usize, usize) -> u8) -> Option<String> {
    rqrr::PreparedImage::prepare_from_greyscale(width, height, grey)
        .detect_grids()
        .into_iter()
        .find_map(|grid| grid.decode().ok())
        .map(|(_, text)| text)
}
