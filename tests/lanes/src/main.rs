//! The program `lanes`: one long lane at a time, and its closing line.

#![expect(unreachable_code, unused_variables, reason = "until the first lane is in the list")]

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use lanes::{Stopwatch, Tally};

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
enum Lane {}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let stopwatch = Stopwatch::start();
    let mut tally = run(&arguments.lane);
    tally.took = stopwatch.took();
    close(&tally)
}

/// One arm for each lane; what it does is in the library.
fn run(lane: &Lane) -> Tally {
    match *lane {}
}

#[expect(clippy::print_stdout, reason = "the closing line is what the program is for")]
fn close(tally: &Tally) -> ExitCode {
    for finding in &tally.findings {
        println!("bad: {finding}");
    }
    println!("{tally}");
    if tally.bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
