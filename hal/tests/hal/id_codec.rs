//! The reader's frames, card layouts and numbers against the frozen vectors, and against arbitrary bytes.

use kiosk_hal::id_card::codec::{Command, Found, FrameParser, LONGEST, Reply, encode, module_number};
use kiosk_hal::id_card::deck::{self, CardImage};
use kiosk_hal::id_card::fields::{ReadKind, ShapeError, card, take_apart};
use kiosk_hal::id_card::layout::{Field, kind_of, layout, read, read_padded};
use kiosk_hal::id_card::status::Status;
use kiosk_hal::id_card::{ethnicity, number, sim};
use kiosk_hal::model::{CardDate, CardKind, IdCard, NumberCheck, Sex, Validity};
use proptest::prelude::*;

use crate::vectors::{bytes, records, string, table};

/// How a stream of bytes is cut into reads.
#[derive(Debug, Clone, Copy)]
enum Feeding {
    InOnePiece,
    ByteByByte,
    WithGarbageAround,
}

const FEEDINGS: [Feeding; 3] = [Feeding::InOnePiece, Feeding::ByteByByte, Feeding::WithGarbageAround];

/// Noise with pieces of a preamble in it.
const GARBAGE: &[u8] = &[0x00, 0xAA, 0xAA, 0x96, 0x69, 0xFF, 0xAA, 0xAA, 0x41, 0x54, 0x0D];

#[test]
fn the_frozen_requests_are_the_frames_of_our_commands() {
    let frozen = records("idcard_commands.hex");
    for (name, command) in [
        ("reset_sam", Command::Reset),
        ("sam_status", Command::Status),
        ("sam_id", Command::ModuleNumber),
        ("find_card", Command::FindCard),
        ("select_card", Command::SelectCard),
        ("read_base", Command::ReadCard),
        ("read_base_fp", Command::ReadCardWithFingerprints),
        ("read_new_address", Command::ReadAppendedAddress),
        ("read_iin_sn", Command::ReadManagementNumber),
    ] {
        assert_eq!(command.frame(), frozen[name], "{name}");
    }
    for (name, body) in [
        ("baud_115200", vec![0x60, 0]),
        ("baud_57600", vec![0x60, 1]),
        ("baud_38400", vec![0x60, 2]),
        ("baud_19200", vec![0x60, 3]),
        ("baud_9600", vec![0x60, 4]),
        ("max_rf_bytes_80", vec![0x61, 0xFF, 0x50]),
    ] {
        assert_eq!(encode(&body), frozen[name], "{name}");
    }
    assert_eq!(frozen.len(), 15);
}

#[test]
fn every_frozen_request_is_parsed_to_its_body_however_it_arrives() {
    for (name, frame) in records("idcard_commands.hex") {
        for feeding in FEEDINGS {
            let found = feed(&frame, feeding);
            assert_eq!(bodies(&found), [frame[7..frame.len() - 1].to_vec()], "{name} {feeding:?}");
        }
    }
}

#[test]
fn every_frozen_reply_is_parsed_to_its_status_and_encoded_to_the_same_bytes() {
    let frozen = records("idcard_responses.hex");
    for (name, frame) in &frozen {
        for feeding in FEEDINGS {
            let [reply] = replies(&feed(frame, feeding)).try_into().unwrap();
            assert_eq!(reply.frame(), *frame, "{name} {feeding:?}");
        }
    }
    for (name, status) in [
        ("ok_empty", Status::Success),
        ("find_ok", Status::CardFound),
        ("select_ok", Status::Success),
        ("no_content", Status::Absent),
        ("err_checksum", Status::ModuleSawBadChecksum),
        ("err_length", Status::ModuleSawBadLength),
        ("err_command", Status::BadCommand),
        ("err_not_permitted", Status::NotPermitted),
        ("err_unknown", Status::Unrecognised),
        ("err_card_auth_sam", Status::CardRejectsModule),
        ("err_sam_auth_card", Status::ModuleRejectsCard),
        ("err_verify", Status::NotVerified),
        ("err_wrong_card", Status::WrongCard),
        ("err_read", Status::ReadFailed),
        ("err_random", Status::RandomFailed),
        ("err_selftest", Status::SelfTestFailed),
        ("err_unauthorised", Status::Unauthorised),
        ("find_failed", Status::NoCard),
        ("select_failed", Status::SelectFailed),
        ("sam_id_ok", Status::Success),
    ] {
        assert_eq!(Status::of(frozen[name][9]), status, "{name}");
    }
    assert_eq!(frozen.len(), 20);
}

