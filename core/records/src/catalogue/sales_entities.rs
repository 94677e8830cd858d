//! The entities of sales: what is sold and for how much, who sells it, documents and payments. What is special about them
//! is said by `crm`, by the port `EntityRules`.

use kernel::value::FieldType::{
    Boolean, Choice, Currency, Date, Datetime, Decimal, Integer, Json, Link, LongText, Money, Text,
};

use super::core_entities::{common, field};
use super::definition::{EntityDef, FieldDef, Owner};

/// The largest amount, and the smallest of what may be a credit.
const MOST: i64 = 99_999_999_999;

fn of(key: &'static str, table: &'static str, own: Vec<FieldDef>) -> EntityDef {
    EntityDef::new(key, Owner::Core, table, common(own))
}

pub(super) fn all() -> Vec<EntityDef> {
    vec![product(), tax(), price_list(), price(), number_series(), quote(), order(), invoice(), payment()]
}

/// How a document's sum is made of its rows; deals have it too.
pub(super) fn rows() -> Vec<FieldDef> {
    vec![
        field("rows", Json),
        field("discount_percent", Decimal).range(0, 100),
        field("discount_amount", Decimal).range(-MOST, MOST),
    ]
}

/// What an organization sells by.
pub(super) fn selling() -> Vec<FieldDef> {
    vec![
        field("bank_details", LongText).max(2_000),
        field("tax_mode", Choice).choices(&["on_top", "included", "none"]),
        field("tax_rounding", Choice).choices(&["group", "row"]),
        field("cash_rounding", Decimal).range(0, 1_000),
    ]
}

/// What documents have in common.
fn document(own: Vec<FieldDef>) -> Vec<FieldDef> {
    let about = vec![
        field("document_number", Text).system().max(100),
        field("document_date", Date),
        field("tax_date", Date),
        field("company", Link).to("company"),
        field("contact", Link).to("contact"),
        field("organization", Link).to("organization"),
        field("deal", Link).to("deal"),
        field("amount", Money).range(-MOST, MOST),
        field("currency", Currency).of("amount"),
        field("net", Decimal).system(),
        field("tax", Decimal).system(),
        field("tax_rounding", Choice).choices(&["group", "row"]),
        field("cash_rounding", Decimal).range(0, 1_000),
        field("rounding", Decimal).system(),
        field("terms", LongText).max(5_000),
    ];
    [own, about, rows()].concat()
}

const DOCUMENT_SUMS: &[&str] = &["amount", "currency", "discount_percent", "discount_amount", "tax_rounding"];

fn product() -> EntityDef {
    let own = vec![
        field("code", Text).max(60),
        field("kind", Choice).choices(&["goods", "service", "bundle"]),
        field("category", Text).max(100),
        field("unit", Text).max(30),
        field("tax", Link).to("tax"),
        field("description", LongText).max(5_000),
        field("active", Boolean),
    ];
    of("product", "product", own)
        .list(&["title", "code", "kind", "category", "unit", "tax", "active"])
        .card(&["code", "kind", "unit"])
        .section("main", &["title", "code", "kind", "category", "unit", "tax", "active", "description", "owner"])
        .section("more", &["comments", "origin_system", "origin_id"])
        .unique("code", &["code"])
}

/// A rate of a tax from a day on: rates of one tax have the same code.
fn tax() -> EntityDef {
    let own = vec![
        field("code", Text).required().max(30),
        field("rate", Decimal).required().range(0, 100),
        field("valid_from", Date),
        field("category", Choice).choices(&["standard", "reduced", "zero", "exempt", "reverse_charge", "outside"]),
        field("exemption", LongText).max(1_000),
    ];
    of("tax", "sale_tax", own)
        .list(&["title", "code", "rate", "valid_from", "category"])
        .card(&["code", "rate", "valid_from"])
        .section("main", &["title", "code", "rate", "valid_from", "category", "exemption", "owner"])
        .section("more", &["comments", "origin_system", "origin_id"])
        .unique("rate", &["code", "valid_from"])
}

fn price_list() -> EntityDef {
    let own = vec![
        field("list_currency", Text).required().max(3),
        field("tax_included", Boolean),
        field("valid_from", Date),
        field("valid_to", Date),
        field("organization", Link).to("organization"),
        field("priority", Integer).range(0, 1_000),
        field("clients", Json),
        field("percent_of", Link).to("price_list"),
        field("percent", Decimal).range(0, 10_000),
        field("rounded_to", Decimal).range(0, 1_000_000),
    ];
    of("price_list", "sale_price_list", own)
        .list(&["title", "list_currency", "tax_included", "valid_from", "valid_to", "organization", "priority"])
        .card(&["list_currency", "valid_from", "valid_to"])
        .section(
            "main",
            &["title", "list_currency", "tax_included", "valid_from", "valid_to", "priority", "organization"],
        )
        .section("derived", &["percent_of", "percent", "rounded_to"])
        .section("more", &["owner", "comments", "origin_system", "origin_id"])
}

