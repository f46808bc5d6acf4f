//! Connects `IdentifyAdapter`: the card on the reader, please.

use slint::ComponentHandle;

use super::generated::{AppWindow, CardPrompt as PromptView, IdentifyAdapter};
use super::ui::Sender;
use crate::ipc::{CardPrompt, Identify, Intent};
use kiosk_hal::model::CardFailure;

pub fn connect(app: &AppWindow, send: &Sender) {
    let sender = send.clone();
    app.global::<IdentifyAdapter>().on_to_window(move || sender(Intent::ToWindow));
}

pub fn show(app: &AppWindow, identify: &Identify) {
    let adapter = app.global::<IdentifyAdapter>();
    adapter.set_prompt(prompt(identify.prompt));
    adapter.set_processor(identify.processor.as_str().into());
    adapter.set_item(identify.item.as_str().into());
}

fn prompt(prompt: CardPrompt) -> PromptView {
    match prompt {
        CardPrompt::Place => PromptView::Place,
        CardPrompt::Reading => PromptView::Reading,
        CardPrompt::Failed { why } => match why {
            CardFailure::Unreadable => PromptView::Unreadable,
            CardFailure::Moved => PromptView::Moved,
            CardFailure::Rejected => PromptView::Rejected,
            CardFailure::UnsupportedKind => PromptView::Unsupported,
            CardFailure::Malformed => PromptView::Malformed,
        },
        CardPrompt::Expired => PromptView::Expired,
        CardPrompt::NotYetValid => PromptView::NotYetValid,
        CardPrompt::NumberWrong => PromptView::NumberWrong,
        CardPrompt::KindNotServed => PromptView::KindNotServed,
        CardPrompt::ReaderLost => PromptView::ReaderLost,
    }
}
