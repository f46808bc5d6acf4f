//! The program `lanes`: one long lane at a time, and its closing line.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use lanes::powercut::workload::Planted;
use lanes::seeds::Plant;
use lanes::{Pace, Stopwatch, Tally, bitrot, faults, powercut, proxy, seeds, volume};

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
        how: How,
    },
    /// The power goes while a newer program opens an earlier one's store.
    Migration {
        /// How many cuts.
        #[arg(long, default_value_t = 100_000)]
        cuts: u64,
        #[command(flatten)]
        how: How,
    },
    /// The power goes while a damaged store is salvaged.
    Salvage {
        /// How many cuts.
        #[arg(long, default_value_t = 100_000)]
        cuts: u64,
        #[command(flatten)]
        how: How,
    },
    /// The disk fails at every call, in every way.
    Faults {
        /// How often all calls are gone through, with other power cuts after each.
        #[arg(long, default_value_t = 20)]
        rounds: u64,
        #[command(flatten)]
        how: How,
    },
    /// A closed store is damaged and opened.
    Bitrot {
        /// How many stores.
        #[arg(long, default_value_t = 100_000)]
        count: u64,
        #[command(flatten)]
        how: How,
    },
    /// The power goes on a disk that answers syncs too early.
    Lying {
        /// How many cuts.
        #[arg(long, default_value_t = 100_000)]
        count: u64,
        #[command(flatten)]
        how: How,
    },
    /// A store is filled, measured and drained.
    Volume {
        /// How many applications wait.
        #[arg(long, default_value_t = 100_000)]
        count: u64,
        #[command(flatten)]
        how: How,
    },
    /// Whole visits from seeds: kiosk, store, client, line, county, devices and people, all in virtual time.
    Seeds {
        /// How many seeds.
        #[arg(long, default_value_t = 10_000)]
        count: u64,
        /// Tells the story of the seed `--seed` and nothing else.
        #[arg(long)]
        trace: bool,
        #[command(flatten)]
        how: How,
    },
    /// The real client over real sockets, through a proxy that spoils connections.
    Sockets {
        /// How many kiosks.
        #[arg(long, default_value_t = 2_000)]
        count: u64,
        #[command(flatten)]
        how: How,
    },
}

#[derive(Debug, Clone, Copy, Args)]
struct How {
    /// Repeats a run. Of `seeds` it is the first one, and 1 if nothing is said.
    #[arg(long)]
    seed: Option<u64>,
    /// Goes on for at least so many minutes, also when everything asked for has been tried.
    #[arg(long, default_value_t = 0)]
    minutes: u64,
    /// Rounds at the same time. The volume is measured on one thread, whatever is said.
    #[arg(long, default_value_t = 2)]
    threads: u64,
}

impl How {
    fn seed(self) -> u64 {
        self.seed.unwrap_or(20_261_124)
    }

    const fn pace(self, count: u64) -> Pace {
        Pace { count, at_least: Duration::from_secs(self.minutes.saturating_mul(60)), threads: self.threads }
    }
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
        Lane::Powercut { cuts, how } => powercut::run(how.pace(cuts), how.seed(), Planted::Nothing),
        Lane::Migration { cuts, how } => powercut::migration::run(how.pace(cuts), how.seed(), Planted::Nothing),
        Lane::Salvage { cuts, how } => {
            powercut::salvage::run(how.pace(cuts), how.seed(), powercut::salvage::Planted::Nothing)
        }
        Lane::Faults { rounds, how } => faults::run(how.pace(rounds), 1, how.seed(), faults::Planted::Nothing),
        Lane::Bitrot { count, how } => outcomes(bitrot::run(how.pace(count), how.seed(), bitrot::Planted::Nothing)),
        Lane::Lying { count, how } => outcomes(bitrot::lying(how.pace(count), how.seed(), bitrot::Planted::Nothing)),
        Lane::Volume { count, how } => {
            let (tally, lines) = volume::run(how.pace(count), how.seed(), volume::Planted::Nothing);
            lines.iter().for_each(|line| tell(line));
            tally
        }
        Lane::Seeds { trace: true, how, .. } => story(how.seed.unwrap_or(1)),
        Lane::Seeds { count, trace: false, how } => seeds::lane(how.seed.unwrap_or(1), how.pace(count), Plant::None),
        Lane::Sockets { count, how } => proxy::run(how.pace(count), how.seed(), proxy::Planted::Nothing),
    }
}

/// Tells how the stores came up.
fn outcomes((tally, [opened, salvaged, refused]): (Tally, bitrot::Outcomes)) -> Tally {
    tell(&format!("opened {opened}, salvaged {salvaged}, refused {refused}"));
    tally
}

#[expect(clippy::print_stdout, reason = "what a lane finds is told to people")]
fn tell(line: &str) {
    println!("{line}");
}

/// The story of one seed, line by line.
fn story(seed: u64) -> Tally {
    let mut tally = Tally::new(seed);
    match seeds::run(seed, Plant::None, true) {
        Ok(run) => {
            run.lines.iter().for_each(|line| tell(line));
            tell(&format!("hash {:016x}, {} kept, {} cases, {} lives", run.hash, run.kept, run.cases, run.lives));
            tally.note(run.violation.map_or(Ok(()), Err));
        }
        Err(error) => tally.note(Err(error)),
    }
    tally
}

fn close(tally: &Tally) -> ExitCode {
    tally.findings.iter().for_each(|finding| tell(&format!("bad: {finding}")));
    tell(&tally.to_string());
    if tally.bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
