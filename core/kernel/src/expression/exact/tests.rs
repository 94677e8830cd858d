use rust_decimal::Decimal;
use serde_json::json;

use super::super::{Expression, Names};
use super::*;
use crate::value::{Fields, Money};

fn record() -> Fields {
    let money = |amount: &str| Money { amount: Some(amount.parse().unwrap()), currency: "EUR".parse().unwrap() };
    let field = |key: &str, value: Value| (key.into(), value);
    [
        field("amount", Value::Money(money("200.10"))),
        field("rate", Value::Decimal("0.1".parse().unwrap())),
        field("count", Value::Integer(3)),
        field("big", Value::Integer(i64::MAX)),
        field("empty", Value::Null),
        field("title", Value::Text("Верстак".into())),
        field("day", Value::Date("2026-02-27".parse().unwrap())),
        field("kinds", Value::Texts(vec!["a".into(), "b".into()])),
    ]
    .into_iter()
    .collect()
}

fn check(text: &str, expected: Result<Value, &str>) {
    let record = record();
    let (today, now) = (Value::Date("2026-03-01".parse().unwrap()), Value::Instant(Timestamp(1_772_355_600_000_000)));
    let names = Names::new().with_exact("record", &record).with_value(TODAY, &today).with_value(NOW, &now);
    let outcome = Expression::compile_exact(text, &["record", TODAY, NOW]).and_then(|it| it.outcome(&names));
    match (outcome, expected) {
        (Ok(Outcome::Value(Value::Decimal(got))), Ok(Value::Decimal(wanted))) => {
            assert_eq!(got.normalize(), wanted.normalize(), "{text}");
        }
        (Ok(Outcome::Value(got)), Ok(wanted)) => assert_eq!(got, wanted, "{text}"),
        (Err(problem), Err(part)) => assert!(problem.contains(part), "{text}: {problem}"),
        (got, wanted) => panic!("{text}: {got:?} instead of {wanted:?}"),
    }
}

fn decimal(text: &str) -> Result<Value, &'static str> {
    Ok(Value::Decimal(text.parse().unwrap()))
}

fn yes(answer: bool) -> Result<Value, &'static str> {
    Ok(Value::Boolean(answer))
}

#[test]
fn decimals_money_and_literals_beside_them_are_exact() {
    check("record.amount * 0.15", decimal("30.015"));
    check("round(record.amount * 0.15, 2)", decimal("30.02"));
    check("round(-record.amount * 0.15, 2)", decimal("-30.02"));
    check("record.rate + 0.2 == 0.3", yes(true));
    check("record.rate * 3 == 0.3", yes(true));
    check("1 + record.rate", decimal("1.1"));
    check("record.count / 2", decimal("1.5"));
    check("record.count / 100 * record.amount", decimal("6.003"));
    check("record.count + 1", Ok(Value::Integer(4)));
    check("record.count % 2", Ok(Value::Integer(1)));
    check("-record.count", Ok(Value::Integer(-3)));
    check("min(record.amount, 10, 2.5)", decimal("2.5"));
    check("max(record.empty, record.count)", Ok(Value::Integer(3)));
    check("floor(2.7) + ceil(2.1) + abs(-0.5) + round(2.5)", decimal("8.5"));
    check("string(record.amount) + '%'", Ok(Value::Text("200.1%".into())));
    check("int(record.amount)", Ok(Value::Integer(200)));
    check("[1.5, 2].exists(x, x == 2.0) && 2 in [1.5, 2.0]", yes(true));
    check("[0.1, 0.2].map(x, x * 10) == [1, 2]", yes(true));
    check("record.amount > 200 && 200.1 == record.amount && 201 >= record.amount", yes(true));
}

#[test]
fn empty_values_make_no_noise() {
    check("record.empty * 0.15", Ok(Value::Null));
    check("1 - record.empty", Ok(Value::Null));
    check("-record.empty", Ok(Value::Null));
    check("round(record.empty, 2)", Ok(Value::Null));
    check("record.empty > 1 || record.empty <= 1", yes(false));
    check("record.empty == null", yes(true));
    check("record.empty != 1", yes(true));
    check("'a' + record.empty", Ok(Value::Text("a".into())));
    check("record.empty + record.title", Ok(Value::Text("Верстак".into())));
    check("record.empty && true", yes(false));
    check("!record.empty", yes(true));
    check("record.empty ? 1 : 2", Ok(Value::Integer(2)));
    check("'a' in record.kinds && !('a' in record.empty)", yes(true));
}

