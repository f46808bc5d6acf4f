//! What a scanner tells.

use std::fmt;

/// Requests to the scanner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScannerRequest {
    /// A screen asks for a code: trigger, and report codes until [`ScannerRequest::Disable`].
    Enable,
    /// No screen asks: stop the trigger, drop whatever arrives.
    Disable,
}

/// Events of the scanner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScannerEvent {
    /// A code was read.
    Code(ScannedCode),
    /// A code was longer than 4096 bytes and was thrown away.
    TooLong,
    /// Codes arrive without their suffix: the scanner has lost its settings (reported once per opening).
    SuffixMissing,
}

/// One decoded code: untrusted text from a stranger. Never opened, never printed raw, never shown unescaped.
#[derive(Clone, PartialEq, Eq)]
pub struct ScannedCode {
    /// The text, or the bytes where they are neither UTF-8 nor GB 18030.
    pub text: Result<String, Vec<u8>>,
}

impl fmt::Debug for ScannedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Ok(text) => write!(f, "ScannedCode({} characters)", text.chars().count()),
            Err(bytes) => write!(f, "ScannedCode({} bytes)", bytes.len()),
        }
    }
}
