//! The shipped sample catalogue, and what happens to broken and doubtful ones.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use jiff::civil::date;
use kiosk_hal::model::{CardDate, CardKind, IdCard, NumberCheck, Sex, Validity};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::id::ItemId;
use crate::ipc::{CanDo, GuidePart, HowLong, Language};

const ITEMS: &str = include_str!("../../../config/catalogue/items.json");
const LOCAL: &str = include_str!("../../../config/catalogue/local.json");

const PENSION: &str = "sample-01";
const ALLOWANCE: &str = "sample-03";

#[test]
fn the_shipped_catalogue_loads_and_its_doubts_are_the_fields_for_the_window() {
    let loaded = Catalog::load(ITEMS, LOCAL).unwrap();
    assert_eq!(loaded.catalog.counts(), Counts { apply: 4, all: 12 });
    assert!(loaded.catalog.is_sample());
    for warning in &loaded.warnings {
        assert!(matches!(warning.kind, WarningKind::KindNotHere(_) | WarningKind::NoDict(_)), "{warning}");
    }
}

#[test]
fn what_can_be_done_with_each_shipped_item_is_as_its_data_says() {
    let catalog = shipped();
    let expected = [
        ("sample-01", CanDo::Apply),
        ("sample-02", CanDo::Prefill),
        ("sample-03", CanDo::Apply),
        ("sample-04", CanDo::Prefill),
        ("sample-05", CanDo::Prefill),
        ("sample-06", CanDo::WindowOnly),
        ("sample-07", CanDo::Prefill),
        ("sample-08", CanDo::WindowOnly),
        ("sample-09", CanDo::Apply),
        ("sample-10", CanDo::Apply),
        ("sample-11", CanDo::Prefill),
        ("sample-12", CanDo::Prefill),
    ];
    for (id, can) in expected {
        assert_eq!(catalog.can(&ItemId(id.into())), Some(can), "{id}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn an_item_that_forbids_it_never_says_apply(
        terminals in prop::sample::select(vec!["0", "1", "", "yes"]),
        mode in prop::sample::select(vec!["apply", "prefill", "guide_only", "APPLY", ""]),
        card in any::<bool>(),
        kind in prop::sample::select(vec!["mobile", "text", "quarter", "signature", "select", "date"]),
        required in any::<bool>(),
        known in any::<bool>(),
    ) {
        let loaded = changed(|items, _| {
            let item = at(items, PENSION);
            item["isServiceTerminals"] = json!(terminals);
            item["kiosk"]["mode"] = json!(mode);
            item["kiosk"]["identifyBy"] = if card { json!(["idCard"]) } else { json!(["sms"]) };
            let mut field = json!({"name": "extra", "label": "更多", "type": kind, "required": required});
            if known {
                field["prefillFrom"] = json!("idCard.name");
            }
            item["form"]["fields"].as_array_mut().unwrap().push(field);
        }).unwrap();
        let can = loaded.catalog.can(&ItemId(PENSION.into())).unwrap();
        let answerable = !required || known || matches!(kind, "mobile" | "date");
        let allowed = terminals == "1" && mode == "apply" && card && answerable;
        prop_assert_eq!(can == CanDo::Apply, allowed);
    }
}

#[test]
fn themes_without_items_are_not_shown_and_the_others_count_theirs() {
    let catalog = shipped();
    let tiles = catalog.themes(Language::Zh);
    let counts: Vec<(&str, usize)> = tiles.iter().map(|t| (t.id.as_str(), t.count)).collect();
    assert_eq!(counts, [("elder", 3), ("shield", 3), ("heart", 5), ("baby", 1), ("shop", 2)]);
    assert_eq!(catalog.themes(Language::En)[0].title, "Pension and old age");
}

#[test]
fn all_eleven_departments_are_there_and_every_item_is_with_exactly_one() {
    let catalog = shipped();
    let tiles = catalog.departments(Language::Zh);
    let names: Vec<&str> = tiles.iter().map(|tile| tile.title.as_str()).collect();
    assert_eq!(names, ["综治", "信访", "司法", "民政", "卫计", "农经", "市场监管", "税务", "国土", "城建", "人社"]);
    let sum: usize = tiles.iter().map(|tile| tile.count).sum();
    assert_eq!(sum, catalog.items().len());
    let empty = tiles.iter().find(|tile| tile.count == 0).unwrap();
    assert!(empty.summary.contains("窗口"));
}

#[test]
fn everything_a_resident_reads_has_english() {
    let catalog = shipped();
    for item in catalog.items() {
        let mut guide = catalog.guide(item, Language::En, GuidePart::Short);
        // Document numbers are Chinese by nature.
        guide.law.clear();
        let text = serde_json::to_string(&guide).unwrap();
        let chinese: String = text.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).collect();
        assert_eq!(chinese, "", "{}", item.id.0);
        for field in item.form.fields.iter().filter(|field| field.is_answerable()) {
            for text in [&field.label, &field.ask, &field.help] {
                assert_eq!(text.zh.is_empty(), text.en.is_empty(), "{} {}", item.id.0, field.name);
            }
        }
    }
}

