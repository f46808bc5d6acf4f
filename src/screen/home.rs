//! Connects `HomeAdapter`: six themes and three ways beside them.

use slint::ComponentHandle;

use super::generated::{AppWindow, HomeAdapter, Tile as TileView};
use super::rows::{self, int};
use super::ui::Sender;
use crate::ipc::{Home, Intent, Tile};

pub struct Rows {
    themes: rows::Rows<TileView>,
}

impl Rows {
    pub fn new(app: &AppWindow, send: &Sender) -> Self {
        let rows = Self { themes: rows::Rows::new() };
        let adapter = app.global::<HomeAdapter>();
        adapter.set_themes(rows.themes.model());
        let sender = send.clone();
        adapter.on_open(move |theme| {
            sender(Intent::OpenTheme { theme: theme.into() });
        });
        let sender = send.clone();
        adapter.on_open_departments(move || sender(Intent::OpenDepartments));
        let sender = send.clone();
        adapter.on_open_scan(move || sender(Intent::OpenScan));
        let sender = send.clone();
        adapter.on_to_window(move || sender(Intent::ToWindow));
        rows
    }

    pub fn show(&self, home: &Home) {
        self.themes.put(home.themes.iter().map(tile));
    }
}

pub fn tile(tile: &Tile) -> TileView {
    TileView {
        id: tile.id.as_str().into(),
        title: tile.title.as_str().into(),
        summary: tile.summary.as_str().into(),
        count: int(tile.count),
        icon: tile.icon.as_str().into(),
    }
}
