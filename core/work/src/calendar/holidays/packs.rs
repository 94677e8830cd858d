//! Public holidays by country, as the laws named here have them in 2026. One that a law drops or adds later is a line here.

use chrono::Weekday;

use super::rules::{Country, Day, Holiday, Weekend};

/// The countries.
pub(super) static COUNTRIES: [Country; 9] = [
    whole("CZ", Weekend::Lost, CZECHIA),
    Country { regions: LANDS, ..whole("DE", Weekend::Lost, GERMANY) },
    whole("EE", Weekend::Lost, ESTONIA),
    Country { key: "GB-EAW", name: Some("England and Wales"), ..whole("GB", Weekend::Next, ENGLAND) },
    whole("KZ", Weekend::Next, KAZAKHSTAN),
    whole("LT", Weekend::Lost, LITHUANIA),
    whole("PL", Weekend::Lost, POLAND),
    whole("UA", Weekend::Next, UKRAINE),
    whole("US", Weekend::Nearest, STATES),
];

const fn whole(key: &'static str, weekend: Weekend, holidays: &'static [Holiday]) -> Country {
    Country { key, of: key, name: None, regions: &[], weekend, holidays }
}

const fn holiday(name: &'static str, day: Day) -> Holiday {
    Holiday { name, day, since: 0, moves: true, only: &[] }
}

const fn on(name: &'static str, month: u32, day: u32) -> Holiday {
    holiday(name, Day::On(month, day))
}

const fn easter(name: &'static str, days: i64) -> Holiday {
    holiday(name, Day::Easter(days))
}

const fn nth(name: &'static str, n: u8, weekday: Weekday, month: u32) -> Holiday {
    holiday(name, Day::Nth(n, weekday, month))
}

/// One that some parts of the country have.
const fn only(parts: &'static [&'static str], one: Holiday) -> Holiday {
    Holiday { only: parts, ..one }
}

/// One that the rule about weekends is not for.
const fn stays(one: Holiday) -> Holiday {
    Holiday { moves: false, ..one }
}

/// Code of Labour Laws, articles 67 and 73, as of law 3258-IX of 2023. While martial law lasts these days are worked (law
/// 2136-IX, article 6): that is no rule about dates.
const UKRAINE: &[Holiday] = &[
    on("new_year", 1, 1),
    on("women", 3, 8),
    holiday("easter", Day::Eastern(0)),
    on("labour", 5, 1),
    on("victory_ww2", 5, 8),
    holiday("trinity", Day::Eastern(49)),
    on("constitution", 6, 28),
    on("statehood", 7, 15),
    on("independence", 8, 24),
    on("defenders", 10, 1),
    on("christmas", 12, 25),
];

/// Act on days free from work of 18 January 1951, with Christmas Eve since 2025.
const POLAND: &[Holiday] = &[
    on("new_year", 1, 1),
    on("epiphany", 1, 6),
    easter("easter", 0),
    easter("easter_monday", 1),
    on("labour", 5, 1),
    on("constitution", 5, 3),
    easter("pentecost", 49),
    easter("corpus_christi", 60),
    on("assumption", 8, 15),
    on("all_saints", 11, 1),
    on("independence", 11, 11),
    on("christmas_eve", 12, 24),
    on("christmas", 12, 25),
    on("second_christmas", 12, 26),
];

/// What all lands have, then what the holiday acts of the lands add. Days of single municipalities are not here.
const GERMANY: &[Holiday] = &[
    on("new_year", 1, 1),
    easter("good_friday", -2),
    easter("easter_monday", 1),
    on("labour", 5, 1),
    easter("ascension", 39),
    easter("whit_monday", 50),
    on("german_unity", 10, 3),
    on("christmas", 12, 25),
    on("second_christmas", 12, 26),
    only(&["DE-BW", "DE-BY", "DE-ST"], on("epiphany", 1, 6)),
    only(&["DE-BE", "DE-MV"], on("women", 3, 8)),
    only(&["DE-BB"], easter("easter", 0)),
    only(&["DE-BB"], easter("pentecost", 49)),
    only(&["DE-BW", "DE-BY", "DE-HE", "DE-NW", "DE-RP", "DE-SL"], easter("corpus_christi", 60)),
    only(&["DE-SL"], on("assumption", 8, 15)),
    only(&["DE-TH"], on("children", 9, 20)),
    only(&["DE-BB", "DE-HB", "DE-HH", "DE-MV", "DE-NI", "DE-SN", "DE-ST", "DE-SH", "DE-TH"], on("reformation", 10, 31)),
    only(&["DE-BW", "DE-BY", "DE-NW", "DE-RP", "DE-SL"], on("all_saints", 11, 1)),
    only(&["DE-SN"], holiday("repentance", Day::Before(Weekday::Wed, 11, 23))),
];

