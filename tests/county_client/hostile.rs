//! The client against servers that mean harm, or stand in for a broken network.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use county_stand_in::sign::Text;
use kiosk::domain::id::Sequence;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::bench::{Bench, body, id, word};

#[tokio::test]
async fn only_the_configured_authority_counts() {
    let bench = Bench::start();
    let other = Bench::start();
    let client = bench.client_with(|settings| settings.url = other.platform.url.clone());
    let verdict = client.submit(id(1), Sequence(1), &body(1)).await;
    assert_eq!(word(&verdict), "again county.tls");
    assert_eq!(other.count(), 0);
}

#[test]
fn a_proxy_named_in_the_environment_is_not_used() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    // The environment is read when a program starts; so another test runs as a child in a poisoned one.
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "an_application_handed_in_becomes_one_case_with_the_fields_sent"]);
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        child.env(name, &address);
    }
    for name in ["NO_PROXY", "no_proxy"] {
        child.env_remove(name);
    }
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    proxy.set_nonblocking(true).unwrap();
    assert!(proxy.accept().is_err(), "somebody called the proxy");
}

#[tokio::test]
async fn a_server_without_tls_gets_nothing() {
    let bench = Bench::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = vec![0; 4096];
        let count = stream.read(&mut heard).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        heard.truncate(count);
        heard
    });
    let client = bench.client_with(|settings| settings.url = format!("https://{address}"));
    let verdict = client.submit(id(1), Sequence(1), &body(1)).await;
    assert_eq!(word(&verdict), "again county.tls");
    assert!(!String::from_utf8_lossy(&heard.join().unwrap()).contains("submissions"));
}

