//! Every event of operation, in one place.
//!
//! An id is for ever: consoles and reports of a county stand on it. A new event gets a new id; a field may be added, never
//! renamed. `config/events.md` shows this table and a test compares the two.

use std::time::Duration;

use kiosk_hal::model::{CardFailure, DeviceState, NotPrintedCause, Role, UnknownCause};

use super::EVENT_TARGET;
use super::code::Code;
use super::field::{Field, Kind, Version};
use crate::domain::id::{Sequence, SubmissionId, VisitNo};
use crate::domain::place::KioskCode;

/// One event as the document shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Stable id.
    pub id: &'static str,
    /// Level.
    pub level: &'static str,
    /// Names of its fields.
    pub fields: &'static [&'static str],
    /// What it means.
    pub meaning: &'static str,
}

/// Declares the events: variant, id, level, fields, meaning.
macro_rules! catalogue {
    ($($variant:ident $id:literal $level:ident { $($field:ident: $kind:ty),* } $meaning:literal;)*) => {
        /// Something that matters for operation.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Event {
            $(
                #[doc = $meaning]
                $variant {
                    $(
                        #[doc = concat!("Field `", stringify!($field), "`.")]
                        $field: $kind,
                    )*
                },
            )*
        }

        /// All events, in the order of the document.
        pub const CATALOGUE: &[Entry] = &[$(Entry {
            id: $id,
            level: stringify!($level),
            fields: &[$(stringify!($field)),*],
            meaning: $meaning,
        }),*];

        impl Event {
            /// Stable id.
            pub const fn id(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $id,)*
                }
            }

            /// The fields by name, as they stand in a journal.
            pub fn fields(&self) -> serde_json::Map<String, serde_json::Value> {
                match self {
                    $(Self::$variant { $($field),* } => {
                        let fields: Vec<(&str, serde_json::Value)> =
                            vec![$((stringify!($field), Field::json($field)),)*];
                        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
                    })*
                }
            }

            /// Writes the event to the log.
            pub fn emit(&self) {
                match self {
                    $(Self::$variant { $($field),* } => tracing::event!(
                        target: EVENT_TARGET,
                        tracing::Level::$level,
                        event = $id,
                        $($field = Field::out($field),)*
                        $meaning
                    ),)*
                }
            }
        }
    };
}