#[test]
fn the_module_number_is_written_as_printed_on_the_module() {
    let frame = &records("idcard_responses.hex")["sam_id_ok"];
    let data = &frame[10..26];
    assert_eq!(module_number(data).as_deref(), Some("05.01-20070101-000000042-000000007"));
    assert_eq!(module_number(&data[1..]), None);
}

#[test]
fn every_frozen_card_gives_the_expected_fields_however_it_arrives() {
    let frames = records("idcard_cards.hex");
    let expected = table("idcard_expected.toml");
    assert_eq!(expected.len(), 9);
    for (name, expected) in &expected {
        let expected = expected.as_table().unwrap();
        let frame = &frames[name];
        assert_eq!(i64::try_from(frame.len()).ok(), expected["frame_len"].as_integer(), "{name}");
        for feeding in FEEDINGS {
            let [reply] = replies(&feed(frame, feeding)).try_into().unwrap();
            let parts = take_apart(&reply.data, read_kind(name)).unwrap();
            assert_eq!(parts.photo.len(), 1024);
            assert_eq!(i64::try_from(parts.fingerprints.len()).ok(), expected["fingerprint_len"].as_integer());
            assert_raw_fields(name, parts.text, expected);
            assert_card(name, &card(parts.text), expected);
        }
    }
}

#[test]
fn the_appended_address_is_a_reply_like_any_other() {
    let frame = &records("idcard_cards.hex")["new_address_ok"];
    let [reply] = replies(&feed(frame, Feeding::ByteByByte)).try_into().unwrap();
    assert_eq!((reply.status, reply.data.len()), (0x90, 70));
}

#[test]
fn the_layouts_are_the_frozen_ones() {
    let frozen = table("idcard_layouts.toml");
    for kind in KINDS {
        let fields = frozen[kind_name(kind)].as_table().unwrap();
        let mut places: Vec<(usize, usize)> = fields
            .iter()
            .filter(|(name, _)| !name.starts_with("reserved"))
            .map(|(_, place)| (number_of(&place["offset"]), number_of(&place["len"])))
            .collect();
        places.sort_unstable();
        let mut ours: Vec<(usize, usize)> = layout(kind).iter().map(|(_, offset, length)| (*offset, *length)).collect();
        ours.sort_unstable();
        assert_eq!(ours, places, "{kind:?}");
    }
}

#[test]
fn a_wrong_check_byte_gives_no_fields_and_the_parser_is_ready_for_the_next_frame() {
    let faults = records("idcard_faults.hex");
    let good = &records("idcard_responses.hex")["find_failed"];
    for name in ["bad_checksum", "bit_flip_photo"] {
        let mut stream = faults[name].clone();
        stream.extend_from_slice(good);
        for feeding in FEEDINGS {
            let found = feed(&stream, feeding);
            assert!(found.contains(&Found::BadChecksum), "{name}");
            let statuses: Vec<u8> = replies(&found).iter().map(|reply| reply.status).collect();
            assert_eq!(statuses, [0x80], "{name}");
        }
    }
}

