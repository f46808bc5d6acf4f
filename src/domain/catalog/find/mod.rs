//! Finding an item by whatever somebody calls it.
//!
//! An [`Index`] is made once of a catalogue. A query may be characters, letters (full pinyin or initials) or both, half a
//! sentence or one word. Four things count, and each hit tells which of them found it:
//!
//! - characters and pairs of characters of names, keywords and, less, of conditions and questions; rare ones count more;
//! - everyday words of the package: who says 瘫在床上 means 失能 and 护理;
//! - near sounds, for what was written by ear: 地保 finds 低保;
//! - letters, by syllables, initials and near sounds.
//!
//! Nothing here asks a network or learns from anybody; the same catalogue and query give the same hits. Left out: what is used
//! most, which is not known here, and spelling in English.

mod sound;

use std::collections::BTreeMap;

use self::sound::{Class, Heard, Syllables, letter_bit};
use super::catalogue::Catalog;
use crate::domain::id::ItemId;
use crate::ipc::Language;

/// How much a text counts.
const PLAIN_NAME: f32 = 1.0;
const NAME: f32 = 0.9;
const KEYWORD: f32 = 1.0;
const QUESTION: f32 = 0.35;
const CONDITION: f32 = 0.3;
const GROUP: f32 = 0.35;
const RESULT: f32 = 0.4;
/// A single character says less than a pair.
const SINGLE: f32 = 0.22;
/// A pair that only sounds alike.
const SOUND: f32 = 0.45;
/// What an everyday word means, against the word itself.
const MEANT: f32 = 1.1;
/// A keyword that stands in the query as a whole, for each of its characters.
const WHOLE: f32 = 1.6;
/// Longest query in characters; the rest is not looked at.
const LONGEST: usize = 40;
/// Hits below this part of the best one are noise.
const NOISE: f32 = 0.08;

/// Words of every question, which say nothing about its object.
const FUNCTION_WORDS: &str = include_str!("function_words.txt");

/// A catalogue, ready to be searched.
#[derive(Debug, Clone)]
pub struct Index {
    items: Vec<ItemId>,
    syllables: Syllables,
    /// Characters and pairs of characters.
    written: Grams<[char; 2]>,
    /// Pairs of sounds.
    heard: Grams<[Class; 2]>,
    /// Keywords with their items, longest first.
    keywords: Vec<(String, Vec<u32>)>,
    /// Everyday words: characters, sounds, and the words that are meant.
    everyday: Vec<Said>,
    /// Texts that letters are laid upon.
    spelled: Vec<Spelled>,
}

/// Texts by their parts: keys in order, and for each the items with how much it counts there.
#[derive(Debug, Clone)]
struct Grams<K> {
    keys: Vec<K>,
    starts: Vec<u32>,
    items: Vec<(u32, f32)>,
}

#[derive(Debug, Clone)]
struct Said {
    word: String,
    sounds: Vec<Option<Class>>,
    mean: Vec<String>,
}

#[derive(Debug, Clone)]
struct Spelled {
    /// Whom it belongs to, and how much it counts there. Many items share a keyword.
    targets: Vec<(Target, f32)>,
    text: Vec<Heard>,
    /// Letters that each place can begin with.
    letters: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
enum Target {
    Item(u32),
    Said(u32),
}

/// An item that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Which.
    pub item: ItemId,
    /// How well, against other hits of the same query.
    pub score: f32,
    /// What found it.
    pub why: Why,
}

/// What found an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Its names, conditions or questions.
    Text,
    /// One of its keywords.
    Keyword(String),
    /// An everyday word, and what it means here.
    Everyday {
        /// As it was said.
        said: String,
        /// The word of the catalogue.
        means: String,
    },
    /// The sound of what was written.
    Sound,
    /// Letters.
    Letters,
}

