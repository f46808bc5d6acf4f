//! From two texts to a catalogue.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::can::can_do;
use super::catalogue::{Catalog, Loaded};
use super::checks::{Doubts, look_over};
use super::error::{CatalogError, CatalogFile, ItemFault, Warning, WarningKind};
use super::fields::{Lists, field};
use super::item::{FormSpec, Item, Level, MaterialSpec, Mode, PlaceSpec};
use super::local;
use super::rules;
use super::situation::{self, Situation};
use super::written::{FieldWritten, ItemWritten, ItemsFile, LocalFile, MaterialWritten, Organization, Remedy};
use crate::domain::id::ItemId;
use crate::domain::text::Text;
use crate::ipc::{HowLong, Need};

/// Format of `items.json` this program reads.
pub(super) const ITEMS_FORMAT: &str = "0.1-sample";
/// Format of `local.json` this program reads.
pub(super) const LOCAL_FORMAT: u32 = 1;
/// Longest item code in characters.
const CODE_LENGTH: usize = 64;
/// Longest name of an item in characters.
const NAME_LENGTH: usize = 100;
/// `taskState` of an item in use.
const IN_USE: &str = "1";

impl Catalog {
    /// Loads a catalogue.
    ///
    /// # Errors
    /// [`CatalogError`] with file, item and field if something is missing, twice, empty or points nowhere.
    pub fn load(items_json: &str, local_json: &str) -> Result<Loaded, CatalogError> {
        Self::from_files(parse(CatalogFile::Local, local_json)?, || parse(CatalogFile::Items, items_json))
    }

    /// Loads a catalogue of the same two files as values.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn from_values(items: Value, local: Value) -> Result<Loaded, CatalogError> {
        Self::from_files(shaped(CatalogFile::Local, local)?, || shaped(CatalogFile::Items, items))
    }

    fn from_files(
        local: LocalFile,
        items: impl FnOnce() -> Result<ItemsFile, CatalogError>,
    ) -> Result<Loaded, CatalogError> {
        if local.schema != LOCAL_FORMAT {
            return Err(CatalogError::Version { file: CatalogFile::Local, found: local.schema.to_string() });
        }
        local::check(&local)?;
        let file = items()?;
        if file.schema_version != ITEMS_FORMAT {
            return Err(CatalogError::Version { file: CatalogFile::Items, found: file.schema_version });
        }
        let lists = Lists::new(&local);
        let mut warnings = Vec::new();
        let mut items: Vec<Item> = Vec::new();
        let mut ids = BTreeSet::new();
        for (position, value) in file.items.into_iter().enumerate() {
            let written = read_item(position, value)?;
            if !ids.insert(written.item_id.clone()) {
                let fault = ItemFault::Twice(written.item_id.clone());
                return Err(fault_of(&written.item_id, "itemId", fault));
            }
            items.extend(item(written, &file.organizations, &local, &lists, &mut warnings)?);
        }
        Ok(Loaded { catalog: local::join(local, items), warnings })
    }
}

fn parse<T: DeserializeOwned>(file: CatalogFile, text: &str) -> Result<T, CatalogError> {
    serde_json::from_str(text).map_err(|source| CatalogError::Shape { file, source })
}

fn shaped<T: DeserializeOwned>(file: CatalogFile, value: Value) -> Result<T, CatalogError> {
    serde_json::from_value(value).map_err(|source| CatalogError::Shape { file, source })
}

/// An error about one field of one item.
pub(super) fn fault_of(item: &str, field: &str, fault: ItemFault) -> CatalogError {
    CatalogError::Item { item: item.to_owned(), field: field.to_owned(), fault }
}

fn read_item(position: usize, value: Value) -> Result<ItemWritten, CatalogError> {
    let id =
        value.get("itemId").and_then(Value::as_str).map_or_else(|| format!("number {}", position + 1), str::to_owned);
    serde_json::from_value(value).map_err(|source| fault_of(&id, "(item)", ItemFault::Shape(source.to_string())))
}

