//! Chance from the system, for query codes, secrets and nothing else.

use crate::ServeError;

/// `N` random bytes.
#[expect(clippy::disallowed_methods, reason = "the one place of the stand-in that draws chance")]
pub fn bytes<const N: usize>() -> Result<[u8; N], ServeError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| ServeError::Chance)?;
    Ok(bytes)
}

/// Six digits. The bias of the division is one in four thousand, which a query code can bear.
pub fn six_digits() -> Result<String, ServeError> {
    Ok(format!("{:06}", u32::from_be_bytes(bytes::<4>()?) % 1_000_000))
}
