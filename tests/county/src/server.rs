//! Starting and stopping; connections, TLS and the faults that happen below HTTP.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::Response;
use hyper::Request;
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::attachment::Shelf;
use crate::carry::{self, CarryRefusal};
use crate::delivery::Packages;
use crate::enrol::{self, Enrolments};
use crate::fault::Faults;
use crate::gate::{Fate, Gate};
use crate::ledger::{Case, Ledger, Terminal};
use crate::seal::Keys;
use crate::{admin, api, authority, clock, gate, page, staff, verify};

/// A client that does not finish its handshake in this time is let go.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How to start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Folder for certificates, secret and database; made if missing.
    pub folder: PathBuf,
    /// Application id that kiosks sign with.
    pub app_id: String,
    /// Terminals that are known. Empty: any.
    pub terminals: Vec<String>,
    /// Forms older than this are refused as `form-outdated`.
    pub min_form_version: u32,
    /// Whether applications that are not sealed are taken.
    pub unsealed: Unsealed,
    /// Whether faults can be set over HTTP, under `/admin`.
    pub admin: Admin,
}

/// What becomes of an application that is not sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsealed {
    /// It is taken: terminals still hold some of their first schema.
    Taken,
    /// It is refused as `seal-missing`.
    Refused,
}

/// Whether there is an admin path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admin {
    /// Faults and states can be set by anyone who reaches the port.
    Open,
    /// There is none.
    Absent,
}

impl Settings {
    /// The desk's settings: any terminal, any form, no admin path.
    pub fn new(listen: SocketAddr, folder: impl Into<PathBuf>) -> Self {
        Self {
            listen,
            folder: folder.into(),
            app_id: "kiosk-demo-app".into(),
            terminals: Vec::new(),
            min_form_version: 1,
            unsealed: Unsealed::Taken,
            admin: Admin::Absent,
        }
    }
}

