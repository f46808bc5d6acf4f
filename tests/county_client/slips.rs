//! Slips signed by the kiosk and checked by the county: two programs that share no code, one contract.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use kiosk::attest::{Keys, Outcome, PublicKey, SlipKey, Suite, check};
use kiosk::county::CountyClient;
use kiosk::domain::genuine::{ImageClaim, RootHash};
use kiosk::domain::id::Sequence;
use kiosk::domain::receipt::{Claim, kept_code, kiosk_number, payload};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::Value;

use crate::bench::{Bench, TERMINAL, body, id, stored};

/// A terminal that prints slips: its id is the code on them.
const KIOSK: &str = "K032";

fn client(bench: &Bench) -> CountyClient {
    bench.client_with(|settings| settings.terminal = KIOSK.into())
}

fn key(suite: Suite) -> SlipKey {
    SlipKey::from_seed(suite, [5; 32]).unwrap()
}

async fn tell(client: &CountyClient, key: &SlipKey) -> Result<(), String> {
    client.register_receipt_key(key.suite().as_str(), &key.public().to_pem().unwrap()).await
}

fn kept(n: u64) -> Claim {
    Claim {
        kiosk: KIOSK.into(),
        sequence: Sequence(n),
        item: "320699000131128000".into(),
        at: jiff::Timestamp::from_second(1_795_000_000).unwrap(),
        case: None,
        code: kept_code(id(n)),
    }
}

fn slip(key: &SlipKey, claim: &Claim) -> String {
    payload(&claim.text(), key.sign(&claim.text()).as_deref())
}

/// Hands in application `n` of the kiosk.
async fn submit(client: &CountyClient, n: u64) -> kiosk::domain::submission::CaseReceipt {
    let body = String::from_utf8(body(n)).unwrap().replace(TERMINAL, KIOSK);
    stored(client.submit(id(n), Sequence(n), body.as_bytes()).await)
}

struct Browser {
    http: reqwest::Client,
    url: String,
}

impl Browser {
    fn new(bench: &Bench) -> Self {
        let mut roots = rustls::RootCertStore::empty();
        let pem = fs::read(&bench.platform.ca_pem).unwrap();
        roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let http = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap();
        Self { http, url: bench.platform.url.clone() }
    }

    async fn get(&self, path: &str) -> String {
        self.http.get(format!("{}{path}", self.url)).send().await.unwrap().text().await.unwrap()
    }

    /// What the page says above its form.
    async fn verify(&self, text: &str, code: &str) -> String {
        let word = |text: &str| {
            let byte = |b: u8| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") };
            text.bytes().map(byte).collect::<String>()
        };
        let sent = self
            .http
            .post(format!("{}/verify", self.url))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("text={}&code={}", word(text), word(code)))
            .send()
            .await
            .unwrap();
        assert_eq!(sent.status(), 200);
        let page = sent.text().await.unwrap();
        let (said, _) = page.split_once("<form").unwrap();
        said.split_once("<main>").unwrap().1.to_owned()
    }
}

#[tokio::test]
async fn a_kept_slip_is_genuine_before_and_after_it_arrives_under_both_suites() {
    for suite in [Suite::International, Suite::Sm] {
        let bench = Bench::start();
        let (client, key, browser) = (client(&bench), key(suite), Browser::new(&bench));
        tell(&client, &key).await.unwrap();
        let printed = slip(&key, &kept(1));
        let said = browser.verify(&printed, "").await;
        assert!(said.contains("这张单子是真的") && said.contains("还没有收到"), "{said}");
        let receipt = submit(&client, 1).await;
        let said = browser.verify(&printed, "").await;
        assert!(said.contains("这张单子是真的") && said.contains(&receipt.case_number), "{said}");
        let case = Some(receipt.case_number.clone());
        let accepted = Claim { case, code: receipt.query_code.clone(), at: receipt.accepted_at, ..kept(1) };
        let said = browser.verify(&slip(&key, &accepted), "").await;
        assert!(said.contains("这张单子是真的") && said.contains("县里已经收到"), "{said}");
        assert!(!said.contains("张三"), "no person on the page: {said}");
    }
}

#[tokio::test]
async fn an_altered_slip_is_never_called_genuine_by_the_page() {
    let bench = Bench::start();
    let (client, key, browser) = (client(&bench), key(Suite::International), Browser::new(&bench));
    tell(&client, &key).await.unwrap();
    let printed = slip(&key, &kept(1));
    for at in 0..printed.len() {
        let mut altered = printed.clone().into_bytes();
        altered[at] = if altered[at] == b'7' { b'3' } else { b'7' };
        let said = browser.verify(&String::from_utf8(altered).unwrap(), "").await;
        assert!(!said.contains("是真的") && said.contains("said"), "{at}: {said}");
    }
}

