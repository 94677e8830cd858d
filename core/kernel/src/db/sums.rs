//! Sums of 64-bit columns that reach beyond 64 bits: SQLite refuses such a sum, PostgreSQL cannot hand it over. The upper
//! and the lower half of each value are summed apart and put together here, which holds for 2^31 rows.

use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, Func};

use super::QueryResult;

/// Bits of the lower half.
const BITS: u32 = 32;
/// What the lower half holds.
const LOWER: i64 = (1 << BITS) - 1;

/// Two columns for a select: the sums of the upper and of the lower halves; both NULL when there is no value.
#[must_use]
pub fn summed(value: &Expr) -> [Expr; 2] {
    let sum = |half: Expr| Expr::expr(Func::sum(half)).cast_as("bigint");
    // Written out: PostgreSQL shifts by an `integer` alone.
    let number = |number: i64| Expr::cust(number.to_string());
    [sum(value.clone().right_shift(number(i64::from(BITS)))), sum(value.clone().bit_and(number(LOWER)))]
}

/// The sum in two columns that `summed` made, from the column `at` on; none when there was no value.
///
/// # Errors
/// When the columns are others.
pub fn sum_at(row: &QueryResult, at: usize) -> Result<Option<i128>, DbErr> {
    let upper: Option<i64> = row.try_get_by_index(at)?;
    let lower: Option<i64> = row.try_get_by_index(at + 1)?;
    Ok(upper.zip(lower).map(|(upper, lower)| joined(upper, lower)))
}

/// Halves of a sum, to be stored: the upper, which may be negative, and the lower, which is not.
#[must_use]
pub fn halves(sum: i128) -> (i64, i64) {
    let upper = i64::try_from(sum >> BITS).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX });
    (upper, i64::try_from(sum & i128::from(LOWER)).unwrap_or_default())
}

fn joined(upper: i64, lower: i64) -> i128 {
    (i128::from(upper) << BITS) + i128::from(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_make_the_whole_again() {
        for sum in [0, 1, -1, 1 << 32, -(1 << 32) - 1, i128::from(i64::MAX) * 1_000, i128::from(i64::MIN) * 1_000] {
            let (upper, lower) = halves(sum);
            assert_eq!(joined(upper, lower), sum);
            assert!(lower >= 0);
        }
    }
}
