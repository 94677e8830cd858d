use proptest::prelude::*;

use super::*;

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn terms(currency: &str) -> Terms {
    Terms {
        currency: currency.parse().unwrap(),
        discount: Discount::None,
        tax_rounding: TaxRounding::Group,
        cash: None,
    }
}

fn on_top(rate: &str) -> Option<RowTax> {
    Some(RowTax { tax: None, rate: d(rate), included: false })
}

fn inside(rate: &str) -> Option<RowTax> {
    Some(RowTax { tax: None, rate: d(rate), included: true })
}

fn line(quantity: &str, price: &str, tax: Option<RowTax>) -> Line {
    Line { quantity: d(quantity), price: d(price), discount: Discount::None, tax }
}

fn off(line: Line, discount: Discount) -> Line {
    Line { discount, ..line }
}

/// `net + tax = total`.
fn check(lines: &[Line], terms: &Terms, expected: &str) -> Totals {
    let totals = calculate(lines, terms).unwrap();
    let decimals = usize::try_from(terms.currency.decimals()).unwrap();
    let got = format!("{:.decimals$} + {:.decimals$} = {:.decimals$}", totals.net, totals.tax, totals.total);
    assert_eq!(got, expected, "{totals:?}");
    totals
}

fn column(totals: &Totals, of: impl Fn(&Figures) -> Decimal) -> Vec<String> {
    totals.rows.iter().map(|row| of(row).normalize().to_string()).collect()
}

#[test]
fn tax_on_top_is_rounded_by_group_or_by_row() {
    let lines = [line("1", "33.33", on_top("20")); 3];
    check(&lines, &terms("RUB"), "99.99 + 20.00 = 119.99");
    check(&lines, &Terms { tax_rounding: TaxRounding::Row, ..terms("RUB") }, "99.99 + 20.01 = 120.00");
}

#[test]
fn tax_inside_is_rounded_half_away_from_zero() {
    let lines = [line("1", "9.97", inside("20")); 3];
    check(&lines, &terms("RUB"), "24.92 + 4.99 = 29.91");
    check(&lines, &Terms { tax_rounding: TaxRounding::Row, ..terms("RUB") }, "24.93 + 4.98 = 29.91");
}

#[test]
fn discounts_of_rows() {
    let base = line("1.75", "12.98", on_top("20"));
    let free = check(&[off(base, Discount::Percent(d("100")))], &terms("RUB"), "0.00 + 0.00 = 0.00");
    assert_eq!((free.rows[0].gross, free.rows[0].discount), (d("22.72"), d("22.72")));
    let less = check(&[off(base, Discount::Percent(d("15")))], &terms("RUB"), "19.31 + 3.86 = 23.17");
    assert_eq!(less.rows[0].line, d("19.31"));
    let amount = off(line("1", "84.00", on_top("20")), Discount::Amount(d("70.00")));
    check(&[amount], &terms("RUB"), "14.00 + 2.80 = 16.80");
}

#[test]
fn the_discount_of_a_document_is_shared_to_the_last_unit() {
    let lines = [line("1", "10.00", on_top("20")); 3];
    let terms = Terms { discount: Discount::Amount(d("10.00")), ..terms("RUB") };
    let totals = check(&lines, &terms, "20.00 + 4.00 = 24.00");
    assert_eq!(column(&totals, |row| row.share), ["3.34", "3.33", "3.33"]);
}

#[test]
fn rates_and_discounts_of_all_kinds_in_one_document() {
    let lines = [
        line("1", "1000", on_top("20")),
        off(line("4", "55.50", on_top("10")), Discount::Percent(d("10"))),
        off(line("2", "300", on_top("0")), Discount::Amount(d("50"))),
    ];
    let terms = Terms { discount: Discount::Percent(d("5")), ..terms("RUB") };
    let totals = check(&lines, &terms, "1662.31 + 208.98 = 1871.29");
    assert_eq!(column(&totals, |row| row.line), ["1000", "199.8", "550"]);
    assert_eq!(column(&totals, |row| row.share), ["50", "9.99", "27.5"]);
    assert_eq!(totals.by_tax.iter().map(|group| group.amount).collect::<Vec<_>>(), [d("190"), d("18.98"), d("0")]);
}

