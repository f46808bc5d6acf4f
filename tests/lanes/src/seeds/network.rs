//! The way of letters and answers, and all that befalls them.

use std::time::Duration;

use kiosk::county::carrier::{HttpAnswer, NoAnswer};

use super::county::{self, Death, Mood, forged, unsigned};
use super::line::{Letter, Slot};
use super::plant::Plant;
use super::weather::Spell;
use super::world::{STRAY, Thing, World};

/// The whole exchange, as the product's carrier limits it.
const DEADLINE: Duration = Duration::from_secs(30);
/// How the exchange ends at the deadline; by then the letter may have arrived.
const TIMED_OUT: NoAnswer = NoAnswer { code: "county.timeout", may_have_arrived: true };
/// Nobody took the letter.
const UNREACHABLE: NoAnswer = NoAnswer { code: "county.unreachable", may_have_arrived: false };
/// The connection ended inside.
const BROKEN: NoAnswer = NoAnswer { code: "county.answer-broken", may_have_arrived: true };
/// Somebody else is at the other end.
const TLS: NoAnswer = NoAnswer { code: "county.tls", may_have_arrived: false };

impl World {
    /// A letter leaves the kiosk.
    pub fn letter_leaves(&mut self, letter: Letter, slot: Slot) {
        self.soon(DEADLINE, Thing::End(slot.clone(), Err(TIMED_OUT)));
        let travel = self.travel();
        if self.spells.contains(&Spell::LineDown) {
            let ended = if self.net.one_in(4) { TLS } else { UNREACHABLE };
            return self.soon(travel, Thing::End(slot, Err(ended)));
        }
        if self.spells.contains(&Spell::Portal) {
            let page = b"<!doctype html><title>Sign in</title><p>Sign in to go on.";
            return self.soon(travel, Thing::End(slot, Ok(unsigned(200, "text/html", page))));
        }
        if self.spells.contains(&Spell::Redirect) {
            return self.soon(travel, Thing::End(slot, Ok(unsigned(302, "text/html", b""))));
        }
        if self.strikes(self.weather.stray) {
            let after = Duration::from_millis(self.net.below(u64::try_from(STRAY.as_millis()).unwrap_or(1)));
            self.soon(after, Thing::Letter(Box::new(letter.clone()), None));
        }
        if self.strikes(self.weather.proxy) {
            let answer = self.proxy_answer(&letter);
            return self.soon(travel, Thing::End(slot, Ok(answer)));
        }
        if self.strikes(self.weather.replay)
            && let Some(answer) = self.overheard.clone()
        {
            return self.soon(travel, Thing::End(slot, Ok(answer)));
        }
        if self.strikes(self.weather.lose_request) {
            return;
        }
        if self.strikes(self.weather.cut) {
            return self.soon(travel, Thing::End(slot, Err(BROKEN)));
        }
        if self.strikes(self.weather.repeat) {
            // Both answers race for the same exchange, or the second is for nobody.
            let waits = self.net.one_in(2).then(|| slot.clone());
            let after = self.travel();
            self.soon(after, Thing::Letter(Box::new(letter.clone()), waits));
        }
        self.soon(travel, Thing::Letter(Box::new(letter), Some(slot)));
    }

