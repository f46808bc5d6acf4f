//! What is left on a disk after the power went: built from the log of what was done to it.
//!
//! Durable is what a sync has answered. Of everything later any part may be on the disk, in any order: a write may be
//! there, missing, or torn at 512 bytes; a length may be set or not; a name may be there or not ([`Names`]). Where a
//! file became longer and its bytes did not arrive, zeros stand there.
//!
//! A [`Replay`] walks along the log and builds images at its points; chance decides what became of the unsynced part.

use std::collections::BTreeMap;

use super::{Inode, Op, put};
use crate::chance::Chance;

/// The piece of a write that is there as a whole or not at all.
const SECTOR: usize = 512;

/// How names become durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// In their order; a sync of any file takes all earlier ones along, as journalling file systems do.
    Ordered,
    /// Only by a sync of the folder; until then each on its own, as POSIX allows.
    Strict,
}

/// What becomes of the unsynced writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    All,
    None,
    /// Those before a moment, of all files.
    Prefix,
    /// Each write on its own.
    Each,
    /// Each sector of each write on its own.
    Torn,
    /// The last ones without the first: the disk wrote in its own order.
    Suffix,
}

const FATES: [Fate; 6] = [Fate::All, Fate::None, Fate::Prefix, Fate::Each, Fate::Torn, Fate::Suffix];

#[derive(Debug, Clone)]
enum Change {
    /// Place in the log, and where in the file.
    Write(usize),
    Truncate(usize, usize),
}

impl Change {
    const fn at(&self) -> usize {
        match self {
            Self::Write(at) | Self::Truncate(at, _) => *at,
        }
    }
}

#[derive(Debug, Default, Clone)]
struct File {
    durable: Vec<u8>,
    waiting: Vec<Change>,
    /// Writes that a failed sync has given up: a later one does not bring them.
    given_up: Vec<Change>,
}

/// A walk along a log.
#[derive(Debug)]
pub struct Replay<'l> {
    log: &'l [Op],
    at: usize,
    names_model: Names,
    /// So many of the last syncs were answered and not done.
    lag: usize,
    names: BTreeMap<String, Inode>,
    waiting_names: Vec<usize>,
    files: BTreeMap<Inode, File>,
    /// Syncs that are answered and not yet done (with `lag`): place in the log.
    owed: std::collections::VecDeque<usize>,
}

impl<'l> Replay<'l> {
    /// Starts with durable files, in the order of [`super::Disk::with`].
    pub fn new(before: &BTreeMap<String, Vec<u8>>, log: &'l [Op], names_model: Names) -> Self {
        let mut replay = Self {
            log,
            at: 0,
            names_model,
            lag: 0,
            names: BTreeMap::new(),
            waiting_names: Vec::new(),
            files: BTreeMap::new(),
            owed: std::collections::VecDeque::new(),
        };
        for (inode, (name, bytes)) in before.iter().enumerate() {
            replay.names.insert(name.clone(), inode);
            replay.files.insert(inode, File { durable: bytes.clone(), ..File::default() });
        }
        replay
    }

    /// The same on a disk that answers syncs `lag` too early.
    pub const fn lying(mut self, lag: usize) -> Self {
        self.lag = lag;
        self
    }

    /// Walks to a point of the log: everything before it was done.
    pub fn walk_to(&mut self, point: usize) {
        while self.at < point {
            let at = self.at;
            self.at += 1;
            match &self.log[at] {
                Op::Create { .. } | Op::Delete { .. } | Op::Rename { .. } => self.waiting_names.push(at),
                Op::Write { file, .. } => self.file(*file).waiting.push(Change::Write(at)),
                Op::Truncate { file, length } => {
                    self.file(*file).waiting.push(Change::Truncate(at, *length));
                }
                Op::SyncFailed { file } => {
                    let file = self.file(*file);
                    let mut lost = std::mem::take(&mut file.waiting);
                    file.given_up.append(&mut lost);
                }
                Op::Sync { .. } | Op::SyncFolder => {
                    self.owed.push_back(at);
                    if self.owed.len() > self.lag
                        && let Some(done) = self.owed.pop_front()
                    {
                        self.sync(done);
                    }
                }
            }
        }
    }

    /// Carries out the sync at this place of the log: all that was done before it becomes durable.
    fn sync(&mut self, place: usize) {
        match &self.log[place] {
            Op::Sync { file } => {
                let log = self.log;
                let file = self.file(*file);
                let later = file.waiting.partition_point(|change| change.at() < place);
                for change in file.waiting.drain(..later) {
                    apply(&mut file.durable, log, &change);
                }
                if self.names_model == Names::Ordered {
                    self.sync_names(place);
                }
            }
            Op::SyncFolder => self.sync_names(place),
            Op::Create { .. }
            | Op::Delete { .. }
            | Op::Rename { .. }
            | Op::Write { .. }
            | Op::Truncate { .. }
            | Op::SyncFailed { .. } => {}
        }
    }

