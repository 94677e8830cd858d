//! Runs the test scripts of a plugin in the real host and prints what its points cost beside their budgets.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use kernel::child::ChildCommand;
use kernel::{Ctx, Db, Error, InstanceId, RecordId, RecordRef, Value};
use process::runtime::{Service, ServiceCall, ServiceFailure};
use records::{Change, Record, WriteOptions};
use serde_json::{Map, Value as Json};
use uuid::Uuid;
use work::tasks::{TaskQuery, TaskState};

use super::messages::Office;
use super::scene::Scene;
use super::script::{Ask, Figures, Find, FindTasks, Http, Refused, Script, Step, Write};
use super::scripted::Scripted;
use super::system::System;
use super::{DevError, company, files, jobs, messages, pages, papers, published};
use crate::engine::{Budget, Caps, EngineConfig};
use crate::points::budget_of;
use crate::points::pages::View;
use crate::{Cost, Grants, HostConfig, HttpCaller, HttpRequest, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};

/// Calls at the same time.
const CALLS: u32 = 8;
/// Times longer than its budget that a call may last.
const PATIENCE: u32 = 20;

/// How one step went.
#[derive(Debug)]
pub struct StepResult {
    /// File and title.
    pub title: String,
    /// What was wrong, if something was.
    pub problem: Option<String>,
}

/// How all scripts went.
#[derive(Debug, Default)]
pub struct Report {
    /// In order.
    pub steps: Vec<StepResult>,
    /// What points cost, over all scripts.
    pub costs: Vec<Cost>,
}

impl Report {
    /// Whether every step went as expected.
    pub fn passed(&self) -> bool {
        self.steps.iter().all(|step| step.problem.is_none())
    }

    /// For the terminal.
    pub fn print(&self) -> String {
        let mut text = String::new();
        for step in &self.steps {
            let line = match &step.problem {
                None => format!("  ok    {}\n", step.title),
                Some(problem) => format!("  FAIL  {}\n        {problem}\n", step.title),
            };
            text.push_str(&line);
        }
        for cost in &self.costs {
            let budget = budget_of(&cost.point).copied().unwrap_or(Budget::HTTP);
            let calls = cost.calls.max(1);
            text.push_str(&format!(
                "  cost  {}: {} calls, {} us CPU each of {} us, {} host calls each of {}\n",
                cost.point,
                cost.calls,
                cost.cpu_us / calls,
                budget.cpu.as_micros(),
                cost.host_calls / calls,
                budget.host_calls,
            ));
        }
        text
    }
}

/// Runs one script file of a plugin on an empty, migrated database. Papers are set by a command of the program's own binary;
/// none: in this process, where nothing ends a template that does not end by itself.
///
/// # Errors
/// When the script cannot be read or the plugin cannot be installed; steps that fail are in the report.
pub async fn run(db: Db, package: &[u8], script: &Path, typesetter: Option<ChildCommand>) -> Result<Report, DevError> {
    let text = std::fs::read_to_string(script).map_err(|error| DevError::at(script, error))?;
    let parsed: Script = toml::from_str(&text).map_err(|error| DevError::at(script, error))?;
    let file = script.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let play = Play::start(db, package, &parsed, typesetter).await;
    let mut play = play.map_err(|error| DevError::at(script, explain(&error)))?;
    let mut report = Report::default();
    for (index, step) in parsed.steps.iter().enumerate() {
        let problem = play.step(step).await.err();
        let title = if step.title.is_empty() { format!("step {}", index + 1) } else { step.title.clone() };
        report.steps.push(StepResult { title: format!("{file}: {title}"), problem });
    }
    report.costs = play.costs().await.map_err(DevError::new)?;
    Ok(report)
}

pub(super) fn explain(error: &Error) -> String {
    let locale = kernel::Locale::En;
    let fields: Vec<String> =
        error.fields_in(locale).into_iter().map(|(field, (code, words))| format!("{field}: {code}: {words}")).collect();
    let what = if let Error::NotFound(what) = error { what } else { "" };
    format!("{} ({}) {what}{}", error.message().in_locale(locale), error.code(), fields.join("; "))
}

