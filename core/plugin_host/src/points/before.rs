//! Before-hooks: the port of `records`, answered by plugins.
//!
//! Hooks run one after another in their order; each sees the patches of those before it. All changes of a batch that
//! concern a hook go to it in one call; where the hook fails at them, in halves. Hooks of a plugin that is enabled but cannot be loaded on this node refuse what
//! they guard.

use std::sync::Arc;
use std::time::Duration;

use kernel::error::{FieldError, Refusal};
use kernel::{Actor, Ctx, FieldKey, Fields, Message, RecordId, Result};
use records::{BeforeHooks, Operation, PendingChange};
use tokio::time::Instant;
use wasmtime::Store;
use wasmtime::component::Instance;

use super::{Point, PointKind};
use crate::PluginHost;
use crate::bindings::hooks as wit;
use crate::bindings::types;
use crate::capabilities::messaging::Held;
use crate::capabilities::{HOOK_FAILED, LogLevel, State, from_wit, to_wit};
use crate::engine::{Budget, Code, Effect, Fault, Invoke};
use crate::loops;
use crate::manifest::{self, Hook, OnFailure, check};
use crate::registry::{Failed, HookPoint, Running};
use crate::when::When;

/// Before-hooks.
pub(crate) static KIND: PointKind = PointKind {
    name: "hook",
    export: "hooks",
    budget: Budget::HOOK,
    declared: |manifest| manifest.hooks.iter().map(|hook| hook.id.clone()).collect(),
    check: check::hooks,
    probe: |pre| Some(Box::new(wit::GuestIndices::new(pre).ok()?)),
};

/// A verdict, and the messages that wait for what becomes of the changes.
type Judged = (wit::Verdict, Arc<Held>);

/// Time that one batch may take with all its tries.
const TRIES_WITHIN: Duration = Duration::from_secs(5);

/// Changes for a hook, by its id.
pub(crate) struct Before<'a>(pub(crate) &'a str, pub(crate) &'a [wit::Change]);

impl Invoke for Before<'_> {
    type Answer = Vec<wit::Verdict>;
    const EFFECT: Effect = Effect::Judges;

    async fn invoke(
        self,
        code: &Code,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<Self::Answer, String>> {
        let guest = code.indices::<wit::GuestIndices>(KIND.export)?.load(&mut *store, instance)?;
        guest.call_before(store, self.0, self.1).await
    }
}

#[async_trait::async_trait]
impl BeforeHooks for PluginHost {
    async fn watches(&self, ctx: &Ctx, entity: &str) -> Result<bool> {
        let plugins = self.inner.registry.tenant(ctx.tenant).await?;
        let guards = |failed: &Failed| match &failed.declared {
            Some(declared) => declared.hooks.iter().any(|hook| hook.entity == entity),
            None => failed.concerns(entity),
        };
        let guarded = plugins.failed().iter().any(|failed| !ctx.is_closed(&failed.enabled.plugin) && guards(failed));
        Ok(guarded || plugins.hooks(entity).iter().any(|point| !ctx.is_closed(point.plugin.id())))
    }

    async fn before(&self, ctx: &Ctx, changes: &mut [PendingChange]) -> Result<()> {
        let Some(entity) = changes.first().map(|change| change.entity.key.clone()) else { return Ok(()) };
        let plugins = self.inner.registry.tenant(ctx.tenant).await?;
        for failed in plugins.failed().iter().filter(|failed| !ctx.is_closed(&failed.enabled.plugin)) {
            changes.iter_mut().filter(|change| guards(failed, change)).for_each(|change| refuse(ctx, failed, change));
        }
        for point in plugins.hooks(&entity).iter().filter(|point| !ctx.is_closed(point.plugin.id())) {
            if let Some(hook) = point.hook() {
                self.run_hook(ctx, point, hook, changes).await;
            }
        }
        Ok(())
    }
}

