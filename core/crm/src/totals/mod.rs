//! Totals of a document of sale, exactly. Decimals only; every rounding is half away from zero to the decimals of the
//! document's currency. The sums agree with EN 16931: lines are rounded, then added; tax is computed by rate.
//!
//! | module | what |
//! |---|---|
//! | `shares` | a sum shared over rows so that the shares add up |

mod shares;
#[cfg(test)]
mod tests;

use kernel::value::{Currency, DECIMAL_DIGITS, DECIMAL_SCALE};
use rust_decimal::{Decimal, RoundingStrategy};
use uuid::Uuid;

use shares::{Ratio, shares};

/// Percent of a whole.
const HUNDRED: Decimal = Decimal::ONE_HUNDRED;

/// A part taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Discount {
    /// Nothing.
    #[default]
    None,
    /// Percent, 0 to 100.
    Percent(Decimal),
    /// An amount of the sum's own sign, not more than it.
    Amount(Decimal),
}

/// How taxes are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TaxRounding {
    /// The sum of all rows of one rate.
    #[default]
    Group,
    /// Each row, to agree with programs of bookkeeping that do so.
    Row,
}

/// The tax of a row. No tax at all is not a tax of 0 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowTax {
    /// Which tax; none where only a rate is known.
    pub tax: Option<Uuid>,
    /// Percent, not negative.
    pub rate: Decimal,
    /// Whether prices hold it already.
    pub included: bool,
}

/// What is sold in a row, for how much each.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// How many; negative in a credit note.
    pub quantity: Decimal,
    /// Of one.
    pub price: Decimal,
    /// Off the row.
    pub discount: Discount,
    /// None: without tax.
    pub tax: Option<RowTax>,
}

/// What holds for the document as a whole.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Its currency.
    pub currency: Currency,
    /// Off all rows.
    pub discount: Discount,
    /// How its taxes are rounded.
    pub tax_rounding: TaxRounding,
    /// The smallest sum that is paid in cash; the total is rounded to it.
    pub cash: Option<Decimal>,
}

/// The figures of a row. They add up to those of the document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Price by quantity.
    pub gross: Decimal,
    /// Off the row.
    pub discount: Decimal,
    /// What is left.
    pub line: Decimal,
    /// Its share of the document's discount.
    pub share: Decimal,
    /// Without tax.
    pub net: Decimal,
    /// Its tax.
    pub tax: Decimal,
    /// With tax.
    pub total: Decimal,
}

/// What rows of one tax come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaxGroup {
    /// Which; none: without tax.
    pub tax: Option<RowTax>,
    /// Without it.
    pub net: Decimal,
    /// The tax.
    pub amount: Decimal,
}

/// What a document comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// By row, in their order.
    pub rows: Vec<Figures>,
    /// Without tax.
    pub net: Decimal,
    /// All taxes.
    pub tax: Decimal,
    /// Added to make the sum payable in cash.
    pub rounding: Decimal,
    /// What is to be paid.
    pub total: Decimal,
    /// By tax, in the order in which rows have them.
    pub by_tax: Vec<TaxGroup>,
}

/// Why there are no totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// A row's figures are too large to be kept.
    Range(usize),
    /// A row's discount is negative, over 100 %, or more than the row.
    Discount(usize),
    /// A row's tax is negative or over 100 %.
    Rate(usize),
    /// The document's discount is negative, over 100 %, or more than the document.
    DocumentDiscount,
    /// A discount of the whole over rows of both signs.
    BothSigns,
    /// A discount of the whole over rows with their tax included and rows without.
    MixedTaxMode,
    /// The sums are too large to be kept.
    Sum,
}

/// What a document of these rows comes to.
///
/// # Errors
/// What is wrong, with the row's number from 0.
pub fn calculate(lines: &[Line], terms: &Terms) -> Result<Totals, Wrong> {
    let decimals = terms.currency.decimals();
    let mut rows = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        rows.push(row(line, decimals, index)?);
    }
    share_discount(lines, &mut rows, terms)?;
    let by_tax = taxes(lines, &mut rows, terms)?;
    let net = kept(by_tax.iter().map(|group| group.net).sum(), Wrong::Sum)?;
    let tax: Decimal = by_tax.iter().map(|group| group.amount).sum();
    let exact = kept(net + tax, Wrong::Sum)?;
    let rounding = terms.cash.map_or(Ok(Decimal::ZERO), |step| cash(exact, step))?;
    Ok(Totals { rows, net, tax, rounding, total: exact + rounding, by_tax })
}

