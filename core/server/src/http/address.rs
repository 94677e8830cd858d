//! Where a request comes from: the connection's address, or what trusted proxies say.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, Request};

use crate::config::Http;

/// The address a request came from, where it is known.
#[derive(Debug, Clone, Copy)]
pub struct Address(pub Option<IpAddr>);

impl Address {
    /// As people read it; empty when unknown.
    pub fn text(&self) -> String {
        self.0.map(|ip| ip.to_canonical().to_string()).unwrap_or_default()
    }

    /// What limits are kept by; empty when the address is unknown.
    pub fn key(&self) -> String {
        self.0.map(|ip| network(ip).to_string()).unwrap_or_default()
    }

    /// The network around it, where places are shared out among strangers: many addresses of one hand count as one; empty when
    /// the address is unknown.
    pub fn near(&self) -> String {
        self.0.map(|ip| around(ip).to_string()).unwrap_or_default()
    }
}

/// A /24 of IPv4 and a /56 of IPv6: what a small house has, and 256 times what a subscriber has at least.
fn around(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits() & 0xffff_ff00).into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() >> 72 << 72).into(),
    }
}

/// One subscriber has a whole /64 of IPv6 (RFC 6177), so its addresses count as one.
pub fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
        ip => ip,
    }
}

/// The address of a request.
pub fn of(request: &Request, config: &Http) -> Address {
    let connected = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    if config.client_address_header.is_empty() {
        return Address(connected);
    }
    let lines = request.headers().get_all(config.client_address_header.as_str()).iter();
    let told: Vec<&str> =
        lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).map(str::trim).collect();
    Address(behind(&told, config.trusted_proxies).or(connected))
}

/// The entry that the outermost trusted proxy wrote. Each proxy adds its client at the right end; what stands to the
/// left of ours anybody may have sent.
fn behind(told: &[&str], proxies: usize) -> Option<IpAddr> {
    let entry = told.get(told.len().checked_sub(proxies.max(1))?)?;
    let with_port = || entry.parse::<SocketAddr>().map(|address| address.ip());
    entry.trim_matches(['[', ']']).parse().or_else(|_| with_port()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(told: &[&str], proxies: usize, expected: Option<&str>) {
        assert_eq!(behind(told, proxies).map(|ip| ip.to_string()).as_deref(), expected, "{told:?} {proxies}");
    }

    #[test]
    fn trusted_proxies_are_counted_from_the_right() {
        let told = ["9.9.9.9", "198.51.100.7", "10.0.0.2"];
        check(&told, 1, Some("10.0.0.2"));
        check(&told, 2, Some("198.51.100.7"));
        check(&told, 4, None);
        check(&[], 1, None);
        check(&["9.9.9.9", "unknown"], 1, None);
        check(&["9.9.9.9:1234"], 1, Some("9.9.9.9"));
        check(&["[2001:db8::1]:80"], 1, Some("2001:db8::1"));
        check(&["[2001:db8::1]"], 1, Some("2001:db8::1"));
    }

    #[test]
    fn the_addresses_of_one_subscriber_count_as_one() {
        let key = |ip: &str| Address(Some(ip.parse().unwrap())).key();
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), "192.0.2.1");
    }

    #[test]
    fn the_addresses_around_one_count_as_one_where_places_are_shared_out() {
        let near = |ip: &str| Address(Some(ip.parse().unwrap())).near();
        assert_eq!((near("192.0.2.1"), near("::ffff:192.0.2.255")), ("192.0.2.0".to_owned(), near("192.0.2.9")));
        assert_ne!(near("192.0.2.1"), near("192.0.3.1"));
        assert_eq!(near("2001:db8:1:2::1"), near("2001:db8:1:ff:ffff::9"));
        assert_ne!(near("2001:db8:1:2::1"), near("2001:db8:1:102::1"));
        assert_eq!(Address(None).near(), "");
    }
}
