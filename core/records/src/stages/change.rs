//! Pipelines as administrators make and change them: without a restart, seen by the next operation, by other nodes within
//! two seconds. Stages match by key. Records never fall out: what they stand in goes only with a place to move to.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kernel::db::{ConnectionTrait, Tx};
use kernel::error::{FieldError, FieldErrors};
use kernel::event::{self, NewEvent};
use kernel::jobs::long::{self, LongJob, NewLongJob};
use kernel::{BatchId, Ctx, Error, Locale, Result, audit};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::acts::on_enter;
use super::checked::{Against, CheckedStage, free_key};
use super::make::OWN;
use super::planned::Compared;
use super::settle::{self, Task};
use super::{OnEnter, Pipeline, Pipelines, Planned, Semantic, StageInput, load, moving};
use crate::catalogue::change::{INVALID, worded};
use crate::catalogue::{EntityDef, Labels, text, touch};
use crate::read::{Aggregate, Group, GroupBy};
use crate::{Records, batch, read, write};

/// Pipelines of an entity, those that were taken away not counted.
pub const MAX_PIPELINES: usize = 50;
/// What stands for the entity of a pipeline in the event log.
const PIPELINE: &str = "pipeline";

/// A pipeline to make.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPipeline {
    /// The entity whose records move through it.
    pub entity: String,
    /// Its name by language.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub label: Labels,
    /// Its stages in order; new, in progress, won and lost where absent.
    #[serde(default)]
    pub stages: Option<Vec<StageInput>>,
}

/// What to change of a pipeline itself.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PipelinePatch {
    /// Its name by language.
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    pub label: Option<Labels>,
    /// Whether it keeps the records it has and takes no others.
    pub archived: Option<bool>,
    /// Whether new records go there: `true` in the place of the one that it was.
    pub is_default: Option<bool>,
}

/// The stages of a pipeline: all of them, in order.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StageList {
    /// In order.
    pub stages: Vec<StageInput>,
    /// Where records of stages that go move: key -> key.
    #[serde(default)]
    pub move_to: BTreeMap<String, String>,
    /// Only says what would be done.
    #[serde(default)]
    pub dry_run: bool,
    /// The `preview` of the dry run that somebody has seen: needed where records are closed or opened.
    #[serde(default)]
    pub preview: Option<String>,
}

/// A pipeline with the number of records by stage.
#[derive(Debug, Clone)]
pub struct Counted {
    /// The pipeline.
    pub pipeline: Pipeline,
    /// Records by stage; none where there are none.
    pub records: HashMap<String, i64>,
}

/// What became of a change.
#[derive(Debug)]
pub struct Settled {
    /// What it does to records.
    pub planned: Planned,
    /// The undo group of moved records; none where nothing moves, and of a dry run.
    pub batch: Option<BatchId>,
    /// The work on the records.
    pub job: Option<LongJob>,
}

impl Records {
    /// The pipelines of the company, or of one entity, with their rules and counts (administrators).
    ///
    /// # Errors
    /// `config.denied`; `NotFound` for the entity.
    pub async fn pipelines(&self, ctx: &Ctx, entity: Option<&str>) -> Result<Vec<Counted>> {
        require(ctx)?;
        let catalogue = self.catalogue(ctx.tenant).await?;
        if let Some(entity) = entity {
            catalogue.entity(entity)?;
        }
        let mut all = Vec::new();
        let asked = |def: &EntityDef| def.staged && entity.is_none_or(|key| *def.key == *key);
        for def in catalogue.entities().iter().filter(|def| asked(def)) {
            let records = self.standing(ctx, &def.key).await?;
            let counted = |one: &Pipeline| Counted { pipeline: one.clone(), records: records.clone() };
            all.extend(catalogue.pipelines.of(&def.key).map(counted));
        }
        Ok(all)
    }

    /// One of them.
    ///
    /// # Errors
    /// `config.denied`, `NotFound`.
    pub async fn pipeline(&self, ctx: &Ctx, id: Uuid) -> Result<Counted> {
        require(ctx)?;
        let pipelines = load(self.db().read(), ctx.tenant, String::new()).await?;
        let pipeline = found(&pipelines, id, None)?.clone();
        self.defined(ctx, &pipeline.entity).await?;
        let records = self.standing(ctx, &pipeline.entity).await?;
        Ok(Counted { pipeline, records })
    }

