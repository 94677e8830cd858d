//! Loop protection by cause chain. Every write of a plugin carries the links it came through; a point that is about to
//! run looks at them first. Pure.

use kernel::ctx::{Cause, MAX_HOPS_REQUEST, MAX_HOPS_TOTAL};

/// Times one point may occur in a chain.
const REPEATS: usize = 3;
/// Marks links that ran in a job of their own, after commit.
const AFTER: &str = " (after)";

/// The link of a before-hook or route.
pub(crate) fn link(plugin: &str, point: &str) -> String {
    format!("{plugin}:{point}")
}

/// The link of a subscription.
pub(crate) fn link_after(plugin: &str, point: &str) -> String {
    format!("{plugin}:{point}{AFTER}")
}

/// Whether the next link may be added; the error is the chain "A -> B -> A".
///
/// A link may occur three times in a chain; watched fields make sure that each time they have new values. A chain has
/// at most 8 links since the last job began and 16 in all.
pub(crate) fn check(cause: &Cause, next: &str) -> Result<(), String> {
    let repeats = cause.chain.iter().filter(|link| link.as_str() == next).count();
    let in_request = cause.chain.iter().rev().take_while(|link| !link.ends_with(AFTER)).count();
    let request_full = in_request >= usize::from(MAX_HOPS_REQUEST);
    if repeats >= REPEATS || request_full || cause.hop >= MAX_HOPS_TOTAL {
        let links: Vec<&str> = cause.chain.iter().map(String::as_str).chain([next]).collect();
        return Err(links.join(" -> "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(chain: &[&str], next: &str, expected: Result<(), &str>) {
        let chain: Vec<String> = chain.iter().map(|link| (*link).to_owned()).collect();
        let cause = Cause { root: uuid::Uuid::nil(), hop: u8::try_from(chain.len()).unwrap(), chain };
        assert_eq!(super::check(&cause, next), expected.map_err(str::to_owned));
    }

    #[test]
    fn chains_end() {
        check(&[], "a:x", Ok(()));
        check(&["a:x", "b:y", "a:x", "b:y"], "a:x", Ok(()));
        check(&["a:x", "b:y", "a:x", "b:y", "a:x"], "a:x", Err("a:x -> b:y -> a:x -> b:y -> a:x -> a:x"));
        let long = ["1", "2", "3", "4", "5", "6", "7", "8"];
        check(&long, "9", Err("1 -> 2 -> 3 -> 4 -> 5 -> 6 -> 7 -> 8 -> 9"));
        check(&["1", "2", "3", "4 (after)", "5", "6", "7", "8", "9"], "10", Ok(()));
        let jobs: Vec<String> = (0..16).map(|n| format!("{n}{AFTER}")).collect();
        let jobs: Vec<&str> = jobs.iter().map(String::as_str).collect();
        let chain = format!("{} -> 16", jobs.join(" -> "));
        check(&jobs, "16", Err(&chain));
    }
}
