//! The cards that homes have of themselves: eight at most, those of records that the reader may not read left out.

use kernel::Ctx;
use kernel::access::Action;
use serde_json::{Value as Json, json};

use super::homes::Home;
use super::model::{Card, Content};
use crate::measures::text;

/// Cards beside each other, and their height where nothing else is said.
const ACROSS: usize = 2;
const WIDTH: u32 = 6;
const HEIGHT: u32 = 4;

/// A card to be laid out: its id, the entity it rests on, what it shows.
type Wanted = (&'static str, &'static str, Content);

fn question(id: &'static str, entity: &'static str, chart: &str, question: Json) -> Wanted {
    (id, entity, Content::Question { question, chart: json!({ "kind": chart }) })
}

/// What the reader owns.
fn mine() -> Json {
    json!({"field": "owner", "op": "eq", "value": {"me": true}})
}

fn month() -> Json {
    json!({"preset": "this_month"})
}

fn tasks() -> Wanted {
    ("tasks", "task", Content::Tasks {})
}

fn hints(entity: &'static str) -> Wanted {
    ("hints", entity, Content::Hints { entity: Some(entity.to_owned()) })
}

fn plans() -> Wanted {
    ("plans", "deal", Content::Plans { measure: None })
}

fn funnel(entity: &'static str, filter: Json) -> Wanted {
    let period = json!({"preset": "last_90_days"});
    let question = json!({"over": "stage", "entity": entity, "group_by": ["step"], "period": period, "filter": filter});
    ("funnel", entity, Content::Funnel { question })
}

fn forecast() -> Wanted {
    ("forecast", "deal", Content::Forecast { question: json!({}) })
}

fn managers() -> Wanted {
    ("managers", "deal", Content::Managers { question: json!({ "period": month() }) })
}

fn of(home: Home) -> Vec<Wanted> {
    let by = |field: &str, bucket: &str| json!([{"field": field, "bucket": bucket}]);
    let sources = |measure: &str| json!({"measures": [measure], "group_by": ["source"], "period": month(), "sort": format!("-{measure}")});
    let compared = |measures: Json, filter: Json| json!({"measures": measures, "period": month(), "compare": "before", "filter": filter});
    match home {
        Home::Manager => vec![
            tasks(),
            plans(),
            question(
                "open",
                "deal",
                "number",
                json!({"measures": ["deal.open", "deal.open_amount"], "filter": mine()}),
            ),
            question("won", "deal", "number", compared(json!(["deal.won", "deal.won_amount"]), mine())),
            funnel("deal", mine()),
            question("idle", "deal", "number", json!({"measures": ["deal.idle"], "filter": mine()})),
            question(
                "leads",
                "lead",
                "bar",
                json!({"measures": ["lead.created"], "group_by": ["source"], "period": month(), "filter": mine()}),
            ),
            question(
                "activities",
                "activity",
                "bar",
                json!({"measures": ["activity.count"], "group_by": ["kind"], "period": {"preset": "this_week"}, "filter": mine()}),
            ),
        ],
        Home::Head => vec![
            hints("deal"),
            funnel("deal", Json::Null),
            managers(),
            forecast(),
            plans(),
            question(
                "won",
                "deal",
                "number",
                compared(json!(["deal.won", "deal.won_amount", "deal.win_rate"]), Json::Null),
            ),
            question(
                "idle",
                "deal",
                "bar",
                json!({"measures": ["deal.idle"], "group_by": ["manager"], "sort": "-deal.idle"}),
            ),
            question(
                "late",
                "task",
                "bar",
                json!({"measures": ["task.late_share"], "group_by": ["manager"], "period": month()}),
            ),
        ],
        Home::Owner => vec![
            question(
                "won",
                "deal",
                "line",
                json!({"measures": ["deal.won_amount"], "group_by": by("closed_at", "month"), "period": {"preset": "this_year"}}),
            ),
            forecast(),
            funnel("deal", Json::Null),
            plans(),
            question("rate", "deal", "bar", sources("deal.won_amount")),
            question("clients", "deal", "number", compared(json!(["client.gained", "deal.average"]), Json::Null)),
            managers(),
            hints("deal"),
        ],
        Home::Marketer => vec![
            question("leads", "lead", "bar", sources("lead.created")),
            question("more", "lead", "number", compared(json!(["lead.created", "lead.conversion"]), Json::Null)),
            question(
                "trend",
                "lead",
                "line",
                json!({"measures": ["lead.created"], "group_by": by("created_at", "week"), "period": {"preset": "last_90_days"}}),
            ),
            question("answers", "lead", "bar", sources("lead.first_answer")),
            funnel("lead", Json::Null),
            question("worth", "deal", "bar", sources("deal.won_amount")),
            hints("lead"),
            tasks(),
        ],
        Home::Operator => vec![
            tasks(),
            question(
                "done",
                "task",
                "bar",
                json!({"measures": ["task.done"], "group_by": by("completed_at", "day"), "period": {"preset": "this_week"},
                    "filter": {"field": "assignee", "op": "eq", "value": {"me": true}}}),
            ),
            question("leads", "lead", "number", json!({"measures": ["lead.created"], "period": {"preset": "today"}})),
            question("answers", "lead", "number", json!({"measures": ["lead.first_answer"], "period": month()})),
            question(
                "activities",
                "activity",
                "bar",
                json!({"measures": ["activity.count"], "group_by": ["kind"], "period": {"preset": "today"}, "filter": mine()}),
            ),
        ],
        Home::Administrator => vec![
            tasks(),
            hints("deal"),
            funnel("deal", Json::Null),
            question(
                "work",
                "task",
                "bar",
                json!({"measures": ["task.open"], "group_by": ["manager"], "sort": "-task.open"}),
            ),
            question("leads", "lead", "bar", sources("lead.created")),
            question("won", "deal", "number", compared(json!(["deal.won", "deal.won_amount"]), Json::Null)),
            plans(),
            managers(),
        ],
    }
}

/// The cards of a home, two beside each other.
pub(super) fn cards(ctx: &Ctx, home: Home) -> Vec<Card> {
    let reads = |entity: &str| entity == "task" || ctx.rights.may(entity, Action::Read);
    let wanted = of(home).into_iter().filter(|(_, entity, _)| reads(entity));
    let place = |(index, (id, _, card)): (usize, Wanted)| {
        let (row, column) = (index / ACROSS, index % ACROSS);
        let at = |number: usize| u32::try_from(number).unwrap_or(0);
        Card {
            id: id.to_owned(),
            title: Some(text(ctx.locale, &format!("card.{id}"))),
            x: at(column) * WIDTH,
            y: at(row) * HEIGHT,
            w: WIDTH,
            h: HEIGHT,
            card,
        }
    };
    wanted.enumerate().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboards::model::check_cards;

    #[test]
    fn every_home_can_be_kept_as_it_is_and_has_words() {
        let env = kernel::clock::Env::system();
        for home in Home::ALL {
            for locale in kernel::Locale::ALL {
                let ctx = Ctx::system(kernel::TenantId(uuid::Uuid::nil()), chrono_tz::UTC, locale, &env);
                let cards = cards(&ctx, home);
                assert!(check_cards(&cards).is_ok(), "{home:?}");
                assert!(cards.iter().all(|card| card.title.as_ref().is_some_and(|title| !title.starts_with("card."))));
                assert_ne!(text(locale, &format!("home.{}", home.name())), format!("home.{}", home.name()));
            }
        }
    }
}
