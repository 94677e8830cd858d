//! Who owns which table: a table is read and written by its owning crate alone. Others ask its functions, or combine the
//! relations it gives (selects with named columns).
//!
//! Data enters as the repository's texts (migrations, sources of core/, core/README.md) and leaves as findings. The
//! integration tests may look into any table: they are witnesses, not parts of the product.

mod schema;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use super::Finding;

/// The tables of each crate of core/, by its folder. core/README.md shows the same list.
const OWNERS: &[(&str, &[&str])] = &[
    (
        "kernel",
        &[
            "audit",
            "event_log",
            "event_reader",
            "file_usage",
            "job",
            "lease",
            "long_job",
            "schedule",
            "seal_key",
            "sequence",
            "stored_file",
        ],
    ),
    (
        "people",
        &[
            "access_row",
            "api_token",
            "department",
            "department_head",
            "department_member",
            "field_right",
            "guest_comment",
            "guest_link",
            "provider_account",
            "role",
            "second_factor",
            "session",
            "sign_in_attempt",
            "sign_in_link",
            "sign_in_provider",
            "tenant",
            "user_account",
            "user_role",
        ],
    ),
    (
        "records",
        &[
            "absence",
            "activity",
            "batch",
            "catalogue_revision",
            "communication",
            "company",
            "contact",
            "currency_rate",
            "deal",
            "directory",
            "duplicate_policy",
            "entity_definition",
            "field_condition",
            "field_definition",
            "import",
            "import_refusal",
            "layout",
            "lead",
            "list_export",
            "list_export_piece",
            "merge_along",
            "organization",
            "pipeline",
            "product",
            "record_claim",
            "record_link",
            "record_view",
            "sale_invoice",
            "sale_number_series",
            "sale_order",
            "sale_payment",
            "sale_price",
            "sale_price_list",
            "sale_quote",
            "sale_tax",
            "search_document",
            "search_gap",
            "search_index",
            "search_pending",
            "shared_record",
            "stage",
            "stage_total",
            "stage_transition",
            "task",
            "text_form",
            "validation_rule",
        ],
    ),
    (
        "messaging",
        &[
            "mail_outbox",
            "message",
            "message_gateway",
            "message_inbox",
            "message_pace",
            "message_received",
            "notification",
            "notification_setting",
            "webhook",
            "webhook_delivery",
            "webhook_revision",
        ],
    ),
    ("crm", &["number_counter", "payment_part"]),
    ("documents", &["document_template", "made_document", "own_template", "own_template_version"]),
    ("work", &["calendar", "task_contract", "task_executor", "task_turn", "task_vote"]),
    (
        "process",
        &[
            "automation_hook",
            "automation_revision",
            "automation_rule",
            "automation_run",
            "process_callable",
            "process_definition",
            "process_drawing",
            "process_drawing_note",
            "process_drawing_revision",
            "process_instance",
            "process_migration",
            "process_start",
            "process_step",
            "process_version",
            "process_visit",
            "process_wait",
        ],
    ),
    (
        "reports",
        &["report_dashboard", "report_export", "report_plan", "report_saved", "report_schedule", "report_sent"],
    ),
    (
        "plugin_host",
        &[
            "plugin",
            "plugin_change",
            "plugin_cost",
            "plugin_fill",
            "plugin_job",
            "plugin_kv",
            "plugin_log",
            "plugin_page_link",
            "plugin_public_page",
            "plugin_schedule",
            "plugin_seen",
            "plugin_tenant",
            "plugin_version",
        ],
    ),
    ("server", &["configuration_import", "idempotency_key"]),
];

/// Files that still name a table of another crate, with the tables and why. One that no longer does is a finding too.
const EXCEPTIONS: &[(&str, &[&str], &str)] = &[];

/// Where the list is shown to people.
const README: &str = "core/README.md";
/// The heading above it there.
const HEADING: &str = "## Owners of tables";

