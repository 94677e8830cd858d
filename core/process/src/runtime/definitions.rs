//! Definitions and their versions: deployed as drafts, published for ever.

use std::collections::BTreeSet;

use kernel::access::{Definitions, ProcessAction};
use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::error::{FieldError, FieldErrors};
use kernel::{Ctx, Error, Result, Timestamp, audit};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Order, Query, SelectStatement};
use serde::Serialize;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{INVALID, Processes, timers};
use crate::definition::model::Definition;
use crate::definition::starts::Beginning;
use crate::definition::{self, Problem, Severity, fit, words};

/// Definitions of a list.
const LISTED: u64 = 500;

/// A version of a definition, as the API shows it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DefinitionView {
    /// The definition's id.
    pub id: Uuid,
    /// What versions are counted under: the id of the file's first executable process.
    pub key: String,
    /// Its name.
    pub name: String,
    /// This version, from 1.
    pub version: i64,
    /// `draft` or `published`.
    pub state: &'static str,
    /// The version that new instances get.
    pub published: Option<i64>,
    /// The newest version.
    pub latest: i64,
    /// Ids of its executable processes.
    pub processes: Vec<String>,
    /// What the reader may do with it and its instances.
    #[schema(value_type = Vec<ProcessAction>)]
    pub may: BTreeSet<ProcessAction>,
    /// What its author should know.
    #[schema(value_type = Vec<Object>)]
    pub problems: Vec<Problem>,
    /// When the version was deployed.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// What was said when it was published from a drawing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub note: Option<String>,
}

/// A file that may become a version.
pub(crate) struct Deployable {
    xml: Vec<u8>,
    fingerprint: String,
    definition: Definition,
    problems: Vec<Problem>,
}

impl Deployable {
    /// The key of the definition that it is of.
    pub(super) fn key(&self) -> &str {
        &self.definition.key
    }

    /// What it says.
    pub(crate) fn into_definition(self) -> Definition {
        self.definition
    }
}

/// A definition by itself.
pub(super) struct Found {
    pub(super) id: Uuid,
    pub(super) key: String,
    pub(super) published: Option<i64>,
    pub(super) latest: i64,
}

impl Processes {
    /// Deploys a BPMN file as a new version; identical bytes give the version they were. With `publish` it is published
    /// in the same transaction.
    ///
    /// # Errors
    /// `Denied`, `process.invalid` naming the elements that cannot run.
    pub async fn deploy(&self, ctx: &Ctx, xml: Vec<u8>, publish: bool) -> Result<DefinitionView> {
        let file = self.deployable(ctx, xml, publish).await?;
        let tx = self.db.begin().await?;
        let version = self.add_version(&tx, ctx, &file, publish, None).await?;
        tx.commit().await?;
        self.added(ctx, file, version).await
    }

    /// Reads a file that is to become a version.
    ///
    /// # Errors
    /// As `deploy`.
    pub(crate) async fn deployable(&self, ctx: &Ctx, xml: Vec<u8>, publish: bool) -> Result<Deployable> {
        if ctx.rights.processes(ProcessAction::Design) == Definitions::Keys(Vec::new()) {
            return Err(Error::Denied("design"));
        }
        let (xml, read) = tokio::task::spawn_blocking(move || {
            let (xml, read) = definition::read_new(xml);
            let read = read.map(|(definition, mut problems)| {
                problems.extend(fit::problems(&definition));
                (definition, problems)
            });
            (xml, read)
        })
        .await
        .map_err(Error::internal)?;
        let (definition, problems) = read.map_err(|problems| refused(ctx, problems))?;
        require(ctx, &definition.key, ProcessAction::Design)?;
        if publish {
            require(ctx, &definition.key, ProcessAction::Publish)?;
        }
        Ok(Deployable { fingerprint: definition::fingerprint(&xml), xml, definition, problems })
    }

