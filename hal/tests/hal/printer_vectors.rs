//! The printer's codec against the frozen bytes.

use kiosk_hal::model::DeviceState;
use kiosk_hal::printer::PrinterProfile;
use kiosk_hal::printer::command::{Alignment, Command, CutKind, ProcessId, QrLevel, Question, Recovery, Size, Toggle};
use kiosk_hal::printer::flags::Flags;
use kiosk_hal::printer::parse::{Parsed, parse};
use kiosk_hal::printer::profile::ChineseText;
use kiosk_hal::printer::reply::{BLOCK_LONGEST, Reply, ReplyDemux};
use kiosk_hal::printer::status::{CODES, device_status, from_answers};
use kiosk_hal::printer::text::encode_line;
use proptest::prelude::*;
use serde::Deserialize;

use crate::printer_support::{bytes, vectors};

#[derive(Deserialize)]
struct Commands {
    command: Vec<NamedBytes>,
}

#[derive(Deserialize)]
struct NamedBytes {
    name: String,
    bytes: String,
}

fn named(name: &str) -> Command {
    let raster = vec![0xFF, 0x00, 0x00, 0xFF];
    match name {
        "init" => Command::Initialise,
        "kanji_on" => Command::ChineseOn,
        "kanji_off" => Command::ChineseOff,
        "kanji_style_quad" => Command::ChineseStyle(0x0C),
        "kanji_quad_on" => Command::ChineseDouble(Toggle::On),
        "codepage_0" => Command::CodePage(0),
        "bold_on" => Command::Bold(Toggle::On),
        "bold_off" => Command::Bold(Toggle::Off),
        "underline_1" => Command::Underline(1),
        "size_1x1" => Command::Size(Size::NORMAL),
        "size_2x2" => Command::Size(Size::DOUBLE),
        "reverse_on" => Command::Inverse(Toggle::On),
        "align_left" => Command::Align(Alignment::Left),
        "align_center" => Command::Align(Alignment::Centre),
        "align_right" => Command::Align(Alignment::Right),
        "line_spacing_default" => Command::LineSpacingDefault,
        "line_spacing_24" => Command::LineSpacing(24),
        "feed_dots_48" => Command::FeedDots(48),
        "feed_lines_3" => Command::FeedLines(3),
        "cut_full" => Command::Cut(CutKind::Full),
        "cut_partial" => Command::Cut(CutKind::Partial),
        "feed_cut_full" => Command::FeedAndCut { kind: CutKind::Full, extra: 0 },
        "feed_cut_partial" => Command::FeedAndCut { kind: CutKind::Partial, extra: 0 },
        "status_printer" => Command::Ask(Question::Printer),
        "status_offline" => Command::Ask(Question::Offline),
        "status_error" => Command::Ask(Question::Error),
        "status_paper" => Command::Ask(Question::Paper),
        "recover_clear" => Command::Recover(Recovery::Clear),
        "recover_retry" => Command::Recover(Recovery::Retry),
        "asb_all" => Command::AutoStatus(0x0F),
        "asb_off" => Command::AutoStatus(0),
        "gs_r_paper" => Command::PaperStatus,
        "process_id_0001" => Command::ReportProcess(ProcessId::from_number(1)),
        "paper_stop_sensors" => Command::PaperStop(0),
        "panel_button_off" => Command::PanelLock(Toggle::On),
        "qr_model2" => Command::QrModel2,
        "qr_size" => Command::QrModule(6),
        "qr_ec_m" => Command::QrErrorLevel(QrLevel::M),
        "qr_store" => Command::QrStore(b"https://example.invalid/t/000001".to_vec()),
        "qr_print" => Command::QrPrint,
        "raster_16x2" => Command::Raster { mode: 0, width_bytes: 2, rows: raster },
        "graphics_store_16x2" => Command::GraphicsStore { width_dots: 16, rows: raster },
        "graphics_print" => Command::GraphicsPrint,
        other => panic!("no command for the vector {other}"),
    }
}

#[test]
fn every_command_has_its_frozen_bytes_and_is_read_back_from_them() {
    let vectors: Commands = toml::from_str(&vectors("escpos_commands.toml")).unwrap();
    assert_eq!(vectors.command.len(), 43);
    for NamedBytes { name, bytes: frozen } in vectors.command {
        let (command, frozen) = (named(&name), bytes(&frozen));
        assert_eq!(command.to_bytes(), frozen, "{name} is encoded");
        assert_eq!(parse(&frozen), Parsed::Command(command.clone(), frozen.len()), "{name} is read");
        for cut in 0..frozen.len() {
            assert_eq!(parse(&frozen[..cut]), Parsed::NeedMore, "{name} waits when cut after {cut} bytes");
        }
        let mut followed = frozen.clone();
        followed.extend([0x1B, 0x40, 0xFF]);
        assert_eq!(parse(&followed), Parsed::Command(command, frozen.len()), "{name} leaves what follows alone");
    }
}