    /// A letter reaches the county.
    pub fn letter_arrives(&mut self, letter: &Letter, slot: Option<Slot>) {
        let end = |slot: Option<Slot>, ended| slot.map(|slot| Thing::End(slot, ended));
        if !self.county_up {
            if let Some(thing) = end(slot, Err(UNREACHABLE)) {
                self.soon(Duration::from_millis(5), thing);
            }
            return;
        }
        let mood = self.mood();
        let death = if self.strikes(self.weather.county_dies) {
            Some(if self.net.one_in(2) { Death::Before } else { Death::After })
        } else {
            None
        };
        let truth = self.truth();
        let answer = self.county.answer(letter, truth, mood, death);
        let status = answer.as_ref().map_or(0, |answer| answer.status);
        self.note(format_args!("{} {} -> {status}", letter.verb, letter.path));
        let Some(mut answer) = answer else {
            self.county_up = false;
            self.note(format_args!("the county died, {death:?}"));
            let after = Duration::from_secs(1 + self.net.below(300));
            let after = if self.is_calm { Duration::from_secs(1) } else { after };
            let back = (self.at + after).min(self.weather.calm.max(self.at) + Duration::from_secs(1));
            self.put(back, Thing::CountyUp);
            if let Some(thing) = end(slot, Err(BROKEN)) {
                self.soon(Duration::from_millis(5), thing);
            }
            return;
        };
        if self.net.one_in(3) {
            self.overheard = Some(answer.clone());
        }
        if self.strikes(self.weather.lose_answer) {
            return;
        }
        let travel = self.travel();
        if self.strikes(self.weather.cut) {
            if let Some(thing) = end(slot, Err(BROKEN)) {
                self.soon(travel, thing);
            }
            return;
        }
        if self.strikes(self.weather.spoil) {
            self.spoil(&mut answer);
        }
        if self.plant == Plant::UnsignedAccepted {
            county::sign(letter, truth + self.county.clock_off, &mut answer);
        }
        if let Some(thing) = end(slot, Ok(answer)) {
            self.soon(travel, thing);
        }
    }

    /// One way, one time.
    fn travel(&mut self) -> Duration {
        let late = self.strikes(self.weather.delay);
        Duration::from_millis(20 + if late { self.net.below(120_000) } else { self.net.below(400) })
    }

    /// How the county is just now.
    fn mood(&mut self) -> Mood {
        if self.spells.contains(&Spell::Unauthorised) {
            return Mood::Unauthorised;
        }
        if self.spells.contains(&Spell::Unknown) {
            return Mood::Unknown;
        }
        if !self.spells.contains(&Spell::Storm) && !self.strikes(self.weather.busy) {
            return Mood::Well;
        }
        match self.net.below(5) {
            0 => Mood::Broken([500, 502, 504][self.net.index(3)]),
            1 => Mood::InProgress,
            2 => {
                // Some ask for much.
                let wait = if self.net.one_in(5) { 3_600 } else { self.net.below(120) };
                let longest = Duration::from_secs(wait + wait / 4);
                self.asked_to_wait = self.asked_to_wait.max(longest);
                Mood::Busy(if self.net.one_in(2) { 503 } else { 429 }, wait)
            }
            _ => Mood::Broken(500),
        }
    }

    /// What something between says in the county's place.
    fn proxy_answer(&mut self, letter: &Letter) -> HttpAnswer {
        let statuses = [200, 204, 301, 307, 400, 401, 403, 404, 407, 409, 413, 422, 429, 500, 502, 503, 511];
        let mut answer = match (self.net.below(4), letter.hands_in()) {
            (0, Some(id)) => forged(letter, id),
            _ => {
                let status = statuses[self.net.index(statuses.len())];
                unsigned(status, "application/problem+json", br#"{"code":"id-conflict","title":"no"}"#)
            }
        };
        if self.plant == Plant::UnsignedAccepted {
            let now = self.truth() + self.county.clock_off;
            county::sign(letter, now, &mut answer);
        }
        answer
    }

    /// Spoils an answer on its way.
    fn spoil(&mut self, answer: &mut HttpAnswer) {
        match self.net.below(5) {
            0 => answer.headers.retain(|(name, _)| name != "x-signature"),
            1 => answer.body.truncate(answer.body.len() / 2),
            2 => answer.status = [200, 201, 404, 409, 422, 502][self.net.index(6)],
            3 => answer.body = b"<html>error</html>".to_vec(),
            _ => {
                let at = self.net.index(answer.body.len().max(1));
                if let Some(byte) = answer.body.get_mut(at) {
                    *byte ^= 1;
                }
            }
        }
    }
}