    fn sync_names(&mut self, place: usize) {
        let later = self.waiting_names.partition_point(|at| *at < place);
        for at in self.waiting_names.drain(..later) {
            rename(&mut self.names, &self.log[at]);
        }
    }

    /// The disk as a program sees it that goes on running: everything before this point was done.
    pub fn written(&self) -> BTreeMap<String, Vec<u8>> {
        let mut names = self.names.clone();
        self.waiting_names.iter().for_each(|at| rename(&mut names, &self.log[*at]));
        let content = |inode: &Inode| {
            let file = self.files.get(inode).cloned().unwrap_or_default();
            let mut content = file.durable;
            file.given_up.iter().chain(&file.waiting).for_each(|change| apply(&mut content, self.log, change));
            content
        };
        names.iter().map(|(name, inode)| (name.clone(), content(inode))).collect()
    }

    /// One disk as it may be found if the power goes at this point.
    pub fn image(&self, chance: &mut Chance) -> BTreeMap<String, Vec<u8>> {
        let mut names = self.names.clone();
        let ordered = chance.index(self.waiting_names.len() + 1);
        for (order, at) in self.waiting_names.iter().enumerate() {
            let is_kept = match self.names_model {
                Names::Ordered => order < ordered,
                Names::Strict => chance.one_in(2),
            };
            if is_kept {
                rename(&mut names, &self.log[*at]);
            }
        }
        let fate = FATES[chance.index(FATES.len())];
        let moment = chance.index(self.at + 1);
        names
            .into_iter()
            .map(|(name, inode)| {
                let file = self.files.get(&inode).cloned().unwrap_or_default();
                (name, self.content(&file, fate, moment, chance))
            })
            .collect()
    }

    fn content(&self, file: &File, fate: Fate, moment: usize, chance: &mut Chance) -> Vec<u8> {
        let mut content = file.durable.clone();
        let mut changes: Vec<&Change> = file.given_up.iter().chain(&file.waiting).collect();
        // A moment within the unsynced part, so that a prefix is often a real one.
        let from = changes.first().map_or(0, |change| change.at());
        let moment = if moment > from { moment } else { from + chance.index(self.at - from + 1) };
        if fate == Fate::Each && chance.one_in(2) {
            // The disk wrote in its own order: a later write of a place may be followed by an earlier one.
            for last in (1..changes.len()).rev() {
                changes.swap(last, chance.index(last + 1));
            }
        }
        for change in changes {
            let is_kept = match fate {
                Fate::All => true,
                Fate::None => false,
                Fate::Prefix => change.at() < moment,
                Fate::Suffix => change.at() >= moment,
                Fate::Each | Fate::Torn => chance.one_in(2),
            };
            match (fate, change) {
                (Fate::Torn, Change::Write(at)) => tear(&mut content, &self.log[*at], chance),
                (_, change) if is_kept => apply(&mut content, self.log, change),
                _ => {}
            }
        }
        content
    }

    fn file(&mut self, inode: Inode) -> &mut File {
        self.files.entry(inode).or_default()
    }
}

fn apply(content: &mut Vec<u8>, log: &[Op], change: &Change) {
    match (change, &log[change.at()]) {
        (Change::Write(_), Op::Write { at, bytes, .. }) => put(content, *at, bytes),
        (Change::Truncate(_, length), _) => content.resize(*length, 0),
        (Change::Write(_), _) => {}
    }
}

/// Some sectors of a write arrive, the others do not.
fn tear(content: &mut Vec<u8>, op: &Op, chance: &mut Chance) {
    let Op::Write { at, bytes, .. } = op else { return };
    let mut start = *at;
    let end = at + bytes.len();
    while start < end {
        let next = ((start / SECTOR + 1) * SECTOR).min(end);
        if chance.one_in(2) {
            put(content, start, &bytes[start - at..next - at]);
        }
        start = next;
    }
}

fn rename(names: &mut BTreeMap<String, Inode>, op: &Op) {
    match op {
        Op::Create { name, file } => {
            names.insert(name.clone(), *file);
        }
        Op::Delete { name } => {
            names.remove(name);
        }
        Op::Rename { from, to, file } => {
            // What the name leads to by now may be another file, where an earlier change of it was lost.
            if names.get(from) == Some(file) {
                names.remove(from);
            }
            names.insert(to.clone(), *file);
        }
        Op::Write { .. } | Op::Truncate { .. } | Op::Sync { .. } | Op::SyncFailed { .. } | Op::SyncFolder => {}
    }
}
