//! Every page in both languages, both sizes of text and both forms of the screen, drawn without a display.
//!
//! With `BIANMIN_SHOTS` set, the pictures whose names contain its value go to `screens` in the target folder; an empty value
//! means all.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod catalogue;
mod samples;
mod service;
mod setup;
mod sources;
mod visit;

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use kiosk::ipc::{Intent, Language, Reply, Screen, TextSize};
use kiosk::screen::{Control, Headless, PressError};
use samples::{Sample, all, frame, overlays};

const FORMS: [(&str, u32, u32); 2] = [("portrait", 1080, 1920), ("landscape", 1280, 800)];

/// The least side of what can be pressed, in pixels.
const LEAST: f32 = 96.0;

type Place = (f32, f32, f32, f32);

#[test]
fn every_page_fits_and_can_be_used_in_every_language_size_and_form() {
    let window = Headless::new(1080, 1920, |_| {}).unwrap();
    let shots = std::env::var("BIANMIN_SHOTS").ok();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../screens");
    std::fs::create_dir_all(&folder).unwrap();
    let mut faults = Vec::new();
    for (form, width, height) in FORMS {
        window.set_size(width, height);
        for (language, tongue) in [(Language::Zh, "zh"), (Language::En, "en")] {
            for (size, print) in [(TextSize::Normal, "normal"), (TextSize::Large, "large")] {
                for sample in all(language) {
                    for (panel, overlay) in overlays(language) {
                        // A panel hides the page, so two pages stand for all.
                        if panel != "plain" && !["idle", "form-mobile"].contains(&sample.name) {
                            continue;
                        }
                        window.show(&Screen {
                            frame: frame(language, size, &sample),
                            body: sample.body.clone(),
                            overlay: overlay.clone(),
                        });
                        let name = format!("{form}-{tongue}-{print}-{}-{panel}", sample.name);
                        let found = check(&window, &sample, panel != "plain", width, height);
                        faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
                        if shots.as_ref().is_some_and(|wanted| name.contains(wanted.as_str())) {
                            let png = window.render().unwrap();
                            std::fs::write(folder.join(format!("{name}.png")), png).unwrap();
                        }
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

/// The screen is another process: what the engine shows has to arrive there as it was.
#[test]
fn every_page_arrives_over_the_socket_as_it_was_sent() {
    for language in [Language::Zh, Language::En] {
        for sample in all(language) {
            for (_, overlay) in overlays(language) {
                let frame = frame(language, TextSize::Normal, &sample);
                let reply = Reply::Screen { screen: Box::new(Screen { frame, body: sample.body.clone(), overlay }) };
                let line = serde_json::to_string(&reply).unwrap();
                let read: Result<Reply, _> = serde_json::from_str(&line);
                assert_eq!(read.map_err(|error| error.to_string()), Ok(reply), "{}", sample.name);
            }
        }
    }
}

fn check(window: &Headless, sample: &Sample, panel: bool, width: u32, height: u32) -> Vec<String> {
    let mut faults = Vec::new();
    let mut controls = window.controls();
    let mut texts = window.texts();
    #[expect(clippy::cast_precision_loss, reason = "the size of a screen is small")]
    let glass = (0.0, 0.0, width as f32, height as f32);
    // What scrolls is cut by its view; inside it only the sides are fixed.
    let views = if panel { Vec::new() } else { window.places("Flickable") };

    let primaries = controls.iter().filter(|c| is_primary(c)).count();
    let wanted = if panel { 1 } else { sample.primary };
    if primaries != wanted {
        faults.push(format!("{primaries} primary actions instead of {wanted}"));
    }
    for control in &controls {
        if control.label.is_empty() {
            faults.push(format!("a button without a label at {:?}", control.place));
        }
        if control.place.3 < LEAST || control.place.2 < LEAST {
            faults.push(format!("{:?} is small: {:?}", control.label, control.place));
        }
        if !within(control.place, glass) && !in_view(control.place, &views) {
            faults.push(format!("{:?} is off the glass: {:?}", control.label, control.place));
        }
    }
    for card in ["Card", "Notice"].iter().flat_map(|kind| window.places(kind)) {
        for text in texts.iter().filter(|text| {
            in_view(text.place, &views) == in_view(card, &views) && overlap(text.place, card) && text.place.1 >= card.1
        }) {
            if text.place.1 + text.place.3 > card.1 + card.3 + 1.0 {
                faults.push(format!("text {:?} {:?} runs out of its card {card:?}", text.label, text.place));
            }
        }
    }
    for element in controls.iter_mut().chain(&mut texts) {
        element.place = clipped(element.place, &views);
    }
    for (at, text) in texts.iter().enumerate() {
        if text.label.trim().is_empty() {
            continue;
        }
        let scrolls = in_view(text.place, &views);
        if !within(text.place, glass) && !scrolls {
            faults.push(format!("text {:?} is off the glass: {:?}", text.label, text.place));
        }
        for control in &controls {
            if crosses(text.place, control.place) {
                faults.push(format!(
                    "text {:?} {:?} crosses the edge of {:?} {:?}",
                    text.label, text.place, control.label, control.place
                ));
            }
        }
        for other in &texts[at + 1..] {
            if overlap(text.place, other.place) && !other.label.trim().is_empty() {
                faults.push(format!(
                    "texts {:?} {:?} and {:?} {:?} overlap",
                    text.label, text.place, other.label, other.place
                ));
            }
        }
    }
    for (at, one) in controls.iter().enumerate() {
        for other in &controls[at + 1..] {
            if overlap(one.place, other.place) {
                faults.push(format!("{:?} {:?} and {:?} {:?} overlap", one.label, one.place, other.label, other.place));
            }
        }
    }
    faults
}

fn is_primary(control: &Control) -> bool {
    ["PrimaryButton", "BeginButton"].contains(&control.kind.as_str())
}

fn within(inner: Place, outer: Place) -> bool {
    inner.0 >= outer.0 - 1.0
        && inner.1 >= outer.1 - 1.0
        && inner.0 + inner.2 <= outer.0 + outer.2 + 1.0
        && inner.1 + inner.3 <= outer.1 + outer.3 + 1.0
}

/// Stands in one of the views, as wide as it and however far down.
fn in_view(place: Place, views: &[Place]) -> bool {
    views.iter().any(|view| {
        place.0 >= view.0 - 1.0
            && place.0 + place.2 <= view.0 + view.2 + 1.0
            && place.1 >= view.1 - 1.0
            && place.1 <= view.1 + view.3 + 1.0
    })
}

/// What a view leaves of a place.
fn clipped(place: Place, views: &[Place]) -> Place {
    let view = views.iter().find(|view| in_view(place, &[**view]));
    view.map_or(place, |view| {
        let lower = (place.1 + place.3).min(view.1 + view.3);
        (place.0, place.1, place.2, lower - place.1)
    })
}

fn overlap(one: Place, other: Place) -> bool {
    let across = (one.0 + one.2).min(other.0 + other.2) - one.0.max(other.0);
    let down = (one.1 + one.3).min(other.1 + other.3) - one.1.max(other.1);
    across > 2.0 && down > 2.0
}

fn crosses(text: Place, control: Place) -> bool {
    overlap(text, control) && !within(text, control)
}

#[test]
fn a_press_on_a_label_becomes_the_intent_behind_it() {
    let sent = Rc::new(RefCell::new(Vec::new()));
    let sink = sent.clone();
    let window = Headless::new(1080, 1920, move |intent| sink.borrow_mut().push(intent)).unwrap();
    let show = |name: &str, panel: usize| {
        let sample = all(Language::Zh).into_iter().find(|s| s.name == name).expect("a sample");
        window.show(&Screen {
            frame: frame(Language::Zh, TextSize::Normal, &sample),
            body: sample.body,
            overlay: overlays(Language::Zh)[panel].1.clone(),
        });
    };
    let pressed = |label: &str| {
        window.press(label).unwrap_or_else(|error| panic!("{error}"));
        sent.borrow_mut().drain(..).collect::<Vec<_>>()
    };
    show("idle", 0);
    assert_eq!(pressed("触摸屏幕开始"), [Intent::Begin]);
    assert_eq!(window.press("返回"), Err(PressError::Off { label: "返回".into() }));
    show("home", 0);
    assert_eq!(pressed("养老和老年补贴"), [Intent::OpenTheme { theme: "old-age".into() }]);
    assert_eq!(pressed("查我的办件"), [Intent::OpenScan]);
    assert_eq!(pressed("大字"), [Intent::SetTextSize { size: TextSize::Large }]);
    assert_eq!(pressed("English"), [Intent::SetLanguage { language: Language::En }]);
    show("list", 0);
    assert_eq!(pressed("下一页"), [Intent::NextPage]);
    show("item", 0);
    assert_eq!(pressed("开始办理"), [Intent::Apply]);
    assert_eq!(pressed("打印告知单"), [Intent::PrintNotice]);
    show("form-mobile", 0);
    assert_eq!(pressed("7"), [Intent::Digit { digit: '7' }]);
    assert_eq!(pressed("删一位"), [Intent::Erase]);
    assert_eq!(pressed("下一步：银行卡号"), [Intent::Next]);
    show("form-levels", 0);
    assert_eq!(pressed("每年 300 元"), [Intent::Choose { value: "300".into() }]);
    show("review", 0);
    assert_eq!(pressed("修改手机号码"), [Intent::Edit { question: 0 }]);
    assert_eq!(pressed("没有错，提交申请"), [Intent::Confirm]);
    show("accepted", 0);
    assert_eq!(pressed("完成，拿好身份证和单子"), [Intent::Finish]);
    show("form-mobile", 2);
    assert!(matches!(window.press("7"), Err(PressError::NotThere { .. })), "a panel hides the page");
    assert_eq!(pressed("再给我一点时间"), [Intent::MoreTime]);
}

#[test]
fn a_bold_line_has_no_hole_for_a_character_outside_the_everyday_ones() {
    let window = Headless::new(1080, 1920, |_| {}).unwrap();
    let ink = |centre: &str| {
        let sample = all(Language::Zh).into_iter().find(|s| s.name == "storing").expect("a sample");
        let mut frame = frame(Language::Zh, TextSize::Normal, &sample);
        frame.progress = None;
        frame.centre = centre.to_owned();
        window.show(&Screen { frame, body: sample.body, overlay: None });
        let (width, _, bytes) = window.pixels();
        let bar = &bytes[..width as usize * 70 * 3];
        bar.chunks(3).filter(|pixel| pixel[0] > 200).count()
    };
    let without = ink("镇");
    // Neither is in GB 2312, so neither is in the bold face; 䶮 is in Extension A.
    assert!(ink("镇洴") > without + 50, "洴 leaves a hole in a bold line");
    assert!(ink("镇䶮") > without + 50, "䶮 leaves a hole in a bold line");
    let review = all(Language::Zh).into_iter().find(|s| s.name == "review").expect("a sample");
    window.show(&Screen { frame: frame(Language::Zh, TextSize::Normal, &review), body: review.body, overlay: None });
    let (width, _, bytes) = window.pixels();
    let name = window.texts().into_iter().find(|text| text.label == "赵䶮").expect("the name is shown");
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "places on a screen are small and positive"
    )]
    let (left, top, high) = (name.place.0 as usize, name.place.1 as usize, name.place.3 as usize);
    // The second character starts one size of body text after the first.
    let dark = (top..top + high)
        .flat_map(|y| (left + 33..left + 64).map(move |x| (y * width as usize + x) * 3))
        .filter(|at| bytes[*at] < 100)
        .count();
    assert!(dark > 100, "䶮 in a name is a hole: {dark} dark pixels");
}

#[test]
fn a_list_longer_than_the_glass_is_read_with_the_page_buttons() {
    let window = Headless::new(1280, 800, |_| {}).unwrap();
    let sample = all(Language::Zh).into_iter().find(|s| s.name == "item").expect("a sample");
    window.show(&Screen { frame: frame(Language::Zh, TextSize::Large, &sample), body: sample.body, overlay: None });
    let sees = |words: &str| {
        let view = window.places("Flickable")[0];
        window.texts().iter().any(|text| text.label == words && within(text.place, view))
    };
    assert!(!sees("不收费"), "the end of the guide is below the glass at first");
    for _ in 0..9 {
        if sees("不收费") {
            return;
        }
        window.press("下一页").unwrap_or_else(|error| panic!("{error}"));
    }
    panic!("the cost never came into view");
}
