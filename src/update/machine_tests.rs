//! Twelve bad updates on a machine made of tables: two slots, a boot counter, an installer and the real agent and gate.
//!
//! The machine's parts are simple on purpose: the boot loader takes the first slot of its order that has tries left and
//! takes one away; the installer writes the other slot and puts it first; the running image is what its slot holds. What is
//! under test decides: [`Agent`] what is installed and when it restarts, [`judge`] what is good, [`Refusal`] what is told.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use std::collections::VecDeque;
use std::time::Duration;

use super::*;
use crate::domain::time::Now;
use crate::ipc::{Access, EngineStatus, FellBack, StoreSchema};

/// Starts that a fresh slot gets before the boot loader gives it up.
const TRIES: u32 = 2;
/// More starts than a fall-back ever takes.
const STARTS: usize = 3;

/// What is wrong with an image or its bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    NoFrame,
    CrashLoop,
    HungEngine,
    HungScreen,
    ReaderBroken,
    StoreUnreadable,
    WrongModel,
    WrongSignature,
    Truncated,
    FlippedBit,
    OlderVersion,
    DataFull,
}

#[derive(Debug, Clone)]
struct Image {
    version: &'static str,
    fault: Fault,
}

struct Machine {
    slots: [Option<Image>; 2],
    order: [usize; 2],
    left: [u32; 2],
    running: usize,
    boots: u32,
    good: Option<LastGood>,
    bad: Option<Verdict>,
    resume: Option<Resume>,
    fell: Option<FellBack>,
    shown: Status,
    reports: Vec<Progress>,
    starts_since_install: usize,
    in_use: bool,
}

fn name(slot: usize) -> String {
    ["A", "B"][slot].to_owned()
}

impl Machine {
    /// A machine that serves from slot A.
    fn new() -> Self {
        let old = Image { version: "1.0.0", fault: Fault::None };
        let devices = [("id-reader".to_owned(), true), ("printer".to_owned(), true)].into();
        let good = LastGood { version: old.version.to_owned(), slot: name(0), served: true, devices, county: true };
        Self {
            slots: [Some(old), None],
            order: [0, 1],
            left: [TRIES, 0],
            running: 0,
            boots: 1,
            good: Some(good),
            bad: None,
            resume: None,
            fell: None,
            shown: Status::default(),
            reports: Vec::new(),
            starts_since_install: 0,
            in_use: false,
        }
    }

    fn image(&self) -> Image {
        self.slots[self.running].clone().unwrap()
    }

    /// What the running engine says; `None` when it does not answer.
    fn engine(&self) -> Option<EngineStatus> {
        let fault = self.image().fault;
        if matches!(fault, Fault::CrashLoop | Fault::HungEngine) {
            return None;
        }
        let reader = if fault == Fault::ReaderBroken { Access::Absent } else { Access::Opened };
        let store = if fault == Fault::StoreUnreadable { "store.newer" } else { "good" };
        Some(EngineStatus {
            painted: !matches!(fault, Fault::NoFrame | Fault::HungScreen),
            outbox_read: fault != Fault::StoreUnreadable,
            store: store.to_owned(),
            schema: Some(StoreSchema { schema: 1, readable_from: 1 }),
            access: [("id-reader".to_owned(), reader), ("printer".to_owned(), Access::Opened)].into(),
            county_reachable: Some(true),
            // Long enough to install, not long enough to restart.
            quiet_seconds: if self.in_use { 10 } else { 10_000 },
            ..EngineStatus::default()
        })
    }

    /// The boot loader: counters are the only memory it has.
    fn start(&mut self) {
        self.boots += 1;
        self.starts_since_install += 1;
        let slot = self.order.into_iter().find(|slot| self.left[*slot] > 0 && self.slots[*slot].is_some());
        self.running = slot.expect("one slot always starts");
        self.left[self.running] -= 1;
    }

    /// The gate, as its unit runs it: good marks the slot, bad writes the reason; a crash writes nothing.
    fn confirm(&mut self) -> bool {
        if self.image().fault == Fault::CrashLoop {
            return false;
        }
        let facts = Facts::of(self.engine().as_ref());
        let (version, slot) = (self.image().version, name(self.running));
        match judge(&facts, self.good.as_ref()) {
            Judgement::Good => {
                self.left[self.running] = TRIES;
                self.good = Some(LastGood::of(version, &slot, &facts));
                true
            }
            Judgement::NotYet(reasons) => {
                self.bad = Some(Verdict { version: version.to_owned(), slot, reasons });
                false
            }
        }
    }