impl PluginHost {
    async fn run_hook(&self, ctx: &Ctx, at: &HookPoint, hook: &Hook, changes: &mut [PendingChange]) {
        let plugin = &at.plugin;
        let name = KIND.point(&hook.id);
        let own = matches!(&ctx.actor, Actor::Plugin { id, .. } if id == plugin.id());
        if own && !hook.own_changes {
            return;
        }
        let mut concerned: Vec<&mut PendingChange> =
            changes.iter_mut().filter(|change| concerns(hook, change)).collect();
        concerned.retain(|change| self.condition_holds(ctx, at, &name, change));
        if concerned.is_empty() {
            return;
        }
        if plugin.stopped().contains(&name) {
            // Nobody but an administrator lets changes pass a guard.
            return fail(ctx, plugin, hook, concerned, &Fault::Stopped);
        }
        let link = loops::link(plugin.id(), &hook.id);
        let mut point = Point { plugin, link, budget: KIND.budget, name, anonymous: false, own: false, held: None };
        let input: Vec<wit::Change> = concerned.iter().map(|change| to_change(plugin, change)).collect();
        let mut answers = self.verdicts(ctx, &mut point, hook, &input).await.into_iter();
        for change in concerned {
            let answer = answers.next().unwrap_or_else(|| Err(Fault::WrongAnswer("no verdict".to_owned())));
            let fault = match answer.map(|(verdict, held)| (apply(ctx, plugin, change, verdict), held)) {
                Ok((Ok(()), held)) => {
                    let messages = self.inner.services.messages.get();
                    let along = messages.and_then(|messages| held.with(messages, plugin.id(), change.id));
                    change.along.extend(along);
                    continue;
                }
                Ok((Err(why), _)) => self.wrong_answer(ctx, &point, why).await,
                Err(fault) => fault,
            };
            fail(ctx, plugin, hook, vec![change], &fault);
        }
    }

    /// A verdict or a fault for each change. A batch at which the hook fails is asked again in halves, so that one change
    /// does not refuse the others; the breaker hears of single changes only, and ends it when it opens.
    async fn verdicts(
        &self,
        ctx: &Ctx,
        point: &mut Point<'_>,
        hook: &Hook,
        input: &[wit::Change],
    ) -> Vec<std::result::Result<Judged, Fault>> {
        let mut permit = match self.permit(ctx, point) {
            Ok(permit) => permit,
            Err(fault) => return input.iter().map(|_| Err(fault.clone())).collect(),
        };
        let started = Instant::now();
        let (mut answers, mut parts, mut over) = (Vec::with_capacity(input.len()), vec![input], None);
        while let Some(part) = parts.pop() {
            if let Some(fault) = &over {
                answers.extend(part.iter().map(|_| Err(Fault::clone(fault))));
                continue;
            }
            point.budget = budget(hook, part.len());
            let records = part.iter().filter_map(|change| change.id.parse().ok().map(RecordId)).collect();
            let held = Held::new(hook.entity.as_str().into(), records);
            point.held = Some(Arc::clone(&held));
            let judge = |verdicts: &Vec<wit::Verdict>| match verdicts.len() == part.len() {
                true => Ok(()),
                false => Err("not one verdict per change".to_owned()),
            };
            let fault = match self.attempt(ctx, point, Before(&hook.id, part), judge).await {
                Ok(verdicts) => {
                    answers.extend(verdicts.into_iter().map(|verdict| Ok((verdict, Arc::clone(&held)))));
                    over = self.tell(ctx, point, &mut permit, None).await;
                    continue;
                }
                Err(fault) => fault,
            };
            if part.len() > 1 && fault.counts() && started.elapsed() < TRIES_WITHIN {
                let (first, second) = part.split_at(part.len() / 2);
                parts.extend([second, first]);
                continue;
            }
            over = self.tell(ctx, point, &mut permit, Some(&fault)).await;
            if started.elapsed() >= TRIES_WITHIN || !fault.counts() {
                over = over.or_else(|| Some(fault.clone()));
            }
            answers.extend(part.iter().map(|_| Err(fault.clone())));
        }
        answers
    }

