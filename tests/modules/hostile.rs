//! Manifests that would do harm, or simply are wrong: refused when installed, with the place and the nearest right name.

use super::{install, leave};
use crate::app::TestApp;

#[tokio::test]
async fn wrong_declarations_are_refused_with_the_place_and_the_nearest_name() {
    let app = TestApp::start().await;
    let check = async |from: &str, to: &str, expected: &str| {
        let edit = |manifest: String| {
            // Its codes begin with the prefix, too.
            let manifest = manifest.split("\n[[refusals]]").next().unwrap_or_default().to_owned();
            assert!(manifest.contains(from), "{from}");
            manifest.replacen(from, to, 1)
        };
        let answer = install(&app, leave("1.0.0", edit, &["field.lead.leave_x", "field.leave_request.size"])).await;
        let problem = answer.problem(422, "plugin.invalid");
        let words = problem["fields"]["file"]["message"].as_str().unwrap();
        assert!(words.contains(expected), "{to}: {words}");
    };
    let prefix = "prefix = \"leave\"";
    check(prefix, "", "prefix").await;
    check(prefix, "prefix = \"x\"", "companies' own").await;
    check(prefix, "prefix = \"lead\"", "the product has `lead`").await;
    check(prefix, "prefix = \"Leave\"", "prefix: must be").await;
    check(prefix, "prefix = \"le.ave\"", "prefix: must be").await;
    check(prefix, "prefix = \"other\"", "entities[0].key: `leave_request` must be `other_`").await;
    let hooks = "[[hooks]]";
    for key in ["lead", "leave_", "leave_Request", "leave_re-quest", "x_machine", "other_request"] {
        let second = format!("[[entities]]\nkey = \"{key}\"\nlabel = \"entity.leave_request\"\n[[hooks]]");
        check(hooks, &second, &format!("entities[1].key: `{key}` must be `leave_`")).await;
    }
    let twice = "[[entities]]\nkey = \"leave_request\"\nlabel = \"entity.leave_request\"\n[[hooks]]";
    check(hooks, twice, "`leave_request` is declared twice").await;
    let day = "{ key = \"days\", type = \"integer\", formula = \"daysBetween(record.starts, record.ends) + 1\" }";
    check(
        day,
        "{ key = \"days\", type = \"integer\", min = 0 }, { key = \"days\", type = \"text\" }",
        "`days` is taken",
    )
    .await;
    for reserved in ["id", "title", "number", "stage", "owner", "version", "custom", "deleted_at"] {
        let field = format!("{{ key = \"{reserved}\", type = \"integer\", label = \"days.none\" }}");
        check(day, &field, "is what every record has").await;
    }
    check(day, "{ key = \"x_days\", type = \"integer\", label = \"days.none\" }", "companies' own fields").await;
    check(day, "{ key = \"days'; DROP\", type = \"integer\", label = \"days.none\" }", "must be a lower-case").await;
    check(day, "{ key = \"days\", type = \"formula\" }", "Give the type of the result").await;
    check(day, "{ key = \"days\", type = \"number\" }", "unknown variant `number`").await;
    check(day, "{ key = \"days\", type = \"link\" }", "A link names what it points to").await;
    check(
        day,
        "{ key = \"days\", type = \"link\", entities = [\"compny\"] }",
        "no entity `compny`; did you mean `company`?",
    )
    .await;
    check(day, "{ key = \"days\", type = \"integer\", default = \"many\" }", "fields[3].default").await;
    check(day, "{ key = \"days\", type = \"choice\" }", "fields[3].choices").await;
    check(day, "{ key = \"days\", type = \"text\", max_length = 999999 }", "fields[3].max_length").await;
    check(
        day,
        "{ key = \"dayz\", type = \"integer\" }",
        "no text \"field.leave_request.dayz\"; did you mean `field.leave_request.days`?",
    )
    .await;
    check("default = \"yearly\"", "default = \"monthly\"", "fields[0].default").await;
    check("\"kind\"\nlist", "\"kidn\"\nlist", "no field `kidn`; did you mean `kind`?").await;
    check("\"kind\"\nlist", "\"deputy\"\nlist", "a title is made of").await;
    check("\"days\", \"stage\"]", "\"days\", \"stege\"]", "no field `stege`; did you mean `stage`?").await;
    check("{ key = \"asked\" }", "{ key = \"asked\", semantic = \"lost\" }", "it is open").await;
    check("{ key = \"approved\", semantic = \"won\" }", "{ key = \"asked\", semantic = \"won\" }", "declared twice")
        .await;
    check("semantic = \"won\"", "semantic = \"won\", color = \"red\"", "#rrggbb").await;
    check("per = [\"owner\"]", "per = [\"onwer\"]", "constraints[0].per: leave_request has no field `onwer`").await;
    check("when = \"!(record", "when = \"!(lead", "there is no `lead` here").await;
    check("when = \"!(record.stage", "when = \"!(record.stages", "no field `stages`").await;
    check("kind = \"no_overlap\"", "kind = \"no_gaps\"", "unknown variant").await;
    check(
        "[[roles.rows]]\nentity = \"leave_request\"",
        "[[roles.rows]]\nentity = \"lead\"",
        "not an entity of this plugin",
    )
    .await;
    check("[[roles]]\nkey = \"leave_employee\"", "[[roles]]\nkey = \"admin\"\nlabel = \"days.none\"", "roles[0].key")
        .await;
    check("filter = { field = \"owner\"", "filter = { field = \"onwer\"", "roles[0].rows[0].filter").await;
    let extension = |rest: &str| format!("[[fields]]\n{rest}\ntype = \"text\"\n[[roles]]\nkey = \"leave_employee\"");
    let roles = "[[roles]]\nkey = \"leave_employee\"";
    check(roles, &extension("key = \"leave_x\""), "name the entity of the product").await;
    check(
        roles,
        &extension("entity = \"laed\"\nkey = \"leave_x\"\nlabel = \"days.none\""),
        "`laed`; did you mean `lead`?",
    )
    .await;
    check(
        roles,
        &extension("entity = \"leave_request\"\nkey = \"leave_x\"\nlabel = \"days.none\""),
        "no entity of the product",
    )
    .await;
    check(
        roles,
        &extension("entity = \"lead\"\nkey = \"amount\"\nlabel = \"days.none\""),
        "fields[0].key: `amount` must be `leave_`",
    )
    .await;
    check(roles, &extension("entity = \"lead\"\nkey = \"other_x\"\nlabel = \"days.none\""), "must be `leave_`").await;
    check(
        "[[hooks]]",
        "[permissions.records.leave_request]\nread = [\"*\"]\nreason.en = \"x\"\n[[hooks]]",
        "needs no permission",
    )
    .await;
    check("entity = \"leave_request\"\noperations", "entity = \"leave_rekuest\"\noperations", "leave_rekuest").await;
    app.finish().await;
}

