//! One spelling for phone numbers: E.164, that is "+", country code and number without spaces.

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
    /// The number in E.164.
    Number(String),
    /// A number of no plan we know, kept as it was written.
    Unknown,
    /// Not a phone number at all.
    Invalid,
}

/// Brings a number as people write it into E.164, reading numbers without a country code as of `country`.
pub fn tidy(written: &str, country: &str) -> Tidy {
    let international = written.trim_start().starts_with('+');
    let digits = digits(written);
    if digits.len() < SHORTEST || digits.len() > LONGEST {
        return Tidy::Invalid;
    }
    if international {
        return Tidy::Number(format!("+{digits}"));
    }
    if let Some(rest) = digits.strip_prefix("00") {
        return Tidy::Number(format!("+{rest}"));
    }
    match PLANS.iter().find(|plan| plan.country == country).and_then(|plan| national(&digits, plan)) {
        Some(number) => Tidy::Number(number),
        None => Tidy::Unknown,
    }
}

/// Digits up to an extension ("ext. 12", "доб. 12", "x12", "#12").
fn digits(written: &str) -> String {
    let end =
        written.find(|letter: char| letter.is_alphabetic() || letter == '#' || letter == ',').unwrap_or(written.len());
    written[..end].chars().filter(char::is_ascii_digit).collect()
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
        check("8 (495) 123-45-67 доб. 204", "RU", "+74951234567");
        check("050 123-45-67", "UA", "+380501234567");
        check("380501234567", "UA", "+380501234567");
        check("8 029 123-45-67", "BY", "+375291234567");
        check("0049 30 901820", "RU", "+4930901820");
        check("030 901820", "DE", "+4930901820");
        check("(212) 555-0100 ext 7", "US", "+12125550100");
        check("123-45-67", "RU", "?");
        check("12", "RU", "-");
        check("позвоните мне", "RU", "-");
        check("1234567890123456", "RU", "-");
    }
}
