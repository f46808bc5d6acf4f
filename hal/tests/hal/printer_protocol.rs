//! The job protocol on a virtual clock: every fault has its outcome, and nothing is printed twice.

use std::time::Duration;

use kiosk_hal::link::LinkErrorKind;
use kiosk_hal::model::{
    DeviceState, NotPrintedCause, PaperState, PartState, PrintOutcome, PrinterRequest, UnknownCause,
};
use kiosk_hal::printer::profile::{AfterFault, ProofTier};
use kiosk_hal::printer::protocol::{IDLE_POLL, PIECE, QUEUE};
use kiosk_hal::printer::sim::Fault;
use kiosk_hal::printer::{PrinterProfile, PrinterProtocol};
use kiosk_hal::runner::{Protocol, Transmit};

use crate::printer_support::{Desk, LONG, accepted, finished, font, plain, slip, with_proof};

const TIERS_WITH_ANSWERS: [ProofTier; 3] = [ProofTier::ProcessId, ProofTier::QueuedStatus, ProofTier::RealTimeStatus];

/// How far a job has come when something happens: the middle of the accepted slip.
const MID_JOB: Duration = Duration::from_millis(600);

fn not_printed(cause: NotPrintedCause) -> PrintOutcome {
    PrintOutcome::NotPrinted(cause)
}

#[test]
fn a_healthy_printer_proves_the_slip_at_every_tier_that_can() {
    for tier in TIERS_WITH_ANSWERS {
        let mut desk = Desk::open(&with_proof(tier));
        assert_eq!(desk.print(accepted()), PrintOutcome::Printed, "{tier:?}");
        let slips = desk.bench.model.slips();
        assert_eq!(slips.len(), 1, "{tier:?}");
        assert!(slips[0].complete && slips[0].issues.is_empty(), "{tier:?}: {slips:?}");
        assert_eq!(desk.status().paper, PaperState::Full);
        assert_eq!((desk.device().state, desk.device().code.as_str()), (DeviceState::Online, ""));
    }
}

#[test]
fn the_proof_comes_only_after_the_last_row_is_on_paper() {
    for tier in [ProofTier::ProcessId, ProofTier::QueuedStatus] {
        let mut desk = Desk::open(&with_proof(tier));
        let begin = desk.bench.now();
        assert_eq!(desk.print(accepted()), PrintOutcome::Printed);
        assert_eq!(desk.bench.model.slip_count(), 1, "{tier:?}: cut before it is called printed");
        // More than 1 100 rows at 80 mm/s.
        assert!(desk.bench.now() - begin > Duration::from_millis(1700), "{tier:?}");
    }
}

#[test]
fn a_one_way_printer_is_never_better_than_unknown() {
    let mut desk = Desk::open(&with_proof(ProofTier::OneWay));
    desk.bench.model.set_fault(Fault::OneWay);
    assert_eq!(desk.device().code, "printer.one-way");
    assert_eq!(desk.print(accepted()), PrintOutcome::Unknown(UnknownCause::OneWay));
    let status = desk.status();
    assert_eq!((status.paper, status.cover), (PaperState::NotSupported, PartState::NotSupported));
    assert!(status.can_print(), "nothing speaks against trying");
    assert_eq!(desk.bench.model.slip_count(), 1);
}

#[test]
fn a_one_way_printer_that_is_unplugged_is_not_called_ready() {
    let mut desk = Desk::open(&with_proof(ProofTier::OneWay));
    assert!(desk.status().can_print());
    desk.bench.lose(LinkErrorKind::Lost);
    desk.run(Duration::ZERO);
    assert!(!desk.status().can_print());
}

#[test]
fn a_head_that_cools_down_in_time_finishes_the_slip() {
    for tier in [ProofTier::ProcessId, ProofTier::QueuedStatus] {
        let mut desk = Desk::open(&with_proof(tier));
        let job = desk.send(accepted());
        desk.run(MID_JOB);
        desk.bench.model.set_fault(Fault::HeadHot);
        desk.run(Duration::from_secs(1));
        desk.bench.model.clear_fault(Fault::HeadHot);
        assert_eq!(desk.outcome(job), PrintOutcome::Printed, "{tier:?}");
    }
}

