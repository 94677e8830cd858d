//! Fields of a company's own in which no two records have the same. Such a field is a constraint of its entity like those of
//! plugins (`constraint`, `write::claims`), so every door keeps it. Texts are the same whatever their letter case (`words::folded`);
//! empty values and records in the recycle bin claim nothing.
//!
//! Whoever turns it on claims what is there in the same transaction, or is told who has the same. Nodes that know the field as
//! it was write on for a second: once they do not any more, a job claims what there is again.

use kernel::access::Action;
use kernel::db::Tx;
use kernel::error::FieldError;
use kernel::jobs::{self, Handler, Job, JobError, Lane, NewJob};
use kernel::value::FieldType;
use kernel::{Ctx, Error, RecordId, Result, TenantId, Value};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::change::wrong;
use super::store::OwnField;
use super::{Catalogue, EntityDef};
use crate::write::claims;
use crate::{Records, read};

/// The job that claims again.
pub const CLAIM: &str = "records.claim_field";
/// Seconds before it begins: by then every node knows that the field is unique.
const DELAY_SECONDS: i64 = 2;

/// Whether records can be told apart by a value of a type: one that they have by themselves.
const fn fits(kind: FieldType) -> bool {
    use FieldType as T;
    matches!(kind, T::Text | T::Integer | T::Decimal | T::Duration | T::Date | T::Datetime)
}

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    entity: String,
    field: String,
}

impl Records {
    /// Passes a field of an entity by which records can be told apart.
    ///
    /// # Errors
    /// `config.invalid` on `unique`; conflict `config.moving` while its values move into another type.
    pub(super) fn may_be_unique(&self, entity: &str, own: &OwnField) -> Result<()> {
        if !fits(own.kind) || own.is_computed() {
            return Err(wrong("unique", FieldError::new("not_unique").with("type", own.kind.name())));
        }
        if self.owner_of(entity).is_some() {
            return Err(wrong("unique", FieldError::new("unique_entity")));
        }
        if own.moved.is_some() {
            return Err(Error::Conflict { code: "config.moving", current: None });
        }
        Ok(())
    }

    /// Claims what records have in a field, or lets go of it, as its definition says in this transaction.
    ///
    /// # Errors
    /// Conflict `config.doubles` with records that have the same, in groups.
    pub(super) async fn claim_own(&self, tx: &Tx, ctx: &Ctx, entity: &str, key: &str) -> Result<()> {
        let catalogue = self.drawn_in(tx, ctx).await?;
        let def = catalogue.entity(entity)?;
        let doubles = claims::claim_field(tx, ctx, def, key).await?;
        if !doubles.is_empty() {
            let groups = told(tx, &catalogue, ctx, def, key, &doubles).await?;
            return Err(Error::Conflict { code: "config.doubles", current: Some(json!({ "groups": groups })) });
        }
        if !def.is_unique(key) {
            return Ok(());
        }
        let payload = json!(Payload { entity: entity.to_owned(), field: key.to_owned() });
        let job = NewJob::now(&ctx.env, CLAIM, payload).for_tenant(ctx.tenant);
        Ok(jobs::enqueue(tx, &ctx.env, NewJob { run_at: ctx.now().plus_seconds(DELAY_SECONDS), ..job }).await?)
    }

    async fn claim_again(&self, tenant: TenantId, payload: &Payload) -> Result<()> {
        let Some(ctx) = self.system_of(tenant).await? else { return Ok(()) };
        let tx = self.db().begin().await?;
        let catalogue = self.drawn_in(&tx, &ctx).await?;
        let def = catalogue.find(&payload.entity).filter(|def| def.is_unique(&payload.field));
        let Some(def) = def else { return Ok(()) };
        let doubles = claims::claim_field(&tx, &ctx, def, &payload.field).await?;
        tx.commit().await?;
        if !doubles.is_empty() {
            tracing::warn!(%tenant, entity = payload.entity, field = payload.field, ?doubles, "records got the same while the field became unique; they keep it until they are changed");
        }
        Ok(())
    }
}

/// Groups of records that have the same: `[{value, records: [{id, title}]}]`.
async fn told(
    tx: &Tx,
    catalogue: &Catalogue,
    ctx: &Ctx,
    def: &EntityDef,
    key: &str,
    doubles: &[Vec<RecordId>],
) -> Result<Vec<Json>> {
    let mut groups = Vec::with_capacity(doubles.len());
    for ids in doubles {
        let found = read::load(tx, catalogue, ctx, def, ids, Action::Read, false).await?;
        let value = found.first().and_then(|record| record.fields.get(key)).map(Value::to_json);
        let records = found.iter().map(|record| {
            let title = record.fields.get("title").and_then(Value::as_text).unwrap_or_default();
            json!({"id": record.id, "title": title})
        });
        let records: Vec<Json> = records.collect();
        groups.push(json!({"value": value, "records": records}));
    }
    Ok(groups)
}

/// Claims again.
pub struct ClaimField(pub Records);

#[async_trait::async_trait]
impl Handler for ClaimField {
    fn kind(&self) -> &'static str {
        CLAIM
    }

    fn lane(&self) -> Lane {
        Lane::Long
    }

    async fn run(&self, job: &Job) -> std::result::Result<(), JobError> {
        let Some(tenant) = job.tenant else { return Ok(()) };
        let payload: Payload = serde_json::from_value(job.payload.clone()).map_err(Error::internal)?;
        Ok(self.0.claim_again(tenant, &payload).await?)
    }
}
