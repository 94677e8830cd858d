//! The funnel over the dealer's purchase: four deals at different points, counted on every axis.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::dealer::{act, complete, deploy, hours, office, send_and_complete, start_by, task_of};
use super::smtp::MailServer;
use super::{Engine, flows, process, trace};
use crate::app::TestApp;

const AXES: [&str; 8] = ["template", "process", "step", "event", "manager", "department", "client", "field:kind"];
/// Entered, left, instances, finished.
type Counts = [i64; 4];

/// A company after some hours of work.
struct Office {
    app: TestApp,
    /// Id of the definition.
    definition: String,
    departments: [String; 2],
    /// Romashka, Vasilek.
    clients: [String; 2],
}

async fn fill(app: &TestApp, person: &str, element: &str, variables: Value) {
    let task = task_of(app, person, element).await;
    complete(app, person, &task, json!({"variables": variables})).await.ok(200);
}

async fn judge(app: &TestApp, result: &str) {
    let approval = task_of(app, "boss", "approval").await;
    complete(app, "boss", &approval, json!({"result": result})).await.ok(200);
}

/// The quote of a deal, up to its approval.
async fn quote(app: &TestApp, amount: i64) {
    let filled = json!({"record.amount": amount, "dealer_email": "a@b.example", "valid_until": "2026-04-30"});
    fill(app, "manager", "quote", filled).await;
}

/// Up to the dealer's answer.
async fn answer(app: &TestApp, accepted: bool) {
    send_and_complete(app, "manager", "send_quote", json!({})).await;
    fill(app, "manager", "answer", json!({"accepted": accepted})).await;
    app.drain().await;
}

/// From a yes to goods on their way.
async fn ship(app: &TestApp) {
    fill(app, "store", "reserve", json!({"reserved_until": "2026-05-01"})).await;
    fill(app, "lawyer", "contract", json!({"contract_number": "17", "contract_date": "2026-03-24"})).await;
    send_and_complete(app, "manager", "invoice", json!({"invoice_number": "42"})).await;
    let payment = task_of(app, "fin", "payment").await;
    act(app, "fin", &payment, json!({"kind": "acknowledge"})).await.ok(200);
    fill(app, "fin", "payment", json!({"paid_on": "2026-04-06"})).await;
    fill(app, "store", "shipment", json!({"waybill": "1", "shipped_on": "2026-04-07"})).await;
    app.drain().await;
}

async fn solve(app: &TestApp) {
    send_and_complete(app, "tech", "solution", json!({"solution": "Два насоса"})).await;
}

/// One deal is won after its quote was rejected once, one is lost, one waits for its quote, one for its solution: the
/// last one of another manager in another department.
async fn worked(mail: &MailServer) -> Office {
    let (mut app, won) = office(mail).await;
    app.person(0, "anna", &["sales_manager"]).await;
    let north = app.department("North", None, &["anna"]).await.to_string();
    let departments = app.admin().get("/departments").await.ok(200);
    let sales = departments["items"].as_array().unwrap().iter().find(|one| one["name"] == "Sales").unwrap();
    let sales = sales["id"].as_str().unwrap().to_owned();
    let romashka = app.record("company", json!({"title": "Ромашка"})).await;
    let vasilek = app.record("company", json!({"title": "Василёк"})).await;
    let definition = deploy(&app, "dealer-purchase").await["id"].as_str().unwrap().to_owned();

    app.admin().update("deal", &won, json!({"kind": "goods", "company": romashka})).await.ok(200);
    win(&app, &won).await;
    hours(&app, 24).await;
    let lost = deal(&app, "manager", "services", &romashka, 0).await;
    lose(&app, &lost).await;
    let quoted = deal(&app, "manager", "goods", &vasilek, 30_000).await;
    start_by(&app, "manager", &quoted).await;
    solve(&app).await;
    hours(&app, 1).await;
    let fresh = deal(&app, "anna", "goods", &vasilek, 50_000).await;
    start_by(&app, "anna", &fresh).await;
    solved_elsewhere(&app).await;
    hours(&app, 1).await;
    Office { app, definition, departments: [sales, north], clients: [romashka, vasilek] }
}

async fn deal(app: &TestApp, owner: &str, kind: &str, client: &str, amount: i64) -> String {
    let owner = app.id_of(owner);
    app.record("deal", json!({"title": "Насосы", "owner": owner, "kind": kind, "company": client, "amount": amount}))
        .await
}

