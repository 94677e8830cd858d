//! The services against a real database, jobs run by hand, the clock standing still until told to move.

mod action;
mod calendar;
mod complete;
mod counters;
mod deadline;
mod hand;
mod hostile;
mod letter;
mod list;
mod made;
mod notices;
mod open;
mod quick;
mod review;
mod smtp_server;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use kernel::access::{AccessRow, Action, RowKind};
use kernel::clock::{Env, TestClock, TestRandom};
use kernel::db::{ConnectionTrait, DbOptions, Tx};
use kernel::jobs::Worker;
use kernel::{Ctx, Db, Error, InstanceId, Locale, RecordId, Result, TaskId, Timestamp};
use messaging::mail::{Mail, MailOptions};
use messaging::notifications::{self, NotificationQuery};
use people::Identities;
use people::department::{self, DepartmentInput};
use people::role::{self, RoleInput};
use people::tenant::{self, NewTenant};
use people::user::{self, NewUser, UserPatch};
use records::{Change, Records, WriteOptions};
use sea_orm::sea_query::{Func, Query};
use serde_json::{Map, Value as Json, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::calendar::Calendars;
use crate::tasks::{
    Completion, ExecutorRule, ManualTask, NewTask, Origin, Task, TaskContract, TaskOwner, TaskState, Tasks,
};

/// A company: Anna is its administrator; Boris heads sales, in which Vera and Gleb are managers; Dina heads the
/// workshop below sales, where Egor is a technician. Zoya is of another company.
struct World {
    #[expect(dead_code, reason = "holds the database's folder")]
    dir: TempDir,
    db: Db,
    env: Env,
    clock: Arc<TestClock>,
    records: Records,
    calendars: Calendars,
    tasks: Tasks,
    worker: Worker,
    identities: Identities,
    tenant: kernel::TenantId,
    foreign: kernel::TenantId,
    users: HashMap<&'static str, Uuid>,
    departments: HashMap<&'static str, Uuid>,
    owner: Arc<Recorder>,
}

/// The owner of tasks: remembers what it was told, and refuses when it should.
#[derive(Default)]
struct Recorder {
    told: Mutex<Vec<(Task, Map<String, Json>)>>,
    refuse: Mutex<bool>,
}

#[async_trait::async_trait]
impl TaskOwner for Recorder {
    async fn hold(&self, _: &Tx, _: &Ctx, _: InstanceId) -> Result<()> {
        Ok(())
    }

    async fn completed(&self, tx: &Tx, _: &Ctx, task: &Task, variables: &Map<String, Json>) -> Result<()> {
        assert_eq!(task.state, TaskState::Completed);
        // It may write in the same transaction.
        tx.reserve(kernel::TenantId(Uuid::nil()), "told", 1).await?;
        if *self.refuse.lock().unwrap() {
            return Err(Error::Conflict { code: "process.refused", current: None });
        }
        self.told.lock().unwrap().push((task.clone(), variables.clone()));
        Ok(())
    }
}

async fn world() -> World {
    world_with(None).await
}

async fn world_with(mail: Option<MailOptions>) -> World {
    let dir = tempfile::tempdir().unwrap();
    // A Monday, 09:00 in Moscow.
    let clock = Arc::new(TestClock::new(Timestamp::parse("2026-03-02T06:00:00Z").unwrap()));
    let env = Env::new(clock.clone(), Arc::new(TestRandom::new(7)));
    let url = database(&dir).await;
    let db = Db::open(&DbOptions { full_sync: false, ..DbOptions::new(&url) }).await.unwrap();
    migrations::upgrade(db.for_migrations()).await.unwrap();
    let records = Records::new(&db, &env);
    let calendars = Calendars::new(&db);
    let mail = Mail::new(&db, &env, mail);
    let tasks = Tasks::new(&records, &calendars, &mail);
    let owner = Arc::new(Recorder::default());
    tasks.set_owner(owner.clone());
    let worker = Worker::new(&db, &env, [mail.handlers(), tasks.handlers()].concat());
    let identities = Identities::new(&db, &env);
    let (tenant, foreign, users, departments) = people(&db, &env).await;
    World {
        dir,
        db,
        env,
        clock,
        records,
        calendars,
        tasks,
        worker,
        identities,
        tenant,
        foreign,
        users,
        departments,
        owner,
    }
}

/// A database of the test's own: SQLite, or PostgreSQL as the integration tests choose it.
async fn database(dir: &TempDir) -> String {
    if std::env::var("VERSTAK_TEST_DATABASE").is_ok_and(|chosen| chosen == "postgres") {
        let server = std::env::var("VERSTAK_TEST_POSTGRES_URL").unwrap();
        let name = format!("work_{}", kernel::id::fresh(&Env::system()).simple());
        let db = Db::open(&DbOptions::new(&server)).await.unwrap();
        db.for_migrations().execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        return format!("{}/{name}", server.rsplit_once('/').unwrap().0);
    }
    format!("sqlite:{}/test.db", dir.path().display())
}

type People = (kernel::TenantId, kernel::TenantId, HashMap<&'static str, Uuid>, HashMap<&'static str, Uuid>);

async fn people(db: &Db, env: &Env) -> People {
    let tx = db.begin().await.unwrap();
    let ours = tenant::create(&tx, env, &NewTenant { name: "Ромашка".into(), locale: Locale::Ru }).await.unwrap();
    let theirs = tenant::create(&tx, env, &NewTenant { name: "Лютик".into(), locale: Locale::Ru }).await.unwrap();
    let mut users = HashMap::new();
    for (tenant, members) in [
        (
            &ours,
            &[
                ("anna", "admin"),
                ("boris", "head"),
                ("vera", "manager"),
                ("gleb", "manager"),
                ("dina", "head"),
                ("egor", "technician"),
            ][..],
        ),
        (&theirs, &[("zoya", "admin"), ("yana", "stranger")][..]),
    ] {
        let ctx = tenant.system_ctx(env);
        crm::pipelines::create(&tx, &ctx).await.unwrap();
        let mut roles = HashMap::new();
        for key in ["admin", "head", "manager", "technician", "empty", "stranger"] {
            let rows = ["deal", "activity"].map(|entity| AccessRow {
                kind: RowKind::Permission,
                entity: entity.into(),
                actions: [Action::Read, Action::Create, Action::Update].into(),
                filter: None,
                covers: None,
            });
            let name = if key == "technician" { "Технический специалист" } else { key };
            let rows = if key == "technician" { Vec::new() } else { rows.to_vec() };
            let input =
                RoleInput { key: key.into(), name: name.into(), admin: key == "admin", rows, ..RoleInput::default() };
            roles.insert(key, role::create_in(&tx, &ctx, &input, &records::rules::core_keys()).await.unwrap().id);
        }
        for (name, role) in members {
            let input = NewUser {
                name: (*name).into(),
                email: format!("{name}@example.org"),
                roles: vec![roles[role]],
                ..NewUser::default()
            };
            users.insert(*name, user::create_in(&tx, &ctx, &input, None).await.unwrap().id);
        }
    }
    tx.commit().await.unwrap();
    let ctx = ours.system_ctx(env);
    let mut departments = HashMap::new();
    for (name, parent, head, members) in [
        ("sales", None, "boris", &["boris", "vera", "gleb"][..]),
        ("workshop", Some("sales"), "dina", &["dina", "egor"][..]),
    ] {
        let parent_id = parent.map(|parent: &str| departments[parent]);
        let input = DepartmentInput { name: name.into(), parent_id, head_id: Some(users[head]), head_ids: None };
        let id = department::create(db, &ctx, &input).await.unwrap().id;
        departments.insert(name, id);
        for member in members {
            let patch = UserPatch { department_id: Some(Some(id)), ..UserPatch::default() };
            user::update(db, &ctx, kernel::UserId(users[member]), &patch).await.unwrap();
        }
    }
    (ours.id, theirs.id, users, departments)
}

impl World {
    fn user(&self, name: &str) -> Uuid {
        self.users[name]
    }

    async fn ctx(&self, name: &str) -> Ctx {
        let tenant = if ["zoya", "yana"].contains(&name) { self.foreign } else { self.tenant };
        self.identities.of_user(tenant, kernel::UserId(self.user(name))).await.unwrap().ctx(&self.env)
    }

    /// The product itself, as a process acts.
    async fn system(&self) -> Ctx {
        tenant::get(&self.db, self.tenant).await.unwrap().system_ctx(&self.env)
    }

    async fn absent(&self, name: &str, days: i64) {
        let until = self.env.now().plus_seconds(days * 86_400);
        let patch = UserPatch { absent_until: Some(Some(until)), ..UserPatch::default() };
        user::update(&self.db, &self.system().await, kernel::UserId(self.user(name)), &patch).await.unwrap();
    }

    async fn deal(&self, owner: &str) -> RecordId {
        let fields = object(json!({"title": "Насосы", "owner": self.user(owner)}));
        let system = self.system().await;
        let change = Change::Create { fields };
        self.records.write_one(&system, "deal", change, &WriteOptions::default()).await.unwrap().record.id
    }

    async fn deal_field(&self, id: RecordId, field: &str) -> Json {
        let record = self.records.get(&self.system().await, "deal", id).await.unwrap();
        record.fields[field].to_json()
    }

    /// Opens a task as a process does.
    async fn open(&self, new: NewTask) -> Task {
        self.try_open(new).await.unwrap()
    }

    async fn try_open(&self, new: NewTask) -> Result<Task> {
        let system = self.system().await;
        let tx = self.db.begin().await.unwrap();
        let id = self.tasks.open(&tx, &system, new).await?;
        tx.commit().await?;
        self.tasks.get(&system, id).await
    }

    async fn make(&self, by: &str, input: Json) -> Result<Task> {
        self.clock.advance_seconds(1);
        let input: ManualTask = serde_json::from_value(input).unwrap();
        self.tasks.create(&self.ctx(by).await, input).await
    }

    async fn get(&self, id: TaskId) -> Task {
        self.tasks.get(&self.system().await, id).await.unwrap()
    }

    async fn complete(&self, by: &str, id: TaskId, input: Json) -> Result<Task> {
        let input: Completion = serde_json::from_value(input).unwrap();
        self.tasks.complete(&self.ctx(by).await, id, input).await
    }

    async fn act(&self, by: &str, id: TaskId, input: Json) -> Result<Task> {
        self.tasks.act(&self.ctx(by).await, id, serde_json::from_value(input).unwrap()).await
    }

    /// Moves the clock to an instant and runs what is due then.
    async fn at(&self, text: &str) -> usize {
        let to = Timestamp::parse(text).unwrap();
        self.clock.advance_seconds((to.0 - self.env.now().0) / 1_000_000);
        self.worker.run_due().await.unwrap()
    }

    async fn told(&self, name: &str) -> Vec<String> {
        let query = NotificationQuery { unread: true, ..NotificationQuery::default() };
        let page = notifications::list(&self.db, &self.ctx(name).await, &query).await.unwrap();
        let mut kinds: Vec<String> = page.items.into_iter().map(|item| item.kind).collect();
        kinds.sort();
        kinds
    }

    async fn rows(&self, table: &'static str) -> i64 {
        let select = Query::select().expr(Func::count(sea_orm::sea_query::Expr::cust("*"))).from(table).take();
        self.db.read().query_one(&select).await.unwrap().unwrap().try_get_by_index(0).unwrap()
    }
}

fn object(json: Json) -> Map<String, Json> {
    let Json::Object(object) = json else { panic!("not an object") };
    object
}

fn rules(texts: &[&str]) -> Vec<ExecutorRule> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// A task of a process for these executors.
fn step(executors: &[&str], contract: Json) -> NewTask {
    NewTask {
        title: "Подготовить решение".into(),
        origin: Some(Origin {
            instance: InstanceId(Uuid::from_u128(1)),
            wait: WAIT.fetch_add(1, std::sync::atomic::Ordering::Relaxed),
            element: "Task_1".into(),
            process_name: "Разовая покупка".into(),
            definition: Uuid::from_u128(2),
        }),
        executors: rules(executors),
        contract: serde_json::from_value::<TaskContract>(contract).unwrap(),
        ..NewTask::default()
    }
}

static WAIT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);

#[track_caller]
fn code<T: std::fmt::Debug>(result: Result<T>) -> String {
    result.expect_err("should have been refused").code().to_owned()
}

/// The wrong fields with their codes, as one text.
#[track_caller]
fn fields<T: std::fmt::Debug>(result: Result<T>) -> String {
    match result.expect_err("should have been refused") {
        Error::Invalid { fields, .. } => {
            let all: Vec<String> = fields.iter().map(|(key, error)| format!("{key}:{}", error.code)).collect();
            all.join(" ")
        }
        other => panic!("{other}"),
    }
}
