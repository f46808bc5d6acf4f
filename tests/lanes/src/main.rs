//! The program `lanes`: one long lane at a time, and its closing line.

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use lanes::powercut::workload::Planted;
use lanes::seeds::Plant;
use lanes::{Stopwatch, Tally, bitrot, faults, powercut, proxy, seeds, volume};

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
    /// The power goes while a newer program opens an earlier one's store.
    Migration {
        /// How many cuts.
        #[arg(long, default_value_t = 100_000)]
        cuts: u64,
        #[command(flatten)]
        seed: Seed,
    },
    /// The disk fails at every call, in every way.
    Faults {
        /// How often all calls are gone through, with other power cuts after each.
        #[arg(long, default_value_t = 20)]
        rounds: u64,
        #[command(flatten)]
        seed: Seed,
    },
    /// A closed store is damaged and opened.
    Bitrot {
        /// How many stores.
        #[arg(long, default_value_t = 100_000)]
        count: u64,
        #[command(flatten)]
        seed: Seed,
    },
    /// The power goes on a disk that answers syncs too early.
    Lying {
        /// How many cuts.
        #[arg(long, default_value_t = 100_000)]
        count: u64,
        #[command(flatten)]
        seed: Seed,
    },
    /// A store is filled, measured and drained.
    Volume {
        /// How many applications wait.
        #[arg(long, default_value_t = 100_000)]
        count: u64,
        #[command(flatten)]
        seed: Seed,
    },
    /// Whole visits from seeds: kiosk, store, client, line, county, devices and people, all in virtual time.
    Seeds {
        /// How many seeds.
        #[arg(long, default_value_t = 10_000)]
        count: u64,
        /// The first seed.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Tells the story of the first seed and nothing else.
        #[arg(long)]
        trace: bool,
        /// Seeds tried at the same time.
        #[arg(long, default_value_t = 2)]
        threads: u64,
    },
    /// The real client over real sockets, through a proxy that spoils connections.
    Sockets {
        /// How many kiosks.
        #[arg(long, default_value_t = 2_000)]
        count: u64,
        /// Kiosks at the same time.
        #[arg(long, default_value_t = 2)]
        threads: u64,
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
        Lane::Migration { cuts, seed } => powercut::migration::run(cuts, seed.seed, Planted::Nothing),
        Lane::Faults { rounds, seed } => faults::run(rounds, 1, seed.seed, faults::Planted::Nothing),
        Lane::Bitrot { count, seed } => bitrot::run(count, seed.seed, bitrot::Planted::Nothing).0,
        Lane::Lying { count, seed } => bitrot::lying(count, seed.seed, bitrot::Planted::Nothing).0,
        Lane::Volume { count, seed } => volume::run(count, seed.seed, volume::Planted::Nothing),
        Lane::Seeds { seed, trace: true, .. } => tell(seed),
        Lane::Seeds { count, seed, trace: false, threads } => seeds::lane(seed, count, threads, Plant::None),
        Lane::Sockets { count, threads, seed } => proxy::run(count, seed.seed, threads, proxy::Planted::Nothing),
    }
}

/// The story of one seed, line by line.
#[expect(clippy::print_stdout, reason = "the story is what was asked for")]
fn tell(seed: u64) -> Tally {
    let mut tally = Tally::new(seed);
    match seeds::run(seed, Plant::None, true) {
        Ok(run) => {
            for line in &run.lines {
                println!("{line}");
            }
            println!("hash {:016x}, {} kept, {} cases, {} lives", run.hash, run.kept, run.cases, run.lives);
            tally.note(run.violation.map_or(Ok(()), Err));
        }
        Err(error) => tally.note(Err(error)),
    }
    tally
}

#[expect(clippy::print_stdout, reason = "the closing line is what the program is for")]
fn close(tally: &Tally) -> ExitCode {
    for finding in &tally.findings {
        println!("bad: {finding}");
    }
    println!("{tally}");
    if tally.bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
