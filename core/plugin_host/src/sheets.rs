//! What a company holds of a plugin as a workbook that people open: a sheet of each of its entities and of its fields on other
//! records, in the words of whoever asks. Everything, keys and settings too, is in the lines of `export`.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Ctx, Error, Locale, Result};
use people::require_admin;
use records::catalogue::declared::{Holdings, Sheet, SheetColumn};
use records::read::Refs;
use reports::{Cell, Table, workbook};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::PluginHost;

/// Records of a workbook, all sheets together: it is made in memory.
const MAX_RECORDS: usize = 100_000;

/// A sheet and what stands on it.
struct Filled {
    sheet: Sheet,
    records: Vec<Map<String, Json>>,
}

impl PluginHost {
    /// What the company holds of a plugin as a workbook (administrators), up to 100,000 records.
    ///
    /// # Errors
    /// `Denied`; `NotFound` where it holds nothing; conflict `plugin.export_too_large`: then there are the lines of
    /// [`Self::export`].
    pub async fn workbook(&self, ctx: &Ctx, plugin: &str) -> Result<Vec<u8>> {
        require_admin(ctx)?;
        let holdings = self.inner.services.records.holdings(ctx, plugin).await?;
        if holdings.is_empty() {
            return Err(Error::NotFound(format!("records of plugin {plugin} in this company")));
        }
        // What is taken away is noted as with the lines.
        self.export(ctx, plugin).await?;
        let filled = self.filled(ctx, &holdings).await?;
        let names = self.names(ctx, &filled).await?;
        let locale = ctx.locale;
        let made = tokio::task::spawn_blocking(move || {
            let tables: Vec<Table> = filled.iter().map(|one| table(one, &names, locale)).collect();
            let sheets: Vec<(&str, &Table)> =
                filled.iter().zip(&tables).map(|(one, table)| (one.sheet.name.as_str(), table)).collect();
            workbook(&sheets)
        });
        made.await.map_err(Error::internal)?
    }

    async fn filled(&self, ctx: &Ctx, holdings: &Holdings) -> Result<Vec<Filled>> {
        let (mut all, mut room) = (Vec::new(), MAX_RECORDS);
        for index in 0..holdings.len() {
            let Some(sheet) = holdings.sheet(index, ctx.locale) else { continue };
            let (mut records, mut after) = (Vec::new(), None);
            loop {
                let page = self.inner.services.records.held(ctx, holdings, index, after).await?;
                let too_large = || Error::Conflict { code: "plugin.export_too_large", current: None };
                room = room.checked_sub(page.rows.len()).ok_or_else(too_large)?;
                records.extend(page.rows.into_iter().filter_map(fields));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            all.push(Filled { sheet, records });
        }
        Ok(all)
    }

    /// What ids are called: of people, of records of the product as far as they are seen, and of the plugin's own, which may
    /// be put away.
    async fn names(&self, ctx: &Ctx, all: &[Filled]) -> Result<BTreeMap<String, String>> {
        let mut wanted: BTreeMap<&str, BTreeSet<Uuid>> = BTreeMap::new();
        for (column, value) in all.iter().flat_map(values) {
            let ids = texts(value).filter_map(|text| Uuid::parse_str(text).ok());
            let ids: Vec<Uuid> = ids.collect();
            for target in &column.targets {
                wanted.entry(target.as_str()).or_default().extend(&ids);
            }
        }
        let mut refs = Refs::new();
        for (target, ids) in wanted {
            let ids: Vec<Uuid> = ids.into_iter().collect();
            self.inner.services.records.titles(ctx, target, &ids, &mut refs).await?;
        }
        let mut names: BTreeMap<String, String> =
            refs.into_iter().map(|(id, named)| (id.to_string(), named.title)).collect();
        for record in all.iter().flat_map(|one| &one.records) {
            if let Some((id, title)) = text(record, "id").zip(text(record, "title")) {
                names.entry(id.to_owned()).or_insert_with(|| title.to_owned());
            }
        }
        Ok(names)
    }
}

/// The fields of a line of the export, its id among them.
fn fields(line: Json) -> Option<Map<String, Json>> {
    let Json::Object(mut line) = line else { return None };
    let id = line.remove("id")?;
    let Some(Json::Object(mut fields)) = line.remove("fields") else { return None };
    fields.insert("id".to_owned(), id);
    Some(fields)
}

fn text<'a>(record: &'a Map<String, Json>, key: &str) -> Option<&'a str> {
    record.get(key).and_then(Json::as_str)
}

/// Values of columns that point to something.
fn values(one: &Filled) -> impl Iterator<Item = (&SheetColumn, &Json)> {
    let pointing = one.sheet.columns.iter().filter(|column| !column.targets.is_empty());
    pointing
        .flat_map(move |column| one.records.iter().filter_map(move |record| Some((column, record.get(&column.key)?))))
}

/// A text, or those of a list.
fn texts(value: &Json) -> impl Iterator<Item = &str> {
    let many = value.as_array().into_iter().flatten().filter_map(Json::as_str);
    value.as_str().into_iter().chain(many)
}

/// Columns that nobody has filled are left out.
fn table(one: &Filled, names: &BTreeMap<String, String>, locale: Locale) -> Table {
    let used = |column: &&SheetColumn| one.records.iter().any(|record| record.contains_key(&column.key));
    let columns: Vec<&SheetColumn> = one.sheet.columns.iter().filter(used).collect();
    let cells = |record: &Map<String, Json>| {
        let id = Cell::Text(text(record, "id").unwrap_or_default().to_owned());
        let cell = |column: &&SheetColumn| {
            let named =
                |key: &str| column.choices.get(key).or_else(|| names.get(key)).map_or(key, String::as_str).to_owned();
            Cell::of(record.get(&column.key), column.kind.name(), locale, named)
        };
        columns.iter().map(cell).chain([id]).collect()
    };
    let head = columns.iter().map(|column| column.label.clone()).chain(["ID".to_owned()]);
    Table { head: head.collect(), rows: one.records.iter().map(cells).collect() }
}
