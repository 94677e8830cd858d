//! Choosing the header of a file that was taken in, and what stands in its columns.

use std::collections::HashMap;
use std::sync::Arc;

use kernel::{Ctx, Error, Result};
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use super::convert::{self, Plan};
use super::model::{ColumnValue, ColumnValues, Header, TopRow};
use super::problem::Problem;
use super::source::{ReadError, head, spool};
use super::store::{self, Stored};
use super::suggest::{self, Mapped};
use super::{Column, Import, Imports, State, may_import, spool_in, wrong_state};

/// Characters shown of a cell of the first rows.
const SHOWN: usize = 60;
/// Columns shown of them.
const WIDE: usize = 30;
/// Different values counted; what comes after them is not.
const COUNTED: usize = 10_000;
/// Different values told.
const TOLD: usize = 200;
/// Characters of a value that may be given a meaning.
const LONG: usize = 300;

impl Imports {
    /// Says which rows name the columns. The mapping is suggested anew.
    ///
    /// # Errors
    /// `NotFound`, `import.state`, `import.invalid` (field `header`).
    pub async fn set_header(&self, ctx: &Ctx, id: Uuid, header: Header) -> Result<Import> {
        let seen = store::find(self.records.db().read(), ctx, id).await?;
        may_import(ctx, &seen.entity)?;
        let wrong = |problem: Problem| problem.into_error("header", ctx.locale);
        if seen.settings.head.skip == 0 {
            return Err(wrong(Problem::new("header_old")));
        }
        let spool = self.spool_of(&seen).await.ok_or_else(|| wrong(Problem::new("file_missing")))?;
        let all = seen.settings.head.all;
        let slot = self.slot().await?;
        let reading = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            let top = head::top(&spool)?;
            let places = head::places(&top, header.first, header.last).ok_or_else(|| Problem::new("header"))?;
            head::read(&spool, &top, all, places)
        });
        let read = reading.await.map_err(Error::internal)?.map_err(|error| match error {
            ReadError::Refused(problem) => wrong(problem),
            ReadError::Io(error) => Error::internal(error),
        })?;
        let def = &*self.records.entity(ctx, &seen.entity).await?;
        let tx = self.records.db().begin().await?;
        let mut import = store::find_locked(&tx, ctx, id).await?;
        if import.batch.is_some() || !matches!(import.state, State::Uploaded | State::Checked | State::Failed) {
            return Err(wrong_state());
        }
        import.mapping = suggest::suggest(def, &ctx.rights, &read.called);
        let columns = read.columns.into_iter().enumerate();
        import.columns = columns.map(|(index, (name, samples))| Column { index, name, samples }).collect();
        import.settings.head = read.head;
        import.total = read.rows;
        import.begin_anew();
        import.state = State::Uploaded;
        import.problem = None;
        store::forget_refusals(&tx, id).await?;
        store::update_columns(&tx, &import).await?;
        store::update(&tx, &import).await?;
        tx.commit().await?;
        self.get(ctx, id).await
    }

    /// The different values of a column, the most frequent first, with what they mean in a field.
    ///
    /// # Errors
    /// `NotFound`; `import.invalid` (fields `column`, `field`).
    pub async fn values(&self, ctx: &Ctx, id: Uuid, column: usize, field: Option<&str>) -> Result<ColumnValues> {
        let import = store::find(self.records.db().read(), ctx, id).await?;
        may_import(ctx, &import.entity)?;
        let wrong = |field: &str, code| Problem::new(code).into_error(field, ctx.locale);
        if column >= import.columns.len() {
            return Err(wrong("column", "column_unknown"));
        }
        let catalogue = self.records.catalogue_of(ctx).await?;
        let def = catalogue.find(&import.entity).ok_or_else(|| Error::NotFound(format!("import {id}")))?;
        let field = field.map(str::to_owned).or_else(|| {
            import.mapping.iter().find(|entry| entry.column == column).and_then(|entry| entry.field.clone())
        });
        let mapping = vec![Mapped { column, field, values: Vec::new() }];
        if mapping.iter().any(|entry| entry.field.is_some()) {
            convert::check_mapping(def, &ctx.rights, import.columns.len(), &mapping)
                .map_err(|(_, problem)| problem.into_error("field", ctx.locale))?;
        }
        let plan = Plan::load(&self.records, ctx, &catalogue, def, &import.columns, &mapping, false).await?;
        let spool = self.spool_of(&import).await.ok_or_else(|| wrong("column", "file_missing"))?;
        let (skip, list) = (import.settings.head.skip, plan.is_list());
        let slot = self.slot().await?;
        let counting = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            counted(&spool, skip, column, list)
        });
        let (counts, more) = counting.await.map_err(Error::internal)?.map_err(Error::internal)?;
        let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
        counts.sort_by(|(a, many), (b, more)| more.cmp(many).then_with(|| a.cmp(b)));
        let more = more || counts.len() > TOLD;
        let told = counts.into_iter().take(TOLD);
        let items = told.map(|(value, rows)| ColumnValue { to: plan.meaning(&value), value, rows }).collect();
        Ok(ColumnValues { items, more, choices: plan.offered(&catalogue, ctx.locale) })
    }

    /// Leave to read a whole file.
    async fn slot(&self) -> Result<OwnedSemaphorePermit> {
        Arc::clone(&self.readers).acquire_owned().await.map_err(Error::internal)
    }

    /// The spool of an import that still has one.
    pub(super) async fn spool_of(&self, import: &Stored) -> Option<std::path::PathBuf> {
        let path = spool_in(&self.dir.join(import.id.to_string()));
        tokio::fs::try_exists(&path).await.unwrap_or(false).then_some(path)
    }

    /// The first rows of the file; none once it is gone.
    pub(super) async fn top(&self, import: &Stored) -> Vec<TopRow> {
        if import.settings.head.skip == 0 {
            return Vec::new();
        }
        let Some(spool) = self.spool_of(import).await else { return Vec::new() };
        let rows = tokio::task::spawn_blocking(move || head::top(&spool)).await;
        let cut = |cell: &String| cell.trim().chars().take(SHOWN).collect();
        let shown = |row: spool::Row| TopRow { row: row.number, cells: row.cells.iter().take(WIDE).map(cut).collect() };
        rows.ok().and_then(std::io::Result::ok).unwrap_or_default().into_iter().map(shown).collect()
    }
}

/// How many rows have each value; whether there are more than are counted.
fn counted(
    path: &std::path::Path,
    skip: u64,
    column: usize,
    list: bool,
) -> std::io::Result<(HashMap<String, u64>, bool)> {
    let (mut counts, mut more): (HashMap<String, u64>, bool) = (HashMap::new(), false);
    for row in spool::rows(path, skip)? {
        let row = row?;
        let cell = row.cells.get(column).map_or("", |cell| cell.trim());
        let items = if list { convert::items(cell) } else { vec![cell.to_owned()] };
        for item in items.into_iter().filter(|item| !item.is_empty()) {
            let room = counts.len() < COUNTED && item.chars().count() <= LONG;
            match counts.get_mut(&item) {
                Some(count) => *count += 1,
                None if room => drop(counts.insert(item, 1)),
                None => more = true,
            }
        }
    }
    Ok((counts, more))
}