/// Rounds half away from zero.
pub fn rounded(value: Decimal, decimals: u32) -> Decimal {
    value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

/// Passes what fits into a field.
fn kept(value: Decimal, wrong: Wrong) -> Result<Decimal, Wrong> {
    let limit = Decimal::from(10_i64.pow(DECIMAL_DIGITS - DECIMAL_SCALE));
    if value.abs() < limit { Ok(value) } else { Err(wrong) }
}

fn row(line: &Line, decimals: u32, index: usize) -> Result<Figures, Wrong> {
    let product = line.price.checked_mul(line.quantity).ok_or(Wrong::Range(index))?;
    let gross = kept(rounded(product, decimals), Wrong::Range(index))?;
    let discount = taken(gross, line.discount, decimals).ok_or(Wrong::Discount(index))?;
    if line.tax.is_some_and(|tax| tax.rate.is_sign_negative() || tax.rate > HUNDRED) {
        return Err(Wrong::Rate(index));
    }
    Ok(Figures { gross, discount, line: gross - discount, ..Figures::default() })
}

/// What a discount takes off a sum; none where it cannot be.
fn taken(sum: Decimal, discount: Discount, decimals: u32) -> Option<Decimal> {
    match discount {
        Discount::None => Some(Decimal::ZERO),
        Discount::Percent(percent) => {
            let within = percent >= Decimal::ZERO && percent <= HUNDRED;
            within.then(|| rounded(sum * percent / HUNDRED, decimals))
        }
        Discount::Amount(amount) => {
            let exact = rounded(amount, decimals) == amount;
            let same_sign = amount.is_zero() || amount.is_sign_negative() == sum.is_sign_negative();
            (exact && same_sign && amount.abs() <= sum.abs()).then_some(amount)
        }
    }
}

/// Shares the document's discount over its rows by their value.
fn share_discount(lines: &[Line], rows: &mut [Figures], terms: &Terms) -> Result<(), Wrong> {
    if terms.discount == Discount::None {
        return Ok(());
    }
    let decimals = terms.currency.decimals();
    let sum = kept(rows.iter().map(|row| row.line).sum(), Wrong::Sum)?;
    let discount = taken(sum, terms.discount, decimals).ok_or(Wrong::DocumentDiscount)?;
    if discount.is_zero() {
        return Ok(());
    }
    if rows.iter().any(|row| !row.line.is_zero() && row.line.is_sign_negative() != sum.is_sign_negative()) {
        return Err(Wrong::BothSigns);
    }
    let taxed = || lines.iter().filter_map(|line| line.tax).filter(|tax| !tax.rate.is_zero());
    if taxed().any(|tax| tax.included) && taxed().any(|tax| !tax.included) {
        return Err(Wrong::MixedTaxMode);
    }
    let weights: Vec<Decimal> = rows.iter().map(|row| row.line).collect();
    let parts = shares(discount, &weights, Ratio { of: discount, to: sum }, decimals).ok_or(Wrong::Sum)?;
    for (row, part) in rows.iter_mut().zip(parts) {
        row.share = part;
    }
    Ok(())
}

/// Computes taxes and what rows show of them.
fn taxes(lines: &[Line], rows: &mut [Figures], terms: &Terms) -> Result<Vec<TaxGroup>, Wrong> {
    let mut groups: Vec<Option<RowTax>> = Vec::new();
    for line in lines {
        if !groups.contains(&line.tax) {
            groups.push(line.tax);
        }
    }
    let mut by_tax = Vec::with_capacity(groups.len());
    for tax in groups {
        let places: Vec<usize> =
            lines.iter().enumerate().filter(|(_, line)| line.tax == tax).map(|(place, _)| place).collect();
        let base = |place: &usize| rows.get(*place).map_or(Decimal::ZERO, |row| row.line - row.share);
        let bases: Vec<Decimal> = places.iter().map(base).collect();
        let amounts = tax_of_rows(tax, &bases, terms)?;
        let included = tax.is_some_and(|tax| tax.included);
        let mut group = TaxGroup { tax, net: Decimal::ZERO, amount: Decimal::ZERO };
        for ((place, base), amount) in places.into_iter().zip(bases).zip(amounts) {
            let net = if included { base - amount } else { base };
            (group.net, group.amount) = (group.net + net, group.amount + amount);
            if let Some(row) = rows.get_mut(place) {
                (row.net, row.tax, row.total) = (net, amount, net + amount);
            }
        }
        by_tax.push(group);
    }
    Ok(by_tax)
}

/// The tax of each row of a group.
fn tax_of_rows(tax: Option<RowTax>, bases: &[Decimal], terms: &Terms) -> Result<Vec<Decimal>, Wrong> {
    let Some(tax) = tax.filter(|tax| !tax.rate.is_zero()) else { return Ok(vec![Decimal::ZERO; bases.len()]) };
    let decimals = terms.currency.decimals();
    let whole = if tax.included { HUNDRED + tax.rate } else { HUNDRED };
    let part = |sum: Decimal| rounded(sum * tax.rate / whole, decimals);
    match terms.tax_rounding {
        TaxRounding::Row => Ok(bases.iter().map(|base| part(*base)).collect()),
        TaxRounding::Group => {
            let sum = kept(bases.iter().sum(), Wrong::Sum)?;
            shares(part(sum), bases, Ratio { of: tax.rate, to: whole }, decimals).ok_or(Wrong::Sum)
        }
    }
}

/// What has to be added to a sum so that it can be paid in coins of `step`.
fn cash(sum: Decimal, step: Decimal) -> Result<Decimal, Wrong> {
    if step <= Decimal::ZERO {
        return Ok(Decimal::ZERO);
    }
    let coins = sum.checked_div(step).ok_or(Wrong::Sum)?;
    Ok(rounded(coins, 0) * step - sum)
}
