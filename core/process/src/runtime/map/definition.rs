//! Where all instances of a definition stand, by element.

use std::collections::BTreeMap;

use kernel::access::ProcessAction;
use kernel::db::{ConnectionTrait, QueryResult};
use kernel::{Ctx, Result, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Func, Order, Query, WindowStatement};
use serde::Serialize;
use uuid::Uuid;

use crate::definition::model::Definition;
use crate::runtime::Processes;
use crate::runtime::definitions::require;
use crate::runtime::store;

/// How far back entries and times of a definition's map go, in seconds: ninety days.
const BACK_SECONDS: i64 = 90 * 86_400;
/// Times of an element that count: the last ones.
const SAMPLE: i64 = 100;
/// Instances whose incidents are counted by element.
const MAX_FAILED: u64 = 1_000;

/// An element of a definition's map.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub struct DefinitionMapElement {
    /// Instances that stand there.
    pub standing: i64,
    /// Tasks of theirs whose deadline has passed.
    pub overdue: i64,
    /// Things that went wrong there and wait for an operator.
    pub incidents: i64,
    /// How often it was entered in the last ninety days.
    pub entered: i64,
    /// Seconds of working time it takes half of the last ones at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub median: Option<i64>,
    /// Seconds of working time it takes nine of ten of them at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub p90: Option<i64>,
    /// Since when the oldest stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub oldest: Option<Timestamp>,
}

/// All instances of a definition on its drawing.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DefinitionMap {
    /// The definition.
    pub definition: Uuid,
    /// Its key.
    pub key: String,
    /// The version whose file is the drawing: the published one, else the newest.
    pub version: i64,
    /// Elements by id; those nobody came to are not in it.
    pub elements: BTreeMap<String, DefinitionMapElement>,
    /// Elements that only other versions have.
    pub gone: Vec<String>,
}

impl Processes {
    /// All instances of a definition on its drawing.
    ///
    /// # Errors
    /// `NotFound`, `Denied` for those who may not see all instances.
    pub async fn definition_map(&self, ctx: &Ctx, name: &str) -> Result<DefinitionMap> {
        let found = self.find(ctx, name).await?;
        require(ctx, &found.key, ProcessAction::See)?;
        let version = found.published.unwrap_or(found.latest);
        let definition = self.ready(self.db.read(), ctx.tenant, found.id, version).await?;
        let mut all: BTreeMap<String, DefinitionMapElement> = BTreeMap::new();
        self.count_standing(ctx, found.id, &definition, &mut all).await?;
        for (element, late) in self.tasks.late_of(ctx, found.id).await? {
            all.entry(element).or_default().overdue = late;
        }
        self.count_incidents(ctx, found.id, &mut all).await?;
        self.count_entered(ctx, found.id, &mut all).await?;
        self.measure(ctx, found.id, &mut all).await?;
        let (elements, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
            all.into_iter().partition(|(id, _)| definition.find(id).is_some());
        Ok(DefinitionMap {
            definition: found.id,
            key: found.key,
            version,
            elements,
            gone: others.into_keys().collect(),
        })
    }

    async fn count_standing(
        &self,
        ctx: &Ctx,
        definition: Uuid,
        model: &Definition,
        all: &mut BTreeMap<String, DefinitionMapElement>,
    ) -> Result<()> {
        let mut select = Query::select();
        select
            .column("element")
            .expr(Func::count(Expr::col("wait")))
            .expr(Func::min(Expr::col("since")))
            .from("process_wait")
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("definition_id").eq(definition))
            .group_by_col("element");
        for row in self.db.read().query_all(&select).await? {
            let element: String = row.try_get_by_index(0)?;
            // Boundary events and starts are armed, nobody stands there.
            if model.find(&element).is_some_and(|node| !model.node(node).kind.is_work()) {
                continue;
            }
            let entry = all.entry(element).or_default();
            entry.standing = row.try_get_by_index(1)?;
            entry.entered += entry.standing;
            entry.oldest = Some(Timestamp(row.try_get_by_index(2)?));
        }
        Ok(())
    }

    async fn count_incidents(
        &self,
        ctx: &Ctx,
        definition: Uuid,
        all: &mut BTreeMap<String, DefinitionMapElement>,
    ) -> Result<()> {
        let mut select = store::select();
        select
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("definition_id").eq(definition))
            .and_where(Expr::col("status").eq("active"))
            .and_where(Expr::col("incidents").gt(0))
            .order_by("started_at", Order::Desc)
            .limit(MAX_FAILED);
        for row in self.db.read().query_all(&select).await? {
            for incident in store::from_row(&row)?.state.incidents.values() {
                all.entry(incident.element.to_string()).or_default().incidents += 1;
            }
        }
        Ok(())
    }

    async fn count_entered(
        &self,
        ctx: &Ctx,
        definition: Uuid,
        all: &mut BTreeMap<String, DefinitionMapElement>,
    ) -> Result<()> {
        let mut select = Query::select();
        select
            .column("element")
            .expr(Func::count(Expr::col("number")))
            .from("process_visit")
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("definition_id").eq(definition))
            .and_where(Expr::col("left_at").gte(ctx.now().plus_seconds(-BACK_SECONDS).0))
            .and_where(Expr::col("outcome").ne("cancelled"))
            .group_by_col("element");
        for row in self.db.read().query_all(&select).await? {
            all.entry(row.try_get_by_index(0)?).or_default().entered += row.try_get_by_index::<i64>(1)?;
        }
        Ok(())
    }

    /// Working time of the last visits of each element, by the company's calendar.
    async fn measure(
        &self,
        ctx: &Ctx,
        definition: Uuid,
        all: &mut BTreeMap<String, DefinitionMapElement>,
    ) -> Result<()> {
        let mut newest = WindowStatement::partition_by("element");
        newest.order_by("left_at", Order::Desc);
        let ranked = Query::select()
            .columns(["element", "entered_at", "left_at"])
            .expr_window_as(Expr::cust("ROW_NUMBER()"), newest, "place")
            .from("process_visit")
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("definition_id").eq(definition))
            .and_where(Expr::col("left_at").gte(ctx.now().plus_seconds(-BACK_SECONDS).0))
            .and_where(Expr::col("outcome").eq("completed"))
            .take();
        let select = Query::select()
            .columns(["element", "entered_at", "left_at"])
            .from_subquery(ranked, "visit")
            .and_where(Expr::col("place").lte(SAMPLE))
            .take();
        let calendar = self.calendar_of(ctx, None).await?;
        let mut times: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for row in self.db.read().query_all(&select).await? {
            let (element, entered, left) = span(&row)?;
            if let Ok(seconds) = calendar.between(entered, left) {
                times.entry(element).or_default().push(seconds);
            }
        }
        for (element, mut seconds) in times {
            seconds.sort_unstable();
            let entry = all.entry(element).or_default();
            entry.median = rank(&seconds, 50);
            entry.p90 = rank(&seconds, 90);
        }
        Ok(())
    }
}

fn span(row: &QueryResult) -> Result<(String, Timestamp, Timestamp)> {
    Ok((row.try_get_by_index(0)?, Timestamp(row.try_get_by_index(1)?), Timestamp(row.try_get_by_index(2)?)))
}

/// The smallest of the sorted values that so many percent do not exceed (nearest rank).
fn rank(sorted: &[i64], percent: usize) -> Option<i64> {
    let place = (sorted.len() * percent).div_ceil(100);
    sorted.get(place.saturating_sub(1)).copied()
}
