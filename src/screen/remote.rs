//! The screen as a process of its own: it has a socket to the engine and nothing else.
//!
//! The engine may be restarted under it: the screen says at once that the machine is out of service, connects again, and
//! shows what the engine then says. Nothing that the engine showed last stays, for it may be somebody's form, and nobody
//! would wipe it when that person leaves. Touches that cannot be delivered are dropped; the person touches again.
//!
//! To the service manager it is ready once a frame was really drawn, and alive while frames are drawn and the engine is
//! listened to or looked for; without an engine it lives, for it shows where to go meanwhile.
//!
//! Left out on purpose: a clock of its own. Without the engine the time of day stands still.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::frames::FRAME_EVERY;
use super::ui::{Ui, UiError, UiRemote};
use crate::ipc::{
    Beats, Body, Clock, Connection, Frame, Language, Notifier, OutOfService, OutReason, Place, Reply, Request, Screen,
    Sender, TextSize, WindowPlace,
};

/// Pause before connecting again: an engine needs about two seconds to come back.
const AGAIN: Duration = Duration::from_millis(500);

/// A machine that was just switched on has this many tries, two minutes, before its engine counts as missing.
const STARTING: u32 = 240;

/// The clock of a screen that never heard of an engine: no year that a machine of ours has seen, so it is not shown.
const NO_TIME: Clock = Clock { year: 2000, month: 1, day: 1, weekday: 6, hour: 0, minute: 0 };

/// What the screen knows without an engine: nothing of any visit.
#[derive(Debug, Clone, PartialEq)]
pub struct Standby {
    /// The language that the next person finds; the texts below are in it.
    pub language: Language,
    /// Full name of the centre.
    pub centre: String,
    /// Where to go meanwhile.
    pub window: WindowPlace,
}

impl Default for Standby {
    /// Nothing is known of the place: the machine is not set up yet.
    fn default() -> Self {
        let place = Place { name: String::new(), address: String::new(), hours: String::new() };
        let window = WindowPlace { place, phone: String::new(), hotline: String::new() };
        Self { language: Language::default(), centre: String::new(), window }
    }
}

/// Runs the window until it is closed.
///
/// # Errors
/// There is no display, or the fonts cannot be read.
pub fn run_remote(socket: &Path, size: (f32, f32), standby: Standby, notifier: Notifier) -> Result<(), UiError> {
    super::ui::prepare()?;
    let line = Arc::new(Line::default());
    let touches = Arc::clone(&line);
    let ui = Ui::new(move |intent| {
        if !touches.with(|line| line.touch(intent)) {
            tracing::warn!("a touch could not be delivered: no engine");
        }
    })?;
    ui.set_size(size.0, size.1);
    // Until the engine speaks: out of service, and never the sample values that a window is made with.
    ui.show(&neutral(Last::default(), 0, &standby));
    let every = notifier.every().unwrap_or(FRAME_EVERY);
    let (stop, stopped) = sync_channel(1);
    let listener = listen(socket.to_owned(), Arc::clone(&line), ui.remote(), standby, stopped);
    let mut signs = Signs { notifier, line, is_ready: false, had_screen: false, followed: 0, still: 0 };
    ui.watch_frames(every, move |_| signs.give());
    let outcome = ui.run();
    stop_listening(&stop);
    drop(listener);
    outcome
}

/// The line to the engine, shared by the thread that draws and the one that listens.
#[derive(Debug, Default)]
struct Line {
    sender: Mutex<Option<Sender>>,
    /// The engine has told what to show.
    has_screen: AtomicBool,
    /// A frame of what the engine told is on the glass.
    painted: AtomicBool,
    /// Grows while the engine is listened to, or looked for.
    follows: Beats,
    /// The engine is listened to: no sign comes while nothing changes.
    connected: AtomicBool,
}

impl Line {
    /// Says something to the engine, if it is there.
    fn with(&self, say: impl FnOnce(&mut Sender) -> std::io::Result<()>) -> bool {
        let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        sender.as_mut().is_some_and(|sender| say(sender).is_ok())
    }

