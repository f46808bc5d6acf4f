//! The bundle on a stick: the one file `*.raucb` in the folder where the system mounts it.
//!
//! Two bundles are none: whoever brings a stick says which one he means (`kioskctl update usb FILE`).

use std::path::{Path, PathBuf};

/// Deeper than the folder itself nobody looks, and more entries than these are not an update stick.
const ENTRIES: usize = 1_000;

/// What lies on the stick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnStick {
    /// No stick, or no bundle on it.
    Nothing,
    /// One bundle.
    One(PathBuf),
    /// So many bundles.
    Several(usize),
}

/// Looks into the folder.
pub fn bundle_on(folder: &Path) -> OnStick {
    let Ok(entries) = std::fs::read_dir(folder) else { return OnStick::Nothing };
    let mut found: Vec<PathBuf> = entries
        .take(ENTRIES)
        .flatten()
        .map(|entry| entry.path())
        // Systems that copy to a stick leave hidden files of the same ending beside the file.
        .filter(|path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("raucb")))
        .filter(|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) && path.is_file())
        .collect();
    match (found.pop(), found.len()) {
        (None, _) => OnStick::Nothing,
        (Some(path), 0) => OnStick::One(path),
        (Some(_), others) => OnStick::Several(others + 1),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

    use super::*;

    #[test]
    fn one_bundle_is_found_and_several_are_none() {
        let stick = tempfile::tempdir().unwrap();
        assert_eq!(bundle_on(&stick.path().join("not-there")), OnStick::Nothing);
        std::fs::write(stick.path().join("._new.raucb"), "").unwrap();
        std::fs::write(stick.path().join("letter.txt"), "").unwrap();
        assert_eq!(bundle_on(stick.path()), OnStick::Nothing);
        std::fs::write(stick.path().join("NEW.RAUCB"), "").unwrap();
        assert_eq!(bundle_on(stick.path()), OnStick::One(stick.path().join("NEW.RAUCB")));
        std::fs::write(stick.path().join("old.raucb"), "").unwrap();
        assert_eq!(bundle_on(stick.path()), OnStick::Several(2));
    }
}
