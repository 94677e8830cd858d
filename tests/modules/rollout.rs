//! The end of a rollout on a whole server: closed with a report of what was passed over, or switched off in the middle.

use std::io::Read;

use serde_json::{Value, json};

use super::acceptance::{ROLLOUT, begun, know_roles, rows, sees};
use super::{LEAVE, leave, run};
use crate::app::TestApp;

/// Why the board passed over stage 3.
const REASON: &str = "Set up by the supplier, seen on site";

fn of(field: &str, id: &str) -> Value {
    json!({"field": field, "op": "eq", "value": id})
}

/// The board passes over all seven stages, one after another.
async fn passed_over(app: &TestApp, project: &str) {
    for number in 1..=7 {
        let stages = rows(&app.by("lena"), "rollout_stage", of("project", project)).await;
        let stage = stages.iter().find(|stage| stage["fields"]["position"] == number).unwrap();
        let path = format!("{ROLLOUT}/stages/{}/override", stage["id"].as_str().unwrap());
        let reason = if number == 3 { REASON } else { "Decided by the owner of the company" };
        app.by("boris").post(&path, json!({"reason": reason})).await.ok(200);
        app.drain().await;
    }
}

/// The text of the first DOCX among the files of a project, with its marks.
async fn report(app: &TestApp, project: &str) -> String {
    let lena = app.by("lena");
    let files = lena.get(&format!("/records/rollout_project/{project}/files")).await.ok(200);
    let docx = |file: &&Value| file["name"].as_str().unwrap().ends_with(".docx");
    let file = files["items"].as_array().unwrap().iter().find(docx).unwrap();
    let content = lena.get(&format!("/files/{}/content", file["id"].as_str().unwrap())).await;
    assert_eq!(content.status, 200, "{}", content.text());
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(content.body)).unwrap();
    let mut text = String::new();
    zip.by_name("word/document.xml").unwrap().read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn rollout_12_without_measures_after_it_is_not_closed_and_its_report_lists_the_override_of_stage_3() {
    let (app, project) = begun().await;
    let lena = app.by("lena");
    passed_over(&app, &project).await;
    let goal = json!({"project": project, "title": "Answer faster", "metric": "lead-first_answer", "target": 60});
    lena.create("rollout_goal", goal).await.ok(201);
    let close = format!("{ROLLOUT}/projects/{project}/close");
    let refused = lena.post(&close, json!({})).await.ok(409);
    assert_eq!(refused["code"], "rollout.not_closable");
    assert!(refused["lacks"][0].as_str().unwrap().contains("Answer faster"), "{refused}");
    assert_eq!(app.by("boris").post(&close, json!({})).await.status, 403, "a project is closed by its lead");
    // The launch was on Monday 16 February, 20 working days before the first day of what is measured after it.
    lena.update("rollout_project", &project, json!({"launched": "2026-02-16"})).await.ok(200);
    for (moment, first, last, value, n) in
        [("before", "2026-01-05", "2026-01-30", 240, 40), ("after", "2026-03-16", "2026-04-10", 105, 38)]
    {
        let measure = json!({
            "project": project, "title": moment, "metric": "lead-first_answer", "moment": moment, "first": first,
            "last": last, "value": value, "n": n, "source": "leads.xlsx", "scope": "Sales",
        });
        lena.create("rollout_measure", measure).await.ok(201);
    }
    lena.post(&close, json!({})).await.ok(200);
    app.drain().await;
    let text = report(&app, &project).await;
    let line = text.split("</w:p>").find(|line| line.contains(REASON)).unwrap();
    let words: String = line.split('<').filter_map(|part| part.split_once('>')).map(|(_, words)| words).collect();
    assert!(words.contains('3'), "it says which stage: {words}");
    assert_eq!(text.matches(REASON).count(), 1);
    app.finish().await;
}

#[tokio::test]
async fn rollout_13_switched_off_21_plain_tasks_stay_and_the_pilot_has_its_module() {
    let (mut app, project) = begun().await;
    run(&app, leave("1.0.0", |manifest| manifest, &[])).await;
    know_roles(&mut app).await;
    for name in ["sal", "mark"] {
        app.person(0, name, &["leave_employee"]).await;
    }
    let sales = app.department("Sales", None, &["sal"]).await;
    app.department("Marketing", None, &["mark"]).await;
    let planned = json!({"project": project, "module": LEAVE, "department": sales, "from": "2026-03-17"});
    app.by("lena").create("rollout_gate", planned).await.ok(201);
    app.drain().await;
    // In Kyiv the day begins at 22:00 UTC.
    app.clock.advance_seconds(13 * 3_600);
    app.drain().await;
    let pilot = async || (sees(&app, "sal").await, sees(&app, "mark").await);
    assert_eq!(pilot().await, ((true, 200), (false, 404)));
    let tasks = rows(&app.by("lena"), "task", of("rollout_project", &project)).await;
    assert_eq!(tasks.len(), 21);
    let second = tasks.iter().find(|task| task["fields"]["rollout_code"] == "2.1").unwrap()["id"].clone();

    app.admin().post("/plugins/verstak.rollout/disable", json!({})).await.ok(200);
    app.drain().await;
    assert_eq!(pilot().await, ((true, 200), (false, 404)), "the module is still on in Sales alone");
    let lena = app.by("lena");
    let all = rows(&lena, "task", json!({"and": []})).await;
    let plain: Vec<&Value> = all.iter().filter(|task| tasks.iter().any(|one| one["id"] == task["id"])).collect();
    assert_eq!(plain.len(), 21);
    let keys = |task: &&Value| task["fields"].as_object().unwrap().keys().any(|key| key.starts_with("rollout_"));
    assert!(!plain.iter().any(keys), "{plain:?}");
    // No stage keeps it closed any more.
    let done = lena.post(&format!("/tasks/{}/complete", second.as_str().unwrap()), json!({})).await;
    assert!(done.status.is_success(), "{}", done.text());
    lena.query("rollout_stage", json!({})).await.problem(404, "not_found");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn rollout_9_rows_that_people_take_out_stand_beside_adoption() {
    let (app, project) = begun().await;
    let lena = app.by("lena");
    for title in ["a", "b"] {
        app.record("deal", json!({"title": title})).await;
    }
    for _ in 0..2 {
        lena.post("/exports", json!({"entity": "deal", "format": "csv", "fields": ["title"]})).await.ok(202);
        app.drain().await;
    }
    // The next Monday.
    app.clock.advance_seconds(7 * 86_400);
    app.drain().await;
    app.admin().post("/plugins/verstak.rollout/jobs/adoption/run", json!({})).await.ok(200);
    app.drain().await;
    let weeks = rows(&lena, "rollout_signal", of("project", &project)).await;
    let week = weeks.iter().find(|week| week["fields"]["week"] == "2026-03-16").unwrap();
    assert_eq!((&week["fields"]["exported"], &week["fields"]["department"]), (&json!(4), &Value::Null), "{week}");
    app.finish().await;
}
