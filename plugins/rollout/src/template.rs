//! A project copies its template: stages, tasks, checklist items, roles, duties. What is there already is not made again, so
//! that a copy that broke off is finished by the next call.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use verstak_plugin::prelude::*;

use crate::store::{self, Read};

/// Texts of both templates in three languages, made of the product's specification.
const PLANS: &str = include_str!("plans.json");
/// Working days of a task of a template.
const DAYS: i64 = 5;

/// A template in one language.
pub struct Template {
    json: Json,
    language: String,
    system: String,
}

impl Template {
    /// The template `standard` or `seven_steps`.
    ///
    /// # Errors
    /// There is no such template.
    pub fn load(key: &str, language: &str, system: &str) -> Outcome<Self> {
        let mut plans: Json = serde_json::from_str(PLANS).map_err(|error| format!("the templates: {error}"))?;
        let json = plans.get_mut(key).map(Json::take).ok_or_else(|| format!("no template {key}"))?;
        Ok(Template { json, language: language.to_owned(), system: system.to_owned() })
    }

    /// A text in the project's language, with the system's name put in as it stands.
    pub fn words(&self, texts: &Json) -> String {
        let text = texts.get(&self.language).or_else(|| texts.get("en")).and_then(Json::as_str);
        text.unwrap_or_default().replace("{system}", &self.system)
    }

    fn list<'a>(json: &'a Json, key: &str) -> &'a [Json] {
        json.get(key).and_then(Json::as_array).map_or(&[], Vec::as_slice)
    }

    fn stages(&self) -> &[Json] {
        Self::list(&self.json, "stages")
    }

    fn tasks(&self) -> impl Iterator<Item = (usize, &Json)> {
        let stages = self.stages().iter().enumerate();
        stages.flat_map(|(index, stage)| Self::list(stage, "tasks").iter().map(move |task| (index + 1, task)))
    }

    /// Statements of the closing report, and the steps after it.
    pub fn closing(&self) -> (Vec<String>, Vec<String>) {
        let closing = self.json.get("closing").unwrap_or(&Json::Null);
        let statements = Self::list(closing, "statements").iter().map(|text| self.words(text)).collect();
        let after = Self::list(closing, "after").iter();
        let step = |step: &Json| {
            let checks = Self::list(step, "check").iter().map(|text| self.words(text));
            let title = step.get("title").map(|text| self.words(text)).unwrap_or_default();
            format!("{title}: {}", checks.collect::<Vec<_>>().join(" "))
        };
        (statements, after.map(step).collect())
    }
}

fn text<'a>(json: &'a Json, key: &str) -> &'a str {
    json.get(key).and_then(Json::as_str).unwrap_or_default()
}

fn code(task: &Json) -> &str {
    text(task, "id")
}

/// Makes all that the template says and that is not there yet. Answers whether something was made.
///
/// # Errors
/// What the host says; what was made until then stays.
pub fn build(project: &Row) -> Outcome<bool> {
    let language = project.text("language").unwrap_or("en");
    let system = project.text("system_name").unwrap_or("Verstak");
    let template = Template::load(project.text("template").unwrap_or("standard"), language, system)?;
    let made = stages(project, &template)?;
    let made = roles(project, &template)? || made;
    let made = tasks(project, &template)? || made;
    let made = items(project, &template)? || made;
    Ok(duties(project, &template)? || made)
}

fn stages(project: &Row, template: &Template) -> Outcome<bool> {
    let there: BTreeSet<i64> =
        by_project("rollout_stage", project, &["position"])?.iter().filter_map(|row| row.integer("position")).collect();
    let draft = |(index, stage): (usize, &Json)| {
        let position = place(index + 1);
        let text = |key: &str| stage.get(key).map(|text| template.words(text)).unwrap_or_default();
        (!there.contains(&position)).then(|| {
            of(project)
                .with("title", text("title"))
                .with("result", text("result"))
                .with("position", position)
                .with("stage", if position == 1 { "open" } else { "locked" })
                .with_some("responsible", project.id("lead").map(Value::link))
        })
    };
    make("rollout_stage", template.stages().iter().enumerate().filter_map(draft))
}

