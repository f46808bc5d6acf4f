//! Whose signature counts for which place.
//!
//! The folder of keys has one folder per place, named by its code, with the public keys of those who may sign for it:
//! `320699/office.pub`, `320699101/centre.pub`. A place may sign for itself and for what lies below it; which places lie
//! above a centre is told by the configuration of the machine, so that the towns of a development zone are under the zone
//! although their codes begin otherwise.

use std::collections::BTreeMap;
use std::path::Path;

use crate::provision::keys::Document;
use crate::provision::{KeyError, Trusted};

/// Keys by the code of their place.
#[derive(Debug, Clone, Default)]
pub struct Trust(BTreeMap<String, Trusted>);

impl Trust {
    /// Reads the folder of keys. A folder that is not there trusts nobody.
    ///
    /// # Errors
    /// A file that is no key, or a folder that cannot be read.
    pub fn read(folder: &Path) -> Result<Self, KeyError> {
        let mut keys = BTreeMap::new();
        if !folder.exists() {
            return Ok(Self(keys));
        }
        let read = |source| KeyError::Read { path: folder.to_owned(), source };
        for entry in std::fs::read_dir(folder).map_err(read)? {
            let path = entry.map_err(read)?.path();
            let code = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && !code.is_empty() && code.bytes().all(|b| b.is_ascii_digit()) {
                keys.insert(code.to_owned(), Trusted::read(&path)?);
            }
        }
        Ok(Self(keys))
    }

    /// Codes of the places whose keys have signed this manifest.
    pub fn signers(&self, head: &[u8], signatures: &[String]) -> Vec<&str> {
        let signed = |keys: &Trusted| signatures.iter().any(|line| keys.has_signed(Document::Catalogue, head, line));
        self.0.iter().filter(|(_, keys)| signed(keys)).map(|(code, _)| code.as_str()).collect()
    }
}