#[derive(Deserialize)]
struct Streams {
    stream: Vec<Stream>,
}

#[derive(Deserialize)]
struct Stream {
    name: String,
    bytes: String,
    events: Vec<String>,
    #[serde(default)]
    pending: String,
}

fn word(reply: &Reply) -> String {
    let upper = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ");
    match reply {
        Reply::Xon => "xon".into(),
        Reply::Xoff => "xoff".into(),
        Reply::RealTime(byte) => format!("dle_eot {byte:02X}"),
        Reply::AutoStatus(report) => format!("asb {}", upper(report)),
        Reply::Queued(byte) => format!("gs_r {byte:02X}"),
        Reply::Process(id) => format!("process_id {}", String::from_utf8_lossy(id)),
        Reply::Block(identifier, _) => format!("block {identifier:02X}"),
        Reply::Noise(byte) => format!("noise {byte:02X}"),
    }
}

#[test]
fn every_frozen_reply_stream_gives_its_events_whole_and_byte_by_byte() {
    let vectors: Streams = toml::from_str(&vectors("escpos_stream.toml")).unwrap();
    assert_eq!(vectors.stream.len(), 9);
    for stream in vectors.stream {
        let input = bytes(&stream.bytes);
        for size in [input.len(), 1, 2, 3] {
            let (mut demux, mut replies) = (ReplyDemux::new(), Vec::new());
            input.chunks(size).for_each(|chunk| demux.feed(chunk, &mut replies));
            assert_eq!(replies.iter().map(word).collect::<Vec<_>>(), stream.events, "{} by {size}", stream.name);
            assert_eq!(demux.pending(), bytes(&stream.pending), "{} by {size}", stream.name);
        }
        // Garbage before it does not swallow it.
        let (mut demux, mut replies) = (ReplyDemux::new(), Vec::new());
        demux.feed(&[0xFF, 0x95, 0x81], &mut replies);
        replies.clear();
        demux.feed(&input, &mut replies);
        assert_eq!(replies.iter().map(word).collect::<Vec<_>>(), stream.events, "{} after garbage", stream.name);
    }
}

#[derive(Deserialize)]
struct Statuses {
    reply: Vec<AnswerVector>,
    invalid: Vec<ByteVector>,
    vendor: Vec<ByteVector>,
    asb: Vec<ReportVector>,
    gs_r_1: Vec<ByteFlags>,
}

#[derive(Deserialize)]
struct AnswerVector {
    n: u8,
    byte: u8,
    flags: Vec<String>,
}

#[derive(Deserialize)]
struct ByteVector {
    byte: u8,
}

#[derive(Deserialize)]
struct ReportVector {
    bytes: String,
    flags: Vec<String>,
}

#[derive(Deserialize)]
struct ByteFlags {
    byte: u8,
    flags: Vec<String>,
}

#[test]
fn every_frozen_status_byte_has_its_flags() {
    let vectors: Statuses = toml::from_str(&vectors("escpos_status.toml")).unwrap();
    assert_eq!(vectors.reply.len(), 52);
    for AnswerVector { n, byte, flags } in vectors.reply {
        assert!(Flags::is_answer(byte));
        let question = Question::from_number(n).unwrap();
        assert_eq!(Flags::from_answer(question, byte).names(), flags, "answer {byte:02X} to {n}");
    }
    for ByteVector { byte } in vectors.invalid {
        assert!(!Flags::is_answer(byte), "{byte:02X} is no answer");
    }
    for ByteVector { byte } in vectors.vendor {
        assert!(Flags::is_answer(byte));
        assert_eq!(Flags::from_answer(Question::Printer, byte).names(), ["ticket_waiting"]);
    }
    for ReportVector { bytes: report, flags } in vectors.asb {
        let report: [u8; 4] = bytes(&report).try_into().unwrap();
        assert_eq!(Flags::from_report(report).names(), flags, "report {report:02X?}");
    }
    for ByteFlags { byte, flags } in vectors.gs_r_1 {
        assert_eq!(Flags::from_paper_status(byte).names(), flags, "queued {byte:02X}");
    }
}

