//! What parent and child agree on: applications, receipts, and a store that answers one question at a time.

use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use kiosk::domain::id::{ItemId, Sequence, SubmissionId};
use kiosk::domain::place::KioskCode;
use kiosk::domain::submission::{Application, CaseReceipt, FieldValue, ItemRef, StoreCommand, StoreEvent};
use kiosk::domain::text::Text;
use kiosk::ipc::Source;
use kiosk::store::{FILE_NAME, Opening, Store};

use crate::seal::{opened, sealer};

/// Longer than any commit on a busy machine; beyond it the store hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// The field that says whose application it is: the resident's own mark, independent of the kiosk's identity.
pub const KEY_FIELD: &str = "key";

/// A store with its answers.
pub struct Desk {
    pub store: Store,
    events: Receiver<StoreEvent>,
}

impl Desk {
    pub fn open(folder: &Path) -> Self {
        let (sink, events) = sync_channel(1_000);
        let kiosk = KioskCode::new("K032").unwrap();
        let store = Store::open(&Opening::at(&folder.join(FILE_NAME), &kiosk, &sealer()), move |event| {
            let _ended = sink.send(event);
        })
        .unwrap();
        Self { store, events }
    }

    /// Sends a command and waits for its answer. Of the questions of this harness only that for the queue is answered
    /// with "broken"; before another answer it is the store's own word about what happened after the last one.
    pub fn ask(&self, command: StoreCommand) -> StoreEvent {
        let may_be_broken = matches!(command, StoreCommand::LoadQueue);
        self.store.send(command).unwrap();
        let answer = self.events.recv_timeout(PATIENCE).unwrap();
        if !may_be_broken && let StoreEvent::Broken { code } = &answer {
            super::child::say(&format!("broken {code}"));
            return self.events.recv_timeout(PATIENCE).unwrap();
        }
        answer
    }

    /// An event that nobody asked for, if there is one.
    pub fn unasked(&self) -> Option<StoreEvent> {
        self.events.recv_timeout(Duration::from_millis(200)).ok()
    }
}

/// An invented application of the resident with this mark.
pub fn application(id: SubmissionId, key: &str) -> Application {
    let field = |name: &str, value: &str| FieldValue {
        name: name.to_owned(),
        value: value.to_owned(),
        source: Source::Resident,
    };
    Application {
        client_submission_id: id,
        item: ItemRef {
            item: ItemId("pension".to_owned()),
            code: "000000000".to_owned(),
            version: 1,
            name: Text::new("参保登记", "Enrolment"),
            plain_name: Text::new("办养老保险", ""),
        },
        terminal: "K032".to_owned(),
        confirmed_at: "2025-04-10T01:02:03Z".parse().unwrap(),
        form_version: 1,
        notice: "1/zh".to_owned(),
        fields: vec![field(KEY_FIELD, key), field("answers", &"一二三四五六七八九十".repeat(40))],
    }
}

/// Whose application these stored bytes are, as the county finds.
pub fn key_of(body: &[u8], id: SubmissionId, sequence: Sequence) -> String {
    let application: Application = serde_json::from_slice(&opened(body, id, sequence)).unwrap();
    let field = application.fields.iter().find(|f| f.name == KEY_FIELD);
    field.unwrap().value.clone()
}

/// The receipt the county gives for this identity, always the same.
pub fn receipt(id: SubmissionId) -> CaseReceipt {
    CaseReceipt {
        case_number: format!("CASE-{id}"),
        query_code: "246810".to_owned(),
        accepted_at: "2025-04-10T02:00:00Z".parse().unwrap(),
        promise_date: None,
    }
}
