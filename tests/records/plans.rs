//! No hot statement walks through a table that grows: each is explained on a filled database, before and after the
//! database has looked at what stands in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use kernel::Db;
use kernel::db::ConnectionTrait;
use kernel::jobs::NewJob;
use sea_orm::Statement;
use serde_json::{Value, json};
use tower::ServiceExt;
use verstak::AppState;

use crate::app::{TestApp, on_postgres};
use crate::process::{Engine, flows, one_task, process};

/// Tables that grow with a company's work. The queue of jobs is not among them: what is done leaves it.
const GROWING: [&str; 23] = [
    "lead",
    "deal",
    "contact",
    "company",
    "activity",
    "task",
    "task_contract",
    "task_executor",
    "record_link",
    "communication",
    "stage_transition",
    "event_log",
    "audit",
    "session",
    "idempotency_key",
    "process_instance",
    "process_wait",
    "process_visit",
    "process_step",
    "notification",
    "mail_outbox",
    "long_job",
    "search_document",
];

/// The product over the database of a test, with every statement written down.
pub struct Watched {
    pub state: AppState,
    seen: Arc<Mutex<Vec<Statement>>>,
    /// By text: what asked for it first, and its values.
    statements: BTreeMap<String, (String, Statement)>,
    token: String,
}

impl Watched {
    pub async fn over(app: &TestApp, person: &str) -> Self {
        let seen: Arc<Mutex<Vec<Statement>>> = Arc::default();
        let told = Arc::clone(&seen);
        let db = Db::open(&app.state.config.db_options()).await.unwrap();
        let db = db.watched(move |statement| told.lock().unwrap().push(statement.clone()));
        let state = AppState::over((*app.state.config).clone(), app.state.env.clone(), db).unwrap();
        let token = app.companies[0].people[person].token.clone();
        Self { state, seen, statements: BTreeMap::new(), token }
    }

    fn keep(&mut self, what: &str) {
        for statement in std::mem::take(&mut *self.seen.lock().unwrap()) {
            let verb = statement.sql.split_whitespace().next().unwrap_or_default().to_uppercase();
            if ["SELECT", "UPDATE", "DELETE", "WITH"].contains(&verb.as_str()) {
                self.statements.entry(statement.sql.clone()).or_insert((what.to_owned(), statement));
            }
        }
    }

    pub async fn ask(&mut self, method: &str, path: &str, body: Value) -> Value {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json")
            .body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) })
            .unwrap();
        let answer = verstak::app::router(&self.state).oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        assert!(status.is_success(), "{method} {path}: {status} {}", String::from_utf8_lossy(&bytes));
        self.keep(&format!("{method} {path}"));
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Everything that runs without being asked.
    async fn background(&mut self) {
        let tx = self.state.db.begin().await.unwrap();
        for kind in ["housekeeping", ::process::runtime::SWEEP] {
            kernel::jobs::enqueue(&tx, &self.state.env, NewJob::now(&self.state.env, kind, Value::Null)).await.unwrap();
        }
        tx.commit().await.unwrap();
        self.state.dispatch().await.unwrap();
        self.state.worker().run_due().await.unwrap();
        self.keep("background work");
    }

    /// The plans of all statements, as text; PostgreSQL's where there is another way than walking through a small table and
    /// sorting it.
    pub async fn plans(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (_, statement) in self.statements.values() {
            found.push(if on_postgres() {
                let setting =
                    "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off";
                planned(&self.state.db, statement, setting).await.to_string()
            } else {
                steps(&self.state.db, statement).await.join("\n")
            });
        }
        found
    }

    /// Which statements walk through a growing table, and how.
    async fn walks(&self, db: &Db) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (what, statement) in self.statements.values() {
            let walked = if on_postgres() { postgres(db, statement).await } else { sqlite(db, statement).await };
            found.extend(walked.into_iter().map(|how| format!("{what}: {how}\n    {}", statement.sql)));
        }
        found
    }
}

/// SQLite's plan of a statement, step by step.
async fn steps(db: &Db, statement: &Statement) -> Vec<String> {
    let explained = Statement { sql: format!("EXPLAIN QUERY PLAN {}", statement.sql), ..statement.clone() };
    let rows = db.read().query_all_raw(explained).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(3).unwrap()).collect()
}

async fn sqlite(db: &Db, statement: &Statement) -> Vec<String> {
    let plan = steps(db, statement).await.into_iter();
    let walks = |step: &String| {
        let table = step.strip_prefix("SCAN ").and_then(|rest| rest.split_whitespace().next());
        table.is_some_and(|table| GROWING.contains(&table) || table == "other")
    };
    plan.filter(walks).collect()
}

async fn postgres(db: &Db, statement: &Statement) -> Vec<String> {
    // Small tables are walked through gladly; what is asked is whether there is another way.
    let mut found = Vec::new();
    walk(&planned(db, statement, "SET LOCAL enable_seqscan = off").await, &mut found);
    found
}

