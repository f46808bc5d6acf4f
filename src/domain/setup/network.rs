//! The line: an address by itself, or a fixed one typed on the digit pad.
//!
//! Only cable networks with IPv4 exist here. Wireless is left out: a machine of an office stands beside a socket, and a
//! password would need a keyboard.

use core::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::ipc::SetupNumber;

/// How the machine gets its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "mode")]
pub enum NetworkChoice {
    /// From the network.
    Dhcp,
    /// Fixed.
    Fixed(FixedAddress),
}

/// A fixed address. Only consistent ones exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WrittenAddress", into = "WrittenAddress")]
pub struct FixedAddress {
    address: Ipv4Addr,
    prefix: u8,
    gateway: Ipv4Addr,
    dns: Ipv4Addr,
}

/// A fixed address as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct WrittenAddress {
    address: Ipv4Addr,
    prefix: u8,
    gateway: Ipv4Addr,
    dns: Ipv4Addr,
}

/// What is wrong with a fixed address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Not an address a machine can have.
    #[error("the address must be one that a machine can have, such as 192.168.1.20")]
    Address,
    /// Not the length of a network.
    #[error("the prefix must be 8 to 30, such as 24")]
    Prefix,
    /// The router is not in the same network, or is the machine itself.
    #[error("the gateway must be another address of the same network")]
    Gateway,
    /// Not an address of a name server.
    #[error("the name server must be an address")]
    Dns,
}

impl NetworkError {
    /// Which number is wrong.
    pub const fn number(self) -> SetupNumber {
        match self {
            Self::Address => SetupNumber::Address,
            Self::Prefix => SetupNumber::Prefix,
            Self::Gateway => SetupNumber::Gateway,
            Self::Dns => SetupNumber::Dns,
        }
    }
}

impl FixedAddress {
    /// Checks that the numbers fit together.
    ///
    /// # Errors
    /// The first number that is wrong.
    pub fn new(address: Ipv4Addr, prefix: u8, gateway: Ipv4Addr, dns: Ipv4Addr) -> Result<Self, NetworkError> {
        if !is_host(address) {
            return Err(NetworkError::Address);
        }
        if !(8..=30).contains(&prefix) {
            return Err(NetworkError::Prefix);
        }
        let mask = u32::MAX << (32 - u32::from(prefix));
        let (ours, theirs) = (u32::from(address), u32::from(gateway));
        // The first and the last address of a network belong to no machine.
        let is_inside = |number: u32| number & !mask != 0 && number | mask != u32::MAX;
        if !is_inside(ours) {
            return Err(NetworkError::Address);
        }
        if !is_host(gateway) || ours & mask != theirs & mask || ours == theirs || !is_inside(theirs) {
            return Err(NetworkError::Gateway);
        }
        if !is_host(dns) {
            return Err(NetworkError::Dns);
        }
        Ok(Self { address, prefix, gateway, dns })
    }

    /// Address of this machine.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// Length of the network's prefix.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Address of the router.
    pub fn gateway(&self) -> Ipv4Addr {
        self.gateway
    }

    /// Address of the name server.
    pub fn dns(&self) -> Ipv4Addr {
        self.dns
    }
}

fn is_host(address: Ipv4Addr) -> bool {
    !(address.is_unspecified() || address.is_loopback() || address.is_multicast() || address.is_broadcast())
        && address.octets()[0] != 0
        && address.octets()[0] < 240
}

impl TryFrom<WrittenAddress> for FixedAddress {
    type Error = NetworkError;

    fn try_from(written: WrittenAddress) -> Result<Self, Self::Error> {
        Self::new(written.address, written.prefix, written.gateway, written.dns)
    }
}

impl From<FixedAddress> for WrittenAddress {
    fn from(fixed: FixedAddress) -> Self {
        Self { address: fixed.address, prefix: fixed.prefix, gateway: fixed.gateway, dns: fixed.dns }
    }
}

/// The line as the system tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NetworkState {
    /// A cable is plugged in.
    pub cable: bool,
    /// Address in use towards the outside.
    pub address: Option<Ipv4Addr>,
}

/// Numbers of a fixed address while they are typed, one after the other. Addresses are typed as four groups of three
/// digits (192 168 001 020), so that the pad needs no point.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Typing {
    address: Option<Ipv4Addr>,
    prefix: Option<u8>,
    gateway: Option<Ipv4Addr>,
    digits: String,
    wrong: bool,
}

/// What came of taking a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// More to type.
    More,
    /// All four are there and fit together.
    Whole(FixedAddress),
}

impl Typing {
    /// The number being typed.
    pub fn number(&self) -> SetupNumber {
        match (self.address, self.prefix, self.gateway) {
            (None, _, _) => SetupNumber::Address,
            (Some(_), None, _) => SetupNumber::Prefix,
            (Some(_), Some(_), None) => SetupNumber::Gateway,
            (Some(_), Some(_), Some(_)) => SetupNumber::Dns,
        }
    }

    /// What was typed, in groups of three.
    pub fn shown(&self) -> String {
        let digits: Vec<char> = self.digits.chars().collect();
        digits.chunks(3).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
    }

    /// Digits to go.
    pub fn missing(&self) -> usize {
        self.wanted().saturating_sub(self.digits.len())
    }

    /// The last number taken was wrong.
    pub fn is_wrong(&self) -> bool {
        self.wrong
    }

    /// One digit more; `false` if it does not belong there.
    pub fn digit(&mut self, digit: char) -> bool {
        let fits = digit.is_ascii_digit() && self.missing() > 0;
        if fits {
            self.digits.push(digit);
            self.wrong = false;
        }
        fits
    }

    /// One digit less; `false` if there is none.
    pub fn erase(&mut self) -> bool {
        self.wrong = false;
        self.digits.pop().is_some()
    }

