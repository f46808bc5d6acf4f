//! A raw pseudo-terminal whose slave plays a serial port under a stable name.
//!
//! The slave is made raw before anything is written (a cooked terminal echoes and changes bytes) and one descriptor
//! of it is kept open for the whole life (without an opener the master reads errors and bytes are lost). The stable
//! name is a symbolic link, as udev would make one: replugging gives another `/dev/pts` number and repoints it.
//! Dropping the pair is "unplugged": both ends close, the link is removed, whoever has the port open sees it go.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, ioctl_tiocnxcl, tcgetattr, tcsetattr};

/// Bytes taken from the host at once.
const READ_SIZE: usize = 4096;

/// An open pair: the device's end, and the name the driver opens.
#[derive(Debug)]
pub struct Pty {
    master: File,
    slave: OwnedFd,
    link: PathBuf,
    node: PathBuf,
}

/// The pair could not be made, or its stable name not set.
#[derive(Debug, thiserror::Error)]
#[error("cannot make the simulated port {}", .link.display())]
pub struct PtyError {
    /// The stable name.
    pub link: PathBuf,
    /// The system's reason.
    #[source]
    pub source: io::Error,
}

impl Pty {
    /// Makes a raw pair and points the symbolic link `link` at its slave, replacing an older link.
    ///
    /// # Errors
    /// No pseudo-terminal left, or the link's folder is not writable.
    pub fn open(link: &Path) -> Result<Self, PtyError> {
        Self::open_inner(link).map_err(|source| PtyError { link: link.to_owned(), source })
    }

    fn open_inner(link: &Path) -> io::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let name = ptsname(&master, Vec::new())?;
        let node = PathBuf::from(name.into_string().map_err(io::Error::other)?);
        // The master must not block: the loop waits with `poll`, never in a read or a write.
        rustix::fs::fcntl_setfl(&master, OFlags::RDWR | OFlags::NONBLOCK)?;
        let no_controlling_terminal = i32::try_from(OFlags::NOCTTY.bits()).map_err(io::Error::other)?;
        let slave: OwnedFd =
            OpenOptions::new().read(true).write(true).custom_flags(no_controlling_terminal).open(&node)?.into();
        let mut settings = tcgetattr(&slave)?;
        settings.make_raw();
        tcsetattr(&slave, OptionalActions::Now, &settings)?;
        point(link, &node)?;
        Ok(Self { master: File::from(master), slave, link: link.to_owned(), node })
    }

    /// The stable name.
    pub fn path(&self) -> &Path {
        &self.link
    }

    /// The node behind the stable name, which changes with every replug.
    pub fn node(&self) -> &Path {
        &self.node
    }

    /// The speed that the host has set, in baud.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn host_baud(&self) -> io::Result<u32> {
        Ok(tcgetattr(&self.slave)?.output_speed())
    }

    /// Lets the next program open the port although an earlier one had it exclusively.
    ///
    /// On a real line the mark "exclusive" goes with the last descriptor; here one descriptor stays open, so the
    /// mark would outlive the driver. The driver's file lock still keeps a second program out.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn clear_exclusive(&self) -> io::Result<()> {
        Ok(ioctl_tiocnxcl(&self.slave)?)
    }

    /// Waits at most `wait` for bytes of the host and appends them to `buffer`.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn read(&mut self, buffer: &mut Vec<u8>, wait: Duration) -> io::Result<()> {
        if !self.is_ready(PollFlags::IN, wait)? {
            return Ok(());
        }
        let mut bytes = [0; READ_SIZE];
        match self.master.read(&mut bytes) {
            Ok(count) => buffer.extend_from_slice(bytes.get(..count).unwrap_or_default()),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Writes what fits now and returns how many bytes that were; 0 when the host does not read.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.master.write(bytes) {
            Ok(count) => Ok(count),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(0),
            Err(error) => Err(error),
        }
    }

    fn is_ready(&self, what: PollFlags, wait: Duration) -> io::Result<bool> {
        let timeout =
            Timespec { tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX), tv_nsec: wait.subsec_nanos().into() };
        let mut polled = [PollFd::from_borrowed_fd(self.master.as_fd(), what)];
        match poll(&mut polled, Some(&timeout)) {
            Ok(_) => Ok(polled.iter().any(|fd| fd.revents().intersects(what))),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // Another pair may have taken the name over; only our own link is removed.
        if fs::read_link(&self.link).is_ok_and(|target| target == self.node) {
            fs::remove_file(&self.link).ok();
        }
    }
}

/// Points the link at the node in one step, so that the name never leads to half a link.
fn point(link: &Path, node: &Path) -> io::Result<()> {
    let mut fresh = link.as_os_str().to_owned();
    fresh.push(".new");
    let fresh = PathBuf::from(fresh);
    match fs::remove_file(&fresh) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    symlink(node, &fresh)?;
    fs::rename(&fresh, link)
}
