//! Many companies on one node, each with five plugins of five entities: how long the server takes to start, and how much
//! memory a company takes once somebody of it has asked for something.

use kernel::{Locale, UserId};
use people::token::NewToken;
use plugin_host::dev::project;
use plugin_host::settings::Settings;
use plugin_host::{Grants, package};
use tokio::runtime::Runtime;
use verstak::AppState;
use verstak::setup::{NewCompany, create_company};

use crate::Outcome;
use crate::arguments::{Arguments, Place};
use crate::capture::Seen;
use crate::client::{Ask, Client};
use crate::company;
use crate::measure::{count, middle};
use crate::modules::drain;
use crate::report::{Report, say};
use crate::server::Server;
use crate::suite::{address, open, verdict};

/// Companies; a tenth of them in a small run.
const COMPANIES: usize = 1_000;
/// Plugins of each, and entities of each of these.
const PLUGINS: usize = 5;
const ENTITIES: usize = 5;
const STARTS: usize = 3;
/// Memory that a company may take, KiB.
const EACH: f64 = 50.0;
/// Within which the server answers its first request, milliseconds.
const COLD: f64 = 500.0;

/// What was found out.
struct Found {
    companies: usize,
    /// Milliseconds from a cold start to an answer, with one company and with all.
    starts: [f64; 2],
    /// MiB of the server's own: with one company, with all before any of them asks, after all have.
    memory: [f64; 3],
}

/// Measures it on one database.
pub fn measure(runtime: &Runtime, arguments: &Arguments, place: &Place, report: &mut Report) -> Outcome {
    let companies = if arguments.leads < 10_000 { COMPANIES / 10 } else { COMPANIES };
    say(&format!("{}: {companies} companies with {PLUGINS} plugins", place.name));
    let folder = arguments.scratch()?;
    let url = runtime.block_on(address(place, folder.path()))?;
    let state = runtime.block_on(open(&url, folder.path(), &Seen::default()))?;
    let first = runtime.block_on(company::make(&state, "Bench"))?;
    let mut plugins = Vec::new();
    for package in packages(arguments)? {
        plugins.push(runtime.block_on(state.plugins.install(&first.ctx, &package))?);
    }
    let start = || Server::start(&arguments.verstak, folder.path(), &url, &first.token);
    let (alone, idle) = (starts(start)?, start()?.own_memory()?);
    let tokens = runtime.block_on(many(&state, &plugins, companies))?;
    drop(state);
    let all = starts(start)?;
    let server = start()?;
    let begun = server.own_memory()?;
    for token in &tokens {
        let path = format!("/api/v1/records/{}?limit=1", entity(1, 1));
        Client::new(server.address, token)?.send(&Ask { method: "GET", path, body: None })?;
    }
    let found = Found { companies, starts: [alone, all], memory: [idle, begun, server.own_memory()?] };
    report.section(
        &format!("{}: {companies} companies", place.name),
        &format!(
            "Each with {PLUGINS} plugins of {ENTITIES} entities, whose code is one and the same; then somebody of each company asks for a \
             list of such an entity."
        ),
    );
    report.table(&["", "measured", "target", ""], &table(&found));
    Ok(())
}

fn table(found: &Found) -> Vec<Vec<String>> {
    let [alone, all] = found.starts;
    let [idle, begun, asked] = found.memory;
    let each = (asked - idle) * 1024.0 / count(found.companies);
    let shown = |name: &str, measured: String| vec![name.to_owned(), measured, String::new(), String::new()];
    let held = |name: &str, measured: String, target: String, met: bool| {
        vec![name.to_owned(), measured, format!("< {target}"), verdict(met)]
    };
    let rows = vec![
        shown("cold start with one company, middle of 3", format!("{alone:.0} ms")),
        held("cold start with all of them", format!("{all:.0} ms"), format!("{COLD:.0} ms"), all < COLD),
        shown("memory of its own with one company", format!("{idle:.1} MiB")),
        shown("with all of them, none of which has asked", format!("{begun:.1} MiB")),
        shown("when each has asked", format!("{asked:.1} MiB")),
        held("of that for each company", format!("{each:.1} KiB"), format!("{EACH:.0} KiB"), each < EACH),
    ];
    rows.iter().for_each(|row| say(&format!("  {}", row.join("  "))));
    rows
}