#[test]
fn a_question_that_is_asked_here_is_a_sentence() {
    for item in shipped().items() {
        for field in &item.form.fields {
            if field.prefill.is_none() && field.is_answerable() {
                let (zh, en) = (&field.ask.zh, &field.ask.en);
                assert!(zh.ends_with(['？', '。']), "{} {zh}", item.id.0);
                assert!(en.ends_with(['?', '.']), "{} {en}", item.id.0);
            }
        }
    }
}

#[test]
fn the_guide_holds_what_the_item_says() {
    let catalog = shipped();
    let item = catalog.item(&ItemId(PENSION.into())).unwrap();
    let guide = catalog.guide(item, Language::Zh, GuidePart::Short);
    assert_eq!(guide.plain_name, "我要参加居民养老保险");
    assert_eq!(guide.name, "城乡居民基本养老保险参保登记");
    assert_eq!(guide.level, 4);
    assert_eq!(guide.how_long, HowLong::WorkingDays { count: 3 });
    assert_eq!((guide.fee.as_deref(), guide.visits), (None, 0));
    assert!(guide.bring[0].by_card && !guide.bring[1].by_card);
    assert_eq!(guide.places[0].name, "示例镇为民服务中心（示例）");
    assert_eq!(guide.law[1], "《国务院关于建立统一的城乡居民基本养老保险制度的意见》（国发〔2014〕8号）");
    assert_eq!(guide.source, "示例目录，不是正式内容，2026年11月23日");
    assert_eq!(guide.remedies.len(), 2);
    assert_eq!(catalog.bring_later(item, Language::Zh), ["居民户口簿（首页及本人页）"]);
    let row = catalog.row(item, Language::En);
    assert_eq!(row.department, "County Social Security Bureau");
}

#[test]
fn the_window_is_the_one_of_this_centre() {
    let catalog = shipped();
    let item = catalog.item(&ItemId(PENSION.into())).unwrap();
    let here = catalog.window(item, "320699101201", "12345", Language::Zh);
    assert_eq!(here.place.name, "示例村便民服务中心（示例）");
    let elsewhere = catalog.window(item, "000000000000", "12345", Language::Zh);
    assert_eq!(elsewhere.place.name, "示例镇为民服务中心（示例）");
}

#[test]
fn a_centre_sees_its_own_items_and_those_of_the_levels_above_only() {
    let catalog = changed(|items, _| {
        at(items, "sample-01")["townCode"] = json!("320699102000");
        at(items, "sample-02")["useLevel"] = json!("6");
        at(items, "sample-03")["useLevel"] = json!("6");
        at(items, "sample-03")["villageCode"] = json!("320699101202");
        at(items, "sample-12")["townCode"] = json!(null);
    })
    .unwrap()
    .catalog;
    let ids = |scope| -> Vec<String> {
        let items = catalog.clone().for_centre(scope);
        items.items().iter().map(|i| i.id.0.replace("sample-", "")).collect()
    };
    let town = "320699101000";
    let village = "320699101201";
    let shared = ["04", "05", "06", "07", "08", "09", "10", "11", "12"];
    assert_eq!(ids(Scope::Town { town }), shared);
    let mut own = vec!["02"];
    own.extend(shared);
    assert_eq!(ids(Scope::Village { town, village }), own);
    let other = "320699102000";
    assert_eq!(ids(Scope::Town { town: other }), ["01", "12"]);
}

#[test]
fn notices_are_shown_from_their_first_day_to_their_last() {
    let catalog = shipped();
    let count = |day| catalog.notices(day, Language::Zh).len();
    assert_eq!(count(date(2026, 11, 15)), 1);
    assert_eq!(count(date(2026, 11, 16)), 2);
    assert_eq!(count(date(2026, 12, 15)), 2);
    assert_eq!(count(date(2026, 12, 16)), 1);
    assert_eq!(count(date(2028, 1, 1)), 0);
}

