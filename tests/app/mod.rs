//! The product in one process for one test: its own database, a clock that stands still, jobs that run when told.
//!
//! `TestApp::start()` gives one company with an administrator; `TestApp::build()` adds people, settings and the plugin
//! `lead-desk`. A test ends with `finish().await`, which finds jobs that were left undone.

mod client;
pub mod database;
mod plugin;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use kernel::clock::{Clock, Env, TestClock, TestRandom};
use kernel::db::ConnectionTrait;
use kernel::jobs::Worker;
use kernel::{Ctx, Locale, Timestamp, UserId};
use people::department::{self, DepartmentInput};
use people::role::{self, RoleInput};
use people::tenant::Tenant;
use people::token::{self, NewToken, Scope};
use people::user::{self, NewUser};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use verstak::config::{Config, Overrides};
use verstak::setup::{NewCompany, create_company};
use verstak::{AppState, app};

pub use client::{Answer, Client, titles};
pub use database::{Database, on_postgres, statement, uuid_sql};
pub use plugin::{LEAD_DESK, lead_desk, package_of, root};

/// Monday, 2026-03-16, 09:00 UTC.
pub const START: Timestamp = Timestamp(1_773_651_600_000_000);
/// The password of every account that has one.
pub const PASSWORD: &str = "correct horse battery";

/// Somebody with an account and a token.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: Uuid,
    pub token: String,
}

/// A company with its people and roles by name.
#[derive(Debug, Clone)]
pub struct Company {
    pub tenant: Tenant,
    pub people: BTreeMap<String, Person>,
    pub roles: BTreeMap<String, Uuid>,
}

/// What a test wants to begin with.
pub struct Builder {
    locale: Locale,
    people: Vec<(&'static str, &'static str)>,
    settings: Option<Value>,
    change: Box<dyn Fn(&mut Config)>,
}

impl Builder {
    /// Language of the company (`ru` and `uk` bring their time zones).
    pub fn locale(mut self, locale: Locale) -> Self {
        self.locale = locale;
        self
    }

    /// Somebody with one role: `admin`, `sales_head`, `sales_manager`, `observer`.
    pub fn person(mut self, name: &'static str, role: &'static str) -> Self {
        self.people.push((name, role));
        self
    }

    /// `lead-desk`, installed and switched on with these settings.
    pub fn lead_desk(mut self, settings: Value) -> Self {
        self.settings = Some(settings);
        self
    }

    /// Other settings of the server.
    pub fn config(mut self, change: impl Fn(&mut Config) + 'static) -> Self {
        self.change = Box::new(change);
        self
    }

    pub async fn start(self) -> TestApp {
        // Faults of ours say in the test's output what they are.
        let log =
            tracing_subscriber::fmt().with_test_writer().with_max_level(tracing_subscriber::filter::LevelFilter::ERROR);
        drop(log.try_init());
        let mut app = TestApp::open(Database::fresh().await, START.plus_seconds(-3_600), &*self.change).await;
        app.add_company("Acme", self.locale).await;
        for (name, role) in self.people {
            app.person(0, name, &[role]).await;
        }
        app.clock.advance_seconds(START.0 / 1_000_000 - app.clock.now().0 / 1_000_000);
        if let Some(settings) = self.settings {
            app.enable_lead_desk(settings).await;
        }
        app
    }
}

/// The running product.
pub struct TestApp {
    pub state: AppState,
    pub clock: Arc<TestClock>,
    pub companies: Vec<Company>,
    /// Removed with the app.
    _database: Database,
    router: Router,
    worker: Worker,
    stop: CancellationToken,
    dead: Cell<usize>,
    finished: Cell<bool>,
}

impl TestApp {
    pub fn build() -> Builder {
        Builder { locale: Locale::En, people: Vec::new(), settings: None, change: Box::new(|_| {}) }
    }

    async fn open(database: Database, now: Timestamp, change: &dyn Fn(&mut Config)) -> Self {
        let mut config = Config::load(None, &Overrides::default()).unwrap();
        config.data.dir = database.folder().to_owned();
        config.database.url = database.url().to_owned();
        config.database.connections = 4;
        config.database.full_sync = false;
        config.http.rate_per_second = 0;
        config.http.sign_in_per_minute = 0;
        // The tests beside take the processor too: plugins are judged by what they use of it.
        config.plugins.patience = 100;
        // Room is reserved for each, and a process may have so many mappings.
        config.plugins.calls = 16;
        change(&mut config);
        plugin::share_cache(database.folder());
        let clock = Arc::new(TestClock::new(now));
        let of_env: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
        let env = Env::new(of_env, Arc::new(TestRandom::new(42)));
        let state = AppState::open(config, env).await.unwrap();
        let router = app::router(&state);
        Self {
            worker: state.worker(),
            state,
            clock,
            router,
            companies: Vec::new(),
            _database: database,
            stop: CancellationToken::new(),
            dead: Cell::new(0),
            finished: Cell::new(false),
        }
    }

