//! Actions and conditions: service tasks of processes and main actions of tasks, done by plugins.
//!
//! `plugin:<plugin id>/<id>` names an action or a condition. An action answers with an object of its declared output;
//! a condition with a boolean, which the service task puts into its `v:resultVariable` for the gateway after it. What is
//! given and what comes back is checked against the manifest. A process acts for nobody: the plugin then has exactly
//! its grants. A main action is done for the person who presses the button.

use kernel::error::Refusal;
use kernel::{Ctx, Error, InstanceId, Message, RecordRef, TaskId};
use process::runtime::{Service, ServiceCall, ServiceFailure};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;
use wasmtime::Store;
use wasmtime::component::Instance;
use work::tasks::{ActionRunner, Task};

use super::{Point, PointKind};
use crate::PluginHost;
use crate::bindings::steps as wit;
use crate::bindings::subjects::Subject;
use crate::bindings::{actions, conditions};
use crate::capabilities::{LogLevel, State};
use crate::engine::{Budget, Code, Effect, Engine, Fault, Invoke};
use crate::loops;
use crate::manifest::{Action, Condition, Manifest, Parameter, Text, check, fit};
use crate::registry::OnNode;
use crate::texts::said;

/// Actions.
pub(crate) static ACTION: PointKind = PointKind {
    name: "action",
    export: "actions",
    budget: Budget::ACTION,
    declared: |manifest| manifest.actions.iter().map(|one| one.id.clone()).collect(),
    check: check::actions,
    probe: |pre| Some(Box::new(actions::GuestIndices::new(pre).ok()?)),
};

/// Conditions.
pub(crate) static CONDITION: PointKind = PointKind {
    name: "condition",
    export: "conditions",
    budget: Budget::CONDITION,
    declared: |manifest| manifest.conditions.iter().map(|one| one.id.clone()).collect(),
    check: check::conditions,
    probe: |pre| Some(Box::new(conditions::GuestIndices::new(pre).ok()?)),
};

/// A plugin's own word that something is not to be done: an answer, not a failure of the plugin.
enum NotDone {
    /// It never will.
    Never(String),
    /// A BPMN error, with what happened for the log.
    Bpmn { code: String, text: String },
}

/// A question to an action, by its id.
struct Run(String, wit::Call);

impl Invoke for Run {
    type Answer = Result<String, NotDone>;
    const EFFECT: Effect = Effect::Writes;

    async fn invoke(
        self,
        code: &Code,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<Self::Answer, String>> {
        let guest = code.indices::<actions::GuestIndices>(ACTION.export)?.load(&mut *store, instance)?;
        Ok(settle(guest.call_run(store, &self.0, &self.1).await?))
    }
}

/// A question to a condition, by its id.
struct Test(String, wit::Call);

impl Invoke for Test {
    type Answer = Result<bool, NotDone>;
    const EFFECT: Effect = Effect::Reads;

    async fn invoke(
        self,
        code: &Code,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<Self::Answer, String>> {
        let guest = code.indices::<conditions::GuestIndices>(CONDITION.export)?.load(&mut *store, instance)?;
        Ok(settle(guest.call_test(store, &self.0, &self.1).await?))
    }
}

/// The outer error is what counts as a failure.
fn settle<T>(answer: Result<T, wit::Failure>) -> Result<Result<T, NotDone>, String> {
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(wit::Failure::Again(text)) => Err(text),
        Err(wit::Failure::Never(text)) => Ok(Err(NotDone::Never(said(text)))),
        Err(wit::Failure::Error(error)) => Ok(Err(NotDone::Bpmn { code: error.code, text: said(error.text) })),
    }
}

/// What every kind begins with.
const PREFIX: &str = "plugin:";
/// Bytes of an answer.
const MAX_RESULT: usize = 256 * 1024;
/// Characters of the code of a BPMN error.
const MAX_CODE: usize = 255;

/// What is asked of a plugin.
struct Asked<'a> {
    kind: &'a str,
    parameters: Map<String, Json>,
    key: Uuid,
    subject: Option<RecordRef>,
    instance: Option<InstanceId>,
    element: Option<String>,
    task: Option<TaskId>,
}

