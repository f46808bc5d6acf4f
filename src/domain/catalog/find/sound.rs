//! How Chinese sounds: syllables, sounds that are near to each other in the speech of the place, and letters on a pad.
//!
//! n and l, r and l, zh and z, ch and c, sh and s, h and f before u, and -ng and -n sound alike to many; a query with one finds
//! the other. A character with several readings has them all when letters are typed.

use std::collections::BTreeMap;

use pinyin::{ToPinyin as _, ToPinyinMulti as _};

/// Readings of one character that are looked at.
const READINGS: usize = 3;
/// Syllables that f and h share in the ears of the place.
const F_AND_H: [(&str, &str); 8] = [
    ("fa", "hua"),
    ("fan", "huan"),
    ("fang", "huang"),
    ("fei", "hui"),
    ("fen", "hun"),
    ("feng", "hong"),
    ("fo", "huo"),
    ("fu", "hu"),
];

/// A number for each class of syllables that sound alike.
pub type Class = u16;

/// The syllables of an index: each spelling once, with its class and the ways it can be typed.
#[derive(Debug, Clone, Default)]
pub struct Syllables {
    by_spelling: BTreeMap<String, u16>,
    classes: BTreeMap<String, Class>,
    known: Vec<Syllable>,
}

#[derive(Debug, Clone)]
struct Syllable {
    class: Class,
    /// The spelling itself, then those of near sounds.
    typed: Vec<String>,
}

/// One character of a text as numbers of syllables; the first reading stands first.
pub type Heard = [Option<u16>; READINGS];

impl Syllables {
    /// The syllables of a text; a character without a reading is a gap.
    pub fn of(&mut self, text: &str) -> Vec<Heard> {
        text.chars().map(|c| self.of_char(c)).collect()
    }

    fn of_char(&mut self, c: char) -> Heard {
        let mut heard: Heard = [None; READINGS];
        let Some(first) = c.to_pinyin() else { return heard };
        let mut spellings = vec![first.plain()];
        for reading in c.to_pinyin_multi().into_iter().flatten() {
            if !spellings.contains(&reading.plain()) {
                spellings.push(reading.plain());
            }
        }
        for (place, spelling) in heard.iter_mut().zip(spellings) {
            *place = Some(self.number(spelling));
        }
        heard
    }

    fn number(&mut self, spelling: &str) -> u16 {
        let spelling = spelling.replace('ü', "v");
        if let Some(number) = self.by_spelling.get(&spelling) {
            return *number;
        }
        let number = u16::try_from(self.known.len()).unwrap_or(u16::MAX);
        let next = u16::try_from(self.classes.len()).unwrap_or(u16::MAX);
        let class = *self.classes.entry(class_of(&spelling)).or_insert(next);
        self.known.push(Syllable { class, typed: typed(&spelling) });
        self.by_spelling.insert(spelling, number);
        number
    }

    /// Class of the first reading of a character, if this index knows the sound.
    pub fn class(&self, c: char) -> Option<Class> {
        let spelling = c.to_pinyin()?.plain().replace('ü', "v");
        self.classes.get(&class_of(&spelling)).copied()
    }

    /// Class of a syllable by its number.
    pub fn class_of_number(&self, number: u16) -> Option<Class> {
        self.known.get(usize::from(number)).map(|syllable| syllable.class)
    }

    /// First letters that a syllable can be typed with, as bits.
    pub fn first_letters(&self, heard: &Heard) -> u32 {
        let mut bits = 0;
        for number in heard.iter().flatten() {
            for typed in self.known.get(usize::from(*number)).map_or(&[][..], |s| &s.typed) {
                bits |= letter_bit(typed.as_bytes().first().copied().unwrap_or_default());
            }
        }
        bits
    }

    /// How far letters reach into a text from one place, if all of them are used up.
    pub fn reach(&self, letters: &[u8], text: &[Heard]) -> Option<Reach> {
        if letters.is_empty() {
            return Some(Reach { syllables: 0, initials: 0, near: 0 });
        }
        let (heard, rest) = text.split_first()?;
        let mut best: Option<Reach> = None;
        let mut keep = |found: Option<Reach>, initial: u16, near: u16| {
            let found = found.map(|r| Reach {
                syllables: r.syllables + 1,
                initials: r.initials + initial,
                near: r.near + near,
            });
            if let Some(found) = found.filter(|found| best.is_none_or(|best| found.cost() < best.cost())) {
                best = Some(found);
            }
        };
        for number in heard.iter().flatten() {
            let Some(syllable) = self.known.get(usize::from(*number)) else { continue };
            for (position, typed) in syllable.typed.iter().enumerate() {
                let near = u16::from(position > 0);
                let typed = typed.as_bytes();
                if let Some(after) = letters.strip_prefix(typed) {
                    keep(self.reach(after, rest), 0, near);
                } else if typed.starts_with(letters) {
                    keep(Some(Reach { syllables: 0, initials: 0, near: 0 }), u16::from(letters.len() == 1), near);
                }
                // One letter for a syllable, or two where two stand for one sound.
                for length in [1, 2] {
                    let is_initial = length == 1 || typed.get(1) == Some(&b'h');
                    if is_initial
                        && letters.len() > length
                        && typed.len() > length
                        && letters[..length] == typed[..length]
                    {
                        keep(self.reach(&letters[length..], rest), 1, near);
                    }
                }
            }
        }
        best
    }
}

