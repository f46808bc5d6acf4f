//! From sheets to packages and back.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use jiff::civil::date;

use super::build::Count;
use super::cells::{self, Grid};
use super::export;
use super::finding::{Finding, Weight};
use super::import::{self, Asked, ImportFault, Imported};
use super::lint::lint;
use super::package::Package;
use super::page::{Heading, page, place};

fn grid(sheet: &str, rows: &[&[&str]]) -> Grid {
    let rows = rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
    Grid { file: "镇事项.xlsx".into(), sheet: sheet.into(), rows }
}

fn base() -> serde_json::Value {
    serde_json::from_str(include_str!("../../config/catalogue/local.json")).unwrap()
}

fn info() -> Grid {
    grid(
        "包信息",
        &[
            &["区划代码", "320699"],
            &["版本", "3"],
            &["制作日期", "2026-11-20"],
            &["来源", "示例"],
            &["发布单位", "示例局"],
        ],
    )
}

fn made(grids: &[Grid]) -> Imported {
    import::of_grids(grids, &base(), &Asked::default()).unwrap()
}

const HEAD: [&str; 14] = [
    "事项名称",
    "日常用语",
    "业务办理项编码",
    "事项类型",
    "行使层级",
    "实施主体",
    "所属条线",
    "办件类型",
    "受理条件",
    "咨询电话",
    "投诉电话",
    "办理结果",
    "办理地点",
    "办理时间",
];
const ROW: [&str; 14] = [
    "最低生活保障申请",
    "申请低保",
    "11320699000000019H532059900200001",
    "行政给付",
    "镇级",
    "示例镇人民政府",
    "民政",
    "承诺件",
    "家里收入低",
    "0513-88880001",
    "0513-88880002",
    "低保证",
    "镇为民服务中心",
    "工作日",
];

