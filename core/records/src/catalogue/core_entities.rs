//! The core entities, and what a company's own entities begin with.

use std::sync::Arc;

use kernel::filter::Storage;
use kernel::value::FieldType::{
    self, Boolean, Choice, Currency, Date, Datetime, Decimal, Duration, Emails, Integer, Json, Link, Links, LongText,
    Messengers, Money, Phones, Pipeline, Record, Stage, Text, Urls, User,
};

use super::constraint::ConstraintDef;
use super::definition::{self, EntityDef, FieldDef, MERGED_INTO, Owner, SHARED, Section};
use super::sales_entities;

const SOURCES: &[&str] =
    &["web", "call", "email", "advertising", "social", "event", "partner", "referral", "returning", "other"];
const INDUSTRIES: &[&str] = &[
    "it",
    "telecom",
    "manufacturing",
    "construction",
    "trade",
    "services",
    "finance",
    "logistics",
    "education",
    "health",
    "agriculture",
    "government",
    "media",
    "other",
];

/// Builders of a field of the product.
impl FieldDef {
    pub(super) fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) fn system(mut self) -> Self {
        self.system = true;
        self
    }

    pub(super) fn never_empty(mut self) -> Self {
        self.never_empty = true;
        self
    }

    pub(super) fn to(mut self, target: &str) -> Self {
        self.targets.push(target.into());
        self
    }

    fn many(mut self) -> Self {
        self.storage = Storage::Links;
        self
    }

    pub(super) fn column(mut self, column: &'static str) -> Self {
        self.storage = Storage::Column(column);
        self
    }

    pub(super) fn choices(mut self, keys: &[&str]) -> Self {
        let choice = |key: &&str| definition::Choice {
            key: (*key).to_owned(),
            label: None,
            color: None,
            archived: false,
            parent: None,
        };
        self.choices = keys.iter().map(choice).collect();
        self
    }

    /// Whose values administrators arrange.
    fn listed_in(mut self, directory: &str) -> Self {
        self.directory = Some(directory.to_owned());
        self
    }

    pub(super) fn of(mut self, money: &str) -> Self {
        self.part_of = Some(money.into());
        self
    }

    pub(super) fn max(mut self, characters: usize) -> Self {
        self.max_length = characters;
        self
    }

    pub(super) fn range(mut self, from: i64, to: i64) -> Self {
        self.range = Some((from, to));
        self
    }
}

/// Builders of an entity's first layout.
impl EntityDef {
    pub(super) fn list(mut self, keys: &[&str]) -> Self {
        self.list = keys.iter().map(|key| (*key).into()).collect();
        self
    }

    pub(super) fn card(mut self, keys: &[&str]) -> Self {
        self.card = keys.iter().map(|key| (*key).into()).collect();
        self
    }

    pub(super) fn section(mut self, key: &str, fields: &[&str]) -> Self {
        let fields = fields.iter().map(|key| (*key).into()).collect();
        self.sections.push(Section { key: key.to_owned(), fields });
        self
    }

    /// There is one record with these values.
    pub(super) fn unique(mut self, key: &str, per: &[&str]) -> Self {
        let per = per.iter().map(|key| (*key).into()).collect();
        self.constraints.push(ConstraintDef::unique(key, per));
        self
    }
}

pub(super) fn field(key: &'static str, kind: FieldType) -> FieldDef {
    FieldDef::new(key, kind)
}

fn core(key: &'static str, own: Vec<FieldDef>) -> EntityDef {
    EntityDef::new(key, Owner::Core, key, common(own))
}

/// An entity whose records may be merged: of those that were, into which.
fn merging(key: &str, mut def: EntityDef) -> EntityDef {
    def.add(field(MERGED_INTO, Link).system().to(key));
    def
}