    /// No digit any more.
    pub fn clear(&mut self) {
        self.digits.clear();
        self.wrong = false;
    }

    /// Back to the number before; `false` at the first one.
    pub fn back(&mut self) -> bool {
        self.clear();
        match self.number() {
            SetupNumber::Address => return false,
            SetupNumber::Prefix => self.address = None,
            SetupNumber::Gateway => self.prefix = None,
            SetupNumber::Dns => self.gateway = None,
        }
        true
    }

    /// Takes the number that was typed. What does not fit is marked wrong and stays to be corrected; a number that is wrong
    /// beside the later ones is asked again.
    pub fn take(&mut self) -> Typed {
        let number = self.number();
        if number == SetupNumber::Prefix {
            match self.digits.parse::<u8>().ok().filter(|prefix| (8..=30).contains(prefix)) {
                Some(prefix) => self.next(|typing| typing.prefix = Some(prefix)),
                None => self.wrong = true,
            }
            return Typed::More;
        }
        let Some(address) = self.typed_address().filter(|address| is_host(*address)) else {
            self.wrong = true;
            return Typed::More;
        };
        match (number, self.address, self.prefix, self.gateway) {
            (SetupNumber::Gateway, Some(ours), Some(prefix), _) => {
                // A name server that surely fits: only the gateway is judged here.
                match FixedAddress::new(ours, prefix, address, address) {
                    Ok(_) => self.next(|typing| typing.gateway = Some(address)),
                    Err(NetworkError::Address) => self.again(Self::default()),
                    Err(NetworkError::Prefix | NetworkError::Gateway | NetworkError::Dns) => self.wrong = true,
                }
            }
            (SetupNumber::Dns, Some(ours), Some(prefix), Some(gateway)) => {
                return match FixedAddress::new(ours, prefix, gateway, address) {
                    Ok(fixed) => Typed::Whole(fixed),
                    Err(_) => {
                        self.wrong = true;
                        Typed::More
                    }
                };
            }
            _ => self.next(|typing| typing.address = Some(address)),
        }
        Typed::More
    }

    fn next(&mut self, set: impl FnOnce(&mut Self)) {
        set(self);
        self.clear();
    }

    fn again(&mut self, from: Self) {
        *self = from;
        self.wrong = true;
    }

    fn wanted(&self) -> usize {
        match self.number() {
            SetupNumber::Prefix => 2,
            SetupNumber::Address | SetupNumber::Gateway | SetupNumber::Dns => 12,
        }
    }

    fn typed_address(&self) -> Option<Ipv4Addr> {
        if self.digits.len() != 12 {
            return None;
        }
        let part = |at: usize| self.digits.get(at..at + 3)?.parse::<u8>().ok();
        Some(Ipv4Addr::new(part(0)?, part(3)?, part(6)?, part(9)?))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]
    use super::*;

    fn ip(text: &str) -> Ipv4Addr {
        text.parse().unwrap()
    }

    fn type_in(typing: &mut Typing, digits: &str) -> Typed {
        assert!(digits.chars().all(|digit| typing.digit(digit)), "{digits}");
        typing.take()
    }

    #[test]
    fn only_addresses_that_fit_together_exist() {
        let good = FixedAddress::new(ip("192.168.1.20"), 24, ip("192.168.1.1"), ip("192.168.1.1"));
        assert!(good.is_ok());
        for (address, prefix, gateway, dns, error) in [
            ("127.0.0.1", 24, "127.0.0.2", "10.0.0.1", NetworkError::Address),
            ("224.0.0.5", 24, "224.0.0.1", "10.0.0.1", NetworkError::Address),
            ("192.168.1.0", 24, "192.168.1.1", "10.0.0.1", NetworkError::Address),
            ("192.168.1.255", 24, "192.168.1.1", "10.0.0.1", NetworkError::Address),
            ("192.168.1.20", 31, "192.168.1.1", "10.0.0.1", NetworkError::Prefix),
            ("192.168.1.20", 24, "192.168.2.1", "10.0.0.1", NetworkError::Gateway),
            ("192.168.1.20", 24, "192.168.1.20", "10.0.0.1", NetworkError::Gateway),
            ("192.168.1.20", 24, "192.168.1.255", "10.0.0.1", NetworkError::Gateway),
            ("192.168.1.20", 24, "192.168.1.1", "0.0.0.0", NetworkError::Dns),
        ] {
            assert_eq!(FixedAddress::new(ip(address), prefix, ip(gateway), ip(dns)), Err(error), "{address}");
        }
    }

    #[test]
    fn four_numbers_typed_on_the_pad_make_an_address() {
        let mut typing = Typing::default();
        assert_eq!(type_in(&mut typing, "192168001020"), Typed::More);
        assert_eq!(typing.number(), SetupNumber::Prefix);
        assert_eq!(type_in(&mut typing, "24"), Typed::More);
        assert_eq!(type_in(&mut typing, "192168002001"), Typed::More);
        assert!(typing.is_wrong(), "a router of another network");
        typing.clear();
        assert_eq!(type_in(&mut typing, "192168001001"), Typed::More);
        let whole = type_in(&mut typing, "114114114114");
        let fixed = FixedAddress::new(ip("192.168.1.20"), 24, ip("192.168.1.1"), ip("114.114.114.114")).unwrap();
        assert_eq!(whole, Typed::Whole(fixed));
    }

    #[test]
    fn a_group_above_255_is_wrong_and_stays_to_be_corrected() {
        let mut typing = Typing::default();
        assert_eq!(type_in(&mut typing, "192168001300"), Typed::More);
        assert!(typing.is_wrong());
        assert_eq!(typing.shown(), "192 168 001 300");
    }
}