    /// An expression that cannot be evaluated lets the plugin decide.
    fn condition_holds(&self, ctx: &Ctx, at: &HookPoint, name: &str, change: &PendingChange) -> bool {
        let Some(when) = at.when() else { return true };
        let Some(permission) = at.plugin.records(&change.entity.key) else { return false };
        let readable = |image: &Fields| {
            let mut fields = change.entity.flat(image);
            fields.retain(|key, _| permission.sees(&change.entity, key));
            fields
        };
        let (after, before): (Fields, Option<Fields>) = (readable(&change.after), change.before.as_ref().map(readable));
        let operation = operation(change.operation).to_string();
        when.holds(&change.entity.key, &operation, &after, before.as_ref()).unwrap_or_else(|problem| {
            self.note(ctx, at.plugin.id(), name, ctx.id(), LogLevel::Debug, format!("when: {problem}"));
            true
        })
    }
}

/// Operation, watched fields, and nothing that was refused already.
fn concerns(hook: &Hook, change: &PendingChange) -> bool {
    let operation = operation(change.operation);
    let watched = || hook.watch.is_empty() || hook.watch.iter().any(|field| change.changes(field));
    change.refusal.is_none()
        && hook.operations.contains(&operation)
        && (operation != manifest::Operation::Update || watched())
}

const fn operation(operation: Operation) -> manifest::Operation {
    match operation {
        Operation::Create => manifest::Operation::Create,
        Operation::Update => manifest::Operation::Update,
        Operation::Delete => manifest::Operation::Delete,
        Operation::Restore => manifest::Operation::Restore,
    }
}

fn budget(hook: &Hook, changes: usize) -> Budget {
    let budget = KIND.budget.for_batch(changes);
    match hook.timeout_ms {
        Some(asked) => Budget { wall: budget.wall.min(std::time::Duration::from_millis(u64::from(asked))), ..budget },
        None => budget,
    }
}

/// The change as the guest sees it: only fields it may read.
fn to_change(plugin: &Running, change: &PendingChange) -> wit::Change {
    let permission = plugin.records(&change.entity.key);
    let reads = |key: &str| permission.is_some_and(|permission| permission.sees(&change.entity, key));
    let field =
        |(key, value): (&FieldKey, &kernel::Value)| types::Field { name: key.to_string(), value: to_wit(value) };
    let flat = |image: &Fields| change.entity.flat(image);
    let (after, before) = (flat(&change.after), change.before.as_ref().map(flat));
    let before = before.iter().flatten().filter(|(key, _)| change.given.contains(*key) && reads(key));
    wit::Change {
        entity: change.entity.key.to_string(),
        id: change.id.to_string(),
        operation: match change.operation {
            Operation::Create => wit::Operation::Create,
            Operation::Update => wit::Operation::Update,
            Operation::Delete => wit::Operation::Delete,
            Operation::Restore => wit::Operation::Restore,
        },
        fields: after.iter().filter(|(key, value)| reads(key) && **value != kernel::Value::Null).map(field).collect(),
        set: change.given.iter().filter(|key| reads(key)).map(ToString::to_string).collect(),
        before: before.map(field).collect(),
    }
}

/// Puts a verdict into effect; the error says what is wrong with it.
fn apply(
    ctx: &Ctx,
    plugin: &Running,
    change: &mut PendingChange,
    verdict: wit::Verdict,
) -> std::result::Result<(), String> {
    match verdict {
        wit::Verdict::Pass => Ok(()),
        wit::Verdict::Reject(rejection) => {
            change.refusal = Some(refusal(ctx, plugin, rejection));
            Ok(())
        }
        wit::Verdict::Patch(fields) => {
            let mut values = Fields::new();
            for field in fields {
                let (key, value) = patched(plugin, change, field)?;
                values.insert(key.into(), value);
            }
            change.patch(values).map_err(|errors| {
                let fields: Vec<String> = errors.keys().cloned().collect();
                format!("the patch does not fit the fields {}", fields.join(", "))
            })
        }
    }
}

