//! The one seam below the client: a call goes out, a whole answer comes back, or none.
//!
//! Everything above it (signatures, the learnt clock, verdicts, the question before a second try) is the same code
//! over every carrier. Everything below it is `Https` in the product and an invented network in
//! a simulation.
//!
//! A carrier promises: one call is one exchange at most once handed over, without retry and without redirect; an end by
//! its own deadline; an answer that is whole or [`NoAnswer`]; at most [`ANSWER_MAX`](super::wire::ANSWER_MAX) bytes and
//! one more of a body. It promises nothing about who answered: that is proven above it.

use std::pin::Pin;

use zeroize::Zeroizing;

use crate::domain::submission::Verdict;

/// Headers of an answer that are read; a carrier may leave out all others.
pub const READ: [&str; 4] = ["retry-after", "date", super::sign::TIMESTAMP, super::sign::SIGNATURE];

/// Carries one call to the platform.
pub trait Carrier: Send + Sync {
    /// One exchange. Dropping the future gives the exchange up; the call may have arrived by then.
    fn carry(&self, call: HttpCall) -> Carried<'_>;

    /// Where it leads, for the log.
    fn to(&self) -> &str;
}

/// The answer to come.
pub type Carried<'a> = Pin<Box<dyn Future<Output = Result<HttpAnswer, NoAnswer>> + Send + 'a>>;

/// What is done with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Ask; changes nothing.
    Get,
    /// Put under an id.
    Put,
    /// Ask for something new.
    Post,
}

impl Verb {
    /// The method in capitals, as it is sent and signed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
        }
    }
}

/// One signed request, ready to travel. Shows nothing of its body and wipes it.
pub struct HttpCall {
    /// What is done.
    pub verb: Verb,
    /// Path, percent-encoded, from `/` on.
    pub path: String,
    /// Headers, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// JSON; `None` for a question.
    pub body: Option<Zeroizing<Vec<u8>>>,
}

impl std::fmt::Debug for HttpCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpCall").field("verb", &self.verb).finish_non_exhaustive()
    }
}

impl HttpCall {
    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// A whole answer, from whomever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// Status, 100 to 999.
    pub status: u16,
    /// Headers, names in lower case; at least those of [`READ`] that were there.
    pub headers: Vec<(String, String)>,
    /// More than [`ANSWER_MAX`](super::wire::ANSWER_MAX) bytes mean: too big, and not all of it.
    pub body: Vec<u8>,
}

impl HttpAnswer {
    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoAnswer {
    /// Stable code, one of those in [`county`](super).
    pub code: &'static str,
    /// Whether the request may have reached the platform.
    pub may_have_arrived: bool,
}

impl NoAnswer {
    /// What it means for a submission.
    pub fn verdict(&self) -> Verdict {
        Verdict::TryAgain { code: self.code.into(), after: None }
    }
}
