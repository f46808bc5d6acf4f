//! Questions, answers and outcomes of one invented visit, for the sample pages.

use kiosk::ipc::*;

use crate::samples::{Words, slip_code};

pub fn known(w: &Words) -> Vec<KnownValue> {
    [
        ("姓名", "Name", "王秀兰"),
        ("号码", "Number", "110199********0024"),
        ("性别", "Sex", "女"),
        ("民族", "Ethnic group", "汉"),
        ("住址", "Address", "示例县示例镇示例村六组 18 号"),
    ]
    .into_iter()
    .map(|(zh, en, value)| KnownValue { label: w.t(zh, en), value: value.into(), source: Source::Card })
    .collect()
}

pub fn form(w: &Words, ask: (&str, &str), hint: (&str, &str), pad: Pad, problem: Option<Problem>) -> Body {
    Body::Form(Form {
        ask: w.t(ask.0, ask.1),
        hint: w.t(hint.0, hint.1),
        pad,
        problem,
        known: known(w),
        optional: false,
        complete: false,
        next: Some(w.t("银行卡号", "bank account")),
    })
}

pub fn digits(kind: DigitKind, shown: &str, missing: Option<u8>) -> Pad {
    Pad::Digits { kind, shown: shown.into(), missing }
}

pub fn levels(w: &Words, many: bool, count: usize) -> Pad {
    Pad::Choices {
        options: [200, 300, 400, 500, 700, 900, 1200, 1600]
            .into_iter()
            .take(count)
            .enumerate()
            .map(|(at, yuan)| ChoiceView {
                value: yuan.to_string(),
                label: w.t(&format!("每年 {yuan} 元"), &format!("{yuan} yuan a year")),
                chosen: at == 2 || (many && at == 0),
            })
            .collect(),
        many,
        pages: Pages { page: 1, of: 1 },
    }
}

pub fn long_choices(w: &Words) -> Pad {
    Pad::Choices {
        options: [
            ("一级残疾，生活完全不能自理", "Degree 1, needs care at all times"),
            ("二级残疾，生活大部分不能自理", "Degree 2, needs care most of the time"),
            ("三级残疾", "Degree 3"),
            ("四级残疾", "Degree 4"),
        ]
        .into_iter()
        .enumerate()
        .map(|(at, (zh, en))| ChoiceView { value: at.to_string(), label: w.t(zh, en), chosen: false })
        .collect(),
        many: false,
        pages: Pages { page: 1, of: 2 },
    }
}

pub fn review(w: &Words, page: usize, of: usize) -> Body {
    let row = |label: (&str, &str), value: &str, question: Option<usize>| ReviewRow {
        label: w.t(label.0, label.1),
        value: value.into(),
        source: if question.is_some() { Source::Resident } else { Source::Card },
        question,
    };
    Body::Review(Review {
        item: w.t("我要参加居民养老保险", "Join the residents' pension"),
        rows: vec![
            row(("姓名", "Name"), "赵䶮", None),
            row(("号码", "Number"), "110199********0024", None),
            row(("住址", "Address"), "示例县示例镇示例村六组 18 号", None),
            row(("手机号码", "Mobile number"), "138 0000 0000", Some(0)),
            row(("年缴费档次", "Yearly level"), &w.t("每年 400 元", "400 yuan a year"), Some(1)),
        ],
        pages: Pages { page, of },
        receiver: w.t("示例县人力资源和社会保障局", "Shili County Social Security"),
        bring_later: vec![w.t("居民户口簿", "household register")],
    })
}

pub fn kept(w: &Words, sending: Sending, slip: SlipState) -> Body {
    Body::Kept(Kept {
        item: w.t("我要参加居民养老保险", "Join the residents' pension"),
        number: "K032 0001 871".into(),
        qr: slip_code(None),
        mobile: Some("138****0000".into()),
        slip,
        sending,
        phone: "0513-0000 0001".into(),
    })
}

pub fn identify(w: &Words, prompt: CardPrompt) -> Body {
    Body::Identify(Identify {
        prompt,
        processor: w.t("示例县人力资源和社会保障局", "Shili County Social Security"),
        item: w.t("我要参加居民养老保险", "Join the residents' pension"),
    })
}
