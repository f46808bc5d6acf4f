//! The reader's protocol against the simulated module under a virtual clock: every status word, every fault.

use std::time::Duration;

use kiosk_hal::id_card::codec::{Command, Reply};
use kiosk_hal::id_card::deck;
use kiosk_hal::id_card::protocol::IdReaderProtocol;
use kiosk_hal::id_card::sim::{Fault, IdReaderModel};
use kiosk_hal::link::LinkErrorKind;
use kiosk_hal::model::{CardFailure, DeviceState, IdReaderEvent, IdReaderRequest};
use kiosk_hal::runner::{DeviceEvent, Elapsed, Protocol, Transmit};
use kiosk_hal::sim::{Bench, DeviceModel};

use crate::vectors::records;

type Reader = Bench<IdReaderProtocol, IdReaderModel>;
type Event = DeviceEvent<IdReaderEvent>;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_fresh_reader_is_asked_for_status_and_number_and_is_online() {
    let (mut bench, events) = opened(115_200);
    assert_eq!(states(&events), [DeviceState::Starting, DeviceState::Online]);
    assert!(details(&events).contains("05.01-20070101-000000042-000000007"));
    assert_eq!(bench.model.take_commands(), [Command::Status, Command::ModuleNumber]);
}

#[test]
fn the_speed_search_finds_a_module_at_another_speed() {
    let mut bench = Bench::new(IdReaderProtocol::new(115_200), IdReaderModel::new(), 115_200);
    bench.model.set_fault(Fault::WrongSpeed);
    bench.open();
    let events = bench.run_for(4 * SECOND);
    assert_eq!(states(&events).last(), Some(&DeviceState::Online));
    assert_eq!(bench.baud(), 9600);
}

#[test]
fn a_card_is_read_once_and_announced_before() {
    let mut bench = watching();
    lay(&mut bench, "wang_guifang");
    let events = bench.run_for(10 * SECOND);
    assert_eq!(story(&events), ["reading", "card 王桂芳"]);
}

#[test]
fn every_card_of_the_deck_is_read_with_its_own_name() {
    for entry in deck::deck() {
        let mut bench = watching();
        bench.model.lay(entry.image.clone());
        let events = bench.run_for(5 * SECOND);
        let name = kiosk_hal::id_card::fields::card(&entry.image.text).name.clone();
        assert_eq!(story(&events), ["reading".to_owned(), format!("card {name}")], "{}", entry.key);
    }
}

#[test]
fn a_card_is_read_on_the_slowest_line() {
    let mut bench = Bench::new(IdReaderProtocol::new(9600), IdReaderModel::new(), 9600);
    bench.model.set_fault(Fault::WrongSpeed);
    bench.open();
    bench.request(IdReaderRequest::Watch);
    lay(&mut bench, "resident_male");
    let events = bench.run_for(10 * SECOND);
    assert_eq!(story(&events), ["reading", "card 测试员甲"]);
}

#[test]
fn a_lifted_card_laid_again_is_read_again() {
    let mut bench = watching();
    lay(&mut bench, "wang_guifang");
    bench.run_for(5 * SECOND);
    bench.model.lift();
    bench.run_for(SECOND);
    lay(&mut bench, "wang_guifang");
    assert_eq!(story(&bench.run_for(5 * SECOND)), ["reading", "card 王桂芳"]);
}

#[test]
fn a_module_that_finds_a_read_card_again_has_it_reported_once_and_its_removal_told() {
    let mut bench = watching();
    bench.model.set_consumes(false);
    lay(&mut bench, "wang_guifang");
    assert_eq!(story(&bench.run_for(10 * SECOND)), ["reading", "card 王桂芳"]);
    bench.model.lift();
    assert_eq!(story(&bench.run_for(SECOND)), ["removed"]);
}

#[test]
fn nothing_is_looked_for_before_and_after_watching() {
    let (mut bench, _) = opened(115_200);
    lay(&mut bench, "wang_guifang");
    assert!(story(&bench.run_for(20 * SECOND)).is_empty());
    assert!(!bench.model.take_commands().contains(&Command::FindCard));
    bench.request(IdReaderRequest::Watch);
    bench.request(IdReaderRequest::Stop);
    assert!(story(&bench.run_for(20 * SECOND)).is_empty());
    let checks = bench.model.take_commands();
    assert!((3..=5).contains(&checks.len()), "a check every five seconds: {checks:?}");
    assert!(checks.iter().all(|command| *command == Command::Status));
}

