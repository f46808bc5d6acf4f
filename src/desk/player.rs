//! Plays the script of a person: touches by label, waits for screens, takes pictures, lays cards down.
//!
//! The player sees what a person sees (labels and texts of the rendered window) and has hands at the bench. It knows
//! nothing of the engine's inside; page names come with the screens that the engine sends. Every wait has a deadline,
//! and a step that fails says what was on the screen instead.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::order::{Bench, BenchError, Order};
use super::script::{Action, Script};
use crate::ipc::Screen;
use crate::screen::{Headless, HeadlessError, PressError};

/// A step without its own deadline may take this long.
const STEP: Duration = Duration::from_secs(30);
/// Shortest time between two touches.
const PACE: Duration = Duration::from_millis(650);
/// Pause between two looks: shorter than a person notices, longer than nothing.
const LOOK: Duration = Duration::from_millis(15);
/// How long the engine may take to answer a touch. Touches that change nothing cost this much.
const ANSWER: Duration = Duration::from_millis(250);
/// An option that has not come up by then is looked for on the next page.
const TURN: Duration = Duration::from_millis(600);

/// Why a visit did not end as scripted.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// A step could not be done.
    #[error("step {number} ({action}): {message}; the screen is {page:?} with {labels:?} and says {texts:?}")]
    Step {
        /// Which step, from 1.
        number: usize,
        /// What it wanted.
        action: String,
        /// What went wrong.
        message: String,
        /// Page shown.
        page: &'static str,
        /// What could be touched.
        labels: Vec<String>,
        /// What could be read.
        texts: Vec<String>,
    },
    /// The end is not as scripted.
    #[error("the visit ended otherwise: {0}")]
    End(String),
    /// A picture or file could not be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The bench failed.
    #[error(transparent)]
    Bench(#[from] BenchError),
    /// The platform's cases cannot be read.
    #[error("cannot read the cases of the platform: {0}")]
    Cases(#[from] serde_json::Error),
    /// There is no window.
    #[error(transparent)]
    Window(#[from] HeadlessError),
}

/// What the controls that turn the page say.
const NEXT_PAGE: [&str; 2] = ["下一页", "Down"];
const LAST_PAGE: [&str; 2] = ["上一页", "Up"];

/// One player with its window, its bench and its folder.
pub struct Player<'a> {
    window: &'a Headless,
    screens: watch::Receiver<Arc<Screen>>,
    bench: &'a dyn Bench,
    out: Option<PathBuf>,
    shots: usize,
    now: Instant,
    touched: Option<Instant>,
}

impl<'a> Player<'a> {
    /// A player whose pictures go to `out`, if there is such a folder.
    pub fn new(
        window: &'a Headless,
        screens: watch::Receiver<Arc<Screen>>,
        bench: &'a dyn Bench,
        out: Option<PathBuf>,
    ) -> Self {
        Self { window, screens, bench, out, shots: 0, now: super::clock(), touched: None }
    }

    /// Plays a script to its end.
    ///
    /// # Errors
    /// The step that failed and what the screen showed, or how the end differs.
    pub fn play(&mut self, script: &Script) -> Result<(), PlayError> {
        for (index, step) in script.step.iter().enumerate() {
            let Some(action) = step.action() else { continue };
            let within = step.within.map_or(STEP, Duration::from_secs);
            // What is typed or scanned is the person's own and stays out of the log.
            tracing::debug!(step = index + 1, "visit");
            self.act(&action, within).map_err(|message| PlayError::Step {
                number: index + 1,
                action: format!("{action:?}"),
                message,
                page: self.page(),
                labels: self.window.labels(),
                texts: self.window.texts().into_iter().map(|text| text.label).collect(),
            })?;
        }
        self.check_end(script)?;
        self.write_results()
    }

    fn act(&mut self, action: &Action, within: Duration) -> Result<(), String> {
        match action {
            Action::Touch(label) => {
                self.pace();
                self.touch(label, within)
            }
            Action::Type(digits) => digits.chars().try_for_each(|digit| self.digit(&digit.to_string(), within)),
            Action::Choose(label) => self.choose(label, within),
            Action::WaitScreen(page) => self.until(within, |player| {
                if player.page() == page { Ok(()) } else { Err(format!("waiting for the page {page}")) }
            }),
            Action::See(text) => self
                .until(within, |player| if player.sees(text) { Ok(()) } else { Err(format!("nothing says {text:?}")) }),
            Action::SeeNot(text) => {
                self.look();
                if self.sees(text) { Err(format!("something says {text:?}")) } else { Ok(()) }
            }
            Action::Shot(name) => self.shoot(name),
            Action::Pause(time) => {
                let end = super::clock() + *time;
                while super::clock() < end {
                    super::rest(LOOK);
                    self.look();
                }
                Ok(())
            }
            Action::Bench(order) => self.bench.obey(order).map_err(|error| error.to_string()),
            Action::ScanSlip(number) => {
                let text = self.code_of_slip(*number)?;
                self.bench.obey(&Order::Scan { text }).map_err(|error| error.to_string())
            }
            Action::WaitSlips(count) => self.until(within, |player| {
                let have = player.bench.slip_count().map_err(|error| error.to_string())?;
                if have >= *count { Ok(()) } else { Err(format!("{have} slips, waiting for {count}")) }
            }),
            Action::WaitCases(count) => self.until(within, |player| {
                // A platform that is not there yet holds no case yet.
                let have = player.cases().map_err(|error| error.to_string())?.unwrap_or(0);
                if have >= *count { Ok(()) } else { Err(format!("{have} cases, waiting for {count}")) }
            }),
        }
    }

    /// Looks again and again until it works or the time is over.
    fn until(
        &mut self,
        within: Duration,
        mut attempt: impl FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        let end = super::clock() + within;
        loop {
            self.look();
            match attempt(self) {
                Ok(()) => {
                    self.look();
                    return Ok(());
                }
                Err(message) if super::clock() >= end => return Err(message),
                Err(_) => super::rest(LOOK),
            }
        }
    }

    /// Shows the newest screen and lets the window's time go on.
    fn look(&mut self) {
        let screen = Arc::clone(&self.screens.borrow_and_update());
        self.window.show(&screen);
        let now = super::clock();
        self.window.advance(now.saturating_duration_since(self.now));
        self.now = now;
    }

    fn page(&self) -> &'static str {
        self.screens.borrow().body.name()
    }

    /// A label that ends with … stands for the first control that begins like it.
    fn press(&self, label: &str) -> Result<(), String> {
        let whole = label
            .strip_suffix('…')
            .and_then(|begin| self.window.labels().into_iter().find(|known| known.starts_with(begin)));
        self.window.press(whole.as_deref().unwrap_or(label)).map_err(|error| match error {
            PressError::NotThere { label, .. } => format!("no control is labelled {label:?}"),
            PressError::Off { label } => format!("{label:?} is switched off"),
        })
    }

    /// Touches follow each other at a person's pace; the kiosk takes a second touch at once for the same touch.
    fn pace(&self) {
        let now = super::clock();
        if let Some(last) = self.touched
            && now < last + PACE
        {
            super::rest(last + PACE - now);
        }
    }

    /// Touches a control and gives the engine the time to answer, so that the next touch meets the next screen.
    fn touch(&mut self, label: &str, within: Duration) -> Result<(), String> {
        self.until(within, |player| player.press(label))?;
        self.touched = Some(super::clock());
        self.await_answer();
        Ok(())
    }

    fn await_answer(&mut self) {
        let end = super::clock() + ANSWER;
        while !self.screens.has_changed().unwrap_or(true) && super::clock() < end {
            super::rest(LOOK);
        }
        self.look();
    }

    /// A key may be above or below what a small screen shows of the pad.
    fn digit(&mut self, key: &str, within: Duration) -> Result<(), String> {
        let end = super::clock() + within;
        loop {
            let outcome = self.touch(key, TURN);
            if outcome.is_ok() || super::clock() >= end {
                return outcome;
            }
            if self.turn(NEXT_PAGE).or_else(|_| self.turn(LAST_PAGE)).is_ok() {
                self.await_answer();
            }
        }
    }

    /// An option or list entry may be on a later page.
    fn choose(&mut self, label: &str, within: Duration) -> Result<(), String> {
        let end = super::clock() + within;
        loop {
            let outcome = self.touch(label, TURN);
            if outcome.is_ok() || super::clock() >= end {
                return outcome;
            }
            if self.turn(NEXT_PAGE).is_ok() {
                self.await_answer();
            }
        }
    }

    fn turn(&self, labels: [&str; 2]) -> Result<(), String> {
        let mut outcome = Err(String::new());
        for label in labels {
            outcome = self.press(label);
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    fn sees(&self, text: &str) -> bool {
        let says = |control: &crate::screen::Control| control.label.contains(text);
        self.window.texts().iter().any(says) || self.window.controls().iter().any(says)
    }

    fn shoot(&mut self, name: &str) -> Result<(), String> {
        // The engine has answered the last touch and animations are over before a picture is taken.
        for _ in 0..10 {
            super::rest(LOOK);
            self.look();
        }
        self.window.advance(Duration::from_millis(400));
        let Some(out) = &self.out else { return Ok(()) };
        self.shots += 1;
        let picture = self.window.render().map_err(|error| error.to_string())?;
        let path = out.join("screens").join(format!("{:02}-{name}.png", self.shots));
        write(&path, &picture).map_err(|error| error.to_string())
    }

    /// Reads the QR code off the drawn paper, as a scanner would.
    fn code_of_slip(&self, number: usize) -> Result<String, String> {
        let slips = self.bench.slips().map_err(|error| error.to_string())?;
        let slip = number.checked_sub(1).and_then(|index| slips.get(index)).ok_or("there is no such slip")?;
        super::picture::code_on(&slip.png).ok_or_else(|| "no code can be read on that slip".to_owned())
    }

    /// How many cases the platform holds; `None` where there is no platform.
    fn cases(&self) -> Result<Option<usize>, PlayError> {
        Ok(self.bench.cases_json()?.as_deref().map(count_cases).transpose()?)
    }

    fn check_end(&mut self, script: &Script) -> Result<(), PlayError> {
        let end = &script.end;
        self.until(STEP, |player| {
            if player.page() == end.page {
                Ok(())
            } else {
                Err(format!("the page is {}, not {}", player.page(), end.page))
            }
        })
        .map_err(PlayError::End)?;
        if let Some(expected) = end.cases {
            // Nobody who can be asked is not the same as no case.
            let Some(have) = self.cases()? else {
                return Err(PlayError::End(format!("there is no platform that could hold {expected} cases")));
            };
            if have != expected {
                return Err(PlayError::End(format!("the platform holds {have} cases, not {expected}")));
            }
        }
        if let Some(expected) = end.slips {
            let have = self.bench.slip_count()?;
            if have != expected {
                return Err(PlayError::End(format!("{have} pieces of paper came out, not {expected}")));
            }
        }
        Ok(())
    }

    /// Paper and cases, for whoever looks at the visit afterwards. Without a bench there are none.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write_results(&self) -> Result<(), PlayError> {
        let Some(out) = &self.out else { return Ok(()) };
        for (index, slip) in there(self.bench.slips())?.unwrap_or_default().iter().enumerate() {
            let number = index + 1;
            write(&out.join("slips").join(format!("{number}.png")), &slip.png)?;
            write(&out.join("slips").join(format!("{number}.bin")), &slip.bytes)?;
        }
        if let Some(json) = there(self.bench.cases_json())?.flatten() {
            write(&out.join("county.json"), json.as_bytes())?;
        }
        Ok(())
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), PlayError> {
    let failed = |source| PlayError::Write { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, bytes).map_err(failed)
}

/// What the bench gives, or `None` if it has no such part.
fn there<T>(given: Result<T, BenchError>) -> Result<Option<T>, BenchError> {
    match given {
        Ok(given) => Ok(Some(given)),
        Err(error) => {
            if let BenchError::NotHere(_) = error {
                Ok(None)
            } else {
                Err(error)
            }
        }
    }
}

fn count_cases(json: &str) -> Result<usize, serde_json::Error> {
    serde_json::from_str::<Vec<serde_json::Value>>(json).map(|cases| cases.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_that_cannot_be_read_are_not_taken_for_none() {
        assert!(matches!(count_cases("[]"), Ok(0)));
        assert!(matches!(count_cases("[{\"caseNumber\":\"1\"},{}]"), Ok(2)));
        for broken in ["", "{}", "[{}", "<html></html>"] {
            assert!(count_cases(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_part_that_is_not_there_gives_nothing_and_one_that_fails_is_an_error() {
        assert!(matches!(there(Ok(7)), Ok(Some(7))));
        assert!(matches!(there::<()>(Err(BenchError::NotHere("no bench"))), Ok(None)));
        assert!(there::<()>(Err(BenchError::Refused("no".to_owned()))).is_err());
    }
}
