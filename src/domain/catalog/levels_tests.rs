//! Places above places, days that are past, questions that make lists exact, and rules that say why not.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use jiff::civil::date;
use serde_json::{Value, json};

use super::*;
use crate::domain::id::ItemId;
use crate::domain::place::{CentreLevel, CountyKind, Place, PlaceParts};
use crate::domain::text::Text;

const ITEMS_JSON: &str = include_str!("../../../config/catalogue/items.json");
const LOCAL_JSON: &str = include_str!("../../../config/catalogue/local.json");

fn with(change: impl FnOnce(&mut Value)) -> Result<Loaded, CatalogError> {
    let mut items: Value = serde_json::from_str(ITEMS_JSON).unwrap();
    change(&mut items["items"][0]);
    Catalog::from_values(items, serde_json::from_str(LOCAL_JSON).unwrap())
}

fn first(change: impl FnOnce(&mut Value)) -> Item {
    with(change).unwrap().catalog.items()[0].clone()
}

#[test]
fn a_place_has_a_code_of_its_level_and_nothing_else() {
    for (code, level) in
        [("3206", Tier::City), ("320699", Tier::County), ("320699101", Tier::Town), ("320699101201", Tier::Village)]
    {
        assert_eq!(Region::new(code).map(|r| r.level()), Some(level), "{code}");
    }
    for bad in ["", "32", "32069", "3206991010", "32069910120x", "３２０６"] {
        assert_eq!(Region::new(bad), None, "{bad}");
    }
}

#[test]
fn the_towns_of_a_zone_lie_under_the_zone_whatever_their_codes_say() {
    let parts = PlaceParts {
        city: Text::new("示例市", ""),
        county: Text::new("示例经济技术开发区", ""),
        county_code: "320671".into(),
        kind: CountyKind::Zone,
        town: Text::new("甲镇", ""),
        town_code: "320612104".into(),
        level: CentreLevel::Town,
        village: None,
    };
    let centre = Centre::of(&Place::new(parts).unwrap());
    let [zone, town, other] = ["320671", "320612104", "320612"].map(|code| Region::new(code).unwrap());
    assert!(centre.belongs_to(&zone) && centre.belongs_to(&town) && !centre.belongs_to(&other));
    assert!(centre.may_sign("320671", &town) && centre.may_sign("3206", &zone));
    assert!(!centre.may_sign("320612104", &zone), "a town never signs for what lies above it");
    assert!(!centre.may_sign("320612", &town), "the county around a zone has no say in it");
}

#[test]
fn what_is_past_its_day_is_taken_out_and_named() {
    let loaded = with(|item| item["validUntil"] = json!({"fee": "2026-12-31"})).unwrap();
    let on = |day| loaded.catalog.clone().as_of(day);
    assert_eq!(on(date(2026, 12, 31)).counts().all, 12);
    let later = on(date(2027, 1, 1));
    assert_eq!(later.counts().all, 11);
    assert_eq!(later.item(&ItemId("sample-01".into())), None);
    let [expired] = later.expired() else { panic!("one item") };
    assert_eq!((expired.what, expired.since), (Past::Fee, date(2026, 12, 31)));
    assert_eq!(expired.plain_name.zh, "我要参加居民养老保险");
    let times = with(|item| item["validUntil"] = json!({"promise": "2026-01-01"})).unwrap();
    assert_eq!(times.catalog.as_of(date(2026, 11, 24)).expired()[0].what, Past::Promise);
}

#[test]
fn the_oldest_part_says_how_old_the_content_is() {
    let catalog = with(|_| {}).unwrap().catalog;
    assert_eq!(catalog.age(date(2026, 11, 25)), Age { days: 2, is_old: false });
    assert_eq!(catalog.age(date(2020, 1, 1)).days, 0, "a clock that is behind makes nothing old");
}

fn asked(item: &mut Value) {
    item["situations"] = json!([
        {"id": "who", "ask": "为谁办？", "choices": [{"id": "self", "label": "自己"}, {"id": "other", "label": "家里人"}]},
        {"id": "moved", "ask": "户口迁来不到一年吗？", "choices": [{"id": "yes", "label": "是"}, {"id": "no", "label": "不是"}]},
    ]);
    item["materials"] = json!([
        {"materialName": "身份证", "isNeed": "1"},
        {"materialName": "委托书", "isNeed": "1", "when": [{"question": "who", "is": ["other"]}]},
        {"materialName": "迁入证明", "isNeed": "1", "when": [{"question": "moved", "is": ["yes"]}, {"question": "who", "is": ["self"]}]},
    ]);
}

#[test]
fn questions_make_the_list_exact_and_an_open_one_never_makes_it_short() {
    let item = first(asked);
    let list = |facts: &Facts| -> Vec<(String, Certain)> {
        to_bring(&item.materials, facts).iter().map(|m| (m.material.name.zh.clone(), m.certain)).collect()
    };
    let mut facts = Facts::default();
    assert_eq!(list(&facts).len(), 3, "nothing is known: everything is named");
    assert_eq!(list(&facts)[1], ("委托书".into(), Certain::Depends));
    assert_eq!(next_question(&item.situations, &facts).unwrap().id, "who");
    facts.answer("who", "self");
    assert_eq!(list(&facts), [("身份证".into(), Certain::Yes), ("迁入证明".into(), Certain::Depends)]);
    facts.answer("moved", "no");
    assert_eq!(list(&facts), [("身份证".into(), Certain::Yes)]);
    assert_eq!(next_question(&item.situations, &facts), None);
    facts.answer("moved", "yes");
    assert_eq!(list(&facts)[1], ("迁入证明".into(), Certain::Yes));
}

