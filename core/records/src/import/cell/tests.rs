use kernel::value::{FieldType, MultiValue};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::name::FullName;
use super::number::Amount;
use super::*;

fn number(text: &str, english: bool) -> String {
    match amount(text, english) {
        Ok(Amount { value, currency }) => format!("{value}{}", currency.map(|c| format!(" {c}")).unwrap_or_default()),
        Err(problem) => problem.code.to_owned(),
    }
}

#[test]
fn a_plain_number_or_day_means_the_same_everywhere() {
    for (text, expected) in [
        ("5,5", Some("5.5")),
        ("1 000", Some("1000")),
        ("1\u{a0}000,50", Some("1000.5")),
        ("1\u{2009}000\u{202f}000", Some("1000000")),
        ("\u{2212}7", Some("-7")),
        ("1,234", None),
        ("0,125", Some("0.125")),
        ("100 грн", None),
        ("many", None),
        ("", None),
    ] {
        assert_eq!(plain_number(text).map(|number| number.to_string()).as_deref(), expected, "{text:?}");
    }
    for (text, expected) in [
        ("31.12.2026", Some("2026-12-31")),
        ("1.2.2026", Some("2026-02-01")),
        ("2026/12/31", Some("2026-12-31")),
        ("03/04/2026", None),
        ("31.12.26", None),
        ("45000", None),
        ("4500", None),
        ("45000.1234", None),
        ("31.12.2026 15:30", None),
    ] {
        assert_eq!(plain_day(text).map(|day| day.to_string()).as_deref(), expected, "{text:?}");
    }
}

#[test]
fn numbers_are_read_as_people_write_them() {
    for (text, expected) in [
        ("0", "0"),
        ("1000", "1000"),
        (" 1 234,56 ", "1234.56"),
        ("1\u{a0}234\u{202f}567,5", "1234567.5"),
        ("1 234,56 ₽", "1234.56 RUB"),
        ("1234 руб.", "1234 RUB"),
        ("15 000 грн", "15000 UAH"),
        ("$1,234.56", "1234.56 USD"),
        ("-$5", "-5 USD"),
        ("€ 99", "99 EUR"),
        ("1.234,56", "1234.56"),
        ("1,234,567", "1234567"),
        ("1.234.567", "1234567"),
        ("1'234.5", "1234.5"),
        ("1,234", "1.234"),
        ("12 %", "12"),
        ("\u{2212}7", "-7"),
        ("+7", "7"),
        (",5", "0.5"),
        ("5,", "5"),
        ("", "number"),
        ("abc", "number"),
        ("12abc", "number"),
        ("1,23,456", "number"),
        ("1.2.3", "number"),
        ("1-2", "number"),
        ("--1", "number"),
        ("1e5", "number"),
        ("NaN", "number"),
        ("٣", "number"),
        ("99999999999999999999999999999999999999", "number"),
    ] {
        assert_eq!(number(text, false), expected, "{text:?}");
    }
    assert_eq!(number("1,234", true), "1234");
    assert_eq!(number("1,23", true), "1.23");
    assert_eq!(number("0,123", true), "0.123");
    assert_eq!(number(&"9".repeat(5_000), false), "number");
    assert_eq!(whole("1 000", false), Ok(1_000));
    assert_eq!(whole("1,5", false).unwrap_err().code, "number_whole");
}

fn dates(order: DateOrder, past: bool) -> Dates {
    Dates { order, past, today: "2026-03-02".parse().unwrap(), zone: chrono_tz::Europe::Kyiv }
}

#[test]
fn a_column_has_one_order_of_day_and_month() {
    let order = |cells: &[&str], english: bool| {
        let mut votes = Votes::default();
        cells.iter().for_each(|cell| votes.hear(cell));
        votes.order(english)
    };
    assert_eq!(order(&["01/02/2026", "31/01/2026 10:00"], true), DateOrder::DayFirst);
    assert_eq!(order(&["01/02/2026", "01/31/2026"], false), DateOrder::MonthFirst);
    assert_eq!(order(&["31/01/2026", "01/31/2026"], false), DateOrder::Unknown);
    assert_eq!(order(&["01/02/2026"], true), DateOrder::Unknown);
    assert_eq!(order(&["01/02/2026", "31.01.2026", "2026-01-31"], false), DateOrder::DayFirst);
    let read = |order, text: &str| {
        dates(order, false).date(text).map_or_else(|problem| problem.code.to_owned(), |day| day.to_string())
    };
    assert_eq!(read(DateOrder::MonthFirst, "02/01/2026"), "2026-02-01");
    assert_eq!(read(DateOrder::MonthFirst, "02.01.2026"), "2026-01-02");
    assert_eq!(read(DateOrder::MonthFirst, "31/01/2026"), "date");
    assert_eq!(read(DateOrder::Unknown, "02/01/2026"), "date_order");
    assert_eq!(read(DateOrder::Unknown, "02/02/2026"), "2026-02-02");
    assert_eq!(read(DateOrder::Unknown, "31/01/2026"), "2026-01-31");
}

