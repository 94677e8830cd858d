//! No card is empty: it says what will stand there, and offers the act that fills it.

use kernel::Ctx;
use kernel::access::Action;
use serde::Serialize;

use super::model::Content;
use crate::measures::text;

/// What is said where nothing stands yet.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = EmptyCard)]
pub struct Empty {
    /// What will stand there, in the reader's language.
    pub text: String,
    /// What fills it.
    pub act: Acting,
}

/// Something to do.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = CardAct)]
pub struct Acting {
    /// `create_deal`, `create_lead`, `create_activity`, `create_task`, `open_tasks`, `open_deals`, `open_leads`, `set_plans`,
    /// `start_process`, `edit`.
    pub key: &'static str,
    /// In the reader's language.
    pub label: String,
    /// A page of the portal.
    pub href: &'static str,
}

/// The acts with their pages.
const ACTS: [(&str, &str); 10] = [
    ("create_deal", "/records/deal?new"),
    ("create_lead", "/records/lead?new"),
    ("create_activity", "/records/activity?new"),
    ("create_task", "/tasks?new"),
    ("open_tasks", "/tasks"),
    ("open_deals", "/records/deal"),
    ("open_leads", "/records/lead"),
    ("set_plans", "/reports/plans"),
    ("start_process", "/processes"),
    ("edit", "/dashboards"),
];

/// What fills a card of an entity, as far as the reader may do it.
fn create(ctx: &Ctx, entity: &str) -> &'static str {
    let may = |entity: &str| ctx.rights.may(entity, Action::Create);
    match entity {
        "lead" if may("lead") => "create_lead",
        "deal" if may("deal") => "create_deal",
        "activity" if may("activity") => "create_activity",
        "task" if may("task") => "create_task",
        "process" => "start_process",
        _ => "open_tasks",
    }
}

/// The entity that measures are of, by their keys.
fn entity_of(measure: &str) -> &str {
    match measure.split_once('.') {
        Some(("client", _)) => "deal",
        Some(("step", _)) => "process",
        Some((entity, _)) => entity,
        None => "",
    }
}

/// What is said of a card on which nothing stands. `plans`: whether the reader may set a plan of anybody.
pub(super) fn empty(ctx: &Ctx, content: &Content, plans: bool) -> Empty {
    let first_measure = |question: &serde_json::Value| {
        question
            .pointer("/measures/0")
            .and_then(serde_json::Value::as_str)
            .map(|measure| entity_of(measure).to_owned())
            .unwrap_or_default()
    };
    let (kind, act) = match content {
        Content::Question { question, .. } => ("question", create(ctx, &first_measure(question))),
        Content::Funnel { question } => {
            let stages = question["over"].as_str() == Some("stage");
            let entity = question["entity"].as_str().filter(|_| stages).unwrap_or("process");
            ("funnel", create(ctx, entity))
        }
        Content::Forecast { .. } => ("forecast", create(ctx, "deal")),
        Content::Managers { .. } => ("managers", create(ctx, "deal")),
        Content::Plans { .. } if plans => ("plans", "set_plans"),
        Content::Plans { .. } => ("plans_of_others", create(ctx, "deal")),
        Content::Hints { entity } => match entity.as_deref() {
            Some("lead") => ("hints", "open_leads"),
            _ => ("hints", "open_deals"),
        },
        Content::Tasks {} => ("tasks", create(ctx, "task")),
        Content::Report { .. } | Content::Text { .. } => ("report", "edit"),
    };
    Empty { text: text(ctx.locale, &format!("empty.{kind}")), act: acting(ctx, act) }
}

fn acting(ctx: &Ctx, key: &'static str) -> Acting {
    let href = ACTS.iter().find(|(known, _)| *known == key).map_or("/", |(_, href)| href);
    Acting { key, label: text(ctx.locale, &format!("act.{key}")), href }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_has_words_in_every_language() {
        for locale in kernel::Locale::ALL {
            for (key, _) in ACTS {
                assert_ne!(text(locale, &format!("act.{key}")), format!("act.{key}"), "{locale}");
            }
        }
    }
}