/// Checks the owners against the schema, the sources against the owners, and the README against the list. Texts of the
/// whole repository by their paths relative to its root.
pub fn check(texts: &BTreeMap<PathBuf, String>) -> Vec<Finding> {
    Rules { owners: OWNERS, exceptions: EXCEPTIONS }.check(texts)
}

/// The lists, so that tests can have their own.
struct Rules {
    owners: &'static [(&'static str, &'static [&'static str])],
    exceptions: &'static [(&'static str, &'static [&'static str], &'static str)],
}

impl Rules {
    fn check(&self, texts: &BTreeMap<PathBuf, String>) -> Vec<Finding> {
        let mut findings = self.against_schema(texts);
        findings.extend(self.sources(texts));
        findings.extend(self.readme(texts.get(Path::new(README)).map_or("", String::as_str)));
        findings
    }

    fn owner(&self, table: &str) -> Option<&'static str> {
        self.owners.iter().find(|(_, tables)| tables.contains(&table)).map(|(owner, _)| *owner)
    }

    /// Every table of the schema has one owner, and every owner's table is in the schema.
    fn against_schema(&self, texts: &BTreeMap<PathBuf, String>) -> Vec<Finding> {
        let migrations = texts.iter().filter(|(file, _)| file.starts_with("migrations/src"));
        let made = schema::tables(migrations.map(|(_, text)| text.as_str()));
        let mut findings = Vec::new();
        let mut owned = BTreeSet::new();
        for (owner, table) in self.owners.iter().flat_map(|(owner, tables)| tables.iter().map(move |t| (owner, *t))) {
            if !owned.insert(table) {
                findings.push(wrong_list(format!("`{table}` has two owners")));
            }
            if !made.contains(table) {
                findings.push(wrong_list(format!("`{owner}` owns `{table}`, which no migration makes")));
            }
        }
        let homeless = made.iter().filter(|table| !owned.contains(table.as_str()));
        findings.extend(homeless.map(|table| wrong_list(format!("`{table}` has no owner"))));
        findings
    }

    /// No crate of core/ names a table of another one.
    fn sources(&self, texts: &BTreeMap<PathBuf, String>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut used = BTreeSet::new();
        for (file, text) in texts {
            let Some(folder) = crate_of(file) else { continue };
            for (line, table) in source::tables_named(text, &|name| self.owner(name).is_some()) {
                let Some(owner) = self.owner(table).filter(|owner| *owner != folder) else { continue };
                let excepted = self
                    .exceptions
                    .iter()
                    .any(|(excepted, tables, _)| file == Path::new(excepted) && tables.contains(&table));
                if excepted {
                    used.insert((file.clone(), table));
                    continue;
                }
                let message = format!("`{table}` is a table of `{owner}`: ask a function of that crate instead");
                findings.push(Finding::new(file, line, message));
            }
        }
        for (file, tables, _) in self.exceptions {
            let idle = tables.iter().filter(|table| !used.contains(&(PathBuf::from(file), **table)));
            findings
                .extend(idle.map(|table| wrong_list(format!("the exception of {file} for `{table}` is not needed"))));
        }
        findings
    }

    /// The README shows this list, in this order.
    fn readme(&self, text: &str) -> Vec<Finding> {
        let section =
            text.lines().skip_while(|line| *line != HEADING).skip(1).take_while(|line| !line.starts_with('#'));
        let shown: Vec<&str> = section.filter(|line| line.starts_with("| [")).collect();
        let expected: Vec<String> = self.owners.iter().map(|(owner, tables)| row(owner, tables)).collect();
        if shown == expected {
            return Vec::new();
        }
        let message = format!("under \"{HEADING}\" should stand:\n{}", expected.join("\n"));
        vec![Finding::new(Path::new(README), 0, message)]
    }
}

fn wrong_list(message: String) -> Finding {
    Finding::new(Path::new("xtask/src/tidy/tables.rs"), 0, message)
}

