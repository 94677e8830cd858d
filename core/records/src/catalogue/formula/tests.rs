//! Formulas, conditions and rules over an entity as its company has defined it, without a database.

use std::collections::BTreeSet;
use std::sync::Arc;

use kernel::clock::Env;
use kernel::error::FieldErrors;
use kernel::value::{FieldType, Money};
use kernel::{Ctx, Error, Fields, Locale, RecordId, TenantId, Value};
use serde_json::json;

use super::check;
use crate::catalogue::store::{Own, OwnField};
use crate::catalogue::{Catalogue, EntityDef, Owner};
use crate::computed::{self, Which};
use crate::conditions;
use crate::write::{Operation, PendingChange};

fn own_field(rest: serde_json::Value) -> OwnField {
    let mut field = json!({"label": {"en": "F"}});
    field.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    serde_json::from_value(field).unwrap()
}

/// Deals with these fields, conditions and rules.
fn deal(
    fields: &[(&str, serde_json::Value)],
    conditions: &[(&str, serde_json::Value)],
    rules: &[serde_json::Value],
) -> Arc<EntityDef> {
    let spec = |json: &serde_json::Value| serde_json::from_value(json.clone()).unwrap();
    let rule = |json: &serde_json::Value| serde_json::from_value(json.clone()).unwrap();
    let own = Own {
        entities: Vec::new(),
        fields: fields
            .iter()
            .map(|(key, rest)| ("deal".into(), (*key).into(), Owner::Custom, own_field(rest.clone())))
            .collect(),
        conditions: conditions.iter().map(|(key, json)| ("deal".into(), (*key).into(), spec(json))).collect(),
        rules: rules.iter().map(|json| ("deal".into(), uuid::Uuid::nil(), rule(json))).collect(),
        directories: Arc::default(),
    };
    let all = own.applied_to(Catalogue::core().entities());
    all.into_iter().find(|def| def.key == "deal").unwrap()
}

fn ctx() -> Ctx {
    Ctx::system(TenantId(uuid::Uuid::nil()), chrono_tz::UTC, Locale::En, &Env::system())
}

fn euros(amount: &str) -> Value {
    Value::Money(Money { amount: Some(amount.parse().unwrap()), currency: "EUR".parse().unwrap() })
}

fn image(values: &[(&str, Value)]) -> Fields {
    values.iter().map(|(key, value)| ((*key).into(), value.clone())).collect()
}

fn change(def: &Arc<EntityDef>, before: Option<Fields>, after: Fields) -> PendingChange {
    PendingChange {
        entity: Arc::clone(def),
        id: RecordId(uuid::Uuid::nil()),
        operation: if before.is_some() { Operation::Update } else { Operation::Create },
        version: 1,
        before,
        after,
        given: BTreeSet::new(),
        refusal: None,
        along: Vec::new(),
        merging: false,
    }
}

/// Codes by field of what speaks against a change.
fn judged(change: &mut PendingChange) -> Vec<(String, String)> {
    let ctx = ctx();
    let actor = conditions::actor_of(&ctx);
    let fields = match conditions::judge(change, FieldErrors::new(), &ctx, &actor, None) {
        Ok(()) => return Vec::new(),
        Err(Error::Invalid { fields, .. }) => fields,
        Err(Error::Refused(refusal)) => refusal.fields,
        Err(error) => panic!("{error}"),
    };
    fields.into_iter().map(|(key, error)| (key, error.code)).collect()
}

fn is(key: &str, code: &str) -> Vec<(String, String)> {
    vec![(key.to_owned(), code.to_owned())]
}

