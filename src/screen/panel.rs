//! Connects `PanelAdapter`: what lies over a page.

use slint::ComponentHandle;

use super::generated::{AppWindow, Panel, PanelAdapter, WindowPlace as PlaceView};
use super::ui::Sender;
use crate::ipc::{Intent, Overlay, WindowPlace};

pub fn connect(app: &AppWindow, send: &Sender) {
    let adapter = app.global::<PanelAdapter>();
    let sender = send.clone();
    adapter.on_close_help(move || sender(Intent::CloseHelp));
    let sender = send.clone();
    adapter.on_more_time(move || sender(Intent::MoreTime));
    let sender = send.clone();
    adapter.on_leave(move || sender(Intent::Leave));
    let sender = send.clone();
    adapter.on_stay(move || sender(Intent::Stay));
}

pub fn show(app: &AppWindow, overlay: Option<&Overlay>) {
    let adapter = app.global::<PanelAdapter>();
    match overlay {
        None => adapter.set_panel(Panel::None),
        Some(Overlay::Help(window)) => {
            adapter.set_place(place(window));
            adapter.set_panel(Panel::Help);
        }
        Some(Overlay::StillThere { seconds_left }) => {
            adapter.set_seconds_left(i32::try_from(*seconds_left).unwrap_or(i32::MAX));
            adapter.set_panel(Panel::StillThere);
        }
        Some(Overlay::ConfirmLeave) => adapter.set_panel(Panel::ConfirmLeave),
    }
}

pub fn place(window: &WindowPlace) -> PlaceView {
    PlaceView {
        name: window.place.name.as_str().into(),
        address: window.place.address.as_str().into(),
        hours: window.place.hours.as_str().into(),
        phone: window.phone.as_str().into(),
        hotline: window.hotline.as_str().into(),
    }
}
