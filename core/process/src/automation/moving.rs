//! Rules on their way between companies (`kernel::moving`). What names a person by address or id, or carries headers of a request,
//! in which keys to other servers stand, stays where it is. A rule that comes in looks at what happens from then on.

use std::collections::BTreeSet;

use ::people::require_admin;
use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::moving::{self, Gathered, Moved, Object, Trouble};
use kernel::{Ctx, Error, Result};
use records::Catalogue;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::model::{Action, Rule};
use super::rules::{self, Kept};
use super::{Automations, INVALID, of_stages};

/// A rule with its entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleSpec {
    entity: String,
    rule: Rule,
}

impl RuleSpec {
    fn key(&self) -> String {
        format!("{}.{}", self.entity, self.rule.name)
    }
}

/// A rule of a file, read.
///
/// # Errors
/// What is not understood, in English.
pub fn object(spec: Json) -> std::result::Result<Object, String> {
    let read: RuleSpec = moving::read(spec)?;
    Ok(Object { key: read.key(), spec: moving::sorted(json!(read)) })
}

impl Automations {
    /// Rules that may leave the company: by entity, there in their order (administrators).
    ///
    /// # Errors
    /// `Denied`.
    pub async fn gather(&self, conn: &impl ConnectionTrait, ctx: &Ctx) -> Result<Gathered> {
        require_admin(ctx)?;
        let mut all = Gathered::default();
        // What stages do on entering goes with their pipeline.
        let of_stage = |kept: &Kept| of_stages::is_of_stage(ctx.tenant, &kept.placed);
        let mut found = rules::all(conn, ctx.tenant).await?;
        // Databases order texts differently.
        found.sort_by(|one, other| one.placed.entity.cmp(&other.placed.entity));
        for kept in found.into_iter().filter(|kept| !of_stage(kept)) {
            let spec = RuleSpec { entity: kept.placed.entity, rule: kept.placed.rule };
            let kept_back = spec.rule.actions.iter().find_map(kept_back);
            match kept_back {
                Some(why) => all.hold(spec.key(), why, json!(spec)),
                None => all.add(spec.key(), json!(spec)),
            }
        }
        Ok(all)
    }

    /// Makes, changes and removes rules inside a transaction, and tells what stands in the way (administrators).
    /// `catalogue`: as the transaction sees it.
    ///
    /// # Errors
    /// `Denied`, or when the database fails.
    pub async fn put(&self, tx: &Tx, ctx: &Ctx, catalogue: &Catalogue, wanted: &[&Moved]) -> Result<Vec<Trouble>> {
        require_admin(ctx)?;
        let mut troubles = Vec::new();
        let mut known = rules::all(tx, ctx.tenant).await?;
        known.retain(|kept| !of_stages::is_of_stage(ctx.tenant, &kept.placed));
        for moved in wanted {
            if let Err(error) = self.put_one(tx, ctx, catalogue, &known, moved).await {
                troubles.extend(Trouble::of(moved, error)?);
            }
        }
        Ok(troubles)
    }

    async fn put_one(&self, tx: &Tx, ctx: &Ctx, catalogue: &Catalogue, known: &[Kept], moved: &Moved) -> Result<()> {
        let named = |kept: &&Kept| format!("{}.{}", kept.placed.entity, kept.placed.rule.name) == moved.key;
        let before = known.iter().find(named);
        let Some(spec) = moved.wanted::<RuleSpec>()? else {
            return match before {
                Some(before) => rules::remove_in(tx, ctx, before).await,
                None => Ok(()),
            };
        };
        if catalogue.find(&spec.entity).is_none() {
            let name: String = spec.entity.chars().take(80).collect();
            let error = FieldError::worded("unknown_name", "absent_here").with("value", name);
            return Err(Error::field(INVALID, "entity", error));
        }
        let rule = self.checked_in(tx, ctx, catalogue, &spec.entity, spec.rule).await?;
        match before {
            Some(before) => rules::change_in(tx, ctx, before, rule, None).await.map(drop),
            None => rules::create_in(tx, ctx, &spec.entity, rule, None).await.map(drop).map_err(raced),
        }
    }
}

/// Somebody else made a rule of this name meanwhile, and the database takes nothing more in this transaction.
fn raced(error: Error) -> Error {
    match &error {
        Error::Invalid { fields, .. } if fields.values().any(|wrong| wrong.code == "taken") => {
            Error::Conflict { code: "taken", current: None }
        }
        _ => error,
    }
}

/// Why an action must not leave the company.
pub(super) fn kept_back(action: &Action) -> Option<&'static str> {
    let people: BTreeSet<&str> = BTreeSet::from(["to", "cc", "executors"]);
    let names = |text: &str| text.contains('@') || text.trim_start().starts_with("user:");
    let parts = || action.parameters.iter();
    if parts().any(|(key, value)| people.contains(key.as_str()) && moving::any_text(value, &names)) {
        return Some("configuration.names_somebody");
    }
    let secret = action.kind == "webhook" && action.parameters.contains_key("headers");
    secret.then_some("configuration.secret")
}
