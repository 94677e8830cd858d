//! Whole numbers below 10^15 in words.

use kernel::Locale;

/// The gender of what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gender {
    Masculine,
    Feminine,
}

/// The words of a language.
struct Words {
    zero: &'static str,
    /// One to nineteen, of what is masculine.
    small: [&'static str; 19],
    /// One and two, of what is feminine.
    feminine: [&'static str; 2],
    /// Twenty to ninety.
    tens: [&'static str; 8],
    /// One hundred to nine hundred.
    hundreds: [&'static str; 9],
    /// Powers of a thousand: one, few, many.
    groups: [[&'static str; 3]; 4],
    /// Between tens and ones.
    hyphen: &'static str,
}

const EN: Words = Words {
    zero: "zero",
    small: [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ],
    feminine: ["one", "two"],
    tens: ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"],
    hundreds: [
        "one hundred",
        "two hundred",
        "three hundred",
        "four hundred",
        "five hundred",
        "six hundred",
        "seven hundred",
        "eight hundred",
        "nine hundred",
    ],
    groups: [["thousand"; 3], ["million"; 3], ["billion"; 3], ["trillion"; 3]],
    hyphen: "-",
};

const RU: Words = Words {
    zero: "ноль",
    small: [
        "один",
        "два",
        "три",
        "четыре",
        "пять",
        "шесть",
        "семь",
        "восемь",
        "девять",
        "десять",
        "одиннадцать",
        "двенадцать",
        "тринадцать",
        "четырнадцать",
        "пятнадцать",
        "шестнадцать",
        "семнадцать",
        "восемнадцать",
        "девятнадцать",
    ],
    feminine: ["одна", "две"],
    tens: ["двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят", "восемьдесят", "девяносто"],
    hundreds: ["сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот", "девятьсот"],
    groups: [
        ["тысяча", "тысячи", "тысяч"],
        ["миллион", "миллиона", "миллионов"],
        ["миллиард", "миллиарда", "миллиардов"],
        ["триллион", "триллиона", "триллионов"],
    ],
    hyphen: " ",
};

const UK: Words = Words {
    zero: "нуль",
    small: [
        "один",
        "два",
        "три",
        "чотири",
        "п’ять",
        "шість",
        "сім",
        "вісім",
        "дев’ять",
        "десять",
        "одинадцять",
        "дванадцять",
        "тринадцять",
        "чотирнадцять",
        "п’ятнадцять",
        "шістнадцять",
        "сімнадцять",
        "вісімнадцять",
        "дев’ятнадцять",
    ],
    feminine: ["одна", "дві"],
    tens: ["двадцять", "тридцять", "сорок", "п’ятдесят", "шістдесят", "сімдесят", "вісімдесят", "дев’яносто"],
    hundreds: ["сто", "двісті", "триста", "чотириста", "п’ятсот", "шістсот", "сімсот", "вісімсот", "дев’ятсот"],
    groups: [
        ["тисяча", "тисячі", "тисяч"],
        ["мільйон", "мільйони", "мільйонів"],
        ["мільярд", "мільярди", "мільярдів"],
        ["трильйон", "трильйони", "трильйонів"],
    ],
    hyphen: " ",
};

const fn words(locale: Locale) -> &'static Words {
    match locale {
        Locale::En => &EN,
        Locale::Ru => &RU,
        Locale::Uk => &UK,
    }
}

/// The word before what is below zero.
pub(super) const fn minus(locale: Locale) -> &'static str {
    match locale {
        Locale::En => "minus",
        Locale::Ru => "минус",
        Locale::Uk => "мінус",
    }
}

/// The one of three forms (one, few, many) that stands behind a number.
pub(super) const fn form([one, few, many]: [&'static str; 3], number: u64, locale: Locale) -> &'static str {
    match (locale, number % 10, number % 100) {
        (Locale::En, ..) => {
            if number == 1 {
                one
            } else {
                many
            }
        }
        (_, _, 11..=14) => many,
        (_, 1, _) => one,
        (_, 2..=4, _) => few,
        _ => many,
    }
}

/// A number in words; none of 10^15 and above.
pub(super) fn in_words(number: u64, gender: Gender, locale: Locale) -> Option<String> {
    let words = words(locale);
    if number == 0 {
        return Some(words.zero.to_owned());
    }
    let mut parts: Vec<String> = Vec::new();
    let mut rest = number;
    let mut group = 0_usize;
    while rest > 0 {
        let three = rest % 1_000;
        rest /= 1_000;
        if three > 0 {
            // Thousands are feminine where words have a gender.
            let gender = if group == 1 { Gender::Feminine } else { gender };
            let gender = if group > 1 { Gender::Masculine } else { gender };
            let mut part = below_thousand(words, three, gender)?;
            if let Some(place) = group.checked_sub(1) {
                part = format!("{part} {}", form(*words.groups.get(place)?, three, locale));
            }
            parts.push(part);
        }
        group += 1;
    }
    parts.reverse();
    Some(parts.join(" "))
}

fn below_thousand(words: &Words, number: u64, gender: Gender) -> Option<String> {
    let digit = |value: u64| usize::try_from(value).ok();
    let (hundreds, rest) = (number / 100, number % 100);
    let mut parts: Vec<String> = Vec::new();
    if hundreds > 0 {
        parts.push((*words.hundreds.get(digit(hundreds - 1)?)?).to_owned());
    }
    let small = |value: u64| -> Option<&'static str> {
        let place = digit(value.checked_sub(1)?)?;
        match gender {
            Gender::Feminine if place < 2 => words.feminine.get(place).copied(),
            _ => words.small.get(place).copied(),
        }
    };
    if rest >= 20 {
        let ten = *words.tens.get(digit(rest / 10 - 2)?)?;
        parts.push(small(rest % 10).map_or_else(|| ten.to_owned(), |one| format!("{ten}{}{one}", words.hyphen)));
    } else if rest > 0 {
        parts.push(small(rest)?.to_owned());
    }
    Some(parts.join(" "))
}
