//! Tasks that people give to people: what their head sees of it in numbers, and what comes back to whoever gave it.

use serde_json::{Value, json};

use crate::app::{Client, TestApp};

/// How many tasks a counter of somebody opens: the rows of the page, and their number as it is told.
async fn opened(client: &Client<'_>, counter: &str, of: &str) -> i64 {
    let page = client.get(&format!("/tasks?counter={counter}&of={of}&total=true")).await.ok(200);
    let rows = page["items"].as_array().unwrap().len();
    assert_eq!(page["total"], rows, "{counter} of {of}");
    i64::try_from(rows).unwrap()
}

fn open_and_overdue(count: &Value) -> (i64, i64) {
    (count["open"].as_i64().unwrap(), count["overdue"].as_i64().unwrap())
}

// process-portal.md, acceptance 12.
#[tokio::test]
async fn of_three_and_two_a_head_sees_five_with_three_overdue_and_each_number_opens_so_many() {
    let mut app = TestApp::build()
        .person("head", "sales_head")
        .person("ann", "sales_manager")
        .person("bob", "sales_manager")
        .start()
        .await;
    let sales = app.department("Sales", None, &["ann", "bob"]).await;
    let heads = json!({"head_ids": [app.id_of("head")], "name": "Sales"});
    app.admin().patch(&format!("/departments/{sales}"), heads).await.ok(200);
    for (name, days) in [("ann", [16, 20, 20].as_slice()), ("bob", [16, 16].as_slice())] {
        for day in days {
            let due = format!("2026-03-{day}T10:00:00Z");
            let task = json!({"title": format!("{name} {day}"), "assignee": app.id_of(name), "due": due});
            app.admin().post("/tasks", task).await.ok(201);
        }
    }
    // Eleven o'clock of the sixteenth: what was due at ten is late.
    app.clock.advance_seconds(2 * 3_600);
    app.drain().await;
    let head = app.by("head");
    let counters = head.get("/tasks/counters").await.ok(200);
    assert_eq!((open_and_overdue(&counters["team"]), open_and_overdue(&counters["mine"])), ((5, 3), (0, 0)));
    let below: Vec<_> = counters["subordinates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), open_and_overdue(one)))
        .collect();
    assert_eq!(below, [("ann", (3, 1)), ("bob", (2, 2))]);
    assert_eq!((opened(&head, "open", "team").await, opened(&head, "overdue", "team").await), (5, 3));
    for (name, numbers) in below {
        let of = app.id_of(name).to_string();
        assert_eq!((opened(&head, "open", &of).await, opened(&head, "overdue", &of).await), numbers, "{name}");
    }
    // Nobody is below who heads nobody.
    assert_eq!(opened(&app.by("ann"), "overdue", "team").await, 0);
    app.finish().await;
}

// process-portal.md, acceptance 13.
#[tokio::test]
async fn what_another_has_done_is_looked_at_given_back_and_accepted_with_four() {
    let app = TestApp::build().person("head", "sales_head").person("ann", "sales_manager").start().await;
    let (head, ann) = (app.by("head"), app.by("ann"));
    let given = json!({"title": "Call Ivanov", "assignee": app.id_of("ann")});
    let path = format!("/tasks/{}", head.post("/tasks", given.clone()).await.id());
    let in_the_portal = json!({"acceptance": true});
    let done = ann.post(&format!("{path}/complete"), in_the_portal.clone()).await.ok(200);
    assert_eq!((&done["state"], &done["completed_by"]), (&json!("review"), &json!(app.id_of("ann"))));
    assert_eq!(head.get("/tasks/counters").await.ok(200)["mine"]["review"], 1);
    let back = head.post(&format!("{path}/return"), json!({"note": "The price is missing"})).await.ok(200);
    assert_eq!((&back["state"], &back["assignee"]), (&json!("open"), &json!(app.id_of("ann"))));
    ann.post(&format!("{path}/complete"), in_the_portal).await.ok(200);
    let over = head.post(&format!("{path}/accept"), json!({"mark": 4})).await.ok(200);
    assert_eq!((&over["state"], &over["mark"], &over["returned"]), (&json!("completed"), &json!(4), &json!(1)));
    // Whoever does not ask for it has it done at once.
    let other = format!("/tasks/{}", head.post("/tasks", given).await.id());
    assert_eq!(ann.post(&format!("{other}/complete"), json!({})).await.ok(200)["state"], "completed");
    app.drain().await;
    app.finish().await;
}
