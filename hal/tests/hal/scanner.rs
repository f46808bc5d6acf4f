//! The scanner's framing and commands against the frozen vectors, its protocol against the simulated module.

use std::time::Duration;

use kiosk_hal::link::LinkErrorKind;
use kiosk_hal::model::{DeviceState, ScannedCode, ScannerEvent, ScannerRequest};
use kiosk_hal::runner::{DeviceEvent, Elapsed, Protocol};
use kiosk_hal::scanner::codec::{LONGEST_CODE, Scanned, StreamParser, decode};
use kiosk_hal::scanner::command::{
    CommandReply, GM65_TRIGGER, HONEYWELL_TRIGGER, HONEYWELL_UNTRIGGER, Outcome, SSI_TRIGGER, Store, honeywell, newland,
};
use kiosk_hal::scanner::protocol::{Family, ScannerProtocol};
use kiosk_hal::scanner::sim::{Fault, ScannerModel};
use kiosk_hal::sim::{Bench, DeviceModel};
use proptest::prelude::*;

use crate::vectors::{bytes, string, table};

type Scanner = Bench<ScannerProtocol, ScannerModel>;
type Event = DeviceEvent<ScannerEvent>;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn the_frozen_streams_give_the_expected_codes_by_time() {
    let frozen = table("scanner_frames.toml");
    let cases = frozen["case"].as_array().unwrap();
    assert_eq!(cases.len(), 14);
    for case in cases {
        let case = case.as_table().unwrap();
        let name = string(case, "name");
        let mut now = Elapsed::ZERO;
        let gap = Duration::from_millis(case["idle_ms"].as_integer().unwrap().try_into().unwrap());
        let mut protocol = ScannerProtocol::new(Family::Plain).with_gap(gap);
        protocol.handle_opened(now);
        protocol.handle_request(now, ScannerRequest::Enable);
        let mut codes = Vec::new();
        for chunk in case["chunks"].as_array().unwrap() {
            let chunk = chunk.as_table().unwrap();
            let then = now + Duration::from_millis(chunk["wait_ms"].as_integer().unwrap().try_into().unwrap());
            while let Some(deadline) = protocol.poll_timeout().filter(|deadline| *deadline <= then) {
                protocol.handle_timeout(deadline);
            }
            now = then;
            protocol.handle_input(now, &bytes(&string(chunk, "hex")));
            codes.extend(taken(&mut protocol));
        }
        // The burst rule lets only the first of codes that come together through; the rest is the parser's test.
        let expected = expected_codes(case);
        assert_eq!(codes.first(), expected.first(), "{name}");
    }
}

#[test]
fn the_frozen_streams_are_cut_as_expected_in_one_piece_and_byte_by_byte() {
    let frozen = table("scanner_frames.toml");
    for case in frozen["case"].as_array().unwrap() {
        let case = case.as_table().unwrap();
        let stream: Vec<u8> =
            case["chunks"].as_array().unwrap().iter().flat_map(|chunk| bytes(chunk["hex"].as_str().unwrap())).collect();
        for size in [1, 3, stream.len()] {
            let mut parser = StreamParser::new();
            let mut scanned = Vec::new();
            stream.chunks(size).for_each(|piece| parser.feed(piece, &mut scanned));
            let without_suffix = parser.is_pending();
            parser.end_of_burst(&mut scanned);
            assert_eq!(texts(scanned), expected_codes(case), "{} by {size}", string(case, "name"));
            assert_eq!(without_suffix, string(case, "name") == "no_terminator");
        }
    }
}

