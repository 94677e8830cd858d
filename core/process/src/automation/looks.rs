//! Rules that name a field or an option of one: before it goes, they have to let go of it.

use std::collections::BTreeSet;

use kernel::db::{ConnectionTrait, Tx};
use kernel::filter::Filter;
use kernel::{Ctx, Result};
use records::Catalogue;
use records::catalogue::Looks;
use records::shape::Asker;
use serde_json::{Value as Json, json};

use super::model::Rule;
use super::{Automations, check, rules};

/// Rules among what looks at fields.
pub(super) struct RuleLooks(pub Automations);

#[async_trait::async_trait]
impl Looks for RuleLooks {
    async fn users(&self, tx: &Tx, ctx: &Ctx, now: &Catalogue, then: &Catalogue) -> Result<Vec<Json>> {
        let all = rules::enabled(tx, &BTreeSet::from([ctx.tenant.0])).await?;
        let backend = tx.get_database_backend();
        let (seen, left) = (Asker::new(now, ctx, backend), Asker::new(then, ctx, backend));
        let works = |asker: &Asker<'_>, catalogue: &Catalogue, entity: &str, rule: &Rule| {
            let Some(def) = catalogue.find(entity) else { return false };
            let filter = rule.on.filter.as_ref().map(Filter::parse);
            let chosen = filter.is_none_or(|filter| filter.is_ok_and(|filter| asker.rule(def, &filter).is_ok()));
            chosen && check::names_what_is_there(catalogue, def, rule)
        };
        let broken = all.iter().map(|kept| &kept.placed).filter(|placed| {
            works(&seen, now, &placed.entity, &placed.rule) && !works(&left, then, &placed.entity, &placed.rule)
        });
        Ok(broken.map(|placed| json!({"kind": "automation", "key": placed.id, "name": placed.rule.name})).collect())
    }

    async fn naming(&self, ctx: &Ctx, entity: &str, field: &str, items: &[String]) -> Result<Vec<Json>> {
        let mut users = Vec::new();
        for one in self.0.rules(ctx, Some(entity)).await? {
            let rule = json!(one.rule);
            let of_field = rule.to_string().contains(field);
            if of_field && items.iter().any(|item| says(&rule, item)) {
                users.push(json!({"kind": "automation", "key": one.id, "name": one.rule.name}));
            }
        }
        Ok(users)
    }
}

/// Whether an option stands somewhere in a rule: as a value, or quoted in an expression.
fn says(rule: &Json, item: &str) -> bool {
    match rule {
        Json::String(text) => {
            text == item || text.contains(&format!("'{item}'")) || text.contains(&format!("\"{item}\""))
        }
        Json::Array(parts) => parts.iter().any(|part| says(part, item)),
        Json::Object(parts) => parts.values().any(|part| says(part, item)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_found_as_a_value_and_in_expressions_alone() {
        let rule = json!({"name": "Web leads", "when": "record.source == 'web'", "do": [{"set": {"kind": "sale"}}]});
        assert!(says(&rule, "web"));
        assert!(says(&rule, "sale"));
        assert!(!says(&rule, "Web"));
        assert!(!says(&rule, "record"));
    }
}
