//! Accounts, departments and roles, and that a company never loses its last administrator.

use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn the_last_administrator_stays() {
    let app = TestApp::start().await;
    let me = format!("/users/{}", app.id_of("admin"));
    for patch in [json!({"roles": []}), json!({"active": false})] {
        let refused = app.admin().patch(&me, patch).await.problem(422, "people.invalid");
        assert_eq!(refused["fields"]["roles"]["code"], "last_admin");
    }
    let role = app.companies[0].roles["admin"];
    app.admin()
        .patch(&format!("/roles/{role}"), json!({"name": "Administrator", "admin": false}))
        .await
        .problem(422, "people.invalid");
    app.admin().delete(&format!("/roles/{role}")).await.problem(409, "role.in_use");
    app.admin().get("/me").await.ok(200);
    let second =
        app.admin().post("/users", json!({"name": "Bo", "email": "bo@acme.test", "roles": [role]})).await.ok(201);
    app.admin().patch(&me, json!({"roles": []})).await.ok(200);
    app.admin()
        .patch(&format!("/users/{}", second["id"].as_str().unwrap()), json!({"active": false}))
        .await
        .problem(403, "denied");
    app.finish().await;
}

#[tokio::test]
async fn a_department_is_never_inside_itself() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let make = async |name: &str, parent: Option<&str>| {
        admin.post("/departments", json!({"name": name, "parent_id": parent})).await.id()
    };
    let top = make("Top", None).await;
    let middle = make("Middle", Some(&top)).await;
    let low = make("Low", Some(&middle)).await;
    for parent in [&top, &middle, &low] {
        let refused = admin
            .patch(&format!("/departments/{top}"), json!({"name": "Top", "parent_id": parent}))
            .await
            .problem(422, "people.invalid");
        assert_eq!(refused["fields"]["parent_id"]["code"], "cycle");
    }
    admin.patch(&format!("/departments/{low}"), json!({"name": "Low", "parent_id": top})).await.ok(200);
    admin.delete(&format!("/departments/{top}")).await.problem(409, "department.not_empty");
    admin.delete(&format!("/departments/{low}")).await.ok(204);
    app.finish().await;
}

#[tokio::test]
async fn wrong_accounts_are_refused_field_by_field() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let admin = app.admin();
    for (body, field, code) in [
        (json!({"name": "", "email": "a@a.test"}), "name", "required"),
        (json!({"name": "x", "email": "no address"}), "email", "email"),
        (json!({"name": "x", "email": "MAX@acme.test"}), "email", "taken"),
        (json!({"name": "x", "email": "a@a.test", "roles": [uuid::Uuid::nil()]}), "roles", "missing"),
        (json!({"name": "x", "email": "a@a.test", "department_id": uuid::Uuid::nil()}), "department_id", "missing"),
        (json!({"name": "x", "email": "a@a.test", "locale": "xx"}), "locale", "invalid"),
    ] {
        let refused = admin.post("/users", body.clone()).await.problem(422, "people.invalid");
        assert_eq!(refused["fields"][field]["code"], code, "{body}: {refused}");
    }
    let weak = admin
        .post("/users", json!({"name": "x", "email": "a@a.test", "password": "1"}))
        .await
        .problem(422, "people.invalid");
    assert!(weak["fields"]["password"].is_object());
    for easy in ["12345678", "        ", "password1", "Qwerty123!"] {
        let body = json!({"name": "x", "email": "a@a.test", "password": easy});
        let weak = admin.post("/users", body).await.problem(422, "people.invalid");
        assert_eq!(weak["fields"]["password"]["code"], "weak_password", "{easy}");
    }
    assert_eq!(app.count("SELECT count(*) FROM user_account").await, 2);
    admin.post("/roles", json!({"key": "sales_manager", "name": "x"})).await.problem(422, "people.invalid");
    let max = app.by("max");
    max.post("/users", json!({"name": "x", "email": "a@a.test"})).await.problem(403, "denied");
    max.patch("/tenant", json!({"name": "Mine"})).await.problem(403, "denied");
    max.patch(&format!("/users/{}", app.id_of("max")), json!({"roles": [app.companies[0].roles["admin"]]}))
        .await
        .problem(403, "denied");
    max.patch(&format!("/users/{}", app.id_of("admin")), json!({"locale": "ru"})).await.problem(403, "denied");
    let me = max.patch("/me", json!({"locale": "uk", "absent_until": "2026-04-01T00:00:00Z"})).await.ok(200);
    assert_eq!((&me["user"]["locale"], &me["user"]["absent_until"]), (&json!("uk"), &json!("2026-04-01T00:00:00Z")));
    app.finish().await;
}

