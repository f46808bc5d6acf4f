//! One folder with a configuration, and the processes that were started for it. All end with it.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use kiosk::desk::{Bench as _, Order, RemoteBench};
use kiosk::ipc::{Connection, Intent, Reply, Request, Screen};
use serde_json::Value;
use tempfile::TempDir;

/// Longer than anything here takes, also on two busy cores.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at something.
const LOOK: Duration = Duration::from_millis(20);

/// What a process said and how it ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ended {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The failure as text, after checking that it is one with exit code 1.
    pub fn failure(&self) -> &str {
        assert_eq!(self.code, Some(1), "{self:?}");
        &self.err
    }
}

/// A process that is killed when it is dropped.
pub struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

pub struct World {
    folder: TempDir,
    simulators: RefCell<Vec<Process>>,
}

impl World {
    pub fn new() -> Self {
        let folder = TempDir::with_prefix("kiosk-cli-").unwrap();
        fs::create_dir(folder.path().join("bench")).unwrap();
        fs::create_dir(folder.path().join("store")).unwrap();
        let world = Self { folder, simulators: RefCell::default() };
        world.write_config("https://127.0.0.1:9", "");
        world
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.at(name).display().to_string()
    }

    pub fn config(&self) -> PathBuf {
        self.at("kiosk.toml")
    }

    pub fn bench(&self) -> RemoteBench {
        RemoteBench::new(self.at("bench"))
    }

    pub fn order(&self, order: Order) {
        self.bench().obey(&order).unwrap();
    }

    /// The desk's configuration with this world's paths as a drop-in, and `more` behind it.
    pub fn write_config(&self, county: &str, more: &str) {
        fs::copy(root().join("config/desk.toml"), self.config()).unwrap();
        fs::create_dir_all(self.at("kiosk.toml.d")).unwrap();
        let text = format!(
            "[devices.id-reader]\nport = \"id-reader\"\n[devices.printer]\nport = \"printer\"\n\
             [devices.scanner]\nport = \"scanner\"\n\
             [county]\nurl = \"{county}\"\napp_id = \"kiosk-demo-app\"\nca_file = \"county/ca.pem\"\n\
             secret_file = \"county/secret\"\n\
             [seal]\ncounty_key_file = \"county/seal-sm.pem\"\n\
             [store]\nfolder = \"store\"\n[engine]\nsocket = \"engine.sock\"\n\
             [log]\nlevel = \"info\"\nformat = \"json\"\n\
             [catalogue]\nfolder = \"{}\"\n[screen]\nfonts = \"{}\"\n{more}",
            root().join("config/catalogue").display(),
            fonts(),
        );
        fs::write(self.at("kiosk.toml.d/10-test.toml"), text).unwrap();
    }

    /// Starts a simulator and waits until it can be used. Gives its ready line.
    pub fn sim(&self, name: &str) -> Value {
        let (process, ready) = self.start_sim(name, "127.0.0.1:0");
        self.simulators.borrow_mut().push(process);
        ready
    }