    fn set(&self, sender: Option<Sender>) {
        self.connected.store(sender.is_some(), Ordering::Release);
        *self.sender.lock().unwrap_or_else(PoisonError::into_inner) = sender;
        if self.painted.load(Ordering::Acquire) {
            self.with(Sender::painted);
        }
    }
}

/// What the screen tells the service manager, called once per look at which a new frame was there.
struct Signs {
    notifier: Notifier,
    line: Arc<Line>,
    is_ready: bool,
    /// At the last look the engine had spoken: the frame that was drawn since shows its words.
    had_screen: bool,
    followed: u64,
    still: u32,
}

/// So many looks in a row without the listening thread connecting, listening or trying again: it has ended or hangs.
const LOOKS: u32 = 4;

impl Signs {
    fn give(&mut self) {
        if !std::mem::replace(&mut self.is_ready, true) {
            self.notifier.ready();
        }
        if self.had_screen && !self.line.painted.swap(true, Ordering::AcqRel) {
            self.line.with(Sender::painted);
        }
        self.had_screen = self.line.has_screen.load(Ordering::Acquire);
        let connected = self.line.connected.load(Ordering::Acquire);
        let followed = self.line.follows.count();
        self.still = if connected || followed != self.followed { 0 } else { self.still + 1 };
        self.followed = followed;
        self.notifier.status(if connected { "showing what the engine says" } else { "no engine; connecting again" });
        if self.still < LOOKS {
            self.notifier.alive();
        }
    }
}

fn stop_listening(stop: &SyncSender<()>) {
    // A listener that has ended already needs no word.
    stop.try_send(()).ok();
}

/// Connects, shows what comes, and connects again, on a thread of its own.
fn listen(
    socket: PathBuf,
    line: Arc<Line>,
    remote: UiRemote,
    standby: Standby,
    stopped: Receiver<()>,
) -> Option<std::thread::JoinHandle<()>> {
    let work = move || {
        let mut last = Last::default();
        let mut tries: u32 = 0;
        loop {
            line.follows.beat();
            if let Err(error) = follow(&socket, &line, &remote, &mut last) {
                tracing::warn!(%error, "no engine");
            }
            line.set(None);
            // A window that is not there yet gets it next time; one that is gone ends this thread by its own word.
            tries = tries.saturating_add(1);
            remote.show(neutral(last, tries, &standby)).ok();
            if !matches!(stopped.recv_timeout(AGAIN), Err(std::sync::mpsc::RecvTimeoutError::Timeout)) {
                return;
            }
        }
    };
    std::thread::Builder::new().name("engine-line".to_owned()).spawn(work).ok()
}

/// What is remembered of the last screen: nothing that could belong to a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Last {
    clock: Option<Clock>,
    sample: bool,
}

impl Last {
    fn of(screen: &Screen) -> Self {
        Self { clock: Some(screen.frame.clock), sample: screen.frame.sample }
    }
}

/// Out of service, in the language and size that the next person finds; or starting, before an engine was ever heard.
fn neutral(last: Last, tries: u32, standby: &Standby) -> Screen {
    let starts = last.clock.is_none() && tries <= STARTING;
    Screen {
        frame: Frame {
            centre: standby.centre.clone(),
            clock: last.clock.unwrap_or(NO_TIME),
            language: standby.language,
            text_size: TextSize::default(),
            progress: None,
            can_back: false,
            can_home: false,
            hotline: standby.window.hotline.clone(),
            sample: last.sample,
        },
        body: Body::OutOfService(OutOfService {
            reasons: vec![if starts { OutReason::Starting } else { OutReason::Maintenance }],
            guides_work: false,
            window: standby.window.clone(),
            codes: "screen.no-engine".to_owned(),
            leads_on: false,
        }),
        overlay: None,
    }
}

