//! The one who seals: the county's key, the kiosk's tags, and a source of chance.

use std::fmt;
use std::sync::Arc;

use base64ct::{Base64, Encoding as _};
use serde::Serialize;
use zeroize::Zeroizing;

use super::bound::{Bound, VERSION};
use super::draw::Drawn;
use super::error::SealError;
use super::key::{CountyKey, LookupKey, Recipient, keyed_digest};
use super::{international, sm};

/// Gives 32 fresh bytes at each call, or says that there are none.
pub type Chance = Arc<dyn Fn() -> Result<[u8; 32], SealError> + Send + Sync>;

/// Seals to one key of one county. Shows nothing but the key's name.
pub struct Sealer {
    county: CountyKey,
    lookup: LookupKey,
    /// Key of [`Sealer::same_tag`]; lives as long as this value and is never written.
    same: Zeroizing<[u8; 32]>,
    chance: Chance,
}

/// The envelope as it is stored and sent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    envelope: u8,
    suite: &'static str,
    key_id: String,
    /// Outside for those who deliver; inside the associated data for those who open.
    terminal: &'a str,
    sealed: String,
}

impl Sealer {
    /// Makes a sealer and draws the key of the tags that never leave it.
    ///
    /// # Errors
    /// Without chance nothing can be sealed.
    pub fn new(county: CountyKey, lookup: LookupKey, chance: Chance) -> Result<Self, SealError> {
        let same = Zeroizing::new(chance()?);
        Ok(Self { county, lookup, same, chance })
    }

    /// The county's key that is sealed to.
    pub fn county(&self) -> &CountyKey {
        &self.county
    }

    /// Seals `plain` for the county, for this place alone. Gives the envelope as JSON, as it is stored and sent.
    ///
    /// # Errors
    /// Without chance; otherwise only by an error of the program.
    pub fn seal(&self, bound: &Bound<'_>, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let suite = self.county.suite();
        let associated = bound.bytes(suite, &self.county.id());
        let mut drawn = Drawn::new((self.chance)()?, &associated, plain);
        let sealed = match &self.county.recipient {
            Recipient::Sm(to) => sm::seal(to, &associated, plain, &mut drawn),
            Recipient::International(to) => international::seal(to, &associated, plain, &mut drawn),
        }
        .ok_or(SealError::Cipher)?;
        serde_json::to_vec(&Envelope {
            envelope: VERSION,
            suite: suite.word(),
            key_id: self.county.id().to_string(),
            terminal: bound.terminal,
            sealed: Base64::encode_string(&sealed),
        })
        .map_err(|_| SealError::Cipher)
    }

    /// 32 fresh bytes.
    pub(super) fn fresh(&self) -> Result<[u8; 32], SealError> {
        (self.chance)()
    }

    /// The tag under which the applications of a card are found, 32 bytes. The same number gives the same tag on this
    /// kiosk, at any time.
    pub fn lookup_tag(&self, number: &str) -> [u8; 32] {
        self.lookup.tag(number)
    }

    /// Tells the same plain bytes handed in twice, 32 bytes. Two sealers never agree: after a restart nobody is left who
    /// could hand in the same application again, for visits end with the program.
    pub fn same_tag(&self, plain: &[u8]) -> [u8; 32] {
        keyed_digest(&self.same, b"same\n", plain)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("key", &self.county.id()).finish_non_exhaustive()
    }
}
