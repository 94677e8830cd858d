//! Walks over every operation: as nobody, as another company, as somebody without any right, with a token that may
//! only read.

use people::token::Scope;
use serde_json::{Value, json};

use super::operations::{Objects, Operation};
use crate::app::{Answer, Client, TestApp};

const MARKER: &str = "Grauer Hecht";

/// Sends it as somebody.
pub async fn send(client: &Client<'_>, operation: &Operation) -> Answer {
    let (kind, body) = match &operation.body {
        None => (None, Vec::new()),
        Some(Value::String(xml)) => (Some("application/xml"), xml.clone().into_bytes()),
        Some(body) => (Some("application/json"), body.to_string().into_bytes()),
    };
    let url = format!("/api/v1{}", operation.path);
    if operation.template == "/stream" && client.send("HEAD", &url, None, Vec::new()).await.status.is_success() {
        // A stream never ends; its first words are enough.
        return client.send("HEAD", &url, None, Vec::new()).await;
    }
    client.send(&operation.method, &url, kind, body).await
}

/// Everything the company's administrator sees of its objects.
pub async fn image(app: &TestApp, objects: &Objects) -> Vec<Value> {
    let mut all = Vec::new();
    for operation in objects.operations().iter().filter(|op| {
        // Exports are written into the audit, also those of this very walk.
        let others = ["/audit", "/stream", "/plugins/{id}/cost", "/plugins/{id}/logs"];
        // Strangers' pages show nothing to administrators but what strangers see.
        op.method == "GET" && !others.contains(&op.template.as_str()) && !op.template.starts_with("/public/")
    }) {
        let answer = send(&app.admin(), operation).await;
        assert!(
            answer.status.is_success() || operation.template.ends_with("/report"),
            "{operation:?}: {}",
            answer.text()
        );
        if !operation.template.ends_with("/report") {
            let raw = ["/xml", "/content", "/thumbnail", "/configuration"]
                .iter()
                .any(|end| operation.template.ends_with(end));
            let shown = if raw { json!(answer.text()) } else { answer.json() };
            all.push(json!([operation.path, shown]));
        }
    }
    all
}

/// Nothing of the company has changed.
pub fn same(before: &[Value], after: &[Value]) {
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(after) {
        assert_eq!(before, after);
    }
}

#[tokio::test]
async fn every_operation_wants_a_known_caller() {
    let app = TestApp::build().lead_desk(json!({})).start().await;
    let objects = Objects::make(&app, MARKER).await;
    app.drain().await;
    let token = app.token_of(&app.companies[0], app.id_of("admin"), &[]).await;
    let before = image(&app, &objects).await;
    let strangers = [
        app.stranger(),
        app.with_token("vst_0000"),
        app.with_token(""),
        app.stranger().header("authorization", "Basic YWRtaW46YWRtaW4="),
        app.stranger().header("cookie", "verstak_session=0000"),
        app.with_token(&token[..token.len() - 1]),
    ];
    for operation in objects.operations().iter().filter(|op| !op.is_public()) {
        for stranger in &strangers {
            let answer = send(stranger, operation).await;
            answer.problem(401, "auth.required");
        }
    }
    app.drain().await;
    same(&before, &image(&app, &objects).await);
    app.finish().await;
}

