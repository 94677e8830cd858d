//! Scenarios of the two whole modules that need a whole server: many at once, mass edits, imports, gates at midnight. The others are
//! scripts of the modules.

use futures::future::join_all;
use kernel::Locale;
use serde_json::{Value, json};

use super::{LEAVE, days, leave, run};
use crate::app::{Client, TestApp, package_of};

const TIME: &str = "/plugins/verstak.time-tracking/http";
pub(super) const ROLLOUT: &str = "/plugins/verstak.rollout/http";

/// A company in Kyiv that runs a module; its roles are known.
async fn with(module: &str) -> TestApp {
    let mut app = TestApp::build().locale(Locale::Uk).start().await;
    let package = package_of(module);
    app.admin().send("POST", "/api/v1/plugins", Some("application/octet-stream"), package).await.ok(201);
    let enable = format!("/plugins/verstak.{module}/enable");
    app.admin().post(&enable, json!({"grants": "requested"})).await.ok(200);
    know_roles(&mut app).await;
    app
}

pub(super) async fn know_roles(app: &mut TestApp) {
    let roles = app.admin().get("/roles").await.ok(200);
    for role in roles["items"].as_array().unwrap() {
        app.know_role(role["key"].as_str().unwrap(), role["id"].as_str().unwrap().parse().unwrap());
    }
}

async fn olhas() -> TestApp {
    let mut app = with("time-tracking").await;
    app.person(0, "olha", &["time_employee", "observer"]).await;
    app
}

fn entry(from: &str, to: &str) -> Value {
    json!({"starts_at": from, "ends_at": to})
}

pub(super) async fn rows(client: &Client<'_>, entity: &str, filter: Value) -> Vec<Value> {
    let page = client.query(entity, json!({"filter": filter, "limit": 200})).await.ok(200);
    page["items"].as_array().unwrap().clone()
}

/// What became of the rows of a bulk request: a code, else the state.
fn became(bulk: &Value) -> Vec<&str> {
    let results = bulk["results"].as_array().unwrap().iter();
    results.map(|one| one["code"].as_str().or(one["status"].as_str()).unwrap()).collect()
}

