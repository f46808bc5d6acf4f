//! Attachments over real sockets and TLS, through a line that breaks in the middle of whatever it carries.
//!
//! Each connection of this line carries a drawn number of bytes, in both directions together, and is cut then: within a
//! handshake, a chunk, or the answer to a chunk that arrived. No connection ever lives long enough for a tenth of the
//! attachment, so one that is not resumed never arrives.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use kiosk::domain::id::Sequence;
use kiosk::seal::attachment::Attachment;
use kiosk::seal::{Bound, CountyKey, LookupKey, Purpose, Sealer, Suite};

use crate::bench::{Bench, TERMINAL, id};

/// An A4 page as a photograph.
const LENGTH: usize = 1_000_000;
/// A connection carries at least this: a handshake with its certificates takes three to four thousand.
const LEAST: u64 = 2_000;
/// And less than this.
const MOST: u64 = 90_000;
/// It arrives in some forty tries; more than this and nothing is gained from one try to the next.
const TRIES: usize = 400;

#[tokio::test]
async fn an_attachment_arrives_over_real_sockets_that_break_and_goes_on_where_it_was() {
    let bench = Bench::start();
    for (number, seed) in [(1, 20_261_124), (2, 7)] {
        let photo = photo(LENGTH, seed);
        let sent = sealed(&bench, number, &photo);
        let line = Line::to(bench.platform.addr, seed);
        // As after a restart: nothing is remembered from one try to the next, the platform is asked.
        let hand_in = async || {
            let url = format!("https://{}", line.at);
            let client = bench.client_with(|settings| {
                settings.url = url;
                settings.request_timeout = Duration::from_secs(5);
            });
            client.hand_in_attachment(id(1), number, &sent.manifest, &sent.chunks).await
        };
        let mut tries = 1;
        while let Err(code) = hand_in().await {
            assert!(code.starts_with("county."), "{code}");
            tries += 1;
            assert!(tries < TRIES, "seed {seed}: it never arrives");
        }
        assert!(tries > 10, "seed {seed}: the line breaks, and it took {tries} tries");
        assert_eq!(bench.platform.attachment(&id(1).to_string(), number).unwrap(), photo, "seed {seed}");
        let (carried, payload) = (line.carried(), sent.chunks.iter().map(Vec::len).sum::<usize>() as u64);
        assert!(carried < payload * 2, "seed {seed}: {carried} bytes for {payload}, in {tries} tries");
        // Once more: everything is there, and nothing but the question travels.
        let before = line.carried();
        while hand_in().await.is_err() {}
        assert!(line.carried() - before < 60_000, "{} bytes for nothing", line.carried() - before);
    }
}

#[tokio::test]
async fn an_attachment_does_not_hold_up_an_application_on_the_same_line() {
    let bench = Bench::start();
    let photo = photo(LENGTH, 3);
    let sent = sealed(&bench, 1, &photo);
    let id = id(1);
    let upload = bench.client.hand_in_attachment(id, 1, &sent.manifest, &sent.chunks);
    let (uploaded, verdict) = tokio::join!(upload, bench.submit(2));
    assert_eq!(uploaded, Ok(()));
    crate::bench::stored(verdict);
    assert_eq!(bench.platform.attachment(&id.to_string(), 1).unwrap(), photo);
}

fn sealed(bench: &Bench, number: u16, plain: &[u8]) -> Attachment {
    let file = &bench.platform.seal_sm_pem;
    let county = CountyKey::from_pem(Suite::Sm, &fs::read_to_string(file).unwrap(), file).unwrap();
    let sealer = Sealer::new(county, LookupKey::new([3; 32]), Arc::new(|| Ok([9; 32]))).unwrap();
    let bound = Bound { terminal: TERMINAL, id: id(1), sequence: Sequence(1), purpose: Purpose::Application };
    sealer.seal_attachment(&bound, number, plain).unwrap()
}

/// Bytes that do not repeat, like those of a photograph.
fn photo(length: usize, seed: u64) -> Vec<u8> {
    let mut chance = seed;
    (0..length).map(|_| step(&mut chance).to_be_bytes()[0]).collect()
}

fn step(chance: &mut u64) -> u64 {
    *chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *chance
}

/// A line that breaks.
struct Line {
    at: SocketAddr,
    carried: Arc<AtomicU64>,
}

impl Line {
    fn to(platform: SocketAddr, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let carried = Arc::new(AtomicU64::new(0));
        let sum = Arc::clone(&carried);
        // Ends with the test's process; each connection ends by itself.
        std::thread::spawn(move || {
            let mut chance = seed;
            for near in listener.incoming().flatten() {
                let left = LEAST + (step(&mut chance) >> 33) % (MOST - LEAST);
                let left = Arc::new(AtomicI64::new(i64::try_from(left).unwrap()));
                let Ok(far) = TcpStream::connect(platform) else { continue };
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let (left, sum) = (Arc::clone(&left), Arc::clone(&sum));
                    std::thread::spawn(move || carry(from, to, &left, &sum));
                }
            }
        });
        Self { at, carried }
    }

    fn carried(&self) -> u64 {
        self.carried.load(Ordering::Relaxed)
    }
}

/// Carries bytes until one side ends or the connection has carried its share; then both are cut.
fn carry(mut from: TcpStream, mut to: TcpStream, left: &AtomicI64, sum: &AtomicU64) {
    let mut buffer = [0; 1_200];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let before = left.fetch_sub(i64::try_from(length).unwrap(), Ordering::Relaxed);
        let length = length.min(usize::try_from(before).unwrap_or(0));
        sum.fetch_add(length as u64, Ordering::Relaxed);
        if to.write_all(&buffer[..length]).is_err() || left.load(Ordering::Relaxed) <= 0 {
            break;
        }
    }
    // Either may be closed already; the other must not stay open.
    from.shutdown(Shutdown::Both).ok();
    to.shutdown(Shutdown::Both).ok();
}
