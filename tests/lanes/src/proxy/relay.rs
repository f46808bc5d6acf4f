//! A proxy that ends TLS with the county's own certificate and spoils exchanges on the way, by plan.
//!
//! Plain threads and blocking sockets; one exchange after the other on each connection. It reads whole messages by
//! their `Content-Length`, which is all that the client and the stand-in use.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::chance::Chance;

/// A socket that is silent for so long is given up.
const SILENCE: Duration = Duration::from_secs(5);
/// Largest message it takes.
const LARGEST: usize = 1024 * 1024;
/// Requests it remembers, to play them again.
const REMEMBERED: usize = 20;

/// What happens to one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// The connection ends before a request is read.
    Refused,
    /// So many bytes of the request go on, then both connections end.
    CutRequest(usize),
    /// So many bytes of the answer come back, then the connection ends.
    CutAnswer(usize),
    /// The answer is late by so many milliseconds.
    Late(u64),
    /// The request goes on twice; the second answer comes back.
    Twice,
    /// An older request goes on again before this one.
    Replay,
    /// The answer to the request before comes back in the place of this one's.
    OldAnswer,
    /// 502 with a page; the request has gone on, or has not.
    Gateway { has_gone_on: bool },
    /// 200 with a page to sign in; the request has not gone on.
    SignIn,
    /// The request goes on; the side that would bring the answer is closed.
    HalfClosed,
}

impl Trouble {
    /// One of them.
    pub fn any(chance: &mut Chance) -> Self {
        let bytes = chance.index(900);
        match chance.below(13) {
            0 => Self::None,
            1 => Self::Refused,
            2 => Self::CutRequest(bytes),
            3 | 4 => Self::CutAnswer(bytes),
            // One in ten is later than the client waits.
            5 => Self::Late(if chance.one_in(10) { 1_200 } else { chance.below(200) }),
            6 => Self::Twice,
            7 => Self::Replay,
            8 => Self::OldAnswer,
            9 => Self::Gateway { has_gone_on: true },
            10 => Self::Gateway { has_gone_on: false },
            11 => Self::SignIn,
            _ => Self::HalfClosed,
        }
    }
}

/// The running proxy. Dropping it stops it.
pub struct Relay {
    /// Where it listens.
    pub addr: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    county: SocketAddr,
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
    plan: Mutex<VecDeque<Trouble>>,
    requests: Mutex<Vec<Vec<u8>>>,
    answer: Mutex<Vec<u8>>,
    is_over: AtomicBool,
}

impl Relay {
    /// Starts before the county at `county`, whose certificates lie in `folder`.
    pub fn start(county: SocketAddr, folder: &Path) -> anyhow::Result<Self> {
        let provider = || Arc::new(rustls::crypto::ring::default_provider());
        let chain = CertificateDer::pem_file_iter(folder.join("server.pem"))?.collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_file(folder.join("server.key"))?;
        let server = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(folder.join("ca.pem"))?)?;
        let client = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared {
            county,
            server: Arc::new(server),
            client: Arc::new(client),
            plan: Mutex::default(),
            requests: Mutex::default(),
            answer: Mutex::default(),
            is_over: AtomicBool::new(false),
        });
        let of_thread = Arc::clone(&shared);
        let thread =
            std::thread::Builder::new().name("relay".to_owned()).spawn(move || accept(&listener, &of_thread))?;
        Ok(Self { addr, shared, thread: Some(thread) })
    }

    /// Sets what happens to the next exchanges; after them nothing does.
    pub fn plan(&self, troubles: impl IntoIterator<Item = Trouble>) {
        *lock(&self.shared.plan) = troubles.into_iter().collect();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        // A connection of our own lets the thread look at the flag.
        drop(TcpStream::connect(self.addr));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.is_over.load(Ordering::Relaxed) {
            return;
        }
        let (Ok(stream), shared) = (stream, Arc::clone(shared)) else { continue };
        // A broken connection is what this is for.
        std::thread::spawn(move || converse(stream, &shared).ok());
    }
}