fn codes(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn a_title_two_rows_of_headings_and_merged_cells_are_read() {
    let title = ["示例镇政务服务事项清单"; 16];
    let mut above = vec![""; 14];
    above.extend(["办结时限（工作日）", "办结时限（工作日）"]);
    let mut below = HEAD.to_vec();
    below.extend(["法定", "承诺"]);
    let mut row = ROW.to_vec();
    row.extend(["３０个工作日", "10"]);
    let made = made(&[info(), grid("事项信息", &[&title, &above, &below, &row])]);
    let item = &made.built.items[0].value;
    assert_eq!((item["anticipateDay"].as_u64(), item["promiseDay"].as_u64()), (Some(30), Some(10)));
    assert_eq!((item["useLevel"].as_str(), item["taskType"].as_str()), (Some("5"), Some("05")));
    assert_eq!(item["themes"][0], "heart", "taken from the department");
    let wide = made.built.findings.iter().find(|finding| finding.code == "sheet.wide").unwrap();
    assert_eq!(place(wide), "事项信息 第4行 O列 “法定办结时限”");
    assert_eq!(wide.department, "minzheng");
}

#[test]
fn every_row_is_taken_or_named_with_its_place() {
    let mut twin = ROW.to_vec();
    twin[0] = "另一个";
    let mut lacking = ROW.to_vec();
    (lacking[0], lacking[2], lacking[9]) = ("临时救助", "11320699000000019H532059900300001", "");
    let materials = grid(
        "材料信息",
        &[
            &["事项名称", "材料名称", "是否必要", "来源"],
            &["最低生活保障申请", "身份证", "是", "自备"],
            &["最低生活保障申请", "户口本", "看情况", "自备"],
            &["没有的事项", "照片", "是", "自备"],
            &["", "照片", "是", "自备"],
        ],
    );
    let made =
        made(&[info(), grid("事项信息", &[&HEAD, &ROW, &twin, &lacking]), materials, grid("随便写写", &[&["a"]])]);
    assert_eq!(made.built.counts["事项信息"], Count { rows: 3, taken: 1 });
    assert_eq!(made.built.counts["材料信息"], Count { rows: 4, taken: 2 });
    let refused: Vec<(&str, String)> = made
        .built
        .findings
        .iter()
        .filter(|finding| finding.weight() == Weight::Refused)
        .map(|finding| (finding.code, place(finding)))
        .collect();
    assert_eq!(
        refused,
        [
            ("sheet.twice", "事项信息 第3行 C列 “业务办理项编码”".to_owned()),
            ("sheet.unknown-item", "材料信息 第4行".to_owned()),
            ("sheet.no-item", "材料信息 第5行".to_owned()),
            ("sheet.refused", "事项信息 第4行 J列 “咨询电话”".to_owned()),
        ]
    );
    let raw = &made.built.items[0].value["materials"][1]["isNeed"];
    assert_eq!(raw, "看情况", "an unknown label is kept as it stands");
    assert!(codes(&made.built.findings).contains(&"sheet.unknown"));
}

#[test]
fn a_workbook_without_items_makes_no_package_and_says_what_is_missing() {
    for (grids, says) in [
        (vec![info()], "没有找到工作表“事项信息”"),
        (vec![info(), grid("事项信息", &[&["随便", "什么"], &["1", "2"]])], "找不到表头"),
        (vec![info(), grid("事项信息", &[&HEAD])], "没有找到工作表"),
    ] {
        let fault = import::of_grids(&grids, &base(), &Asked::default()).unwrap_err();
        assert!(fault.to_string().contains(says), "{fault}");
    }
    let untold = import::of_grids(&[grid("事项信息", &[&HEAD, &ROW])], &base(), &Asked::default()).unwrap_err();
    assert!(matches!(untold, ImportFault::Title("区划代码")), "{untold}");
}

/// A package by the two files in JSON that are shipped.
fn shipped() -> Package {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/catalogue");
    let made = import::import(&[folder], &Asked { approver: Some("示例科长".into()), ..Asked::default() }).unwrap();
    assert_eq!(made.built.counts["事项信息"], Count { rows: 12, taken: 12 });
    made.package
}

#[test]
fn the_shipped_catalogue_goes_through_a_workbook_and_json_and_is_the_same_package() {
    let package = shipped();
    let sheets = export::grids("x.xlsx", &package).unwrap();
    let workbook = export::workbook(&sheets).unwrap();
    let again = cells::workbook("x.xlsx", &workbook).unwrap();
    let by_sheet = import::of_grids(&again, &base(), &Asked::default()).unwrap().package;
    assert_eq!(super::diff::diff(&package, &by_sheet), []);
    assert!(by_sheet.bytes().unwrap() == package.bytes().unwrap(), "byte for byte");

    let folder = tempfile::tempdir().unwrap();
    let (items, local) = export::two_files(&package).unwrap();
    std::fs::write(folder.path().join("items.json"), items.to_string()).unwrap();
    std::fs::write(folder.path().join("local.json"), local.to_string()).unwrap();
    let asked = Asked { approver: Some("示例科长".into()), ..Asked::default() };
    let by_json = import::import(&[folder.path().to_owned()], &asked).unwrap().package;
    assert!(by_json.bytes().unwrap() == package.bytes().unwrap(), "byte for byte");
}

#[test]
fn a_word_that_is_changed_in_a_workbook_changes_one_item() {
    let package = shipped();
    let mut sheets = export::grids("x.xlsx", &package).unwrap();
    let items = sheets.iter_mut().find(|grid| grid.sheet == "事项信息").unwrap();
    let name = items.rows[0].iter().position(|head| head == "日常用语").unwrap();
    items.rows[3][name] = "满八十岁领钱".into();
    let changed = import::of_grids(&sheets, &base(), &Asked::default()).unwrap().package;
    let differences = super::diff::diff(&package, &changed);
    assert_eq!(differences.len(), 1);
    assert_eq!(differences[0].path, "items/sample-03.json");
    assert_eq!(differences[0].fields.len(), 1, "{differences:?}");
    assert_eq!(differences[0].fields[0].0, "taskPlainName");
}

#[test]
fn a_portals_export_is_read_by_the_same_table() {
    let portal = serde_json::json!({"data": [{
        "YW_NAME": "临时救助对象认定", "task_handle_item": "11320699000000019H532059900300001", "YW_TYPE": "承诺件",
        "QL_KIND": "05", "USE_LEVEL": "5", "QL_DEPT_TEXT": "示例镇人民政府", "所属条线": "民政", "CONDITION": "突然遇到急难",
        "LINK_TEL": "0513-88880001", "SUPERVISE_TEL": "0513-88880002", "办理结果": "发放救助金", "TRANSACT_DEP": "镇为民服务中心",
        "TRANSACT_TIME": "工作日", "CHARGE_FLAG": "0", "LIMIT_NUM": 10, "XK_PROMISE_TYPE": "工作日",
        "material": [{"DOCUMENT_NAME": "身份证", "IF_NEED": "1"}, {"DOCUMENT_NAME": "收据", "IF_NEED": "2"}],
    }]});
    let grids = super::draft::portal("portal.json", &portal).unwrap();
    let asked = Asked {
        region: Some("320699".into()),
        version: Some(1),
        made: Some(date(2026, 11, 20)),
        owner: Some("示例局".into()),
        ..Asked::default()
    };
    let mut with_source = grids.clone();
    with_source.push(grid("包信息", &[&["来源", "省门户"]]));
    let made = import::of_grids(&with_source, &base(), &asked).unwrap();
    assert_eq!(made.built.counts["事项信息"], Count { rows: 1, taken: 1 }, "{:?}", made.built.findings);
    assert_eq!(made.built.counts["材料信息"], Count { rows: 2, taken: 2 });
    let item = &made.built.items[0].value;
    assert_eq!((item["promiseDay"].as_u64(), item["projectType"].as_str()), (Some(10), Some("2")));
    assert_eq!(item["materials"][0]["materialName"], "身份证");
}

#[test]
fn each_rule_is_broken_by_one_item_and_by_no_good_one() {
    let package = shipped();
    let mut sheets = export::grids("x.xlsx", &package).unwrap();
    let find = |sheets: &[Grid], rule: &str, row: u32| {
        let made = import::of_grids(sheets, &base(), &Asked::default()).unwrap();
        lint(&made.built, date(2026, 11, 24)).into_iter().any(|found| found.code == rule && found.at.row == row)
    };
    let set = |sheets: &mut [Grid], heading: &str, text: &str| {
        let items = sheets.iter_mut().find(|grid| grid.sheet == "事项信息").unwrap();
        let column = items.rows[0].iter().position(|head| head == heading).unwrap();
        items.rows[2][column] = text.into();
    };
    let good = sheets.clone();
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("rule.missing", &[("行政复议", "")]),
        ("rule.time", &[("办件类型", "即办件"), ("承诺办结时限", "5")]),
        (
            "rule.promise-longer",
            &[("法定办结时限", "2个工作日"), ("承诺办结时限", "5个工作日"), ("承诺办结时限单位", "工作日")],
        ),
        ("rule.visit-reason", &[("到办事现场次数", "2"), ("必须现场办理原因", "")]),
        ("rule.no-way", &[("到办事现场次数", "0"), ("办理形式", "窗口"), ("网办深度", "")]),
        ("rule.online-visit", &[("到办事现场次数", "1"), ("网办深度", "全程网办")]),
        ("rule.fee", &[("是否收费", "是")]),
        ("rule.fee", &[("是否收费", "否"), ("是否支持网上支付", "是")]),
        ("rule.same-phone", &[("咨询电话", "0513-1"), ("监督投诉电话", "0513-1")]),
        ("rule.area-code", &[("咨询电话", "88880001")]),
        ("rule.audience", &[("服务对象", "企业法人"), ("主题", "养老")]),
        ("rule.faq", &[("事项类型", "行政许可"), ("事项编号", "renamed")]),
        ("rule.sample", &[("结果类型", "证照"), ("结果样本", "")]),
        ("rule.flow", &[("办理流程", "交材料→等消息")]),
        ("rule.code-form", &[("业务办理项编码", "320699")]),
        ("rule.code-type", &[("事项类型", "行政奖励")]),
        ("rule.code-level", &[("行使层级", "村级")]),
        ("rule.code-owner", &[("实施主体编码", "113205000141492526")]),
        ("rule.credit-code", &[("实施主体编码", "113205000141492527")]),
        ("rule.long-name", &[("日常用语", "我要来办理一个名字特别特别长的事情")]),
        ("rule.hard-words", &[("日常用语", "申领优待证")]),
        ("rule.long-line", &[("受理条件", &"长".repeat(70))]),
        ("rule.expired", &[("收费有效至", "2025-12-31")]),
        ("rule.not-for-residents", &[("事项类型", "行政处罚")]),
    ];
    for (rule, changes) in cases {
        sheets.clone_from(&good);
        for (heading, text) in *changes {
            set(&mut sheets, heading, text);
        }
        assert!(find(&sheets, rule, 3), "{rule} by {changes:?}");
    }
    let fine = import::of_grids(&good, &base(), &Asked::default()).unwrap();
    for rule in
        ["rule.time", "rule.promise-longer", "rule.same-phone", "rule.area-code", "rule.code-owner", "rule.expired"]
    {
        assert!(!codes(&lint(&fine.built, date(2026, 11, 24))).contains(&rule), "{rule}");
    }
}

#[test]
fn the_page_stands_alone_and_escapes_what_an_office_wrote() {
    let mut finding = Finding::new("rule.area-code", super::finding::At::default(), "<script>alert(1)</script>");
    finding.department = "minzheng".into();
    let heading = Heading { file: "a&b.bmc", version: 2, digest: "00112233445566778899", items: 3 };
    let text = page(&heading, &[finding]);
    assert!(text.contains("a&amp;b.bmc") && text.contains("&lt;script&gt;") && !text.contains("<script"));
    for outside in ["http:", "https:", "src=", "href=", "@import", "url("] {
        assert!(!text.contains(outside), "{outside}");
    }
    assert!(text.contains("<h2>民政（1 处）</h2>"));
}