    /// Makes a pipeline (administrators).
    ///
    /// # Errors
    /// `config.denied`; `config.invalid` by place.
    pub async fn create_pipeline(&self, ctx: &Ctx, input: NewPipeline) -> Result<Counted> {
        require(ctx)?;
        let catalogue = self.catalogue(ctx.tenant).await?;
        let def = catalogue.find(&input.entity).filter(|def| def.staged);
        let def =
            def.ok_or_else(|| wrong("entity", FieldError::new("unknown_name").with("value", short(&input.entity))))?;
        let label = worded(input.label).map_err(|error| wrong("label", error))?;
        let roles = self.role_keys(ctx).await?;
        let wanted = input.stages.iter().flatten().map(|stage| OnEnter::wanted(stage, ctx.locale));
        let wanted: Vec<OnEnter> = wanted.collect();
        self.check_acts(ctx, def, &wanted).await?;
        let tx = self.db().begin().await?;
        touch(&tx, ctx.tenant).await?;
        let pipelines = load(&tx, ctx.tenant, String::new()).await?;
        if pipelines.of(&def.key).count() >= MAX_PIPELINES {
            return Err(wrong("entity", FieldError::new("too_many").with("max", MAX_PIPELINES)));
        }
        let against = self.against(def, &pipelines, None, &roles);
        let stages = against.check(input.stages.unwrap_or_else(usual)).map_err(refused)?;
        let acts = on_enter(None, &stages, ctx.locale);
        let key = free_key(&label, "pipeline", |key| pipelines.ever(&def.key).any(|one| one.key == key));
        let id = ctx.id();
        insert(&tx, ctx, &pipelines, def, (id, &key, &label)).await?;
        write_stages(&tx, ctx, def, id, None, &stages).await?;
        self.keep_acts(&tx, ctx, def, &acts).await?;
        let detail = json!({"label": label, "entity": def.key, "stages": told(&stages)});
        let detail = moving::told(&tx, ctx, None, id, detail).await?;
        audit::record(&tx, ctx, "pipeline.created", &object(def, &key), detail).await?;
        tell(&tx, ctx, "created", id, 1, json!({"label": [null, label]})).await?;
        tx.commit().await?;
        self.forget_catalogue(ctx.tenant);
        self.pipeline(ctx, id).await
    }

    /// Names a pipeline otherwise, archives it or takes it back, sends new records there (administrators).
    ///
    /// # Errors
    /// `config.denied`, `NotFound`, `config.invalid`, conflicts `config.conflict`, `pipeline.default`, `pipeline.archived`.
    pub async fn change_pipeline(
        &self,
        ctx: &Ctx,
        id: Uuid,
        patch: PipelinePatch,
        version: Option<i64>,
    ) -> Result<Counted> {
        require(ctx)?;
        let catalogue = self.catalogue(ctx.tenant).await?;
        let tx = self.db().begin().await?;
        touch(&tx, ctx.tenant).await?;
        let pipelines = load(&tx, ctx.tenant, String::new()).await?;
        let old = found(&pipelines, id, version)?;
        let def = catalogue.entity(&old.entity)?;
        let label = patch.label.map(worded).transpose().map_err(|error| wrong("label", error))?;
        let (archived, first) = (patch.archived.unwrap_or(old.archived), patch.is_default.unwrap_or(old.is_default));
        if old.is_default && (!first || archived) {
            return Err(Error::Conflict { code: "pipeline.default", current: None });
        }
        if first && archived {
            return Err(Error::Conflict { code: "pipeline.archived", current: None });
        }
        if first && !old.is_default {
            let others = Query::update()
                .table("pipeline")
                .value("is_default", false)
                .value("version", Expr::col("version").add(1))
                .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
                .and_where(Expr::col("entity").eq(def.key.as_str()))
                .and_where(Expr::col("is_default").eq(true))
                .to_owned();
            tx.execute(&others).await?;
        }
        let mut update = Query::update();
        update.table("pipeline").value("version", old.version + 1).value("is_default", first);
        if archived != old.archived {
            update.value("archived_at", archived.then(|| ctx.now().0));
        }
        if let Some(label) = &label {
            update.value("name", label.in_locale(ctx.locale)).value("labels", json!(label));
        }
        tx.execute(update.and_where(Expr::col("id").eq(id)).and_where(Expr::col("tenant_id").eq(ctx.tenant.0))).await?;
        let changes = json!({
            "label": [old.labels.as_ref().map_or_else(|| json!(old.name), |labels| json!(labels)), label],
            "archived": [old.archived, archived], "is_default": [old.is_default, first],
        });
        let detail = moving::told(&tx, ctx, Some(old), id, changes.clone()).await?;
        audit::record(&tx, ctx, "pipeline.updated", &object(def, &old.key), detail).await?;
        tell(&tx, ctx, "updated", id, old.version + 1, changes).await?;
        tx.commit().await?;
        self.forget_catalogue(ctx.tenant);
        self.pipeline(ctx, id).await
    }

