//! What a program tells the service manager: that it is ready, how it is, and that it is alive.
//!
//! The protocol of `sd_notify(3)`: datagrams of `KEY=VALUE` lines to the Unix socket that the unit's environment names. The
//! environment is read by the verbs of the command line; here the address is an argument. A program that nobody started
//! as a unit has a silent [`Notifier`]. A datagram that cannot be sent is dropped: the manager then does what it does
//! with a program that says nothing, and that is the right thing.

use std::ffi::OsStr;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The watchdog is fed three times in its period: one late feeding does not kill a program that lives.
const FEEDINGS: u32 = 3;

/// Without a watchdog the status text is brought up to date this often.
const STATUS_EVERY: Duration = Duration::from_secs(5);

/// The line to the service manager. A clone is the same line.
#[derive(Debug, Clone, Default)]
pub struct Notifier {
    line: Option<Arc<UnixDatagram>>,
    watchdog: Option<Duration>,
}

impl Notifier {
    /// Says nothing to anybody.
    pub fn silent() -> Self {
        Self::default()
    }

    /// Talks to the socket `address` (a path, or `@name` in the abstract name space); `watchdog` is the period within
    /// which the manager wants to hear that we live.
    ///
    /// # Errors
    /// There is no such socket.
    pub fn to(address: &OsStr, watchdog: Option<Duration>) -> std::io::Result<Self> {
        let line = UnixDatagram::unbound()?;
        let bytes = address.as_bytes();
        let address = match bytes.strip_prefix(b"@") {
            Some(name) => SocketAddr::from_abstract_name(name)?,
            None => SocketAddr::from_pathname(address)?,
        };
        line.connect_addr(&address)?;
        // A manager that does not read must not hold up what it watches.
        line.set_nonblocking(true)?;
        Ok(Self { line: Some(Arc::new(line)), watchdog })
    }

    /// How often to feed, or to bring the status up to date. `None`: nobody listens.
    pub fn every(&self) -> Option<Duration> {
        self.line.as_ref().map(|_| self.watchdog.map_or(STATUS_EVERY, |period| period / FEEDINGS))
    }

    /// The program does what it is for.
    pub fn ready(&self) {
        self.say("READY=1");
    }

    /// How it is, in one plain line without personal data.
    pub fn status(&self, line: &str) {
        self.say(&format!("STATUS={}", line.replace('\n', " ")));
    }

    /// It lives. Says nothing where no watchdog waits for it.
    pub fn alive(&self) {
        if self.watchdog.is_some() {
            self.say("WATCHDOG=1");
        }
    }

    /// It ends as it was asked to.
    pub fn stopping(&self) {
        self.say("STOPPING=1");
    }

    fn say(&self, text: &str) {
        if let Some(line) = &self.line {
            line.send(text.as_bytes()).ok();
        }
    }
}

/// Counts the turns of something that must go on turning. A clone counts the same.
#[derive(Debug, Clone, Default)]
pub struct Beats(Arc<AtomicU64>);

impl Beats {
    /// One more.
    pub fn beat(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts from nothing again.
    pub fn forget(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// How many so far.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

    use super::*;

    fn heard(manager: &UnixDatagram) -> String {
        let mut buffer = [0; 512];
        let length = manager.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    #[test]
    fn the_manager_hears_ready_status_and_life_over_a_real_socket() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let notifier = Notifier::to(path.as_os_str(), Some(Duration::from_secs(30))).unwrap();
        assert_eq!(notifier.every(), Some(Duration::from_secs(10)));
        notifier.ready();
        notifier.status("idle\nnothing waits");
        notifier.alive();
        assert_eq!(heard(&manager), "READY=1");
        assert_eq!(heard(&manager), "STATUS=idle nothing waits");
        assert_eq!(heard(&manager), "WATCHDOG=1");
    }

    #[test]
    fn an_abstract_address_is_understood_and_without_a_watchdog_nothing_is_fed() {
        let name = format!("kiosk-notify-{}", std::process::id());
        let manager = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        let notifier = Notifier::to(OsStr::new(&format!("@{name}")), None).unwrap();
        notifier.alive();
        notifier.stopping();
        assert_eq!(heard(&manager), "STOPPING=1");
    }

    #[test]
    fn a_manager_that_does_not_read_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let notifier = Notifier::to(path.as_os_str(), None).unwrap();
        for _ in 0..10_000 {
            notifier.ready();
        }
        drop(manager);
        notifier.ready();
        assert_eq!(Notifier::silent().every(), None);
    }
}
