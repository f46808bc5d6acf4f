//! The line as the system tells it, for the set-up's page: is a cable there, and which address is in use.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::path::Path;

use crate::domain::setup::NetworkState;

/// Where the kernel lists its network devices.
const DEVICES: &str = "/sys/class/net";
/// Where it lists the addresses it answers to.
const ADDRESSES: &str = "/proc/self/net/fib_trie";
/// An address for documents (RFC 5737): connecting a datagram socket sends nothing and tells which way it would go.
const ELSEWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);

/// Looks once; takes no measurable time.
pub fn look() -> NetworkState {
    NetworkState { cable: has_cable(Path::new(DEVICES)), address: address() }
}

/// A wired device with a carrier. `type` 1 is Ethernet; wireless devices have a folder of their own.
fn has_cable(devices: &Path) -> bool {
    let Ok(entries) = fs::read_dir(devices) else { return false };
    entries.flatten().any(|entry| {
        let device = entry.path();
        let says = |name: &str, wanted: &str| fs::read_to_string(device.join(name)).is_ok_and(|v| v.trim() == wanted);
        says("type", "1") && says("carrier", "1") && !device.join("wireless").exists()
    })
}

/// The address that packets to elsewhere have; in a network without a way out, the first of the machine's own.
fn address() -> Option<Ipv4Addr> {
    outwards().or_else(|| first_of(&fs::read_to_string(ADDRESSES).ok()?))
}

/// The kernel's trie of routes: a line `|-- 10.0.2.15`, and below it `/32 host LOCAL` if that is an address of this machine.
fn first_of(trie: &str) -> Option<Ipv4Addr> {
    let mut last = None;
    for line in trie.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.parse::<Ipv4Addr>().ok();
        } else if line == "/32 host LOCAL"
            && let Some(address) = last.filter(|address| !address.is_loopback())
        {
            return Some(address);
        }
    }
    None
}

fn outwards() -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(ELSEWHERE).ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(address) if !address.is_unspecified() && !address.is_loopback() => Some(address),
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_without_a_way_out_has_an_address_as_well() {
        let lo = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 127.0.0.0\n        /8 host LOCAL\n     |-- 127.0.0.1\n        /32 host LOCAL\n";
        assert_eq!(first_of(lo), None);
        let wired = "     +-- 10.0.2.0/24 2 0 2\n        |-- 10.0.2.0\n           /24 link UNICAST\n        |-- 10.0.2.15\n           \
                     /32 host LOCAL\n        |-- 10.0.2.255\n           /32 link BROADCAST\n";
        assert_eq!(first_of(&format!("{lo}{wired}")), Some(Ipv4Addr::new(10, 0, 2, 15)));
        assert_eq!(first_of(""), None);
    }

    #[test]
    fn a_cable_counts_only_in_a_wired_device_that_has_a_carrier() {
        let folder = tempfile::tempdir().expect("a folder");
        let device = |name: &str, kind: &str, carrier: &str| {
            let path = folder.path().join(name);
            fs::create_dir(&path).expect("a device");
            fs::write(path.join("type"), kind).expect("a type");
            fs::write(path.join("carrier"), carrier).expect("a carrier");
            path
        };
        device("lo", "772\n", "1\n");
        let wireless = device("wlan0", "1\n", "1\n");
        fs::create_dir(wireless.join("wireless")).expect("a mark");
        device("eth0", "1\n", "0\n");
        assert!(!has_cable(folder.path()));
        device("eth1", "1\n", "1\n");
        assert!(has_cable(folder.path()));
    }
}
