//! The journal: which instances, how many, who has them and for how long.

use serde_json::{Value, json};

use super::{Engine, flows, process};
use crate::app::TestApp;

fn titles(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

/// A step of a day by a person, and one by nobody in particular.
fn step(id: &str, executor: &str) -> String {
    let inside = format!(
        r#"<startEvent id="start"/><userTask id="ask" name="Look at it" v:executors="{executor}" v:duration="P1D"/><endEvent id="end"/>"#
    );
    process(id, &(inside + &flows("start>ask ask>end")))
}

async fn ask(app: &TestApp, query: &str) -> Value {
    app.admin().get(&format!("/process-instances?total=true&{query}")).await.ok(200)
}

#[tokio::test]
async fn instances_are_found_by_lateness_people_and_words_and_counted() {
    let mut app = TestApp::build().person("mary", "sales_manager").person("bob", "sales_manager").start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let engine = Engine::of(&app);
    let (mary, bob) = (app.id_of("mary"), app.id_of("bob"));
    engine.deploy(step("hers", &format!("user:{mary}"))).await;
    engine.deploy(step("his", &format!("user:{bob}"))).await;
    let deal = app.record("deal", json!({"title": "Насосы для Ромашки"})).await;
    let first = engine.start_about("hers", "deal", &deal, json!({})).await;
    app.clock.advance_seconds(3_600);
    let second = engine.start("his", json!({})).await;
    app.clock.advance_seconds(3_600);
    let done = engine.start("hers", json!({})).await;
    let task = engine.task(&done).await;
    app.by("mary").post(&format!("/tasks/{task}/complete"), json!({})).await.ok(200);
    let found = |page: &Value, expected: &[&str]| {
        assert_eq!((titles(page), &page["total"]), (expected.to_vec(), &json!(expected.len())), "{page:#}");
    };
    found(&ask(&app, "").await, &[&done, &second, &first]);
    found(&ask(&app, "sort=oldest").await, &[&first, &second, &done]);
    found(&ask(&app, &format!("person={mary}")).await, &[&first]);
    found(&ask(&app, "person=me").await, &[&done, &second, &first]);
    found(&ask(&app, "q=ромашк").await, &[&first]);
    found(&ask(&app, "q=process%20HIS").await, &[&second]);
    found(&ask(&app, "q=nothing%20like%20that").await, &[]);
    found(&ask(&app, "overdue=true").await, &[]);
    found(&ask(&app, "incident=true").await, &[]);
    found(&ask(&app, "incident=false&state=active").await, &[&second, &first]);
    // Who has it, for how long, of how long.
    let page = ask(&app, "state=active").await;
    let active = &page["items"][1]["active"][0];
    assert_eq!((&active["who"]["name"], &active["limit"]), (&json!("mary"), &json!(28_800)), "{active}");
    assert!(active["elapsed"].as_i64().is_some() && active["due"].is_string() && active.get("late").is_none());
    app.clock.advance_seconds(10 * 86_400);
    app.drain().await;
    let late = ask(&app, "overdue=true").await;
    found(&late, &[&second, &first]);
    assert_eq!(late["items"][0]["active"][0]["late"], true);
    found(&ask(&app, "overdue=false").await, &[&done]);
    // By pages, in either order, each once.
    for sort in ["newest", "oldest"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = ask(&app, &format!("limit=1&sort={sort}{cursor}")).await;
            assert_eq!(page["total"], 3);
            seen.extend(titles(&page).into_iter().map(str::to_owned));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen.len(), 3, "{sort}");
    }
    // Of a department, and what cannot be asked.
    let north = app.department("North", None, &["bob"]).await;
    found(&ask(&app, &format!("department={north}")).await, &[&second]);
    found(&ask(&app, &format!("department={north}&person={mary}")).await, &[]);
    for (query, field) in [("sort=due", "sort"), ("person=ivan", "person"), ("state=x", "state")] {
        let refused = app.admin().get(&format!("/process-instances?{query}")).await.problem(422, "process.invalid");
        assert!(refused["fields"][field].is_object(), "{refused}");
    }
    let long = "a".repeat(201);
    app.admin().get(&format!("/process-instances?q={long}")).await.problem(422, "process.invalid");
    // Another company counts nothing of it; whoever may not see the deal does not find it by its name.
    let theirs = app.by_of(other, "admin").get("/process-instances?total=true&q=ромашк").await.ok(200);
    assert_eq!((&theirs["items"], &theirs["total"]), (&json!([]), &json!(0)));
    let mine = app.by("mary").get("/process-instances?total=true").await.ok(200);
    assert_eq!(mine["total"], 2, "hers alone: {mine:#}");
    app.drain().await;
    app.finish().await;
}