#[test]
fn every_fault_before_a_job_refuses_it_with_its_cause_and_sends_no_slip() {
    let cases = [
        (Fault::NoPaper, NotPrintedCause::PaperOut, "printer.paper-out", DeviceState::UserError),
        (Fault::CoverOpen, NotPrintedCause::CoverOpen, "printer.cover-open", DeviceState::UserError),
        (Fault::CutterJam, NotPrintedCause::CutterFault, "printer.cutter-fault", DeviceState::HardwareError),
        (Fault::HeadHot, NotPrintedCause::HeadFault, "printer.head-fault", DeviceState::HardwareError),
        (Fault::Voltage, NotPrintedCause::HeadFault, "printer.head-fault", DeviceState::HardwareError),
        (Fault::OneWay, NotPrintedCause::Offline, "printer.no-answer", DeviceState::Offline),
        (Fault::ConstantZero, NotPrintedCause::Offline, "printer.no-answer", DeviceState::Offline),
    ];
    for tier in TIERS_WITH_ANSWERS {
        for (fault, cause, code, state) in cases {
            let mut desk = Desk::open(&with_proof(tier));
            desk.bench.take_sent();
            desk.bench.model.set_fault(fault);
            assert_eq!(desk.print(accepted()), not_printed(cause), "{fault:?} {tier:?}");
            assert_eq!((desk.device().code.as_str(), desk.device().state), (code, state), "{fault:?} {tier:?}");
            let sent = desk.bench.take_sent();
            assert!(!sent.windows(2).any(|pair| pair == [0x1B, 0x40]), "{fault:?}: no slip is begun");
            // It comes back by itself when the fault goes away.
            desk.bench.model.clear_fault(fault);
            desk.run(IDLE_POLL * 2);
            assert_eq!((desk.device().code.as_str(), desk.device().state), ("", DeviceState::Online), "{fault:?}");
            assert_eq!(desk.print(accepted()), PrintOutcome::Printed, "{fault:?} {tier:?}");
        }
    }
}

#[test]
fn a_low_roll_is_told_and_prints_all_the_same() {
    let mut desk = Desk::open(&PrinterProfile::cn_kiosk_58());
    desk.bench.model.set_fault(Fault::NearEnd);
    assert_eq!(desk.print(accepted()), PrintOutcome::Printed);
    assert_eq!(desk.status().paper, PaperState::Low);
    assert_eq!(desk.device().code, "printer.paper-low");
    assert_eq!(desk.device().state, DeviceState::Online);
}

#[test]
fn a_ticket_left_at_the_exit_is_told_by_printers_that_see_it() {
    let mut desk = Desk::open(&PrinterProfile::cn_kiosk_58());
    desk.bench.model.set_fault(Fault::TicketWaiting);
    desk.run(IDLE_POLL * 2);
    assert_eq!(desk.status().ticket_taken, PartState::Fault);
    assert_eq!(desk.device().code, "printer.ticket-waiting");
    assert_eq!(desk.print(accepted()), PrintOutcome::Printed);

    let mut blind = Desk::open(&PrinterProfile::epson_like());
    blind.bench.model.set_fault(Fault::TicketWaiting);
    blind.run(IDLE_POLL * 2);
    assert_eq!(blind.status().ticket_taken, PartState::NotSupported);
}

#[test]
fn every_fault_in_mid_job_is_unknown_with_its_cause_and_nothing_is_sent_again() {
    let cases = [
        (Fault::NoPaper, UnknownCause::PaperOutMidJob),
        (Fault::CoverOpen, UnknownCause::CoverOpenMidJob),
        (Fault::CutterJam, UnknownCause::FaultMidJob),
        (Fault::HeadHot, UnknownCause::FaultMidJob),
        (Fault::Voltage, UnknownCause::FaultMidJob),
        (Fault::OneWay, UnknownCause::NoProof),
        (Fault::ConstantZero, UnknownCause::NoProof),
    ];
    for tier in TIERS_WITH_ANSWERS {
        for (fault, cause) in cases {
            let mut desk = Desk::open(&with_proof(tier));
            let job = desk.send(accepted());
            desk.run(MID_JOB);
            desk.bench.model.set_fault(fault);
            assert_eq!(desk.outcome(job), PrintOutcome::Unknown(cause), "{fault:?} {tier:?}");
            desk.bench.take_sent();
            desk.bench.model.clear_fault(fault);
            desk.run(LONG);
            let sent = desk.bench.take_sent();
            assert!(!sent.windows(2).any(|pair| pair == [0x1B, 0x40]), "{fault:?} {tier:?}: nothing is sent again");
            assert_eq!(desk.outcomes(job).len(), 1, "{fault:?} {tier:?}: one result for ever");
        }
    }
}

