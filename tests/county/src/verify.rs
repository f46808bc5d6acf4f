//! The page on which anybody checks a slip, from any phone: a plain form, no script, Chinese first, short and kind.
//!
//! It answers two questions apart: is the paper genuine (the terminal's signature), and has the county got the case
//! (number and query code). "Kept on the machine, not arrived yet" is the ordinary state of a slip while a line is
//! down and is told as such; a number that is missing although later ones have come is named. The form is sent with
//! POST, so that no log of addresses holds a code. A real platform also limits guesses; this one does not.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde::Deserialize;

use crate::api::{JSON, Problem};
use crate::ledger::{Case, Ledger};
use crate::page::{escape, page};
use crate::server::Platform;
use crate::slip::{self, Brought, Key, Slip, Worth};

const TITLE: &str = "查单子 Check a slip";
/// Longest text that is looked at, in bytes; a slip's code has a few hundred.
const TEXT_MAX: usize = 1000;

/// Page and public keys.
pub fn router() -> Router<Arc<Platform>> {
    Router::new().route("/verify", get(ask).post(tell)).route("/verify/keys", get(keys))
}

#[derive(Deserialize, Default)]
struct Asked {
    #[serde(default)]
    text: String,
    #[serde(default)]
    code: String,
}

async fn ask() -> Response {
    page(StatusCode::OK, TITLE, &form_html(&Asked::default()))
}

async fn tell(State(platform): State<Arc<Platform>>, Form(asked): Form<Asked>) -> Result<Response, Problem> {
    let told = if asked.text.len() > TEXT_MAX || asked.code.len() > TEXT_MAX {
        said("bad", "这不是本县自助机的单子。", "This is not a slip of this county's terminals.")
    } else {
        let ledger = platform.ledger();
        about(&ledger, &asked)?
    };
    Ok(page(StatusCode::OK, TITLE, &(told + &form_html(&asked))))
}

/// The register of public keys, for whoever checks slips without this page (`kioskctl receipt verify`).
async fn keys(State(platform): State<Arc<Platform>>) -> Result<Response, Problem> {
    let keys = platform.ledger().all_receipt_keys()?;
    Ok((StatusCode::OK, [(CONTENT_TYPE, JSON)], serde_json::json!({ "keys": keys }).to_string()).into_response())
}

fn about(ledger: &Ledger, asked: &Asked) -> Result<String, Problem> {
    if let Some(rest) = asked.text.trim().strip_prefix("BMI1 ") {
        return about_image(ledger, asked.text.trim(), rest);
    }
    let code = plain(&asked.code);
    Ok(match slip::read(&asked.text) {
        Brought::Slip(slip) => about_slip(ledger, &slip)?,
        Brought::Old { kiosk, case, code } => {
            let state = match (kiosk, case) {
                (Some((kiosk, sequence)), _) => state_by_number(ledger, &kiosk, sequence, &code)?,
                (None, case) => state_by_case(ledger, &case.unwrap_or_default(), &code)?,
            };
            unsigned() + &state
        }
        Brought::Damaged => altered(),
        Brought::Other => match slip::typed(&asked.text) {
            Some(None) => said(
                "look",
                "请再看一下编号：最后一位和前面对不上，可能有一个字写错了，或两个字写反了。",
                "Please look at the number again: one character may be wrong, or two the wrong way round.",
            ),
            Some(Some((kiosk, sequence))) => state_by_number(ledger, &kiosk, sequence, &code)?,
            None => state_by_case(ledger, &plain(&asked.text), &code)?,
        },
    })
}

