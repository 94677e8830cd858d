//! A record that is only an example: what a template is tried with where nobody chose one. It has every name that a paper
//! has; where a field stands, its name stands.

use chrono::NaiveDate;
use kernel::value::MultiValue;
use kernel::{Ctx, Fields, Locale, RecordId, Result, Value};
use records::{Catalogue, Record};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::words::sample as named;
use crate::data::Around;
use crate::gather::Gathered;
use crate::service::Documents;
use crate::sheet::by_its_entity;
use crate::templates::{Paper, PaperSettings};
use crate::words::word;

fn said(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn multi(value: &str) -> Value {
    Value::Multi(vec![MultiValue { value: value.to_owned(), kind: "work".to_owned() }])
}

/// A document of two rows, with tax and a discount, so that every column has something.
fn fields(locale: Locale, currency: &str, day: NaiveDate) -> Fields {
    let row = word(locale, "sample.row");
    let rows = json!([
        {"title": format!("{row} 1"), "quantity": 2, "unit": word(locale, "sample.unit"), "price": 1250.5, "tax_rate": 20},
        {"title": format!("{row} 2"), "price": 300, "discount_percent": 10, "tax_rate": 20},
    ]);
    Fields::from_iter([
        ("state".into(), said("draft")),
        ("title".into(), said(word(locale, "sample.title"))),
        ("currency".into(), said(currency)),
        ("rows".into(), Value::Json(rows)),
        ("document_date".into(), Value::Date(day)),
        ("valid_to".into(), Value::Date(day)),
        ("deliver_by".into(), Value::Date(day)),
        ("due_date".into(), Value::Date(day)),
        ("terms".into(), said(word(locale, "sample.terms"))),
    ])
}

fn around(locale: Locale) -> Around {
    let text = |key: &str| said(word(locale, key));
    let organization = Fields::from_iter([
        ("title".into(), text("sample.organization")),
        ("legal_name".into(), text("sample.organization")),
        ("tax_id".into(), said("12345678")),
        ("legal_address".into(), text("sample.address")),
        ("bank_details".into(), said("UA21 3223 1300 0002 6007 2335 6600 1")),
        ("phones".into(), multi("+380 44 123 45 67")),
        ("emails".into(), multi("office@example.com")),
    ]);
    let company = Fields::from_iter([
        ("title".into(), text("sample.client")),
        ("tax_id".into(), said("87654321")),
        ("legal_address".into(), text("sample.address")),
    ]);
    let person = word(locale, "sample.person").to_owned();
    Around {
        organization,
        head: Some(person.clone()),
        company,
        contact: Fields::from_iter([("title".into(), said(&person))]),
        owner: Some(person),
        ..Around::default()
    }
}

/// An example by a catalogue, kept or not.
fn sample(
    ctx: &Ctx,
    catalogue: &Catalogue,
    (entity, paper): (&str, Option<Paper>),
    settings: PaperSettings,
    locale: Locale,
) -> Result<Gathered> {
    let def = catalogue.entity(entity)?;
    let day = ctx.now().utc().with_timezone(&ctx.zone).date_naive();
    let around = around(locale);
    let mut words = Map::new();
    words.insert("entity".to_owned(), json!(entity));
    words.insert("record".to_owned(), json!(named(def, locale)));
    for key in ["organization", "company", "contact"] {
        let names = catalogue.find(key).map(|def| named(def, locale)).unwrap_or_default();
        words.insert(key.to_owned(), json!(names));
    }
    words.insert("owner".to_owned(), json!(around.owner));
    let record = Record {
        id: RecordId(Uuid::nil()),
        version: 1,
        entity: def.key.clone(),
        fields: fields(locale, &catalogue.pipelines.currency, day),
    };
    Ok(Gathered {
        paper,
        own: None,
        words: Some(words),
        record,
        around,
        locale,
        version: 0,
        settings,
        organization: None,
    })
}

impl Documents {
    /// An example of a paper of an entity, with the names of all its fields, as own templates have them.
    ///
    /// # Errors
    /// `NotFound` without such an entity.
    pub(super) async fn sample(
        &self,
        ctx: &Ctx,
        entity: &str,
        paper: Option<Paper>,
        settings: PaperSettings,
        locale: Locale,
    ) -> Result<Gathered> {
        let catalogue = self.records.catalogue_of(ctx).await?;
        sample(ctx, &catalogue, (entity, paper), settings, locale)
    }

    /// What a template of an entity is given for an example.
    pub(super) async fn sample_data(
        &self,
        ctx: &Ctx,
        entity: &str,
        paper: Option<Paper>,
        locale: Locale,
    ) -> Result<Json> {
        let catalogue = self.records.catalogue_of(ctx).await?;
        self.sample_from(ctx, &catalogue, (entity, paper), locale)
    }

    /// The same by a catalogue, kept or not.
    pub(super) fn sample_from(
        &self,
        ctx: &Ctx,
        catalogue: &Catalogue,
        of: (&str, Option<Paper>),
        locale: Locale,
    ) -> Result<Json> {
        let gathered = sample(ctx, catalogue, of, PaperSettings::default(), locale)?;
        let mut data = self.written(ctx, &gathered)?;
        super::trial::as_draft(&mut data);
        by_its_entity(&mut data);
        Ok(data)
    }
}
