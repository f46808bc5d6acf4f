//! Scripts of a person at the machine, as TOML.
//!
//! A script is a list of steps, each with exactly one action. Labels are those a screen reader would say, so a script
//! reads like the visit it describes and survives a change of layout.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::order::Order;

/// One visit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// What the visit is about.
    pub title: String,
    /// Settings of the machine that differ from the desk's for this visit.
    #[serde(default)]
    pub machine: MachineSettings,
    /// What is true when the visit is over.
    #[serde(default)]
    pub end: Ending,
    /// The steps.
    pub step: Vec<Step>,
}

/// Settings that a script may change.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineSettings {
    /// Seconds without a touch until the warning.
    pub idle_warning_s: Option<u64>,
    /// Seconds without a touch until the end.
    pub idle_wipe_s: Option<u64>,
    /// Size of the screen, `1080x1920` if left out.
    pub size: Option<String>,
    /// Leave the machine's database beside the pictures, for whoever looks what is in it.
    #[serde(default)]
    pub keep_store: bool,
}

/// What is true when the visit is over.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// The page shown.
    #[serde(default = "idle")]
    pub page: String,
    /// Cases the platform holds.
    pub cases: Option<usize>,
    /// Pieces of paper.
    pub slips: Option<usize>,
}

impl Default for Ending {
    fn default() -> Self {
        Self { page: idle(), cases: None, slips: None }
    }
}

fn idle() -> String {
    "idle".to_owned()
}

/// One step as written: exactly one action, perhaps with its own deadline.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Touch the control with this label.
    pub touch: Option<String>,
    /// Type digits on the pad.
    #[serde(rename = "type")]
    pub digits: Option<String>,
    /// Choose the option with this label, turning pages until it is there.
    pub choose: Option<String>,
    /// Wait until this page is shown.
    pub wait_screen: Option<String>,
    /// Wait until a text that holds this is on the screen.
    pub see: Option<String>,
    /// Nothing on the screen may hold this.
    pub see_not: Option<String>,
    /// Take a picture.
    pub shot: Option<String>,
    /// Lay a card down; `none` takes it away.
    pub card: Option<String>,
    /// Hold a code before the scanner.
    pub scan: Option<String>,
    /// Hold the QR code of the n-th slip before the scanner, from 1.
    pub scan_slip: Option<usize>,
    /// Switch a fault on: `device name`.
    pub fault: Option<String>,
    /// Switch a fault off: `device name`.
    pub mend: Option<String>,
    /// Pull a plug.
    pub unplug: Option<String>,
    /// Put it back.
    pub plug: Option<String>,
    /// New paper.
    pub refill: Option<bool>,
    /// `up` or `down`.
    pub line: Option<String>,
    /// Wait until so many pieces of paper came out.
    pub wait_slips: Option<usize>,
    /// Wait until the platform holds so many cases.
    pub wait_cases: Option<usize>,
    /// Do nothing for so many seconds.
    pub pause: Option<u64>,
    /// Seconds this step may take.
    pub within: Option<u64>,
}

/// One step as meant.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Touch the control with this label.
    Touch(String),
    /// Type digits on the pad.
    Type(String),
    /// Choose an option.
    Choose(String),
    /// Wait for a page.
    WaitScreen(String),
    /// Wait for a text.
    See(String),
    /// Nothing may hold this text.
    SeeNot(String),
    /// Take a picture.
    Shot(String),
    /// Something happens at the bench.
    Bench(Order),
    /// Scan the code of a slip.
    ScanSlip(usize),
    /// Do nothing for a while.
    Pause(Duration),
    /// Wait for paper.
    WaitSlips(usize),
    /// Wait for cases.
    WaitCases(usize),
}

/// A script that cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// The file or folder cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a script.
    #[error("{path} is not a script: {message}")]
    Parse {
        /// Which.
        path: PathBuf,
        /// Where and what.
        message: String,
    },
    /// A step has no action or several.
    #[error("{path}: step {number} has {count} actions; it must have exactly one")]
    Actions {
        /// Which file.
        path: PathBuf,
        /// Which step, from 1.
        number: usize,
        /// How many.
        count: usize,
    },
    /// The folder holds no script.
    #[error("{path} holds no script (*.toml)")]
    Empty {
        /// Which.
        path: PathBuf,
    },
}

