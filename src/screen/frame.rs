//! Connects `FrameAdapter`: top bar, progress line, bottom bar.

use std::cell::Cell;
use std::rc::Rc;

use slint::ComponentHandle;

use super::generated::{AppWindow, FrameAdapter, Stage as StageView, Theme};
use super::ui::Sender;
use crate::ipc::{Clock, Frame, Intent, Language, Stage, TextSize};

pub fn connect(app: &AppWindow, send: &Sender, session: &Rc<Cell<(Language, TextSize)>>) {
    let adapter = app.global::<FrameAdapter>();
    let sender = send.clone();
    adapter.on_back(move || sender(Intent::Back));
    let sender = send.clone();
    adapter.on_home(move || sender(Intent::Home));
    let sender = send.clone();
    adapter.on_help(move || sender(Intent::Help));
    let (sender, current) = (send.clone(), session.clone());
    adapter.on_toggle_size(move || {
        let size = match current.get().1 {
            TextSize::Normal => TextSize::Large,
            TextSize::Large => TextSize::Normal,
        };
        sender(Intent::SetTextSize { size });
    });
    let (sender, current) = (send.clone(), session.clone());
    adapter.on_toggle_language(move || {
        let language = match current.get().0 {
            Language::Zh => Language::En,
            Language::En => Language::Zh,
        };
        sender(Intent::SetLanguage { language });
    });
}

pub fn show(app: &AppWindow, frame: &Frame) {
    app.global::<Theme>().set_large(frame.text_size == TextSize::Large);
    let adapter = app.global::<FrameAdapter>();
    adapter.set_centre(frame.centre.as_str().into());
    adapter.set_year(frame.clock.year.into());
    adapter.set_month(frame.clock.month.into());
    adapter.set_day(frame.clock.day.into());
    adapter.set_weekday(frame.clock.weekday.into());
    adapter.set_time(time(frame.clock).into());
    adapter.set_chinese(frame.language == Language::Zh);
    adapter.set_sample(frame.sample);
    adapter.set_hotline(frame.hotline.as_str().into());
    adapter.set_can_back(frame.can_back);
    adapter.set_can_home(frame.can_home);
    let Some(progress) = &frame.progress else {
        adapter.set_stage(StageView::None);
        return;
    };
    adapter.set_stage(match progress.stage {
        Stage::Identify => StageView::Identify,
        Stage::Fill => StageView::Fill,
        Stage::Review => StageView::Review,
        Stage::Done => StageView::Done,
        Stage::SetUp => StageView::SetUp,
    });
    adapter.set_step(progress.step.into());
    adapter.set_of(progress.of.into());
    adapter.set_about(progress.about.as_str().into());
    adapter.set_minutes_left(progress.minutes_left.into());
}

/// `9:05`: the same in both languages.
pub fn time(clock: Clock) -> String {
    format!("{}:{:02}", clock.hour, clock.minute)
}