catalogue! {
    KioskStarted "kiosk.started" INFO { kiosk: KioskCode, version: Version } "the program runs";
    KioskStopping "kiosk.stopping" INFO { after: Duration } "the program ends as it was asked to, after so many milliseconds";
    StoreOpened "store.opened" INFO { last: Sequence, open: u64 } "the store is there; last number given, and applications not yet acknowledged";
    StoreGap "store.gap" ERROR { sequence: Sequence } "a number has no application: the disk lost one";
    StoreSalvaged "store.salvaged" ERROR { lost: u64 } "the file was damaged, and everything in it that still reads was taken over into a new one; so many numbers were not, and if any were not, the damaged file lies beside the new one";
    StoreBroken "store.broken" ERROR { code: Code } "nothing can be kept until the store is mended";
    CatalogueLoaded "catalogue.loaded" INFO { items: u64, apply: u64 } "the items are loaded, and those that can be applied for here";
    CatalogueRefused "catalogue.refused" ERROR { code: Code } "the items cannot be used";
    DeviceState "device.state" INFO { role: Role, state: DeviceState, code: Code } "a device changed its state; its code is none while all is well";
    ScreenConnected "screen.connected" INFO {} "the screen is there";
    ScreenLost "screen.lost" WARN {} "the screen is gone; the visit is kept";
    VisitBegan "visit.began" INFO { visit: VisitNo } "somebody touched the screen";
    VisitEnded "visit.ended" INFO { visit: VisitNo, how: Kind, after: Duration } "a visit is over and wiped, after so many milliseconds";
    CardRead "card.read" INFO { visit: VisitNo } "an ID card was read";
    CardFailed "card.failed" INFO { visit: VisitNo, why: CardFailure } "an ID card was not read";
    HelpCalled "help.called" INFO { visit: VisitNo } "help was asked for on the screen";
    ApplicationConfirmed "application.confirmed" INFO { visit: VisitNo, id: SubmissionId } "a resident confirmed an application; it is being kept";
    ApplicationKept "application.kept" INFO { visit: VisitNo, sequence: Sequence, id: SubmissionId } "an application is on the disk";
    ApplicationNotKept "application.not-kept" ERROR { visit: VisitNo, id: SubmissionId, code: Code } "an application could not be kept and nothing was promised";
    ApplicationAccepted "application.accepted" INFO { sequence: Sequence, id: SubmissionId } "the county has an application";
    CountyTryAgain "county.try-again" WARN { sequence: Sequence, code: Code, wait: Duration } "a sending had no clear end; it is repeated with the same id after so many milliseconds";
    CountyBatchTryAgain "county.batch-try-again" WARN { count: u64, code: Code, wait: Duration } "a sending of several had no clear end; they are repeated with the same ids after so many milliseconds";
    CountyRefused "county.refused" WARN { sequence: Sequence, code: Code } "the county refused an application; staff have to look";
    CountyStopped "county.stopped" ERROR { code: Code } "nothing is sent any more: the county does not know this kiosk";
    CountyResumed "county.resumed" INFO {} "the county knows this kiosk again and sending goes on";
    OutboxFull "outbox.full" ERROR { code: Code, waiting: u64, free_mb: u64 } "no more applications are taken, guides go on: too many wait, too long, or the disk has no room";
    OutboxOpen "outbox.open" INFO { waiting: u64 } "applications are taken again";
    LedgerRecounted "ledger.recounted" INFO { here: u64, there: u64, differing: u64 } "what is here was counted against the county: applications here, cases there, numbers about which the two differ";
    LedgerDiffers "ledger.differs" ERROR { sequence: Sequence, code: Code } "this kiosk and the county say different things about a number; nothing is sent or deleted for it, staff have to look";
    LedgerNotCounted "ledger.not-counted" WARN { code: Code } "a recount came to no end; it is tried again";
    CountyLine "county.line" INFO { state: Kind } "the line to the county came or went";
    SlipPrinted "slip.printed" INFO { job: u64, kind: Kind } "a slip is on paper";
    SlipNotPrinted "slip.not-printed" WARN { job: u64, kind: Kind, why: NotPrintedCause } "a slip is certainly not on paper";
    SlipUnclear "slip.unclear" WARN { job: u64, kind: Kind, why: UnknownCause } "nobody can say whether a slip is on paper";
    UpdateOffered "update.offered" INFO {} "the rollout server offers an update";
    UpdateAnswered "update.answered" INFO { version: Code, answer: Kind } "the technician gave a word about the update on the stick";
    UpdateInstalling "update.installing" INFO { version: Code } "an update is being installed into the other slot";
    UpdateInstalled "update.installed" INFO { version: Code } "an update is installed and waits for its restart";
    UpdateRestarting "update.restarting" WARN { version: Code } "the machine restarts into an update";
    UpdateRefused "update.refused" WARN { version: Code, code: Code } "an update was not taken; nothing changed";
    UpdateGood "update.good" INFO { version: Code } "the image that runs was called good";
    UpdateBad "update.bad" ERROR { version: Code, code: Code } "the image that runs does not serve; the machine goes back to the one before";
    UpdateFellBack "update.fell-back" ERROR { version: Code, code: Code } "an update did not come up or did not serve; the image before it runs again";
    SetupStarted "setup.started" INFO { step: u64 } "the machine is being set up; first step that is not finished, from 1";
    SetupStep "setup.step" INFO { step: u64 } "a step of the set-up is on the disk";
    SetupRefused "setup.refused" WARN { code: Code } "an enrolment code, a prepared card or an answer of the county was not taken";
    SetupNotSaved "setup.not-saved" ERROR {} "a step of the set-up could not be written to the disk";
    InputIgnored "input.ignored" DEBUG { what: Kind, why: Kind } "something happened that has no meaning now";
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::config::ConfigErrorKind;
    use crate::store::StoreErrorKind;
    use crate::telemetry::TelemetryError;

    #[test]
    fn the_document_lists_exactly_the_catalogue() {
        let document = document();
        let shown: Vec<&str> = rows(&document, "## Events");
        let expected: Vec<String> = CATALOGUE
            .iter()
            .map(|entry| {
                let fields: Vec<String> = entry.fields.iter().map(|f| format!("`{f}`")).collect();
                format!(
                    "| `{}` | {} | {} | {} |",
                    entry.id,
                    entry.level.to_lowercase(),
                    fields.join(" "),
                    entry.meaning
                )
            })
            .collect();
        assert_eq!(shown, expected, "config/events.md should hold:\n{}", expected.join("\n"));
    }

    #[test]
    fn the_document_lists_exactly_the_codes_of_store_configuration_and_log() {
        let document = document();
        let shown: BTreeSet<&str> =
            rows(&document, "## Error codes").into_iter().map(|row| row.split('`').nth(1).unwrap()).collect();
        let ours = StoreErrorKind::CODES.into_iter().chain(ConfigErrorKind::CODES).chain(TelemetryError::CODES);
        let expected: BTreeSet<&str> = ours.collect();
        let shown_of_ours: BTreeSet<&str> = shown
            .into_iter()
            .filter(|code| ["store.", "config.", "log."].iter().any(|p| code.starts_with(p)))
            .collect();
        assert_eq!(shown_of_ours, expected);
    }

    #[test]
    fn ids_are_unique_and_well_formed() {
        let ids: BTreeSet<&str> = CATALOGUE.iter().map(|entry| entry.id).collect();
        assert_eq!(ids.len(), CATALOGUE.len());
        for id in ids {
            let (area, what) = id.split_once('.').unwrap();
            let is_word = |w: &str| w.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
            assert!(is_word(area) && is_word(what), "{id}");
        }
    }

    fn document() -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/events.md");
        std::fs::read_to_string(path).unwrap()
    }

    /// The rows of the first table under a heading.
    fn rows<'d>(document: &'d str, heading: &str) -> Vec<&'d str> {
        document
            .split(heading)
            .nth(1)
            .unwrap()
            .lines()
            .take_while(|line| !line.starts_with("## "))
            .filter(|line| line.starts_with("| `"))
            .collect()
    }
}
