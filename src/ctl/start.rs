//! Starting the machine: the demo, the whole, or one of its halves.

use std::path::Path;
#[cfg(feature = "screen")]
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;

use crate::assemble::{engine_setup, first_start};
#[cfg(feature = "screen")]
use crate::config::VendorConfig;
use crate::config::{Config, Loaded};
use crate::engine::{Engine, FileJournal, Signs};
#[cfg(feature = "screen")]
use crate::ipc::Beats;
use crate::ipc::Notifier;
use crate::telemetry;

/// Arguments of `kiosk desk`.
#[cfg(feature = "desk")]
#[derive(Debug, Clone, Default, clap::Args)]
pub struct DeskArguments {
    /// Draw into memory and play a visit, also where there is a display.
    #[arg(long)]
    pub headless: bool,
    /// Script of a visit, or a folder of scripts; without it the demo visit is played.
    #[arg(long, value_name = "FILE|FOLDER")]
    pub visits: Option<PathBuf>,
    /// Folder for pictures, slips, cases and the journal.
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// A new machine: its first start on the screen. Needs a display.
    #[arg(long, conflicts_with_all = ["headless", "visits", "out"])]
    pub setup: bool,
}

/// Arguments of `kiosk run`.
#[cfg(feature = "screen")]
#[derive(Debug, Clone, clap::Args)]
pub struct RunArguments {
    /// Configuration file.
    #[arg(long)]
    pub config: PathBuf,
    /// Draw into memory instead of on a display. Needs --visits: a window that nobody sees and nobody plays is refused.
    #[cfg(feature = "desk")]
    #[arg(long, requires = "visits")]
    pub headless: bool,
    /// Script of a visit, or a folder of scripts, to be played headless.
    #[cfg(feature = "desk")]
    #[arg(long, value_name = "FILE|FOLDER")]
    pub visits: Option<PathBuf>,
    /// Folder with the control sockets of the simulators, for scripts that lay cards, scan codes or count paper and
    /// cases. Without it such a step fails and says so.
    #[cfg(feature = "desk")]
    #[arg(long, value_name = "FOLDER", requires = "visits")]
    pub bench: Option<PathBuf>,
    /// Folder for pictures, slips, cases and the journal of the visits.
    #[cfg(feature = "desk")]
    #[arg(long, value_name = "FOLDER", requires = "visits")]
    pub out: Option<PathBuf>,
}

/// Arguments of `kiosk screen`.
#[cfg(feature = "screen")]
#[derive(Debug, Clone, clap::Args)]
pub struct ScreenArguments {
    /// Configuration file; only its socket, its fonts, its size, and the names of centre and window are used.
    #[arg(long)]
    pub config: PathBuf,
}

/// The demo: a window with its bench where there is a display, a played visit where there is none.
///
/// # Errors
/// What could not be started, by name.
#[cfg(feature = "desk")]
pub fn desk(arguments: &DeskArguments) -> anyhow::Result<ExitCode> {
    use crate::desk::{VisitPlan, desk_file, play_desk};

    let config = Config::load(&desk_file()?)?;
    crate::screen::ensure_fonts(&config.screen.fonts)?;
    telemetry::start(&config.log).context("start the log")?;
    let display = has_display();
    if arguments.setup {
        anyhow::ensure!(display, "the set-up on the desk is done by hand and needs a display");
        return window_setup();
    }
    if display && !arguments.headless && arguments.visits.is_none() {
        return window_desk();
    }
    let out = arguments.out.clone().unwrap_or_else(|| PathBuf::from("out"));
    if !display && !arguments.headless && arguments.visits.is_none() {
        say("There is no display, so the machine plays one visit by itself.")?;
    }
    say(&format!("Pictures, slips, cases and journal go to {}", out.display()))?;
    let summary = play_desk(&VisitPlan { visits: arguments.visits.clone(), out: Some(out) })?;
    report(&summary)
}