fn patched(
    plugin: &Running,
    change: &PendingChange,
    field: types::Field,
) -> std::result::Result<(String, kernel::Value), String> {
    let key = field.name;
    if !plugin.records(&change.entity.key).is_some_and(|permission| permission.writes(&key)) {
        return Err(format!("it sets `{key}`, which it has no permission to write"));
    }
    let kind = change.entity.field(&key).ok_or_else(|| format!("there is no field `{key}`"))?.kind;
    from_wit(kind, field.value).map(|value| (key.clone(), value)).map_err(|why| format!("{key}: {why}"))
}

fn refusal(ctx: &Ctx, plugin: &Running, rejection: wit::Rejection) -> Refusal {
    let message = |message: &types::Message| {
        let parameters = message.parameters.iter().map(|one| (one.name.as_str(), one.value.as_str()));
        Message::Words(plugin.version.texts.words(ctx.locale, &message.key, parameters, &message.fallback))
    };
    let fields = rejection.fields.iter().take(100).map(|one| {
        let code = if one.message.key.is_empty() { "hook.rejected" } else { &one.message.key };
        (one.field.clone(), FieldError { code: code.to_owned(), message: message(&one.message) })
    });
    let (code, status) = plugin.manifest().refused_as(&rejection.message.key).unwrap_or(("hook.rejected", None));
    Refusal {
        plugin: Some(plugin.id().to_owned()),
        fields: fields.collect(),
        status,
        ..Refusal::new(code, message(&rejection.message))
    }
}

/// Whether a change would have to pass a guard of a plugin that this node cannot load. What cannot be judged is guarded.
fn guards(failed: &Failed, change: &PendingChange) -> bool {
    if change.refusal.is_some() {
        return false;
    }
    let Some(declared) = &failed.declared else { return failed.concerns(&change.entity.key) };
    declared.hooks.iter().any(|hook| {
        let holds = |text: &String| {
            let operation = operation(change.operation).to_string();
            let when = When::compile(text);
            let flat = |image: &Fields| change.entity.flat(image);
            let (after, before) = (flat(&change.after), change.before.as_ref().map(flat));
            let holds = |when: When| when.holds(&change.entity.key, &operation, &after, before.as_ref());
            when.and_then(holds).unwrap_or(true)
        };
        hook.on_failure == OnFailure::Abort
            && change.entity.key == hook.entity.as_str()
            && concerns(hook, change)
            && hook.when.as_ref().is_none_or(holds)
    })
}

fn refuse(ctx: &Ctx, failed: &Failed, change: &mut PendingChange) {
    let title = failed.title(ctx.locale);
    let reason = Message::key("error.hook.not_loaded").in_locale(ctx.locale);
    let message = Message::key("error.hook.failed").with("plugin", title).with("reason", reason);
    let plugin = Some(failed.enabled.plugin.clone());
    change.refusal = Some(Refusal { plugin, ..Refusal::new(HOOK_FAILED, message) });
}

/// What becomes of the changes when the hook did not do its work.
fn fail(ctx: &Ctx, plugin: &Running, hook: &Hook, changes: Vec<&mut PendingChange>, fault: &Fault) {
    // A loop is never passed over in silence: skipping would write what the loop made.
    if hook.on_failure == OnFailure::Skip && !matches!(fault, Fault::Loop(_)) {
        return;
    }
    let title = plugin.manifest().title.in_locale(ctx.locale);
    let (code, message) = match fault {
        Fault::Loop(chain) => ("hook.loop", Message::key("error.hook.loop").with("chain", chain)),
        _ => {
            let reason = fault.message().in_locale(ctx.locale);
            (HOOK_FAILED, Message::key("error.hook.failed").with("plugin", title).with("reason", reason))
        }
    };
    for change in changes {
        let plugin = Some(plugin.id().to_owned());
        change.refusal = Some(Refusal { plugin, ..Refusal::new(code, message.clone()) });
    }
}
