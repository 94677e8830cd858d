//! Two directories into one: fields that took their options from one take them from the other, which gets the items that it
//! lacks. Items with the same key are the same; others become one where somebody says so, and their records follow.
//!
//! The records are a batch that can be undone; the directories stay one.

use std::collections::{BTreeMap, BTreeSet};

use kernel::error::{FieldError, FieldErrors};
use kernel::{Ctx, Error, Result, audit};
use serde::Deserialize;
use serde_json::json;

use super::change::{self, Settled, found, own, passes, short, wrong};
use super::{Directory, Item, MAX_ITEMS, checked, kept, users};
use crate::Records;
use crate::catalogue::change::INVALID;
use crate::catalogue::store::{self, Which, touch};

/// A merge of directories.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeDirectories {
    /// The directory that goes: one of the company's own.
    pub from: String,
    /// Items of it that become others, by key. Those that are not named and are not there yet are added.
    #[serde(default)]
    pub items: BTreeMap<String, String>,
    /// Only says what would be done.
    #[serde(default)]
    pub dry_run: bool,
}

impl Records {
    /// Merges a directory into another (administrators); a dry run says what that would do.
    ///
    /// # Errors
    /// `config.denied`, `NotFound`; `config.invalid` on `from` and `items.<key>`; conflicts as of
    /// [`Records::change_directory`].
    pub async fn merge_directories(
        &self,
        ctx: &Ctx,
        into: &str,
        input: MergeDirectories,
        version: Option<i64>,
    ) -> Result<Settled> {
        change::require(ctx)?;
        let catalogue = self.catalogue(ctx.tenant).await?;
        let all = kept::load(self.db().read(), ctx.tenant).await?;
        let (old, gone) = both(all, into, &input.from, version)?;
        let moves = moves(&old, &gone, &input.items)?;
        let bound = users::bound(&catalogue, &gone.key, ctx.locale);
        let going: Vec<String> = moves.keys().cloned().collect();
        let planned = self.planned(ctx, &catalogue, &gone, &bound, &going, &moves).await?;
        if input.dry_run {
            return Ok(Settled { planned, batch: None, job: None });
        }
        passes(&planned)?;
        let tx = self.db().begin().await?;
        touch(&tx, ctx.tenant).await?;
        // Whoever was quicker has changed what this was made of.
        let all = kept::load(&tx, ctx.tenant).await?;
        let (now, mut gone) = match both(all, into, &input.from, Some(old.version))? {
            (now, then) if then.version == gone.version => (now, then),
            _ => return Err(Error::Conflict { code: "config.conflict", current: None }),
        };
        change::same_fields(&bound, &self.drawn_in(&tx, ctx).await?, &gone.key, ctx.locale)?;
        let (batch, job) = change::begin(&tx, ctx, change::tasks(&bound, &moves), &planned).await?;
        users::views_follow(&tx, ctx, &catalogue, &bound, &moves).await?;
        let next = Directory { items: together(&now, &gone, &moves, batch.map(|batch| batch.0))?, ..now };
        kept::save(&tx, ctx, &next).await?;
        gone.removed = true;
        kept::save(&tx, ctx, &gone).await?;
        // Fields that were removed go along, for they may come back.
        for (entity, key, row) in store::all(&tx, ctx.tenant).await?.fields {
            if row.definition.directory.as_deref() == Some(gone.key.as_str()) {
                let mut field = row.definition;
                field.directory = Some(next.key.clone());
                store::save(&tx, ctx, Which::Field(&entity, &key), &field).await?;
            }
        }
        let detail = json!({"from": gone.key, "label": gone.label, "items": moves, "batch": batch});
        audit::record(&tx, ctx, "directory.merged", into, detail).await?;
        tx.commit().await?;
        self.forget_catalogue(ctx.tenant);
        Ok(Settled { planned, batch, job })
    }
}

