//! The agent by tables: what it does at which moment.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use super::super::fleet::Offer;
use super::*;
use crate::ipc::{StoreSchema, UpdateAnswer};

const NIGHT: &str = "2026-11-24T03:00:00+08:00";
const DAY: &str = "2026-11-24T10:00:00+08:00";

fn rules() -> Rules {
    Rules {
        window: Window::parse("02:00-05:00").unwrap(),
        offset: Duration::ZERO,
        quiet: Duration::from_secs(900),
        has_fleet: true,
        booted: Booted {
            slot: "A".to_owned(),
            version: "1.0.0".to_owned(),
            compatible: "bianmin-kiosk".to_owned(),
            other_given_up: true,
        },
        boot: "first".to_owned(),
        schema: 1,
    }
}

fn now(seconds: u64, wall: &str) -> Now {
    Now { since_start: Duration::from_secs(seconds), wall: wall.parse().unwrap(), chance: [0; 16] }
}

fn free(quiet: u64) -> EngineStatus {
    EngineStatus {
        quiet_seconds: quiet,
        outbox_read: true,
        schema: Some(StoreSchema { schema: 1, readable_from: 1 }),
        ..EngineStatus::default()
    }
}

fn info(version: &str) -> BundleInfo {
    BundleInfo { compatible: "bianmin-kiosk".to_owned(), version: version.to_owned(), schema: 1, readable_from: 1 }
}

fn offered() -> Event {
    let offer = Some(Offer { action: "7".to_owned(), url: "https://rollout.example/1.raucb".to_owned() });
    Event::Polled(Some(Poll { every: Duration::from_secs(300), offer, cancel: None }))
}

fn wish() -> Event {
    Event::Request(Some(Request { file: "/run/kiosk-stick/1.raucb".into(), ask: false }))
}

fn answer(status: EngineStatus) -> Event {
    Event::Engine(Some(Box::new(status)))
}

fn asking_wish() -> Event {
    Event::Request(Some(Request { file: "/run/kiosk-stick/1.raucb".into(), ask: true }))
}

fn word(answer: UpdateAnswer) -> Event {
    self::answer(EngineStatus { answer: Some(answer), ..free(0) })
}

/// An agent whose bundle on the stick waits for a word.
fn asking(info: BundleInfo) -> Agent {
    let at = now(0, "1970-01-01T00:00:00Z");
    let mut agent = Agent::new(rules(), &at);
    agent.handle(&at, asking_wish());
    let out = agent.handle(&at, Event::Inspected(Ok(info)));
    assert_eq!(shown(&out).map(|status| status.phase.as_str()), Some("asking"));
    agent
}

/// An agent whose update of the server waits for its moment.
fn waiting(info: BundleInfo) -> Agent {
    let at = now(0, NIGHT);
    let mut agent = Agent::new(rules(), &at);
    agent.handle(&at, offered());
    agent.handle(&at, Event::Inspected(Ok(info)));
    assert!(matches!(agent.step(), Step::Waiting(..)), "{:?}", agent.step());
    agent
}

/// An agent whose update is installed.
fn installed(info: BundleInfo, by_stick: bool) -> Agent {
    let at = now(0, NIGHT);
    let mut agent = Agent::new(rules(), &at);
    agent.handle(&at, if by_stick { wish() } else { offered() });
    agent.handle(&at, Event::Inspected(Ok(info)));
    agent.handle(&at, answer(free(60)));
    agent.handle(&at, Event::Looked(Look::Done));
    assert!(matches!(agent.step(), Step::Restart(_)), "{:?}", agent.step());
    agent
}

fn refusal(out: &[Effect]) -> Option<String> {
    shown(out).filter(|status| status.phase == "refused").map(|status| status.code.clone())
}

fn shown(out: &[Effect]) -> Option<&Status> {
    out.iter().find_map(|effect| if let Effect::Show(status) = effect { Some(status) } else { None })
}

fn begins(out: &[Effect]) -> bool {
    out.iter().any(|effect| matches!(effect, Effect::Install(_)))
}

fn activates(effect: &Effect) -> bool {
    matches!(effect, Effect::Activate(resume) if resume.activated)
}

fn failed(out: &[Effect]) -> bool {
    out.iter().any(|effect| matches!(effect, Effect::Report { progress: Progress::Failed { .. }, .. }))
}