fn price() -> EntityDef {
    let own = vec![
        field("price_list", Link).to("price_list").required(),
        field("product", Link).to("product").required(),
        field("min_quantity", Decimal).range(0, 1_000_000_000),
        field("price", Decimal).required().range(0, MOST),
    ];
    of("price", "sale_price", own)
        .list(&["product", "price_list", "min_quantity", "price"])
        .card(&["product", "price_list", "price"])
        .section("main", &["product", "price_list", "min_quantity", "price"])
        .section("more", &["title", "owner", "comments", "origin_system", "origin_id"])
}

fn number_series() -> EntityDef {
    let own = vec![
        field("kind", Choice).choices(&["quote", "order", "invoice", "credit"]).required(),
        field("organization", Link).to("organization"),
        field("prefix", Text).max(20),
        field("pattern", Text).required().max(60),
    ];
    of("number_series", "sale_number_series", own)
        .list(&["title", "kind", "organization", "prefix", "pattern"])
        .card(&["kind", "organization", "pattern"])
        .section("main", &["title", "kind", "organization", "prefix", "pattern", "owner"])
        .section("more", &["comments", "origin_system", "origin_id"])
        .unique("series", &["kind", "organization"])
}

fn quote() -> EntityDef {
    let states = &["draft", "sending", "sent", "accepted", "declined", "expired"];
    let own = vec![
        field("state", Choice).choices(states).required().never_empty(),
        field("valid_to", Date),
        field("revision", Integer).system(),
        field("revises", Link).to("quote"),
        field("revised", Boolean).system(),
    ];
    of("quote", "sale_quote", document(own))
        .list(&["title", "document_number", "state", "company", "amount", "document_date", "valid_to", "owner"])
        .card(&["company", "amount", "valid_to", "owner"])
        .section("main", &["title", "state", "document_date", "valid_to", "tax_date", "organization", "terms", "owner"])
        .section("clients", &["company", "contact", "deal"])
        .section("sums", DOCUMENT_SUMS)
        .section("more", &["revises", "comments", "origin_system", "origin_id"])
}

fn order() -> EntityDef {
    let states = &["draft", "confirmed", "fulfilled", "closed", "cancelled"];
    let own = vec![
        field("state", Choice).choices(states).required().never_empty(),
        field("deliver_by", Date),
        field("quote", Link).to("quote"),
    ];
    of("order", "sale_order", document(own))
        .list(&["title", "document_number", "state", "company", "amount", "document_date", "deliver_by", "owner"])
        .card(&["company", "amount", "deliver_by", "owner"])
        .section(
            "main",
            &["title", "state", "document_date", "deliver_by", "tax_date", "organization", "terms", "owner"],
        )
        .section("clients", &["company", "contact", "deal", "quote"])
        .section("sums", DOCUMENT_SUMS)
        .section("more", &["comments", "origin_system", "origin_id"])
}

fn invoice() -> EntityDef {
    let states = &["draft", "issued", "partly_paid", "paid", "void"];
    let own = vec![
        field("kind", Choice).choices(&["invoice", "credit"]).required().never_empty(),
        field("state", Choice).choices(states).required().never_empty(),
        field("due_date", Date),
        field("void_reason", Text),
        field("issued_at", Datetime).system(),
        field("paid", Decimal).system(),
        field("credited", Decimal).system(),
        field("debt", Decimal).system(),
        field("quote", Link).to("quote"),
        field("order", Link).to("order").column("order_id"),
        field("credits", Link).to("invoice"),
    ];
    of("invoice", "sale_invoice", document(own))
        .list(&["title", "document_number", "kind", "state", "company", "amount", "debt", "due_date", "owner"])
        .card(&["company", "amount", "debt", "due_date", "owner"])
        .section(
            "main",
            &["title", "kind", "state", "document_date", "due_date", "tax_date", "organization", "terms", "owner"],
        )
        .section("clients", &["company", "contact", "deal", "quote", "order", "credits"])
        .section("sums", DOCUMENT_SUMS)
        .section("more", &["void_reason", "comments", "origin_system", "origin_id"])
}

fn payment() -> EntityDef {
    let own = vec![
        field("state", Choice).choices(&["received", "matched", "refunded"]).required().never_empty(),
        field("amount", Money).required().range(0, MOST),
        field("currency", Currency).of("amount"),
        field("paid_on", Date).required(),
        field("method", Choice).choices(&["bank", "cash", "card", "other"]),
        field("purpose", LongText).max(1_000),
        field("payer_tax_id", Text).max(30),
        field("company", Link).to("company"),
        field("organization", Link).to("organization"),
        field("allocations", Json),
        field("left_over", Decimal).system(),
    ];
    of("payment", "sale_payment", own)
        .list(&["title", "paid_on", "amount", "state", "company", "left_over", "owner"])
        .card(&["company", "amount", "left_over", "paid_on"])
        .section("main", &["title", "amount", "currency", "paid_on", "method", "purpose", "owner"])
        .section("clients", &["company", "payer_tax_id", "organization"])
        .section("more", &["state", "comments", "origin_system", "origin_id"])
}
