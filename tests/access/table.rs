//! The golden table: what each role may do with records of each entity, its own and others'.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::app::TestApp;

const ENTITIES: [&str; 5] = ["lead", "deal", "contact", "company", "activity"];

/// Whose a record is: key, and the person's name (none: nobody's).
const OWNERS: [(&str, Option<&str>); 4] =
    [("own", Some("")), ("below", Some("bob")), ("other", Some("admin")), ("free", None)];

fn fields(entity: &str) -> Value {
    if entity == "activity" { json!({"title": "x", "kind": "call"}) } else { json!({"title": "x"}) }
}

async fn made(app: &TestApp, entity: &str, owner: Option<&str>) -> String {
    let id = app.record(entity, fields(entity)).await;
    let owner = owner.map(|name| app.id_of(name));
    app.admin().update(entity, &id, json!({"owner": owner})).await.ok(200);
    id
}

#[tokio::test]
async fn roles_may_do_what_the_table_says() {
    let mut app = TestApp::build()
        .person("hed", "sales_head")
        .person("ann", "sales_manager")
        .person("bob", "sales_manager")
        .person("obs", "observer")
        .start()
        .await;
    app.person(0, "nobody", &[]).await;
    let top = app.department("Sales", None, &["hed"]).await;
    app.department("North", Some(top), &["bob"]).await;
    let mut table = String::from("role           entity    create | whose  read update delete restore\n");
    for who in ["admin", "hed", "ann", "obs", "nobody"] {
        for entity in ENTITIES {
            let create = app.by(who).create(entity, fields(entity)).await.status.as_u16();
            for (whose, owner) in OWNERS {
                let owner = owner.map(|name| if name.is_empty() { who } else { name });
                let id = made(&app, entity, owner).await;
                let client = app.by(who);
                let path = format!("/records/{entity}/{id}");
                let read = client.get(&path).await.status.as_u16();
                let update = client.update(entity, &id, json!({"comments": "seen"})).await.status.as_u16();
                let delete = client.delete(&path).await.status.as_u16();
                if delete != 204 {
                    app.admin().delete(&path).await.ok(204);
                }
                let restore = client.post(&format!("{path}/restore"), json!({})).await.status.as_u16();
                writeln!(
                    table,
                    "{who:<14} {entity:<9} {create}    | {whose:<6} {read}  {update}    {delete}    {restore}"
                )
                .unwrap();
            }
        }
    }
    insta::assert_snapshot!(table);
    app.finish().await;
}