/// The directory that stays, and the one that goes.
fn both(all: Vec<Directory>, into: &str, from: &str, version: Option<i64>) -> Result<(Directory, Directory)> {
    let old = found(all.clone(), into, version)?;
    let gone = all.into_iter().find(|one| one.key == from && !one.removed && one.key != into);
    let gone = gone.ok_or_else(|| wrong("from", FieldError::new("unknown_name").with("value", short(from))))?;
    own(&gone, "from")?;
    Ok((old, gone))
}

/// Which items become others.
fn moves(old: &Directory, gone: &Directory, given: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
    let mut errors = FieldErrors::new();
    if given.len() > change::MAX_GOING {
        errors.insert("items".into(), FieldError::new("too_many").with("max", change::MAX_GOING));
    }
    for (from, to) in given.iter().take(change::MAX_GOING) {
        let place = format!("items.{}", short(from));
        if !gone.live().any(|item| item.key == *from) {
            errors.insert(place, FieldError::new("unknown_name").with("value", short(from)));
        } else if !old.live().any(|item| item.key == *to && !item.archived) {
            errors.insert(place, FieldError::new("unknown_name").with("value", short(to)));
        }
    }
    if !errors.is_empty() {
        return Err(Error::Invalid { code: INVALID, fields: errors });
    }
    Ok(given.iter().filter(|(from, to)| from != to).map(|(from, to)| (from.clone(), to.clone())).collect())
}

/// The items of both. What becomes another, and what was taken away before, can still be read in old records.
fn together(
    now: &Directory,
    gone: &Directory,
    moves: &BTreeMap<String, String>,
    batch: Option<uuid::Uuid>,
) -> Result<Vec<Item>> {
    let mut all = now.items.clone();
    for item in &gone.items {
        let label = Some(gone.item_names(item));
        let moved = moves.contains_key(&item.key);
        let Some(at) = all.iter().position(|known| known.key == item.key) else {
            let (removed, batch) = if moved { (true, batch) } else { (item.removed, None) };
            all.push(Item { label, removed, batch, ..item.clone() });
            continue;
        };
        // A key that was taken away here is in use there: it is back, as it is called there.
        if let Some(known) = all.get_mut(at).filter(|known| known.removed && !item.removed && !moved) {
            (known.removed, known.batch) = (false, None);
            (known.label, known.archived) = (label, item.archived);
        }
    }
    // In directories of the product there are now keys that do not begin with `x_`: those are there, others are not made.
    let live: BTreeSet<String> = all.iter().filter(|item| !item.removed).map(|item| item.key.clone()).collect();
    if live.len() > MAX_ITEMS {
        return Err(wrong("from", FieldError::new("too_many").with("max", MAX_ITEMS)));
    }
    for item in all.iter_mut().filter(|item| !item.removed) {
        // What stood below one that became another stands below that.
        let parent = item.parent.take().map(|parent| moves.get(&parent).cloned().unwrap_or(parent));
        item.parent = parent.filter(|parent| *parent != item.key && live.contains(parent));
    }
    Ok(checked::in_order(shallow(change::with_parents(all))))
}

/// Trees put together may stand too deep, or in a circle: what does stands at the top.
fn shallow(mut items: Vec<Item>) -> Vec<Item> {
    let depth = |key: &str, items: &[Item]| {
        let mut above = items.iter().find(|item| item.key == key).and_then(|item| item.parent.clone());
        let mut depth = 1_usize;
        while let Some(parent) = above.filter(|_| depth <= super::MAX_DEPTH) {
            depth += 1;
            above = items.iter().find(|item| item.key == parent).and_then(|item| item.parent.clone());
        }
        depth
    };
    let keys: Vec<String> = items.iter().map(|item| item.key.clone()).collect();
    for (at, key) in keys.iter().enumerate() {
        if depth(key, &items) > super::MAX_DEPTH
            && let Some(item) = items.get_mut(at)
        {
            item.parent = None;
        }
    }
    items
}