#[test]
fn noise_before_and_inside_a_preamble_is_skipped() {
    let faults = records("idcard_faults.hex");
    for (name, status) in [("leading_garbage", 0x90), ("extra_aa", 0x80), ("inserted_zero", 0x90)] {
        for feeding in FEEDINGS {
            let [reply] = replies(&feed(&faults[name], feeding)).try_into().unwrap();
            assert_eq!(reply.status, status, "{name} {feeding:?}");
        }
    }
}

#[test]
fn a_preamble_inside_a_photo_does_not_start_a_frame() {
    for feeding in FEEDINGS {
        let found = feed(&records("idcard_faults.hex")["preamble_inside_photo"], feeding);
        assert_eq!(found.len(), 1);
        let [reply] = replies(&found).try_into().unwrap();
        assert!(take_apart(&reply.data, ReadKind::TextAndPhoto).is_ok());
    }
}

#[test]
fn two_replies_in_one_read_are_two_frames() {
    let found = feed(&records("idcard_faults.hex")["back_to_back"], Feeding::InOnePiece);
    let statuses: Vec<u8> = replies(&found).iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [0x9F, 0x90]);
}

#[test]
fn a_frame_that_does_not_end_is_held_until_it_is_given_up() {
    let faults = records("idcard_faults.hex");
    for name in ["truncated_700", "length_too_long", "odd_timeout_reply"] {
        let mut parser = FrameParser::new();
        let mut found = Vec::new();
        parser.feed(&faults[name], &mut found);
        assert!(parser.is_mid_frame() && found.is_empty(), "{name}");
        parser.give_up(&mut found);
        assert!(replies(&found).is_empty() && parser.held() == 0, "{name}");
    }
}

#[test]
fn giving_a_frame_up_finds_a_good_frame_that_it_had_swallowed() {
    let mut parser = FrameParser::new();
    let mut found = Vec::new();
    parser.feed(&records("idcard_faults.hex")["length_too_long"], &mut found);
    parser.feed(&records("idcard_responses.hex")["find_ok"], &mut found);
    assert!(found.is_empty());
    parser.give_up(&mut found);
    assert_eq!(replies(&found).iter().map(|reply| reply.status).collect::<Vec<_>>(), [0x9F]);
}

#[test]
fn lengths_that_no_card_has_are_refused() {
    let faults = records("idcard_faults.hex");
    let shape = |name: &str| {
        let [reply] = replies(&feed(&faults[name], Feeding::InOnePiece)).try_into().unwrap();
        take_apart(&reply.data, ReadKind::TextAndPhoto).map(|_| ()).unwrap_err()
    };
    assert_eq!(shape("zero_text_len"), ShapeError::TextLength(0));
    assert_eq!(shape("short_text_len"), ShapeError::TextLength(255));
    let image = deck::find("resident_fp1").unwrap().image;
    let data = sim::read_data(&image, true);
    assert!(take_apart(&data, ReadKind::WithFingerprints).is_ok());
    assert_eq!(take_apart(&data[..data.len() - 1], ReadKind::WithFingerprints), Err(ShapeError::Total(data.len() - 1)));
    assert!(take_apart(&data, ReadKind::TextAndPhoto).is_err(), "the command decides, not the data");
}

#[test]
fn an_unpaired_surrogate_in_a_name_becomes_a_replacement_character() {
    let [reply] =
        replies(&feed(&records("idcard_faults.hex")["lone_surrogate"], Feeding::InOnePiece)).try_into().unwrap();
    let parts = take_apart(&reply.data, ReadKind::TextAndPhoto).unwrap();
    assert!(card(parts.text).name.starts_with('\u{FFFD}'));
}