impl Asked<'_> {
    /// As the plugin is asked, with its parameters as declared.
    fn call(self, declared: &[Parameter]) -> Result<wit::Call, Trouble> {
        let input = fit(declared, self.parameters)
            .map_err(|why| Trouble::Never(format!("parameters of {}: {why}", self.kind)))?;
        Ok(wit::Call {
            key: self.key.to_string(),
            input: Json::Object(input).to_string(),
            subject: self
                .subject
                .map(|subject| Subject { entity: subject.entity.to_string(), id: subject.id.to_string() }),
            instance: self.instance.map(|id| id.to_string()),
            element: self.element,
            task: self.task.map(|id| id.to_string()),
        })
    }
}

/// Why it was not done.
enum Trouble {
    Again(String),
    Never(String),
    Bpmn {
        code: String,
        text: String,
    },
    /// The plugin failed at it.
    Failed {
        plugin: String,
        title: Text,
        fault: Fault,
    },
}

/// What a kind names.
enum Step<'a> {
    Action(&'a Action),
    Condition(&'a Condition),
}

#[async_trait::async_trait]
impl Service for PluginHost {
    fn serves(&self, kind: &str) -> bool {
        kind.starts_with(PREFIX)
    }

    async fn call(&self, ctx: &Ctx, call: &ServiceCall) -> Result<Json, ServiceFailure> {
        let asked = Asked {
            kind: &call.kind,
            parameters: call.parameters.clone(),
            key: call.idempotency_key(),
            subject: call.subject.clone(),
            instance: call.of_process().map(|(instance, _)| instance),
            element: call.of_process().map(|(_, element)| element.to_owned()),
            task: None,
        };
        self.ask(ctx, asked).await.map_err(|trouble| match trouble {
            Trouble::Again(why) => ServiceFailure::Again(why),
            Trouble::Never(why) => ServiceFailure::Never(why),
            Trouble::Bpmn { code, .. } => ServiceFailure::Bpmn(code),
            Trouble::Failed { fault: Fault::Loop(chain), .. } => {
                ServiceFailure::Never(format!("plugins set each other off in a loop: {chain}"))
            }
            // Faults that pass, and those of the guest that a later try may not have.
            Trouble::Failed { plugin, fault, .. } => ServiceFailure::Again(format!("the plugin {plugin} {fault}")),
        })
    }
}

#[async_trait::async_trait]
impl ActionRunner for PluginHost {
    async fn run(&self, ctx: &Ctx, task: &Task, kind: &str, parameters: &Map<String, Json>) -> kernel::Result<Json> {
        let asked = Asked {
            kind,
            parameters: parameters.clone(),
            key: kernel::id::derived(&format!("task:{}", task.id)),
            subject: task.subject.clone(),
            instance: task.instance,
            element: task.element.clone(),
            task: Some(task.id),
        };
        let plugin = split(kind).map(|(plugin, _)| plugin.to_owned());
        self.ask(ctx, asked).await.map_err(|trouble| {
            let (code, message) = match trouble {
                Trouble::Again(why) => ("action.failed", Message::Words(why)),
                Trouble::Never(why) => ("action.refused", Message::Words(why)),
                Trouble::Bpmn { code, text } if text.trim().is_empty() => ("action.refused", Message::Words(code)),
                Trouble::Bpmn { text, .. } => ("action.refused", Message::Words(text)),
                Trouble::Failed { title, fault, .. } => {
                    let (title, reason) = (title.in_locale(ctx.locale), fault.message().in_locale(ctx.locale));
                    ("action.failed", Message::key("error.plugin.failed").with("plugin", title).with("reason", reason))
                }
            };
            let code = code.to_owned();
            Error::Refused(Box::new(Refusal { plugin, ..Refusal::new(code, message) }))
        })
    }
}

fn split(kind: &str) -> Option<(&str, &str)> {
    kind.strip_prefix(PREFIX)?.split_once('/')
}

/// The action or condition of this id; a task's main action is never a condition.
fn find<'a>(manifest: &'a Manifest, id: &str, for_task: bool) -> Result<Step<'a>, Trouble> {
    let action = manifest.actions.iter().find(|one| one.id == id).map(Step::Action);
    let condition = || manifest.conditions.iter().find(|one| one.id == id && !for_task).map(Step::Condition);
    action.or_else(condition).ok_or_else(|| {
        let actions = manifest.actions.iter().map(|one| one.id.as_str());
        let known: Vec<&str> = actions.chain(manifest.conditions.iter().map(|one| one.id.as_str())).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Trouble::Never(format!("the plugin {} has no action `{id}`; it has {known}", manifest.id))
    })
}

