//! The line as the real client sees it: calls are taken, answers are put into their slots, by hand.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use kiosk::county::carrier::{Carried, Carrier, HttpAnswer, HttpCall, NoAnswer};

/// What a client gets in the end.
pub type Ended = Result<HttpAnswer, NoAnswer>;

/// A request on its way; copies of it may travel on their own.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    pub verb: &'static str,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Letter {
    /// A header by its lower-case name, empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value.as_str())
    }

    /// The id this letter hands in something under.
    pub fn hands_in(&self) -> Option<&str> {
        self.path.strip_prefix("/api/v1/submissions/").filter(|_| self.verb == "PUT")
    }
}

/// Where the end of one exchange goes; only the first end counts.
#[derive(Clone, Default)]
pub struct Slot(Arc<Mutex<Content>>);

#[derive(Default)]
enum Content {
    #[default]
    Open,
    Full(Ended),
    Closed,
}

impl Slot {
    /// Ends the exchange. `false` if it has ended before.
    pub fn fill(&self, ended: Ended) -> bool {
        let mut content = lock(&self.0);
        let is_open = matches!(*content, Content::Open);
        if is_open {
            *content = Content::Full(ended);
        }
        is_open
    }

    fn take(&self) -> Option<Ended> {
        let mut content = lock(&self.0);
        match std::mem::replace(&mut *content, Content::Closed) {
            Content::Full(ended) => Some(ended),
            Content::Open => {
                *content = Content::Open;
                None
            }
            Content::Closed => None,
        }
    }
}

/// The end of the line that a client holds.
#[derive(Clone, Default)]
pub struct Line(Arc<Mutex<Vec<(Letter, Slot)>>>);

impl Line {
    /// The calls made since the last look.
    pub fn calls(&self) -> Vec<(Letter, Slot)> {
        std::mem::take(&mut *lock(&self.0))
    }
}

impl Carrier for Line {
    fn carry(&self, call: HttpCall) -> Carried<'_> {
        let letter = Letter {
            verb: call.verb.as_str(),
            path: call.path.clone(),
            headers: call.headers.clone(),
            body: call.body.as_ref().map(|body| body.to_vec()).unwrap_or_default(),
        };
        let slot = Slot::default();
        lock(&self.0).push((letter, slot.clone()));
        Box::pin(poll_fn(move |_| slot.take().map_or(Poll::Pending, Poll::Ready)))
    }

    fn to(&self) -> &str {
        "the simulated county"
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
