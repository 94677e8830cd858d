//! `documents`: papers of records by templates of the company, papers of the plugin's own data by templates of its package,
//! workbooks. A paper of a record shows whatever its maker sees of it, so the permission names entities of its own: it is
//! more than the fields that the plugin may read. What the plugin's own templates show they are given by the plugin.

use std::collections::BTreeMap;
use std::sync::Arc;

use ::documents::{DocumentInput, Documents, Made, MadeState, Paper, TemplateKind};
use chrono::{Datelike, NaiveDate};
use kernel::access::{AccessRow, Action, Rights, RoleRights, RowKind};
use kernel::{Ctx, Error, Locale, RecordId, Timestamp};
use records::Catalogue;
use reports::{Cell, Table, workbook};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{Caller, State, host_error_in, id_from_wit, object};
use crate::bindings::types::{HostError, Invalid};
use crate::bindings::verstak::documents::documents as wit;
use crate::manifest::check::{fail, text};
use crate::manifest::permissions::{Grant, Part, Permission};
use crate::manifest::{ManifestError, Text};
use crate::registry::Running;

/// Bytes of an answer: a table of 2,500 lines, or so.
const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// Bytes of the data of a paper.
const MAX_DATA: usize = 512 * 1024;
/// Entities of a manifest.
const MAX_ENTITIES: usize = 50;
/// Sheets of a workbook.
const MAX_SHEETS: usize = 20;
/// Columns of a sheet.
const MAX_COLUMNS: usize = 100;
/// Cells of a workbook, heads among them.
const MAX_CELLS: usize = 100_000;
/// Characters of what a column is called.
const MAX_HEAD: usize = 255;
/// Records beside the named ones that stand on papers: whom they are for.
const SHOWN: [&str; 2] = ["company", "contact"];

/// What the manifest says: `[permissions.documents]`.
pub(crate) const PART: Part = Part::of::<DocumentsPermission>("documents");

/// What may be done with papers of an entity's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PaperAct {
    /// Takes what stands on them.
    Draw,
    /// Keeps them among the files of their record.
    Keep,
}

