//! Pipelines on their way between companies: roles by key, stages as they are. No record moves by that: a stage in which records stand
//! stays, and means what it did.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::moving::{Gathered, Moved, Trouble};
use kernel::{Ctx, Error, Locale, Result, audit};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::acts::on_enter;
use super::change::{MAX_PIPELINES, begin, insert, of_module, refused, tell, write_pipeline, write_stages, wrong};
use super::checked::{CheckedStage, MAX_KEY};
use super::planned::Compared;
use super::{Pipeline, Pipelines, Semantic, Stage, StageActs, StageInput, StageRules, create_own, load};
use crate::Records;
use crate::catalogue::change::worded;
use crate::catalogue::moving::{Spec, add};
use crate::catalogue::{Catalogue, EntityDef, Labels};

/// A pipeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PipelineSpec {
    entity: String,
    key: String,
    label: Labels,
    #[serde(default)]
    is_default: bool,
    #[serde(default)]
    archived: bool,
    stages: Vec<StageSpec>,
}

/// A stage of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StageSpec {
    key: String,
    label: Labels,
    semantic: Semantic,
    color: String,
    #[serde(default)]
    probability: Option<i64>,
    #[serde(default)]
    rules: StageRules,
}

impl Spec for PipelineSpec {
    fn key(&self) -> String {
        format!("{}.{}", self.entity, self.key)
    }
}

/// Names by language; a name that has none is of the company's.
fn labels(labels: Option<&Labels>, name: &str, locale: Locale) -> Labels {
    labels.cloned().unwrap_or_else(|| Labels(BTreeMap::from([(locale, name.to_owned())])))
}

impl PipelineSpec {
    fn of(pipeline: &Pipeline, locale: Locale) -> Self {
        let stage = |stage: &Stage| StageSpec {
            key: stage.key.clone(),
            label: labels(stage.labels.as_ref(), &stage.name, locale),
            semantic: stage.semantic,
            color: stage.color.clone(),
            probability: stage.probability,
            rules: stage.rules.clone(),
        };
        Self {
            entity: pipeline.entity.clone(),
            key: pipeline.key.clone(),
            label: labels(pipeline.labels.as_ref(), &pipeline.name, locale),
            is_default: pipeline.is_default,
            archived: pipeline.archived,
            stages: pipeline.stages.iter().map(stage).collect(),
        }
    }
}

impl StageSpec {
    /// As somebody would ask for it.
    fn asked(&self) -> StageInput {
        StageInput {
            key: Some(self.key.clone()),
            label: self.label.clone(),
            semantic: self.semantic,
            color: self.color.clone(),
            probability: self.probability,
            duration: self.rules.duration.clone(),
            remind: self.rules.remind.clone(),
            required: self.rules.required.iter().map(ToString::to_string).collect(),
            guard: self.rules.guard.as_ref().map(|guard| guard.text().to_owned()),
            guard_message: self.rules.guard_message.clone(),
            from: self.rules.from.clone(),
            roles: self.rules.roles.clone(),
            contract: self.rules.contract.clone(),
            on_enter: self.rules.on_enter.clone(),
            convert_only: Some(self.rules.convert_only),
        }
    }
}

/// Pipelines by entity, there in their order.
pub(crate) async fn gather(
    conn: &impl ConnectionTrait,
    ctx: &Ctx,
    catalogue: &Catalogue,
    acts: Option<&dyn StageActs>,
) -> Result<Gathered> {
    let mut all = Gathered::default();
    let locale = people::tenant::locale(conn, ctx.tenant).await?;
    let mut staged: Vec<&EntityDef> = catalogue.entities().iter().map(|def| &**def).filter(|def| def.staged).collect();
    staged.sort_by(|one, other| one.key.cmp(&other.key));
    for def in staged {
        for pipeline in catalogue.pipelines.of(&def.key) {
            let spec = PipelineSpec::of(pipeline, locale);
            let mut on_enter = pipeline.stages.iter().flat_map(|stage| &stage.rules.on_enter);
            let kept_back = match pipeline.stages.iter().any(names_somebody) {
                true => Some("configuration.names_somebody"),
                false => acts.and_then(|acts| on_enter.find_map(|act| acts.kept_back(act))),
            };
            match kept_back {
                Some(why) => all.hold(spec.key(), why, json!(spec)),
                None => add(&mut all, &spec)?,
            }
        }
    }
    Ok(all)
}

/// Whether the task of a stage is a person's, or tells of one: by id or address.
fn names_somebody(stage: &Stage) -> bool {
    let names = |name: &str| name.trim_start().starts_with("user:") || name.contains('@');
    stage.rules.contract.as_ref().is_some_and(|contract| {
        let told = contract.escalate.iter().map(|escalation| &escalation.to);
        contract.executors.iter().chain(told).any(|name| names(name))
            || contract.parameters.values().any(|value| names(&value.to_string()))
    })
}