    /// Makes a file a version, or finds the one with the same bytes, and publishes it; gives definition and version.
    ///
    /// # Errors
    /// As `deploy`.
    pub(crate) async fn add_version(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        file: &Deployable,
        publish: bool,
        note: Option<&str>,
    ) -> Result<(Uuid, i64)> {
        let key = &file.definition.key;
        let (id, latest) = self.definition_of(tx, ctx, &file.definition).await?;
        let version = match same(tx, id, &file.fingerprint).await? {
            Some(version) => version,
            None => {
                let version = latest + 1;
                insert_version(tx, ctx, id, version, file).await?;
                audit::record(tx, ctx, "process.deployed", key, json!({"version": version})).await?;
                version
            }
        };
        if let Some(note) = note {
            let update = Query::update()
                .table("process_version")
                .value("note", note)
                .and_where(Expr::col("definition_id").eq(id))
                .and_where(Expr::col("version").eq(version))
                .to_owned();
            tx.execute(&update).await?;
        }
        if publish {
            self.publish_version(tx, ctx, &file.definition, id, version).await?;
        }
        Ok((id, version))
    }

    /// What `add_version` made, once that is durable.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn added(
        &self,
        ctx: &Ctx,
        file: Deployable,
        (id, version): (Uuid, i64),
    ) -> Result<DefinitionView> {
        self.keep(id, version, file.definition);
        self.definition_version(ctx, id, Some(version)).await
    }

    /// Makes a version the one that new instances get.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `process.invalid` naming a start that cannot be armed.
    pub async fn publish(&self, ctx: &Ctx, definition: &str, version: Option<i64>) -> Result<DefinitionView> {
        let found = self.find(ctx, definition).await?;
        require(ctx, &found.key, ProcessAction::Publish)?;
        let version = version.unwrap_or(found.latest);
        let ready = self.ready(self.db.read(), ctx.tenant, found.id, version).await?;
        let tx = self.db.begin().await?;
        self.publish_version(&tx, ctx, &ready, found.id, version).await?;
        tx.commit().await?;
        self.definition_version(ctx, found.id, Some(version)).await
    }

    async fn publish_version(&self, tx: &Tx, ctx: &Ctx, definition: &Definition, id: Uuid, version: i64) -> Result<()> {
        self.check_fit(tx, ctx, definition, (id, version)).await?;
        let now = ctx.now().0;
        let mark = Query::update()
            .table("process_version")
            .value("published_at", now)
            .and_where(Expr::col("definition_id").eq(id))
            .and_where(Expr::col("version").eq(version))
            .and_where(Expr::col("published_at").is_null())
            .to_owned();
        tx.execute(&mark).await?;
        let update = Query::update()
            .table("process_definition")
            .values([
                ("published", version.into()),
                ("name", definition.name.clone().into()),
                ("updated_at", now.into()),
            ])
            .and_where(Expr::col("id").eq(id))
            .to_owned();
        tx.execute(&update).await?;
        let since = begun_by(tx, id).await?;
        for table in ["process_start", "process_callable"] {
            let delete = Query::delete().from_table(table).and_where(Expr::col("definition_id").eq(id)).to_owned();
            tx.execute(&delete).await?;
        }
        for process in definition.processes.iter().filter(|process| process.executable) {
            callable(tx, ctx, id, version, &process.id).await?;
            for beginning in definition.beginnings(process.scope) {
                self.arm_start(tx, ctx, definition, (id, version), &process.id, beginning).await?;
            }
        }
        for (kind, name, since) in since {
            let update = Query::update()
                .table("process_start")
                .value("since", since)
                .and_where(Expr::col("definition_id").eq(id))
                .and_where(Expr::col("kind").eq(kind))
                .and_where(Expr::col("name").eq(name))
                .to_owned();
            tx.execute(&update).await?;
        }
        audit::record(tx, ctx, "process.published", &definition.key, json!({"version": version})).await?;
        Ok(())
    }

    /// Passes when the version may be published; what its author should know of the company's roles is kept with it.
    async fn check_fit(&self, tx: &Tx, ctx: &Ctx, definition: &Definition, version: (Uuid, i64)) -> Result<()> {
        let mut errors = fit::problems(definition);
        for (element, name) in fit::thrown(definition) {
            if self.is_told(ctx, name).await? {
                let message =
                    format!("`{name}` is told by the product itself when records change: give it another name");
                errors.push(Problem { element: element.to_string(), severity: Severity::Error, message });
            }
        }
        if !errors.is_empty() {
            return Err(refused(ctx, errors));
        }
        let mut unknown = Vec::new();
        for (element, role) in fit::roles(definition) {
            if people::staff::members(tx, ctx.tenant, &role).await?.is_none() {
                let message =
                    format!("nobody has made the role `{role}`: make it, or its tasks come to administrators");
                unknown.push(Problem { element: element.to_string(), severity: Severity::Warning, message });
            }
        }
        if unknown.is_empty() { Ok(()) } else { note(tx, version, unknown).await }
    }

    async fn arm_start(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        definition: &Definition,
        (id, version): (Uuid, i64),
        process: &str,
        (element, beginning): (String, Beginning<'_>),
    ) -> Result<()> {
        let (kind, name) = match beginning {
            Beginning::Message(message) => ("message", message.name.clone()),
            Beginning::Signal(name) => ("signal", name.to_owned()),
            Beginning::Timer(_) => ("timer", String::new()),
            Beginning::Condition(_) => ("condition", String::new()),
        };
        let insert = Query::insert()
            .into_table("process_start")
            .columns(["definition_id", "element", "tenant_id", "version", "process", "kind", "name", "since"])
            .values_panic([
                id.into(),
                element.clone().into(),
                ctx.tenant.0.into(),
                version.into(),
                process.into(),
                kind.into(),
                name.into(),
                ctx.now().0.into(),
            ])
            .to_owned();
        tx.execute(&insert).await?;
        if kind == "timer" {
            timers::arm_start(tx, ctx, definition, (id, version), process, &element).await?;
        }
        Ok(())
    }

    /// Whether there is a published definition with this id or key.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn is_published(&self, conn: &impl ConnectionTrait, ctx: &Ctx, name: &str) -> Result<bool> {
        match find_in(conn, ctx, name).await {
            Ok(found) => Ok(found.published.is_some()),
            Err(Error::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A definition by id or key.
    ///
    /// # Errors
    /// `NotFound`.
    pub(super) async fn find(&self, ctx: &Ctx, name: &str) -> Result<Found> {
        find_in(self.db.read(), ctx, name).await
    }

    /// The definition that this file is a version of, made when there is none; its newest version.
    async fn definition_of(&self, tx: &Tx, ctx: &Ctx, definition: &Definition) -> Result<(Uuid, i64)> {
        let now = ctx.now().0;
        let insert = Query::insert()
            .into_table("process_definition")
            .columns(["id", "tenant_id", "key", "name", "latest", "created_at", "updated_at"])
            .values_panic([
                ctx.id().into(),
                ctx.tenant.0.into(),
                definition.key.clone().into(),
                definition.name.clone().into(),
                0_i64.into(),
                now.into(),
                now.into(),
            ])
            // Changes nothing, but locks the row: versions are counted one after another.
            .on_conflict(
                OnConflict::columns(["tenant_id", "key"])
                    .value("updated_at", Expr::col(("process_definition", "updated_at")))
                    .to_owned(),
            )
            .returning(Query::returning().columns(["id", "latest"]))
            .to_owned();
        let row = tx.query_one(&insert).await?.ok_or_else(|| Error::Internal("no definition".into()))?;
        Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))
    }

    /// All definitions, each with its published (else newest) version, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn definitions(&self, ctx: &Ctx) -> Result<Vec<DefinitionView>> {
        let mut select = versions(ctx);
        let shown = Expr::col(("process_definition", "published")).if_null(Expr::col(("process_definition", "latest")));
        select.and_where(Expr::col(("process_version", "version")).eq(shown));
        select.order_by(("process_definition", "name"), Order::Asc).limit(LISTED);
        let rows = self.db.read().query_all(&select).await?;
        rows.iter().map(|row| view(row, ctx)).collect()
    }

    /// A version of a definition; the newest by default.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn definition(&self, ctx: &Ctx, name: &str, version: Option<i64>) -> Result<DefinitionView> {
        let found = self.find(ctx, name).await?;
        self.definition_version(ctx, found.id, version.or(Some(found.latest))).await
    }

    async fn definition_version(&self, ctx: &Ctx, id: Uuid, version: Option<i64>) -> Result<DefinitionView> {
        let mut select = versions(ctx);
        select.and_where(Expr::col(("process_definition", "id")).eq(id));
        if let Some(version) = version {
            select.and_where(Expr::col(("process_version", "version")).eq(version));
        }
        select.order_by(("process_version", "version"), Order::Desc).limit(1);
        let row = self.db.read().query_one(&select).await?;
        view(&row.ok_or_else(|| Error::NotFound(format!("process definition {id}")))?, ctx)
    }

    /// All versions of a definition, newest first.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn definition_versions(&self, ctx: &Ctx, name: &str) -> Result<Vec<DefinitionView>> {
        let found = self.find(ctx, name).await?;
        let mut select = versions(ctx);
        select.and_where(Expr::col(("process_definition", "id")).eq(found.id));
        select.order_by(("process_version", "version"), Order::Desc).limit(LISTED);
        let rows = self.db.read().query_all(&select).await?;
        rows.iter().map(|row| view(row, ctx)).collect()
    }

    /// A version's file, byte for byte.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn xml(&self, ctx: &Ctx, name: &str, version: i64) -> Result<Vec<u8>> {
        let found = self.find(ctx, name).await?;
        let select = Query::select()
            .column("xml")
            .from("process_version")
            .and_where(Expr::col("definition_id").eq(found.id))
            .and_where(Expr::col("version").eq(version))
            .take();
        let row = self.db.read().query_one(&select).await?;
        let row = row.ok_or_else(|| Error::NotFound(format!("version {version} of {name}")))?;
        Ok(row.try_get_by_index(0)?)
    }
}

