//! Directories as administrators make and change them: without a restart, seen by the next operation, by other nodes within
//! two seconds. What records have goes only with an item that takes its place.

use std::collections::{BTreeMap, BTreeSet};

use kernel::db::Tx;
use kernel::error::{FieldError, FieldErrors};
use kernel::jobs::long::{self, LongJob, NewLongJob};
use kernel::{BatchId, Ctx, Error, Locale, Result, audit};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::settle::{self, Task};
use super::users::{self, Bound};
use super::{Directory, Item, ItemInput, MAX_DIRECTORIES, MAX_ITEMS, checked, kept};
use crate::catalogue::change::{INVALID, free_key, worded};
use crate::catalogue::store::touch;
use crate::catalogue::{Catalogue, Labels};
use crate::{Records, batch};

/// Items that go with one change.
pub(super) const MAX_GOING: usize = 100;
/// Items of a directory, those that were taken away too.
const MAX_EVER: usize = 4 * MAX_ITEMS;
/// Keys that the audit names of one change.
const TOLD: usize = 100;

/// A directory to make.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDirectory {
    /// Its key, `x_` and Latin letters, digits, `_`; made from the name where absent.
    #[serde(default)]
    pub key: Option<String>,
    /// Its name by language.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub label: Labels,
    /// Its items in order, at most 2,000, in trees of at most 5 levels.
    #[serde(default)]
    pub items: Vec<ItemInput>,
}

/// What to change of a directory.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DirectoryPatch {
    /// Its name by language.
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    pub label: Option<Labels>,
    /// Its items: all of them, in order. One that is left out is taken away; of the product's it is archived.
    pub items: Option<Vec<ItemInput>>,
    /// What takes the place of items that go, by key: records and saved views follow.
    pub move_to: BTreeMap<String, String>,
    /// Only says what would be done.
    pub dry_run: bool,
}

/// An item that is taken away.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = DirectoryGoing)]
pub struct Going {
    /// Its key.
    pub item: String,
    /// Its name.
    pub name: String,
    /// Records that have it.
    pub records: i64,
    /// What takes its place, by key.
    pub to: Option<String>,
}

/// What a change does.
#[derive(Debug, Clone, Default)]
pub struct Planned {
    /// Items that go.
    pub going: Vec<Going>,
    /// What names them and has to let go first: `[{kind, key, name}]`.
    pub users: Vec<Json>,
}

/// What became of a change.
#[derive(Debug)]
pub struct Settled {
    /// What it does to records.
    pub planned: Planned,
    /// The undo group of changed records; none where nothing goes, and of a dry run.
    pub batch: Option<BatchId>,
    /// The work on the records.
    pub job: Option<LongJob>,
}

/// A directory with the fields that take their options from it.
#[derive(Debug)]
pub struct Used {
    /// The directory.
    pub directory: Directory,
    /// The fields.
    pub fields: Vec<Bound>,
}