    /// The product over a database that has one company already, a minute after the last event in it. `admin` is the
    /// operator.
    pub async fn over(database: Database) -> Self {
        let mut app = Self::open(database, START, &|_| {}).await;
        let last = app.count("SELECT max(at) FROM event_log").await;
        app.clock.advance_seconds((last - START.0) / 1_000_000 + 60);
        let tenant = people::tenant::list(&app.state.db).await.unwrap().pop().unwrap();
        let roles = role::list(app.state.db.read(), tenant.id).await.unwrap();
        let roles = roles.into_iter().map(|role| (role.key, role.id)).collect();
        let mut company = Company { tenant, people: BTreeMap::new(), roles };
        let users = user::list(&app.state.db, company.tenant.id, None, 500).await.unwrap();
        let admin = users.into_iter().find(|user| user.operator).unwrap();
        let token = app.token_of(&company, admin.id, &[]).await;
        company.people.insert("admin".into(), Person { id: admin.id, token });
        app.companies.push(company);
        app
    }

    /// One English company with an administrator.
    pub async fn start() -> Self {
        Self::build().start().await
    }

    /// One more company with its administrator `admin`; gives its index.
    pub async fn add_company(&mut self, name: &str, locale: Locale) -> usize {
        self.clock.advance_seconds(1);
        let input = NewCompany {
            name: name.into(),
            locale,
            admin_email: format!("admin@{}.test", name.to_lowercase()),
            admin_name: "Ada Admin".into(),
            admin_password: PASSWORD.into(),
        };
        let (tenant, admin) = create_company(&self.state.db, &self.state.env, &input).await.unwrap();
        let roles = role::list(self.state.db.read(), tenant.id).await.unwrap();
        let roles = roles.into_iter().map(|role| (role.key, role.id)).collect();
        let mut company = Company { tenant, people: BTreeMap::new(), roles };
        let token = self.token_of(&company, admin.id, &[]).await;
        company.people.insert("admin".into(), Person { id: admin.id, token });
        self.companies.push(company);
        self.companies.len() - 1
    }

    /// A person with an account (no password) and a token.
    pub async fn person(&mut self, company: usize, name: &str, roles: &[&str]) -> Uuid {
        self.clock.advance_seconds(1);
        let of = &self.companies[company];
        let input = NewUser {
            name: name.to_owned(),
            email: format!("{name}@{}.test", of.tenant.slug),
            roles: roles.iter().map(|key| of.roles[*key]).collect(),
            locale: Some("en".into()),
            ..NewUser::default()
        };
        let made = user::create(&self.state.db, &self.system_of(company), &input).await.unwrap();
        let token = self.token_of(&self.companies[company], made.id, &[]).await;
        let person = Person { id: made.id, token };
        self.companies[company].people.insert(name.to_owned(), person);
        self.state.identities.forget();
        made.id
    }

    /// A role made of rows and field rights as in the API.
    pub async fn role(&mut self, key: &str, rows: Value, field_rights: Value) -> Uuid {
        let input = json!({"key": key, "name": key, "rows": rows, "field_rights": field_rights});
        let input: RoleInput = serde_json::from_value(input).unwrap();
        let entities = self.state.records.entity_keys(self.system().tenant).await.unwrap();
        let made = role::create(&self.state.db, &self.system(), &input, &entities).await.unwrap();
        self.companies[0].roles.insert(key.to_owned(), made.id);
        made.id
    }

    /// A role of the first company that was made over HTTP.
    pub fn know_role(&mut self, key: &str, id: Uuid) {
        self.companies[0].roles.insert(key.to_owned(), id);
    }

    /// A department with these members.
    pub async fn department(&mut self, name: &str, parent: Option<Uuid>, members: &[&str]) -> Uuid {
        let input = DepartmentInput { name: name.into(), parent_id: parent, head_id: None, head_ids: None };
        let made = department::create(&self.state.db, &self.system(), &input).await.unwrap();
        for member in members {
            let patch = serde_json::from_value(json!({"department_id": made.id})).unwrap();
            let id = UserId(self.id_of(member));
            user::update(&self.state.db, &self.system(), id, &patch).await.unwrap();
        }
        self.state.identities.forget();
        made.id
    }

    /// A token of somebody with these scopes (none = all).
    pub async fn token_of(&self, company: &Company, user: Uuid, scopes: &[Scope]) -> String {
        let input = NewToken { name: "test".into(), scopes: scopes.to_vec(), expires_at: None };
        let ctx = company.tenant.system_ctx(&self.state.env);
        token::create(&self.state.db, &ctx, UserId(user), &input).await.unwrap().1
    }