pub(super) fn all() -> Vec<Arc<EntityDef>> {
    [lead(), deal(), contact(), company(), task(), activity(), organization(), absence()]
        .into_iter()
        .chain(sales_entities::all())
        .map(Arc::new)
        .collect()
}

/// An entity of a company or a plugin, before its own fields: what all records have, and stages where it wants them.
pub(super) fn custom(key: &str, owner: Owner, staged: bool) -> EntityDef {
    let own = if staged { self::staged() } else { Vec::new() };
    let list: &[&str] = if staged { &["title", "stage", "owner"] } else { &["title", "owner", "created_at"] };
    let merges = owner == Owner::Custom;
    let def = EntityDef::new(key, owner, SHARED, common(own));
    if merges { merging(key, def) } else { def }
        .list(list)
        .card(&["owner"])
        .section("main", &["title", "owner"])
        .section("more", &["comments", "origin_system", "origin_id"])
}

pub(super) fn common(mut own: Vec<FieldDef>) -> Vec<FieldDef> {
    let mut fields =
        vec![field("number", Integer).system().never_empty(), field("title", Text).required().never_empty()];
    fields.append(&mut own);
    fields.extend([
        field("owner", User),
        field("comments", LongText),
        field("origin_system", Text).max(100),
        field("origin_id", Text),
        field("creator", User).system(),
        field("editor", User).system(),
        field("created_at", Datetime).system().never_empty(),
        field("updated_at", Datetime).system().never_empty(),
        field("last_activity_at", Datetime).system().never_empty(),
        field("deleted_at", Datetime).system(),
    ]);
    fields
}

fn staged() -> Vec<FieldDef> {
    vec![
        field("pipeline", Pipeline).system().never_empty(),
        field("stage", Stage).required().never_empty(),
        field("stage_since", Datetime).system().never_empty(),
        field("stage_due", Datetime).system(),
        field("closed_at", Datetime).system(),
        field("closed_owner", User).system(),
    ]
}

fn person() -> Vec<FieldDef> {
    vec![
        field("honorific", Choice).choices(&["mr", "ms", "dr"]).listed_in("honorific"),
        field("first_name", Text).max(100),
        field("middle_name", Text).max(100),
        field("last_name", Text).max(100),
        field("birthdate", Date),
        field("position", Text),
    ]
}

fn reachable() -> Vec<FieldDef> {
    vec![field("phones", Phones), field("emails", Emails), field("sites", Urls), field("messengers", Messengers)]
}

fn origin() -> Vec<FieldDef> {
    vec![field("source", Choice).choices(SOURCES).listed_in("source"), field("source_description", LongText).max(2_000)]
}

fn utm() -> Vec<FieldDef> {
    ["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"].map(|key| field(key, Text)).to_vec()
}

fn money() -> Vec<FieldDef> {
    vec![field("amount", Money).range(0, 99_999_999_999), field("currency", Currency).of("amount")]
}

fn lead() -> EntityDef {
    let own = [
        staged(),
        person(),
        vec![field("company_title", Text)],
        reachable(),
        vec![field("address", LongText).max(1_000)],
        origin(),
        money(),
        vec![
            field("returning_client", Boolean),
            field("contact", Link).to("contact"),
            field("company", Link).to("company"),
            field("deal", Link).to("deal"),
            field("rows", Json),
        ],
        utm(),
    ];
    merging("lead", core("lead", own.concat()))
        .list(&["title", "stage", "last_name", "company_title", "phones", "amount", "source", "owner", "created_at"])
        .card(&["company_title", "amount", "phones", "source", "owner"])
        .section("main", &["title", "amount", "currency", "source", "source_description", "owner"])
        .section(
            "person",
            &["honorific", "last_name", "first_name", "middle_name", "position", "company_title", "birthdate"],
        )
        .section("reach", &["phones", "emails", "sites", "messengers", "address"])
        .section("clients", &["contact", "company", "returning_client"])
        .section("more", &["comments", "origin_system", "origin_id"])
        .section("utm", &["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"])
}