struct Play {
    scene: Scene,
    plugin: String,
    saved: BTreeMap<String, RecordId>,
    departments: BTreeMap<String, Uuid>,
    settings: BTreeMap<String, Json>,
    web: Arc<Scripted>,
    system: Arc<System>,
}

impl Play {
    async fn start(db: Db, package: &[u8], script: &Script, typesetter: Option<ChildCommand>) -> kernel::Result<Self> {
        // Few calls at a time, and a busy machine is no fault of the plugin: processor time is limited all the same.
        let caps = Caps { patience: PATIENCE, ..Caps::default() };
        let engine = EngineConfig { slots: CALLS, caps, ..EngineConfig::default() };
        let config = HostConfig { engine, typesetter, ..HostConfig::default() };
        let mut scene = Scene::new(db, script.locale, config).await?;
        let web = Scripted::new(&script.answers);
        scene.host.set_outbound(Arc::<Scripted>::clone(&web));
        scene.messages.set_outbound(Arc::<Scripted>::clone(&web));
        scene.mail.set_office(Office::new(&script.mail));
        messages::set_up(&scene, &script.gateways).await?;
        let system = System::new(&script.health);
        scene.host.set_health(Arc::<System>::clone(&system));
        // First of all, for it may bring roles.
        let admin = scene.ctx("admin").await?;
        let plugin = scene.host.install(&admin, package).await?;
        company::set_up(&mut scene, &script.company).await?;
        scene.host.enable(&admin, &plugin, &Grants::Requested, Some(&script.settings)).await?;
        // Of its own entities, too.
        papers::set_up(&scene, &script.templates).await?;
        if let Some(start) = company::beginning(&script.company)? {
            scene.begins_at(start);
        }
        let departments = company::departments(&scene, &script.departments).await?;
        for user in &script.users {
            let roles: Vec<&str> = user.roles.iter().map(String::as_str).collect();
            let id = scene.user(&user.name, &roles).await?;
            company::place(&scene, &departments, id, user).await?;
            if user.absent {
                let until = scene.env.now().plus_seconds(1000 * 24 * 3600);
                let patch = people::user::UserPatch { absent_until: Some(Some(until)), ..Default::default() };
                people::user::update(&scene.db, &scene.system(), kernel::UserId(id), &patch).await?;
            }
        }
        scene.forget();
        scene.begin();
        Ok(Self { scene, plugin, saved: BTreeMap::new(), departments, settings: script.settings.clone(), web, system })
    }

    async fn costs(&self) -> kernel::Result<Vec<Cost>> {
        self.scene.host.cost(&self.scene.ctx("admin").await?, &self.plugin).await
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        if let [first, second, ..] = step.acts().as_slice() {
            return Err(format!("a step does one thing: `{first}` and `{second}` are two"));
        }
        let failed = |error: Error| explain(&error);
        self.scene.clock.advance_seconds(step.advance_seconds);
        self.company(step).await.map_err(failed)?;
        let ctx = self.scene.ctx(step.actor.as_deref().unwrap_or("admin")).await.map_err(failed)?;
        let ctx = Ctx { address: step.address, ..ctx };
        if step.events {
            self.scene.drain().await.map_err(failed)?;
        }
        let outcome = if let Some(write) = &step.create {
            self.write(&ctx, write, Change::Create { fields: self.values(&write.fields) }).await
        } else if let Some(write) = &step.update {
            let id = self.record(write)?;
            self.write(&ctx, write, Change::Update { id, version: None, fields: self.values(&write.fields) }).await
        } else if let Some(write) = &step.remove {
            let id = self.record(write)?;
            self.write(&ctx, write, Change::Delete { id, version: None }).await
        } else if let Some(find) = &step.find {
            Ok(self.find(&ctx, find).await?)
        } else if let Some(find) = &step.tasks {
            return self.find_tasks(find, step.fields.as_ref()).await;
        } else if let Some(http) = &step.http {
            let user = (step.actor.is_some() && !http.signed).then_some(&ctx);
            return self.http(user, http).await;
        } else if let Some(ask) = &step.action {
            return self.ask(ask).await;
        } else if let Some(figures) = &step.data {
            let rows: Vec<Map<String, Json>> = figures.rows.iter().map(|row| self.values(row)).collect();
            let (params, state) = (self.values(&figures.params), self.values(&figures.state));
            let view = View { params, state, record: None };
            let input = figures.input.as_ref().map(|input| self.resolve(input));
            let figures = Figures { input, ..figures.clone() };
            let got = pages::figures(&self.scene, &ctx, &self.plugin, &figures, &rows, view).await;
            self.judged(step, got)?
        } else if let Some(press) = &step.act {
            let rows = press.rows.iter().map(|name| self.named(Some(name)).map(|id| id.to_string()));
            let rows = rows.collect::<Result<Vec<_>, _>>()?;
            let input = Json::Object(self.values(&press.input));
            let got = pages::press(&self.scene, &ctx, &self.plugin, press, rows, input).await;
            self.judged(step, got)?
        } else if let Some(find) = &step.files {
            return files::look(&self.scene, &ctx, self.named(Some(&find.record))?, find).await;
        } else if let Some(find) = &step.papers {
            return papers::look(&self.scene, &ctx, self.named(Some(&find.record))?, find).await;
        } else if let Some(find) = &step.messages {
            return messages::look(&self.scene, &self.plugin, find).await;
        } else if let Some(find) = &step.notices {
            let link = find.link.as_deref().map(|link| self.filled(link));
            return company::notices(&self.scene, &self.plugin, find, link).await;
        } else if let Some(find) = &step.published {
            return published::look(&self.scene, find, &self.values(&find.fields)).await;
        } else if let Some(fetched) = &step.fetched {
            return self.web.check(fetched);
        } else if let Some(work) = &step.job {
            return jobs::work(&self.scene, &self.plugin, work).await;
        } else if let Some(runs) = &step.runs {
            return jobs::look(&self.scene, &self.plugin, runs).await;
        } else {
            return Ok(());
        };
        self.expect(step, outcome)
    }

