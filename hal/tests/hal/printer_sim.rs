//! The simulated printer: what the bytes look like on paper.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kiosk_hal::model::{Block, Slip};
use kiosk_hal::printer::PrinterProfile;
use kiosk_hal::printer::command::{Command, Size};
use kiosk_hal::printer::layout::lay_out;
use kiosk_hal::printer::sim::{Fault, PaperImage, PaperIssue, PrintedSlip, PrinterModel};
use kiosk_hal::runner::Elapsed;
use kiosk_hal::sim::DeviceModel;
use proptest::prelude::*;

use crate::printer_support::{QR_PAYLOAD, accepted, font, hex_file, plain, slip};

/// Feeds bytes and runs the printer until it has nothing left to do; returns its answers.
fn run(printer: &mut PrinterModel, bytes: &[u8]) -> Vec<u8> {
    let mut answers = Vec::new();
    printer.handle_input(Elapsed::ZERO, bytes);
    let mut now = Elapsed::ZERO;
    loop {
        while let Some(answer) = printer.poll_output(now) {
            answers.extend(answer);
        }
        match printer.poll_wake() {
            Some(wake) => now = now.max(wake),
            None => return answers,
        }
    }
}

fn printed(slip: &Slip, profile: &PrinterProfile) -> PrintedSlip {
    let mut printer = PrinterModel::new(profile.clone(), font());
    run(&mut printer, &lay_out(slip, profile, &font()).unwrap().bytes);
    printer.slips().pop().unwrap()
}

fn raw(commands: &[Command]) -> (PrintedSlip, Vec<u8>) {
    let mut printer = PrinterModel::new(PrinterProfile::cn_kiosk_58(), font());
    let bytes: Vec<u8> = commands.iter().flat_map(Command::to_bytes).collect();
    let answers = run(&mut printer, &bytes);
    (printer.slips().pop().unwrap(), answers)
}

const CUT: Command = Command::FeedAndCut { kind: kiosk_hal::printer::command::CutKind::Partial, extra: 0 };

fn qr_texts(image: &PaperImage) -> Vec<String> {
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(image.width, image.height, |x, y| {
        image.pixels[y * image.width + x]
    });
    picture.detect_grids().iter().map(|grid| grid.decode().unwrap().1).collect()
}

fn ink(image: &PaperImage) -> usize {
    image.pixels.iter().filter(|grey| **grey < 100).count()
}

#[test]
fn the_frozen_job_prints_one_clean_slip_with_its_code_and_echoes_its_id() {
    let job = hex_file("escpos_job_58mm.hex");
    for size in [job.len(), 1, 7] {
        let mut printer = PrinterModel::new(PrinterProfile::cn_kiosk_58(), font());
        let mut answers = Vec::new();
        for chunk in job.chunks(size) {
            printer.handle_input(Elapsed::ZERO, chunk);
        }
        answers.extend(run(&mut printer, &[]));
        assert_eq!(answers, [0x37, 0x22, 0x30, 0x30, 0x30, 0x31, 0x00], "in pieces of {size}");
        let slips = printer.slips();
        assert_eq!(slips.len(), 1);
        assert!(slips[0].complete && slips[0].issues.is_empty(), "{slips:?}");
        assert_eq!(slips[0].bytes, job[..job.len() - 11], "the raw bytes are kept, the question is none of them");
        assert_eq!(qr_texts(&slips[0].image), ["https://example.invalid/t/000001"]);
        assert_eq!(slips[0].image.width, 58 * 8 + 32);
    }
}

#[test]
fn the_code_on_the_drawn_paper_can_be_read_and_is_25_mm_wide() {
    for profile in [PrinterProfile::cn_kiosk_58(), PrinterProfile::epson_like()] {
        for large in [false, true] {
            let slip = printed(&Slip { large, ..accepted() }, &profile);
            assert!(slip.complete && slip.issues.is_empty(), "{slip:?}");
            assert_eq!(qr_texts(&slip.image), [QR_PAYLOAD], "{} large {large}", profile.name);
        }
    }
    let code = kiosk_hal::printer::raster::draw_qr(QR_PAYLOAD, 384).unwrap();
    let inked = |x: &usize| (0..code.height()).any(|y| code.get(*x, y));
    let (first, last) = ((0..384).find(inked).unwrap(), (0..384).rev().find(inked).unwrap());
    assert!(last - first + 1 >= 200, "{} dots", last - first + 1);
    let modules = 21;
    assert!(first >= 4 * ((last - first + 1) / modules) && 384 - last > 4 * ((last - first + 1) / modules));
}

#[test]
fn chinese_without_double_byte_mode_is_garbage_and_noted() {
    let text = Command::Text(vec![0xB0, 0xEC]);
    let (good, _) = raw(&[Command::Initialise, Command::ChineseOn, text.clone(), Command::LineFeed, CUT]);
    let (bad, _) = raw(&[Command::ChineseOn, Command::Initialise, text, Command::LineFeed, CUT]);
    assert!(good.issues.is_empty());
    assert_eq!(bad.issues, [PaperIssue::HighByteOutsideChineseMode]);
    assert_ne!(good.image, bad.image);
}

#[test]
fn a_four_byte_code_sent_as_text_is_noted() {
    let text = Command::Text(vec![0x95, 0x34, 0xB2, 0x35]);
    let (slip, _) = raw(&[Command::Initialise, Command::ChineseOn, text, Command::LineFeed, CUT]);
    assert!(slip.issues.contains(&PaperIssue::FourByteCodeAsText), "{slip:?}");
}