#[test]
fn a_condition_that_points_nowhere_is_named() {
    for (change, path) in [
        (json!([{"question": "nobody", "is": ["x"]}]), "materials.when"),
        (json!([{"question": "who", "is": ["x"]}]), "materials.when"),
    ] {
        let error = with(|item| {
            asked(item);
            item["materials"][1]["when"] = change;
        })
        .unwrap_err()
        .to_string();
        assert!(error.contains("sample-01") && error.contains(path), "{error}");
    }
    let four = with(|item| {
        asked(item);
        let mut list = item["situations"].as_array().unwrap().clone();
        list.extend(list.clone());
        item["situations"] = json!(list);
    });
    assert!(four.unwrap_err().to_string().contains("more than 3"));
}

fn ruled(item: &mut Value) {
    asked(item);
    item["eligibility"] = json!([
        {"any": [{"fact": "age", "atLeast": 80}], "whyNot": "还没有满 80 岁", "todo": "满 80 岁的那个月再来"},
        {"any": [{"fact": "moved", "oneOf": ["no"]}, {"fact": "who", "oneOf": ["other"]}],
         "whyNot": "户口迁来不到一年", "todo": "满一年后再来，或者问一问窗口"},
    ]);
}

fn aged(birth: &str) -> Facts {
    let card = tests::card_born(birth);
    Facts::of_card(&card, date(2026, 11, 24))
}

#[test]
fn the_answer_says_which_fact_fails_and_what_to_do() {
    let item = first(ruled);
    let young = judge(&item.rules, &aged("19561124"));
    let Verdict::MayNot { fact: "age", why, todo } = young else { panic!("{young:?}") };
    assert_eq!((why.zh.as_str(), todo.zh.as_str()), ("还没有满 80 岁", "满 80 岁的那个月再来"));
    let mut facts = aged("19461124");
    assert_eq!(judge(&item.rules, &facts), Verdict::Ask { fact: "moved" });
    facts.answer("moved", "yes");
    assert_eq!(judge(&item.rules, &facts), Verdict::Ask { fact: "who" }, "one of the two may still hold");
    facts.answer("who", "self");
    assert!(matches!(judge(&item.rules, &facts), Verdict::MayNot { fact: "moved", .. }));
    facts.answer("who", "other");
    assert_eq!(judge(&item.rules, &facts), Verdict::May);
}

#[test]
fn what_certainly_fails_is_told_before_anything_is_asked_and_what_nobody_told_fails_nothing() {
    let item = first(ruled);
    let mut facts = Facts::default();
    assert_eq!(judge(&item.rules, &facts), Verdict::Ask { fact: "age" });
    facts.answer("moved", "yes");
    facts.answer("who", "self");
    assert!(matches!(judge(&item.rules, &facts), Verdict::MayNot { fact: "moved", .. }));
}

#[test]
fn a_rule_about_a_fact_that_nobody_can_tell_is_refused() {
    for (test, says) in [
        (json!({"fact": "income", "atMost": 100}), "\"income\" is not defined"),
        (json!({"fact": "age", "oneOf": ["1"]}), "exactly one of"),
        (json!({"fact": "age"}), "exactly one of"),
        (json!({"fact": "who", "atLeast": 3}), "exactly one of"),
        (json!({"fact": "who", "oneOf": ["stranger"]}), "\"stranger\" is not defined"),
    ] {
        let error = with(|item| {
            ruled(item);
            item["eligibility"][0]["any"] = json!([test]);
        });
        let error = error.unwrap_err().to_string();
        assert!(error.contains("eligibility number 1") && error.contains(says), "{error}");
    }
}

#[test]
fn the_short_guide_changes_with_every_answer() {
    let catalog = with(ruled).unwrap().catalog;
    let item = &catalog.items()[0];
    let guide = |facts: &Facts| catalog.short_guide(item, facts, "320699101201", crate::ipc::Language::Zh);
    let mut facts = aged("19461124");
    let open = guide(&facts);
    assert_eq!((open.may.clone(), open.bring.len()), (May::Open, 3));
    assert_eq!(open.ask.unwrap().question, "moved", "what a rule waits for comes first");
    assert_eq!(open.place.unwrap().name, "示例村便民服务中心（示例）", "the nearest place");
    facts.answer("moved", "no");
    let may = guide(&facts);
    assert_eq!((may.may.clone(), may.ask.as_ref().map(|ask| ask.question.as_str())), (May::Yes, Some("who")));
    assert!(may.bring.iter().any(|line| line.name == "委托书" && line.depends));
    facts.answer("who", "self");
    let done = guide(&facts);
    assert_eq!(done.ask, None);
    assert_eq!(done.bring.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(), ["身份证"]);
    let refused = guide(&aged("19561124"));
    let May::No { fact, why, todo } = refused.may else { panic!("too young") };
    assert_eq!((fact.as_str(), why.as_str(), todo.as_str()), ("age", "还没有满 80 岁", "满 80 岁的那个月再来"));
    assert_eq!(refused.ask, None, "nothing is asked after a no");
}

#[test]
fn facts_about_a_resident_are_not_in_the_log() {
    let mut facts = aged("19461124");
    facts.answer("who", "self");
    let shown = format!("{facts:?}");
    assert!(!shown.contains("80") && !shown.contains("self"), "{shown}");
}