/// What a terminal says of its image: `BMI1 KIOSK HASH TIME SIGNATURE`. The page knows no releases; it says what was signed, for
/// a person to compare with the manifest of a release.
fn about_image(ledger: &Ledger, whole: &str, rest: &str) -> Result<String, Problem> {
    let [kiosk, hash, at, signature] = *rest.split(' ').collect::<Vec<_>>().as_slice() else {
        return Ok(altered_image());
    };
    let Some(at) = at.parse().ok().and_then(|at| jiff::Timestamp::from_second(at).ok()) else {
        return Ok(altered_image());
    };
    let keys = ledger.receipt_keys(kiosk)?;
    let text = whole.strip_suffix(signature).unwrap_or(whole).trim_end();
    let signed = |told: &crate::ledger::ReceiptKey| {
        Key::read(&told.suite, &told.public_key).is_some_and(|key| key.has_signed(text, signature))
    };
    if !keys.iter().any(signed) {
        return Ok(altered_image());
    }
    Ok(said(
        "look",
        &format!(
            "{} 号自助机在 {} 说：本机软件的指纹是 {}。请和县里发布清单上的指纹对一对，一样才是真的。",
            escape(kiosk),
            minute(at),
            escape(&hash.to_ascii_lowercase())
        ),
        "The terminal signed this. Compare the hash with the list of released images: only if it is there, the image is genuine.",
    ))
}

fn about_slip(ledger: &Ledger, slip: &Slip) -> Result<String, Problem> {
    let keys: Vec<Key> =
        ledger.receipt_keys(&slip.kiosk)?.iter().filter_map(|told| Key::read(&told.suite, &told.public_key)).collect();
    let worth = match slip.worth(&keys) {
        Worth::Genuine => genuine(slip),
        Worth::Altered => return Ok(altered()),
        Worth::UnknownKiosk => {
            return Ok(said(
                "bad",
                &format!(
                    "县里没有登记编号为 {} 的自助机，说不准这张单子是真是假。请打单子上的电话问一问。",
                    escape(&slip.kiosk)
                ),
                "The county does not know this terminal and cannot say whether the slip is genuine. Please call.",
            ));
        }
        Worth::Unsigned => unsigned(),
    };
    let state = match &slip.case {
        Some(case) => state_by_case(ledger, case, &slip.code)?,
        None => state_by_number(ledger, &slip.kiosk, slip.sequence, &slip.code)?,
    };
    Ok(worth + &state)
}

fn genuine(slip: &Slip) -> String {
    let at = jiff::Timestamp::from_second(slip.at).map(minute).unwrap_or_default();
    let (kind, kind_en) = match slip.case {
        None => ("存好申请", "kept an application"),
        Some(_) => ("收到县里回执", "had the county's receipt"),
    };
    said(
        "good",
        &format!(
            "这张单子是真的。{} 号自助机在 {at} {kind}时打印的，本机第 {} 号，内容没有改过。",
            slip.kiosk, slip.sequence
        ),
        &format!(
            "Genuine and unaltered: printed when terminal {} {kind_en}, its number {}.",
            slip.kiosk, slip.sequence
        ),
    )
}

fn altered() -> String {
    said(
        "bad",
        "这张单子对不上：有字被改过，或者没有扫清楚、抄全。请再扫一次；还是这样，请不要相信它，打单子上的电话问一问。",
        "This does not fit: a character was altered, or the code was not read whole. Please scan it again; if it still \
         does not fit, do not trust it and call.",
    )
}

fn altered_image() -> String {
    said(
        "bad",
        "这个码对不上：没有扫清楚，或者不是本县的自助机显示的。请再扫一次。",
        "This does not fit: it was not read whole, or no terminal of this county showed it. Please scan it again.",
    )
}

fn unsigned() -> String {
    said(
        "look",
        "这张单子上没有签名，光看单子说不准真假。下面是县里的记录。",
        "This slip has no signature, so the paper alone proves nothing. Below is what the county's records say.",
    )
}