    /// Puts a list of stages in the place of a pipeline's (administrators); a dry run says what that would do. Records of
    /// stages that go move by `move_to`, as one batch that can be undone.
    ///
    /// # Errors
    /// `config.denied`, `NotFound`; `config.invalid` by place; conflicts `config.conflict`, `config.in_use` with the stages and
    /// their records, `pipeline.preview` with what would be closed or opened, `job.too_many`.
    pub async fn save_stages(&self, ctx: &Ctx, id: Uuid, list: StageList, version: Option<i64>) -> Result<Settled> {
        require(ctx)?;
        let catalogue = self.catalogue(ctx.tenant).await?;
        let pipelines = load(self.db().read(), ctx.tenant, String::new()).await?;
        let old = found(&pipelines, id, version)?;
        let def = catalogue.entity(&old.entity)?;
        let roles = self.role_keys(ctx).await?;
        let against = self.against(def, &pipelines, Some(old), &roles);
        let stages = against.check(list.stages).map_err(refused)?;
        of_module(def, old, &stages)?;
        self.check_acts(ctx, def, &on_enter(None, &stages, ctx.locale)).await?;
        let change = Change { def, pipelines: &pipelines, old, stages: &stages, move_to: &list.move_to };
        self.settle(ctx, &catalogue, change, list.dry_run, list.preview.as_deref()).await
    }

    /// Takes a pipeline away (administrators). Its records move by `move_to` into others of the entity, as one batch that can
    /// be undone. The one where new records go stays.
    ///
    /// # Errors
    /// As [`Records::save_stages`]; conflict `pipeline.default`.
    pub async fn remove_pipeline(
        &self,
        ctx: &Ctx,
        id: Uuid,
        move_to: &BTreeMap<String, String>,
        dry_run: bool,
        preview: Option<&str>,
        version: Option<i64>,
    ) -> Result<Settled> {
        require(ctx)?;
        let catalogue = self.catalogue(ctx.tenant).await?;
        let pipelines = load(self.db().read(), ctx.tenant, String::new()).await?;
        let old = found(&pipelines, id, version)?;
        let def = catalogue.entity(&old.entity)?;
        if old.is_default {
            return Err(Error::Conflict { code: "pipeline.default", current: None });
        }
        let change = Change { def, pipelines: &pipelines, old, stages: &[], move_to };
        self.settle(ctx, &catalogue, change, dry_run, preview).await
    }