fn roles(project: &Row, template: &Template) -> Outcome<bool> {
    let rows = by_project("rollout_role", project, &["code"])?;
    let there: BTreeSet<&str> = rows.iter().filter_map(|row| row.text("code")).collect();
    let draft = |role: &Json| {
        let code = text(role, "code");
        let lead = matches!(code, "PM" | "PL").then(|| project.id("lead")).flatten();
        let title = role.get("title").map(|title| template.words(title)).unwrap_or_default();
        let made = of(project).with("code", code).with("title", title);
        (!there.contains(code)).then(|| made.with_some("person", lead.map(Value::link)))
    };
    make("rollout_role", Template::list(&template.json, "roles").iter().filter_map(draft))
}

fn tasks(project: &Row, template: &Template) -> Outcome<bool> {
    let stages = by_project("rollout_stage", project, &["position"])?;
    let stage = |position| stages.iter().find(|row| row.integer("position") == Some(place(position)));
    let rows = store::of_project("task", &project.id, &["rollout_code"])?;
    let there: BTreeMap<&str, &str> =
        rows.iter().filter_map(|row| Some((row.text("rollout_code")?, row.id.as_str()))).collect();
    let mut before: Option<String> = None;
    let mut made = Vec::new();
    // One after another: each follows the one before, whose id must be known.
    for (index, (position, task)) in template.tasks().enumerate() {
        if let Some(id) = there.get(code(task)) {
            before = Some((*id).to_owned());
            continue;
        }
        let Some(stage) = stage(position) else { continue };
        let draft = Draft::new()
            .with("title", title(task, template))
            .with("rollout_project", Value::link(&project.id))
            .with("rollout_stage", Value::link(&stage.id))
            .with("rollout_code", code(task))
            .with("rollout_position", place(index + 1))
            .with("rollout_days", DAYS)
            .with_some("rollout_after", before.take().map(|id| Value::Ids(vec![id])));
        let id = records::create("task", draft)?.id;
        made.push((id.clone(), Draft::new().with("assignee", Value::Null)));
        before = Some(id);
    }
    // A new task is whose act made it; these are nobody's until their stage is open.
    let any = !made.is_empty();
    store::change_all("task", made)?;
    Ok(any)
}

fn title(task: &Json, template: &Template) -> String {
    format!("{} {}", code(task), task.get("title").map(|text| template.words(text)).unwrap_or_default())
}

fn items(project: &Row, template: &Template) -> Outcome<bool> {
    let tasks = task_ids(project)?;
    let rows = by_project("rollout_item", project, &["task", "position"])?;
    let there: BTreeSet<(&str, i64)> =
        rows.iter().filter_map(|row| Some((row.id("task")?, row.integer("position")?))).collect();
    let drafts = template.tasks().flat_map(|(_, task)| {
        let id = tasks.get(code(task));
        let checks = Template::list(task, "check").iter().enumerate();
        checks.filter_map(move |(index, text)| Some((id?, place(index + 1), text)))
    });
    let new = drafts.filter(|(task, position, _)| !there.contains(&(task.as_str(), *position)));
    let draft = |(task, position, text): (&String, i64, &Json)| {
        of(project)
            .with("task", Value::link(task))
            .with("position", position)
            .with("title", template.words(text))
            .with("done", false)
    };
    make("rollout_item", new.map(draft))
}

