//! The core entities: lead, deal, contact, company, activity.

use kernel::value::FieldType::{
    Boolean, Choice, Date, Datetime, Decimal, Emails, Integer, Link, Links, LongText, Messengers, Money, Phones,
    Pipeline, Stage, Text, Urls, User,
};

use super::{EntityDef, FieldDef};

const SOURCES: &[&str] =
    &["web", "call", "email", "advertising", "social", "event", "partner", "referral", "returning", "other"];
const CURRENCIES: &[&str] =
    &["USD", "EUR", "UAH", "RUB", "KZT", "BYN", "GBP", "PLN", "CNY", "TRY", "GEL", "AMD", "AZN", "UZS", "MDL"];
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

const fn field(key: &'static str, kind: kernel::value::FieldType) -> FieldDef {
    FieldDef::new(key, kind)
}

pub(super) fn all() -> Vec<EntityDef> {
    vec![lead(), deal(), contact(), company(), activity()]
}

fn common(mut own: Vec<FieldDef>) -> Vec<FieldDef> {
    let mut fields = vec![field("number", Integer).system(), field("title", Text).required()];
    fields.append(&mut own);
    fields.extend([
        field("owner", User),
        field("comments", LongText),
        field("origin_system", Text).max(100),
        field("origin_id", Text),
        field("creator", User).system(),
        field("editor", User).system(),
        field("created_at", Datetime).system(),
        field("updated_at", Datetime).system(),
        field("last_activity_at", Datetime).system(),
        field("deleted_at", Datetime).system(),
    ]);
    fields
}

fn staged() -> Vec<FieldDef> {
    vec![
        field("pipeline", Pipeline).system(),
        field("stage", Stage).required(),
        field("stage_since", Datetime).system(),
        field("closed_at", Datetime).system(),
    ]
}

fn person() -> Vec<FieldDef> {
    vec![
        field("honorific", Choice).choices(&["mr", "ms", "dr"]),
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
    vec![field("source", Choice).choices(SOURCES), field("source_description", LongText).max(2_000)]
}

fn utm() -> Vec<FieldDef> {
    ["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"].map(|key| field(key, Text)).to_vec()
}

fn money() -> Vec<FieldDef> {
    vec![field("amount", Money).range(0, 99_999_999_999), field("currency", Choice).choices(CURRENCIES)]
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
            field("deal", Link).to("deal").system(),
        ],
        utm(),
    ];
    EntityDef {
        key: "lead",
        table: "lead",
        staged: true,
        fields: common(own.concat()),
        list: &["title", "stage", "last_name", "company_title", "phones", "amount", "source", "owner", "created_at"],
        card: &["company_title", "amount", "phones", "source", "owner"],
        sections: &[
            ("main", &["title", "amount", "currency", "source", "source_description", "owner"]),
            (
                "person",
                &["honorific", "last_name", "first_name", "middle_name", "position", "company_title", "birthdate"],
            ),
            ("reach", &["phones", "emails", "sites", "messengers", "address"]),
            ("clients", &["contact", "company", "returning_client"]),
            ("more", &["comments", "origin_system", "origin_id"]),
            ("utm", &["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"]),
        ],
    }
}

fn deal() -> EntityDef {
    let own = [
        staged(),
        vec![
            field("kind", Choice).choices(&["sale", "integrated", "goods", "services", "service", "other"]),
            field("probability", Integer).range(0, 100),
        ],
        money(),
        vec![
            field("begin_date", Date),
            field("close_date", Date),
            field("company", Link).to("company"),
            field("contacts", Links).to("contact").many(),
            field("lead", Link).to("lead"),
        ],
        origin(),
        utm(),
    ];
    EntityDef {
        key: "deal",
        table: "deal",
        staged: true,
        fields: common(own.concat()),
        list: &["title", "stage", "amount", "company", "probability", "close_date", "owner", "created_at"],
        card: &["company", "amount", "close_date", "owner"],
        sections: &[
            ("main", &["title", "kind", "amount", "currency", "probability", "begin_date", "close_date", "owner"]),
            ("clients", &["company", "contacts", "lead"]),
            ("more", &["source", "source_description", "comments", "origin_system", "origin_id"]),
            ("utm", &["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"]),
        ],
    }
}

fn contact() -> EntityDef {
    let own = [
        person(),
        vec![field("kind", Choice).choices(&["client", "supplier", "partner", "other"])],
        reachable(),
        vec![
            field("companies", Links).to("company").many(),
            field("address", LongText).max(1_000),
            field("lead", Link).to("lead"),
        ],
        origin(),
        utm(),
    ];
    EntityDef {
        key: "contact",
        table: "contact",
        staged: false,
        fields: common(own.concat()),
        list: &["title", "position", "companies", "phones", "emails", "kind", "owner", "created_at"],
        card: &["position", "phones", "emails", "owner"],
        sections: &[
            ("person", &["title", "honorific", "last_name", "first_name", "middle_name", "position", "birthdate"]),
            ("reach", &["phones", "emails", "sites", "messengers", "address"]),
            ("clients", &["kind", "companies", "lead"]),
            ("more", &["owner", "source", "source_description", "comments", "origin_system", "origin_id"]),
        ],
    }
}

fn company() -> EntityDef {
    let own = [
        vec![
            field("kind", Choice).choices(&["client", "supplier", "competitor", "partner", "other"]),
            field("industry", Choice).choices(INDUSTRIES),
            field("employees", Choice).choices(&["1-10", "11-50", "51-250", "251-1000", "1000+"]),
            field("revenue", Decimal).range(0, 99_999_999_999),
            field("currency", Choice).choices(CURRENCIES),
        ],
        reachable(),
        vec![
            field("tax_id", Text).max(30),
            field("registration_number", Text).max(30),
            field("legal_address", LongText).max(1_000),
            field("address", LongText).max(1_000),
            field("lead", Link).to("lead"),
        ],
        utm(),
    ];
    EntityDef {
        key: "company",
        table: "company",
        staged: false,
        fields: common(own.concat()),
        list: &["title", "kind", "industry", "employees", "phones", "revenue", "owner", "created_at"],
        card: &["industry", "phones", "owner"],
        sections: &[
            ("main", &["title", "kind", "industry", "employees", "revenue", "currency", "owner"]),
            ("reach", &["phones", "emails", "sites", "messengers", "address"]),
            ("legal", &["tax_id", "registration_number", "legal_address"]),
            ("more", &["lead", "comments", "origin_system", "origin_id"]),
        ],
    }
}

fn activity() -> EntityDef {
    let own = vec![
        field("kind", Choice).choices(&["call", "email", "meeting", "note", "task"]).required(),
        field("text", LongText),
        field("direction", Choice).choices(&["incoming", "outgoing"]),
        field("starts_at", Datetime),
        field("ends_at", Datetime),
        field("deadline", Datetime),
        field("done", Boolean).required(),
        field("done_at", Datetime).system(),
        field("result", LongText).max(2_000),
        field("record_entity", Choice).choices(&["lead", "deal", "contact", "company"]),
        field("record_id", kernel::value::FieldType::Record),
    ];
    EntityDef {
        key: "activity",
        table: "activity",
        staged: false,
        fields: common(own),
        list: &["title", "kind", "deadline", "done", "owner", "created_at"],
        card: &["kind", "deadline", "owner"],
        sections: &[
            ("main", &["title", "kind", "direction", "owner", "deadline", "done", "result"]),
            ("more", &["text", "starts_at", "ends_at", "comments"]),
        ],
    }
}