    /// The product itself in the first company.
    pub fn system(&self) -> Ctx {
        self.system_of(0)
    }

    pub fn system_of(&self, company: usize) -> Ctx {
        self.companies[company].tenant.system_ctx(&self.state.env)
    }

    pub fn id_of(&self, name: &str) -> Uuid {
        self.companies[0].people[name].id
    }

    /// Requests of somebody of the first company.
    pub fn by(&self, name: &str) -> Client<'_> {
        self.by_of(0, name)
    }

    pub fn by_of(&self, company: usize, name: &str) -> Client<'_> {
        self.with_token(&self.companies[company].people[name].token)
    }

    /// Requests of the first company's administrator.
    pub fn admin(&self) -> Client<'_> {
        self.by("admin")
    }

    pub fn with_token(&self, token: &str) -> Client<'_> {
        self.stranger().header("authorization", &format!("Bearer {token}"))
    }

    /// Requests of nobody known.
    pub fn stranger(&self) -> Client<'_> {
        Client::new(self)
    }

    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Makes a record as the administrator and gives its id.
    pub async fn record(&self, entity: &str, fields: Value) -> String {
        let made = self.admin().create(entity, fields).await.ok(201);
        made["id"].as_str().unwrap().to_owned()
    }

    /// Waits until readers of the event log may see everything that was committed. On PostgreSQL transactions of other
    /// tests on the same cluster hold them back for moments.
    pub async fn settle(&self) {
        if !on_postgres() {
            return;
        }
        let sql = "SELECT count(*) FROM event_log WHERE tx >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint";
        let count = async || {
            let row = self.state.db.read().query_one_raw(database::statement(sql)).await.unwrap().unwrap();
            row.try_get_by_index::<i64>(0).unwrap()
        };
        while count().await > 0 {
            tokio::task::yield_now().await;
        }
    }

    /// Hands events to plugins and processes and runs due jobs until nothing is left. Gives the number of jobs that ran.
    pub async fn drain(&self) -> usize {
        let mut ran = 0;
        for _ in 0..100 {
            self.settle().await;
            let dispatched = self.state.dispatch().await.unwrap();
            let done = self.worker.run_due().await.unwrap();
            if dispatched + done == 0 {
                self.state.plugins.flush().await.unwrap();
                return ran;
            }
            ran += done;
        }
        panic!("jobs go on for ever");
    }

    /// Tells the live feed to run in the background.
    pub fn go_live(&self) {
        tokio::spawn(self.state.feed.clone().run(self.stop.clone()));
    }

    /// Says that so many dead letters belong to the test.
    pub fn expect_dead(&self, count: usize) {
        self.dead.set(count);
    }

    /// How many rows a query counts.
    pub async fn count(&self, sql: &str) -> i64 {
        let row = self.state.db.read().query_one_raw(database::statement(sql)).await.unwrap().unwrap();
        row.try_get_by_index::<i64>(0).unwrap()
    }

    /// The id that a query gives first.
    pub async fn uuid(&self, sql: &str) -> Uuid {
        let row = self.state.db.read().query_one_raw(database::statement(sql)).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }

    /// The text that a query gives first.
    pub async fn text(&self, sql: &str) -> String {
        let row = self.state.db.read().query_one_raw(database::statement(sql)).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }

    /// Runs a statement behind the product's back.
    pub async fn sql(&self, sql: &str) {
        self.state.db.for_migrations().execute_unprepared(sql).await.unwrap();
    }

    /// Ends the test: nothing may be left to do.
    pub async fn finish(self) {
        self.stop.cancel();
        self.settle().await;
        self.state.plugins.dispatch().await.unwrap();
        self.state.processes.dispatch().await.unwrap();
        let due = format!("SELECT count(*) FROM job WHERE state <> 'dead' AND run_at <= {}", self.clock.now().0);
        if self.count(&due).await > 0 {
            let kinds = due.replacen("count(*)", "kind", 1);
            let kinds = sea_orm::Statement::from_string(self.state.db.backend(), kinds);
            let kinds = self.state.db.read().query_all_raw(kinds).await.unwrap();
            let kinds: Vec<String> = kinds.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
            panic!("jobs were left undone: call drain(): {kinds:?}");
        }
        let dead = self.count("SELECT count(*) FROM job WHERE state = 'dead'").await;
        assert_eq!(usize::try_from(dead).unwrap(), self.dead.get(), "dead letters");
        self.finished.set(true);
        self.state.db.clone().close().await.unwrap();
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop.cancel();
        assert!(self.finished.get() || std::thread::panicking(), "a test must end with finish().await");
    }
}