#[test]
fn prices_with_and_without_their_tax_stand_side_by_side() {
    let lines = [line("1", "1200", inside("20")), line("1", "199.80", on_top("10")), line("1", "550", on_top("0"))];
    check(&lines, &terms("RUB"), "1749.80 + 219.98 = 1969.78");
    let discounted = Terms { discount: Discount::Percent(d("5")), ..terms("RUB") };
    assert_eq!(calculate(&lines, &discounted), Err(Wrong::MixedTaxMode));
    // A rate of 0 % is neither on top nor inside.
    let one_mode = [lines[0], lines[2]];
    assert!(calculate(&one_mode, &discounted).is_ok());
}

#[test]
fn currencies_have_their_own_decimals() {
    let yen = [line("3", "105", on_top("10")), line("3", "98.5", on_top("8"))];
    let totals = check(&yen, &terms("JPY"), "611 + 56 = 667");
    assert_eq!(column(&totals, |row| row.line), ["315", "296"]);
    assert_eq!(column(&totals, |row| row.tax), ["32", "24"]);
    let dinar = [off(line("7", "1.2345", on_top("5")), Discount::Percent(d("12.5")))];
    let totals = check(&dinar, &terms("KWD"), "7.562 + 0.378 = 7.940");
    assert_eq!((totals.rows[0].gross, totals.rows[0].discount), (d("8.642"), d("1.080")));
}

#[test]
fn dated_rates_of_the_acceptance() {
    let rows = |tax| [line("10", "1000", tax)];
    check(&rows(on_top("20")), &terms("RUB"), "10000.00 + 2000.00 = 12000.00");
    check(&rows(on_top("22")), &terms("RUB"), "10000.00 + 2200.00 = 12200.00");
    check(&[line("1", "12000", inside("22"))], &terms("RUB"), "9836.07 + 2163.93 = 12000.00");
}

#[test]
fn cash_is_rounded_in_a_line_of_its_own() {
    let lines = [line("1", "10.02", None)];
    let totals = check(&lines, &Terms { cash: Some(d("0.05")), ..terms("CHF") }, "10.02 + 0.00 = 10.00");
    assert_eq!(totals.rounding, d("-0.02"));
    let half =
        check(&[line("1", "10.025", None)], &Terms { cash: Some(d("0.1")), ..terms("CHF") }, "10.03 + 0.00 = 10.00");
    assert_eq!(half.rounding, d("-0.03"));
}