#[test]
fn the_reading_of_a_stopped_visit_does_not_reach_the_next_one() {
    let mut bench = watching();
    lay(&mut bench, "wang_guifang");
    bench.run_until(5 * SECOND, |event| matches!(event, DeviceEvent::Class(IdReaderEvent::Reading)));
    bench.run_for(Duration::from_millis(100));
    assert!(bench.model.take_commands().contains(&Command::ReadCard), "the reading is under way");
    bench.request(IdReaderRequest::Stop);
    bench.request(IdReaderRequest::Watch);
    assert!(story(&bench.run_for(10 * SECOND)).is_empty());
}

#[test]
fn a_card_that_reads_badly_twice_is_read_without_a_word_about_it() {
    let mut bench = watching();
    bench.model.set_fault_times(Fault::ReadFails, 2);
    lay(&mut bench, "wang_guifang");
    assert_eq!(story(&bench.run_for(5 * SECOND)), ["reading", "card 王桂芳"]);
}

#[test]
fn a_card_that_fails_five_readings_is_unreadable() {
    let mut bench = watching();
    bench.model.set_fault_times(Fault::ReadFails, 5);
    lay(&mut bench, "wang_guifang");
    let events = bench.run_for(Duration::from_millis(1500));
    assert_eq!(story(&events), ["reading", "failed Unreadable"]);
    let reads = bench.model.take_commands().iter().filter(|command| **command == Command::ReadCard).count();
    assert_eq!(reads, 5);
    assert_eq!(story(&bench.run_for(5 * SECOND)), ["reading", "card 王桂芳"], "it goes on looking");
}

#[test]
fn a_card_that_keeps_moving_is_reported_as_moved_after_three_sequences() {
    let mut bench = watching();
    bench.model.set_fault(Fault::MoveCard);
    lay(&mut bench, "wang_guifang");
    assert_eq!(story(&bench.run_for(Duration::from_millis(1500))), ["reading", "failed Moved"]);
    let selects = bench.model.take_commands().iter().filter(|command| **command == Command::SelectCard).count();
    assert_eq!(selects, 3);
}

#[test]
fn a_card_taken_away_after_it_moved_is_reported_as_moved() {
    let mut bench = watching();
    bench.model.set_fault(Fault::MoveCard);
    lay(&mut bench, "wang_guifang");
    bench.run_until(SECOND, |event| matches!(event, DeviceEvent::Class(IdReaderEvent::Reading)));
    bench.run_for(Duration::from_millis(50));
    bench.model.lift();
    assert_eq!(story(&bench.run_for(5 * SECOND)), ["failed Moved"]);
}

#[test]
fn refusals_of_card_and_module_have_their_own_failures() {
    for (fault, failure) in [(Fault::Rejected, "failed Rejected"), (Fault::Unsupported, "failed UnsupportedKind")] {
        let mut bench = watching();
        bench.model.set_fault_times(fault, 1);
        lay(&mut bench, "wang_guifang");
        assert_eq!(story(&bench.run_for(Duration::from_millis(1500))), ["reading", failure]);
        assert_eq!(story(&bench.run_for(5 * SECOND)), ["reading", "card 王桂芳"]);
    }
}

#[test]
fn a_broken_module_is_a_hardware_error_and_comes_back_when_it_is_well() {
    for (fault, code) in [(Fault::SelfTest, "id-reader.self-test"), (Fault::Unauthorised, "id-reader.unauthorised")] {
        let mut bench = watching();
        bench.model.set_fault(fault);
        let events = bench.run_for(30 * SECOND);
        assert_eq!(states(&events), [DeviceState::HardwareError]);
        assert_eq!(codes(&events), [code]);
        bench.model.clear_faults();
        assert_eq!(states(&bench.run_for(10 * SECOND)), [DeviceState::Online]);
        lay(&mut bench, "wang_guifang");
        assert_eq!(story(&bench.run_for(5 * SECOND)), ["reading", "card 王桂芳"]);
    }
}

