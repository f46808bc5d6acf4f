//! Random fingers: invariants after every touch, and a way to the end from everywhere.

use jiff::civil::Date;
use proptest::prelude::*;

use super::*;
use crate::domain::submission::FieldValue;

/// Everything a finger can do to a form.
#[derive(Debug, Clone)]
enum Op {
    Digit(char),
    Digits(&'static str),
    Erase,
    Clear,
    Choose(&'static str),
    ChooseShown(usize),
    NextPage,
    PreviousPage,
    Next,
    Back,
    Edit(usize),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        1 => prop::sample::select("0123456789Xx 号".chars().collect::<Vec<_>>()).prop_map(Op::Digit),
        3 => prop::sample::select(vec![MOBILE, ACCOUNT, "3", "20270228", "32069919600101003X"])
            .prop_map(Op::Digits),
        1 => Just(Op::Erase),
        1 => Just(Op::Clear),
        1 => prop::sample::select(vec!["card", VILLAGE, "300", "新生儿", ""]).prop_map(Op::Choose),
        3 => (0..7usize).prop_map(Op::ChooseShown),
        1 => Just(Op::NextPage),
        1 => Just(Op::PreviousPage),
        6 => Just(Op::Next),
        1 => Just(Op::Back),
        1 => (0..12usize).prop_map(Op::Edit),
    ]
}

fn apply(form: &mut Form, op: &Op) {
    match op {
        Op::Digit(digit) => form.digit(*digit),
        Op::Digits(digits) => type_all(form, digits),
        Op::Erase => form.erase(),
        Op::Clear => form.clear(),
        Op::Choose(value) => form.choose(value),
        Op::ChooseShown(at) => {
            if let Pad::Choices { options, .. } = form.view(Language::Zh).pad
                && let Some(option) = options.get(*at)
            {
                form.choose(&option.value);
            }
        }
        Op::NextPage => form.next_page(),
        Op::PreviousPage => form.previous_page(),
        Op::Next => {
            let step = form.advance();
            assert_eq!(step == FormStep::Complete, form.is_reviewing());
            assert_eq!(step == FormStep::Stay, form.view(Language::Zh).problem.is_some());
        }
        Op::Back => {
            form.back();
        }
        Op::Edit(question) => {
            form.edit(*question);
        }
    }
}

/// Holds after every step.
fn check_invariants(form: &Form) {
    let view = form.view(Language::Zh);
    assert!(form.questions.is_empty() || form.is_active(form.question()));
    assert!(view.known.iter().all(|value| value.source == Source::Card));
    if let Pad::Choices { pages, options, .. } = &view.pad {
        assert!(pages.page >= 1 && pages.page <= pages.of && !options.is_empty());
    }
    let (position, of) = form.position();
    assert!(position >= 1 && position <= of);
    for (at, question) in form.questions.iter().enumerate() {
        assert!(!form.known.iter().any(|known| known.field == question.field), "asked though known");
        if !form.is_active(at) {
            assert!(form.answers[at].is_empty(), "an answer nobody asked for");
        }
    }
    let Some(fields) = form.fields() else {
        return;
    };
    assert!(form.is_reviewing());
    let mut names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), fields.len(), "each datum once");
    for field in &fields {
        assert!(passes(field), "{} is not valid", field.name);
    }
    for required in form.fields.iter().filter(|field| field.required) {
        assert!(fields.iter().any(|field| field.name == required.name), "{}", required.name);
    }
}

fn passes(field: &FieldValue) -> bool {
    let value = field.value.as_str();
    match (field.name.as_str(), field.source) {
        ("applicantName", source) => value == "测试员甲" && source == Source::Card,
        ("applicantIdNo", source) => value == "11019919000101001X" && source == Source::Card,
        ("gender", source) => value == "1" && source == Source::Card,
        ("ethnicity", source) => value == "01" && source == Source::Card,
        ("mobile", _) => validate::mobile(value).is_ok(),
        ("bankAccount", _) => validate::account(value, 30).is_ok(),
        ("spouseIdNo", _) => validate::id_number(value, today()).is_ok(),
        ("expectedDate", _) => value.parse::<Date>().is_ok(),
        ("address", _) => value == "虚构省样例市演示区测试路1号" || value.starts_with("示例县示例镇示例"),
        ("payLevel" | "householdRegion" | "insuredKind", _) => !value.is_empty(),
        (other, _) => panic!("{other} was not in any form"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn whatever_fingers_do_the_form_stays_whole(
        item in prop::sample::select(vec![PENSION, ALLOWANCE, MEDICAL, BIRTH]),
        ops in prop::collection::vec(op(), 0..80),
    ) {
        let mut form = start(item);
        let locked = form.view(Language::Zh).known;
        for op in &ops {
            apply(&mut form, op);
            check_invariants(&form);
            prop_assert_eq!(&form.view(Language::Zh).known, &locked, "a locked value changed");
            form.review(Language::En);
        }
        // From wherever chance led, the way to the end is open.
        finish(&mut form);
        check_invariants(&form);
        prop_assert!(form.fields().is_some());
    }
}
