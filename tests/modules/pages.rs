//! Pages that modules bring: who sees them, what their sources say, what a request may not ask, what is refused when it
//! is installed.

use plugin_host::dev::project;
use plugin_host::package;
use serde_json::{Value, json};

use super::{LEAVE, REQUEST, days, disable, enable, files, install, leave, office, run, staff};
use crate::app::{Answer, TestApp};

/// The example's package under a number, with its page, manifest and English texts changed.
fn page(version: &str, file: &str, edit: impl Fn(String) -> String) -> Vec<u8> {
    let mut files = files().clone();
    let text = |path: &str| String::from_utf8(files[path].clone()).unwrap();
    let before = text(file);
    let edited = edit(before.clone());
    assert!(edited != before || version == "1.0.0", "nothing was edited");
    let manifest = if file == "plugin.toml" { edited.clone() } else { text("plugin.toml") };
    let manifest = manifest.replace("version = \"1.2.0\"", &format!("version = \"{version}\""));
    files.insert(file.into(), edited.into_bytes());
    files.insert("plugin.toml".into(), manifest.into_bytes());
    package::write(&files, None).unwrap()
}

async fn surfaces(app: &TestApp, company: usize, name: &str) -> Vec<Value> {
    app.by_of(company, name).get("/ui").await.ok(200)["surfaces"].as_array().unwrap().clone()
}

/// Sources as the portal resolves those of the example: they have no expressions.
fn items(tree: &Value, names: &[&str]) -> Value {
    let item = |name: &&str| json!({"name": name, "source": tree["sources"][name], "total": true});
    names.iter().map(item).collect()
}

async fn read(app: &TestApp, name: &str, hash: &Value, items: Value, wait: u64) -> Answer {
    let body = json!({"plugin": LEAVE, "surface": "leave", "tree_hash": hash, "params": {}, "state": {}, "locale": "en",
        "items": items, "wait_ms": wait});
    app.by(name).post("/read", body).await
}

fn of<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let results = answer["results"].as_array().unwrap();
    results.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("{name}: {answer}"))
}