    /// What a list of stages is checked against.
    pub(super) fn against<'a>(
        &'a self,
        def: &'a EntityDef,
        pipelines: &'a Pipelines,
        pipeline: Option<&'a Pipeline>,
        roles: &'a BTreeSet<String>,
    ) -> Against<'a> {
        let tasks = self.stage_tasks().map(|tasks| &**tasks);
        let converts = self.rules_of(&def.key).is_some_and(|rules| rules.converts().is_some());
        Against { def, pipelines, pipeline, roles, clock: self.clock(), tasks, converts }
    }

    /// Works out what a change does, and does it.
    async fn settle(
        &self,
        ctx: &Ctx,
        catalogue: &crate::Catalogue,
        change: Change<'_>,
        dry_run: bool,
        preview: Option<&str>,
    ) -> Result<Settled> {
        let Change { def, pipelines, old, stages, move_to } = change;
        let counts = self.standing(ctx, &def.key).await?;
        let compared = Compared { pipelines, old, counts: &counts, locale: ctx.locale };
        let (planned, tasks) = compared.plan(stages, move_to).map_err(refused)?;
        if dry_run {
            return Ok(Settled { planned, batch: None, job: None });
        }
        let stranded: Vec<_> = planned.stranded().collect();
        if !stranded.is_empty() {
            let records: i64 = stranded.iter().map(|one| one.records).sum();
            let current = Some(json!({ "records": records, "stages": stranded }));
            return Err(Error::Conflict { code: "config.in_use", current });
        }
        if planned.needs_preview() && preview != Some(planned.preview.as_str()) {
            return Err(Error::Conflict { code: "pipeline.preview", current: Some(json!(planned)) });
        }
        let tx = self.db().begin().await?;
        touch(&tx, ctx.tenant).await?;
        // Whoever was quicker has changed what this was made of.
        found(&load(&tx, ctx.tenant, String::new()).await?, old.id, Some(old.version))?;
        let (batch, job) = begin(&tx, ctx, def, tasks, &counts).await?;
        write_stages(&tx, ctx, def, old.id, Some((old, batch)), stages).await?;
        self.keep_acts(&tx, ctx, def, &on_enter(Some(old), stages, ctx.locale)).await?;
        write_pipeline(&tx, ctx, old, stages.is_empty(), batch).await?;
        if planned.turned.iter().any(|one| one.records > 0) {
            write::claims::make_anew(&tx, ctx, catalogue, def).await?;
        }
        let act = if stages.is_empty() { "deleted" } else { "updated" };
        let pair = json!([before(old), told(stages)]);
        let detail = json!({"stages": pair, "move_to": move_to, "batch": batch});
        let detail = moving::told(&tx, ctx, Some(old), old.id, detail).await?;
        let changes = json!({ "stages": pair });
        audit::record(&tx, ctx, &format!("pipeline.{act}"), &object(def, &old.key), detail).await?;
        tell(&tx, ctx, act, old.id, old.version + 1, changes).await?;
        tx.commit().await?;
        self.forget_catalogue(ctx.tenant);
        Ok(Settled { planned, batch, job })
    }

    /// Records of an entity by stage, whoever may see them.
    async fn standing(&self, ctx: &Ctx, entity: &str) -> Result<HashMap<String, i64>> {
        let eyes = Ctx::system(ctx.tenant, ctx.zone, ctx.locale, &ctx.env);
        let group_by = vec![GroupBy { field: "stage".into(), bucket: None }];
        let ask = Aggregate { query: read::Query::default(), group_by, measures: Vec::new(), besides: 0 };
        let groups = self.aggregate(&eyes, entity, &ask).await?;
        let count = |group: &Group| {
            let stage = group.group.get("stage").and_then(Json::as_str)?.to_owned();
            Some((stage, group.values.get("count").and_then(Json::as_i64).filter(|count| *count > 0)?))
        };
        Ok(groups.iter().filter_map(count).collect())
    }

    async fn role_keys(&self, ctx: &Ctx) -> Result<BTreeSet<String>> {
        let roles = people::role::list(self.db().read(), ctx.tenant).await?;
        Ok(roles.into_iter().map(|role| role.key).collect())
    }
}

/// A change of a pipeline's stages; none at all takes it away.
struct Change<'a> {
    def: &'a EntityDef,
    pipelines: &'a Pipelines,
    old: &'a Pipeline,
    stages: &'a [CheckedStage],
    move_to: &'a BTreeMap<String, String>,
}

fn require(ctx: &Ctx) -> Result<()> {
    if ctx.rights.is_admin() { Ok(()) } else { Err(Error::Denied("config")) }
}

