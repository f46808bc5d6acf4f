//! From a slip as the core means it to a slip with words on it.
//!
//! The order is the same on every slip, so that a person finds things where they were last time: centre, kind in a
//! frame, item, number, time, what happens next, what to bring, QR code, place and telephone, machine number.
//! A name stands as 王**, an ID number never.

use kiosk_hal::model::{Align, Block, Slip};

use super::words::Words;
use crate::domain::catalog::Catalog;
use crate::domain::effect::{Paper, PaperKind};
use crate::domain::id::ItemId;
use crate::domain::receipt::in_groups;
use crate::domain::settings::Settings;
use crate::domain::submission::{CaseReceipt, ItemRef};
use crate::domain::time::clock;
use crate::ipc::{CanDo, GuidePart, HowLong, Language, Need, TextSize};

/// Writes a slip. `qr` makes the payload of its code out of what it claims ([`super::stamp::Stamp::qr`]).
pub fn write(
    paper: &Paper,
    words: &Words,
    settings: &Settings,
    catalog: &Catalog,
    qr: impl Fn(&str) -> String,
) -> Slip {
    let mut writer = Writer { words, settings, catalog, language: paper.language, blocks: Vec::new() };
    writer.title();
    let kind = match &paper.kind {
        PaperKind::Notice { .. } => writer.say("kind_notice"),
        PaperKind::Kept { .. } => writer.say("kind_kept"),
        PaperKind::Accepted { .. } => writer.say("kind_accepted"),
    };
    writer.blocks.push(Block::Framed { text: kind });
    if paper.copy {
        let text = writer.say("copy");
        writer.text(text, true, Align::Centre);
    }
    match &paper.kind {
        PaperKind::Notice { item } => writer.notice(item),
        PaperKind::Kept { item, name, number, code, claim } => {
            writer.kept(paper, item, name, (number, code), &qr(claim));
        }
        PaperKind::Accepted { item, name, number, receipt, claim, bring_later } => {
            writer.accepted(paper, item, name, number, receipt, &qr(claim), bring_later);
        }
    }
    writer.foot();
    Slip { blocks: writer.blocks, large: paper.size == TextSize::Large }
}

struct Writer<'a> {
    words: &'a Words,
    settings: &'a Settings,
    catalog: &'a Catalog,
    language: Language,
    blocks: Vec<Block>,
}

