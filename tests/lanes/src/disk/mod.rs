//! A disk in memory that writes down what is done to it, and that fails when it is told to.
//!
//! [`Disk`] holds one folder: names, files, a log of [`Op`]s, counts, and [`Faults`]. It is mounted as a file system of
//! SQLite (`vfs`) and behaves there as the system's own does on Linux: the first sync of a fresh log or journal also
//! syncs the folder, a deletion syncs the folder where SQLite asks for it, and a sector is 4,096 bytes of which a write
//! leaves the neighbours alone. It offers no shared memory, so the store must do without.
//!
//! What a file holds here is what a program sees that goes on running. What is left after the power went is decided by
//! [`cut`], from the log alone.

pub mod cut;
mod files;
mod vfs;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use files::WholeFiles;
pub use vfs::{Mount, NAME};

/// Number of a file, also when its name is gone.
pub type Inode = usize;

/// One thing that was done to the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// A name was given to a fresh, empty file.
    Create { name: String, file: Inode },
    /// A name was taken away.
    Delete { name: String },
    /// A file got another name, in the place of any other file.
    Rename { from: String, to: String, file: Inode },
    /// Bytes were written.
    Write { file: Inode, at: usize, bytes: Arc<[u8]> },
    /// The length was set.
    Truncate { file: Inode, length: usize },
    /// A sync of the file's content was answered with success.
    Sync { file: Inode },
    /// A sync failed: the system may have thrown the waiting writes away, and a later sync does not bring them back.
    SyncFailed { file: Inode },
    /// A sync of the folder was answered with success.
    SyncFolder,
}

/// How often something was asked of the disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that can fail, numbered for [`Faults`].
    pub calls: u64,
    /// Reads.
    pub reads: u64,
    /// Writes.
    pub writes: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Syncs of files.
    pub syncs: u64,
}

/// Ways a call can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// No space: writes fail.
    Full,
    /// Any call ends with an error of the device.
    Device,
    /// Everything that changes the disk is refused.
    ReadOnly,
    /// Half of the bytes are written, then an error.
    ShortWrite,
    /// A sync fails.
    Sync,
}

impl Failure {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Full, Self::Device, Self::ReadOnly, Self::ShortWrite, Self::Sync];
}

/// What the disk does wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// From which call on, how, and for how many calls.
    pub fail: Option<(u64, Failure, u64)>,
    /// A sync that fails is answered as good.
    pub hides_failed_syncs: bool,
    /// Syncs of the write-ahead log are answered and not done, as with a setting below "full".
    pub skips_log_syncs: bool,
    /// No sync is done.
    pub skips_syncs: bool,
    /// Syncs of the folder that a program asks for itself are answered and not done.
    pub skips_folder_syncs: bool,
    /// A shorter length is answered and not set.
    pub skips_truncates: bool,
    /// Each write counts as whole pieces of 4,096 bytes, as of a store with pages of that size.
    pub counts_large_pages: bool,
}

/// A disk. Cheap to share.
#[derive(Debug, Default)]
pub struct Disk(Mutex<State>);

#[derive(Debug, Default, Clone)]
struct State {
    names: BTreeMap<String, Inode>,
    files: Vec<Vec<u8>>,
    log: Vec<Op>,
    faults: Faults,
    counts: Counts,
    hits: u64,
    first_hit: Option<u64>,
}

/// Kinds of calls, for [`Faults`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Open,
    Read,
    Write,
    Truncate,
    Sync,
    Delete,
    Rename,
}

impl Disk {
    /// A disk with these files in its folder, all of it durable.
    pub fn with(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Arc<Self> {
        let mut state = State::default();
        for (name, bytes) in files {
            state.names.insert(name, state.files.len());
            state.files.push(bytes);
        }
        Arc::new(Self(Mutex::new(state)))
    }

    /// The files by name, as a running program sees them.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let state = self.state();
        state.names.iter().filter_map(|(name, file)| Some((name.clone(), state.files.get(*file)?.clone()))).collect()
    }

    /// Sets what goes wrong from now on, and forgets how often something did.
    pub fn set_faults(&self, faults: Faults) {
        let mut state = self.state();
        state.faults = faults;
        (state.hits, state.first_hit) = (0, None);
    }

    /// How many calls failed since the faults were set.
    pub fn failed(&self) -> u64 {
        self.state().hits
    }

    /// The number of the first call that failed since then.
    pub fn first_failed(&self) -> Option<u64> {
        self.state().first_hit
    }

    /// How often something was asked.
    pub fn counts(&self) -> Counts {
        self.state().counts
    }

    /// Length of the log.
    pub fn position(&self) -> usize {
        self.state().log.len()
    }

    /// The log, taken away.
    pub fn take_log(&self) -> Vec<Op> {
        std::mem::take(&mut self.state().log)
    }

    /// The log so far.
    pub fn log(&self) -> Vec<Op> {
        self.state().log.clone()
    }

