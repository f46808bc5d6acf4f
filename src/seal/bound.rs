//! What an envelope is bound to: the associated data of its cipher.

use super::key::{KeyId, Suite};
use crate::domain::id::{Sequence, SubmissionId};

/// Version of the envelope; the number stands in it and in its associated data.
pub const VERSION: u8 = 1;

/// Where an envelope belongs. Under any other terminal, id, number or purpose it does not open.
#[derive(Debug, Clone, Copy)]
pub struct Bound<'a> {
    /// Terminal that took the application.
    pub terminal: &'a str,
    /// Identity for life.
    pub id: SubmissionId,
    /// Number on this terminal.
    pub sequence: Sequence,
    /// What is inside.
    pub purpose: Purpose,
}

/// What is inside an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The application as JSON.
    Application,
    /// The manifest of the attachment with this number, from 1.
    Attachment(u16),
}

impl Bound<'_> {
    /// The associated data: seven lines of ASCII, ended by a line feed each, the same on both sides of the contract.
    pub(super) fn bytes(&self, suite: Suite, key: &KeyId) -> Vec<u8> {
        let purpose = match self.purpose {
            Purpose::Application => "application".to_owned(),
            Purpose::Attachment(number) => format!("attachment/{number}"),
        };
        let Self { terminal, id, sequence, .. } = self;
        format!("bianmin-seal/{VERSION}\n{}\n{key}\n{terminal}\n{id}\n{}\n{purpose}\n", suite.word(), sequence.0)
            .into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_associated_data_is_frozen() {
        let bound = Bound {
            terminal: "K032",
            id: SubmissionId(uuid::Uuid::from_u128(7)),
            sequence: Sequence(42),
            purpose: Purpose::Attachment(2),
        };
        let bytes = bound.bytes(Suite::Sm, &KeyId([0xab; 8]));
        assert_eq!(
            String::from_utf8(bytes).expect("ASCII"),
            "bianmin-seal/1\nsm\nabababababababab\nK032\n00000000-0000-0000-0000-000000000007\n42\nattachment/2\n"
        );
    }
}
