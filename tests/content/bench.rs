//! Five thousand items: how long an office waits for its import, how much memory a kiosk needs for them, and how long a finger
//! waits for a letter. `cargo bench --features author --bench content`.
//!
//! The items are those of the workbook, eighty-four times over with names of their own. Memory is counted by the allocator, not
//! estimated: what is alive after the catalogue and the index were made. The program fails if a promise is broken, so its
//! numbers need nobody to read them.
#![expect(unsafe_code, reason = "an allocator that counts has to be one")]
#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the bench")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kiosk::content::cells::{self, Grid};
use kiosk::content::export;
use kiosk::content::import::{self, Asked};
use kiosk::content::shelf::together;
use kiosk::domain::catalog::find::Index;
use kiosk::domain::catalog::{Centre, Region};

/// What is promised.
const IMPORT: Duration = Duration::from_secs(10);
const MEMORY: usize = 40 * 1024 * 1024;
const KEYSTROKE: Duration = Duration::from_millis(10);
/// Copies of the workbook's sixty items.
const COPIES: usize = 84;

struct Counting;

static ALIVE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed on to the system's allocator unchanged; only sizes are added up beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        ALIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are those of the system's allocator.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed())
}

/// The workbook, many times over.
fn many(grids: &[Grid]) -> Vec<Grid> {
    let mut out = grids.to_vec();
    for grid in &mut out {
        let (first, name, code) = match grid.sheet.as_str() {
            "事项信息" => (3, 2, Some(5)),
            "申请材料" => (1, 0, None),
            _ => continue,
        };
        let rows: Vec<Vec<String>> = grid.rows.split_off(first);
        for copy in 0..COPIES {
            for row in &rows {
                let mut row = row.clone();
                row[name] = format!("{}第{copy}片区", row[name]);
                if let Some(code) = code {
                    row[1] = format!("{}-{copy}", row[1]);
                    row[code] = format!("{}{copy:02}", row[code]);
                }
                grid.rows.push(row);
            }
        }
    }
    out
}

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/content");
    let bytes = std::fs::read(folder.join("镇村事项清单.xlsx")).unwrap();
    let grids = many(&cells::workbook("a.xlsx", &bytes).unwrap());
    let large = export::workbook(&grids).unwrap();
    let target = std::env::temp_dir().join(format!("content-bench-{}.xlsx", std::process::id()));
    std::fs::write(&target, &large).unwrap();
    drop(grids);
    let (made, import_time) = timed(|| import::import(std::slice::from_ref(&target), &Asked::default()).unwrap());
    std::fs::remove_file(&target).unwrap();
    let package = made.package;
    drop(made.built);

    let centre = Centre::by_code(&Region::new("320699101201").unwrap());
    let before = ALIVE.load(Ordering::Relaxed);
    let loaded = together(std::slice::from_ref(&package), &centre).unwrap();
    let catalog_bytes = ALIVE.load(Ordering::Relaxed) - before;
    let (index, index_time) = timed(|| Index::new(&loaded.catalog));
    let all_bytes = ALIVE.load(Ordering::Relaxed) - before;
    let items = loaded.catalog.items().len();

    let mut queries = Vec::new();
    for entry in std::fs::read_dir(folder.join("phrases")).unwrap() {
        for line in std::fs::read_to_string(entry.unwrap().path()).unwrap().lines() {
            // Every beginning of it, as it is typed.
            let phrase: Vec<char> = line.split('\t').next().unwrap().chars().collect();
            queries.extend((1..=phrase.len()).map(|end| phrase[..end].iter().collect::<String>()));
        }
    }
    let mut times: Vec<Duration> = queries.iter().map(|query| timed(|| index.find(query, 5)).1).collect();
    times.sort();
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    let often = times[times.len() * 99 / 100];

    let mut out = std::io::stdout().lock();
    writeln!(out, "items                  {items}").unwrap();
    writeln!(
        out,
        "import of the workbook {import_time:?} (promised {IMPORT:?}), package {} bytes",
        package.bytes().unwrap().len()
    )
    .unwrap();
    writeln!(out, "catalogue              {catalog_bytes} bytes, with index {all_bytes} (promised {MEMORY})").unwrap();
    writeln!(out, "index made in          {index_time:?}").unwrap();
    writeln!(
        out,
        "{} keystrokes        median {median:?}, 99 of 100 {often:?}, worst {worst:?} (promised {KEYSTROKE:?})",
        times.len()
    )
    .unwrap();
    assert!(items >= 4_700, "{items}");
    assert!(import_time <= IMPORT, "the import took {import_time:?}");
    assert!(all_bytes <= MEMORY, "{all_bytes} bytes");
    assert!(worst <= KEYSTROKE, "a keystroke took {worst:?}");
}