impl PaperAct {
    const fn name(self) -> &'static str {
        match self {
            Self::Draw => "draw",
            Self::Keep => "keep",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentsPermission {
    /// By entity.
    #[serde(default)]
    pub(crate) entities: BTreeMap<String, Vec<PaperAct>>,
    /// Whether it makes papers and workbooks of its own data.
    #[serde(default)]
    own: bool,
    /// Shown to the admin who grants it.
    #[serde(default)]
    reason: Text,
}

impl Permission for DocumentsPermission {
    fn check(&self) -> Result<(), ManifestError> {
        text("permissions.documents.reason", &self.reason)?;
        if self.entities.len() > MAX_ENTITIES || (self.entities.is_empty() && !self.own) {
            let problem = format!("name 1 to {MAX_ENTITIES} entities, or say `own = true`");
            return fail("permissions.documents.entities", problem);
        }
        match self.entities.iter().find(|(_, acts)| acts.is_empty()) {
            Some((entity, _)) => fail(format!("permissions.documents.entities.{entity}"), "name `draw` or `keep`"),
            None => Ok(()),
        }
    }

    fn grants(&self, catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant> {
        let name = |entity: &String| match catalogue {
            Some(catalogue) => catalogue.entity_name(entity, locale),
            None => entity.clone(),
        };
        let one = |(entity, acts): (&String, &Vec<PaperAct>)| {
            let acts: Vec<&str> = acts.iter().map(|act| words(locale, *act)).collect();
            format!("{}: {}", name(entity), acts.join(", "))
        };
        let (title, own) = match locale {
            Locale::En => ("Papers by templates. ", "papers and workbooks of its own data"),
            Locale::Ru => ("Документы по шаблонам. ", "документы и таблицы из собственных данных"),
            Locale::Uk => ("Документи за шаблонами. ", "документи й таблиці з власних даних"),
        };
        let own = self.own.then(|| own.to_owned());
        let parts: Vec<String> = self.entities.iter().map(one).chain(own).collect();
        let acts = self
            .entities
            .iter()
            .flat_map(|(entity, acts)| acts.iter().map(move |act| format!("{entity}:{}", act.name())));
        vec![Grant {
            key: PART.name.to_owned(),
            title: title.to_owned() + &parts.join("; "),
            reason: self.reason.clone(),
            scope: acts.chain(self.own.then(|| "own:data".to_owned())).collect(),
        }]
    }
}

const fn words(locale: Locale, act: PaperAct) -> &'static str {
    match (locale, act) {
        (Locale::En, PaperAct::Draw) => "reads everything that stands on them",
        (Locale::En, PaperAct::Keep) => "keeps them among the files of the record",
        (Locale::Ru, PaperAct::Draw) => "читает всё, что в них стоит",
        (Locale::Ru, PaperAct::Keep) => "сохраняет их среди файлов записи",
        (Locale::Uk, PaperAct::Draw) => "читає все, що в них стоїть",
        (Locale::Uk, PaperAct::Keep) => "зберігає їх серед файлів запису",
    }
}

/// The rights of a plugin that acts as itself: on every record of the entities, what their papers need.
fn own_rights(plugin: &Running) -> Rights {
    let permission = plugin.manifest().permissions.part::<DocumentsPermission>();
    let named = permission.into_iter().flat_map(|permission| permission.entities.keys().map(String::as_str));
    let row = |entity: &str| AccessRow {
        kind: RowKind::Permission,
        entity: entity.to_owned(),
        actions: [Action::Read].into_iter().collect(),
        filter: None,
        covers: None,
    };
    let rows = named.chain(SHOWN).map(row).collect();
    Rights::of_roles(&[RoleRights { rows, ..RoleRights::default() }])
}

/// What became of a paper, in words that a plugin may pass on. Where too many are made at once it may ask again.
fn told(locale: Locale, error: &Error) -> HostError {
    match error {
        Error::Limited { .. } => HostError::Unavailable("too many papers are made at this moment".to_owned()),
        error => host_error_in(locale, error),
    }
}

fn invalid(text: impl Into<String>) -> HostError {
    HostError::Invalid(Invalid { text: text.into(), fields: Vec::new() })
}

/// What is asked for, as the service of papers takes it.
fn input(order: wit::Order) -> Result<DocumentInput, HostError> {
    let (template, own) = match order.template {
        wit::Template::Usual => (None, None),
        wit::Template::Product(key) => {
            let missing = || HostError::NotFound(format!("the product has no template `{key:.100}`"));
            (Some(Paper::of(&key).ok_or_else(missing)?), None)
        }
        wit::Template::Company(id) => (None, Some(id_from_wit::<Uuid>(&id)?)),
    };
    let language = |code: String| code.parse::<Locale>().map_err(|problem| invalid(format!("locale: {problem:.100}")));
    let locale = order.locale.map(language).transpose()?;
    let id = id_from_wit::<Uuid>(&order.record)?;
    Ok(DocumentInput { template, own, entity: order.entity, id, locale, format: None })
}

const fn format_of(kind: TemplateKind) -> wit::Format {
    match kind {
        TemplateKind::Typ => wit::Format::Pdf,
        TemplateKind::Docx => wit::Format::Docx,
    }
}

/// A paper that is not too large to be answered.
fn paper(bytes: Vec<u8>, format: wit::Format) -> Result<wit::Paper, HostError> {
    if bytes.len() > MAX_ANSWER {
        return Err(HostError::Limit(format!("the paper has more than {} KiB", MAX_ANSWER / 1024)));
    }
    Ok(wit::Paper { format, bytes })
}

fn kept(made: Made) -> wit::Kept {
    wit::Kept {
        id: made.id.to_string(),
        file: made.file.to_string(),
        name: made.file_name,
        sha256: made.sha256.unwrap_or_default(),
        locale: made.locale.code().to_owned(),
        created_at: made.created_at.micros(),
    }
}

/// Where a call of the interface acts.
struct Door {
    caller: Caller,
    ctx: Ctx,
    documents: Documents,
}

impl Door {
    fn permission(&self) -> Option<&DocumentsPermission> {
        self.caller.plugin.manifest().permissions.part::<DocumentsPermission>()
    }

    /// Passes what may be done with papers of an entity's records; none: anything.
    fn may(&self, entity: &str, act: Option<PaperAct>) -> Result<(), HostError> {
        let acts = self.permission().and_then(|permission| permission.entities.get(entity));
        let allows = |acts: &Vec<PaperAct>| act.is_none_or(|act| acts.contains(&act));
        if acts.is_some_and(allows) {
            return Ok(());
        }
        let what = act.map_or("read", PaperAct::name);
        Err(HostError::Denied(format!("the permission `documents` does not let it {what} papers of `{entity:.100}`")))
    }

    /// Passes what is made of the plugin's own data.
    fn may_own(&self) -> Result<(), HostError> {
        let denied = || HostError::Denied("the permission `documents` does not say `own = true`".to_owned());
        if self.permission().is_some_and(|permission| permission.own) { Ok(()) } else { Err(denied()) }
    }

    fn told(&self, error: &Error) -> HostError {
        told(self.ctx.locale, error)
    }
}

type Answer<T> = wasmtime::Result<Result<T, HostError>>;

impl wit::Host for State {
    async fn templates(&mut self, entity: String) -> Answer<Vec<wit::Choice>> {
        self.enter()?;
        Ok(self.choices(&entity).await)
    }

    async fn draw(&mut self, order: wit::Order) -> Answer<wit::Paper> {
        self.enter()?;
        Ok(self.draw_paper(order).await)
    }

    async fn keep(&mut self, order: wit::Order) -> Answer<wit::Kept> {
        self.enter()?;
        Ok(self.keep_paper(order).await)
    }

    async fn of_record(&mut self, entity: String, record: String) -> Answer<Vec<wit::Kept>> {
        self.enter()?;
        Ok(self.papers_of(&entity, &record).await)
    }

    async fn compose(&mut self, template: String, data: String) -> Answer<wit::Paper> {
        self.enter()?;
        Ok(self.compose_paper(&template, &data).await)
    }

    async fn workbook(&mut self, sheets: Vec<wit::Sheet>) -> Answer<wit::Paper> {
        self.enter()?;
        Ok(self.make_workbook(sheets).await)
    }
}

impl State {
    fn papers_door(&self, writes: bool) -> Result<Door, HostError> {
        let caller = if writes { self.writes(PART.name)? } else { self.granted(PART.name)? };
        let documents = caller.services.documents.get().cloned();
        let documents = documents.ok_or_else(|| HostError::Unavailable("this process makes no papers".to_owned()))?;
        let mut ctx = caller.own_ctx();
        if caller.is_itself() {
            ctx.rights = Arc::new(own_rights(&caller.plugin));
        }
        Ok(Door { caller, ctx, documents })
    }

    /// Counts a paper that is to be made.
    fn take_paper(&mut self) -> Result<(), HostError> {
        let most = self.budget.papers;
        if self.papers >= most {
            return Err(HostError::Limit(format!("more than {most} papers in one call")));
        }
        self.papers += 1;
        self.take_rows(1)
    }

    async fn choices(&mut self, entity: &str) -> Result<Vec<wit::Choice>, HostError> {
        let door = self.papers_door(false)?;
        door.may(entity, None)?;
        let own = door.documents.own_templates(&door.ctx).await.map_err(|error| door.told(&error))?;
        let ours = door.documents.templates(&door.ctx).await.map_err(|error| door.told(&error))?;
        let own = own.into_iter().filter(|one| one.entity == entity).map(|one| wit::Choice {
            template: wit::Template::Company(one.id.to_string()),
            title: one.title,
            format: format_of(one.kind),
            usual: one.usual,
        });
        let fitting = |of: &[&'static str]| of.contains(&entity);
        let ours = ours.into_iter().filter(|one| fitting(&one.entities)).map(|one| wit::Choice {
            template: wit::Template::Product(one.key.key().to_owned()),
            title: one.title,
            format: wit::Format::Pdf,
            usual: false,
        });
        let all: Vec<wit::Choice> = own.chain(ours).collect();
        self.take_rows(all.len())?;
        Ok(all)
    }

    async fn draw_paper(&mut self, order: wit::Order) -> Result<wit::Paper, HostError> {
        let door = self.papers_door(false)?;
        door.may(&order.entity, Some(PaperAct::Draw))?;
        let input = input(order)?;
        self.take_paper()?;
        let drawn = door.documents.preview(&door.ctx, &input).await;
        let (bytes, kind) = drawn.map_err(|error| door.told(&error))?;
        paper(bytes, format_of(kind))
    }

    async fn keep_paper(&mut self, order: wit::Order) -> Result<wit::Kept, HostError> {
        let door = self.papers_door(true)?;
        door.may(&order.entity, Some(PaperAct::Keep))?;
        let input = input(order)?;
        self.take_paper()?;
        // Begun, it is made to its end even where the call is over before: no file stands without its paper.
        let (documents, ctx) = (door.documents.clone(), door.ctx.clone());
        let making = tokio::spawn(async move { documents.make(&ctx, &input).await });
        let made = match making.await {
            Ok(made) => made,
            Err(error) => Err(Error::internal(error)),
        };
        made.map(kept).map_err(|error| door.told(&error))
    }

    async fn papers_of(&mut self, entity: &str, record: &str) -> Result<Vec<wit::Kept>, HostError> {
        let door = self.papers_door(false)?;
        door.may(entity, None)?;
        let record = RecordId(id_from_wit(record)?);
        let found = door.documents.list(&door.ctx, entity, record).await.map_err(|error| door.told(&error))?;
        let found: Vec<wit::Kept> = found.into_iter().filter(|made| made.state == MadeState::Kept).map(kept).collect();
        self.take_rows(found.len())?;
        Ok(found)
    }

    async fn compose_paper(&mut self, template: &str, data: &str) -> Result<wit::Paper, HostError> {
        let door = self.papers_door(false)?;
        door.may_own()?;
        if data.len() > MAX_DATA {
            return Err(HostError::Limit(format!("data: more than {} KiB", MAX_DATA / 1024)));
        }
        let data = object("data", data)?;
        let missing = || HostError::NotFound(format!("the package has no file `{template:.100}` in `data/`"));
        let source = door.caller.plugin.version.data.get(template).ok_or_else(missing)?;
        self.take_paper()?;
        let composed = door.documents.compose(&door.ctx, template, source, data).await;
        let (bytes, kind) = composed.map_err(|error| door.told(&error))?;
        paper(bytes, format_of(kind))
    }

    async fn make_workbook(&mut self, sheets: Vec<wit::Sheet>) -> Result<wit::Paper, HostError> {
        let door = self.papers_door(false)?;
        door.may_own()?;
        bounded(&sheets)?;
        self.take_paper()?;
        let speaker = Speaker { ctx: door.ctx.clone() };
        let tables = sheets.into_iter().map(|sheet| speaker.table(sheet)).collect::<Result<Vec<_>, HostError>>()?;
        let turn = door.documents.turn(&door.ctx).await.map_err(|error| door.told(&error))?;
        let made = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let named: Vec<(&str, &Table)> = tables.iter().map(|(name, table)| (name.as_str(), table)).collect();
            workbook(&named)
        });
        let made = match made.await {
            Ok(made) => made,
            Err(error) => Err(Error::internal(error)),
        };
        paper(made.map_err(|error| door.told(&error))?, wit::Format::Xlsx)
    }
}

/// Passes sheets that are neither too many nor too large.
fn bounded(sheets: &[wit::Sheet]) -> Result<(), HostError> {
    if sheets.is_empty() {
        return Err(invalid("sheets: there is none"));
    }
    if sheets.len() > MAX_SHEETS {
        return Err(HostError::Limit(format!("more than {MAX_SHEETS} sheets")));
    }
    let mut cells = 0_usize;
    for sheet in sheets {
        let columns = sheet.head.len();
        if columns == 0 || columns > MAX_COLUMNS {
            return Err(invalid(format!("head: must have 1 to {MAX_COLUMNS} columns")));
        }
        if sheet.head.iter().any(|name| name.chars().count() > MAX_HEAD) {
            return Err(invalid(format!("head: a name has more than {MAX_HEAD} characters")));
        }
        if sheet.rows.iter().any(|row| row.len() > columns) {
            return Err(invalid("rows: a line is longer than the head"));
        }
        // A line without cells is a line all the same.
        cells = cells.saturating_add(columns.saturating_mul(sheet.rows.len().saturating_add(1)));
    }
    match cells > MAX_CELLS {
        true => Err(HostError::Limit(format!("more than {MAX_CELLS} cells"))),
        false => Ok(()),
    }
}

/// Writes values as cells, in the words and the time zone of whoever acts.
struct Speaker {
    ctx: Ctx,
}

impl Speaker {
    fn table(&self, sheet: wit::Sheet) -> Result<(String, Table), HostError> {
        let line = |row: Vec<wit::Value>| -> Result<Vec<Cell>, HostError> {
            row.into_iter().map(|value| self.cell(value)).collect()
        };
        let rows = sheet.rows.into_iter().map(line).collect::<Result<Vec<_>, HostError>>()?;
        Ok((sheet.name, Table { head: sheet.head, rows }))
    }

