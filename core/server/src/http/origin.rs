//! What this server is called, as policies of browsers spell it out.

use axum::http::HeaderValue;

/// Where the files of frames lie.
pub const FRAMES: &str = "/frames/";

/// The origins of this server: as the request has it, and the public one; none where the request names none that could stand
/// in a policy. `http` in a policy is `https` too.
pub fn of(host: Option<&HeaderValue>, public_url: &str) -> Option<Vec<String>> {
    let host = host?.to_str().ok().filter(|host| plain(host))?;
    let public = public_url.trim_end_matches('/');
    let told = public.split_once("://").is_some_and(|(_, rest)| plain(rest));
    Some(std::iter::once(format!("http://{host}")).chain(told.then(|| public.to_owned())).collect())
}

/// A name or address with a port: nothing that would mean something in a policy.
fn plain(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(host: &str, public_url: &str, expected: &[&str]) {
        let host = HeaderValue::from_bytes(host.as_bytes()).unwrap();
        assert_eq!(of(Some(&host), public_url).unwrap_or_default(), expected, "{host:?}");
    }

    #[test]
    fn nothing_stands_in_a_policy_but_names() {
        check("crm.test:8080", "https://crm.example/", &["http://crm.test:8080", "https://crm.example"]);
        check("[::1]:8080", "", &["http://[::1]:8080"]);
        check("a", "https://a b", &["http://a"]);
        for host in ["", "a b", "a;script-src *", "a'", "a/b", "a,b", "a\u{e9}"] {
            check(host, "https://crm.example", &[]);
        }
        assert_eq!(of(None, "https://crm.example"), None);
    }
}
