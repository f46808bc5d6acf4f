//! The two files as they are written. Nothing is judged here beyond the shape.
//!
//! `items.json` follows the exchange tables and may hold more than we read, so unknown keys are passed over there.
//! `local.json` is our own: an unknown key is a typing slip and is refused.

use serde::Deserialize;
use serde_json::Value;

use super::super::text::Text;

/// `items.json`; items are kept as values so that a fault can name the item.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ItemsFile {
    pub schema_version: String,
    pub organizations: Vec<Organization>,
    pub items: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Organization {
    pub org_id: String,
    pub credit_code: String,
    pub name: String,
    #[serde(default)]
    pub name_en: String,
    pub short_name: String,
    #[serde(default)]
    pub short_name_en: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ItemWritten {
    pub item_id: String,
    #[serde(default)]
    pub sample: bool,
    pub task_name: String,
    #[serde(default)]
    pub task_name_en: String,
    pub task_plain_name: String,
    #[serde(default)]
    pub task_plain_name_en: String,
    pub themes: Vec<String>,
    pub department: String,
    pub task_handle_item: String,
    pub task_version: u32,
    pub task_state: String,
    pub task_type: String,
    pub use_level: String,
    pub dept_id: String,
    #[serde(default)]
    pub town_code: Option<String>,
    #[serde(default)]
    pub village_code: Option<String>,
    pub project_type: String,
    #[serde(default)]
    pub promise_day: Option<u16>,
    #[serde(default)]
    pub promise_type: Option<String>,
    #[serde(default)]
    pub limit_scene_num: u8,
    #[serde(default)]
    pub limit_scene_explain: Option<String>,
    #[serde(default)]
    pub limit_scene_explain_en: Option<String>,
    pub is_service_terminals: String,
    #[serde(default)]
    pub is_pay_online: String,
    #[serde(default)]
    pub by_law: Vec<Law>,
    pub accept_condition: Vec<Condition>,
    pub materials: Vec<MaterialWritten>,
    #[serde(default)]
    pub handle_flow: Vec<Step>,
    pub fee: Fee,
    pub result: ResultWritten,
    #[serde(default)]
    pub remedy: Remedy,
    pub link_way: Telephone,
    pub supervise_way: Telephone,
    pub transact_places: Vec<PlaceWritten>,
    #[serde(default)]
    pub questions: Vec<QuestionWritten>,
    pub form: FormWritten,
    pub kiosk: KioskWritten,
    #[serde(default)]
    pub keywords: Vec<String>,
    #[serde(default)]
    pub life_events: Vec<String>,
    #[serde(default)]
    pub situations: Vec<SituationWritten>,
    #[serde(default)]
    pub eligibility: Vec<RuleWritten>,
    #[serde(default)]
    pub local_notes: Vec<Text>,
    #[serde(default)]
    pub valid_until: ValidUntil,
}

/// Last days on which what changes every year is true.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ValidUntil {
    pub fee: Option<jiff::civil::Date>,
    pub promise: Option<jiff::civil::Date>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SituationWritten {
    pub id: String,
    pub ask: String,
    #[serde(default)]
    pub ask_en: String,
    pub choices: Vec<AnswerWritten>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AnswerWritten {
    pub id: String,
    pub label: String,
    #[serde(default)]
    pub label_en: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WhenWritten {
    pub question: String,
    pub is: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RuleWritten {
    pub any: Vec<TestWritten>,
    pub why_not: String,
    #[serde(default)]
    pub why_not_en: String,
    pub todo: String,
    #[serde(default)]
    pub todo_en: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TestWritten {
    pub fact: String,
    #[serde(default)]
    pub at_least: Option<i64>,
    #[serde(default)]
    pub at_most: Option<i64>,
    #[serde(default)]
    pub one_of: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Law {
    pub title: String,
    #[serde(default)]
    pub title_en: String,
    #[serde(default)]
    pub doc_no: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Condition {
    pub text: String,
    #[serde(default)]
    pub text_en: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MaterialWritten {
    pub material_name: String,
    #[serde(default)]
    pub material_name_en: String,
    pub is_need: String,
    #[serde(default)]
    pub note: Option<String>,
    #[serde(default)]
    pub note_en: String,
    #[serde(default)]
    pub accept_stand: String,
    #[serde(default)]
    pub by_card: bool,
    #[serde(default)]
    pub by_form: bool,
    #[serde(default)]
    pub when: Vec<WhenWritten>,
    #[serde(default)]
    pub reusable: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Step {
    pub step: String,
    #[serde(default)]
    pub step_en: String,
    pub handler: String,
    #[serde(default)]
    pub handler_en: String,
    pub text: String,
    #[serde(default)]
    pub text_en: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fee {
    pub is_fee: String,
    #[serde(default)]
    pub items: Vec<FeeItem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FeeItem {
    pub fee_name: String,
    #[serde(default)]
    pub fee_name_en: String,
    pub fee_stand: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResultWritten {
    pub result_name: String,
    #[serde(default)]
    pub result_name_en: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Remedy {
    pub administrative_review: String,
    pub administrative_review_en: String,
    pub administrative_litigation: String,
    pub administrative_litigation_en: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Telephone {
    pub phone: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlaceWritten {
    pub name: String,
    #[serde(default)]
    pub name_en: String,
    pub address: String,
    #[serde(default)]
    pub address_en: String,
    #[serde(default)]
    pub region_code: String,
    pub office_hours: String,
    #[serde(default)]
    pub office_hours_en: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QuestionWritten {
    pub question: String,
    #[serde(default)]
    pub question_en: String,
    pub answer: String,
    #[serde(default)]
    pub answer_en: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FormWritten {
    pub form_version: u32,
    pub fields: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FieldWritten {
    pub name: String,
    pub label: String,
    #[serde(default)]
    pub label_en: String,
    #[serde(default)]
    pub ask: String,
    #[serde(default)]
    pub ask_en: String,
    #[serde(default)]
    pub help: String,
    #[serde(default)]
    pub help_en: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub required: bool,
    #[serde(default)]
    pub prefill_from: Option<String>,
    #[serde(default)]
    pub dict: Option<String>,
    #[serde(default)]
    pub max_length: Option<usize>,
    #[serde(default)]
    pub pattern: Option<String>,
    #[serde(default)]
    pub mask_on_screen: bool,
    #[serde(default)]
    pub min: Option<u64>,
    #[serde(default)]
    pub max: Option<u64>,
    #[serde(default)]
    pub within_days: Option<WithinDays>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WithinDays {
    pub back: u32,
    pub ahead: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KioskWritten {
    pub mode: String,
    pub identify_by: Vec<String>,
    #[serde(default)]
    pub min_age: Option<u8>,
}

/// `local.json`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LocalFile {
    #[serde(rename = "notice")]
    pub _notice: Option<String>,
    pub schema: u32,
    pub version: String,
    pub source: Text,
    pub taken_at: jiff::civil::Date,
    pub place: LocalPlace,
    pub words: Words,
    pub dicts: std::collections::BTreeMap<String, Vec<LocalChoice>>,
    pub option_labels: std::collections::BTreeMap<String, Text>,
    pub themes: Vec<ThemeWritten>,
    pub departments: Vec<DepartmentWritten>,
    pub notices: Vec<NoticeWritten>,
    #[serde(default)]
    pub life_events: Vec<LifeEventWritten>,
    #[serde(default)]
    pub everyday: Vec<EverydayWritten>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LifeEventWritten {
    pub id: String,
    pub icon: String,
    pub title: Text,
    pub summary: Text,
}

/// Everyday words: how people say it, and the words of the catalogue that are meant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EverydayWritten {
    pub say: Vec<String>,
    pub mean: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LocalPlace {
    pub county: Text,
    pub town: Text,
    pub town_code: String,
    pub villages: Vec<VillageWritten>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VillageWritten {
    pub code: String,
    pub name: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Words {
    pub yes: Text,
    pub no: Text,
    pub same_as_card: Text,
    pub group: PartWritten,
    pub house: PartWritten,
    pub group_suffix: String,
    pub house_suffix: String,
    pub empty_department: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartWritten {
    pub label: Text,
    pub ask: Text,
    pub help: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LocalChoice {
    pub value: String,
    pub label: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ThemeWritten {
    pub id: String,
    pub icon: String,
    pub title: Text,
    pub summary: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DepartmentWritten {
    pub id: String,
    pub icon: String,
    pub name: Text,
    pub today: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoticeWritten {
    pub from: jiff::civil::Date,
    pub until: jiff::civil::Date,
    pub text: Text,
}