#[test]
fn days_and_moments() {
    check("today > record.day && today() == '2026-03-01'", yes(true));
    check("daysBetween(record.day, today)", Ok(Value::Integer(2)));
    check("daysBetween(today, record.day)", Ok(Value::Integer(-2)));
    check("daysBetween(record.empty, today)", Ok(Value::Null));
    check("addDays(record.day, 2)", Ok(Value::Text("2026-03-01".into())));
    check("addDays(record.day, -record.count)", Ok(Value::Text("2026-02-24".into())));
    check("now() - now == duration('0s')", yes(true));
    check("addDays(record.day, 99999999999)", Err("too large"));
    check("addDays('soon', 1)", Err("a day is written as"));
    let live = Expression::compile_exact("today() > record.day", &["record", TODAY]).unwrap();
    assert!(live.names().any(|name| name == TODAY));
}

#[test]
fn an_operator_that_fits_no_value_of_such_types_is_told_from_what_these_values_are_in_the_way_of() {
    let typed = |text: &str| {
        let record = record();
        let names = Names::new().with_exact("record", &record);
        Expression::compile_exact(text, &["record", TODAY]).unwrap().type_error(&names)
    };
    for wrong in ["record.day - record.day", "record.title * 2", "record.count < record.title"] {
        assert!(typed(wrong).is_some(), "{wrong}");
    }
    for right in ["record.count / 0", "record.empty - record.day", "timestamp(record.title)", "record.count + 1"] {
        assert_eq!(typed(right), None, "{right}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    check("record.amount / 0", Err("division by zero"));
    check("1 / 0", Err("division by zero"));
    check("1.5 % 0", Err("division by zero"));
    check("record.big + 1", Err("too large"));
    check("-(-record.big - 1)", Err("too large"));
    check("record.title * 2", Err("does not fit a value of type string and one of type int"));
    check("record.title < 2", Err("does not fit a value of type string"));
    check("1e300 * 2.0", Err("too large"));
    check("79228162514264337593543950335.0 * 10.0", Err("too large"));
    check("round('a')", Err("only numbers"));
    check("nobody.x", Err("`nobody` is not defined; there are record"));
    check("record.amount >", Err("column"));
    check("fetch(1)", Err("there is no function `fetch`; there are abs, addDays, bool,"));
    check("@exact('1')", Err("column"));
    assert!(Expression::compile("round(1.5)").is_err(), "other expressions have the language alone");
}

#[test]
fn hostile_expressions_come_to_an_end() {
    let deep = format!("{}1{}", "(".repeat(200), ")".repeat(200));
    check(&deep, Err("nested too deeply"));
    check(&format!("1{}", " + 1".repeat(600)), Err("more than"));
    check(&"1 ".repeat(3000), Err("longer than"));
    let list = format!("[{}]", vec!["1.5"; 100].join(","));
    check(&format!("{list}.all(a, {list}.all(b, {list}.all(c, a == c)))"), Err(""));
    check("[1,2,3,4,5,6,7,8,9,10].map(a, [1,2,3].map(b, record.title + record.title)).size() > 0", yes(true));
    let doubling = "record.title".to_owned() + &" + record.title".repeat(80);
    check(&format!("({doubling}) == ''"), yes(false));
    let names = json!({});
    let exact = Expression::compile_exact("record.x == 1", &["record"]).unwrap();
    assert!(exact.holds(&Names::new().with("record", &names)).unwrap_err().contains("there is no `x`"));
}

proptest::proptest! {
    #[test]
    fn arithmetic_is_that_of_decimals(one in -9_999_999_999_i64..9_999_999_999, other in -9_999_999_999_i64..9_999_999_999) {
        let (left, right) = (Decimal::new(one, 4), Decimal::new(other, 4));
        let fields: Fields = [("a".into(), Value::Decimal(left)), ("b".into(), Value::Decimal(right))].into_iter().collect();
        let value = |text: &str| Expression::compile_exact(text, &["record"]).unwrap()
            .outcome(&Names::new().with_exact("record", &fields));
        let is = |wanted: Decimal| Ok(Outcome::Value(Value::Decimal(wanted)));
        proptest::prop_assert_eq!(value("record.a + record.b"), is(left + right));
        proptest::prop_assert_eq!(value("record.a - record.b"), is(left - right));
        proptest::prop_assert_eq!(value("record.a * record.b"), is(left * right));
        proptest::prop_assert_eq!(value("record.a < record.b"), Ok(Outcome::Value(Value::Boolean(left < right))));
        proptest::prop_assert_eq!(value("round(record.a, 2)"), is(rounded(left, 2)));
    }
}