/// Why it could not start, or could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A file or folder.
    #[error("use {}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The address.
    #[error("listen on {listen}")]
    Listen {
        /// Which.
        listen: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The server's thread or runtime.
    #[error("start a thread")]
    Thread(#[source] io::Error),
    /// Certificates could not be made.
    #[error("make certificates")]
    Certificate(#[from] rcgen::Error),
    /// Certificates could not be read.
    #[error("read the certificates in the folder")]
    Pem,
    /// TLS did not take them.
    #[error("set up TLS")]
    Tls(#[from] rustls::Error),
    /// The database.
    #[error("use the database")]
    Database(#[from] rusqlite::Error),
    /// Stored fields.
    #[error("write fields")]
    Json(#[from] serde_json::Error),
    /// The system's random source.
    #[error("get random bytes")]
    Chance,
}

impl ServeError {
    pub(crate) fn file(file: &Path, source: io::Error) -> Self {
        Self::File { file: file.into(), source }
    }
}

/// Everything the handlers share.
pub struct Platform {
    pub(crate) settings: Settings,
    pub(crate) gate: Gate,
    pub(crate) faults: Arc<Faults>,
    pub(crate) seal_keys: Keys,
    shelf: Mutex<Shelf>,
    packages: Mutex<Packages>,
    pub(crate) enrolments: Enrolments,
    /// The shared secret, as a machine that enrols is given it.
    pub(crate) secret: String,
    ledger: Mutex<Ledger>,
}

impl Platform {
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn packages(&self) -> MutexGuard<'_, Packages> {
        self.packages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> jiff::Timestamp {
        clock::now(self.faults.clock_offset())
    }
}

/// A running platform. Dropping it stops it.
pub struct Handle {
    /// Where it listens.
    pub addr: SocketAddr,
    /// `https://127.0.0.1:PORT`, for the kiosk's settings and a browser.
    pub url: String,
    /// The authority's certificate, for the kiosk's settings.
    pub ca_pem: PathBuf,
    /// The shared secret, for the kiosk's settings.
    pub secret_file: PathBuf,
    /// The public key of the national suite, for the kiosk's settings.
    pub seal_sm_pem: PathBuf,
    /// The public key of the international suite, for the kiosk's settings.
    pub seal_international_pem: PathBuf,
    /// Public key of the authority that signs enrolment codes.
    pub enrol_pub: PathBuf,
    /// Its private key, for making prepared cards.
    pub enrol_key: PathBuf,
    platform: Arc<Platform>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Handle {
    /// The switchboard of faults.
    pub fn faults(&self) -> Arc<Faults> {
        Arc::clone(&self.platform.faults)
    }

    /// All cases, oldest first.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn cases(&self) -> Result<Vec<Case>, ServeError> {
        self.platform.ledger().all()
    }

    /// All cases as JSON for people and scripts: identity, sequence, terminal, number, query code, item and fields.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn cases_json(&self) -> Result<String, ServeError> {
        Ok(serde_json::to_string_pretty(&self.cases()?)?)
    }

    /// Takes a terminal's file that was carried here by hand, and gives the file with its receipts.
    ///
    /// # Errors
    /// The file is not a terminal's of this county, or the database cannot be written.
    pub fn import(&self, file: &[u8]) -> Result<Vec<u8>, CarryRefusal> {
        carry::take(&self.platform, file)
    }

    /// The count of one terminal, with what is missing.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn terminal(&self, terminal: &str) -> Result<Terminal, ServeError> {
        self.platform.ledger().terminal(terminal)
    }

    /// An attachment in the clear, once it is here whole.
    pub fn attachment(&self, id: &str, number: u16) -> Option<Vec<u8>> {
        self.platform.shelf().content(id, number)
    }

    /// Puts a package of the catalogue on offer. What it is worth is for its signature to say.
    pub fn publish(&self, region: &str, version: u64, bytes: Vec<u8>) {
        self.platform.packages().publish(region, version, bytes);
    }

    /// Puts the changes from one version of a package to another on offer.
    pub fn publish_changes(&self, region: &str, from: u64, version: u64, bytes: Vec<u8>) {
        self.platform.packages().publish_changes(region, from, version, bytes);
    }

    /// A new enrolment code for a machine; `place` is the code of its place. It counts for `seconds` from now.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn enrol_code(&self, kiosk: &str, place: &str, seconds: i64) -> Result<String, ServeError> {
        let expires = self.platform.now().as_second().saturating_add(seconds);
        self.platform.enrolments.code(&self.url, kiosk, place, expires)
    }

    /// A code with any payload, signed as ours; for tests of the other side.
    pub fn signed_code(&self, payload: &serde_json::Value) -> String {
        self.platform.enrolments.signed_code(payload)
    }

    /// The answer to an enrolment that was carried here in a file. `None` if it is refused.
    pub fn answer_file(&self, request: &[u8]) -> Option<String> {
        enrol::answer(&self.platform, request).ok()
    }

    /// Moves a case to a state of the contract; `false` if there is no such case.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn set_state(&self, case_number: &str, state: &str, raw_text: &str) -> Result<bool, ServeError> {
        let now = self.platform.now();
        self.platform.ledger().set_state(case_number, state, raw_text, now)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the server's thread has been reported by then; stopping has nothing to add.
            drop(thread.join());
        }
    }
}

/// A new enrolment code, made with the keys of a folder while no server runs on it, or beside one.
///
/// # Errors
/// The folder cannot be used.
pub fn enrol_code(folder: &Path, url: &str, kiosk: &str, place: &str, seconds: i64) -> Result<String, ServeError> {
    let authority = authority::open(folder)?;
    let expires = clock::now(0).as_second().saturating_add(seconds);
    Enrolments::open(folder, &authority.ca_pem)?.code(url, kiosk, place, expires)
}