    /// What a step does with the company and the plugin before anything else.
    async fn company(&mut self, step: &Step) -> kernel::Result<()> {
        if let Some(set) = &step.calendar {
            company::calendar(&self.scene, &self.departments, set).await?;
        }
        if let Some(patch) = &step.patch_user {
            company::patch(&mut self.scene, &self.departments, patch).await?;
        }
        if let Some(parts) = &step.health {
            self.system.set(parts);
        }
        let admin = self.scene.ctx("admin").await?;
        match step.enabled {
            None => Ok(()),
            Some(true) => {
                let host = &self.scene.host;
                host.enable(&admin, &self.plugin, &Grants::Requested, Some(&self.settings)).await
            }
            Some(false) => self.scene.host.disable(&admin, &self.plugin).await,
        }
    }

    /// The outcome of a step that judges its answer itself.
    fn judged(
        &self,
        step: &Step,
        got: Result<Result<(), String>, Error>,
    ) -> Result<Result<Option<Record>, Error>, String> {
        match got {
            Ok(Err(problem)) if step.refused.is_none() => Err(problem),
            Ok(_) => Ok(Ok(None)),
            Err(error) => Ok(Err(error)),
        }
    }

    fn expect(&mut self, step: &Step, outcome: Result<Option<Record>, Error>) -> Result<(), String> {
        match (&step.refused, outcome) {
            (Some(refused), Err(error)) => check_refusal(refused, &error, self.scene.tenant.locale),
            (Some(_), Ok(_)) => Err("it was not refused".to_owned()),
            (None, Err(error)) => Err(format!("it was refused: {}", explain(&error))),
            (None, Ok(record)) => {
                if let (Some(name), Some(record)) = (&step.save, &record) {
                    self.saved.insert(name.clone(), record.id);
                }
                let wanted = step.fields.iter().flatten();
                wanted.into_iter().try_for_each(|(key, value)| self.check_field(record.as_ref(), key, value))
            }
        }
    }

    fn check_field(&self, record: Option<&Record>, key: &str, wanted: &Json) -> Result<(), String> {
        let got = record.and_then(|record| record.fields.get(key)).map_or(Json::Null, Value::to_json);
        let wanted = self.resolve(wanted);
        if got == wanted { Ok(()) } else { Err(format!("{key} is {got}, not {wanted}")) }
    }

    async fn write(&self, ctx: &Ctx, write: &Write, change: Change) -> Result<Option<Record>, Error> {
        let written = self.scene.records.write_one(ctx, &write.entity, change, &WriteOptions::default()).await?;
        Ok(Some(written.record))
    }

