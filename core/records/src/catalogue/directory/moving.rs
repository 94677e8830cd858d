//! Directories on their way between companies: items that are there, in their order. Those of the product only where somebody has
//! changed them. What was taken away here stays here, with its key.

use std::collections::BTreeSet;

use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::moving::{Gathered, Moved, Trouble};
use kernel::{Ctx, Error, Result, audit};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::change::{joined, refused, wrong};
use super::{Directory, Item, ItemInput, MAX_DIRECTORIES, PRODUCT, checked, kept, users, words};
use crate::Records;
use crate::catalogue::Labels;
use crate::catalogue::change::{free_key, worded};
use crate::catalogue::moving::{Spec, add};

/// A directory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DirectorySpec {
    key: String,
    /// Absent: as the product calls it.
    #[serde(default)]
    label: Option<Labels>,
    items: Vec<ItemSpec>,
}

/// An item of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemSpec {
    key: String,
    /// Absent: as the product calls it.
    #[serde(default)]
    label: Option<Labels>,
    #[serde(default)]
    color: Option<String>,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    parent: Option<String>,
}

impl Spec for DirectorySpec {
    fn key(&self) -> String {
        self.key.clone()
    }
}

impl DirectorySpec {
    fn of(one: &Directory) -> Self {
        let standing: BTreeSet<&str> = one.live().map(|item| item.key.as_str()).collect();
        let item = |item: &Item| ItemSpec {
            key: item.key.clone(),
            label: item.label.clone(),
            color: item.color.clone(),
            archived: item.archived,
            // What went away may have come back without the one above it.
            parent: item.parent.clone().filter(|parent| standing.contains(parent.as_str())),
        };
        Self { key: one.key.clone(), label: one.label.clone(), items: one.live().map(item).collect() }
    }

    /// The items as somebody would ask for them.
    fn asked(&self) -> Vec<ItemInput> {
        let input = |item: &ItemSpec| ItemInput {
            key: Some(item.key.clone()),
            label: item.label.clone().or_else(|| words(&self.key, &item.key)),
            color: item.color.clone(),
            archived: item.archived,
            parent: item.parent.clone(),
        };
        self.items.iter().map(input).collect()
    }
}

/// A directory as the product brings it.
fn product(key: &str) -> Option<DirectorySpec> {
    PRODUCT.iter().find(|one| one.key == key).map(DirectorySpec::of)
}

/// Directories of the company's own, and those of the product that it has changed, by key.
pub(in crate::catalogue) async fn gather(conn: &impl ConnectionTrait, ctx: &Ctx) -> Result<Gathered> {
    let mut there = kept::load(conn, ctx.tenant).await?;
    there.retain(|one| !one.removed);
    there.sort_by(|one, other| one.key.cmp(&other.key));
    let mut all = Gathered::default();
    for one in &there {
        let spec = DirectorySpec::of(one);
        if product(&one.key).as_ref() != Some(&spec) {
            add(&mut all, &spec)?;
        }
    }
    Ok(all)
}

impl Records {
    pub(in crate::catalogue) async fn put_directories(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        wanted: &[&Moved],
    ) -> Result<Vec<Trouble>> {
        let mut troubles = Vec::new();
        for moved in wanted {
            if let Err(error) = self.put_directory(tx, ctx, moved).await {
                troubles.extend(Trouble::of(moved, error)?);
            }
        }
        Ok(troubles)
    }

    async fn put_directory(&self, tx: &Tx, ctx: &Ctx, moved: &Moved) -> Result<()> {
        let all = kept::load(tx, ctx.tenant).await?;
        let there = all.iter().find(|one| one.key == moved.key);
        // One of the product goes by becoming what the product brings.
        let Some(spec) = moved.wanted::<DirectorySpec>()?.or_else(|| product(&moved.key)) else {
            return match there.filter(|one| !one.removed) {
                Some(one) => self.put_away(tx, ctx, one.clone(), moved).await,
                None => Ok(()),
            };
        };
        let mut old = match there {
            Some(one) if one.removed && !moved.own => {
                return Err(wrong("key", FieldError::new("in_bin").with("value", &one.key)));
            }
            Some(one) => one.clone(),
            None => made(&all, &spec)?,
        };
        if moved.own {
            let named: BTreeSet<&str> = spec.items.iter().map(|item| item.key.as_str()).collect();
            for item in old.items.iter_mut().filter(|item| item.removed && named.contains(item.key.as_str())) {
                (item.removed, item.batch) = (false, None);
            }
        }
        let label = spec.label.clone().map(worded).transpose().map_err(|error| wrong("label", error))?;
        if label.is_none() && !old.is_built_in() {
            return Err(wrong("label", FieldError::new("required")));
        }
        let items = checked::check(&old, spec.asked()).map_err(refused)?;
        let lost = self.lost(tx, ctx, &old, &items, moved.own).await?;
        let items = joined(&old, items, &lost, None);
        kept::save(tx, ctx, &Directory { label, items, removed: false, ..old }).await?;
        let act = if moved.before.is_some() { "directory.updated" } else { "directory.created" };
        Ok(audit::record(tx, ctx, act, &moved.key, moved.told()).await?)
    }

    /// The company's own items that the list lacks: a file takes none away; what an import brought goes with it, as long as no
    /// record has it.
    async fn lost(&self, tx: &Tx, ctx: &Ctx, old: &Directory, items: &[Item], own: bool) -> Result<Vec<String>> {
        let stays: BTreeSet<&str> = items.iter().map(|item| item.key.as_str()).collect();
        let lacking = old.live().filter(|item| !stays.contains(item.key.as_str()) && !old.has_built_in(&item.key));
        let lost: Vec<String> = lacking.map(|item| item.key.clone()).collect();
        let refused = |key: &str| wrong("items", FieldError::new("choice_lost").with("value", key));
        let Some(first) = lost.first() else { return Ok(lost) };
        if !own {
            return Err(refused(first));
        }
        let bound = users::bound(&self.drawn_in(tx, ctx).await?, &old.key, ctx.locale);
        let counts = self.having(ctx, &bound, &lost).await?;
        match counts.iter().find(|(_, records)| **records > 0) {
            Some((key, _)) => Err(refused(key)),
            None => Ok(lost),
        }
    }

    async fn put_away(&self, tx: &Tx, ctx: &Ctx, one: Directory, moved: &Moved) -> Result<()> {
        let bound = users::bound(&self.drawn_in(tx, ctx).await?, &one.key, ctx.locale);
        if !bound.is_empty() {
            let field = |field: &users::Bound| format!("{}.{}", field.entity, field.field);
            let users: Vec<_> =
                bound.iter().map(|one| json!({"kind": "field", "key": field(one), "name": one.name})).collect();
            return Err(Error::Conflict { code: "config.in_use", current: Some(json!({ "users": users })) });
        }
        kept::save(tx, ctx, &Directory { removed: true, ..one }).await?;
        Ok(audit::record(tx, ctx, "directory.removed", &moved.key, moved.told()).await?)
    }
}

/// A directory that is not there yet.
fn made(all: &[Directory], spec: &DirectorySpec) -> Result<Directory> {
    if all.iter().filter(|one| !one.is_built_in() && !one.removed).count() >= MAX_DIRECTORIES {
        return Err(wrong("key", FieldError::new("too_many").with("max", MAX_DIRECTORIES)));
    }
    let taken: Vec<String> = all.iter().map(|one| one.key.clone()).collect();
    let label = spec.label.clone().unwrap_or_default();
    Ok(Directory::new(&free_key(Some(&spec.key), &label, &taken)?, None))
}