/// PostgreSQL's plan of a statement under a setting.
async fn planned(db: &Db, statement: &Statement, setting: &str) -> Value {
    let tx = db.begin().await.unwrap();
    tx.execute_unprepared(setting).await.unwrap();
    let explained = Statement { sql: format!("EXPLAIN (FORMAT JSON) {}", statement.sql), ..statement.clone() };
    let rows = tx.query_all_raw(explained).await.unwrap();
    tx.rollback().await.unwrap();
    let plan: Value = rows[0].try_get_by_index(0).unwrap();
    plan[0]["Plan"].clone()
}

/// Steps that read all of a table, or of an index.
fn walk(step: &Value, found: &mut Vec<String>) {
    let text = |name: &str| step[name].as_str().unwrap_or_default();
    let growing = GROWING.contains(&text("Relation Name"));
    // Contracts may be read in step with the tasks of a page, which ends it.
    let in_step = text("Relation Name") == "task_contract";
    let whole_index = text("Node Type").starts_with("Index") && step["Index Cond"].is_null() && !in_step;
    if growing && (text("Node Type") == "Seq Scan" || whole_index) {
        found.push(format!("{} on {} {}", text("Node Type"), text("Relation Name"), text("Index Name")));
    }
    for below in step["Plans"].as_array().into_iter().flatten() {
        walk(below, found);
    }
}

/// Two companies' worth of everything.
async fn filled(app: &TestApp) -> (String, String, String) {
    let engine = Engine::of(app);
    engine.deploy(one_task("asking")).await;
    let wait = r#"<startEvent id="start"/><intermediateCatchEvent id="wait"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent><endEvent id="end"/>"#;
    engine.deploy(process("hour", &(wait.to_owned() + &flows("start>wait wait>end")))).await;
    let company = app.record("company", json!({"title": "Pipes Ltd"})).await;
    let contact = app.record("contact", json!({"first_name": "Ann", "phones": ["+7 916 123-45-67"]})).await;
    let row = |n: usize, entity: &str| {
        let mut fields = json!({"title": format!("{entity} {n}"), "company": company, "amount": n});
        if entity == "lead" {
            fields["contact"] = json!(contact);
        }
        json!({"fields": fields})
    };
    for entity in ["lead", "deal"] {
        let rows: Vec<Value> = (0..600).map(|n| row(n, entity)).collect();
        app.admin().post(&format!("/records/{entity}/bulk"), json!({"create": rows})).await.ok(200);
    }
    let lead = app.record("lead", json!({"title": "One", "company": company, "phones": ["+7 916 123-45-68"]})).await;
    for _ in 0..260 {
        engine.start_about("asking", "lead", &lead, json!({})).await;
        engine.start("hour", json!({})).await;
    }
    app.drain().await;
    (company, contact, lead)
}

/// What people and the product do all day.
async fn a_day(watched: &mut Watched, (company, contact, lead): &(String, String, String)) {
    let is = |field: &str, value: &str| json!({"field": field, "op": "eq", "value": value});
    let queries = [
        ("lead", json!({})),
        ("lead", json!({"filter": is("stage", "new"), "sort": [{"field": "created_at", "desc": true}]})),
        ("lead", json!({"filter": is("company", company)})),
        ("lead", json!({"filter": is("contact", contact)})),
        ("deal", json!({"filter": is("company", company)})),
        ("lead", json!({"sort": [{"field": "title"}]})),
        ("lead", json!({"sort": [{"field": "updated_at", "desc": true}]})),
        ("lead", json!({"sort": [{"field": "amount", "desc": true}]})),
        ("lead", json!({"filter": {"field": "title", "op": "contains", "value": "ead 59"}, "total": true})),
        ("lead", json!({"q": "9161234", "sort": [{"field": "title"}]})),
        ("contact", json!({"filter": {"field": "phones", "op": "contains", "value": "8 916 12"}})),
    ];
    for (entity, mut query) in queries {
        let path = format!("/records/{entity}/query");
        let page = watched.ask("POST", &path, query.clone()).await;
        query["cursor"] = page["next_cursor"].clone();
        watched.ask("POST", &path, query).await;
    }
    let paths = [
        format!("/records/lead/{lead}"),
        format!("/records/lead/{lead}/timeline"),
        "/records/lead?deleted=true".to_owned(),
        "/tasks?state=open".to_owned(),
        "/notifications".to_owned(),
        "/process-instances".to_owned(),
        "/jobs".to_owned(),
    ];
    for path in paths {
        let page = watched.ask("GET", &path, Value::Null).await;
        if let Some(cursor) = page["next_cursor"].as_str() {
            let sign = if path.contains('?') { '&' } else { '?' };
            watched.ask("GET", &format!("{path}{sign}cursor={cursor}"), Value::Null).await;
        }
    }
    let made = watched.ask("POST", "/records/lead", json!({"fields": {"title": "New", "company": company}})).await;
    let id = made["id"].as_str().unwrap();
    watched.ask("PATCH", &format!("/records/lead/{id}"), json!({"fields": {"amount": 5}})).await;
    watched.ask("DELETE", &format!("/records/lead/{id}"), Value::Null).await;
    let started = watched.ask("POST", "/process-instances", json!({"definition": "asking"})).await;
    let instance = started["id"].as_str().unwrap();
    let tasks = watched.ask("GET", &format!("/tasks?state=open&instance={instance}"), Value::Null).await;
    let task = tasks["items"][0]["id"].as_str().unwrap();
    watched.ask("POST", &format!("/tasks/{task}/complete"), json!({"variables": {}})).await;
    watched.ask("GET", &format!("/process-instances/{instance}"), Value::Null).await;
    watched.background().await;
}

