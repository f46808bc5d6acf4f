//! Why the store could not be opened or used.

use std::path::{Path, PathBuf};

use kiosk_hal::model::Audience;

/// A failure of the store: which file, during what, which kind.
#[derive(Debug, thiserror::Error)]
#[error("{doing} the store {}: {kind}", .file.display())]
pub struct StoreError {
    /// The database file.
    pub file: PathBuf,
    /// What was being done, such as `open` or `keep an application in`.
    pub doing: &'static str,
    /// What happened.
    pub kind: StoreErrorKind,
    /// What the database said.
    #[source]
    pub source: Option<Box<rusqlite::Error>>,
}

/// Kinds of store failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreErrorKind {
    /// No space left.
    #[error("the disk is full; free space on it")]
    DiskFull,
    /// Reading or writing failed, or a sync did.
    #[error("the disk failed; check it")]
    Io,
    /// The folder for the file does not exist.
    #[error("its folder does not exist; create it or mount the data disk")]
    NoFolder,
    /// The file may not be opened.
    #[error("no permission; the kiosk's user must own the folder and the file")]
    Permission,
    /// The file was written by a newer program.
    #[error(
        "it has schema version {found}, this program knows {known}; start the newer program, \
         and do not delete the file"
    )]
    Newer {
        /// Schema version of the file.
        found: i64,
        /// Newest version this program knows.
        known: i64,
    },
    /// The file is no database, or not one of a kiosk.
    #[error(
        "the file is not a store of a kiosk; move it away to start with an empty store, \
         and keep it if applications may be in it"
    )]
    NotADatabase,
    /// Another program has it open.
    #[error("another program is using it; stop that one first")]
    Busy,
    /// The database is damaged.
    #[error("the file is damaged; keep a copy for recovery and call the service")]
    Damaged,
    /// The database would not take a setting that durability needs.
    #[error("the database did not take {setting}; the file system may not support it")]
    Setting {
        /// Which setting.
        setting: &'static str,
    },
    /// The file belongs to a kiosk with another number.
    #[error("it belongs to kiosk {found}; correct kiosk.code or use another folder")]
    OtherKiosk {
        /// The code in the file.
        found: String,
    },
    /// The content of one application does not match its digest.
    #[error("the content of one application is damaged; staff have to look")]
    EntryDamaged,
    /// The identity is known with other content, or its content is gone after the acknowledgement.
    #[error("the identity of the application is in use with other content")]
    IdTaken,
    /// No such application, or it is in a state in which this cannot be done.
    #[error("the application is not in the queue")]
    NotQueued,
    /// Too many commands wait for the disk.
    #[error("too many commands are waiting")]
    Overloaded,
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
    /// The application could not be sealed, so nothing of it was written.
    #[error("the application could not be sealed")]
    Unsealed,
    /// An error of the program.
    #[error("the database refused the statement")]
    Internal,
}