    fn cell(&self, value: wit::Value) -> Result<Cell, HostError> {
        let plain = |value: Json, kind: &str| Cell::of(Some(&value), kind, self.ctx.locale, str::to_owned);
        Ok(match value {
            wit::Value::Null => Cell::None,
            wit::Value::Boolean(yes) => plain(json!(yes), "boolean"),
            wit::Value::Integer(number) => plain(json!(number), "integer"),
            wit::Value::Number(number) => plain(json!(number), "decimal"),
            wit::Value::Decimal(text) => Cell::Number(amount(&text)?),
            wit::Value::Money(money) => Cell::Money(amount(&money.amount)?),
            wit::Value::Date(text) => day(text)?,
            wit::Value::Instant(micros) => {
                let at = Timestamp(micros).utc().with_timezone(&self.ctx.zone);
                Cell::Text(at.format("%Y-%m-%d %H:%M").to_string())
            }
            wit::Value::Text(text) | wit::Value::Time(text) | wit::Value::Id(text) | wit::Value::Json(text) => {
                Cell::Text(text)
            }
            wit::Value::Texts(many) | wit::Value::Ids(many) => Cell::Text(many.join(", ")),
            wit::Value::Multi(many) => Cell::Text(many.into_iter().map(|one| one.value).collect::<Vec<_>>().join(", ")),
        })
    }
}

/// A decimal number as spreadsheets keep it.
fn amount(text: &str) -> Result<f64, HostError> {
    let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| invalid(format!("rows: `{text:.100}` is not a number")))
}