/// Passes when the person's roles grant something on the definition of this key.
///
/// # Errors
/// `Denied`.
pub(super) fn require(ctx: &Ctx, key: &str, action: ProcessAction) -> Result<()> {
    if ctx.rights.may_process(key, action) {
        return Ok(());
    }
    Err(Error::Denied(match action {
        ProcessAction::Start => "start",
        ProcessAction::See => "see",
        ProcessAction::Operate => "operate",
        ProcessAction::Design => "design",
        ProcessAction::Publish => "publish",
    }))
}

/// Adds problems to those of a version.
async fn note(tx: &Tx, (id, version): (Uuid, i64), new: Vec<Problem>) -> Result<()> {
    let this = Expr::col("definition_id").eq(id).and(Expr::col("version").eq(version));
    let select = Query::select().column("problems").from("process_version").and_where(this.clone()).take();
    let row = tx.query_one(&select).await?.ok_or_else(|| Error::Internal("no version".into()))?;
    let mut problems: Vec<Problem> = serde_json::from_value(row.try_get_by_index(0)?).map_err(Error::internal)?;
    problems.extend(new.into_iter().filter(|problem| !problems.contains(problem)).collect::<Vec<_>>());
    let update = Query::update().table("process_version").value("problems", json!(problems)).and_where(this).to_owned();
    tx.execute(&update).await?;
    Ok(())
}

