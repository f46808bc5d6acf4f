//! What may stand in a field of an event.

use std::fmt;
use std::time::Duration;

use kiosk_hal::model::{CardFailure, DeviceState, NotPrintedCause, Role, UnknownCause};
use tracing::Value;
use tracing::field::{DisplayValue, display};

use super::code::Code;
use crate::domain::id::{Sequence, SubmissionId, VisitNo};
use crate::domain::place::KioskCode;

mod sealed {
    pub trait Sealed {}
}

/// A value that can be logged because its type cannot hold anything about a person. Text is not among them.
pub trait Field: sealed::Sealed {
    /// What the log takes.
    type Out: Value;
    /// The value for the log.
    fn out(&self) -> Self::Out;
    /// The value for a journal.
    fn json(&self) -> serde_json::Value;
}

/// Version of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version(pub &'static str);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A word that is written in our source: the end of a visit, the kind of a slip, the reason for ignoring something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind(pub &'static str);

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

macro_rules! numbers {
    ($($kind:ty: |$value:ident| $number:expr;)*) => {$(
        impl sealed::Sealed for $kind {}
        impl Field for $kind {
            type Out = u64;
            fn out(&self) -> u64 {
                let $value = self;
                $number
            }
            fn json(&self) -> serde_json::Value {
                self.out().into()
            }
        }
    )*};
}

numbers! {
    u64: |n| *n;
    Sequence: |n| n.0;
    VisitNo: |n| n.0;
    // Milliseconds.
    Duration: |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
}

macro_rules! shown {
    ($($kind:ty),*) => {$(
        impl sealed::Sealed for $kind {}
        impl Field for $kind {
            type Out = DisplayValue<$kind>;
            fn out(&self) -> Self::Out {
                display(self.clone())
            }
            fn json(&self) -> serde_json::Value {
                self.to_string().into()
            }
        }
    )*};
}

shown!(KioskCode, Code, Version, Kind);

impl sealed::Sealed for SubmissionId {}
/// Only the part that says when it was made: enough to follow an application through the log, too little to make the
/// query code of its slip, which comes from the rest.
impl Field for SubmissionId {
    type Out = DisplayValue<String>;
    fn out(&self) -> Self::Out {
        display(self.time_part())
    }
    fn json(&self) -> serde_json::Value {
        self.time_part().into()
    }
}

/// Enums of ours whose variants are plain words, in the words of their serialised form.
macro_rules! words {
    ($($kind:ty),*) => {$(
        impl sealed::Sealed for $kind {}
        impl Field for $kind {
            type Out = DisplayValue<String>;
            fn out(&self) -> Self::Out {
                let word = serde_json::to_value(self).ok();
                let word = word.as_ref().and_then(serde_json::Value::as_str);
                display(word.unwrap_or("unreadable").to_owned())
            }
            fn json(&self) -> serde_json::Value {
                serde_json::to_value(self).unwrap_or_default()
            }
        }
    )*};
}

words!(Role, DeviceState, CardFailure, NotPrintedCause, UnknownCause);
