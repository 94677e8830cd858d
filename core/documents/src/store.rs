//! The tables `document_template` and `made_document`.

use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::{Actor, Ctx, Error, Locale, RecordId, RecordRef, Result, TenantId, Timestamp};
use messaging::mail::LetterState;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict, Order, Query, SelectStatement};
use sea_orm::{DbBackend, DbErr};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::templates::{Paper, PaperSettings};

/// Papers of a record that are listed.
const LISTED: u64 = 100;
/// Characters of a problem.
const MAX_PROBLEM: usize = 1_000;

/// How a paper stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MadeState {
    /// It is being made.
    Making,
    /// It is among the files of its record.
    Kept,
    /// It could not be made.
    Failed,
}

/// The letter that brings a paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Brought {
    /// Addresses.
    pub to: Vec<String>,
    /// Addresses of copies.
    #[serde(default)]
    pub cc: Vec<String>,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// Where answers go.
    #[serde(default)]
    pub reply_to: Option<String>,
}

/// A paper of a record.
#[derive(Debug, Clone)]
pub struct Made {
    /// Its id.
    pub id: Uuid,
    /// Its record.
    pub record: RecordRef,
    /// Which kind of paper; none of a record that is no document of sale.
    pub template: Option<Paper>,
    /// By which template of the company's own, where it is not ours.
    pub own: Option<Uuid>,
    /// With which of its settings, or by which of its versions.
    pub template_version: i64,
    /// Its language.
    pub locale: Locale,
    /// All that stands on it.
    pub data: Json,
    /// Whose pictures are on it.
    pub organization: Option<Uuid>,
    /// How it stands.
    pub state: MadeState,
    /// Its file.
    pub file: Uuid,
    /// What the file is called.
    pub file_name: String,
    /// Of its bytes, once they are there.
    pub sha256: Option<String>,
    /// The letter that brings it.
    pub letter: Option<Brought>,
    /// Its id.
    pub letter_id: Option<Uuid>,
    /// How the letter stands; none before it is in the outbox.
    pub letter_state: Option<LetterState>,
    /// What went wrong.
    pub problem: Option<String>,
    /// Who had it made.
    pub actor: Actor,
    /// When.
    pub created_at: Timestamp,
}

/// Stands in place of a kind of paper where there is none.
const NO_PAPER: &str = "own";

const COLUMNS: [&str; 19] = [
    "id",
    "entity",
    "record_id",
    "template",
    "template_version",
    "locale",
    "data",
    "organization",
    "state",
    "file_id",
    "file_name",
    "sha256",
    "letter",
    "letter_id",
    "letter_state",
    "problem",
    "actor",
    "created_at",
    "own_template",
];

fn typed<T: serde::de::DeserializeOwned>(json: Json) -> Result<T, DbErr> {
    serde_json::from_value(json).map_err(|error| DbErr::Type(error.to_string()))
}

fn json<T: Serialize>(value: &T) -> Result<Json> {
    serde_json::to_value(value).map_err(Error::internal)
}

fn from_row(row: &QueryResult) -> Result<Made, DbErr> {
    let word = |index: usize| row.try_get_by_index::<String>(index).map(Json::String);
    let entity: String = row.try_get_by_index(1)?;
    Ok(Made {
        id: row.try_get_by_index(0)?,
        record: RecordRef { entity: entity.as_str().into(), id: RecordId(row.try_get_by_index(2)?) },
        template: Paper::of(&row.try_get_by_index::<String>(3)?),
        own: row.try_get_by_index(18)?,
        template_version: row.try_get_by_index(4)?,
        locale: typed(word(5)?)?,
        data: row.try_get_by_index(6)?,
        organization: row.try_get_by_index(7)?,
        state: typed(word(8)?)?,
        file: row.try_get_by_index(9)?,
        file_name: row.try_get_by_index(10)?,
        sha256: row.try_get_by_index(11)?,
        letter: row.try_get_by_index::<Option<Json>>(12)?.map(typed).transpose()?,
        letter_id: row.try_get_by_index(13)?,
        letter_state: row.try_get_by_index::<Option<String>>(14)?.map(|word| typed(Json::String(word))).transpose()?,
        problem: row.try_get_by_index(15)?,
        actor: typed(row.try_get_by_index(16)?)?,
        created_at: Timestamp(row.try_get_by_index(17)?),
    })
}

fn select(tenant: TenantId) -> SelectStatement {
    Query::select().columns(COLUMNS).from("made_document").and_where(Expr::col("tenant_id").eq(tenant.0)).take()
}