#[test]
fn a_stray_byte_that_looks_like_a_report_costs_no_answer() {
    let (mut demux, mut replies) = (ReplyDemux::new(), Vec::new());
    demux.feed(&[0x10, 0x12, 0x18, 0x00, 0x92], &mut replies);
    let words: Vec<String> = replies.iter().map(word).collect();
    assert_eq!(words, ["noise 10", "dle_eot 12", "noise 18", "dle_eot 92"]);
}

#[test]
fn every_state_a_printer_reports_has_a_code_from_the_list() {
    let profile = PrinterProfile::cn_kiosk_58();
    for a in [0x12, 0x1A, 0x32, 0x52, 0x92] {
        for b in [0x12, 0x16, 0x1A, 0x32, 0x52] {
            for c in [0x12, 0x16, 0x1A, 0x32, 0x52] {
                for d in [0x12, 0x1E, 0x72, 0x7E] {
                    let answers = [a, b, c, d];
                    let status = from_answers(answers, &profile);
                    let told = device_status(&status, Some(answers), &profile);
                    let listed = CODES.iter().any(|(code, state)| told.code == *code && told.state == *state);
                    assert!(listed || told.code.is_empty(), "{answers:02X?} gives {told:?}");
                    assert_eq!(told.state == DeviceState::Online, status.can_print(), "{answers:02X?}");
                    let healthy = answers[1..] == [0x12; 3] && matches!(a, 0x12);
                    assert_eq!(told.code.is_empty(), healthy, "{answers:02X?} gives {told:?}");
                }
            }
        }
    }
}

#[derive(Deserialize)]
struct Characters {
    char: Vec<Character>,
}

#[derive(Deserialize)]
struct Character {
    char: String,
    bytes: String,
    four_byte: bool,
}

#[test]
fn two_byte_characters_travel_as_text_and_four_byte_ones_do_not() {
    let vectors: Characters = toml::from_str(&vectors("gb18030.toml")).unwrap();
    assert_eq!(vectors.char.len(), 18);
    for character in vectors.char {
        let expected = (!character.four_byte).then(|| bytes(&character.bytes));
        assert_eq!(encode_line(&character.char, ChineseText::Gb18030TwoByte), expected, "{}", character.char);
    }
}

#[test]
fn private_use_and_control_characters_never_travel_as_text() {
    for text in ["\u{E5E5}", "a\u{1B}@", "\u{7F}", "\u{10FFFD}"] {
        assert_eq!(encode_line(text, ChineseText::Gb18030TwoByte), None, "{text:?}");
    }
}

#[test]
fn a_gb2312_font_sends_rarer_characters_as_raster() {
    assert!(encode_line("办理", ChineseText::Gb2312).is_some());
    assert_eq!(encode_line("朱镕基", ChineseText::Gb2312), None);
    assert_eq!(encode_line("办理", ChineseText::None), None);
    assert!(encode_line("12345", ChineseText::None).is_some());
}

#[test]
fn process_ids_are_four_digits_and_never_zero() {
    assert_eq!(ProcessId::from_number(0).0, *b"0001");
    assert_eq!(ProcessId::from_number(9999).0, *b"9999");
    assert_eq!(ProcessId::from_number(10_000).0, *b"0001");
    assert_eq!(ProcessId::from_number(u16::MAX).0, *b"5541");
}

proptest! {
    #[test]
    fn the_demultiplexer_takes_any_bytes_and_holds_few(input in prop::collection::vec(any::<u8>(), 0..600)) {
        let (mut whole, mut all_replies) = (ReplyDemux::new(), Vec::new());
        whole.feed(&input, &mut all_replies);
        let (mut single, mut replies) = (ReplyDemux::new(), Vec::new());
        for byte in &input {
            single.feed(&[*byte], &mut replies);
            prop_assert!(single.pending().len() <= BLOCK_LONGEST);
        }
        prop_assert_eq!(all_replies, replies);
    }

    #[test]
    fn the_reader_of_commands_always_moves_on_or_waits(input in prop::collection::vec(any::<u8>(), 0..600)) {
        let mut rest = input.as_slice();
        loop {
            match parse(rest) {
                Parsed::NeedMore => break,
                Parsed::Command(command, used) => {
                    prop_assert!(used > 0 && used <= rest.len());
                    let again = command.to_bytes();
                    prop_assert_eq!(parse(&again), Parsed::Command(command, again.len()));
                    rest = &rest[used..];
                }
                Parsed::Unknown(used) => {
                    prop_assert!(used > 0);
                    rest = &rest[used.min(rest.len())..];
                }
            }
        }
    }
}
