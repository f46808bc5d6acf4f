//! Slips as bytes: columns, breaks, raster lines, sizes and lengths.

use kiosk_hal::model::{Block, Slip};
use kiosk_hal::printer::PrinterProfile;
use kiosk_hal::printer::command::{Command, Size};
use kiosk_hal::printer::layout::{LayoutError, lay_out};
use kiosk_hal::printer::parse::{Parsed, parse};
use kiosk_hal::printer::profile::{ChineseText, ProfileError};
use kiosk_hal::printer::raster::Bitmap;
use kiosk_hal::printer::text::{width_of, wrap, wrap_balanced};
use proptest::prelude::*;

use crate::printer_support::{accepted, font, plain, slip};

fn commands(slip: &Slip, profile: &PrinterProfile) -> Vec<Command> {
    let job = lay_out(slip, profile, &font()).unwrap();
    let mut rest = job.bytes.as_slice();
    let mut commands = Vec::new();
    while !rest.is_empty() {
        let Parsed::Command(command, used) = parse(rest) else { panic!("unreadable job: {rest:02X?}") };
        commands.push(command);
        rest = &rest[used..];
    }
    commands
}

fn rasters(commands: &[Command]) -> usize {
    commands.iter().filter(|command| matches!(command, Command::Raster { .. })).count()
}

#[test]
fn double_byte_mode_is_switched_on_after_every_initialisation() {
    for profile in [PrinterProfile::cn_kiosk_58(), PrinterProfile::epson_like()] {
        let commands = commands(&accepted(), &profile);
        let resets: Vec<usize> = (0..commands.len()).filter(|at| commands[*at] == Command::Initialise).collect();
        assert_eq!(resets, [0], "one, at the beginning");
        assert_eq!(commands[1], Command::ChineseOn);
    }
}

#[test]
fn a_standard_slip_is_short_apart_from_its_code() {
    for profile in [PrinterProfile::cn_kiosk_58(), PrinterProfile::epson_like()] {
        for large in [false, true] {
            let slip = Slip { large, ..accepted() };
            let text: usize = commands(&slip, &profile)
                .iter()
                .filter(|command| !matches!(command, Command::Raster { .. }))
                .map(|command| command.to_bytes().len())
                .sum();
            assert!(text <= 2000, "{} large {large}: {text} bytes", profile.name);
        }
    }
}

#[test]
fn the_end_is_a_blank_line_and_a_partial_cut_four_millimetres_on() {
    let commands = commands(&accepted(), &PrinterProfile::cn_kiosk_58());
    let bytes: Vec<u8> = commands[commands.len() - 2..].iter().flat_map(Command::to_bytes).collect();
    assert_eq!(bytes, [0x1B, 0x64, 1, 0x1D, 0x56, 0x42, 32]);
}

#[test]
fn only_the_line_with_a_rare_character_goes_as_raster() {
    let profile = PrinterProfile::cn_kiosk_58();
    assert_eq!(rasters(&commands(&slip([plain("测试甲"), plain("测试䶮镕喆")]), &profile)), 0);
    let commands = commands(&slip([plain("普通的一行"), plain("测试䶮𠮷"), plain("又一行")]), &profile);
    let raster: Vec<&Command> = commands.iter().filter(|command| matches!(command, Command::Raster { .. })).collect();
    let [Command::Raster { width_bytes, rows, .. }] = raster.as_slice() else { panic!("one raster line") };
    assert_eq!((*width_bytes, rows.len()), (4 * 24 / 8, 24 * 12), "as wide as its text, one line high");
    let inked = rows.iter().map(|byte| byte.count_ones()).sum::<u32>();
    assert!((200..1200).contains(&inked), "{inked} dots of four characters");
}

#[test]
fn a_printer_without_a_chinese_font_gets_chinese_as_raster_and_numbers_as_text() {
    let profile = PrinterProfile { chinese: ChineseText::None, ..PrinterProfile::cn_kiosk_58() };
    let commands =
        commands(&slip([plain("云溪镇"), plain("12345"), Block::Framed { text: "已受理".into() }]), &profile);
    assert!(rasters(&commands) >= 3);
    let text: Vec<u8> = commands
        .iter()
        .filter_map(|command| if let Command::Text(text) = command { Some(text.clone()) } else { None })
        .flatten()
        .collect();
    assert_eq!(text, b"12345");
}

#[test]
fn a_missing_glyph_is_an_error_that_shows_no_character() {
    let error = lay_out(&slip([plain("姓名：\u{10FFFD}")]), &PrinterProfile::epson_like(), &font()).unwrap_err();
    assert_eq!(error, LayoutError::MissingGlyph(vec!['\u{10FFFD}']));
    assert_eq!(format!("{error} {error:?}").matches('\u{10FFFD}').count(), 0);
    assert_eq!(font().missing("测试䶮𠮷 □\n\u{E5E5}\u{1B}\u{E5E5}"), ['\u{E5E5}', '\u{1B}']);
}

#[test]
fn control_bytes_in_a_value_never_reach_the_printer() {
    let evil = slip([plain("张三\u{1B}@\u{1D}V\u{0}")]);
    assert!(matches!(lay_out(&evil, &PrinterProfile::epson_like(), &font()), Err(LayoutError::MissingGlyph(_))));
}