#[tokio::test]
async fn there_is_an_end_to_what_a_plugin_declares() {
    let app = TestApp::start().await;
    let check = async |more: String, expected: &str| {
        let problem =
            install(&app, leave("1.0.0", |manifest| manifest + &more, &[])).await.problem(422, "plugin.invalid");
        let words = problem["fields"]["file"]["message"].as_str().unwrap();
        assert!(words.contains(expected), "{words}");
    };
    let field = |n: usize| format!("{{ key = \"f{n}\", type = \"text\", label = \"days.none\" }}");
    let fields = |count: usize| (0..count).map(field).collect::<Vec<_>>().join(", ");
    let entity = |n: usize, fields: &str| {
        format!("\n[[entities]]\nkey = \"leave_e{n}\"\nlabel = \"entity.leave_request\"\nfields = [{fields}]\n")
    };
    check(entity(0, &fields(201)), "entities[1].fields: more than 200").await;
    check((0..40).map(|n| entity(n, "")).collect(), "entities: more than 40").await;
    // The manifest itself has an end before ten thousand fields have.
    check(entity(0, &fields(10_000)), "larger than").await;
    install(&app, leave("1.0.0", |manifest| manifest + &entity(0, &fields(200)), &[])).await.ok(201);
    app.finish().await;
}

#[tokio::test]
async fn expressions_that_would_not_end_are_refused_wherever_a_manifest_has_them() {
    let app = TestApp::start().await;
    let deep = "(".repeat(900);
    let long = format!("1{} > 0", " + 1".repeat(600));
    let endless = [
        ("[1].all(a, [1].all(b, [1].all(c, true)))", "inside one another"),
        ("'aaaaaaaa'.matches('(a+)+$')", "`matches` is not available"),
        (long.as_str(), "more than 1000 words"),
        (deep.as_str(), ""),
    ];
    let places = [
        ("\"daysBetween(record.starts, record.ends) + 1\"", "\"{}\"", "entities[0].fields[3].formula"),
        ("check = \"!(record.ends < record.starts)\"", "check = \"{}\"", "entities[0].rules[0].check"),
        ("when = \"!(record.stage in ['rejected', 'withdrawn'])\"", "when = \"{}\"", "constraints[0].when"),
        ("id = \"request\"", "id = \"request\"\nwhen = \"{}\"", "hooks[0].when"),
        ("tree = \"leave\"", "tree = \"leave\"\nwhen = \"{}\"", "surfaces[0].when"),
    ];
    for (from, to, place) in places {
        for (expression, why) in endless {
            let edit = |manifest: String| {
                assert!(manifest.contains(from), "{from}");
                manifest.replacen(from, &to.replace("{}", expression), 1)
            };
            let problem = install(&app, leave("1.0.0", edit, &[])).await.problem(422, "plugin.invalid");
            let words = problem["fields"]["file"]["message"].as_str().unwrap();
            // Formulas and rules, which are exact, know fewer functions and may say that first.
            let told = words.contains(why) || !place.ends_with("when");
            assert!(words.contains(place) && told, "{place} {expression:.40}: {words}");
        }
    }
    app.finish().await;
}