#[test]
fn a_module_that_breaks_while_it_reads_ends_the_reading() {
    let mut bench = watching();
    lay(&mut bench, "wang_guifang");
    bench.run_until(SECOND, |event| matches!(event, DeviceEvent::Class(IdReaderEvent::Reading)));
    bench.model.set_fault(Fault::SelfTest);
    let events = bench.run_for(5 * SECOND);
    assert_eq!(story(&events), ["failed Unreadable"]);
}

#[test]
fn silence_is_offline_after_three_questions_and_ends_by_itself() {
    let mut bench = watching();
    bench.model.set_fault(Fault::NoAnswer);
    let before = bench.now();
    let events =
        bench.run_until(60 * SECOND, |event| states(std::slice::from_ref(event)).contains(&DeviceState::Offline));
    assert_eq!(codes(&events), ["id-reader.no-answer"]);
    let asked = bench.model.take_commands();
    assert_eq!(asked, [Command::FindCard; 3]);
    assert!(bench.now() - before < 5 * SECOND);
    bench.model.clear_faults();
    let events = bench.run_for(20 * SECOND);
    assert_eq!(states(&events), [DeviceState::Online]);
}

#[test]
fn a_module_that_never_answers_is_searched_at_every_speed_and_reported_once() {
    let mut bench = Bench::new(IdReaderProtocol::new(115_200), IdReaderModel::new(), 115_200);
    bench.model.set_fault(Fault::NoAnswer);
    bench.open();
    let events = bench.run_for(60 * SECOND);
    assert_eq!(states(&events), [DeviceState::Starting, DeviceState::Offline]);
    bench.model.clear_faults();
    assert_eq!(states(&bench.run_for(20 * SECOND)), [DeviceState::Online]);
}

#[test]
fn one_damaged_reply_is_asked_for_again() {
    for fault in [Fault::BadChecksum, Fault::LinkError] {
        let mut bench = watching();
        bench.model.set_fault_times(fault, 1);
        lay(&mut bench, "wang_guifang");
        let events = bench.run_for(5 * SECOND);
        assert_eq!(story(&events), ["reading", "card 王桂芳"], "{fault:?}");
        assert!(states(&events).is_empty(), "{fault:?}");
    }
}

#[test]
fn a_line_that_damages_everything_is_a_link_error_and_never_gives_fields() {
    for fault in [Fault::BadChecksum, Fault::LinkError] {
        let mut bench = watching();
        bench.model.set_fault(fault);
        lay(&mut bench, "wang_guifang");
        let events = bench.run_for(30 * SECOND);
        assert!(story(&events).is_empty(), "{fault:?}");
        assert_eq!(codes(&events), ["id-reader.link-error"], "{fault:?}");
        bench.model.clear_faults();
        let events = bench.run_for(5 * SECOND);
        assert_eq!(states(&events), [DeviceState::Online]);
        assert_eq!(story(&events), ["reading", "card 王桂芳"]);
    }
}

#[test]
fn a_reading_damaged_on_the_line_is_repeated_where_the_module_allows_it() {
    for fault in [Fault::BadChecksum, Fault::Truncated] {
        let mut bench = watching();
        bench.model.set_consumes(false);
        lay(&mut bench, "wang_guifang");
        until_selected(&mut bench);
        bench.model.set_fault_times(fault, 1);
        assert_eq!(story(&bench.run_for(10 * SECOND)), ["card 王桂芳"], "{fault:?}");
    }
}

#[test]
fn a_reading_damaged_on_the_line_asks_for_the_card_again_where_the_module_has_consumed_it() {
    for fault in [Fault::BadChecksum, Fault::Truncated] {
        let mut bench = watching();
        lay(&mut bench, "wang_guifang");
        until_selected(&mut bench);
        bench.model.set_fault_times(fault, 1);
        assert_eq!(story(&bench.run_for(10 * SECOND)), ["failed Unreadable"], "{fault:?}");
        bench.model.lift();
        lay(&mut bench, "wang_guifang");
        assert_eq!(story(&bench.run_for(5 * SECOND)), ["reading", "card 王桂芳"], "{fault:?}");
    }
}

