//! What the last recount came to, in a file beside the database.
//!
//! It is told apart from the ledger on purpose: it is a finding about the ledger and no part of it, so a file that is lost
//! or cannot be read costs one more recount and nothing else. No personal data. The file is written whole or not at all.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::domain::recount::Recount;

/// Name of the file in the folder of the store.
const FILE: &str = "recount.json";

/// The last recount, if there is one that can be read.
pub fn last_recount(folder: &Path) -> Option<Recount> {
    serde_json::from_slice(&fs::read(at(folder)).ok()?).ok()
}

/// Remembers a recount.
///
/// # Errors
/// The disk does not take it; the one before stays.
pub fn remember_recount(folder: &Path, recount: &Recount) -> std::io::Result<()> {
    let (file, fresh) = (at(folder), folder.join(format!("{FILE}.new")));
    let mut out = File::create(&fresh)?;
    out.write_all(&serde_json::to_vec(recount)?)?;
    out.sync_all()?;
    fs::rename(&fresh, &file)
}

fn at(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recount_is_read_back_and_a_damaged_one_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(last_recount(folder.path()), None);
        let recount =
            Recount { at: jiff::Timestamp::UNIX_EPOCH, here: 3, there: 2, differing: 0, differences: Vec::new() };
        remember_recount(folder.path(), &recount).expect("it is written");
        assert_eq!(last_recount(folder.path()), Some(recount));
        fs::write(at(folder.path()), b"{\"at\":").expect("it is written");
        assert_eq!(last_recount(folder.path()), None);
    }
}