#[test]
fn numbers_pass_and_fail_as_frozen() {
    let frozen = table("idcard_numbers.toml");
    let numbers = frozen["number"].as_array().unwrap();
    assert_eq!(numbers.len(), 14);
    for entry in numbers {
        let entry = entry.as_table().unwrap();
        let kind = match string(entry, "kind").as_str() {
            "hmt" => CardKind::HmtResidence,
            "foreigner_2017" => CardKind::ForeignPermanent2017,
            "foreigner_2023" => CardKind::ForeignPermanent2023,
            _ => CardKind::Resident,
        };
        let passed = number::check(kind, &string(entry, "value")) == NumberCheck::Passed;
        assert_eq!(Some(passed), entry["valid"].as_bool(), "{}", string(entry, "why"));
    }
}

#[test]
fn a_number_is_checked_by_the_rule_of_its_own_card() {
    let citizen = "11019919000101001X";
    let foreigner = "911999190001050023";
    assert_eq!(number::check(CardKind::Resident, foreigner), NumberCheck::Failed);
    assert_eq!(number::check(CardKind::ForeignPermanent2023, citizen), NumberCheck::Failed);
    assert_eq!(number::check(CardKind::ForeignPermanent2017, citizen), NumberCheck::Failed);
    assert_eq!(number::check(CardKind::ForeignPermanent2017, "XXX119900010418"), NumberCheck::Failed);
    assert_eq!(number::check(CardKind::ForeignPermanent2017, "XXX119913010419"), NumberCheck::Failed);
}

#[test]
fn ethnicities_are_the_frozen_ones_and_an_unknown_code_is_other() {
    let frozen = table("ethnicity.toml");
    assert_eq!(frozen.len(), ethnicity::NAMES.len());
    for (code, name) in &frozen {
        assert_eq!(ethnicity::name(code), name.as_str(), "{code}");
    }
    assert_eq!(ethnicity::name("57"), None);
    assert_eq!(ethnicity::display("57"), "其他");
}