#[test]
fn paper_out_in_mid_slip_leaves_no_second_print_after_the_reload() {
    for tier in TIERS_WITH_ANSWERS {
        let mut desk = Desk::open(&with_proof(tier));
        desk.bench.model.set_fault(Fault::PaperEndsAfter(700));
        assert_eq!(desk.print(accepted()), PrintOutcome::Unknown(UnknownCause::PaperOutMidJob), "{tier:?}");
        desk.run(Duration::from_secs(20));
        assert_eq!(desk.status().paper, PaperState::Out);
        desk.bench.model.refill();
        desk.run(LONG);
        let slips = desk.bench.model.slips();
        assert_eq!(slips.len(), 1, "{tier:?}: only the torn half");
        assert!(!slips[0].complete);
        assert_eq!(desk.status().paper, PaperState::Full);
        // The next resident's slip is whole and holds nothing of the one before.
        assert_eq!(desk.print(slip([plain("下一位")])), PrintOutcome::Printed, "{tier:?}");
        let next = desk.bench.model.slips().pop().unwrap();
        assert!(next.complete && next.bytes.len() < 150, "{tier:?}: {next:?}");
    }
}

#[test]
fn without_the_clearing_the_rest_of_a_slip_would_come_out_after_the_reload() {
    let profile = PrinterProfile { after_fault: AfterFault::LeaveBuffer, ..with_proof(ProofTier::QueuedStatus) };
    let mut desk = Desk::open(&profile);
    desk.bench.model.set_fault(Fault::PaperEndsAfter(700));
    assert_eq!(desk.print(accepted()), PrintOutcome::Unknown(UnknownCause::PaperOutMidJob));
    desk.bench.model.refill();
    let job = desk.send(slip([plain("下一位")]));
    desk.run(Duration::from_millis(200));
    assert!(desk.outcomes(job).is_empty(), "the late answer of the first job is no proof of the second");
    assert_eq!(desk.outcome(job), PrintOutcome::Printed);
    let slips = desk.bench.model.slips();
    assert_eq!(slips.iter().map(|slip| slip.complete).collect::<Vec<_>>(), [false, false, true]);
    assert!(slips[2].bytes.len() < 150, "the second slip is one of its own");
}

#[test]
fn a_stalled_printer_is_unknown_without_proof_and_a_late_proof_changes_nothing() {
    for tier in [ProofTier::ProcessId, ProofTier::QueuedStatus] {
        let mut desk = Desk::open(&with_proof(tier));
        let job = desk.send(accepted());
        desk.run(MID_JOB);
        desk.bench.model.set_fault(Fault::Stalled);
        assert_eq!(desk.outcome(job), PrintOutcome::Unknown(UnknownCause::NoProof), "{tier:?}");
        // Its next job must not live on the proof of this one.
        let next = desk.send(slip([plain("下一张")]));
        desk.bench.model.clear_fault(Fault::Stalled);
        assert_eq!(desk.outcome(next), PrintOutcome::Printed, "{tier:?}");
        assert_eq!(desk.bench.model.slip_count(), 2, "{tier:?}: both are on paper when the second is called so");
        assert_eq!(desk.outcomes(job).len(), 1);
    }
}

#[test]
fn a_printer_that_never_echoes_ids_leaves_the_job_without_proof() {
    let mut desk = Desk::open(&with_proof(ProofTier::ProcessId));
    desk.bench.model.set_fault(Fault::NoProcessId);
    assert_eq!(desk.print(accepted()), PrintOutcome::Unknown(UnknownCause::NoProof));
    assert_eq!(desk.bench.model.slip_count(), 1, "it printed once and is not asked to again");
}

