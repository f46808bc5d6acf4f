//! Connects `ItemAdapter`: the guide of one service.

use slint::{ComponentHandle, SharedString};

use super::generated::{
    Answer, AppWindow, FlowStep, HowLong as HowLongView, ItemAdapter, Material as MaterialView, Need as NeedView,
    Place as PlaceView, Slip,
};
use super::list::can;
use super::rows::{self, int};
use super::ui::Sender;
use crate::ipc::{GuidePart, HowLong, Intent, ItemGuide, Material, Need, Place, SlipState};
use kiosk_hal::model::NotPrintedCause;

pub struct Rows {
    who: rows::Rows<SharedString>,
    bring: rows::Rows<MaterialView>,
    places: rows::Rows<PlaceView>,
    flow: rows::Rows<FlowStep>,
    law: rows::Rows<SharedString>,
    remedies: rows::Rows<SharedString>,
    questions: rows::Rows<Answer>,
}

impl Rows {
    pub fn new(app: &AppWindow, send: &Sender) -> Self {
        let rows = Self {
            who: rows::Rows::new(),
            bring: rows::Rows::new(),
            places: rows::Rows::new(),
            flow: rows::Rows::new(),
            law: rows::Rows::new(),
            remedies: rows::Rows::new(),
            questions: rows::Rows::new(),
        };
        let adapter = app.global::<ItemAdapter>();
        adapter.set_who(rows.who.model());
        adapter.set_bring(rows.bring.model());
        adapter.set_places(rows.places.model());
        adapter.set_flow(rows.flow.model());
        adapter.set_law(rows.law.model());
        adapter.set_remedies(rows.remedies.model());
        adapter.set_questions(rows.questions.model());
        let sender = send.clone();
        adapter.on_apply(move || sender(Intent::Apply));
        let sender = send.clone();
        adapter.on_open_full(move || sender(Intent::OpenFullGuide));
        let sender = send.clone();
        adapter.on_print(move || sender(Intent::PrintNotice));
        let sender = send.clone();
        adapter.on_to_window(move || sender(Intent::ToWindow));
        let sender = send.clone();
        adapter.on_next_page(move || sender(Intent::NextPage));
        let sender = send.clone();
        adapter.on_previous_page(move || sender(Intent::PreviousPage));
        rows
    }

    pub fn show(&self, app: &AppWindow, item: &ItemGuide) {
        let adapter = app.global::<ItemAdapter>();
        adapter.set_plain_name(item.plain_name.as_str().into());
        adapter.set_name(item.name.as_str().into());
        adapter.set_can(can(item.can));
        adapter.set_code(item.code.as_str().into());
        adapter.set_owner(item.owner.as_str().into());
        adapter.set_level(item.level.into());
        let (how_long, days) = how_long(item.how_long);
        adapter.set_how_long(how_long);
        adapter.set_days(days);
        adapter.set_fee(item.fee.as_deref().unwrap_or_default().into());
        adapter.set_visits(item.visits.into());
        adapter.set_visits_why(item.visits_why.as_str().into());
        adapter.set_phone(item.phone.as_str().into());
        adapter.set_complaints_phone(item.complaints_phone.as_str().into());
        adapter.set_result(item.result.as_str().into());
        adapter.set_source(item.source.as_str().into());
        adapter.set_can_print(item.can_print);
        adapter.set_slip(slip(item.slip));
        let (page, pages) = match item.part {
            GuidePart::Short => (0, 1),
            GuidePart::Full { pages } => (int(pages.page), int(pages.of)),
        };
        adapter.set_page(page);
        adapter.set_pages(pages);
        self.who.put_texts(&item.who);
        self.bring.put(item.bring.iter().map(material));
        self.places.put(item.places.iter().map(place));
        self.flow.put(item.flow.iter().map(|step| FlowStep {
            step: step.step.as_str().into(),
            who: step.who.as_str().into(),
            what: step.what.as_str().into(),
        }));
        self.law.put_texts(&item.law);
        self.remedies.put_texts(&item.remedies);
        self.questions.put(
            item.questions.iter().map(|(question, answer)| Answer {
                question: question.as_str().into(),
                answer: answer.as_str().into(),
            }),
        );
    }
}

fn how_long(how_long: HowLong) -> (HowLongView, i32) {
    match how_long {
        HowLong::Instant => (HowLongView::Instant, 0),
        HowLong::WorkingDays { count } => (HowLongView::WorkingDays, count.into()),
        HowLong::Days { count } => (HowLongView::Days, count.into()),
        HowLong::NotStated => (HowLongView::NotStated, 0),
    }
}

fn material(material: &Material) -> MaterialView {
    MaterialView {
        name: material.name.as_str().into(),
        note: material.note.as_str().into(),
        by_card: material.by_card,
        need: match material.need {
            Need::Required => NeedView::Required,
            Need::Optional => NeedView::Optional,
            Need::MayFollow => NeedView::MayFollow,
        },
    }
}

fn place(place: &Place) -> PlaceView {
    PlaceView {
        name: place.name.as_str().into(),
        address: place.address.as_str().into(),
        hours: place.hours.as_str().into(),
    }
}

/// The state of a slip in the resident's terms.
pub fn slip(slip: SlipState) -> Slip {
    match slip {
        SlipState::None => Slip::None,
        SlipState::Printing => Slip::Printing,
        SlipState::Printed => Slip::Printed,
        SlipState::NotPrinted { why } => match why {
            NotPrintedCause::PaperOut => Slip::PaperOut,
            NotPrintedCause::CoverOpen => Slip::CoverOpen,
            NotPrintedCause::CutterFault | NotPrintedCause::HeadFault => Slip::PrinterFault,
            NotPrintedCause::Offline | NotPrintedCause::NoDevice => Slip::PrinterAway,
            NotPrintedCause::MissingGlyph => Slip::MissingGlyph,
        },
        // Whatever the reason, the resident looks at the slot.
        SlipState::Unclear { why: _ } => Slip::Unclear,
    }
}