/// The whole machine in one process. It ends well only when its window was closed: a window without its engine is
/// closed by itself and is a failure, so that the unit starts again.
///
/// # Errors
/// What could not be started, by name; or why the engine ended.
#[cfg(feature = "screen")]
pub fn run(arguments: &RunArguments) -> anyhow::Result<ExitCode> {
    let config = Config::load(&arguments.config)?;
    crate::screen::ensure_fonts(&config.screen.fonts)?;
    telemetry::start(&config.log).context("start the log")?;
    #[cfg(feature = "desk")]
    if let Some(visits) = &arguments.visits {
        let plan = crate::desk::VisitPlan { visits: Some(visits.clone()), out: arguments.out.clone() };
        return report(&crate::desk::play_run(&config, arguments.bench.as_deref(), &plan)?);
    }
    crate::screen::prepare()?;
    let mut setup = engine_setup(&config, Box::new(FileJournal::default()), true)?;
    let (notifier, frames) = (notifier(), Beats::default());
    let every = notifier.every();
    setup.signs = Signs::with_window(notifier, frames.clone());
    let engine = Engine::start(setup)?;
    let ui = crate::screen::Ui::new(engine.touch())?;
    let painted = engine.painted();
    ui.watch_frames(every.unwrap_or(crate::screen::FRAME_EVERY), move |_| {
        painted.beat();
        frames.beat();
    });
    ui.set_size(config.screen.size.width as f32, config.screen.size.height as f32);
    show_all(&ui, &engine);
    ui.run()?;
    engine.stop().context("run the engine behind the window")?;
    Ok(ExitCode::SUCCESS)
}

/// The line to the service manager that the environment names; silent where nobody started us as a unit.
pub(super) fn notifier() -> Notifier {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let Some(address) = std::env::var_os("NOTIFY_SOCKET").filter(|address| !address.is_empty()) else {
        return Notifier::silent();
    };
    // The watchdog may be meant for another process of the unit.
    let is_ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
    let watchdog = number("WATCHDOG_USEC").filter(|period| is_ours && *period > 0).map(Duration::from_micros);
    match Notifier::to(&address, watchdog) {
        Ok(notifier) => notifier,
        Err(error) => {
            tracing::error!(%error, "the service manager cannot be told anything");
            Notifier::silent()
        }
    }
}

/// The engine alone, until it is stopped. On a machine that is not set up yet it is the set-up, and ends well when that is
/// over: the unit starts the kiosk then.
///
/// # Errors
/// What could not be started, by name.
pub fn engine(config: &Path) -> anyhow::Result<ExitCode> {
    let engine = match Config::load_or_set_up(config)? {
        Loaded::Whole(config) => {
            telemetry::start(&config.log).context("start the log")?;
            let mut setup = engine_setup(&config, Box::new(FileJournal::default()), true)?;
            setup.signs = Signs::new(notifier());
            Engine::start(setup)?
        }
        Loaded::ToSetUp(vendor) => {
            telemetry::start(&vendor.log).context("start the log")?;
            let setup = vendor.setup.clone().context("a machine to be set up has a folder for it")?;
            let mut first = first_start(&vendor, &setup, Box::new(FileJournal::default()), true)?;
            first.signs = Signs::new(notifier());
            Engine::start_setup(first)?
        }
    };
    engine.wait()?;
    Ok(ExitCode::SUCCESS)
}

/// The screen alone: connects to the engine, again and again.
///
/// # Errors
/// There is no display or no font.
#[cfg(feature = "screen")]
pub fn screen(arguments: &ScreenArguments) -> anyhow::Result<ExitCode> {
    let (vendor, standby) = match Config::load_or_set_up(&arguments.config)? {
        Loaded::Whole(config) => (VendorConfig::load(&arguments.config)?, standby(&config)),
        Loaded::ToSetUp(vendor) => (*vendor, crate::screen::Standby::default()),
    };
    crate::screen::ensure_fonts(&vendor.screen.fonts)?;
    telemetry::start(&vendor.log).context("start the log")?;
    let (width, height) = (vendor.screen.size.width as f32, vendor.screen.size.height as f32);
    crate::screen::run_remote(&vendor.socket, (width, height), standby, notifier())?;
    Ok(ExitCode::SUCCESS)
}