#[test]
fn a_person_too_young_is_told_the_age_and_an_unknown_age_is_left_to_the_window() {
    let catalog = shipped();
    let item = catalog.item(&ItemId(ALLOWANCE.into())).unwrap();
    let today = date(2026, 11, 24);
    let born = |text| {
        card_with(|card| {
            card.birth = CardDate::parse(text);
        })
    };
    assert_eq!(eligible(item, &born("19461124"), today), Ok(()));
    assert_eq!(eligible(item, &born("19461125"), today), Err(Ineligible { min_age: 80 }));
    assert_eq!(eligible(item, &born(""), today), Ok(()));
    let free = catalog.item(&ItemId("sample-09".into())).unwrap();
    assert_eq!(eligible(free, &born("20260101"), today), Ok(()));
}

#[test]
fn a_fault_names_the_item_and_the_field() {
    type Change = fn(&mut Value, &mut Value);
    let cases: [(&str, &str, Change); 15] = [
        ("item sample-01, field itemId", "twice", |items, _| {
            at(items, "sample-02")["itemId"] = json!("sample-01");
        }),
        ("item sample-01", "taskName", |items, _| {
            at(items, PENSION).as_object_mut().unwrap().remove("taskName");
        }),
        ("item number 3", "itemId", |items, _| {
            at(items, ALLOWANCE).as_object_mut().unwrap().remove("itemId");
        }),
        ("item sample-01, field taskPlainName", "empty", |items, _| {
            at(items, PENSION)["taskPlainName"] = json!(" ");
        }),
        ("item sample-01, field taskHandleItem", "longer", |items, _| {
            at(items, PENSION)["taskHandleItem"] = json!("1".repeat(65));
        }),
        ("item sample-01, field themes", "moon", |items, _| {
            at(items, PENSION)["themes"] = json!(["moon"]);
        }),
        ("item sample-01, field department", "moon", |items, _| {
            at(items, PENSION)["department"] = json!("moon");
        }),
        ("item sample-01, field deptId", "moon", |items, _| {
            at(items, PENSION)["deptId"] = json!("moon");
        }),
        ("item sample-01, field form.fields.mobile", "twice", |items, _| {
            let fields = at(items, PENSION)["form"]["fields"].as_array_mut().unwrap();
            let mobile = fields.iter().find(|f| f["name"] == "mobile").unwrap().clone();
            fields.push(mobile);
        }),
        ("item sample-01, field form.fields.mobile", "required", |items, _| {
            field_of(items, "mobile").as_object_mut().unwrap().remove("required");
        }),
        ("item sample-01, field form.fields.payLevel", "comma", |items, _| {
            field_of(items, "payLevel")["dict"] = json!("local:a,b|c");
        }),
        ("item sample-01, field form.fields.payLevel", "least", |items, _| {
            let field = field_of(items, "payLevel");
            field["type"] = json!("integer");
            field["min"] = json!(5);
            field["max"] = json!(4);
        }),
        ("local.json, place", "code of 12 digits", |_, local| {
            local["place"]["villages"][0]["code"] = json!("1");
        }),
        ("local.json, themes", "more than 6", |_, local| {
            let theme = local["themes"][0].clone();
            local["themes"].as_array_mut().unwrap().push(theme);
        }),
        ("local.json, notices", "before it begins", |_, local| {
            local["notices"][0]["until"] = json!("2020-01-01");
        }),
    ];
    for (place, reason, change) in cases {
        let error = changed(change).expect_err(place).to_string();
        assert!(error.contains(place), "{error:?} names {place}");
        assert!(error.contains(reason), "{error:?} says {reason}");
    }
}

#[test]
fn a_typing_slip_in_the_local_file_and_an_unknown_format_stop_the_load() {
    let slip = changed(|_, local| local["notises"] = json!([])).unwrap_err();
    assert_eq!(slip.code(), "catalog.shape");
    let newer = changed(|items, _| items["schemaVersion"] = json!("9")).unwrap_err();
    assert_eq!(newer.code(), "catalog.version");
    let newer = changed(|_, local| local["schema"] = json!(2)).unwrap_err();
    assert_eq!(newer.code(), "catalog.version");
    assert_eq!(Catalog::load("", LOCAL).unwrap_err().code(), "catalog.shape");
}

