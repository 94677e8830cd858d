use records::Catalogue;
use serde_json::json;

use super::*;
use crate::manifest::Manifest;
use crate::manifest::known::Known;
use crate::package::{Files, TrustedKeys, write};

const MANIFEST: &str = r#"
id = "acme.leads"
version = "1.0.0"
api = "1"
title.en = "Leads"
[permissions.records.lead]
read = ["title", "amount", "owner", "stage", "created_at", "company"]
reason.en = "To show them."
[permissions.records.company]
read = ["title", "industry"]
reason.en = "To show them."
[[surfaces]]
slot = "nav.page"
id = "leads"
title = "@page"
tree = "page"
when = "'sales' in me.roles || me.admin"
"#;

const PAGE: &str = r#"
params.stage = { type = "text", default = "new" }
sources.all = { records = "lead", fields = ["title", "amount"], limit = 20, filter = { and = [
  { field = "stage", op = "eq", value = "=params.stage" }, { field = "company.industry", op = "eq", value = "it" }] } }
sources.sums = { aggregate = "lead", group_by = ["stage"], measures = [{ op = "sum", field = "amount" }] }
sources.days = { plugin = "balance", columns = [{ key = "left", label = "@left", type = "integer" }] }
blocks = [
  { block = "stats", tiles = [{ label = "@left", value = "=sources.days.first.left", tone = "accent" }] },
  { block = "table", id = "all", source = "all", columns = ["title", { name = "amount", sum = true },
    { name = "twice", label = "@left", value = "=row.amount * 2.0" }],
    row_actions = [{ label = "@page", when = "=row.stage == 'new'", update = { stage = "won" } },
      { label = "@page", act = "approve", ask = [{ name = "why", label = "@left" }] }] },
  { block = "chart", source = "sums", kind = "bar", x = "stage", y = "sum_amount" },
  { block = "form", entity = "lead", fields = ["title", "amount"] },
]
"#;

fn package(manifest: &str, page: &str) -> Package {
    let texts = "page = \"Page\"\nleft = \"Left\"\n";
    let files: Files = [
        ("plugin.toml", manifest),
        ("component.wasm", "\0asm"),
        ("i18n/en.toml", texts),
        ("i18n/ru.toml", texts),
        ("ui/page.toml", page),
    ]
    .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()))
    .into();
    Package::read(&write(&files, None).unwrap(), &TrustedKeys::default()).unwrap()
}

fn whole(manifest: &str, page: &str) -> Result<Vec<Surface>, ManifestError> {
    let package = package(manifest, page);
    let surfaces = read(&package)?;
    names(&package.manifest, &surfaces, &Catalogue::core(), Known::ToAll)?;
    Ok(surfaces)
}

#[test]
fn a_page_becomes_what_the_portal_draws() {
    let surfaces = whole(MANIFEST, PAGE).unwrap();
    let tree = surfaces[0].tree.as_ref().unwrap();
    assert_eq!(tree.json["v"], 1);
    let tile = &tree.json["blocks"][0]["tiles"][0];
    assert_eq!(tile["label"], json!({"t": "left"}));
    let days = json!({"get": [{"get": [{"get": [{"name": "sources"}, "days"]}, "first"]}, "left"]});
    assert_eq!(tile["value"], json!({"=": days}));
    assert_eq!(tree.json["sources"]["all"]["filter"]["and"][1]["value"], "it");
    assert!(tree.found.acts.contains("approve"));
    let asked = pages(&surfaces).unwrap();
    assert_eq!((asked.sources.len(), asked.acts.len()), (1, 1), "{asked:?}");
    assert_eq!(tree.hash.len(), 64);
    assert_eq!(whole(MANIFEST, PAGE).unwrap()[0].hash(), tree.hash);
}

#[test]
fn what_the_host_cannot_do_yet_is_refused() {
    for (from, to, expected) in [
        (
            "type = \"integer\"",
            "type = \"whole\"",
            "sources.days: the column `left` has the type `whole`; there are text",
        ),
        (
            "blocks = [\n",
            "blocks = [\n{ block = \"audio\", file = \"x\" },\n",
            "`audio`: fields with files are not there yet",
        ),
    ] {
        assert!(PAGE.contains(from), "{from}");
        let surfaces = whole(MANIFEST, &PAGE.replacen(from, to, 1)).unwrap();
        let error = pages(&surfaces).unwrap_err().to_string();
        assert!(error.starts_with("ui/page.toml: ") && error.contains(expected), "{error}");
    }
}

