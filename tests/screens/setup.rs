//! Pages of the first start, for the sample pages.

use kiosk::ipc::*;
use kiosk_hal::model::Role;

use crate::samples::{Sample, Words};

pub fn samples(w: &Words) -> Vec<Sample> {
    let centre = w.t("示例县示例镇河东村便民服务中心", "Hedong Village Local Service Centre, Shili Town, Shili County");
    let option = |value: usize, zh, en| SetupOption { value: value.to_string(), label: w.t(zh, en) };
    let device = |role, check, code: &str| SetupDevice { role, check, code: code.into() };
    let enrol = |prompt, code: &str| SetupPage::Enrol(SetupEnrol { prompt, code: code.into() });
    let network = |cable, address: &str, fixed: &str| {
        SetupPage::Network(SetupNetwork { cable, address: address.into(), fixed: fixed.into() })
    };
    let mut samples = vec![
        page("setup-language", 1, 0, SetupPage::Language),
        page(
            "setup-place",
            2,
            0,
            SetupPage::Place(SetupPlace {
                level: SetupLevel::Town,
                chosen: vec![w.t("示例市", "Shili City"), w.t("示例县", "Shili County")],
                options: vec![
                    option(0, "示例镇", "Shili Town"),
                    option(1, "双桥镇", "Shuangqiao Town"),
                    option(2, "青浦乡", "Qingpu Township"),
                    option(3, "新城街道", "Xincheng Street"),
                    option(4, "东港镇", "Donggang Town"),
                    option(5, "西河镇", "Xihe Town"),
                    option(6, "南塘镇", "Nantang Town"),
                    option(7, "北沙镇", "Beisha Town"),
                ],
                pages: Pages { page: 1, of: 2 },
            }),
        ),
        page("setup-centre", 2, 1, SetupPage::Centre { centre: centre.clone() }),
        page("setup-network", 3, 1, network(true, "192.168.1.20", "")),
        page("setup-network-none", 3, 1, network(false, "", "")),
        page("setup-network-fixed", 3, 1, network(true, "192.168.1.20", "192.168.1.30/24")),
        page(
            "setup-address",
            3,
            1,
            SetupPage::Address(SetupAddress {
                number: SetupNumber::Address,
                shown: "192 168 001 0".into(),
                missing: 2,
                wrong: false,
            }),
        ),
        page(
            "setup-address-wrong",
            3,
            1,
            SetupPage::Address(SetupAddress {
                number: SetupNumber::Gateway,
                shown: "192 168 300 001".into(),
                missing: 0,
                wrong: true,
            }),
        ),
        page("setup-enrol", 4, 0, enrol(EnrolPrompt::Scan, "")),
        page("setup-enrol-asking", 4, 0, enrol(EnrolPrompt::Asking, "")),
        page("setup-enrol-no-scanner", 4, 0, enrol(EnrolPrompt::ScannerLost, "")),
        page(
            "setup-devices",
            5,
            1,
            SetupPage::Devices {
                devices: vec![
                    device(Role::IdReader, DeviceCheck::Untried, ""),
                    device(Role::Printer, DeviceCheck::Look, ""),
                    device(Role::Scanner, DeviceCheck::Fails, "scanner.port-missing"),
                ],
                ready: false,
            },
        ),
        page(
            "setup-devices-ready",
            5,
            1,
            SetupPage::Devices {
                devices: vec![
                    device(Role::IdReader, DeviceCheck::Works, ""),
                    device(Role::Printer, DeviceCheck::Absent, ""),
                    device(Role::Scanner, DeviceCheck::Works, ""),
                ],
                ready: true,
            },
        ),
        page("setup-done", 6, 0, SetupPage::Done { kiosk: "K032".into(), centre }),
    ];
    for why in EnrolRefusal::ALL {
        let name = match why {
            EnrolRefusal::OtherPlace => "setup-enrol-other-place",
            EnrolRefusal::NotStored => "setup-enrol-not-stored",
            EnrolRefusal::Expired => "setup-enrol-expired",
            EnrolRefusal::NotACode
            | EnrolRefusal::TooLong
            | EnrolRefusal::Foreign
            | EnrolRefusal::Used
            | EnrolRefusal::OtherKiosk
            | EnrolRefusal::BadAddress
            | EnrolRefusal::NoLine
            | EnrolRefusal::OtherCounty
            | EnrolRefusal::CountyRefused
            | EnrolRefusal::BadAnswer
            | EnrolRefusal::BadFile => "setup-enrol-refused",
        };
        samples.push(page(name, 4, 0, enrol(EnrolPrompt::Refused { why }, why.code())));
    }
    let mut card = page("setup-card-refused", 1, 0, SetupPage::Language);
    if let Body::Setup(setup) = &mut card.body {
        setup.file = Some(EnrolRefusal::Foreign);
    }
    samples.push(card);
    samples
}

fn page(name: &'static str, step: u8, primary: usize, page: SetupPage) -> Sample {
    let body = Body::Setup(Box::new(Setup { file: None, not_saved: false, saving: false, page }));
    let progress = Some(Progress { step, of: 6, stage: Stage::SetUp, about: String::new(), minutes_left: 6 - step });
    Sample { name, body, progress, primary }
}
