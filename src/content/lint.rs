//! What an office has to mend in a package: elements that every published guide has, values that contradict each other,
//! and sentences that nobody reads to the end.
//!
//! The rules warn and reject nothing: the catalogue of a county is never complete, and half a guide is better than none.
//! Findings are in the order of departments, then of sheets and rows, so that each office gets its own piece.

use jiff::civil::Date;
use serde_json::Value;

use super::build::{Built, Placed, get};
use super::columns::{COLUMNS, narrow};
use super::finding::{Finding, Weight};
use crate::domain::catalog::{ItemCode, credit_code_passes};

/// Longest everyday name: one line of a list in large print.
const NAME: usize = 16;
/// Longest sentence of a guide: what is read in one breath.
const LINE: usize = 60;
/// Words of official papers that an everyday name does without.
const HARD: [&str; 10] = ["申领", "核准", "核定", "认定", "资格认证", "给付", "备案", "审核", "登记表", "证明事项"];
/// Types of items that are done to people and not for them.
const NOT_APPLIED_FOR: [&str; 4] = ["02", "03", "04", "06"];
/// Themes of persons.
const PERSONAL: [&str; 3] = ["elder", "baby", "heart"];

/// All findings of a package, those of the import first.
pub fn lint(built: &Built, today: Date) -> Vec<Finding> {
    let mut findings = built.findings.clone();
    for item in &built.items {
        elements(item, &mut findings);
        times(item, &mut findings);
        visits(item, &mut findings);
        fees(item, today, &mut findings);
        telephones(item, &mut findings);
        people(item, &mut findings);
        codes(item, &mut findings);
        lengths(item, &mut findings);
    }
    let order = |id: &str| COLUMNS.table.get("department").and_then(|all| all.keys().position(|known| known == id));
    findings.sort_by_cached_key(|finding| {
        (order(&finding.department).unwrap_or(usize::MAX), finding.at.sheet.clone(), finding.at.row, finding.weight())
    });
    findings
}

/// How many of each weight.
pub fn count(findings: &[Finding], weight: Weight) -> usize {
    findings.iter().filter(|finding| finding.weight() == weight).count()
}

fn is_there(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Array(list)) => !list.is_empty(),
        Some(Value::Bool(_) | Value::Number(_) | Value::Object(_)) => true,
    }
}

fn elements(item: &Placed, findings: &mut Vec<Finding>) {
    let Some(sheet) = COLUMNS.sheet("事项信息") else { return };
    let is_instant = item.text("projectType") == "1";
    for column in sheet.columns.iter().filter(|column| column.must) {
        // The everyday name that was taken from the official one is missing all the same.
        let is_copy = column.path == "taskPlainName" && item.text("taskPlainName") == item.text("taskName");
        let is_needless = column.path == "promiseDay" && is_instant;
        if (is_there(get(&item.value, &column.path)) && !is_copy) || is_needless {
            continue;
        }
        let finding = item.finding("rule.missing", &column.path, &column.heading);
        findings.push(Finding { mend: column.mend.clone(), ..finding });
    }
    let list = |key: &str| item.value.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if list("materials").is_empty() {
        findings.push(item.finding("rule.materials", "itemId", ""));
    }
    for (name, key, places) in [("材料信息", "materials", &item.materials), ("常见问题", "questions", &item.questions)]
    {
        let Some(sheet) = COLUMNS.sheet(name) else { continue };
        for (row, at) in list(key).iter().zip(places) {
            for column in sheet.columns.iter().filter(|column| column.must && !is_there(get(row, &column.path))) {
                let at = super::finding::At { heading: column.heading.clone(), ..at.clone() };
                let finding = item.mark(Finding::new("rule.missing", at, &column.heading));
                findings.push(Finding { mend: column.mend.clone(), ..finding });
            }
        }
    }
}

fn number(item: &Placed, path: &str) -> Option<u64> {
    get(&item.value, path).and_then(Value::as_u64)
}

fn times(item: &Placed, findings: &mut Vec<Finding>) {
    let (promise, legal) = (number(item, "promiseDay"), number(item, "anticipateDay"));
    let is_instant = item.text("projectType") == "1";
    if let Some(days) = promise
        && !item.text("projectType").is_empty()
        && is_instant != (days == 0)
    {
        let label = COLUMNS.label("projectType", item.text("projectType")).unwrap_or(item.text("projectType"));
        findings.push(item.finding("rule.time", "promiseDay", format!("{label} {days}")));
    }
    // Days of different kinds are not compared: a working day is no day of the calendar.
    if let (Some(promise), Some(legal)) = (promise, legal)
        && promise > legal
        && item.text("promiseType") == item.text("anticipateType")
    {
        findings.push(item.finding("rule.promise-longer", "promiseDay", format!("{promise} > {legal}")));
    }
    let flow = item.value.get("handleFlow").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let steps: String = flow.iter().filter_map(|step| step.get("step")?.as_str()).collect();
    let wanted: &[&str] =
        if is_instant { &["受理", "办结"] } else { &["受理", "审核", "审批", "办结", "送达"] };
    let missing: Vec<&str> = wanted.iter().copied().filter(|step| !steps.contains(step)).collect();
    if !flow.is_empty() && !missing.is_empty() {
        findings.push(item.finding("rule.flow", "handleFlow", missing.join("、")));
    }
}

fn has(item: &Placed, path: &str, code: &str) -> bool {
    get(&item.value, path).and_then(Value::as_array).is_some_and(|codes| codes.iter().any(|known| known == code))
}