#[test]
fn a_doubt_is_told_and_the_item_stays() {
    type Change = fn(&mut Value);
    let cases: [(Change, WarningKind); 12] = [
        (|i| i["taskHandleItem"] = json!("local-7"), WarningKind::CodeForm),
        (|i| i["taskHandleItem"] = json!("113206990000000357432059990300001"), WarningKind::CodeOwner),
        (|i| i["useLevel"] = json!("9"), WarningKind::UnknownCode("9".into())),
        (|i| i["useLevel"] = json!("5"), WarningKind::CodeLevel),
        (|i| i["taskType"] = json!("21"), WarningKind::UnknownCode("21".into())),
        (|i| i["isServiceTerminals"] = json!("0"), WarningKind::ModeForbidden),
        (|i| i["kiosk"]["mode"] = json!("magic"), WarningKind::UnknownMode("magic".into())),
        (|i| i["promiseDay"] = json!(0), WarningKind::Promise),
        (|i| i["limitSceneNum"] = json!(1), WarningKind::VisitReason),
        (|i| i["fee"]["isFee"] = json!("1"), WarningKind::Fee),
        (|i| i["superviseWay"] = i["linkWay"].clone(), WarningKind::SamePhone),
        (|i| i["taskPlainNameEn"] = json!(""), WarningKind::NoEnglish),
    ];
    for (change, kind) in cases {
        let loaded = changed(|items, _| change(at(items, PENSION))).unwrap();
        let told = loaded.warnings.iter().any(|w| w.item.0 == PENSION && w.kind == kind);
        assert!(told, "{kind}");
        assert!(loaded.catalog.item(&ItemId(PENSION.into())).is_some());
    }
}

#[test]
fn a_field_that_cannot_be_checked_here_takes_the_button_away() {
    type Change = fn(&mut Value);
    let cases: [(&str, Change); 4] = [
        ("payLevel", |f| f["dict"] = json!("local:nowhere")),
        ("payLevel", |f| f["type"] = json!("sorcery")),
        ("mobile", |f| f["pattern"] = json!("^9.*$")),
        ("payLevel", |f| f["pattern"] = json!("^x$")),
    ];
    for (name, change) in cases {
        let loaded = changed(|items, _| change(field_of(items, name))).unwrap();
        let can = loaded.catalog.can(&ItemId(PENSION.into()));
        assert_eq!(can, Some(CanDo::WindowOnly), "{name}");
    }
    let stranger = changed(|items, _| {
        for field in at(items, PENSION)["form"]["fields"].as_array_mut().unwrap() {
            if field["name"] == "applicantName" {
                field["prefillFrom"] = json!("idCard.horoscope");
            }
        }
    })
    .unwrap();
    assert_eq!(stranger.catalog.can(&ItemId(PENSION.into())), Some(CanDo::WindowOnly));
}

#[test]
fn an_item_that_is_not_in_use_is_left_out() {
    let loaded = changed(|items, _| at(items, PENSION)["taskState"] = json!("2")).unwrap();
    assert!(loaded.catalog.item(&ItemId(PENSION.into())).is_none());
    assert!(loaded.warnings.iter().any(|w| w.kind == WarningKind::NotInUse));
}

#[test]
fn an_item_is_on_the_list_its_type_belongs_to() {
    let catalog = changed(|items, _| at(items, PENSION)["taskType"] = json!("21")).unwrap().catalog;
    let list = |id: &str| catalog.item(&ItemId(id.into())).unwrap().list_type();
    assert_eq!(list(PENSION), ListType::Unlisted);
    assert_eq!(list("sample-05"), ListType::Power);
    assert_eq!(list("sample-09"), ListType::PublicService);
}

fn shipped() -> Catalog {
    Catalog::load(ITEMS, LOCAL).unwrap().catalog
}

fn changed(change: impl FnOnce(&mut Value, &mut Value)) -> Result<Loaded, CatalogError> {
    let mut items: Value = serde_json::from_str(ITEMS).unwrap();
    let mut local: Value = serde_json::from_str(LOCAL).unwrap();
    change(&mut items, &mut local);
    Catalog::load(&items.to_string(), &local.to_string())
}

fn at<'a>(items: &'a mut Value, id: &str) -> &'a mut Value {
    items["items"].as_array_mut().unwrap().iter_mut().find(|item| item["itemId"] == id).unwrap()
}

fn field_of<'a>(items: &'a mut Value, name: &str) -> &'a mut Value {
    at(items, PENSION)["form"]["fields"].as_array_mut().unwrap().iter_mut().find(|field| field["name"] == name).unwrap()
}

fn card() -> IdCard {
    IdCard {
        kind: CardKind::Resident,
        name: "测试员甲".into(),
        latin_name: None,
        sex: Sex::Male,
        ethnicity: Some("01".into()),
        birth: CardDate::parse("19000101"),
        address: Some("虚构省样例市演示区测试路1号".into()),
        number: "11019919000101001X".into(),
        number_check: NumberCheck::Passed,
        authority: None,
        valid_from: None,
        valid_until: Validity::LongTerm,
        nationality: None,
        pass_number: None,
    }
}

pub(super) fn card_born(birth: &str) -> IdCard {
    card_with(|card| card.birth = CardDate::parse(birth))
}

fn card_with(change: impl FnOnce(&mut IdCard)) -> IdCard {
    let mut card = card();
    change(&mut card);
    card
}
