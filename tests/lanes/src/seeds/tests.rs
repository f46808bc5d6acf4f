//! The short lane of seeds, and the proof that its judge notices what is planted.

#![expect(clippy::unwrap_used, reason = "a failing test may panic")]

use super::*;

/// Seeds of the short lane; the long one takes as many as it is told.
const SEEDS: u64 = 2_000;

#[test]
fn whatever_happens_every_promise_is_kept_exactly_once() {
    let tally = lane(1, Pace { threads: 2, ..Pace::of(SEEDS) }, Plant::None);
    assert_eq!((tally.tried, tally.bad), (SEEDS, 0), "{:#?}", tally.findings);
}

#[test]
fn seeds_that_found_something_once_find_nothing_now() {
    for seed in kept_seeds() {
        let run = run(seed, Plant::None, false).unwrap();
        assert_eq!(run.violation, None, "seed {seed}");
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in 1..=20 {
        let (one, two) = (run(seed, Plant::None, true).unwrap(), run(seed, Plant::None, true).unwrap());
        assert_eq!(one.lines, two.lines, "seed {seed}");
        assert_eq!(one.hash, two.hash, "seed {seed}");
    }
    assert_ne!(run(1, Plant::None, false).unwrap().hash, run(2, Plant::None, false).unwrap().hash);
}

#[test]
fn the_runs_do_reach_what_they_are_about() {
    // Promises that are never made are never broken.
    let runs: Vec<Run> = (1..=60).map(|seed| run(seed, Plant::None, false).unwrap()).collect();
    let kept: usize = runs.iter().map(|run| run.kept).sum();
    let cases: usize = runs.iter().map(|run| run.cases).sum();
    let accepted: u64 = runs.iter().map(|run| run.accepted).sum();
    let lives: u32 = runs.iter().map(|run| run.lives).sum();
    assert!(kept > 80 && cases > 80, "{kept} kept, {cases} cases");
    assert!(accepted > 50 && lives > 90, "{accepted} accepted, {lives} lives");
}

#[test]
fn the_judge_notices_every_planted_fault() {
    for (plant, words) in Plant::ALL {
        let mut others = Vec::new();
        let found = (1..=400).any(|seed| {
            let violation = run(seed, plant, false).unwrap().violation;
            let is_it = violation.as_ref().is_some_and(|found| words.iter().any(|words| found.contains(words)));
            others.extend(violation.filter(|_| !is_it));
            is_it
        });
        assert!(found, "{plant:?} was not noticed in 400 seeds; {others:#?}");
    }
}

#[test]
#[ignore = "open: no person of four hundred seeds edits an application that the disk has after all"]
fn the_judge_notices_a_doubt_that_is_called_certain() {
    let words = "one visit was kept as 2 applications";
    let notices = |seed| run(seed, Plant::CertainAlways, false).unwrap().violation.is_some_and(|it| it.contains(words));
    assert!((1..=400).any(notices));
}
