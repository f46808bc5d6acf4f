//! Forms of the shipped items, filled in by invented people, and by chance.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::sync::LazyLock;

use jiff::civil::{Date, date};
use kiosk_hal::model::{CardDate, CardKind, IdCard, NumberCheck, Sex, Validity};

mod random;

use super::*;
use crate::domain::catalog::Catalog;
use crate::domain::id::ItemId;
use crate::ipc::{DigitKind, Language, Pad, Problem, Source};

const ITEMS: &str = include_str!("../../../../config/catalogue/items.json");
const LOCAL: &str = include_str!("../../../../config/catalogue/local.json");

const PENSION: &str = "sample-01";
const ALLOWANCE: &str = "sample-03";
const MEDICAL: &str = "sample-09";
const BIRTH: &str = "sample-10";
const LIVING: &str = "sample-04";

const MOBILE: &str = "13800000000";
const ACCOUNT: &str = "9999000000000004410";
const VILLAGE: &str = "320699101201";

#[test]
fn the_pension_form_gives_the_values_of_card_and_resident() {
    let mut form = start(PENSION);
    assert_eq!(form.label(Language::Zh), "手机号码");
    type_all(&mut form, MOBILE);
    assert_eq!(form.advance(), FormStep::Moved);
    choose(&mut form, "card");
    choose(&mut form, "300");
    assert_eq!(form.fields(), None, "not before everything is answered");
    form.choose("320699101001");
    assert_eq!(form.advance(), FormStep::Complete);
    let expected = [
        ("applicantName", "测试员甲", Source::Card),
        ("applicantIdNo", "11019919000101001X", Source::Card),
        ("gender", "1", Source::Card),
        ("ethnicity", "01", Source::Card),
        ("mobile", MOBILE, Source::Resident),
        ("address", "虚构省样例市演示区测试路1号", Source::Resident),
        ("payLevel", "300", Source::Resident),
        ("householdRegion", "320699101001", Source::Resident),
    ];
    assert_eq!(values(&form), expected.map(owned));
    assert_eq!(form.mobile_masked().as_deref(), Some("138****0000"));
}

#[test]
fn the_allowance_form_takes_an_address_by_tapping_village_group_and_house() {
    let mut form = start(ALLOWANCE);
    answer(&mut form, MOBILE);
    choose(&mut form, VILLAGE);
    assert_eq!(form.label(Language::Zh), "几组");
    answer(&mut form, "3");
    assert!(form.view(Language::Zh).optional);
    answer(&mut form, "18");
    answer(&mut form, ACCOUNT);
    assert_eq!(value_of(&form, "address"), "示例县示例镇示例村3组18号");
    assert_eq!(value_of(&form, "bankAccount"), ACCOUNT);
    assert_eq!(form.left_for_window(Language::Zh), ["代办人姓名"]);
    assert!(form.fields().unwrap().iter().all(|f| f.name != "agentName"));
}

#[test]
fn a_community_without_groups_and_numbers_gives_its_bare_name() {
    let mut form = start(ALLOWANCE);
    answer(&mut form, MOBILE);
    choose(&mut form, "320699101001");
    answer(&mut form, "0");
    assert_eq!(form.advance(), FormStep::Moved, "a house number may be left out");
    answer(&mut form, ACCOUNT);
    assert_eq!(value_of(&form, "address"), "示例县示例镇示例社区");
}

#[test]
fn what_the_card_tells_is_locked_masked_and_never_asked() {
    let form = start(PENSION);
    let known = form.view(Language::Zh).known;
    let shown: Vec<(&str, &str)> = known.iter().map(|k| (k.label.as_str(), k.value.as_str())).collect();
    assert_eq!(shown, [("姓名", "测*"), ("公民身份号码", "110199********001X"), ("性别", "男"), ("民族", "汉族"),]);
    assert!(known.iter().all(|value| value.source == Source::Card));
    let asked: Vec<String> = form.questions.iter().map(|q| q.label.zh.clone()).collect();
    assert!(known.iter().all(|value| !asked.contains(&value.label)));
    let english = form.view(Language::En).known;
    assert_eq!((english[2].value.as_str(), english[3].value.as_str()), ("Male", "Han"));
}

