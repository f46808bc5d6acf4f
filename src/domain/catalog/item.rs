//! An item that passed the load: parsed, with nothing in it that could be wrong in shape.

use jiff::civil::Date;

use super::rules::Rule;
use super::situation::{Situation, When};
use crate::domain::id::ItemId;
use crate::domain::submission::ItemRef;
use crate::domain::text::Text;
use crate::ipc::{CanDo, HowLong, Need};

/// One business item (业务办理项): what a resident applies for.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Id in the catalogue.
    pub id: ItemId,
    /// Business item code (业务办理项编码), opaque, at most 64 characters.
    pub code: String,
    /// Rises with each publication.
    pub version: u32,
    /// Official name (事项名称).
    pub name: Text,
    /// Everyday name (日常用语).
    pub plain_name: Text,
    /// The content is a sample.
    pub sample: bool,
    /// Ids of the themes it is listed under; at least one.
    pub themes: Vec<String>,
    /// Id of the department of the list of eleven.
    pub department: String,
    /// Kind of item (事项类型) as written; unknown kinds are kept.
    pub task_type: String,
    /// Level of the owner (行使层级).
    pub level: Level,
    /// Full name of the owner (实施主体).
    pub owner: Text,
    /// Short name of the owner.
    pub owner_short: Text,
    /// Code of the town where it is offered; `None` is everywhere.
    pub town: Option<String>,
    /// Code of the village where it is offered.
    pub village: Option<String>,
    /// Who may apply (受理条件).
    pub conditions: Vec<Text>,
    /// What to bring (申请材料).
    pub materials: Vec<MaterialSpec>,
    /// How long (承诺办结时限).
    pub how_long: HowLong,
    /// Fees; empty is free of charge.
    pub fees: Vec<(Text, String)>,
    /// Visits to the window (到办事现场次数).
    pub visits: u8,
    /// Why a visit is needed.
    pub visits_why: Text,
    /// Where and when; the first is nearest to this centre.
    pub places: Vec<PlaceSpec>,
    /// Telephone for questions.
    pub phone: String,
    /// Telephone for complaints.
    pub complaints_phone: String,
    /// Steps (办理流程): name, who, what.
    pub flow: Vec<[Text; 3]>,
    /// Legal basis (设定依据): title and document number.
    pub law: Vec<(Text, Option<String>)>,
    /// What comes out of it (办理结果).
    pub result: Text,
    /// Remedies (法律救济).
    pub remedies: Vec<Text>,
    /// Questions and answers (常见问题).
    pub questions: Vec<(Text, Text)>,
    /// May a kiosk take the application at all (是否支持自助终端办理)?
    pub terminals: bool,
    /// What the county wants the kiosk to do with it.
    pub mode: Mode,
    /// An ID card is one of the ways to identify.
    pub by_card: bool,
    /// Youngest age in years that may apply.
    pub min_age: Option<u8>,
    /// The form.
    pub form: FormSpec,
    /// What can be done here, decided once at load.
    pub can: CanDo,
    /// Everyday words of this item alone (俗称).
    pub keywords: Vec<String>,
    /// Ids of the life events it belongs to.
    pub life_events: Vec<String>,
    /// Questions that make the list of materials exact; at most three.
    pub situations: Vec<Situation>,
    /// Who may apply, as rules.
    pub rules: Vec<Rule>,
    /// Notes of the town or village.
    pub local_notes: Vec<Text>,
    /// Last day on which the fees are true.
    pub fee_until: Option<Date>,
    /// Last day on which the promised time is true.
    pub promise_until: Option<Date>,
}

impl Item {
    /// The item as an application names it.
    pub fn reference(&self) -> ItemRef {
        ItemRef {
            item: self.id.clone(),
            code: self.code.clone(),
            version: self.version,
            name: self.name.clone(),
            plain_name: self.plain_name.clone(),
        }
    }

    /// How many fields of the form the resident has to answer here.
    pub fn question_count(&self) -> usize {
        let asked = |field: &&Field| field.prefill.is_none() && field.is_answerable();
        self.form.fields.iter().filter(asked).count()
    }

    /// Which of the two public lists it is on.
    pub fn list_type(&self) -> ListType {
        match self.task_type.as_str() {
            "20" => ListType::PublicService,
            "01" | "02" | "03" | "04" | "05" | "06" | "07" | "08" | "09" | "10" => ListType::Power,
            _ => ListType::Unlisted,
        }
    }
}

/// The two lists that a place publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListType {
    /// 行政权力事项.
    Power,
    /// 公共服务事项.
    PublicService,
    /// A type in neither list; it is shown all the same.
    Unlisted,
}

/// Level of the owner (行使层级).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A code that is in no list we know.
    Unknown,
    /// 国家级.
    State,
    /// 省级.
    Province,
    /// 市级.
    City,
    /// 县级.
    County,
    /// 镇（乡、街道）级.
    Town,
    /// 村（社区）级.
    Village,
}

impl Level {
    /// Reads the code, `1` to `6`.
    pub fn from_code(code: &str) -> Self {
        match code {
            "1" => Self::State,
            "2" => Self::Province,
            "3" => Self::City,
            "4" => Self::County,
            "5" => Self::Town,
            "6" => Self::Village,
            _ => Self::Unknown,
        }
    }

