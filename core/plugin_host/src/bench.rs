//! What the benchmarks and the endurance tests call: hooks without SQL around them.

use std::sync::Arc;
use std::time::Duration;

use kernel::value::MultiValue;
use kernel::{Ctx, Db, FieldKey, Fields, Locale, RecordId, Result, Value};
use records::{BeforeHooks, Catalogue, Operation, PendingChange};
use tokio::time::Instant;

use crate::bindings::{hooks, types};
use crate::capabilities::State;
use crate::dev::scene::Scene;
use crate::engine::{Engine, EngineConfig, Outcome};
use crate::package::TrustedKeys;
use crate::points::before::{self, Before};
use crate::registry::Version;
use crate::settings::Settings;
use crate::{Grants, HostConfig};

/// Times of many calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Half of the calls took at most this.
    pub p50: Duration,
    /// 99 of 100 took at most this.
    pub p99: Duration,
    /// The longest.
    pub max: Duration,
}

impl Times {
    fn of(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        let at = |per_mille: usize| {
            all.get((all.len() * per_mille / 1000).min(all.len().saturating_sub(1))).copied().unwrap_or_default()
        };
        Self { p50: at(500), p99: at(990), max: at(1000) }
    }
}

/// A before-hook as records calls it, on a lead with 30 fields, without the database.
pub struct HookBench {
    scene: Scene,
    ctx: Ctx,
}

impl HookBench {
    /// Enables the plugins of these packages in a company on an empty, migrated database.
    ///
    /// # Errors
    /// When a package cannot be installed.
    pub async fn new(db: Db, packages: &[Vec<u8>]) -> Result<Self> {
        let scene = Scene::new(db, Locale::En, HostConfig::default()).await?;
        let ctx = scene.ctx("admin").await?;
        for package in packages {
            let plugin = scene.host.install(&ctx, package).await?;
            scene.host.enable(&ctx, &plugin, &Grants::Requested, Some(&Settings::new())).await?;
        }
        Ok(Self { scene, ctx })
    }

    /// Calls the hooks so many times, one change each, and measures every call.
    ///
    /// # Errors
    /// When a hook refuses the change or does not patch it.
    pub async fn run(&self, calls: usize) -> Result<Times> {
        let catalogue = Catalogue::core();
        let mut times = Vec::with_capacity(calls);
        for _ in 0..calls {
            let mut changes = [lead(&catalogue, &self.ctx)?];
            let start = Instant::now();
            self.scene.host.before(&self.ctx, &mut changes).await?;
            times.push(start.elapsed());
            let [change] = changes;
            if change.refusal.is_some() || change.after.get("comments").and_then(Value::as_text) != Some("hello seen") {
                return Err(kernel::Error::Internal(format!("the hook did something else: {:?}", change.refusal)));
            }
        }
        Ok(Times::of(times))
    }
}

/// A new lead with 30 fields.
fn lead(catalogue: &Catalogue, ctx: &Ctx) -> Result<PendingChange> {
    let entity = catalogue.entity("lead")?;
    let text = |key: &'static str| (FieldKey::new(key), Value::Text(format!("some text of the field {key}")));
    let multi = |key: &'static str, value: &str| {
        (FieldKey::new(key), Value::Multi(vec![MultiValue { value: value.to_owned(), kind: "work".to_owned() }]))
    };
    let mut after: Fields = [
        "title",
        "first_name",
        "middle_name",
        "last_name",
        "position",
        "company_title",
        "address",
        "source_description",
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "utm_content",
        "utm_term",
        "origin_system",
        "origin_id",
    ]
    .into_iter()
    .map(text)
    .collect();
    after.extend([
        multi("phones", "+79161234567"),
        multi("emails", "somebody@example.com"),
        multi("sites", "https://example.com"),
        multi("messengers", "@somebody"),
        ("amount".into(), Value::Decimal(125_000.into())),
        ("returning_client".into(), Value::Boolean(true)),
        ("created_at".into(), Value::Instant(ctx.now())),
        ("updated_at".into(), Value::Instant(ctx.now())),
        ("last_activity_at".into(), Value::Instant(ctx.now())),
        ("number".into(), Value::Integer(12_345)),
    ]);
    for (key, value) in [("stage", "new"), ("currency", "USD"), ("source", "web"), ("comments", "hello")] {
        after.insert(key.into(), Value::Text(value.to_owned()));
    }
    after.insert("owner".into(), ctx.user().map_or(Value::Null, |user| Value::Id(user.0)));
    Ok(PendingChange {
        entity: Arc::clone(entity),
        id: RecordId(ctx.id()),
        operation: Operation::Create,
        version: 0,
        before: None,
        given: after.keys().cloned().collect(),
        after: entity.gathered(after),
        merging: false,
        refusal: None,
        along: Vec::new(),
    })
}

/// A component in the engine and nothing around it: no tenant, no breaker.
pub struct Bare {
    engine: Engine,
    version: Version,
    hook: String,
}

impl Bare {
    /// Reads and compiles a package; its first hook is the one called.
    ///
    /// # Errors
    /// When it is not fit to be installed.
    pub async fn new(package: &[u8], config: &EngineConfig) -> Result<Self> {
        let engine = Engine::new(config).map_err(|error| kernel::Error::Internal(format!("{error:#}")))?;
        let version =
            Version::load(&engine, package, &TrustedKeys::default()).await.map_err(kernel::Error::internal)?;
        let hook = version.manifest.hooks.first().map(|hook| hook.id.clone()).unwrap_or_default();
        Ok(Self { engine, version, hook })
    }

    /// Calls the hook with a lead that has this comment.
    pub async fn call(&self, comments: &str) -> Outcome<Vec<hooks::Verdict>> {
        let change = hooks::Change {
            entity: "lead".to_owned(),
            id: uuid::Uuid::nil().to_string(),
            operation: hooks::Operation::Create,
            fields: vec![types::Field { name: "comments".to_owned(), value: types::Value::Text(comments.to_owned()) }],
            set: Vec::new(),
            before: Vec::new(),
        };
        let state = State::detached(before::KIND.budget.within(self.engine.caps()));
        self.engine.call(&self.version.code, state, Before(&self.hook, &[change])).await
    }
}