#[tokio::test]
async fn no_hot_statement_walks_through_a_growing_table_with_statistics_or_without() {
    let app = TestApp::start().await;
    let about = filled(&app).await;
    app.clock.advance_seconds(3_600);
    let mut watched = Watched::over(&app, "admin").await;
    a_day(&mut watched, &about).await;
    assert!(watched.statements.len() > 50, "{} statements were seen", watched.statements.len());
    let narrowed = |sql: &String| sql.contains("CROSS JOIN \"lead\"") || sql.contains("\"lead\".\"id\" = ANY (ARRAY");
    assert!(watched.statements.keys().any(narrowed), "searches begin with the index");
    for known in ["without", "with"] {
        if known == "with" {
            app.state.db.learn().await.unwrap();
        }
        // Fresh connections know the statistics.
        let db = Db::open(&app.state.config.db_options()).await.unwrap();
        let walks: Vec<String> = watched.walks(&db).await.into_iter().collect();
        db.close().await.unwrap();
        assert!(walks.is_empty(), "{known} statistics {} walk:\n{}", walks.len(), walks.join("\n"));
    }
    watched.state.db.clone().close().await.unwrap();
    app.drain().await;
    app.finish().await;
}

/// Whether a plan reads all of a table and sorts what it finds.
fn is_scanned(table: &str, step: &Value) -> bool {
    let scanned = step["Node Type"].as_str().is_some_and(|node| node.ends_with("Seq Scan"));
    let mut below = step["Plans"].as_array().into_iter().flatten();
    (scanned && step["Relation Name"] == table) || below.any(|step| is_scanned(table, step))
}

/// Twenty thousand leads whose texts are not in the index. Every 25th is of tubes: no thousand has a page of them.
async fn unsearched(app: &TestApp) {
    app.record("lead", json!({"title": "Rods"})).await;
    let same = "search, stage, pipeline, stage_since";
    app.sql(&format!(
        "INSERT INTO lead (id, tenant_id, number, version, title, created_at, updated_at, last_activity_at, {same})
         SELECT gen_random_uuid(), tenant_id, n, 1, CASE n % 25 WHEN 0 THEN 'Tubes ' ELSE 'Rods ' END || n,
             created_at + n, updated_at + n, last_activity_at + n, {same}
         FROM lead, generate_series(2, 20000) AS n WHERE number = 1"
    ))
    .await;
    app.sql("INSERT INTO search_gap (tenant_id, entity) SELECT id, 'lead' FROM tenant ON CONFLICT DO NOTHING").await;
}

#[tokio::test]
async fn a_text_of_many_records_is_not_looked_for_in_the_whole_table_with_statistics_or_without() {
    // SQLite has no other plan than the index of the order.
    if !on_postgres() {
        return;
    }
    let app = TestApp::start().await;
    unsearched(&app).await;
    let newest = "SELECT id, created_at FROM lead WHERE title LIKE 'Tubes%' ORDER BY created_at DESC LIMIT 100";
    let newest =
        app.text(&format!("SELECT string_agg(id::text, ' ' ORDER BY created_at DESC) FROM ({newest}) n")).await;
    let tubes = json!({"field": "title", "op": "contains", "value": "tubes"});
    for known in ["without", "with"] {
        if known == "with" {
            app.state.db.learn().await.unwrap();
        }
        let mut watched = Watched::over(&app, "admin").await;
        let mut query = json!({"filter": tubes, "sort": [{"field": "created_at", "desc": true}], "limit": 50});
        let mut ids: Vec<String> = Vec::new();
        for _ in 0..2 {
            let page = watched.ask("POST", "/records/lead/query", query.clone()).await;
            ids.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            query["cursor"] = page["next_cursor"].clone();
        }
        assert_eq!(ids.join(" "), newest, "{known} statistics");
        for (_, statement) in watched.statements.values() {
            let plan = planned(&watched.state.db, statement, "SET LOCAL enable_seqscan = on").await;
            assert!(!is_scanned("lead", &plan), "{known} statistics: {}\n{plan}", statement.sql);
        }
        watched.state.db.clone().close().await.unwrap();
    }
    app.sql("DELETE FROM search_gap").await;
    app.drain().await;
    app.finish().await;
}