    fn inspect(bundle: &Image) -> Result<BundleInfo, Refusal> {
        if bundle.fault == Fault::WrongSignature {
            return Err(Refusal::of_words("signature verification failed: Verify error: self-signed certificate"));
        }
        if bundle.fault == Fault::Truncated {
            return Err(Refusal::of_words("Signature size (1869573) exceeds bundle size"));
        }
        let compatible = if bundle.fault == Fault::WrongModel { "other" } else { "bianmin-kiosk" };
        let (compatible, version) = (compatible.to_owned(), bundle.version.to_owned());
        Ok(BundleInfo { compatible, version, schema: 1, readable_from: 1 })
    }

    fn install(&mut self, bundle: &Image) -> Look {
        let other = 1 - self.running;
        // Half a slot is no image.
        (self.slots[other], self.left[other]) = (None, 0);
        if bundle.fault == Fault::FlippedBit {
            return Look::Failed(Refusal::of_words("Failed updating slot rootfs.1: Input/output error"));
        }
        if bundle.fault == Fault::DataFull {
            return Look::Failed(Refusal::of_words("Failed to create slot status: No space left on device"));
        }
        self.slots[other] = Some(bundle.clone());
        Look::Done
    }

    /// The agent of the running image until it rests or wants to restart. Says whether it wants to.
    fn agent(&mut self, bundle: Option<&Image>) -> bool {
        let at = |step: u64| Now {
            since_start: Duration::from_secs(step * 400),
            wall: "2026-11-24T03:00:00+08:00".parse().unwrap(),
            chance: [0; 16],
        };
        let booted = Booted {
            slot: name(self.running),
            version: self.image().version.to_owned(),
            compatible: "bianmin-kiosk".to_owned(),
            other_given_up: self.left[1 - self.running] == 0,
        };
        let rules = Rules {
            window: Window::parse("02:00-05:00").unwrap(),
            offset: Duration::ZERO,
            quiet: Duration::from_secs(900),
            has_fleet: true,
            booted,
            boot: self.boots.to_string(),
            schema: 1,
        };
        let mut agent = Agent::new(rules, &at(0));
        let seen = Seen { resume: self.resume.clone(), bad: self.bad.clone() };
        let mut events = VecDeque::from([Event::Started(seen)]);
        for step in 0..40 {
            while let Some(event) = events.pop_front() {
                for effect in agent.handle(&at(step), event) {
                    match effect {
                        Effect::Restart => return true,
                        Effect::Poll => {
                            let offer = bundle.map(|_| Offer { action: "7".to_owned(), url: "x".to_owned() });
                            let every = Duration::from_secs(300);
                            events.push_back(Event::Polled(Some(Poll { every, offer, cancel: None })));
                        }
                        Effect::AskEngine => events.push_back(Event::Engine(self.engine().map(Box::new))),
                        Effect::Inspect(_) => events.push_back(Event::Inspected(Self::inspect(bundle.unwrap()))),
                        Effect::Install(_) => events.push_back(Event::Ordered(Ok(()))),
                        Effect::Look { .. } => {
                            let look = self.install(bundle.unwrap());
                            events.push_back(Event::Looked(look));
                        }
                        Effect::LookAtGood => {
                            let is_good = self.good.as_ref().is_some_and(|good| good.version == self.image().version);
                            events.push_back(Event::Good(is_good));
                        }
                        Effect::Measure(facts) => {
                            self.good = Some(LastGood::of(self.image().version, &name(self.running), &facts));
                        }
                        Effect::Activate(resume) => {
                            (self.resume, self.bad) = (Some(resume), None);
                            let other = 1 - self.running;
                            self.left[other] = TRIES;
                            self.order = [other, self.running];
                            events.push_back(Event::Activated(Ok(())));
                        }
                        Effect::Report { progress, .. } => self.reports.push(progress),
                        Effect::Remember(resume) => self.resume = resume,
                        Effect::Show(status) => self.shown = status,
                        Effect::RememberFall(fell) => self.fell = fell,
                        Effect::LookForRequest | Effect::ForgetRequest | Effect::Note(_) => {}
                    }
                }
            }
            let closed = |report: &Progress| matches!(report, Progress::Failed { .. } | Progress::Done { .. });
            if self.reports.iter().any(closed) {
                return false;
            }
            events.push_back(Event::Woke);
        }
        false
    }

    /// Offers the bundle and lets the machine do what it does until it rests again.
    fn update(&mut self, bundle: &Image) {
        let wants_restart = self.agent(Some(bundle));
        if !wants_restart {
            return;
        }
        for _ in 0..STARTS {
            self.start();
            if self.confirm() {
                self.agent(None);
                return;
            }
        }
        panic!("it never came to rest");
    }
}

#[test]
fn a_good_update_runs_and_is_reported_as_done() {
    let mut machine = Machine::new();
    machine.update(&Image { version: "1.1.0", fault: Fault::None });
    assert_eq!((machine.image().version, machine.running), ("1.1.0", 1));
    assert!(matches!(machine.reports.last(), Some(Progress::Done { .. })), "{:?}", machine.reports);
    assert_eq!(machine.resume, None);
}