async fn win(app: &TestApp, deal: &str) {
    let instance = start_by(app, "manager", deal).await;
    // From noon over lunch: three hours, two of them working ones.
    hours(app, 3).await;
    solve(app).await;
    quote(app, 100_000).await;
    judge(app, "rejected").await;
    quote(app, 120_000).await;
    judge(app, "approved").await;
    answer(app, true).await;
    ship(app).await;
    assert_eq!(Engine::of(app).instance(&instance).await["state"], "completed");
}

async fn lose(app: &TestApp, deal: &str) {
    let instance = start_by(app, "manager", deal).await;
    hours(app, 1).await;
    solve(app).await;
    quote(app, 80_000).await;
    judge(app, "approved").await;
    answer(app, false).await;
    let ended = Engine::of(app).instance(&instance).await;
    assert_eq!(
        trace(&ended),
        "request solution quote approval approved send_quote answer accepted_gate mark_lost lost"
    );
}

/// Another process has a step of the same name, which is another event of the funnel.
async fn solved_elsewhere(app: &TestApp) {
    let inside =
        r#"<startEvent id="start"/><userTask id="solution" v:executors="owner" v:event="riddle"/><endEvent id="end"/>"#;
    let engine = Engine::of(app);
    engine.deploy(process("riddles", &(inside.to_owned() + &flows("start>solution solution>end")))).await;
    engine.start("riddles", json!({})).await;
}

impl Office {
    async fn ask(&self, person: &str, body: Value) -> Value {
        self.app.by(person).post("/reports/funnel", body).await.ok(200)
    }

    /// The funnel of all deals by these axes.
    async fn funnel(&self, axes: &[&str]) -> Value {
        self.ask("admin", json!({"entity": "deal", "group_by": axes})).await
    }

    /// Counts by the values of the axes, in one text.
    async fn counts(&self, axes: &[&str]) -> BTreeMap<String, Counts> {
        counts(&self.funnel(axes).await, axes)
    }
}

fn counts(funnel: &Value, axes: &[&str]) -> BTreeMap<String, Counts> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut counts = BTreeMap::new();
    for row in funnel["items"].as_array().unwrap() {
        let group = row["group"].as_object().unwrap();
        assert_eq!(group.keys().map(String::as_str).collect::<BTreeSet<_>>(), axes.iter().copied().collect());
        let name = axes.iter().map(|axis| text(&group[*axis])).collect::<Vec<_>>().join(" ");
        let number = |key: &str| row[key].as_i64().unwrap();
        assert_eq!(number("standing"), number("entered") - number("left"), "{row}");
        let found = ["entered", "left", "instances", "finished"].map(number);
        assert!(counts.insert(name.clone(), found).is_none(), "{name} is there twice: {funnel:#}");
    }
    counts
}

fn table<const N: usize>(rows: [(&str, Counts); N]) -> BTreeMap<String, Counts> {
    rows.into_iter().map(|(name, counts)| (name.to_owned(), counts)).collect()
}

#[tokio::test]
async fn the_funnel_counts_every_step_of_the_dealers_purchase() {
    let mail = MailServer::start();
    let office = worked(&mail).await;
    let twice = [2, 2, 2, 2];
    let once = [1, 1, 1, 1];
    let expected = table([
        ("request", [4, 4, 4, 2]),
        ("solution", [4, 3, 4, 2]),
        ("quote", [4, 3, 3, 2]),
        ("approval", [3, 3, 2, 2]),
        ("approved", [3, 3, 2, 2]),
        ("send_quote", twice),
        ("answer", twice),
        ("accepted_gate", twice),
        ("mark_lost", once),
        ("lost", once),
        ("split", once),
        ("reserve", once),
        ("contract", once),
        ("join", once),
        ("invoice", once),
        ("payment", once),
        ("shipment", once),
        ("tell_shipped", once),
        ("mark_won", once),
        ("done", once),
    ]);
    assert_eq!(office.counts(&["step"]).await, expected);
    let body = json!({"entity": "deal", "definition": "dealer-purchase", "working_time": true});
    let funnel = office.ask("admin", body).await;
    assert_eq!(counts(&funnel, &["step"]), expected);
    let row = |step: &str| funnel["items"].as_array().unwrap().iter().find(|row| row["group"]["step"] == step).unwrap();
    for (step, finished, conversion, amount) in [
        ("request", 50.0, 100.0, 280_000.0),
        ("solution", 50.0, 100.0, 280_000.0),
        // A deal that came twice is one deal.
        ("quote", 66.7, 100.0, 230_000.0),
        ("approval", 100.0, 75.0, 200_000.0),
        ("answer", 100.0, 50.0, 200_000.0),
        ("lost", 100.0, 25.0, 80_000.0),
        ("done", 100.0, 25.0, 120_000.0),
    ] {
        let row = row(step);
        let figures = [&row["finished_percent"], &row["conversion_percent"], &row["amount"]];
        assert_eq!(figures.map(|figure| figure.as_f64().unwrap()), [finished, conversion, amount], "{row}");
    }
    let solution = row("solution");
    assert_eq!((&solution["seconds"], &solution["working_seconds"]), (&json!(4_800.0), &json!(3_600.0)));
    assert_eq!(funnel["working_time"], true);
    office.app.finish().await;
}

