//! Connects `ListAdapter`: the services of a theme or an office.

use slint::ComponentHandle;

use super::generated::{AppWindow, CanDo as CanDoView, ItemRow as RowView, ListAdapter};
use super::rows::{self, int};
use super::ui::Sender;
use crate::ipc::{CanDo, Intent, List};

pub struct Rows {
    rows: rows::Rows<RowView>,
}

impl Rows {
    pub fn new(app: &AppWindow, send: &Sender) -> Self {
        let rows = Self { rows: rows::Rows::new() };
        let adapter = app.global::<ListAdapter>();
        adapter.set_rows(rows.rows.model());
        let sender = send.clone();
        adapter.on_open(move |item| sender(Intent::OpenItem { item: item.into() }));
        let sender = send.clone();
        adapter.on_next_page(move || sender(Intent::NextPage));
        let sender = send.clone();
        adapter.on_previous_page(move || sender(Intent::PreviousPage));
        rows
    }

    pub fn show(&self, app: &AppWindow, list: &List) {
        let adapter = app.global::<ListAdapter>();
        adapter.set_title(list.title.as_str().into());
        adapter.set_page(int(list.pages.page));
        adapter.set_pages(int(list.pages.of));
        self.rows.put(list.rows.iter().map(|row| RowView {
            id: row.id.as_str().into(),
            plain_name: row.plain_name.as_str().into(),
            name: row.name.as_str().into(),
            department: row.department.as_str().into(),
            can: can(row.can),
        }));
    }
}

pub fn can(can: CanDo) -> CanDoView {
    match can {
        CanDo::Apply => CanDoView::Apply,
        CanDo::Prefill => CanDoView::Prefill,
        CanDo::GuideOnly => CanDoView::GuideOnly,
        CanDo::WindowOnly => CanDoView::WindowOnly,
    }
}
