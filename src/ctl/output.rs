//! The one place where a verb's report or failure is printed.

use std::io::{self, Write};
use std::process::ExitCode;

use serde::Serialize;

use super::CtlError;

/// What a verb found out.
pub trait Report: Serialize {
    /// The report for a person, one line each.
    fn lines(&self) -> Vec<String>;

    /// Whether what was asked for went well; decides the exit code.
    fn is_good(&self) -> bool {
        true
    }

    /// Exit code of a report that is not good.
    fn code_if_not_good(&self) -> u8 {
        1
    }
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Lines for a person.
    Text,
    /// One JSON object.
    Json,
}

/// Prints the outcome of a verb and gives the exit code of the program: 0 done, 1 failed, or what the report says.
///
/// A failure goes to standard error; as JSON it also goes to standard output as `{"error": …}`, so that a machine reads one
/// stream.
pub fn finish<R: Report>(outcome: Result<R, CtlError>, form: Form) -> ExitCode {
    let printed = match &outcome {
        Ok(report) => print(&mut io::stdout().lock(), report, form),
        Err(error) => print_error(error, form),
    };
    match (outcome, printed) {
        (Ok(report), Ok(())) if report.is_good() => ExitCode::SUCCESS,
        (Ok(report), Ok(())) => ExitCode::from(report.code_if_not_good()),
        (Ok(_), Err(_)) | (Err(_), Ok(()) | Err(_)) => ExitCode::FAILURE,
    }
}

/// Writes a report.
///
/// # Errors
/// The other end of the stream is gone.
pub fn print<R: Report>(to: &mut impl Write, report: &R, form: Form) -> io::Result<()> {
    match form {
        Form::Json => writeln!(to, "{}", serde_json::to_string(report)?)?,
        Form::Text => {
            for line in report.lines() {
                writeln!(to, "{line}")?;
            }
        }
    }
    to.flush()
}

fn print_error(error: &CtlError, form: Form) -> io::Result<()> {
    #[derive(Serialize)]
    struct Failure<'a> {
        error: &'a CtlError,
    }
    if form == Form::Json {
        writeln!(io::stdout(), "{}", serde_json::to_string(&Failure { error })?)?;
    }
    writeln!(io::stderr(), "kioskctl: {error}")
}