#[tokio::test]
async fn what_a_terminal_says_of_its_image_is_shown_if_it_signed_it_and_not_one_character_else() {
    let bench = Bench::start();
    let (client, key, browser) = (client(&bench), key(Suite::Sm), Browser::new(&bench));
    tell(&client, &key).await.unwrap();
    let root_hash = RootHash::read(&"9f3a".repeat(16)).unwrap();
    let claim = ImageClaim { kiosk: KIOSK.into(), root_hash, at: kept(1).at }.text();
    let code = payload(&claim, key.sign(&claim).as_deref());
    let said = browser.verify(&code, "").await;
    assert!(said.contains("K032 号自助机") && said.contains(&"9f3a".repeat(16)), "{said}");
    for at in 5..code.len() {
        let mut altered = code.clone().into_bytes();
        altered[at] = if altered[at] == b'7' { b'3' } else { b'7' };
        let said = browser.verify(&String::from_utf8(altered).unwrap(), "").await;
        assert!(said.contains("对不上") && !said.contains("指纹"), "{at}: {said}");
    }
    assert!(browser.verify(&payload(&claim, None), "").await.contains("对不上"));
}

#[tokio::test]
async fn a_number_that_is_missing_is_named() {
    let bench = Bench::start();
    let (client, key, browser) = (client(&bench), key(Suite::International), Browser::new(&bench));
    tell(&client, &key).await.unwrap();
    submit(&client, 3).await;
    let said = browser.verify(&slip(&key, &kept(2)), "").await;
    assert!(said.contains("第 2 号还没有送到") && said.contains("是真的"), "{said}");
}

#[tokio::test]
async fn a_typed_number_is_told_kindly_whatever_is_wrong_with_it() {
    let bench = Bench::start();
    let (client, browser) = (client(&bench), Browser::new(&bench));
    let receipt = submit(&client, 1).await;
    let number = kiosk_number(KIOSK, Sequence(1));
    let said = browser.verify(&number.to_lowercase(), &kept_code(id(1))).await;
    assert!(said.contains(&receipt.case_number), "{said}");
    let said = browser.verify(&number.replace("0001", "0010"), &kept_code(id(1))).await;
    assert!(said.contains("请再看一下编号"), "{said}");
    assert!(browser.verify(&number, "").await.contains("查询码也填上"));
    assert!(!browser.verify(&number, "999999").await.contains(&receipt.case_number));
    let said = browser.verify(&receipt.case_number, &receipt.query_code).await;
    assert!(said.contains("县里已经收到"), "{said}");
    assert!(browser.verify("<script>alert(1)</script>", "").await.contains("没有找到"));
}

#[tokio::test]
async fn what_cannot_be_proven_says_so() {
    let bench = Bench::start();
    let (client, key, browser) = (client(&bench), key(Suite::International), Browser::new(&bench));
    assert!(browser.verify(&slip(&key, &kept(1)), "").await.contains("没有登记"));
    submit(&client, 1).await;
    let said = browser.verify(&format!("BM1 K K032000001 {}", kept_code(id(1))), "").await;
    assert!(said.contains("没有签名") && said.contains("县里已经收到"), "{said}");
    let said = browser.verify(&payload(&kept(1).text(), None), "").await;
    assert!(said.contains("没有签名") && !said.contains("是真的"), "{said}");
}

#[tokio::test]
async fn the_register_keeps_every_key_and_serves_the_checker_of_the_command_line() {
    let bench = Bench::start();
    let (client, browser) = (client(&bench), Browser::new(&bench));
    let (first, second) = (key(Suite::International), key(Suite::Sm));
    for told in [&first, &second, &first] {
        tell(&client, told).await.unwrap();
    }
    assert_eq!(
        client.register_receipt_key("sm", &first.public().to_pem().unwrap()).await,
        Err("county.http-422".into())
    );
    let register: Value = serde_json::from_str(&browser.get("/verify/keys").await).unwrap();
    let mut keys: BTreeMap<String, Vec<PublicKey>> = BTreeMap::new();
    for entry in register["keys"].as_array().unwrap() {
        let pem = entry["publicKey"].as_str().unwrap();
        keys.entry(entry["terminal"].as_str().unwrap().into()).or_default().push(PublicKey::from_pem(pem).unwrap());
    }
    assert_eq!(keys[KIOSK].len(), 2);
    for key in [&first, &second] {
        assert!(matches!(check(&slip(key, &kept(1)), &Keys::Register(keys.clone())), Outcome::Genuine(_)));
    }
}