fn deal() -> EntityDef {
    let own = [
        staged(),
        vec![
            field("kind", Choice)
                .choices(&["sale", "integrated", "goods", "services", "service", "other"])
                .listed_in("deal_kind"),
            field("probability", Integer).range(0, 100),
        ],
        money(),
        vec![
            field("begin_date", Date),
            field("close_date", Date),
            field("company", Link).to("company"),
            field("contacts", Links).to("contact").many(),
            field("lead", Link).to("lead"),
            field("organization", Link).to("organization"),
            field("forecast_category", Choice).choices(&["commit", "best_case", "pipeline"]),
            field("rows_amount", Decimal).system(),
            field("amount_by_hand", Boolean).system(),
        ],
        sales_entities::rows(),
        origin(),
        utm(),
    ];
    merging("deal", core("deal", own.concat()))
        .list(&["title", "stage", "amount", "company", "probability", "close_date", "owner", "created_at"])
        .card(&["company", "amount", "close_date", "owner"])
        .section("main", &["title", "kind", "amount", "currency", "probability", "begin_date", "close_date", "owner"])
        .section("clients", &["company", "contacts", "lead", "organization"])
        .section(
            "more",
            &["forecast_category", "source", "source_description", "comments", "origin_system", "origin_id"],
        )
        .section("utm", &["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"])
}

/// In which language they are written to.
fn language() -> FieldDef {
    field("language", Choice).choices(&["en", "ru", "uk"])
}

fn contact() -> EntityDef {
    let own = [
        person(),
        vec![field("kind", Choice).choices(&["client", "supplier", "partner", "other"]).listed_in("contact_kind")],
        reachable(),
        vec![
            field("companies", Links).to("company").many(),
            field("address", LongText).max(1_000),
            field("lead", Link).to("lead"),
            language(),
        ],
        origin(),
        utm(),
    ];
    merging("contact", core("contact", own.concat()))
        .list(&["title", "position", "companies", "phones", "emails", "kind", "owner", "created_at"])
        .card(&["position", "phones", "emails", "owner"])
        .section("person", &["title", "honorific", "last_name", "first_name", "middle_name", "position", "birthdate"])
        .section("reach", &["phones", "emails", "sites", "messengers", "address", "language"])
        .section("clients", &["kind", "companies", "lead"])
        .section("more", &["owner", "source", "source_description", "comments", "origin_system", "origin_id"])
}

fn company() -> EntityDef {
    let own = [
        vec![
            field("kind", Choice)
                .choices(&["client", "supplier", "competitor", "partner", "other"])
                .listed_in("company_kind"),
            field("industry", Choice).choices(INDUSTRIES).listed_in("industry"),
            field("employees", Choice)
                .choices(&["1-10", "11-50", "51-250", "251-1000", "1000+"])
                .listed_in("employees"),
            field("revenue", Money).range(0, 99_999_999_999),
            field("currency", Currency).of("revenue"),
        ],
        reachable(),
        vec![
            field("tax_id", Text).max(30),
            field("registration_number", Text).max(30),
            field("legal_address", LongText).max(1_000),
            field("address", LongText).max(1_000),
            field("lead", Link).to("lead"),
            language(),
        ],
        utm(),
    ];
    merging("company", core("company", own.concat()))
        .list(&["title", "kind", "industry", "employees", "phones", "revenue", "owner", "created_at"])
        .card(&["industry", "phones", "owner"])
        .section("main", &["title", "kind", "industry", "employees", "revenue", "currency", "owner"])
        .section("reach", &["phones", "emails", "sites", "messengers", "address", "language"])
        .section("legal", &["tax_id", "registration_number", "legal_address"])
        .section("more", &["lead", "comments", "origin_system", "origin_id"])
}