fn duties(project: &Row, template: &Template) -> Outcome<bool> {
    let tasks = task_ids(project)?;
    let roles = by_project("rollout_role", project, &["code"])?;
    let role = |code: &str| roles.iter().find(|row| row.text("code") == Some(code)).map(|row| row.id.as_str());
    let rows = by_project("rollout_duty", project, &["task", "role"])?;
    let there: BTreeSet<(&str, &str)> =
        rows.iter().filter_map(|row| Some((row.id("task")?, row.id("role")?))).collect();
    let mut drafts = Vec::new();
    for (_, task) in template.tasks() {
        let Some(id) = tasks.get(code(task)) else { continue };
        // Whoever is named first answers for the task.
        for (index, duty) in Template::list(task, "duties").iter().enumerate() {
            let role = role(text(duty, "role")).filter(|role| !there.contains(&(id.as_str(), *role)));
            let Some(role) = role else { continue };
            let words = duty.get("text").map(|text| template.words(text)).unwrap_or_default();
            drafts.push(
                of(project)
                    .with("task", Value::link(id))
                    .with("role", Value::link(role))
                    .with("title", words)
                    .with("raci", if index == 0 { "accountable" } else { "responsible" }),
            );
        }
    }
    make("rollout_duty", drafts.into_iter())
}

/// The tasks of a project by their codes.
fn task_ids(project: &Row) -> Outcome<BTreeMap<String, String>> {
    let rows = store::of_project("task", &project.id, &["rollout_code"])?;
    Ok(rows.into_iter().map(|row| (row.words("rollout_code").to_owned(), row.id)).collect())
}

fn by_project(entity: &str, project: &Row, fields: &[&str]) -> Outcome<Vec<Row>> {
    Ok(store::of_project(entity, &project.id, fields)?)
}

fn make(entity: &str, drafts: impl Iterator<Item = Draft>) -> Outcome<bool> {
    Ok(!store::create_all(entity, drafts.collect())?.is_empty())
}

fn of(project: &Row) -> Draft {
    Draft::new().with("project", Value::link(&project.id))
}

fn place(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(key: &str) -> (usize, usize, usize, usize, usize) {
        let template = Template::load(key, "ru", "Битрикс24").unwrap();
        let tasks: Vec<&Json> = template.tasks().map(|(_, task)| task).collect();
        let checks = tasks.iter().map(|task| Template::list(task, "check").len()).sum();
        let duties = tasks.iter().map(|task| Template::list(task, "duties").len()).sum();
        let roles = Template::list(&template.json, "roles").len();
        (template.stages().len(), tasks.len(), checks, roles, duties)
    }

    #[test]
    fn templates_have_what_the_document_says() {
        assert_eq!(counts("standard"), (7, 21, 55, 12, 62));
        assert_eq!(counts("seven_steps"), (7, 14, 41, 4, 0));
        assert!(Template::load("other", "ru", "x").is_err());
    }

    #[test]
    fn who_is_named_first_answers() {
        let template = Template::load("standard", "en", "x").unwrap();
        let first = |id: &str| {
            let task = template.tasks().map(|(_, task)| task).find(|task| code(task) == id).unwrap();
            text(&Template::list(task, "duties")[0], "role").to_owned()
        };
        assert_eq!(["1.1", "1.3", "3.1", "5.1", "7.3"].map(first), ["PM", "BA", "IT", "TRN", "IT"]);
        assert_eq!(text(&Template::list(&template.json, "roles")[0], "code"), "PM");
    }

    #[test]
    fn every_text_is_there_in_three_languages() {
        fn look(json: &Json, bare: &mut Vec<String>) {
            match json {
                Json::Object(map) if map.contains_key("en") => {
                    let there = ["en", "ru", "uk"].iter().all(|key| map.get(*key).and_then(Json::as_str).is_some());
                    if !there || map.len() != 3 {
                        bare.push(json.to_string());
                    }
                }
                Json::Object(map) => map.values().for_each(|json| look(json, bare)),
                Json::Array(list) => list.iter().for_each(|json| look(json, bare)),
                _ => {}
            }
        }
        let mut bare = Vec::new();
        look(&serde_json::from_str(PLANS).unwrap(), &mut bare);
        assert_eq!(bare, Vec::<String>::new());
    }

    #[test]
    fn the_systems_name_stands_as_it_is() {
        let template = Template::load("standard", "ru", "Битрикс24").unwrap();
        assert_eq!(template.words(&template.stages()[2]["title"]), "Настройка системы Битрикс24");
        let (statements, after) = template.closing();
        assert_eq!((statements.len(), after.len()), (3, 2));
        assert!(statements[0].contains("Битрикс24"));
    }
}