#[test]
fn debug_output_of_a_card_shows_nothing_of_a_person() {
    let image = deck::find("wang_guifang").unwrap().image;
    let frame = sim::read_frame(&image, false);
    let found = feed(&frame, Feeding::InOnePiece);
    let [reply] = replies(&found).try_into().unwrap();
    let parts = take_apart(&reply.data, ReadKind::TextAndPhoto).unwrap();
    let shown = format!("{image:?} {found:?} {reply:?} {parts:?} {:?}", card(parts.text));
    for secret in ["王", "320699", "1944", "示例"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn the_deck_holds_readable_cards_with_distinct_keys_and_one_wrong_check_digit() {
    let cards = deck::deck();
    assert_eq!(cards.len(), 20);
    let mut keys: Vec<&str> = cards.iter().map(|card| card.key).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 20);
    let frames = records("idcard_cards.hex");
    for entry in &cards {
        let read = card(&entry.image.text);
        let failed = entry.key == "wrong_check_digit";
        assert_eq!(read.number_check == NumberCheck::Failed, failed, "{}", entry.key);
        assert!(!read.name.is_empty() && read.birth.is_some(), "{}", entry.key);
        if let Some(frame) = frames.get(entry.key) {
            let with_fingerprints = read_kind(entry.key) == ReadKind::WithFingerprints;
            assert_eq!(&sim::read_frame(&entry.image, with_fingerprints), frame, "{}", entry.key);
        } else {
            assert_eq!(Some(entry_birth(&read)), read.birth, "{}: number and field agree", entry.key);
            assert!(read.address.as_ref().is_some_and(|address| address.starts_with("江苏省示例县示例镇示例村")));
        }
    }
    assert_eq!(card(&deck::find("jin_ji").unwrap().image.text).name, "金𠮷");
    assert_eq!(card(&deck::find("wang_guifang").unwrap().image.text).valid_until, Validity::LongTerm);
}

#[test]
fn a_card_of_every_kind_written_from_fields_reads_back_the_same() {
    for kind in KINDS {
        let fields: Vec<(Field, &str)> = layout(kind)
            .iter()
            .filter(|(field, _, _)| *field != Field::CardType)
            .map(|(field, _, length)| (*field, &"9𠮷甲乙丙丁戊己"[..if *length >= 16 { 14 } else { 1 }]))
            .collect();
        let text = deck::text(kind, &fields);
        assert_eq!(kind_of(&text), kind);
        for (field, value) in fields {
            assert_eq!(read(&text, kind, field).unwrap().as_str(), value, "{kind:?} {field:?}");
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic_and_never_fill_the_memory(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..700), 0..16)
    ) {
        let mut parser = FrameParser::new();
        let mut found = Vec::new();
        for piece in pieces {
            let piece: Vec<u8> = piece.into_iter().map(often_preamble).collect();
            parser.feed(&piece, &mut found);
            prop_assert!(parser.held() <= usize::from(LONGEST) + 7 + 512);
        }
        parser.give_up(&mut found);
        prop_assert_eq!(parser.held(), 0);
    }

    #[test]
    fn what_is_encoded_is_parsed_to_the_same_body_however_it_is_cut(
        body in prop::collection::vec(any::<u8>(), 2..4095), cut in 1_usize..600
    ) {
        let mut parser = FrameParser::new();
        let mut found = Vec::new();
        for piece in encode(&body).chunks(cut) {
            parser.feed(piece, &mut found);
        }
        prop_assert_eq!(bodies(&found), vec![body]);
        prop_assert_eq!(parser.held(), 0);
    }

    #[test]
    fn any_text_at_all_gives_a_card(text in prop::collection::vec(any::<u8>(), 256)) {
        let text: [u8; 256] = text.try_into().unwrap();
        let image = CardImage::with_text(text);
        let data = sim::read_data(&image, false);
        let read = card(take_apart(&data, ReadKind::TextAndPhoto).unwrap().text);
        prop_assert!(read.name.chars().count() <= 60);
    }
}

/// Maps even noise to noise in which every thousandth place or so begins a frame.
fn often_preamble(byte: u8) -> u8 {
    match byte {
        0..=109 => 0xAA,
        110..=159 => 0x96,
        160..=199 => 0x69,
        200..=219 => 0x00,
        other => other,
    }
}

const KINDS: [CardKind; 4] =
    [CardKind::Resident, CardKind::HmtResidence, CardKind::ForeignPermanent2017, CardKind::ForeignPermanent2023];

fn kind_name(kind: CardKind) -> &'static str {
    match kind {
        CardKind::Resident => "resident",
        CardKind::HmtResidence => "hmt_residence_J",
        CardKind::ForeignPermanent2017 => "foreigner_2017_I",
        CardKind::ForeignPermanent2023 => "foreigner_2023_Y",
    }
}

fn read_kind(name: &str) -> ReadKind {
    if name.starts_with("resident_fp") { ReadKind::WithFingerprints } else { ReadKind::TextAndPhoto }
}

/// Compares every field of the file with the layout's own reading.
fn assert_raw_fields(name: &str, text: &[u8; 256], expected: &toml::Table) {
    let kind = kind_of(text);
    assert_eq!(kind_name(kind), string(expected, "kind"), "{name}");
    for (key, value) in expected {
        let field = match key.as_str() {
            "kind" | "frame_len" | "fingerprint_len" => continue,
            "name" | "chinese_name" => Field::Name,
            "english_name" | "english_name_1" => Field::LatinName,
            "english_name_2" => Field::LatinNameRest,
            "sex" => Field::Sex,
            "ethnicity" => Field::Ethnicity,
            "birth" => Field::Birth,
            "address" => Field::Address,
            "id_number" | "card_number" => Field::Number,
            "authority" => Field::Authority,
            "authority_code" => Field::AuthorityCode,
            "valid_from" => Field::ValidFrom,
            "valid_to" => Field::ValidTo,
            "pass_number" => Field::PassNumber,
            "issue_count" => Field::IssueCount,
            "nationality" => Field::Nationality,
            "card_version" => Field::CardVersion,
            "renewal_count" => Field::RenewalCount,
            "previous_number_link" => Field::PreviousNumberLink,
            "card_type" => Field::CardType,
            other => panic!("{name}: no field for {other}"),
        };
        assert_eq!(read(text, kind, field).as_ref().map(|text| text.as_str()), value.as_str(), "{name} {key}");
        assert!(read_padded(text, kind, field).is_some());
    }
}

