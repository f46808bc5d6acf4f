//! How much room the disk has, so that taking applications can stop before it is full.

use std::path::Path;

/// Bytes that the kiosk's user may still write beside this file; `None` if the system does not tell.
pub(super) fn free(file: &Path) -> Option<u64> {
    let told = rustix::fs::statvfs(file.parent()?).ok()?;
    told.f_bavail.checked_mul(told.f_frsize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_there_has_room_and_one_that_is_not_tells_nothing() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        assert!(free(&folder.path().join("kiosk.db")).is_some_and(|bytes| bytes > 0));
        assert_eq!(free(&folder.path().join("missing/kiosk.db")), None);
    }
}
