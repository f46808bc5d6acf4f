//! What goes wrong in one run, how often, and until when. Drawn once from the seed.
//!
//! Not everything goes wrong in every run: each kind of fault is there in half of them and then with a strength of its
//! own. Runs in which everything fails at once are all alike and get nowhere.

use std::time::Duration;

use crate::chance::Chance;

/// Faults of one run, in thousandths where nothing else is said.
#[derive(Debug, Clone, Default)]
pub struct Weather {
    /// From here on nothing new goes wrong.
    pub calm: Duration,
    /// How often a quiet kiosk looks whether the county is there.
    pub probe: Duration,
    /// How many people come.
    pub people: u64,
    /// A request never arrives.
    pub lose_request: u64,
    /// A request arrives and its answer does not.
    pub lose_answer: u64,
    /// The connection ends inside the request or the answer.
    pub cut: u64,
    /// A request arrives twice.
    pub repeat: u64,
    /// A request or an answer is late, up to minutes.
    pub delay: u64,
    /// A copy of the request arrives after hours or weeks.
    pub stray: u64,
    /// Something between answers in the county's place.
    pub proxy: u64,
    /// Something between plays an older answer again.
    pub replay: u64,
    /// Something between spoils the county's answer.
    pub spoil: u64,
    /// The county answers with a server error or "busy".
    pub busy: u64,
    /// The county dies on a request, before or after it has stored it.
    pub county_dies: u64,
    /// The county refuses an application for good.
    pub poison: u64,
    /// The kiosk's program dies at a step, in ten-thousandths.
    pub kiosk_dies: u64,
    /// The store answers that it has no room.
    pub store_full: u64,
    /// The store is slow.
    pub store_slow: u64,
    /// The disk fails at some call of a question to the store.
    pub disk_fails: u64,
    /// A card does not read, a slip does not come out or nobody knows, a code is misread.
    pub device: u64,
    /// Devices come and go.
    pub unplug: u64,
    /// People walk off, tremble, touch what they should not.
    pub people_err: u64,
    /// How often the clocks of kiosk and county jump.
    pub clock_jumps: u64,
    /// How many times something lasts for a while.
    pub spells: u64,
}

impl Weather {
    /// The weather of a seed.
    pub fn of(chance: &mut Chance) -> Self {
        let long = chance.one_in(16);
        let calm = if long { 86_400 + chance.below(2 * 86_400) } else { 600 + chance.below(5_400) };
        let mut some = |most: u64| if chance.one_in(2) { 1 + chance.below(most) } else { 0 };
        Self {
            calm: Duration::from_secs(calm),
            probe: Duration::from_secs(if long { 43_200 } else { 60 }),
            lose_request: some(300),
            lose_answer: some(300),
            cut: some(200),
            repeat: some(300),
            delay: some(300),
            stray: some(200),
            proxy: some(200),
            replay: some(100),
            spoil: some(150),
            busy: some(250),
            county_dies: some(120),
            poison: some(120),
            kiosk_dies: some(60),
            store_full: some(100),
            store_slow: some(60),
            device: some(250),
            unplug: some(30),
            people_err: some(60),
            clock_jumps: some(5),
            spells: some(4),
            people: 2 + chance.below(5),
            disk_fails: 0,
        }
    }

    /// With a disk that fails, in some runs; from a stream of its own, so that all others stay as they were.
    pub fn with_a_bad_disk(self, rot: &mut Chance) -> Self {
        Self { disk_fails: if rot.one_in(3) { 1 + rot.below(150) } else { 0 }, ..self }
    }
}

/// Something that lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spell {
    /// Nothing goes through.
    LineDown,
    /// Every answer of the county is a server error.
    Storm,
    /// The county says 401 to every signature.
    Unauthorised,
    /// The county does not know the terminal: 403.
    Unknown,
    /// An access portal answers everything with its own page.
    Portal,
    /// Everything is sent elsewhere.
    Redirect,
}

impl Spell {
    const ALL: [Self; 6] =
        [Self::LineDown, Self::Storm, Self::Unauthorised, Self::Unknown, Self::Portal, Self::Redirect];

    /// One of them.
    pub fn any(chance: &mut Chance) -> Self {
        Self::ALL[chance.index(Self::ALL.len())]
    }
}