#[test]
fn a_wrong_answer_is_told_after_next_and_forgotten_at_the_next_key() {
    let mut form = start(PENSION);
    type_all(&mut form, "138000000");
    assert_eq!(form.view(Language::Zh).problem, None);
    assert_eq!(form.advance(), FormStep::Stay);
    assert_eq!(form.view(Language::Zh).problem, Some(Problem::TooShort { missing: 2 }));
    form.digit('0');
    assert_eq!(form.view(Language::Zh).problem, None);
    let Pad::Digits { kind, shown, missing } = form.view(Language::Zh).pad else {
        panic!("a digit pad");
    };
    assert_eq!((kind, shown.as_str(), missing), (DigitKind::Mobile, "138 0000 000", Some(1)));
    form.clear();
    assert_eq!(form.advance(), FormStep::Stay);
    assert_eq!(form.view(Language::Zh).problem, Some(Problem::Empty));
}

#[test]
fn a_slip_in_the_bank_account_is_found() {
    let mut form = start(ALLOWANCE);
    answer(&mut form, MOBILE);
    choose(&mut form, "card");
    type_all(&mut form, "9999000000000004411");
    assert_eq!(form.advance(), FormStep::Stay);
    assert_eq!(form.view(Language::Zh).problem, Some(Problem::AccountCheck));
}

#[test]
fn the_next_question_is_named_and_the_last_one_leads_to_the_review() {
    let mut form = start(PENSION);
    assert_eq!(form.view(Language::Zh).next.as_deref(), Some("现住址"));
    assert_eq!(form.position(), (1, 4));
    answer(&mut form, MOBILE);
    form.choose(VILLAGE);
    assert_eq!(form.view(Language::Zh).next.as_deref(), Some("几组"));
    assert_eq!(form.position(), (2, 6));
    form.choose("card");
    assert_eq!(form.view(Language::En).next.as_deref(), Some("Yearly contribution level"));
    form.advance();
    choose(&mut form, "100");
    assert_eq!(form.view(Language::Zh).next, None);
}

#[test]
fn options_come_in_pages_of_six_and_a_return_opens_the_page_of_the_choice() {
    let mut form = start(PENSION);
    answer(&mut form, MOBILE);
    choose(&mut form, "card");
    let labels = |form: &Form| -> (Vec<String>, usize, usize) {
        let Pad::Choices { options, pages, .. } = form.view(Language::Zh).pad else {
            panic!("choices");
        };
        (options.into_iter().map(|o| o.label).collect(), pages.page, pages.of)
    };
    let (first, page, of) = labels(&form);
    assert_eq!((first.len(), page, of), (6, 1, 2));
    assert_eq!(first[0], "每年 100 元");
    form.next_page();
    form.next_page();
    assert_eq!(labels(&form).0, ["每年 1500 元", "每年 2000 元", "每年 3000 元"]);
    choose(&mut form, "3000");
    assert_eq!(form.back(), FormBack::Moved);
    assert_eq!(labels(&form).1, 2);
    form.previous_page();
    form.previous_page();
    assert_eq!(labels(&form).1, 1);
}

#[test]
fn going_back_keeps_answers_and_the_first_question_leads_out() {
    let mut form = start(PENSION);
    answer(&mut form, MOBILE);
    assert_eq!(form.back(), FormBack::Moved);
    let Pad::Digits { shown, .. } = form.view(Language::Zh).pad else {
        panic!("a digit pad");
    };
    assert_eq!(shown, "138 0000 0000");
    assert_eq!(form.back(), FormBack::Leave);
    assert_eq!(form.advance(), FormStep::Moved);
}

