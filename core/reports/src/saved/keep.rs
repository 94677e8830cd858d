//! Making, listing, changing and removing saved reports.

use kernel::error::FieldError;
use kernel::{Ctx, Error, Result, Timestamp, audit};
use sea_orm::sea_query::Query;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::question::{Kind, Outcome, Question, RunInput};
use super::store::{self, NewRow, Row, SAVED};
use crate::sharing::{Person, Reader, Sharing, kept};
use crate::{INVALID, Reports, invalid, seen_version};

/// Characters of a name and of a description.
const MAX_NAME: usize = 100;
const MAX_DESCRIPTION: usize = 2_000;
/// Bytes of a question, and of how it is drawn.
const MAX_CONFIG: usize = 32 * 1024;
pub(super) const MAX_CHART: usize = 4 * 1024;

/// A saved report.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = SavedReport)]
pub struct Saved {
    /// Its id.
    pub id: Uuid,
    /// Counts its changes, from 1.
    pub version: i64,
    /// What it is called.
    pub name: String,
    /// What it shows.
    pub description: String,
    /// What is asked.
    pub kind: Kind,
    /// The question, as it came.
    #[schema(value_type = Object)]
    pub config: Json,
    /// How it is drawn, as it came.
    #[schema(value_type = Option<Object>)]
    pub chart: Json,
    /// With whom it is shared.
    pub shared: Sharing,
    /// Whose it is.
    pub owner: Person,
    /// Whether it is the reader's own.
    pub mine: bool,
    /// Whether the reader may change it.
    pub may_edit: bool,
    /// When it was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
}

/// A report to save.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSavedReport)]
pub struct NewSaved {
    /// What it is called, 1 to 100 characters.
    pub name: String,
    /// What it shows, up to 2,000 characters.
    #[serde(default)]
    pub description: String,
    /// What is asked.
    #[serde(default)]
    pub kind: Kind,
    /// The question: the body of its kind, up to 32 KiB.
    #[schema(value_type = Object)]
    pub config: Json,
    /// How it is drawn, up to 4 KiB.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub chart: Json,
    /// With whom it is shared.
    #[serde(default)]
    pub shared: Sharing,
}

/// Changes of a saved report; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = SavedReportChange)]
pub struct SavedChange {
    /// What it is called.
    pub name: Option<String>,
    /// What it shows.
    pub description: Option<String>,
    /// The question.
    #[schema(value_type = Option<Object>)]
    pub config: Option<Json>,
    /// How it is drawn.
    #[schema(value_type = Option<Object>)]
    pub chart: Option<Json>,
    /// With whom it is shared.
    pub shared: Option<Sharing>,
}

/// A name within its limits, without blanks around it and marks that nobody sees.
pub(crate) fn checked_name(field: &str, text: &str) -> Result<String> {
    let text = kernel::words::composed(text.trim());
    let text = text.trim();
    if kernel::words::is_blank(text) {
        return Err(Error::field(INVALID, field, FieldError::new("required")));
    }
    if text.chars().nth(MAX_NAME).is_some() {
        return Err(Error::field(INVALID, field, FieldError::new("too_long").with("max", MAX_NAME)));
    }
    match text.chars().any(char::is_control) {
        true => Err(invalid(field, "characters that cannot be seen")),
        false => Ok(text.to_owned()),
    }
}

pub(crate) fn checked_description(text: &str) -> Result<()> {
    match text.chars().nth(MAX_DESCRIPTION).is_some() || text.contains('\0') {
        true => Err(Error::field(INVALID, "description", FieldError::new("too_long").with("max", MAX_DESCRIPTION))),
        false => Ok(()),
    }
}

/// JSON of the portal's own: an object or nothing, within its size.
pub(crate) fn checked_json(field: &str, json: &Json, most: usize) -> Result<()> {
    match (json.is_object() || json.is_null()) && json.to_string().len() <= most {
        true => Ok(()),
        false => Err(Error::field(INVALID, field, FieldError::new("too_long").with("max", most))),
    }
}

/// What is wrong in a question, under the name of the question.
fn of_config(error: Error) -> Error {
    match error {
        Error::Invalid { code, fields } => {
            let fields = fields.into_values().take(1).map(|error| ("config".to_owned(), error)).collect();
            Error::Invalid { code, fields }
        }
        error => error,
    }
}

/// Passes a question that is one, whatever is there to be asked.
pub(super) fn checked_question(kind: Kind, config: &Json) -> Result<Question> {
    if config.to_string().len() > MAX_CONFIG {
        return Err(Error::field(INVALID, "config", FieldError::new("too_long").with("max", MAX_CONFIG)));
    }
    let question = Question::read(kind, config)?;
    if let Some(filter) = config.get("filter").filter(|filter| !filter.is_null()) {
        kernel::filter::Filter::parse(filter).map_err(|error| Error::field(INVALID, "config", error))?;
    }
    Ok(question)
}

impl Reports {
    /// Passes a question that can be asked now.
    async fn check_config(&self, ctx: &Ctx, kind: Kind, config: &Json) -> Result<()> {
        match checked_question(kind, config)? {
            Question::Query(query) => self.can_ask(ctx, &query).await.map_err(of_config),
            _ => Ok(()),
        }
    }

    /// Own and shared saved reports, by name.
    ///
    /// # Errors
    /// `Denied` for an actor that is no person.
    pub async fn saved(&self, ctx: &Ctx) -> Result<Vec<Saved>> {
        let reader = Reader::of(self.db(), ctx).await?;
        let rows = self.saved_rows(ctx, &reader).await?;
        self.saved_views(ctx, &reader, rows).await
    }