    async fn find(&self, ctx: &Ctx, find: &Find) -> Result<Option<Record>, String> {
        let filter = find.filter.as_ref().map(|filter| kernel::filter::Filter::parse(&self.resolve(filter)));
        let filter = filter.transpose().map_err(|error| Error::field("request.invalid", "filter", error));
        let limit = Some(records::read::MAX_LIMIT);
        let query =
            records::read::Query { filter: filter.map_err(|error| explain(&error))?, limit, ..Default::default() };
        let page = self.scene.records.query(ctx, &find.entity, &query).await;
        let mut items = page.map_err(|error| explain(&error))?.items;
        if items.len() != find.count {
            return Err(format!("{} records instead of {}", items.len(), find.count));
        }
        Ok(items.pop())
    }

    /// The newest of the open tasks must have the fields.
    async fn find_tasks(&self, find: &FindTasks, fields: Option<&Map<String, Json>>) -> Result<(), String> {
        let query = TaskQuery { state: Some(TaskState::Open), limit: Some(200), ..TaskQuery::default() };
        let listed = self.scene.tasks.list(&self.scene.system(), &query).await;
        let mut tasks = listed.map_err(|error| explain(&error))?.items;
        if tasks.len() != find.count {
            return Err(format!("{} open tasks instead of {}", tasks.len(), find.count));
        }
        tasks.sort_by_key(|task| (task.created, task.id));
        let newest = tasks.last().map(serde_json::to_value).transpose().map_err(|error| error.to_string())?;
        for (key, wanted) in fields.into_iter().flatten() {
            let (got, wanted) = (newest.as_ref().and_then(|task| task.get(key)), self.resolve(wanted));
            if !got.is_some_and(|got| covers(got, &wanted)) {
                return Err(format!("{key} is {}, not {wanted}", got.unwrap_or(&Json::Null)));
            }
        }
        Ok(())
    }

    /// At the plugin's public address, or as somebody who is signed in.
    async fn http(&self, user: Option<&Ctx>, http: &Http) -> Result<(), String> {
        let body = self.resolve(&http.body);
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let mut headers: Vec<(String, String)> =
            http.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
        if http.signed {
            let admin = self.scene.ctx("admin").await.map_err(|error| explain(&error))?;
            let detail = self.scene.host.get(&admin, &self.plugin).await.map_err(|error| explain(&error))?;
            let at = (self.scene.env.now().micros() / 1_000_000).to_string();
            headers.push((SIGNATURE_HEADER.to_owned(), sign(&detail.secret.unwrap_or_default(), &at, &body)));
            headers.push((TIMESTAMP_HEADER.to_owned(), at));
        }
        let path = self.filled(&http.path);
        let query = http.query.iter().map(|(name, value)| (name.clone(), self.filled(value))).collect();
        let request = HttpRequest { method: http.method.clone(), path, headers, body, query };
        let caller = user.map_or(HttpCaller::Public(self.scene.tenant.id), HttpCaller::User);
        let answer = self.scene.host.http(caller, &self.plugin, request).await;
        let (status, body) = match answer {
            Ok(response) => (response.status, String::from_utf8_lossy(&response.body).into_owned()),
            Err(Error::Unauthenticated) => (401, String::new()),
            Err(error @ Error::NotFound(_)) => (404, explain(&error)),
            Err(error @ Error::Denied(_)) => (403, explain(&error)),
            Err(error) => (503, explain(&error)),
        };
        if status != http.status {
            return Err(format!("status {status} instead of {}: {body}", http.status));
        }
        if let Some(words) = http.begins.as_ref().filter(|words| !body.starts_with(words.as_str())) {
            let got: String = body.chars().take(100).collect();
            return Err(format!("the answer begins with {got:?}, not {words:?}"));
        }
        let json: Json = serde_json::from_str(&body).unwrap_or(Json::Null);
        let fits = |(key, wanted): &(&String, &Json)| {
            json.get(key.as_str()).is_some_and(|got| covers(got, &self.resolve(wanted)))
        };
        let wrong = http.answer.iter().find(|pair| !fits(pair));
        wrong.map_or(Ok(()), |(key, value)| Err(format!("{key} is not {value} in {body}")))
    }