impl Index {
    /// Makes the index of a catalogue.
    pub fn new(catalog: &Catalog) -> Self {
        let mut syllables = Syllables::default();
        let (mut written, mut heard) = (BTreeMap::new(), BTreeMap::new());
        let mut keywords: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        let mut spelled: BTreeMap<String, Vec<(Target, f32)>> = BTreeMap::new();
        for (position, item) in (0_u32..).zip(catalog.items()) {
            let mut take = |text: &str, weight: f32, is_spelled: bool| {
                let text = bare(text);
                let sounds = syllables.of(&text);
                add_written(&mut written, &text, position, weight);
                let classes: Vec<_> =
                    sounds.iter().map(|heard| heard[0].and_then(|number| syllables.class_of_number(number))).collect();
                if weight >= NAME {
                    for pair in classes.windows(2) {
                        if let [Some(one), Some(two)] = pair {
                            add(&mut heard, [*one, *two], position, weight);
                        }
                    }
                }
                if is_spelled {
                    spelled.entry(text).or_default().push((Target::Item(position), weight));
                }
            };
            take(&item.plain_name.zh, PLAIN_NAME, true);
            take(&item.name.zh, NAME, true);
            item.keywords.iter().for_each(|word| take(word, KEYWORD, true));
            item.conditions.iter().for_each(|text| take(&text.zh, CONDITION, false));
            item.questions.iter().for_each(|(question, _)| take(&question.zh, QUESTION, false));
            take(&item.result.zh, RESULT, false);
            if let Some(department) = catalog.department(&item.department) {
                take(&department.name.zh, GROUP, false);
                take(&department.today.zh, GROUP, false);
            }
            for theme in item.themes.iter().filter_map(|id| catalog.theme(id)) {
                take(&theme.title.zh, GROUP, false);
            }
            for event in catalog.life_events().iter().filter(|event| item.life_events.contains(&event.id)) {
                take(event.title.get(Language::Zh), GROUP, false);
            }
            for word in &item.keywords {
                keywords.entry(bare(word)).or_default().push(position);
            }
        }
        let mut everyday = Vec::new();
        for entry in catalog.everyday() {
            for word in &entry.say {
                let word = bare(word);
                let sounds = syllables.of(&word);
                let number = u32::try_from(everyday.len()).unwrap_or(u32::MAX);
                let classes = sounds.iter().map(|h| h[0].and_then(|n| syllables.class_of_number(n))).collect();
                spelled.entry(word.clone()).or_default().push((Target::Said(number), KEYWORD));
                let mean = entry.mean.iter().map(|word| bare(word)).collect();
                everyday.push(Said { word, sounds: classes, mean });
            }
        }
        let spelled = spelled.into_iter().map(|(text, targets)| {
            let text = syllables.of(&text);
            let letters = text.iter().map(|heard| syllables.first_letters(heard)).collect();
            Spelled { targets, text, letters }
        });
        let spelled = spelled.collect();
        let mut keywords: Vec<_> = keywords.into_iter().filter(|(word, _)| word.chars().count() >= 2).collect();
        keywords.sort_by_key(|(word, _)| std::cmp::Reverse(word.chars().count()));
        Self {
            items: catalog.items().iter().map(|item| item.id.clone()).collect(),
            syllables,
            written: Grams::of(written),
            heard: Grams::of(heard),
            keywords,
            everyday,
            spelled,
        }
    }

    /// The best items for a query, at most so many.
    pub fn find(&self, query: &str, most: usize) -> Vec<Hit> {
        let query = without_function_words(&bare(query));
        let characters: Vec<char> = query.chars().filter(|c| !c.is_ascii()).take(LONGEST).collect();
        let letters: Vec<u8> = query.bytes().filter(u8::is_ascii_lowercase).take(LONGEST).collect();
        let mut board = Board { scores: vec![0.0; self.items.len()], best: vec![(0.0, None); self.items.len()] };
        if !characters.is_empty() {
            self.by_characters(&characters, &mut board);
        }
        if !letters.is_empty() {
            self.by_letters(&letters, &mut board);
        }
        let digits: String = query.chars().filter(char::is_ascii_digit).take(LONGEST).collect();
        if digits.len() > 1 {
            self.written(&digits, 1.0, &mut board, Found::Text);
        }
        self.ranked(board, most)
    }

