//! The county's rollout server, as it comes with an enrolment or a prepared card: a machine has no shell to type it in.
//!
//! Address, tenant and this machine's own token travel inside of a signed document, with the authority that the server's
//! certificate must lead to. They are stored when the enrolment they came with was taken, never before. The token and the
//! authority lie in a folder of their own, which the agent's unit reads; the token is readable by the owner alone.
//!
//! Left out: `update.token_file`, which says where the agent finds the token; the image names it.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize as _;

use super::answer::fingerprint_of;
use super::disk::{self, DiskError, Folders};
use crate::config::check_county_url;

/// Name of its drop-in.
pub const FILE: &str = "65-rollout.toml";

/// The rollout server of one machine. `Debug` shows nothing of the token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollout {
    /// `https://host[:port]`.
    pub url: String,
    /// Tenant at the server.
    pub tenant: String,
    /// The machine's own token, 16 to 256 visible characters.
    pub token: String,
    /// Certificates (PEM) that the server's must lead to.
    pub ca: String,
}

impl Drop for Rollout {
    fn drop(&mut self) {
        self.token.zeroize();
    }
}

impl std::fmt::Debug for Rollout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rollout").field("url", &self.url).field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

impl Rollout {
    /// Whether the configuration and the agent will take it.
    pub fn is_good(&self) -> bool {
        let is_plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.' | b'_');
        check_county_url("the rollout server", &self.url).is_ok()
            && (1..=64).contains(&self.tenant.len())
            && self.tenant.bytes().all(is_plain)
            && (16..=256).contains(&self.token.len())
            && self.token.bytes().all(|b| b.is_ascii_graphic())
            && fingerprint_of(&self.ca).is_some()
    }

    /// `[rollout]` of a prepared card.
    pub fn card_text(&self) -> String {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let mut text = "\n[rollout]\n".to_owned();
        for (key, value) in [("url", &self.url), ("tenant", &self.tenant), ("token", &self.token), ("ca", &self.ca)] {
            // Writing to a String cannot fail.
            writeln!(text, "{key} = {}", quoted(value)).ok();
        }
        text
    }

    /// Writes it: the authority, the token, and at last the settings that name them.
    ///
    /// # Errors
    /// Names the file.
    pub fn store(&self, folders: &Folders) -> Result<(), DiskError> {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let ca = folders.rollout("ca.pem");
        disk::write(&ca, self.ca.as_bytes(), disk::OPEN)?;
        disk::write(&folders.rollout("token"), self.token.as_bytes(), disk::SECRET)?;
        let text = format!(
            "{}\n[update]\nurl = {}\ntenant = {}\nca_file = {}\n",
            super::settings::HEAD,
            quoted(&self.url),
            quoted(&self.tenant),
            quoted(&ca.display().to_string())
        );
        disk::write(&folders.config(FILE), text.as_bytes(), disk::OPEN)
    }
}
