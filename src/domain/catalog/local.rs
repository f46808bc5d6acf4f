//! The local file: checked, and joined with the items to a catalogue.

use std::collections::BTreeSet;

use super::catalogue::{Catalog, Department, Everyday, Notice, Theme};
use super::error::{CatalogError, ItemFault};
use super::item::{AddressWords, Item, PartWords, Village};
use super::written::{LocalFile, PartWritten};

/// Tiles that fit on the home screen.
const THEMES_MAX: usize = 6;

/// What the local file must have; each fault names the key.
pub(super) fn check(local: &LocalFile) -> Result<(), CatalogError> {
    let fail = |key: String, fault| Err(CatalogError::Local { key, fault });
    let codes = std::iter::once(&local.place.town_code).chain(local.place.villages.iter().map(|village| &village.code));
    let mut seen = BTreeSet::new();
    for code in codes {
        if code.len() != 12 || !code.bytes().all(|b| b.is_ascii_digit()) {
            return fail("place".into(), ItemFault::NotACode(code.clone()));
        }
        if !seen.insert(code) {
            return fail("place".into(), ItemFault::Twice(code.clone()));
        }
    }
    if local.place.villages.is_empty() {
        return fail("place.villages".into(), ItemFault::Empty);
    }
    if local.themes.len() > THEMES_MAX {
        return fail("themes".into(), ItemFault::TooMany(THEMES_MAX));
    }
    let mut themes = BTreeSet::new();
    for theme in &local.themes {
        if !themes.insert(&theme.id) {
            return fail("themes".into(), ItemFault::Twice(theme.id.clone()));
        }
    }
    let mut departments = BTreeSet::new();
    for department in &local.departments {
        if !departments.insert(&department.id) {
            return fail("departments".into(), ItemFault::Twice(department.id.clone()));
        }
    }
    for notice in &local.notices {
        if notice.until < notice.from {
            return fail("notices".into(), ItemFault::Period);
        }
    }
    for (name, options) in &local.dicts {
        let key = format!("dicts.{name}");
        if options.is_empty() {
            return fail(key, ItemFault::Empty);
        }
        let mut values = BTreeSet::new();
        for option in options {
            if option.value.contains(',') {
                return fail(key, ItemFault::Comma(option.value.clone()));
            }
            if !values.insert(&option.value) {
                return fail(key, ItemFault::Twice(option.value.clone()));
            }
        }
    }
    Ok(())
}

/// Joins the local file, which passed its check, and the items.
pub(super) fn join(local: LocalFile, items: Vec<Item>) -> Catalog {
    let words = local.words;
    let part = |written: PartWritten, suffix: String| PartWords {
        label: written.label,
        ask: written.ask,
        help: written.help,
        suffix,
    };
    Catalog {
        version: local.version,
        source: local.source,
        taken_at: local.taken_at,
        items,
        themes: local
            .themes
            .into_iter()
            .map(|theme| Theme { id: theme.id, icon: theme.icon, title: theme.title, summary: theme.summary })
            .collect(),
        departments: local
            .departments
            .into_iter()
            .map(|department| Department {
                id: department.id,
                icon: department.icon,
                name: department.name,
                today: department.today,
            })
            .collect(),
        empty_department: words.empty_department,
        notices: local
            .notices
            .into_iter()
            .map(|notice| Notice { from: notice.from, until: notice.until, text: notice.text })
            .collect(),
        address: AddressWords {
            prefix: format!("{}{}", local.place.county.zh, local.place.town.zh),
            villages: local
                .place
                .villages
                .into_iter()
                .map(|village| Village { code: village.code, name: village.name })
                .collect(),
            same_as_card: words.same_as_card,
            group: part(words.group, words.group_suffix),
            house: part(words.house, words.house_suffix),
        },
        town_code: local.place.town_code,
        life_events: local
            .life_events
            .into_iter()
            .map(|event| Theme { id: event.id, icon: event.icon, title: event.title, summary: event.summary })
            .collect(),
        everyday: local.everyday.into_iter().map(|e| Everyday { say: e.say, mean: e.mean }).collect(),
        editions: Vec::new(),
        expired: Vec::new(),
    }
}
