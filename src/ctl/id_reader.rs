//! `kioskctl id-reader read`: one card, by the driver itself. Masked unless somebody asks for the whole.

use std::time::Duration;

use kiosk_hal::id_card::driver::{IdReaderSettings, open};
use kiosk_hal::model::{
    CardDate, CardFailure, CardKind, IdCard, IdReaderEvent, IdReaderRequest, NumberCheck, Sex, Validity,
};
use kiosk_hal::runner::DeviceEvent;
use serde::Serialize;

use super::device::{Events, busy, no_thread};
use super::{CtlError, Report};
use crate::domain::form::mask;

/// Whether a card is shown as bystanders may see it or in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// First character of the name, six and four digits of the number.
    Masked,
    /// Everything the card holds but the photo.
    All,
}

/// A card that was read. `Debug` shows nothing of the person.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct CardReport {
    /// Which card.
    pub kind: CardKind,
    /// Name, masked or whole.
    pub name: String,
    /// Number, masked or whole.
    pub number: String,
    /// Whether the number passes its own check.
    pub number_check: NumberCheck,
    /// Last day of validity, `YYYY-MM-DD`, `long-term` or `unclear`.
    pub valid_until: String,
    /// The rest of the card, if it was asked for.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub rest: Option<CardRest>,
}

/// What is shown only in full.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct CardRest {
    latin_name: Option<String>,
    sex: Sex,
    ethnicity: Option<String>,
    birth: Option<String>,
    address: Option<String>,
    authority: Option<String>,
    valid_from: Option<String>,
    nationality: Option<String>,
    pass_number: Option<String>,
}

impl std::fmt::Debug for CardReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CardReport").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Reads one card.
///
/// # Errors
/// The port cannot be used, no card came in time, or the card could not be read.
pub fn read(port: &str, baud: Option<u32>, within: Duration, show: Show) -> Result<CardReport, CtlError> {
    let (events, sender) = Events::new(port, within);
    let mut settings = IdReaderSettings::at(port);
    if let Some(baud) = baud {
        settings.baud = baud;
    }
    let device = open(settings, move |event| drop(sender.send(event))).map_err(|error| no_thread(&error))?;
    events.until_ready(|_| ())?;
    device.send(IdReaderRequest::Watch).map_err(|error| busy(&error))?;
    loop {
        match events.next() {
            Some(DeviceEvent::Class(IdReaderEvent::Card(card))) => return Ok(CardReport::new(&card, show)),
            Some(DeviceEvent::Class(IdReaderEvent::Failed(why))) => return Err(not_read(why)),
            Some(DeviceEvent::Class(IdReaderEvent::Reading | IdReaderEvent::Removed)) => {}
            Some(DeviceEvent::Status(status)) => {
                if let Some(error) = events.failure(&status) {
                    return Err(error);
                }
            }
            None => {
                let message = format!("no card was laid on the reader within {} seconds", within.as_secs());
                return Err(CtlError::new("id-reader.no-card", message, "lay a card on it, or wait longer (--within)"));
            }
        }
    }
}

fn not_read(why: CardFailure) -> CtlError {
    let (code, message, todo) = match why {
        CardFailure::Unreadable => (
            "id-reader.unreadable",
            "the card could not be read after all retries",
            "lay it flat, hold it still, and try again; try another card to tell reader from card",
        ),
        CardFailure::Moved => ("id-reader.moved", "the card moved while it was read", "hold it still and try again"),
        CardFailure::Rejected => (
            "id-reader.rejected",
            "card and reader do not accept each other",
            "try another card; if none is accepted, the reader's security module is at fault",
        ),
        CardFailure::UnsupportedKind => (
            "id-reader.unsupported",
            "this is a card of a kind that this reader does not support",
            "use a resident identity card or a residence permit",
        ),
        CardFailure::Malformed => (
            "id-reader.malformed",
            "the reader's answer did not hold the fields of a card",
            "try again; if it stays so, the reader is of another kind than configured",
        ),
    };
    CtlError::new(code, message, todo)
}

impl CardReport {
    fn new(card: &IdCard, show: Show) -> Self {
        let (name, number, rest) = match show {
            Show::Masked => (mask::name(&card.name), masked_number(&card.number), None),
            Show::All => (card.name.clone(), card.number.clone(), Some(CardRest::new(card))),
        };
        let valid_until = match card.valid_until {
            Validity::Until(last) => day(last),
            Validity::LongTerm => "long-term".to_owned(),
            Validity::Unclear => "unclear".to_owned(),
        };
        Self { kind: card.kind, name, number, number_check: card.number_check, valid_until, rest }
    }
}

impl CardRest {
    fn new(card: &IdCard) -> Self {
        Self {
            latin_name: card.latin_name.clone(),
            sex: card.sex,
            ethnicity: card.ethnicity.clone(),
            birth: card.birth.map(day),
            address: card.address.clone(),
            authority: card.authority.clone(),
            valid_from: card.valid_from.map(day),
            nationality: card.nationality.clone(),
            pass_number: card.pass_number.clone(),
        }
    }
}

/// Six characters, stars, four characters (bystanders need to see no more); a short one is hidden whole.
fn masked_number(number: &str) -> String {
    let length = number.chars().count();
    let shown = |at: usize| length > 10 && (at < 6 || at + 4 >= length);
    number.chars().enumerate().map(|(at, character)| if shown(at) { character } else { '*' }).collect()
}

fn day(date: CardDate) -> String {
    format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
}

impl Report for CardReport {
    fn lines(&self) -> Vec<String> {
        let kind = match self.kind {
            CardKind::Resident => "resident identity card (居民身份证)",
            CardKind::HmtResidence => "residence permit for Hong Kong, Macao and Taiwan residents (港澳台居民居住证)",
            CardKind::ForeignPermanent2017 => "foreign permanent resident card, 2017 (外国人永久居留身份证)",
            CardKind::ForeignPermanent2023 => "foreign permanent resident card, 2023 (外国人永久居留身份证)",
        };
        let check = match self.number_check {
            NumberCheck::Passed => "passes its check",
            NumberCheck::Failed => "FAILS its check",
        };
        let mut lines = vec![
            format!("kind         {kind}"),
            format!("name         {}", self.name),
            format!("number       {} ({check})", self.number),
            format!("valid until  {}", self.valid_until),
        ];
        if let Some(rest) = &self.rest {
            let mut add = |name: &str, value: &Option<String>| {
                if let Some(value) = value {
                    lines.push(format!("{name:<12} {value}"));
                }
            };
            add("latin name", &rest.latin_name);
            add("ethnicity", &rest.ethnicity);
            add("born", &rest.birth);
            add("address", &rest.address);
            add("authority", &rest.authority);
            add("valid from", &rest.valid_from);
            add("nationality", &rest.nationality);
            add("pass number", &rest.pass_number);
        }
        lines
    }
}