#[test]
fn a_picture_never_spells_a_real_time_command() {
    let mut picture = Bitmap::new(48, 2);
    for (x, y) in [(3, 0), (13, 0), (23, 0), (43, 0), (5, 1), (7, 1)] {
        picture.set(x, y);
    }
    let commands = picture.to_commands();
    let [Command::Raster { rows, .. }] = commands.as_slice() else { panic!("one band") };
    assert_eq!(*rows, [0x18, 0x04, 0x01, 0, 0, 0x18, 0x05, 0, 0, 0, 0, 0], "one dot more, all others in place");
}

#[test]
fn a_code_too_long_for_the_paper_is_an_error() {
    let qr = |length: usize| slip([Block::Qr { payload: "7".repeat(length), caption: String::new() }]);
    let profile = PrinterProfile::cn_kiosk_58();
    assert!(lay_out(&qr(200), &profile, &font()).is_ok());
    assert!(matches!(lay_out(&qr(5000), &profile, &font()), Err(LayoutError::Qr(_))));
}

#[test]
fn large_print_doubles_the_text_and_keeps_the_order() {
    let texts = |large: bool| -> Vec<u8> {
        commands(&Slip { large, ..slip([plain("甲"), plain("乙"), plain("丙")]) }, &PrinterProfile::cn_kiosk_58())
            .into_iter()
            .filter_map(|command| if let Command::Text(text) = command { Some(text) } else { None })
            .flatten()
            .collect()
    };
    assert_eq!(texts(true), texts(false));
    let large = Slip { large: true, ..slip([plain("甲")]) };
    assert!(commands(&large, &PrinterProfile::cn_kiosk_58()).contains(&Command::Size(Size::DOUBLE)));
}

#[test]
fn a_closing_mark_never_begins_a_line() {
    let text = "县里已收到您的申请，五个工作日内办结。结果发短信（免费）。";
    for columns in 10..40 {
        for line in wrap(text, columns) {
            assert!(!line.starts_with(['，', '。', '）']), "{columns}: {line}");
            assert!(!line.ends_with('（'), "{columns}: {line}");
        }
    }
}

#[test]
fn words_and_numbers_that_fit_a_line_are_not_split() {
    assert_eq!(wrap("请拨打12345热线", 10), ["请拨打", "12345热线"]);
    assert_eq!(wrap("Enrolment in insurance", 10), ["Enrolment", "in", "insurance"]);
    assert_eq!(wrap("于5个工作日", 6), ["于5个", "工作日"]);
    assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
    assert_eq!(wrap("第一行\n第二行", 20), ["第一行", "第二行"]);
    assert_eq!(wrap("", 20), [""]);
    assert_eq!(wrap("138\u{A0}0000\u{A0}0000 或", 14), ["138\u{A0}0000\u{A0}0000", "或"]);
}

#[test]
fn a_balanced_title_has_no_orphan() {
    assert_eq!(wrap("云溪镇为民服务中心", 16), ["云溪镇为民服", "务中心"]);
    assert_eq!(wrap_balanced("云溪镇为民服务中心", 16), ["云溪镇为民", "服务中心"]);
}

#[test]
fn a_value_hangs_beside_its_label() {
    let field = Block::Field { label: "事项".into(), value: "城乡居民基本养老保险参保登记".into() };
    let commands = commands(&slip([field]), &PrinterProfile::cn_kiosk_58());
    let lines: Vec<Vec<u8>> = commands
        .split(|command| *command == Command::LineFeed)
        .map(|line| {
            line.iter().filter(|command| matches!(command, Command::Text(_))).flat_map(Command::to_bytes).collect()
        })
        .collect();
    assert_eq!(lines[0].len(), 28, "two characters go down, so that none stands alone");
    assert!(lines[1].starts_with(b"      ") && lines[1].len() == 12, "indented by the label: {:02X?}", lines[1]);
}

#[test]
fn the_shipped_profiles_are_sound_and_unknown_keys_are_refused() {
    for profile in [PrinterProfile::cn_kiosk_58(), PrinterProfile::epson_like()] {
        assert_eq!(profile.check(), Ok(()));
        assert_eq!(PrinterProfile::shipped(&profile.name), Some(profile.clone()));
        let text = toml::to_string(&profile).unwrap();
        assert_eq!(toml::from_str::<PrinterProfile>(&text).unwrap(), profile);
        assert!(toml::from_str::<PrinterProfile>(&format!("{text}\nspeed = 3\n")).is_err());
    }
    assert_eq!(PrinterProfile::cn_kiosk_58().columns(), 32);
    assert_eq!(PrinterProfile::epson_like().columns(), 48);
    let broken = PrinterProfile { width_dots: 580, ..PrinterProfile::epson_like() };
    assert_eq!(broken.check(), Err(ProfileError::Width(580)));
}

#[test]
fn a_slip_shows_no_word_in_its_debug_form() {
    let shown = format!("{:?}", accepted());
    assert!(shown.contains("number") && shown.is_ascii(), "{shown}");
}

proptest! {
    #[test]
    fn no_line_is_wider_than_the_paper_and_no_character_is_lost(text in "[a-z0-9 ，。（）办理𠮷é\n]{0,80}", columns in 2usize..50) {
        let lines = wrap(&text, columns);
        for line in &lines {
            prop_assert!(width_of(line) <= columns, "{line:?} in {columns}");
        }
        let kept: String = lines.concat().split_whitespace().collect();
        let given: String = text.split_whitespace().collect();
        prop_assert_eq!(kept, given);
    }
}
