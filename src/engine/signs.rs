//! Signs of life: what the engine tells the service manager, and what it asks its parts before it does.
//!
//! `READY=1` goes out once the loop runs, the store is open and the devices are started (in `kiosk run` also not before the
//! window has shown a frame); `WATCHDOG=1` only from the loop, and only while store and devices go on; `STATUS=` when
//! its line changed.

use std::time::Duration;

use super::devices::Devices;
use super::pulse::{DEVICE_SILENCE, Life, Pulse, STORE_SILENCE, Seen};
use crate::domain::time::SinceStart;
use crate::ipc::{Beats, EngineStatus, Notifier};
use crate::store::Store;

/// A window draws at least once in so long, for its own timer asks it to.
const WINDOW_SILENCE: Duration = Duration::from_secs(20);

/// The line to the service manager, and what has to be well before anything good is said on it.
#[derive(Debug, Default)]
pub struct Signs {
    notifier: Notifier,
    window: Option<Beats>,
    pulse: Pulse,
    is_ready: bool,
    said: String,
    still: Option<&'static str>,
}

impl Signs {
    /// For an engine that is a unit of its own.
    pub fn new(notifier: Notifier) -> Self {
        Self { notifier, ..Self::default() }
    }

    /// For an engine with its window in the same process: `window` counts the frames.
    pub fn with_window(notifier: Notifier, window: Beats) -> Self {
        Self { notifier, window: Some(window), ..Self::default() }
    }

    /// How often [`Signs::give`] is wanted; `None` = never.
    pub(super) fn every(&self) -> Option<Duration> {
        self.notifier.every()
    }

    /// Looks at the parts and tells what is true. A machine that is being set up has no store.
    pub(super) fn give(&mut self, now: SinceStart, store: Option<&Store>, devices: &Devices, status: &EngineStatus) {
        let store = store.map(|store| Seen {
            name: "store",
            limit: STORE_SILENCE,
            turns: Some(store.beat()),
            must_begin: false,
        });
        let mut seen: Vec<Seen> = store.into_iter().collect();
        let device = |name, turns| Seen { name, limit: DEVICE_SILENCE, turns, must_begin: false };
        seen.extend(devices.reader.as_ref().map(|reader| device("id-reader", reader.turns())));
        seen.extend(devices.printer.as_ref().map(|printer| device("printer", printer.turns())));
        seen.extend(devices.scanner.as_ref().map(|scanner| device("scanner", scanner.turns())));
        seen.extend(self.window.as_ref().map(|window| Seen {
            name: "window",
            limit: WINDOW_SILENCE,
            turns: Some(window.count()),
            must_begin: true,
        }));
        let life = self.pulse.take(now, &seen);
        self.tell(life, status);
    }

    fn tell(&mut self, life: Life, status: &EngineStatus) {
        let still = match life {
            Life::Well => {
                if !std::mem::replace(&mut self.is_ready, true) {
                    self.notifier.ready();
                }
                None
            }
            Life::Beginning => None,
            Life::Still(part) => Some(part),
        };
        if still.is_none() {
            self.notifier.alive();
        }
        if let Some(part) = still
            && self.still != Some(part)
        {
            tracing::error!(part, "a part of the engine stands still; the watchdog is not fed");
        }
        self.still = still;
        let line = line(status, still);
        if line != self.said {
            self.notifier.status(&line);
            self.said = line;
        }
    }
}

/// One plain line: page, use, what waits, line, devices.
fn line(status: &EngineStatus, still: Option<&'static str>) -> String {
    let used = if status.in_use { "in use" } else { "free" };
    let devices: Vec<String> = status.devices.iter().map(|(role, state)| format!("{role} {state}")).collect();
    let mut line = format!(
        "page {}, {used}, {} waiting, line {}, {}",
        status.page,
        status.waiting,
        status.line,
        devices.join(", ")
    );
    if let Some(part) = still {
        line = format!("{part} stands still; {line}");
    }
    line
}
