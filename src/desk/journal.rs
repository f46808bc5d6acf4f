//! The journal of a visit as a file: one JSON object per line, no personal data.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use crate::engine::{Journal, JournalLine};

/// Writes the journal to a file, if there is one, and to the log.
#[derive(Debug, Default)]
pub struct FileJournal {
    file: Option<File>,
}

impl FileJournal {
    /// Writes to this file; what stood in it is gone.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(path: &Path) -> std::io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(Self { file: Some(File::create(path)?) })
    }
}

impl Journal for FileJournal {
    fn write(&mut self, line: &JournalLine) {
        tracing::info!(event = line.event, facts = %serde_json::Value::Object(line.facts.clone()), "journal");
        if let Some(file) = &mut self.file
            && let Err(error) = writeln!(file, "{}", line.to_json())
        {
            tracing::error!(%error, "the journal cannot be written");
        }
    }
}