#[test]
fn slow_answers_are_waited_for() {
    let mut bench = watching();
    bench.model.set_fault(Fault::Slow);
    lay(&mut bench, "wang_guifang");
    assert_eq!(story(&bench.run_for(10 * SECOND)), ["reading", "card 王桂芳"]);
}

#[test]
fn a_late_answer_is_dropped_and_the_card_is_read_all_the_same() {
    let mut bench = watching();
    bench.model.set_fault_times(Fault::Late, 1);
    lay(&mut bench, "wang_guifang");
    assert_eq!(story(&bench.run_for(10 * SECOND)), ["reading", "card 王桂芳"]);
}

#[test]
fn answers_that_always_come_late_never_give_the_data_of_a_card_to_the_wrong_question() {
    let mut bench = watching();
    bench.model.set_fault(Fault::Late);
    lay(&mut bench, "wang_guifang");
    let events = bench.run_for(60 * SECOND);
    assert!(story(&events).iter().all(|word| word != "card 王桂芳"), "{:?}", story(&events));
}

#[test]
fn stray_bytes_around_every_reply_change_nothing() {
    let mut bench = watching();
    bench.model.set_fault(Fault::StrayBytes);
    lay(&mut bench, "wang_guifang");
    assert_eq!(story(&bench.run_for(10 * SECOND)), ["reading", "card 王桂芳"]);
}

#[test]
fn noise_in_place_of_every_reply_is_offline_and_heals() {
    let mut bench = watching();
    bench.model.set_fault(Fault::Garbage);
    lay(&mut bench, "wang_guifang");
    let events = bench.run_for(30 * SECOND);
    assert_eq!(states(&events), [DeviceState::Offline]);
    assert!(story(&events).is_empty());
    bench.model.clear_faults();
    assert_eq!(story(&bench.run_for(30 * SECOND)), ["reading", "card 王桂芳"]);
}

#[test]
fn a_modules_own_notice_counts_as_no_card() {
    let mut bench = watching();
    bench.model.set_fault(Fault::ModuleNotice);
    let events = bench.run_for(20 * SECOND);
    assert!(events.is_empty(), "{events:?}");
    bench.model.clear_faults();
    lay(&mut bench, "wang_guifang");
    assert_eq!(story(&bench.run_for(5 * SECOND)), ["reading", "card 王桂芳"]);
}

#[test]
fn a_reply_with_impossible_lengths_is_malformed_and_gives_no_fields() {
    let mut bench = watching();
    bench.model.set_consumes(false);
    bench.model.set_fault(Fault::BadLengths);
    lay(&mut bench, "wang_guifang");
    assert_eq!(story(&bench.run_for(2 * SECOND)), ["reading", "failed Malformed"]);
}

#[test]
fn a_lost_link_ends_the_reading_and_watching_goes_on_after_it() {
    let mut bench = watching();
    lay(&mut bench, "wang_guifang");
    bench.run_until(SECOND, |event| matches!(event, DeviceEvent::Class(IdReaderEvent::Reading)));
    bench.lose(LinkErrorKind::Lost);
    let events = bench.run_for(SECOND);
    assert_eq!(story(&events), ["failed Unreadable"]);
    assert_eq!(codes(&events), ["id-reader.disconnected"]);
    bench.model.lift();
    bench.open();
    bench.run_for(SECOND);
    lay(&mut bench, "wang_guifang");
    assert_eq!(story(&bench.run_for(5 * SECOND)), ["reading", "card 王桂芳"]);
}

#[test]
fn a_reset_leads_back_to_a_known_state() {
    let mut bench = watching();
    bench.request(IdReaderRequest::Reset);
    bench.run_for(SECOND);
    let commands = bench.model.take_commands();
    assert!(commands.windows(2).any(|pair| pair == [Command::Reset, Command::ModuleNumber]), "{commands:?}");
    bench.model.set_fault(Fault::SelfTest);
    bench.run_for(2 * SECOND);
    bench.model.clear_faults();
    bench.request(IdReaderRequest::Reset);
    assert_eq!(states(&bench.run_for(SECOND)), [DeviceState::Online]);
}

