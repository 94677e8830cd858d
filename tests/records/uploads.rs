//! Uploads: what flows in cannot be sent again by those around its handler.

use crate::app::{TestApp, lead_desk, on_postgres};

/// The database undoes the first two transactions that write into this table, for the sake of others.
async fn lose_twice(app: &TestApp, table: &str) {
    app.sql(&format!(
        "CREATE SEQUENCE lost_{table};
         CREATE FUNCTION lose_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('lost_{table}') < 3 THEN RAISE 'lost' USING ERRCODE = '40001'; END IF;
            RETURN NEW;
         END $$;
         CREATE TRIGGER lose BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION lose_{table}()"
    ))
    .await;
}

#[tokio::test]
async fn an_upload_that_loses_a_race_for_locks_is_taken_all_the_same() {
    // SQLite has one writer at a time, and no such races.
    if !on_postgres() {
        return;
    }
    let app = TestApp::start().await;
    lose_twice(&app, "import").await;
    lose_twice(&app, "plugin_version").await;
    let form = "--B\r\ncontent-disposition: form-data; name=\"entity\"\r\n\r\nlead\r\n--B\r\n\
                content-disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\ntitle\nAnn\r\n--B--\r\n";
    let kind = Some("multipart/form-data; boundary=B");
    let made = app.admin().send("POST", "/api/v1/imports", kind, form.into()).await.ok(201);
    assert_eq!(made["total"], 1);
    assert_eq!(app.count("SELECT count(*) FROM import").await, 1);
    let kind = Some("application/octet-stream");
    app.admin().send("POST", "/api/v1/plugins", kind, lead_desk().to_vec()).await.ok(201);
    assert_eq!(app.count("SELECT count(*) FROM plugin_version").await, 1);
    app.finish().await;
}
