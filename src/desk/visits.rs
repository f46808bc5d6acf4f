//! Playing scripts one after the other, each on a machine of its own, and counting how they ended.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::bench::{DeskBench, DeskError};
use super::control::RemoteBench;
use super::order::{Bench, BenchError, Order, PaperSlip};
use super::player::{PlayError, Player};
use super::script::{MachineSettings, Script, ScriptError};
use crate::assemble::{AssembleError, engine_setup};
use crate::config::Config;
use crate::engine::{Engine, EngineError, FileJournal};
use crate::ipc::Intent;
use crate::screen::{Headless, HeadlessError};

/// The reference size of the screen.
const SIZE: (u32, u32) = (1080, 1920);
/// The visit that is played where nobody names one.
const DEMO: &str = include_str!("../../tests/visits/pension.toml");

/// What to play and where its pictures go.
#[derive(Debug, Clone, Default)]
pub struct VisitPlan {
    /// A script, or a folder of them. `None` plays the demo.
    pub visits: Option<PathBuf>,
    /// Folder for pictures, slips, cases and journal.
    pub out: Option<PathBuf>,
}

/// How the visits ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Names of those that ended as scripted.
    pub passed: Vec<String>,
    /// Names of those that did not, with the reason.
    pub failed: Vec<(String, String)>,
}

/// Why visits could not be played at all, or how one ended.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// The scripts cannot be read.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// The desk cannot be set up.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// The engine cannot be put together.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// The engine does not start.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// There is no window.
    #[error(transparent)]
    Window(#[from] HeadlessError),
    /// The visit did not end as scripted.
    #[error(transparent)]
    Play(#[from] PlayError),
    /// The journal or a copy of the database cannot be written.
    #[error("cannot write the journal or the copy of the database: {0}")]
    Journal(#[from] std::io::Error),
}

/// Where touches go.
type Touches = Box<dyn Fn(Intent)>;

/// A window whose touches go to whichever engine is running.
struct Stage {
    window: Headless,
    send: Rc<RefCell<Option<Touches>>>,
}

impl Stage {
    fn new() -> Result<Self, HeadlessError> {
        let send: Rc<RefCell<Option<Touches>>> = Rc::default();
        let touches = Rc::clone(&send);
        let window = Headless::new(SIZE.0, SIZE.1, move |intent| {
            if let Some(send) = touches.borrow().as_ref() {
                send(intent);
            }
        })?;
        Ok(Self { window, send })
    }

    fn play(
        &self,
        config: &Config,
        bench: &dyn Bench,
        script: &Script,
        out: Option<PathBuf>,
    ) -> Result<(), VisitError> {
        let journal = match &out {
            Some(out) => FileJournal::create(&out.join("events.jsonl"))?,
            None => FileJournal::default(),
        };
        let (width, height) = script.machine.size().unwrap_or(SIZE);
        self.window.set_size(width, height);
        let engine = Engine::start(engine_setup(config, Box::new(journal), true)?)?;
        *self.send.borrow_mut() = Some(Box::new(engine.touch()));
        let played = Player::new(&self.window, engine.screens(), bench, out).play(script);
        *self.send.borrow_mut() = None;
        // An engine that ended under the visit explains more than the step that then waited in vain.
        engine.stop()?;
        Ok(played?)
    }
}

/// Plays on the desk: each visit has its own bench, its own database and its own platform.
///
/// # Errors
/// The scripts or the window cannot be used. How each visit ended is in the summary.
pub fn play_desk(plan: &VisitPlan) -> Result<Summary, VisitError> {
    let stage = Stage::new()?;
    play_all(plan, |script, out| {
        let desk = DeskBench::set_up(&script.machine)?;
        let store = script.machine.keep_store.then(|| out.clone()).flatten();
        let played = stage.play(&desk.config, &desk.bench, script, out);
        if let Some(out) = store {
            copy_files(&desk.config.store_folder, &out.join("store"))?;
        }
        played
    })
}

/// Plays on whatever the configuration names; `bench` is the folder with the control sockets of its simulators. Without
/// one a script can touch and look; a step that needs a bench fails and says so.
///
/// # Errors
/// As [`play_desk`].
pub fn play_run(config: &Config, bench: Option<&Path>, plan: &VisitPlan) -> Result<Summary, VisitError> {
    let stage = Stage::new()?;
    let remote = bench.map(RemoteBench::new);
    let bench: &dyn Bench = match &remote {
        Some(bench) => bench,
        None => &NoBench,
    };
    play_all(plan, |script, out| stage.play(config, bench, script, out))
}

/// Stands where no bench was named.
struct NoBench;

/// What every question to it is answered with.
const NO_BENCH: BenchError = BenchError::NotHere("no bench was named; give its folder with --bench");

impl Bench for NoBench {
    fn obey(&self, _order: &Order) -> Result<(), BenchError> {
        Err(NO_BENCH)
    }

    fn slips(&self) -> Result<Vec<PaperSlip>, BenchError> {
        Err(NO_BENCH)
    }

    fn slip_count(&self) -> Result<usize, BenchError> {
        Err(NO_BENCH)
    }

    fn cases_json(&self) -> Result<Option<String>, BenchError> {
        Err(NO_BENCH)
    }
}

fn play_all(
    plan: &VisitPlan,
    mut play: impl FnMut(&Script, Option<PathBuf>) -> Result<(), VisitError>,
) -> Result<Summary, VisitError> {
    let scripts = match &plan.visits {
        Some(path) => Script::load(path)?,
        None => {
            let path = PathBuf::from("pension.toml");
            let script = Script::parse(&path, DEMO)?;
            vec![(path, script)]
        }
    };
    let many = plan.visits.as_ref().is_some_and(|path| path.is_dir());
    let mut summary = Summary::default();
    for (file, script) in scripts {
        let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let out = plan.out.as_ref().map(|out| if many { out.join(&name) } else { out.clone() });
        match play(&script, out) {
            Ok(()) => summary.passed.push(name),
            Err(error) => summary.failed.push((name, error.to_string())),
        }
    }
    Ok(summary)
}

fn copy_files(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

impl MachineSettings {
    /// The size of the screen, if the script names one.
    pub fn size(&self) -> Option<(u32, u32)> {
        let (width, height) = self.size.as_deref()?.split_once('x')?;
        Some((width.parse().ok()?, height.parse().ok()?))
    }
}
