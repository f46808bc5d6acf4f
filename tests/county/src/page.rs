//! Two pages for people: the cases held, and one case; and the frame of a third, which is in `verify`. Chinese first, no scripts, personal values masked.
//!
//! They stand for the county's web page on which a case made at a kiosk is seen (number and query code). The list has
//! no log-in: one more reason why this program is for the desk only, and says so at the top of each page.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use crate::api::Problem;
use crate::ledger::{Case, Terminal};
use crate::server::Platform;

const STYLE: &str = include_str!("page.css");
const LINKS: &str = "<p><a href=\"/staff\">退回的申请 <span lang=en>Refused for good</span></a>　\
    <a href=\"/verify\">查单子 <span lang=en>Check a slip</span></a></p>";
const NOT_FOUND: &str = "<p>没有找到这个编号和查询码的办件。\
    <span lang=en>No case with this number and query code.</span></p>";

/// Pages.
pub fn router() -> Router<Arc<Platform>> {
    Router::new().route("/", get(list)).route("/cases/{caseNumber}", get(one))
}

async fn list(State(platform): State<Arc<Platform>>) -> Result<Response, Problem> {
    let (cases, terminals) = {
        let ledger = platform.ledger();
        let cases = ledger.all()?;
        let names: BTreeSet<&str> = cases.iter().map(|case| case.terminal.as_str()).collect();
        let terminals = names.into_iter().map(|name| ledger.terminal(name)).collect::<Result<Vec<_>, _>>()?;
        (cases, terminals)
    };
    Ok(page(StatusCode::OK, "办件列表 Cases", &(list_html(&cases) + &terminals_html(&terminals) + LINKS)))
}

#[derive(Deserialize)]
struct Code {
    #[serde(default)]
    code: String,
}

async fn one(
    State(platform): State<Arc<Platform>>,
    Path(number): Path<String>,
    Query(Code { code }): Query<Code>,
) -> Result<Response, Problem> {
    let case = platform.ledger().by_number(&number, &code)?;
    Ok(match case {
        Some(case) => page(StatusCode::OK, "办件进度 Case", &case_html(&case)),
        None if code.is_empty() => page(StatusCode::OK, "办件查询 Look up", &ask_html(&number, "")),
        None => page(StatusCode::NOT_FOUND, "办件查询 Look up", &ask_html(&number, NOT_FOUND)),
    })
}

fn list_html(cases: &[Case]) -> String {
    if cases.is_empty() {
        return "<p class=empty>还没有办件。<span lang=en>No cases yet.</span></p>".into();
    }
    let mut html = String::from(
        "<table><thead><tr><th>办件编号<th>事项<th>状态<th>收件时间<th>终端<th>序号<th>申请人</thead><tbody>",
    );
    for case in cases.iter().rev() {
        let name = value_of(case, "applicantName").map(mask).unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = write!(
            html,
            "<tr><td class=number><a href=\"/cases/{0}\">{0}</a><td>{1}<td>{2}<td>{3}<td>{4}<td>{5}<td>{6}",
            escape(&case.case_number),
            escape(&case.item_name),
            escape(&case.raw_text),
            escape(&case.accepted_at),
            escape(&case.terminal),
            case.sequence,
            escape(&name),
        );
    }
    html + "</tbody></table>"
}

fn terminals_html(terminals: &[Terminal]) -> String {
    if terminals.is_empty() {
        return String::new();
    }
    let mut html = String::from(
        "<h2>终端序号核对 <span lang=en>Sequence check</span></h2>\
         <table><thead><tr><th>终端<th>办件数<th>最大序号<th>缺号<th>重号</thead><tbody>",
    );
    for terminal in terminals {
        let _ = write!(
            html,
            "<tr><td>{}<td>{}<td>{}<td>{}<td>{}",
            escape(&terminal.terminal),
            terminal.cases,
            terminal.highest,
            numbers(&terminal.missing),
            numbers(&terminal.repeated),
        );
    }
    html + "</tbody></table>"
}

fn case_html(case: &Case) -> String {
    let mut html = format!(
        "<dl><dt>办件编号<dd class=number>{}<dt>事项<dd>{}<dt>状态<dd><strong>{}</strong>\
         <dt>状态时间<dd>{}<dt>收件时间<dd>{}<dt>承诺办结<dd>{}<dt>来源<dd>自助终端 {}，第 {} 号</dl>\
         <h2>申请内容 <span lang=en>As received, masked</span></h2><dl>",
        escape(&case.case_number),
        escape(&case.item_name),
        escape(&case.raw_text),
        escape(&case.since),
        escape(&case.accepted_at),
        escape(&case.promise_date),
        escape(&case.terminal),
        case.sequence,
    );
    for field in &case.fields {
        let _ = write!(html, "<dt>{}<dd>{}", escape(label(&field.name)), escape(&mask(&field.value)),);
    }
    html + "</dl>"
}

fn ask_html(number: &str, said: &str) -> String {
    format!(
        "<p class=number>办件编号 {0}</p>{said}\
         <form method=get action=\"/cases/{0}\"><label>查询码 <input name=code inputmode=numeric \
         autocomplete=off></label> <button>查询 Look up</button></form>",
        escape(number),
    )
}

/// What people call the commonest fields; others show the name of the schema.
fn label(name: &str) -> &str {
    match name {
        "applicantName" => "姓名",
        "applicantIdNo" => "公民身份号码",
        "gender" => "性别",
        "ethnicity" => "民族",
        "mobile" => "手机号码",
        "address" => "现住址",
        "bankAccount" => "收款银行账号",
        "householdRegion" => "户籍所在地",
        "personKind" => "申请人类别",
        "payLevel" => "年缴费档次",
        "insuredKind" => "参保人员类别",
        other => other,
    }
}

fn value_of<'a>(case: &'a Case, name: &str) -> Option<&'a str> {
    case.fields.iter().find(|field| field.name == name).map(|field| field.value.as_str())
}

/// Hides most of a value: of a short one all but the first character, of a long one all but two at each end.
fn mask(value: &str) -> String {
    let count = value.chars().count();
    let (head, tail) = match count {
        0 => return "—".into(),
        1 => (0, 0),
        2..=6 => (1, 0),
        _ => (2, 2),
    };
    value.chars().enumerate().map(|(at, c)| if at < head || at >= count - tail { c } else { '*' }).collect()
}

fn numbers(numbers: &[i64]) -> String {
    if numbers.is_empty() {
        return "无".into();
    }
    let words: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    words.join("、")
}

/// Text that is not markup.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A page for people, with its headers.
pub fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=zh-CN><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style>\
         <header><strong>演示平台，不是政府网站</strong>\
         <span lang=en>Stand-in platform for desk and training, not a government site</span></header>\
         <main><h1>{title}</h1>{body}</main>"
    );
    let headers = [
        (CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'"),
        (CACHE_CONTROL, "no-store"),
    ];
    (status, headers, Html(html)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_leave_at_most_two_characters_at_each_end() {
        for (value, masked) in [
            ("", "—"),
            ("1", "*"),
            ("张三", "张*"),
            ("欧阳小明", "欧***"),
            ("110199190001011234", "11**************34"),
        ] {
            assert_eq!(mask(value), masked);
        }
    }

    #[test]
    fn markup_in_a_value_stays_text() {
        assert_eq!(escape("<b>&\"'"), "&lt;b&gt;&amp;&quot;&#39;");
    }
}
