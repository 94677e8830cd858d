//! Rate limits per person or address, through `governor` (GCRA).

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use governor::clock::Clock as _;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use kernel::{Error, Result};

use crate::config::Http;

type Limiter = Option<Arc<DefaultKeyedRateLimiter<String>>>;

/// The limits of a server; cheap to clone.
#[derive(Clone, Debug)]
pub struct Limits {
    requests: Limiter,
    sign_ins: Limiter,
}

impl Limits {
    /// By the settings; zero switches a limit off.
    pub fn new(config: &Http) -> Self {
        let burst = NonZeroU32::new(config.rate_burst).unwrap_or(NonZeroU32::MIN);
        let requests = NonZeroU32::new(config.rate_per_second).map(|n| Quota::per_second(n).allow_burst(burst));
        let sign_ins = NonZeroU32::new(config.sign_in_per_minute).map(Quota::per_minute);
        Self {
            requests: requests.map(|quota| Arc::new(RateLimiter::keyed(quota))),
            sign_ins: sign_ins.map(|quota| Arc::new(RateLimiter::keyed(quota))),
        }
    }

    /// Counts a request of a person, token or address.
    ///
    /// # Errors
    /// `Limited`.
    pub fn request(&self, who: &str) -> Result<()> {
        check(&self.requests, who)
    }

    /// Counts an attempt to sign in, by address and by e-mail.
    ///
    /// # Errors
    /// `Limited`.
    pub fn sign_in(&self, address: Option<IpAddr>, email: &str) -> Result<()> {
        if let Some(address) = address {
            check(&self.sign_ins, &address.to_string())?;
        }
        check(&self.sign_ins, &email.trim().to_lowercase())
    }

    /// Forgets those who have not been seen for long.
    pub fn shrink(&self) {
        for limiter in [&self.requests, &self.sign_ins].into_iter().flatten() {
            limiter.retain_recent();
        }
    }
}

fn check(limiter: &Limiter, key: &str) -> Result<()> {
    let Some(limiter) = limiter else { return Ok(()) };
    limiter.check_key(&key.to_owned()).map_err(|denied| {
        let wait = denied.wait_time_from(limiter.clock().now());
        Error::Limited { retry_after: wait.as_secs().saturating_add(1) }
    })
}