impl Writer<'_> {
    fn say(&self, key: &str) -> String {
        self.words.say(self.language, key, &[])
    }

    fn text(&mut self, text: String, bold: bool, align: Align) {
        self.blocks.push(Block::Text { text, bold, align });
    }

    fn field(&mut self, label: String, value: impl Into<String>) {
        self.blocks.push(Block::Field { label, value: value.into() });
    }

    fn heading(&mut self, text: String) {
        self.text(text, true, Align::Left);
    }

    fn title(&mut self) {
        let text = self.settings.centre.get(self.language).to_owned();
        self.blocks.push(Block::Title { text });
    }

    /// Everyday name, and the official one under it, always in Chinese: the window knows it by that name.
    fn item(&mut self, item: &ItemRef) {
        let (label, plain) = (self.say("item"), item.plain_name.get(self.language).to_owned());
        self.field(label, plain);
        self.text(format!("（{}）", item.name.zh), false, Align::Left);
    }

    fn kept(&mut self, paper: &Paper, item: &ItemRef, name: &str, (number, code): (&str, &str), qr: &str) {
        self.item(item);
        let label = self.say("applicant");
        self.field(label, name);
        let label = self.say("kiosk_number");
        self.text(label, false, Align::Left);
        self.blocks.push(Block::Number { text: number.to_owned() });
        let label = self.say("query_code");
        self.field(label, code);
        self.time(paper);
        self.blocks.push(Block::Rule);
        let heading = self.say("next");
        self.heading(heading);
        let text = self.say("kept_next");
        self.text(text, false, Align::Left);
        let text = self.words.say(self.language, "kept_ask", &[("phone", &self.settings.window.phone)]);
        self.text(text, false, Align::Left);
        let caption = self.say("kept_qr");
        self.blocks.push(Block::Qr { payload: qr.to_owned(), caption });
        self.check_page();
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one slip, in the order they are printed")]
    fn accepted(
        &mut self,
        paper: &Paper,
        item: &ItemRef,
        name: &str,
        number: &str,
        receipt: &CaseReceipt,
        qr: &str,
        bring_later: &[String],
    ) {
        self.item(item);
        let label = self.say("applicant");
        self.field(label, name);
        let label = self.say("case_number");
        self.text(label, false, Align::Left);
        self.blocks.push(Block::Number { text: in_groups(&receipt.case_number) });
        let label = self.say("query_code");
        self.field(label, receipt.query_code.clone());
        let (label, received) = (self.say("received"), date_time(receipt.accepted_at));
        self.field(label, received);
        if let Some(date) = receipt.promise_date {
            let label = self.say("promised");
            self.field(label, day(self.language, date));
        }
        self.time(paper);
        self.blocks.push(Block::Rule);
        let heading = self.say("next");
        self.heading(heading);
        let owner = self.catalog.item(&item.item).map(|item| item.owner.get(self.language).to_owned());
        let owner = owner.unwrap_or_default();
        let text = self.words.say(self.language, "accepted_next", &[("owner", &owner)]);
        self.text(text, false, Align::Left);
        if !bring_later.is_empty() {
            let heading = self.say("bring");
            self.heading(heading);
            self.blocks.extend(bring_later.iter().map(|text| Block::Tick { text: text.clone() }));
        }
        let caption = self.say("accepted_qr");
        self.blocks.push(Block::Qr { payload: qr.to_owned(), caption });
        self.check_page();
        let label = self.say("kiosk_number");
        self.field(label, number);
    }

    /// One-time notice (一次性告知单): conditions, materials, time limit, fee, place, phone.
    fn notice(&mut self, item: &ItemId) {
        let Some(found) = self.catalog.item(item) else { return };
        let guide = self.catalog.guide(found, self.language, GuidePart::Short);
        let label = self.say("item");
        self.field(label, guide.plain_name.clone());
        self.text(format!("（{}）", found.reference().name.zh), false, Align::Left);
        let can = match guide.can {
            CanDo::Apply => self.say("can_apply"),
            CanDo::Prefill | CanDo::GuideOnly | CanDo::WindowOnly => self.say("cannot_apply"),
        };
        self.text(can, true, Align::Left);
        self.blocks.push(Block::Rule);
        let heading = self.say("who");
        self.heading(heading);
        for (index, text) in guide.who.iter().enumerate() {
            self.text(format!("{}. {text}", index + 1), false, Align::Left);
        }
        let heading = self.say("materials");
        self.heading(heading);
        for material in &guide.bring {
            let note = if material.by_card {
                self.say("by_card")
            } else {
                match material.need {
                    Need::Required => String::new(),
                    Need::Optional => self.say("optional"),
                    Need::MayFollow => self.say("may_follow"),
                }
            };
            let text = if note.is_empty() { material.name.clone() } else { format!("{}（{note}）", material.name) };
            self.blocks.push(Block::Tick { text });
        }
        self.blocks.push(Block::Rule);
        let how_long = match guide.how_long {
            HowLong::Instant => self.say("instant"),
            HowLong::WorkingDays { count } => self.count("working_days", count),
            HowLong::Days { count } => self.count("days", count),
            HowLong::NotStated => self.say("not_stated"),
        };
        let label = self.say("how_long");
        self.field(label, how_long);
        let (label, fee) = (self.say("fee"), guide.fee.clone().unwrap_or_else(|| self.say("free")));
        self.field(label, fee);
        if guide.visits > 0 {
            let (label, count) = (self.say("visits"), guide.visits.to_string());
            let fill = [("count", count.as_str()), ("why", guide.visits_why.as_str())];
            self.field(label, self.words.say(self.language, "visits_some", &fill));
        } else if guide.can == CanDo::Apply {
            // Nobody who is sent to the window is told that no visit is needed.
            let (label, none) = (self.say("visits"), self.say("visits_none"));
            self.field(label, none);
        }
        let (label, phone) = (self.say("phone"), guide.phone.clone());
        self.field(label, phone);
        let heading = self.say("where");
        self.heading(heading);
        for place in &guide.places {
            self.text(place.name.clone(), false, Align::Left);
            self.text(place.address.clone(), false, Align::Left);
            self.text(place.hours.clone(), false, Align::Left);
        }
        let label = self.say("source");
        self.field(label, guide.source.clone());
    }

    fn count(&self, key: &str, count: u16) -> String {
        self.words.say(self.language, key, &[("count", &count.to_string())])
    }

    fn time(&mut self, paper: &Paper) {
        let label = self.say("time");
        self.field(label, date_time(paper.printed_at));
    }

    /// Where anybody can see whether this slip is genuine, if the county has such a page.
    fn check_page(&mut self) {
        let Some(page) = &self.settings.check_page else { return };
        let text = self.words.say(self.language, "check_page", &[("page", page)]);
        self.text(text, false, Align::Centre);
    }

    fn foot(&mut self) {
        self.blocks.push(Block::Rule);
        let window = &self.settings.window;
        let (name, address) = (window.name.get(self.language).to_owned(), window.address.get(self.language).to_owned());
        let (hours, phone) = (window.hours.get(self.language).to_owned(), window.phone.clone());
        let label = self.say("window");
        self.field(label, name);
        self.text(address, false, Align::Left);
        let label = self.say("hours");
        self.field(label, hours);
        let label = self.say("hotline");
        self.field(label, format!("{}  {phone}", self.settings.hotline));
        if self.catalog.is_sample() {
            let text = self.say("sample");
            self.text(text, false, Align::Centre);
        }
    }
}

fn date_time(moment: jiff::Timestamp) -> String {
    let at = clock(moment);
    format!("{}-{:02}-{:02} {:02}:{:02}", at.year, at.month, at.day, at.hour, at.minute)
}

fn day(language: Language, date: jiff::civil::Date) -> String {
    match language {
        Language::Zh => format!("{}年{}月{}日", date.year(), date.month(), date.day()),
        Language::En => date.to_string(),
    }
}
