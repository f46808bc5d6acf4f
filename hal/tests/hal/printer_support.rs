//! What the printer's tests share: the font, slips, vectors, a printer on a virtual bench.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use kiosk_hal::model::{Align, Block, DeviceStatus, PrintOutcome, PrinterEvent, PrinterRequest, PrinterStatus, Slip};
use kiosk_hal::printer::profile::ProofTier;
use kiosk_hal::printer::sim::PrinterModel;
use kiosk_hal::printer::{PaperFont, PrinterProfile, PrinterProtocol};
use kiosk_hal::runner::DeviceEvent;
use kiosk_hal::sim::Bench;

static FONT: LazyLock<Arc<PaperFont>> = LazyLock::new(|| {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../ui/fonts/NotoSansCJKsc-Regular.otf");
    Arc::new(PaperFont::from_bytes(std::fs::read(file).unwrap()).unwrap())
});

pub fn font() -> Arc<PaperFont> {
    Arc::clone(&FONT)
}

pub fn vectors(name: &str) -> String {
    std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name)).unwrap()
}

pub fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.replace(char::is_whitespace, "")).unwrap()
}

/// All records of a `.hex` file, joined.
pub fn hex_file(name: &str) -> Vec<u8> {
    let text = vectors(name);
    text.lines().filter(|line| !line.starts_with(['#', '@'])).flat_map(bytes).collect()
}

pub fn plain(text: &str) -> Block {
    Block::Text { text: text.into(), bold: false, align: Align::Left }
}

pub fn slip(blocks: impl IntoIterator<Item = Block>) -> Slip {
    Slip { blocks: blocks.into_iter().collect(), large: false }
}

pub const QR_PAYLOAD: &str = "320682261123000004178K2M4R";

/// The accepted slip in its usual length.
pub fn accepted() -> Slip {
    let field = |label: &str, value: &str| Block::Field { label: label.into(), value: value.into() };
    slip([
        Block::Title { text: "云溪镇\n为民服务中心".into() },
        Block::Framed { text: "已受理".into() },
        field("事项", "城乡居民基本养老保险参保登记"),
        field("办事人", "测*"),
        field("终端时间", "2026年11月23日 9:41"),
        Block::Number { text: "3206 8226 1123 0000 0417".into() },
        Block::Rule,
        plain("县里已收到，5个工作日内办结，最迟11月30日（星期一）。结果会发短信到您的手机。"),
        Block::Tick { text: "居民身份证原件".into() },
        Block::Tick { text: "户口簿（首页和本人页）原件及复印件1份".into() },
        Block::Qr { payload: QR_PAYLOAD.into(), caption: "手机或窗口扫码，查进度".into() },
        Block::Rule,
        field("电话", "0513-0000 0000 或 12345"),
    ])
}

pub fn with_proof(proof: ProofTier) -> PrinterProfile {
    PrinterProfile { proof, ..PrinterProfile::cn_kiosk_58() }
}

/// A printer on a virtual line.
pub struct Desk {
    pub bench: Bench<PrinterProtocol, PrinterModel>,
    pub events: Vec<DeviceEvent<PrinterEvent>>,
    next_job: u64,
}

/// Longer than any job with its time-outs.
pub const LONG: Duration = Duration::from_secs(60);

impl Desk {
    /// Not opened yet.
    pub fn closed(profile: &PrinterProfile) -> Self {
        let protocol = PrinterProtocol::new(profile.clone(), font(), 1);
        let model = PrinterModel::new(profile.clone(), font());
        Self { bench: Bench::new(protocol, model, profile.baud), events: Vec::new(), next_job: 1 }
    }

    /// Opened, first look done.
    pub fn open(profile: &PrinterProfile) -> Self {
        let mut desk = Self::closed(profile);
        desk.bench.open();
        desk.run(Duration::from_secs(3));
        desk
    }

    pub fn run(&mut self, time: Duration) {
        let events = self.bench.run_for(time);
        self.events.extend(events);
    }

    /// Hands a slip in and returns the job's number.
    pub fn send(&mut self, slip: Slip) -> u64 {
        let job = self.next_job;
        self.next_job += 1;
        self.bench.request(PrinterRequest::Print { job, slip });
        job
    }

    /// Waits for the outcome of a job.
    pub fn outcome(&mut self, job: u64) -> PrintOutcome {
        let events = self.bench.run_until(LONG, |event| finished(event).is_some_and(|(done, _)| done == job));
        self.events.extend(events);
        let outcomes = self.outcomes(job);
        assert_eq!(outcomes.len(), 1, "job {job} ends exactly once");
        outcomes[0]
    }

    pub fn print(&mut self, slip: Slip) -> PrintOutcome {
        let job = self.send(slip);
        self.outcome(job)
    }

    /// Every outcome reported for a job so far.
    pub fn outcomes(&self, job: u64) -> Vec<PrintOutcome> {
        self.events.iter().filter_map(finished).filter(|(done, _)| *done == job).map(|(_, outcome)| outcome).collect()
    }

    pub fn status(&self) -> PrinterStatus {
        self.events
            .iter()
            .rev()
            .find_map(|event| match event {
                DeviceEvent::Class(PrinterEvent::Status(status)) => Some(*status),
                DeviceEvent::Class(PrinterEvent::Finished { .. }) | DeviceEvent::Status(_) => None,
            })
            .unwrap_or(PrinterStatus::UNKNOWN)
    }

    pub fn device(&self) -> DeviceStatus {
        self.events
            .iter()
            .rev()
            .find_map(|event| match event {
                DeviceEvent::Status(status) => Some(status.clone()),
                DeviceEvent::Class(_) => None,
            })
            .unwrap()
    }
}

pub fn finished(event: &DeviceEvent<PrinterEvent>) -> Option<(u64, PrintOutcome)> {
    match event {
        DeviceEvent::Class(PrinterEvent::Finished { job, outcome }) => Some((*job, *outcome)),
        DeviceEvent::Class(PrinterEvent::Status(_)) | DeviceEvent::Status(_) => None,
    }
}