/// Adds to what the audit log is told what the pipeline was and is, so that it can be brought back.
pub(super) async fn told(tx: &Tx, ctx: &Ctx, before: Option<&Pipeline>, id: Uuid, mut detail: Json) -> Result<Json> {
    let locale = people::tenant::locale(tx, ctx.tenant).await?;
    let pipelines = load(tx, ctx.tenant, String::new()).await?;
    let after = pipelines.all.iter().find(|one| one.id == id && !one.removed);
    if let Some(parts) = detail.as_object_mut() {
        parts.insert("before".to_owned(), json!(before.map(|one| PipelineSpec::of(one, locale))));
        parts.insert("after".to_owned(), json!(after.map(|one| PipelineSpec::of(one, locale))));
    }
    Ok(detail)
}

impl Records {
    pub(crate) async fn put_pipelines(&self, tx: &Tx, ctx: &Ctx, wanted: &[&Moved]) -> Result<Vec<Trouble>> {
        let mut troubles = Vec::new();
        let catalogue = self.drawn_from(tx, ctx.tenant).await?;
        let roles = people::role::list(tx, ctx.tenant).await?;
        let roles: BTreeSet<String> = roles.into_iter().map(|role| role.key).collect();
        for moved in wanted {
            if let Err(error) = self.put_pipeline(tx, ctx, &catalogue, &roles, moved).await {
                troubles.extend(Trouble::of(moved, error)?);
            }
        }
        let pipelines = load(tx, ctx.tenant, String::new()).await?;
        for moved in wanted {
            let entity = moved.key.split('.').next().unwrap_or_default();
            let mut open = pipelines.of(entity).filter(|one| one.is_default && !one.archived);
            if troubles.is_empty() && (open.next().is_none() || open.next().is_some()) {
                troubles.extend(Trouble::of(moved, Error::Conflict { code: "pipeline.default", current: None })?);
            }
        }
        // Kinds of records that came without one begin as those that are made by hand.
        for def in catalogue.entities().iter().filter(|def| def.is_own() && def.staged) {
            if pipelines.of(&def.key).next().is_none() {
                let name = def.label.as_ref().map_or_else(String::new, |(one, _)| one.in_locale(ctx.locale).to_owned());
                create_own(tx, ctx, &def.key, &name).await?;
            }
        }
        Ok(troubles)
    }

    async fn put_pipeline(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        catalogue: &Catalogue,
        roles: &BTreeSet<String>,
        moved: &Moved,
    ) -> Result<()> {
        let (known, spec) = (moved.known::<PipelineSpec>()?, moved.wanted::<PipelineSpec>()?);
        let Some(of) = spec.as_ref().or(known.as_ref()) else { return Ok(()) };
        let def = catalogue.find(&of.entity).filter(|def| def.staged).ok_or_else(|| {
            let name: String = of.entity.chars().take(80).collect();
            wrong("entity", FieldError::worded("unknown_name", "absent_here").with("value", name))
        })?;
        let pipelines = load(tx, ctx.tenant, String::new()).await?;
        let old = pipelines.ever(&def.key).find(|one| one.key == of.key);
        let Some(spec) = &spec else {
            return match old.filter(|old| !old.removed) {
                Some(old) => {
                    take_away(tx, ctx, def, old, moved).await?;
                    self.keep_acts(tx, ctx, def, &on_enter(Some(old), &[], ctx.locale)).await
                }
                None => Ok(()),
            };
        };
        if old.is_some_and(|old| old.removed) {
            return Err(wrong("key", FieldError::new("in_bin").with("value", &spec.key)));
        }
        if spec.is_default && spec.archived {
            return Err(Error::Conflict { code: "pipeline.archived", current: None });
        }
        let label = worded(spec.label.clone()).map_err(|error| wrong("label", error))?;
        let against = self.against(def, &pipelines, old, roles);
        let mut stages = against.check(spec.stages.iter().map(StageSpec::asked).collect()).map_err(refused)?;
        for (stage, given) in stages.iter_mut().zip(&spec.stages) {
            stage.rules.renamed = given.rules.renamed;
        }
        let acts = on_enter(old, &stages, ctx.locale);
        self.check_acts_in(tx, ctx, catalogue, def, &acts).await?;
        let id = match old {
            Some(old) => arrange(tx, ctx, def, &pipelines, old, &stages).await?,
            None => make(tx, ctx, def, &pipelines, (&spec.key, &label), &stages).await?,
        };
        self.keep_acts(tx, ctx, def, &acts).await.map_err(raced)?;
        describe(tx, ctx, def, id, &label, spec).await?;
        let act = if old.is_some() { "updated" } else { "created" };
        audit::record(tx, ctx, &format!("pipeline.{act}"), &moved.key, moved.told()).await?;
        let version = old.map_or(1, |old| old.version + 1);
        tell(tx, ctx, act, id, version, json!({"label": [null, label]})).await
    }
}