#[test]
fn answers_that_lag_one_question_behind_are_set_right() {
    for (fault, cause) in [
        (Fault::NoPaper, NotPrintedCause::PaperOut),
        (Fault::CoverOpen, NotPrintedCause::CoverOpen),
        (Fault::CutterJam, NotPrintedCause::CutterFault),
    ] {
        let mut desk = Desk::closed(&with_proof(ProofTier::QueuedStatus));
        desk.bench.model.set_fault(Fault::Lagging);
        desk.bench.open();
        desk.run(Duration::from_secs(3));
        assert_eq!(desk.device().state, DeviceState::Online);
        desk.bench.model.set_fault(fault);
        assert_eq!(desk.print(accepted()), not_printed(cause), "{fault:?}");
        desk.bench.model.clear_fault(fault);
        assert_eq!(desk.print(accepted()), PrintOutcome::Printed, "{fault:?}");
    }
}

#[test]
fn automatic_reports_and_flow_control_between_answers_are_no_answers() {
    for tier in TIERS_WITH_ANSWERS {
        let mut desk = Desk::open(&with_proof(tier));
        desk.bench.model.set_fault(Fault::ReportNoise);
        assert_eq!(desk.print(accepted()), PrintOutcome::Printed, "{tier:?}");
        desk.bench.model.set_fault(Fault::NoPaper);
        assert_eq!(desk.print(accepted()), not_printed(NotPrintedCause::PaperOut), "{tier:?}");
    }
}

#[test]
fn a_power_cycle_in_mid_job_is_unknown_and_the_next_slip_is_right() {
    for tier in [ProofTier::ProcessId, ProofTier::QueuedStatus] {
        let mut desk = Desk::open(&with_proof(tier));
        let job = desk.send(accepted());
        desk.run(MID_JOB);
        let now = desk.bench.now();
        desk.bench.model.power_cycle(now);
        assert_eq!(desk.outcome(job), PrintOutcome::Unknown(UnknownCause::NoProof), "{tier:?}");
        assert_eq!(desk.print(accepted()), PrintOutcome::Printed, "{tier:?}");
        let slips = desk.bench.model.slips();
        assert!(slips.iter().all(|slip| !slip.complete), "the half slip hangs on the next one");
        assert_eq!(desk.print(accepted()), PrintOutcome::Printed);
        assert!(desk.bench.model.slips().pop().unwrap().complete);
    }
}

#[test]
fn a_zero_byte_of_a_printer_that_was_away_for_a_moment_is_no_proof() {
    for away in [Duration::ZERO, Duration::from_millis(100)] {
        let mut protocol = PrinterProtocol::new(with_proof(ProofTier::QueuedStatus), font(), 1);
        let mut now = Duration::ZERO;
        protocol.handle_opened(now);
        answer_all(&mut protocol, now);
        protocol.handle_request(now, PrinterRequest::Print { job: 1, slip: slip([plain("一")]) });
        answer_all(&mut protocol, now);
        protocol.handle_input(now, &[0x00]);
        let back = now + away;
        while now < back {
            while protocol.poll_transmit().is_some() {}
            now = protocol.poll_timeout().unwrap();
            protocol.handle_timeout(now);
        }
        answer_all(&mut protocol, now);
        let outcomes: Vec<_> =
            std::iter::from_fn(|| protocol.poll_event()).filter_map(|event| finished(&event)).collect();
        let expected =
            if away.is_zero() { PrintOutcome::Printed } else { PrintOutcome::Unknown(UnknownCause::NoProof) };
        assert_eq!(outcomes, [(1, expected)], "away for {away:?}");
    }
}

/// Plays a healthy printer that answers every question at once and nothing else.
fn answer_all(protocol: &mut PrinterProtocol, now: Duration) {
    while let Some(transmit) = protocol.poll_transmit() {
        if matches!(transmit, Transmit::Bytes(bytes) if bytes.starts_with(&[0x10, 0x04])) {
            protocol.handle_input(now, &[0x12]);
        }
    }
}