/// Compares the card as the application sees it.
fn assert_card(name: &str, card: &IdCard, expected: &toml::Table) {
    let optional = |key: &str| expected.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    let either = |a: &str, b: &str| optional(a).or_else(|| optional(b)).unwrap_or_default();
    assert_eq!(card.name, either("name", "chinese_name"), "{name}");
    let latin = optional("english_name")
        .or_else(|| Some(optional("english_name_1")? + &optional("english_name_2").unwrap_or_default()));
    assert_eq!(card.latin_name, latin, "{name}");
    let sex = match string(expected, "sex").as_str() {
        "0" => Sex::Unknown,
        "1" => Sex::Male,
        "2" => Sex::Female,
        _ => Sex::NotStated,
    };
    assert_eq!(card.sex, sex, "{name}");
    assert_eq!(card.ethnicity, optional("ethnicity"), "{name}");
    assert_eq!(card.birth, CardDate::parse(&string(expected, "birth")), "{name}");
    assert_eq!(card.address, optional("address"), "{name}");
    assert_eq!(card.number, either("id_number", "card_number"), "{name}");
    assert_eq!(card.number_check, NumberCheck::Passed, "{name}");
    assert_eq!(card.authority, optional("authority"), "{name}");
    assert_eq!(card.valid_from, CardDate::parse(&string(expected, "valid_from")), "{name}");
    let until = string(expected, "valid_to");
    let until = if until == "长期" { Validity::LongTerm } else { Validity::Until(CardDate::parse(&until).unwrap()) };
    assert_eq!(card.valid_until, until, "{name}");
    assert_eq!(card.nationality, optional("nationality"), "{name}");
    assert_eq!(card.pass_number, optional("pass_number"), "{name}");
}

fn entry_birth(card: &IdCard) -> CardDate {
    CardDate::parse(&card.number[6..14]).unwrap()
}

fn feed(frame: &[u8], feeding: Feeding) -> Vec<Found> {
    let mut parser = FrameParser::new();
    let mut found = Vec::new();
    match feeding {
        Feeding::InOnePiece => parser.feed(frame, &mut found),
        Feeding::ByteByByte => frame.chunks(1).for_each(|byte| parser.feed(byte, &mut found)),
        Feeding::WithGarbageAround => {
            let stream = [GARBAGE, frame, GARBAGE].concat();
            parser.feed(&stream, &mut found);
        }
    }
    found
}

fn bodies(found: &[Found]) -> Vec<Vec<u8>> {
    found
        .iter()
        .filter_map(|found| match found {
            Found::Frame(body) => Some(body.to_vec()),
            Found::BadChecksum | Found::BadLength(_) => None,
        })
        .collect()
}

fn replies(found: &[Found]) -> Vec<Reply> {
    bodies(found).iter().map(|body| Reply::of_body(body).unwrap()).collect()
}

fn number_of(value: &toml::Value) -> usize {
    usize::try_from(value.as_integer().unwrap()).unwrap()
}

#[test]
fn a_length_outside_the_limits_is_told_and_skipped() {
    let stream =
        [bytes("AA AA AA 96 69 00 02 00 00"), bytes("AA AA AA 96 69 10 01 00 00"), Command::Status.frame()].concat();
    for feeding in FEEDINGS {
        let found = feed(&stream, feeding);
        assert!(found.contains(&Found::BadLength(2)) && found.contains(&Found::BadLength(4097)));
        assert_eq!(bodies(&found), [[0x11, 0xFF]]);
    }
}
