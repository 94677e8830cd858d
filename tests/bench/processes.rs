//! Durable instances of a small process: start, user task, exclusive gateway, script task, end.
//!
//! Held against two bare commits, which is the least that an instance with one wait can do on this database. And how
//! long a large diagram takes to deploy.

use kernel::clock::Env;
use kernel::db::ConnectionTrait;
use kernel::jobs::{NewJob, Worker, enqueue};
use process::runtime::StartInput;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::{Map, json};
use tokio::runtime::Runtime;
use uuid::Uuid;
use verstak::AppState;
use work::tasks::{Completion, TaskQuery};

use crate::Outcome;
use crate::arguments::{Arguments, Place};
use crate::capture::Seen;
use crate::client::{Ask, Client, join};
use crate::company::{self, Company};
use crate::measure::{Stretch, count, in_turn, middle, now};
use crate::report::{Report, say};
use crate::server::Server;
use crate::suite::{address, open, verdict};

const CLIENTS: [usize; 2] = [1, 8];
const OPEN: [usize; 2] = [0, 100_000];
const TIMERS: usize = 100_000;
/// Nodes of the large diagram, and how often it is deployed.
const NODES: usize = 10_000;
const DEPLOYMENTS: usize = 5;

const PROCESS: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:v="urn:verstak:bpmn:1" targetNamespace="bench">
<process id="bench" name="Bench" isExecutable="true">
<startEvent id="start"/><sequenceFlow id="a" sourceRef="start" targetRef="task"/>
<userTask id="task" name="Decide" v:executors="owner"/><sequenceFlow id="b" sourceRef="task" targetRef="gate"/>
<exclusiveGateway id="gate" default="no"/>
<sequenceFlow id="yes" sourceRef="gate" targetRef="script"><conditionExpression>vars.amount &gt; 100</conditionExpression></sequenceFlow>
<sequenceFlow id="no" sourceRef="gate" targetRef="end"/>
<scriptTask id="script" v:resultVariable="total"><script>vars.amount * 2</script></scriptTask>
<sequenceFlow id="c" sourceRef="script" targetRef="end"/><endEvent id="end"/>
</process></definitions>"#;

const TIMER: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="bench">
<process id="timer" name="Timer" isExecutable="true">
<startEvent id="start"/><sequenceFlow id="a" sourceRef="start" targetRef="wait"/>
<intermediateCatchEvent id="wait"><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition></intermediateCatchEvent>
<sequenceFlow id="b" sourceRef="wait" targetRef="end"/><endEvent id="end"/>
</process></definitions>"#;

/// Measures it on one database.
pub fn measure(runtime: &Runtime, arguments: &Arguments, place: &Place, report: &mut Report) -> Outcome {
    say(&format!("{}: processes", place.name));
    let folder = arguments.scratch()?;
    let url = runtime.block_on(address(place, folder.path()))?;
    let state = runtime.block_on(open(&url, folder.path(), &Seen::default()))?;
    let company = runtime.block_on(company::make(&state, "Bench"))?;
    for xml in [PROCESS, TIMER] {
        runtime.block_on(state.processes.deploy(&company.ctx, xml.as_bytes().to_vec(), true))?;
    }
    report.section(
        &format!("{}: processes", place.name),
        "Instances of start, user task, exclusive gateway, script task, end: started, the task found and completed. In process: service calls, while no server has the database. Bare: two transactions of one small update and a commit each.",
    );
    let mut rows = Vec::new();
    for standing in OPEN {
        runtime.block_on(stand(&state, &company, standing))?;
        for clients in CLIENTS {
            let within = || in_process(runtime, arguments, &state, &company, clients);
            let pair = in_turn(arguments.rounds, within, || bare(runtime, arguments, &state, clients))?;
            let server = Server::start(&arguments.verstak, folder.path(), &url, &company.token)?;
            let over =
                in_turn(arguments.rounds, || http(arguments, &server, &company, clients), || Ok(Stretch::default()))?;
            drop(server);
            let row = vec![
                standing.to_string(),
                clients.to_string(),
                format!("{:.0}", pair.ours.rate()),
                format!("{:.0} us", pair.ours.micros(500)),
                format!("{:.0} us", pair.ours.micros(990)),
                format!("{:.0}", pair.base.rate()),
                format!("{:.0} %", pair.throughput_ratio() * 100.0),
                format!("{:.0}", over.ours.rate()),
                format!("{:.0} us", over.ours.micros(500)),
            ];
            say(&format!("  {}", row.join("  ")));
            rows.push(row);
        }
    }
    let heads =
        ["open", "clients", "in process /s", "p50", "p99", "bare /s", "ratio (target >= 50 %)", "HTTP /s", "HTTP p50"];
    report.table(&heads, &rows);
    runtime.block_on(large(&state, &company, report))?;
    let (fired, seconds) = runtime.block_on(timers(&state, &company))?;
    let rate = count(fired) / seconds;
    report.paragraph(&format!(
        "{fired} timers due at once, each ending its instance: {seconds:.1} s, {rate:.0} per second (target: within a minute, {}).",
        if seconds < 60.0 { "met" } else { "missed" }
    ));
    Ok(())
}