#[test]
fn the_frozen_commands_are_ours_and_the_frozen_replies_are_understood() {
    let frozen = table("scanner_commands.toml");
    let mut newlands = 0;
    for pair in frozen["pair"].as_array().unwrap() {
        let pair = pair.as_table().unwrap();
        let (tx, rx, name) = (bytes(&string(pair, "tx")), bytes(&string(pair, "rx")), string(pair, "name"));
        match (string(pair, "vendor").as_str(), name.as_str()) {
            ("newland", _) => {
                newlands += 1;
                let store = if tx[6] == b'@' { Store::Permanent } else { Store::Volatile };
                let setting = String::from_utf8(tx[7..tx.len() - 2].to_vec()).unwrap();
                assert_eq!(newland(&setting, store), tx, "{name}");
                let outcome = match name.as_str() {
                    "bad_value" => Outcome::OutOfRange,
                    "bad_tag" => Outcome::UnknownTag,
                    _ => Outcome::Accepted,
                };
                let setting = setting.replace('*', "0");
                let expected = CommandReply { setting, outcome };
                for size in [1, rx.len()] {
                    let mut parser = StreamParser::new();
                    let mut scanned = Vec::new();
                    rx.chunks(size).for_each(|piece| parser.feed(piece, &mut scanned));
                    assert_eq!(scanned, [Scanned::Reply(expected.clone())], "{name}");
                }
                assert_eq!(expected.frame(store), rx, "{name}");
            }
            ("honeywell", "trigger") => assert_eq!(tx, HONEYWELL_TRIGGER),
            ("honeywell", "untrigger") => assert_eq!(tx, HONEYWELL_UNTRIGGER),
            ("honeywell", "query_codabar") => assert_eq!(honeywell("cbrena?", Store::Permanent), tx),
            ("honeywell", "set_volatile") => assert_eq!(honeywell("trgmod0", Store::Volatile), tx),
            ("honeywell", "bad_tag") => assert_eq!(honeywell("zzzzzz1", Store::Volatile), tx),
            ("grow_gm65", _) => assert_eq!(tx, GM65_TRIGGER),
            ("ssi", _) => assert_eq!(tx, SSI_TRIGGER),
            (vendor, name) => panic!("{vendor} {name} has no test"),
        }
    }
    assert_eq!(newlands, 9);
}

#[test]
fn the_simulated_module_answers_the_frozen_commands_with_the_frozen_replies() {
    let frozen = table("scanner_commands.toml");
    let mut model = ScannerModel::new();
    for pair in frozen["pair"].as_array().unwrap().iter().filter_map(toml::Value::as_table) {
        if string(pair, "vendor") != "newland" {
            continue;
        }
        if string(pair, "name") == "query_scnmod" {
            model.handle_input(Elapsed::ZERO, &newland("SCNMOD0", Store::Volatile));
            model.poll_output(SECOND);
        }
        model.handle_input(Elapsed::ZERO, &bytes(&string(pair, "tx")));
        assert_eq!(model.poll_output(SECOND), Some(bytes(&string(pair, "rx"))), "{}", string(pair, "name"));
    }
}

#[test]
fn a_reply_inside_a_code_is_taken_out_of_it() {
    let reply = CommandReply { setting: "SCNTRG1".to_owned(), outcome: Outcome::Accepted };
    let stream = [b"AB", reply.frame(Store::Volatile).as_slice(), b"CD\r"].concat();
    for size in [1, stream.len()] {
        let mut parser = StreamParser::new();
        let mut scanned = Vec::new();
        stream.chunks(size).for_each(|piece| parser.feed(piece, &mut scanned));
        assert_eq!(scanned, [Scanned::Reply(reply.clone()), Scanned::Code(b"ABCD".to_vec())]);
    }
}

#[test]
fn a_framed_code_may_hold_line_ends() {
    let mut parser = StreamParser::new();
    let mut scanned = Vec::new();
    parser.feed(b"\x02LINE1\r\nLINE2\x03\r\n", &mut scanned);
    assert_eq!(scanned, [Scanned::Code(b"LINE1\r\nLINE2".to_vec())]);
}

#[test]
fn bytes_that_are_no_text_stay_bytes() {
    assert_eq!(decode(vec![0xFF, 0xFE, 0x80]), ScannedCode { text: Err(vec![0xFF, 0xFE, 0x80]) });
}

#[test]
fn debug_output_of_a_code_shows_nothing_of_it() {
    let shown = format!("{:?} {:?}", decode(b"secret".to_vec()), Scanned::Code(b"secret".to_vec()));
    assert!(!shown.contains("secret"));
}

#[test]
fn a_module_is_set_up_at_opening_and_online() {
    let (mut bench, events) = opened();
    assert_eq!(states(&events), [DeviceState::Starting, DeviceState::Online]);
    assert_eq!(bench.model.take_commands(), ["SCNTRG0", "SCNMOD0", "ORTSET5000", "SETUPE0"]);
}