pub(super) fn wrong(place: &str, error: FieldError) -> Error {
    Error::field(INVALID, place, error)
}

pub(super) fn refused(fields: FieldErrors) -> Error {
    Error::Invalid { code: INVALID, fields }
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

fn object(def: &EntityDef, key: &str) -> String {
    format!("{}.{key}", def.key)
}

/// A pipeline that is there, at the version that the writer saw.
fn found(pipelines: &Pipelines, id: Uuid, version: Option<i64>) -> Result<&Pipeline> {
    let pipeline = pipelines.all.iter().find(|one| one.id == id && !one.removed);
    let pipeline = pipeline.ok_or_else(|| Error::NotFound(format!("pipeline {id}")))?;
    if version.is_some_and(|version| version != pipeline.version) {
        return Err(Error::Conflict { code: "config.conflict", current: None });
    }
    Ok(pipeline)
}

/// Stages that a module brings stay and mean what it thinks they mean.
pub(super) fn of_module(def: &EntityDef, old: &Pipeline, new: &[CheckedStage]) -> Result<()> {
    let Some(plugin) = def.owner.plugin().filter(|_| old.is_default) else { return Ok(()) };
    let kept = |key: &str, semantic: Semantic| new.iter().any(|stage| stage.key == key && stage.semantic == semantic);
    match old.stages.iter().find(|stage| !kept(&stage.key, stage.semantic)) {
        Some(_) => Err(wrong("stages", FieldError::new("stages_of_plugin").with("plugin", plugin))),
        None => Ok(()),
    }
}

/// What a new pipeline has when nobody says otherwise.
fn usual() -> Vec<StageInput> {
    let stage = |(key, semantic, color): &(&'static str, Semantic, &'static str)| StageInput {
        key: None,
        label: Labels(Locale::ALL.map(|locale| (locale, text(&format!("stage.{key}"), locale))).into_iter().collect()),
        semantic: *semantic,
        color: (*color).to_owned(),
        probability: None,
        duration: None,
        remind: None,
        required: Vec::new(),
        guard: None,
        guard_message: None,
        from: Vec::new(),
        roles: Vec::new(),
        convert_only: None,
        contract: None,
        on_enter: Vec::new(),
    };
    OWN.iter().map(stage).collect()
}

/// Stages as the audit tells of them.
fn told(stages: &[CheckedStage]) -> Vec<Json> {
    let one = |stage: &CheckedStage| {
        json!({"key": stage.key, "label": stage.labels, "semantic": stage.semantic, "color": stage.color,
            "probability": stage.probability, "rules": stage.rules})
    };
    stages.iter().map(one).collect()
}

fn before(old: &Pipeline) -> Vec<Json> {
    let one = |stage: &super::Stage| {
        let label = stage.labels.as_ref().map_or_else(|| json!(stage.name), |labels| json!(labels));
        json!({"key": stage.key, "label": label, "semantic": stage.semantic, "color": stage.color,
            "probability": stage.probability, "rules": stage.rules})
    };
    old.stages.iter().map(one).collect()
}

pub(super) async fn tell(tx: &Tx, ctx: &Ctx, what: &str, id: Uuid, version: i64, changes: Json) -> Result<()> {
    let told = NewEvent { kind: format!("{PIPELINE}.{what}"), entity: PIPELINE, record: id, version, changes };
    Ok(event::append(tx, ctx, None, vec![told]).await?)
}

pub(super) async fn insert(
    tx: &Tx,
    ctx: &Ctx,
    pipelines: &Pipelines,
    def: &EntityDef,
    (id, key, label): (Uuid, &str, &Labels),
) -> Result<()> {
    let first = pipelines.of(&def.key).next().is_none();
    let last = i64::try_from(pipelines.ever(&def.key).count()).unwrap_or(i64::MAX);
    let insert = Query::insert()
        .into_table("pipeline")
        .columns(["id", "tenant_id", "entity", "key", "name", "labels", "is_default", "sort", "version"])
        .values_panic([
            id.into(),
            ctx.tenant.into(),
            def.key.as_str().into(),
            key.into(),
            label.in_locale(ctx.locale).into(),
            json!(label).into(),
            first.into(),
            last.into(),
            1_i64.into(),
        ])
        .to_owned();
    tx.execute(&insert).await?;
    Ok(())
}

/// Writes the stages of a pipeline in their order; those of the old one that are not among them go with the batch.
pub(super) async fn write_stages(
    tx: &Tx,
    ctx: &Ctx,
    def: &EntityDef,
    pipeline: Uuid,
    old: Option<(&Pipeline, Option<BatchId>)>,
    stages: &[CheckedStage],
) -> Result<()> {
    let stood = |key: &str| {
        let mut all = old.into_iter().flat_map(|(old, _)| old.stages.iter().chain(&old.gone));
        all.any(|stage| stage.key == key)
    };
    let of = |key: &str| Expr::col("pipeline_id").eq(pipeline).and(Expr::col("key").eq(key));
    for (sort, stage) in (0_i64..).zip(stages) {
        let cells: [(&'static str, Expr); 9] = [
            ("name", stage.labels.in_locale(ctx.locale).into()),
            ("labels", json!(stage.labels).into()),
            ("semantic", stage.semantic.key().into()),
            ("color", stage.color.as_str().into()),
            ("sort", sort.into()),
            ("probability", stage.probability.into()),
            ("rules", json!(stage.rules).into()),
            ("removed_at", None::<i64>.into()),
            ("removed_in", None::<Uuid>.into()),
        ];
        if stood(&stage.key) {
            tx.execute(Query::update().table("stage").values(cells).and_where(of(&stage.key))).await?;
            continue;
        }
        let whose: [(&'static str, Expr); 5] = [
            ("id", ctx.id().into()),
            ("tenant_id", ctx.tenant.0.into()),
            ("entity", def.key.as_str().into()),
            ("pipeline_id", pipeline.into()),
            ("key", stage.key.as_str().into()),
        ];
        let (columns, values): (Vec<_>, Vec<_>) = whose.into_iter().chain(cells).unzip();
        tx.execute(Query::insert().into_table("stage").columns(columns).values_panic(values)).await?;
    }
    let goes = |stage: &&super::Stage| !stages.iter().any(|new| new.key == stage.key);
    let batch = old.and_then(|(_, batch)| batch);
    for stage in old.into_iter().flat_map(|(old, _)| &old.stages).filter(goes) {
        let update = Query::update()
            .table("stage")
            .value("removed_at", ctx.now().0)
            .value("removed_in", batch.map(|batch| batch.0))
            .and_where(of(&stage.key))
            .to_owned();
        tx.execute(&update).await?;
    }
    Ok(())
}

/// Counts the change; takes the pipeline away where it goes.
pub(super) async fn write_pipeline(
    tx: &Tx,
    ctx: &Ctx,
    old: &Pipeline,
    goes: bool,
    batch: Option<BatchId>,
) -> Result<()> {
    let mut update = Query::update();
    update.table("pipeline").value("version", old.version + 1);
    if goes {
        update.value("removed_at", ctx.now().0).value("removed_in", batch.map(|batch| batch.0));
    }
    tx.execute(update.and_where(Expr::col("id").eq(old.id))).await?;
    Ok(())
}

/// Begins the work on the records, where there is any.
pub(super) async fn begin(
    tx: &Tx,
    ctx: &Ctx,
    def: &EntityDef,
    tasks: Vec<Task>,
    counts: &HashMap<String, i64>,
) -> Result<(Option<BatchId>, Option<LongJob>)> {
    if tasks.is_empty() {
        return Ok((None, None));
    }
    let total: i64 = tasks.iter().filter_map(|task| counts.get(&task.stage)).sum();
    let batch = batch::open(tx, ctx, settle::BATCH).await?;
    let input = json!(settle::Input { entity: def.key.to_string(), batch, tasks });
    let new = NewLongJob { kind: settle::KIND, subject: None, input, total };
    let (job, _) = long::begin(tx, ctx, new, total <= settle::AT_ONCE).await?;
    Ok((Some(batch), Some(job)))
}