/// A day; one before the days that spreadsheets know stays as it is written.
fn day(text: String) -> Result<Cell, HostError> {
    let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d");
    let day = day.map_err(|_| invalid(format!("rows: `{text:.100}` is not a date")))?;
    Ok(if (1900..=9999).contains(&day.year()) { Cell::Day(day) } else { Cell::Text(text) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(columns: usize, rows: Vec<Vec<wit::Value>>) -> wit::Sheet {
        wit::Sheet { name: "One".to_owned(), head: vec!["x".to_owned(); columns], rows }
    }

    #[track_caller]
    fn refused(sheets: &[wit::Sheet], words: &str) {
        let said = format!("{:?}", bounded(sheets).unwrap_err());
        assert!(said.contains(words), "{said}");
    }

    #[test]
    fn sheets_are_bounded() {
        bounded(&[sheet(2, vec![vec![], vec![wit::Value::Null]])]).unwrap();
        refused(&[], "there is none");
        refused(&vec![sheet(1, Vec::new()); MAX_SHEETS + 1], "more than 20 sheets");
        refused(&[sheet(0, Vec::new())], "1 to 100 columns");
        refused(&[sheet(MAX_COLUMNS + 1, Vec::new())], "1 to 100 columns");
        refused(&[sheet(1, vec![vec![wit::Value::Null, wit::Value::Null]])], "longer than the head");
        refused(&[sheet(100, vec![Vec::new(); 1_000])], "more than 100000 cells");
        let long = wit::Sheet { head: vec!["x".repeat(MAX_HEAD + 1)], ..sheet(1, Vec::new()) };
        refused(&[long], "more than 255 characters");
    }

    #[test]
    fn numbers_and_days_are_what_they_are() {
        assert_eq!(amount(" 12.50 ").unwrap(), 12.5);
        for wrong in ["", "NaN", "inf", "1e999", "a lot", "1,5"] {
            assert!(format!("{:?}", amount(wrong).unwrap_err()).contains("is not a number"), "{wrong}");
        }
        assert_eq!(day("2026-03-16".to_owned()).unwrap(), Cell::Day(NaiveDate::from_ymd_opt(2026, 3, 16).unwrap()));
        assert_eq!(day("1799-01-01".to_owned()).unwrap(), Cell::Text("1799-01-01".to_owned()));
        assert!(day("2026-02-30".to_owned()).is_err());
    }
}