fn converse(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    patient(&stream)?;
    let connection = ServerConnection::new(Arc::clone(&shared.server)).map_err(io::Error::other)?;
    let mut kiosk = StreamOwned::new(connection, stream);
    loop {
        let trouble = lock(&shared.plan).pop_front().unwrap_or(Trouble::None);
        if trouble == Trouble::Refused {
            return kiosk.sock.shutdown(Shutdown::Both);
        }
        let Some(request) = message(&mut kiosk)? else {
            // The client had nothing more to say; the trouble waits for the next one who has.
            lock(&shared.plan).push_front(trouble);
            return Ok(());
        };
        let answer = shared.exchange(&request, trouble)?;
        match (trouble, answer) {
            (Trouble::CutAnswer(bytes), Some(answer)) => {
                kiosk.write_all(&answer[..bytes.min(answer.len().saturating_sub(1))])?;
                kiosk.flush()?;
                return kiosk.sock.shutdown(Shutdown::Both);
            }
            (_, None) => {
                if trouble == Trouble::HalfClosed {
                    kiosk.sock.shutdown(Shutdown::Write)?;
                    // The other half stays open until the client has had enough.
                    let mut rest = [0; 64];
                    while kiosk.sock.read(&mut rest)? > 0 {}
                }
                return kiosk.sock.shutdown(Shutdown::Both);
            }
            (_, Some(answer)) => {
                kiosk.write_all(&answer)?;
                kiosk.flush()?;
            }
        }
    }
}

impl Shared {
    /// What comes back for a request, if anything does.
    fn exchange(&self, request: &[u8], trouble: Trouble) -> io::Result<Option<Vec<u8>>> {
        let older = {
            let mut requests = lock(&self.requests);
            let older = requests.first().cloned();
            requests.push(request.to_vec());
            if requests.len() > REMEMBERED {
                requests.remove(0);
            }
            older
        };
        let page =
            |status: &str| format!("HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: 4\r\n\r\n<p/>");
        let answer = match trouble {
            Trouble::None | Trouble::Refused | Trouble::CutAnswer(_) => self.forward(request)?,
            Trouble::CutRequest(bytes) => {
                let mut county = self.county()?;
                county.write_all(&request[..bytes.min(request.len().saturating_sub(1))])?;
                county.flush()?;
                county.sock.shutdown(Shutdown::Both)?;
                return Ok(None);
            }
            Trouble::Late(millis) => {
                let answer = self.forward(request)?;
                rest(Duration::from_millis(millis));
                answer
            }
            Trouble::Twice => {
                self.forward(request)?;
                self.forward(request)?
            }
            Trouble::Replay => {
                if let Some(older) = older {
                    self.forward(&older)?;
                }
                self.forward(request)?
            }
            Trouble::OldAnswer => {
                let old = lock(&self.answer).clone();
                let new = self.forward(request)?;
                if old.is_empty() { new } else { old }
            }
            Trouble::Gateway { has_gone_on } => {
                if has_gone_on {
                    self.forward(request)?;
                }
                page("502 Bad Gateway").into_bytes()
            }
            Trouble::SignIn => page("200 OK").into_bytes(),
            Trouble::HalfClosed => {
                self.forward(request)?;
                return Ok(None);
            }
        };
        Ok(Some(answer))
    }

    /// The county's answer to a request, over a connection of its own.
    fn forward(&self, request: &[u8]) -> io::Result<Vec<u8>> {
        let mut county = self.county()?;
        county.write_all(request)?;
        county.flush()?;
        let answer = message(&mut county)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        lock(&self.answer).clone_from(&answer);
        Ok(answer)
    }

    fn county(&self) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
        let stream = TcpStream::connect(self.county)?;
        patient(&stream)?;
        let name = ServerName::try_from("127.0.0.1").map_err(io::Error::other)?;
        let connection = ClientConnection::new(Arc::clone(&self.client), name).map_err(io::Error::other)?;
        Ok(StreamOwned::new(connection, stream))
    }
}

/// One whole message; `None` if the other side ended before its first byte.
fn message(stream: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        if let Some(length) = length_of(&bytes)
            && bytes.len() >= length
        {
            return Ok(Some(bytes));
        }
        let read = stream.read(&mut piece)?;
        if read == 0 {
            return if bytes.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        bytes.extend_from_slice(&piece[..read]);
        if bytes.len() > LARGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
}

/// Length of a message, once its head is there.
fn length_of(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let body = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    Some(head + body.unwrap_or(0))
}

fn patient(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(SILENCE))?;
    stream.set_write_timeout(Some(SILENCE))
}

#[expect(clippy::disallowed_methods, reason = "a late answer is a fault this proxy is told to have")]
fn rest(time: Duration) {
    std::thread::sleep(time);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