impl Records {
    /// The directories of the company (administrators).
    ///
    /// # Errors
    /// `config.denied`.
    pub async fn directories(&self, ctx: &Ctx) -> Result<Vec<Used>> {
        require(ctx)?;
        let catalogue = self.catalogue(ctx.tenant).await?;
        let all = kept::load(self.db().read(), ctx.tenant).await?;
        let used = |directory: Directory| {
            let fields = users::bound(&catalogue, &directory.key, ctx.locale);
            Used { directory, fields }
        };
        Ok(all.into_iter().filter(|one| !one.removed).map(used).collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// `config.denied`, `NotFound`.
    pub async fn directory(&self, ctx: &Ctx, key: &str) -> Result<Used> {
        require(ctx)?;
        let catalogue = self.catalogue(ctx.tenant).await?;
        let directory = found(kept::load(self.db().read(), ctx.tenant).await?, key, None)?;
        let fields = users::bound(&catalogue, key, ctx.locale);
        Ok(Used { directory, fields })
    }

    /// Makes a directory (administrators).
    ///
    /// # Errors
    /// `config.denied`; `config.invalid` by place.
    pub async fn create_directory(&self, ctx: &Ctx, input: NewDirectory) -> Result<Used> {
        require(ctx)?;
        let label = worded(input.label).map_err(|error| wrong("label", error))?;
        let tx = self.db().begin().await?;
        touch(&tx, ctx.tenant).await?;
        let all = kept::load(&tx, ctx.tenant).await?;
        if all.iter().filter(|one| !one.is_built_in() && !one.removed).count() >= MAX_DIRECTORIES {
            return Err(wrong("key", FieldError::new("too_many").with("max", MAX_DIRECTORIES)));
        }
        let taken: Vec<String> = all.into_iter().map(|one| one.key).collect();
        let key = free_key(input.key.as_deref(), &label, &taken)?;
        let mut made = Directory::new(&key, Some(label));
        made.items = checked::check(&made, input.items).map_err(refused)?;
        kept::save(&tx, ctx, &made).await?;
        let detail = json!({"label": made.label, "items": made.items.len()});
        audit::record(&tx, ctx, "directory.created", &key, detail).await?;
        tx.commit().await?;
        self.forget_catalogue(ctx.tenant);
        self.directory(ctx, &key).await
    }

    /// Names a directory otherwise, and puts a list of items in the place of its own (administrators); a dry run says what
    /// that would do. What records have of items that go follows `move_to`, as one batch that can be undone.
    ///
    /// # Errors
    /// `config.denied`, `NotFound`; `config.invalid` by place; conflicts `config.conflict`, `config.in_use` with the items and
    /// their records or with what else names them, `job.too_many`.
    pub async fn change_directory(
        &self,
        ctx: &Ctx,
        key: &str,
        patch: DirectoryPatch,
        version: Option<i64>,
    ) -> Result<Settled> {
        require(ctx)?;
        let catalogue = self.catalogue(ctx.tenant).await?;
        let old = found(kept::load(self.db().read(), ctx.tenant).await?, key, version)?;
        let label = patch.label.map(worded).transpose().map_err(|error| wrong("label", error))?;
        let items = match patch.items {
            Some(items) => checked::check(&old, items).map_err(refused)?,
            None => old.live().cloned().collect(),
        };
        let going = going(&old, &items, &patch.move_to)?;
        let bound = users::bound(&catalogue, key, ctx.locale);
        let planned = self.planned(ctx, &catalogue, &old, &bound, &going, &patch.move_to).await?;
        if patch.dry_run {
            return Ok(Settled { planned, batch: None, job: None });
        }
        passes(&planned)?;
        let tx = self.db().begin().await?;
        touch(&tx, ctx.tenant).await?;
        // Whoever was quicker has changed what this was made of.
        let now = found(kept::load(&tx, ctx.tenant).await?, key, Some(old.version))?;
        same_fields(&bound, &self.drawn_in(&tx, ctx).await?, key, ctx.locale)?;
        let tasks = tasks(&bound, &patch.move_to);
        let (batch, job) = begin(&tx, ctx, tasks, &planned).await?;
        users::views_follow(&tx, ctx, &catalogue, &bound, &patch.move_to).await?;
        let mut next = Directory { label: label.or_else(|| now.label.clone()), ..now.clone() };
        next.items = joined(&now, items, &going, batch);
        kept::save(&tx, ctx, &next).await?;
        let detail = json!({"label": next.label, "changes": differences(&now, &next), "move_to": patch.move_to,
            "batch": batch});
        audit::record(&tx, ctx, "directory.updated", key, detail).await?;
        tx.commit().await?;
        self.forget_catalogue(ctx.tenant);
        Ok(Settled { planned, batch, job })
    }

    /// Takes a directory of the company's own away (administrators). Its key is never used again.
    ///
    /// # Errors
    /// `config.denied`, `NotFound`; `config.invalid` of one of the product; conflicts `config.conflict`, `config.in_use` with
    /// the fields that take their options from it.
    pub async fn remove_directory(&self, ctx: &Ctx, key: &str, version: Option<i64>) -> Result<()> {
        require(ctx)?;
        let tx = self.db().begin().await?;
        touch(&tx, ctx.tenant).await?;
        let mut one = found(kept::load(&tx, ctx.tenant).await?, key, version)?;
        own(&one, "key")?;
        let catalogue = self.drawn_in(&tx, ctx).await?;
        let users: Vec<Json> = users::bound(&catalogue, key, ctx.locale)
            .iter()
            .map(|field| json!({"kind": "field", "key": format!("{}.{}", field.entity, field.field), "name": field.name}))
            .collect();
        if !users.is_empty() {
            return Err(Error::Conflict { code: "config.in_use", current: Some(json!({ "users": users })) });
        }
        one.removed = true;
        kept::save(&tx, ctx, &one).await?;
        audit::record(&tx, ctx, "directory.removed", key, json!({"label": one.label})).await?;
        tx.commit().await?;
        self.forget_catalogue(ctx.tenant);
        Ok(())
    }

    /// How many records have what goes, and what else names it.
    pub(super) async fn planned(
        &self,
        ctx: &Ctx,
        catalogue: &Catalogue,
        old: &Directory,
        bound: &[Bound],
        going: &[String],
        move_to: &BTreeMap<String, String>,
    ) -> Result<Planned> {
        let mut planned = Planned::default();
        let counts = self.having(ctx, bound, going).await?;
        for key in going {
            let name = old.item(key).map(|item| old.item_names(item).in_locale(ctx.locale).to_owned());
            planned.going.push(Going {
                item: key.clone(),
                name: name.unwrap_or_else(|| key.clone()),
                records: counts.get(key).copied().unwrap_or(0),
                to: move_to.get(key).cloned(),
            });
        }
        let roles = people::role::list(self.db().read(), ctx.tenant).await?;
        // What was taken away before names nothing anew.
        let live: Vec<&str> = old.live().map(|item| item.key.as_str()).collect();
        let named: Vec<String> = going.iter().filter(|key| live.contains(&key.as_str())).cloned().collect();
        let items: Vec<&str> = named.iter().map(String::as_str).collect();
        planned.users = users::named(catalogue, &roles, bound, &items, ctx.locale);
        planned.users.extend(self.named_above(ctx, bound, &named).await?);
        planned.users.sort_by_key(Json::to_string);
        planned.users.dedup();
        Ok(planned)
    }
}

pub(super) fn require(ctx: &Ctx) -> Result<()> {
    if ctx.rights.is_admin() { Ok(()) } else { Err(Error::Denied("config")) }
}

pub(super) fn wrong(place: &str, error: FieldError) -> Error {
    Error::field(INVALID, place, error)
}

pub(super) fn refused(fields: FieldErrors) -> Error {
    Error::Invalid { code: INVALID, fields }
}

pub(super) fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

/// A directory that is there, at the version that the writer saw.
pub(super) fn found(all: Vec<Directory>, key: &str, version: Option<i64>) -> Result<Directory> {
    let one = all.into_iter().find(|one| one.key == key && !one.removed);
    let one = one.ok_or_else(|| Error::NotFound(format!("directory {}", short(key))))?;
    if version.is_some_and(|version| version != one.version) {
        return Err(Error::Conflict { code: "config.conflict", current: None });
    }
    Ok(one)
}

/// Passes fields that are those counted before: another node may have added one meanwhile.
pub(super) fn same_fields(counted: &[Bound], now: &Catalogue, key: &str, locale: Locale) -> Result<()> {
    if users::bound(now, key, locale) == counted {
        return Ok(());
    }
    Err(Error::Conflict { code: "config.conflict", current: None })
}

/// Passes a directory of the company's own.
pub(super) fn own(one: &Directory, place: &str) -> Result<()> {
    if one.is_built_in() { Err(wrong(place, FieldError::new("directory_of_product"))) } else { Ok(()) }
}

/// The keys of items that go: those left out, and those gone before that something is to take the place of.
fn going(old: &Directory, items: &[Item], move_to: &BTreeMap<String, String>) -> Result<Vec<String>> {
    let stays: BTreeSet<&str> = items.iter().map(|item| item.key.as_str()).collect();
    let goes = |item: &&Item| !stays.contains(item.key.as_str()) && (!item.removed || move_to.contains_key(&item.key));
    let going: Vec<String> = old.items.iter().filter(goes).map(|item| item.key.clone()).collect();
    if going.len() > MAX_GOING {
        return Err(wrong("items", FieldError::new("too_many").with("max", MAX_GOING)));
    }
    let kept = going.iter().find(|key| old.has_built_in(key) && !move_to.contains_key(*key));
    if let Some(key) = kept {
        return Err(wrong("items", FieldError::new("choice_lost").with("value", key)));
    }
    let mut errors = FieldErrors::new();
    for (from, to) in move_to {
        let place = format!("move_to.{}", short(from));
        if !going.contains(from) {
            errors.insert(place, FieldError::new("item_stays"));
        } else if !items.iter().any(|item| item.key == *to && !item.archived) {
            errors.insert(place, FieldError::new("unknown_name").with("value", short(to)));
        }
    }
    let ever = old.items.iter().filter(|item| !stays.contains(item.key.as_str())).count() + items.len();
    if ever > MAX_EVER {
        errors.insert("items".into(), FieldError::new("too_many").with("max", MAX_EVER));
    }
    if errors.is_empty() { Ok(going) } else { Err(refused(errors)) }
}

/// Passes a plan that leaves no record without a name for what it has, and nothing that names what is not there.
pub(super) fn passes(planned: &Planned) -> Result<()> {
    let stranded: Vec<&Going> = planned.going.iter().filter(|one| one.records > 0 && one.to.is_none()).collect();
    if !stranded.is_empty() {
        let records: i64 = stranded.iter().map(|one| one.records).sum();
        let current = Some(json!({"records": records, "items": stranded}));
        return Err(Error::Conflict { code: "config.in_use", current });
    }
    if planned.users.is_empty() {
        return Ok(());
    }
    Err(Error::Conflict { code: "config.in_use", current: Some(json!({"users": planned.users})) })
}

/// What is to be done to records. Also where there are none: somebody may be about to write one.
pub(super) fn tasks(bound: &[Bound], moves: &BTreeMap<String, String>) -> Vec<Task> {
    let mut tasks = Vec::new();
    for one in bound {
        tasks.extend(moves.iter().filter(|(from, to)| from != to).map(|(from, to)| Task {
            entity: one.entity.to_string(),
            field: one.field.to_string(),
            many: one.many,
            from: from.clone(),
            to: to.clone(),
        }));
    }
    tasks
}

/// Begins the work on the records, where there is any.
pub(super) async fn begin(
    tx: &Tx,
    ctx: &Ctx,
    tasks: Vec<Task>,
    planned: &Planned,
) -> Result<(Option<BatchId>, Option<LongJob>)> {
    if tasks.is_empty() {
        return Ok((None, None));
    }
    let total: i64 = planned.going.iter().filter(|one| one.to.is_some()).map(|one| one.records).sum();
    let batch = batch::open(tx, ctx, settle::BATCH).await?;
    let input = json!(settle::Input { batch, tasks });
    let new = NewLongJob { kind: settle::KIND, subject: None, input, total };
    let (job, _) = long::begin(tx, ctx, new, total <= settle::AT_ONCE).await?;
    Ok((Some(batch), Some(job)))
}

/// The new list with what goes and what is gone behind it. Of the product's nothing goes: it is archived.
pub(super) fn joined(now: &Directory, items: Vec<Item>, going: &[String], batch: Option<BatchId>) -> Vec<Item> {
    let mut all = items;
    let batch = batch.map(|batch| batch.0);
    let stays: BTreeSet<String> = all.iter().map(|item| item.key.clone()).collect();
    for item in now.items.iter().filter(|item| !stays.contains(&item.key)) {
        let goes = going.contains(&item.key) && !item.removed;
        let parent = item.parent.clone().filter(|parent| stays.contains(parent));
        all.push(match (goes, now.has_built_in(&item.key)) {
            (true, true) => Item { archived: true, batch, parent, ..item.clone() },
            (true, false) => Item { removed: true, batch, parent, ..item.clone() },
            (false, _) => item.clone(),
        });
    }
    checked::in_order(with_parents(all))
}

/// Items whose parent went stand at the top.
pub(super) fn with_parents(mut items: Vec<Item>) -> Vec<Item> {
    let keys: BTreeSet<String> = items.iter().map(|item| item.key.clone()).collect();
    for item in &mut items {
        item.parent = item.parent.take().filter(|parent| keys.contains(parent));
    }
    items
}

/// What the audit tells of a change.
fn differences(before: &Directory, after: &Directory) -> Json {
    let live = |one: &Directory, key: &str| one.live().any(|item| item.key == key);
    let keys = |items: Vec<&Item>| items.into_iter().take(TOLD).map(|item| item.key.clone()).collect::<Vec<_>>();
    let added = after.live().filter(|item| !live(before, &item.key)).collect();
    let removed = before.live().filter(|item| !live(after, &item.key)).collect();
    let changed = after.live().filter(|item| before.item(&item.key).is_some_and(|old| !old.removed && old != *item));
    json!({"added": keys(added), "removed": keys(removed), "changed": keys(changed.collect())})
}
