//! What currencies and their hundredths are called: one, few, many. English has two forms; the one in the middle is not
//! used.

use kernel::Locale;

use super::numbers::Gender::{self, Feminine, Masculine};

/// The name of a currency in a language.
pub(super) struct Name {
    pub gender: Gender,
    pub whole: [&'static str; 3],
    /// Of its hundredth.
    pub part: [&'static str; 3],
}

/// The name of the currency with this code, where it has one here.
pub(super) fn name(code: &str, locale: Locale) -> Option<Name> {
    let (gender, whole, part) = match locale {
        Locale::En => en(code)?,
        Locale::Ru => ru(code)?,
        Locale::Uk => uk(code)?,
    };
    Some(Name { gender, whole, part })
}

type Forms = (Gender, [&'static str; 3], [&'static str; 3]);

const CENT_EN: [&str; 3] = ["cent", "", "cents"];

fn en(code: &str) -> Option<Forms> {
    Some(match code {
        "RUB" => (Masculine, ["rouble", "", "roubles"], ["kopeck", "", "kopecks"]),
        "UAH" => (Masculine, ["hryvnia", "", "hryvnias"], ["kopiyka", "", "kopiykas"]),
        "BYN" => (Masculine, ["Belarusian rouble", "", "Belarusian roubles"], ["kopeck", "", "kopecks"]),
        "KZT" => (Masculine, ["tenge", "", "tenge"], ["tiyn", "", "tiyn"]),
        "USD" => (Masculine, ["US dollar", "", "US dollars"], CENT_EN),
        "EUR" => (Masculine, ["euro", "", "euros"], CENT_EN),
        "GBP" => (Masculine, ["pound", "", "pounds"], ["penny", "", "pence"]),
        "PLN" => (Masculine, ["zloty", "", "zlotys"], ["grosz", "", "groszy"]),
        _ => return None,
    })
}

const KOPECK_RU: [&str; 3] = ["копейка", "копейки", "копеек"];
const CENT_RU: [&str; 3] = ["цент", "цента", "центов"];

fn ru(code: &str) -> Option<Forms> {
    Some(match code {
        "RUB" => (Masculine, ["рубль", "рубля", "рублей"], KOPECK_RU),
        "UAH" => (Feminine, ["гривна", "гривны", "гривен"], KOPECK_RU),
        "BYN" => (Masculine, ["белорусский рубль", "белорусских рубля", "белорусских рублей"], KOPECK_RU),
        "KZT" => (Masculine, ["тенге"; 3], ["тиын", "тиына", "тиынов"]),
        "USD" => (Masculine, ["доллар США", "доллара США", "долларов США"], CENT_RU),
        "EUR" => (Masculine, ["евро"; 3], CENT_RU),
        "GBP" => (Masculine, ["фунт стерлингов", "фунта стерлингов", "фунтов стерлингов"], ["пенс", "пенса", "пенсов"]),
        "PLN" => (Masculine, ["злотый", "злотых", "злотых"], ["грош", "гроша", "грошей"]),
        _ => return None,
    })
}

const KOPECK_UK: [&str; 3] = ["копійка", "копійки", "копійок"];
const CENT_UK: [&str; 3] = ["цент", "центи", "центів"];

fn uk(code: &str) -> Option<Forms> {
    Some(match code {
        "UAH" => (Feminine, ["гривня", "гривні", "гривень"], KOPECK_UK),
        "RUB" => (Masculine, ["рубль", "рублі", "рублів"], KOPECK_UK),
        "BYN" => (Masculine, ["білоруський рубль", "білоруські рублі", "білоруських рублів"], KOPECK_UK),
        "KZT" => (Masculine, ["тенге"; 3], ["тиїн", "тиїни", "тиїнів"]),
        "USD" => (Masculine, ["долар США", "долари США", "доларів США"], CENT_UK),
        "EUR" => (Masculine, ["євро"; 3], CENT_UK),
        "GBP" => (Masculine, ["фунт стерлінгів", "фунти стерлінгів", "фунтів стерлінгів"], ["пенс", "пенси", "пенсів"]),
        "PLN" => (Masculine, ["злотий", "злоті", "злотих"], ["грош", "гроші", "грошів"]),
        _ => return None,
    })
}
