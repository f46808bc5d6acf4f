//! How far a damaged store was, where none of its tables can be walked through any more.
//!
//! A table hangs on its first page. If that one is gone, its rows still stand on theirs, each with its number, in the file or
//! in its log. Their pages are looked through one by one for what looks like no other row of a store: the row of the counter, those
//! of the outbox, and those of its two indexes. Nothing is taken over from what is found so; it says only from which number
//! on a number can be given again, so that each one below is named as missing and none is given twice.
//!
//! Pure: bytes in, values out.

/// Size of a page of a store.
const PAGE: usize = 512;
/// What stands before the first page of a log, and before each.
const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
/// First byte of a page with rows of a table, and with rows of an index.
const LEAF: u8 = 13;
const INDEX_LEAF: u8 = 10;
/// What a row says of a column: nothing in it (that of the row's own number), 16 bytes.
const NOTHING: u64 = 0;
const SIXTEEN_BYTES: u64 = 12 + 2 * 16;
/// The states of an entry.
const STATES: [&[u8]; 3] = [b"queued", b"acknowledged", b"set-aside"];

/// What the pages tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Traces {
    /// Whose store it is, if any page says so.
    pub kiosk: Option<String>,
    /// The highest number that was certainly given; 0 if no trace of any is left.
    pub last: i64,
    /// The same as rows and indexes alone tell it, without the counter.
    pub rows: i64,
}

/// Looks through a file and its log.
pub(super) fn traces(file: &[u8], log: &[u8]) -> Traces {
    let mut found = Traces::default();
    file.chunks_exact(PAGE).for_each(|page| look(page, &mut found));
    let frames = log.get(LOG_HEADER..).unwrap_or_default().chunks_exact(FRAME_HEADER + PAGE);
    frames.for_each(|frame| look(&frame[FRAME_HEADER..], &mut found));
    found.last = found.last.max(found.rows);
    found
}

fn look(page: &[u8], found: &mut Traces) {
    let is_index = match page[0] {
        LEAF => false,
        INDEX_LEAF => true,
        _ => return,
    };
    let count = usize::from(page[3]) << 8 | usize::from(page[4]);
    for place in 0..count.min(PAGE / 2) {
        let Some(&[high, low]) = page.get(8 + 2 * place..10 + 2 * place) else { return };
        let Some(cell) = page.get(usize::from(high) << 8 | usize::from(low)..) else { continue };
        if is_index {
            found.rows = found.rows.max(Row::of_index(cell).and_then(|row| row.indexed()).unwrap_or(0));
            continue;
        }
        let Some(row) = Row::read(cell) else { continue };
        match (row.counter(), row.outbox()) {
            (Some((kiosk, last)), _) => {
                found.kiosk = Some(kiosk);
                found.last = found.last.max(last);
            }
            (None, Some(number)) => found.rows = found.rows.max(number),
            (None, None) => {}
        }
    }
}

/// A row on a page: its number, the kinds of its columns, and as much of their values as stands on this page.
struct Row<'p> {
    number: u64,
    kinds: Vec<u64>,
    values: &'p [u8],
}

impl<'p> Row<'p> {
    fn read(cell: &'p [u8]) -> Option<Self> {
        let (_length, rest) = number(cell)?;
        let (row, payload) = number(rest)?;
        Self::record(row, payload)
    }

    fn of_index(cell: &'p [u8]) -> Option<Self> {
        Self::record(0, number(cell)?.1)
    }

    fn record(row: u64, payload: &'p [u8]) -> Option<Self> {
        let (header, _) = number(payload)?;
        let header = usize::try_from(header).ok().filter(|header| (2..64).contains(header))?;
        let (mut kinds, mut rest) = (Vec::new(), number(payload.get(..header)?)?.1);
        while !rest.is_empty() {
            let (kind, next) = number(rest)?;
            kinds.push(kind);
            rest = next;
        }
        Some(Self { number: row, kinds, values: payload.get(header..)? })
    }

    /// Kiosk and last number of the row of the counter.
    fn counter(&self) -> Option<(String, i64)> {
        let &[NOTHING, kiosk, last] = self.kinds.as_slice() else { return None };
        let length = text_length(kiosk)?;
        let kiosk = std::str::from_utf8(self.values.get(..length)?).ok()?;
        let last = integer(last, self.values.get(length..)?)?;
        (self.number == 1).then(|| (kiosk.to_owned(), last))
    }