#[test]
fn changing_one_answer_returns_to_the_review_at_once() {
    let mut form = filled(PENSION);
    let question = question_of(&form, "手机号码");
    assert!(form.edit(question));
    assert_eq!(form.view(Language::Zh).next, None);
    form.clear();
    assert_eq!(form.advance(), FormStep::Stay);
    type_all(&mut form, "15000000001");
    assert_eq!(form.advance(), FormStep::Complete);
    assert_eq!(value_of(&form, "mobile"), "15000000001");
}

#[test]
fn a_number_that_is_being_typed_again_is_not_told_before_it_is_accepted() {
    let mut form = start(PENSION);
    type_all(&mut form, MOBILE);
    assert_eq!(form.mobile_masked(), None);
    form.advance();
    assert_eq!(form.mobile_masked().as_deref(), Some("138****0000"));
    form.back();
    form.erase();
    assert_eq!(form.mobile_masked(), None);
}

#[test]
fn going_back_from_a_change_keeps_the_old_answer() {
    let mut form = filled(PENSION);
    let before = values(&form);
    assert!(form.edit(question_of(&form, "现住址")));
    form.choose(VILLAGE);
    assert_eq!(form.advance(), FormStep::Moved);
    assert_eq!(form.fields(), None, "half changed is not an application");
    assert_eq!(form.back(), FormBack::Review);
    assert_eq!(values(&form), before);
}

#[test]
fn another_village_drops_group_and_house_and_asks_for_them_again() {
    let mut form = start(ALLOWANCE);
    answer(&mut form, MOBILE);
    choose(&mut form, VILLAGE);
    answer(&mut form, "3");
    answer(&mut form, "18");
    answer(&mut form, ACCOUNT);
    assert!(form.edit(question_of(&form, "现住址")));
    form.choose("320699101202");
    assert_eq!(form.advance(), FormStep::Moved);
    assert_eq!(form.label(Language::Zh), "几组");
    answer(&mut form, "5");
    assert_eq!(form.advance(), FormStep::Complete);
    assert_eq!(value_of(&form, "address"), "示例县示例镇示例东村5组");
}

#[test]
fn optional_questions_may_be_left_empty_and_are_shown_so() {
    let mut form = start(BIRTH);
    answer(&mut form, MOBILE);
    choose(&mut form, "card");
    assert_eq!(form.advance(), FormStep::Moved, "the spouse's number");
    assert_eq!(form.advance(), FormStep::Complete, "the expected day");
    let names: Vec<String> = form.fields().unwrap().iter().map(|f| f.name.clone()).collect();
    assert!(!names.contains(&"spouseIdNo".to_owned()));
    let row = form.review(Language::Zh).into_iter().find(|row| row.label == "预产期").unwrap();
    assert_eq!(row.value, "—");
}

#[test]
fn an_id_number_takes_the_x_only_at_its_end_and_a_day_becomes_iso() {
    let mut form = start(BIRTH);
    answer(&mut form, MOBILE);
    choose(&mut form, "card");
    type_all(&mut form, "X32069919600101003xX9");
    assert_eq!(form.advance(), FormStep::Moved);
    type_all(&mut form, "20270230");
    assert_eq!(form.advance(), FormStep::Stay);
    assert_eq!(form.view(Language::Zh).problem, Some(Problem::NotADate));
    form.erase();
    form.erase();
    type_all(&mut form, "28");
    assert_eq!(form.advance(), FormStep::Complete);
    assert_eq!(value_of(&form, "spouseIdNo"), "32069919600101003X");
    assert_eq!(value_of(&form, "expectedDate"), "2027-02-28");
}

#[test]
fn the_review_masks_what_the_card_told_and_shows_typed_digits_in_full_for_checking() {
    let form = filled(ALLOWANCE);
    let rows = form.review(Language::Zh);
    let shown: Vec<(&str, &str)> = rows.iter().map(|r| (r.label.as_str(), r.value.as_str())).collect();
    assert_eq!(
        shown,
        [
            ("姓名", "测*"),
            ("公民身份号码", "110199********001X"),
            ("性别", "男"),
            ("民族", "汉族"),
            ("手机号码", "138 0000 0000"),
            ("现住址", "虚构省样例市演示区测试路1号"),
            ("收款银行账号（社会保障卡金融账户优先）", "9999 0000 0000 0004 410"),
        ]
    );
    for row in &rows {
        assert_eq!(row.question.is_some(), row.source == Source::Resident, "{}", row.label);
    }
}

