//! Connects `IdleAdapter`: nobody is here.

use slint::{ComponentHandle, SharedString};

use super::generated::{AppWindow, Held as HeldView, IdleAdapter, ServiceLine as LineView, Works as WorksView};
use super::rows::{self, int};
use super::ui::Sender;
use crate::ipc::{Held, Idle, Intent, ServiceLine, Works};

/// The ends of a centre's name that look better on a line of their own.
const ENDINGS: [&str; 4] = ["党群服务中心", "便民服务中心", "为民服务中心", "政务服务中心"];

pub struct Rows {
    notices: rows::Rows<SharedString>,
}

impl Rows {
    pub fn new(app: &AppWindow, send: &Sender) -> Self {
        let rows = Self { notices: rows::Rows::new() };
        let adapter = app.global::<IdleAdapter>();
        adapter.set_notices(rows.notices.model());
        let sender = send.clone();
        adapter.on_begin(move || sender(Intent::Begin));
        let sender = send.clone();
        adapter.on_open_service(move || sender(Intent::OpenService));
        rows
    }

    pub fn show(&self, app: &AppWindow, idle: &Idle) {
        let adapter = app.global::<IdleAdapter>();
        let centre = app.global::<super::generated::FrameAdapter>().get_centre();
        let (place, kind) = two_lines(&centre);
        adapter.set_place(place.into());
        adapter.set_kind(kind.into());
        adapter.set_card(works(idle.card));
        adapter.set_paper(works(idle.paper));
        adapter.set_line(works(idle.line));
        adapter.set_apply_count(int(idle.apply_count));
        adapter.set_guide_count(int(idle.guide_count));
        adapter.set_held(held(idle.held));
        self.notices.put_texts(&idle.notices);
        show_service(&adapter, &idle.service);
    }
}

/// Breaks the name between the place and what it is, so that no character is left alone on a line.
fn two_lines(centre: &str) -> (&str, &str) {
    ENDINGS.iter().find_map(|ending| Some((centre.strip_suffix(ending)?, *ending))).unwrap_or((centre, ""))
}

fn show_service(adapter: &IdleAdapter, line: &ServiceLine) {
    let (view, version, count) = match line {
        ServiceLine::Offer { version } => (LineView::Offer, version.as_str(), 0),
        ServiceLine::Installing { version } => (LineView::Installing, version.as_str(), 0),
        ServiceLine::Restart { version } => (LineView::Restart, version.as_str(), 0),
        ServiceLine::Refused { version } => (LineView::Refused, version.as_str(), 0),
        ServiceLine::FellBack { version } => (LineView::FellBack, version.as_str(), 0),
        ServiceLine::Repaired { lost } => (LineView::Repaired, "", int(*lost)),
        ServiceLine::Nothing { kiosk } => (LineView::Nothing, kiosk.as_str(), 0),
    };
    adapter.set_service(view);
    adapter.set_service_version(version.into());
    adapter.set_service_count(count);
}

fn held(held: Held) -> HeldView {
    match held {
        Held::Nothing => HeldView::Nothing,
        Held::SendingStopped => HeldView::SendingStopped,
        Held::OfflineTooLong => HeldView::OfflineTooLong,
        Held::TooManyWaiting => HeldView::TooManyWaiting,
        Held::NoRoom => HeldView::NoRoom,
    }
}

fn works(works: Works) -> WorksView {
    match works {
        Works::Yes => WorksView::Yes,
        Works::Low => WorksView::Low,
        Works::No => WorksView::No,
        Works::Checking => WorksView::Checking,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_centres_name_breaks_before_what_it_is() {
        assert_eq!(two_lines("示例镇为民服务中心"), ("示例镇", "为民服务中心"));
        assert_eq!(two_lines("Shili Town Service Centre"), ("Shili Town Service Centre", ""));
    }
}