/// A rule has the name of a stage's, and the database takes nothing more in this transaction.
fn raced(error: Error) -> Error {
    if matches!(error, Error::Invalid { .. }) { Error::Conflict { code: "taken", current: None } } else { error }
}

/// A pipeline that is not there yet.
async fn make(
    tx: &Tx,
    ctx: &Ctx,
    def: &EntityDef,
    pipelines: &Pipelines,
    (key, label): (&str, &Labels),
    stages: &[CheckedStage],
) -> Result<Uuid> {
    let plain = key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b));
    if key.is_empty() || key.len() > MAX_KEY || !plain {
        return Err(wrong("key", FieldError::new("choice_key").with("max", MAX_KEY)));
    }
    if pipelines.of(&def.key).count() >= MAX_PIPELINES {
        return Err(wrong("entity", FieldError::new("too_many").with("max", MAX_PIPELINES)));
    }
    let id = ctx.id();
    insert(tx, ctx, pipelines, def, (id, key, label)).await?;
    write_stages(tx, ctx, def, id, None, stages).await?;
    Ok(id)
}

/// Other stages for a pipeline that is there.
async fn arrange(
    tx: &Tx,
    ctx: &Ctx,
    def: &EntityDef,
    pipelines: &Pipelines,
    old: &Pipeline,
    stages: &[CheckedStage],
) -> Result<Uuid> {
    of_module(def, old, stages)?;
    let counts = standing(tx, ctx, def).await?;
    let compared = Compared { pipelines, old, counts: &counts, locale: ctx.locale };
    let (planned, tasks) = compared.plan(stages, &BTreeMap::new()).map_err(refused)?;
    if let Some(used) = planned.stranded().next() {
        let error = FieldError::new("moved_stage_used").with("stage", &used.name).with("records", used.records);
        return Err(wrong("stages", error));
    }
    if let Some(turned) = planned.turned.iter().find(|one| one.records > 0) {
        let error = FieldError::new("moved_stage_turned").with("stage", &turned.name).with("records", turned.records);
        return Err(wrong("stages", error));
    }
    // Deadlines of records that stand in a stage with another time are worked out anew by a job.
    let (batch, _) = begin(tx, ctx, def, tasks, &counts).await?;
    write_stages(tx, ctx, def, old.id, Some((old, batch)), stages).await?;
    write_pipeline(tx, ctx, old, false, batch).await?;
    Ok(old.id)
}

/// Names it, and says whether it is the one where new records go.
async fn describe(tx: &Tx, ctx: &Ctx, def: &EntityDef, id: Uuid, label: &Labels, spec: &PipelineSpec) -> Result<()> {
    if spec.is_default {
        let others = Query::update()
            .table("pipeline")
            .value("is_default", false)
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("entity").eq(def.key.as_str()))
            .to_owned();
        tx.execute(&others).await?;
    }
    let update = Query::update()
        .table("pipeline")
        .value("name", label.in_locale(ctx.locale))
        .value("labels", json!(label))
        .value("is_default", spec.is_default)
        .value("archived_at", spec.archived.then(|| ctx.now().0))
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .to_owned();
    tx.execute(&update).await?;
    Ok(())
}

async fn take_away(tx: &Tx, ctx: &Ctx, def: &EntityDef, old: &Pipeline, moved: &Moved) -> Result<()> {
    if old.is_default {
        return Err(Error::Conflict { code: "pipeline.default", current: None });
    }
    let counts = standing(tx, ctx, def).await?;
    let used = old.stages.iter().find_map(|stage| Some((stage, counts.get(&stage.key)?)));
    if let Some((stage, records)) = used {
        let name = stage.name_in(ctx.locale);
        let error = FieldError::new("moved_stage_used").with("stage", name).with("records", records);
        return Err(wrong("stages", error));
    }
    write_stages(tx, ctx, def, old.id, Some((old, None)), &[]).await?;
    write_pipeline(tx, ctx, old, true, None).await?;
    audit::record(tx, ctx, "pipeline.deleted", &moved.key, moved.told()).await?;
    tell(tx, ctx, "deleted", old.id, old.version + 1, json!({})).await
}

/// Records of an entity by stage, as the transaction sees them.
async fn standing(tx: &Tx, ctx: &Ctx, def: &EntityDef) -> Result<HashMap<String, i64>> {
    let mut select = Query::select();
    select
        .column((def.table, "stage"))
        .expr(Expr::cust("count(*)"))
        .from(def.table)
        .and_where(Expr::col((def.table, "deleted_at")).is_null())
        .group_by_col((def.table, "stage"));
    def.own(&mut select, ctx.tenant);
    let mut counts = HashMap::new();
    for row in tx.query_all(&select).await? {
        if let Some(stage) = row.try_get_by_index::<Option<String>>(0)? {
            counts.insert(stage, row.try_get_by_index(1)?);
        }
    }
    Ok(counts)
}
