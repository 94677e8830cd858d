//! The words of the grammar, in English, Russian and Ukrainian at once: people mix them. All of them stand here folded
//! (lower case, е for ё) and without apostrophes.

use chrono::Weekday;

/// A word that names a day from today.
pub(super) fn day_from_today(word: &str) -> Option<i64> {
    Some(match word {
        "today" | "сегодня" | "сьогодні" => 0,
        "tomorrow" | "завтра" => 1,
        "послезавтра" | "післязавтра" => 2,
        _ => return None,
    })
}

/// A day of the week. Short English ones are words of their own ("sat", "sun") and only count `after` a preposition.
pub(super) fn weekday(word: &str, after: bool) -> Option<Weekday> {
    let short = |day| after.then_some(day);
    match word {
        "monday" | "понедельник" | "понеділок" | "пн" => Some(Weekday::Mon),
        "tuesday" | "вторник" | "вівторок" | "вт" => Some(Weekday::Tue),
        "wednesday" | "среда" | "среду" | "середа" | "середу" | "ср" => Some(Weekday::Wed),
        "thursday" | "четверг" | "четвер" | "чт" => Some(Weekday::Thu),
        "friday" | "пятница" | "пятницу" | "пятниця" | "пятницю" | "пт" => {
            Some(Weekday::Fri)
        }
        "saturday" | "суббота" | "субботу" | "субота" | "суботу" | "сб" => {
            Some(Weekday::Sat)
        }
        "sunday" | "воскресенье" | "неділя" | "неділю" | "вс" | "нд" => Some(Weekday::Sun),
        "mon" => short(Weekday::Mon),
        "tue" => short(Weekday::Tue),
        "wed" => short(Weekday::Wed),
        "thu" => short(Weekday::Thu),
        "fri" => short(Weekday::Fri),
        "sat" => short(Weekday::Sat),
        "sun" => short(Weekday::Sun),
        _ => None,
    }
}

/// A month beside a day's number, 1 to 12.
pub(super) fn month(word: &str) -> Option<u32> {
    const MONTHS: [[&str; 4]; 12] = [
        ["january", "jan", "января", "січня"],
        ["february", "feb", "февраля", "лютого"],
        ["march", "mar", "марта", "березня"],
        ["april", "apr", "апреля", "квітня"],
        ["may", "may", "мая", "травня"],
        ["june", "jun", "июня", "червня"],
        ["july", "jul", "июля", "липня"],
        ["august", "aug", "августа", "серпня"],
        ["september", "sep", "сентября", "вересня"],
        ["october", "oct", "октября", "жовтня"],
        ["november", "nov", "ноября", "листопада"],
        ["december", "dec", "декабря", "грудня"],
    ];
    (1..).zip(MONTHS).find(|(_, names)| names.contains(&word)).map(|(number, _)| number)
}

/// What may stand before a day or a time and goes with it.
pub(super) fn is_preposition(word: &str) -> bool {
    matches!(
        word,
        "on" | "by" | "at" | "next" | "till" | "until" | "в" | "во" | "до" | "к" | "ко" | "у" | "о" | "об" | "на"
    )
}

/// What begins a span: "in 2 hours".
pub(super) fn begins_span(word: &str) -> bool {
    matches!(word, "in" | "через" | "за")
}

/// What a span is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Minutes,
    Hours,
    Days,
    Weeks,
}

/// A unit of a span.
pub(super) fn unit(word: &str) -> Option<Unit> {
    Some(match word {
        "minute" | "minutes" | "min" | "минуту" | "минуты" | "минут" | "мин" | "хвилину" | "хвилини" | "хвилин"
        | "хв" => Unit::Minutes,
        "hour" | "hours" | "час" | "часа" | "часов" | "годину" | "години" | "годин" | "год" => {
            Unit::Hours
        }
        "day" | "days" | "день" | "дня" | "дней" | "дні" | "днів" => Unit::Days,
        "week" | "weeks" | "неделю" | "недели" | "недель" | "тиждень" | "тижні" | "тижнів" => {
            Unit::Weeks
        }
        _ => return None,
    })
}

/// "an hour", "a week": one of the unit.
pub(super) fn is_article(word: &str) -> bool {
    matches!(word, "a" | "an" | "one")
}