/// What is wrong with a file, by element and in the person's language; the file as a whole under `xml`.
fn refused(ctx: &Ctx, problems: Vec<Problem>) -> Error {
    let mut messages: std::collections::BTreeMap<String, Vec<String>> = std::collections::BTreeMap::new();
    for problem in problems.into_iter().filter(|problem| problem.severity == Severity::Error) {
        let element = if problem.element.is_empty() { "xml" } else { &problem.element }.to_owned();
        let (_, message) = words::of(&problem, ctx.locale);
        messages.entry(element).or_default().push(message);
    }
    let fields = messages
        .into_iter()
        .map(|(element, messages)| (element, FieldError::new("invalid").with("reason", messages.join("; "))))
        .collect::<FieldErrors>();
    Error::Invalid { code: INVALID, fields }
}

/// By which events the published version begins, and since when.
async fn begun_by(tx: &Tx, id: Uuid) -> Result<Vec<(String, String, i64)>> {
    let select = Query::select()
        .columns(["kind", "name", "since"])
        .from("process_start")
        .and_where(Expr::col("definition_id").eq(id))
        .take();
    let rows = tx.query_all(&select).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?))).collect()
}

/// A definition by id or key, as a connection sees it.
async fn find_in(conn: &impl ConnectionTrait, ctx: &Ctx, name: &str) -> Result<Found> {
    let mut select = Query::select();
    select.columns(["id", "published", "latest", "key"]).from("process_definition");
    select.and_where(Expr::col("tenant_id").eq(ctx.tenant.0));
    match Uuid::parse_str(name) {
        Ok(id) => select.and_where(Expr::col("id").eq(id)),
        Err(_) => select.and_where(Expr::col("key").eq(name)),
    };
    let row = conn.query_one(&select).await?;
    let row = row.ok_or_else(|| Error::NotFound(format!("process definition {name}")))?;
    Ok(Found {
        id: row.try_get_by_index(0)?,
        published: row.try_get_by_index(1)?,
        latest: row.try_get_by_index(2)?,
        key: row.try_get_by_index(3)?,
    })
}

