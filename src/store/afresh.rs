//! Whole copies of the store's files, after its disk has failed.
//!
//! When a sync fails the system may throw the waiting writes away and still show them to whoever reads: the file looks as it
//! should and is not so on the disk, and no later sync brings them. An opening that believed what it reads, and empties the
//! log, would build on them; the next loss of power then takes what was promised since. So all that is read is written
//! once more, into fresh files that are synced before they take the names.
//!
//! The log comes first. Old file and fresh log, or both fresh, say the same: until a file has been synced with them, all
//! changes stand in the log.

use super::error::StoreError;
use super::keeper::Opening;
use super::salvage::{PARTS, failed, with_end};

/// End of the name of a copy while it is made.
pub(super) const AFRESH: &str = ".afresh";

/// Writes every part anew. Nothing may have them open.
///
/// # Errors
/// The disk still fails, or has no room for a copy; each part is the old one or its copy.
pub(super) fn write_afresh(opening: &Opening) -> Result<(), StoreError> {
    let (file, files) = (&opening.file, opening.files());
    let copy_all = || -> std::io::Result<()> {
        for part in PARTS {
            let (old, copy) = (with_end(file, part), with_end(&with_end(file, AFRESH), part));
            if let Some(bytes) = files.read(&old)? {
                let written = files.write(&copy, &bytes).and_then(|()| files.replace(&copy, &old));
                if written.is_err() {
                    // Half a copy would keep the room that the next try needs. What cannot be removed now is removed with the
                    // next opening that succeeds.
                    files.remove(&copy).ok();
                }
                written?;
            }
        }
        Ok(())
    };
    copy_all().map_err(|error| failed(file, &error))
}