impl StoreErrorKind {
    /// Stable code, listed in `config/events.md`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::DiskFull => "store.disk-full",
            Self::Io => "store.io",
            Self::NoFolder => "store.no-folder",
            Self::Permission => "store.permission",
            Self::Newer { .. } => "store.newer",
            Self::NotADatabase => "store.not-a-database",
            Self::Busy => "store.busy",
            Self::Damaged => "store.damaged",
            Self::Setting { .. } => "store.setting",
            Self::OtherKiosk { .. } => "store.other-kiosk",
            Self::EntryDamaged => "store.entry-damaged",
            Self::IdTaken => "store.id-taken",
            Self::NotQueued => "store.not-queued",
            Self::Overloaded => "store.overloaded",
            Self::Closed => "store.closed",
            Self::Unsealed => "store.unsealed",
            Self::Internal => "store.internal",
        }
    }

    /// Every code there is, for the document.
    pub const CODES: [&'static str; 17] = [
        "store.disk-full",
        "store.io",
        "store.no-folder",
        "store.permission",
        "store.newer",
        "store.not-a-database",
        "store.busy",
        "store.damaged",
        "store.setting",
        "store.other-kiosk",
        "store.entry-damaged",
        "store.id-taken",
        "store.not-queued",
        "store.overloaded",
        "store.closed",
        "store.unsealed",
        "store.internal",
    ];

    /// Who can mend it.
    pub const fn audience(&self) -> Audience {
        match self {
            Self::EntryDamaged => Audience::Staff,
            Self::DiskFull
            | Self::Io
            | Self::NoFolder
            | Self::Permission
            | Self::Newer { .. }
            | Self::NotADatabase
            | Self::Busy
            | Self::Damaged
            | Self::Setting { .. }
            | Self::OtherKiosk { .. }
            | Self::IdTaken
            | Self::NotQueued
            | Self::Overloaded
            | Self::Closed
            | Self::Unsealed
            | Self::Internal => Audience::Engineer,
        }
    }

    /// Whether the same thing may go well later without anybody mending something.
    pub const fn retry(&self) -> bool {
        match self {
            Self::Busy | Self::Overloaded | Self::DiskFull | Self::Unsealed => true,
            Self::Io
            | Self::NoFolder
            | Self::Permission
            | Self::Newer { .. }
            | Self::NotADatabase
            | Self::Damaged
            | Self::Setting { .. }
            | Self::OtherKiosk { .. }
            | Self::EntryDamaged
            | Self::IdTaken
            | Self::NotQueued
            | Self::Closed
            | Self::Internal => false,
        }
    }

    /// Whether the connection must not be used any more: the disk or the file cannot be trusted.
    pub const fn breaks(&self) -> bool {
        match self {
            Self::Io | Self::Damaged | Self::NotADatabase | Self::Permission => true,
            Self::DiskFull
            | Self::NoFolder
            | Self::Newer { .. }
            | Self::Busy
            | Self::Setting { .. }
            | Self::OtherKiosk { .. }
            | Self::EntryDamaged
            | Self::IdTaken
            | Self::NotQueued
            | Self::Overloaded
            | Self::Closed
            | Self::Unsealed
            | Self::Internal => false,
        }
    }

    /// Whether a writing that ended so has certainly left nothing behind. After an error of the disk or of the program
    /// the transaction may stand there whole although nobody was told.
    pub const fn leaves_no_doubt(&self) -> bool {
        !self.breaks() && !matches!(self, Self::Internal)
    }

    /// What an error of the database means.
    pub fn of(error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        // The file ends before its own header says: it is hurt, the disk is not.
        if error.sqlite_error().is_some_and(|e| e.extended_code == rusqlite::ffi::SQLITE_IOERR_SHORT_READ) {
            return Self::Damaged;
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::SystemIoFailure) => Self::Io,
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged,
            Some(ErrorCode::NotADatabase) => Self::NotADatabase,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => Self::Permission,
            // The library's enum is open, and the rest are errors of the program, not of the world.
            Some(_) | None => Self::Internal,
        }
    }
}

impl StoreError {
    /// An error of our own, without words of the database.
    pub(super) fn new(file: &Path, doing: &'static str, kind: StoreErrorKind) -> Self {
        Self { file: file.to_owned(), doing, kind, source: None }
    }

    /// An error of the database.
    pub(super) fn sql(file: &Path, doing: &'static str, source: rusqlite::Error) -> Self {
        Self { file: file.to_owned(), doing, kind: StoreErrorKind::of(&source), source: Some(Box::new(source)) }
    }

    /// Stable code.
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn the_words_of_the_database_map_to_stable_codes() {
        for (extended, code, breaks) in [
            (ffi::SQLITE_FULL, "store.disk-full", false),
            (ffi::SQLITE_IOERR_FSYNC, "store.io", true),
            (ffi::SQLITE_IOERR_WRITE, "store.io", true),
            (ffi::SQLITE_IOERR_SHORT_READ, "store.damaged", true),
            (ffi::SQLITE_CORRUPT, "store.damaged", true),
            (ffi::SQLITE_NOTADB, "store.not-a-database", true),
            (ffi::SQLITE_BUSY, "store.busy", false),
            (ffi::SQLITE_READONLY, "store.permission", true),
            (ffi::SQLITE_CONSTRAINT_UNIQUE, "store.internal", false),
        ] {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(extended), None);
            let kind = StoreErrorKind::of(&error);
            assert_eq!(kind.code(), code);
            assert_eq!(kind.breaks(), breaks, "{code}");
            assert!(StoreErrorKind::CODES.contains(&code));
        }
    }
}
