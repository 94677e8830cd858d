//! The dealer's one-off purchase, from the request to shipped goods: the step contract at work.

use kernel::Locale;
use kernel::clock::Clock;
use serde_json::{Value, json};

use super::smtp::{Fault, MailServer, Point};
use super::{Engine, elements, standing, trace};
use crate::app::{Answer, TestApp};

pub const DEALER: &str = "snab@romashka.example";

/// A Russian company with everybody the process speaks of, its mail going to the server, and a deal of the manager's.
pub async fn office(mail: &MailServer) -> (TestApp, String) {
    let mut app = TestApp::build().locale(Locale::Ru).config(mail.configure()).start().await;
    for (key, person) in
        [("technical_specialist", "tech"), ("lawyer", "lawyer"), ("finance_manager", "fin"), ("warehouse", "store")]
    {
        app.role(key, json!([]), json!([])).await;
        app.person(0, person, &[key]).await;
    }
    for (person, role) in [("chief", "observer"), ("manager", "sales_manager"), ("boss", "sales_head")] {
        app.person(0, person, &[role]).await;
    }
    for (name, head, members) in
        [("Workshop", "chief", vec!["chief", "tech"]), ("Sales", "boss", vec!["boss", "manager"])]
    {
        let id = app.department(name, None, &members).await;
        let whole = json!({"name": name, "head_id": app.id_of(head)});
        app.admin().patch(&format!("/departments/{id}"), whole).await.ok(200);
    }
    // What it took to make them: the test begins on Monday at noon in Moscow.
    let late = app.clock.now().0 / 1_000_000 - crate::app::START.0 / 1_000_000;
    app.clock.advance_seconds(7 * 86_400 - late);
    let deal = app.record("deal", json!({"title": "Насосы для «Ромашки»", "owner": app.id_of("manager")})).await;
    app.drain().await;
    (app, deal)
}

pub async fn deploy(app: &TestApp, key: &str) -> Value {
    app.admin().post(&format!("/process-templates/{key}/deploy?publish=true"), json!({})).await.ok(201)
}

/// The only open task that somebody has in the instance.
pub async fn task_of(app: &TestApp, person: &str, element: &str) -> Value {
    let page = app.by(person).get(&format!("/tasks?state=open&assignee=me&element={element}")).await.ok(200);
    let items = page["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{person} {element}: {items:#?}");
    items[0].clone()
}

fn id(task: &Value) -> &str {
    task["id"].as_str().unwrap()
}

pub async fn complete(app: &TestApp, person: &str, task: &Value, body: Value) -> Answer {
    app.by(person).post(&format!("/tasks/{}/complete", id(task)), body).await
}

pub async fn act(app: &TestApp, person: &str, task: &Value, body: Value) -> Answer {
    app.by(person).post(&format!("/tasks/{}/action", id(task)), body).await
}

/// Sends the prepared letter and completes the task.
pub async fn send_and_complete(app: &TestApp, person: &str, element: &str, variables: Value) {
    let task = task_of(app, person, element).await;
    act(app, person, &task, json!({"kind": "email"})).await.ok(200);
    app.drain().await;
    complete(app, person, &task, json!({"variables": variables})).await.ok(200);
}

/// Kinds of somebody's notifications about a task, sorted.
async fn told(app: &TestApp, person: &str, task: &Value) -> Vec<String> {
    let page = app.by(person).get("/notifications?limit=200").await.ok(200);
    let items = page["items"].as_array().unwrap().iter().filter(|item| item["task"] == task["id"]);
    let mut kinds: Vec<String> = items.map(|item| item["kind"].as_str().unwrap().to_owned()).collect();
    kinds.sort();
    kinds
}

/// Moves the clock so many hours on and does what is due then.
pub async fn hours(app: &TestApp, hours: i64) {
    app.clock.advance_seconds(hours * 3_600);
    app.drain().await;
}

pub async fn task(app: &TestApp, of: &Value) -> Value {
    app.admin().get(&format!("/tasks/{}", id(of))).await.ok(200)
}

pub async fn start(app: &TestApp, deal: &str) -> String {
    start_by(app, "manager", deal).await
}