fn visits(item: &Placed, findings: &mut Vec<Finding>) {
    let visits = number(item, "limitSceneNum");
    let depth = item.text("onlineHandleDepth").parse::<u8>().unwrap_or(0);
    if visits.unwrap_or(0) != 0 && item.text("limitSceneExplain").trim().is_empty() {
        findings.push(item.finding("rule.visit-reason", "limitSceneExplain", visits.unwrap_or(0).to_string()));
    }
    let is_online = has(item, "handleType", "2") || has(item, "handleType", "4") || depth >= 5;
    if visits == Some(0) && !is_online && !has(item, "handleType", "3") {
        findings.push(item.finding("rule.no-way", "handleType", ""));
    }
    if depth == 5 && visits.unwrap_or(0) != 0 {
        findings.push(item.finding("rule.online-visit", "limitSceneNum", visits.unwrap_or(0).to_string()));
    }
}

fn fees(item: &Placed, today: Date, findings: &mut Vec<Finding>) {
    let label = |code: &str| if code == "1" { "是否收费=是" } else { "是否收费=否" };
    let flag = item.text("fee.isFee");
    let has_items = is_there(get(&item.value, "fee.items"));
    let mut against = Vec::new();
    match flag {
        "1" => {
            against.extend((!has_items).then_some("没有收费标准"));
            against.extend(item.text("fee.feeBasis").is_empty().then_some("没有收费依据"));
        }
        "0" => {
            against.extend(has_items.then_some("写了收费标准"));
            against.extend((item.text("isPayOnline") == "1").then_some("网上支付=是"));
        }
        _ => {}
    }
    if !against.is_empty() {
        findings.push(item.finding("rule.fee", "fee.isFee", format!("{}，{}", label(flag), against.join("，"))));
    }
    for (path, heading) in [("validUntil.fee", "收费标准"), ("validUntil.promise", "承诺办结时限")] {
        if item.text(path).parse::<Date>().is_ok_and(|until| until < today) {
            findings.push(item.finding("rule.expired", path, format!("{heading} {}", item.text(path))));
        }
    }
}

fn telephones(item: &Placed, findings: &mut Vec<Finding>) {
    let [ask, complain] = ["linkWay.phone", "superviseWay.phone"];
    if !item.text(ask).is_empty() && item.text(ask) == item.text(complain) {
        findings.push(item.finding("rule.same-phone", complain, item.text(ask)));
    }
    for path in [ask, complain] {
        let phone = narrow(item.text(path));
        let is_hotline = phone.len() == 5 && phone.starts_with("12");
        if !phone.is_empty() && !phone.starts_with('0') && !is_hotline {
            findings.push(item.finding("rule.area-code", path, phone));
        }
    }
}

fn people(item: &Placed, findings: &mut Vec<Finding>) {
    let is_personal = PERSONAL.iter().any(|theme| has(item, "themes", theme));
    let audience = get(&item.value, "serverType").filter(|value| is_there(Some(value)));
    if is_personal && audience.is_some() && !has(item, "serverType", "1") {
        let labels = COLUMNS.label("themes", "heart").unwrap_or_default();
        findings.push(item.finding("rule.audience", "serverType", labels));
    }
    if item.text("taskType") == "01" && !is_there(item.value.get("questions")) {
        findings.push(item.finding("rule.faq", "taskType", ""));
    }
    if item.text("result.resultType") == "10" && item.text("result.sample").is_empty() {
        findings.push(item.finding("rule.sample", "result.sample", item.text("result.resultName")));
    }
    if NOT_APPLIED_FOR.contains(&item.text("taskType")) {
        let label = COLUMNS.label("taskType", item.text("taskType")).unwrap_or_default();
        findings.push(item.finding("rule.not-for-residents", "taskType", label));
    }
}

fn codes(item: &Placed, findings: &mut Vec<Finding>) {
    let credit = item.text("deptCreditCode");
    if !credit.is_empty() && !credit_code_passes(credit) {
        findings.push(item.finding("rule.credit-code", "deptCreditCode", credit));
    }
    let written = item.text("taskHandleItem");
    if written.is_empty() {
        return;
    }
    let Some(code) = ItemCode::parse(written) else {
        findings.push(item.finding("rule.code-form", "taskHandleItem", written));
        return;
    };
    let against = [
        ("rule.code-owner", "deptCreditCode", code.owner, credit),
        ("rule.code-type", "taskType", code.task_type, item.text("taskType")),
        ("rule.code-level", "useLevel", code.level, item.text("useLevel")),
    ];
    for (rule, path, in_code, told) in against {
        if !told.is_empty() && in_code != told {
            findings.push(item.finding(rule, path, format!("{in_code} ≠ {told}")));
        }
    }
}

fn lengths(item: &Placed, findings: &mut Vec<Finding>) {
    let name = item.text("taskPlainName");
    let is_own = name != item.text("taskName");
    if is_own && name.chars().count() > NAME {
        findings.push(item.finding("rule.long-name", "taskPlainName", name.chars().count().to_string()));
    }
    if let Some(hard) = HARD.iter().find(|hard| is_own && name.contains(**hard)) {
        findings.push(item.finding("rule.hard-words", "taskPlainName", *hard));
    }
    let lines = item.value.get("acceptCondition").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let longest = lines.iter().filter_map(|line| line.get("text")?.as_str()).map(|line| line.chars().count()).max();
    if let Some(longest) = longest.filter(|longest| *longest > LINE) {
        findings.push(item.finding("rule.long-line", "acceptCondition", longest.to_string()));
    }
    let answers = item.value.get("questions").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for (answer, at) in answers.iter().zip(&item.questions) {
        let length = answer.get("answer").and_then(Value::as_str).map_or(0, |text| text.chars().count());
        if length > 2 * LINE {
            findings.push(item.mark(Finding::new("rule.long-line", at.clone(), length.to_string())));
        }
    }
}
