//! The health gate: whether the image that runs may be called good. Pure.
//!
//! Good means that a resident could walk up now: a frame is on the glass, the engine answers, its store is open and its queue
//! read, every configured device answered since the start or was already away before the update, and the county answers or
//! did not answer before either. What a new image did not break is no reason to go back: the last image that was called
//! good left its facts behind, and they are the measure. A machine without such a memory (its very first start) is measured
//! by itself alone: missing devices and a missing line are no regression of anything. A machine that was never set up is
//! good when its set-up is on the glass; one that served before and finds itself in the set-up has lost its settings.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::folder::LastGood;
use crate::ipc::{Access, EngineStatus};

/// What an engine says of its store while it is the set-up of a machine.
const SETTING_UP: &str = "set-up";

/// What was found out about the running image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The engine answers.
    pub engine: bool,
    /// What runs is the set-up of a new machine, which has neither store nor county.
    pub setting_up: bool,
    /// A screen said that a frame is on the glass.
    pub frame: bool,
    /// The store is open and good.
    pub store: bool,
    /// Its queue was read.
    pub outbox: bool,
    /// What became of each configured device.
    pub devices: BTreeMap<String, Access>,
    /// Whether the county answers; `None` while nobody knows.
    pub county: Option<bool>,
}

impl Facts {
    /// What the engine's answer tells; nothing when there is none.
    pub fn of(status: Option<&EngineStatus>) -> Self {
        status.map_or_else(Self::default, |status| Self {
            engine: true,
            setting_up: status.store == SETTING_UP,
            frame: status.painted,
            store: status.store == "good",
            outbox: status.outbox_read,
            devices: status.access.clone(),
            county: status.county_reachable,
        })
    }
}

/// Why an image is not called good.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "why")]
pub enum Reason {
    /// The engine does not answer.
    NoEngine,
    /// No frame was shown.
    NoFrame,
    /// The machine served before and is in its set-up now.
    Settings,
    /// The store is not open.
    Store,
    /// The queue could not be read.
    Outbox,
    /// A device that answered before the update does not answer.
    Device {
        /// Which.
        role: String,
    },
    /// The county answered before the update and does not answer.
    County,
    /// The installer would not mark the slot as good.
    Mark,
    /// The boot loader gave it up: it did not start, or not for long enough to be judged.
    NeverUp,
    /// It left no word, and the boot loader had not given it up.
    Untold,
}

impl Reason {
    /// Stable code.
    pub fn code(&self) -> String {
        match self {
            Self::NoEngine => "update.no-engine".to_owned(),
            Self::NoFrame => "update.no-frame".to_owned(),
            Self::Settings => "update.settings".to_owned(),
            Self::Store => "update.store".to_owned(),
            Self::Outbox => "update.outbox".to_owned(),
            Self::Device { role } => format!("update.device-{role}"),
            Self::County => "update.county".to_owned(),
            Self::Mark => "update.mark".to_owned(),
            Self::NeverUp => "update.never-up".to_owned(),
            Self::Untold => "update.untold".to_owned(),
        }
    }

    /// One plain line for the technician, in Chinese and in English.
    pub fn lines(&self) -> (String, String) {
        let both = |zh: &str, en: &str| (zh.to_owned(), en.to_owned());
        match self {
            Self::NoEngine => both("新版本的主程序没有运行", "its program did not answer"),
            Self::NoFrame => both("新版本没有显示画面", "it showed no picture"),
            Self::Settings => both("新版本读不到本机的设置", "it did not find this machine's settings"),
            Self::Store => both("新版本打不开已保存的申请", "it could not open what is kept here"),
            Self::Outbox => both("新版本读不出待发送的申请", "it could not read what waits to be sent"),
            Self::Device { role } => {
                let zh = match role.as_str() {
                    "id-reader" => "读卡器",
                    "printer" => "打印机",
                    "scanner" => "扫码器",
                    _ => "设备",
                };
                (format!("新版本连不上{zh}，旧版本可以"), format!("it lost the {role}, which worked before"))
            }
            Self::County => both("新版本连不上县里，旧版本可以", "it lost the line, which worked before"),
            Self::Mark => both("无法把新版本记为可用", "it could not be marked as good"),
            Self::NeverUp => both("新版本没有启动起来", "it did not start up"),
            Self::Untold => both("原因不明：新版本没来得及说明", "unknown: it never got as far as telling"),
        }
    }
}

/// What the gate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// All is as it should be.
    Good,
    /// Not yet; these are missing.
    NotYet(Vec<Reason>),
}

