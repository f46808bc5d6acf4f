//! The page for staff: applications that were refused for good, each with its reason in plain Chinese.
//!
//! A terminal that is refused sets the application aside and goes on with the others; somebody has to look. This page says
//! where (terminal and number), why, and what to do. It holds no person and no content: a refused application was not taken,
//! so nothing of it is kept here but its place. Whatever is taken later under the same id leaves the list.
//!
//! Left out on purpose: a log-in, as with the other pages of this program, which is for the desk only.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use crate::api::Problem;
use crate::ledger::Refusal;
use crate::page::{escape, page};
use crate::server::Platform;
use crate::{clock, slip};

const TITLE: &str = "退回的申请 Refused for good";

/// The page.
pub fn router() -> Router<Arc<Platform>> {
    Router::new().route("/staff", get(list))
}

async fn list(State(platform): State<Arc<Platform>>) -> Result<Response, Problem> {
    let refusals = platform.ledger().refusals()?;
    Ok(page(StatusCode::OK, TITLE, &list_html(&refusals)))
}

fn list_html(refusals: &[Refusal]) -> String {
    if refusals.is_empty() {
        return "<p class=empty>没有需要处理的申请。<span lang=en>Nothing has to be looked at.</span></p>".into();
    }
    let mut html = String::from(
        "<p>自助机已把这些申请搁置，等工作人员处理；其他申请不受影响。\
         <span lang=en>The terminals have set these aside; the others go on.</span></p>\
         <table><thead><tr><th>终端<th>单子编号<th>原因<th>怎么办<th>次数<th>最近一次</thead><tbody>",
    );
    for refusal in refusals {
        let number =
            slip::number(&refusal.terminal, refusal.sequence).unwrap_or_else(|| format!("第 {} 号", refusal.sequence));
        let (why, todo) = words(&refusal.code);
        // Writing to a string cannot fail.
        let _ = write!(
            html,
            "<tr><td>{}<td class=number>{}<td>{why}<br><span lang=en>{}</span><td>{todo}<td>{}<td>{}",
            escape(&refusal.terminal),
            escape(&number),
            escape(&refusal.code),
            refusal.times,
            escape(&local(&refusal.last_at)),
        );
    }
    html + "</tbody></table>"
}

/// Date and time in China, to the minute.
fn local(at: &str) -> String {
    let local = at.parse().map(|at| clock::local(at).strftime("%Y-%m-%d %H:%M").to_string());
    local.unwrap_or_else(|_| at.to_owned())
}

/// A reason in words, and what to do.
fn words(code: &str) -> (&'static str, &'static str) {
    match code {
        "form-outdated" => ("表单是旧版本", "请申请人按新的办事指南重新填一次"),
        "form-invalid" => ("内容不合表单要求", "联系申请人补正后重新申请"),
        "id-conflict" => ("同一标识下已有另一份内容", "和县里已有的办件核对，不要重复受理"),
        "id-malformed" | "id-mismatch" | "body-malformed" => ("数据格式不对", "联系自助机维修，原件还在机器里"),
        "seal-missing" => ("内容没有加密", "更新自助机程序后再发"),
        "seal-key-unknown" => ("加密用的是县里没有的公钥", "检查自助机里的县公钥，县里旧私钥先不要删"),
        "seal-malformed" | "seal-broken" => ("加密内容打不开", "联系自助机维修，原件还在机器里"),
        "too-big" => ("内容太大", "请申请人到窗口办理"),
        _ => ("县里没有收下", "按原因代码查询，再联系申请人"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_application_is_shown_by_its_place_and_reason_and_markup_stays_text() {
        let refusal = Refusal {
            terminal: "<K".into(),
            sequence: 7,
            code: "form-outdated".into(),
            times: 2,
            last_at: "2026-11-24T01:02:03Z".into(),
        };
        let known =
            Refusal { terminal: "K032".into(), sequence: 15, code: "a-word-of-tomorrow".into(), ..refusal.clone() };
        let html = list_html(&[refusal, known]);
        assert!(
            html.contains("&lt;K")
                && html.contains("第 7 号")
                && html.contains("表单是旧版本")
                && html.contains("2026-11-24 09:02"),
            "{html}"
        );
        assert!(html.contains("K032 0000 154"), "the number as it is printed: {html}");
        assert!(html.contains("县里没有收下"), "{html}");
    }
}
