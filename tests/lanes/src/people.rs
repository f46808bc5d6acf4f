//! Invented applications and receipts, all from one number each.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use county_stand_in::seal::{Keys, Suite as TheirSuite};
use kiosk::domain::id::{ItemId, SubmissionId};
use kiosk::domain::place::KioskCode;
use kiosk::domain::submission::{Application, CaseReceipt, FieldValue, ItemRef};
use kiosk::domain::text::Text;
use kiosk::ipc::Source;
use kiosk::seal::{CountyKey, LookupKey, Sealer, Suite};
use kiosk::store::{Elsewhere, Opening};

use crate::chance::Chance;
use crate::disk::{Mount, NAME, WholeFiles, store_file};

/// The kiosk of all lanes.
///
/// # Panics
/// Never: the code is well-formed.
pub fn kiosk_code() -> KioskCode {
    KioskCode::new("K032").expect("a well-formed code")
}

/// Seals to the published example key of GB/T 32918.5, with the same chance always, so that a seed gives the same bytes.
///
/// # Panics
/// Never: the example is a key.
pub fn sealer() -> Arc<Sealer> {
    static SEALER: OnceLock<Arc<Sealer>> = OnceLock::new();
    Arc::clone(SEALER.get_or_init(|| {
        let pem = Keys::of_the_standards().expect("the example is a key").pem(TheirSuite::Sm);
        let county = CountyKey::from_pem(Suite::Sm, &pem, Path::new("county-seal.pem")).expect("the example is a key");
        let lookup = LookupKey::new([3; 32]);
        Arc::new(Sealer::new(county, lookup, Arc::new(|| Ok([9; 32]))).expect("there is chance"))
    }))
}

/// The store on a mounted disk.
pub fn opening(mount: &Mount) -> Opening {
    let files = Arc::new(WholeFiles(Arc::clone(&mount.disk)));
    let elsewhere = Some(Elsewhere { vfs: NAME.to_owned(), files });
    Opening { elsewhere, ..Opening::at(&store_file(mount), &kiosk_code(), &sealer()) }
}

/// Identity of the application with this mark.
pub fn id(mark: u64) -> SubmissionId {
    let mut chance = [0; 10];
    chance[..8].copy_from_slice(&Chance::new(mark).bits().to_be_bytes());
    SubmissionId::from_parts(1_744_246_000_000 + mark, chance)
}

/// The application with this mark, about `letters` bytes of answers that no other application has.
///
/// # Panics
/// Never: the time is well-formed.
pub fn application(mark: u64, letters: usize) -> Application {
    let mut chance = Chance::new(mark ^ 0xa5a5_5a5a);
    let mut answers = String::with_capacity(letters + 16);
    while answers.len() < letters {
        answers.push_str(&format!("{:016x}", chance.bits()));
    }
    let field = |name: &str, value: String| FieldValue { name: name.to_owned(), value, source: Source::Resident };
    Application {
        client_submission_id: id(mark),
        item: ItemRef {
            item: ItemId("pension".to_owned()),
            code: "000000000".to_owned(),
            version: 1,
            name: Text::new("参保登记", "Enrolment"),
            plain_name: Text::new("办养老保险", ""),
        },
        terminal: "K032".to_owned(),
        confirmed_at: "2025-04-10T01:02:03Z".parse().expect("a well-formed time"),
        form_version: 1,
        notice: "1/zh".to_owned(),
        fields: vec![field("mark", mark.to_string()), field("answers", answers)],
    }
}

/// The receipt of the application with this mark, always the same.
///
/// # Panics
/// Never: the time is well-formed.
pub fn receipt(mark: u64) -> CaseReceipt {
    CaseReceipt {
        case_number: format!("CASE-{mark}"),
        query_code: "246810".to_owned(),
        accepted_at: "2025-04-10T02:00:00Z".parse().expect("a well-formed time"),
        promise_date: None,
    }
}
