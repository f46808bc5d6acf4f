//! The report for an office as one page: no script, no file beside it, to be sent by mail and printed.

use std::fmt::Write as _;

use super::columns::COLUMNS;
use super::finding::{Finding, Weight};
use super::lint::count;

/// Look of the page. It prints in black on white, one department after the other.
const STYLE: &str = "body{font:16px/1.6 sans-serif;margin:2em auto;max-width:75em;color:#111}h1{font-size:1.5em}\
h2{margin-top:2em;border-bottom:2px solid #111;break-after:avoid}table{border-collapse:collapse;width:100%}\
th,td{border:1px solid #888;padding:.3em .5em;text-align:left;vertical-align:top}th{background:#eee}\
td.place{white-space:nowrap}tr{break-inside:avoid}.refused{font-weight:bold}";

/// What the page is about.
#[derive(Debug, Clone)]
pub struct Heading<'a> {
    /// Name of the package or workbook.
    pub file: &'a str,
    /// Version of the package.
    pub version: u64,
    /// Its digest.
    pub digest: &'a str,
    /// Items in it.
    pub items: usize,
}

/// Name of a department; findings without one are everybody's.
pub fn department(id: &str) -> &str {
    COLUMNS.label("department", id).unwrap_or("未分条线")
}

/// Findings by department, in their order.
pub fn by_department(findings: &[Finding]) -> Vec<(&str, Vec<&Finding>)> {
    let mut groups: Vec<(&str, Vec<&Finding>)> = Vec::new();
    for finding in findings {
        match groups.iter_mut().find(|(id, _)| *id == finding.department) {
            Some((_, group)) => group.push(finding),
            None => groups.push((&finding.department, vec![finding])),
        }
    }
    groups
}

/// The page.
pub fn page(heading: &Heading<'_>, findings: &[Finding]) -> String {
    let mut out = String::from("<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\">");
    let title = format!("事项检查报告 {}", heading.file);
    let _ = write!(out, "<title>{}</title><style>{STYLE}</style></head><body>", escape(&title));
    let _ = write!(out, "<h1>{}</h1>", escape(&title));
    let [refused, mend, look] = [Weight::Refused, Weight::Mend, Weight::Look].map(|weight| count(findings, weight));
    let _ = write!(
        out,
        "<p>收入事项 {} 个，第 {} 版，校验值 {}。</p><p>未收入 {refused} 处，需改正 {mend} 处，请核对 {look} 处。</p>",
        heading.items,
        heading.version,
        escape(heading.digest.get(..16).unwrap_or(heading.digest)),
    );
    for (id, group) in by_department(findings) {
        let _ = write!(out, "<h2>{}（{} 处）</h2><table>", escape(department(id)), group.len());
        out.push_str("<tr><th>轻重</th><th>位置</th><th>事项</th><th>问题</th><th>怎么改</th></tr>\n");
        for finding in group {
            let class = if finding.weight() == Weight::Refused { " class=\"refused\"" } else { "" };
            let _ = writeln!(
                out,
                "<tr{class}><td>{}</td><td class=\"place\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                finding.weight().word(),
                escape(&place(finding)),
                escape(&finding.name),
                escape(&finding.what()),
                escape(&finding.how()),
            );
        }
        out.push_str("</table>\n");
    }
    out.push_str("</body></html>\n");
    out
}

/// Sheet, row, column and heading in one line.
pub fn place(finding: &Finding) -> String {
    let at = &finding.at;
    let mut parts = Vec::new();
    if !at.sheet.is_empty() {
        parts.push(at.sheet.clone());
    } else if !at.file.is_empty() {
        parts.push(at.file.clone());
    }
    if at.row > 0 {
        parts.push(format!("第{}行", at.row));
    }
    if !at.column.is_empty() {
        parts.push(format!("{}列", at.column));
    }
    if !at.heading.is_empty() {
        parts.push(format!("“{}”", at.heading));
    }
    parts.join(" ")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
