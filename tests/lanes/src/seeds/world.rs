//! The world of one run: virtual time, a queue of what is to happen, and everything that lives in it.
//!
//! One thread, no clock, no real waiting. The next thing is the earliest of the queue or the kiosk's own deadline; after
//! each thing the client's futures are polled until none of them moves. The same seed gives the same story, line by line.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kiosk::domain::event::Event;
use kiosk::domain::id::Sequence;
use kiosk::domain::kiosk::WakeReason;
use kiosk::domain::submission::{OutboxEntry, StoreCommand, StoreEvent};
use kiosk::domain::time::Now;
use kiosk::ipc::Intent;

use super::county::County;
use super::disk::Disk;
use super::history::{History, PersonNo};
use super::line::{Ended, Letter, Slot};
use super::person::{Goal, Person};
use super::plant::Plant;
use super::program::Program;
use super::trace::Trace;
use super::weather::{Spell, Weather};
use crate::chance::Chance;

/// 2026-11-24 09:00 in Beijing, the true time at which every run begins.
const BEGAN: i64 = 1_795_482_000;
/// A run that takes more steps than this turns in a circle.
const STEPS: u64 = 300_000;
/// Longest that a letter can be under way.
pub const STRAY: Duration = Duration::from_secs(30 * 86_400);
/// After the last fault everything must be with the county within three caps of the back-off, the pause after a refusal
/// of the kiosk, and the time a kiosk takes to be switched on again.
const DRAIN: Duration = Duration::from_secs(3 * 900 + 900 + 120);

/// Something that is to happen.
pub enum Thing {
    /// The faults end.
    Calm,
    /// The kiosk is switched on.
    Boot,
    /// The store of this life does its next job.
    Store(u32),
    /// Something reaches the loop of this life.
    Tell(u32, Box<Event>),
    /// A person comes to the machine.
    Arrive(PersonNo),
    /// The person of this visit does the next thing.
    Person(u64),
    /// A letter reaches the county; its answer goes to the slot, if anybody waits for it.
    Letter(Box<Letter>, Option<Slot>),
    /// An exchange ends.
    End(Slot, Ended),
    /// The county is there again.
    CountyUp,
    /// A clock jumps: the kiosk's or the county's.
    ClockJump { of_kiosk: bool },
    /// Something begins or ends.
    Spell(Spell, bool),
    /// A device goes and comes back.
    Unplug,
    /// Somebody touches the screen of this life a second time.
    Touch(u32, Intent),
    /// By now everything must be with the county.
    Deadline,
}

/// Everything.
pub struct World {
    pub at: Duration,
    pub weather: Weather,
    pub plant: Plant,
    pub trace: Trace,
    pub history: History,
    pub county: County,
    pub county_up: bool,
    pub spells: Vec<Spell>,
    /// An answer of earlier, for whoever plays it again.
    pub overheard: Option<kiosk::county::carrier::HttpAnswer>,
    pub disk: Disk,
    pub program: Option<Program>,
    pub lives: u32,
    pub wall: Arc<Mutex<Timestamp>>,
    /// What the kiosk's wall clock is ahead of the truth.
    pub wall_off: SignedDuration,
    pub people: Vec<Person>,
    pub present: Option<PersonNo>,
    pub visit: u64,
    pub is_calm: bool,
    /// Longest wait the county asked for, and when it ends.
    pub asked_to_wait: Duration,
    pub street: Chance,
    pub net: Chance,
    pub fate: Chance,
    pub chip: Chance,
    /// What the disk does wrong.
    pub rot: Chance,
    queue: BTreeMap<(Duration, u64), Thing>,
    queued: u64,
    over: bool,
}

impl World {
    /// The world of a seed, before anything has happened.
    pub fn new(seed: u64, plant: Plant, keeps_trace: bool) -> Result<Self, String> {
        let mut sky = Chance::new(seed);
        let mut rot = Chance::new(!seed);
        let weather = Weather::of(&mut sky).with_a_bad_disk(&mut rot);
        let mut county = County::new(weather.poison);
        county.has_unique_key = plant != Plant::NoUniqueKey;
        let mut street = Chance::new(sky.bits());
        let people = (0..weather.people).map(|n| Person::new(n as usize, &mut street)).collect();
        let mut world = Self {
            at: Duration::ZERO,
            plant,
            trace: Trace::new(keeps_trace),
            history: History::default(),
            county,
            county_up: true,
            spells: Vec::new(),
            overheard: None,
            disk: Disk::new(),
            program: None,
            lives: 0,
            wall: Arc::default(),
            wall_off: SignedDuration::ZERO,
            people,
            present: None,
            visit: 0,
            is_calm: false,
            asked_to_wait: Duration::ZERO,
            street,
            net: Chance::new(sky.bits()),
            fate: Chance::new(sky.bits()),
            chip: Chance::new(sky.bits()),
            rot,
            queue: BTreeMap::new(),
            queued: 0,
            over: false,
            weather,
        };
        world.forecast(&mut sky);
        Ok(world)
    }

