//! What bystanders need not see: masks for names and numbers.

/// First character of a name and a star: `张*`.
pub fn name(name: &str) -> String {
    name.chars().next().map_or_else(String::new, |first| format!("{first}*"))
}

/// Six characters, stars, four characters; a number of ten or less is hidden whole.
pub fn number(number: &str) -> String {
    keep_ends(number, 6, 4)
}

/// Three digits, stars, four digits: `138****0000`.
pub fn mobile(digits: &str) -> String {
    keep_ends(digits, 3, 4)
}

/// Everything hidden.
pub fn whole(text: &str) -> String {
    "*".repeat(text.chars().count())
}

/// Characters in groups; the last length goes on for the rest. No blank at the end.
pub fn groups(text: &str, lengths: &[usize]) -> String {
    let mut shown = String::with_capacity(text.len() + text.len() / 2);
    let mut lengths = lengths.iter();
    let mut length = lengths.next().copied().unwrap_or(usize::MAX);
    let mut in_group = 0;
    for character in text.chars() {
        if in_group == length {
            shown.push(' ');
            in_group = 0;
            length = lengths.next().copied().unwrap_or(length);
        }
        shown.push(character);
        in_group += 1;
    }
    shown
}

fn keep_ends(text: &str, first: usize, last: usize) -> String {
    let length = text.chars().count();
    if length <= first + last {
        return whole(text);
    }
    text.chars()
        .enumerate()
        .map(|(at, character)| if at < first || at >= length - last { character } else { '*' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_keep_what_the_rule_keeps_and_nothing_more() {
        assert_eq!(name("张某某"), "张*");
        assert_eq!(name(""), "");
        assert_eq!(number("11019919000101001X"), "110199********001X");
        assert_eq!(number("XXX119900010419"), "XXX119*****0419");
        assert_eq!(number("1234567890"), "**********");
        assert_eq!(mobile("13800000000"), "138****0000");
        assert_eq!(mobile("1380000"), "*******");
        assert_eq!(whole("四个字。"), "****");
    }

    #[test]
    fn groups_have_no_blank_at_the_end() {
        assert_eq!(groups("1380000", &[3, 4]), "138 0000");
        assert_eq!(groups("13800000000", &[3, 4]), "138 0000 0000");
        assert_eq!(groups("20261124", &[4, 2]), "2026 11 24");
        assert_eq!(groups("", &[4]), "");
    }
}
