//! RAUC over D-Bus (`de.pengutronix.rauc.Installer`): the calls we need, each with a limit, its words as [`Refusal`]s.
//!
//! Progress is asked for, not subscribed to: an installer that dies in the middle is noticed by the next question, and no
//! signal can be missed. An installer that died is started again by the next call, idle and without an error, exactly as
//! after good work; so "done" is believed only when the slots say that the version lies in the other slot, whole.

use std::collections::HashMap;
use std::time::Duration;

use zbus::Connection;
use zbus::zvariant::{OwnedValue, Value};

use super::refusal::Refusal;
use super::run::{Booted, BundleInfo, Fetch, Installer, Look};

/// Looking into a bundle over a thin line: a signature and a manifest.
const INSPECT: Duration = Duration::from_secs(90);
/// Every other call.
const CALL: Duration = Duration::from_secs(20);
/// Section of the manifest that is ours.
const META: &str = "bianmin";

#[zbus::proxy(interface = "de.pengutronix.rauc.Installer", default_service = "de.pengutronix.rauc", default_path = "/")]
trait Rauc {
    fn install_bundle(&self, source: &str, args: HashMap<&str, Value<'_>>) -> zbus::Result<()>;
    fn inspect_bundle(&self, source: &str, args: HashMap<&str, Value<'_>>)
    -> zbus::Result<HashMap<String, OwnedValue>>;
    fn mark(&self, state: &str, slot: &str) -> zbus::Result<(String, String)>;
    fn get_slot_status(&self) -> zbus::Result<Vec<(String, HashMap<String, OwnedValue>)>>;
    #[zbus(property(emits_changed_signal = "false"))]
    fn operation(&self) -> zbus::Result<String>;
    #[zbus(property(emits_changed_signal = "false"))]
    fn last_error(&self) -> zbus::Result<String>;
    #[zbus(property(emits_changed_signal = "false"))]
    fn progress(&self) -> zbus::Result<(i32, String, i32)>;
    #[zbus(property(emits_changed_signal = "false"))]
    fn compatible(&self) -> zbus::Result<String>;
    #[zbus(property(emits_changed_signal = "false"))]
    fn boot_slot(&self) -> zbus::Result<String>;
}

/// The installer cannot be spoken to.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// No bus, or nobody of that name on it.
    #[error("the installer cannot be reached over D-Bus")]
    Bus(#[from] zbus::Error),
    /// It did not answer in time.
    #[error("the installer does not answer")]
    Silent,
}

/// RAUC.
#[derive(Debug)]
pub struct Bus {
    rauc: RaucProxy<'static>,
}

impl Bus {
    /// Over the system's bus.
    ///
    /// # Errors
    /// There is no bus.
    pub async fn system() -> Result<Self, BusError> {
        Self::over(&Connection::system().await?).await
    }

    /// Over this connection.
    ///
    /// # Errors
    /// It is closed.
    pub async fn over(connection: &Connection) -> Result<Self, BusError> {
        let rauc = RaucProxy::builder(connection).cache_properties(zbus::proxy::CacheProperties::No).build().await?;
        Ok(Self { rauc })
    }

    /// What runs here; its version is the one the installer remembers of the slot, empty if it was never installed.
    ///
    /// # Errors
    /// The installer does not answer.
    pub async fn booted(&self) -> Result<Booted, BusError> {
        let slot = within(CALL, self.rauc.boot_slot()).await?;
        let compatible = within(CALL, self.rauc.compatible()).await?;
        let slots = within(CALL, self.rauc.get_slot_status()).await?;
        let version = slots
            .iter()
            .find(|(_, facts)| facts.get("bootname").and_then(text).is_some_and(|name| name == slot))
            .and_then(|(_, facts)| facts.get("bundle.version").and_then(text))
            .unwrap_or_default();
        // The boot loader's counter is all that is known of an image that never came so far as to write anything.
        let other_given_up = slots.iter().any(|(_, facts)| {
            facts.get("bootname").and_then(text).is_some_and(|name| name != slot)
                && facts.get("boot-status").and_then(text).is_some_and(|status| status == "bad")
        });
        Ok(Booted { slot, version, compatible, other_given_up })
    }

    /// Marks the running slot as good.
    ///
    /// # Errors
    /// The installer does not answer or would not.
    pub async fn mark_good(&self) -> Result<(), BusError> {
        within(CALL, self.rauc.mark("good", "booted")).await.map(drop)
    }
}

impl Installer for Bus {
    async fn inspect(&mut self, source: &str, fetch: &Fetch) -> Result<BundleInfo, Refusal> {
        let info = within(INSPECT, self.rauc.inspect_bundle(source, arguments(fetch))).await.map_err(refusal)?;
        let update = info.get("update").and_then(table).unwrap_or_default();
        let of = |table: &HashMap<String, OwnedValue>, key: &str| table.get(key).and_then(text).unwrap_or_default();
        let meta = info.get("meta").and_then(table).unwrap_or_default();
        let ours = meta.get(META).and_then(table).unwrap_or_default();
        let schema = of(&ours, "store-schema").parse().unwrap_or(1);
        Ok(BundleInfo {
            compatible: of(&update, "compatible"),
            version: of(&update, "version"),
            schema,
            readable_from: of(&ours, "store-readable-from").parse().unwrap_or(schema),
        })
    }

    async fn install(&mut self, source: &str, fetch: &Fetch) -> Result<(), Refusal> {
        within(CALL, self.rauc.install_bundle(source, arguments(fetch))).await.map_err(refusal)
    }

    async fn activate(&mut self) -> Result<(), Refusal> {
        within(CALL, self.rauc.mark("active", "other")).await.map(drop).map_err(refusal)
    }

    async fn look(&mut self, version: &str) -> Look {
        let state = async {
            let operation = within(CALL, self.rauc.operation()).await?;
            if operation == "installing" {
                let (percent, _, _) = within(CALL, self.rauc.progress()).await?;
                let percent = u8::try_from(percent.clamp(0, 100)).unwrap_or(0);
                return Ok(Look::Busy { percent });
            }
            let error = within(CALL, self.rauc.last_error()).await?;
            if error.is_empty() {
                let slots = within(CALL, self.rauc.get_slot_status()).await?;
                if is_installed(&slots, version) {
                    return Ok(Look::Done);
                }
                tracing::warn!(version, "the installer rests, and the other slot does not hold what was ordered");
                return Ok(Look::Failed(Refusal::NoInstaller));
            }
            tracing::warn!(words = error, "the installer gave up");
            Ok(Look::Failed(Refusal::of_words(&error)))
        };
        state.await.unwrap_or_else(|error| Look::Failed(refusal(error)))
    }
}

fn arguments(fetch: &Fetch) -> HashMap<&'static str, Value<'static>> {
    let header = fetch.header.as_ref().map(|header| ("http-headers", Value::from(vec![header.clone()])));
    let ca = fetch.ca_file.as_ref().map(|file| ("tls-ca", Value::from(file.display().to_string())));
    header.into_iter().chain(ca).collect()
}

/// Whether the slot that does not run, and each part that belongs to it, holds this version and was written to its end.
fn is_installed(slots: &[(String, HashMap<String, OwnedValue>)], version: &str) -> bool {
    let of = |facts: &HashMap<String, OwnedValue>, key: &str| facts.get(key).and_then(text).unwrap_or_default();
    let mut targets =
        slots.iter().filter(|(_, facts)| facts.contains_key("bootname") && of(facts, "state") == "inactive");
    let Some((name, _)) = targets.next() else { return false };
    slots
        .iter()
        .filter(|(own, facts)| own == name || of(facts, "parent") == *name)
        .all(|(_, facts)| of(facts, "status") == "ok" && of(facts, "bundle.version") == version)
}

async fn within<T>(limit: Duration, call: impl Future<Output = zbus::Result<T>>) -> Result<T, BusError> {
    match tokio::time::timeout(limit, call).await {
        Ok(answer) => answer.map_err(BusError::Bus),
        Err(_) => Err(BusError::Silent),
    }
}

/// The installer's own words become their meaning; a bus without it, or without words, is no installer.
fn refusal(error: BusError) -> Refusal {
    match error {
        BusError::Bus(zbus::Error::MethodError(name, words, _))
            if !name.as_str().starts_with("org.freedesktop.DBus.Error.ServiceUnknown")
                && !name.as_str().starts_with("org.freedesktop.DBus.Error.NoReply")
                && !name.as_str().starts_with("org.freedesktop.DBus.Error.NameHasNoOwner") =>
        {
            let words = words.unwrap_or_default();
            tracing::warn!(words, "the installer refuses");
            Refusal::of_words(&words)
        }
        BusError::Bus(error) => {
            tracing::warn!(%error, "no installer");
            Refusal::NoInstaller
        }
        BusError::Silent => Refusal::NoInstaller,
    }
}

fn text(value: &OwnedValue) -> Option<String> {
    value.downcast_ref::<&str>().ok().map(str::to_owned)
}

/// A table of the installer's answer. It wraps tables once more than others do, and a section of `meta` holds plain words.
fn table(value: &OwnedValue) -> Option<HashMap<String, OwnedValue>> {
    let mut inner: &Value<'_> = value;
    while let Value::Value(wrapped) = inner {
        inner = wrapped;
    }
    let Value::Dict(rows) = inner else { return None };
    let row = |(key, value): (&Value<'_>, &Value<'_>)| {
        let value = if let Value::Value(wrapped) = value { wrapped.as_ref() } else { value };
        Some((key.downcast_ref::<&str>().ok()?.to_owned(), value.try_to_owned().ok()?))
    };
    rows.iter().map(row).collect()
}

#[cfg(test)]
#[path = "bus_tests.rs"]
mod tests;
