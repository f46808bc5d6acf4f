//! Signatures as the platform sees them: HMAC-SM3 over the text of the contract.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sm3::{Digest as _, Sm3};

/// Signature of a request (`first` is its method) or an answer (`first` is its status), as lower-case hex.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// Method in capitals, or status in digits.
    pub first: &'a str,
    /// Path as sent.
    pub path: &'a str,
    /// Query as sent, in any order.
    pub query: &'a str,
    /// Application id.
    pub app_id: &'a str,
    /// Unix seconds, as sent.
    pub timestamp: &'a str,
    /// Nonce of the request.
    pub nonce: &'a str,
}

impl Text<'_> {
    /// Signs this text with a body.
    pub fn sign(&self, secret: &[u8], body: &[u8]) -> String {
        hex::encode(self.mac(secret, body).finalize().into_bytes())
    }

    /// Checks a signature, in constant time.
    pub fn is_signed(&self, secret: &[u8], body: &[u8], signature: &str) -> bool {
        hex::decode(signature).is_ok_and(|bytes| self.mac(secret, body).verify_slice(&bytes).is_ok())
    }

    fn mac(&self, secret: &[u8], body: &[u8]) -> Hmac<Sm3> {
        let mut pairs: Vec<&str> = self.query.split('&').collect();
        pairs.sort_unstable();
        let lines = [self.first, self.path, &pairs.join("&"), self.app_id, self.timestamp, self.nonce, &digest(body)];
        let mut mac = Hmac::<Sm3>::new_from_slice(secret).expect("an HMAC takes a key of any length");
        mac.update(lines.join("\n").as_bytes());
        mac
    }
}

/// SM3 as lower-case hex.
pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sm3::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_vector_comes_out_here_too() {
        let text = Text {
            first: "POST",
            path: "/api/v1/cases",
            query: "",
            app_id: "kiosk-demo-app",
            timestamp: "1767225600",
            nonce: "4f1d2c3b5a697887",
        };
        let body = br#"{"clientSubmissionId":"01J00000000000000000000000","taskCode":"TEST"}"#;
        let signature = "96ecd8710e646de4460852987a4013e72e51855a6d6d75a70fa2cc223340dff9";
        assert_eq!(text.sign(b"demo-secret-not-real", body), signature);
        assert!(text.is_signed(b"demo-secret-not-real", body, signature));
        assert!(!text.is_signed(b"another secret", body, signature));
    }

    #[test]
    fn the_order_of_a_query_does_not_count() {
        let text = |query| Text { first: "GET", path: "/", query, app_id: "a", timestamp: "1", nonce: "n" };
        assert_eq!(text("b=2&a=1").sign(b"s", b""), text("a=1&b=2").sign(b"s", b""));
        assert_ne!(text("b=2&a=1").sign(b"s", b""), text("a=2&b=1").sign(b"s", b""));
    }
}
