//! Invented residents, and the marks by which each of them could be known.

use kiosk::domain::id::{ItemId, SubmissionId};
use kiosk::domain::submission::{Application, CaseReceipt, FieldValue, ItemRef};
use kiosk::domain::text::Text;
use kiosk::ipc::Source;

/// The residents of a test.
pub const RESIDENTS: std::ops::RangeInclusive<u64> = 1..=1_000;

const FAMILY: [&str; 8] = ["赵", "钱", "孙", "李", "周", "吴", "郑", "欧阳"];
const GIVEN: [&str; 20] = [
    "甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸", "子", "丑", "寅", "卯", "辰", "巳", "午", "未", "申",
    "酉",
];

/// One of them. The area code belongs to no county and the number's date is no day, so nobody has this number.
pub struct Resident {
    n: u64,
    name: String,
    id_number: String,
    phone: String,
    account: String,
}

impl Resident {
    pub fn number(n: u64) -> Self {
        let pick = |list: &[&str], by: u64| list[usize::try_from(by).unwrap() % list.len()].to_owned();
        let name = [pick(&FAMILY, n), pick(&GIVEN, n / 8), pick(&GIVEN, n / 160), pick(&GIVEN, n * 7)].concat();
        Self {
            n,
            name,
            id_number: format!("3206991980{:02}{:02}{n:04}", 13 + n % 80, 32 + n % 60),
            phone: format!("100{:08}", n * 7_919),
            account: format!("6299{:015}", n * 104_729),
        }
    }

    /// What must not be found.
    pub fn marks(&self) -> [String; 4] {
        [self.name.clone(), self.id_number.clone(), self.phone.clone(), self.account.clone()]
    }

    /// An application of about 1.5 kB.
    pub fn application(&self) -> Application {
        let mut chance = [0; 10];
        chance[2..].copy_from_slice(&self.n.to_be_bytes());
        let field = |name: &str, value: &str, source: Source| FieldValue {
            name: name.to_owned(),
            value: value.to_owned(),
            source,
        };
        Application {
            client_submission_id: SubmissionId::from_parts(1_744_246_946_816, chance),
            item: ItemRef {
                item: ItemId("pension".to_owned()),
                code: "000000000".to_owned(),
                version: 3,
                name: Text::new("参保登记", "Enrolment"),
                plain_name: Text::new("办养老保险", ""),
            },
            terminal: "K032".to_owned(),
            confirmed_at: "2025-04-10T01:02:03Z".parse().unwrap(),
            form_version: 2,
            notice: "1/zh".to_owned(),
            fields: vec![
                field("applicantName", &self.name, Source::Card),
                field("applicantIdNo", &self.id_number, Source::Card),
                field("mobile", &self.phone, Source::Resident),
                field("bankAccount", &self.account, Source::Resident),
                field("reason", &"一二三四五六七八九十".repeat(30), Source::Resident),
            ],
        }
    }
}

pub fn receipt(n: u64) -> CaseReceipt {
    CaseReceipt {
        case_number: format!("CASE-{n}"),
        query_code: "246810".to_owned(),
        accepted_at: "2025-04-10T02:00:00Z".parse().unwrap(),
        promise_date: None,
    }
}