/// Judges. Whether there is time left to wait is the caller's business: out of time, "not yet" is "bad".
pub fn judge(facts: &Facts, before: Option<&LastGood>) -> Judgement {
    let mut missing = Vec::new();
    if !facts.engine {
        // Nothing else can be known without it.
        return Judgement::NotYet(vec![Reason::NoEngine]);
    }
    let mut need = |holds: bool, reason: Reason| {
        if !holds {
            missing.push(reason);
        }
    };
    need(facts.frame, Reason::NoFrame);
    if facts.setting_up {
        need(before.is_none_or(|before| !before.served), Reason::Settings);
        return if missing.is_empty() { Judgement::Good } else { Judgement::NotYet(missing) };
    }
    need(facts.store, Reason::Store);
    need(facts.outbox, Reason::Outbox);
    for (role, access) in &facts.devices {
        let answered = match access {
            Access::Opened | Access::Lost => true,
            Access::Opening | Access::Absent => false,
        };
        // Unknown to the last image: newly fitted together with the update, so nothing was lost.
        let worked_before = before.is_some_and(|before| before.devices.get(role) == Some(&true));
        need(answered || !worked_before, Reason::Device { role: role.clone() });
    }
    let county_worked = before.is_some_and(|before| before.county);
    need(facts.county == Some(true) || !county_worked, Reason::County);
    if missing.is_empty() { Judgement::Good } else { Judgement::NotYet(missing) }
}

/// One start of an image before the gate: on trial, or known as good from before.
///
/// An image that was called good before is not put on trial again: a printer that somebody unplugged, a line that is down, a
/// broken display or an installer that does not answer are not its doing, and no restart would mend them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    last: Option<LastGood>,
    is_known: bool,
}

/// What a trial ends with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Why the image is not good; nothing: it is.
    pub reasons: Vec<Reason>,
    /// What is missing on an image that is good nevertheless.
    pub excused: Vec<Reason>,
    /// The facts are the measure from here on. Otherwise the old measure stays: what an unlucky start did not see must not
    /// be forgiven to the next image.
    pub is_measure: bool,
}

impl Candidate {
    /// Of the image that runs, with the memory of the last good one.
    pub fn of(version: &str, slot: &str, last: Option<LastGood>) -> Self {
        let is_known = last.as_ref().is_some_and(|good| good.version == version && good.slot == slot);
        Self { last, is_known }
    }

    /// It was called good before.
    pub const fn is_known(&self) -> bool {
        self.is_known
    }

    /// What the facts say of it so far.
    pub fn judge(&self, facts: &Facts) -> Judgement {
        judge(facts, self.last.as_ref().filter(|_| !self.is_known))
    }

    /// Ends the trial. `marked`: the installer marked the slot as good.
    pub fn end(&self, facts: &Facts, marked: bool) -> Outcome {
        let mut missing = match self.judge(facts) {
            Judgement::Good => Vec::new(),
            Judgement::NotYet(reasons) => reasons,
        };
        if missing.is_empty() && !marked {
            missing.push(Reason::Mark);
        }
        let is_measure = missing.is_empty() && judge(facts, self.last.as_ref()) == Judgement::Good;
        let (reasons, excused) = if self.is_known { (Vec::new(), missing) } else { (missing, Vec::new()) };
        Outcome { reasons, excused, is_measure }
    }
}

/// The trial of an image that is new here: good is what looked good for `hold` without a break. A part that does one thing
/// well and then hangs looks good until the watchdog ends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    within: Duration,
    hold: Duration,
    good_since: Option<Duration>,
}

impl Trial {
    /// A trial that begins now. After `within` the first look at which something is missing ends it.
    pub fn new(within: Duration, hold: Duration) -> Self {
        Self { within, hold, good_since: None }
    }

