//! Who takes the configuration along, and who changes it.

use people::token::Scope;
use serde_json::json;
use uuid::Uuid;

use super::{exported, file_of, import};
use crate::app::TestApp;

#[tokio::test]
async fn only_administrators_pass() {
    let app = TestApp::build().person("max", "sales_head").person("olga", "observer").start().await;
    let admin = app.admin();
    let file = exported(&admin).await;
    let restore = format!("/configuration/changes/{}/restore", Uuid::nil());
    for who in ["max", "olga"] {
        let client = app.by(who);
        for path in ["/configuration", "/configuration/areas", "/configuration/changes"] {
            client.get(path).await.problem(403, "config.denied");
        }
        import(&client, &file, true).await.problem(403, "config.denied");
        import(&client, b"nothing", false).await.problem(403, "config.denied");
        client.post(&restore, json!({})).await.problem(403, "config.denied");
    }
    app.stranger().get("/configuration").await.problem(401, "auth.required");
    let reader = app.with_token(&app.token_of(&app.companies[0], app.id_of("admin"), &[Scope::Read]).await);
    let role = file_of("roles", json!([{"key": "spy", "name": "Spy", "admin": true}]));
    assert_eq!(import(&reader, &role, false).await.status, 403);
    admin.post(&restore, json!({})).await.problem(404, "not_found");
    assert_eq!(exported(&admin).await, file);
    app.finish().await;
}

#[tokio::test]
async fn a_file_comes_as_a_form_too() {
    let app = TestApp::start().await;
    let (admin, file) = (app.admin(), exported(&app.admin()).await);
    let head = "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"c.zip\"\r\n\r\n";
    let form = [head.as_bytes(), &file, b"\r\n--B--\r\n"].concat();
    let uri = "/api/v1/configuration/import?dry_run=true";
    let plan = admin.send("POST", uri, Some("multipart/form-data; boundary=B"), form).await.ok(200);
    assert_eq!((&plan["create"], &plan["change"]), (&json!([]), &json!([])));
    app.finish().await;
}

#[tokio::test]
async fn the_last_administrator_stays_one() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let role = file_of("roles", json!([{"key": "admin", "name": "Administrator", "admin": false}]));
    let plan = import(&admin, &role, true).await.ok(200);
    assert_eq!(plan["conflicts"][0]["key"], "admin", "{plan}");
    import(&admin, &role, false).await.problem(409, "config.import");
    admin.get("/configuration/areas").await.ok(200);
    app.finish().await;
}