#[test]
fn a_formula_is_exact_rounded_and_in_the_currency_of_its_amounts() {
    let def = deal(
        &[
            ("x_worth", json!({"kind": "money", "formula": "record.x_margin * 2"})),
            ("x_margin", json!({"kind": "money", "formula": "record.amount * 0.15"})),
            ("x_exact", json!({"kind": "decimal", "formula": "record.amount * 0.15", "decimals": 3})),
            ("x_words", json!({"kind": "text", "formula": "record.title + '!'"})),
            ("x_wrong", json!({"kind": "integer", "formula": "record.probability / 0"})),
        ],
        &[],
        &[],
    );
    let mut deal = image(&[("amount", euros("200.10")), ("title", Value::Text("a".into()))]);
    let problems = computed::compute(&def, &mut deal, &ctx(), "USD", Which::All);
    assert_eq!(deal["x_margin"], euros("30.02"));
    assert_eq!(deal["x_worth"], euros("60.04"), "computed behind what it looks at");
    assert_eq!(deal["x_exact"], Value::Decimal("30.015".parse().unwrap()));
    assert_eq!(deal["x_words"], Value::Text("a!".into()));
    assert_eq!((&deal["x_wrong"], problems.len()), (&Value::Null, 0), "of nothing, nothing");
    deal.insert("probability".into(), Value::Integer(1));
    let problems = computed::compute(&def, &mut deal, &ctx(), "USD", Which::All);
    assert!(problems[0].1.contains("division by zero"), "{problems:?}");
    let field = def.field("x_margin").unwrap();
    assert!(field.system && def.currency_of(field).unwrap().system, "nobody writes it");
}

#[test]
fn circles_are_refused_with_the_way_and_live_is_what_looks_at_the_clock() {
    let def = deal(
        &[
            ("x_b", json!({"kind": "decimal", "formula": "record.amount"})),
            ("x_a", json!({"kind": "decimal", "formula": "record.x_b + 1"})),
            ("x_left", json!({"kind": "integer", "formula": "daysBetween(today(), record.close_date)"})),
            ("x_late", json!({"kind": "boolean", "formula": "record.x_left < 0"})),
        ],
        &[],
        &[],
    );
    let said = |key: &str, text: &str| {
        let refused = check(&def, key, FieldType::Decimal, text, None).unwrap_err();
        refused.1.message.in_locale(Locale::En)
    };
    assert!(said("x_b", "record.x_a * 2").contains("x_a -> x_b -> x_a"));
    assert!(said("x_c", "record.x_c").contains("x_c -> x_c"));
    assert!(said("x_c", "record.nothing").contains("nothing"));
    assert!(said("x_c", "record.number + 1").contains("number"));
    assert!(check(&def, "x_c", FieldType::Decimal, "record.x_a + record.x_b", None).is_ok());
    for (key, live) in [("x_a", false), ("x_left", true), ("x_late", true)] {
        let field = def.field(key).unwrap();
        assert_eq!((field.is_live(), field.is_sortable()), (live, !live), "{key}");
        assert_eq!(field.cell(&def, sea_orm::DbBackend::Sqlite).is_none(), live, "{key}");
    }
    let day = |text: &str| image(&[("close_date", Value::Date(text.parse().unwrap()))]);
    let changed = change(&def, Some(image(&[("x_left", Value::Integer(1))])), image(&[("x_left", Value::Integer(2))]));
    assert!(!changed.changes("x_left"), "the clock is no change");
    let mut late = day("2020-01-01");
    computed::compute(&def, &mut late, &ctx(), "EUR", Which::Live);
    assert_eq!(late["x_late"], Value::Boolean(true));
}

