//! Managers beside each other (R48): the same measures as everywhere, by whose they are. Results belong to the owner at
//! closing, open work to the owner now.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Ctx, Result, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::measures::{Column, Drill, MANAGER, RangeInput};
use crate::plans::{PlanQuery, PlanView, Who};
use crate::refs::RefsView;
use crate::{Answer, Query, Reports, Totals};

/// Measures by entity: those of deals are narrowed by the filter that is asked.
const OF_DEALS: [&str; 8] = [
    "deal.won",
    "deal.won_amount",
    "deal.win_rate",
    "deal.cycle",
    "deal.average",
    "deal.open",
    "deal.open_amount",
    "deal.idle",
];
const OF_LEADS: [&str; 2] = ["lead.created", "lead.first_answer"];
const OF_ACTIVITIES: [&str; 1] = ["activity.count"];
const OF_TASKS: [&str; 1] = ["task.late_share"];
/// The measure whose plan stands beside.
const PLANNED: &str = "deal.won_amount";
/// People of an answer.
const MAX_PEOPLE: usize = 10_000;

/// Whom and when.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ManagersInput {
    /// Of which time.
    pub period: Option<RangeInput>,
    /// Which deals.
    #[schema(value_type = Option<Object>)]
    pub filter: Option<Json>,
    /// Only people of this department.
    pub department: Option<Uuid>,
    /// Of amounts; the company's own when left out.
    pub currency: Option<String>,
}

/// Managers beside each other.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Managers {
    /// The measures.
    pub columns: Vec<Column>,
    /// By person.
    pub rows: Vec<ManagerRow>,
    /// Of all of them.
    pub totals: Totals,
    /// What people are called.
    #[schema(value_type = BTreeMap<Uuid, crate::refs::Named>)]
    pub refs: RefsView,
    /// Of amounts.
    pub currency: String,
    /// Currencies of amounts for which no rate is known.
    pub missing_rates: Vec<String>,
    /// Measures that rest on what the reader may not see.
    pub hidden: Vec<String>,
    /// What these are called.
    pub hidden_labels: BTreeMap<String, String>,
    /// The moment that it was asked at.
    #[schema(value_type = String)]
    pub as_of: Timestamp,
}

/// A person.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ManagerRow {
    /// Who; none for what is nobody's.
    pub user: Option<Uuid>,
    /// The figure by measure.
    #[schema(value_type = Object)]
    pub values: BTreeMap<String, Json>,
    /// Records behind it.
    pub n: BTreeMap<String, i64>,
    /// What opens them.
    #[schema(value_type = BTreeMap<String, Drill>)]
    pub drill: BTreeMap<String, Option<Drill>>,
    /// Their plan of won amounts in this time, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub plan: Option<PlanView>,
}

impl Reports {
    /// Managers beside each other.
    ///
    /// # Errors
    /// `report.invalid`.
    pub async fn managers(&self, ctx: &Ctx, input: &ManagersInput) -> Result<Managers> {
        let mut answers = Vec::new();
        for (keys, of_deals) in
            [(&OF_LEADS[..], false), (&OF_ACTIVITIES[..], false), (&OF_DEALS[..], true), (&OF_TASKS[..], false)]
        {
            answers.push(self.query(ctx, &question(keys, of_deals, input)).await?);
        }
        let mut rows: BTreeMap<Option<Uuid>, ManagerRow> = BTreeMap::new();
        let mut whole = Managers {
            columns: Vec::new(),
            rows: Vec::new(),
            totals: Totals::default(),
            refs: RefsView::new(),
            currency: String::new(),
            missing_rates: Vec::new(),
            hidden: Vec::new(),
            hidden_labels: BTreeMap::new(),
            as_of: ctx.now(),
        };
        for answer in answers {
            put(&mut whole, &mut rows, answer);
        }
        whole.rows = rows.into_values().filter(|row| row.n.values().any(|count| *count > 0)).collect();
        self.add_plans(ctx, input, &mut whole).await?;
        Ok(whole)
    }

    /// The plans of exactly this time, beside their people.
    async fn add_plans(&self, ctx: &Ctx, input: &ManagersInput, whole: &mut Managers) -> Result<()> {
        let Some(period) = &input.period else { return Ok(()) };
        let range = period.read(ctx)?;
        let query = PlanQuery { measure: Some(PLANNED.to_owned()), ..PlanQuery::default() };
        for plan in self.plans_between(ctx, &query, range).await? {
            let of = |row: &&mut ManagerRow| row.user.is_some() && row.user == plan.who.id;
            if plan.who.kind == Who::User
                && let Some(row) = whole.rows.iter_mut().find(of)
            {
                row.plan = Some(plan);
            }
        }
        Ok(())
    }
}

fn question(keys: &[&str], of_deals: bool, input: &ManagersInput) -> Query {
    let filter = input.filter.clone().filter(|filter| of_deals && !filter.is_null());
    Query {
        measures: keys.iter().map(|key| (*key).to_owned()).collect(),
        group_by: vec![Json::from(MANAGER)],
        filter,
        period: input.period.clone(),
        currency: input.currency.clone(),
        limit: Some(MAX_PEOPLE),
        who: input.department.map(|id| (true, id)),
        ..Query::default()
    }
}

/// Puts an answer of some measures beside the others.
fn put(whole: &mut Managers, rows: &mut BTreeMap<Option<Uuid>, ManagerRow>, answer: Answer) {
    whole.columns.extend(answer.columns.into_iter().filter(|column| column.unit.is_some()));
    for row in answer.rows {
        let user = row.group.get(MANAGER).and_then(Json::as_str).and_then(|text| text.parse().ok());
        let of = rows.entry(user).or_insert_with(|| ManagerRow {
            user,
            values: BTreeMap::new(),
            n: BTreeMap::new(),
            drill: BTreeMap::new(),
            plan: None,
        });
        of.values.extend(row.figures.values);
        of.n.extend(row.figures.n);
        of.drill.extend(row.figures.drill);
    }
    whole.totals.values.extend(answer.totals.values);
    whole.totals.n.extend(answer.totals.n);
    whole.totals.drill.extend(answer.totals.drill);
    whole.totals.by_currency.extend(answer.totals.by_currency);
    whole.refs.extend(answer.refs);
    whole.currency = answer.currency;
    let missing: BTreeSet<String> = whole.missing_rates.drain(..).chain(answer.missing_rates).collect();
    whole.missing_rates = missing.into_iter().collect();
    whole.hidden.extend(answer.hidden);
    whole.hidden_labels.extend(answer.hidden_labels);
}