impl PluginHost {
    async fn ask(&self, ctx: &Ctx, asked: Asked<'_>) -> Result<Json, Trouble> {
        let (plugin, id) = split(asked.kind)
            .ok_or_else(|| Trouble::Never(format!("`{}` must be plugin:<plugin id>/<action>", asked.kind)))?;
        let plugins =
            self.inner.registry.tenant(ctx.tenant).await.map_err(|error| Trouble::Again(error.to_string()))?;
        let enabled = match plugins.get(plugin) {
            Some(OnNode::Running(plugin)) => plugin,
            Some(OnNode::Failed(failed)) => return Err(Trouble::Again(failed.error().to_string())),
            None => return Err(Trouble::Never(format!("the plugin {plugin} is not enabled in this company"))),
        };
        let step = find(enabled.manifest(), id, asked.task.is_some())?;
        let (kind, declared) = match step {
            Step::Action(action) => (&ACTION, &action.input),
            Step::Condition(condition) => (&CONDITION, &condition.input),
        };
        let name = kind.point(id);
        if enabled.stopped().contains(&name) {
            let why = format!("{} is stopped after repeated failures until the plugin is enabled again", asked.kind);
            return Err(Trouble::Never(why));
        }
        let of_process = asked.task.is_none();
        let link = if of_process { loops::link_after(plugin, id) } else { loops::link(plugin, id) };
        let call = asked.call(declared)?;
        let point =
            Point { plugin: &enabled, name, link, budget: kind.budget, anonymous: false, own: of_process, held: None };
        let title = &enabled.manifest().title;
        let failed = |fault| Trouble::Failed { plugin: plugin.to_owned(), title: title.clone(), fault };
        let answer = match step {
            Step::Action(action) => {
                let answer = self.call(ctx, &point, Run(id.to_owned(), call), |_| Ok(())).await.map_err(failed)?;
                answer.map(|text| result(&action.output, &text))
            }
            Step::Condition(_) => {
                let answer = self.call(ctx, &point, Test(id.to_owned(), call), |_| Ok(())).await.map_err(failed)?;
                answer.map(|holds| Ok(json!(holds)))
            }
        };
        self.checked(ctx, &point, answer).await
    }

    /// The answer as whoever asked gets it; one that makes no sense is a fault of the plugin.
    async fn checked(
        &self,
        ctx: &Ctx,
        point: &Point<'_>,
        answer: Result<Result<Json, String>, NotDone>,
    ) -> Result<Json, Trouble> {
        let checked = match answer {
            Ok(checked) => checked,
            Err(not_done) => match self.not_done(ctx, point, not_done) {
                Ok(trouble) => return Err(trouble),
                Err(why) => Err(why),
            },
        };
        match checked {
            Ok(json) => Ok(json),
            Err(why) => {
                let fault = self.wrong_answer(ctx, point, why).await;
                Err(Trouble::Never(format!("the plugin {} {fault}", point.plugin.id())))
            }
        }
    }

