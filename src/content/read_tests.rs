//! Cells as offices write them.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use super::*;

fn column(heading: &str) -> &'static Column {
    let sheet = COLUMNS.sheet("事项信息").unwrap();
    &sheet.columns[sheet.column(heading).unwrap()]
}

fn value(heading: &str, text: &str) -> Value {
    read(column(heading), text).value.unwrap_or_default()
}

#[test]
fn numbers_are_read_with_wide_digits_and_units() {
    let cell = read(column("承诺办结时限"), "１５个工作日");
    assert_eq!((cell.value, cell.unit.as_deref()), (Some(json!(15)), Some("1")));
    assert_eq!(cell.finding.map(|(code, _)| code), Some("sheet.wide"));
    assert_eq!(value("承诺办结时限", "即办"), json!(0));
    assert_eq!(read(column("承诺办结时限"), "20日").unit.as_deref(), Some("2"));
    assert_eq!(value("到办事现场次数", "1次"), json!(1));
    assert_eq!(value("到办事现场次数", "1.0"), json!(1));
    for bad in ["一到两次", "", "3-5", "1.5"] {
        assert_eq!(read(column("到办事现场次数"), bad).value, None, "{bad}");
    }
}

#[test]
fn labels_become_codes_and_unknown_ones_stay_as_they_are() {
    assert_eq!(value("办件类型", "即办"), json!("1"));
    assert_eq!(value("服务对象", "自然人、企业法人"), json!(["1", "2"]));
    let odd = read(column("事项类型"), "依申请便民服务");
    assert_eq!(
        (odd.value, odd.finding),
        (Some(json!("依申请便民服务")), Some(("sheet.code", "依申请便民服务".into())))
    );
    assert_eq!(value("是否收费", "不收费"), json!("0"));
}

#[test]
fn days_are_read_as_people_write_them() {
    for text in ["2026-12-31", "2026/12/31", "2026.12.31", "2026年12月31日", "２０２６年12月31日"] {
        assert_eq!(value("收费有效至", text), json!("2026-12-31"), "{text}");
    }
    for bad in ["2026-02-30", "年底", "2026-12", "12-31-2026-1"] {
        assert_eq!(read(column("收费有效至"), bad).value, None, "{bad}");
    }
}

#[test]
fn lists_lose_their_numbering_and_nothing_else() {
    let lines = value("受理条件", "1. 本村户口\n（二）满16周岁\n③不在校\n60岁以上也可以\n1.5亩以上");
    let texts: Vec<&str> = lines.as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["本村户口", "满16周岁", "不在校", "60岁以上也可以", "1.5亩以上"]);
    assert_eq!(value("办理流程", "受理→审核→办结")[2]["step"], "办结");
    assert_eq!(
        value("办理流程", "受理｜窗口｜收材料")[0],
        json!({"step": "受理", "handler": "窗口", "text": "收材料"})
    );
    let laws = value("设定依据", "《社会救助暂行办法》（国务院令第649号）\n《某法》第十条\n省里的通知");
    assert_eq!(laws[0], json!({"title": "社会救助暂行办法", "docNo": "国务院令第649号"}));
    assert_eq!(laws[1], json!({"title": "《某法》第十条"}));
    assert_eq!(laws[2], json!({"title": "省里的通知"}));
    assert_eq!(value("收费标准", "工本费：10元/本")[0], json!({"feeName": "工本费", "feeStand": "10元/本"}));
}

#[test]
fn what_is_shown_is_read_back() {
    for (heading, text) in [
        ("承诺办结时限", "15"),
        ("办件类型", "承诺件"),
        ("服务对象", "自然人；企业法人"),
        ("设定依据", "《社会救助暂行办法》（国务院令第649号）"),
        ("设定依据", "《某法》第十条"),
        ("办理流程", "受理｜窗口｜收材料\n办结｜镇里｜发文件"),
        ("收费标准", "工本费：10元/本"),
        ("关键词", "老年钱、尊老金"),
    ] {
        let read_value = value(heading, text);
        assert_eq!(show(column(heading), &read_value).as_deref(), Some(text), "{heading}");
    }
}