/// The middle of some cold starts, in milliseconds.
fn starts(start: impl Fn() -> Outcome<Server>) -> Outcome<f64> {
    let all: Outcome<Vec<f64>> = (0..STARTS).map(|_| Ok(start()?.started.as_secs_f64() * 1e3)).collect();
    Ok(middle(all?))
}

fn entity(plugin: usize, number: usize) -> String {
    format!("many{plugin}_e{number}")
}

/// The plain guest under so many names, each with entities of its own.
fn packages(arguments: &Arguments) -> Outcome<Vec<Vec<u8>>> {
    let folder = arguments.root.join("core/plugin_host/tests/guests/plain");
    let component = project::build(&folder, Some(&arguments.components))?;
    let files = project::gather(&folder, &component)?;
    let plain = files.get("plugin.toml").ok_or("the guest has no manifest")?;
    let plain = String::from_utf8_lossy(plain).into_owned();
    let one = |plugin: usize| -> Outcome<Vec<u8>> {
        let head = format!("api = \"^1.5\"\nprefix = \"many{plugin}\"");
        let mut manifest = plain.replace("test.plain", &format!("bench.many{plugin}")).replace("api = \"1\"", &head);
        let mut texts = String::new();
        for number in 1..=ENTITIES {
            let key = entity(plugin, number);
            manifest += &declared(&key);
            texts += &named(&key);
        }
        let mut files = files.clone();
        files.insert("plugin.toml".to_owned(), manifest.into_bytes());
        files.insert("i18n/en.toml".to_owned(), texts.into_bytes());
        Ok(package::write(&files, None)?)
    };
    (1..=PLUGINS).map(one).collect()
}

/// An entity with stages and a field of each usual kind.
fn declared(key: &str) -> String {
    format!(
        r#"
[[entities]]
key = "{key}"
list = ["title", "owner", "stage", "note", "day"]
stages = [{{ key = "open" }}, {{ key = "done", semantic = "won" }}]
fields = [
  {{ key = "note", type = "text" }},
  {{ key = "pieces", type = "integer" }},
  {{ key = "day", type = "date" }},
  {{ key = "kind", type = "choice", choices = ["one", "two"] }},
  {{ key = "helper", type = "user" }},
]
"#
    )
}

/// Its names.
fn named(key: &str) -> String {
    let fields = ["note", "pieces", "day", "kind", "helper"].map(|field| format!("field.{key}.{field}"));
    let more = ["stage.open", "stage.done", "choice.kind.one", "choice.kind.two"].map(|name| {
        let (what, rest) = name.split_once('.').unwrap_or((name, ""));
        format!("{what}.{key}.{rest}")
    });
    let own = [format!("entity.{key}"), format!("entity.{key}.many")];
    own.iter().chain(&fields).chain(&more).map(|name| format!("\"{name}\" = \"{name}\"\n")).collect()
}

/// Companies with all of the plugins, and a token of somebody in each.
async fn many(state: &AppState, plugins: &[String], companies: usize) -> Outcome<Vec<String>> {
    let mut tokens = Vec::with_capacity(companies);
    for number in 0..companies {
        let input = NewCompany {
            name: format!("Tenant {number}"),
            locale: Locale::En,
            admin_email: format!("admin@tenant-{number}.example"),
            admin_name: "Ada Admin".to_owned(),
            admin_password: state.env.secret(),
        };
        let (tenant, admin) = create_company(&state.db, &state.env, &input).await?;
        let id = UserId(admin.id);
        let ctx = state.identities.of_user(tenant.id, id).await?.ctx(&state.env);
        for plugin in plugins {
            state.plugins.enable(&ctx, plugin, &Grants::Requested, Some(&Settings::new())).await?;
        }
        let token = NewToken { name: "bench".to_owned(), scopes: Vec::new(), expires_at: None };
        tokens.push(people::token::create(&state.db, &tenant.system_ctx(&state.env), id, &token).await?.1);
    }
    drain(state).await?;
    state.db.learn().await?;
    Ok(tokens)
}
