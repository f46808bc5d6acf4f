//! One field of a form, from written to parsed: which kind it is and where its options come from.

use super::checks::Doubts;
use super::error::{ItemFault, WarningKind};
use super::item::{CardFact, Choice, Field, FieldKind};
use super::tables;
use super::written::{FieldWritten, LocalFile};
use crate::domain::text::Text;

/// The one pattern that is built in: it is what a mobile number is checked by anyway.
const MOBILE_PATTERN: &str = "^1[3-9][0-9]{9}$";
/// Digits of a mobile number.
const MOBILE_DIGITS: usize = 11;
/// Fewest and most digits of a bank account.
const ACCOUNT_DIGITS: (usize, usize) = (12, 30);
/// Most that can be typed for numbers and money where the item gives no limit.
const NUMBER_MAX: u64 = 99_999_999;
/// How far a date may lie from today where the item gives no limit, in days (120 years, 10 years).
const DATE_REACH: (u32, u32) = (43_830, 3_653);

/// Where options come from.
pub(super) struct Lists<'a> {
    local: &'a LocalFile,
}

impl<'a> Lists<'a> {
    /// Takes the lists of the local file.
    pub fn new(local: &'a LocalFile) -> Self {
        Self { local }
    }

    /// Options of a dictionary; `None` if there is no such list.
    fn options(&self, dict: &str) -> Option<Vec<Choice>> {
        match dict {
            "GB/T 2261.1" => return Some(tables::genders()),
            "GB/T 3304" => return Some(tables::ethnicities()),
            "统计用区划代码" => return Some(self.villages()),
            _ => {}
        }
        let name = dict.strip_prefix("local:")?;
        if name.contains('|') {
            return Some(name.split('|').map(|value| self.inline(value)).collect());
        }
        let list = self.local.dicts.get(name)?;
        Some(list.iter().map(|choice| Choice { value: choice.value.clone(), label: choice.label.clone() }).collect())
    }

    fn inline(&self, value: &str) -> Choice {
        let label = self.local.option_labels.get(value).cloned();
        Choice { value: value.to_owned(), label: label.unwrap_or_else(|| Text::new(value, "")) }
    }

    fn villages(&self) -> Vec<Choice> {
        self.local
            .place
            .villages
            .iter()
            .map(|village| Choice { value: village.code.clone(), label: village.name.clone() })
            .collect()
    }

    fn yes_no(&self) -> Vec<Choice> {
        let words = &self.local.words;
        vec![
            Choice { value: "1".into(), label: words.yes.clone() },
            Choice { value: "0".into(), label: words.no.clone() },
        ]
    }
}

/// Parses a field.
///
/// # Errors
/// [`ItemFault`] for what is broken in itself; what this machine merely cannot take in becomes [`FieldKind::NotHere`].
pub(super) fn field(
    written: FieldWritten,
    lists: &Lists<'_>,
    path: &str,
    doubts: &mut Doubts<'_>,
) -> Result<Field, ItemFault> {
    if written.name.is_empty() || written.label.is_empty() {
        return Err(ItemFault::Empty);
    }
    let prefill = prefill(&written, path, doubts);
    let kind = if prefill.is_some() {
        // Never asked for: the kind does not matter, and doubts about it would be noise.
        FieldKind::NotHere
    } else {
        kind(&written, lists, path, doubts)?
    };
    let label = Text::new(written.label, written.label_en);
    Ok(Field {
        name: written.name,
        ask: if written.ask.is_empty() { label.clone() } else { Text::new(written.ask, written.ask_en) },
        label,
        help: Text::new(written.help, written.help_en),
        required: written.required,
        masked: written.mask_on_screen,
        prefill,
        kind,
    })
}

fn prefill(written: &FieldWritten, path: &str, doubts: &mut Doubts<'_>) -> Option<CardFact> {
    let key = written.prefill_from.as_deref()?;
    let fact = CardFact::from_key(key);
    if fact.is_none() {
        doubts.note(path, WarningKind::UnknownPrefill(key.to_owned()));
    }
    fact
}

fn kind(
    written: &FieldWritten,
    lists: &Lists<'_>,
    path: &str,
    doubts: &mut Doubts<'_>,
) -> Result<FieldKind, ItemFault> {
    let kind = match written.kind.as_str() {
        "mobile" => {
            if written.max_length.is_some_and(|most| most != MOBILE_DIGITS) {
                doubts.note(path, WarningKind::MaxLength);
            }
            FieldKind::Mobile
        }
        "select" | "region" => choices(written, lists, path, doubts, false)?,
        "multiSelect" => choices(written, lists, path, doubts, true)?,
        "boolean" => FieldKind::Choice { options: lists.yes_no(), many: false },
        "address" => FieldKind::Address,
        "bankAccount" => account(written, path, doubts),
        "money" => {
            let (min, max) = limits(written)?;
            FieldKind::Money { min, max }
        }
        "integer" => {
            let (min, max) = limits(written)?;
            FieldKind::Integer { min, max }
        }
        "date" => {
            let (back, ahead) = written.within_days.as_ref().map_or(DATE_REACH, |within| (within.back, within.ahead));
            FieldKind::Date { back, ahead }
        }
        "idNumber" => FieldKind::IdNumber,
        other => {
            doubts.note(path, WarningKind::KindNotHere(other.to_owned()));
            FieldKind::NotHere
        }
    };
    let pattern = written.pattern.as_deref();
    let built_in = matches!(kind, FieldKind::Mobile) && pattern == Some(MOBILE_PATTERN);
    if pattern.is_some() && !built_in {
        doubts.note(path, WarningKind::Pattern);
        return Ok(FieldKind::NotHere);
    }
    Ok(kind)
}

fn choices(
    written: &FieldWritten,
    lists: &Lists<'_>,
    path: &str,
    doubts: &mut Doubts<'_>,
    many: bool,
) -> Result<FieldKind, ItemFault> {
    let dict = written.dict.as_deref().unwrap_or("");
    let Some(options) = lists.options(dict) else {
        doubts.note(path, WarningKind::NoDict(dict.to_owned()));
        return Ok(FieldKind::NotHere);
    };
    let mut seen = std::collections::BTreeSet::new();
    for option in &options {
        if option.value.is_empty() {
            return Err(ItemFault::Empty);
        }
        if option.value.contains(',') {
            return Err(ItemFault::Comma(option.value.clone()));
        }
        if !seen.insert(&option.value) {
            return Err(ItemFault::Twice(option.value.clone()));
        }
    }
    Ok(FieldKind::Choice { options, many })
}

fn account(written: &FieldWritten, path: &str, doubts: &mut Doubts<'_>) -> FieldKind {
    let (least, most) = ACCOUNT_DIGITS;
    let written_most = written.max_length.unwrap_or(most);
    if !(least..=most).contains(&written_most) {
        doubts.note(path, WarningKind::MaxLength);
    }
    let max_digits = u8::try_from(written_most.clamp(least, most)).unwrap_or(u8::MAX);
    FieldKind::Account { max_digits }
}

fn limits(written: &FieldWritten) -> Result<(u64, u64), ItemFault> {
    let min = written.min.unwrap_or(0);
    let max = written.max.unwrap_or(NUMBER_MAX).min(NUMBER_MAX);
    if min > max {
        return Err(ItemFault::Limits);
    }
    Ok((min, max))
}
