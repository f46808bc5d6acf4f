//! The installer over a real D-Bus connection, from peer to peer: a stand-in with RAUC's interface and RAUC's words.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};

use zbus::connection::Builder;
use zbus::{Guid, fdo, interface};

use super::*;

/// What the stand-in is told to do, and what it was asked for.
#[derive(Debug, Default)]
struct Script {
    /// Words that refuse `InspectBundle`.
    refuses: Option<&'static str>,
    operation: &'static str,
    last_error: &'static str,
    percent: i32,
    installed: Vec<(String, Vec<String>, String)>,
    /// Version and state of the root and of the part beside it in the other slot.
    other: [(&'static str, &'static str); 2],
    marked: Vec<(String, String)>,
}

struct FakeRauc(Arc<Mutex<Script>>);

fn value<'v>(value: impl Into<Value<'v>>) -> OwnedValue {
    OwnedValue::try_from(value.into()).unwrap()
}

fn headers(args: &HashMap<String, OwnedValue>) -> Vec<String> {
    args.get("http-headers").map(|list| Vec::<String>::try_from(list.try_clone().unwrap()).unwrap()).unwrap_or_default()
}

#[interface(name = "de.pengutronix.rauc.Installer")]
impl FakeRauc {
    fn install_bundle(&self, source: &str, args: HashMap<String, OwnedValue>) -> fdo::Result<()> {
        let mut script = self.0.lock().unwrap();
        script.operation = "installing";
        let ca = args.get("tls-ca").and_then(text).unwrap_or_default();
        script.installed.push((source.to_owned(), headers(&args), ca));
        Ok(())
    }

    fn inspect_bundle(
        &self,
        _source: &str,
        _args: HashMap<String, OwnedValue>,
    ) -> fdo::Result<HashMap<String, OwnedValue>> {
        if let Some(words) = self.0.lock().unwrap().refuses {
            return Err(fdo::Error::Failed(words.to_owned()));
        }
        let update: HashMap<&str, Value<'_>> =
            [("compatible", Value::from("bianmin-kiosk")), ("version", Value::from("1.1.0"))].into();
        // As RAUC 1.13 answers: tables are wrapped twice, and `meta` is a table of tables of words.
        let ours: HashMap<&str, &str> = [("store-schema", "3"), ("store-readable-from", "2")].into();
        let meta: HashMap<&str, HashMap<&str, &str>> = [(META, ours)].into();
        let twice = |table: Value<'static>| value(Value::Value(Box::new(table)));
        Ok([("update".to_owned(), twice(Value::from(update))), ("meta".to_owned(), twice(Value::from(meta)))].into())
    }

    fn mark(&self, state: &str, slot: &str) -> fdo::Result<(String, String)> {
        self.0.lock().unwrap().marked.push((state.to_owned(), slot.to_owned()));
        Ok(("rootfs.1".to_owned(), "marked slot rootfs.1 as good".to_owned()))
    }