fn activity() -> EntityDef {
    let own = vec![
        field("kind", Choice).choices(&["call", "email", "meeting", "message", "note"]).required(),
        field("text", LongText),
        field("direction", Choice).choices(&["incoming", "outgoing"]),
        field("starts_at", Datetime),
        field("ends_at", Datetime),
        field("deadline", Datetime),
        field("done", Boolean).required(),
        field("done_at", Datetime).system(),
        field("result", LongText).max(2_000),
        field("record_entity", Choice),
        field("record_id", Record),
    ];
    core("activity", own)
        .list(&["title", "kind", "deadline", "done", "owner", "created_at"])
        .card(&["kind", "deadline", "owner"])
        .section("main", &["title", "kind", "direction", "owner", "deadline", "done", "result"])
        .section("more", &["text", "starts_at", "ends_at", "record_id", "comments"])
}

/// A task; what its step promises is its owner's (`work`), which writes it.
fn task() -> EntityDef {
    let own = vec![
        field("description", LongText),
        field("state", Choice).choices(&["open", "completed", "cancelled", "review"]).required().never_empty(),
        field("status", Choice).choices(&["waiting", "in_progress", "postponed"]),
        field("priority", Choice).choices(&["low", "normal", "high"]),
        field("assignee", User),
        field("role", Text).system(),
        field("due", Datetime).column("due_at"),
        field("planned_start", Datetime),
        field("planned_end", Datetime),
        field("estimate", Duration),
        field("time_spent", Duration),
        field("completed_at", Datetime).system(),
        field("completed_by", User).system(),
        field("record_entity", Choice),
        field("record_id", Record),
        field("parent", Link).to("task"),
        field("instance", Link).column("instance_id").system(),
        field("element", Text).system().max(1_000),
        field("process_name", Text).system().max(1_000),
        field("definition", Link).column("definition_id").system(),
    ];
    core("task", own)
        .list(&["title", "state", "assignee", "due", "priority", "process_name", "created_at"])
        .card(&["state", "assignee", "due", "priority"])
        .section(
            "main",
            &["title", "description", "state", "status", "priority", "assignee", "due", "record_id", "owner"],
        )
        .section("plan", &["planned_start", "planned_end", "estimate", "time_spent", "parent"])
        .section("more", &["comments", "origin_system", "origin_id"])
}

fn organization() -> EntityDef {
    let own = vec![
        field("legal_name", Text),
        field("country", Text).max(2),
        field("tax_id", Text).max(30),
        field("registration_number", Text).max(30),
        field("legal_address", LongText).max(1_000),
        field("address", LongText).max(1_000),
        field("phones", Phones),
        field("emails", Emails),
        field("sites", Urls),
        field("head", User),
        field("main", Boolean),
        language(),
    ];
    core("organization", [own, sales_entities::selling()].concat())
        .list(&["title", "legal_name", "country", "tax_id", "head", "created_at"])
        .card(&["legal_name", "tax_id", "head"])
        .section("main", &["title", "legal_name", "head", "main", "owner"])
        .section("legal", &["country", "tax_id", "registration_number", "legal_address", "bank_details"])
        .section("selling", &["tax_mode", "tax_rounding", "cash_rounding"])
        .section("reach", &["phones", "emails", "sites", "address", "language"])
        .section("more", &["comments", "origin_system", "origin_id"])
}

fn absence() -> EntityDef {
    let own = vec![
        field("user", User).column("user_id").required(),
        field("starts_at", Datetime).required(),
        field("ends_at", Datetime).required(),
        field("deputy", User),
        field("label", Text).max(100),
        field("source", Text).max(100),
    ];
    core("absence", own)
        .list(&["title", "user", "starts_at", "ends_at", "deputy", "label", "created_at"])
        .card(&["user", "starts_at", "ends_at", "deputy"])
        .section("main", &["title", "user", "starts_at", "ends_at", "deputy", "label", "owner"])
        .section("more", &["source", "comments", "origin_system", "origin_id"])
}