fn in_process(
    runtime: &Runtime,
    arguments: &Arguments,
    state: &AppState,
    company: &Company,
    clients: usize,
) -> Outcome<Stretch> {
    let length = arguments.stretch;
    let one = move |state: AppState, ctx: kernel::Ctx| async move {
        let mut times = Vec::new();
        let begin = now();
        while begin.elapsed() < length {
            let start = now();
            instance(&state, &ctx).await?;
            times.push(start.elapsed());
        }
        Ok(Stretch { times, elapsed: begin.elapsed(), ..Stretch::default() })
    };
    runtime.block_on(together((0..clients).map(|_| one(state.clone(), company.ctx.clone()))))
}

/// Clients, each a task of its own as connections of a server are.
async fn together(
    clients: impl Iterator<Item = impl Future<Output = Outcome<Stretch>> + Send + 'static>,
) -> Outcome<Stretch> {
    let tasks: Vec<_> = clients.map(tokio::spawn).collect();
    let mut parts = Vec::with_capacity(tasks.len());
    for task in tasks {
        parts.push(task.await?);
    }
    join(parts)
}

/// One instance from its start to its end.
async fn instance(state: &AppState, ctx: &kernel::Ctx) -> Outcome {
    let variables = Map::from_iter([("amount".to_owned(), json!(150))]);
    let input = StartInput { definition: "bench".into(), version: None, process: None, subject: None, variables };
    let started = state.processes.start(ctx, input).await?;
    let query = TaskQuery { instance: Some(started.id), ..TaskQuery::default() };
    let page = state.tasks.list(ctx, &query).await?;
    let task = page.items.first().ok_or("the instance has no task")?;
    state.tasks.complete(ctx, task.id, Completion::default()).await?;
    Ok(())
}

fn bare(runtime: &Runtime, arguments: &Arguments, state: &AppState, clients: usize) -> Outcome<Stretch> {
    let length = arguments.stretch;
    let one = move |db: kernel::Db| async move {
        let mut times = Vec::new();
        let begin = now();
        while begin.elapsed() < length {
            let start = now();
            for _ in 0..2 {
                let tx = db.begin().await?;
                let update = Query::update()
                    .table("process_definition")
                    .value("updated_at", Expr::col("updated_at").add(1))
                    .and_where(Expr::col("key").eq("bench"))
                    .to_owned();
                tx.execute(&update).await?;
                tx.commit().await?;
            }
            times.push(start.elapsed());
        }
        Ok(Stretch { times, elapsed: begin.elapsed(), ..Stretch::default() })
    };
    runtime.block_on(together((0..clients).map(|_| one(state.db.clone()))))
}

fn http(arguments: &Arguments, server: &Server, company: &Company, clients: usize) -> Outcome<Stretch> {
    let one = || -> Outcome<Stretch> {
        let mut client = Client::new(server.address, &company.token)?;
        let mut times = Vec::new();
        let begin = now();
        while begin.elapsed() < arguments.stretch {
            let start = now();
            let body = Some(r#"{"definition":"bench","variables":{"amount":150}}"#.to_owned());
            let id =
                id_of(client.send(&Ask { method: "POST", path: "/api/v1/process-instances".into(), body })?, "/id")?;
            let path = format!("/api/v1/tasks?instance={id}");
            let task = id_of(client.send(&Ask { method: "GET", path, body: None })?, "/items/0/id")?;
            let path = format!("/api/v1/tasks/{task}/complete");
            client.send(&Ask { method: "POST", path, body: Some("{}".into()) })?;
            times.push(start.elapsed());
        }
        Ok(Stretch { times, elapsed: begin.elapsed(), ..Stretch::default() })
    };
    let one = &one;
    let parts: Vec<Outcome<Stretch>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err("a client panicked".into()))).collect()
    });
    join(parts)
}

