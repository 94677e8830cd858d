use super::Manifest;

const GOOD: &str = r#"
id = "acme.leads"
version = "1.2.3"
api = "1"
title.en = "Leads"
[permissions.records.lead]
read = ["title", "amount"]
write = ["title"]
reason.en = "To check them."
[[hooks]]
id = "check"
entity = "lead"
operations = ["create", "update"]
watch = ["amount"]
when = "fields.amount > 10"
[[events]]
id = "made"
on = ["lead.created"]
[[routes]]
method = "POST"
path = "/form"
auth = "hmac"
[[actions]]
id = "discount"
title.en = "Discount"
[[actions.input]]
name = "amount"
type = "number"
required = true
[[actions.output]]
name = "percent"
type = "integer"
[[conditions]]
id = "large"
title.en = "A large deal"
[[settings]]
key = "hours"
type = "integer"
default = 3
min = 1
label.en = "Hours"
"#;

fn check(from: &str, to: &str, expected: &str) {
    assert!(GOOD.contains(from), "{from}");
    let error = Manifest::parse(&GOOD.replacen(from, to, 1)).expect_err(to).to_string();
    assert!(error.contains(expected), "{to}: {error}");
}

#[test]
fn a_good_manifest_is_read() {
    let manifest = Manifest::parse(GOOD).unwrap();
    assert_eq!(manifest.grant_keys(), ["records.lead"]);
    assert_eq!(manifest.hooks[0].order, 1000);
    assert!(manifest.events[0].wants("lead.created") && !manifest.events[0].wants("lead.updated"));
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    check("id = \"acme.leads\"", "id = \"Acme\"", "id: must be `publisher.name`");
    check("version = \"1.2.3\"", "version = \"one\"", "line 3, column 11");
    check("api = \"1\"", "api = \"2\"", "api: this host serves 1.5.0");
    check("title.en = \"Leads\"", "title.ru = \"Лиды\"", "title.en: English words are required");
    check("title.en = \"Leads\"", "title = { en = \"Leads\", xx = \"?\" }", "title.xx: unknown language");
    check("title.en = \"Leads\"", "titel.en = \"Leads\"", "unknown field `titel`");
    check("watch = [\"amount\"]", "watch = [\"owner\"]", "hooks[0].watch: `owner` is not among the fields");
    check("watch = [\"amount\"]", "wach = []", "unknown field `wach`");
    check("entity = \"lead\"", "entity = \"deal\"", "hooks[0].entity: add [permissions.records.deal]");
    check("operations = [\"create\", \"update\"]", "operations = []", "hooks[0].operations: name at least one");
    check("operations = [\"create\", \"update\"]", "operations = [\"drop\"]", "unknown variant `drop`");
    check("fields.amount > 10", "fields.amount >", "hooks[0].when");
    check("on = [\"lead.created\"]", "on = [\"deal.created\"]", "events[0].on: add [permissions.records.deal]");
    check("on = [\"lead.created\"]", "on = [\"created\"]", "is not an event name");
    check("path = \"/form\"", "path = \"/../form\"", "routes[0].path");
    check("method = \"POST\"", "method = \"post\"", "routes[0].method");
    check("auth = \"hmac\"", "auth = \"magic\"", "unknown variant `magic`");
    check("default = 3", "default = 0", "settings[0].default: does not fit");
    check("default = 3", "default = \"x\"", "settings[0].default: does not fit");
    check("\"hours\"\ntype = \"integer\"", "\"hours\"\ntype = \"choice\"", "settings[0].choices");
    check(
        "[[routes]]",
        "[[events]]\nid = \"made\"\non = [\"lead.updated\"]\n[[routes]]",
        "events[1]: `made` is declared twice",
    );
    check("id = \"discount\"", "id = \"Discount\"", "actions[0].id: must be lower-case");
    check("title.en = \"Discount\"", "title.ru = \"Скидка\"", "actions[0].title.en: English words");
    check("name = \"amount\"", "name = \"1st\"", "actions[0].input[0].name: must be a letter");
    check("name = \"percent\"\ntype = \"integer\"", "name = \"percent\"\ntype = \"float\"", "unknown variant `float`");
    check("id = \"large\"", "id = \"discount\"", "conditions[0].id: `discount` is an action already");
    let processes = |rows: &str| format!("[permissions.processes]\nreason.en = \"x\"\n{rows}[[hooks]]");
    check("[[hooks]]", &processes(""), "permissions.processes: name what it may do");
    check("[[hooks]]", "[permissions.tasks]\nactions = []\nreason.en = \"x\"\n[[hooks]]", "permissions.tasks.actions");
    check("[[hooks]]", "[permissions.tasks]\nactions = [\"read\"]\n[[hooks]]", "permissions.tasks.reason.en: English");
    check(
        "[[hooks]]",
        "[permissions.tasks]\nactions = [\"drop\"]\n[[hooks]]",
        "permissions.tasks: unknown variant `drop`",
    );
    check("[[hooks]]", "[permissions.moon]\nreason.en = \"x\"\n[[hooks]]", "unknown field `moon`");
    check(
        "[permissions.records.lead]",
        "[permissions]\nrun_as = \"x\"\n[permissions.records.lead]",
        "permissions.run_as",
    );
    check("write = [\"title\"]", "actions = [\"create\"]", "permissions.records.lead.write: name the fields");
}
