//! The fonts of the tree reach the text engine through one environment variable.
//!
//! Where there is neither fontconfig nor a system font the text engine needs `SLINT_FONT_PATH` before it starts, and a
//! running program cannot set its own environment safely. So a start without the variable starts the program again with
//! it. On the machine the unit sets the variable, in `cargo run` and `cargo test` `.cargo/config.toml` does.

use std::path::{Path, PathBuf};

/// The variable the text engine reads: a list of files and folders.
pub(super) const FONT_PATH: &str = "SLINT_FONT_PATH";

/// The variable fontconfig reads: its list of folders.
const FONTCONFIG: &str = "FONTCONFIG_FILE";

/// Why there are no fonts to write with.
#[derive(Debug, thiserror::Error)]
pub enum FontsError {
    /// The folder has no font in it.
    #[error("find a font file (.otf, .ttf, .ttc) in {0}")]
    None(PathBuf),
    /// The program could not be started again.
    #[error("start again with {FONT_PATH} set")]
    Restart(#[source] std::io::Error),
}

/// Sees to it that the text engine finds the fonts in `folder`.
///
/// Returns at once if `SLINT_FONT_PATH` is set. Otherwise replaces this process by itself with the variable set, and
/// returns only if that failed. Call it first in `main`, before any thread and any window.
///
/// # Errors
/// The folder holds no font, or the program could not be started again.
pub fn ensure_fonts(folder: &Path) -> Result<(), FontsError> {
    if std::env::var_os(FONT_PATH).is_some_and(|path| !path.is_empty()) {
        return Ok(());
    }
    if font_files(folder).is_empty() {
        return Err(FontsError::None(folder.to_owned()));
    }
    let program = std::env::current_exe().map_err(FontsError::Restart)?;
    let folder = folder.canonicalize().map_err(FontsError::Restart)?;
    let list = folder.join("fonts.conf");
    let mut again = std::process::Command::new(program);
    again.args(std::env::args_os().skip(1)).env(FONT_PATH, folder);
    // Where fontconfig is there and knows no font, the text engine would panic.
    if list.is_file() && std::env::var_os(FONTCONFIG).is_none() {
        again.env(FONTCONFIG, list);
    }
    Err(FontsError::Restart(std::os::unix::process::CommandExt::exec(&mut again)))
}

/// The font files named by the variable, in its order; of a folder, those directly inside, by name.
pub(super) fn shipped() -> Vec<PathBuf> {
    let Some(list) = std::env::var_os(FONT_PATH) else {
        return Vec::new();
    };
    std::env::split_paths(&list)
        .flat_map(|entry| if entry.is_dir() { font_files(&entry) } else { vec![entry] })
        .collect()
}

fn font_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|kind| ["otf", "ttf", "ttc"].iter().any(|known| kind.eq_ignore_ascii_case(known)))
        })
        .collect();
    files.sort();
    files
}