fn id_of(answer: &[u8], place: &str) -> Outcome<String> {
    let answer: serde_json::Value = serde_json::from_slice(answer)?;
    Ok(answer.pointer(place).and_then(serde_json::Value::as_str).ok_or("no id in the answer")?.to_owned())
}

/// So many open instances: copies of the rows of one.
async fn stand(state: &AppState, company: &Company, wanted: usize) -> Outcome {
    if wanted == 0 {
        return Ok(());
    }
    let variables = Map::from_iter([("amount".to_owned(), json!(150))]);
    let input = StartInput { definition: "bench".into(), version: None, process: None, subject: None, variables };
    let one = state.processes.start(&company.ctx, input).await?.id;
    copy(state, one.0, wanted, None).await
}

/// Copies an instance with everything that belongs to it.
async fn copy(state: &AppState, instance: Uuid, times: usize, due: Option<i64>) -> Outcome {
    let sqlite = state.db.backend() == sea_orm::DbBackend::Sqlite;
    let (fresh, quoted, kind) = match sqlite {
        true => ("randomblob(16)", format!("x'{}'", instance.simple()), "BLOB"),
        false => ("gen_random_uuid()", format!("'{instance}'"), "UUID"),
    };
    let run = async |sql: String| state.db.for_migrations().execute_unprepared(&sql).await.map(drop);
    run(format!("CREATE TABLE bench_copy (i {kind} NOT NULL, t {kind} NOT NULL, n BIGINT NOT NULL)")).await?;
    // Numbers of tasks are the company's own: far from those that are given to come.
    run(format!(
        "WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < {times}) \
         INSERT INTO bench_copy SELECT {fresh}, {fresh}, k + 1000000000 FROM n"
    ))
    .await?;
    for (table, id, extra) in [
        ("process_instance", "id", None),
        ("process_wait", "instance_id", due.map(|due| ("due_at", due.to_string()))),
        ("process_visit", "instance_id", None),
        ("process_step", "instance_id", None),
        ("task", "instance_id", Some(("id", "c.t".to_owned()))),
    ] {
        let columns = columns(state, table).await?;
        let values = columns.iter().map(|column| match &extra {
            _ if column == id => "c.i".to_owned(),
            Some((name, value)) if column == name => value.clone(),
            _ if table == "task" && column == "number" => "c.n".to_owned(),
            _ => format!("s.{column}"),
        });
        let values: Vec<String> = values.collect();
        run(format!(
            "INSERT INTO {table} ({}) SELECT {} FROM {table} s CROSS JOIN bench_copy c WHERE s.{id} = {quoted}",
            columns.join(", "),
            values.join(", ")
        ))
        .await?;
    }
    let columns = columns(state, "task_contract").await?;
    let values = columns.iter().map(|column| match column.as_str() {
        "id" => "c.t".to_owned(),
        "instance_id" => "c.i".to_owned(),
        _ => format!("k.{column}"),
    });
    run(format!(
        "INSERT INTO task_contract ({}) SELECT {} FROM task_contract k JOIN task s ON s.id = k.id CROSS JOIN bench_copy c \
         WHERE s.instance_id = {quoted}",
        columns.join(", "),
        values.collect::<Vec<_>>().join(", ")
    ))
    .await?;
    run(format!(
        "INSERT INTO task_executor (task_id, user_id, tenant_id, role) SELECT c.t, e.user_id, e.tenant_id, e.role \
         FROM task_executor e JOIN task s ON s.id = e.task_id CROSS JOIN bench_copy c WHERE s.instance_id = {quoted}"
    ))
    .await?;
    run("DROP TABLE bench_copy".to_owned()).await?;
    run("ANALYZE".to_owned()).await?;
    Ok(())
}

