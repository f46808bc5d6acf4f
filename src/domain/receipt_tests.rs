//! Numbers and codes are read back as they were printed, and typing mistakes are found.

#![expect(clippy::unwrap_used, reason = "a failed test names its line")]

use super::*;

fn kept() -> Claim {
    Claim {
        kiosk: "K032".into(),
        sequence: Sequence(187),
        item: "11320699MB0000000A2000113112800".into(),
        at: Timestamp::from_second(1_767_225_600).unwrap(),
        case: None,
        code: "482913".into(),
    }
}

fn accepted() -> Claim {
    Claim { case: Some("320699202611240001".into()), ..kept() }
}

#[test]
fn numbers_are_read_back_from_the_codes_that_were_printed() {
    let qr = payload(&kept().text(), Some("ABC+"));
    assert_eq!(qr, "BM2 K K0320001871 11320699MB0000000A2000113112800 1767225600 - 482913 ABC+");
    assert_eq!(
        parse(&qr),
        Some(SlipCode::Kept { kiosk: "K032".into(), sequence: Sequence(187), code: "482913".into() })
    );
    let qr = payload(&accepted().text(), None);
    assert!(qr.ends_with(" 320699202611240001 482913 -"), "{qr}");
    assert_eq!(parse(&qr), Some(SlipCode::Case { number: "320699202611240001".into(), code: "482913".into() }));
}

#[test]
fn slips_of_the_layout_before_are_still_read() {
    assert_eq!(
        parse("BM1 K K032000187 000001"),
        Some(SlipCode::Kept { kiosk: "K032".into(), sequence: Sequence(187), code: "000001".into() })
    );
    assert!(matches!(parse("BM1 K K0321234567 000001"), Some(SlipCode::Kept { sequence: Sequence(1_234_567), .. })));
    assert_eq!(
        parse("BM1 A 320699202611240001 482913"),
        Some(SlipCode::Case { number: "320699202611240001".into(), code: "482913".into() })
    );
}

#[test]
fn foreign_and_hostile_codes_are_not_ours() {
    for payload in [
        "",
        "https://example.invalid/?x=1",
        "BM1 A 1",
        "BM1 A 1 2 3",
        "BM1 Z 1 2",
        "BM2 A 1 2",
        "BM2 K K0320001871 1 1767225600 - 482913",
        "BM2 K K032000187Q 1 1767225600 - 482913 -",
        "BM2 K k0320001871 1 1767225600 - 482913 -",
        "BM2 K K0320001871 1 01767225600 - 482913 -",
        "BM2 K K0320001871 1 1767225600 320699 482913 -",
        "BM2 A K0320001871 1 1767225600 - 482913 -",
        "BM2  K K0320001871 1 1767225600 - 482913 -",
        "BM3 K K0320001871 1 1767225600 - 482913 -",
        "BM1 A 1;DROP 2",
        "BM1 A 1\u{1b}@ 2",
        "BM1 K K03 2",
        "BM1 K K032x 2",
        &format!("BM1 A {} 2", "9".repeat(200)),
        &format!("BM2 {}", "9".repeat(400)),
    ] {
        assert_eq!(parse(payload), None, "{payload:?}");
    }
}

#[test]
fn groups_follow_the_paper_rules() {
    assert_eq!(in_groups(&kiosk_number("K032", Sequence(187))), "K032 0001 871");
}

#[test]
fn a_number_is_read_as_people_type_it() {
    let right = Ok(("K032".to_owned(), Sequence(187)));
    for typed in ["K0320001871", "k032 0001 871", " K032-0001-871 ", "Ｋ０３２０００１８７１", "kO32OOOl87l"]
    {
        assert_eq!(read_number(typed), right, "{typed}");
    }
    for typed in ["", "K", "12345", "K032000187", "王0320001871", &"9".repeat(300)] {
        assert!(read_number(typed).is_err(), "{typed}");
    }
    let many = kiosk_number("Z999", Sequence(999_999_999_999_999_999));
    assert_eq!(read_number(&many), Ok(("Z999".into(), Sequence(999_999_999_999_999_999))));
}

/// Numbers of every letter, with sequences spread over six to eight digits.
fn numbers() -> impl Iterator<Item = String> {
    (0..20_000u64).map(|n| {
        let letter = char::from(b'A' + (n % 26) as u8);
        kiosk_number(&format!("{letter}{:03}", n * 7919 % 1000), Sequence(n * 104_729 % 31_000_003))
    })
}

#[test]
fn every_altered_character_of_a_typed_number_is_found() {
    let mut tried = 0;
    for number in numbers().take(2_000) {
        let right = read_number(&number).unwrap();
        for at in 0..number.len() {
            for other in b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" {
                let mut altered = number.clone().into_bytes();
                altered[at] = *other;
                let altered = String::from_utf8(altered).unwrap();
                if altered == number {
                    continue;
                }
                match read_number(&altered) {
                    Err(_) => tried += 1,
                    // O for 0 and I or L for 1 are the same number, misread.
                    Ok(read) => assert!(read == right && b"OIL".contains(other), "{number} {altered}"),
                }
            }
        }
    }
    assert!(tried > 600_000, "{tried}");
}

#[test]
fn every_swap_of_two_neighbours_is_found() {
    let mut tried = 0;
    for number in numbers() {
        for at in 1..number.len() {
            let mut swapped = number.clone().into_bytes();
            swapped.swap(at - 1, at);
            let swapped = String::from_utf8(swapped).unwrap();
            if swapped != number {
                assert!(read_number(&swapped).is_err(), "{number} {swapped}");
                tried += 1;
            }
        }
    }
    assert!(tried > 150_000, "{tried}");
}

#[test]
fn a_mistyped_number_asks_for_a_second_look_and_a_word_does_not() {
    assert_eq!(read_number("K0320001781"), Err(NumberError::LookAgain));
    assert_eq!(read_number("hello"), Err(NumberError::NotANumber));
}
