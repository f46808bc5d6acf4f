//! A schema for a damaged file whose own does not read.
//!
//! Everything the kiosk ever kept hangs on the first page: if its bytes are spoilt, the database knows no table any more,
//! although every row is still there. The pages of the schema are the same in each store of this program: a fresh one is
//! made, and its schema is laid over that of the damaged file. What then reads is judged row by row like any other: by the
//! rules of the schema and by its digest.
//!
//! Pure: bytes in, bytes out. Left out: files that were made by the program of schema 1, whose pages lie otherwise; they are
//! refused as before.

use super::schema::APPLICATION_ID;

/// Size of a page of a store.
const PAGE: usize = 512;
/// First bytes of every database, and where the file says: page size, log, change counter, pages, free pages (first and
/// number), whose it is, and for which change counter the number of pages counts.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const PAGE_SIZE: usize = 16;
const VERSIONS: usize = 18;
const CHANGES: usize = 24;
const PAGES: usize = 28;
const FREE: usize = 32;
const OWNER: usize = 68;
const VALID_FOR: usize = 92;
const HEADER: usize = 100;

/// A store that has kept nothing.
#[derive(Debug)]
pub(super) struct Template {
    /// Its file, without a log.
    pub bytes: Vec<u8>,
    /// The pages that its schema lies on, from 1. All others hold rows, or will.
    pub schema: Vec<u32>,
}

/// Whether a file can be one whose schema lies as that of a fresh store.
pub(super) fn fits(damaged: &[u8]) -> bool {
    let says_otherwise = damaged.starts_with(MAGIC) && damaged.get(PAGE_SIZE..PAGE_SIZE + 2) != Some(&[2, 0][..]);
    damaged.len() >= PAGE && !says_otherwise
}

/// Whether the file says that it is a store, or says nothing at all.
pub(super) fn is_marked_or_blank(damaged: &[u8]) -> bool {
    is_marked(damaged) || damaged.iter().take(HEADER).all(|byte| *byte == 0)
}

/// Whether the file was written after the journal that a store has at its beginning.
pub(super) fn is_past_its_journal(file: &[u8]) -> bool {
    is_marked(file) && file.get(VERSIONS..VERSIONS + 2) == Some(&[2, 2][..])
}

fn is_marked(file: &[u8]) -> bool {
    u32::try_from(APPLICATION_ID).is_ok_and(|mark| file.get(OWNER..OWNER + 4) == Some(&mark.to_be_bytes()[..]))
}

/// The damaged file under the schema of the fresh one. Free pages are forgotten; they hold nothing.
pub(super) fn grafted(damaged: &[u8], template: &Template) -> Vec<u8> {
    let mut bytes = damaged.to_vec();
    // Pages that the disk lost at the end read as empty.
    bytes.resize(damaged.len().max(template.bytes.len()).next_multiple_of(PAGE), 0);
    for ((number, page), old) in (1..).zip(template.bytes.chunks_exact(PAGE)).zip(bytes.chunks_exact_mut(PAGE)) {
        if template.schema.contains(&number) {
            old.copy_from_slice(page);
        }
    }
    let pages = u32::try_from(bytes.len() / PAGE).unwrap_or(u32::MAX);
    bytes[PAGES..PAGES + 4].copy_from_slice(&pages.to_be_bytes());
    bytes[FREE..FREE + 8].fill(0);
    // Otherwise the number of pages is taken from the length alone, which is the same.
    bytes.copy_within(CHANGES..CHANGES + 4, VALID_FOR);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_that_of_the_fresh_file_and_everything_else_that_of_the_damaged_one() {
        let template = Template { bytes: (1..=5).flat_map(|page| vec![page; PAGE]).collect(), schema: vec![1, 3, 5] };
        let damaged: Vec<u8> = (11..=17).flat_map(|page| vec![page; PAGE]).collect();
        let grafted = grafted(&damaged, &template);
        let kinds: Vec<u8> = grafted.chunks(PAGE).map(|page| page[HEADER]).collect();
        assert_eq!(kinds, [1, 12, 3, 14, 5, 16, 17]);
        assert_eq!(grafted[PAGES..PAGES + 4], [0, 0, 0, 7]);
    }

    #[test]
    fn a_file_that_says_it_is_another_is_never_taken_for_ours() {
        let mut foreign = vec![7; 4 * PAGE];
        assert!(!is_marked_or_blank(&foreign));
        foreign[..16].copy_from_slice(MAGIC);
        foreign[PAGE_SIZE..PAGE_SIZE + 2].copy_from_slice(&4_096_u16.to_be_bytes());
        assert!(!fits(&foreign));
        assert!(!is_past_its_journal(&foreign));
    }
}
