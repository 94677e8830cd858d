//! One spelling for phone numbers: E.164, that is "+", country code and number without spaces. What people wrote beside
//! a number (an extension, a name, another number) is never lost.

/// Fewer digits than this are no phone number.
const SHORTEST: usize = 5;
/// E.164 allows 15 digits.
const LONGEST: usize = 15;

/// How a country writes numbers at home.
struct Plan {
    country: &'static str,
    code: &'static str,
    /// Dialled before the number at home and left out abroad.
    trunk: &'static str,
    /// Digits of a national number, from and to.
    digits: (usize, usize),
}

const PLANS: [Plan; 8] = [
    Plan { country: "RU", code: "7", trunk: "8", digits: (10, 10) },
    Plan { country: "KZ", code: "7", trunk: "8", digits: (10, 10) },
    Plan { country: "UA", code: "380", trunk: "0", digits: (9, 9) },
    Plan { country: "BY", code: "375", trunk: "80", digits: (9, 9) },
    Plan { country: "PL", code: "48", trunk: "", digits: (9, 9) },
    Plan { country: "DE", code: "49", trunk: "0", digits: (6, 11) },
    Plan { country: "GB", code: "44", trunk: "0", digits: (9, 10) },
    Plan { country: "US", code: "1", trunk: "1", digits: (10, 10) },
];

/// What became of a number.
#[derive(Debug, PartialEq)]
pub enum Tidy {
    /// The number in E.164, with its extension as it was written.
    Number(String),
    /// A number of no plan we know, or with something else beside it, kept as it was written.
    Unknown,
    /// Not a phone number at all.
    Invalid,
}

/// Brings a number as people write it into E.164, reading numbers without a country code as of `country`.
pub fn tidy(written: &str, country: &str) -> Tidy {
    let written = written.trim();
    let international = written.starts_with('+');
    let (number, beside) = parts(written);
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let all = written.chars().filter(char::is_ascii_digit).count();
    if all < SHORTEST || (digits.len() > LONGEST && beside.is_empty()) {
        return Tidy::Invalid;
    }
    if !(SHORTEST..=LONGEST).contains(&digits.len()) || !(beside.is_empty() || is_extension(beside)) {
        return Tidy::Unknown;
    }
    let whole = |number: String| Tidy::Number(if beside.is_empty() { number } else { format!("{number} {beside}") });
    if international {
        return whole(format!("+{digits}"));
    }
    if let Some(rest) = digits.strip_prefix("00") {
        return whole(format!("+{rest}"));
    }
    match PLANS.iter().find(|plan| plan.country == country).and_then(|plan| national(&digits, plan)) {
        Some(number) => whole(number),
        None => Tidy::Unknown,
    }
}

/// The number with the marks inside it, and what stands behind.
fn parts(written: &str) -> (&str, &str) {
    let inside = |c: char| {
        c.is_ascii_digit() || c.is_whitespace() || matches!(c, '+' | '-' | '(' | ')' | '.' | '\u{2010}'..='\u{2015}')
    };
    let end = written.find(|c: char| !inside(c)).unwrap_or(written.len());
    // A bracket that opens the words behind is theirs.
    let number = written[..end].trim_end_matches(['(', ' ']);
    (number, written[number.len()..].trim())
}

/// "ext. 12", "доб. 12", "x12", "#12" and nothing else.
fn is_extension(beside: &str) -> bool {
    let word = beside.trim_start_matches(|c: char| c.is_alphabetic() || matches!(c, '.' | ':' | '#' | ' ' | ','));
    (1..=6).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit())
}

fn national(digits: &str, plan: &Plan) -> Option<String> {
    let fits = |rest: &str| (plan.digits.0..=plan.digits.1).contains(&rest.len());
    if let Some(rest) = digits.strip_prefix(plan.code).filter(|rest| fits(rest)) {
        return Some(format!("+{}{rest}", plan.code));
    }
    if let Some(rest) = digits.strip_prefix(plan.trunk).filter(|rest| !plan.trunk.is_empty() && fits(rest)) {
        return Some(format!("+{}{rest}", plan.code));
    }
    fits(digits).then(|| format!("+{}{digits}", plan.code))
}

#[cfg(test)]
mod tests {
    use super::{Tidy, tidy};

    fn check(written: &str, country: &str, expected: &str) {
        let expected = match expected {
            "?" => Tidy::Unknown,
            "-" => Tidy::Invalid,
            number => Tidy::Number(number.to_owned()),
        };
        assert_eq!(tidy(written, country), expected, "{written} in {country}");
    }

    #[test]
    fn numbers_as_people_write_them() {
        check("8 (916) 123-45-67", "RU", "+79161234567");
        check("+7 916 123 45 67", "UA", "+79161234567");
        check("9161234567", "RU", "+79161234567");
        check("79161234567", "RU", "+79161234567");
        check("8 (495) 123-45-67 доб. 204", "RU", "+74951234567 доб. 204");
        check("050 123-45-67", "UA", "+380501234567");
        check("380501234567", "UA", "+380501234567");
        check("8 029 123-45-67", "BY", "+375291234567");
        check("0049 30 901820", "RU", "+4930901820");
        check("030 901820", "DE", "+4930901820");
        check("(212) 555-0100 ext 7", "US", "+12125550100 ext 7");
        check("+7 916 123-45-67, +7 495 111-22-33", "RU", "?");
        check("8 800 555-35-35 (Анна)", "RU", "?");
        check("+7 495 123-45-67 / 68", "RU", "?");
        check("Анна 8 916 123-45-67", "RU", "?");
        check("123-45-67", "RU", "?");
        check("12", "RU", "-");
        check("позвоните мне", "RU", "-");
        check("1234567890123456", "RU", "-");
    }
}
