//! Rate limits per person or address, through `governor` (GCRA).

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as _;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use kernel::{Ctx, Error, Result};

use crate::config::Http;

type Limiter = Option<Arc<DefaultKeyedRateLimiter<String>>>;

/// How much more often than one person may ask, one address may show secrets that are not known by heart, and may sign
/// different people in: many people share the address of their office.
const SHARED: u32 = 10;
/// Calls a second of the code of one plugin's pages by one person (blocks.md, Calls); twice as many at once, so that a page with
/// many sources opens.
const PAGE_CODE: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);
/// Longest delay of a sign-in to an account that strangers are guessing at.
const LONGEST_DELAY: Duration = Duration::from_secs(1);

/// The limits of a server; cheap to clone.
#[derive(Clone, Debug)]
pub struct Limits {
    requests: Limiter,
    look_ups: Limiter,
    /// By person and plugin.
    page_code: Limiter,
    /// By address and account.
    sign_ins: Limiter,
    /// By address.
    sign_ins_from: Limiter,
    /// By account; only delays.
    sign_ins_to: Limiter,
}

impl Limits {
    /// By the settings; zero switches a limit off.
    pub fn new(config: &Http) -> Self {
        let burst = NonZeroU32::new(config.rate_burst).unwrap_or(NonZeroU32::MIN);
        let requests = NonZeroU32::new(config.rate_per_second).map(|n| Quota::per_second(n).allow_burst(burst));
        let shared = NonZeroU32::MIN.saturating_add(SHARED - 1);
        let look_ups = NonZeroU32::new(config.rate_per_second)
            .map(|n| Quota::per_second(n.saturating_mul(shared)).allow_burst(burst.saturating_mul(shared)));
        let sign_ins = NonZeroU32::new(config.sign_in_per_minute);
        let limiter = |quota: Option<Quota>| quota.map(|quota| Arc::new(RateLimiter::keyed(quota)));
        Self {
            requests: limiter(requests),
            look_ups: limiter(look_ups),
            page_code: limiter(
                requests.map(|_| Quota::per_second(PAGE_CODE).allow_burst(PAGE_CODE.saturating_add(20))),
            ),
            sign_ins: limiter(sign_ins.map(Quota::per_minute)),
            sign_ins_from: limiter(sign_ins.map(|n| Quota::per_minute(n.saturating_mul(shared)))),
            sign_ins_to: limiter(sign_ins.map(Quota::per_minute)),
        }
    }

    /// Counts a request of a person or address.
    ///
    /// # Errors
    /// `Limited`.
    pub fn request(&self, who: &str) -> Result<()> {
        check(&self.requests, who)
    }

    /// Counts a look-up of a secret that came from an address.
    ///
    /// # Errors
    /// `Limited`.
    pub fn look_up(&self, address: &str) -> Result<()> {
        check(&self.look_ups, address)
    }

    /// Counts a call of the code of a plugin's pages by somebody.
    ///
    /// # Errors
    /// `Limited`.
    pub fn page_code(&self, ctx: &Ctx, plugin: &str) -> Result<()> {
        let who = ctx.user().map(|user| user.to_string()).unwrap_or_default();
        check(&self.page_code, &format!("{} {who} {plugin}", ctx.tenant))
    }

    /// Counts an attempt to sign in from an address to an account; gives how long its answer has to wait. An address is
    /// refused after some attempts; attempts from elsewhere only delay those of the account's owner, for no stranger may
    /// lock them out.
    ///
    /// # Errors
    /// `Limited`.
    pub fn sign_in(&self, address: &str, email: &str) -> Result<Duration> {
        let account = email.trim().to_lowercase();
        check(&self.sign_ins, &format!("{address} {account}"))?;
        if !address.is_empty() {
            check(&self.sign_ins_from, address)?;
        }
        Ok(wait(&self.sign_ins_to, &account).map_or(Duration::ZERO, |wait| wait.min(LONGEST_DELAY)))
    }

    /// Forgets those who have not been seen for long.
    pub fn shrink(&self) {
        let all =
            [&self.requests, &self.look_ups, &self.page_code, &self.sign_ins, &self.sign_ins_from, &self.sign_ins_to];
        for limiter in all.into_iter().flatten() {
            limiter.retain_recent();
        }
    }
}

fn check(limiter: &Limiter, key: &str) -> Result<()> {
    match wait(limiter, key) {
        Some(wait) => Err(Error::Limited { retry_after: wait.as_secs().saturating_add(1) }),
        None => Ok(()),
    }
}

/// How long until it would be allowed; none when it is.
fn wait(limiter: &Limiter, key: &str) -> Option<Duration> {
    let limiter = limiter.as_ref()?;
    let denied = limiter.check_key(&key.to_owned()).err()?;
    Some(denied.wait_time_from(limiter.clock().now()))
}
