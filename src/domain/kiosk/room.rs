//! Whether applications are taken at all, and what the idle screen says about it.

use super::{Kiosk, StoreHealth};
use crate::domain::effect::{Effect, Note};
use crate::domain::outbox::{Full, Load};
use crate::domain::submission::StoreCommand;
use crate::domain::time::{Now, SinceStart};
use crate::ipc::Held;

/// Time between two looks at the room on the disk. After each application that is kept there is one more.
const MEASURE: SinceStart = SinceStart::from_secs(600);

/// Without a word of the county for so long, the kiosk counts as cut off.
const CUT_OFF: SinceStart = SinceStart::from_secs(24 * 60 * 60);

/// What is known about the room for applications.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// Free bytes beside the database, as last told.
    pub free: Option<u64>,
    /// When it is asked again.
    pub next: SinceStart,
    /// Why none are taken.
    pub full: Option<Full>,
    /// When the county was last reached.
    pub reached: Option<SinceStart>,
    /// Code of the county's refusal of this kiosk, until a call is answered again.
    pub stopped: Option<String>,
}

impl Kiosk {
    /// Asks how much room there is when it is time, judges, and tells of a change.
    pub(super) fn watch_room(&mut self, now: &Now, out: &mut Vec<Effect>) {
        if now.since_start >= self.room.next {
            self.room.next = now.since_start + MEASURE;
            self.ask_store(StoreCommand::Measure, out);
        }
        let is_cut_off = self.room.reached.is_none_or(|reached| now.since_start.saturating_sub(reached) >= CUT_OFF);
        let load =
            Load { waiting: self.outbox.waiting(), oldest: self.outbox.oldest(), is_cut_off, free: self.room.free };
        let full = self.settings.limits.judge(&load, now.wall);
        if full != self.room.full {
            self.room.full = full;
            let free_mb = self.room.free.map_or(0, |free| free / 1_000_000);
            out.push(Effect::Note(match full {
                Some(full) => Note::TakingStopped { code: full.code(), waiting: load.waiting, free_mb },
                None => Note::TakingAgain { waiting: load.waiting },
            }));
        }
    }

    /// The store told how much room there is.
    pub(super) fn measured(&mut self, free: Option<u64>) {
        self.room.free = free;
    }

    /// The county refuses this kiosk.
    pub(super) fn sending_stopped(&mut self, code: String, out: &mut Vec<Effect>) {
        self.room.stopped = Some(code.clone());
        out.push(Effect::Note(Note::SendingStopped { code }));
    }

    /// The county has answered about an application again.
    pub(super) fn sending_goes_on(&mut self, out: &mut Vec<Effect>) {
        if self.room.stopped.take().is_some() {
            out.push(Effect::Note(Note::SendingGoesOn));
        }
    }

    /// Applications can be taken at all right now: there is a reader, they can be kept, and there is room for them.
    pub(super) fn can_apply(&self) -> bool {
        self.settings.fitted.reader && self.health.store == StoreHealth::Good && self.room.full.is_none()
    }

    /// What the idle screen says beside what works.
    pub(super) fn held(&self) -> Held {
        match (self.room.full, &self.room.stopped) {
            (Some(Full::NoRoom), _) => Held::NoRoom,
            (Some(Full::TooManyWaiting), _) => Held::TooManyWaiting,
            (Some(Full::OfflineTooLong), _) => Held::OfflineTooLong,
            (None, Some(_)) => Held::SendingStopped,
            (None, None) => Held::Nothing,
        }
    }

    /// Sending and taking in two words or codes, for the technician.
    pub(super) fn room_status(&self) -> (String, String) {
        let sending = self.room.stopped.clone().unwrap_or_else(|| "on".to_owned());
        (sending, self.room.full.map_or_else(|| "on".to_owned(), |full| full.code().to_owned()))
    }
}
