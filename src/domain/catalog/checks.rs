//! Doubts about one item as written. A doubt is reported, never a reason to refuse.

use super::code::{ItemCode, credit_code_passes};
use super::error::{Warning, WarningKind};
use super::item::Level;
use super::written::{ItemWritten, Organization};
use crate::domain::id::ItemId;

/// Collects the doubts of one item.
pub(super) struct Doubts<'a> {
    item: ItemId,
    warnings: &'a mut Vec<Warning>,
}

impl<'a> Doubts<'a> {
    /// Starts to collect for an item.
    pub fn of(item: &str, warnings: &'a mut Vec<Warning>) -> Self {
        Self { item: ItemId(item.to_owned()), warnings }
    }

    /// Notes a doubt.
    pub fn note(&mut self, field: impl Into<String>, kind: WarningKind) {
        self.warnings.push(Warning { item: self.item.clone(), field: field.into(), kind });
    }

    /// Notes a doubt if something is so.
    fn note_if(&mut self, is_so: bool, field: &str, kind: WarningKind) {
        if is_so {
            self.note(field, kind);
        }
    }
}

/// Finds the doubts about codes, times, visits, fees and telephones.
pub(super) fn look_over(item: &ItemWritten, owner: &Organization, doubts: &mut Doubts<'_>) {
    look_over_codes(item, owner, doubts);
    let instant = item.project_type == "1";
    let days = item.promise_day.unwrap_or(0);
    doubts.note_if(
        matches!(item.project_type.as_str(), "1" | "2") && instant != (days == 0),
        "promiseDay",
        WarningKind::Promise,
    );
    doubts.note_if(
        item.limit_scene_num != 0 && item.limit_scene_explain.as_deref().unwrap_or("").is_empty(),
        "limitSceneExplain",
        WarningKind::VisitReason,
    );
    let costs = item.fee.is_fee == "1";
    doubts.note_if(
        costs == item.fee.items.is_empty() || (!costs && item.is_pay_online == "1"),
        "fee",
        WarningKind::Fee,
    );
    doubts.note_if(item.link_way.phone == item.supervise_way.phone, "superviseWay.phone", WarningKind::SamePhone);
    doubts.note_if(
        item.kiosk.mode == "apply" && item.is_service_terminals != "1",
        "kiosk.mode",
        WarningKind::ModeForbidden,
    );
    doubts.note_if(
        item.task_plain_name_en.is_empty() || item.task_name_en.is_empty(),
        "taskPlainNameEn",
        WarningKind::NoEnglish,
    );
}

fn look_over_codes(item: &ItemWritten, owner: &Organization, doubts: &mut Doubts<'_>) {
    let unknown = |code: &str| WarningKind::UnknownCode(code.to_owned());
    doubts.note_if(Level::from_code(&item.use_level) == Level::Unknown, "useLevel", unknown(&item.use_level));
    let known_type =
        matches!(item.task_type.as_str(), "01" | "02" | "03" | "04" | "05" | "06" | "07" | "08" | "09" | "10" | "20");
    doubts.note_if(!known_type, "taskType", unknown(&item.task_type));
    doubts.note_if(!matches!(item.project_type.as_str(), "1" | "2"), "projectType", unknown(&item.project_type));
    doubts.note_if(!credit_code_passes(&owner.credit_code), "deptCreditCode", WarningKind::CreditCode);
    let Some(code) = ItemCode::parse(&item.task_handle_item) else {
        doubts.note("taskHandleItem", WarningKind::CodeForm);
        return;
    };
    doubts.note_if(code.owner != owner.credit_code, "taskHandleItem", WarningKind::CodeOwner);
    doubts.note_if(code.level != item.use_level, "taskHandleItem", WarningKind::CodeLevel);
    doubts.note_if(code.task_type != item.task_type, "taskHandleItem", WarningKind::CodeType);
}