#[tokio::test]
async fn a_redirect_is_not_followed_even_if_it_is_signed() {
    let bench = Bench::start();
    let visits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&visits);
    let elsewhere = hostile(bench.folder.path(), move |stream, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        reply(stream, "200 OK", "", b"{}");
    });
    let secret = bench.secret();
    let url = hostile(bench.folder.path(), move |stream, request| {
        let heads = format!("location: {elsewhere}/\r\n{}", signature(&secret, "307", request, b""));
        reply(stream, "307 Temporary Redirect", &heads, b"");
    });
    let client = bench.client_with(|settings| settings.url = url);
    let verdict = client.submit(id(1), Sequence(1), &body(1)).await;
    assert_eq!(word(&verdict), "again county.redirect");
    assert_eq!(visits.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn ten_megabytes_of_answer_are_given_up_early() {
    let bench = Bench::start();
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let url = hostile(bench.folder.path(), move |stream, _| {
        let head = b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 104857600\r\n\r\n";
        let mut flows = stream.write_all(head).is_ok();
        while flows && counted.load(Ordering::SeqCst) < 104_857_600 {
            flows = stream.write_all(&[b' '; 65536]).is_ok();
            counted.fetch_add(65536, Ordering::SeqCst);
        }
    });
    let client = bench.client_with(|settings| settings.url = url);
    let verdict = client.submit(id(1), Sequence(1), &body(1)).await;
    assert_eq!(word(&verdict), "again county.answer-too-big");
    // Socket buffers hold some megabytes; the rest was never wanted.
    assert!(sent.load(Ordering::SeqCst) < 52_428_800);
}

#[tokio::test]
async fn a_byte_now_and_then_does_not_outlast_the_deadline() {
    let bench = Bench::start();
    let url = hostile(bench.folder.path(), |stream, _| {
        let head = b"HTTP/1.1 201 Created\r\ncontent-length: 60000\r\n\r\n";
        let mut flows = stream.write_all(head).is_ok();
        while flows {
            flows = stream.write_all(b" ").is_ok() && stream.flush().is_ok();
            thread::sleep(Duration::from_millis(100));
        }
    });
    let client = bench.client_with(|settings| {
        settings.url = url;
        settings.request_timeout = Duration::from_millis(1200);
    });
    let started = std::time::Instant::now();
    let verdict = client.submit(id(1), Sequence(1), &body(1)).await;
    assert_eq!(word(&verdict), "again county.timeout");
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_second_answer_nobody_asked_for_is_not_taken_for_the_next_request() {
    let bench = Bench::start();
    let secret = bench.secret();
    let url = hostile(bench.folder.path(), move |stream, request| {
        let body = br#"{"type":"x","title":"x","status":422,"code":"form-outdated"}"#;
        let heads = signature(&secret, "422", request, body);
        reply(stream, "422 Unprocessable", &heads, body);
        reply(stream, "422 Unprocessable", &heads, body);
    });
    let client = bench.client_with(|settings| settings.url = url);
    let first = client.submit(id(1), Sequence(1), &body(1)).await;
    assert_eq!(word(&first), "aside form-outdated");
    // Each request here is on a connection of its own and is judged by its own signed answer.
    let second = client.submit(id(2), Sequence(2), &body(2)).await;
    assert_eq!(word(&second), "aside form-outdated");
}

#[tokio::test]
async fn a_refusal_replayed_from_another_request_sets_nothing_aside() {
    let bench = Bench::start();
    let secret = bench.secret();
    let first = std::sync::OnceLock::new();
    let url = hostile(bench.folder.path(), move |stream, request| {
        let body = br#"{"type":"x","title":"x","status":422,"code":"form-outdated"}"#;
        let heads = first.get_or_init(|| signature(&secret, "422", request, body));
        reply(stream, "422 Unprocessable", heads, body);
    });
    let client = bench.client_with(|settings| settings.url = url);
    let verdict = client.submit(id(1), Sequence(1), &body(1)).await;
    assert_eq!(word(&verdict), "aside form-outdated");
    let verdict = client.submit(id(1), Sequence(1), &body(1)).await;
    assert_eq!(word(&verdict), "again county.answer-unsigned");
}

#[tokio::test]
async fn an_unsigned_claim_about_the_time_moves_nothing() {
    let bench = Bench::start();
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&seen);
    let url = hostile(bench.folder.path(), move |stream, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        reply(stream, "401 Unauthorized", "x-timestamp: 1\r\nx-signature: 00\r\n", br#"{"code":"clock"}"#);
    });
    let client = bench.client_with(|settings| settings.url = url);
    let verdict = client.submit(id(1), Sequence(1), &body(1)).await;
    assert_eq!(word(&verdict), "again county.clock");
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

/// A TLS stream as the hostile server sees it.
type Stream<'a> = rustls::Stream<'a, rustls::ServerConnection, TcpStream>;

/// A server with the platform's own certificate and any manners, one request a connection. Gives its URL.
fn hostile(folder: &Path, behave: impl Fn(&mut Stream<'_>, &str) + Send + 'static) -> String {
    let certificate = fs::read(folder.join("server.pem")).unwrap();
    let key = fs::read(folder.join("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(&certificate).unwrap()],
            PrivateKeyDer::from_pem_slice(&key).unwrap(),
        )
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let Ok(mut connection) = rustls::ServerConnection::new(Arc::clone(&config)) else {
                return;
            };
            let mut stream = rustls::Stream::new(&mut connection, &mut stream);
            let request = read_request(&mut stream);
            behave(&mut stream, &request);
            // A polite end, so that the last bytes are not lost in a reset.
            stream.conn.send_close_notify();
            drop(stream.flush());
        }
    });
    format!("https://{address}")
}

/// Reads head and body of one request; the text may hold less if the other side goes away.
fn read_request(stream: &mut Stream<'_>) -> String {
    let mut read = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head_of(head, "content-length").parse().unwrap_or(0);
            if body.len() >= length {
                return text;
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return text,
            Ok(count) => read.extend_from_slice(&piece[..count]),
        }
    }
}

fn head_of<'a>(request: &'a str, name: &str) -> &'a str {
    request
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map_or("", |(_, value)| value)
}

fn reply(stream: &mut Stream<'_>, status: &str, heads: &str, body: &[u8]) {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{heads}\r\n", body.len());
    // The client may have hung up already; that is its right.
    drop(stream.write_all(head.as_bytes()));
    drop(stream.write_all(body));
    drop(stream.flush());
}

/// Signature headers as the true platform would write them for this request.
fn signature(secret: &[u8], status: &str, request: &str, body: &[u8]) -> String {
    let path = request.split(' ').nth(1).unwrap_or_default();
    let nonce = head_of(request, "x-nonce");
    let text = Text { first: status, path, query: "", app_id: "kiosk-demo-app", timestamp: "1795000000", nonce };
    let signature = text.sign(secret, body);
    format!("x-timestamp: 1795000000\r\nx-nonce: {nonce}\r\nx-signature: {signature}\r\n")
}