#[tokio::test]
async fn the_funnel_counts_the_dealers_purchase_on_every_axis() {
    let mail = MailServer::start();
    let office = worked(&mail).await;
    let [sales, north] = &office.departments;
    let [romashka, vasilek] = &office.clients;
    let (manager, anna) = (office.app.id_of("manager").to_string(), office.app.id_of("anna").to_string());
    let all = [36, 34, 4, 2];
    let (mine, hers) = ([34, 33, 3, 2], [2, 1, 1, 0]);
    assert_eq!(office.counts(&["template"]).await, table([(&office.definition, all)]));
    assert_eq!(office.counts(&["process"]).await, table([("dealer-purchase", all)]));
    assert_eq!(office.counts(&["manager"]).await, table([(&manager, mine), (&anna, hers)]));
    assert_eq!(office.counts(&["department"]).await, table([(sales, mine), (north, hers)]));
    let clients = table([(romashka, [31, 31, 2, 2]), (vasilek, [5, 3, 2, 0])]);
    assert_eq!(office.counts(&["client"]).await, clients);
    let we = office.app.record("organization", json!({"title": "We"})).await;
    let deals = office.app.admin().query("deal", json!({"limit": 10})).await.ok(200);
    for deal in deals["items"].as_array().unwrap() {
        office.app.admin().update("deal", deal["id"].as_str().unwrap(), json!({"organization": we})).await.ok(200);
    }
    assert_eq!(office.counts(&["organization"]).await, table([(&we, all)]));
    let kinds = table([("goods", [26, 24, 3, 1]), ("services", [10, 10, 1, 1])]);
    assert_eq!(office.counts(&["field:kind"]).await, kinds);
    let once = [1, 1, 1, 1];
    let events = table([
        ("null", [16, 16, 4, 2]),
        ("solution", [4, 3, 4, 2]),
        ("quote", [4, 3, 3, 2]),
        ("approval", [3, 3, 2, 2]),
        ("quote_sent", [2, 2, 2, 2]),
        ("answer", [2, 2, 2, 2]),
        ("reserve", once),
        ("contract", once),
        ("invoice", once),
        ("payment", once),
        ("shipment", once),
    ]);
    assert_eq!(office.counts(&["event"]).await, events);
    // Of a manager every deal is counted once, however many steps it made.
    let funnel = office.funnel(&["manager"]).await;
    let amounts: Vec<f64> = [0, 1].iter().map(|n| funnel["items"][n]["amount"].as_f64().unwrap()).collect();
    assert_eq!(amounts, [230_000.0, 50_000.0]);
    office.app.drain().await;
    office.app.finish().await;
}