/// Starts the platform on a thread of its own. It is reachable when this returns.
///
/// # Errors
/// See [`ServeError`].
pub fn serve(settings: Settings) -> Result<Handle, ServeError> {
    let authority = authority::open(&settings.folder)?;
    let ledger = Ledger::open(&settings.folder.join("county.sqlite"))?;
    let on_listen = |source| ServeError::Listen { listen: settings.listen, source };
    let listener = TcpListener::bind(settings.listen).map_err(on_listen)?;
    listener.set_nonblocking(true).map_err(on_listen)?;
    let addr = listener.local_addr().map_err(on_listen)?;
    let (enrol_pub, enrol_key) = (settings.folder.join("enrol.pub"), settings.folder.join("enrol.key"));
    let platform = Arc::new(Platform {
        seal_keys: authority.seal_keys,
        shelf: Mutex::default(),
        packages: Mutex::new(Packages::open(&settings.folder.join("packages"))),
        enrolments: Enrolments::open(&settings.folder, &authority.ca_pem)?,
        secret: String::from_utf8_lossy(&authority.secret).into_owned(),
        gate: Gate::new(settings.app_id.clone(), authority.secret),
        faults: Arc::default(),
        ledger: Mutex::new(ledger),
        settings,
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ServeError::Thread)?;
    let (stop, stopped) = oneshot::channel();
    let accepting = accept(listener, TlsAcceptor::from(authority.tls), Arc::clone(&platform));
    let thread = std::thread::Builder::new()
        .name("county-stand-in".into())
        .spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    // The sender is dropped rather than used; either way it is over.
                    _ = stopped => {}
                    result = accepting => {
                        if let Err(error) = result {
                            tracing::error!(%error, "stand-in platform stopped accepting");
                        }
                    }
                }
            });
        })
        .map_err(ServeError::Thread)?;
    let host = if addr.ip().is_unspecified() {
        "127.0.0.1".to_owned()
    } else if addr.is_ipv6() {
        format!("[{}]", addr.ip())
    } else {
        addr.ip().to_string()
    };
    Ok(Handle {
        addr,
        url: format!("https://{host}:{}", addr.port()),
        ca_pem: authority.ca_pem,
        secret_file: authority.secret_file,
        seal_sm_pem: authority.seal_sm_pem,
        seal_international_pem: authority.seal_international_pem,
        enrol_pub,
        enrol_key,
        platform,
        stop: Some(stop),
        thread: Some(thread),
    })
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, platform: Arc<Platform>) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let router = api::router()
        .merge(enrol::router())
        .merge(page::router())
        .merge(staff::router())
        .merge(verify::router())
        .merge(admin::router(platform.settings.admin))
        .fallback(api::no_such_path)
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&platform), gate::pass))
        .with_state(Arc::clone(&platform));
    loop {
        let (stream, _) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file handles, mostly: let connections end before taking the next.
                tracing::warn!(%error, "stand-in platform could not accept");
                rest().await;
                continue;
            }
        };
        // Where there is an admin path, the gate cuts instead, so that the line can be mended over it.
        if platform.faults.is_line_down() && platform.settings.admin == Admin::Absent {
            continue;
        }
        let (tls, router) = (tls.clone(), router.clone());
        tokio::spawn(async move {
            if let Err(error) = converse(stream, tls, router).await {
                tracing::debug!(error, "connection ended");
            }
        });
    }
}

#[expect(clippy::disallowed_methods, reason = "a pause after a failure of the system, outside of any promise")]
async fn rest() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

async fn converse(stream: TcpStream, tls: TlsAcceptor, router: Router) -> Result<(), Box<dyn std::error::Error>> {
    let stream = tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await??;
    let service = TowerToHyperService::new(router);
    let service = service_fn(move |request: Request<Incoming>| {
        let service = service.clone();
        async move {
            let answered: Result<Response, Infallible> = service.call(request).await;
            let Ok(mut response) = answered;
            match response.extensions_mut().remove::<Fate>() {
                None => Ok(response),
                Some(Fate::Abort) => Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
                Some(Fate::Truncate(sent)) => {
                    Ok(response.map(|_| Body::new(Cut { sent: Some(sent), is_flushed: false })))
                }
            }
        }
    });
    http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await?;
    Ok(())
}

/// A body that breaks off: some bytes, then an error, under a length that promised more.
struct Cut {
    sent: Option<Bytes>,
    is_flushed: bool,
}

impl hyper::body::Body for Cut {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(sent) = self.sent.take() {
            return Poll::Ready(Some(Ok(Frame::data(sent))));
        }
        // One turn of waiting lets the first half go out before the end.
        if !self.is_flushed {
            self.is_flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
    }
}
