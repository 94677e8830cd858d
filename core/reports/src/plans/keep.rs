//! Setting and removing plans: many at once, all or none. Written by administrators, and by heads of departments for these
//! and the people in them.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::Datelike;
use kernel::db::ConnectionTrait;
use kernel::db::Tx;
use kernel::error::{FieldError, FieldErrors};
use kernel::value::scaled;
use kernel::{Ctx, Error, Result, audit};
use people::staff;
use rust_decimal::Decimal;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::json;
use uuid::Uuid;

use super::PLAN;
use super::model::{COLUMNS, PlanInput, PlanQuery, PlanWho, Plans, PlansInput, Row, Who, from_row};
use crate::{CONFLICT, INVALID, Reports};

/// Plans of one change.
const MAX_GIVEN: usize = 500;
/// Characters of a note and of a reason.
const MAX_TEXT: usize = 1_000;
/// Years of plans: beyond them no question can be asked, and the list of plans is answers to questions.
const YEARS: RangeInclusive<i32> = 1900..=2200;
/// People whose departments matter to a head.
const MAX_PEOPLE: u64 = 100_000;

/// A plan that is in order.
struct Set<'a> {
    given: &'a PlanInput,
    starts: String,
    ends: String,
    /// Ten-thousandths; none takes the plan away.
    value: Option<i64>,
}

/// Whose plans somebody may write.
pub(super) enum Writes {
    All,
    Of { departments: BTreeSet<Uuid>, people: BTreeSet<Uuid> },
}

impl Writes {
    fn is_nothing(&self) -> bool {
        matches!(self, Self::Of { departments, .. } if departments.is_empty())
    }

    pub(super) fn may(&self, who: &PlanWho) -> bool {
        match (self, who.kind, who.id) {
            (Self::All, ..) => true,
            (Self::Of { departments, .. }, Who::Department, Some(id)) => departments.contains(&id),
            (Self::Of { people, .. }, Who::User, Some(id)) => people.contains(&id),
            _ => false,
        }
    }
}

fn wrong(reason: impl std::fmt::Display) -> FieldError {
    FieldError::new("invalid").with("reason", reason)
}

impl Reports {
    /// Whose plans the actor may write.
    pub(super) async fn writes(&self, ctx: &Ctx) -> Result<Writes> {
        if ctx.rights.is_admin() {
            return Ok(Writes::All);
        }
        let departments: BTreeSet<Uuid> = staff::headed(self.db().read(), ctx).await?.into_iter().collect();
        if departments.is_empty() {
            return Ok(Writes::Of { departments, people: BTreeSet::new() });
        }
        let all = people::user::list(self.db(), ctx.tenant, None, MAX_PEOPLE).await?;
        let under = all.into_iter().filter(|user| user.department_id.is_some_and(|id| departments.contains(&id)));
        Ok(Writes::Of { people: under.map(|user| user.id).collect(), departments })
    }

    /// Whether the actor may set a plan of anybody.
    pub(crate) async fn may_plan(&self, ctx: &Ctx) -> Result<bool> {
        Ok(ctx.rights.is_admin() || !staff::headed(self.db().read(), ctx).await?.is_empty())
    }

    /// Sets plans.
    ///
    /// # Errors
    /// `Denied`; `report.invalid` naming `items` or `items.<n>.<field>`; conflict `report.conflict` when one has another version
    /// than was seen.
    pub async fn set_plans(&self, ctx: &Ctx, input: &PlansInput) -> Result<Plans> {
        let writes = self.writes(ctx).await?;
        if writes.is_nothing() {
            return Err(Error::Denied("action"));
        }
        if input.items.len() > MAX_GIVEN {
            return Err(Error::field(INVALID, "items", FieldError::new("too_many").with("max", MAX_GIVEN)));
        }
        if input.items.iter().any(|plan| !writes.may(&plan.who)) {
            return Err(Error::Denied("action"));
        }
        let plannable = self.plannable(ctx).await?;
        let known = self.known_people(ctx, &input.items).await?;
        let (mut set, mut errors, mut seen) = (Vec::new(), FieldErrors::new(), BTreeSet::new());
        for (index, given) in input.items.iter().enumerate() {
            match check(given, &plannable, &known) {
                Ok(plan) => {
                    let id = given.who.id.unwrap_or_default();
                    if seen.insert((given.measure.clone(), given.who.kind, id, given.period.kind, plan.starts.clone()))
                    {
                        set.push(plan);
                    } else {
                        errors.insert(format!("items.{index}.period"), wrong("twice"));
                    }
                }
                Err((field, error)) => drop(errors.insert(format!("items.{index}.{field}"), error)),
            }
        }
        if !errors.is_empty() {
            return Err(Error::Invalid { code: INVALID, fields: errors });
        }
        let tx = self.db().begin().await?;
        let mut ids = Vec::new();
        for plan in &set {
            ids.extend(put(&tx, ctx, plan).await?);
        }
        let told: Vec<_> = input
            .items
            .iter()
            .map(|plan| json!({"measure": plan.measure, "who": plan.who, "value": plan.value}))
            .collect();
        audit::record(&tx, ctx, "report.plans", "", json!({ "items": told })).await?;
        tx.commit().await?;
        let mut plans = self.plans(ctx, &PlanQuery::default()).await?;
        plans.items.retain(|plan| ids.contains(&plan.id));
        Ok(plans)
    }

    /// Keys of measures that can be planned: counts and sums that come about in a time.
    async fn plannable(&self, ctx: &Ctx) -> Result<BTreeSet<String>> {
        let catalogue = self.records.catalogue_of(ctx).await?;
        let all = self.registry(ctx, &catalogue).await?;
        Ok(all.into_iter().filter(crate::measures::is_plannable).map(|one| one.key).collect())
    }

