//! What the core notes, as events of the catalogue: the one place that joins both.

use kiosk_hal::model::PrintOutcome;

use super::{Code, Event, Kind};
use crate::domain::effect::{Note, VisitEnd};

impl From<&Note> for Event {
    fn from(note: &Note) -> Self {
        match note {
            Note::VisitBegan { visit } => Self::VisitBegan { visit: *visit },
            Note::VisitEnded { visit, how, after } => {
                let how = Kind(match how {
                    VisitEnd::Left => "left",
                    VisitEnd::TimedOut => "timed-out",
                });
                Self::VisitEnded { visit: *visit, how, after: *after }
            }
            Note::HelpCalled { visit } => Self::HelpCalled { visit: *visit },
            Note::CardRead { visit } => Self::CardRead { visit: *visit },
            Note::CardFailed { visit, why } => Self::CardFailed { visit: *visit, why: *why },
            Note::Confirmed { visit, id } => Self::ApplicationConfirmed { visit: *visit, id: *id },
            Note::Kept { visit, sequence, id } => Self::ApplicationKept { visit: *visit, sequence: *sequence, id: *id },
            Note::NotKept { visit, id, code } => {
                Self::ApplicationNotKept { visit: *visit, id: *id, code: Code::new(code) }
            }
            Note::Acknowledged { sequence, id } => Self::ApplicationAccepted { sequence: *sequence, id: *id },
            Note::SendFailed { sequence, code, wait } => {
                Self::CountyTryAgain { sequence: *sequence, code: Code::new(code), wait: *wait }
            }
            Note::BatchFailed { count, code, wait } => {
                Self::CountyBatchTryAgain { count: *count as u64, code: Code::new(code), wait: *wait }
            }
            Note::SetAside { sequence, code } => Self::CountyRefused { sequence: *sequence, code: Code::new(code) },
            Note::SendingStopped { code } => Self::CountyStopped { code: Code::new(code) },
            Note::SendingGoesOn => Self::CountyResumed {},
            Note::TakingStopped { code, waiting, free_mb } => {
                Self::OutboxFull { code: Code::new(code), waiting: *waiting as u64, free_mb: *free_mb }
            }
            Note::TakingAgain { waiting } => Self::OutboxOpen { waiting: *waiting as u64 },
            Note::Line { up } => Self::CountyLine { state: Kind(if *up { "up" } else { "down" }) },
            Note::Device { role, state, code } => {
                Self::DeviceState { role: *role, state: *state, code: Code::new(code) }
            }
            Note::Slip { job, kind, outcome } => {
                let (job, kind) = (*job, Kind(kind));
                match *outcome {
                    PrintOutcome::Printed => Self::SlipPrinted { job, kind },
                    PrintOutcome::NotPrinted(why) => Self::SlipNotPrinted { job, kind, why },
                    PrintOutcome::Unknown(why) => Self::SlipUnclear { job, kind, why },
                }
            }
            Note::StoreOpened { last, open } => Self::StoreOpened { last: *last, open: *open },
            Note::StoreGap { sequence } => Self::StoreGap { sequence: *sequence },
            Note::UpdateAnswered { version, install } => {
                let answer = Kind(if *install { "install" } else { "leave" });
                Self::UpdateAnswered { version: Code::new(version), answer }
            }
            Note::StoreSalvaged { lost } => Self::StoreSalvaged { lost: *lost as u64 },
            Note::StoreBroken { code } => Self::StoreBroken { code: Code::new(code) },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kiosk_hal::model::NotPrintedCause;
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::id::{Sequence, VisitNo};

    #[test]
    fn a_note_keeps_its_facts_as_an_event() {
        let ended = Note::VisitEnded { visit: VisitNo(3), how: VisitEnd::TimedOut, after: Duration::from_secs(120) };
        let event = Event::from(&ended);
        assert_eq!(event.id(), "visit.ended");
        assert_eq!(Value::Object(event.fields()), json!({"visit": 3, "how": "timed-out", "after": 120_000}));
        let outcome = PrintOutcome::NotPrinted(NotPrintedCause::PaperOut);
        let event = Event::from(&Note::Slip { job: 7, kind: "kept", outcome });
        assert_eq!(event.id(), "slip.not-printed");
        assert_eq!(Value::Object(event.fields()), json!({"job": 7, "kind": "kept", "why": "paper-out"}));
    }

    #[test]
    fn what_a_foreign_platform_calls_a_code_cannot_carry_a_name() {
        let event = Event::from(&Note::SetAside { sequence: Sequence(1), code: "示例张三 110199".to_owned() });
        assert_eq!(Value::Object(event.fields()), json!({"sequence": 1, "code": "unreadable"}));
    }
}