    /// Forgets the log where it is of no use.
    pub fn forget_log(&self) {
        self.state().log.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while it was held has already failed the test.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The file of the store on a mounted disk.
pub fn store_file(mount: &Mount) -> PathBuf {
    mount.folder().join(kiosk::store::FILE_NAME)
}

impl State {
    /// Counts a call and says how it fails, if it does.
    fn call(&mut self, call: Call) -> Option<Failure> {
        let number = self.counts.calls;
        self.counts.calls += 1;
        let (from, failure, times) = self.faults.fail?;
        if number < from || self.hits >= times {
            return None;
        }
        let fails = match failure {
            Failure::Full | Failure::ShortWrite => call == Call::Write,
            Failure::Device => true,
            Failure::ReadOnly => {
                matches!(call, Call::Write | Call::Truncate | Call::Sync | Call::Delete | Call::Rename)
            }
            Failure::Sync => call == Call::Sync,
        };
        if fails {
            self.hits += 1;
            self.first_hit.get_or_insert(number);
            return Some(failure);
        }
        None
    }

    fn open(&mut self, name: &str, creates: bool) -> Result<Option<Inode>, Failure> {
        if let Some(failure) = self.call(Call::Open) {
            return Err(failure);
        }
        if let Some(file) = self.names.get(name) {
            return Ok(Some(*file));
        }
        if !creates {
            return Ok(None);
        }
        let file = self.files.len();
        self.files.push(Vec::new());
        self.names.insert(name.to_owned(), file);
        self.log.push(Op::Create { name: name.to_owned(), file });
        Ok(Some(file))
    }

    /// A file without a name, as SQLite uses for its own notes; it is not part of the log.
    fn nameless(&mut self) -> Inode {
        self.files.push(Vec::new());
        self.files.len() - 1
    }

    /// Reads; what lies behind the end stays as it is in `into`. Gives the number of bytes read.
    fn read(&mut self, file: Inode, at: usize, into: &mut [u8]) -> Result<usize, Failure> {
        self.counts.reads += 1;
        if let Some(failure) = self.call(Call::Read) {
            return Err(failure);
        }
        let bytes = self.files.get(file).map_or(&[][..], Vec::as_slice);
        let there = bytes.get(at..).unwrap_or_default();
        let length = there.len().min(into.len());
        into[..length].copy_from_slice(&there[..length]);
        Ok(length)
    }

    fn write(&mut self, file: Inode, at: usize, bytes: &[u8], is_named: bool) -> Result<(), Failure> {
        let failed = self.call(Call::Write);
        let bytes = match failed {
            None => bytes,
            Some(Failure::ShortWrite) => &bytes[..bytes.len() / 2],
            Some(failure) => return Err(failure),
        };
        self.counts.writes += 1;
        let length = if self.faults.counts_large_pages { bytes.len().next_multiple_of(4_096) } else { bytes.len() };
        self.counts.bytes += length as u64;
        if let Some(content) = self.files.get_mut(file) {
            put(content, at, bytes);
        }
        if is_named {
            self.log.push(Op::Write { file, at, bytes: bytes.into() });
        }
        failed.map_or(Ok(()), Err)
    }

    fn truncate(&mut self, file: Inode, length: usize, is_named: bool) -> Result<(), Failure> {
        if let Some(failure) = self.call(Call::Truncate) {
            return Err(failure);
        }
        if self.faults.skips_truncates {
            return Ok(());
        }
        if let Some(content) = self.files.get_mut(file) {
            content.resize(length, 0);
        }
        if is_named {
            self.log.push(Op::Truncate { file, length });
        }
        Ok(())
    }

    fn sync(&mut self, file: Inode, is_log: bool, with_folder: bool) -> Result<(), Failure> {
        self.counts.syncs += 1;
        if let Some(failure) = self.call(Call::Sync) {
            self.log.push(Op::SyncFailed { file });
            return if self.faults.hides_failed_syncs { Ok(()) } else { Err(failure) };
        }
        if self.faults.skips_syncs || (is_log && self.faults.skips_log_syncs) {
            return Ok(());
        }
        self.log.push(Op::Sync { file });
        if with_folder {
            self.log.push(Op::SyncFolder);
        }
        Ok(())
    }

    fn delete(&mut self, name: &str, with_folder: bool) -> Result<bool, Failure> {
        if let Some(failure) = self.call(Call::Delete) {
            return Err(failure);
        }
        let was_there = self.names.remove(name).is_some();
        if was_there {
            self.log.push(Op::Delete { name: name.to_owned() });
        }
        if with_folder {
            self.log.push(Op::SyncFolder);
        }
        Ok(was_there)
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<bool, Failure> {
        if let Some(failure) = self.call(Call::Rename) {
            return Err(failure);
        }
        let Some(file) = self.names.remove(from) else { return Ok(false) };
        self.names.insert(to.to_owned(), file);
        self.log.push(Op::Rename { from: from.to_owned(), to: to.to_owned(), file });
        Ok(true)
    }

    fn sync_folder(&mut self) -> Result<(), Failure> {
        self.counts.syncs += 1;
        if let Some(failure) = self.call(Call::Sync) {
            return Err(failure);
        }
        if !self.faults.skips_syncs && !self.faults.skips_folder_syncs {
            self.log.push(Op::SyncFolder);
        }
        Ok(())
    }

    fn length(&self, file: Inode) -> usize {
        self.files.get(file).map_or(0, Vec::len)
    }
}

/// Writes bytes at a place, with zeros before them where there was nothing.
fn put(content: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[at..end].copy_from_slice(bytes);
}