#[tokio::test]
async fn four_axes_at_once_take_nothing_away_and_add_nothing() {
    let mail = MailServer::start();
    let office = worked(&mail).await;
    for chosen in (0_u32..256).filter(|set| set.count_ones() == 4) {
        let axes: Vec<&str> = (0..8).filter(|n| chosen & (1 << n) != 0).map(|n| AXES[n]).collect();
        let counts = office.counts(&axes).await;
        let sum = |of: usize| counts.values().map(|counts| counts[of]).sum::<i64>();
        assert_eq!((sum(0), sum(1)), (36, 34), "{axes:?}");
    }
    let (manager, anna) = (office.app.id_of("manager"), office.app.id_of("anna"));
    let ([sales, north], [romashka, vasilek]) = (&office.departments, &office.clients);
    let found = office.counts(&["step", "manager", "department", "client"]).await;
    for (step, who, department, client, expected) in [
        ("solution", manager, sales, romashka, [2, 2, 2, 2]),
        ("solution", manager, sales, vasilek, [1, 1, 1, 0]),
        ("solution", anna, north, vasilek, [1, 0, 1, 0]),
        ("quote", manager, sales, romashka, [3, 3, 2, 2]),
        ("quote", manager, sales, vasilek, [1, 0, 1, 0]),
        ("done", manager, sales, romashka, [1, 1, 1, 1]),
    ] {
        assert_eq!(found[&format!("{step} {who} {department} {client}")], expected, "{step} {who}");
    }
    let found = office.counts(&["template", "event", "field:kind", "process"]).await;
    assert_eq!(found[&format!("{} quote goods dealer-purchase", office.definition)], [3, 2, 2, 1]);
    let five = json!({"entity": "deal", "group_by": AXES[..5]});
    let refused = office.app.admin().post("/reports/funnel", five).await.problem(422, "report.invalid");
    assert!(refused["fields"]["group_by"].is_object(), "{refused}");
    for nonsense in [json!(["organisation"]), json!(["field:none"]), json!(["field:contacts"])] {
        let body = json!({"entity": "deal", "group_by": nonsense});
        office.app.admin().post("/reports/funnel", body).await.problem(422, "report.invalid");
    }
    office.app.finish().await;
}

#[tokio::test]
async fn the_funnel_says_where_things_pile_up_and_shows_people_their_own() {
    let mail = MailServer::start();
    let office = worked(&mail).await;
    // Nobody's deal, another process: the same step, another event, another template.
    let all = office.ask("admin", json!({"group_by": ["event", "template"]})).await;
    let found = counts(&all, &["event", "template"]);
    assert_eq!(found[&format!("solution {}", office.definition)], [4, 3, 4, 2], "{all:#}");
    assert_eq!(found.iter().find(|(name, _)| name.starts_with("riddle ")).unwrap().1, &[1, 0, 1, 0]);
    // The quote has waited two hours, the solution one.
    let funnel = office.funnel(&["step"]).await;
    assert_eq!(funnel["pile_up"], json!({"group": {"step": "quote"}, "standing": 1, "seconds": 7_200.0}));
    // Steps have their names, each process its own.
    let names = office.ask("admin", json!({"group_by": ["template", "step"]})).await["steps"].clone();
    let dealer = &names[&office.definition];
    assert_eq!(dealer["quote"], "Подготовить коммерческое предложение", "{names:#}");
    let named = names.as_object().unwrap().values().all(|steps| !steps.as_object().unwrap().is_empty());
    assert!(named, "the riddle's step has no name: {names:#}");
    for (person, expected) in [("manager", 34), ("anna", 2), ("tech", 0)] {
        let found = counts(&office.ask(person, json!({"entity": "deal"})).await, &["step"]);
        assert_eq!(found.values().map(|counts| counts[0]).sum::<i64>(), expected, "{person}");
    }
    // Over the deals' own stages; those that are won or lost stand there and are no pile.
    hours(&office.app, 1).await;
    let stages = office.ask("admin", json!({"over": "stage", "entity": "deal", "group_by": ["step"]})).await;
    assert_eq!(stages.get("steps"), None);
    let expected = table([("deal_new", [4, 2, 4, 2]), ("won", [1, 0, 1, 1]), ("lost", [1, 0, 1, 1])]);
    let mut found = counts(&stages, &["step"]);
    // Stages that were skipped were reached, and nobody has stood there.
    found.retain(|_, counts| counts[0] > 0);
    assert_eq!(found, expected);
    assert_eq!(
        (&stages["pile_up"]["group"], &stages["pile_up"]["standing"]),
        (&json!({"step": "deal_new"}), &json!(2))
    );
    let owners = office.ask("admin", json!({"over": "stage", "entity": "deal", "group_by": ["step", "manager"]})).await;
    let found = counts(&owners, &["step", "manager"]);
    assert_eq!(found[&format!("deal_new {}", office.app.id_of("anna"))], [1, 0, 1, 0]);
    assert_eq!(found[&format!("won {}", office.app.id_of("manager"))], [1, 0, 1, 1]);
    office.app.drain().await;
    office.app.finish().await;
}