#[test]
fn each_of_twelve_bad_updates_ends_on_the_old_slot_with_its_reason() {
    let table = [
        (Fault::NoFrame, "1.1.0", "update.no-frame", "fell-back"),
        (Fault::CrashLoop, "1.1.0", "update.never-up", "fell-back"),
        (Fault::HungEngine, "1.1.0", "update.no-engine", "fell-back"),
        (Fault::HungScreen, "1.1.0", "update.no-frame", "fell-back"),
        (Fault::ReaderBroken, "1.1.0", "update.device-id-reader", "fell-back"),
        (Fault::StoreUnreadable, "1.1.0", "update.store", "fell-back"),
        (Fault::WrongModel, "1.1.0", "update.wrong-model", "refused"),
        (Fault::WrongSignature, "1.1.0", "update.signature", "refused"),
        (Fault::Truncated, "1.1.0", "update.truncated", "refused"),
        (Fault::FlippedBit, "1.1.0", "update.damaged", "refused"),
        (Fault::OlderVersion, "0.9.0", "update.older", "refused"),
        (Fault::DataFull, "1.1.0", "update.no-space", "refused"),
    ];
    for (fault, version, code, phase) in table {
        let mut machine = Machine::new();
        machine.update(&Image { version, fault });
        assert_eq!((machine.image().version, machine.running), ("1.0.0", 0), "{fault:?}");
        assert!(machine.starts_since_install <= STARTS, "{fault:?}");
        assert_eq!((machine.shown.code.as_str(), machine.shown.phase.as_str()), (code, phase), "{fault:?}");
        assert!(!machine.shown.zh.is_empty() && !machine.shown.en.is_empty(), "{fault:?}");
        let Some(Progress::Failed { details }) = machine.reports.last() else {
            panic!("{fault:?}: {:?}", machine.reports);
        };
        assert_eq!(details[0], code, "{fault:?}");
        assert_eq!(machine.resume, None, "{fault:?}");
        let told = machine.fell.take().map(|fell| (fell.version, fell.back_to, fell.code));
        let expected = (phase == "fell-back").then(|| ("1.1.0".to_owned(), "1.0.0".to_owned(), code.to_owned()));
        assert_eq!(told, expected, "{fault:?}: the technician is told");
        // And it can be updated afterwards.
        machine.reports.clear();
        machine.update(&Image { version: "1.2.0", fault: Fault::None });
        assert_eq!(machine.image().version, "1.2.0", "{fault:?}");
    }
}

#[test]
fn the_reason_of_a_fall_back_is_the_one_of_this_try() {
    let mut machine = Machine::new();
    machine.update(&Image { version: "1.1.0", fault: Fault::NoFrame });
    assert_eq!(machine.shown.code, "update.no-frame");
    machine.reports.clear();
    machine.update(&Image { version: "1.1.0", fault: Fault::CrashLoop });
    assert_eq!(machine.shown.code, "update.never-up");
}

#[test]
fn a_power_cut_while_installing_leaves_the_old_image_and_the_offer_is_taken_again() {
    let mut machine = Machine::new();
    // Half a slot was written, nothing is remembered.
    machine.slots[1] = None;
    machine.start();
    assert!(machine.confirm());
    machine.update(&Image { version: "1.1.0", fault: Fault::None });
    assert_eq!(machine.image().version, "1.1.0");
}

#[test]
fn a_power_cut_between_installation_and_restart_is_no_fall_back_and_costs_nothing() {
    let mut machine = Machine::new();
    let bundle = Image { version: "1.1.0", fault: Fault::None };
    machine.in_use = true;
    assert!(!machine.agent(Some(&bundle)), "a resident is there: it waits");
    assert!(machine.resume.as_ref().is_some_and(|resume| !resume.activated), "{:?}", machine.resume);
    machine.start();
    assert_eq!((machine.running, machine.confirm()), (0, true), "the old slot starts");
    machine.in_use = false;
    machine.update(&bundle);
    assert_eq!((machine.image().version, machine.running), ("1.1.0", 1));
    assert!(!machine.reports.iter().any(|report| matches!(report, Progress::Failed { .. })), "{:?}", machine.reports);
}

#[test]
fn a_power_cut_before_the_judgement_costs_one_try_and_not_the_update() {
    let mut machine = Machine::new();
    let bundle = Image { version: "1.1.0", fault: Fault::None };
    assert!(machine.agent(Some(&bundle)));
    machine.start();
    assert_eq!(machine.running, 1);
    machine.start();
    assert!(machine.confirm());
    machine.agent(None);
    assert_eq!((machine.image().version, machine.left[1]), ("1.1.0", TRIES));
    assert!(matches!(machine.reports.last(), Some(Progress::Done { .. })));
}