/// What the county has under a terminal's number.
fn state_by_number(ledger: &Ledger, kiosk: &str, sequence: i64, code: &str) -> Result<String, Problem> {
    let cases = ledger.of_terminal(kiosk, sequence)?;
    let fits =
        |case: &&Case| case.query_code == code || slip::kept_code(&case.client_submission_id).as_deref() == Some(code);
    if let Some(case) = cases.iter().find(fits) {
        return Ok(arrived(case));
    }
    if !cases.is_empty() {
        return Ok(if code.is_empty() {
            said("look", "请把单子上的查询码也填上。", "Please give the query code on the slip, too.")
        } else {
            code_differs()
        });
    }
    let count = ledger.terminal(kiosk)?;
    Ok(if sequence < count.highest {
        said(
            "bad",
            &format!(
                "{kiosk} 号自助机的第 {sequence} 号还没有送到，可是后面的第 {} 号已经到了。请打单子上的电话，告诉工作人员“第 {sequence} 号没有到”，我们来查。请把单子收好，它就是凭据。",
                count.highest
            ),
            &format!(
                "Number {sequence} of terminal {kiosk} is missing although number {} has arrived. Please call and say so; \
                 keep the slip, it is your proof.",
                count.highest
            ),
        )
    } else {
        said(
            "wait",
            "县里还没有收到这份申请。它存在自助机里，线路通了会自动送来，您不用再跑一趟。过一天再来查；请把单子收好。",
            "Not arrived yet. It is kept on the terminal and comes by itself as soon as there is a line; you need not go \
             again. Look again in a day, and keep the slip.",
        )
    })
}

fn state_by_case(ledger: &Ledger, number: &str, code: &str) -> Result<String, Problem> {
    Ok(match ledger.by_number(number, code)? {
        Some(case) => arrived(&case),
        None => code_differs(),
    })
}

fn code_differs() -> String {
    said(
        "look",
        "没有找到。请再看一下编号和查询码，两样都要和单子上一样。",
        "Not found. Please look at number and query code again; both must be as on the slip.",
    )
}

fn arrived(case: &Case) -> String {
    let (since, accepted) = (readable(&case.since), readable(&case.accepted_at));
    said(
        "good",
        &format!(
            "县里已经收到：{}，办件号 {}，{accepted} 收到。现在：<strong>{}</strong>（{since}）。",
            escape(&case.item_name),
            escape(&case.case_number),
            escape(&case.raw_text),
        ),
        &format!(
            "The county has it: case {}, received {accepted}, state: {}.",
            escape(&case.case_number),
            escape(&case.state)
        ),
    )
}

/// One thing said, in both languages. The sign in front says the same as the colour.
fn said(class: &str, zh: &str, en: &str) -> String {
    let sign = match class {
        "good" => "✓",
        "bad" => "✗",
        _ => "!",
    };
    format!("<section class=\"said {class}\"><p>{sign} {zh}<p lang=en>{en}</section>")
}

fn form_html(asked: &Asked) -> String {
    format!(
        "<form method=post action=\"/verify\" class=check>\
         <p><label>二维码里的字，或本机编号，或办件号 <span lang=en>Text of the QR code, machine number or case number</span>\
         <textarea name=text rows=4 autocomplete=off required>{}</textarea></label>\
         <p><label>查询码（填了二维码里的字就不用填） <span lang=en>Query code, not needed with the QR code's text</span>\
         <input name=code inputmode=numeric autocomplete=off value=\"{}\"></label>\
         <p><button>查一查 Check</button></form>\
         <p lang=zh>用手机扫一扫单子上的二维码，把出来的字贴到上面。\
         <span lang=en>Scan the slip's QR code with a phone and paste the text above.</span>",
        escape(&asked.text),
        escape(&asked.code),
    )
}

/// Typed digits as the records have them.
fn plain(text: &str) -> String {
    let narrow = |c: char| match u32::from(c) {
        wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(c),
        _ => c,
    };
    text.chars().filter(|c| !c.is_whitespace()).map(narrow).collect()
}

fn readable(at: &str) -> String {
    at.parse().map(minute).unwrap_or_default()
}

/// A moment as people in the county read it, to the minute.
fn minute(at: jiff::Timestamp) -> String {
    crate::clock::local(at).strftime("%Y-%m-%d %H:%M").to_string()
}