#[test]
fn two_digits_of_a_year_are_near_the_present_and_births_are_over() {
    let read = |past, text: &str| {
        dates(DateOrder::DayFirst, past)
            .date(text)
            .map_or_else(|problem| problem.code.to_owned(), |day| day.to_string())
    };
    for (text, date, birth) in [
        ("23.10.45", "year", "1945-10-23"),
        ("01.05.36", "2036-05-01", "1936-05-01"),
        ("16.07.68", "1968-07-16", "1968-07-16"),
        ("01.02.26", "2026-02-01", "2026-02-01"),
        ("01.04.26", "2026-04-01", "1926-04-01"),
        ("29.02.99", "date", "date"),
        ("01.04.2026", "2026-04-01", "future"),
    ] {
        assert_eq!((read(false, text), read(true, text)), (date.to_owned(), birth.to_owned()), "{text}");
    }
}

#[test]
fn dates_and_times_are_read_in_the_companys_zone() {
    let dates = dates(DateOrder::DayFirst, false);
    let day = |text: &str| dates.date(text).map_or_else(|p| p.code.to_owned(), |d| d.to_string());
    for (text, expected) in [
        ("31.01.2026", "2026-01-31"),
        ("1.2.26", "2026-02-01"),
        ("01.02.77", "1977-02-01"),
        ("2026-01-31", "2026-01-31"),
        ("2026/1/5", "2026-01-05"),
        ("31/01/2026", "2026-01-31"),
        ("31.01.2026 15:30", "2026-01-31"),
        ("31.01.2026г.", "2026-01-31"),
        ("46053", "2026-01-31"),
        ("46053.5", "2026-01-31"),
        ("2026-01-31T22:30:00Z", "2026-01-31"),
        ("01/31/2026", "date"),
        ("31.02.2026", "date"),
        ("2026", "date"),
        ("0001-01-01", "date"),
        ("31.01.20261", "date"),
        ("yesterday", "date"),
        ("", "date"),
    ] {
        assert_eq!(day(text), expected, "{text:?}");
    }
    let at = |text: &str| dates.datetime(text).map_or_else(|p| p.code.to_owned(), |t| t.to_string());
    for (text, expected) in [
        ("31.01.2026 15:30", "2026-01-31T13:30:00Z"),
        ("2026-01-31 15:30:05", "2026-01-31T13:30:05Z"),
        ("2026-01-31", "2026-01-30T22:00:00Z"),
        ("2026-01-31T15:30:00+03:00", "2026-01-31T12:30:00Z"),
        ("46053.75", "2026-01-31T16:00:00Z"),
        // The clock goes from 3:00 to 4:00 on 29 March 2026, and back on 25 October.
        ("29.03.2026 03:30", "2026-03-29T01:00:00Z"),
        ("25.10.2026 03:30", "2026-10-25T00:30:00Z"),
        ("31.01.2026 25:00", "datetime"),
        ("noon", "datetime"),
    ] {
        assert_eq!(at(text), expected, "{text:?}");
    }
}

#[test]
fn yes_and_no_in_three_languages() {
    for (text, expected) in [
        ("Да", Some(true)),
        ("ТАК", Some(true)),
        ("1", Some(true)),
        ("ні", Some(false)),
        ("No", Some(false)),
        ("0", Some(false)),
        ("может быть", None),
        ("", None),
    ] {
        assert_eq!(boolean(text).ok(), expected, "{text}");
    }
}

