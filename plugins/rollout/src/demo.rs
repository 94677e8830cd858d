//! A project to look at: the standard plan in its fourth stage, with goals, measures, risks, money and adoption.

use serde_json::Value as Json;
use verstak_plugin::prelude::*;

use crate::days::Day;
use crate::plan::Gaps;
use crate::replan::replan;
use crate::store::{self, Rules, all_of, date, is};
use crate::{after, template, versions};

/// Marks what was made here.
const ORIGIN: &str = "rollout-demo";
const TEXTS: &str = include_str!("demo.json");

/// Makes the project once; where it is there nothing is done.
///
/// # Errors
/// What the host says.
pub fn make(language: Option<&str>) -> Outcome {
    if store::count("rollout_project", &is("origin_system", ORIGIN))? > 0 {
        return Ok(());
    }
    let rules = Rules::load();
    let language = language.map_or_else(|| runtime::context().locale, str::to_owned);
    let texts: Json = serde_json::from_str(TEXTS).map_err(|error| format!("the demonstration: {error}"))?;
    let demo = Demo { texts, language, lead: lead()?, today: rules.today() };
    let start = demo.today.monday().plus(-9 * 7 - 2);
    let draft = Draft::new()
        .with("title", demo.word("project"))
        .with("template", "standard")
        .with("language", demo.language.as_str())
        .with("system_name", "Verstak")
        .with("start", date(store::calendar(start, 30)?.first(start)))
        .with("stage", "running")
        .with("limit", demo.money("1000000"))
        .with("effect", Value::Decimal("120".to_owned()))
        .with("unit_value", demo.money("500"))
        .with("origin_system", ORIGIN)
        .with_some("lead", demo.person());
    let made = records::create("rollout_project", draft)?;
    let project = store::one("rollout_project", &made.id)?;
    template::build(&project)?;
    demo.registers(&project)?;
    demo.figures(&project)?;
    // What is done gets its days when it is done: nobody is told of deadlines that never were.
    demo.accepted(&project)?;
    replan(&store::one("rollout_project", &project.id)?, Gaps::Keep, &rules)?;
    let project = store::one("rollout_project", &project.id)?;
    if versions::send(&project)?.is_ok() {
        for version in store::of_project("rollout_version", &project.id, &[])? {
            records::change("rollout_version", &version.id, Draft::new().with("stage", "agreed"))?;
            versions::agree(&version)?;
        }
    }
    Ok(())
}

/// Somebody who leads rollouts, else an administrator.
fn lead() -> Result<Option<String>, HostError> {
    for role in ["rollout_lead", "admin"] {
        if let Some(member) = people::role_members(role)?.into_iter().next() {
            return Ok(Some(member.id));
        }
    }
    Ok(None)
}

struct Demo {
    texts: Json,
    language: String,
    lead: Option<String>,
    today: Day,
}

impl Demo {
    fn read(&self, texts: &Json) -> String {
        texts.get(&self.language).or_else(|| texts.get("en")).and_then(Json::as_str).unwrap_or_default().to_owned()
    }

    fn word(&self, key: &str) -> String {
        self.texts.get(key).map(|texts| self.read(texts)).unwrap_or_default()
    }

    fn person(&self) -> Option<Value> {
        self.lead.as_deref().map(Value::link)
    }

    fn money(&self, amount: &str) -> Value {
        let currency = if self.language == "en" {
            "EUR"
        } else if self.language == "uk" {
            "UAH"
        } else {
            "RUB"
        };
        Value::Money(verstak_plugin::Money { amount: amount.to_owned(), currency: currency.to_owned() })
    }

    fn of(&self, project: &Row, title: &Json) -> Draft {
        Draft::new().with("project", Value::link(&project.id)).with("title", self.read(title))
    }

    fn list(&self, key: &str) -> &[Json] {
        self.texts.get(key).and_then(Json::as_array).map_or(&[], Vec::as_slice)
    }