    fn ranked(&self, board: Board, most: usize) -> Vec<Hit> {
        let mut found: Vec<usize> = (0..self.items.len()).filter(|item| board.scores[*item] > 0.0).collect();
        found.sort_by(|a, b| board.scores[*b].total_cmp(&board.scores[*a]).then(a.cmp(b)));
        let least = found.first().map_or(0.0, |best| board.scores[*best] * NOISE);
        let hit = |item: usize| {
            let why = match board.best[item].1 {
                Some(Found::Keyword(at)) => {
                    Why::Keyword(self.keywords.get(at).map_or_else(String::new, |k| k.0.clone()))
                }
                Some(Found::Said { said, means }) => {
                    let said = self.everyday.get(said);
                    let means = said.and_then(|said| said.mean.get(means)).cloned().unwrap_or_default();
                    Why::Everyday { said: said.map_or_else(String::new, |said| said.word.clone()), means }
                }
                Some(Found::Sound) => Why::Sound,
                Some(Found::Letters) => Why::Letters,
                Some(Found::Text) | None => Why::Text,
            };
            self.items.get(item).map(|id| Hit { item: id.clone(), score: board.scores[item], why })
        };
        found.into_iter().filter(|item| board.scores[*item] >= least).take(most).filter_map(hit).collect()
    }

    fn by_characters(&self, characters: &[char], board: &mut Board) {
        let query: String = characters.iter().collect();
        self.written(&query, 1.0, board, Found::Text);
        for (at, (word, items)) in
            self.keywords.iter().enumerate().filter(|(_, (word, _))| query.contains(word.as_str()))
        {
            let worth = WHOLE * length(word) * rareness(items.len(), self.items.len()) / 3.0;
            items.iter().for_each(|item| board.add(*item, worth, Found::Keyword(at)));
        }
        let sounds: Vec<Option<Class>> = characters.iter().map(|c| self.syllables.class(*c)).collect();
        for pair in sounds.windows(2) {
            if let [Some(one), Some(two)] = pair {
                self.heard
                    .each([*one, *two], self.items.len(), |item, worth| board.add(item, worth * SOUND, Found::Sound));
            }
        }
        let mut taken: Vec<&str> = Vec::new();
        for number in self.said(&query, &sounds) {
            let Some(said) = self.everyday.get(number) else { continue };
            // 医院 within 外地医院 adds nothing of its own.
            if taken.iter().any(|longer| longer.contains(said.word.as_str())) {
                continue;
            }
            taken.push(&said.word);
            self.mean(number, length(&said.word).min(3.0) / 2.0, board);
        }
    }

    /// Everyday words in a query, written or by ear, the longest first.
    fn said(&self, query: &str, sounds: &[Option<Class>]) -> Vec<usize> {
        let by_ear = |said: &Said| {
            said.sounds.len() > 1
                && said.sounds.iter().all(Option::is_some)
                && sounds.windows(said.sounds.len()).any(|part| part == said.sounds)
        };
        let all = self.everyday.iter().enumerate();
        let mut found: Vec<(usize, &Said)> =
            all.filter(|(_, said)| query.contains(said.word.as_str()) || by_ear(said)).collect();
        found.sort_by_key(|(_, said)| std::cmp::Reverse(said.word.chars().count()));
        found.into_iter().map(|(number, _)| number).collect()
    }

    fn mean(&self, number: usize, worth: f32, board: &mut Board) {
        let mean = self.everyday.get(number).map_or(&[][..], |said| &said.mean);
        for (means, text) in mean.iter().enumerate() {
            self.written(text, worth * MEANT, board, Found::Said { said: number, means });
        }
    }

    /// Characters and pairs of a text, against those of the items.
    fn written(&self, text: &str, factor: f32, board: &mut Board, found: Found) {
        let characters: Vec<char> = text.chars().collect();
        for pair in characters.windows(2) {
            self.written
                .each([pair[0], pair[1]], self.items.len(), |item, worth| board.add(item, worth * factor, found));
        }
        for c in &characters {
            self.written
                .each([*c, '\0'], self.items.len(), |item, worth| board.add(item, worth * factor * SINGLE, found));
        }
    }