#[test]
fn two_cards_on_the_antenna_end_with_one_failure_at_a_time() {
    let mut bench = watching();
    bench.model.set_fault_times(Fault::MoveCard, 2);
    bench.model.set_fault_times(Fault::ReadFails, 1);
    lay(&mut bench, "wang_guifang");
    assert_eq!(story(&bench.run_for(5 * SECOND)), ["reading", "card 王桂芳"]);
}

/// What one status byte in answer to each step must lead to.
#[test]
fn every_status_word_at_every_step_has_its_reaction() {
    const FIND: usize = 0;
    const SELECT: usize = 1;
    const READ: usize = 2;
    for sw3 in 0..=255_u8 {
        for step in [FIND, SELECT, READ] {
            let mut bench = scripted(step, sw3);
            let events = bench.run_for(12 * SECOND);
            let told = story(&events);
            let told: Vec<&str> = told.iter().map(String::as_str).collect();
            let reading: &[&str] = if step == FIND { &[] } else { &["reading"] };
            let expected: Vec<&str> = match (step, sw3) {
                (_, 0x60 | 0x66) if step == FIND => vec![],
                (_, 0x31..=0x33) => [reading, &["failed Rejected"]].concat(),
                (_, 0x40) => [reading, &["failed UnsupportedKind"]].concat(),
                (FIND, 0x9F) => vec!["reading"],
                (FIND, _) => vec![],
                (SELECT, 0x90) => vec!["reading"],
                (SELECT | READ, 0x81) => vec!["reading", "failed Moved"],
                (READ, 0x91) => vec!["reading", "failed Malformed"],
                _ => vec!["reading", "failed Unreadable"],
            };
            let first: Vec<&str> = told.iter().copied().take(expected.len().max(1)).collect();
            // A selection or a find that succeeds runs into the silence of the script and fails there.
            let first = if matches!((step, sw3), (FIND, 0x9F) | (SELECT, 0x90)) { first[..1].to_vec() } else { first };
            assert_eq!(first, expected, "step {step}, SW3 {sw3:02X}: {told:?}");
            let hardware = states(&events).contains(&DeviceState::HardwareError);
            assert_eq!(hardware, matches!(sw3, 0x60 | 0x66), "step {step}, SW3 {sw3:02X}");
            assert!(!told.iter().any(|word| word.starts_with("card ")));
        }
    }
}

#[test]
fn a_stale_frame_in_front_of_the_answer_is_dropped() {
    let mut protocol = IdReaderProtocol::new(115_200);
    let frozen = records("idcard_responses.hex");
    let mut now = Elapsed::ZERO;
    let mut tell = |protocol: &mut IdReaderProtocol, bytes: &[u8]| {
        now += Duration::from_millis(10);
        protocol.handle_input(now, bytes);
        drain(protocol)
    };
    protocol.handle_opened(Elapsed::ZERO);
    protocol.handle_request(Elapsed::ZERO, IdReaderRequest::Watch);
    tell(&mut protocol, &frozen["ok_empty"]);
    tell(&mut protocol, &frozen["sam_id_ok"]);
    protocol.handle_timeout(Duration::from_secs(1));
    assert_eq!(drain(&mut protocol), Command::FindCard.frame());
    // Find and a selection nobody asked for arrive together: only the first counts.
    assert_eq!(tell(&mut protocol, &records("idcard_faults.hex")["back_to_back"]), Command::SelectCard.frame());
    // The late second answer to 20 01 does not answer 20 02; the selection behind it does.
    assert_eq!(tell(&mut protocol, &records("idcard_faults.hex")["back_to_back"]), Command::ReadCard.frame());
    // Neither does a repeated selection answer the reading.
    assert!(tell(&mut protocol, &frozen["select_ok"]).is_empty());
}

#[test]
fn bytes_that_nobody_asked_for_are_ignored() {
    let (mut bench, _) = opened(115_200);
    bench.protocol.handle_input(bench.now(), &records("idcard_cards.hex")["resident_male"]);
    assert!(bench.run_for(Duration::from_millis(100)).is_empty());
}

/// A module that answers one step with one status for ever, and is silent after a step beyond it.
struct Scripted {
    step: usize,
    sw3: u8,
    out: Vec<Vec<u8>>,
}