#[test]
fn nothing_begins_under_a_residents_hands_nor_outside_of_the_window() {
    let in_use = EngineStatus { in_use: true, ..free(0) };
    for (wall, status, expected) in [
        (NIGHT, free(0), true),
        (NIGHT, in_use.clone(), false),
        (DAY, free(3_600), false),
        (DAY, in_use, false),
        ("1970-01-01T03:00:00Z", free(3_600), false),
    ] {
        let out = waiting(info("1.1.0")).handle(&now(1, wall), answer(status.clone()));
        assert_eq!(begins(&out), expected, "{wall} {status:?}");
    }
}

#[test]
fn a_kiosk_waits_for_its_turn_in_the_window() {
    let at = now(0, NIGHT);
    let mut agent = Agent::new(Rules { offset: Duration::from_secs(5_400), ..rules() }, &at);
    agent.handle(&at, offered());
    agent.handle(&at, Event::Inspected(Ok(info("1.1.0"))));
    assert!(!begins(&agent.handle(&at, answer(free(60)))), "an hour after the opening it is not its turn");
    assert!(begins(&agent.handle(&now(1, "2026-11-24T03:30:00+08:00"), answer(free(60)))));
}

#[test]
fn a_technician_with_a_stick_needs_no_window_and_no_true_clock() {
    let at = now(0, "1970-01-01T00:00:00Z");
    let mut agent = Agent::new(rules(), &at);
    let out = agent.handle(&at, wish());
    assert!(matches!(&out[..], [Effect::Inspect(Source::Stick { .. })]), "{out:?}");
    agent.handle(&at, Event::Inspected(Ok(info("1.1.0"))));
    let in_use = EngineStatus { in_use: true, ..free(0) };
    assert!(!begins(&agent.handle(&at, answer(in_use))), "but a resident who is there comes first");
    assert!(begins(&agent.handle(&at, answer(free(0)))));
    agent.handle(&at, Event::Looked(Look::Done));
    assert!(!agent.handle(&at, answer(free(59))).iter().any(activates));
    assert!(agent.handle(&at, answer(free(60))).iter().any(activates));
}

#[test]
fn a_bundle_that_asks_is_installed_only_after_a_word_on_the_screen_whatever_the_clock_says() {
    let at = now(1, "1970-01-01T00:00:00Z");
    let mut agent = asking(info("1.1.0"));
    for nothing in [Event::Woke, answer(free(3_600)), Event::Engine(None), asking_wish(), offered()] {
        let out = agent.handle(&at, nothing);
        assert!(!begins(&out) && matches!(agent.step(), Step::Asking(..)), "{out:?}");
    }
    agent.handle(&at, word(UpdateAnswer::Install));
    assert!(begins(&agent.handle(&at, answer(free(0)))));

    let mut agent = asking(info("1.1.0"));
    let out = agent.handle(&at, word(UpdateAnswer::Leave));
    assert_eq!(refusal(&out).as_deref(), Some("update.declined"));
    assert!(out.contains(&Effect::ForgetRequest) && agent.step() == &Step::Resting);
    assert!(!begins(&agent.handle(&at, word(UpdateAnswer::Install))), "the word came too late");
}

#[test]
fn a_bundle_that_could_not_read_the_store_is_refused_before_anybody_is_asked() {
    let file = EngineStatus { schema: Some(StoreSchema { schema: 3, readable_from: 2 }), ..free(60) };
    let out = asking(info("1.1.0")).handle(&now(1, DAY), answer(file));
    assert_eq!(refusal(&out).as_deref(), Some("update.schema"));
}

#[test]
fn a_stick_that_is_taken_out_asks_no_more() {
    let mut agent = asking(info("1.1.0"));
    let out = agent.handle(&now(3, DAY), Event::Request(None));
    assert_eq!(shown(&out).map(|status| status.phase.as_str()), Some("resting"));
    assert!(!begins(&agent.handle(&now(4, DAY), word(UpdateAnswer::Install))));
}

#[test]
fn a_restart_that_waits_for_unsent_work_says_so_once_and_says_when_it_no_longer_does() {
    let breaking = BundleInfo { schema: 2, readable_from: 2, ..info("1.1.0") };
    let mut agent = installed(breaking, true);
    let unsent = EngineStatus { waiting: 1, ..free(900) };
    let code = |out: &[Effect]| shown(out).map(|status| status.code.clone());
    assert_eq!(code(&agent.handle(&now(1, DAY), answer(unsent.clone()))).as_deref(), Some("update.unsent"));
    assert_eq!(code(&agent.handle(&now(2, DAY), answer(unsent))), None);
    let out = agent.handle(&now(3, DAY), answer(free(900)));
    assert_eq!(code(&out).as_deref(), Some(""));
    assert!(out.iter().any(activates));
}

