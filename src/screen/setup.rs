//! Connects `SetupAdapter`: the pages of the first start.

use kiosk_hal::model::Role;
use slint::ComponentHandle;

use super::generated::{
    AppWindow, Choice, DeviceCheck as CheckView, EnrolPrompt as PromptView, Refusal, Role as RoleView, SetupAdapter,
    SetupDevice as DeviceView, SetupKind, SetupLevel as LevelView, SetupNumber as NumberView,
};
use super::rows::{self, int};
use super::ui::Sender;
use crate::ipc::{DeviceCheck, EnrolPrompt, EnrolRefusal, Intent, Language, Setup, SetupLevel, SetupNumber, SetupPage};

/// Languages, each named in itself.
const LANGUAGES: [(&str, &str, Language); 2] = [("zh", "中文", Language::Zh), ("en", "English", Language::En)];

pub struct Rows {
    options: rows::Rows<Choice>,
    devices: rows::Rows<DeviceView>,
}

impl Rows {
    pub fn new(app: &AppWindow, send: &Sender) -> Self {
        let rows = Self { options: rows::Rows::new(), devices: rows::Rows::new() };
        let adapter = app.global::<SetupAdapter>();
        adapter.set_options(rows.options.model());
        adapter.set_devices(rows.devices.model());
        let sender = send.clone();
        adapter.on_choose(move |value| sender(Intent::Choose { value: value.into() }));
        let sender = send.clone();
        adapter.on_choose_language(move |value| {
            if let Some((_, _, language)) = LANGUAGES.into_iter().find(|(name, ..)| *name == value.as_str()) {
                sender(Intent::SetLanguage { language });
            }
        });
        let sender = send.clone();
        adapter.on_elsewhere(move || sender(Intent::Choose { value: "elsewhere".to_owned() }));
        let sender = send.clone();
        adapter.on_fixed_address(move || sender(Intent::Choose { value: "fixed".to_owned() }));
        let sender = send.clone();
        adapter.on_automatic(move || sender(Intent::Choose { value: "automatic".to_owned() }));
        let sender = send.clone();
        adapter.on_go_on(move || sender(Intent::Next));
        let sender = send.clone();
        adapter.on_digit(move |digit| {
            if let Some(digit) = digit.chars().next() {
                sender(Intent::Digit { digit });
            }
        });
        let sender = send.clone();
        adapter.on_erase(move || sender(Intent::Erase));
        let sender = send.clone();
        adapter.on_clear(move || sender(Intent::Clear));
        let sender = send.clone();
        adapter.on_next_page(move || sender(Intent::NextPage));
        let sender = send.clone();
        adapter.on_previous_page(move || sender(Intent::PreviousPage));
        let sender = send.clone();
        adapter.on_try(move |of| sender(Intent::TryDevice { role: role(of) }));
        let sender = send.clone();
        adapter.on_works(move |of| sender(Intent::DeviceWorks { role: role(of) }));
        let sender = send.clone();
        adapter.on_absent(move |of, absent| sender(Intent::DeviceAbsent { role: role(of), absent }));
        rows
    }