    /// The plugin's own word, with a line in its log; an error when it makes no sense.
    fn not_done(&self, ctx: &Ctx, point: &Point<'_>, not_done: NotDone) -> Result<Trouble, String> {
        let (trouble, line) = match not_done {
            NotDone::Never(why) => (Trouble::Never(why.clone()), format!("not done: {why}")),
            NotDone::Bpmn { code, .. }
                if code.trim().is_empty() || code.chars().count() > MAX_CODE || code.contains('\0') =>
            {
                return Err(format!("the code of an error has 1 to {MAX_CODE} characters, none of them U+0000"));
            }
            NotDone::Bpmn { code, text } => {
                let line = format!("error {code}: {text}");
                (Trouble::Bpmn { code, text }, line)
            }
        };
        self.note(ctx, point.plugin.id(), &point.name, ctx.id(), LogLevel::Info, line);
        Ok(trouble)
    }
}

/// What an action or condition says to a call without anything.
pub(super) async fn ask_nothing(
    engine: &Engine,
    code: &Code,
    state: State,
    kind: &PointKind,
    id: &str,
) -> Option<String> {
    let call = wit::Call {
        key: Uuid::nil().to_string(),
        input: "{}".to_owned(),
        subject: None,
        instance: None,
        element: None,
        task: None,
    };
    let not_done = if kind.name == ACTION.name {
        engine.call(code, state, Run(id.to_owned(), call)).await.answer.ok()?.err()?
    } else {
        engine.call(code, state, Test(id.to_owned(), call)).await.answer.ok()?.err()?
    };
    match not_done {
        NotDone::Never(said) => Some(said),
        NotDone::Bpmn { .. } => None,
    }
}

/// The object that an action answered.
fn result(declared: &[Parameter], text: &str) -> Result<Json, String> {
    if text.len() > MAX_RESULT {
        return Err(format!("more than {} KiB", MAX_RESULT / 1024));
    }
    if text.contains("\\u0000") {
        return Err("the character U+0000".to_owned());
    }
    match serde_json::from_str(if text.trim().is_empty() { "{}" } else { text }) {
        Ok(Json::Object(object)) => fit(declared, object).map(Json::Object),
        Ok(Json::Null) => fit(declared, Map::new()).map(Json::Object),
        Ok(_) => Err("not a JSON object".to_owned()),
        Err(error) => Err(format!("not JSON: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::ParameterType;

    fn check(text: &str, expected: Result<Json, &str>) {
        let declared = [Parameter {
            name: "percent".to_owned(),
            kind: ParameterType::Integer,
            required: false,
            label: Text::default(),
        }];
        match (result(&declared, text), expected) {
            (Ok(got), Ok(wanted)) => assert_eq!(got, wanted),
            (Err(got), Err(wanted)) => assert!(got.contains(wanted), "{got}"),
            (got, wanted) => panic!("{text}: {got:?} instead of {wanted:?}"),
        }
    }

    #[test]
    fn answers_are_checked() {
        check(r#"{"percent": 5}"#, Ok(json!({"percent": 5})));
        for nothing in ["", " ", "null", "{}", r#"{"percent": null}"#] {
            check(nothing, Ok(json!({})));
        }
        check("5", Err("not a JSON object"));
        check("{", Err("not JSON"));
        check(r#"{"percent": "5"}"#, Err("must be a whole number"));
        check(r#"{"price": 5}"#, Err("not declared"));
        check(r#"{"percent": "\u0000"}"#, Err("U+0000"));
        check(&format!("{{\"percent\": {}}}", "1".repeat(MAX_RESULT)), Err("256 KiB"));
        check(&"[".repeat(10_000), Err("not JSON"));
    }

    #[test]
    fn kinds_are_split() {
        assert_eq!(split("plugin:acme.prices/discount"), Some(("acme.prices", "discount")));
        assert_eq!(split("plugin:acme.prices"), None);
        assert_eq!(split("webhook"), None);
    }
}