#[test]
fn the_machine_restarts_only_when_nobody_was_there_for_a_while_and_nothing_is_stranded() {
    let unsent = EngineStatus { waiting: 1, ..free(900) };
    let aside = EngineStatus { set_aside: 1, ..free(900) };
    let unread = EngineStatus { outbox_read: false, ..free(900) };
    let in_use = EngineStatus { in_use: true, ..free(900) };
    let additive = info("1.1.0");
    let breaking = BundleInfo { schema: 2, readable_from: 2, ..info("1.1.0") };
    for (bundle, wall, status, expected) in [
        (&additive, NIGHT, &free(900), true),
        (&additive, NIGHT, &free(899), false),
        (&additive, NIGHT, &in_use, false),
        (&additive, DAY, &free(900), false),
        (&additive, NIGHT, &unsent, true),
        (&breaking, NIGHT, &free(900), true),
        (&breaking, NIGHT, &unsent, false),
        (&breaking, NIGHT, &aside, false),
        (&breaking, NIGHT, &unread, false),
    ] {
        let out = installed(bundle.clone(), false).handle(&now(1, wall), answer(status.clone()));
        assert_eq!(out.iter().any(activates), expected, "{bundle:?} {wall} {status:?}");
    }
}

#[test]
fn an_engine_that_is_away_is_nobody_only_after_a_while() {
    let mut agent = waiting(info("1.1.0"));
    assert!(!begins(&agent.handle(&now(599, NIGHT), Event::Engine(None))));
    assert!(begins(&agent.handle(&now(600, NIGHT), Event::Engine(None))));
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_written() {
    for (bundle, code) in [
        (BundleInfo { compatible: "other".to_owned(), ..info("1.1.0") }, "update.wrong-model"),
        (info("0.9.0"), "update.older"),
        (info("latest"), "update.no-version"),
    ] {
        let at = now(0, NIGHT);
        let mut agent = Agent::new(rules(), &at);
        agent.handle(&at, offered());
        let out = agent.handle(&at, Event::Inspected(Ok(bundle)));
        assert_eq!(refusal(&out).as_deref(), Some(code));
        assert!(failed(&out) && !begins(&out), "{out:?}");
        assert_eq!(agent.step(), &Step::Resting);
    }
    let file = EngineStatus { schema: Some(StoreSchema { schema: 3, readable_from: 2 }), ..free(60) };
    let mut agent = waiting(info("1.1.0"));
    let out = agent.handle(&now(1, NIGHT), answer(file));
    assert_eq!(refusal(&out).as_deref(), Some("update.schema"));
    assert!(failed(&out) && !begins(&out));
}

#[test]
fn an_offer_of_what_runs_is_answered_with_done_and_a_stick_with_it_is_told_so() {
    let at = now(0, NIGHT);
    let mut agent = Agent::new(rules(), &at);
    agent.handle(&at, offered());
    let out = agent.handle(&at, Event::Inspected(Ok(info("1.0.0"))));
    assert!(matches!(&out[..], [Effect::Report { progress: Progress::Done { .. }, .. }]), "{out:?}");
    assert_eq!(agent.step(), &Step::Resting);
    agent.handle(&at, wish());
    let out = agent.handle(&at, Event::Inspected(Ok(info("1.0.0"))));
    assert_eq!(refusal(&out).as_deref(), Some("update.same"));
}

#[test]
fn a_passing_reason_is_tried_again_and_told_only_at_the_end() {
    let mut agent = Agent::new(rules(), &now(0, NIGHT));
    let mut at = 0;
    for attempt in 1..=TRIES {
        agent.handle(&now(at, NIGHT), offered());
        let out = agent.handle(&now(at, NIGHT), Event::Inspected(Err(Refusal::Unreachable)));
        assert_eq!(refusal(&out).as_deref(), Some("update.unreachable"));
        assert_eq!(failed(&out), attempt == TRIES, "attempt {attempt}");
        let out = agent.handle(&now(at + 1, NIGHT), offered());
        assert_eq!(out.is_empty(), attempt < TRIES, "not at once: {out:?}");
        if attempt == TRIES {
            return;
        }
        at += 300;
    }
}

#[test]
fn an_installer_that_dies_in_the_middle_ends_the_try_and_nothing_is_remembered() {
    let mut agent = waiting(info("1.1.0"));
    agent.handle(&now(1, NIGHT), answer(free(60)));
    let out = agent.handle(&now(2, NIGHT), Event::Looked(Look::Failed(Refusal::NoInstaller)));
    assert_eq!(refusal(&out).as_deref(), Some("update.no-installer"));
    assert!(!out.iter().any(|effect| matches!(effect, Effect::Remember(_))), "{out:?}");
    assert_eq!(agent.step(), &Step::Resting);
}

#[test]
fn what_is_shown_is_written_only_when_it_is_news() {
    let mut agent = waiting(info("1.1.0"));
    agent.handle(&now(1, NIGHT), answer(free(60)));
    let mut shown = Vec::new();
    for (second, percent) in [30, 30, 30, 31, 31].into_iter().enumerate() {
        let out = agent.handle(&now(2 + second as u64, NIGHT), Event::Looked(Look::Busy { percent }));
        shown.extend(out.iter().filter_map(|e| if let Effect::Show(status) = e { Some(status.percent) } else { None }));
    }
    assert_eq!(shown, [30, 31]);
}

fn resume(boot: &str) -> Resume {
    Resume {
        action: Some("7".to_owned()),
        version: "1.1.0".to_owned(),
        readable_from: 1,
        from_slot: "A".to_owned(),
        boot: boot.to_owned(),
        activated: true,
    }
}

#[test]
fn a_machine_that_was_switched_off_before_the_new_slots_turn_did_not_fall_back_and_waits_again() {
    let at = now(0, NIGHT);
    let mut agent = Agent::new(rules(), &at);
    let resume = Resume { activated: false, ..resume("an earlier one") };
    let out = agent.handle(&at, Event::Started(Seen { resume: Some(resume), bad: None }));
    assert!(!failed(&out) && !out.contains(&Effect::Remember(None)), "{out:?}");
    assert_eq!(shown(&out).map(|status| status.phase.as_str()), Some("restart"));
    let out = agent.handle(&at, answer(free(900)));
    assert!(out.iter().any(activates), "{out:?}");
    assert!(agent.handle(&at, Event::Activated(Ok(()))).contains(&Effect::Restart));
}

#[test]
fn coming_up_in_the_old_slot_is_a_fall_back_and_its_reason_is_shown_and_reported() {
    let bad = Verdict { version: "1.1.0".to_owned(), slot: "B".to_owned(), reasons: vec![Reason::NoFrame] };
    let other = Verdict { version: "1.0.9".to_owned(), ..bad.clone() };
    for (bad, code) in [(Some(bad), "update.no-frame"), (None, "update.never-up"), (Some(other), "update.never-up")] {
        let at = now(0, NIGHT);
        let mut agent = Agent::new(rules(), &at);
        let out = agent.handle(&at, Event::Started(Seen { resume: Some(resume("an earlier one")), bad }));
        assert!(failed(&out), "{out:?}");
        assert!(out.contains(&Effect::Remember(None)));
        let remembered = out.iter().find_map(|effect| {
            let Effect::RememberFall(Some(fell)) = effect else { return None };
            Some((fell.version.as_str(), fell.back_to.as_str(), fell.code.as_str()))
        });
        assert_eq!(remembered, Some(("1.1.0", "1.0.0", code)), "with the version, and what runs again");
        let shown = shown(&out).map(|status| (status.phase.as_str(), status.code.as_str(), !status.zh.is_empty()));
        assert_eq!(shown, Some(("fell-back", code, true)));
    }
}

#[test]
fn without_a_word_and_without_a_spent_counter_the_reason_is_told_as_unknown() {
    let at = now(0, NIGHT);
    let booted = Booted { other_given_up: false, ..rules().booted };
    let mut agent = Agent::new(Rules { booted, ..rules() }, &at);
    let out = agent.handle(&at, Event::Started(Seen { resume: Some(resume("an earlier one")), bad: None }));
    assert_eq!(shown(&out).map(|status| status.code.as_str()), Some("update.untold"));
}

#[test]
fn a_new_image_is_reported_as_done_only_once_it_was_called_good() {
    let at = now(0, NIGHT);
    let booted = Booted { slot: "B".to_owned(), version: "1.1.0".to_owned(), ..rules().booted };
    let mut agent = Agent::new(Rules { booted, ..rules() }, &at);
    let out = agent.handle(&at, Event::Started(Seen { resume: Some(resume("an earlier one")), bad: None }));
    assert_eq!(out, [Effect::LookAtGood]);
    assert!(agent.handle(&at, Event::Good(false)).is_empty());
    assert!(agent.handle(&at, offered()).is_empty(), "nothing new before the judgement");
    let out = agent.handle(&at, Event::Good(true));
    assert!(
        out.iter().any(|effect| matches!(effect, Effect::Report { progress: Progress::Done { .. }, .. })),
        "{out:?}"
    );
    assert!(out.contains(&Effect::Remember(None)));
    assert!(out.contains(&Effect::RememberFall(None)), "an older fall-back is no news any more");
    assert!(agent.handle(&at, Event::Good(true)).is_empty(), "once");
}

#[test]
fn an_agent_that_was_restarted_goes_on_waiting_for_its_restart() {
    let at = now(0, NIGHT);
    let mut agent = Agent::new(rules(), &at);
    agent.handle(&at, Event::Started(Seen { resume: Some(resume("first")), bad: None }));
    assert!(agent.handle(&at, Event::Woke).contains(&Effect::AskEngine));
    assert!(agent.handle(&at, answer(free(900))).iter().any(activates));
    let out = agent.handle(&at, Event::Activated(Err(Refusal::NoInstaller)));
    let [Effect::Remember(Some(resume))] = &out[..] else { panic!("no restart into the old slot: {out:?}") };
    assert!(!resume.activated, "and a power cut here is no fall-back either");
    assert!(agent.handle(&at, answer(free(900))).iter().any(activates), "but another try");
    assert!(agent.handle(&at, Event::Activated(Ok(()))).contains(&Effect::Restart));
}

#[test]
fn a_cancelled_action_is_given_up_until_its_installation_begins() {
    let cancel = |action: &str| {
        let cancel = Some(action.to_owned());
        Event::Polled(Some(Poll { every: Duration::from_secs(300), offer: None, cancel }))
    };
    let told =
        |out: &[Effect]| {
            out.iter().find_map(|effect| {
                if let Effect::Report { progress, .. } = effect { Some(progress.clone()) } else { None }
            })
        };
    let mut agent = waiting(info("1.1.0"));
    assert_eq!(told(&agent.handle(&now(1, DAY), cancel("7"))), Some(Progress::Cancelled));
    assert_eq!(agent.step(), &Step::Resting);
    let mut agent = waiting(info("1.1.0"));
    agent.handle(&now(1, NIGHT), answer(free(60)));
    assert_eq!(told(&agent.handle(&now(2, NIGHT), cancel("7"))), Some(Progress::NotCancelled));
    assert!(matches!(agent.step(), Step::Installing(..)));
}

#[test]
fn every_event_is_legal_in_every_step() {
    let events = || {
        [
            Event::Started(Seen::default()),
            Event::Woke,
            Event::Polled(None),
            offered(),
            Event::Engine(None),
            answer(free(3_600)),
            Event::Request(None),
            wish(),
            asking_wish(),
            word(UpdateAnswer::Install),
            Event::Inspected(Ok(info("1.1.0"))),
            Event::Inspected(Err(Refusal::Signature)),
            Event::Ordered(Ok(())),
            Event::Ordered(Err(Refusal::Busy)),
            Event::Looked(Look::Busy { percent: 30 }),
            Event::Looked(Look::Done),
            Event::Looked(Look::Failed(Refusal::Damaged)),
            Event::Activated(Ok(())),
            Event::Good(false),
            Event::Good(true),
        ]
    };
    // All orders of three: every step is reached, every event meets it, and a restart always has its memory.
    for first in events() {
        for second in events() {
            for third in events() {
                for fourth in events() {
                    let mut agent = Agent::new(rules(), &now(0, NIGHT));
                    let mut remembers = false;
                    for (at, event) in [&first, &second, &third, &fourth].into_iter().enumerate() {
                        for effect in agent.handle(&now(at as u64 * 400, NIGHT), event.clone()) {
                            if let Effect::Remember(resume) = &effect {
                                remembers = resume.is_some();
                            }
                            let is_safe = effect != Effect::Restart || remembers;
                            assert!(is_safe, "{first:?} {second:?} {third:?} {fourth:?}");
                        }
                    }
                }
            }
        }
    }
}