/// What the screen can say of the place without an engine, in the language that the next person finds.
#[cfg(feature = "screen")]
fn standby(config: &Config) -> crate::screen::Standby {
    let settings = crate::assemble::settings(config);
    let language = crate::ipc::Language::default();
    let text = |text: &crate::domain::text::Text| text.get(language).to_owned();
    crate::screen::Standby {
        language,
        centre: text(&settings.centre),
        window: crate::ipc::WindowPlace {
            place: crate::ipc::Place {
                name: text(&settings.window.name),
                address: text(&settings.window.address),
                hours: text(&settings.window.hours),
            },
            phone: settings.window.phone,
            hotline: settings.hotline,
        },
    }
}

/// Leads every screen of the engine into the window.
#[cfg(feature = "screen")]
fn show_all(ui: &crate::screen::Ui, engine: &Engine) {
    let mut screens = engine.screens();
    let remote = ui.remote();
    let first = screens.borrow_and_update().as_ref().clone();
    ui.show(&first);
    let waiting = std::thread::Builder::new().name("screens".to_owned()).spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else { return };
        runtime.block_on(async {
            while screens.changed().await.is_ok() {
                let screen = screens.borrow_and_update().as_ref().clone();
                if remote.show(screen).is_err() {
                    return;
                }
            }
            // The engine is gone: a window that no longer tells the truth is closed, and the unit starts again.
            remote.quit().ok();
        });
    });
    if let Err(error) = waiting {
        tracing::error!(%error, "no thread for the screens");
    }
}

#[cfg(feature = "desk")]
fn window_desk() -> anyhow::Result<ExitCode> {
    use crate::desk::DeskBench;

    let desk = std::rc::Rc::new(DeskBench::set_up(&Default::default())?);
    let engine = Engine::start(engine_setup(&desk.config, Box::new(FileJournal::default()), true)?)?;
    let ui = crate::screen::Ui::new(engine.touch())?;
    show_all(&ui, &engine);
    crate::desk::open_windows(&desk, &ui)?;
    engine.stop().context("run the engine behind the window")?;
    Ok(ExitCode::SUCCESS)
}

/// The first start of a machine, with the bench beside it.
#[cfg(feature = "desk")]
fn window_setup() -> anyhow::Result<ExitCode> {
    let desk = std::rc::Rc::new(crate::desk::DeskBench::set_up(&Default::default())?);
    let machine = desk.new_machine()?;
    say("Choose 示例县, 示例镇 and its own centre, then let the bench's scanner read this code:")?;
    say(&machine.code)?;
    let first = first_start(&machine.vendor, &machine.setup, Box::new(FileJournal::default()), true)?;
    let engine = Engine::start_setup(first)?;
    let ui = crate::screen::Ui::new(engine.touch())?;
    show_all(&ui, &engine);
    crate::desk::open_windows(&desk, &ui)?;
    // The set-up may be over or not: both are a good end of the demo.
    drop(engine);
    Ok(ExitCode::SUCCESS)
}

#[cfg(feature = "desk")]
fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

#[cfg(feature = "desk")]
fn report(summary: &crate::desk::Summary) -> anyhow::Result<ExitCode> {
    for name in &summary.passed {
        say(&format!("passed  {name}"))?;
    }
    for (name, reason) in &summary.failed {
        say(&format!("FAILED  {name}: {reason}"))?;
    }
    say(&format!("{} passed, {} failed", summary.passed.len(), summary.failed.len()))?;
    Ok(if summary.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(feature = "desk")]
fn say(line: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{line}").context("write to standard output")
}