#[test]
fn a_printer_lost_in_mid_job_is_unknown_and_waiting_jobs_are_not_printed() {
    let mut desk = Desk::open(&PrinterProfile::cn_kiosk_58());
    let running = desk.send(accepted());
    let waiting = desk.send(accepted());
    desk.run(MID_JOB);
    desk.bench.lose(LinkErrorKind::Lost);
    desk.run(Duration::ZERO);
    assert_eq!(desk.outcomes(running), [PrintOutcome::Unknown(UnknownCause::LostMidJob)]);
    assert_eq!(desk.outcomes(waiting), [not_printed(NotPrintedCause::NoDevice)]);
    assert_eq!((desk.device().state, desk.device().code.as_str()), (DeviceState::NoDevice, "printer.disconnected"));
    assert_eq!(desk.status().paper, PaperState::Unknown, "what was true before is not claimed any more");
    desk.bench.open();
    desk.run(LONG);
    assert_eq!(desk.outcomes(running).len(), 1);
    assert_eq!(desk.device().state, DeviceState::Online);
}

#[test]
fn a_printer_lost_before_the_first_byte_has_not_printed() {
    let mut desk = Desk::open(&PrinterProfile::cn_kiosk_58());
    let job = desk.send(accepted());
    desk.bench.lose(LinkErrorKind::Lost);
    desk.run(Duration::ZERO);
    assert_eq!(desk.outcomes(job), [not_printed(NotPrintedCause::NoDevice)]);
}

#[test]
fn a_job_without_a_printer_ends_at_once() {
    let mut desk = Desk::closed(&PrinterProfile::cn_kiosk_58());
    let before = desk.send(accepted());
    desk.run(Duration::ZERO);
    assert_eq!(desk.outcomes(before), [not_printed(NotPrintedCause::NoDevice)]);
}

#[test]
fn jobs_wait_their_turn_and_too_many_are_refused() {
    let mut desk = Desk::open(&PrinterProfile::cn_kiosk_58());
    let jobs: Vec<u64> = (0..QUEUE + 3).map(|number| desk.send(slip([plain(&format!("第{number}张"))]))).collect();
    desk.run(LONG);
    let printed = jobs.iter().filter(|job| desk.outcomes(**job) == [PrintOutcome::Printed]).count();
    let refused = jobs.iter().filter(|job| desk.outcomes(**job) == [not_printed(NotPrintedCause::Offline)]).count();
    assert_eq!((printed, refused), (QUEUE + 1, 2));
    assert_eq!(desk.bench.model.slip_count(), QUEUE + 1);
    assert!(desk.bench.model.slips().iter().all(|slip| slip.complete));
}

#[test]
fn a_character_without_a_glyph_stops_the_job_before_a_byte_is_sent() {
    let mut desk = Desk::open(&PrinterProfile::cn_kiosk_58());
    desk.bench.take_sent();
    let job = desk.send(slip([plain("一切正常"), plain("姓名\u{E5E5}")]));
    desk.run(Duration::ZERO);
    assert_eq!(desk.outcomes(job), [not_printed(NotPrintedCause::MissingGlyph)]);
    desk.run(Duration::from_secs(1));
    assert!(!desk.bench.take_sent().windows(2).any(|pair| pair == [0x1B, 0x40]));
}

#[test]
fn an_idle_printer_is_looked_at_and_tells_changes_only() {
    let mut desk = Desk::open(&PrinterProfile::cn_kiosk_58());
    let before = desk.events.len();
    desk.run(Duration::from_secs(60));
    assert_eq!(desk.events.len(), before, "nothing changed, nothing is told");
    desk.bench.model.set_fault(Fault::CoverOpen);
    desk.run(IDLE_POLL + Duration::from_secs(1));
    assert_eq!(desk.device().code, "printer.cover-open");
    assert_eq!(desk.status().why_not(), Some(NotPrintedCause::CoverOpen));
    desk.bench.model.clear_fault(Fault::CoverOpen);
    desk.bench.request(PrinterRequest::Refresh);
    desk.run(Duration::from_millis(100));
    assert_eq!(desk.device().code, "", "a refresh does not wait for the next look");
}

#[test]
fn a_job_is_sent_in_pieces_no_faster_than_the_line() {
    let profile = PrinterProfile { baud: 9600, ..PrinterProfile::cn_kiosk_58() };
    let mut desk = Desk::open(&profile);
    desk.bench.take_sent();
    let job = desk.send(accepted());
    desk.run(Duration::from_millis(1000));
    let sent = desk.bench.take_sent().len();
    assert!(sent <= 2 * PIECE + 12, "{sent} bytes in the first second at 9600 baud");
    assert_eq!(desk.outcome(job), PrintOutcome::Printed);
}
