//! Certificate authority, server certificate, shared secret and keys of the seal, made at the first start in a folder and kept there.
//!
//! The key of the authority is thrown away: it signs one certificate, for this machine's own names, and no other.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::chance;
use crate::seal::{Keys, Suite};
use crate::server::ServeError;

/// Names the server answers to.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Files in the folder.
pub struct Authority {
    /// What a kiosk is given to trust.
    pub ca_pem: PathBuf,
    /// What a kiosk is given to sign with.
    pub secret_file: PathBuf,
    /// The secret.
    pub secret: Vec<u8>,
    /// What a kiosk is given to seal to, in the national suite.
    pub seal_sm_pem: PathBuf,
    /// The same in the international suite.
    pub seal_international_pem: PathBuf,
    /// What opens both.
    pub seal_keys: Keys,
    /// TLS with the server's certificate.
    pub tls: Arc<ServerConfig>,
}

/// Opens the folder, making what is missing.
pub fn open(folder: &Path) -> Result<Authority, ServeError> {
    fs::create_dir_all(folder).map_err(|source| ServeError::file(folder, source))?;
    let ca_pem = folder.join("ca.pem");
    let server_pem = folder.join("server.pem");
    let server_key = folder.join("server.key");
    let secret_file = folder.join("secret");
    if !(ca_pem.exists() && server_pem.exists() && server_key.exists()) {
        let made = make_certificates()?;
        write(&server_key, 0o600, &made.server_key)?;
        write(&server_pem, 0o644, &made.server_pem)?;
        write(&ca_pem, 0o644, &made.ca_pem)?;
    }
    if !secret_file.exists() {
        write(&secret_file, 0o600, &hex::encode(chance::bytes::<32>()?))?;
    }
    let seal_private = folder.join("seal.key");
    if !seal_private.exists() {
        let text = format!("{}\n{}\n", hex::encode(chance::bytes::<32>()?), hex::encode(chance::bytes::<32>()?));
        write(&seal_private, 0o600, &text)?;
    }
    let seal_keys = read_seal_keys(&read(&seal_private)?).ok_or(ServeError::Pem)?;
    let seal_sm_pem = folder.join("seal-sm.pem");
    let seal_international_pem = folder.join("seal-international.pem");
    write(&seal_sm_pem, 0o644, &seal_keys.pem(Suite::Sm))?;
    write(&seal_international_pem, 0o644, &seal_keys.pem(Suite::International))?;
    let secret = read(&secret_file)?.trim_ascii().to_vec();
    // The authority's certificate is shown as well: a machine that enrols knows its fingerprint and nothing else.
    let chain = [read(&server_pem)?, read(&ca_pem)?].concat();
    let tls = tls_config(&chain, &read(&server_key)?)?;
    Ok(Authority { ca_pem, secret_file, secret, seal_sm_pem, seal_international_pem, seal_keys, tls })
}

/// Two lines of hex: the key of SM2, then that of X25519. A drawn number is no key of SM2 once in 2^32.
fn read_seal_keys(text: &[u8]) -> Option<Keys> {
    let mut keys = std::str::from_utf8(text).ok()?.lines().map(|line| {
        let mut key = [0; 32];
        hex::decode_to_slice(line.trim(), &mut key).ok().map(|()| key)
    });
    Keys::new(&keys.next()??, keys.next()??)
}

struct Certificates {
    ca_pem: String,
    server_pem: String,
    server_key: String,
}

fn make_certificates() -> Result<Certificates, ServeError> {
    let ca_key = KeyPair::generate()?;
    let mut ca = CertificateParams::default();
    ca.distinguished_name.push(DnType::CommonName, "Stand-in county authority, not real");
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let ca_certificate = ca.self_signed(&ca_key)?;
    let issuer = Issuer::new(ca, ca_key);

    let server_key = KeyPair::generate()?;
    let mut server = CertificateParams::new(NAMES.map(String::from))?;
    server.distinguished_name.push(DnType::CommonName, "Stand-in county platform, not real");
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = server.signed_by(&server_key, &issuer)?;
    Ok(Certificates {
        ca_pem: ca_certificate.pem(),
        server_pem: certificate.pem(),
        server_key: server_key.serialize_pem(),
    })
}

fn tls_config(certificate: &[u8], key: &[u8]) -> Result<Arc<ServerConfig>, ServeError> {
    let chain =
        CertificateDer::pem_slice_iter(certificate).collect::<Result<Vec<_>, _>>().map_err(|_| ServeError::Pem)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| ServeError::Pem)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn read(file: &Path) -> Result<Vec<u8>, ServeError> {
    fs::read(file).map_err(|source| ServeError::file(file, source))
}

/// Writes a file with these permissions, in one step: it is there whole or not at all.
pub fn write(file: &Path, mode: u32, text: &str) -> Result<(), ServeError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let unfinished = file.with_extension("new");
    let written = || {
        let mut opened = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&unfinished)?;
        opened.write_all(text.as_bytes())?;
        opened.sync_all()?;
        fs::rename(&unfinished, file)
    };
    written().map_err(|source| ServeError::file(file, source))
}