async fn same(tx: &Tx, id: Uuid, fingerprint: &str) -> Result<Option<i64>> {
    let select = Query::select()
        .column("version")
        .from("process_version")
        .and_where(Expr::col("definition_id").eq(id))
        .and_where(Expr::col("fingerprint").eq(fingerprint))
        .take();
    Ok(tx.query_one(&select).await?.map(|row| row.try_get_by_index(0)).transpose()?)
}

async fn insert_version(tx: &Tx, ctx: &Ctx, id: Uuid, version: i64, file: &Deployable) -> Result<()> {
    let processes = file.definition.processes.iter().filter(|process| process.executable);
    let processes: Vec<&str> = processes.map(|process| &*process.id).collect();
    let columns = [
        "definition_id",
        "version",
        "tenant_id",
        "fingerprint",
        "xml",
        "problems",
        "processes",
        "created_at",
        "created_by",
    ];
    let insert = Query::insert()
        .into_table("process_version")
        .columns(columns)
        .values_panic([
            id.into(),
            version.into(),
            ctx.tenant.0.into(),
            file.fingerprint.as_str().into(),
            file.xml.clone().into(),
            json!(file.problems).into(),
            json!(processes).into(),
            ctx.now().0.into(),
            serde_json::to_value(&ctx.actor).map_err(Error::internal)?.into(),
        ])
        .to_owned();
    tx.execute(&insert).await?;
    let update = Query::update()
        .table("process_definition")
        .values([("latest", version.into()), ("updated_at", ctx.now().0.into())])
        .and_where(Expr::col("id").eq(id))
        .to_owned();
    tx.execute(&update).await?;
    Ok(())
}

/// The process can be called under its id; what was published last is meant.
async fn callable(tx: &Tx, ctx: &Ctx, id: Uuid, version: i64, process: &str) -> Result<()> {
    let insert = Query::insert()
        .into_table("process_callable")
        .columns(["tenant_id", "process", "definition_id", "version"])
        .values_panic([ctx.tenant.0.into(), process.into(), id.into(), version.into()])
        .on_conflict(
            OnConflict::columns(["tenant_id", "process"]).update_columns(["definition_id", "version"]).to_owned(),
        )
        .to_owned();
    Ok(tx.execute(&insert).await.map(drop)?)
}

fn versions(ctx: &Ctx) -> SelectStatement {
    let of = "process_definition";
    let its = "process_version";
    Query::select()
        .columns([(of, "id"), (of, "key"), (of, "name"), (of, "published"), (of, "latest")])
        .columns([(its, "version"), (its, "published_at"), (its, "processes"), (its, "problems"), (its, "created_at")])
        .column((its, "note"))
        .from(of)
        .inner_join(its, Expr::col((its, "definition_id")).equals((of, "id")))
        .and_where(Expr::col((of, "tenant_id")).eq(ctx.tenant.0))
        .take()
}

fn view(row: &QueryResult, ctx: &Ctx) -> Result<DefinitionView> {
    let published_at: Option<i64> = row.try_get_by_index(6)?;
    let key: String = row.try_get_by_index(1)?;
    let may = ProcessAction::ALL.into_iter().filter(|action| ctx.rights.may_process(&key, *action));
    let json = |index: usize| row.try_get_by_index::<Json>(index);
    let problems = serde_json::from_value::<Vec<Problem>>(json(8)?).map_err(Error::internal)?.into_iter();
    Ok(DefinitionView {
        id: row.try_get_by_index(0)?,
        may: may.collect(),
        key,
        name: row.try_get_by_index(2)?,
        published: row.try_get_by_index(3)?,
        latest: row.try_get_by_index(4)?,
        version: row.try_get_by_index(5)?,
        state: if published_at.is_some() { "published" } else { "draft" },
        processes: serde_json::from_value(json(7)?).map_err(Error::internal)?,
        problems: problems.map(|problem| Problem { message: words::of(&problem, ctx.locale).1, ..problem }).collect(),
        created_at: Timestamp(row.try_get_by_index(9)?),
        note: row.try_get_by_index(10)?,
    })
}
