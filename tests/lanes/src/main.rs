//! The program `lanes`: one long lane at a time, and its closing line.

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use lanes::powercut::workload::Planted;
use lanes::{Stopwatch, Tally, powercut};

/// Tries the promises of the store for as long as it is told.
///
/// Closes with `tried N, bad N, seed S, rate R/s`; the exit code is 1 if anything was bad.
#[derive(Debug, Parser)]
#[command(name = "lanes", version)]
struct Arguments {
    #[command(subcommand)]
    lane: Lane,
}

#[derive(Debug, Subcommand)]
enum Lane {
    /// The power goes at every point of a recorded run.
    Powercut {
        /// How many cuts.
        #[arg(long, default_value_t = 1_000_000)]
        cuts: u64,
        #[command(flatten)]
        seed: Seed,
    },
}

#[derive(Debug, Clone, Copy, Args)]
struct Seed {
    /// Repeats a run.
    #[arg(long, default_value_t = 20_261_124)]
    seed: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let stopwatch = Stopwatch::start();
    let mut tally = run(&arguments.lane);
    tally.took = stopwatch.took();
    close(&tally)
}

/// One arm for each lane; what it does is in the library.
fn run(lane: &Lane) -> Tally {
    match *lane {
        Lane::Powercut { cuts, seed } => powercut::run(cuts, seed.seed, Planted::Nothing),
    }
}

#[expect(clippy::print_stdout, reason = "the closing line is what the program is for")]
fn close(tally: &Tally) -> ExitCode {
    for finding in &tally.findings {
        println!("bad: {finding}");
    }
    println!("{tally}");
    if tally.bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