impl Script {
    /// Reads a script and checks every step.
    ///
    /// # Errors
    /// Names the file, the line or the step.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ScriptError> {
        let script: Self = toml::from_str(text)
            .map_err(|error| ScriptError::Parse { path: path.to_owned(), message: error.to_string() })?;
        for (index, step) in script.step.iter().enumerate() {
            let count = step.actions().len();
            if count != 1 {
                return Err(ScriptError::Actions { path: path.to_owned(), number: index + 1, count });
            }
        }
        Ok(script)
    }

    /// The scripts of a file or of a folder, by name.
    ///
    /// # Errors
    /// As for one script.
    pub fn load(path: &Path) -> Result<Vec<(PathBuf, Self)>, ScriptError> {
        let read = |source| ScriptError::Read { path: path.to_owned(), source };
        let mut files = Vec::new();
        if path.is_dir() {
            for entry in std::fs::read_dir(path).map_err(read)? {
                let file = entry.map_err(read)?.path();
                if file.extension().is_some_and(|ending| ending == "toml") {
                    files.push(file);
                }
            }
            files.sort();
            if files.is_empty() {
                return Err(ScriptError::Empty { path: path.to_owned() });
            }
        } else {
            files.push(path.to_owned());
        }
        files
            .into_iter()
            .map(|file| {
                let text = std::fs::read_to_string(&file)
                    .map_err(|source| ScriptError::Read { path: file.clone(), source })?;
                let script = Self::parse(&file, &text)?;
                Ok((file, script))
            })
            .collect()
    }
}

impl Step {
    /// The one action of a checked step.
    pub fn action(&self) -> Option<Action> {
        self.actions().pop()
    }

    fn actions(&self) -> Vec<Action> {
        let fault = |text: &String, on| {
            let (device, name) = text.split_once(' ').unwrap_or((text, ""));
            Action::Bench(Order::Fault { device: device.into(), name: name.into(), on })
        };
        let plug = |device: &String, plugged| Action::Bench(Order::Plug { device: device.clone(), plugged });
        let card = |key: &String| match key.as_str() {
            "none" => Action::Bench(Order::NoCard),
            _ => Action::Bench(Order::Card { key: key.clone() }),
        };
        [
            self.touch.clone().map(Action::Touch),
            self.digits.clone().map(Action::Type),
            self.choose.clone().map(Action::Choose),
            self.wait_screen.clone().map(Action::WaitScreen),
            self.see.clone().map(Action::See),
            self.see_not.clone().map(Action::SeeNot),
            self.shot.clone().map(Action::Shot),
            self.card.as_ref().map(card),
            self.scan.clone().map(|text| Action::Bench(Order::Scan { text })),
            self.scan_slip.map(Action::ScanSlip),
            self.fault.as_ref().map(|text| fault(text, true)),
            self.mend.as_ref().map(|text| fault(text, false)),
            self.unplug.as_ref().map(|device| plug(device, false)),
            self.plug.as_ref().map(|device| plug(device, true)),
            self.refill.map(|_| Action::Bench(Order::Refill)),
            self.line.as_ref().map(|line| Action::Bench(Order::Line { up: line == "up" })),
            self.pause.map(|seconds| Action::Pause(Duration::from_secs(seconds))),
            self.wait_slips.map(Action::WaitSlips),
            self.wait_cases.map(Action::WaitCases),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Script, ScriptError> {
        Script::parse(Path::new("visit.toml"), text)
    }

    #[test]
    fn a_step_has_exactly_one_action() {
        let two = "title = 't'\n[[step]]\ntouch = 'a'\nshot = 'b'\n";
        assert!(matches!(parse(two), Err(ScriptError::Actions { number: 1, count: 2, .. })));
        let none = "title = 't'\n[[step]]\nwithin = 3\n";
        assert!(matches!(parse(none), Err(ScriptError::Actions { count: 0, .. })));
        let one = parse("title = 't'\n[[step]]\nfault = 'printer no-paper'\n").expect("a good script");
        let order = Order::Fault { device: "printer".into(), name: "no-paper".into(), on: true };
        assert_eq!(one.step[0].action(), Some(Action::Bench(order)));
    }

    #[test]
    fn a_misspelt_key_is_named() {
        let error = parse("title = 't'\n[[step]]\ntuoch = 'a'\n").expect_err("a typo");
        assert!(error.to_string().contains("tuoch"), "{error}");
    }
}