#[test]
fn a_code_is_read_when_a_screen_asks_and_dropped_when_none_does() {
    let (mut bench, _) = opened();
    bench.model.present("before");
    assert!(codes(&bench.run_for(5 * SECOND)).is_empty());
    bench.request(ScannerRequest::Enable);
    bench.model.present("苏通便民");
    assert_eq!(codes(&bench.run_for(SECOND)), ["苏通便民"]);
    bench.request(ScannerRequest::Disable);
    bench.run_for(Duration::from_millis(200));
    assert!(bench.model.take_commands().ends_with(&["SCNTRG0".to_owned()]));
    bench.model.present("after");
    assert!(codes(&bench.run_for(5 * SECOND)).is_empty());
}

#[test]
fn a_scanner_that_reads_by_itself_is_not_heard_while_no_screen_asks() {
    let mut protocol = ScannerProtocol::new(Family::Plain);
    protocol.handle_opened(Elapsed::ZERO);
    protocol.handle_input(Elapsed::ZERO, b"EARLY\rHALF");
    protocol.handle_request(Duration::from_millis(10), ScannerRequest::Enable);
    protocol.handle_input(Duration::from_millis(20), b"HALF\r");
    assert!(taken(&mut protocol).is_empty(), "it began before the screen asked");
    protocol.handle_input(Duration::from_millis(30), b"WHOLE\r");
    assert_eq!(taken(&mut protocol), ["WHOLE"]);
}

#[test]
fn reading_goes_on_after_the_modules_own_time_limit() {
    let mut bench = enabled();
    assert!(codes(&bench.run_for(32 * SECOND)).is_empty());
    bench.model.present("late");
    assert_eq!(codes(&bench.run_for(6 * SECOND)), ["late"]);
}

#[test]
fn a_code_held_in_front_is_delivered_once_and_again_after_a_pause() {
    let mut bench = enabled();
    for _ in 0..8 {
        bench.model.present("same");
    }
    let events = bench.run_for(3 * SECOND);
    assert_eq!(codes(&events), ["same"], "each repeat starts the window anew");
    bench.run_for(4 * SECOND);
    bench.model.present("same");
    assert_eq!(codes(&bench.run_for(6 * SECOND)), ["same"]);
}

#[test]
fn the_duplicate_window_ends_where_it_should() {
    let mut protocol = plain();
    protocol.handle_input(Elapsed::ZERO, b"A\r");
    protocol.handle_input(Duration::from_millis(1499), b"A\r");
    protocol.handle_input(Duration::from_millis(2998), b"A\r");
    assert_eq!(taken(&mut protocol), ["A"]);
    protocol.handle_input(Duration::from_millis(4498), b"A\r");
    assert_eq!(taken(&mut protocol), ["A"]);
}

#[test]
fn of_several_codes_in_view_the_first_counts() {
    let mut protocol = plain();
    protocol.handle_input(Elapsed::ZERO, b"A\rB\r");
    protocol.handle_input(Duration::from_millis(299), b"C\r");
    assert_eq!(taken(&mut protocol), ["A"]);
    protocol.handle_input(Duration::from_millis(300), b"D\r");
    assert_eq!(taken(&mut protocol), ["D"]);
}

#[test]
fn the_faults_of_the_line_change_nothing_about_the_code() {
    for fault in [Fault::SplitReads, Fault::Gbk, Fault::Repeats, Fault::NoSuffix] {
        let mut bench = enabled();
        bench.model.set_fault(fault);
        bench.model.present("示例村 320699");
        let events = bench.run_for(SECOND);
        assert_eq!(codes(&events), ["示例村 320699"], "{fault:?}");
        let missing = events.contains(&DeviceEvent::Class(ScannerEvent::SuffixMissing));
        assert_eq!(missing, fault == Fault::NoSuffix, "{fault:?}");
    }
}

