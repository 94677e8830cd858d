//! Demo data: half a year in the life of a trading company, told through the public services alone, so that everything
//! has the history, the rights and the events it would have had. The same seed tells the same story; the clock is moved
//! through the past while it is told. Everybody and everything in it is made up; addresses end in `example.*`.
//!
//! | module | what |
//! |---|---|
//! | `staff` | departments, roles, colleagues |
//! | `goods` | what is sold: products, prices, the tax |
//! | `words`, `client` | clients in Russian, Ukrainian and English |
//! | `story` | what happens day by day |
//! | `dice` | repeatable chance, and the clock |

mod client;
mod dice;
mod goods;
mod staff;
mod story;
mod words;

use std::sync::Arc;

use kernel::Result;
use kernel::clock::{Env, SystemRandom};
use people::tenant::Tenant;

use self::dice::{Dice, Past};
use self::story::Story;
use crate::AppState;

/// Days the story goes back.
const DAYS: i64 = 180;
const SEED: u64 = 20_261_122;

/// Fills a new company with about three thousand records, ending now. Takes some seconds.
///
/// # Errors
/// When a service refuses.
pub async fn fill(state: &AppState, tenant: &Tenant) -> Result<()> {
    let now = state.env.now();
    let clock = Past::at(now.plus_seconds(-DAYS * 86_400));
    let moved: Arc<dyn kernel::clock::Clock> = clock.clone();
    let env = Env::new(moved, Arc::new(SystemRandom));
    let ctx = tenant.system_ctx(&env);
    let staff = staff::make(state, &ctx).await?;
    state.forget_people();
    goods::make(&state.records, &ctx, tenant).await?;
    let story = Story::new(state, tenant, &env, clock, Dice::new(SEED), staff).await?;
    story.tell(now).await?;
    state.forget_people();
    Ok(())
}

#[cfg(test)]
mod tests;