#[tokio::test]
async fn time_tracking_4_of_three_entries_at_once_one_overlapping_two_are_saved() {
    let app = olhas().await;
    let olha = app.by("olha");
    olha.create("time_entry", entry("2026-03-03T10:00:00+02:00", "2026-03-03T11:00:00+02:00")).await.ok(201);
    let late = entry("2026-03-03T10:59:00+02:00", "2026-03-03T11:30:00+02:00");
    olha.create("time_entry", late).await.problem(409, "time.overlap");
    olha.create("time_entry", entry("2026-03-03T11:00:00+02:00", "2026-03-03T11:30:00+02:00")).await.ok(201);
    let create: Vec<Value> = [("08:00", "09:00"), ("10:30", "10:45"), ("12:00", "13:00")]
        .iter()
        .map(|(from, to)| entry(&format!("2026-03-03T{from}:00+02:00"), &format!("2026-03-03T{to}:00+02:00")))
        .map(|fields| json!({"fields": fields}))
        .collect();
    let bulk = olha.post("/records/time_entry/bulk", json!({"create": create})).await.ok(200);
    assert_eq!(became(&bulk), ["created", "time.overlap", "created"], "{bulk}");
    app.drain().await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_tracking_5_twenty_starts_at_once_leave_one_timer_and_no_overlap() {
    let app = olhas().await;
    let olha = app.by("olha");
    let start = |number| olha.begin(&format!("{TIME}/timer/start"), &json!({"note": format!("Race {number}")}));
    let begun: Vec<_> = (0..20).map(start).collect();
    let answers: Vec<_> = join_all(begun).await.into_iter().map(Result::unwrap).collect();
    assert!(answers.iter().any(|answer| answer.status == 200), "{:?}", answers.first().map(|one| one.text()));
    assert!(answers.iter().all(|answer| answer.status != 500), "nobody meets an error of ours");
    let own = rows(&olha, "time_entry", json!({"and": []})).await;
    assert_eq!(own.iter().filter(|one| one["fields"]["running"] == true).count(), 1, "{own:?}");
    let far = "9999";
    let text = |one: &Value, field: &str| one["fields"][field].as_str().unwrap_or(far).to_owned();
    let mut spans: Vec<(String, String)> =
        own.iter().map(|one| (text(one, "starts_at"), text(one, "ends_at"))).collect();
    spans.sort();
    assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{spans:?}");
    let after = olha.post(&format!("{TIME}/timer/start"), json!({"note": "After the race"})).await;
    assert_eq!(after.status, 200, "those that were overtaken are no failures of the module: {}", after.text());
    app.drain().await;
    app.finish().await;
}

/// Imports a CSV of starts, ends and notes.
async fn imported(app: &TestApp, by: &str, text: &str) -> Value {
    let body = format!(
        "--B\r\nContent-Disposition: form-data; name=\"entity\"\r\n\r\ntime_entry\r\n--B\r\nContent-Disposition: \
         form-data; name=\"file\"; filename=\"time.csv\"\r\n\r\n{text}\r\n--B--\r\n"
    );
    let kind = Some("multipart/form-data; boundary=B");
    let made = app.by(by).send("POST", "/api/v1/imports", kind, body.into_bytes()).await.ok(201);
    let path = format!("/imports/{}", made["id"].as_str().unwrap());
    let mapping: Vec<Value> = ["starts_at", "ends_at", "note"]
        .iter()
        .enumerate()
        .map(|(column, field)| json!({"column": column, "field": field}))
        .collect();
    let body = json!({"mapping": mapping, "options": {"duplicates": "create"}});
    app.by(by).post(&format!("{path}/start"), body).await.ok(202);
    app.drain().await;
    app.by(by).get(&path).await.ok(200)
}

#[tokio::test]
async fn time_tracking_13_a_closed_march_is_shut_at_every_door_and_april_is_open() {
    let mut app = with("time-tracking").await;
    // Thursday, 2 April.
    app.clock.advance_seconds(17 * 86_400);
    app.person(0, "olha", &["time_employee", "observer"]).await;
    app.person(0, "inna", &["time_finance"]).await;
    let (olha, inna) = (app.by("olha"), app.by("inna"));
    inna.create("time_period", json!({"month": "2026-03-01", "state": "closed"})).await.ok(201);
    let march = entry("2026-03-31T23:30:00+03:00", "2026-04-01T00:00:00+03:00");
    olha.create("time_entry", march.clone()).await.problem(409, "time.period_closed");
    olha.create("time_entry", entry("2026-04-01T00:00:00+03:00", "2026-04-01T01:00:00+03:00")).await.ok(201);
    let april = entry("2026-04-01T02:00:00+03:00", "2026-04-01T03:00:00+03:00");
    let create = json!([{"fields": march}, {"fields": april}]);
    let bulk = olha.post("/records/time_entry/bulk", json!({"create": create})).await.ok(200);
    assert_eq!(became(&bulk), ["time.period_closed", "created"], "{bulk}");
    let file = "Start;End;Note\n2026-03-31T23:30:00+03:00;2026-04-01T00:00:00+03:00;March\n\
                2026-04-01T04:00:00+03:00;2026-04-01T05:00:00+03:00;April\n";
    let done = imported(&app, "olha", file).await;
    assert_eq!((&done["accepted"], &done["refused"]), (&json!(1), &json!(1)), "{done}");
    let noted = json!({"field": "note", "op": "not_empty"});
    assert_eq!(rows(&olha, "time_entry", noted.clone()).await.len(), 1);
    let batch = done["batch"].as_str().unwrap();
    let undone = olha.post(&format!("/batches/{batch}/undo"), json!({})).await;
    assert!(undone.status.is_success(), "{}", undone.text());
    app.drain().await;
    assert_eq!(rows(&olha, "time_entry", noted).await.len(), 0, "an import is undone");
    app.finish().await;
}

/// The figures that the tab "Time" of a task shows to somebody.
async fn time_of(client: &Client<'_>, task: &str) -> Value {
    let ui = client.get("/ui").await.ok(200);
    let tab = ui["surfaces"].as_array().unwrap().iter().find(|one| one["id"] == "task_time").unwrap();
    let items = json!([{"name": "subject", "source": tab["tree"]["sources"]["subject"]}]);
    let body = json!({
        "plugin": tab["plugin"], "surface": tab["id"], "tree_hash": tab["tree_hash"], "items": items,
        "record": {"entity": "task", "id": task}, "wait_ms": 10_000,
    });
    let read = client.post("/read", body).await.ok(200);
    let fields = &read["results"][0]["rows"][0]["fields"];
    assert!(fields.is_object(), "{read}");
    fields.clone()
}

#[tokio::test]
async fn time_tracking_15_a_parent_has_its_own_hour_and_eight_with_its_subtasks() {
    let app = olhas().await;
    let olha = app.by("olha");
    let task = async |title: &str, estimate: Value, parent: Value| {
        let of = json!({"title": title, "assignee": app.id_of("olha"), "estimate": estimate, "parent": parent});
        app.record("task", of).await
    };
    let parent = task("Parent", json!(36_000), Value::Null).await;
    let first = task("C1", json!(14_400), json!(parent)).await;
    let second = task("C2", Value::Null, json!(parent)).await;
    for (task, from, to) in [(&parent, "08:00", "09:00"), (&first, "09:00", "14:00"), (&second, "14:00", "16:00")] {
        let mut fields = entry(&format!("2026-03-03T{from}:00+02:00"), &format!("2026-03-03T{to}:00+02:00"));
        fields["task"] = json!(task);
        olha.create("time_entry", fields).await.ok(201);
    }
    app.drain().await;
    let of_parent = time_of(&olha, &parent).await;
    assert_eq!((&of_parent["own"], &of_parent["all"]), (&json!(3_600), &json!(28_800)), "{of_parent}");
    let of_first = time_of(&olha, &first).await;
    assert_eq!((&of_first["own"], &of_first["percent"]), (&json!(18_000), &json!(125)), "{of_first}");
    app.finish().await;
}

/// A company whose lead has begun a rollout by the seven steps; the project's id.
pub(super) async fn begun() -> (TestApp, String) {
    let mut app = with("rollout").await;
    app.person(0, "lena", &["rollout_lead", "admin"]).await;
    app.person(0, "boris", &["rollout_board"]).await;
    let project = json!({"title": "Ours", "template": "standard", "start": "2026-03-16"});
    let made = app.by("lena").post(&format!("{ROLLOUT}/projects"), project).await.ok(201);
    app.drain().await;
    (app, made["id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn rollout_3_a_task_of_a_closed_stage_is_refused_at_every_door_until_the_board_passes_it_over() {
    let (app, project) = begun().await;
    let lena = app.by("lena");
    let of_project = |field: &str| json!({"field": field, "op": "eq", "value": project});
    let tasks = rows(&lena, "task", of_project("rollout_project")).await;
    assert_eq!(tasks.len(), 21);
    let second = tasks.iter().find(|task| task["fields"]["rollout_code"] == "2.1").unwrap();
    let id = second["id"].as_str().unwrap();
    lena.update("task", id, json!({"state": "completed"})).await.problem(409, "rollout.stage_locked");
    lena.post(&format!("/tasks/{id}/complete"), json!({})).await.problem(409, "rollout.stage_locked");
    let update = json!({"update": [{"id": id, "fields": {"state": "completed"}}]});
    let bulk = lena.post("/records/task/bulk", update).await.ok(200);
    assert_eq!(became(&bulk), ["rollout.stage_locked"], "{bulk}");
    let stages = rows(&lena, "rollout_stage", of_project("project")).await;
    let first = stages.iter().find(|stage| stage["fields"]["position"] == 1).unwrap();
    let over = format!("{ROLLOUT}/stages/{}/override", first["id"].as_str().unwrap());
    let reason = json!({"reason": "Decided by the owner of the company"});
    assert_eq!(lena.post(&over, reason.clone()).await.status, 403, "the lead is none of the board");
    app.by("boris").post(&over, reason).await.ok(200);
    let done = lena.post(&format!("/tasks/{id}/complete"), json!({})).await;
    assert!(done.status.is_success(), "{}", done.text());
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn rollout_brings_two_processes_that_administrators_begin_with_while_it_is_on() {
    let (app, _) = begun().await;
    let keys = async || {
        let listed = app.admin().get("/process-templates").await.ok(200);
        let items = listed["items"].as_array().unwrap().clone();
        items.into_iter().filter(|one| one["key"].as_str().unwrap().starts_with("rollout-")).collect::<Vec<_>>()
    };
    let listed = keys().await;
    assert_eq!(listed.iter().map(|one| &one["key"]).collect::<Vec<_>>(), ["rollout-roadmap", "rollout-specification"]);
    assert_eq!(listed[0]["missing_roles"], json!([]), "the module brings its role");
    for key in ["rollout-roadmap", "rollout-specification"] {
        let deploy = format!("/process-templates/{key}/deploy?publish=true");
        app.by("boris").post(&deploy, json!({})).await.problem(403, "denied");
        let made = app.by("lena").post(&deploy, json!({})).await.ok(201);
        assert_eq!((&made["key"], &made["state"]), (&json!(key), &json!("published")), "{made}");
    }
    let xml = app.admin().get("/process-definitions/rollout-roadmap/versions/1/xml").await.text();
    assert!(xml.contains("name=\"Затвердити дорожню карту\""), "in the company's language");
    app.admin().post("/plugins/verstak.rollout/disable", json!({})).await.ok(200);
    assert_eq!(keys().await, Vec::<Value>::new());
    app.admin().post("/process-templates/rollout-roadmap/deploy", json!({})).await.problem(404, "not_found");
    assert_eq!(app.admin().get("/process-definitions/rollout-roadmap/versions/1/xml").await.status, 200, "it stays");
    app.drain().await;
    app.finish().await;
}

/// Whether somebody's menu has the example module, and what they are told at its door.
pub(super) async fn sees(app: &TestApp, name: &str) -> (bool, u16) {
    let me = app.by(name).get("/me").await.ok(200);
    let listed = me["plugins"].as_array().unwrap().iter().any(|one| one["id"] == LEAVE);
    let asked = app.by(name).query("leave_request", json!({})).await;
    (listed, asked.status.as_u16())
}

#[tokio::test]
async fn rollout_6_a_module_is_on_from_midnight_in_its_department_alone_and_a_mover_has_it() {
    let (mut app, project) = begun().await;
    run(&app, leave("1.0.0", |manifest| manifest, &[])).await;
    know_roles(&mut app).await;
    for name in ["sal", "mark"] {
        app.person(0, name, &["leave_employee"]).await;
    }
    let sales = app.department("Sales", None, &["sal"]).await;
    app.department("Marketing", None, &["mark"]).await;
    assert_eq!((sees(&app, "sal").await, sees(&app, "mark").await), ((true, 200), (true, 200)));
    let planned = json!({"project": project, "module": LEAVE, "department": sales, "from": "2026-03-17"});
    let gate = app.by("lena").create("rollout_gate", planned).await.ok(201)["id"].as_str().unwrap().to_owned();
    app.drain().await;
    assert_eq!(sees(&app, "sal").await, (false, 404), "before its day nobody has it");
    // In Kyiv the day begins at 22:00 UTC; people were made since 09:00.
    app.clock.advance_seconds(12 * 3_600 + 50 * 60);
    app.drain().await;
    assert_eq!(sees(&app, "sal").await, (false, 404), "ten minutes before midnight");
    app.clock.advance_seconds(10 * 60);
    app.drain().await;
    assert_eq!((sees(&app, "sal").await, sees(&app, "mark").await), ((true, 200), (false, 404)));
    app.by("sal").create("leave_request", days(1, 2)).await.ok(201);
    let path = format!("/users/{}", app.id_of("mark"));
    app.admin().patch(&path, json!({"department_id": sales})).await.ok(200);
    assert_eq!(sees(&app, "mark").await, (true, 200), "a mover sees it at once");
    for (stage, told) in [("off", (false, 404)), ("on", (true, 200))] {
        app.by("lena").update("rollout_gate", &gate, json!({"stage": stage})).await.ok(200);
        app.drain().await;
        assert_eq!(sees(&app, "sal").await, told, "{stage}");
    }
    assert_eq!(rows(&app.by("sal"), "leave_request", json!({"and": []})).await.len(), 1, "data are there");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rollout_13_bills_of_one_moment_do_not_pass_the_limit_together() {
    let (app, project) = begun().await;
    app.by("lena").update("rollout_project", &project, json!({"limit": 100})).await.ok(200);
    app.drain().await;
    let lena = app.by("lena");
    let bill = |number: usize| {
        let (lena, fields) =
            (lena.clone(), json!({"title": format!("Bill {number}"), "project": project, "total": 60}));
        async move { lena.create("rollout_bill", fields).await.ok(201) }
    };
    join_all((0..6).map(bill)).await;
    app.drain().await;
    let counted = json!({"field": "stage", "op": "eq", "value": "counted"});
    assert_eq!(rows(&lena, "rollout_bill", counted).await.len(), 1, "the others wait for the board");
    app.finish().await;
}

/// The page on which guests answer polls.
const SURVEY: &str = "/public/acme/verstak.rollout/survey";

/// A poll of clients, and the codes of its guests.
async fn asked(lena: &Client<'_>, project: &str, names: &[&str]) -> (String, Vec<String>) {
    let poll = json!({"project": project, "title": "How do you like us?", "about": "satisfaction"});
    let poll = lena.create("rollout_poll", poll).await.ok(201)["id"].as_str().unwrap().to_owned();
    for name in names {
        lena.create("rollout_guest", json!({"poll": poll, "title": name})).await.ok(201);
    }
    let guests = rows(lena, "rollout_guest", json!({"field": "poll", "op": "eq", "value": poll})).await;
    let code = |guest: &Value| guest["fields"]["code"].as_str().unwrap().to_owned();
    (poll, guests.iter().map(code).collect())
}

async fn press(app: &TestApp, code: &str, mark: &str) -> u16 {
    let input = json!({"code": code, "mark": mark, "words": "It works"});
    app.stranger().post(&format!("{SURVEY}/act"), json!({"act": "answer_poll", "input": input})).await.status.as_u16()
}

/// What the page shows to whoever comes with a code.
async fn shown(app: &TestApp, code: &str) -> Value {
    let tree = app.stranger().get(SURVEY).await.ok(200)["tree"].clone();
    let mut source = tree["sources"]["survey"].clone();
    source["input"] = json!({"code": code});
    let items = json!([{"name": "survey", "source": source}]);
    let answer = app.stranger().post(&format!("{SURVEY}/read"), json!({"items": items})).await.ok(200);
    answer["results"][0]["rows"].clone()
}

/// The links of guests, as whoever sends them out sees them.
async fn sent_out(lena: &Client<'_>, project: &str) -> Vec<Value> {
    let ui = lena.get("/ui").await.ok(200);
    let is_it = |surface: &&Value| surface["plugin"] == "verstak.rollout" && surface["id"] == "launch";
    let page = ui["surfaces"].as_array().unwrap().iter().find(is_it).unwrap();
    let mut source = page["tree"]["sources"]["guests"].clone();
    source["input"] = json!({"project": project});
    let body = json!({"plugin": "verstak.rollout", "surface": "launch", "tree_hash": page["tree_hash"], "params": {"project": project},
        "state": {}, "locale": "en", "items": [{"name": "guests", "source": source}], "wait_ms": 2000});
    let read = lena.post("/read", body).await.ok(200);
    let rows = read["results"][0]["rows"].as_array().unwrap_or_else(|| panic!("{read}"));
    rows.iter().map(|row| row["fields"]["link"].clone()).collect()
}

#[tokio::test]
async fn rollout_guests_answer_a_poll_once_by_links_of_their_own() {
    let (app, project) = begun().await;
    let lena = app.by("lena");
    let (poll, codes) = asked(&lena, &project, &["Ivan", "Petr"]).await;
    let [ivan, petr] = codes.as_slice() else { panic!("{codes:?}") };
    assert!(ivan.len() == 64 && ivan != petr, "{codes:?}");
    assert_eq!(press(&app, ivan, "4").await, 404, "nobody opened the page yet");
    assert!(sent_out(&lena, &project).await.iter().all(Value::is_null), "a link to a closed page");
    let open = "/plugins/verstak.rollout/public-pages/survey";
    lena.put(open, json!({"open": true})).await.ok(200);
    // The module knows where its page stands: nobody writes the address down.
    let links = sent_out(&lena, &project).await;
    let ends = format!("/p/acme/verstak.rollout/survey?code={ivan}");
    assert!(links.iter().any(|link| link.as_str().is_some_and(|link| link.ends_with(&ends))), "{links:?}");
    let seen = shown(&app, ivan).await;
    assert_eq!(seen[0]["fields"]["state"], "open", "{seen}");
    assert_eq!(shown(&app, &"0".repeat(64)).await, json!([]));
    assert_eq!(press(&app, &"0".repeat(64), "5").await, 422);
    let wrong = json!({"act": "answer_poll", "input": {"code": ivan, "mark": "6"}});
    let wrong = app.stranger().post(&format!("{SURVEY}/act"), wrong).await.ok(200);
    assert!(wrong["errors"]["mark"].is_string(), "{wrong}");
    // From three windows at once: one answer.
    let sent = join_all(["4", "5", "1"].map(|mark| press(&app, ivan, mark))).await;
    assert_eq!(sent, [200, 200, 200]);
    let of_poll = json!({"field": "poll", "op": "eq", "value": poll});
    let answers = rows(&lena, "rollout_answer", of_poll.clone()).await;
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers[0]["fields"]["text"], "It works");
    assert_eq!(answers[0]["fields"]["project"], project.as_str());
    assert_eq!(shown(&app, ivan).await[0]["fields"]["state"], "answered");
    // Of two guests each has an answer, though neither has an account.
    assert_eq!(press(&app, petr, "5").await, 200);
    assert_eq!(rows(&lena, "rollout_answer", of_poll.clone()).await.len(), 2);
    // The poll is anonymous: nothing says when whom the figures moved.
    let guests = rows(&lena, "rollout_guest", of_poll.clone()).await;
    assert!(guests.iter().all(|guest| guest["fields"]["answered_at"].is_null()), "{guests:?}");
    let (late, codes) = asked(&lena, &project, &["Olga"]).await;
    lena.update("rollout_poll", &late, json!({"until": "2026-01-01"})).await.ok(200);
    assert_eq!(press(&app, &codes[0], "5").await, 422, "the poll is over");
    assert_eq!(rows(&lena, "rollout_answer", of_poll).await.len(), 2);
    app.drain().await;
    app.finish().await;
}
