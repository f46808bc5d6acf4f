//! Connects the pages that say how it went: not kept, kept, accepted, set aside, and the state of a case.

use slint::{ComponentHandle, SharedString};

use super::generated::{
    AcceptedAdapter, AppWindow, CaseState as StateView, Day as DayView, KeptAdapter, NotKeptAdapter, SetAsideAdapter,
    StatusAdapter,
};
use super::item::slip;
use super::panel::place;
use super::ui::Sender;
use super::{frame, qr, rows};
use crate::ipc::{Accepted, CaseState, CaseStatus, Day, Intent, Kept, Sending, SetAside, WindowPlace};

pub struct Rows {
    bring_later: rows::Rows<SharedString>,
}

pub fn connect(app: &AppWindow, send: &Sender) {
    let adapter = app.global::<NotKeptAdapter>();
    let sender = send.clone();
    adapter.on_try_again(move || sender(Intent::Confirm));
    let sender = send.clone();
    adapter.on_finish(move || sender(Intent::Finish));
    let adapter = app.global::<KeptAdapter>();
    let sender = send.clone();
    adapter.on_print_again(move || sender(Intent::PrintAgain));
    let sender = send.clone();
    adapter.on_finish(move || sender(Intent::Finish));
    let adapter = app.global::<AcceptedAdapter>();
    let sender = send.clone();
    adapter.on_print_again(move || sender(Intent::PrintAgain));
    let sender = send.clone();
    adapter.on_finish(move || sender(Intent::Finish));
    let sender = send.clone();
    app.global::<SetAsideAdapter>().on_finish(move || sender(Intent::Finish));
    let sender = send.clone();
    app.global::<StatusAdapter>().on_done(move || sender(Intent::Finish));
}

impl Rows {
    pub fn new(app: &AppWindow) -> Self {
        let rows = Self { bring_later: rows::Rows::new() };
        app.global::<AcceptedAdapter>().set_bring_later(rows.bring_later.model());
        rows
    }

    pub fn show_accepted(&self, app: &AppWindow, accepted: &Accepted) {
        let adapter = app.global::<AcceptedAdapter>();
        adapter.set_item(accepted.item.as_str().into());
        adapter.set_number(accepted.number.as_str().into());
        adapter.set_query_code(accepted.query_code.as_str().into());
        adapter.set_qr(qr::picture(&accepted.qr));
        adapter.set_has_promised(accepted.promised.is_some());
        adapter.set_promised(day(accepted.promised));
        adapter.set_slip(slip(accepted.slip));
        self.bring_later.put_texts(&accepted.bring_later);
    }
}

pub fn show_not_kept(app: &AppWindow, window: &WindowPlace) {
    app.global::<NotKeptAdapter>().set_place(place(window));
}

pub fn show_kept(app: &AppWindow, kept: &Kept) {
    let adapter = app.global::<KeptAdapter>();
    adapter.set_item(kept.item.as_str().into());
    adapter.set_number(kept.number.as_str().into());
    adapter.set_qr(qr::picture(&kept.qr));
    adapter.set_slip(slip(kept.slip));
    adapter.set_sending(match kept.sending {
        Sending::Now => true,
        Sending::Later => false,
    });
    adapter.set_phone(kept.phone.as_str().into());
}

pub fn show_set_aside(app: &AppWindow, set_aside: &SetAside) {
    let adapter = app.global::<SetAsideAdapter>();
    adapter.set_item(set_aside.item.as_str().into());
    adapter.set_number(set_aside.number.as_str().into());
    adapter.set_slip(slip(set_aside.slip));
    adapter.set_place(place(&set_aside.window));
}

pub fn show_status(app: &AppWindow, status: &CaseStatus) {
    let adapter = app.global::<StatusAdapter>();
    adapter.set_item(status.item.as_str().into());
    adapter.set_number(status.number.as_str().into());
    adapter.set_state(state(status.state));
    adapter.set_raw(status.raw.as_str().into());
    adapter.set_as_of(day(Some(Day { year: status.as_of.year, month: status.as_of.month, day: status.as_of.day })));
    adapter.set_as_of_time(frame::time(status.as_of).into());
    adapter.set_live(status.live);
    adapter.set_has_promised(status.promised.is_some());
    adapter.set_promised(day(status.promised));
}

fn day(day: Option<Day>) -> DayView {
    day.map_or_else(DayView::default, |day| DayView {
        year: day.year.into(),
        month: day.month.into(),
        day: day.day.into(),
    })
}

fn state(state: CaseState) -> StateView {
    match state {
        CaseState::Kept => StateView::Kept,
        CaseState::SetAside => StateView::SetAside,
        CaseState::Submitted => StateView::Submitted,
        CaseState::Received => StateView::Received,
        CaseState::SupplementRequired => StateView::SupplementRequired,
        CaseState::Accepted => StateView::Accepted,
        CaseState::NotAccepted => StateView::NotAccepted,
        CaseState::InReview => StateView::InReview,
        CaseState::Granted => StateView::Granted,
        CaseState::Refused => StateView::Refused,
        CaseState::Withdrawn => StateView::Withdrawn,
        CaseState::Terminated => StateView::Terminated,
        CaseState::Delivered => StateView::Delivered,
        CaseState::Unknown => StateView::Unknown,
    }
}
