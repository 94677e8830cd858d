//! How the system and what it is joined to are: what plugins and `verstak doctor` are told.

use kernel::jobs::{self, NewJob};
use kernel::{Ctx, Locale};
use plugin_host::health::{Part, Standing};
use serde_json::json;

use crate::app::TestApp;

async fn parts(app: &TestApp, ctx: &Ctx) -> Vec<Part> {
    app.state.plugins.health(ctx).await.unwrap()
}

fn standing(parts: &[Part], key: &str) -> Standing {
    parts.iter().find(|part| part.key == key).unwrap_or_else(|| panic!("{key}: {parts:?}")).standing
}

#[tokio::test]
async fn the_system_is_told_first_then_what_the_company_has_joined_to_it() {
    let mut app = TestApp::start().await;
    let other = app.add_company("Other", Locale::Ru).await;
    app.enable_lead_desk(json!({"country": "RU"})).await;
    let gateway = json!({"title": "Main", "url": "https://sms.example.com/send", "body": "{\"to\": \"{to}\", \"text\": \"{text}\"}"});
    app.admin().put("/message-gateways/main", gateway).await.ok(200);
    let here = parts(&app, &app.system()).await;
    let keys: Vec<&str> = here.iter().map(|part| part.key.as_str()).collect();
    assert_eq!(keys, ["database", "disk", "work", "mail", "sms:main", "plugin:verstak.lead-desk"]);
    assert_eq!((standing(&here, "database"), standing(&here, "disk")), (Standing::Ok, Standing::Ok));
    assert_eq!((standing(&here, "mail"), standing(&here, "sms:main")), (Standing::Off, Standing::Ok));
    assert_eq!(here[4].title.in_locale(Locale::En), "SMS: Main");
    let told = format!("{here:?}");
    assert!(!told.contains("example.com"), "an address is nobody's business: {told}");
    // Another company has nothing of it.
    let there = parts(&app, &app.system_of(other)).await;
    assert_eq!(there.iter().map(|part| part.key.as_str()).collect::<Vec<_>>(), ["database", "disk", "work", "mail"]);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn work_that_nobody_does_is_told_with_its_time() {
    let app = TestApp::start().await;
    app.drain().await;
    let at = app.state.env.now();
    let tx = app.state.db.begin().await.unwrap();
    let job = NewJob::now(&app.state.env, "nobody.does.it", json!({})).unique("health-test".to_owned());
    jobs::enqueue(&tx, &app.state.env, job).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(standing(&parts(&app, &app.system()).await, "work"), Standing::Ok, "it may begin in a moment");
    app.clock.advance_seconds(11 * 60);
    let late = parts(&app, &app.system()).await;
    let work = late.iter().find(|part| part.key == "work").unwrap();
    assert_eq!((work.standing, work.since), (Standing::Failing, Some(at)));
    assert_eq!(work.problem.as_ref().unwrap().in_locale(Locale::En), "Work that is due is not begun.");
    let tx = app.state.db.begin().await.unwrap();
    jobs::forget(&tx, "health-test").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(standing(&parts(&app, &app.system()).await, "work"), Standing::Ok);
    app.drain().await;
    app.finish().await;
}
