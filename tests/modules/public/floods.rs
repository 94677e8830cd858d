//! Files of strangers without end: one press sends as many as its page takes, and no network keeps others from sending theirs.

use serde_json::{Value, json};
use verstak::config::Config;

use super::{PNG, company, company_with, kept, noted, offer, offered, send, set, with_photos};
use crate::app::{Answer, TestApp};

const QUERY: &str = "input=photos&name=a.png";

fn not_every(done: &Value) -> bool {
    done["patches"][1]["text"].as_str().unwrap().contains("not every photo")
}

#[tokio::test]
async fn one_press_sends_no_more_files_than_its_page_takes() {
    let app = company().await;
    let mut photos = Vec::new();
    for n in 0..4 {
        photos.push(offered(&app, &format!("{n}.png")).await);
    }
    let input = |more: Value| {
        let mut input = json!({"name": "Ivan", "phone": "+380440000001"});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    // Wherever they stand.
    for body in [
        json!({"act": "send", "input": input(json!({"photos": photos}))}),
        json!({"act": "send", "input": input(json!({"photos": photos[..2], "more": {"deep": [photos[2..]]}}))}),
        json!({"act": "send", "input": input(json!({"photos": photos[..3]})), "state": {"last": photos[3]}}),
        json!({"act": "send", "input": input(json!({"photos": photos[..3]})), "params": {"last": photos[3]}}),
    ] {
        let refused = send(&app.stranger(), body).await.problem(422, "file.invalid");
        assert!(refused["fields"]["file"]["message"].as_str().unwrap().contains('3'), "{refused}");
    }
    assert_eq!((noted(&app).await, kept(&app).await.len()), (0, 0), "nothing is done of it");
    // One file that is named again, and what only looks like a name, are no more files.
    let nobodys = ["a0", "b1", "c2", "d3"].map(|two| two.repeat(32));
    let most: Vec<&str> = photos[..3].iter().chain(&photos[..3]).chain(&nobodys).map(String::as_str).collect();
    let done = send(&app.stranger(), with_photos(&most)).await.ok(200);
    assert!(!not_every(&done), "{done}");
    assert_eq!((noted(&app).await, kept(&app).await.len()), (1, 3));
    // Those that were taken wait no more: the press may come again with the next one beside them.
    let next: Vec<&str> = photos.iter().rev().map(String::as_str).collect();
    let done = send(&app.stranger(), with_photos(&next)).await.ok(200);
    assert!(not_every(&done), "the others stand at another request: {done}");
    assert_eq!(kept(&app).await.len(), 4);
    app.finish().await;
}

async fn from(app: &TestApp, address: &str) -> Answer {
    offer(&app.stranger().header("x-client", address), QUERY, PNG).await
}

async fn name_from(app: &TestApp, address: &str) -> String {
    from(app, address).await.ok(201)["upload"].as_str().unwrap().to_owned()
}

async fn waiting(app: &TestApp) -> i64 {
    app.count("SELECT count(*) FROM stored_file WHERE state = 'sending'").await
}

#[tokio::test]
async fn a_network_that_takes_all_places_for_files_makes_way_for_others() {
    let told = |config: &mut Config| config.http.client_address_header = "x-client".into();
    let app = company_with(told).await;
    set(&app.admin(), "ask", true).await.ok(200);
    let mut flood = Vec::new();
    for n in 0..200 {
        flood.push(name_from(&app, &format!("192.0.2.{n}")).await);
        app.clock.advance_seconds(1);
    }
    // They are one hand, and its places are taken.
    let refused = from(&app, "192.0.2.250").await;
    assert!(refused.status == 429 && refused.header("retry-after").is_some(), "{}", refused.text());
    let mut photos = Vec::new();
    for address in ["198.51.100.7", "198.51.100.8", "2001:db8::7"] {
        photos.push(name_from(&app, address).await);
    }
    assert_eq!(waiting(&app).await, 200, "the oldest of the many are gone");
    let photos: Vec<&str> = photos.iter().map(String::as_str).collect();
    let done = send(&app.stranger(), with_photos(&photos)).await.ok(200);
    assert!(!not_every(&done), "{done}");
    assert_eq!((kept(&app).await.len(), waiting(&app).await), (3, 197));
    for (file, gone) in [(&flood[0], true), (&flood[2], true), (&flood[3], false)] {
        let done = send(&app.stranger(), with_photos(&[file.as_str()])).await.ok(200);
        assert_eq!(not_every(&done), gone, "{done}");
    }
    assert_eq!(app.count("SELECT files FROM file_usage").await, 4, "what went counts nowhere");
    // Where there are places again nobody gives way.
    name_from(&app, "192.0.2.1").await;
    assert_eq!(waiting(&app).await, 197);
    app.finish().await;
}

#[tokio::test]
async fn places_of_one_company_are_not_those_of_another() {
    let mut app = company().await;
    for n in 0..200 {
        offered(&app, &format!("{n}.png")).await;
    }
    let full = offer(&app.stranger(), QUERY, PNG).await;
    assert_eq!(full.status, 429, "{}", full.text());
    let other = app.add_company("Other", kernel::Locale::En).await;
    let theirs = app.by_of(other, "admin");
    theirs.post(&format!("/plugins/{}/enable", super::PLUGIN), json!({"grants": "requested"})).await.ok(200);
    set(&theirs, "ask", true).await.ok(200);
    let page = super::PAGE.replace("/acme/", "/other/");
    let path = format!("/api/v1{page}/files?{QUERY}");
    let taken = app.stranger().send("POST", &path, super::OCTETS, PNG.to_vec()).await.ok(201);
    // What one company was sent is none of the other's.
    let body = with_photos(&[taken["upload"].as_str().unwrap()]);
    assert!(not_every(&send(&app.stranger(), body).await.ok(200)));
    assert_eq!(kept(&app).await.len(), 0);
    app.finish().await;
}