#[test]
fn a_code_whose_pieces_the_busy_machine_sees_late_stays_whole() {
    let mut protocol = plain();
    protocol.handle_input(Elapsed::ZERO, b"BME1.FIRST");
    protocol.handle_timeout(Duration::from_millis(60));
    protocol.handle_input(Duration::from_millis(460), b"SECOND\r");
    assert_eq!(taken(&mut protocol), ["BME1.FIRSTSECOND"]);
}

#[test]
fn a_scanner_without_suffix_is_waited_for_once_and_one_that_has_it_again_is_waited_for_again() {
    let mut protocol = plain();
    protocol.handle_input(Elapsed::ZERO, b"A");
    assert_eq!(protocol.poll_timeout(), Some(Duration::from_millis(500)));
    protocol.handle_timeout(Duration::from_millis(500));
    protocol.handle_input(2 * SECOND, b"B");
    assert_eq!(protocol.poll_timeout(), Some(2 * SECOND + Duration::from_millis(50)));
    protocol.handle_timeout(2 * SECOND + Duration::from_millis(50));
    protocol.handle_input(4 * SECOND, b"C\r");
    protocol.handle_input(6 * SECOND, b"D");
    assert_eq!(protocol.poll_timeout(), Some(6 * SECOND + Duration::from_millis(500)));
    protocol.handle_input(6 * SECOND + Duration::from_millis(400), b"E\r");
    assert_eq!(taken(&mut protocol), ["A", "B", "C", "DE"]);
}

#[test]
fn a_missing_suffix_is_told_once() {
    let mut bench = enabled();
    bench.model.set_fault(Fault::NoSuffix);
    let mut told = 0;
    for code in ["A", "B", "C"] {
        bench.model.present(code);
        let events = bench.run_for(3 * SECOND);
        assert_eq!(codes(&events), [code]);
        told += events.iter().filter(|event| **event == DeviceEvent::Class(ScannerEvent::SuffixMissing)).count();
    }
    assert_eq!(told, 1);
}

#[test]
fn four_thousand_bytes_of_noise_are_thrown_away_and_told() {
    let mut bench = enabled();
    bench.model.set_fault(Fault::Garbage);
    bench.model.present("ignored");
    let events = bench.run_for(2 * SECOND);
    assert!(codes(&events).is_empty());
    assert_eq!(events, [DeviceEvent::Class(ScannerEvent::TooLong)]);
    bench.model.clear_faults();
    bench.model.present("good");
    assert_eq!(codes(&bench.run_for(6 * SECOND)), ["good"]);
}

#[test]
fn a_refused_set_up_is_reported_and_the_scanner_serves() {
    let mut bench = Bench::new(ScannerProtocol::new(Family::Newland), ScannerModel::new(), 115_200);
    bench.model.set_fault(Fault::Nak);
    bench.open();
    let events = bench.run_for(3 * SECOND);
    let last = statuses(&events).last().unwrap();
    assert_eq!((last.state, last.code.as_str()), (DeviceState::Online, "scanner.setup-refused"));
}

#[test]
fn a_module_that_does_not_answer_is_offline_and_comes_back() {
    let mut bench = Bench::new(ScannerProtocol::new(Family::Newland), ScannerModel::new(), 115_200);
    bench.model.set_fault(Fault::NoAnswer);
    bench.open();
    bench.request(ScannerRequest::Enable);
    let events = bench.run_for(60 * SECOND);
    assert_eq!(states(&events), [DeviceState::Starting, DeviceState::Offline]);
    bench.model.clear_faults();
    let events = bench.run_for(20 * SECOND);
    assert_eq!(states(&events), [DeviceState::Online]);
    bench.model.present("again");
    assert_eq!(codes(&bench.run_for(6 * SECOND)), ["again"]);
}

#[test]
fn a_module_that_lost_its_settings_is_set_up_again() {
    let mut bench = enabled();
    bench.model.take_commands();
    bench.model.power_cycle();
    bench.run_for(15 * SECOND);
    assert!(bench.model.take_commands().contains(&"SETUPE0".to_owned()));
}

#[test]
fn a_lost_and_reopened_scanner_serves_the_screen_that_still_asks() {
    let mut bench = enabled();
    bench.lose(LinkErrorKind::Lost);
    assert_eq!(states(&bench.run_for(SECOND)), [DeviceState::NoDevice]);
    bench.model.power_cycle();
    bench.open();
    bench.run_for(SECOND);
    bench.model.present("still here");
    assert_eq!(codes(&bench.run_for(6 * SECOND)), ["still here"]);
}