/// One connection, from its beginning to its end.
fn follow(socket: &Path, line: &Line, remote: &UiRemote, last: &mut Last) -> Result<(), crate::ipc::ConnectionError> {
    let mut connection = Connection::open(socket)?;
    connection.send(&Request::Watch)?;
    line.set(Some(connection.sender()?));
    while let Some(reply) = connection.receive()? {
        match reply {
            Reply::Screen { screen } => {
                *last = Last::of(&screen);
                if remote.show(*screen).is_err() {
                    return Ok(());
                }
                line.has_screen.store(true, Ordering::Release);
            }
            Reply::Status { .. } | Reply::Staff { .. } => {}
            Reply::Error { message } => tracing::warn!(message, "the engine did not understand"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipc::{Overlay, Place, Progress, Stage};

    fn standby() -> Standby {
        Standby {
            language: Language::Zh,
            centre: "示例县示例镇为民服务中心".to_owned(),
            window: WindowPlace {
                place: Place {
                    name: "全科窗口".to_owned(),
                    address: "一楼大厅".to_owned(),
                    hours: "周一至周五".to_owned(),
                },
                phone: "0513-00000000".to_owned(),
                hotline: "12345".to_owned(),
            },
        }
    }

    /// A screen in the middle of somebody's visit: every place that can hold a text holds the same word.
    fn personal() -> Screen {
        let (word, clock) =
            ("张三丰".to_owned(), Clock { year: 2026, month: 11, day: 24, weekday: 2, hour: 9, minute: 5 });
        let place = Place { name: word.clone(), address: word.clone(), hours: word.clone() };
        let window = WindowPlace { place, phone: word.clone(), hotline: word.clone() };
        let about = word.clone();
        Screen {
            frame: Frame {
                centre: word.clone(),
                clock,
                language: Language::En,
                text_size: TextSize::Large,
                progress: Some(Progress { step: 2, of: 4, stage: Stage::Fill, about, minutes_left: 3 }),
                can_back: true,
                can_home: true,
                hotline: word,
                sample: true,
            },
            body: Body::NotKept(window.clone()),
            overlay: Some(Overlay::Help(window)),
        }
    }

    #[test]
    fn without_an_engine_nothing_of_the_last_visit_stays_on_the_screen() {
        let before = personal();
        let after = neutral(Last::of(&before), 1, &standby());
        let text = |screen: &Screen| format!("{screen:?}");
        assert!(text(&before).contains("张三丰") && !text(&after).contains("张三丰"), "{after:?}");
        let Body::OutOfService(out) = &after.body else { panic!("{after:?}") };
        assert_eq!((&out.reasons[..], out.guides_work), (&[OutReason::Maintenance][..], false));
        assert_eq!(out.window, standby().window, "where to go meanwhile");
        assert_eq!((after.frame.language, after.frame.text_size), (Language::Zh, TextSize::Normal));
        assert_eq!((after.frame.progress, after.overlay), (None, None));
        assert_eq!((after.frame.clock, after.frame.sample), (before.frame.clock, true), "what belongs to nobody stays");
    }

    #[test]
    fn a_screen_that_never_heard_of_an_engine_names_its_centre() {
        let screen = neutral(Last::default(), STARTING + 1, &standby());
        assert_eq!(screen.frame.centre, standby().centre);
        assert_eq!((screen.frame.clock, screen.frame.sample), (NO_TIME, false));
    }

    #[test]
    fn a_machine_that_was_just_switched_on_says_that_it_starts_and_one_whose_engine_stays_away_does_not() {
        let reasons = |last, tries| {
            let Body::OutOfService(out) = neutral(last, tries, &standby()).body else { panic!("no such page") };
            out.reasons
        };
        assert_eq!(reasons(Last::default(), 1), [OutReason::Starting]);
        assert_eq!(reasons(Last::default(), STARTING), [OutReason::Starting]);
        assert_eq!(reasons(Last::default(), STARTING + 1), [OutReason::Maintenance]);
        assert_eq!(reasons(Last::of(&personal()), 1), [OutReason::Maintenance], "it served a moment ago");
    }
}
