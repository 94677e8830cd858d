//! Parts of a file (RFC 9110, section 14) and answers that their asker has already (section 13).

use axum::http::{HeaderMap, HeaderName, header};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it. Also where the question is not understood, is about several parts, or about other bytes.
    Whole,
    /// Bytes from a place on.
    Some {
        /// The place.
        from: u64,
        /// How many; at least one.
        length: u64,
    },
    /// Nothing that there is.
    Outside,
}

/// Whether the asker has it already.
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = text(headers, header::IF_NONE_MATCH);
    known.split(',').map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

/// The part of something with this tag and so many bytes.
pub fn of(headers: &HeaderMap, tag: &str, size: u64) -> Part {
    let condition = text(headers, header::IF_RANGE);
    if !condition.is_empty() && condition != tag {
        return Part::Whole;
    }
    let Some(asked) = text(headers, header::RANGE).strip_prefix("bytes=") else { return Part::Whole };
    let Some((first, last)) = asked.trim().split_once('-') else { return Part::Whole };
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    let (from, end) = match (first, last) {
        ("", last) => match number(last) {
            Some(0) => return Part::Outside,
            Some(count) => (size.saturating_sub(count), size),
            None => return Part::Whole,
        },
        (first, "") => match number(first) {
            Some(from) => (from, size),
            None => return Part::Whole,
        },
        (first, last) => match (number(first), number(last)) {
            (Some(from), Some(last)) if from <= last => (from, last.saturating_add(1).min(size)),
            _ => return Part::Whole,
        },
    };
    if from >= size { Part::Outside } else { Part::Some { from, length: end.saturating_sub(from) } }
}

fn text(headers: &HeaderMap, name: HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        let check = |asked: &str, size: u64, expected: Part| {
            let headers = HeaderMap::from_iter([(header::RANGE, asked.parse().unwrap())]);
            assert_eq!(of(&headers, "\"t\"", size), expected, "{asked} of {size}");
        };
        let some = |from, length| Part::Some { from, length };
        check("bytes=0-0", 10, some(0, 1));
        check("bytes=2-5", 10, some(2, 4));
        check("bytes=2-", 10, some(2, 8));
        check("bytes=-3", 10, some(7, 3));
        check("bytes=-30", 10, some(0, 10));
        check("bytes=5-99999999999999999999", 10, Part::Whole);
        check("bytes=5-18446744073709551615", 10, some(5, 5));
        for outside in ["bytes=10-", "bytes=10-11", "bytes=-0", "bytes=99-100"] {
            check(outside, 10, Part::Outside);
        }
        check("bytes=0-", 0, Part::Outside);
        for not_understood in ["bytes=5-2", "bytes=a-b", "bytes=0-1,3-4", "items=0-1", "bytes=--1", "bytes=+1-2", ""] {
            check(not_understood, 10, Part::Whole);
        }
        let headers = |name: HeaderName, value: &str| {
            HeaderMap::from_iter([(header::RANGE, "bytes=1-".parse().unwrap()), (name, value.parse().unwrap())])
        };
        assert_eq!(of(&headers(header::IF_RANGE, "\"t\""), "\"t\"", 3), some(1, 2));
        assert_eq!(of(&headers(header::IF_RANGE, "\"old\""), "\"t\"", 3), Part::Whole);
        assert!(is_known(&headers(header::IF_NONE_MATCH, "\"a\", W/\"t\""), "\"t\""));
        assert!(!is_known(&headers(header::IF_NONE_MATCH, "\"a\""), "\"t\""));
    }
}