#[test]
fn a_form_of_another_language_keeps_its_answers() {
    let mut form = start(MEDICAL);
    answer(&mut form, MOBILE);
    choose(&mut form, "card");
    form.choose("学生儿童");
    assert_eq!(form.view(Language::En).ask, "Who is to be insured?");
    assert_eq!(form.advance(), FormStep::Complete);
    assert_eq!(form.review(Language::En).last().unwrap().value, "Student or child");
    assert_eq!(form.review(Language::Zh).last().unwrap().value, "学生和儿童");
    assert_eq!(value_of(&form, "insuredKind"), "学生儿童");
}

#[test]
fn several_may_be_chosen_where_the_field_says_so_and_money_is_kept_in_fen() {
    let catalog = catalog_with(|items| {
        let fields = items["items"][0]["form"]["fields"].as_array_mut().unwrap();
        fields.retain(|field| field["prefillFrom"].is_string());
        fields.push(serde_json::json!({"name": "kinds", "label": "补贴", "type": "multiSelect",
            "required": true, "dict": "local:生活补贴|护理补贴"}));
        fields.push(serde_json::json!({"name": "income", "label": "收入", "type": "money",
            "required": true, "max": 5000}));
        fields.push(serde_json::json!({"name": "done", "label": "办过", "type": "boolean", "required": true}));
    });
    let mut form = start_in(&catalog, PENSION, &card()).unwrap();
    form.choose("护理补贴");
    form.choose("生活补贴");
    form.choose("nonsense");
    form.advance();
    type_all(&mut form, "6000");
    assert_eq!(form.advance(), FormStep::Stay);
    form.clear();
    type_all(&mut form, "1200");
    form.advance();
    choose(&mut form, "0");
    assert_eq!(value_of(&form, "kinds"), "生活补贴,护理补贴");
    assert_eq!(value_of(&form, "income"), "120000");
    assert_eq!(value_of(&form, "done"), "0");
    let shown: Vec<String> = form.review(Language::Zh).into_iter().map(|row| row.value).collect();
    assert_eq!(shown[4..], ["困难残疾人生活补贴、重度残疾人护理补贴", "¥ 1200", "不是"]);
}

#[test]
fn a_form_without_a_question_begins_at_the_review() {
    let catalog = catalog_with(|items| {
        let fields = items["items"][0]["form"]["fields"].as_array_mut().unwrap();
        fields.retain(|field| field["prefillFrom"].is_string());
    });
    let mut form = start_in(&catalog, PENSION, &card()).unwrap();
    assert!(form.is_reviewing());
    assert_eq!(form.back(), FormBack::Leave);
    assert_eq!(form.advance(), FormStep::Complete);
    assert_eq!(form.fields().unwrap().len(), 4);
    assert_eq!(form.view(Language::Zh).ask, "");
}

#[test]
fn a_card_without_ethnicity_and_address_is_served_as_far_as_it_goes() {
    let permit = card_with(|card| {
        card.kind = CardKind::HmtResidence;
        card.ethnicity = None;
        card.address = None;
    });
    let mut form = start_in(&catalog_with(|_| {}), PENSION, &permit).unwrap();
    assert_eq!(form.view(Language::Zh).known.len(), 3);
    answer(&mut form, MOBILE);
    form.choose("card");
    assert_eq!(form.advance(), FormStep::Stay, "there is no address on this card");
}

