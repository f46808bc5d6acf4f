//! From the state to the screen.

use super::{
    AUTOMATIC, DeviceCheck, DeviceState, ELSEWHERE, Enrol, EnrolPrompt, FIXED, Now, PAGE, ROLES, Setup, Step, View,
};
use crate::domain::time::clock;
use crate::ipc::{
    Body, Frame, Pages, Progress, Screen, Setup as Shown, SetupAddress, SetupDevice, SetupEnrol, SetupLevel,
    SetupNetwork, SetupOption, SetupPage, SetupPlace, Stage,
};

impl Setup {
    /// The present screen.
    pub fn screen(&self, now: &Now) -> Screen {
        let step = self.step();
        Screen {
            frame: Frame {
                centre: self.centre(),
                clock: clock(now.wall),
                language: self.language,
                text_size: self.size,
                progress: Some(Progress {
                    step: step.number(),
                    of: Step::COUNT,
                    stage: Stage::SetUp,
                    about: String::new(),
                    minutes_left: step.minutes_left(),
                }),
                can_back: match &self.view {
                    View::Place { .. } | View::Centre { .. } | View::Network { .. } => self.saving.is_none(),
                    View::Enrol(Enrol::Waiting(_)) => self.saving.is_none(),
                    View::Language | View::Enrol(_) | View::Devices { .. } | View::Done { .. } | View::Left => false,
                },
                can_home: false,
                hotline: self.plan.hotline.clone(),
                sample: false,
            },
            body: Body::Setup(Box::new(Shown {
                file: self.file,
                not_saved: self.not_saved,
                saving: self.saving.is_some(),
                page: self.page(),
            })),
            overlay: None,
        }
    }

    /// Name of the centre as soon as it is known.
    fn centre(&self) -> String {
        let place = match &self.view {
            View::Centre { place, .. } => Some(place.as_ref().clone()),
            View::Language | View::Place { .. } => None,
            View::Network { .. } | View::Enrol(_) | View::Devices { .. } | View::Done { .. } | View::Left => {
                self.progress.place()
            }
        };
        place.map(|place| place.centre_name().get(self.language).to_owned()).unwrap_or_default()
    }

    fn page(&self) -> SetupPage {
        match &self.view {
            View::Language => SetupPage::Language,
            View::Place { chosen, page } => {
                let names = self.plan.places.names(chosen);
                let first = page.saturating_sub(1) * PAGE;
                let options = names.iter().enumerate().skip(first).take(PAGE).map(|(index, name)| SetupOption {
                    value: index.to_string(),
                    label: name.get(self.language).to_owned(),
                });
                let path = self.plan.places.path(chosen);
                SetupPage::Place(SetupPlace {
                    level: chosen.level().unwrap_or(SetupLevel::Centre),
                    chosen: path.into_iter().map(|name| name.get(self.language).to_owned()).collect(),
                    options: options.collect(),
                    pages: Pages { page: *page, of: names.len().div_ceil(PAGE).max(1) },
                })
            }
            View::Centre { place, .. } => {
                SetupPage::Centre { centre: place.centre_name().get(self.language).to_owned() }
            }
            View::Network { typing: Some(typing), .. } => SetupPage::Address(SetupAddress {
                number: typing.number(),
                shown: typing.shown(),
                missing: typing.missing(),
                wrong: typing.is_wrong(),
            }),
            View::Network { typing: None, fixed } => SetupPage::Network(SetupNetwork {
                cable: self.network.cable,
                address: self.network.address.map(|address| address.to_string()).unwrap_or_default(),
                fixed: fixed.map(|fixed| format!("{}/{}", fixed.address(), fixed.prefix())).unwrap_or_default(),
            }),
            View::Enrol(enrol) => {
                let prompt = match enrol {
                    Enrol::Waiting(prompt) => *prompt,
                    Enrol::Asking { .. } => EnrolPrompt::Asking,
                    Enrol::Again { why, .. } => EnrolPrompt::Refused { why: *why },
                };
                let code = match prompt {
                    EnrolPrompt::Refused { why } => why.code().to_owned(),
                    EnrolPrompt::Scan | EnrolPrompt::Asking | EnrolPrompt::ScannerLost => String::new(),
                };
                SetupPage::Enrol(SetupEnrol { prompt, code })
            }
            View::Devices { .. } => SetupPage::Devices { devices: self.devices(), ready: self.checks.are_settled() },
            View::Done { .. } | View::Left => SetupPage::Done {
                kiosk: self.progress.enrolled.as_ref().map(|grant| grant.kiosk.to_string()).unwrap_or_default(),
                centre: self.centre(),
            },
        }
    }

    fn devices(&self) -> Vec<SetupDevice> {
        let device = |role| {
            let check = self.checks.of(role);
            let status = self.states.get(&role);
            let broken = status.is_some_and(|status| match status.state {
                DeviceState::Starting | DeviceState::Online | DeviceState::UserError => false,
                DeviceState::Offline | DeviceState::NoDevice | DeviceState::HardwareError | DeviceState::DeviceBusy => {
                    true
                }
            });
            // What has no line cannot be tried; what worked a moment ago stays so.
            let shown = match check {
                DeviceCheck::Untried | DeviceCheck::Trying if broken => DeviceCheck::Fails,
                DeviceCheck::Untried | DeviceCheck::Trying | DeviceCheck::Works => check,
                DeviceCheck::Look | DeviceCheck::Fails | DeviceCheck::Absent => check,
            };
            let code = match shown {
                DeviceCheck::Fails => status.map(|status| status.code.clone()).unwrap_or_default(),
                DeviceCheck::Untried | DeviceCheck::Trying | DeviceCheck::Works => String::new(),
                DeviceCheck::Look | DeviceCheck::Absent => String::new(),
            };
            SetupDevice { role, check: shown, code }
        };
        ROLES.into_iter().map(device).collect()
    }
}

/// Values that pages of the set-up choose with, for the screen.
impl Setup {
    /// "Not in this list".
    pub const ELSEWHERE: &'static str = ELSEWHERE;
    /// "A fixed address".
    pub const FIXED: &'static str = FIXED;
    /// "An address by itself".
    pub const AUTOMATIC: &'static str = AUTOMATIC;
}