#[test]
fn a_rare_name_looks_the_same_as_raster_as_its_common_characters_do_as_text() {
    let profile = PrinterProfile::cn_kiosk_58();
    let rare = printed(&slip([plain("测试䶮𠮷")]), &profile);
    assert!(rare.issues.is_empty() && rare.complete);
    let as_text = printed(&slip([plain("测试䶮")]), &profile);
    // The first three cells carry the same dots, whichever way they came.
    let cells = |image: &PaperImage| -> Vec<u8> {
        (96..96 + 24).flat_map(|y| image.pixels[y * image.width + 56..][..72].to_vec()).collect()
    };
    assert_eq!(cells(&rare.image), cells(&as_text.image));
    assert!(ink(&rare.image) > ink(&as_text.image), "the fourth character is there as well");
}

#[test]
fn sizes_and_modes_show_on_the_paper() {
    let line = |mode: Command| {
        raw(&[Command::Initialise, Command::ChineseOn, mode, Command::Text(b"A1".to_vec()), Command::LineFeed, CUT]).0
    };
    let plain = line(Command::Size(Size::NORMAL));
    let double = line(Command::Size(Size::DOUBLE));
    let bold = line(Command::Bold(kiosk_hal::printer::command::Toggle::On));
    let inverse = line(Command::Inverse(kiosk_hal::printer::command::Toggle::On));
    assert_eq!(double.image.height - plain.image.height, 48 - 30);
    assert!(ink(&double.image) > 2 * ink(&plain.image));
    assert!(ink(&bold.image) > ink(&plain.image));
    assert_eq!(ink(&inverse.image) + ink(&plain.image), 24 * 24);
}

#[test]
fn a_plain_cut_cuts_at_the_cutter_not_at_the_head() {
    let text = Command::Text(b"A".to_vec());
    let cut = Command::Cut(kiosk_hal::printer::command::CutKind::Partial);
    let (through, _) = raw(&[Command::Initialise, text.clone(), Command::LineFeed, cut]);
    assert_eq!(ink(&through.image), 0, "the line is still between head and cutter");
    let (whole, _) = raw(&[Command::Initialise, text, Command::LineFeed, CUT]);
    assert!(ink(&whole.image) > 0);
}

#[test]
fn a_question_inside_a_raster_is_heard_and_the_raster_stays_whole() {
    let rows = vec![0x10, 0x04, 0x01, 0xFF];
    let raster = Command::Raster { mode: 0, width_bytes: 4, rows };
    let (slip, answers) = raw(&[Command::Initialise, raster, CUT]);
    assert_eq!(answers, [0x12]);
    assert_eq!(ink(&slip.image), 1 + 1 + 1 + 8);
}

#[test]
fn automatic_reports_follow_the_sensors() {
    let mut printer = PrinterModel::new(PrinterProfile::cn_kiosk_58(), font());
    assert_eq!(run(&mut printer, &Command::AutoStatus(0x0F).to_bytes()), [0x10, 0, 0, 0x0F]);
    printer.set_fault(Fault::CoverOpen);
    assert_eq!(run(&mut printer, &[]), [0x38, 0, 0, 0x0F]);
}

#[test]
fn a_fault_is_found_by_its_name() {
    for fault in Fault::PLAIN {
        assert_eq!(Fault::from_name(fault.name()), Some(fault));
    }
    assert_eq!(Fault::from_name("paper-ends-after:300"), Some(Fault::PaperEndsAfter(300)));
    assert_eq!(Fault::from_name("paper-ends-after:x"), None);
    assert_eq!(Fault::from_name("tea"), None);
}

#[test]
fn subscribers_see_each_slip_as_it_is_cut_and_the_picture_is_a_png() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut printer = PrinterModel::new(PrinterProfile::cn_kiosk_58(), font());
    let sink = Arc::clone(&seen);
    printer.subscribe(Box::new(move |slip| sink.lock().unwrap().push(slip.clone())));
    let job = lay_out(&slip([plain("一"), Block::Rule]), &PrinterProfile::cn_kiosk_58(), &font()).unwrap();
    run(&mut printer, &job.bytes);
    let seen = seen.lock().unwrap();
    assert_eq!(*seen, printer.slips());
    let decoder = png::Decoder::new(std::io::Cursor::new(seen[0].image.to_png().unwrap()));
    let reader = decoder.read_info().unwrap();
    assert_eq!(reader.info().width as usize, seen[0].image.width);
}

#[test]
fn paper_in_progress_can_be_looked_at() {
    let mut printer = PrinterModel::new(PrinterProfile::cn_kiosk_58(), font());
    assert!(printer.paper_in_progress().is_none());
    run(&mut printer, b"\x1B@half a slip\n");
    assert!(printer.paper_in_progress().is_some());
    assert_eq!(printer.slip_count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_printer_takes_any_bytes_and_keeps_bounds(
        input in prop::collection::vec(prop_oneof![
            3 => any::<u8>(),
            2 => prop::sample::select(vec![0x1B, 0x1C, 0x1D, 0x10, 0x0A, 0x28, 0x76, 0x30, 0x4C, 0x6B, 0x61, 0x56]),
        ], 0..300),
        faults in prop::collection::vec(0usize..13, 0..3),
    ) {
        let mut printer = PrinterModel::new(PrinterProfile::cn_kiosk_58(), font());
        for fault in faults {
            printer.set_fault(Fault::PLAIN[fault]);
        }
        let mut now = Elapsed::ZERO;
        for chunk in input.chunks(13) {
            printer.handle_input(now, chunk);
            now += Duration::from_millis(40);
            while printer.poll_output(now).is_some() {}
        }
        printer.refill();
        printer.power_cycle(now);
        prop_assert!(printer.slips().len() <= 64);
    }
}
