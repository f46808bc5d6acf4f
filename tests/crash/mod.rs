//! Crash harness: what a killed kiosk promised must still be true.
//!
//! The parent starts this same test binary as a child ([`child`]), which opens a store and plays residents and sender: it
//! keeps applications, sends them, writes receipts. Each promise is printed after the store gave it, each sending when
//! it happens. The parent kills the child with `SIGKILL` at a random moment, reads what was printed, opens the same
//! files and compares ([`history`]). 200 lives over one database.
//!
//! A harness that cannot fail is no evidence: the child can be told to break the rules ([`Fault`]), and the tests
//! demand that the parent finds out. The seed is printed with a failure; `KIOSK_CRASH_SEED` sets it. The same seed
//! gives the same choices, not the same moments, for the moments belong to the machine.
//!
//! Left out: power cuts, where the file system forgets what was not synced. They need recorded writes, not a killed process.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

mod chance;
mod child;
mod history;
mod world;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use chance::Chance;
use history::History;

/// How often the child dies in the main test.
const LIVES: u64 = 200;
/// A life that ends by the clock ends at most this long after its start; enough for some dozens of promises.
const LONGEST_LIFE: Duration = Duration::from_millis(60);
/// How long a slow machine may take for one line of the child.
const PATIENCE: Duration = Duration::from_secs(10);
/// Every so many lives the whole store is read; in between only what the last life touched.
const FULL_CHECK_EVERY: u64 = 20;

/// A rule the child breaks on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// None: the child behaves like the kiosk.
    None,
    /// Promises are shown before the store has answered.
    ShownBeforeStored,
    /// An unclear sending is repeated under a fresh identity.
    FreshIdOnRetry,
}

impl Fault {
    const ALL: [Self; 3] = [Self::None, Self::ShownBeforeStored, Self::FreshIdOnRetry];

    const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ShownBeforeStored => "shown-before-stored",
            Self::FreshIdOnRetry => "fresh-id-on-retry",
        }
    }
}

#[test]
fn nothing_promised_is_missing_after_200_kills() {
    let lived = lives(Fault::None, LIVES);
    assert_eq!(lived.violation, None, "seed {}", lived.seed);
    assert_eq!(lived.lives, LIVES);
    // A harness in which nothing happens would be green as well.
    let tally = lived.tally;
    assert!(tally.kept > LIVES, "too few promises: {tally:?}");
    assert!(tally.sent > LIVES, "too few sendings: {tally:?}");
    assert!(tally.resent > 0, "nothing was ever sent twice: {tally:?}");
    assert!(tally.acknowledged > LIVES / 2, "too few receipts: {tally:?}");
}

#[test]
fn the_harness_notices_a_promise_shown_before_it_is_stored() {
    let lived = lives(Fault::ShownBeforeStored, LIVES);
    let violation = lived.violation.expect("the planted fault must be found");
    assert!(violation.contains("promised"), "{violation}");
}

#[test]
fn the_harness_notices_a_fresh_id_on_retry() {
    let lived = lives(Fault::FreshIdOnRetry, LIVES);
    let violation = lived.violation.expect("the planted fault must be found");
    assert!(violation.contains("second id"), "{violation}");
}

#[cfg(unix)]
#[test]
fn a_disk_that_refuses_writes_breaks_the_store_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = History::default();
    // Beyond this size a write fails with an error that is not "disk full" (blocks of 512 or 1024 bytes, by shell).
    let limited = "trap '' XFSZ; ulimit -f 150; exec \"$0\" \"$@\"";
    let mut command = Command::new("sh");
    command.arg("-c").arg(limited).arg(std::env::current_exe().unwrap());
    child::configure(&mut command, folder.path(), 1, 1, Fault::None);
    let output = command.stderr(Stdio::inherit()).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().for_each(|line| history.read(line));
    assert!(lines.contains("refused store.io"), "{lines}");
    assert!(lines.contains("broken store.io"), "{lines}");
    let after = lines.split("broken store.io").nth(1).unwrap();
    assert!(!after.contains("kept "), "nothing may be kept after the break: {after}");
    assert!(after.contains("refused store.io"), "{after}");
    assert_eq!(history.check(folder.path(), true), Ok(()));
    assert!(history.tally().kept > 0);
}

/// The child half; it does nothing unless the parent started it.
#[test]
#[ignore = "started by the other tests of this file as their child"]
fn child_of_the_harness() {
    child::run_if_asked();
}

/// How a chain of lives went.
struct Lived {
    seed: u64,
    lives: u64,
    tally: history::Tally,
    violation: Option<String>,
}

/// Lets the child live and die until a violation is found or `count` lives are over.
fn lives(fault: Fault, count: u64) -> Lived {
    let seed = std::env::var("KIOSK_CRASH_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_124);
    let folder = tempfile::tempdir().unwrap();
    let mut chance = Chance::new(seed);
    let mut history = History::default();
    for life in 1..=count {
        live(folder.path(), seed, life, fault, &mut chance, &mut history);
        let is_full = life % FULL_CHECK_EVERY == 0 || life == count;
        if let Err(violation) = history.check(folder.path(), is_full) {
            return Lived {
                seed,
                lives: life,
                tally: history.tally(),
                violation: Some(format!("life {life}: {violation}")),
            };
        }
    }
    Lived { seed, lives: count, tally: history.tally(), violation: None }
}

/// One life: start, let it work, kill it, read to the end what it had said.
fn live(folder: &Path, seed: u64, life: u64, fault: Fault, chance: &mut Chance, history: &mut History) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    child::configure(&mut command, folder, seed, life, fault);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (lines, said) = sync_channel(100_000);
    let reader = thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                break;
            }
        }
    });
    // Half of the lives end by the clock, from the first instruction on; the others within a moment of a promise.
    let span = u64::try_from(LONGEST_LIFE.as_micros()).unwrap();
    let rest = if chance.below(2) == 0 {
        Duration::from_micros(chance.below(span))
    } else {
        for _ in 0..=chance.below(40) {
            match said.recv_timeout(PATIENCE) {
                Ok(line) => history.read(&line),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        Duration::from_micros(chance.below(4_000))
    };
    let until = said.recv_timeout(rest);
    if let Ok(line) = until {
        history.read(&line);
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    // An end of its own would be a panic of the child, which must not pass for a kill.
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&status),
        Some(9),
        "seed {seed}, life {life}: the child must be killed, not end: {status}"
    );
    reader.join().unwrap();
    said.iter().for_each(|line| history.read(&line));
    history.died();
}
