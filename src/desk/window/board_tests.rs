use super::*;
use crate::desk::local::LocalBench;
use crate::desk::order::{Bench, BenchError};

fn click(board: &mut Board, click: &Click) -> Vec<Order> {
    let orders = board.orders(click);
    for order in &orders {
        board.obeyed(order);
    }
    orders
}

fn fault(device: Device, name: &str) -> Click {
    Click::Fault(device, name.to_owned())
}

/// Every click there is, for every device and fault, with some board on which it means something.
fn every_click() -> Vec<Click> {
    let mut clicks =
        vec![Click::Card("chen_jianguo".into()), Click::TakeCard, Click::Scan("320699".into()), Click::Refill];
    for device in Device::ALL {
        clicks.extend([Click::Switch(device), Click::NoFaults(device)]);
        clicks.extend(device.faults().into_iter().map(|name| fault(device, name)));
    }
    clicks
}

#[test]
fn every_order_there_is_can_be_given_by_a_click() {
    let kind = |order: &Order| match order {
        Order::Card { .. } => "card",
        Order::NoCard => "no card",
        Order::Scan { .. } => "scan",
        Order::Fault { on: true, .. } => "fault on",
        Order::Fault { on: false, .. } => "fault off",
        Order::Plug { plugged: true, .. } => "plug in",
        Order::Plug { plugged: false, .. } => "unplug",
        Order::Refill => "refill",
        Order::Line { up: true } => "line up",
        Order::Line { up: false } => "line cut",
    };
    let mut board = Board::default();
    let mut kinds = BTreeSet::new();
    for _round in 0..2 {
        for each in every_click() {
            kinds.extend(click(&mut board, &each).iter().map(kind));
        }
    }
    let all =
        ["card", "no card", "scan", "fault on", "fault off", "plug in", "unplug", "refill", "line up", "line cut"];
    assert_eq!(kinds, BTreeSet::from(all));
}

#[test]
fn the_bench_knows_every_name_that_a_click_sends() {
    // A bench without devices looks names up before it says that the device is not there.
    let bench = LocalBench::default();
    let mut board = Board::default();
    for _round in 0..2 {
        for each in every_click() {
            for order in click(&mut board, &each) {
                let refused = bench.obey(&order).expect_err("nothing is simulated here");
                assert!(matches!(refused, BenchError::NotHere(_)), "{order:?}: {refused}");
            }
        }
    }
}

#[test]
fn a_click_on_the_card_that_lies_there_takes_it_away_and_on_another_one_changes_it() {
    let mut board = Board::default();
    click(&mut board, &Click::Card("one".into()));
    assert_eq!(click(&mut board, &Click::Card("two".into())), [Order::Card { key: "two".into() }]);
    assert!(board.lies("two") && !board.lies("one"));
    assert_eq!(click(&mut board, &Click::Card("two".into())), [Order::NoCard]);
    assert_eq!(board.card(), None);
}

#[test]
fn a_code_is_sent_without_the_blanks_around_it_and_a_blank_one_not_at_all() {
    let board = Board::default();
    assert_eq!(board.orders(&Click::Scan(" 42\n".into())), [Order::Scan { text: "42".into() }]);
    assert_eq!(board.orders(&Click::Scan("  ".into())), []);
}

#[test]
fn a_switch_pulls_the_plug_and_puts_it_back() {
    let mut board = Board::default();
    let plug = |plugged| Order::Plug { device: "printer".into(), plugged };
    assert_eq!(click(&mut board, &Click::Switch(Device::Printer)), [plug(false)]);
    assert_eq!((board.lamp(Device::Printer), board.switch(Device::Printer)), (Lamp::Out, "Plug in"));
    assert_eq!(click(&mut board, &Click::Switch(Device::Printer)), [plug(true)]);
    assert_eq!((board.lamp(Device::Printer), board.switch(Device::Printer)), (Lamp::Good, "Unplug"));
}

#[test]
fn a_new_roll_takes_the_faults_of_the_paper_away_and_no_other() {
    let mut board = Board::default();
    for name in ["no-paper", "near-end", PAPER_ENDS, "cover-open"] {
        click(&mut board, &fault(Device::Printer, name));
    }
    click(&mut board, &fault(Device::Reader, "no-answer"));
    assert_eq!(board.state(Device::Printer), "plugged in, 4 faults");
    click(&mut board, &Click::Refill);
    assert_eq!(board.state(Device::Printer), "plugged in, 1 fault");
    assert!(board.has_fault(Device::Printer, "cover-open") && board.has_fault(Device::Reader, "no-answer"));
}

#[test]
fn all_off_reaches_each_fault_of_its_device_and_leaves_the_others() {
    let mut board = Board::default();
    click(&mut board, &fault(Device::Reader, "slow"));
    click(&mut board, &fault(Device::Reader, "late"));
    click(&mut board, &fault(Device::Scanner, "gbk"));
    assert_eq!(click(&mut board, &Click::NoFaults(Device::Reader)).len(), 2);
    assert_eq!(board.lamp(Device::Reader), Lamp::Good);
    assert_eq!(board.lamp(Device::Scanner), Lamp::Faulty);
    assert_eq!(board.orders(&Click::NoFaults(Device::Reader)), []);
}

#[test]
fn taking_one_fault_of_the_county_back_leaves_the_others_and_the_cut_line() {
    let mut board = Board::default();
    for name in ["busy", "html", "empty"] {
        click(&mut board, &fault(Device::County, name));
    }
    click(&mut board, &Click::Switch(Device::County));
    click(&mut board, &fault(Device::County, "html"));
    assert!(!board.has_fault(Device::County, "html"));
    assert!(board.has_fault(Device::County, "busy") && board.has_fault(Device::County, "empty"));
    assert_eq!(board.state(Device::County), "line cut, 2 answers will fail");
    click(&mut board, &Click::NoFaults(Device::County));
    assert_eq!(board.state(Device::County), "line cut");
}

#[test]
fn a_fault_that_the_county_has_used_up_is_shown_no_longer() {
    let mut board = Board::default();
    click(&mut board, &fault(Device::County, "busy"));
    assert_eq!(board.state(Device::County), "line up, 1 answer will fail");
    board.saw_county(false, Vec::new());
    assert_eq!(board.lamp(Device::County), Lamp::Good);
}

#[test]
fn the_hint_follows_the_card_and_the_paper() {
    let mut board = Board::default();
    let empty = board.hint();
    board.saw_slips(3);
    click(&mut board, &Click::Card("one".into()));
    let laid = board.hint();
    board.saw_slips(4);
    let printed = board.hint();
    assert!(empty != laid && laid != printed && printed != empty);
    click(&mut board, &Click::TakeCard);
    assert_eq!(board.hint(), empty);
}

#[test]
fn a_code_is_not_repeated_in_the_status_line() {
    assert!(!told(&Order::Scan { text: "secret-code".into() }).contains("secret"));
}

#[test]
fn cases_are_counted_and_what_is_no_list_is_not() {
    assert_eq!(case_count("[]"), Some(0));
    assert_eq!(case_count(r#"[{"sequence":1},{"sequence":2}]"#), Some(2));
    assert_eq!(case_count("<html>"), None);
}