    /// Puts into the queue what the seed decides from the beginning.
    fn forecast(&mut self, sky: &mut Chance) {
        let calm = self.weather.calm;
        let span = u64::try_from(calm.as_millis()).unwrap_or(u64::MAX);
        let sometime = |sky: &mut Chance| Duration::from_millis(sky.below(span));
        self.put(Duration::ZERO, Thing::Boot);
        self.put(calm, Thing::Calm);
        for person in 0..self.people.len() {
            // The first is there early; in a long run the others come over its whole length.
            let at = if person == 0 { Duration::from_secs(5) } else { sometime(sky) };
            self.put(at, Thing::Arrive(person));
        }
        for _ in 0..self.weather.clock_jumps {
            let of_kiosk = sky.one_in(2);
            self.put(sometime(sky), Thing::ClockJump { of_kiosk });
        }
        for _ in 0..self.weather.spells {
            let (spell, from) = (Spell::any(sky), sometime(sky));
            self.put(from, Thing::Spell(spell, true));
            self.put((from + Duration::from_secs(10 + sky.below(3_600))).min(calm), Thing::Spell(spell, false));
        }
        for _ in 0..self.weather.unplug / 3 {
            self.put(sometime(sky), Thing::Unplug);
        }
    }

    /// Lets it all happen. The judge's finding is in the history.
    pub fn run(&mut self) {
        let mut steps = 0;
        while !self.over && self.history.violation().is_none() {
            steps += 1;
            if steps > STEPS {
                return self.history.blame("it turns in a circle".to_owned());
            }
            let wake = self.wake();
            let next = self.queue.first_key_value().map(|(key, _)| key.0);
            match (wake, next) {
                (Some(wake), Some(next)) if wake < next => self.wakes(wake),
                (_, Some(_)) => self.happens(),
                (_, None) => break,
            }
        }
    }

    /// Puts something into the queue.
    pub fn put(&mut self, at: Duration, thing: Thing) {
        self.queued += 1;
        self.queue.insert((at.max(self.at), self.queued), thing);
    }

    /// Puts something into the queue, from now.
    pub fn soon(&mut self, after: Duration, thing: Thing) {
        self.put(self.at + after, thing);
    }

    /// A line of the story.
    pub fn note(&mut self, what: fmt::Arguments<'_>) {
        self.trace.note(self.at, what);
    }

    /// Whether something of this many thousandths goes wrong now.
    pub fn strikes(&mut self, thousandths: u64) -> bool {
        !self.is_calm && self.net.below(1_000) < thousandths
    }

    /// The true time, unix seconds.
    pub fn truth(&self) -> i64 {
        BEGAN.saturating_add(i64::try_from(self.at.as_secs()).unwrap_or(i64::MAX))
    }

    /// What the kiosk knows of this moment; draws fresh chance.
    pub fn now(&mut self) -> Now {
        let truth = Timestamp::from_second(BEGAN).unwrap_or_default();
        let passed = SignedDuration::try_from(self.at).unwrap_or(SignedDuration::MAX);
        let wall = truth.saturating_add(passed.saturating_add(self.wall_off)).unwrap_or(truth);
        *self.wall.lock().unwrap_or_else(PoisonError::into_inner) = wall;
        let (began, wall_began) = self.program.as_ref().map_or((self.at, wall), |p| (p.began, p.wall_began));
        let since_start = if self.plant == Plant::WallClockDeadlines {
            Duration::try_from(wall.duration_since(wall_began)).unwrap_or_default()
        } else {
            self.at.saturating_sub(began)
        };
        let chance = (u128::from(self.chip.bits()) << 64 | u128::from(self.chip.bits())).to_be_bytes();
        Now { since_start, wall, chance }
    }

    /// When the kiosk wants to be woken. The clock on the screen of a quiet machine is not looked at.
    fn wake(&mut self) -> Option<Duration> {
        let chip = self.chip.clone();
        let now = self.now();
        self.chip = chip;
        let program = self.program.as_ref()?;
        let far = Now { since_start: now.since_start + 4 * STRAY, ..now };
        let at = if program.kiosk.is_in_use() { now } else { far };
        let (wake, reason) = program.kiosk.next_wake(&at);
        let is_for_show = reason == WakeReason::Clock && !program.kiosk.is_in_use();
        let wait = wake.saturating_sub(now.since_start).max(Duration::from_millis(1));
        (!is_for_show).then(|| self.at + wait)
    }