#[test]
fn every_fault_has_a_name_that_finds_it() {
    for fault in Fault::ALL {
        assert_eq!(fault.as_str().parse(), Ok(fault));
    }
    assert!("coffee".parse::<Fault>().is_err());
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic_and_never_fill_the_memory(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..900), 0..12), gap in any::<u8>()
    ) {
        let mut parser = StreamParser::new();
        let mut scanned = Vec::new();
        for (at, piece) in pieces.iter().enumerate() {
            // Line ends are rare, so that the cap is reached; prefixes of replies are common.
            let piece: Vec<u8> = piece.iter().map(|byte| match byte { 0x0A | 0x0D => b'0', 0x40..=0x70 => b'0', other => *other }).collect();
            parser.feed(&piece, &mut scanned);
            prop_assert!(parser.held() <= LONGEST_CODE + 256 + 8);
            if at == usize::from(gap) % 12 {
                parser.end_of_burst(&mut scanned);
            }
        }
        for found in scanned {
            if let Scanned::Code(code) | Scanned::CodeWithoutSuffix(code) = found {
                prop_assert!(!code.is_empty() && code.len() <= LONGEST_CODE);
                let length = code.len();
                prop_assert!(decode(code).text.map_or_else(|bytes| bytes.len(), |text| text.len()) <= length * 3);
            }
        }
    }

    #[test]
    fn any_line_of_text_comes_back_whole(text in "[^\\x00-\\x1F]{1,300}", cut in 1_usize..70) {
        let mut parser = StreamParser::new();
        let mut scanned = Vec::new();
        for piece in format!("{text}\r\n").as_bytes().chunks(cut) {
            parser.feed(piece, &mut scanned);
        }
        prop_assert_eq!(texts(scanned), vec![text]);
    }
}

fn opened() -> (Scanner, Vec<Event>) {
    let mut bench = Bench::new(ScannerProtocol::new(Family::Newland), ScannerModel::new(), 115_200);
    bench.open();
    let events = bench.run_for(SECOND);
    (bench, events)
}

fn enabled() -> Scanner {
    let (mut bench, _) = opened();
    bench.request(ScannerRequest::Enable);
    bench
}

fn plain() -> ScannerProtocol {
    let mut protocol = ScannerProtocol::new(Family::Plain);
    protocol.handle_opened(Elapsed::ZERO);
    protocol.handle_request(Elapsed::ZERO, ScannerRequest::Enable);
    protocol
}

fn taken(protocol: &mut ScannerProtocol) -> Vec<String> {
    let mut events = Vec::new();
    while let Some(event) = protocol.poll_event() {
        events.push(event);
    }
    codes(&events)
}

fn codes(events: &[Event]) -> Vec<String> {
    events
        .iter()
        .filter_map(|event| match event {
            DeviceEvent::Class(ScannerEvent::Code(code)) => Some(code.text.clone().unwrap()),
            DeviceEvent::Class(ScannerEvent::TooLong | ScannerEvent::SuffixMissing) | DeviceEvent::Status(_) => None,
        })
        .collect()
}

fn texts(scanned: Vec<Scanned>) -> Vec<String> {
    scanned
        .into_iter()
        .filter_map(|scanned| match scanned {
            Scanned::Code(code) | Scanned::CodeWithoutSuffix(code) => Some(decode(code).text.unwrap()),
            Scanned::TooLong | Scanned::Reply(_) => None,
        })
        .collect()
}

fn expected_codes(case: &toml::Table) -> Vec<String> {
    case["codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect()
}

fn states(events: &[Event]) -> Vec<DeviceState> {
    statuses(events).map(|status| status.state).collect()
}

fn statuses(events: &[Event]) -> impl Iterator<Item = &kiosk_hal::model::DeviceStatus> {
    events.iter().filter_map(|event| match event {
        DeviceEvent::Status(status) => Some(status),
        DeviceEvent::Class(_) => None,
    })
}