    /// Takes one look, `at` so long after the beginning; answers when the trial is over.
    pub fn look(&mut self, at: Duration, judgement: Judgement) -> Option<Judgement> {
        match judgement {
            Judgement::Good => {
                let since = *self.good_since.get_or_insert(at);
                (at.saturating_sub(since) >= self.hold).then_some(Judgement::Good)
            }
            Judgement::NotYet(reasons) => {
                self.good_since = None;
                (at >= self.within).then_some(Judgement::NotYet(reasons))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_that_hangs_after_its_first_frame_is_never_good() {
        let looks = |period: u64, away: u64| {
            let mut trial = Trial::new(Duration::from_secs(120), Duration::from_secs(20));
            (0..400).find_map(|second| {
                let is_there = second % period >= away;
                let judgement = if is_there { Judgement::Good } else { Judgement::NotYet(vec![Reason::NoFrame]) };
                trial.look(Duration::from_secs(second), judgement).map(|verdict| (second, verdict))
            })
        };
        // The watchdog ends it after 12 s, and it is there again some seconds later.
        let no_frame = Judgement::NotYet(vec![Reason::NoFrame]);
        assert_eq!(looks(16, 4), Some((128, no_frame.clone())));
        assert_eq!(looks(20, 2), Some((120, no_frame)));
        // One that stays is good 20 s after its first frame, also where that came late.
        assert_eq!(looks(1_000, 4), Some((24, Judgement::Good)));
        assert_eq!(looks(1_000, 119), Some((139, Judgement::Good)));
    }

    fn good() -> Facts {
        Facts {
            engine: true,
            setting_up: false,
            frame: true,
            store: true,
            outbox: true,
            devices: [("printer".to_owned(), Access::Opened), ("id-reader".to_owned(), Access::Opened)].into(),
            county: Some(true),
        }
    }

    fn before(printer: bool, county: bool) -> LastGood {
        LastGood {
            version: "1.0.0".to_owned(),
            slot: "A".to_owned(),
            served: true,
            devices: [("printer".to_owned(), printer), ("id-reader".to_owned(), true)].into(),
            county,
        }
    }

    fn missing(facts: &Facts, before: Option<&LastGood>) -> Vec<String> {
        match judge(facts, before) {
            Judgement::Good => Vec::new(),
            Judgement::NotYet(reasons) => reasons.iter().map(Reason::code).collect(),
        }
    }

    #[test]
    fn each_fact_alone_keeps_an_image_from_being_good() {
        let worked = before(true, true);
        assert_eq!(judge(&good(), Some(&worked)), Judgement::Good);
        let with = |change: fn(&mut Facts)| {
            let mut facts = good();
            change(&mut facts);
            missing(&facts, Some(&worked))
        };
        assert_eq!(with(|facts| facts.engine = false), ["update.no-engine"]);
        assert_eq!(with(|facts| facts.frame = false), ["update.no-frame"]);
        assert_eq!(with(|facts| facts.store = false), ["update.store"]);
        assert_eq!(with(|facts| facts.outbox = false), ["update.outbox"]);
        assert_eq!(with(|facts| facts.county = Some(false)), ["update.county"]);
        assert_eq!(with(|facts| facts.county = None), ["update.county"], "unknown is not reachable");
        for (access, expected) in [
            (Access::Opened, &[][..]),
            (Access::Lost, &[][..]),
            (Access::Absent, &["update.device-printer"][..]),
            (Access::Opening, &["update.device-printer"][..]),
        ] {
            let mut facts = good();
            facts.devices.insert("printer".to_owned(), access);
            assert_eq!(missing(&facts, Some(&worked)), expected, "{access:?}");
        }
    }

    #[test]
    fn what_was_away_before_is_no_reason_to_go_back() {
        let mut facts = good();
        facts.devices.insert("printer".to_owned(), Access::Absent);
        facts.county = Some(false);
        assert_eq!(judge(&facts, Some(&before(false, false))), Judgement::Good);
        assert_eq!(missing(&facts, Some(&before(true, false))), ["update.device-printer"]);
        assert_eq!(missing(&facts, Some(&before(false, true))), ["update.county"]);
    }

    #[test]
    fn the_very_first_start_is_measured_by_itself() {
        let mut facts = good();
        facts.devices.insert("printer".to_owned(), Access::Absent);
        facts.county = None;
        assert_eq!(judge(&facts, None), Judgement::Good);
        facts.frame = false;
        assert_eq!(missing(&facts, None), ["update.no-frame"], "but it must serve");
    }

    #[test]
    fn a_new_machine_is_good_in_its_set_up_and_one_that_served_is_not() {
        let facts = Facts { engine: true, setting_up: true, frame: true, ..Facts::default() };
        assert_eq!(judge(&facts, None), Judgement::Good, "never set up");
        let fresh = LastGood::of("1.0.0", "A", &facts);
        assert_eq!(judge(&facts, Some(&fresh)), Judgement::Good, "an update before it was set up");
        assert_eq!(missing(&facts, Some(&before(true, true))), ["update.settings"]);
        let dark = Facts { frame: false, ..facts };
        assert_eq!(missing(&dark, None), ["update.no-frame"], "the set-up must be seen as well");
    }

    #[test]
    fn an_unlucky_start_of_a_known_image_is_good_and_leaves_the_measure_as_it_is() {
        let candidate = Candidate::of("1.0.0", "A", Some(before(true, true)));
        assert!(candidate.end(&good(), true).is_measure, "a good start renews it");
        let dark = Facts::default();
        let unplugged = Facts { devices: [("printer".to_owned(), Access::Absent)].into(), ..good() };
        let early = Facts { devices: [("printer".to_owned(), Access::Opening)].into(), county: None, ..good() };
        for (facts, marked) in [(dark, true), (unplugged, true), (early, true), (good(), false)] {
            let outcome = candidate.end(&facts, marked);
            assert_eq!((&outcome.reasons[..], outcome.is_measure), (&[][..], false), "{facts:?}");
        }
        assert_eq!(
            candidate.end(&good(), false).excused,
            [Reason::Mark],
            "no endless restarts for an installer that is away"
        );
    }

    #[test]
    fn an_image_on_trial_is_not_good_before_it_is_marked() {
        for candidate in [Candidate::of("1.1.0", "B", Some(before(true, true))), Candidate::of("1.0.0", "A", None)] {
            assert_eq!(candidate.end(&good(), false).reasons, [Reason::Mark]);
            let outcome = candidate.end(&good(), true);
            assert!(outcome.reasons.is_empty() && outcome.is_measure);
        }
        // The same version in the other slot is another image.
        let candidate = Candidate::of("1.0.0", "B", Some(before(true, true)));
        assert!(!candidate.end(&Facts::default(), true).reasons.is_empty());
    }

    #[test]
    fn a_newly_fitted_device_was_not_lost() {
        let mut facts = good();
        facts.devices.insert("scanner".to_owned(), Access::Absent);
        assert_eq!(judge(&facts, Some(&before(true, true))), Judgement::Good);
    }
}
