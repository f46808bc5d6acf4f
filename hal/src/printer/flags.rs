//! The bits in status bytes, by name.
//!
//! `DLE EOT n`, the automatic report and `GS r` say partly the same things in different bits. Here each becomes a
//! [`Flags`] value; what a set of flags means for a job is decided in [`super::status`].

use super::command::Question;

/// What a status byte can say. Every flag is a complaint or a remark; a healthy printer sets none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// Drawer pin 3 is high; floats on printers without a drawer, means nothing.
    pub drawer_pin3_high: bool,
    /// The printer is offline.
    pub offline: bool,
    /// It waits to be put online again.
    pub waiting_online_recovery: bool,
    /// The feed button is pressed.
    pub feed_button: bool,
    /// One maker: the last ticket hangs at the exit.
    pub ticket_waiting: bool,
    /// The cover is open.
    pub cover_open: bool,
    /// Somebody feeds paper with the button.
    pub feeding_by_button: bool,
    /// Printing stopped because the paper ended.
    pub stopped_paper_end: bool,
    /// Some error, see the error cause.
    pub error: bool,
    /// An error that a command can recover.
    pub recoverable_error: bool,
    /// The cutter is stuck.
    pub cutter_error: bool,
    /// An error that only switching off and on can recover (one maker: input voltage).
    pub unrecoverable_error: bool,
    /// An error that goes away by itself (head temperature).
    pub auto_recoverable_error: bool,
    /// The roll is low.
    pub near_end: bool,
    /// No paper.
    pub paper_end: bool,
}

impl Flags {
    /// Whether a byte can be an answer to `DLE EOT n` at all; bit 7 is left free because one maker uses it.
    pub const fn is_answer(byte: u8) -> bool {
        byte & 0x13 == 0x12
    }

    /// The answer to one question.
    pub fn from_answer(question: Question, byte: u8) -> Self {
        let has = |bit: u8| byte >> bit & 1 == 1;
        match question {
            Question::Printer => Self {
                drawer_pin3_high: has(2),
                offline: has(3),
                waiting_online_recovery: has(5),
                feed_button: has(6),
                ticket_waiting: has(7),
                ..Self::default()
            },
            Question::Offline => Self {
                cover_open: has(2),
                feeding_by_button: has(3),
                stopped_paper_end: has(5),
                error: has(6),
                ..Self::default()
            },
            Question::Error => Self {
                recoverable_error: has(2),
                cutter_error: has(3),
                unrecoverable_error: has(5),
                auto_recoverable_error: has(6),
                ..Self::default()
            },
            Question::Paper => Self { near_end: has(2) || has(3), paper_end: has(5) || has(6), ..Self::default() },
        }
    }

    /// The four bytes of an automatic report. Byte 2 bit 2 and byte 4 differ between makers and are ignored.
    pub fn from_report([first, second, third, _]: [u8; 4]) -> Self {
        let has = |byte: u8, bit: u8| byte >> bit & 1 == 1;
        Self {
            drawer_pin3_high: has(first, 2),
            offline: has(first, 3),
            cover_open: has(first, 5),
            feeding_by_button: has(first, 6),
            waiting_online_recovery: has(second, 0),
            feed_button: has(second, 1),
            cutter_error: has(second, 3),
            unrecoverable_error: has(second, 5),
            auto_recoverable_error: has(second, 6),
            near_end: third & 0x03 != 0,
            paper_end: third & 0x0C != 0,
            ..Self::default()
        }
    }

    /// The answer to `GS r 1`.
    pub fn from_paper_status(byte: u8) -> Self {
        Self { near_end: byte & 0x03 != 0, paper_end: byte & 0x0C != 0, ..Self::default() }
    }

    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self {
            drawer_pin3_high: self.drawer_pin3_high | other.drawer_pin3_high,
            offline: self.offline | other.offline,
            waiting_online_recovery: self.waiting_online_recovery | other.waiting_online_recovery,
            feed_button: self.feed_button | other.feed_button,
            ticket_waiting: self.ticket_waiting | other.ticket_waiting,
            cover_open: self.cover_open | other.cover_open,
            feeding_by_button: self.feeding_by_button | other.feeding_by_button,
            stopped_paper_end: self.stopped_paper_end | other.stopped_paper_end,
            error: self.error | other.error,
            recoverable_error: self.recoverable_error | other.recoverable_error,
            cutter_error: self.cutter_error | other.cutter_error,
            unrecoverable_error: self.unrecoverable_error | other.unrecoverable_error,
            auto_recoverable_error: self.auto_recoverable_error | other.auto_recoverable_error,
            near_end: self.near_end | other.near_end,
            paper_end: self.paper_end | other.paper_end,
        }
    }

    /// The names of the set flags, in the order of the fields; the vectors use the same words.
    pub fn names(self) -> Vec<&'static str> {
        [
            (self.drawer_pin3_high, "drawer_pin3_high"),
            (self.offline, "offline"),
            (self.waiting_online_recovery, "waiting_online_recovery"),
            (self.feed_button, "feed_button"),
            (self.ticket_waiting, "ticket_waiting"),
            (self.cover_open, "cover_open"),
            (self.feeding_by_button, "feeding_by_button"),
            (self.stopped_paper_end, "stopped_paper_end"),
            (self.error, "error"),
            (self.recoverable_error, "recoverable_error"),
            (self.cutter_error, "cutter_error"),
            (self.unrecoverable_error, "unrecoverable_error"),
            (self.auto_recoverable_error, "auto_recoverable_error"),
            (self.near_end, "near_end"),
            (self.paper_end, "paper_end"),
        ]
        .into_iter()
        .filter_map(|(set, name)| set.then_some(name))
        .collect()
    }
}