/// Notes a paper.
pub(crate) async fn insert(tx: &Tx, ctx: &Ctx, made: &Made) -> Result<()> {
    let letter = made.letter.as_ref().map(json).transpose()?;
    let values = [
        made.id.into(),
        made.record.entity.as_str().into(),
        made.record.id.0.into(),
        made.template.map_or(NO_PAPER, Paper::key).into(),
        made.template_version.into(),
        made.locale.code().into(),
        made.data.clone().into(),
        made.organization.into(),
        state_name(made.state).into(),
        made.file.into(),
        made.file_name.as_str().into(),
        made.sha256.as_deref().into(),
        letter.into(),
        made.letter_id.into(),
        made.letter_state.map(LetterState::name).into(),
        made.problem.as_deref().into(),
        json(&made.actor)?.into(),
        made.created_at.0.into(),
        made.own.into(),
        ctx.now().0.into(),
        ctx.tenant.into(),
    ];
    let columns = COLUMNS.into_iter().chain(["updated_at", "tenant_id"]);
    let insert = Query::insert().into_table("made_document").columns(columns).values_panic(values).to_owned();
    tx.execute(&insert).await?;
    Ok(())
}

const fn state_name(state: MadeState) -> &'static str {
    match state {
        MadeState::Making => "making",
        MadeState::Kept => "kept",
        MadeState::Failed => "failed",
    }
}

/// Papers of a record, newest first.
pub(crate) async fn of_record(conn: &impl ConnectionTrait, tenant: TenantId, record: &RecordRef) -> Result<Vec<Made>> {
    let select = select(tenant)
        .and_where(Expr::col("record_id").eq(record.id.0))
        .and_where(Expr::col("entity").eq(record.entity.as_str()))
        .order_by("created_at", Order::Desc)
        .order_by("id", Order::Desc)
        .limit(LISTED)
        .take();
    Ok(conn.query_all(&select).await?.iter().map(from_row).collect::<Result<_, _>>()?)
}

/// One paper.
pub(crate) async fn find(conn: &impl ConnectionTrait, tenant: TenantId, id: Uuid) -> Result<Option<Made>> {
    let select = select(tenant).and_where(Expr::col("id").eq(id)).take();
    Ok(conn.query_one(&select).await?.map(|row| from_row(&row)).transpose()?)
}

/// What changes of a paper.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turn {
    pub state: Option<MadeState>,
    pub sha256: Option<String>,
    pub letter_state: Option<LetterState>,
    /// None: there is none any more.
    pub problem: Option<String>,
}

/// Notes how a paper stands now.
pub(crate) async fn turn(tx: &Tx, ctx: &Ctx, id: Uuid, turn: Turn) -> Result<()> {
    let problem: Option<String> =
        turn.problem.map(|problem| problem.chars().filter(|letter| *letter != '\0').take(MAX_PROBLEM).collect());
    let mut update = Query::update();
    update
        .table("made_document")
        .value("updated_at", ctx.now().0)
        .value("problem", problem)
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0));
    if let Some(state) = turn.state {
        update.value("state", state_name(state));
    }
    if let Some(sha256) = turn.sha256 {
        update.value("sha256", sha256);
    }
    if let Some(state) = turn.letter_state {
        update.value("letter_state", state.name());
    }
    tx.execute(&update).await?;
    Ok(())
}

/// Settings of templates that a company has changed.
pub(crate) async fn settings(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<Vec<(Paper, i64, PaperSettings)>> {
    let select = Query::select()
        .columns(["key", "version", "settings"])
        .from("document_template")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .to_owned();
    let mut all = Vec::new();
    for row in conn.query_all(&select).await? {
        let key: String = row.try_get_by_index(0)?;
        if let Some(paper) = Paper::of(&key) {
            all.push((paper, row.try_get_by_index(1)?, typed(row.try_get_by_index(2)?)?));
        }
    }
    Ok(all)
}

/// Keeps settings of a template as its next version.
pub(crate) async fn put_settings(
    tx: &Tx,
    ctx: &Ctx,
    paper: Paper,
    version: i64,
    settings: &PaperSettings,
) -> Result<()> {
    let insert = Query::insert()
        .into_table("document_template")
        .columns(["tenant_id", "key", "version", "settings", "updated_at"])
        .values_panic([
            ctx.tenant.into(),
            paper.key().into(),
            version.into(),
            json(settings)?.into(),
            ctx.now().0.into(),
        ])
        .on_conflict(
            OnConflict::columns(["tenant_id", "key"]).update_columns(["version", "settings", "updated_at"]).to_owned(),
        )
        .to_owned();
    tx.execute(&insert).await?;
    Ok(())
}

/// Keeps settings of a template from others until the transaction ends.
pub(crate) async fn lock_settings(tx: &Tx, tenant: TenantId, paper: Paper) -> Result<()> {
    // SQLite has one writer at a time.
    if tx.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let select = Query::select()
        .column("key")
        .from("document_template")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("key").eq(paper.key()))
        .lock(LockType::Update)
        .to_owned();
    tx.query_one(&select).await?;
    Ok(())
}