    fn wakes(&mut self, at: Duration) {
        self.at = at;
        self.feed(Event::Woke);
        self.settle();
    }

    fn happens(&mut self) {
        let Some(((at, _), thing)) = self.queue.pop_first() else { return };
        self.at = at;
        let mut life = self.program.as_ref().map(|program| program.life);
        match thing {
            Thing::Calm => self.calm(),
            Thing::Boot => self.boot(),
            Thing::Store(of) if life == Some(of) => self.store_works(),
            Thing::Tell(of, event) if life == Some(of) => self.feed(*event),
            Thing::Touch(of, intent) if life == Some(of) => self.feed(Event::Intent(intent)),
            Thing::Store(_) | Thing::Tell(..) | Thing::Touch(..) => life = None,
            Thing::Arrive(person) => self.arrives(person),
            Thing::Person(visit) => self.person_acts(visit),
            Thing::Letter(letter, slot) => self.letter_arrives(&letter, slot),
            Thing::End(slot, ended) => _ = slot.fill(ended),
            Thing::CountyUp => {
                self.county.restart();
                self.county_up = true;
                self.note(format_args!("the county is there"));
            }
            Thing::ClockJump { of_kiosk } => self.clock_jumps(of_kiosk),
            Thing::Spell(spell, begins) => {
                self.note(format_args!("{spell:?} {begins}"));
                self.spells.retain(|other| *other != spell);
                if begins && !self.is_calm {
                    self.spells.push(spell);
                }
            }
            Thing::Unplug => self.unplug(),
            Thing::Deadline => self.deadline(),
        }
        if life.is_some() && self.dies() {
            self.kill();
        }
        self.settle();
    }

    fn clock_jumps(&mut self, of_kiosk: bool) {
        const TWENTY_YEARS: u64 = 20 * 365 * 86_400;
        let to = i64::try_from(self.fate.below(2 * TWENTY_YEARS)).unwrap_or(0) - 20 * 365 * 86_400;
        self.note(format_args!("a clock jumps by {to} s, of the kiosk: {of_kiosk}"));
        if of_kiosk {
            self.wall_off = SignedDuration::from_secs(to);
        } else {
            self.county.clock_off = to;
        }
    }

    /// From here on nothing new goes wrong. Clocks stay as wrong as they are; letters under way stay under way.
    fn calm(&mut self) {
        self.note(format_args!("calm"));
        self.is_calm = true;
        self.disk.mend();
        self.spells.clear();
        self.soon(DRAIN + self.asked_to_wait, Thing::Deadline);
    }

    /// Everything must be with the county. Then what still strays about arrives, and the judge compares.
    fn deadline(&mut self) {
        let waiting = self.program.as_ref().map_or(usize::MAX, |program| program.kiosk.waiting());
        if waiting > 0 {
            return self.history.blame(format!("{waiting} are still waiting long after the last fault"));
        }
        if let Some(program) = self.program.take() {
            drop(program.keeper);
        }
        let queue = std::mem::take(&mut self.queue);
        for ((at, _), thing) in queue {
            if let Thing::Letter(letter, _) = thing {
                self.at = at;
                self.letter_arrives(&letter, None);
            }
        }
        match self.entries() {
            Ok(entries) => self.history.close(&entries, &self.county),
            Err(error) => self.history.blame(error),
        }
        self.over = true;
    }

    /// Everything the store holds, by number.
    fn entries(&self) -> Result<BTreeMap<Sequence, OutboxEntry>, String> {
        let (mut keeper, report) = self.disk.open()?;
        if !report.missing.is_empty() {
            return Err(format!("the store misses {:?}", report.missing));
        }
        let mut entries = BTreeMap::new();
        for number in 1..=report.last.0 {
            let command = StoreCommand::Find { sequence: Sequence(number) };
            keeper.command(&command, &mut |event| {
                if let StoreEvent::Found { entry: Some(entry) } = event {
                    entries.insert(entry.sequence, entry);
                }
            });
        }
        Ok(entries)
    }

    /// Lets a person come again later with a slip, or try once more.
    pub fn comes_again(&mut self, person: PersonNo) {
        let Some(slip) = self.people[person].slips.last().cloned() else {
            let tries_again = !self.people[person].was_promised && self.street.one_in(2) && !self.is_calm;
            if tries_again {
                let after = Duration::from_secs(60 + self.street.below(3_600));
                self.soon(after, Thing::Arrive(person));
            }
            return;
        };
        if self.people[person].goal != Goal::Ask(slip.clone()) {
            self.people[person].goal = Goal::Ask(slip);
            let after = Duration::from_secs(60 + self.street.below(3_600));
            self.soon(after, Thing::Arrive(person));
        }
    }
}