    pub fn start_sim(&self, name: &str, listen: &str) -> (Process, Value) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kioskctl"));
        command.args(["sim", name, "--control", &self.text(&format!("bench/{name}.sock"))]);
        match name {
            "county" => command.args(["--listen", listen, "--folder", &self.text("county")]),
            "printer" => command.args(["--at", &self.text(name), "--fonts", &fonts()]),
            _ => command.args(["--at", &self.text(name)]),
        };
        let mut process = Process(command.stdout(Stdio::piped()).spawn().unwrap());
        let stdout = process.0.stdout.take().unwrap();
        let (send, lines) = channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).ok();
            send.send(line).ok();
        });
        let line = lines.recv_timeout(PATIENCE).expect("the simulator gets ready");
        (process, serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
    }

    /// Makes the county's secret and authority and ends it again: the kiosk knows it, but it is not there.
    /// Gives the address it will have.
    pub fn county_that_is_away(&self) -> String {
        let (process, ready) = self.start_sim("county", "127.0.0.1:0");
        drop(process);
        let url = ready["url"].as_str().unwrap().to_owned();
        self.write_config(&url, "");
        url
    }

    pub fn ctl(&self, arguments: &[&str]) -> Ended {
        run(Command::new(env!("CARGO_BIN_EXE_kioskctl")).args(arguments))
    }

    /// `kiosk engine` that is expected to refuse to start.
    pub fn engine_that_refuses(&self) -> Ended {
        run(Command::new(env!("CARGO_BIN_EXE_kiosk")).arg("engine").arg("--config").arg(self.config()))
    }

    /// Starts `kiosk engine` and waits until it listens.
    pub fn engine(&self) -> Process {
        let process = self.engine_at_once();
        self.until("the engine listens", || Connection::open(&self.at("engine.sock")).ok());
        process
    }

    /// Starts `kiosk engine` and waits for nothing.
    pub fn engine_at_once(&self) -> Process {
        let log = File::options().create(true).append(true).open(self.at("engine.log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_kiosk"));
        command.arg("engine").arg("--config").arg(self.config()).stderr(log);
        Process(command.spawn().unwrap())
    }

    pub fn screen(&self) -> ScreenClient {
        let mut connection = self.until("the engine listens", || Connection::open(&self.at("engine.sock")).ok());
        connection.wait_at_most(PATIENCE).unwrap();
        connection.send(&Request::Watch).unwrap();
        ScreenClient { connection }
    }

    /// Looks again and again, with a deadline; then shows the engine's log.
    pub fn until<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let end = now() + PATIENCE;
        loop {
            if let Some(found) = look() {
                return found;
            }
            let log = || fs::read_to_string(self.at("engine.log")).unwrap_or_default();
            assert!(now() < end, "waited too long: {what}\n{}", log());
            rest(LOOK);
        }
    }
}

/// A screen without a display: what `kiosk screen` does, minus the pixels.
pub struct ScreenClient {
    connection: Connection,
}

impl ScreenClient {
    /// Touches at a person's pace: a second touch at once counts as the same touch.
    pub fn touch(&mut self, intent: Intent) {
        let steps = matches!(intent, Intent::Begin | Intent::Apply | Intent::Next | Intent::Confirm | Intent::Finish);
        if steps {
            rest(Duration::from_millis(650));
        }
        self.connection.send(&Request::Touch { intent }).unwrap();
    }

    /// The next screen that is as wanted; every other one is passed over.
    pub fn until(&mut self, what: &str, wanted: impl Fn(&Screen) -> bool) -> Screen {
        let mut last = "none";
        loop {
            match self.connection.receive() {
                Ok(Some(Reply::Screen { screen })) if wanted(&screen) => return *screen,
                Ok(Some(Reply::Screen { screen })) => last = screen.body.name(),
                other => panic!("waiting for {what}, last page {last}: {other:?}"),
            }
        }
    }

    pub fn until_page(&mut self, page: &str) -> Screen {
        self.until(page, |screen| screen.body.name() == page)
    }

    /// What is still shown until the engine is gone.
    pub fn into_the_rest(mut self) -> Vec<Screen> {
        let mut screens = Vec::new();
        while let Ok(Some(reply)) = self.connection.receive() {
            if let Reply::Screen { screen } = reply {
                screens.push(*screen);
            }
        }
        screens
    }
}

/// Runs a process to its end, with a deadline.
pub fn run(command: &mut Command) -> Ended {
    let mut process = Process(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let read = |stream: Option<Box<dyn std::io::Read + Send>>| {
        let mut stream = stream.unwrap();
        std::thread::spawn(move || {
            let mut text = String::new();
            stream.read_to_string(&mut text).ok();
            text
        })
    };
    let out = read(process.0.stdout.take().map(|stream| Box::new(stream) as _));
    let err = read(process.0.stderr.take().map(|stream| Box::new(stream) as _));
    let end = now() + PATIENCE + PATIENCE;
    let status = loop {
        if let Some(status) = process.0.try_wait().unwrap() {
            break status;
        }
        assert!(now() < end, "the program does not end");
        rest(LOOK);
    };
    Ended { code: status.code(), out: out.join().unwrap(), err: err.join().unwrap() }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn fonts() -> String {
    root().join("ui/fonts").display().to_string()
}

#[expect(clippy::disallowed_methods, reason = "deadlines for processes that have clocks of their own")]
pub fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "other processes are waited for")]
pub fn rest(time: Duration) {
    std::thread::sleep(time);
}