    async fn known_people(&self, ctx: &Ctx, given: &[PlanInput]) -> Result<BTreeSet<Uuid>> {
        let ids: Vec<Uuid> =
            given.iter().filter(|plan| plan.who.kind == Who::User).filter_map(|plan| plan.who.id).collect();
        let users = staff::by_ids(self.db().read(), ctx.tenant, &ids).await?;
        let departments = people::department::list(self.db().read(), ctx.tenant).await?;
        Ok(users.into_iter().map(|user| user.id).chain(departments.into_iter().map(|one| one.id)).collect())
    }
}

fn check<'a>(
    given: &'a PlanInput,
    plannable: &BTreeSet<String>,
    known: &BTreeSet<Uuid>,
) -> Result<Set<'a>, (&'static str, FieldError)> {
    if !plannable.contains(&given.measure) {
        let value: String = given.measure.chars().take(80).collect();
        return Err(("measure", FieldError::new("choice").with("value", value)));
    }
    let there = match (given.who.kind, given.who.id) {
        (Who::Company, id) => id.is_none(),
        (_, id) => id.is_some_and(|id| known.contains(&id)),
    };
    if !there {
        return Err(("who", FieldError::new("missing")));
    }
    let days = given.period.kind.days(given.period.from).filter(|(first, _)| YEARS.contains(&first.year()));
    let (starts, ends) =
        days.ok_or_else(|| ("period", wrong("the first day of a month, a quarter or a year from 1900 to 2200")))?;
    for (field, text) in [("note", &given.note), ("reason", &given.reason)] {
        if text.as_ref().is_some_and(|text| text.chars().nth(MAX_TEXT).is_some() || text.contains('\0')) {
            return Err((field, FieldError::new("too_long").with("max", MAX_TEXT)));
        }
    }
    let value = given.value.as_ref().map(|number| {
        let text = number.to_string();
        let decimal = Decimal::from_str(&text).or_else(|_| Decimal::from_scientific(&text)).ok();
        let decimal = decimal.filter(|it| !it.is_sign_negative() && it.normalize().scale() <= 4);
        let stored = decimal.filter(|it| *it <= Decimal::from(99_999_999_999_i64)).and_then(scaled);
        stored.ok_or_else(|| ("value", FieldError::new("range").with("min", 0).with("max", 99_999_999_999_i64)))
    });
    Ok(Set { given, starts: starts.to_string(), ends: ends.to_string(), value: value.transpose()? })
}

/// Writes one plan; gives its id where there is one after it.
async fn put(tx: &Tx, ctx: &Ctx, plan: &Set<'_>) -> Result<Option<Uuid>> {
    let (given, who_id) = (plan.given, plan.given.who.id.unwrap_or(ctx.tenant.0));
    let find = Query::select()
        .columns(COLUMNS)
        .column("reason")
        .from(PLAN)
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("measure").eq(given.measure.as_str()))
        .and_where(Expr::col("who").eq(given.who.kind.name()))
        .and_where(Expr::col("who_id").eq(who_id))
        .and_where(Expr::col("period").eq(given.period.kind.name()))
        .and_where(Expr::col("starts").eq(plan.starts.as_str()))
        .take();
    let found: Option<Row> = tx.query_one(&find).await?.map(|row| from_row(&row)).transpose()?;
    let present = found.as_ref().map_or(0, |row| row.version);
    if given.version.is_some_and(|seen| seen != present) {
        let current = json!({"version": present, "measure": given.measure, "who": given.who});
        return Err(Error::Conflict { code: CONFLICT, current: Some(current) });
    }
    let user = ctx.user().map(|user| user.0);
    match (found, plan.value) {
        (None, None) => Ok(None),
        (Some(row), None) => {
            let gone = Query::delete().from_table(PLAN).and_where(Expr::col("id").eq(row.id)).to_owned();
            tx.execute(&gone).await?;
            Ok(None)
        }
        (Some(row), Some(value)) => {
            let update = Query::update()
                .table(PLAN)
                .value("version", row.version + 1)
                .value("value", value)
                .value("note", given.note.as_deref().unwrap_or(&row.note))
                .value("reason", given.reason.as_deref().unwrap_or(&row.reason))
                .value("updated_at", ctx.now().0)
                .value("updated_by", user)
                .and_where(Expr::col("id").eq(row.id))
                .and_where(Expr::col("version").eq(row.version))
                .to_owned();
            if tx.execute(&update).await?.rows_affected() != 1 {
                return Err(Error::Conflict { code: CONFLICT, current: None });
            }
            Ok(Some(row.id))
        }
        (None, Some(value)) => {
            let id = ctx.id();
            let insert = Query::insert()
                .into_table(PLAN)
                .columns([
                    "id",
                    "tenant_id",
                    "version",
                    "measure",
                    "who",
                    "who_id",
                    "period",
                    "starts",
                    "ends",
                    "value",
                    "note",
                    "reason",
                    "updated_at",
                    "updated_by",
                ])
                .values_panic([
                    id.into(),
                    ctx.tenant.0.into(),
                    1_i64.into(),
                    given.measure.as_str().into(),
                    given.who.kind.name().into(),
                    who_id.into(),
                    given.period.kind.name().into(),
                    plan.starts.as_str().into(),
                    plan.ends.as_str().into(),
                    value.into(),
                    given.note.as_deref().unwrap_or_default().into(),
                    given.reason.as_deref().unwrap_or_default().into(),
                    ctx.now().0.into(),
                    user.into(),
                ])
                .to_owned();
            tx.execute(&insert).await?;
            Ok(Some(id))
        }
    }
}