#[test]
fn a_cell_may_hold_several_phones_or_addresses() {
    let values = |field, text: &str| {
        multi(field, text, "work")
            .map(|all| all.into_iter().map(|v: MultiValue| v.value).collect::<Vec<_>>())
            .map_err(|p| p.code)
    };
    assert_eq!(
        values(FieldType::Phones, "+7 916 123-45-67; 8(495)1234567,\n12345"),
        Ok(vec!["+7 916 123-45-67".into(), "8(495)1234567".into(), "12345".into()])
    );
    assert_eq!(
        values(FieldType::Phones, "8 495 123-45-67 доб. 12; 8 495 123-45-67 доб. 12"),
        Ok(vec!["8 495 123-45-67 доб. 12".into()])
    );
    assert_eq!(values(FieldType::Phones, "звонить вечером"), Err("phone"));
    assert_eq!(
        values(FieldType::Emails, "Анна <anna@example.org>; mailto:b@example.org"),
        Ok(vec!["anna@example.org".into(), "b@example.org".into()])
    );
    assert_eq!(values(FieldType::Emails, "a@b@c"), Err("email"));
    assert_eq!(kind_of_header(FieldType::Phones, "Мобильный телефон"), "mobile");
    assert_eq!(kind_of_header(FieldType::Emails, "Work e-mail"), "work");
    assert_eq!(kind_of_header(FieldType::Messengers, "Telegram рабочий"), "telegram");
    assert_eq!(kind_of_header(FieldType::Phones, "Телефон"), "other");
}

#[test]
fn full_names_are_split_without_losing_a_word() {
    for (text, last, first, middle) in [
        ("Иванов Иван Иванович", "Иванов", "Иван", "Иванович"),
        ("Иван Иванович Иванов", "Иванов", "Иван", "Иванович"),
        ("Шевченко Тарас Григорович", "Шевченко", "Тарас", "Григорович"),
        ("Олена Коваленко", "Коваленко", "Олена", ""),
        ("Коваленко Олена", "Коваленко", "Олена", ""),
        ("Анна Сергеевна", "", "Анна", "Сергеевна"),
        ("John Smith", "Smith", "John", ""),
        ("John Ronald Smith", "Smith", "John", "Ronald"),
        ("Анна", "", "Анна", ""),
        ("де ла Крус Мария", "де", "ла Крус Мария", ""),
    ] {
        assert_eq!(
            full_name(text),
            FullName { last: last.into(), first: first.into(), middle: middle.into() },
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn every_number_survives_being_written_the_local_way(units in -99_999_999_999_999_i64..99_999_999_999_999, scale in 0_u32..=4) {
        let value = Decimal::new(units, scale);
        let plain = value.to_string();
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |w| ("-", w));
        let grouped: Vec<String> = whole.as_bytes().rchunks(3).rev().map(|c| String::from_utf8(c.to_vec()).unwrap()).collect();
        let mark = |m: &str| if fraction.is_empty() { String::new() } else { format!("{m}{fraction}") };
        let russian = format!("{sign}{}{} ₽", grouped.join("\u{a0}"), mark(","));
        prop_assert_eq!(amount(&russian, false).unwrap(), Amount { value: value.normalize(), currency: Some("RUB") });
        if grouped.len() > 1 {
            let english = format!("{sign}{}{}", grouped.join(","), mark("."));
            prop_assert_eq!(amount(&english, true).unwrap().value, value.normalize());
        }
        prop_assert_eq!(amount(&plain, false).unwrap().value, value.normalize());
    }

    #[test]
    fn every_day_survives_being_written(days in 0_u64..100_000) {
        let day = chrono::NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + chrono::Days::new(days);
        for format in ["%d.%m.%Y", "%Y-%m-%d", "%d/%m/%Y", "%Y.%m.%d", "%d.%m.%Y 23:59:59"] {
            prop_assert_eq!(dates(DateOrder::DayFirst, false).date(&day.format(format).to_string()).unwrap(), day);
        }
    }

    #[test]
    fn no_text_brings_the_readers_down(text in "\\PC{0,40}", numeric in "[-+0-9., '$%/:TZ]{0,40}") {
        for text in [&text, &numeric] {
            drop(amount(text, true));
            drop(amount(text, false));
            drop(dates(DateOrder::Unknown, true).date(text));
            drop(dates(DateOrder::Unknown, false).datetime(text));
            drop(boolean(text));
            drop(multi(FieldType::Phones, text, "work"));
            drop(multi(FieldType::Emails, text, "work"));
            let name = full_name(text);
            let words: usize = [name.last, name.first, name.middle].iter().map(|p| p.split_whitespace().count()).sum();
            prop_assert_eq!(words, text.split_whitespace().count());
        }
    }
}