    fn get_slot_status(&self) -> Vec<(String, HashMap<String, OwnedValue>)> {
        let [root, boot] = self.0.lock().unwrap().other;
        let slot = |name: &str, facts: &[(&str, &'static str)]| {
            let facts = facts.iter().map(|(key, fact)| ((*key).to_owned(), value(*fact))).collect();
            (name.to_owned(), facts)
        };
        vec![
            slot(
                "boot.0",
                &[("state", "inactive"), ("parent", "rootfs.0"), ("bundle.version", boot.0), ("status", boot.1)],
            ),
            slot(
                "rootfs.0",
                &[("state", "inactive"), ("bootname", "A"), ("bundle.version", root.0), ("status", root.1)],
            ),
            slot("rootfs.1", &[("state", "booted"), ("bootname", "B"), ("bundle.version", "1.0.0"), ("status", "ok")]),
            slot(
                "boot.1",
                &[("state", "active"), ("parent", "rootfs.1"), ("bundle.version", "1.0.0"), ("status", "ok")],
            ),
        ]
    }

    #[zbus(property)]
    fn operation(&self) -> String {
        self.0.lock().unwrap().operation.to_owned()
    }

    #[zbus(property)]
    fn last_error(&self) -> String {
        self.0.lock().unwrap().last_error.to_owned()
    }

    #[zbus(property)]
    fn progress(&self) -> (i32, String, i32) {
        (self.0.lock().unwrap().percent, "Copying image to rootfs.1".to_owned(), 2)
    }

    #[zbus(property)]
    fn compatible(&self) -> String {
        "bianmin-kiosk".to_owned()
    }

    #[zbus(property)]
    fn boot_slot(&self) -> String {
        "B".to_owned()
    }
}

/// The installer's end of the line, and ours.
async fn line(script: &Arc<Mutex<Script>>) -> (Connection, Bus) {
    let (theirs, ours) = UnixStream::pair().unwrap();
    let fake = FakeRauc(Arc::clone(script));
    let guid = Guid::generate();
    let server = Builder::async_io_unix_stream(theirs).server(guid).unwrap().p2p().serve_at("/", fake).unwrap().build();
    let client = Builder::async_io_unix_stream(ours).p2p().build();
    let (server, client) = tokio::join!(server, client);
    let bus = Bus::over(&client.unwrap()).await.unwrap();
    (server.unwrap(), bus)
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

#[test]
fn a_bundle_is_looked_at_installed_with_its_header_and_followed_to_its_end() {
    let script = Arc::new(Mutex::new(Script::default()));
    run(async {
        let (_server, mut bus) = line(&script).await;
        let info = bus.inspect("https://rollout.example/1.raucb", &Fetch::default()).await.unwrap();
        let expected = BundleInfo {
            compatible: "bianmin-kiosk".to_owned(),
            version: "1.1.0".to_owned(),
            schema: 3,
            readable_from: 2,
        };
        assert_eq!(info, expected);
        let header = Some("Authorization: TargetToken t".to_owned());
        let fetch = Fetch { header, ca_file: Some("/data/kiosk/rollout/ca.pem".into()) };
        bus.install("https://rollout.example/1.raucb", &fetch).await.unwrap();
        let installed = script.lock().unwrap().installed.clone();
        let header = vec!["Authorization: TargetToken t".to_owned()];
        let ca = "/data/kiosk/rollout/ca.pem".to_owned();
        assert_eq!(installed, [("https://rollout.example/1.raucb".to_owned(), header, ca)]);
        script.lock().unwrap().percent = 42;
        assert_eq!(bus.look("1.1.0").await, Look::Busy { percent: 42 });
        script.lock().unwrap().operation = "idle";
        script.lock().unwrap().other = [("1.1.0", "ok"); 2];
        assert_eq!(bus.look("1.1.0").await, Look::Done);
    });
}

#[test]
fn an_installer_that_died_and_was_started_again_has_not_installed_anything() {
    let script = Arc::new(Mutex::new(Script { other: [("0.9.0", "ok"); 2], ..Script::default() }));
    run(async {
        let (server, mut bus) = line(&script).await;
        bus.install("/run/stick/1.raucb", &Fetch::default()).await.unwrap();
        assert_eq!(bus.look("1.1.0").await, Look::Busy { percent: 0 });
        // The program dies; the bus starts another at the next question. It rests and knows of no error.
        drop(server);
        script.lock().unwrap().operation = "idle";
        for other in [
            [("0.9.0", "ok"), ("0.9.0", "ok")],
            [("0.9.0", "pending"), ("0.9.0", "ok")],
            [("1.1.0", "ok"), ("0.9.0", "ok")],
            [("1.1.0", "ok"), ("1.1.0", "pending")],
            [("1.1.0", ""), ("1.1.0", "ok")],
        ] {
            script.lock().unwrap().other = other;
            let (_again, mut bus) = line(&script).await;
            assert_eq!(bus.look("1.1.0").await, Look::Failed(Refusal::NoInstaller), "{other:?}");
        }
        script.lock().unwrap().other = [("1.1.0", "ok"); 2];
        let (_again, mut bus) = line(&script).await;
        assert_eq!(bus.look("1.1.0").await, Look::Done);
    });
}

#[test]
fn each_of_the_installers_refusals_becomes_its_meaning() {
    let script = Arc::new(Mutex::new(Script { operation: "idle", ..Script::default() }));
    run(async {
        let (_server, mut bus) = line(&script).await;
        for (words, refusal) in [
            ("signature verification failed: Verify error: unsuitable certificate purpose", Refusal::Signature),
            ("Signature size (1869573) exceeds bundle size", Refusal::Truncated),
            ("already processing a different method", Refusal::Busy),
        ] {
            script.lock().unwrap().refuses = Some(words);
            assert_eq!(bus.inspect("/run/stick/1.raucb", &Fetch::default()).await, Err(refusal), "{words}");
        }
        for (words, refusal) in [
            ("Compatible mismatch: Expected 'bianmin-kiosk' but bundle manifest has 'other'", Refusal::WrongModel),
            ("Version mismatch: Expected at least '1.0.0' but bundle manifest has '0.9.0'", Refusal::Older),
            ("Installation error: Failed updating slot rootfs.0: Input/output error", Refusal::Damaged),
        ] {
            script.lock().unwrap().last_error = words;
            assert_eq!(bus.look("1.1.0").await, Look::Failed(refusal), "{words}");
        }
    });
}

#[test]
fn an_installer_that_dies_in_the_middle_is_noticed_by_the_next_look() {
    let script = Arc::new(Mutex::new(Script::default()));
    run(async {
        let (server, mut bus) = line(&script).await;
        bus.install("/run/stick/1.raucb", &Fetch::default()).await.unwrap();
        assert_eq!(bus.look("1.1.0").await, Look::Busy { percent: 0 });
        server.close().await.unwrap();
        assert_eq!(bus.look("1.1.0").await, Look::Failed(Refusal::NoInstaller));
        assert_eq!(bus.inspect("/run/stick/1.raucb", &Fetch::default()).await, Err(Refusal::NoInstaller));
    });
}

#[test]
fn the_running_slot_tells_its_version_and_is_marked_good() {
    let script = Arc::new(Mutex::new(Script::default()));
    run(async {
        let (_server, bus) = line(&script).await;
        let booted = bus.booted().await.unwrap();
        let (slot, version) = (booted.slot.as_str(), booted.version.as_str());
        assert_eq!((slot, version, booted.compatible.as_str()), ("B", "1.0.0", "bianmin-kiosk"));
        bus.mark_good().await.unwrap();
        assert_eq!(script.lock().unwrap().marked, [("good".to_owned(), "booted".to_owned())]);
    });
}