    fn by_letters(&self, letters: &[u8], board: &mut Board) {
        let wanted = letter_bit(letters[0]);
        let mut best: BTreeMap<u32, f32> = BTreeMap::new();
        let mut said: BTreeMap<u32, f32> = BTreeMap::new();
        for spelled in &self.spelled {
            let starts = (0..spelled.text.len()).filter(|start| spelled.letters[*start] & wanted != 0);
            let reaches =
                starts.filter_map(|start| Some((start, self.syllables.reach(letters, &spelled.text[start..])?)));
            let worth = reaches
                .map(|(start, reach)| {
                    let (used, all) = (f32::from(reach.syllables), length_of(spelled.text.len()));
                    let full = used - 0.4 * f32::from(reach.initials) - 0.5 * f32::from(reach.near);
                    let from_start = if start == 0 { 1.3 } else { 1.0 };
                    full.max(0.1) * from_start * (1.0 + used / all)
                })
                .fold(0.0, f32::max);
            for (target, weight) in spelled.targets.iter().filter(|_| worth > 0.0) {
                let (into, key) = match *target {
                    Target::Item(item) => (&mut best, item),
                    Target::Said(number) => (&mut said, number),
                };
                let place = into.entry(key).or_default();
                *place = place.max(worth * weight);
            }
        }
        best.into_iter().for_each(|(item, worth)| board.add(item, worth * 4.0, Found::Letters));
        for (number, worth) in said {
            self.mean(number as usize, worth / 3.0, board);
        }
    }
}

/// Scores of all items for one query, and what counted most for each.
struct Board {
    scores: Vec<f32>,
    best: Vec<(f32, Option<Found>)>,
}

/// What counted, by its place in the index.
#[derive(Debug, Clone, Copy)]
enum Found {
    Text,
    Keyword(usize),
    Said { said: usize, means: usize },
    Sound,
    Letters,
}

impl Board {
    fn add(&mut self, item: u32, worth: f32, found: Found) {
        let item = item as usize;
        if let (Some(score), Some(best)) = (self.scores.get_mut(item), self.best.get_mut(item)) {
            *score += worth;
            if worth > best.0 {
                *best = (worth, Some(found));
            }
        }
    }
}

impl<K: Ord + Copy> Grams<K> {
    fn of(from: BTreeMap<K, BTreeMap<u32, f32>>) -> Self {
        let mut grams = Self { keys: Vec::new(), starts: vec![0], items: Vec::new() };
        for (key, items) in from {
            grams.keys.push(key);
            grams.items.extend(items);
            grams.starts.push(u32::try_from(grams.items.len()).unwrap_or(u32::MAX));
        }
        grams.items.shrink_to_fit();
        grams
    }

    /// Every item of a key with what the key is worth there.
    fn each(&self, key: K, all: usize, mut take: impl FnMut(u32, f32)) {
        let Ok(at) = self.keys.binary_search(&key) else { return };
        let [start, end] = [self.starts.get(at), self.starts.get(at + 1)].map(|s| s.map_or(0, |s| *s as usize));
        let items = self.items.get(start..end).unwrap_or_default();
        let rare = rareness(items.len(), all);
        items.iter().for_each(|(item, weight)| take(*item, rare * weight));
    }
}

/// What is in few items says more about them.
#[expect(clippy::cast_precision_loss, reason = "a few thousand items are exact in 24 bits")]
fn rareness(items: usize, all: usize) -> f32 {
    ((all as f32 + 1.0) / (items as f32 + 0.5)).ln().max(0.05)
}

fn length(text: &str) -> f32 {
    length_of(text.chars().count())
}

#[expect(clippy::cast_precision_loss, reason = "lengths of names are exact in 24 bits")]
fn length_of(count: usize) -> f32 {
    count.max(1) as f32
}

fn add<K: Ord>(into: &mut BTreeMap<K, BTreeMap<u32, f32>>, key: K, item: u32, weight: f32) {
    let place = into.entry(key).or_default().entry(item).or_default();
    *place = place.max(weight);
}

fn add_written(into: &mut BTreeMap<[char; 2], BTreeMap<u32, f32>>, text: &str, item: u32, weight: f32) {
    let characters: Vec<char> = text.chars().collect();
    for pair in characters.windows(2) {
        add(into, [pair[0], pair[1]], item, weight);
    }
    for c in characters {
        add(into, [c, '\0'], item, weight);
    }
}

/// Characters, letters and digits in their narrow and small form; everything else is gone.
fn bare(text: &str) -> String {
    let narrow = |c: char| match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    };
    text.chars().map(narrow).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The query without the words of every question. A query of nothing else stays.
fn without_function_words(query: &str) -> String {
    let mut out = query.to_owned();
    for word in FUNCTION_WORDS.lines().filter(|word| !word.is_empty()) {
        let shorter = out.replace(word, "");
        if shorter.chars().count() > 1 {
            out = shorter;
        }
    }
    out
}

#[cfg(test)]
#[path = "find_tests.rs"]
mod tests;