fn item(
    written: ItemWritten,
    organizations: &[Organization],
    local: &LocalFile,
    lists: &Lists<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<Option<Item>, CatalogError> {
    let id = written.item_id.clone();
    check_item(&written, local)?;
    let Some(owner) = organizations.iter().find(|o| o.org_id == written.dept_id) else {
        return Err(fault_of(&id, "deptId", ItemFault::NotDefined(written.dept_id)));
    };
    let mut doubts = Doubts::of(&id, warnings);
    look_over(&written, owner, &mut doubts);
    if written.task_state != IN_USE {
        doubts.note("taskState", WarningKind::NotInUse);
        return Ok(None);
    }
    let mode = mode(&written.kiosk.mode, &mut doubts);
    let form = FormSpec {
        version: written.form.form_version,
        fields: form_fields(&id, written.form.fields, lists, &mut doubts)?,
    };
    let situations = situation::parse(written.situations).map_err(|(path, fault)| fault_of(&id, &path, fault))?;
    let rules = rules::parse(written.eligibility, &situations).map_err(|(path, fault)| fault_of(&id, &path, fault))?;
    let materials = written.materials.into_iter().map(|material| material_spec(material, &situations, &mut doubts));
    let materials = materials.collect::<Result<_, _>>().map_err(|fault| fault_of(&id, "materials.when", fault))?;
    let how_long = how_long(&written.project_type, written.promise_day, written.promise_type.as_deref());
    let terminals = written.is_service_terminals == "1";
    let by_card = written.kiosk.identify_by.iter().any(|way| way == "idCard");
    Ok(Some(Item {
        can: can_do(terminals, mode, by_card, &form),
        id: ItemId(id),
        code: written.task_handle_item,
        version: written.task_version,
        name: Text::new(written.task_name, written.task_name_en),
        plain_name: Text::new(written.task_plain_name, written.task_plain_name_en),
        sample: written.sample,
        themes: written.themes,
        department: written.department,
        task_type: written.task_type,
        level: Level::from_code(&written.use_level),
        owner: Text::new(&owner.name, &owner.name_en),
        owner_short: Text::new(&owner.short_name, &owner.short_name_en),
        town: written.town_code,
        village: written.village_code,
        conditions: written
            .accept_condition
            .into_iter()
            .map(|condition| Text::new(condition.text, condition.text_en))
            .collect(),
        materials,
        how_long,
        fees: written
            .fee
            .items
            .into_iter()
            .map(|fee| (Text::new(fee.fee_name, fee.fee_name_en), fee.fee_stand))
            .collect(),
        visits: written.limit_scene_num,
        visits_why: Text::new(
            written.limit_scene_explain.unwrap_or_default(),
            written.limit_scene_explain_en.unwrap_or_default(),
        ),
        places: written
            .transact_places
            .into_iter()
            .map(|place| PlaceSpec {
                name: Text::new(place.name, place.name_en),
                address: Text::new(place.address, place.address_en),
                hours: Text::new(place.office_hours, place.office_hours_en),
                region: place.region_code,
            })
            .collect(),
        phone: written.link_way.phone,
        complaints_phone: written.supervise_way.phone,
        flow: written
            .handle_flow
            .into_iter()
            .map(|step| {
                [
                    Text::new(step.step, step.step_en),
                    Text::new(step.handler, step.handler_en),
                    Text::new(step.text, step.text_en),
                ]
            })
            .collect(),
        law: written.by_law.into_iter().map(|law| (Text::new(law.title, law.title_en), law.doc_no)).collect(),
        result: Text::new(written.result.result_name, written.result.result_name_en),
        remedies: remedies(written.remedy),
        questions: written
            .questions
            .into_iter()
            .map(|q| (Text::new(q.question, q.question_en), Text::new(q.answer, q.answer_en)))
            .collect(),
        terminals,
        mode,
        by_card,
        min_age: written.kiosk.min_age,
        form,
        keywords: written.keywords,
        life_events: written.life_events,
        situations,
        rules,
        local_notes: written.local_notes,
        fee_until: written.valid_until.fee,
        promise_until: written.valid_until.promise,
    }))
}

/// What an item must have; each fault names the field.
fn check_item(item: &ItemWritten, local: &LocalFile) -> Result<(), CatalogError> {
    let fail = |field: &str, fault| Err(fault_of(&item.item_id, field, fault));
    let needed = [
        ("itemId", &item.item_id),
        ("taskName", &item.task_name),
        ("taskPlainName", &item.task_plain_name),
        ("taskHandleItem", &item.task_handle_item),
        ("linkWay.phone", &item.link_way.phone),
        ("superviseWay.phone", &item.supervise_way.phone),
        ("result.resultName", &item.result.result_name),
    ];
    for (field, value) in needed {
        if value.trim().is_empty() {
            return fail(field, ItemFault::Empty);
        }
    }
    if item.task_handle_item.chars().count() > CODE_LENGTH {
        return fail("taskHandleItem", ItemFault::TooLong(CODE_LENGTH));
    }
    for (field, name) in [("taskName", &item.task_name), ("taskPlainName", &item.task_plain_name)] {
        if name.chars().count() > NAME_LENGTH {
            return fail(field, ItemFault::TooLong(NAME_LENGTH));
        }
    }
    for (field, is_empty) in [
        ("themes", item.themes.is_empty()),
        ("acceptCondition", item.accept_condition.is_empty()),
        ("transactPlaces", item.transact_places.is_empty()),
    ] {
        if is_empty {
            return fail(field, ItemFault::Empty);
        }
    }
    for theme in &item.themes {
        if !local.themes.iter().any(|known| known.id == *theme) {
            return fail("themes", ItemFault::NotDefined(theme.clone()));
        }
    }
    for event in &item.life_events {
        if !local.life_events.iter().any(|known| known.id == *event) {
            return fail("lifeEvents", ItemFault::NotDefined(event.clone()));
        }
    }
    if !local.departments.iter().any(|known| known.id == item.department) {
        return fail("department", ItemFault::NotDefined(item.department.clone()));
    }
    Ok(())
}

fn form_fields(
    item: &str,
    values: Vec<Value>,
    lists: &Lists<'_>,
    doubts: &mut Doubts<'_>,
) -> Result<Vec<super::item::Field>, CatalogError> {
    let mut names = BTreeSet::new();
    let mut fields = Vec::with_capacity(values.len());
    for (position, value) in values.into_iter().enumerate() {
        let path = value
            .get("name")
            .and_then(Value::as_str)
            .map_or_else(|| format!("form.fields number {}", position + 1), |name| format!("form.fields.{name}"));
        let written: FieldWritten = serde_json::from_value(value)
            .map_err(|source| fault_of(item, &path, ItemFault::Shape(source.to_string())))?;
        if !names.insert(written.name.clone()) {
            return Err(fault_of(item, &path, ItemFault::Twice(written.name)));
        }
        fields.push(field(written, lists, &path, doubts).map_err(|fault| fault_of(item, &path, fault))?);
    }
    Ok(fields)
}

fn mode(written: &str, doubts: &mut Doubts<'_>) -> Mode {
    match written {
        "apply" => Mode::Apply,
        "prefill" => Mode::Prefill,
        "guide_only" => Mode::GuideOnly,
        other => {
            doubts.note("kiosk.mode", WarningKind::UnknownMode(other.to_owned()));
            Mode::GuideOnly
        }
    }
}

fn how_long(project_type: &str, days: Option<u16>, unit: Option<&str>) -> HowLong {
    match (project_type, days, unit) {
        ("1", _, _) | (_, Some(0), _) => HowLong::Instant,
        (_, Some(count), Some("1")) => HowLong::WorkingDays { count },
        (_, Some(count), Some("2")) => HowLong::Days { count },
        _ => HowLong::NotStated,
    }
}

fn material_spec(
    material: MaterialWritten,
    questions: &[Situation],
    doubts: &mut Doubts<'_>,
) -> Result<MaterialSpec, ItemFault> {
    let need = match material.is_need.as_str() {
        "1" => Need::Required,
        "2" => Need::Optional,
        "3" => Need::MayFollow,
        other => {
            doubts.note("materials.isNeed", WarningKind::UnknownCode(other.to_owned()));
            Need::Required
        }
    };
    Ok(MaterialSpec {
        name: Text::new(material.material_name, material.material_name_en),
        note: Text::new(material.note.unwrap_or(material.accept_stand), material.note_en),
        need,
        by_card: material.by_card,
        by_form: material.by_form,
        when: situation::parse_when(material.when, questions)?,
        reusable: material.reusable,
    })
}

fn remedies(remedy: Remedy) -> Vec<Text> {
    [
        Text::new(remedy.administrative_review, remedy.administrative_review_en),
        Text::new(remedy.administrative_litigation, remedy.administrative_litigation_en),
    ]
    .into_iter()
    .filter(|text| !text.zh.is_empty())
    .collect()
}
