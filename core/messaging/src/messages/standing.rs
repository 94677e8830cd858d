//! How the ways out of the house stand, by what became of the last messages that took them. Says neither to whom nor why.

use kernel::db::{ConnectionTrait, QueryResult};
use kernel::{Ctx, Result, Timestamp};
use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use uuid::Uuid;

use super::{Channel, MessageState, Messages, gateway};
use crate::mail::LetterState;

/// Messages that were not taken one after another: one or two may have had a wrong address.
const IN_A_ROW: usize = 3;
/// Messages of plugins that are looked at.
const LOOKED_AT: u64 = 500;
/// Seconds that are looked back.
const LATELY: i64 = 24 * 3_600;
/// Seconds after which a message that should have gone is late.
const LATE: i64 = 30 * 60;

/// A way out of the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// Key of a gateway of SMS, and what administrators call it; none: the mail server.
    pub gateway: Option<(String, String)>,
    /// Whether it is set up.
    pub there: bool,
    /// What is wrong with it.
    pub trouble: Option<Trouble>,
}

/// What is wrong with a way out of the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The last messages were not taken; since this one.
    Refused(Timestamp),
    /// A message does not get through; since it was made.
    Waiting(Timestamp),
}

/// A message of a plugin as it stands.
struct Sent {
    gateway: String,
    state: String,
    at: Timestamp,
    /// When its turn is.
    slot: Option<Timestamp>,
}

impl Messages {
    /// How the company's ways out of the house stand: the mail server, then its gateways of SMS.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn standing(&self, ctx: &Ctx) -> Result<Vec<Way>> {
        let conn = self.mail.db.read();
        let there = self.mail.is_configured();
        let trouble = if there { letters(conn, ctx).await? } else { None };
        let mut ways = vec![Way { gateway: None, there, trouble }];
        let gateways = gateway::all(conn, ctx.tenant).await?;
        let lately = if gateways.is_empty() { Vec::new() } else { lately(conn, ctx).await? };
        ways.extend(gateways.into_iter().map(|(key, gateway)| {
            let own: Vec<&Sent> = lately.iter().filter(|sent| sent.gateway == key).collect();
            Way { there: true, trouble: of_gateway(&own, ctx.now()), gateway: Some((key, gateway.settings.title)) }
        }));
        Ok(ways)
    }
}

/// What is wrong with the mail server, by the letters of a company.
async fn letters(conn: &impl ConnectionTrait, ctx: &Ctx) -> Result<Option<Trouble>> {
    let now = ctx.now();
    let of = |state: LetterState, order: Order, many: u64| -> SelectStatement {
        Query::select()
            .columns(["id", "created_at"])
            .from("mail_outbox")
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("state").eq(state.name()))
            .order_by("id", order)
            .limit(many)
            .take()
    };
    let read = |row: &QueryResult| -> Result<(Uuid, Timestamp), DbErr> {
        Ok((row.try_get_by_index(0)?, Timestamp(row.try_get_by_index(1)?)))
    };
    let rows = conn.query_all(&of(LetterState::Failed, Order::Desc, 3)).await?;
    let failed = rows.iter().map(read).collect::<Result<Vec<_>, DbErr>>()?;
    let sent = conn.query_one(&of(LetterState::Sent, Order::Desc, 1)).await?.as_ref().map(read).transpose()?;
    if let Some((first, at)) = failed.get(IN_A_ROW - 1).copied()
        && at >= now.plus_seconds(-LATELY)
        && sent.is_none_or(|(sent, _)| sent < first)
    {
        return Ok(Some(Trouble::Refused(at)));
    }
    let mut waiting = of(LetterState::Queued, Order::Asc, 1);
    waiting.and_where(Expr::col("attempts").gt(0)).and_where(Expr::col("created_at").lt(now.plus_seconds(-LATE).0));
    let waiting = conn.query_one(&waiting).await?.as_ref().map(read).transpose()?;
    Ok(waiting.map(|(_, at)| Trouble::Waiting(at)))
}

/// The last SMS of a company, newest first.
async fn lately(conn: &impl ConnectionTrait, ctx: &Ctx) -> Result<Vec<Sent>> {
    let select = Query::select()
        .columns(["channel", "gateway", "state", "created_at", "slot_at"])
        .from("message")
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .order_by("id", Order::Desc)
        .limit(LOOKED_AT)
        .take();
    let since = ctx.now().plus_seconds(-LATELY);
    let mut all = Vec::new();
    for row in conn.query_all(&select).await? {
        let channel: String = row.try_get_by_index(0)?;
        let at = Timestamp(row.try_get_by_index(3)?);
        if channel == Channel::Sms.name() && at >= since {
            let slot: Option<i64> = row.try_get_by_index(4)?;
            let (gateway, state) = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
            all.push(Sent { gateway, state, at, slot: slot.map(Timestamp) });
        }
    }
    Ok(all)
}

fn of_gateway(newest_first: &[&Sent], now: Timestamp) -> Option<Trouble> {
    let settled = newest_first.iter().filter(|sent| sent.state != MessageState::Queued.name());
    let last: Vec<&&Sent> = settled.take(IN_A_ROW).collect();
    let refused = last.len() == IN_A_ROW && last.iter().all(|sent| sent.state == MessageState::Failed.name());
    if let Some(first) = last.last().filter(|_| refused) {
        return Some(Trouble::Refused(first.at));
    }
    let late = now.plus_seconds(-LATE);
    let waits = |sent: &&&Sent| {
        sent.state == MessageState::Queued.name() && sent.at < late && sent.slot.is_none_or(|slot| slot < late)
    };
    newest_first.iter().rev().find(waits).map(|sent| Trouble::Waiting(sent.at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_fails_when_the_last_three_were_not_taken_or_one_waits_too_long() {
        let now = Timestamp(1_000_000_000_000_000);
        // Minutes ago, state, minutes until its turn.
        let check = |all: &[(i64, &str, Option<i64>)], expected: Option<Trouble>| {
            let sent: Vec<Sent> = all
                .iter()
                .map(|(ago, state, slot)| Sent {
                    gateway: "sms".to_owned(),
                    state: (*state).to_owned(),
                    at: now.plus_seconds(-ago * 60),
                    slot: slot.map(|slot| now.plus_seconds(slot * 60)),
                })
                .collect();
            assert_eq!(of_gateway(&sent.iter().collect::<Vec<_>>(), now), expected, "{all:?}");
        };
        let ago = |minutes: i64| now.plus_seconds(-minutes * 60);
        check(&[], None);
        check(&[(1, "failed", None), (2, "failed", None)], None);
        let three = [(1, "failed", None), (2, "failed", None), (3, "failed", None), (4, "sent", None)];
        check(&three, Some(Trouble::Refused(ago(3))));
        check(&[(1, "failed", None), (2, "sent", None), (3, "failed", None), (4, "failed", None)], None);
        check(&[(1, "queued", None), (5, "sent", None)], None);
        check(&[(5, "sent", None), (31, "queued", None), (40, "queued", None)], Some(Trouble::Waiting(ago(40))));
        check(&[(40, "queued", Some(5))], None);
    }
}