    /// The number in a row of one of the indexes of the outbox: identity and number, or the number twice.
    fn indexed(&self) -> Option<i64> {
        match *self.kinds.as_slice() {
            [SIXTEEN_BYTES, kind] => integer(kind, self.values.get(16..)?),
            [kind, again] if kind == again && kind > 0 => {
                let (one, other) = (integer(kind, self.values)?, integer(kind, self.values.get(width(kind)?..)?)?);
                (one == other).then_some(one)
            }
            _ => None,
        }
    }

    /// The number of a row of the outbox.
    fn outbox(&self) -> Option<i64> {
        let &[NOTHING, SIXTEEN_BYTES, state, ..] = self.kinds.as_slice() else { return None };
        let state = self.values.get(16..16 + text_length(state)?)?;
        if !STATES.contains(&state) {
            return None;
        }
        i64::try_from(self.number).ok()
    }
}

/// Bytes of an integer by its kind.
fn width(kind: u64) -> Option<usize> {
    match kind {
        8 | 9 => Some(0),
        1..=4 => usize::try_from(kind).ok(),
        5 => Some(6),
        6 => Some(8),
        _ => None,
    }
}

/// An integer that is never below zero, by its kind.
fn integer(kind: u64, bytes: &[u8]) -> Option<i64> {
    match kind {
        8 => Some(0),
        9 => Some(1),
        _ => {
            let bytes = bytes.get(..width(kind)?)?;
            let is_negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
            (!is_negative).then(|| bytes.iter().fold(0, |sum, byte| sum << 8 | i64::from(*byte)))
        }
    }
}

/// Length of a text by its kind.
fn text_length(kind: u64) -> Option<usize> {
    let length = kind.checked_sub(13).filter(|double| double.is_multiple_of(2))? / 2;
    usize::try_from(length).ok().filter(|length| *length < PAGE)
}

/// A number as the file writes it, in one to nine bytes, and what follows.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut sum = 0_u64;
    for (at, byte) in bytes.iter().enumerate().take(9) {
        if at == 8 {
            return Some((sum << 8 | u64::from(*byte), &bytes[9..]));
        }
        sum = sum << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((sum, &bytes[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

    use super::*;
    use crate::domain::place::KioskCode;
    use crate::domain::submission::StoreCommand;
    use crate::seal::tests::sealer;
    use crate::store::ledger::tests::{application, receipt};
    use crate::store::{FILE_NAME, Keeper, Opening};

    /// File and log of a store that kept so many, as a killed program leaves them.
    fn kept(count: u64) -> (Vec<u8>, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE_NAME);
        let mut keeper = Keeper::open(&Opening::at(&file, &KioskCode::new("K032").unwrap(), &sealer())).unwrap().0;
        for n in 1..=count {
            keeper.command(&StoreCommand::Keep { application: Box::new(application(n)) }, &mut |_| {});
        }
        let (id, receipt) = (application(1).client_submission_id, receipt("N1"));
        keeper.command(&StoreCommand::Acknowledge { id, receipt }, &mut |_| {});
        let next = StoreCommand::Keep { application: Box::new(application(count + 1)) };
        keeper.command(&next, &mut |_| {});
        (std::fs::read(&file).unwrap(), std::fs::read(folder.path().join(format!("{FILE_NAME}-wal"))).unwrap())
    }

    #[test]
    fn counter_and_rows_are_found_in_file_and_log() {
        for count in [1, 5, 40, 300] {
            let (file, log) = kept(count);
            let last = |last| Traces { kiosk: Some("K032".to_owned()), last, rows: last };
            let count = i64::try_from(count).unwrap();
            assert_eq!(traces(&file, &[]), last(count));
            assert_eq!(traces(&file, &log), last(count + 1));
        }
    }

    #[test]
    fn without_the_counter_the_rows_tell() {
        let (mut file, _) = kept(40);
        let mut wipe = |piece: &[u8], kind: u8| {
            for page in file.chunks_exact_mut(PAGE).skip(1) {
                if page[0] == kind && page.windows(piece.len()).any(|part| part == piece) {
                    page.fill(0);
                }
            }
            traces(&file, &[])
        };
        assert_eq!(wipe(b"K032", LEAF), Traces { kiosk: None, last: 40, rows: 40 });
        // Nor the rows: the indexes tell.
        assert_eq!(wipe(b"queued", LEAF), Traces { kiosk: None, last: 40, rows: 40 });
    }

    #[test]
    fn any_bytes_are_survived_and_say_nothing() {
        let mut bits = 7_u32;
        let noise: Vec<u8> = (0..200 * PAGE)
            .map(|at| {
                bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if at % PAGE == 0 { LEAF } else { bits.to_be_bytes()[0] }
            })
            .collect();
        assert_eq!(traces(&noise, &noise), Traces::default());
        assert_eq!(traces(&[], &[]), Traces::default());
    }
}
