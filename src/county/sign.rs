//! Signatures of the contract: HMAC-SM3 over a text that names the whole request or answer.
//!
//! A request is signed over method, path, query, application id, time, nonce and the digest of its body. An answer is
//! signed the same way, with the status in the place of the method and with the nonce of the request it answers; so
//! an answer proves who wrote it, that it was written for this request, and that neither status nor body was changed
//! on the way. The time in an answer is the platform's, proven with the rest.
//!
//! Left out: SM2 signatures (a county that wants non-repudiation) come behind the same two functions.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sm3::{Digest as _, Sm3};
use zeroize::Zeroizing;

/// Who calls: the application id the platform gave.
pub const APP_ID: &str = "x-app-id";
/// Unix seconds of the sender.
pub const TIMESTAMP: &str = "x-timestamp";
/// Once-only value of the request, repeated in the answer.
pub const NONCE: &str = "x-nonce";
/// Lower-case hex of the HMAC.
pub const SIGNATURE: &str = "x-signature";

/// What is signed, besides application id and body.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// Method of a request in capitals, or the three digits of an answer's status.
    pub first: &'a str,
    /// Path as sent, percent-encoded.
    pub path: &'a str,
    /// Query as sent, its pairs sorted; empty where there is none.
    pub query: &'a str,
    /// Unix seconds of the sender.
    pub timestamp: i64,
    /// Once-only value of the request.
    pub nonce: &'a str,
}

/// An application id with its secret.
pub struct Signer {
    app_id: String,
    secret: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("app_id", &self.app_id).finish_non_exhaustive()
    }
}

impl Signer {
    /// Takes the credentials.
    pub fn new(app_id: String, secret: Zeroizing<Vec<u8>>) -> Self {
        Self { app_id, secret }
    }

    /// The application id.
    pub fn app_id(&self) -> &str {
        &self.app_id
    }

    /// Signature as lower-case hex.
    pub fn sign(&self, signed: Signed<'_>, body: &[u8]) -> String {
        hex::encode(self.mac(signed, body).finalize().into_bytes())
    }

    /// Whether `signature` is ours for this; compared in constant time.
    pub fn verify(&self, signed: Signed<'_>, body: &[u8], signature: &str) -> bool {
        hex::decode(signature).is_ok_and(|bytes| self.mac(signed, body).verify_slice(&bytes).is_ok())
    }

    fn mac(&self, signed: Signed<'_>, body: &[u8]) -> Hmac<Sm3> {
        let mut mac = Hmac::<Sm3>::new_from_slice(&self.secret).expect("an HMAC takes a key of any length");
        mac.update(string_to_sign(signed, &self.app_id, body).as_bytes());
        mac
    }
}

/// SM3 of some bytes as lower-case hex.
pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sm3::digest(bytes))
}

fn string_to_sign(signed: Signed<'_>, app_id: &str, body: &[u8]) -> String {
    let Signed { first, path, query, timestamp, nonce } = signed;
    let body = digest(body);
    format!("{first}\n{path}\n{query}\n{app_id}\n{timestamp}\n{nonce}\n{body}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"clientSubmissionId":"01J00000000000000000000000","taskCode":"TEST"}"#;
    const SIGNED: Signed<'_> =
        Signed { first: "POST", path: "/api/v1/cases", query: "", timestamp: 1_767_225_600, nonce: "4f1d2c3b5a697887" };

    fn signer() -> Signer {
        Signer::new("kiosk-demo-app".into(), Zeroizing::new(b"demo-secret-not-real".to_vec()))
    }

    #[test]
    fn the_documented_vector_comes_out() {
        assert_eq!(digest(BODY), "24358140ff4f143193f723a1abf8139cfbab7f545f31cf9cbe506bdefc1b37b8");
        assert_eq!(signer().sign(SIGNED, BODY), "96ecd8710e646de4460852987a4013e72e51855a6d6d75a70fa2cc223340dff9");
    }

    #[test]
    fn every_part_of_the_text_counts() {
        let signature = signer().sign(SIGNED, BODY);
        assert!(signer().verify(SIGNED, BODY, &signature));
        assert!(!signer().verify(SIGNED, b"other", &signature));
        for other in [
            Signed { first: "200", ..SIGNED },
            Signed { path: "/api/v1/case", ..SIGNED },
            Signed { query: "a=1", ..SIGNED },
            Signed { timestamp: 1_767_225_601, ..SIGNED },
            Signed { nonce: "4f1d2c3b5a697888", ..SIGNED },
        ] {
            assert!(!signer().verify(other, BODY, &signature), "{other:?}");
        }
        for broken in ["", "zz", "96ec", &signature[..62]] {
            assert!(!signer().verify(SIGNED, BODY, broken), "{broken}");
        }
    }

    #[test]
    fn the_secret_is_not_in_the_debug_text() {
        assert!(!format!("{:?}", signer()).contains("demo-secret"));
    }
}
