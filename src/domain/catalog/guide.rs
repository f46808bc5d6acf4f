//! What the screens show of an item, in the language of the session.

use super::catalogue::Catalog;
use super::item::{Item, PlaceSpec};
use crate::domain::text::Text;
use crate::ipc::{
    CanDo, FlowStep, GuidePart, ItemGuide, ItemRow, Language, Material, Need, Place, SlipState, WindowPlace,
};

/// Pages of the full guide: places and flow, questions, result with law and remedies.
pub const FULL_GUIDE_PAGES: usize = 3;

impl Catalog {
    /// The guide of an item. `slip` and `can_print` are for the caller to set.
    pub fn guide(&self, item: &Item, language: Language, part: GuidePart) -> ItemGuide {
        let say = |text: &Text| text.get(language).to_owned();
        ItemGuide {
            plain_name: say(&item.plain_name),
            name: say(&item.name),
            can: shown(item.can),
            code: item.code.clone(),
            owner: say(&item.owner),
            level: item.level.number(),
            who: item.conditions.iter().map(say).collect(),
            bring: materials(item, language),
            how_long: item.how_long,
            fee: fee(item, language),
            visits: item.visits,
            visits_why: say(&item.visits_why),
            places: item.places.iter().map(|place| shown_place(place, language)).collect(),
            phone: item.phone.clone(),
            complaints_phone: item.complaints_phone.clone(),
            flow: item
                .flow
                .iter()
                .map(|[step, who, what]| FlowStep { step: say(step), who: say(who), what: say(what) })
                .collect(),
            law: item.law.iter().map(|(title, number)| law(title, number.as_deref(), language)).collect(),
            result: say(&item.result),
            remedies: item.remedies.iter().map(say).collect(),
            questions: item.questions.iter().map(|(question, answer)| (say(question), say(answer))).collect(),
            source: self.source_line(language),
            part,
            can_print: false,
            slip: SlipState::None,
        }
    }

    /// The item as a row of a list.
    pub fn row(&self, item: &Item, language: Language) -> ItemRow {
        ItemRow {
            id: item.id.0.clone(),
            plain_name: item.plain_name.get(language).to_owned(),
            name: item.name.get(language).to_owned(),
            department: item.owner_short.get(language).to_owned(),
            can: shown(item.can),
        }
    }

    /// Required materials that still have to be shown at the window after an application here.
    pub fn bring_later(&self, item: &Item, language: Language) -> Vec<String> {
        item.materials
            .iter()
            .filter(|material| material.need == Need::Required)
            .filter(|material| !material.by_card && !material.by_form)
            .map(|material| material.name.get(language).to_owned())
            .collect()
    }

    /// The window that helps on with an item: the place of this centre (`region`), else the first one.
    pub fn window(&self, item: &Item, region: &str, hotline: &str, language: Language) -> WindowPlace {
        let place = item.places.iter().find(|place| place.region == region).or_else(|| item.places.first());
        WindowPlace {
            place: place.map_or_else(
                || Place { name: String::new(), address: String::new(), hours: String::new() },
                |place| shown_place(place, language),
            ),
            phone: item.phone.clone(),
            hotline: hotline.to_owned(),
        }
    }

    /// Source and day in one line; the day in the usual order of the language.
    fn source_line(&self, language: Language) -> String {
        let day = self.taken_at();
        let source = self.source(language);
        match language {
            Language::Zh => {
                format!("{source}，{}年{}月{}日", day.year(), day.month(), day.day())
            }
            Language::En => format!("{source}, {day}"),
        }
    }
}

fn materials(item: &Item, language: Language) -> Vec<Material> {
    item.materials
        .iter()
        .map(|material| Material {
            name: material.name.get(language).to_owned(),
            note: material.note.get(language).to_owned(),
            by_card: material.by_card,
            need: material.need,
        })
        .collect()
}

pub(super) fn fee(item: &Item, language: Language) -> Option<String> {
    if item.fees.is_empty() {
        return None;
    }
    let lines: Vec<String> =
        item.fees.iter().map(|(name, standard)| format!("{} {standard}", name.get(language))).collect();
    Some(lines.join("\n"))
}

fn law(title: &Text, number: Option<&str>, language: Language) -> String {
    let title = title.get(language);
    match (language, number) {
        (Language::Zh, Some(number)) => format!("《{title}》（{number}）"),
        (Language::Zh, None) => format!("《{title}》"),
        (Language::En, Some(number)) => format!("{title} ({number})"),
        (Language::En, None) => title.to_owned(),
    }
}

pub(super) fn shown_place(place: &PlaceSpec, language: Language) -> Place {
    Place {
        name: place.name.get(language).to_owned(),
        address: place.address.get(language).to_owned(),
        hours: place.hours.get(language).to_owned(),
    }
}

/// What is offered. Nothing can be filled ahead on this machine yet, so an item that is finished at the window is
/// shown as a guide: a button that only leads to the window would be a promise not kept.
pub(super) fn shown(can: CanDo) -> CanDo {
    match can {
        CanDo::Prefill => CanDo::GuideOnly,
        CanDo::Apply | CanDo::GuideOnly | CanDo::WindowOnly => can,
    }
}
