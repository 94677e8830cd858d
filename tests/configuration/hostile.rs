//! Files that mean harm.

use serde_json::{Value, json};

use super::{exported, file_of, import, unpacked, zipped};
use crate::app::TestApp;

const HEAD: &str = r#"{"format": "verstak.configuration", "version": 1, "areas": ["roles"]}"#;

#[tokio::test]
async fn what_is_no_file_of_configuration_is_refused_in_words() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let before = exported(&admin).await;
    let with = |name: &str, text: String| zipped(&[("configuration.json", HEAD.to_owned()), (name, text)]);
    let bomb = with("roles.json", format!("[{}]", " ".repeat(64 * 1024 * 1024)));
    assert!(bomb.len() < 512 * 1024);
    let many: Vec<Value> = (0..5_001).map(|n| json!({"key": format!("r{n}"), "name": "R"})).collect();
    let wide: Vec<(String, String)> = (0..500).map(|n| (format!("{n}.json"), "[]".to_owned())).collect();
    let wide: Vec<(&str, String)> = wide.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    for (file, place) in [
        (Vec::new(), "file"),
        (b"PK nothing".to_vec(), "file"),
        (zipped(&[("roles.json", "[]".to_owned())]), "file"),
        (zipped(&[("configuration.json", HEAD.replace(": 1", ": 2"))]), "configuration.json"),
        (zipped(&[("configuration.json", HEAD.replace("verstak", "other"))]), "configuration.json"),
        (with("../../etc/roles.json", "[]".to_owned()), "file"),
        (with("/roles.json", "[]".to_owned()), "file"),
        (with("people.json", "[]".to_owned()), "file"),
        (with("roles.json", "[{]".to_owned()), "roles.json"),
        (with("roles.json", "{}".to_owned()), "roles.json"),
        (with("roles.json", "[".repeat(50_000)), "roles.json"),
        (with("roles.json", r#"[{"key": "a\u0000", "name": "A"}]"#.to_owned()), "roles.json"),
        (with("roles.json", r#"[{"key": "a", "name": "A", "secret": 1}]"#.to_owned()), "roles.json[0]"),
        (with("roles.json", r#"[{"key": "a", "name": "A"}, {"key": "a", "name": "B"}]"#.to_owned()), "roles.json[1]"),
        (with("roles.json", json!(many).to_string()), "file"),
        (bomb, "file"),
        (zipped(&wide), "file"),
        (vec![0; 3 * 1024 * 1024], "file"),
    ] {
        for dry_run in [true, false] {
            let refused = import(&admin, &file, dry_run).await.problem(422, "config.file");
            let told = &refused["fields"][place]["message"];
            assert!(told.as_str().is_some_and(|words| words.contains(' ')), "{place}: {refused}");
        }
    }
    import(&admin, &vec![0; 5 * 1024 * 1024], true).await.problem(413, "too_large");
    assert_eq!(exported(&admin).await, before);
    app.finish().await;
}

#[tokio::test]
async fn objects_that_could_not_be_made_by_hand_are_not_made_by_a_file() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let before = exported(&admin).await;
    let label = json!({"en": "X"});
    let field = |rest: Value| {
        let mut field = json!({"entity": "deal", "key": "x_bad", "type": "text", "label": label});
        field.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        ("fields", field)
    };
    let stage =
        |key: &str, semantic: &str| json!({"key": key, "label": label, "semantic": semantic, "color": "#102030"});
    let pipeline = |key: &str, stages: Value| {
        ("pipelines", json!({"entity": "deal", "key": key, "label": label, "stages": stages}))
    };
    let whole = json!([stage("a", "open"), stage("b", "won"), stage("c", "lost")]);
    let rule =
        |check: &str| ("rules", json!({"entity": "deal", "rule": {"name": "R", "check": check, "message": label}}));
    for (area, object) in [
        ("entities", json!({"key": "deal", "label": label, "label_plural": label})),
        ("entities", json!({"key": "x_'; DROP TABLE deal", "label": label, "label_plural": label})),
        ("entities", json!({"key": "x_empty", "label": {}, "label_plural": label})),
        ("entities", json!({"key": "x_seen", "label": label, "label_plural": label, "icon": "hippopotamus"})),
        ("entities", json!({"key": "x_seen", "label": label, "label_plural": label, "menu": {"before": "x_seen"}})),
        field(json!({"key": "title"})),
        field(json!({"entity": "nothing"})),
        field(json!({"type": "stage"})),
        field(json!({"type": "link", "entities": ["nothing"]})),
        field(json!({"type": "decimal", "formula": "record.x_bad"})),
        field(json!({"type": "decimal", "formula": "record.nothing"})),
        field(json!({"type": "integer", "rollup": {"entity": "lead", "via": "nothing", "op": "count"}})),
        field(json!({"type": "boolean", "unique": true})),
        field(json!({"max_length": 100_000})),
        field(json!({"type": "choice", "directory": "x_nothing"})),
        ("directories", json!({"key": "regions", "label": label, "items": []})),
        ("directories", json!({"key": "x_regions", "items": []})),
        (
            "directories",
            json!({"key": "x_regions", "label": label, "items": [{"key": "a", "label": label, "parent": "b"}]}),
        ),
        ("directories", json!({"key": "source", "items": [{"key": "fair", "label": label}]})),
        pipeline("more", json!([stage("a", "open")])),
        pipeline("more", json!([stage("won", "open"), stage("b", "won"), stage("c", "lost")])),
        pipeline("Not a key", whole.clone()),
        rule("record.nothing > 1"),
        rule("1 +"),
        ("conditions", json!({"entity": "deal", "field": "created_at", "conditions": {"required": "true"}})),
        (
            "layouts",
            json!({"entity": "deal", "role": "nobody", "layout": {"sections": [{"title": label, "fields": []}]}}),
        ),
        ("layouts", json!({"entity": "deal", "layout": {"sections": [{"title": label, "fields": ["nothing"]}]}})),
        ("views", json!({"entity": "deal", "name": "V", "kind": "map"})),
        ("views", json!({"entity": "deal", "name": "V", "kind": "list", "config": {"columns": ["nothing"]}})),
        ("roles", json!({"key": "Bad key", "name": "R"})),
        (
            "roles",
            json!({"key": "r", "name": "R", "rows": [{"kind": "permission", "entity": "nothing", "actions": ["read"]}]}),
        ),
        ("automations", json!({"entity": "deal", "rule": {"name": "A", "on": {"event": "deleted"}, "do": []}})),
        (
            "automations",
            json!({"entity": "deal", "rule": {"name": "A", "on": {"event": "deleted"},
            "do": [{"kind": "notice", "parameters": {"to": "role:nobody", "text": "x"}}]}}),
        ),
    ] {
        let file = file_of(area, json!([object]));
        let plan = import(&admin, &file, true).await.ok(200);
        let told = plan["missing"].as_array().unwrap().len() + plan["conflicts"].as_array().unwrap().len();
        assert!(told > 0, "{area}: {object}");
        import(&admin, &file, false).await.problem(409, "config.import");
    }
    assert_eq!(exported(&admin).await, before);
    app.finish().await;
}

#[tokio::test]
async fn a_formula_that_comes_back_to_itself_is_refused_with_its_way() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let field = |key: &str, formula: &str| json!({"entity": "deal", "key": key, "type": "decimal", "label": {"en": key}, "formula": formula});
    let file = file_of("fields", json!([field("x_a", "record.x_b + 1"), field("x_b", "record.x_a")]));
    let refused = import(&admin, &file, false).await.problem(409, "config.import");
    let words = refused["current"]["conflicts"][0]["message"].as_str().unwrap();
    assert!(words.contains("x_a") && words.contains("x_b"), "{words}");
    let fields = &unpacked(&exported(&admin).await)["fields.json"];
    assert_eq!(*fields, json!([]));
    app.finish().await;
}