#[tokio::test]
async fn no_operation_reaches_into_another_company() {
    let mut app = TestApp::build().lead_desk(json!({"country": "UA", "role": "sales_manager"})).start().await;
    let objects = Objects::make(&app, MARKER).await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    app.drain().await;
    let before = image(&app, &objects).await;
    let stranger = app.by_of(other, "admin");
    let mut reached = Vec::new();
    for operation in objects.operations() {
        let answer = send(&stranger, &operation).await;
        let (status, text) = (answer.status.as_u16(), answer.text());
        let told = text.contains(MARKER) || text.contains(app.companies[0].tenant.id.to_string().as_str());
        let ids = objects.all().any(|id| text.contains(id)) && !operation.template.ends_with("/bulk");
        let wrong = if operation.owned { status != 404 } else { told || ids };
        if wrong || told || status >= 500 {
            reached.push(format!("{} {} -> {status} {text}", operation.method, operation.path));
        }
        if operation.template.ends_with("/bulk") {
            let results = answer.ok(200)["results"].clone();
            assert_eq!(
                (&results[1]["code"], &results[2]["code"]),
                (&json!("not_found"), &json!("not_found")),
                "{results}"
            );
        }
    }
    assert!(reached.is_empty(), "{reached:#?}");
    // Links and references to strange objects count as missing.
    for (path, body, field) in [
        ("/records/deal", json!({"fields": {"title": "x", "lead": objects.id("lead")}}), "lead"),
        ("/records/deal", json!({"fields": {"title": "x", "contacts": [objects.id("contact")]}}), "contacts"),
        ("/records/deal", json!({"fields": {"title": "x", "owner": objects.id("users")}}), "owner"),
        (
            "/records/activity",
            json!({"fields": {"title": "x", "kind": "note", "record_entity": "lead", "record_id": objects.id("lead")}}),
            "record_id",
        ),
        ("/users", json!({"name": "x", "email": "x@x.test", "roles": [objects.id("roles")]}), "roles"),
        (
            "/users",
            json!({"name": "x", "email": "x@x.test", "department_id": objects.id("departments")}),
            "department_id",
        ),
        ("/departments", json!({"name": "x", "parent_id": objects.id("departments")}), "parent_id"),
        ("/departments", json!({"name": "x", "head_id": objects.id("users")}), "head_id"),
    ] {
        let refused = stranger.post(path, body).await.ok(422);
        assert_eq!(refused["fields"][field]["code"], "missing", "{path} {field}: {refused}");
    }
    no_process_reaches_over(&app, &stranger, &objects).await;
    let by_id = json!({"filter": {"field": "owner", "op": "ne", "value": app.id_of("admin")}, "total": true});
    assert!(!stranger.query("lead", by_id).await.text().contains(MARKER));
    let events = stranger.get("/events?after=0-0").await.ok(200);
    assert!(!events.to_string().contains(objects.id("lead")), "{events}");
    app.drain().await;
    same(&before, &image(&app, &objects).await);
    app.finish().await;
}