impl DeviceModel for Scripted {
    fn handle_input(&mut self, _now: Elapsed, bytes: &[u8]) {
        let steps = [Command::FindCard, Command::SelectCard, Command::ReadCard];
        let asked = steps.iter().position(|command| command.frame() == bytes);
        let answer = match asked {
            None if bytes == Command::ModuleNumber.frame() => Reply::with_data(0x90, vec![0; 16]),
            None => Reply::bare(0x90),
            Some(at) if at == self.step => Reply::bare(self.sw3),
            Some(0) => Reply::with_data(0x9F, vec![0; 4]),
            Some(1) if self.step > 1 => Reply::with_data(0x90, vec![0; 8]),
            Some(_) => return,
        };
        self.out.push(answer.frame());
    }
    fn poll_output(&mut self, _now: Elapsed) -> Option<Vec<u8>> {
        self.out.pop()
    }
    fn poll_wake(&self) -> Option<Elapsed> {
        None
    }
    fn baud(&self) -> u32 {
        115_200
    }
}

fn scripted(step: usize, sw3: u8) -> Bench<IdReaderProtocol, Scripted> {
    let model = Scripted { step, sw3, out: Vec::new() };
    let mut bench = Bench::new(IdReaderProtocol::new(115_200), model, 115_200);
    bench.open();
    bench.run_for(Duration::from_millis(100));
    bench.request(IdReaderRequest::Watch);
    bench
}

fn opened(baud: u32) -> (Reader, Vec<Event>) {
    let mut bench = Bench::new(IdReaderProtocol::new(baud), IdReaderModel::new(), baud);
    bench.open();
    let events = bench.run_for(Duration::from_millis(500));
    (bench, events)
}

fn watching() -> Reader {
    let (mut bench, _) = opened(115_200);
    bench.model.take_commands();
    bench.request(IdReaderRequest::Watch);
    bench
}

fn lay(bench: &mut Reader, key: &str) {
    bench.model.lay(deck::find(key).unwrap().image);
}

/// Runs until the card is selected, so that the next fault hits the answer to its reading.
fn until_selected(bench: &mut Reader) {
    for _ in 0..10_000 {
        bench.run_for(Duration::from_millis(1));
        if bench.model.take_commands().contains(&Command::SelectCard) {
            return;
        }
    }
    panic!("no card was selected");
}

fn drain(protocol: &mut IdReaderProtocol) -> Vec<u8> {
    let mut sent = Vec::new();
    while let Some(transmit) = protocol.poll_transmit() {
        if let Transmit::Bytes(bytes) = transmit {
            sent.extend(bytes);
        }
    }
    sent
}

fn story(events: &[Event]) -> Vec<String> {
    events
        .iter()
        .filter_map(|event| match event {
            DeviceEvent::Status(_) => None,
            DeviceEvent::Class(IdReaderEvent::Reading) => Some("reading".to_owned()),
            DeviceEvent::Class(IdReaderEvent::Card(card)) => Some(format!("card {}", card.name)),
            DeviceEvent::Class(IdReaderEvent::Failed(cause)) => Some(format!("failed {cause:?}")),
            DeviceEvent::Class(IdReaderEvent::Removed) => Some("removed".to_owned()),
        })
        .collect()
}

fn states(events: &[Event]) -> Vec<DeviceState> {
    statuses(events).map(|status| status.state).collect()
}

fn codes(events: &[Event]) -> Vec<&str> {
    statuses(events).map(|status| status.code.as_str()).collect()
}

fn details(events: &[Event]) -> String {
    statuses(events).map(|status| status.detail.as_str()).collect()
}

fn statuses(events: &[Event]) -> impl Iterator<Item = &kiosk_hal::model::DeviceStatus> {
    events.iter().filter_map(|event| match event {
        DeviceEvent::Status(status) => Some(status),
        DeviceEvent::Class(_) => None,
    })
}

#[test]
fn a_failure_names_its_cause_by_type() {
    let mut bench = watching();
    bench.model.set_fault_times(Fault::Rejected, 1);
    lay(&mut bench, "wang_guifang");
    let events = bench.run_for(SECOND);
    assert!(events.contains(&DeviceEvent::Class(IdReaderEvent::Failed(CardFailure::Rejected))));
}
