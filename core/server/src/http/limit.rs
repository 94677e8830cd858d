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
/// Calls a second of one public page from one address; twice as many at once.
const PUBLIC_CALLS: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
/// Calls a second of all public pages of a company; twice as many at once.
const PUBLIC_CALLS_OF: NonZeroU32 = NonZeroU32::MIN.saturating_add(99);
/// What is sent by one public page from one address in a minute (blocks.md, Slots).
const PUBLIC_SENDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
/// What is sent by all public pages of a company in a minute.
const PUBLIC_SENDS_OF: NonZeroU32 = NonZeroU32::MIN.saturating_add(299);
/// Files that one address sends to all public pages of a company in an hour: fewer than may wait at once, so that one stranger does not
/// keep the others from sending theirs.
const PUBLIC_FILES: NonZeroU32 = NonZeroU32::MIN.saturating_add(59);
/// Calls a second of the address of one rule of automation; twice as many at once.
const HOOK_CALLS: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
/// Calls a second of the addresses of all rules of a company; twice as many at once.
const HOOK_CALLS_OF: NonZeroU32 = NonZeroU32::MIN.saturating_add(49);
/// Longest delay of a sign-in to an account that strangers are guessing at.
const LONGEST_DELAY: Duration = Duration::from_secs(1);

/// The limits of a server; cheap to clone.
#[derive(Clone, Debug)]
pub struct Limits {
    requests: Limiter,
    look_ups: Limiter,
    /// By person and plugin.
    page_code: Limiter,
    /// By address and public page.
    public_calls: Limiter,
    /// By company.
    public_calls_of: Limiter,
    /// By address and public page.
    public_sends: Limiter,
    /// By company.
    public_sends_of: Limiter,
    /// By address and company.
    public_files: Limiter,
    /// By rule of automation.
    hooks: Limiter,
    /// By company.
    hooks_of: Limiter,
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
            public_calls: limiter(twice(requests, PUBLIC_CALLS)),
            public_calls_of: limiter(twice(requests, PUBLIC_CALLS_OF)),
            public_sends: limiter(sign_ins.map(|_| Quota::per_minute(PUBLIC_SENDS))),
            public_sends_of: limiter(sign_ins.map(|_| Quota::per_minute(PUBLIC_SENDS_OF))),
            public_files: limiter(sign_ins.map(|_| Quota::per_hour(PUBLIC_FILES))),
            hooks: limiter(twice(requests, HOOK_CALLS)),
            hooks_of: limiter(twice(requests, HOOK_CALLS_OF)),
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

    /// Counts a call of a public page of a company: whoever floods one is refused alone, and what many send together does not
    /// go beyond the company.
    ///
    /// # Errors
    /// `Limited`.
    pub fn public_call(&self, address: &str, company: &str, page: &str) -> Result<()> {
        check(&self.public_calls, &format!("{address} {company} {page}"))?;
        check(&self.public_calls_of, company)
    }

    /// Counts what a stranger sends by a public page of a company.
    ///
    /// # Errors
    /// `Limited`.
    pub fn public_send(&self, address: &str, company: &str, page: &str) -> Result<()> {
        check(&self.public_sends, &format!("{address} {company} {page}"))?;
        check(&self.public_sends_of, company)
    }

    /// Counts a file that a stranger sends to a public page of a company, and that it is sent.
    ///
    /// # Errors
    /// `Limited`.
    pub fn public_file(&self, address: &str, company: &str, page: &str) -> Result<()> {
        check(&self.public_files, &format!("{address} {company}"))?;
        self.public_send(address, company, page)
    }

    /// Counts what comes to the address of a rule of automation of a company, whoever sends it.
    ///
    /// # Errors
    /// `Limited`.
    pub fn hook(&self, token: &str, company: &str) -> Result<()> {
        check(&self.hooks, token)?;
        check(&self.hooks_of, company)
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

    /// Counts a sign-in through a provider, from an address: whose it is is not known yet.
    ///
    /// # Errors
    /// `Limited`.
    pub fn provider(&self, address: &str) -> Result<()> {
        if address.is_empty() { Ok(()) } else { check(&self.sign_ins_from, address) }
    }

    /// Forgets those who have not been seen for long.
    pub fn shrink(&self) {
        let all = [
            &self.requests,
            &self.look_ups,
            &self.page_code,
            &self.public_calls,
            &self.public_calls_of,
            &self.public_sends,
            &self.public_sends_of,
            &self.public_files,
            &self.hooks,
            &self.hooks_of,
            &self.sign_ins,
            &self.sign_ins_from,
            &self.sign_ins_to,
        ];
        for limiter in all.into_iter().flatten() {
            limiter.retain_recent();
        }
    }
}

/// So many a second and twice as many at once, where requests are limited at all.
fn twice(requests: Option<Quota>, a_second: NonZeroU32) -> Option<Quota> {
    requests
        .map(|_| Quota::per_second(a_second).allow_burst(a_second.saturating_mul(NonZeroU32::MIN.saturating_add(1))))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Overrides};

    #[test]
    fn files_of_one_address_are_counted_over_all_pages_of_a_company() {
        let http = Config::load(None, &Overrides::default()).unwrap().http;
        let limits = Limits::new(&Http { sign_in_per_minute: 20, ..http });
        let send =
            |address: &str, company: &str, page: u32| limits.public_file(address, company, &format!("page {page}"));
        let taken = (0..100).filter(|file| send("192.0.2.1", "acme", file / 10).is_ok()).count();
        assert_eq!(taken, 60);
        assert!(matches!(send("192.0.2.1", "acme", 99), Err(Error::Limited { .. })));
        assert!(send("192.0.2.2", "acme", 0).is_ok(), "others send theirs");
        assert!(send("192.0.2.1", "other", 0).is_ok());
    }
}