fn row(owner: &str, tables: &[&str]) -> String {
    let names: Vec<String> = tables.iter().map(|table| format!("`{table}`")).collect();
    format!("| [{owner}]({owner}/src/lib.rs) | {} |", names.join(", "))
}

/// The folder of the crate of core/ whose product code a file is; none of tests.
fn crate_of(file: &Path) -> Option<&str> {
    let parts: Vec<&str> = file.components().filter_map(|part| plain(&part)).collect();
    let ["core", folder, "src", inside @ ..] = parts.as_slice() else { return None };
    let (name, folders) = inside.split_last()?;
    let tests = folders.contains(&"tests") || *name == "tests.rs" || name.ends_with("_tests.rs");
    (name.ends_with(".rs") && !tests).then_some(*folder)
}

fn plain<'a>(part: &Component<'a>) -> Option<&'a str> {
    match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules {
        owners: &[("people", &["user_account", "role"]), ("work", &["task"])],
        exceptions: &[("core/work/src/old.rs", &["role"], "to go")],
    };

    const SCHEMA: &str =
        "CREATE TABLE user_account (id TEXT); CREATE TABLE role (id TEXT); CREATE TABLE task (id TEXT);";
    const OLD: &str = "Query::select().from(\"role\")";

    fn check(files: &[(&str, &str)]) -> Vec<String> {
        let rows: Vec<String> = RULES.owners.iter().map(|(owner, tables)| row(owner, tables)).collect();
        let readme = format!("# x\n\n{HEADING}\n\n| crate | tables |\n|---|---|\n{}\n\n# y\n", rows.join("\n"));
        let mut texts = BTreeMap::from([
            (PathBuf::from("migrations/src/m1.rs"), SCHEMA.to_owned()),
            (PathBuf::from("core/work/src/old.rs"), OLD.to_owned()),
            (PathBuf::from(README), readme),
        ]);
        texts.extend(files.iter().map(|(file, text)| (PathBuf::from(file), (*text).to_owned())));
        RULES.check(&texts).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn crates_name_their_own_tables_only() {
        assert_eq!(check(&[]), [""; 0]);
        let names_role = "fn f() {}\nfn g() { select.from(\"role\"); }";
        for (file, findings) in [
            ("core/people/src/role.rs", 0),
            ("core/work/src/tasks/list.rs", 1),
            ("core/work/src/tests/list.rs", 0),
            ("core/work/src/tasks/list_tests.rs", 0),
            ("core/work/src/tests.rs", 0),
            ("core/server/src/setup.rs", 1),
            ("tests/access/rows.rs", 0),
            ("migrations/src/m2.rs", 0),
        ] {
            let found = check(&[(file, names_role)]);
            assert_eq!(found.len(), findings, "{file}: {found:?}");
            let place = format!("{file}:2: `role` is a table of `people`");
            assert!(found.iter().all(|finding| finding.starts_with(&place)), "{found:?}");
        }
    }

    #[test]
    fn every_table_has_one_owner_and_every_owner_has_its_tables() {
        let found = check(&[("migrations/src/m2.rs", "CREATE TABLE novelty (id TEXT); DROP TABLE task;")]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().any(|finding| finding.contains("`novelty` has no owner")), "{found:?}");
        assert!(found.iter().any(|finding| finding.contains("`work` owns `task`, which no migration")), "{found:?}");
    }

    #[test]
    fn an_exception_holds_for_its_table_and_only_while_it_is_needed() {
        let found = check(&[("core/work/src/old.rs", "")]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found.iter().all(|finding| finding.contains("is not needed")), "{found:?}");
        let found = check(&[("core/work/src/old.rs", "a.from(\"role\").from(\"user_account\")")]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found.iter().all(|finding| finding.contains("`user_account` is a table of `people`")), "{found:?}");
    }

    #[test]
    fn the_readme_shows_the_list_as_it_is() {
        for readme in ["", HEADING, "| [people](people/src/lib.rs) | `role` |"] {
            assert_eq!(check(&[(README, readme)]).len(), 1, "{readme}");
        }
    }
}
