//! Connects the side pages: scan, window, take, out of service.

use slint::ComponentHandle;

use super::generated::{
    AppWindow, OutOfServiceAdapter, OutReason as OutView, ScanAdapter, ScanPrompt as PromptView, TakeAdapter,
    WindowAdapter, WindowReason as ReasonView,
};
use super::panel::place;
use super::rows;
use super::ui::Sender;
use crate::ipc::{Intent, OutOfService, OutReason, Scan, ScanPrompt, Take, Window, WindowReason};

pub struct Rows {
    reasons: rows::Rows<OutView>,
}

pub fn connect(app: &AppWindow, send: &Sender) {
    let sender = send.clone();
    app.global::<ScanAdapter>().on_to_window(move || sender(Intent::ToWindow));
    let sender = send.clone();
    app.global::<WindowAdapter>().on_done(move || sender(Intent::Finish));
    let sender = send.clone();
    app.global::<TakeAdapter>().on_done(move || sender(Intent::Finish));
    let sender = send.clone();
    app.global::<OutOfServiceAdapter>().on_guides(move || sender(Intent::Begin));
    let sender = send.clone();
    app.global::<OutOfServiceAdapter>().on_open_service(move || sender(Intent::OpenService));
}

impl Rows {
    pub fn new(app: &AppWindow) -> Self {
        let rows = Self { reasons: rows::Rows::new() };
        app.global::<OutOfServiceAdapter>().set_reasons(rows.reasons.model());
        rows
    }

    pub fn show_out(&self, app: &AppWindow, out: &OutOfService) {
        let adapter = app.global::<OutOfServiceAdapter>();
        self.reasons.put(out.reasons.iter().map(|reason| match reason {
            OutReason::Storage => OutView::Storage,
            OutReason::Catalogue => OutView::Catalogue,
            OutReason::Maintenance => OutView::Maintenance,
            OutReason::Starting => OutView::Starting,
        }));
        adapter.set_guides_work(out.guides_work);
        adapter.set_place(place(&out.window));
        adapter.set_codes(out.codes.as_str().into());
        adapter.set_leads_on(out.leads_on);
    }
}

pub fn show_scan(app: &AppWindow, scan: &Scan) {
    app.global::<ScanAdapter>().set_prompt(match scan.prompt {
        ScanPrompt::Place => PromptView::Place,
        ScanPrompt::LookingUp => PromptView::LookingUp,
        ScanPrompt::NotOurs => PromptView::NotOurs,
        ScanPrompt::NotFound => PromptView::NotFound,
        ScanPrompt::NoLine => PromptView::NoLine,
        ScanPrompt::ScannerLost => PromptView::ScannerLost,
    });
}

pub fn show_window(app: &AppWindow, window: &Window) {
    let adapter = app.global::<WindowAdapter>();
    adapter.set_why(match window.why {
        WindowReason::FormNotHere => ReasonView::FormNotHere,
        WindowReason::Asked => ReasonView::Asked,
        WindowReason::NoReader => ReasonView::NoReader,
        WindowReason::StorageDown => ReasonView::StorageDown,
        WindowReason::NotOldEnough { years } => {
            adapter.set_years(years.into());
            ReasonView::NotOldEnough
        }
    });
    adapter.set_item(window.item.as_str().into());
    adapter.set_place(place(&window.window));
}

pub fn show_take(app: &AppWindow, take: &Take) {
    let adapter = app.global::<TakeAdapter>();
    adapter.set_card(take.card);
    adapter.set_paper(take.paper);
}
