//! The seal in tests: to the published example key of GB/T 32918.5, which everybody can open and which guards nothing.

use std::path::Path;
use std::sync::Arc;

use county_stand_in::seal::{Keys, Place, Suite as TheirSuite};
use kiosk::domain::id::{Sequence, SubmissionId};
use kiosk::seal::{CountyKey, LookupKey, Sealer, Suite};

/// A sealer whose chance is always the same, and so is what it seals.
pub fn sealer() -> Arc<Sealer> {
    let pem = keys().pem(TheirSuite::Sm);
    let county = CountyKey::from_pem(Suite::Sm, &pem, Path::new("county-seal.pem")).expect("the example is a key");
    Arc::new(Sealer::new(county, LookupKey::new([3; 32]), Arc::new(|| Ok([9; 32]))).expect("there is chance"))
}

/// What the county reads in a stored application.
pub fn opened(stored: &[u8], id: SubmissionId, sequence: Sequence) -> Vec<u8> {
    let sequence = i64::try_from(sequence.0).expect("a number of a kiosk");
    let place = Place { id: &id.to_string(), sequence, purpose: "application" };
    keys().open_bytes(stored, place).expect("sealed for this place").to_vec()
}

fn keys() -> Keys {
    Keys::of_the_standards().expect("the example is a key")
}
