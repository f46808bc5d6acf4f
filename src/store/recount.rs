//! What the last recount came to, in a file beside the database.
//!
//! It is told apart from the ledger on purpose: it is a finding about the ledger and no part of it, so a file that is lost
//! or cannot be read costs one more recount and nothing else. No personal data. The file is written whole or not at all.

use std::path::{Path, PathBuf};

use super::files::{Files as _, OfTheSystem};
use crate::domain::recount::Recount;

/// Name of the file in the folder of the store.
const FILE: &str = "recount.json";

/// The last recount, if there is one that can be read.
pub fn last_recount(folder: &Path) -> Option<Recount> {
    serde_json::from_slice(&OfTheSystem.read(&at(folder)).ok()??).ok()
}

/// Remembers a recount.
///
/// # Errors
/// The disk does not take it; the one before stays.
pub fn remember_recount(folder: &Path, recount: &Recount) -> std::io::Result<()> {
    let fresh = folder.join(format!("{FILE}.new"));
    OfTheSystem.write(&fresh, &serde_json::to_vec(recount)?)?;
    OfTheSystem.replace(&fresh, &at(folder))
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
        std::fs::write(at(folder.path()), b"{\"at\":").expect("it is written");
        assert_eq!(last_recount(folder.path()), None);
    }
}
