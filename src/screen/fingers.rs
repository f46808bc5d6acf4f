//! Which finger points. Pure: contacts and times in, pointer moves out.
//!
//! The toolkit lets one finger point and waits for it to lift before another may; a palm or a resting finger anywhere on the
//! glass then makes every other tap dead. Here the newest finger points. What rested before is let go: a finger that
//! was fresh has tapped (two thumbs typing overlap), one that had lain there for longer has not, and its button does not
//! fire. A contact that no longer points is ignored until it lifts.

use std::time::Duration;

/// A finger that has been down for longer than this when the next one lands was resting, not tapping.
const TAP: Duration = Duration::from_millis(700);

/// A place on the glass, in logical pixels.
pub type Place = (f32, f32);

/// What the touch controller tells of one contact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Contact {
    /// It lands.
    Down(Place),
    /// It moves.
    Move(Place),
    /// It lifts.
    Up,
    /// The controller gave it up: a palm it recognised by itself.
    Cancel,
}

/// What the window is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pointer {
    /// The pointer presses.
    Press(Place),
    /// It moves.
    Move(Place),
    /// It releases where it is.
    Release(Place),
    /// It leaves without having released anything.
    Leave,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Pointing {
    slot: i32,
    since: Duration,
    at: Place,
}

/// The finger that points, if one does.
#[derive(Debug, Default)]
pub struct Fingers {
    pointing: Option<Pointing>,
}

impl Fingers {
    /// Takes what happened in a slot at a time and gives what the window is told, in order.
    pub fn take(&mut self, slot: i32, time: Duration, contact: Contact) -> Vec<Pointer> {
        let points = self.pointing.filter(|pointing| pointing.slot == slot);
        match (contact, points) {
            (Contact::Down(at), _) => {
                let mut out = self.let_go(time);
                self.pointing = Some(Pointing { slot, since: time, at });
                out.push(Pointer::Press(at));
                out
            }
            (Contact::Move(at), Some(pointing)) => {
                self.pointing = Some(Pointing { at, ..pointing });
                vec![Pointer::Move(at)]
            }
            (Contact::Up, Some(pointing)) => {
                self.pointing = None;
                vec![Pointer::Release(pointing.at), Pointer::Leave]
            }
            (Contact::Cancel, Some(_)) => {
                self.pointing = None;
                vec![Pointer::Leave]
            }
            (Contact::Move(_) | Contact::Up | Contact::Cancel, None) => Vec::new(),
        }
    }

    fn let_go(&mut self, time: Duration) -> Vec<Pointer> {
        match self.pointing.take() {
            Some(pointing) if time.saturating_sub(pointing.since) <= TAP => {
                vec![Pointer::Release(pointing.at), Pointer::Leave]
            }
            Some(_) => vec![Pointer::Leave],
            None => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PALM: Place = (900.0, 1_800.0);
    const BUTTON: Place = (100.0, 200.0);

    fn ms(time: u64) -> Duration {
        Duration::from_millis(time)
    }

    #[test]
    fn one_finger_presses_moves_and_releases() {
        let mut fingers = Fingers::default();
        assert_eq!(fingers.take(0, ms(0), Contact::Down(BUTTON)), [Pointer::Press(BUTTON)]);
        assert_eq!(fingers.take(0, ms(50), Contact::Move((101.0, 200.0))), [Pointer::Move((101.0, 200.0))]);
        assert_eq!(fingers.take(0, ms(90), Contact::Up), [Pointer::Release((101.0, 200.0)), Pointer::Leave]);
        assert!(fingers.take(0, ms(91), Contact::Up).is_empty());
    }

    #[test]
    fn a_palm_resting_on_the_glass_deadens_nothing_and_presses_nothing() {
        let mut fingers = Fingers::default();
        fingers.take(0, ms(0), Contact::Down(PALM));
        for tap in 1..=3 {
            let at = 2_000 * tap;
            let out = fingers.take(1, ms(at), Contact::Down(BUTTON));
            assert_eq!(out.last(), Some(&Pointer::Press(BUTTON)), "tap {tap}");
            assert!(!out.iter().any(|told| matches!(told, Pointer::Release(_))), "the palm has not tapped: {out:?}");
            assert!(fingers.take(0, ms(at + 10), Contact::Move(PALM)).is_empty(), "a palm that shivers");
            assert_eq!(fingers.take(1, ms(at + 80), Contact::Up), [Pointer::Release(BUTTON), Pointer::Leave]);
        }
        assert!(fingers.take(0, ms(9_000), Contact::Up).is_empty());
    }

    #[test]
    fn two_thumbs_that_overlap_both_type() {
        let mut fingers = Fingers::default();
        fingers.take(0, ms(0), Contact::Down(BUTTON));
        let out = fingers.take(1, ms(120), Contact::Down(PALM));
        assert_eq!(out, [Pointer::Release(BUTTON), Pointer::Leave, Pointer::Press(PALM)]);
        assert!(fingers.take(0, ms(150), Contact::Up).is_empty());
        assert_eq!(fingers.take(1, ms(200), Contact::Up), [Pointer::Release(PALM), Pointer::Leave]);
    }

    #[test]
    fn what_the_controller_gives_up_presses_nothing() {
        let mut fingers = Fingers::default();
        fingers.take(0, ms(0), Contact::Down(PALM));
        assert_eq!(fingers.take(0, ms(10), Contact::Cancel), [Pointer::Leave]);
    }

    #[test]
    fn every_press_is_ended_before_the_next_whatever_the_glass_says() {
        // All orders of six contacts in two slots.
        let contacts = [Contact::Down(BUTTON), Contact::Move(PALM), Contact::Up, Contact::Cancel];
        for order in 0..8_u32.pow(6) {
            let (mut fingers, mut is_down) = (Fingers::default(), false);
            for place in 0..6 {
                let pick = order / 8_u32.pow(place) % 8;
                let (slot, contact) = ((pick / 4) as i32, contacts[(pick % 4) as usize]);
                for told in fingers.take(slot, ms(u64::from(place) * 400), contact) {
                    match told {
                        Pointer::Press(_) => {
                            assert!(!is_down, "{order}");
                            is_down = true;
                        }
                        Pointer::Move(_) | Pointer::Release(_) => assert!(is_down, "{order}"),
                        Pointer::Leave => is_down = false,
                    }
                }
            }
        }
    }
}
