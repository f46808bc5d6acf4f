//! Why an application was set aside, in words that staff can read and act on.

use crate::domain::text::Text;

/// Plain words for the machine code of a reason.
pub fn words(code: &str) -> Text {
    let (zh, en) = match code {
        "form-outdated" => ("表单版本旧了，请按新指南重新填", "the form is of an old guide: fill it in again"),
        "form-invalid" => ("内容不合表单要求，请联系申请人补正", "it does not fit the form: ask the applicant"),
        "too-big" | "county.http-413" => ("内容太大，县里收不下", "it is too big for the county"),
        "county.id-conflict" | "id-conflict" => {
            ("同一编号在县里已有别的内容，请和县里核对", "the county has other content under its id: compare")
        }
        "seal-missing" | "seal-malformed" | "seal-broken" => {
            ("加密封装有问题，县里打不开，请联系工程师", "the county cannot open it: call the engineer")
        }
        "seal-key-unknown" => {
            ("用的是县里已停用的密钥，请联系县里", "it is for a key the county no longer has: call the county")
        }
        "store.entry-damaged" => {
            ("本机保存的内容已损坏，请联系申请人重新办理", "it is damaged on this machine: ask the applicant again")
        }
        "store.body-missing" | "county.body-broken" => {
            ("本机找不到可发送的内容，请联系工程师", "there is nothing to send: call the engineer")
        }
        _ => ("县里没有收下，请按原因码和县里核对", "the county did not take it: ask with the code"),
    };
    Text::new(zh, en)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipc::Language;

    #[test]
    fn every_code_has_words_in_both_languages_and_an_unknown_one_has_them_too() {
        for code in ["form-outdated", "county.id-conflict", "store.entry-damaged", "a-word-of-tomorrow"] {
            let text = words(code);
            assert!(!text.get(Language::Zh).is_empty() && !text.get(Language::En).is_empty());
            assert_ne!(text.get(Language::Zh), text.get(Language::En));
        }
    }
}
