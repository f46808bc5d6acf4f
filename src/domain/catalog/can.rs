//! What can be done here with an item: the one place that decides about the button to apply.

use super::item::{FormSpec, Mode};
use crate::ipc::CanDo;

/// Decides what can be done.
///
/// `terminals` is `isServiceTerminals`, `by_card` that an ID card identifies for it.
/// "Apply" needs all four: the item allows terminals, the county wants it applied for, the machine can identify, and
/// every required field can be answered.
pub(super) fn can_do(terminals: bool, mode: Mode, by_card: bool, form: &FormSpec) -> CanDo {
    match mode {
        Mode::GuideOnly => CanDo::GuideOnly,
        Mode::Prefill => CanDo::Prefill,
        Mode::Apply if !terminals => CanDo::GuideOnly,
        Mode::Apply if !by_card => CanDo::WindowOnly,
        Mode::Apply => {
            let answerable = form.fields.iter().all(|field| !field.required || field.is_answerable());
            if answerable { CanDo::Apply } else { CanDo::WindowOnly }
        }
    }
}