    /// A saved report that the actor sees.
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn saved_report(&self, ctx: &Ctx, id: Uuid) -> Result<Saved> {
        let reader = Reader::of(self.db(), ctx).await?;
        let row = self.saved_row(self.db().read(), ctx, &reader, id).await?;
        let views = self.saved_views(ctx, &reader, vec![row]).await?;
        views.into_iter().next().ok_or_else(|| Error::NotFound(format!("report {id}")))
    }

    async fn saved_views(&self, ctx: &Ctx, reader: &Reader, rows: Vec<Row>) -> Result<Vec<Saved>> {
        let people = kept::owners(self.db(), ctx, rows.iter().map(|row| row.owner)).await?;
        let view = |row: Row| Saved {
            id: row.id,
            version: row.version,
            name: row.name,
            description: row.description,
            kind: row.kind,
            config: row.config,
            chart: row.chart,
            mine: row.owner == reader.user,
            may_edit: reader.may_edit(Some(row.owner), &row.shared),
            shared: row.shared,
            owner: kept::owner(&people, row.owner),
            created_at: row.created_at,
            updated_at: row.updated_at,
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// Saves a report.
    ///
    /// # Errors
    /// `Denied`; `report.invalid` naming `name`, `description`, `config`, `chart` or `shared`; conflict `report.too_many`.
    pub async fn save_report(&self, ctx: &Ctx, new: &NewSaved) -> Result<Saved> {
        let reader = Reader::of(self.db(), ctx).await?;
        let name = checked_name("name", &new.name)?;
        checked_description(&new.description)?;
        self.check_config(ctx, new.kind, &new.config).await?;
        checked_json("chart", &new.chart, MAX_CHART)?;
        new.shared.check(self.db().read(), ctx, &Sharing::default()).await?;
        let row = NewRow {
            name: &name,
            description: &new.description,
            kind: new.kind,
            config: &new.config,
            chart: &new.chart,
            shared: &new.shared,
        };
        let tx = self.db().begin().await?;
        let id = store::insert(&tx, ctx, reader.user, &row).await?;
        audit::record(&tx, ctx, "report.saved", &id.to_string(), json!({"name": name, "shared": new.shared})).await?;
        tx.commit().await?;
        self.saved_report(ctx, id).await
    }

    /// Changes a saved report over the version that was seen.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; `report.invalid`, also naming `If-Match`; conflict `report.conflict` with the present version.
    pub async fn change_saved(&self, ctx: &Ctx, id: Uuid, change: &SavedChange, seen: Option<i64>) -> Result<Saved> {
        let reader = Reader::of(self.db(), ctx).await?;
        if let Some(config) = &change.config {
            let kind = self.saved_row(self.db().read(), ctx, &reader, id).await?.kind;
            self.check_config(ctx, kind, config).await?;
        }
        let tx = self.db().begin().await?;
        let row = self.saved_row(&tx, ctx, &reader, id).await?;
        if !reader.edits(Some(row.owner), &row.shared) {
            return Err(Error::Denied("action"));
        }
        let seen = seen_version(seen)?;
        let mut update = Query::update().table(SAVED).to_owned();
        if let Some(name) = &change.name {
            update.value("name", checked_name("name", name)?);
        }
        if let Some(description) = &change.description {
            checked_description(description)?;
            update.value("description", description.as_str());
        }
        if let Some(config) = &change.config {
            update.value("config", config.clone());
        }
        if let Some(chart) = &change.chart {
            checked_json("chart", chart, MAX_CHART)?;
            update.value("chart", chart.clone());
        }
        if let Some(shared) = &change.shared {
            shared.check(&tx, ctx, &row.shared).await?;
            update.value("shared", json!(shared)).value("is_shared", shared.is_any());
        }
        kept::change(&tx, ctx, update, (id, seen, row.version)).await?;
        if let Some(shared) = change.shared.as_ref().filter(|shared| **shared != row.shared) {
            audit::record(&tx, ctx, "report.shared", &id.to_string(), json!({ "shared": shared })).await?;
        }
        tx.commit().await?;
        self.saved_report(ctx, id).await
    }

    /// Removes a saved report with its schedules.
    ///
    /// # Errors
    /// `NotFound`, `Denied`.
    pub async fn remove_saved(&self, ctx: &Ctx, id: Uuid) -> Result<()> {
        let reader = Reader::of(self.db(), ctx).await?;
        let tx = self.db().begin().await?;
        let row = self.saved_row(&tx, ctx, &reader, id).await?;
        if !reader.edits(Some(row.owner), &row.shared) {
            return Err(Error::Denied("action"));
        }
        store::remove(&tx, id).await?;
        audit::record(&tx, ctx, "report.removed", &id.to_string(), json!({ "name": row.name })).await?;
        Ok(tx.commit().await?)
    }

    /// Asks a saved report, with what is said over it.
    ///
    /// # Errors
    /// `NotFound`; those of its kind.
    pub async fn run_saved(&self, ctx: &Ctx, id: Uuid, run: &RunInput) -> Result<(String, Outcome)> {
        let reader = Reader::of(self.db(), ctx).await?;
        let row = self.saved_row(self.db().read(), ctx, &reader, id).await?;
        let question = Question::read(row.kind, &row.config)?.under(run);
        Ok((row.name, self.answer(ctx, &question).await?))
    }
}
