//! Whether a disk that the power left behind still holds what was promised.

use kiosk::store::Keeper;

use super::history::{Desk, Row, Rows, Stage};
use super::workload::{Files, raw};
use crate::disk::{Mount, Op};
use crate::people::opening;

/// Length of the piece of an application that is looked for in raw bytes.
const PIECE: usize = 24;

/// What a recovery did to the disk, for a cut within it, and which of the two states it found.
#[derive(Debug)]
pub struct Recovered {
    pub log: Vec<Op>,
    pub rows: Rows,
}

/// Opens the store on what is left and compares.
///
/// # Errors
/// The promise that is broken, in words.
pub fn check(mount: &Mount, image: &Files, must: &Rows, may: Option<&Rows>) -> Result<Recovered, String> {
    if let Some(place) = found_in(image, must.iter().filter(|(_, row)| row.is_wiped)) {
        return Err(format!("still on the disk: content of {place}"));
    }
    let (keeper, report) = Keeper::open(&opening(mount)).map_err(|error| format!("does not open: {}", error.code()))?;
    // An honest disk leaves a sound file, always. A salvage would cover up what is wrong with the order of the writes.
    if report.salvaged.is_some() {
        return Err("had to be salvaged".to_owned());
    }
    if !report.missing.is_empty() {
        return Err(format!("numbers are missing: {:?}", report.missing));
    }
    let mut desk = Desk { keeper, report };
    let mut found = Rows::new();
    for number in 1..=desk.report.last.0 {
        let row = desk.row(number)?.ok_or_else(|| format!("number {number} is not there"))?;
        found.insert(number, row);
    }
    let rows = match (compare(&found, must), may) {
        (Ok(()), _) => must,
        (Err(why), None) => return Err(why),
        (Err(why), Some(may)) => compare(&found, may).map(|()| may).map_err(|_| why)?,
    };
    let open = rows.values().filter(|row| row.stage != Stage::Acknowledged).count();
    if desk.report.open != open as u64 {
        return Err(format!("{} are said to be open, {open} are", desk.report.open));
    }
    let gone = rows.iter().filter(|(_, row)| row.stage == Stage::Acknowledged);
    if let Some(place) = found_in(&mount.disk.files(), gone) {
        return Err(format!("on the disk after the start: content of {place}"));
    }
    drop(desk);
    let log = mount.disk.take_log();
    intact(mount)?;
    Ok(Recovered { log, rows: rows.clone() })
}

fn intact(mount: &Mount) -> Result<(), String> {
    let verdict = raw(mount)
        .and_then(|connection| connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0)))
        .map_err(|error| format!("the check of the file ends with {error}"))?;
    if verdict == "ok" { Ok(()) } else { Err(format!("the file is not whole: {verdict}")) }
}

/// Whether each application is there as it must be, and no other.
pub(super) fn compare(found: &Rows, wanted: &Rows) -> Result<(), String> {
    for (number, wanted) in wanted {
        let row = found.get(number).ok_or_else(|| format!("number {number} is lost"))?;
        same(*number, row, wanted)?;
    }
    match found.keys().find(|number| !wanted.contains_key(number)) {
        Some(number) => Err(format!("number {number} was promised to nobody")),
        None => Ok(()),
    }
}

fn same(number: u64, row: &Row, wanted: &Row) -> Result<(), String> {
    if row.id != wanted.id {
        return Err(format!("number {number} belongs to another"));
    }
    if row.stage != wanted.stage {
        return Err(format!("number {number} is {:?} and must be {:?}", row.stage, wanted.stage));
    }
    if row.item != wanted.item || row.receipt != wanted.receipt {
        return Err(format!("number {number} has another item or receipt"));
    }
    match (&row.body, row.stage) {
        (None, Stage::Acknowledged) => Ok(()),
        (Some(_), Stage::Acknowledged) => Err(format!("number {number} is acknowledged and has content")),
        (None, Stage::Queued | Stage::SetAside) => Err(format!("number {number} has no content")),
        (Some(body), Stage::Queued | Stage::SetAside) => match &wanted.body {
            Some(wanted) if wanted != body => Err(format!("number {number} has other content")),
            Some(_) | None => Ok(()),
        },
    }
}

/// The first of these applications of which a piece stands in the raw bytes, and where.
fn found_in<'r>(files: &Files, rows: impl Iterator<Item = (&'r u64, &'r Row)>) -> Option<String> {
    let mut pieces = Pieces::default();
    for (number, row) in rows {
        // Two places, because one of them may lie across the border of two pages; near the end, where the answers are
        // that no other application has.
        let body = row.body.as_deref().unwrap_or_default();
        for from_end in [64, 128] {
            if let Some(piece) = body.len().checked_sub(from_end).and_then(|at| body.get(at..at + PIECE)) {
                pieces.add(*number, piece);
            }
        }
    }
    files.iter().find_map(|(name, bytes)| {
        pieces.find(bytes).map(|(number, at)| format!("number {number}, in {name} at byte {at}"))
    })
}

/// Pieces that are looked for in one pass.
#[derive(Debug)]
struct Pieces<'b> {
    /// Whether a piece begins with these two bytes.
    begins: Vec<bool>,
    pieces: Vec<(u64, &'b [u8])>,
}

impl Default for Pieces<'_> {
    fn default() -> Self {
        Self { begins: vec![false; 1 << 16], pieces: Vec::new() }
    }
}

impl<'b> Pieces<'b> {
    fn add(&mut self, number: u64, piece: &'b [u8]) {
        self.begins[start(piece)] = true;
        self.pieces.push((number, piece));
    }

    fn find(&self, bytes: &[u8]) -> Option<(u64, usize)> {
        if self.pieces.is_empty() {
            return None;
        }
        bytes.windows(PIECE).enumerate().filter(|(_, window)| self.begins[start(window)]).find_map(|(at, window)| {
            self.pieces.iter().find(|(_, piece)| *piece == window).map(|(number, _)| (*number, at))
        })
    }
}

/// The first two bytes as an index.
fn start(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::powercut::history::Row;

    #[test]
    fn a_piece_of_an_application_is_found_wherever_it_stands() {
        let body: Vec<u8> = (0..200).collect();
        let row = Row {
            id: crate::people::id(1),
            body: Some(body.clone()),
            stage: Stage::Acknowledged,
            item: crate::people::application(1, 1).item,
            receipt: None,
            is_wiped: true,
        };
        let mut disk = vec![0; 10_000];
        let search =
            |bytes: &[u8]| found_in(&Files::from([("f".to_owned(), bytes.to_vec())]), [(&7, &row)].into_iter());
        assert_eq!(search(&disk), None);
        disk[9_000..9_000 + PIECE].copy_from_slice(&body[136..136 + PIECE]);
        assert_eq!(search(&disk), Some("number 7, in f at byte 9000".to_owned()));
    }
}