    /// The code as a number, 0 for an unknown one.
    pub fn number(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::State => 1,
            Self::Province => 2,
            Self::City => 3,
            Self::County => 4,
            Self::Town => 5,
            Self::Village => 6,
        }
    }
}

/// What the county wants a kiosk to do with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Take the whole application.
    Apply,
    /// Fill in here, finish at the window.
    Prefill,
    /// Show the guide.
    GuideOnly,
}

/// One material.
#[derive(Debug, Clone, PartialEq)]
pub struct MaterialSpec {
    /// Its name.
    pub name: Text,
    /// The line beside it, may be empty.
    pub note: Text,
    /// Necessity.
    pub need: Need,
    /// The reader has it.
    pub by_card: bool,
    /// The form of this machine replaces it.
    pub by_form: bool,
    /// When it is needed; empty is always.
    pub when: Vec<When>,
    /// It is given back and serves again (原件验后退回).
    pub reusable: bool,
}

/// One place with its hours.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceSpec {
    /// Name.
    pub name: Text,
    /// Address.
    pub address: Text,
    /// Opening hours.
    pub hours: Text,
    /// Statistical division code of the place.
    pub region: String,
}

/// The form of an item, as data.
#[derive(Debug, Clone, PartialEq)]
pub struct FormSpec {
    /// `formVersion`.
    pub version: u32,
    /// Fields in order; names are unique.
    pub fields: Vec<Field>,
}

/// One field of a form.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Name in the schema, the key of the value.
    pub name: String,
    /// Label, for lists.
    pub label: Text,
    /// The question as a sentence; the label where the catalogue has none.
    pub ask: Text,
    /// A line of help, may be empty.
    pub help: Text,
    /// Must be answered.
    pub required: bool,
    /// Hidden in part wherever it is shown, but for its own input and for typed digits in the review.
    pub masked: bool,
    /// Known from the card and therefore locked and never asked.
    pub prefill: Option<CardFact>,
    /// What kind of value it is.
    pub kind: FieldKind,
}

impl Field {
    /// This machine can obtain the value: from the card or by asking.
    pub fn is_answerable(&self) -> bool {
        self.prefill.is_some() || !matches!(self.kind, FieldKind::NotHere)
    }
}

/// What a card tells about its holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardFact {
    /// Name.
    Name,
    /// Number.
    Number,
    /// Sex, GB/T 2261.1.
    Gender,
    /// Ethnic group, GB/T 3304.
    Ethnicity,
    /// Birth date.
    Birth,
    /// Address.
    Address,
    /// Issuing authority.
    Authority,
    /// Nationality, three letters.
    Nationality,
}

impl CardFact {
    /// Reads `idCard.*`.
    pub fn from_key(key: &str) -> Option<Self> {
        Some(match key {
            "idCard.name" => Self::Name,
            "idCard.number" => Self::Number,
            "idCard.gender" => Self::Gender,
            "idCard.ethnicity" => Self::Ethnicity,
            "idCard.birth" => Self::Birth,
            "idCard.address" => Self::Address,
            "idCard.authority" => Self::Authority,
            "idCard.nationality" => Self::Nationality,
            _ => return None,
        })
    }
}

/// Kind of value, with everything needed to ask for it and to check it.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldKind {
    /// Mobile number, 11 digits.
    Mobile,
    /// One of several, or with `many` several of several.
    Choice {
        /// The options, at least one; values are unique.
        options: Vec<Choice>,
        /// Several may be chosen.
        many: bool,
    },
    /// An address of this town, or the one on the card.
    Address,
    /// Bank account.
    Account {
        /// Most digits, 12 to 30.
        max_digits: u8,
    },
    /// Money, typed in whole yuan, kept in fen.
    Money {
        /// Least, in yuan.
        min: u64,
        /// Most, in yuan.
        max: u64,
    },
    /// Whole number.
    Integer {
        /// Least.
        min: u64,
        /// Most.
        max: u64,
    },
    /// A day.
    Date {
        /// Farthest back from today, in days.
        back: u32,
        /// Farthest ahead of today, in days.
        ahead: u32,
    },
    /// ID number of another person.
    IdNumber,
    /// A kind this machine cannot take in: text, tables, quarters, unknown kinds, a list that is missing.
    NotHere,
}

/// One option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Value as the platform expects it; holds no comma.
    pub value: String,
    /// Text.
    pub label: Text,
}

/// One village or community of the town.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Village {
    /// Statistical division code, 12 digits.
    pub code: String,
    /// Name.
    pub name: Text,
}

/// What is needed to ask for an address.
#[derive(Debug, Clone, PartialEq)]
pub struct AddressWords {
    /// What every address of the town begins with: county and town, in Chinese.
    pub prefix: String,
    /// The villages to choose from.
    pub villages: Vec<Village>,
    /// Text of the choice "as on the card".
    pub same_as_card: Text,
    /// The question after the group (组).
    pub group: PartWords,
    /// The question after the house number (号).
    pub house: PartWords,
}

/// Texts of a question that belongs to every address.
#[derive(Debug, Clone, PartialEq)]
pub struct PartWords {
    /// Label.
    pub label: Text,
    /// The question.
    pub ask: Text,
    /// A line of help.
    pub help: Text,
    /// What follows the number in the address.
    pub suffix: String,
}
