//! The address guard: which addresses a request that somebody else words may reach. Nothing of this machine, of the
//! networks around it, or of nobody.
//!
//! Owns: the judgement of addresses, and looking names up so that exactly what was judged is connected to. Must not know:
//! who asks, HTTP, connections. A host's name enters; addresses that may be reached leave, or why there are none. Ranges
//! by the special-purpose address registries of IANA (RFC 6890 and its updates).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Says for the whole process what encrypts connections: the same as everywhere in the product. Call it before any client of
/// other crates is made.
pub fn choose_encryption() {
    // The second call changes nothing.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// What an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Anybody's on the internet.
    Public,
    /// This machine, or a private network: allowed where the operator says so.
    Private,
    /// Nobody a request can be for: link-local (metadata of cloud machines too), multicast, reserved.
    Never,
}

/// Why a host is not reached.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    /// The name has no address now; it may have one later.
    #[error("the name is not known: {0}")]
    Unknown(#[from] io::Error),
    /// One of its addresses is not allowed, which condemns all of them: a name that leads to both is a trick.
    #[error("{0} is not on the public internet")]
    Forbidden(IpAddr),
}

/// The addresses of a host, all of them allowed. Connect to these and to nothing looked up again: a name may lead
/// elsewhere a moment later. An IPv6 address may stand in brackets.
///
/// # Errors
/// The name is unknown or leads to an address that is not allowed.
pub async fn addresses(host: &str, port: u16, allow_private: bool) -> Result<Vec<SocketAddr>, Unreachable> {
    let found = resolve(host.trim_start_matches('[').trim_end_matches(']'), port).await?;
    match found.iter().find(|address| !allowed(address.ip(), allow_private)) {
        Some(address) => Err(Unreachable::Forbidden(address.ip())),
        None => Ok(found),
    }
}

async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let found: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
    if found.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(found) }
}

/// Whether a request may go there.
pub fn allowed(address: IpAddr, allow_private: bool) -> bool {
    match reach(address) {
        Reach::Public => true,
        Reach::Private => allow_private,
        Reach::Never => false,
    }
}

/// What an address is, also one that is wrapped into an address of the other kind.
pub fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

/// Networks by their first bits.
const PRIVATE_V4: [(Ipv4Addr, u32); 5] = [
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
];
const NEVER_V4: [(Ipv4Addr, u32); 9] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, reserved and broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

fn reach_v4(address: Ipv4Addr) -> Reach {
    let bits = address.to_bits();
    let within = |(network, length): &(Ipv4Addr, u32)| (bits ^ network.to_bits()) >> (32 - length) == 0;
    if PRIVATE_V4.iter().any(within) {
        Reach::Private
    } else if NEVER_V4.iter().any(within) {
        Reach::Never
    } else {
        Reach::Public
    }
}

const PRIVATE_V6: [(u128, u32); 2] = [(1, 128), (0xfc00 << 112, 7)];
/// Only 2000::/3 is given to anybody; these parts of it are not.
const NEVER_V6: [(u128, u32); 3] = [
    // Teredo, ORCHID and the rest of the protocol assignments
    (0x2001 << 112, 23),
    (0x2001_0db8 << 96, 32),
    (0x3fff << 112, 20),
];

fn reach_v6(address: Ipv6Addr) -> Reach {
    let bits = address.to_bits();
    let within = |(network, length): &(u128, u32)| (bits ^ network) >> (128 - length) == 0;
    if PRIVATE_V6.iter().any(within) {
        return Reach::Private;
    }
    if let Some(embedded) = embedded(bits) {
        return reach_v4(embedded);
    }
    if bits >> 125 == 1 && !NEVER_V6.iter().any(within) { Reach::Public } else { Reach::Never }
}

/// The address of the other kind that one stands for: mapped (::ffff:0:0/96), translated (::ffff:0:0:0/96, 64:ff9b::/96)
/// and 6to4 (2002::/16).
fn embedded(bits: u128) -> Option<Ipv4Addr> {
    let low = |shift: u32| u32::try_from((bits >> shift) & u128::from(u32::MAX)).ok().map(Ipv4Addr::from_bits);
    let prefix = bits >> 32;
    match prefix {
        0xffff | 0xffff_0000 => low(0),
        _ if prefix == 0x0064_ff9b << 64 => low(0),
        _ if bits >> 112 == 0x2002 => low(80),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(addresses: &str, expected: Reach) {
        for address in addresses.split_whitespace() {
            assert_eq!(reach(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn every_address_is_judged() {
        check("127.0.0.1 127.255.255.254 10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255", Reach::Private);
        check("192.168.0.1 100.64.0.1 100.127.255.255 ::1 fc00::1 fdff::1", Reach::Private);
        check("::ffff:127.0.0.1 ::ffff:10.1.2.3 64:ff9b::192.168.1.1 2002:7f00:1:: ::ffff:0:127.0.0.1", Reach::Private);
        check(
            "0.0.0.0 0.1.2.3 169.254.169.254 192.0.0.8 192.0.2.1 192.88.99.1 198.18.0.1 198.19.255.255",
            Reach::Never,
        );
        check("198.51.100.1 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255", Reach::Never);
        check(":: fe80::1 febf::1 fec0::1 ff02::1 2001::1 2001:db8::1 100::1 64:ff9b:1::1 ::8.8.8.8", Reach::Never);
        check("::ffff:169.254.169.254 2002:a9fe:a9fe:: ::ffff:0.0.0.0 3fff::1 4000::1", Reach::Never);
        check("1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.0.0.1 128.0.0.1", Reach::Public);
        check(
            "169.253.0.1 172.15.0.1 172.32.0.1 192.167.0.1 192.169.0.1 198.17.0.1 198.20.0.1 223.0.0.1",
            Reach::Public,
        );
        check(
            "2606:4700::1111 2a00:1450::8 2001:4860::8888 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::",
            Reach::Public,
        );
    }

    #[tokio::test]
    async fn hosts_lead_to_allowed_addresses_or_nowhere() {
        let found = async |host: &str, allow_private| {
            let found = addresses(host, 443, allow_private).await;
            found.map(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(found("1.1.1.1", false).await.unwrap(), "1.1.1.1:443");
        assert_eq!(found("[2606:4700::1111]", false).await.unwrap(), "[2606:4700::1111]:443");
        assert_eq!(found("127.0.0.1", true).await.unwrap(), "127.0.0.1:443");
        for (host, allow_private) in [("127.0.0.1", false), ("[::1]", false), ("localhost", false), ("fe80::1", true)] {
            assert!(matches!(found(host, allow_private).await, Err(Unreachable::Forbidden(_))), "{host}");
        }
        assert!(matches!(found("no-such-host.invalid", true).await, Err(Unreachable::Unknown(_))));
    }

    #[test]
    fn only_private_ones_can_be_allowed() {
        for (address, closed, open) in
            [("1.1.1.1", true, true), ("10.0.0.1", false, true), ("169.254.169.254", false, false)]
        {
            let address = address.parse().unwrap();
            assert_eq!((allowed(address, false), allowed(address, true)), (closed, open), "{address}");
        }
    }
}