/// Columns of a table.
pub async fn columns(state: &AppState, table: &str) -> Outcome<Vec<String>> {
    let sql = match state.db.backend() {
        sea_orm::DbBackend::Sqlite => format!("SELECT name FROM pragma_table_info('{table}')"),
        _ => format!("SELECT column_name::text FROM information_schema.columns WHERE table_name = '{table}'"),
    };
    let statement = sea_orm::Statement::from_string(state.db.backend(), sql);
    let rows = state.db.read().query_all_raw(statement).await?;
    Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}

/// A line about a large diagram.
async fn large(state: &AppState, company: &Company, report: &mut Report) -> Outcome {
    let seconds = deployments(state, company).await?;
    let row = vec![
        format!("deploying a diagram of {NODES} nodes, middle of {DEPLOYMENTS}"),
        format!("{seconds:.2} s"),
        "< 2 s".to_owned(),
        verdict(seconds < 2.0),
    ];
    say(&format!("  {}", row.join("  ")));
    report.paragraph("A chain of script tasks with its picture, read, checked and published by a service call.\n");
    report.table(&["", "measured", "target", ""], &[row]);
    Ok(())
}

/// Seconds that a large diagram takes to be read, checked and published; a new one each time.
async fn deployments(state: &AppState, company: &Company) -> Outcome<f64> {
    let mut times = Vec::new();
    for n in 0..DEPLOYMENTS {
        let xml = chain(&format!("large{n}"), NODES).into_bytes();
        let begin = now();
        let deployed = state.processes.deploy(&company.ctx, xml, true).await?;
        times.push(begin.elapsed().as_secs_f64());
        if deployed.published.is_none() {
            return Err("the large diagram was not published".into());
        }
    }
    Ok(middle(times))
}

/// A file with so many nodes in a row between start and end, and where they are drawn.
fn chain(process: &str, nodes: usize) -> String {
    let (mut elements, mut drawn) = (String::new(), String::new());
    for n in 0..nodes {
        let next = n + 1;
        elements += &format!(
            r#"<scriptTask id="s{n}" name="Step {n}" v:resultVariable="n"><script>vars.amount + {n}</script></scriptTask><sequenceFlow id="f{n}" sourceRef="s{n}" targetRef="s{next}"/>"#
        );
        drawn += &format!(
            r#"<di:BPMNShape id="d{n}" bpmnElement="s{n}"><dc:Bounds x="{}" y="80" width="100" height="80"/></di:BPMNShape>"#,
            n * 150
        );
    }
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:v="urn:verstak:bpmn:1" xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" targetNamespace="bench">
<process id="{process}" isExecutable="true"><startEvent id="start"/><sequenceFlow id="begin" sourceRef="start" targetRef="s0"/>{elements}<endEvent id="s{nodes}"/></process>
<di:BPMNDiagram id="diagram"><di:BPMNPlane id="plane" bpmnElement="{process}">{drawn}</di:BPMNPlane></di:BPMNDiagram></definitions>"#
    )
}

/// Timers that are due at once: how many fired, in how many seconds.
async fn timers(state: &AppState, company: &Company) -> Outcome<(usize, f64)> {
    let input =
        StartInput { definition: "timer".into(), version: None, process: None, subject: None, variables: Map::new() };
    let one = state.processes.start(&company.ctx, input).await?.id;
    copy(state, one.0, TIMERS, Some(state.env.now().0)).await?;
    let worker = Worker::new(&state.db, &Env::system(), state.processes.handlers());
    let tx = state.db.begin().await?;
    let job = NewJob::now(&state.env, "process.timers", json!({})).for_tenant(company.ctx.tenant);
    enqueue(&tx, &state.env, job).await?;
    tx.commit().await?;
    let begin = now();
    worker.run_due().await?;
    let seconds = begin.elapsed().as_secs_f64();
    let left = Query::select()
        .expr(sea_orm::sea_query::Func::count(Expr::col("wait")))
        .from("process_wait")
        .and_where(Expr::col("kind").eq("timer"))
        .take();
    let row = state.db.read().query_one(&left).await?.ok_or("no count")?;
    let left: i64 = row.try_get_by_index(0)?;
    Ok((TIMERS + 1 - usize::try_from(left)?, seconds))
}