    pub fn show(&self, app: &AppWindow, setup: &Setup) {
        let adapter = app.global::<SetupAdapter>();
        adapter.set_file(setup.file.map_or(Refusal::None, refusal));
        adapter.set_not_saved(setup.not_saved);
        adapter.set_saving(setup.saving);
        adapter.set_kind(match &setup.page {
            SetupPage::Language => {
                let choice = |(value, label, _): (&str, &str, Language)| option(value, label);
                self.options.put(LANGUAGES.into_iter().map(choice));
                SetupKind::Language
            }
            SetupPage::Place(place) => {
                adapter.set_level(match place.level {
                    SetupLevel::City => LevelView::City,
                    SetupLevel::County => LevelView::County,
                    SetupLevel::Town => LevelView::Town,
                    SetupLevel::Centre => LevelView::Centre,
                });
                adapter.set_chosen(place.chosen.join(" · ").into());
                self.options.put(place.options.iter().map(|place| option(&place.value, &place.label)));
                adapter.set_page(int(place.pages.page));
                adapter.set_pages(int(place.pages.of));
                SetupKind::Place
            }
            SetupPage::Centre { centre } => {
                adapter.set_centre(centre.into());
                SetupKind::Centre
            }
            SetupPage::Network(network) => {
                adapter.set_cable(network.cable);
                adapter.set_address(network.address.as_str().into());
                adapter.set_fixed(network.fixed.as_str().into());
                SetupKind::Network
            }
            SetupPage::Address(address) => {
                adapter.set_number(match address.number {
                    SetupNumber::Address => NumberView::Address,
                    SetupNumber::Prefix => NumberView::Prefix,
                    SetupNumber::Gateway => NumberView::Gateway,
                    SetupNumber::Dns => NumberView::Dns,
                });
                adapter.set_shown(address.shown.as_str().into());
                adapter.set_missing(int(address.missing));
                adapter.set_wrong(address.wrong);
                SetupKind::Address
            }
            SetupPage::Enrol(enrol) => {
                let (prompt, why) = match enrol.prompt {
                    EnrolPrompt::Scan => (PromptView::Scan, Refusal::None),
                    EnrolPrompt::Asking => (PromptView::Asking, Refusal::None),
                    EnrolPrompt::ScannerLost => (PromptView::ScannerLost, Refusal::None),
                    EnrolPrompt::Refused { why } => (PromptView::Refused, refusal(why)),
                };
                adapter.set_prompt(prompt);
                adapter.set_refusal(why);
                adapter.set_code(enrol.code.as_str().into());
                SetupKind::Enrol
            }
            SetupPage::Devices { devices, ready } => {
                self.devices.put(devices.iter().map(|device| DeviceView {
                    role: role_view(device.role),
                    check: check(device.check),
                    code: device.code.as_str().into(),
                }));
                adapter.set_ready(*ready);
                SetupKind::Devices
            }
            SetupPage::Done { kiosk, centre } => {
                adapter.set_kiosk(kiosk.into());
                adapter.set_centre(centre.into());
                SetupKind::Done
            }
        });
    }
}

fn option(value: &str, label: &str) -> Choice {
    Choice { value: value.into(), label: label.into(), chosen: false }
}

fn role(view: RoleView) -> Role {
    match view {
        RoleView::IdReader => Role::IdReader,
        RoleView::Printer => Role::Printer,
        RoleView::Scanner => Role::Scanner,
    }
}

fn role_view(role: Role) -> RoleView {
    match role {
        Role::IdReader => RoleView::IdReader,
        Role::Printer => RoleView::Printer,
        Role::Scanner => RoleView::Scanner,
    }
}

fn check(check: DeviceCheck) -> CheckView {
    match check {
        DeviceCheck::Untried => CheckView::Untried,
        DeviceCheck::Trying => CheckView::Trying,
        DeviceCheck::Works => CheckView::Works,
        DeviceCheck::Look => CheckView::Look,
        DeviceCheck::Fails => CheckView::Fails,
        DeviceCheck::Absent => CheckView::Absent,
    }
}

fn refusal(why: EnrolRefusal) -> Refusal {
    match why {
        EnrolRefusal::NotACode => Refusal::NotACode,
        EnrolRefusal::TooLong => Refusal::TooLong,
        EnrolRefusal::Foreign => Refusal::Foreign,
        EnrolRefusal::Expired => Refusal::Expired,
        EnrolRefusal::Used => Refusal::Used,
        EnrolRefusal::OtherKiosk => Refusal::OtherKiosk,
        EnrolRefusal::OtherPlace => Refusal::OtherPlace,
        EnrolRefusal::BadAddress => Refusal::BadAddress,
        EnrolRefusal::NoLine => Refusal::NoLine,
        EnrolRefusal::OtherCounty => Refusal::OtherCounty,
        EnrolRefusal::CountyRefused => Refusal::CountyRefused,
        EnrolRefusal::BadAnswer => Refusal::BadAnswer,
        EnrolRefusal::NotStored => Refusal::NotStored,
        EnrolRefusal::BadFile => Refusal::BadFile,
    }
}
