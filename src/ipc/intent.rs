//! What a person at the screen wants: one touch, one intent.

use kiosk_hal::model::Role;
use serde::{Deserialize, Serialize};

use super::UpdateAnswer;

/// Language of a session. Chinese is first and is what the next person finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// Simplified Chinese (简体中文).
    #[default]
    Zh,
    /// English.
    En,
}

/// Text size of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextSize {
    /// Base size.
    #[default]
    Normal,
    /// Large print (大字), the elder theme.
    Large,
}

/// One wish of the person at the screen. Every intent is legal on every screen; nonsense is ignored and counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "intent")]
pub enum Intent {
    /// Touched the idle screen.
    Begin,
    /// 返回.
    Back,
    /// 首页.
    Home,
    /// 大字 on or off.
    SetTextSize {
        /// The wanted size.
        size: TextSize,
    },
    /// 中文 or English.
    SetLanguage {
        /// The wanted language.
        language: Language,
    },
    /// 求助: call a person.
    Help,
    /// Close the help panel.
    CloseHelp,
    /// 再给我一点时间.
    MoreTime,
    /// Leave and wipe, after the question whether to.
    Leave,
    /// Stay after the question whether to leave.
    Stay,
    /// Open a theme of the home screen.
    OpenTheme {
        /// Theme id.
        theme: String,
    },
    /// Show the departments.
    OpenDepartments,
    /// Open one department's items.
    OpenDepartment {
        /// Department id.
        department: String,
    },
    /// Open an item's guide.
    OpenItem {
        /// Item id.
        item: String,
    },
    /// Show the full guide of the item.
    OpenFullGuide,
    /// Next page of a long list or guide.
    NextPage,
    /// Previous page.
    PreviousPage,
    /// Print the one-time notice (一次性告知单) of the item.
    PrintNotice,
    /// Start the application.
    Apply,
    /// A key of the digit pad.
    Digit {
        /// `0` to `9`, or `X`.
        digit: char,
    },
    /// 删一位.
    Erase,
    /// 全部清除.
    Clear,
    /// Choose an option, or switch it where several may be chosen.
    Choose {
        /// The option's value.
        value: String,
    },
    /// The one primary action of the form: take the answer, go on.
    Next,
    /// 修改 beside a row of the review.
    Edit {
        /// Index of the question.
        question: usize,
    },
    /// Confirm and hand in.
    Confirm,
    /// Print the slip again, marked as a copy (重打).
    PrintAgain,
    /// Done: take card and paper.
    Finish,
    /// Open "scan the code on your slip".
    OpenScan,
    /// Show where the window is.
    ToWindow,
    /// Open the technician's page.
    OpenService,
    /// The technician's word about the update on the stick.
    AnswerUpdate {
        /// The word.
        answer: UpdateAnswer,
    },
    /// Set-up: try a device now.
    TryDevice {
        /// Which.
        role: Role,
    },
    /// Set-up: I saw that it works (the test slip came out).
    DeviceWorks {
        /// Which.
        role: Role,
    },
    /// Set-up: this machine has none, on purpose; or it has one after all.
    DeviceAbsent {
        /// Which.
        role: Role,
        /// It has none.
        absent: bool,
    },
}
