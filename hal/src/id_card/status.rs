//! The module's status byte SW3 by name.

/// What SW3 of a reply says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// 90: done.
    Success,
    /// 91: the card does not hold what was asked for.
    Absent,
    /// 9F: a card was found; only answers 20 01.
    CardFound,
    /// 10: the module saw a wrong check byte.
    ModuleSawBadChecksum,
    /// 11: the module saw a wrong length.
    ModuleSawBadLength,
    /// 21: unknown command, or a command out of order.
    BadCommand,
    /// 23: operation not permitted.
    NotPermitted,
    /// 24: unrecognised error.
    Unrecognised,
    /// 31: the card rejects the module.
    CardRejectsModule,
    /// 32: the module rejects the card.
    ModuleRejectsCard,
    /// 33: verification of the card's information failed.
    NotVerified,
    /// 40: a wrong kind of card.
    WrongCard,
    /// 41: reading failed.
    ReadFailed,
    /// 47: getting a random number failed.
    RandomFailed,
    /// 60: the module's self-test failed; it accepts no commands.
    SelfTestFailed,
    /// 66: the module is not authorised.
    Unauthorised,
    /// 80: no card found.
    NoCard,
    /// 81: selecting the card failed.
    SelectFailed,
    /// Any other byte.
    Other(u8),
}

impl Status {
    /// The status of an SW3 byte.
    pub const fn of(sw3: u8) -> Self {
        match sw3 {
            0x90 => Self::Success,
            0x91 => Self::Absent,
            0x9F => Self::CardFound,
            0x10 => Self::ModuleSawBadChecksum,
            0x11 => Self::ModuleSawBadLength,
            0x21 => Self::BadCommand,
            0x23 => Self::NotPermitted,
            0x24 => Self::Unrecognised,
            0x31 => Self::CardRejectsModule,
            0x32 => Self::ModuleRejectsCard,
            0x33 => Self::NotVerified,
            0x40 => Self::WrongCard,
            0x41 => Self::ReadFailed,
            0x47 => Self::RandomFailed,
            0x60 => Self::SelfTestFailed,
            0x66 => Self::Unauthorised,
            0x80 => Self::NoCard,
            0x81 => Self::SelectFailed,
            other => Self::Other(other),
        }
    }

    /// The byte of a status.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Success => 0x90,
            Self::Absent => 0x91,
            Self::CardFound => 0x9F,
            Self::ModuleSawBadChecksum => 0x10,
            Self::ModuleSawBadLength => 0x11,
            Self::BadCommand => 0x21,
            Self::NotPermitted => 0x23,
            Self::Unrecognised => 0x24,
            Self::CardRejectsModule => 0x31,
            Self::ModuleRejectsCard => 0x32,
            Self::NotVerified => 0x33,
            Self::WrongCard => 0x40,
            Self::ReadFailed => 0x41,
            Self::RandomFailed => 0x47,
            Self::SelfTestFailed => 0x60,
            Self::Unauthorised => 0x66,
            Self::NoCard => 0x80,
            Self::SelectFailed => 0x81,
            Self::Other(byte) => byte,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_a_status_that_leads_back_to_it() {
        for byte in 0..=255 {
            assert_eq!(Status::of(byte).byte(), byte);
        }
    }
}
