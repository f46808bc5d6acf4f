//! Reading a request for a certificate (PKCS #10), as far as a county needs it: the name, the key, and the proof that whoever
//! asks has the key. Keys are P-256; other kinds are refused. A reader of its own keeps a large parser out of the build.

use rcgen::{PKCS_ECDSA_P256_SHA256, PublicKeyData, SignatureAlgorithm};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rustls::pki_types::CertificateSigningRequestDer;
use rustls::pki_types::pem::PemObject as _;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT: u8 = 0x06;
const UTF8: u8 = 0x0c;
/// 2.5.4.3.
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
/// Beginning of a P-256 key in SubjectPublicKeyInfo; its 65 bytes follow.
const P256_SPKI: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A request whose signature was checked.
pub struct Request {
    /// Common name of the subject.
    pub name: String,
    /// The key, SubjectPublicKeyInfo.
    pub spki: Vec<u8>,
    /// The key, an uncompressed point.
    point: Vec<u8>,
}

impl Request {
    /// Reads a request in PEM; `None` if it is none, of another kind of key, or not signed with that key.
    pub fn read(pem: &str) -> Option<Self> {
        let der = CertificateSigningRequestDer::from_pem_slice(pem.as_bytes()).ok()?;
        let (whole, rest) = element(&der, SEQUENCE)?;
        if !rest.is_empty() {
            return None;
        }
        let (info, behind) = element(whole, SEQUENCE)?;
        let signed = whole.get(..whole.len() - behind.len())?;
        let (_algorithm, behind) = element(behind, SEQUENCE)?;
        let (signature, _) = element(behind, BIT_STRING)?;
        let (_version, behind) = element(info, INTEGER)?;
        let (subject, behind) = element(behind, SEQUENCE)?;
        let (_key, after) = element(behind, SEQUENCE)?;
        let spki = behind.get(..behind.len() - after.len())?.to_vec();
        let point = spki.strip_prefix(&P256_SPKI)?.to_vec();
        let signature = signature.strip_prefix(&[0])?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &point).verify(signed, signature).ok()?;
        Some(Self { name: common_name(subject)?, spki, point })
    }
}

impl PublicKeyData for Request {
    fn der_bytes(&self) -> &[u8] {
        &self.point
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

fn common_name(mut subject: &[u8]) -> Option<String> {
    while !subject.is_empty() {
        let (set, rest) = element(subject, SET)?;
        let (pair, _) = element(set, SEQUENCE)?;
        let (kind, value) = element(pair, OBJECT)?;
        if kind == COMMON_NAME {
            return String::from_utf8(element(value, UTF8)?.0.to_vec()).ok();
        }
        subject = rest;
    }
    None
}

/// The contents of the element that begins here, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = der.split_first()?;
    let (&short, rest) = rest.split_first()?;
    let (length, rest) = match short {
        0..=0x7f => (usize::from(short), rest),
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => (usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?])), rest.get(2..)?),
        _ => return None,
    };
    (first == tag).then_some(())?;
    Some((rest.get(..length)?, rest.get(length..)?))
}
