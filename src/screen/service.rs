//! Connects `ServiceAdapter`: updates and repairs, for the technician.

use slint::{ComponentHandle, Image, SharedString};

use super::frame::time;
use super::generated::{AppWindow, Moment, ServiceAdapter, StoreState as StateView, UpdatePhase as PhaseView};
use super::qr;
use super::rows::{self, int};
use super::ui::Sender;
use crate::ipc::{Clock, Intent, ServicePage, StoreState, UpdateAnswer, UpdatePhase};

pub struct Rows {
    codes: rows::Rows<SharedString>,
    lost: rows::Rows<SharedString>,
}

impl Rows {
    pub fn new(app: &AppWindow, send: &Sender) -> Self {
        let rows = Self { codes: rows::Rows::new(), lost: rows::Rows::new() };
        let adapter = app.global::<ServiceAdapter>();
        adapter.set_codes(rows.codes.model());
        adapter.set_lost(rows.lost.model());
        let sender = send.clone();
        adapter.on_install(move || sender(Intent::AnswerUpdate { answer: UpdateAnswer::Install }));
        let sender = send.clone();
        adapter.on_leave(move || sender(Intent::AnswerUpdate { answer: UpdateAnswer::Leave }));
        let sender = send.clone();
        adapter.on_done(move || sender(Intent::Finish));
        rows
    }

    pub fn show(&self, app: &AppWindow, page: &ServicePage) {
        let adapter = app.global::<ServiceAdapter>();
        adapter.set_running(page.running.as_str().into());
        adapter.set_phase(phase(page.phase));
        adapter.set_version(page.version.as_str().into());
        adapter.set_percent(page.percent.into());
        adapter.set_why(page.why.as_str().into());
        adapter.set_code(page.code.as_str().into());
        adapter.set_restart_known(page.restart_at.is_some());
        if let Some(at) = page.restart_at {
            adapter.set_restart_at(moment(at));
        }
        adapter.set_answered(page.answered);
        adapter.set_fell(page.fell_back.is_some());
        if let Some(fell) = &page.fell_back {
            adapter.set_fell_version(fell.version.as_str().into());
            adapter.set_fell_back_to(fell.back_to.as_str().into());
            adapter.set_fell_at(moment(fell.at));
            adapter.set_fell_why(fell.why.as_str().into());
            adapter.set_fell_code(fell.code.as_str().into());
        }
        let store = &page.store;
        adapter.set_store(state(store.state));
        adapter.set_store_code(store.code.as_str().into());
        adapter.set_given(store.given.map_or(-1, |given| i32::try_from(given).unwrap_or(i32::MAX)));
        adapter.set_waiting(int(store.waiting));
        adapter.set_lost_count(int(store.lost.len() + store.lost_more));
        self.lost.put_texts(&store.lost);
        adapter.set_lost_more(int(store.lost_more));
        adapter.set_aside(store.aside.as_str().into());
        adapter.set_again_known(store.again_at.is_some());
        if let Some(at) = store.again_at {
            adapter.set_again_at(time(at).into());
        }
        self.codes.put_texts(&page.codes);
        let (hash, code) =
            page.image.as_ref().map_or(("", Image::default()), |image| (&image.hash, qr::picture(&image.qr)));
        adapter.set_image_hash(hash.into());
        adapter.set_image_code(code);
    }
}

fn moment(at: Clock) -> Moment {
    Moment { year: at.year.into(), month: at.month.into(), day: at.day.into(), time: time(at).into() }
}

fn phase(phase: UpdatePhase) -> PhaseView {
    match phase {
        UpdatePhase::Resting => PhaseView::Resting,
        UpdatePhase::Asking => PhaseView::Asking,
        UpdatePhase::Waiting => PhaseView::Waiting,
        UpdatePhase::Installing => PhaseView::Installing,
        UpdatePhase::Restart => PhaseView::Restart,
        UpdatePhase::Refused => PhaseView::Refused,
    }
}

fn state(state: StoreState) -> StateView {
    match state {
        StoreState::Sound => StateView::Sound,
        StoreState::Repaired => StateView::Repaired,
        StoreState::Reopened => StateView::Reopened,
        StoreState::NoRoom => StateView::NoRoom,
        StoreState::Disk => StateView::Disk,
        StoreState::Damaged => StateView::Damaged,
        StoreState::Broken => StateView::Broken,
    }
}