#[tokio::test]
async fn a_page_is_loaded_by_one_call_as_whoever_looks() {
    let app = office().await;
    let first = app.by("ann").create(REQUEST, days(1, 5)).await.ok(201)["id"].clone();
    app.by("ann").create(REQUEST, days(10, 10)).await.ok(201);
    app.by("bob").create(REQUEST, days(1, 2)).await.ok(201);
    app.admin().update(REQUEST, first.as_str().unwrap(), json!({"stage": "approved"})).await.ok(200);
    let seen = surfaces(&app, 0, "ann").await;
    let surface = &seen[0];
    assert_eq!((seen.len(), &surface["slot"], &surface["title"]), (1, &json!("nav.page"), &json!("Leave")));
    let (tree, hash) = (&surface["tree"], &surface["tree_hash"]);
    assert_eq!(tree["blocks"][0]["tiles"][0]["label"], json!({"t": "page.left"}));
    assert_eq!(tree["blocks"][1]["when"], json!({"=": {"call": ["can", REQUEST, "create"]}}));
    let all = ["balance", "approved", "asked", "all"];
    let answer = read(&app, "ann", hash, items(tree, &all), 10_000).await.ok(200);
    let (approved, asked, list) = (of(&answer, "approved"), of(&answer, "asked"), of(&answer, "all"));
    assert_eq!((&approved["status"], &approved["rows"][0]["fields"]["sum_days"]), (&json!("ok"), &json!(5)));
    assert_eq!((&approved["fields"][0]["key"], &approved["fields"][0]["label"]), (&json!("sum_days"), &json!("Days")));
    assert_eq!(asked["rows"][0]["fields"]["count"], 1);
    let balance = of(&answer, "balance");
    assert_eq!(
        (&balance["rows"][0]["fields"], &balance["fields"][0]["label"]),
        (&json!({"left": 23}), &json!("Days left this year"))
    );
    assert_eq!((list["rows"].as_array().unwrap().len(), &list["total"]), (2, &json!(2)), "{list}");
    let row = &list["rows"][0];
    assert_eq!(
        (&row["entity"], &row["version"], &row["fields"]["starts"]),
        (&json!(REQUEST), &json!(1), &json!("2026-03-10"))
    );
    assert_eq!(list["refs"][row["fields"]["owner"].as_str().unwrap()]["title"], "ann");
    let keys: Vec<&str> = list["fields"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
    assert_eq!(keys.len(), 6, "{keys:?}");
    assert_eq!((&list["shape"]["key"], &list["shape"]["actions"]["create"]), (&json!(REQUEST), &json!(true)));
    let whole = read(&app, "admin", hash, items(tree, &["all"]), 10_000).await.ok(200);
    assert_eq!(of(&whole, "all")["total"], 3);
    let counted = async |name: &str| app.by(name).get("/ui/counts").await.ok(200)["items"].clone();
    assert_eq!(counted("ann").await, json!([{"plugin": LEAVE, "surface": "leave", "entity": REQUEST, "count": 1}]));
    assert_eq!(counted("admin").await[0]["count"], 2);
    app.by("ann").patch("/me", json!({"locale": "uk"})).await.ok(200);
    let ui = app.by("ann").get("/ui").await.ok(200);
    assert_eq!(
        (&ui["surfaces"][0]["title"], &ui["texts"][LEAVE]["page.approve"]),
        (&json!("Відпустки"), &json!("Схвалити"))
    );
    app.finish().await;
}

#[tokio::test]
async fn whoever_may_not_see_it_knows_of_no_page() {
    let mut app = office().await;
    let hash = surfaces(&app, 0, "ann").await[0]["tree_hash"].clone();
    let tree = surfaces(&app, 0, "ann").await[0]["tree"].clone();
    app.person(0, "max", &["sales_manager"]).await;
    assert!(surfaces(&app, 0, "max").await.is_empty());
    assert_eq!(app.by("max").get("/ui/counts").await.ok(200)["items"], json!([]));
    read(&app, "max", &hash, items(&tree, &["all"]), 300).await.problem(404, "not_found");
    let other = app.add_company("Other", kernel::Locale::En).await;
    assert!(surfaces(&app, other, "admin").await.is_empty());
    let body = json!({"plugin": LEAVE, "surface": "leave", "items": items(&tree, &["all"])});
    app.by_of(other, "admin").post("/read", body.clone()).await.problem(404, "not_found");
    app.stranger().post("/read", body).await.problem(401, "auth.required");
    disable(&app).await;
    assert!(surfaces(&app, 0, "ann").await.is_empty());
    read(&app, "ann", &hash, items(&tree, &["all"]), 300).await.problem(404, "not_found");
    enable(&app).await.ok(200);
    let for_admins = |manifest: String| manifest.replace("tree = \"leave\"", "tree = \"leave\"\nwhen = \"me.admin\"");
    run(&app, page("1.1.0", "plugin.toml", for_admins)).await;
    assert_eq!((surfaces(&app, 0, "ann").await.len(), surfaces(&app, 0, "admin").await.len()), (0, 1));
    read(&app, "ann", &hash, items(&tree, &["all"]), 300).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn a_request_asks_for_what_is_declared_and_a_source_fails_alone() {
    let app = office().await;
    app.record("lead", json!({"title": "Secret lead"})).await;
    let surface = surfaces(&app, 0, "admin").await[0].clone();
    let (tree, hash) = (&surface["tree"], &surface["tree_hash"]);
    let refused = async |name: &str, source: Value| {
        let both = json!([{"name": name, "source": source}, {"name": "all", "source": tree["sources"]["all"]}]);
        let both = if name == "all" { json!([both[0]]) } else { both };
        let answer = read(&app, "admin", hash, both, 10_000).await.ok(200);
        let one = of(&answer, name);
        assert_eq!(
            (&one["status"], &one["problem"]["code"]),
            (&json!("error"), &json!("ui.source_differs")),
            "{answer}"
        );
        assert_eq!(one["problem"]["by"], "Leave requests");
        assert!(one["problem"]["detail"].as_str().unwrap().contains(' ') && !answer.to_string().contains("Secret"));
        assert!(name == "all" || of(&answer, "all")["status"] == "ok", "{answer}");
    };
    let changed = |pointer: &str, value: Value| {
        let mut source = tree["sources"]["asked"].clone();
        *source.pointer_mut(pointer).unwrap() = value;
        source
    };
    refused("asked", json!({"records": "lead"})).await;
    refused("asked", changed("/aggregate", json!("lead"))).await;
    refused("asked", changed("/filter/and/0/value", json!(app.id_of("ann")))).await;
    refused("asked", changed("/filter/and", json!([]))).await;
    refused("asked", json!("leave_request")).await;
    refused("nobody", json!({"records": "lead"})).await;
    let mut more = tree["sources"]["all"].clone();
    more["fields"] = json!(["title", "created_by"]);
    refused("all", more).await;
    app.finish().await;
}

#[tokio::test]
async fn calls_have_limits_and_what_is_late_is_asked_alone() {
    let app = office().await;
    let surface = surfaces(&app, 0, "ann").await[0].clone();
    let (tree, hash) = (&surface["tree"], &surface["tree_hash"]);
    let source = &tree["sources"]["asked"];
    let many = |count: usize| (0..count).map(|n| json!({"name": format!("n{n}"), "source": source})).collect::<Value>();
    read(&app, "ann", hash, many(21), 300).await.problem(400, "request.invalid");
    read(&app, "ann", hash, json!([]), 300).await.problem(400, "request.invalid");
    let twice = json!([{"name": "asked", "source": source}, {"name": "asked", "source": source}]);
    read(&app, "ann", hash, twice, 300).await.problem(400, "request.invalid");
    assert_eq!(read(&app, "ann", hash, many(20), 10_000).await.ok(200)["results"].as_array().unwrap().len(), 20);
    // Nobody waits: what is not there at once is late, and says nothing else.
    let late = read(&app, "ann", hash, items(tree, &["asked", "all"]), 0).await.ok(200);
    for result in late["results"].as_array().unwrap() {
        let is_late = *result == json!({"name": result["name"], "status": "late"});
        assert!(is_late || result["status"] == "ok", "{late}");
    }
    let alone = read(&app, "ann", hash, items(tree, &["asked"]), 10_000).await.ok(200);
    assert_eq!(of(&alone, "asked")["status"], "ok");
    app.finish().await;
}

#[tokio::test]
async fn another_tree_is_told_and_loaded_anew() {
    let app = office().await;
    let old = surfaces(&app, 0, "ann").await[0].clone();
    let shorter = |file: String| file.replace("columns = [\"title\", \"owner\", ", "columns = [\"owner\", ");
    run(&app, page("1.1.0", "ui/leave.toml", shorter)).await;
    let stale = read(&app, "ann", &old["tree_hash"], items(&old["tree"], &["all"]), 300).await.problem(409, "ui.stale");
    let new = surfaces(&app, 0, "ann").await[0].clone();
    assert_eq!((&stale["tree_hash"], stale.get("current")), (&new["tree_hash"], None));
    assert_ne!(new["tree_hash"], old["tree_hash"]);
    let answer = read(&app, "ann", &new["tree_hash"], items(&new["tree"], &["all"]), 10_000).await.ok(200);
    assert_eq!(of(&answer, "all")["status"], "ok");
    app.finish().await;
}

#[tokio::test]
async fn pages_that_are_wrong_are_refused_with_file_and_block() {
    let app = TestApp::start().await;
    let check = async |from: &str, to: &str, expected: &str| {
        let edit = |file: String| {
            assert!(file.contains(from), "{from}");
            file.replacen(from, to, 1)
        };
        let problem = install(&app, page("1.0.0", "ui/leave.toml", edit)).await.problem(422, "plugin.invalid");
        let words = problem["fields"]["file"]["message"].as_str().unwrap();
        assert!(words.contains("ui/leave.toml: ") && words.contains(expected), "{to}: {words}");
    };
    check("block = \"stats\"", "block = \"stast\"", "did you mean `stats`?").await;
    check("@page.new", "@page.nwe", "block `new` (blocks[1].title): i18n/en.toml has no text \"page.nwe\"").await;
    check("row.stage == 'asked'", "row.stage ==", "block `requests`").await;
    check(
        "records = \"leave_request\"",
        "records = \"leave_reqest\"",
        "sources.all: there is no entity `leave_reqest`; did you mean `leave_request`?",
    )
    .await;
    check("records = \"leave_request\"\nfields", "records = \"lead\"\nfields", "add [permissions.records.lead]").await;
    check("\"days\", \"stage\"]\nactions", "\"dasy\", \"stage\"]\nactions", "did you mean `days`?").await;
    let circle =
        "value = \"=sources.approved.first.sum_days\" }, { field = \"stage\", op = \"eq\", value = \"approved\" }";
    let own = "value = { me = true } }, { field = \"stage\", op = \"eq\", value = \"approved\" }";
    check(own, circle, "sources.approved: sources that hang on themselves").await;
    let missing = install(&app, {
        let mut files = files().clone();
        let ru = String::from_utf8(files["i18n/ru.toml"].clone()).unwrap();
        files.insert("i18n/ru.toml".into(), ru.replace("\"page.new\"", "\"page.old\"").into_bytes());
        package::write(&files, None).unwrap()
    });
    let missing = missing.await.problem(422, "plugin.invalid");
    assert!(missing["fields"]["file"]["message"].as_str().unwrap().contains("i18n/ru.toml"), "{missing}");
    app.finish().await;
}

fn press(hash: &Value, rows: &[&Value]) -> Value {
    json!({"plugin": LEAVE, "surface": "leave", "tree_hash": hash, "params": {}, "state": {}, "locale": "en",
        "act": "approve", "rows": rows, "input": {}})
}

#[tokio::test]
async fn a_press_is_done_by_the_plugins_code_as_whoever_presses() {
    let app = office().await;
    let hash = surfaces(&app, 0, "admin").await[0]["tree_hash"].clone();
    let id = |made: Value| made["id"].clone();
    let first = id(app.by("ann").create(REQUEST, days(1, 5)).await.ok(201));
    let second = id(app.by("bob").create(REQUEST, days(10, 10)).await.ok(201));
    // An employee sees her own alone, and decides on none.
    app.by("ann").patch("/me", json!({"locale": "uk"})).await.ok(200);
    let refused = app.by("ann").post("/act", press(&hash, &[&first, &second])).await.ok(200);
    let words: Vec<&str> =
        refused["refused"].as_array().unwrap().iter().map(|one| one["detail"].as_str().unwrap()).collect();
    assert_eq!((words.len(), words[0].contains("власної")), (2, true), "{refused}");
    assert_eq!(refused["patches"], json!([{"op": "refresh"}]));
    let state = async |id: &Value| {
        app.admin().get(&format!("/records/{REQUEST}/{}", id.as_str().unwrap())).await.ok(200)["fields"]["stage"]
            .clone()
    };
    assert_eq!(state(&first).await, "asked");
    let done = app.admin().post("/act", press(&hash, &[&first, &second])).await.ok(200);
    assert_eq!(done["patches"][1], json!({"op": "toast", "text": "Approved: 2", "tone": "ok"}), "{done}");
    assert_eq!((state(&first).await, state(&second).await), (json!("approved"), json!("approved")));
    app.settle().await;
    let events = app.admin().get(&format!("/events?entity={REQUEST}")).await.ok(200);
    assert_eq!(events["items"][2]["actor"]["kind"], "plugin", "{events}");
    let told = app.admin().get(&format!("/records/{REQUEST}/{}/timeline", first.as_str().unwrap())).await.ok(200);
    let actor = &told["items"][0]["actor"];
    assert_eq!((&actor["name"], &actor["on_behalf_of"]), (&json!(LEAVE), &json!("Ada Admin")), "{told}");
    app.finish().await;
}

#[tokio::test]
async fn a_press_is_bounded_and_nobody_elses() {
    let mut app = office().await;
    let hash = surfaces(&app, 0, "admin").await[0]["tree_hash"].clone();
    app.person(0, "max", &["sales_manager"]).await;
    app.by("max").post("/act", press(&hash, &[])).await.problem(404, "not_found");
    let other = app.add_company("Other", kernel::Locale::En).await;
    app.by_of(other, "admin").post("/act", press(&hash, &[])).await.problem(404, "not_found");
    app.stranger().post("/act", press(&hash, &[])).await.problem(401, "auth.required");
    app.admin().post("/act", press(&json!("old"), &[])).await.problem(409, "ui.stale");
    let with = |key: &str, value: Value| {
        let mut body = press(&hash, &[]);
        body[key] = value;
        body
    };
    app.admin().post("/act", with("act", json!("other"))).await.problem(404, "not_found");
    app.admin().post("/act", with("surface", json!("other"))).await.problem(404, "not_found");
    app.admin().post("/act", with("rows", json!(vec!["x"; 201]))).await.problem(400, "request.invalid");
    app.admin().post("/act", with("rows", json!(["x".repeat(1_001)]))).await.problem(400, "request.invalid");
    app.admin().post("/act", with("state", json!({"a": "x".repeat(17 * 1024)}))).await.problem(400, "request.invalid");
    app.admin().post("/act", with("unknown", json!(1))).await.problem(400, "request.invalid");
    let stranger = json!({"entity": "lead", "id": "00000000-0000-7000-8000-000000000000"});
    app.admin().post("/act", with("record", stranger)).await.problem(404, "not_found");
    let large = json!({"a": vec![""; 30_000]});
    app.admin().post("/act", with("input", large.clone())).await.problem(400, "request.invalid");
    let source = json!({"plugin": "balance", "input": large});
    let item = json!([{"name": "balance", "source": source}]);
    read(&app, "admin", &hash, item, 300).await.problem(400, "request.invalid");
    let others = app.by("bob").create(REQUEST, days(20, 21)).await.ok(201)["id"].clone();
    let mut unseen = press(&hash, &[&others]);
    unseen["entity"] = json!(REQUEST);
    app.by("ann").post("/act", unseen).await.problem(404, "not_found");
    let wrong = app.admin().post("/act", with("rows", json!(["no id"]))).await;
    assert!([200, 422].contains(&wrong.status.as_u16()), "{}", wrong.status);
    let render = json!({"plugin": LEAVE, "surface": "leave"});
    app.admin().post("/render", render).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn whoever_presses_without_end_is_told_to_wait_and_others_are_not() {
    let set =
        |config: &mut verstak::config::Config| (config.http.rate_per_second, config.http.rate_burst) = (1_000, 1_000);
    let mut app = TestApp::build().config(set).start().await;
    run(&app, leave("1.0.0", |manifest| manifest, &[])).await;
    staff(&mut app).await;
    let hash = surfaces(&app, 0, "ann").await[0]["tree_hash"].clone();
    let mut last = app.by("ann").post("/act", press(&hash, &[])).await;
    for _ in 0..500 {
        if last.status == 429 {
            break;
        }
        last = app.by("ann").post("/act", press(&hash, &[])).await;
    }
    assert!(last.status == 429 && last.header("retry-after").is_some(), "{}", last.status);
    app.by("bob").post("/act", press(&hash, &[])).await.ok(200);
    app.by("ann").get("/me").await.ok(200);
    app.finish().await;
}

#[tokio::test]
async fn a_press_at_which_the_plugin_failed_is_not_done_again_for_its_key() {
    let app = TestApp::start().await;
    let folder = crate::app::root().join("core/plugin_host/tests/guests/pages");
    let component = project::build(&folder, Some(&crate::app::root().join("target/guests"))).unwrap();
    install(&app, project::package(&folder, &component, None).unwrap()).await.ok(201);
    app.admin().post("/plugins/test.pages/enable", json!({"grants": "requested"})).await.ok(200);
    let body =
        json!({"plugin": "test.pages", "surface": "declared", "act": "order", "input": {"order": "write and fail"}});
    let keyed = app.admin().header("idempotency-key", "press-1");
    for _ in 0..3 {
        keyed.post("/act", body.clone()).await.problem(503, "plugin.failed");
    }
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 1, "the work was done once");
    app.finish().await;
}