/// How letters lie on a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Syllables that were used.
    pub syllables: u16,
    /// Of these by their first letters alone.
    pub initials: u16,
    /// Of these by a near sound.
    pub near: u16,
}

impl Reach {
    fn cost(self) -> u16 {
        self.syllables * 2 + self.initials + self.near * 2
    }
}

/// A bit for a letter.
pub fn letter_bit(letter: u8) -> u32 {
    if letter.is_ascii_lowercase() { 1 << (letter - b'a') } else { 0 }
}

/// The name of a class: the spelling with everything levelled that sounds alike.
fn class_of(spelling: &str) -> String {
    let spelling = F_AND_H.iter().find(|(_, h)| *h == spelling).map_or(spelling, |(f, _)| f);
    let mut out = spelling.to_owned();
    for (two, one) in [("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("r", "l")] {
        if let Some(rest) = out.strip_prefix(two) {
            out = format!("{one}{rest}");
            break;
        }
    }
    if let Some(open) = out.strip_suffix('g').filter(|open| ["an", "en", "in"].iter().any(|end| open.ends_with(end))) {
        out = open.to_owned();
    }
    out
}

/// Ways to type a syllable: as it is spelled, then as near sounds are.
fn typed(spelling: &str) -> Vec<String> {
    let mut ways = vec![spelling.to_owned()];
    let add = |ways: &mut Vec<String>, way: String| {
        if !ways.contains(&way) {
            ways.push(way);
        }
    };
    let pairs = [("zh", "z"), ("ch", "c"), ("sh", "s")];
    let begins: &[(&str, &str)] = match spelling.as_bytes() {
        [b'n', ..] => &[("n", "l")],
        [b'l', ..] => &[("l", "n"), ("l", "r")],
        [b'r', ..] => &[("r", "l")],
        [b'z' | b'c' | b's', b'h', ..] => &pairs,
        [b'z', ..] => &[("z", "zh")],
        [b'c', ..] => &[("c", "ch")],
        [b's', ..] => &[("s", "sh")],
        _ => &[],
    };
    for (from, to) in begins {
        if let Some(rest) = spelling.strip_prefix(from) {
            add(&mut ways, format!("{to}{rest}"));
        }
    }
    for (f, h) in F_AND_H {
        if spelling == f {
            add(&mut ways, h.to_owned());
        } else if spelling == h {
            add(&mut ways, f.to_owned());
        }
    }
    for way in ways.clone() {
        for end in ["an", "en", "in"] {
            if way.ends_with(end) {
                add(&mut ways, format!("{way}g"));
            } else if let Some(open) = way.strip_suffix('g').filter(|open| open.ends_with(end)) {
                add(&mut ways, open.to_owned());
            }
        }
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_sounds_are_one_class_and_far_ones_are_not() {
        for (one, other) in [
            ("nan", "lan"),
            ("zheng", "zen"),
            ("chang", "can"),
            ("shi", "si"),
            ("ling", "nin"),
            ("hu", "fu"),
            ("hui", "fei"),
            ("ren", "len"),
        ] {
            assert_eq!(class_of(one), class_of(other), "{one} {other}");
        }
        for (one, other) in [("di", "bi"), ("bao", "pao"), ("ma", "na"), ("gong", "gon"), ("jia", "ga")] {
            assert_ne!(class_of(one), class_of(other), "{one} {other}");
        }
    }

    #[test]
    fn letters_reach_by_syllables_initials_and_near_sounds() {
        let mut syllables = Syllables::default();
        let text = syllables.of("养老保险");
        let reach = |letters: &str| syllables.reach(letters.as_bytes(), &text);
        for letters in ["yanglaobaoxian", "ylbx", "yanglbx", "yanlaobao", "yanglaob", "yangnao", "y"] {
            assert!(reach(letters).is_some(), "{letters}");
        }
        for letters in ["yanglaobaoxianx", "laobao", "yx", "yangbao"] {
            assert_eq!(reach(letters), None, "{letters}");
        }
        assert_eq!(reach("ylbx").map(|r| (r.syllables, r.initials, r.near)), Some((4, 4, 0)));
        assert_eq!(reach("yannao").map(|r| (r.syllables, r.initials, r.near)), Some((2, 0, 2)));
    }

    #[test]
    fn a_character_with_two_readings_is_found_by_both() {
        let mut syllables = Syllables::default();
        let text = syllables.of("长寿");
        for letters in ["changshou", "zhangshou", "cs", "zs"] {
            assert!(syllables.reach(letters.as_bytes(), &text).is_some(), "{letters}");
        }
    }
}