#[test]
fn a_write_answers_for_what_it_touches_and_makes_necessary() {
    let fields = [
        ("x_kind", json!({"kind": "text"})),
        ("x_contract", json!({"kind": "text"})),
        ("x_term", json!({"kind": "choice", "choices": [{"key": "month"}, {"key": "once"}]})),
    ];
    let conditions = [
        ("x_contract", json!({"required": "record.x_kind == 'sale'", "read_only": "before.stage == 'won'"})),
        ("x_term", json!({"options_when": {"once": "record.x_kind == 'sale'"}})),
    ];
    let def = deal(&fields, &conditions, &[]);
    let text = |key: &'static str, value: &str| (key, Value::Text(value.into()));
    let sale = || image(&[text("x_kind", "sale"), text("stage", "new")]);
    assert_eq!(judged(&mut change(&def, None, sale())), is("x_contract", "required"));
    // An old gap: another edit passes, a move does not.
    let mut titled = sale();
    titled.insert("title".into(), Value::Text("b".into()));
    assert_eq!(judged(&mut change(&def, Some(sale()), titled)), vec![]);
    let mut moved = sale();
    moved.insert("stage".into(), Value::Text("quote".into()));
    assert_eq!(judged(&mut change(&def, Some(sale()), moved)), is("x_contract", "required"));
    // It becomes necessary.
    let rent = image(&[text("x_kind", "rent"), text("stage", "new")]);
    assert_eq!(judged(&mut change(&def, Some(rent), sale())), is("x_contract", "required"));
    // Locked by what was, not by what will be.
    let won = |contract: &str| image(&[text("stage", "won"), text("x_contract", contract)]);
    let open = image(&[text("stage", "new"), text("x_contract", "1")]);
    assert_eq!(judged(&mut change(&def, Some(open), won("2"))), vec![]);
    assert_eq!(judged(&mut change(&def, Some(won("2")), won("3"))), is("x_contract", "locked"));
    // A choice that is not offered, and one that stops being so.
    let term = |kind: &'static str| image(&[text("x_kind", kind), text("x_contract", "1"), text("x_term", "once")]);
    assert_eq!(judged(&mut change(&def, None, term("rent"))), is("x_term", "option_not_now"));
    assert_eq!(judged(&mut change(&def, Some(term("sale")), term("rent"))), is("x_term", "option_not_now"));
    assert_eq!(judged(&mut change(&def, None, term("sale"))), vec![]);
}

#[test]
fn rules_are_asked_of_what_is_touched_and_one_that_fails_is_broken() {
    let rule = |name: &str, check: &str| json!({"name": name, "check": check, "message": {"en": "No, no."}});
    let mut at = rule("at", "!(record.amount > 100)");
    at["field"] = json!("amount");
    let mut warns = rule("warns", "record.amount != 0");
    warns["warn"] = json!(true);
    let mut off = rule("off", "false");
    off["enabled"] = json!(false);
    let def = deal(&[], &[], &[at, warns, off]);
    let amount = |amount: &str| image(&[("amount", euros(amount))]);
    assert_eq!(judged(&mut change(&def, None, amount("50"))), vec![]);
    assert_eq!(judged(&mut change(&def, None, amount("150"))), is("amount", "rule"));
    let titled = |title: &str| image(&[("amount", euros("150")), ("title", Value::Text(title.into()))]);
    let commented = |text: &str| image(&[("amount", euros("150")), ("comments", Value::Text(text.into()))]);
    assert_eq!(judged(&mut change(&def, Some(commented("a")), commented("b"))), vec![], "nobody asked");
    let failing = deal(&[], &[], &[rule("fails", "record.title > 1")]);
    assert_eq!(judged(&mut change(&failing, Some(titled("a")), titled("b"))), is("record", "rule"));
    // The product itself cannot be asked: what warns is kept beside.
    let mut zero = change(&def, None, amount("0"));
    assert_eq!(judged(&mut zero), vec![]);
    assert_eq!(zero.along.len(), 1);
}

#[test]
fn what_a_module_declares_of_a_field_and_what_a_company_adds_hold_together() {
    let declared = json!({"kind": "text", "conditions": {"required": "record.amount > 10"}});
    let added = json!({"required": "record.title == 'must'", "visible": "record.title != 'no'"});
    let def = deal(&[("acme_why", declared)], &[("acme_why", added)], &[]);
    let asks = |title: &str, amount: &str| {
        let after = image(&[("title", Value::Text(title.to_owned())), ("amount", euros(amount))]);
        judged(&mut change(&def, None, after))
    };
    assert_eq!(asks("a", "5"), Vec::new());
    assert_eq!(asks("a", "50"), is("acme_why", "required"));
    assert_eq!(asks("must", "5"), is("acme_why", "required"));
    assert_eq!(asks("no", "50"), Vec::new(), "what is not shown need not be filled");
}