    fn registers(&self, project: &Row) -> Outcome {
        let text = |json: &Json, key: &str| json.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
        let number = |json: &Json, key: &str| json.get(key).and_then(Json::as_i64).unwrap_or(1);
        let processes = self
            .list("processes")
            .iter()
            .map(|one| self.of(project, one).with("area", text(one, "area")).with_some("owner", self.person()));
        store::create_all("rollout_process", processes.collect())?;
        let risks = self.list("risks").iter().map(|one| {
            let (chance, impact) = (number(one, "chance"), number(one, "impact"));
            self.of(project, one)
                .with("kind", text(one, "kind"))
                .with("chance", chance)
                .with("impact", impact)
                .with("score", chance * impact)
                .with_some("owner", self.person())
        });
        store::create_all("rollout_risk", risks.collect())?;
        let requirements = self
            .list("requirements")
            .iter()
            .map(|one| self.of(project, one).with("priority", text(one, "priority")).with("stage", "approved"));
        let requirements = store::create_all("rollout_requirement", requirements.collect())?;
        let runs = self.list("runs").iter().map(|one| {
            self.of(project, one)
                .with("kind", text(one, "kind"))
                .with("held", date(self.today))
                .with("result", text(one, "result"))
        });
        let runs = store::create_all("rollout_test_run", runs.collect())?;
        let cases = self.list("cases").iter().zip(requirements.iter().cycle()).map(|(one, requirement)| {
            self.of(project, one)
                .with("run", text(one, "run"))
                .with("result", text(one, "result"))
                .with("must", true)
                .with("requirement", Value::link(requirement))
                .with_some(
                    "test_run",
                    runs.first().filter(|_| text(one, "run") == "functional").map(|run| Value::link(run)),
                )
        });
        store::create_all("rollout_case", cases.collect())?;
        let defects = self.list("defects").iter().map(|one| {
            self.of(project, one)
                .with("severity", number(one, "severity"))
                .with("kind", "defect")
                .with("stage", text(one, "stage"))
        });
        store::create_all("rollout_defect", defects.collect())?;
        let lines = self.list("budget").iter().map(|one| {
            self.of(project, one)
                .with("kind", text(one, "kind"))
                .with("period", text(one, "period"))
                .with("plan", self.money(&text(one, "plan")))
        });
        let lines = store::create_all("rollout_budget", lines.collect())?;
        let bills = self.list("bills").iter().zip(&lines).map(|(one, line)| {
            self.of(project, one)
                .with("line", Value::link(line))
                .with("total", self.money(&text(one, "amount")))
                .with("date", date(self.today.plus(-10)))
                .with("stage", "counted")
        });
        store::create_all("rollout_bill", bills.collect())?;
        Ok(())
    }

    fn figures(&self, project: &Row) -> Outcome {
        let decimal =
            |json: &Json, key: &str| Value::Decimal(json.get(key).and_then(Json::as_i64).unwrap_or(0).to_string());
        for one in self.list("goals") {
            let metric = one.get("metric").and_then(Json::as_str).unwrap_or("other");
            let goal = self
                .of(project, one)
                .with("metric", metric)
                .with("target", decimal(one, "target"))
                .with("weight", 1_i64);
            let goal = goal.with_some("approved_by", self.person()).with("approved_at", Value::Instant(runtime::now()));
            records::create("rollout_goal", goal)?;
            let last = self.today.plus(-70);
            let measure = self
                .of(project, one)
                .with("metric", metric)
                .with("moment", "before")
                .with("first", date(last.plus(-27)))
                .with("last", date(last))
                .with("working_days", 20_i64)
                .with("value", decimal(one, "before"))
                .with("n", 40_i64)
                .with("method", "entered")
                .with("source", self.word("source"));
            records::create("rollout_measure", measure)?;
        }
        for (weeks, adoption, light) in [(3, "38.5", "red"), (2, "56.0", "amber"), (1, "76.7", "green")] {
            let monday = self.today.monday().plus(-7 * weeks);
            let draft = Draft::new()
                .with("project", Value::link(&project.id))
                .with("title", monday.to_string())
                .with("week", date(monday))
                .with("people", 10_i64)
                .with("active", 8_i64)
                .with("adoption", Value::Decimal(adoption.to_owned()))
                .with("light", light);
            records::create("rollout_signal", draft)?;
        }
        Ok(())
    }

    /// Three stages behind, the fourth under way.
    fn accepted(&self, project: &Row) -> Outcome {
        let mut stages = store::of_project("rollout_stage", &project.id, &["position", "project", "responsible"])?;
        stages.sort_by_key(|row| row.integer("position"));
        for stage in &stages {
            let position = stage.integer("position").unwrap_or(0);
            if position > 4 {
                continue;
            }
            after::assign(stage)?;
            let tasks = all_of([is("rollout_project", &*project.id), is("rollout_stage", &*stage.id)]);
            let mut tasks = store::all("task", &tasks, &["rollout_position"])?;
            tasks.sort_by_key(|row| row.integer("rollout_position"));
            let done = if position < 4 { tasks.len() } else { 1 };
            for task in tasks.iter().take(done) {
                records::change("task", &task.id, Draft::new().with("state", "completed"))?;
                let items = store::all("rollout_item", &is("task", &*task.id), &["title"])?;
                let ticked = Draft::new().with("done", true).with("evidence", self.word("evidence"));
                store::change_all("rollout_item", items.into_iter().map(|item| (item.id, ticked.clone())).collect())?;
            }
            let draft = if position < 4 {
                let at = Draft::new().with("stage", "accepted").with("accepted_at", Value::Instant(runtime::now()));
                at.with_some("accepted_by", self.person())
            } else {
                Draft::new().with("stage", "open")
            };
            records::change("rollout_stage", &stage.id, draft)?;
        }
        Ok(())
    }
}