#[tokio::test]
async fn settings_of_the_company_count_at_once() {
    let app = TestApp::start().await;
    let changed = app
        .admin()
        .patch("/tenant", json!({"currency": "UAH", "time_zone": "Europe/Kyiv", "name": "Acme 2"}))
        .await
        .ok(200);
    assert_eq!((&changed["currency"], &changed["slug"]), (&json!("UAH"), &json!("acme")));
    app.clock.advance_seconds(6);
    let lead = app.admin().create("lead", json!({"title": "x", "amount": 1})).await.ok(201);
    assert_eq!(lead["fields"]["currency"], "UAH");
    for wrong in [
        json!({"currency": "hryvnia"}),
        json!({"time_zone": "Mars/Base"}),
        json!({"locale": "xx"}),
        json!({"name": " "}),
    ] {
        app.admin().patch("/tenant", wrong).await.problem(422, "people.invalid");
    }
    app.finish().await;
}

#[tokio::test]
async fn somebody_without_a_role_is_told_only_of_themselves() {
    let mut app = TestApp::build().person("max", "sales_manager").start().await;
    app.person(0, "new", &[]).await;
    let seen = app.by("new").get("/users").await.ok(200);
    assert_eq!(seen["items"].as_array().unwrap().iter().map(|user| &user["name"]).collect::<Vec<_>>(), ["new"]);
    assert_eq!(app.by("max").get("/users").await.ok(200)["items"].as_array().unwrap().len(), 3);
    app.finish().await;
}

#[tokio::test]
async fn administrators_who_remove_one_another_leave_one() {
    let app = TestApp::build().person("bo", "admin").person("cy", "admin").start().await;
    let bar = async |who: &str, whom: &str| {
        app.by(who).patch(&format!("/users/{}", app.id_of(whom)), json!({"roles": []})).await.status.as_u16()
    };
    let done = tokio::join!(bar("admin", "bo"), bar("bo", "cy"), bar("cy", "admin"));
    for status in [done.0, done.1, done.2] {
        assert!([200, 401, 403, 422].contains(&status), "{done:?}");
    }
    let left = "SELECT count(*) FROM user_role JOIN role ON role.id = role_id WHERE role.admin";
    assert!(app.count(left).await >= 1, "{done:?}");
    app.finish().await;
}

#[tokio::test]
async fn departments_moved_at_the_same_time_stay_a_tree() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let make = async |name: &str| admin.post("/departments", json!({"name": name})).await.id();
    let (one, two, three) = (make("One").await, make("Two").await, make("Three").await);
    let under = async |id: &str, parent: &str| {
        let body = json!({"name": "x", "parent_id": parent});
        app.admin().patch(&format!("/departments/{id}"), body).await.status.as_u16()
    };
    let done = tokio::join!(under(&one, &two), under(&two, &three), under(&three, &one));
    let mut statuses = [done.0, done.1, done.2];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 422]);
    app.finish().await;
}

#[tokio::test]
async fn one_address_taken_twice_at_the_same_time_is_said() {
    let app = TestApp::start().await;
    let make = async || {
        let body = json!({"name": "x", "email": "same@acme.test"});
        app.admin().post("/users", body).await.status.as_u16()
    };
    let done = tokio::join!(make(), make(), make());
    let mut statuses = [done.0, done.1, done.2];
    statuses.sort_unstable();
    assert!(statuses[0] == 201 && statuses[1..].iter().all(|status| [409, 422].contains(status)), "{statuses:?}");
    let role = async || app.admin().post("/roles", json!({"key": "same", "name": "x"})).await.status.as_u16();
    let done = tokio::join!(role(), role(), role());
    assert_eq!([done.0, done.1, done.2].iter().filter(|status| **status == 201).count(), 1, "{done:?}");
    assert!([done.0, done.1, done.2].iter().all(|status| *status < 500), "{done:?}");
    app.finish().await;
}
