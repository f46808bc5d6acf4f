//! The stand-in platform, a client of it, and invented applications.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use county_stand_in::{Handle, Settings, serve};
use jiff::Timestamp;
use kiosk::county::{CountyClient, CountySettings, WallClock};
use kiosk::domain::id::{ItemId, Sequence, SubmissionId};
use kiosk::domain::submission::{Application, CaseReceipt, FieldValue, ItemRef, Verdict};
use kiosk::domain::text::Text as Words;
use kiosk::ipc::Source;
use tempfile::TempDir;

/// The terminal of all tests.
pub const TERMINAL: &str = "320699-0001";

/// The stand-in platform and a client of it.
pub struct Bench {
    pub folder: TempDir,
    pub platform: Handle,
    pub client: CountyClient,
}

impl Bench {
    pub fn start() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = TempDir::new().unwrap();
        let mut settings = Settings::new(SocketAddr::from(([127, 0, 0, 1], 0)), folder.path());
        change(&mut settings);
        let platform = serve(settings).unwrap();
        let client = CountyClient::new(settings_for(&platform), clock()).unwrap();
        Self { folder, platform, client }
    }

    /// Ends both programs and starts them again over the same files.
    pub fn restart(&mut self) {
        let settings = Settings::new(SocketAddr::from(([127, 0, 0, 1], 0)), self.folder.path());
        self.platform = serve(settings).unwrap();
        self.client = CountyClient::new(settings_for(&self.platform), clock()).unwrap();
    }

    pub fn settings(&self) -> CountySettings {
        settings_for(&self.platform)
    }

    pub fn client_with(&self, change: impl FnOnce(&mut CountySettings)) -> CountyClient {
        let mut settings = self.settings();
        change(&mut settings);
        CountyClient::new(settings, clock()).unwrap()
    }

    pub async fn submit(&self, n: u64) -> Verdict {
        self.client.submit(id(n), Sequence(n), &body(n)).await
    }

    pub fn count(&self) -> usize {
        self.platform.cases().unwrap().len()
    }

    pub fn secret(&self) -> Vec<u8> {
        fs::read(&self.platform.secret_file).unwrap()
    }
}

pub fn settings_for(platform: &Handle) -> CountySettings {
    CountySettings {
        url: platform.url.clone(),
        ca_file: platform.ca_pem.clone(),
        app_id: "kiosk-demo-app".into(),
        secret_file: platform.secret_file.clone(),
        terminal: TERMINAL.into(),
        connect_timeout: Duration::from_secs(10),
        request_timeout: Duration::from_secs(20),
    }
}

pub fn clock() -> WallClock {
    Arc::new(Timestamp::now)
}

pub fn id(n: u64) -> SubmissionId {
    SubmissionId::from_parts(1_795_000_000_000 + n, [7; 10])
}

pub fn body(n: u64) -> Vec<u8> {
    body_with(n, "900")
}

pub fn body_with(n: u64, pay_level: &str) -> Vec<u8> {
    let field = |name: &str, value: &str, source| FieldValue { name: name.into(), value: value.into(), source };
    let application = Application {
        client_submission_id: id(n),
        item: ItemRef {
            item: ItemId("sample-01".into()),
            code: "320699000131128000".into(),
            version: 1,
            name: Words::new("城乡居民基本养老保险参保登记", ""),
            plain_name: Words::new("办养老保险", ""),
        },
        terminal: TERMINAL.into(),
        confirmed_at: Timestamp::from_second(1_795_000_000).unwrap(),
        form_version: 1,
        notice: "1/zh".into(),
        fields: vec![field("applicantName", "示例张三", Source::Card), field("payLevel", pay_level, Source::Resident)],
    };
    serde_json::to_vec(&application).unwrap()
}

#[track_caller]
pub fn stored(verdict: Verdict) -> CaseReceipt {
    match verdict {
        Verdict::Stored { receipt } => receipt,
        other @ (Verdict::TryAgain { .. } | Verdict::SetAside { .. } | Verdict::StopAll { .. }) => {
            panic!("not stored: {}", word(&other))
        }
    }
}

pub fn word(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Stored { .. } => "stored".into(),
        Verdict::TryAgain { code, after: None } => format!("again {code}"),
        Verdict::TryAgain { code, after: Some(after) } => format!("again {code} after {}", after.as_secs()),
        Verdict::SetAside { code } => format!("aside {code}"),
        Verdict::StopAll { code } => format!("stop {code}"),
    }
}
