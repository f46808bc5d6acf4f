//! Connects `ReviewAdapter`: everything once more.

use slint::{ComponentHandle, SharedString};

use super::coverage::Coverage;
use super::form::source;
use super::generated::{AppWindow, ReviewAdapter, ReviewRow as RowView};
use super::rows::{self, int};
use super::ui::Sender;
use crate::ipc::{Intent, Review, ReviewRow};

pub struct Rows {
    rows: rows::Rows<RowView>,
    bring_later: rows::Rows<SharedString>,
}

impl Rows {
    pub fn new(app: &AppWindow, send: &Sender) -> Self {
        let rows = Self { rows: rows::Rows::new(), bring_later: rows::Rows::new() };
        let adapter = app.global::<ReviewAdapter>();
        adapter.set_rows(rows.rows.model());
        adapter.set_bring_later(rows.bring_later.model());
        let sender = send.clone();
        adapter.on_edit(move |question| {
            if let Ok(question) = usize::try_from(question) {
                sender(Intent::Edit { question });
            }
        });
        let sender = send.clone();
        adapter.on_confirm(move || sender(Intent::Confirm));
        let sender = send.clone();
        adapter.on_next_page(move || sender(Intent::NextPage));
        let sender = send.clone();
        adapter.on_previous_page(move || sender(Intent::PreviousPage));
        rows
    }

    pub fn show(&self, app: &AppWindow, review: &Review, coverage: &Coverage) {
        let adapter = app.global::<ReviewAdapter>();
        adapter.set_item(review.item.as_str().into());
        adapter.set_page(int(review.pages.page));
        adapter.set_pages(int(review.pages.of));
        adapter.set_receiver(review.receiver.as_str().into());
        self.rows.put(review.rows.iter().map(|answer| row(answer, coverage)));
        self.bring_later.put_texts(&review.bring_later);
    }
}

fn row(answer: &ReviewRow, coverage: &Coverage) -> RowView {
    let shown = coverage.check(&answer.value);
    RowView {
        label: answer.label.as_str().into(),
        value: shown.text.into(),
        source: source(answer.source),
        question: answer.question.map_or(-1, int),
        rare: shown.rare,
        gap: shown.gap,
    }
}