const LANDS: &[(&str, &str)] = &[
    ("DE-BW", "Baden-Württemberg"),
    ("DE-BY", "Bayern"),
    ("DE-BE", "Berlin"),
    ("DE-BB", "Brandenburg"),
    ("DE-HB", "Bremen"),
    ("DE-HH", "Hamburg"),
    ("DE-HE", "Hessen"),
    ("DE-MV", "Mecklenburg-Vorpommern"),
    ("DE-NI", "Niedersachsen"),
    ("DE-NW", "Nordrhein-Westfalen"),
    ("DE-RP", "Rheinland-Pfalz"),
    ("DE-SL", "Saarland"),
    ("DE-SN", "Sachsen"),
    ("DE-ST", "Sachsen-Anhalt"),
    ("DE-SH", "Schleswig-Holstein"),
    ("DE-TH", "Thüringen"),
];

/// Law 267-II of 2001 on holidays, with Constitution Day of the constitution of 2026 (15 March, kept since 2027), and the
/// days of rest of article 85 of the Labour Code, which do not move. Kurban Ait is set by the muftiate year by year: the
/// days of the Umm al-Qura calendar.
const KAZAKHSTAN: &[Holiday] = &[
    on("new_year", 1, 1),
    on("new_year", 1, 2),
    stays(on("orthodox_christmas", 1, 7)),
    on("women", 3, 8),
    Holiday { since: 2027, ..on("constitution", 3, 15) },
    on("nauryz", 3, 21),
    on("nauryz", 3, 22),
    on("nauryz", 3, 23),
    on("unity", 5, 1),
    on("defender", 5, 7),
    on("victory", 5, 9),
    on("capital", 7, 6),
    on("republic", 10, 25),
    on("independence", 12, 16),
    stays(holiday(
        "kurban_ait",
        Day::Listed(&[(2026, 5, 27), (2027, 5, 16), (2028, 5, 5), (2029, 4, 24), (2030, 4, 13)]),
    )),
];

/// Act 245/2000.
const CZECHIA: &[Holiday] = &[
    on("new_year", 1, 1),
    easter("good_friday", -2),
    easter("easter_monday", 1),
    on("labour", 5, 1),
    on("victory", 5, 8),
    on("cyril_methodius", 7, 5),
    on("jan_hus", 7, 6),
    on("statehood", 9, 28),
    on("independence", 10, 28),
    on("freedom_democracy", 11, 17),
    on("christmas_eve", 12, 24),
    on("christmas", 12, 25),
    on("second_christmas", 12, 26),
];

/// Public Holidays and Days of National Importance Act.
const ESTONIA: &[Holiday] = &[
    on("new_year", 1, 1),
    on("independence", 2, 24),
    easter("good_friday", -2),
    easter("easter", 0),
    on("labour", 5, 1),
    easter("pentecost", 49),
    on("victory", 6, 23),
    on("midsummer", 6, 24),
    on("restoration", 8, 20),
    on("christmas_eve", 12, 24),
    on("christmas", 12, 25),
    on("second_christmas", 12, 26),
];

/// Labour Code, article 123.
const LITHUANIA: &[Holiday] = &[
    on("new_year", 1, 1),
    on("statehood", 2, 16),
    on("restoration", 3, 11),
    easter("easter", 0),
    easter("easter_monday", 1),
    on("labour", 5, 1),
    nth("mother", 1, Weekday::Sun, 5),
    nth("father", 1, Weekday::Sun, 6),
    on("midsummer", 6, 24),
    on("coronation", 7, 6),
    on("assumption", 8, 15),
    on("all_saints", 11, 1),
    on("all_souls", 11, 2),
    on("christmas_eve", 12, 24),
    on("christmas", 12, 25),
    on("second_christmas", 12, 26),
];

/// Banking and Financial Dealings Act 1971, with the days that are kept by proclamation each year.
const ENGLAND: &[Holiday] = &[
    on("new_year", 1, 1),
    easter("good_friday", -2),
    easter("easter_monday", 1),
    nth("early_may", 1, Weekday::Mon, 5),
    nth("spring_bank", 5, Weekday::Mon, 5),
    nth("summer_bank", 5, Weekday::Mon, 8),
    on("christmas", 12, 25),
    on("second_christmas", 12, 26),
];

/// 5 U.S.C. 6103.
const STATES: &[Holiday] = &[
    on("new_year", 1, 1),
    nth("king", 3, Weekday::Mon, 1),
    nth("washington", 3, Weekday::Mon, 2),
    nth("memorial", 5, Weekday::Mon, 5),
    on("juneteenth", 6, 19),
    on("independence", 7, 4),
    nth("labour", 1, Weekday::Mon, 9),
    nth("columbus", 2, Weekday::Mon, 10),
    on("veterans", 11, 11),
    nth("thanksgiving", 4, Weekday::Thu, 11),
    on("christmas", 12, 25),
];