#[test]
fn a_form_is_refused_where_the_card_or_the_machine_cannot_give_what_it_needs() {
    let catalog = catalog_with(|_| {});
    let broken = card_with(|card| {
        card.number_check = NumberCheck::Failed;
    });
    let refusal = |item, card: &IdCard| start_in(&catalog, item, card).unwrap_err();
    assert_eq!(refusal(PENSION, &broken), FormError::NumberCheck);
    let nameless = card_with(|card| {
        card.name = String::new();
    });
    assert_eq!(refusal(PENSION, &nameless), FormError::CardLacks { field: "applicantName".into() });
    assert_eq!(refusal(LIVING, &card()), FormError::NotAnswerable { field: "reason".into() });
}

#[test]
fn debug_shows_nothing_of_the_person() {
    let form = filled(ALLOWANCE);
    let text = format!("{form:?} {:?}", form.fields());
    for personal in ["测试员甲", "11019919000101001X", MOBILE, ACCOUNT, "测试路"] {
        assert!(!text.contains(personal));
    }
}

/// Answers whatever is asked until the review.
fn finish(form: &mut Form) {
    for _ in 0..40 {
        if form.advance() == FormStep::Complete {
            return;
        }
        if form.view(Language::Zh).problem.is_none() {
            continue;
        }
        form.clear();
        match form.view(Language::Zh).pad {
            Pad::Choices { options, .. } => form.choose(&options[0].value.clone()),
            Pad::Digits { kind, .. } => {
                let digits = match kind {
                    DigitKind::Mobile => MOBILE,
                    DigitKind::Account => ACCOUNT,
                    DigitKind::Date => "20270228",
                    DigitKind::IdNumber => "32069919600101003X",
                    DigitKind::Money | DigitKind::Number => "3",
                };
                type_all(form, digits);
            }
        }
    }
    panic!("the form never ends");
}

fn today() -> Date {
    date(2026, 11, 24)
}

fn start(item: &str) -> Form {
    static SHIPPED: LazyLock<Catalog> = LazyLock::new(|| catalog_with(|_| {}));
    start_in(&SHIPPED, item, &card()).unwrap()
}

fn start_in(catalog: &Catalog, item: &str, card: &IdCard) -> Result<Form, FormError> {
    let item = catalog.item(&ItemId(item.into())).unwrap();
    Form::start(item, catalog, card, today())
}

fn catalog_with(change: impl FnOnce(&mut serde_json::Value)) -> Catalog {
    let mut items: serde_json::Value = serde_json::from_str(ITEMS).unwrap();
    change(&mut items);
    Catalog::load(&items.to_string(), LOCAL).unwrap().catalog
}

fn filled(item: &str) -> Form {
    let mut form = start(item);
    finish(&mut form);
    form
}

fn type_all(form: &mut Form, digits: &str) {
    for digit in digits.chars() {
        form.digit(digit);
    }
}

fn answer(form: &mut Form, digits: &str) {
    type_all(form, digits);
    assert_ne!(form.advance(), FormStep::Stay, "{}", form.label(Language::Zh));
}

fn choose(form: &mut Form, value: &str) {
    form.choose(value);
    assert_ne!(form.advance(), FormStep::Stay, "{}", form.label(Language::Zh));
}

fn values(form: &Form) -> Vec<(String, String, Source)> {
    let fields = form.fields().unwrap();
    fields.iter().map(|f| (f.name.clone(), f.value.clone(), f.source)).collect()
}

fn owned((name, value, source): (&str, &str, Source)) -> (String, String, Source) {
    (name.to_owned(), value.to_owned(), source)
}

fn value_of(form: &Form, name: &str) -> String {
    let fields = form.fields().unwrap();
    fields.iter().find(|field| field.name == name).unwrap().value.clone()
}

fn question_of(form: &Form, label: &str) -> usize {
    let rows = form.review(Language::Zh);
    rows.iter().find(|row| row.label == label).unwrap().question.unwrap()
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
        authority: Some("虚构市公安局样例分局".into()),
        valid_from: CardDate::parse("20200101"),
        valid_until: Validity::LongTerm,
        nationality: None,
        pass_number: None,
    }
}

fn card_with(change: impl FnOnce(&mut IdCard)) -> IdCard {
    let mut card = card();
    change(&mut card);
    card
}
