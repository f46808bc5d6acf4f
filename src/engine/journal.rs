//! What happened, for technicians and for tests: ids and facts, never a person.

use serde_json::{Map, Value, json};

use crate::domain::effect::{Note, VisitEnd};
use crate::domain::time::Now;

/// Receives each line of the journal. Called on the engine's thread; must not block.
pub trait Journal: Send {
    /// Takes one line.
    fn write(&mut self, line: &JournalLine);
}

/// One line: when, what, and the facts.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalLine {
    /// Milliseconds since the engine started.
    pub at_ms: u64,
    /// Stable event id of `config/events.md`.
    pub event: &'static str,
    /// The facts.
    pub facts: Map<String, Value>,
}

impl JournalLine {
    /// A line about a note of the core.
    pub fn of(now: &Now, note: &Note) -> Self {
        let (event, facts) = describe(note);
        Self::new(now, event, facts)
    }

    /// A line about anything else.
    pub fn new(now: &Now, event: &'static str, facts: Value) -> Self {
        let at_ms = u64::try_from(now.since_start.as_millis()).unwrap_or(u64::MAX);
        let facts = match facts {
            Value::Object(facts) => facts,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
        };
        Self { at_ms, event, facts }
    }

    /// The line as one JSON object.
    pub fn to_json(&self) -> String {
        let mut object = Map::new();
        object.insert("at_ms".into(), self.at_ms.into());
        object.insert("event".into(), self.event.into());
        object.extend(self.facts.clone());
        Value::Object(object).to_string()
    }
}

fn describe(note: &Note) -> (&'static str, Value) {
    match note {
        Note::VisitBegan { visit } => ("visit.began", json!({"visit": visit.0})),
        Note::VisitEnded { visit, how } => {
            let how = match how {
                VisitEnd::Left => "left",
                VisitEnd::TimedOut => "timed-out",
            };
            ("visit.ended", json!({"visit": visit.0, "how": how}))
        }
        Note::Confirmed { item } => ("application.confirmed", json!({"item": item.0})),
        Note::Kept { sequence, item } => ("application.kept", json!({"sequence": sequence, "item": item.0})),
        Note::NotKept { code } => ("application.not-kept", json!({"code": code})),
        Note::Acknowledged { sequence } => ("application.acknowledged", json!({"sequence": sequence})),
        Note::SendFailed { sequence, code } => ("county.send-failed", json!({"sequence": sequence, "code": code})),
        Note::SetAside { sequence, code } => ("application.set-aside", json!({"sequence": sequence, "code": code})),
        Note::SendingStopped { code } => ("county.sending-stopped", json!({"code": code})),
        Note::Slip { printed, copy } => ("slip.finished", json!({"printed": printed, "copy": copy})),
        Note::StoreBroken { code } => ("store.broken", json!({"code": code})),
    }
}