#[test]
fn without_tax_is_not_a_tax_of_nothing() {
    let totals = check(&[line("1", "5", None), line("1", "5", on_top("0"))], &terms("EUR"), "10.00 + 0.00 = 10.00");
    assert_eq!(totals.by_tax.iter().map(|group| group.tax.is_some()).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn what_cannot_be_is_refused_with_its_row() {
    let good = line("1", "10", on_top("20"));
    let wrong = |line: Line| calculate(&[good, line], &terms("EUR")).unwrap_err();
    let cases = [
        (line("99999999999", "99999999999", None), Wrong::Range(1)),
        (line("79228162514264337593543950335", "79228162514264337593543950335", None), Wrong::Range(1)),
        (off(good, Discount::Percent(d("100.01"))), Wrong::Discount(1)),
        (off(good, Discount::Percent(d("-1"))), Wrong::Discount(1)),
        (off(good, Discount::Amount(d("10.01"))), Wrong::Discount(1)),
        (off(good, Discount::Amount(d("-1"))), Wrong::Discount(1)),
        (off(good, Discount::Amount(d("1.001"))), Wrong::Discount(1)),
        (line("1", "1", on_top("-1")), Wrong::Rate(1)),
        (line("1", "1", on_top("100.5")), Wrong::Rate(1)),
    ];
    for (line, expected) in cases {
        assert_eq!(wrong(line), expected, "{line:?}");
    }
    let whole = |discount| calculate(&[good, line("-3", "1", None)], &Terms { discount, ..terms("EUR") });
    assert_eq!(whole(Discount::Amount(d("7.01"))), Err(Wrong::DocumentDiscount));
    assert_eq!(whole(Discount::Percent(d("5"))), Err(Wrong::BothSigns));
    assert_eq!(calculate(&[line("1", "99999999999", None); 2], &terms("EUR")), Err(Wrong::Sum));
}

fn discount() -> impl Strategy<Value = (u8, i64)> {
    (0_u8..3, 0_i64..=100)
}

fn document() -> impl Strategy<Value = (Vec<Line>, Terms)> {
    let row = (1_i64..1_000_000, 0_i64..100_000_000, discount(), 0_usize..5);
    let rows = prop::collection::vec(row, 1..20);
    (rows, discount(), any::<bool>(), any::<bool>(), 0_usize..4).prop_map(|(rows, whole, by_row, inside, currency)| {
        let currency = ["RUB", "JPY", "KWD", "CLF"][currency].parse().unwrap();
        let rates = ["0", "8", "10", "19.5", "22"];
        let mut lines = Vec::new();
        for (quantity, price, (kind, percent), rate) in rows {
            let tax = Some(RowTax { tax: None, rate: d(rates[rate]), included: inside });
            let mut line = Line {
                quantity: Decimal::new(quantity, 3),
                price: Decimal::new(price, 4),
                discount: Discount::None,
                tax: tax.filter(|_| kind != 2 || percent > 10),
            };
            let terms = Terms { currency, discount: Discount::None, tax_rounding: TaxRounding::Group, cash: None };
            let gross = calculate(&[line], &terms).unwrap().rows[0].gross;
            line.discount = of(kind, percent, gross, currency);
            lines.push(line);
        }
        let tax_rounding = if by_row { TaxRounding::Row } else { TaxRounding::Group };
        let plain = Terms { currency, discount: Discount::None, tax_rounding, cash: None };
        let sum = calculate(&lines, &plain).unwrap().rows.iter().map(|row| row.line).sum();
        (lines, Terms { discount: of(whole.0, whole.1, sum, currency), ..plain })
    })
}

fn of(kind: u8, percent: i64, sum: Decimal, currency: Currency) -> Discount {
    let percent = Decimal::from(percent);
    match kind {
        0 => Discount::None,
        1 => Discount::Percent(percent),
        _ => Discount::Amount(rounded(sum * percent / HUNDRED, currency.decimals())),
    }
}

fn mirrored(discount: Discount) -> Discount {
    if let Discount::Amount(amount) = discount { Discount::Amount(-amount) } else { discount }
}

proptest! {
    #[test]
    fn columns_add_up_and_a_credit_mirrors_its_invoice((lines, terms) in document()) {
        let totals = calculate(&lines, &terms).unwrap();
        let sum = |of: fn(&Figures) -> Decimal| totals.rows.iter().map(of).sum::<Decimal>();
        prop_assert_eq!(sum(|row| row.net), totals.net);
        prop_assert_eq!(sum(|row| row.tax), totals.tax);
        prop_assert_eq!(sum(|row| row.total), totals.total);
        prop_assert_eq!(totals.net + totals.tax, totals.total);
        let lines_sum = sum(|row| row.line);
        let whole = taken(lines_sum, terms.discount, terms.currency.decimals()).unwrap();
        prop_assert_eq!(sum(|row| row.share), whole);
        for row in &totals.rows {
            prop_assert_eq!(row.gross - row.discount, row.line);
            prop_assert!(row.share <= row.line && row.net >= Decimal::ZERO, "{:?}", row);
            prop_assert_eq!(rounded(row.total, terms.currency.decimals()), row.total);
        }
        let credit: Vec<Line> = lines
            .iter()
            .map(|line| Line { quantity: -line.quantity, discount: mirrored(line.discount), ..*line })
            .collect();
        let credit = calculate(&credit, &Terms { discount: mirrored(terms.discount), ..terms }).unwrap();
        prop_assert_eq!(totals.total + credit.total, Decimal::ZERO);
        for (row, back) in totals.rows.iter().zip(&credit.rows) {
            for (one, other) in [(row.gross, back.gross), (row.discount, back.discount), (row.share, back.share), (row.net, back.net), (row.tax, back.tax)] {
                prop_assert_eq!(one + other, Decimal::ZERO);
            }
        }
    }

    #[test]
    fn everything_off_is_nothing((lines, terms) in document()) {
        let free: Vec<Line> = lines.iter().map(|line| off(*line, Discount::Percent(HUNDRED))).collect();
        let totals = calculate(&free, &Terms { discount: Discount::None, ..terms }).unwrap();
        prop_assert_eq!((totals.net, totals.tax, totals.total), (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO));
        let totals = calculate(&lines, &Terms { discount: Discount::Percent(HUNDRED), ..terms }).unwrap();
        prop_assert_eq!((totals.net, totals.tax, totals.total), (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO));
    }
}