/// Definitions, subjects, people and calendars of the first company, named by the other one's administrator.
async fn no_process_reaches_over(app: &TestApp, stranger: &Client<'_>, objects: &Objects) {
    let subject = json!({"entity": "lead", "id": objects.id("lead")});
    let own =
        stranger.send("POST", "/api/v1/process-templates/quote-approval/deploy?publish=true", None, Vec::new()).await;
    let own = own.json()["id"].as_str().map_or_else(|| "walk".to_owned(), str::to_owned);
    for (path, body) in [
        ("/process-instances", json!({"definition": objects.id("process-definitions")})),
        ("/process-instances", json!({"definition": own, "subject": subject})),
        ("/messages", json!({"name": "x", "subject": subject})),
        ("/reports/funnel", json!({"definition": objects.id("process-definitions")})),
    ] {
        let refused = stranger.post(path, body.clone()).await;
        assert_eq!(refused.status, 404, "{path} {body}: {}", refused.text());
    }
    for body in [
        json!({"title": "x", "subject": subject}),
        json!({"title": "x", "assignee": objects.id("users")}),
        json!({"title": "x", "executors": [format!("user:{}", app.id_of("admin"))]}),
    ] {
        let refused = stranger.post("/tasks", body.clone()).await;
        assert!([404, 422].contains(&refused.status.as_u16()), "{body}: {}", refused.text());
    }
    for of in [format!("user:{}", app.id_of("admin")), format!("department:{}", objects.id("departments"))] {
        stranger.get(&format!("/calendars/{of}")).await.problem(404, "not_found");
        stranger.put(&format!("/calendars/{of}"), json!({"calendar": null})).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn somebody_without_a_role_sees_and_changes_nothing() {
    let mut app = TestApp::build().lead_desk(json!({})).start().await;
    app.person(0, "nobody", &[]).await;
    let objects = Objects::make(&app, MARKER).await;
    app.drain().await;
    let nobody = app.by("nobody");
    let own = ["/me", "/me/sessions", "/tokens", "/views", "/session", "/notifications/read", "/me/notifications"];
    let public = ["/users", "/views", "/plugins", "/plugins/{id}", "/stream", "/calendars/{of}"];
    let mut wrong = Vec::new();
    let theirs = |op: &&Operation| !own.contains(&op.template.as_str()) && !op.is_public();
    for operation in objects.operations().iter().filter(theirs) {
        let answer = send(&nobody, operation).await;
        let (status, text) = (answer.status.as_u16(), answer.text());
        let shown = text.contains(MARKER) && !public.contains(&operation.template.as_str());
        let done = !operation.reads() && answer.status.is_success() && !operation.template.ends_with("/bulk");
        if shown || done || status >= 500 {
            wrong.push(format!("{} {} -> {status} {text}", operation.method, operation.path));
        }
        if operation.template.ends_with("/bulk") {
            let results = answer.ok(200)["results"].clone();
            assert!(results.as_array().unwrap().iter().all(|row| row["status"] == "refused"), "{results}");
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_token_that_may_only_read_changes_nothing_anywhere() {
    let app = TestApp::build().lead_desk(json!({})).start().await;
    let objects = Objects::make(&app, MARKER).await;
    app.drain().await;
    let reader = app.with_token(&app.token_of(&app.companies[0], app.id_of("admin"), &[Scope::Read]).await);
    let before = image(&app, &objects).await;
    let mut wrong = Vec::new();
    for operation in objects.operations().iter().filter(|op| !op.is_public()) {
        let answer = send(&reader, operation).await;
        let bulk = operation.template.ends_with("/bulk");
        if operation.reads() {
            // Plugins, letters, messages and templates are for administrators, drawings for those who design, and this token is
            // neither; whom a record is open to is told to administrators and owners; an import is
            // prepared by those who may do it; there is no page whose sources to read.
            if !answer.status.is_success()
                && ![
                    "/access/preview",
                    "/audit",
                    "/directories",
                    "/directories/{directory}",
                    "/layouts",
                    "/layouts/history",
                    "/pipelines",
                    "/validation-rules",
                    "/letters",
                    "/calendars/preview",
                    "/read",
                    "/read/file",
                    "/plugin-messages",
                    "/message-gateways",
                    "/message-inboxes",
                    "/entities/removed",
                    "/imports/{id}/values",
                ]
                .contains(&operation.template.as_str())
                && !operation.template.starts_with("/plugins")
                && !operation.template.starts_with("/automations")
                && !operation.template.starts_with("/configuration")
                && !operation.template.starts_with("/webhooks")
                && !operation.template.starts_with("/sign-in-providers")
                && !operation.template.starts_with("/process-drawings")
                && !operation.template.starts_with("/document-templates/")
                && !operation.template.ends_with("/access")
                && !operation.template.ends_with("/share")
                && !operation.template.ends_with("/report")
                && !operation.template.ends_with("/expressions/check")
                && !operation.template.contains("exports/{")
            {
                wrong.push(format!("{} {} -> {}", operation.method, operation.path, answer.text()));
            }
        } else if answer.status.is_success()
            && !(bulk && answer.json()["results"].as_array().unwrap().iter().all(|row| row["status"] == "refused"))
        {
            wrong.push(format!("{} {} -> {} {}", operation.method, operation.path, answer.status, answer.text()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.drain().await;
    same(&before, &image(&app, &objects).await);
    app.finish().await;
}
