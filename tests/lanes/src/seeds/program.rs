//! The kiosk's program in the simulation: one life of it, from start to death, and what it asks of the world.

use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use jiff::Timestamp;
use kiosk::county::sign::Signer;
use kiosk::county::{CountyClient, Nonces, WallClock};
use kiosk::domain::catalog::Catalog;
use kiosk::domain::event::AskNo;
use kiosk::domain::id::{Sequence, SubmissionId};
use kiosk::domain::kiosk::Kiosk;
use kiosk::domain::outbox::{Backoff, Limits};
use kiosk::domain::settings::{Fitted, Settings, Times, WindowSettings};
use kiosk::domain::submission::{CountyEvent, Handed, StoreCommand};
use kiosk::domain::text::Text;
use kiosk::ipc::Screen;
use kiosk::store::Keeper;

use super::county::{APP, SECRET};
use super::history::KIOSK;
use super::line::Line;
use crate::chance::Chance;

/// A call to the county under way: the real client's future, polled by hand.
pub struct Task {
    pub ask: AskNo,
    pub future: Pin<Box<dyn Future<Output = CountyEvent>>>,
}

/// Something for the store, in its order.
#[derive(Debug)]
pub enum Job {
    Command { ask: AskNo, command: StoreCommand },
    Body { ask: AskNo, id: SubmissionId, sequence: Sequence },
    Bodies { ask: AskNo, handed: Vec<Handed> },
}

/// One life of the program.
pub struct Program {
    /// Which life; what was meant for an earlier one is void.
    pub life: u32,
    pub kiosk: Kiosk,
    pub keeper: Keeper,
    pub client: Rc<CountyClient>,
    pub line: Line,
    pub tasks: Vec<Task>,
    pub jobs: VecDeque<Job>,
    /// Until then the store is busy.
    pub busy: Duration,
    /// When it started, in the time of the world.
    pub began: Duration,
    /// What its wall clock said then.
    pub wall_began: Timestamp,
    pub screen: Option<Screen>,
    /// The reader looks for cards, the scanner for codes.
    pub watches: bool,
    pub scans: bool,
    /// Tries of each application in this life.
    pub tries: std::collections::BTreeMap<SubmissionId, u64>,
}

impl Program {
    /// The end of one call, if one has ended.
    pub fn ended_call(&mut self) -> Option<(AskNo, CountyEvent)> {
        let mut context = Context::from_waker(Waker::noop());
        for index in 0..self.tasks.len() {
            let task = &mut self.tasks[index];
            if let Poll::Ready(event) = task.future.as_mut().poll(&mut context) {
                return Some((self.tasks.remove(index).ask, event));
            }
        }
        None
    }
}

/// The client of the product over a simulated line. `wall` is the kiosk's wall clock, nonces come from the seed.
pub fn client(line: &Line, wall: &Arc<Mutex<Timestamp>>, seed: u64) -> CountyClient {
    let wall = Arc::clone(wall);
    let clock: WallClock = Arc::new(move || *wall.lock().unwrap_or_else(PoisonError::into_inner));
    let chance = Mutex::new(Chance::new(seed));
    let nonces: Nonces = Arc::new(move || {
        let mut chance = chance.lock().unwrap_or_else(PoisonError::into_inner);
        Some((u128::from(chance.bits()) << 64 | u128::from(chance.bits())).to_be_bytes())
    });
    let signer = Signer::new(APP.to_owned(), SECRET.to_vec().into());
    CountyClient::over(Box::new(line.clone()), signer, KIOSK.to_owned(), clock, nonces)
}

/// The shipped catalogue.
pub fn catalog() -> Catalog {
    static LOADED: OnceLock<Catalog> = OnceLock::new();
    let load = || {
        let items = include_str!("../../../../config/catalogue/items.json");
        let local = include_str!("../../../../config/catalogue/local.json");
        Catalog::load(items, local).expect("the shipped catalogue loads").catalog
    };
    LOADED.get_or_init(load).clone()
}

/// Settings of the simulated kiosk: those of the product, but for how often it looks for a county while it is quiet.
pub fn settings(probe: Duration) -> Settings {
    Settings {
        kiosk_code: KIOSK.to_owned(),
        centre: Text::new("示例镇为民服务中心", "Shili Town Public Service Centre"),
        window: WindowSettings {
            name: Text::new("示例镇为民服务中心全科窗口", "All-round window"),
            address: Text::new("示例路1号", "1 Shili Road"),
            hours: Text::new("工作日 8:30—17:30", "Working days 8:30 to 17:30"),
            phone: "0513-00000001".to_owned(),
        },
        hotline: "12345".to_owned(),
        notice_version: "2026-11".to_owned(),
        check_page: None,
        root_hash: None,
        fitted: Fitted { reader: true, printer: true, scanner: true },
        times: Times { probe, ..Times::default() },
        backoff: Backoff::default(),
        limits: Limits::default(),
    }
}
