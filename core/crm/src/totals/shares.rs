//! A sum shared over rows so that the shares add up to it: each row gets its exact part rounded down, what is left goes
//! one smallest unit each to the largest remainders, equal ones in the order of the rows.

use std::cmp::Reverse;

use rust_decimal::Decimal;

/// What part of each weight its exact share is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ratio {
    pub of: Decimal,
    pub to: Decimal,
}

/// Digits behind the point of weights and ratios at most.
const SCALE: u32 = 4;

/// Shares `total`, which is the sum of all exact shares rounded to `decimals`, over the weights. Those of the negated
/// total and weights are the negated shares. None where the numbers are too large.
pub(super) fn shares(total: Decimal, weights: &[Decimal], ratio: Ratio, decimals: u32) -> Option<Vec<Decimal>> {
    let negative = match weights.iter().find(|weight| !weight.is_zero()) {
        _ if !total.is_zero() => total.is_sign_negative(),
        Some(first) => first.is_sign_negative(),
        None => false,
    };
    let sign = if negative { Decimal::NEGATIVE_ONE } else { Decimal::ONE };
    let (of, to) = (units(ratio.of.abs(), SCALE)?, units(ratio.to.abs(), SCALE)?);
    let mut parts = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for (place, weight) in weights.iter().enumerate() {
        let product = units(*weight * sign, decimals)?.checked_mul(of)?;
        parts.push(product.checked_div_euclid(to)?);
        remainders.push((Reverse(product.checked_rem_euclid(to)?), place));
    }
    let left = units(total * sign, decimals)? - parts.iter().sum::<i128>();
    remainders.sort_unstable();
    for (_, place) in remainders.into_iter().take(usize::try_from(left).ok()?) {
        *parts.get_mut(place)? += 1;
    }
    parts.into_iter().map(|part| Some(Decimal::try_from_i128_with_scale(part, decimals).ok()? * sign)).collect()
}

/// A number in units of its last digit behind the point.
fn units(value: Decimal, scale: u32) -> Option<i128> {
    let factor = Decimal::from(10_i64.pow(scale));
    let units = value.checked_mul(factor)?.normalize();
    (units.scale() == 0).then(|| units.mantissa())
}
