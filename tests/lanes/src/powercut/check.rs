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
    if let Some(number) = found_in(image, must.iter().filter(|(_, row)| row.is_wiped)) {
        return Err(format!("content of number {number} is still on the disk"));
    }
    let (keeper, report) = Keeper::open(&opening(mount)).map_err(|error| format!("does not open: {}", error.code()))?;
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
    if let Some(number) = found_in(&mount.disk.files(), gone) {
        return Err(format!("content of number {number} is on the disk after the start"));
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

fn compare(found: &Rows, wanted: &Rows) -> Result<(), String> {
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

/// The first of these applications of which a piece stands in the raw bytes.
fn found_in<'r>(files: &Files, rows: impl Iterator<Item = (&'r u64, &'r Row)>) -> Option<u64> {
    for (number, row) in rows {
        let Some(body) = &row.body else { continue };
        // Two places, because one of them may lie across the border of two pages.
        for at in [body.len() / 3, body.len() * 2 / 3] {
            let piece = body.get(at..at + PIECE)?;
            if files.values().any(|bytes| contains(bytes, piece)) {
                return Some(*number);
            }
        }
    }
    None
}

/// Whether a piece stands in the bytes.
pub fn contains(bytes: &[u8], piece: &[u8]) -> bool {
    let Some(first) = piece.first() else { return true };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        if rest[at..].starts_with(piece) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}