    /// A text with `$name` and `@Name` in place of ids, as a part of a path or the whole.
    fn filled(&self, text: &str) -> String {
        let part = |part: &str| match self.resolve(&Json::String(part.to_owned())) {
            Json::String(filled) => filled,
            _ => part.to_owned(),
        };
        text.split('/').map(part).collect::<Vec<_>>().join("/")
    }

    /// As the service task of a process asks.
    async fn ask(&self, ask: &Ask) -> Result<(), String> {
        let subject = match &ask.entity {
            Some(entity) => Some(RecordRef { entity: entity.as_str().into(), id: self.named(ask.record.as_deref())? }),
            None => None,
        };
        let call = ServiceCall {
            instance: InstanceId::fresh(&self.scene.env),
            wait: 1,
            element: "test".to_owned(),
            kind: format!("plugin:{}/{}", self.plugin, ask.id),
            parameters: self.values(&ask.input),
            subject,
            cause: None,
            batch: None,
        };
        let answer = Service::call(&self.scene.host, &self.scene.system(), &call).await;
        match (answer, &ask.failure, &ask.error) {
            (Ok(got), None, None) => match ask.result.as_ref().map(|wanted| self.resolve(wanted)) {
                Some(wanted) if wanted != got => Err(format!("the answer is {got}, not {wanted}")),
                _ => Ok(()),
            },
            (Err(ServiceFailure::Bpmn(code)), None, Some(wanted)) if code == *wanted => Ok(()),
            (Err(ServiceFailure::Again(why) | ServiceFailure::Never(why)), Some(words), None)
                if why.contains(words.as_str()) =>
            {
                Ok(())
            }
            (Ok(got), _, _) => Err(format!("it was done: {got}")),
            (Err(failure), _, _) => Err(format!("it was not done, or differently: {failure:?}")),
        }
    }

    fn record(&self, write: &Write) -> Result<RecordId, String> {
        self.named(write.record.as_deref())
    }

    fn named(&self, record: Option<&str>) -> Result<RecordId, String> {
        let name = record.unwrap_or_default();
        let id = name.strip_prefix('$').and_then(|name| self.saved.get(name));
        id.copied().ok_or_else(|| format!("there is no record `{name}`; use $name of a saved one"))
    }

    fn values(&self, fields: &Map<String, Json>) -> Map<String, Json> {
        fields.iter().map(|(key, value)| (key.clone(), self.resolve(value))).collect()
    }

    /// `@Anna` is a user's id, `$lead` a saved record's, `department:Sales` a department's.
    fn resolve(&self, value: &Json) -> Json {
        match value {
            Json::String(text) => {
                let user = text.strip_prefix('@').and_then(|name| self.scene.users.get(name)).map(ToString::to_string);
                let record = text.strip_prefix('$').and_then(|name| self.saved.get(name)).map(ToString::to_string);
                let department = text.strip_prefix("department:").and_then(|name| self.departments.get(name));
                let department = department.map(ToString::to_string);
                user.or(record).or(department).map_or_else(|| value.clone(), Json::String)
            }
            Json::Array(items) => items.iter().map(|item| self.resolve(item)).collect(),
            Json::Object(map) => Json::Object(self.values(map)),
            _ => value.clone(),
        }
    }
}

/// Whether a value is the wanted one; an object may have more members.
fn covers(got: &Json, wanted: &Json) -> bool {
    match (got, wanted) {
        (Json::Object(got), Json::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| got.get(key).is_some_and(|got| covers(got, wanted)))
        }
        _ => got == wanted,
    }
}

fn check_refusal(wanted: &Refused, error: &Error, locale: kernel::Locale) -> Result<(), String> {
    let (code, words, fields) = (error.code(), error.message().in_locale(locale), error.fields_in(locale));
    let code_fits = wanted.code.as_deref().is_none_or(|wanted| wanted == code);
    let words_fit = wanted.detail.as_deref().is_none_or(|part| words.to_lowercase().contains(&part.to_lowercase()));
    let fields_fit = wanted.fields.iter().all(|field| fields.contains_key(field));
    if code_fits && words_fit && fields_fit { Ok(()) } else { Err(format!("refused differently: {}", explain(error))) }
}