pub async fn start_by(app: &TestApp, person: &str, deal: &str) -> String {
    Engine::by(app.by(person)).start_about("dealer-purchase", "deal", deal, json!({"dealer_email": DEALER})).await
}

/// Brings an instance to the dealer's answer.
async fn up_to_answer(app: &TestApp) {
    send_and_complete(app, "tech", "solution", json!({"solution": "Два насоса"})).await;
    let quote = task_of(app, "manager", "quote").await;
    let filled = json!({"record.amount": 120_000, "dealer_email": DEALER, "valid_until": "2026-04-30"});
    complete(app, "manager", &quote, json!({"variables": filled})).await.ok(200);
    let approval = task_of(app, "boss", "approval").await;
    complete(app, "boss", &approval, json!({"result": "approved"})).await.ok(200);
    send_and_complete(app, "manager", "send_quote", json!({})).await;
}

#[tokio::test]
async fn the_task_cannot_be_finished_without_its_letter_at_any_door() {
    let mail = MailServer::start();
    let (app, deal) = office(&mail).await;
    deploy(&app, "dealer-purchase").await;
    let instance = start(&app, &deal).await;
    let solution = task_of(&app, "tech", "solution").await;
    assert_eq!(
        (&solution["role"], &solution["title"]),
        (&json!("technical_specialist"), &json!("Подготовить техническое решение"))
    );
    assert_eq!(solution["required"], json!(["solution"]));
    assert_eq!(
        (&solution["main_action"]["kind"], &solution["main_action"]["required"]),
        (&json!("email"), &json!(true))
    );
    let body = json!({"variables": {"solution": "Два насоса"}, "result": "sent", "comment": "готово"});
    let shut = async |what: &str| {
        for person in ["tech", "chief", "admin"] {
            let answer = complete(&app, person, &solution, body.clone()).await;
            assert_eq!(answer.status, 409, "{what}: {person}: {}", answer.text());
            answer.problem(409, "task.main_action_missing");
        }
        assert_eq!(task(&app, &solution).await["state"], "open", "{what}");
        assert_eq!(standing(&Engine::of(&app).instance(&instance).await), "solution", "{what}");
    };
    shut("at once").await;
    let path = format!("/tasks/{}", id(&solution));
    // Doors that are none: other actions, a change of the task, taking it away.
    for kind in ["acknowledge", "form", "approve", "set-fields"] {
        assert_eq!(
            act(&app, "tech", &solution, json!({"kind": kind, "result": "approved"})).await.status,
            422,
            "{kind}"
        );
    }
    for change in [json!({"state": "completed"}), json!({"main_action": {"done": true}}), json!({"required": []})] {
        assert!(app.by("tech").patch(&path, change.clone()).await.status.is_client_error(), "{change}");
    }
    for person in ["tech", "admin"] {
        assert!(app.by(person).post(&format!("{path}/cancel"), json!({})).await.status.is_client_error(), "{person}");
    }
    let skipped = Engine::of(&app).operate(&instance, "skip", json!({"incident": 1})).await;
    assert!(skipped.status.is_client_error(), "{}", skipped.text());
    app.by("tech").post("/process-instances/x/next", json!({"wait": 1})).await;
    shut("after other doors").await;
    // Somebody else's hands change nothing.
    app.by("tech").post(&format!("{path}/delegate"), json!({"to": app.id_of("chief")})).await.ok(200);
    app.by("chief").post(&format!("{path}/complete"), body.clone()).await.problem(409, "task.main_action_missing");
    app.by("chief").post(&format!("{path}/delegate"), json!({"to": app.id_of("tech")})).await.ok(200);
    // A letter on its way is no letter yet, one that nobody takes is none at all.
    mail.fail([Fault::Say(Point::Recipient, "550 no such user")]);
    act(&app, "tech", &solution, json!({"kind": "email", "to": ["nobody@romashka.example"]})).await.ok(200);
    shut("while the letter waits").await;
    app.drain().await;
    assert_eq!(task(&app, &solution).await["main_action"]["state"], "failed");
    shut("after it was refused").await;
    assert_eq!(mail.letters().len(), 0);
    act(&app, "tech", &solution, json!({"kind": "email", "cc": ["chief@acme.test"]})).await.ok(200);
    app.drain().await;
    let letter = mail.letter();
    assert_eq!(letter.to, [DEALER, "chief@acme.test"]);
    assert_eq!(letter.from, "crm@acme.test");
    assert_eq!(letter.header("Subject"), "Техническое решение: Насосы для «Ромашки»");
    assert_eq!(letter.header("From"), "Верстак <crm@acme.test>");
    assert_eq!((letter.header("To").as_str(), letter.header("Cc").as_str()), (DEALER, "chief@acme.test"));
    assert!(letter.header("Reply-To").starts_with("tech@"), "{}", letter.text);
    assert!(letter.header("Message-ID").ends_with("@acme.test>"));
    assert_eq!(letter.body(), "Добрый день! Направляем вам техническое решение.");
    assert!(letter.text.is_ascii());
    // The letter is there, a required field is not.
    let fields = complete(&app, "tech", &solution, json!({})).await.problem(422, "task.invalid")["fields"].clone();
    assert_eq!(fields["solution"]["code"], "required", "{fields}");
    complete(&app, "tech", &solution, body).await.ok(200);
    complete(&app, "tech", &solution, json!({})).await.problem(409, "task.completed");
    assert_eq!(task_of(&app, "manager", "quote").await["title"], "Подготовить коммерческое предложение");
    app.drain().await;
    assert_eq!(mail.letters().len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_deadline_is_reminded_of_once_marked_counted_and_escalated() {
    let mail = MailServer::start();
    let (app, deal) = office(&mail).await;
    deploy(&app, "dealer-purchase").await;
    start(&app, &deal).await;
    // Monday noon in Moscow and eight working hours: Tuesday noon.
    let solution = task_of(&app, "tech", "solution").await;
    assert_eq!(solution["due"], "2026-03-24T09:00:00Z");
    app.clock.advance_seconds(23 * 3_600 - 1);
    app.drain().await;
    assert_eq!(task(&app, &solution).await["reminders_sent"], 0);
    app.clock.advance_seconds(1);
    app.drain().await;
    app.drain().await;
    let now = task(&app, &solution).await;
    assert_eq!((&now["reminders_sent"], &now["overdue"]), (&json!(1), &json!(false)));
    assert_eq!(told(&app, "tech", &solution).await, ["task.new", "task.reminder"]);
    let counters = app.by("tech").get("/tasks/counters").await.ok(200);
    assert_eq!((&counters["mine"]["open"], &counters["mine"]["overdue"]), (&json!(1), &json!(0)));
    hours(&app, 1).await;
    let now = task(&app, &solution).await;
    assert_eq!((&now["reminders_sent"], &now["overdue"]), (&json!(1), &json!(true)));
    assert_eq!(app.by("tech").get("/tasks/counters").await.ok(200)["mine"]["overdue"], 1);
    let counters = app.by("chief").get("/tasks/counters").await.ok(200);
    assert_eq!((&counters["mine"]["overdue"], &counters["team"]["overdue"]), (&json!(0), &json!(1)));
    assert_eq!(
        (&counters["subordinates"][0]["name"], &counters["subordinates"][0]["overdue"]),
        (&json!("tech"), &json!(1))
    );
    // Another head does not answer for it.
    assert_eq!(app.by("boss").get("/tasks/counters").await.ok(200)["team"]["overdue"], 0);
    // Two working hours later, over lunch, the head hears of it, and every working day again.
    hours(&app, 2).await;
    assert_eq!(told(&app, "chief", &solution).await, [""; 0]);
    hours(&app, 1).await;
    assert_eq!(told(&app, "chief", &solution).await, ["task.escalation"]);
    hours(&app, 24).await;
    assert_eq!(told(&app, "chief", &solution).await, ["task.escalation"; 2]);
    // A working day after the deadline the head of sales hears of it.
    assert_eq!(told(&app, "boss", &solution).await, ["task.escalation"]);
    assert_eq!(told(&app, "tech", &solution).await, ["task.new", "task.overdue", "task.reminder"]);
    send_and_complete(&app, "tech", "solution", json!({"solution": "Два насоса"})).await;
    let counters = app.by("tech").get("/tasks/counters").await.ok(200);
    assert_eq!((&counters["mine"]["open"], &counters["mine"]["overdue"]), (&json!(0), &json!(0)));
    assert_eq!(app.by("chief").get("/tasks/counters").await.ok(200)["team"]["overdue"], 0);
    hours(&app, 72).await;
    assert_eq!(told(&app, "chief", &solution).await, ["task.escalation"; 2]);
    app.finish().await;
}

#[tokio::test]
async fn the_whole_way_to_shipped_goods() {
    let mail = MailServer::start();
    let (app, deal) = office(&mail).await;
    deploy(&app, "dealer-purchase").await;
    let instance = start(&app, &deal).await;
    let engine = Engine::of(&app);
    send_and_complete(&app, "tech", "solution", json!({"solution": "Два насоса"})).await;

    // Nothing is lost at the hand-over: what is missing is named, and nothing of it is written before all is there.
    let quote = task_of(&app, "manager", "quote").await;
    let fields = complete(&app, "manager", &quote, json!({"variables": {"record.amount": 5}})).await;
    let fields = fields.problem(422, "task.invalid")["fields"].clone();
    assert_eq!(fields.as_object().unwrap().keys().collect::<Vec<_>>(), ["dealer_email", "valid_until"], "{fields}");
    let amount = async || app.admin().get(&format!("/records/deal/{deal}")).await.ok(200)["fields"]["amount"].clone();
    assert_eq!(amount().await, Value::Null);
    let filled = json!({"record.amount": 120_000, "dealer_email": DEALER, "valid_until": "2026-04-30"});
    complete(&app, "manager", &quote, json!({"variables": filled})).await.ok(200);
    assert_eq!(amount().await, 120_000);

    // The head of sales rejects, the quote comes back; then approves.
    let approval = task_of(&app, "boss", "approval").await;
    assert_eq!((&approval["role"], &approval["assignee"]), (&json!("sales_head"), &json!(app.id_of("boss"))));
    complete(&app, "boss", &approval, json!({})).await.problem(409, "task.main_action_missing");
    complete(&app, "boss", &approval, json!({"result": "perhaps"})).await.problem(422, "task.invalid");
    act(&app, "boss", &approval, json!({"kind": "approve", "result": "rejected", "comment": "дорого"})).await.ok(200);
    complete(&app, "boss", &approval, json!({})).await.ok(200);
    let quote = task_of(&app, "manager", "quote").await;
    let filled = json!({"record.amount": 110_000, "dealer_email": DEALER, "valid_until": "2026-04-30"});
    complete(&app, "manager", &quote, json!({"variables": filled})).await.ok(200);
    let approval = task_of(&app, "boss", "approval").await;
    complete(&app, "boss", &approval, json!({"result": "approved"})).await.ok(200);
    send_and_complete(&app, "manager", "send_quote", json!({})).await;
    assert_eq!(mail.letters()[1].body(), "Добрый день! Предложение действует до 2026-04-30.");

    let answer = task_of(&app, "manager", "answer").await;
    complete(&app, "manager", &answer, json!({"variables": {"accepted": true}})).await.ok(200);
    // Contract and goods at once.
    assert_eq!(standing(&engine.instance(&instance).await), "contract reserve");
    let reserve = task_of(&app, "store", "reserve").await;
    complete(&app, "store", &reserve, json!({"variables": {"reserved_until": "2026-05-01"}})).await.ok(200);
    let contract = task_of(&app, "lawyer", "contract").await;
    assert_eq!((&reserve["role"], &contract["role"]), (&json!("warehouse"), &json!("lawyer")));
    let filled = json!({"contract_number": "17-Д", "contract_date": "2026-03-24"});
    complete(&app, "lawyer", &contract, json!({"variables": filled})).await.ok(200);
    send_and_complete(&app, "manager", "invoice", json!({"invoice_number": "С-42"})).await;
    assert_eq!(mail.letters()[2].header("Subject"), "Счёт по договору 17-Д");

    // A week without the money: the dealer is reminded by a letter of the process itself, once.
    let payment = task_of(&app, "fin", "payment").await;
    assert_eq!(payment["title"], "Оплата подтверждена финансовым менеджером");
    assert_eq!(payment["role"], "finance_manager");
    hours(&app, 7 * 24 + 1).await;
    hours(&app, 7 * 24).await;
    assert_eq!(mail.letters().len(), 4);
    let reminder = &mail.letters()[3];
    assert_eq!(
        (reminder.to.as_slice(), reminder.header("Subject").as_str()),
        (&[DEALER.to_owned()][..], "Оплата счёта С-42")
    );
    let filled = json!({"variables": {"paid_on": "2026-04-06"}});
    complete(&app, "fin", &payment, filled.clone()).await.problem(409, "task.main_action_missing");
    act(&app, "fin", &payment, json!({"kind": "acknowledge"})).await.ok(200);
    complete(&app, "fin", &payment, filled).await.ok(200);

    let shipment = task_of(&app, "store", "shipment").await;
    let filled = json!({"waybill": "Н-1", "shipped_on": "2026-04-07"});
    complete(&app, "store", &shipment, json!({"variables": filled})).await.ok(200);
    app.drain().await;
    let ended = engine.instance(&instance).await;
    assert_eq!((&ended["state"], &ended["incidents"]), (&json!("completed"), &json!([])));
    assert_eq!(
        trace(&ended),
        "request solution quote approval approved quote approval approved send_quote answer accepted_gate split reserve \
         contract join invoice unpaid remind_payment reminded payment shipment tell_shipped mark_won done"
    );
    assert_eq!(ended["variables"]["decision"], "approved");
    assert_eq!(mail.letters().len(), 5);
    assert!(mail.letters()[4].body().contains("накладная Н-1"));
    assert_eq!(app.admin().get(&format!("/records/deal/{deal}")).await.ok(200)["fields"]["stage"], "won");
    app.finish().await;
}

#[tokio::test]
async fn a_dealer_who_declines_or_never_answers_loses_the_deal() {
    let mail = MailServer::start();
    let (app, deal) = office(&mail).await;
    deploy(&app, "dealer-purchase").await;
    let engine = Engine::of(&app);
    let stage =
        async |deal: &str| app.admin().get(&format!("/records/deal/{deal}")).await.ok(200)["fields"]["stage"].clone();
    let instance = start(&app, &deal).await;
    up_to_answer(&app).await;
    let answer = task_of(&app, "manager", "answer").await;
    complete(&app, "manager", &answer, json!({"variables": {"accepted": false, "refusal": "цена"}})).await.ok(200);
    app.drain().await;
    let ended = engine.instance(&instance).await;
    assert_eq!((&ended["state"], &stage(&deal).await), (&json!("completed"), &json!("lost")));

    let silent = app.record("deal", json!({"title": "Без ответа", "owner": app.id_of("manager")})).await;
    let instance = start(&app, &silent).await;
    up_to_answer(&app).await;
    let answer = task_of(&app, "manager", "answer").await;
    hours(&app, 14 * 24 - 1).await;
    assert_eq!(standing(&engine.instance(&instance).await), "answer");
    hours(&app, 1).await;
    let ended = engine.instance(&instance).await;
    assert_eq!((&ended["state"], &stage(&silent).await), (&json!("completed"), &json!("lost")));
    assert!(elements(&ended, "visited").contains(&"no_answer".to_owned()));
    assert_eq!(task(&app, &answer).await["state"], "cancelled");
    complete(&app, "manager", &answer, json!({"variables": {"accepted": true}})).await.problem(409, "task.cancelled");
    app.finish().await;
}

#[tokio::test]
async fn without_a_deal_it_does_not_begin() {
    let mail = MailServer::start();
    let (app, _) = office(&mail).await;
    deploy(&app, "dealer-purchase").await;
    let body = json!({"definition": "dealer-purchase", "variables": {"dealer_email": DEALER}});
    let refused = app.by("manager").post("/process-instances", body).await.problem(422, "process.invalid");
    assert_eq!(refused["fields"]["subject"]["code"], "record_needed");
    app.finish().await;
}