#[test]
fn in_a_tree_of_the_code_a_string_is_itself_whatever_stands_in_it() {
    let texts = package(MANIFEST, PAGE).texts;
    let made = |block: Json| {
        let tree = json!({ "v": 1, "blocks": [block] });
        compiled(&tree, Compiler::of_wire(&texts), "the tree").map(|tree| tree.json["blocks"][0].clone())
    };
    let text =
        |markdown: Json| made(json!({ "block": "text", "markdown": markdown })).map(|block| block["markdown"].clone());
    for said in ["=1 + 1", "@left", "Left"] {
        assert_eq!(text(json!(said)).unwrap(), json!(said));
    }
    assert_eq!(text(json!({ "t": "left" })).unwrap(), json!({ "t": "left" }));
    assert_eq!(text(json!({ "=": "1 + 1" })).unwrap(), json!({ "=": { "call": ["+", 1, 1] } }));
    for (lie, expected) in [
        (json!({ "=": { "call": ["+", 1, 1] } }), "must be a text"),
        (json!({ "=": "nobody.knows" }), "`nobody` is not defined"),
        (json!({ "t": "no such text" }), "has no text"),
        (json!(1), "must be a text"),
    ] {
        let error = text(lie).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert_eq!(made(json!({ "block": "hologram" })).unwrap(), json!({ "block": "hologram", "else": [] }));
}

#[track_caller]
fn check(from: &str, to: &str, expected: &str) {
    assert!(PAGE.contains(from), "{from}");
    let error = whole(MANIFEST, &PAGE.replacen(from, to, 1)).map(drop).expect_err(to).to_string();
    assert!(error.starts_with("ui/page.toml: ") && error.contains(expected), "{to}: {error}");
}

#[test]
fn what_is_wrong_is_said_with_file_and_block() {
    check(
        "block = \"stats\"",
        "block = \"stast\"",
        "block `stast` (blocks[0]): there is no block `stast`, and it has no `else`; did you mean `stats`?",
    );
    check("sum = true", "smu = true", "block `all` (blocks[1].columns[1]): unknown key `smu`; did you mean `sum`?");
    check(", kind = \"bar\"", "", "block `chart` (blocks[2]): `kind` is missing");
    check("kind = \"bar\"", "kind = \"bars\"", "must be one of \"bar\", \"line\"");
    check("tone = \"accent\"", "tone = \"red\"", "tiles[0].tone): must be one of \"plain\"");
    check("label = \"@left\", value", "label = \"Left\", value", "people read \"Left\": put it into i18n/*.toml");
    check("label = \"@left\", value", "label = \"@lest\", value", "no text \"lest\"; did you mean `left`?");
    check("=row.amount * 2.0", "=row.amount *", "`row.amount *`: Syntax");
    check("=row.amount * 2.0", "=rwo.amount", "`rwo` is not defined");
    check(
        "sources.days.first",
        "sources.dasy.first",
        "block `stats` (blocks[0].tiles[0].value): there is no source `dasy`; did you mean `days`?",
    );
    check("source = \"all\"", "source = \"al\"", "there is no source `al`; did you mean `all`?");
    check("update = { stage", "delete = true, update = { stage", "an action has one verb");
    check("block = \"form\"", "block = \"form\", id = \"all\"", "the id `all` is used twice");
    check(
        "entity = \"lead\", fields = [\"title\"",
        "entity = \"laed\", fields = [\"title\"",
        "no entity `laed`; did you mean `lead`?",
    );
    check(
        "fields = [\"title\", \"amount\"] },",
        "fields = [\"titel\"] },",
        "no field of lead `titel`; did you mean `title`?",
    );
    check("limit = 20", "limit = 2000", "sources.all: limit: must be from 1 to 500");
    check("value = \"=params.stage\"", "value = \"=params.\"", "sources.all.filter.and[0].value: `params.`");
    check("blocks = [", "blokcs = [", "unknown key `blokcs`; did you mean `blocks`?");
    check("blocks = [", "blocks = ", "line ");
}

#[test]
fn sources_ask_for_what_there_is_and_what_was_granted() {
    check("records = \"lead\"", "records = \"laed\"", "sources.all: there is no entity `laed`; did you mean `lead`?");
    check("records = \"lead\"", "records = \"deal\"", "add [permissions.records.deal]");
    check(
        "[\"title\", \"amount\"], limit",
        "[\"title\", \"comments\"], limit",
        "`comments` is not among the fields of lead",
    );
    check("[\"title\", \"amount\"], limit", "[\"title\", \"amuont\"], limit", "did you mean `amount`?");
    check("field = \"stage\"", "field = \"satge\"", "sources.all: there is no field of lead `satge`");
    check("company.industry", "company.phone", "no field of company `phone`");
    check("company.industry", "owner.name", "is no link to one entity");
    check("op = \"eq\", value = \"it\"", "op = \"like\", value = \"it\"", "sources.all: ");
    check("field = \"amount\" }] }", "field = \"amuont\" }] }", "sources.sums: there is no field of lead `amuont`");
    check(
        "y = \"sum_amount\"",
        "y = \"avg_amount\"",
        "no column of the source `sums` `avg_amount`; did you mean `sum_amount`?",
    );
    check("columns = [\"title\"", "columns = [\"stage\"", "no column of the source `all` `stage`");
    check("records = \"lead\"", "records = \"=params.stage\"", "takes no expression");
    check("filter = { and = [", "filter = { and = \"=params.x\", or = [", "sources.all: filter: ");
}

#[test]
fn sources_hang_on_one_another_in_two_steps_at_most() {
    let source = |name: &str, on: &str| {
        let filter = format!("{{ field = \"id\", op = \"eq\", value = \"=sources.{on}.first.id\" }}");
        format!("sources.{name} = {{ records = \"lead\", filter = {filter} }}\n")
    };
    let last = "sources.c = { records = \"lead\" }\n";
    whole(MANIFEST, &format!("{}{last}{PAGE}", source("b", "c"))).unwrap();
    for (more, expected) in [
        (format!("{}{}{last}", source("a", "b"), source("b", "c")), "a chain of more than 2 sources: a on b on c"),
        (format!("{}{}", source("a", "b"), source("b", "a")), "hang on themselves: a on b on a"),
        (source("a", "a"), "hang on themselves: a on a"),
    ] {
        let error = whole(MANIFEST, &format!("{more}{PAGE}")).map(drop).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn what_is_too_large_or_too_deep_is_refused() {
    let text = "{ block = \"text\", markdown = \"@page\" }";
    let page = |blocks: &str| whole(MANIFEST, &format!("blocks = [{blocks}]")).map(drop);
    let refused = |blocks: &str, expected: &str| {
        let error = page(blocks).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let many = |count: usize| vec![text; count].join(",");
    page(&many(300)).unwrap();
    refused(&many(301), "more than 300 blocks");
    let deep = |levels: usize| {
        (1..levels).fold(text.to_owned(), |inner, _| format!("{{ block = \"section\", blocks = [{inner}] }}"))
    };
    page(&deep(8)).unwrap();
    refused(&deep(9), "more than 8 blocks inside one another");
    refused(&format!("\"{}\"", "x".repeat(300_000)), "larger than 256 KiB");
    refused(&deep(2_000), "ui/page.toml: ");
    let columns = vec!["\"title\""; 41].join(",");
    let table = format!("{{ block = \"table\", source = \"x\", columns = [{columns}] }}");
    refused(&table, "has 41 members, and may have 40");
    refused("{ block = \"text\", markdown = \"=row.all(a, row.all(b, row.all(c, true)))\" }", "inside one another");
    page("{ block = \"hologram\", beam = 5, else = [{ block = \"text\", markdown = \"@page\" }] }").unwrap();
}

#[test]
fn declarations_are_checked_too() {
    let refused = |from: &str, to: &str, expected: &str| {
        let manifest = MANIFEST.replacen(from, to, 1);
        let parsed = Manifest::parse(&manifest);
        let error = match parsed {
            Err(error) => error,
            Ok(_) => whole(&manifest, PAGE).map(drop).expect_err(to),
        };
        assert!(error.to_string().contains(expected), "{to}: {error}");
    };
    refused("nav.page", "nav.pgae", "surfaces[0].slot: there is no slot `nav.pgae`; did you mean `nav.page`?");
    refused("nav.page", "record.lead.tba", "of `record.lead` there are tab, sidebar");
    refused("nav.page", "record.laed.tab", "surfaces[0].slot: there is no entity `laed`");
    for slot in ["calendar.layer", "call.card", "process.action-form"] {
        refused("nav.page", slot, &format!("the portal has no place for `{slot}` yet: it would draw nothing"));
    }
    let icon = |name: &str| format!("tree = \"page\"\nicon = \"{name}\"");
    refused(
        "tree = \"page\"",
        &icon("calender"),
        "surfaces[0].icon: there is no icon `calender`; did you mean `calendar`?",
    );
    refused("tree = \"page\"", &icon("hippopotamus"), "they are listed in ui/icons.json");
    whole(&MANIFEST.replacen("tree = \"page\"", &icon("chart-bar"), 1), PAGE).unwrap();
    refused("@page", "Leads", "surfaces[0].title: must be `@key`");
    refused("tree = \"page\"", "tree = \"pgae\"", "surfaces[0].tree: the package has no file ui/pgae.toml");
    refused("tree = \"page\"", "", "either `tree`");
    refused("tree = \"page\"", "tree = \"page\"\norder = 1001", "from 0 to 1000");
    refused("'sales' in me.roles", "record.stage == 'new'", "surfaces[0].when: `record`: only `me`");
    refused("[[surfaces]]", "[[surfaces]]\nid = \"x\"", "duplicate key");
}

const ASK: &str = r#"
state = { sent = false }
sources.queue = { plugin = "queue", columns = [{ key = "waiting", label = "@left", type = "integer" }] }
blocks = [
  { block = "text", when = "=!state.sent", markdown = "@page" },
  { block = "form", fields = [{ name = "name", label = "@left", type = "text" }],
    submit = { label = "@page", act = "send", input = { name = "=form.name" } } },
  { block = "notice", when = "=sources.queue.first.waiting > 0", text = "@page" },
]
"#;

#[test]
fn a_public_page_asks_nothing_of_the_company_and_tells_no_names() {
    let public = MANIFEST.replacen("nav.page", "public.page", 1).replacen(
        "when = \"'sales' in me.roles || me.admin\"",
        "while_disabled = \"@left\"",
        1,
    );
    let surfaces = whole(&public, ASK).unwrap();
    assert!(surfaces[0].declared.is_public() && surfaces[0].tree.is_some());
    let check = |from: &str, to: &str, expected: &str| {
        let page = ASK.replacen(from, to, 1);
        assert!(page != ASK, "{from}");
        let error = whole(&public, &page).expect_err(to).to_string();
        assert!(error.contains("ui/page.toml: ") && error.contains(expected), "{to}: {error}");
    };
    check("block = \"notice\"", "block = \"code\"", "no place for the block `code`");
    check("act = \"send\"", "create = { entity = \"lead\", fields = {} }", "an action with `create`");
    check("act = \"send\"", "open = { page = \"leads\" }", "an action with `open`");
    check("act = \"send\"", "act = \"send\", then = [{ open = { page = \"x\" } }]", "an action with `open`");
    check("type = \"text\" }", "type = \"user\" }", "an input of the type `user`");
    check("type = \"text\" }", "type = \"txet\" }", "did you mean `text`?");
    let files = ASK.replacen("type = \"text\" }", "type = \"file\" }", 1);
    let asked = whole(&public, &files).unwrap();
    let taken = |surfaces: &[Surface]| surfaces[0].tree.as_ref().unwrap().found.uploads.get("name").copied();
    assert_eq!(taken(&asked), Some(1));
    let five = files.replacen("type = \"file\"", "type = \"file\", max = 5", 1);
    assert_eq!(taken(&whole(&public, &five).unwrap()), Some(5));
    let inside = whole(MANIFEST, &files).unwrap_err().to_string();
    assert!(inside.contains("inputs that take files are for public pages"), "{inside}");
    let many = "type = \"file\", max = 6 }";
    check("type = \"text\" }", many, "`max` of an input that takes files is a number from 1 to 5");
    check("type = \"text\" }", "type = \"file\", max = \"=params.most\" }", "is a number from 1 to 5");
    let rows = "type = \"rows\", fields = [{ name = \"x\", label = \"@left\", type = \"file\" }] }";
    check("type = \"text\" }", rows, "rows take no files");
    check("!state.sent", "me.admin", "`me`: nobody is signed in");
    check("!state.sent", "can('lead', 'read')", "`can`: nobody is signed in");
    check("type = \"integer\"", "type = \"user\"", "the column `waiting` would name the company's people");
    let records = "{ records = \"lead\", fields = [\"title\"] }";
    let queue = "{ plugin = \"queue\", columns = [{ key = \"waiting\", label = \"@left\", type = \"integer\" }] }";
    check(queue, records, "sources.queue: a public page has sources that the plugin computes");
    check(
        "fields = [{ name = \"name\", label = \"@left\", type = \"text\" }]",
        "entity = \"lead\", fields = [\"title\"]",
        "`lead`",
    );
    let refused = |from: &str, to: &str, expected: &str| {
        let manifest = public.replacen(from, to, 1);
        let error = match Manifest::parse(&manifest) {
            Err(error) => error,
            Ok(_) => whole(&manifest, ASK).map(drop).expect_err(to),
        };
        assert!(error.to_string().contains(expected), "{to}: {error}");
    };
    refused("tree = \"page\"", "rendered = true", "surfaces[0].rendered: a public page is declared");
    refused("tree = \"page\"", "tree = \"page\"\nwhen = \"me.admin\"", "surfaces[0].when: a public page");
    refused("@left", "Closed", "surfaces[0].while_disabled: must be `@key`");
    refused("public.page", "nav.page", "surfaces[0].while_disabled: is for surfaces in the slot `public.page`");
    refused("public.page", "public.pgae", "did you mean `public.page`?");
}

const FRAMED: &str = r#"
sources.sums = { aggregate = "lead" }
blocks = [{ block = "frame", title = "@page", file = "map/index.html", sources = ["sums"], acts = ["greet"] }]
"#;

/// A package with a frame, its manifest and page changed, and with more files.
fn framed(manifest: &str, page: &str, more: &[(&str, usize)]) -> Result<(Vec<Surface>, Files), ManifestError> {
    let plain = package(manifest, page);
    let more = more.iter().map(|(path, bytes)| ((*path).to_owned(), vec![b'x'; *bytes]));
    let package = Package { assets: plain.assets.clone().into_iter().chain(more).collect(), ..plain };
    let surfaces = read(&package)?;
    let files = frames::read(&package, &surfaces)?;
    Ok((surfaces, files))
}

#[test]
fn a_frame_is_asked_for_and_loads_files_of_the_package() {
    let asked =
        MANIFEST.replacen("[[surfaces]]", "[permissions.ui]\nframe = true\nreason.en = \"To draw.\"\n[[surfaces]]", 1);
    let html = ("map/index.html", 10);
    let (surfaces, files) = framed(&asked, FRAMED, &[html, ("map/map.js", 10)]).unwrap();
    assert_eq!(files.keys().collect::<Vec<_>>(), ["map/index.html", "map/map.js"], "trees are no files of frames");
    let found = pages(&surfaces).unwrap();
    assert!(found.acts.contains("greet"), "{found:?}");
    assert!(Manifest::parse(&asked).unwrap().grant_keys().contains(&"ui.frame".to_owned()));
    let refused = |manifest: &str, page: &str, more: &[(&str, usize)], expected: &str| {
        let error = framed(manifest, page, more).map(drop).expect_err(expected).to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    };
    refused(MANIFEST, FRAMED, &[html], "ui/page.toml: block `frame`");
    refused(MANIFEST, FRAMED, &[html], "[permissions.ui] with `frame = true`");
    refused(&asked, FRAMED, &[("map/indx.html", 1)], "no page `ui/map/index.html`; did you mean `map/indx.html`?");
    refused(&asked, &FRAMED.replacen("map/index.html", "map/map.js", 1), &[html, ("map/map.js", 1)], "no page");
    refused(&asked, &FRAMED.replacen("title = \"@page\", ", "", 1), &[html], "a frame has a `title`");
    refused(&asked, &FRAMED.replacen("[\"sums\"]", "[\"smus\"]", 1), &[html], "did you mean `sums`?");
    refused(&asked, FRAMED, &[html, ("map/run.exe", 1)], "`ui/map/run.exe` is of no type that a frame loads");
    refused(&asked, FRAMED, &[html, ("map/a.png", 5 * 1024 * 1024)], "5 MiB in all");
    let frame = "{ block = \"frame\", title = \"@page\", file = \"map/index.html\" }";
    refused(&asked, &format!("blocks = [{frame}, {frame}, {frame}]"), &[html], "at most 2 frames");
    let nothing = asked.replacen("frame = true", "frame = false", 1);
    let error = Manifest::parse(&nothing).unwrap_err().to_string();
    assert!(error.contains("permissions.ui: asks for nothing"), "{error}");
    let public = asked.replacen("nav.page", "public.page", 1).replacen(
        "when = \"'sales' in me.roles || me.admin\"",
        "while_disabled = \"@left\"",
        1,
    );
    refused(&public, FRAMED, &[html], "a public page has no place for the block `frame`");
}
