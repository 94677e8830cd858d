//! What stands on a paper: a record, whose it is and for whom, as ready texts in the paper's language. What the reader of
//! the record does not see is not here, and so cannot be on the paper.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use crm::{Row, TotalsView};
use kernel::value::Currency;
use kernel::{Error, Fields, Locale, Result, Value};
use rust_decimal::Decimal;
use serde::Serialize;
use uuid::Uuid;

use crate::format;
use crate::templates::{Column, Face, Paper, PaperSettings};
use crate::words::{filled, first, word};

/// What is around the record.
#[derive(Debug, Clone, Default)]
pub(crate) struct Around {
    /// Whose paper it is.
    pub organization: Fields,
    /// Who heads it.
    pub head: Option<String>,
    /// The client.
    pub company: Fields,
    /// The client's person, or the client.
    pub contact: Fields,
    /// Who answers for the record.
    pub owner: Option<String>,
    /// Names of taxes.
    pub taxes: BTreeMap<Uuid, String>,
    /// The number of the invoice that a credit note is for.
    pub credits: Option<String>,
    /// What a record is called that nobody named, in all languages.
    pub unnamed: Vec<String>,
}

/// What a template reads.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Data {
    pub lang: &'static str,
    pub heading: String,
    subject: Option<String>,
    draft: bool,
    settings: Look,
    labels: BTreeMap<&'static str, String>,
    roles: Roles,
    facts: Vec<Fact>,
    seller: Party,
    buyer: Party,
    columns: Vec<Labelled>,
    rows: Vec<BTreeMap<&'static str, String>>,
    sums: Vec<Sum>,
    words: Option<String>,
    bank: Option<String>,
    terms: Option<String>,
    /// Pictures that are wanted; their names are put in by whoever has them.
    pub logo: Option<&'static str>,
    pub signature: Option<&'static str>,
    pub stamp: Option<&'static str>,
    /// For letters and names of files.
    pub number: Option<String>,
    pub date: String,
    pub total: String,
}

#[derive(Debug, Clone, Serialize)]
struct Look {
    color: String,
    font: Face,
    words: bool,
    bank: bool,
    signatures: bool,
    intro: Option<String>,
    footer: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct Roles {
    seller: &'static str,
    buyer: &'static str,
}

#[derive(Debug, Clone, Serialize)]
struct Fact {
    label: &'static str,
    value: String,
}

#[derive(Debug, Clone, Default, Serialize)]
struct Party {
    name: Option<String>,
    lines: Vec<String>,
    contacts: Vec<String>,
    head: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct Labelled {
    key: &'static str,
    label: &'static str,
}

#[derive(Debug, Clone, Serialize)]
struct Sum {
    label: String,
    value: String,
    main: bool,
}

/// The words of a text field; none where it is empty or hidden.
pub(crate) fn text(fields: &Fields, key: &str) -> Option<String> {
    fields.get(key).and_then(Value::as_text).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Phones or addresses of a field.
pub(crate) fn several(fields: &Fields, key: &str) -> Vec<String> {
    match fields.get(key) {
        Some(Value::Multi(values)) => values.iter().map(|one| one.value.clone()).collect(),
        _ => Vec::new(),
    }
}

/// The day of a field.
fn day(fields: &Fields, key: &str) -> Option<NaiveDate> {
    if let Some(Value::Date(day)) = fields.get(key) { Some(*day) } else { None }
}

fn decimal(fields: &Fields, key: &str) -> Option<Decimal> {
    match fields.get(key) {
        Some(Value::Decimal(value)) => Some(*value).filter(|value| !value.is_zero()),
        _ => None,
    }
}

/// What the letter calls a name.
pub(crate) fn client_of(around: &Around) -> Option<String> {
    text(&around.company, "title").or_else(|| text(&around.contact, "title"))
}

/// The seller's name.
pub(crate) fn seller_of(around: &Around) -> Option<String> {
    text(&around.organization, "legal_name").or_else(|| text(&around.organization, "title"))
}

/// Rows with what they come to.
struct Figured {
    rows: Vec<Row>,
    totals: TotalsView,
    currency: Currency,
}

/// One paper.
pub(crate) struct Composer<'a> {
    /// None: the record is no document of sale.
    pub paper: Option<Paper>,
    pub settings: &'a PaperSettings,
    pub locale: Locale,
    pub fields: &'a Fields,
    pub around: &'a Around,
    /// The day of a draft.
    pub today: NaiveDate,
}

impl Composer<'_> {
    /// Puts it together.
    ///
    /// # Errors
    /// `sale.no_currency` (409) where the record says no currency.
    pub fn compose(&self) -> Result<Data> {
        let locale = self.locale;
        let figures = self.figures()?;
        let date = format::date(day(self.fields, "document_date").unwrap_or(self.today), locale);
        let number = text(self.fields, "document_number").filter(|_| !self.is_draft());
        let state = text(self.fields, "state").unwrap_or_default();
        let texts = self.settings.texts_in(locale);
        let mut labels: BTreeMap<&'static str, String> = ["in_words", "bank", "terms", "done", "no_claims"]
            .into_iter()
            .map(|key| (key, word(locale, key).to_owned()))
            .collect();
        labels.insert("draft", word(locale, if state == "void" { "void" } else { "draft" }).to_owned());
        Ok(Data {
            lang: locale.code(),
            heading: self.heading(number.as_deref(), &date),
            subject: self.subject(),
            draft: self.is_draft() || (self.paper.is_some() && state == "void"),
            settings: Look {
                color: self.settings.color.clone(),
                font: self.settings.font,
                words: self.settings.words,
                bank: self.settings.bank,
                signatures: self.settings.signatures,
                intro: texts.intro,
                footer: texts.footer,
            },
            labels,
            roles: self.roles(),
            facts: self.facts(),
            seller: self.seller(),
            buyer: self.buyer(),
            columns: figures.as_ref().map_or_else(Vec::new, |figures| self.columns(&figures.rows)),
            rows: figures.as_ref().map_or_else(Vec::new, |figures| self.rows(figures)),
            sums: figures.as_ref().map_or_else(Vec::new, |figures| self.sums(figures)),
            total: figures.as_ref().map_or_else(String::new, |f| format::money(f.totals.total, f.currency, locale)),
            words: figures.and_then(|figures| figures.totals.in_words),
            bank: text(&self.around.organization, "bank_details"),
            terms: text(self.fields, "terms"),
            logo: self.settings.logo.then_some("wanted"),
            signature: self.settings.signatures.then_some("wanted"),
            stamp: self.settings.signatures.then_some("wanted"),
            number,
            date,
        })
    }

    /// What a document of sale comes to; of another record only where it has rows.
    fn figures(&self) -> Result<Option<Figured>> {
        let Some((rows, totals)) = crm::figures(self.fields, self.locale)? else {
            let needed = Error::Conflict { code: "document.no_currency", current: None };
            return if self.paper.is_some() { Err(needed) } else { Ok(None) };
        };
        let currency: Currency = totals.currency.parse().map_err(|_| Error::Internal("a currency".into()))?;
        let told = self.paper.is_some() || !rows.is_empty();
        Ok(told.then_some(Figured { rows, totals, currency }))
    }

    fn is_draft(&self) -> bool {
        self.paper.is_some() && text(self.fields, "state").is_none_or(|state| state == "draft")
    }

    fn heading(&self, number: Option<&str>, date: &str) -> String {
        let Some(paper) = self.paper else { return text(self.fields, "title").unwrap_or_default() };
        let kind = if number.is_some() { "heading" } else { "draft" };
        let words = word(self.locale, &format!("{kind}.{}", paper.key()));
        filled(words, &[("number", number.unwrap_or_default()), ("date", date)])
    }

    /// What the record is about, where somebody said so; which revision, what is credited.
    fn subject(&self) -> Option<String> {
        self.paper?;
        let number = text(self.fields, "document_number");
        let own = |title: &String| {
            !self.around.unnamed.contains(title)
                && number.as_ref().is_none_or(|number| !title.contains(number.as_str()))
        };
        let mut parts: Vec<String> = text(self.fields, "title").filter(own).into_iter().collect();
        if let Some(Value::Integer(revision @ 2..)) = self.fields.get("revision") {
            parts.push(filled(word(self.locale, "revision"), &[("value", revision.to_string().as_str())]));
        }
        if let Some(credits) = self.around.credits.as_deref().filter(|_| self.paper == Some(Paper::Credit)) {
            parts.push(filled(word(self.locale, "credits"), &[("value", credits)]));
        }
        (!parts.is_empty()).then(|| parts.join(". "))
    }

    fn roles(&self) -> Roles {
        let key = if self.paper == Some(Paper::Act) { "act" } else { "quote" };
        Roles { seller: word(self.locale, &format!("seller.{key}")), buyer: word(self.locale, &format!("buyer.{key}")) }
    }

    fn facts(&self) -> Vec<Fact> {
        let days = ["valid_to", "deliver_by", "due_date"].into_iter().filter_map(|key| {
            let value = format::date(day(self.fields, key)?, self.locale);
            Some(Fact { label: word(self.locale, &format!("fact.{key}")), value })
        });
        let days = days.filter(|_| self.paper != Some(Paper::Act));
        let owner = self.around.owner.clone().map(|value| Fact { label: word(self.locale, "fact.owner"), value });
        days.chain(owner).collect()
    }

    /// Numbers by which the state knows somebody, and where they are.
    fn legal(&self, of: &Fields) -> Vec<String> {
        let country = text(&self.around.organization, "country").unwrap_or_default().to_uppercase();
        let named = |key: &str| {
            let words = first(self.locale, &[format!("{key}.{country}").as_str(), key]);
            text(of, key).map(|value| filled(words, &[("value", value.as_str())]))
        };
        let address = text(of, "legal_address").or_else(|| text(of, "address"));
        [named("tax_id"), named("registration_number"), address].into_iter().flatten().collect()
    }

    fn seller(&self) -> Party {
        let of = &self.around.organization;
        let contacts = ["phones", "emails", "sites"].iter().flat_map(|key| several(of, key)).take(4).collect();
        Party { name: seller_of(self.around), lines: self.legal(of), contacts, head: self.around.head.clone() }
    }

    fn buyer(&self) -> Party {
        let mut lines = self.legal(&self.around.company);
        let company = text(&self.around.company, "title");
        let contact = text(&self.around.contact, "title");
        if company.is_some() {
            lines.extend(contact.clone());
        }
        Party { name: company.or(contact), lines, ..Party::default() }
    }

    fn columns(&self, rows: &[Row]) -> Vec<Labelled> {
        let needed = |column: &Column| match column {
            Column::Discount => rows.iter().any(|row| row.discount_percent.is_some() || row.discount_amount.is_some()),
            Column::Tax => rows.iter().any(|row| row.tax_rate.is_some()),
            Column::Unit => rows.iter().any(|row| row.unit.is_some()),
            _ => true,
        };
        let labelled = |column: &Column| Labelled {
            key: column.key(),
            label: word(self.locale, &format!("column.{}", column.key())),
        };
        self.settings.columns.iter().filter(|column| needed(column)).map(labelled).collect()
    }

    fn rows(&self, figures: &Figured) -> Vec<BTreeMap<&'static str, String>> {
        figures.rows.iter().enumerate().map(|(place, row)| self.row(place, row, figures.currency)).collect()
    }

    fn row(&self, place: usize, row: &Row, currency: Currency) -> BTreeMap<&'static str, String> {
        let locale = self.locale;
        let discount = match (row.discount_percent, row.discount_amount) {
            (Some(percent), _) => format::percent(percent, locale),
            (None, Some(amount)) => format::number(amount, currency.decimals(), locale),
            (None, None) => String::new(),
        };
        BTreeMap::from([
            ("number", (place + 1).to_string()),
            ("title", row.title.clone().unwrap_or_default()),
            ("quantity", format::quantity(row.quantity, locale)),
            ("unit", row.unit.clone().unwrap_or_default()),
            ("price", row.price.map_or_else(String::new, |price| format::price(price, currency, locale))),
            ("discount", discount),
            ("tax", row.tax_rate.map_or_else(|| "—".to_owned(), |rate| format::percent(rate, locale))),
            ("total", line(row).map_or_else(String::new, |sum| format::number(sum, currency.decimals(), locale))),
        ])
    }

    fn sums(&self, figures: &Figured) -> Vec<Sum> {
        let Figured { rows, totals, currency } = figures;
        let currency = *currency;
        let money = |value| format::money(value, currency, self.locale);
        let sum = |label: &str, value| Sum { label: label.to_owned(), value: money(value), main: false };
        let plain = |key: &str, value| sum(word(self.locale, key), value);
        let mut sums = Vec::new();
        let shares: Decimal = rows.iter().filter_map(|row| row.figures).map(|figures| figures.share).sum();
        if !shares.is_zero() {
            sums.push(plain("sum.lines", rows.iter().filter_map(line).sum()));
            sums.push(plain("sum.discount", -shares));
        }
        let taxed = || totals.by_tax.iter().filter(|tax| tax.rate.is_some());
        let added: Vec<Sum> =
            taxed().filter(|tax| !tax.included).map(|tax| sum(&self.tax(tax, "sum.tax"), tax.amount)).collect();
        if !added.is_empty() {
            sums.push(plain("sum.net", totals.net));
            sums.extend(added);
        }
        if !totals.rounding.is_zero() {
            sums.push(plain("sum.rounding", totals.rounding));
        }
        sums.push(Sum { main: true, ..plain("sum.total", totals.total) });
        sums.extend(taxed().filter(|tax| tax.included).map(|tax| sum(&self.tax(tax, "sum.included"), tax.amount)));
        if taxed().next().is_none() {
            sums.push(Sum { value: String::new(), ..plain("sum.no_tax", Decimal::ZERO) });
        }
        if let Some(paid) = decimal(self.fields, "paid").filter(|_| self.paper == Some(Paper::Invoice)) {
            sums.push(plain("sum.paid", paid));
            sums.push(plain("sum.due", decimal(self.fields, "debt").unwrap_or_default()));
        }
        sums
    }

    /// What a tax is called: its own name, else its rate.
    fn tax(&self, tax: &crm::TaxView, key: &str) -> String {
        let rate = tax.rate.map_or_else(String::new, |rate| format::percent(rate, self.locale));
        let named = tax.tax.and_then(|id| self.around.taxes.get(&id));
        let name = match named {
            Some(name) if name.contains(char::is_numeric) => name.clone(),
            Some(name) => format!("{name} {rate}"),
            None => filled(word(self.locale, "tax"), &[("value", rate.as_str())]),
        };
        filled(word(self.locale, key), &[("value", name.as_str())])
    }
}

/// What a row comes to before the document's discount and before tax that is added.
fn line(row: &Row) -> Option<Decimal> {
    row.figures.map(|figures| figures.gross - figures.discount)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn quote(state: &str, rows: serde_json::Value) -> Fields {
        let text = |text: &str| Value::Text(text.to_owned());
        Fields::from_iter([
            ("state".into(), text(state)),
            ("title".into(), text("Quote")),
            ("document_number".into(), text("2026-0007")),
            ("document_date".into(), Value::Date(NaiveDate::from_ymd_opt(2026, 3, 16).unwrap())),
            ("currency".into(), text("EUR")),
            ("rows".into(), Value::Json(rows)),
        ])
    }

    fn composed(fields: &Fields, locale: Locale) -> serde_json::Value {
        let around = Around { unnamed: vec!["Quote".to_owned()], ..Around::default() };
        let settings = PaperSettings::default();
        let today = NaiveDate::from_ymd_opt(2026, 3, 20).unwrap();
        let composer =
            Composer { paper: Some(Paper::Quote), settings: &settings, locale, fields, around: &around, today };
        serde_json::to_value(composer.compose().unwrap()).unwrap()
    }

    fn sums(data: &serde_json::Value) -> Vec<String> {
        let all = data["sums"].as_array().unwrap().iter();
        all.map(|sum| format!("{} {}", sum["label"].as_str().unwrap(), sum["value"].as_str().unwrap())).collect()
    }

    #[test]
    fn sums_stand_below_the_rows_by_tax_and_discount() {
        let added = json!([{"title": "a", "price": 100, "tax_rate": 20}, {"title": "b", "price": 50, "tax_rate": 10}]);
        let data = composed(&quote("sent", added), Locale::En);
        assert_eq!(sums(&data), ["Net €150.00", "Tax 20% €20.00", "Tax 10% €5.00", "Total €175.00"]);
        let held = json!([{"title": "a", "price": 120, "tax_rate": 20, "tax_included": true}]);
        let data = composed(&quote("sent", held), Locale::En);
        assert_eq!(sums(&data), ["Total €120.00", "including Tax 20% €20.00"]);
        let mut none = quote("sent", json!([{"title": "a", "price": 100}, {"title": "b", "price": 200}]));
        none.insert("discount_percent".into(), Value::Decimal(Decimal::TEN));
        let data = composed(&none, Locale::En);
        assert_eq!(sums(&data), ["Subtotal €300.00", "Discount -€30.00", "Total €270.00", "Without tax "]);
        let keys: Vec<&str> =
            data["columns"].as_array().unwrap().iter().map(|column| column["key"].as_str().unwrap()).collect();
        assert_eq!(keys, ["number", "title", "quantity", "price", "total"]);
    }

    #[test]
    fn a_draft_has_no_number_and_says_what_it_is() {
        let rows = json!([{"title": "a", "price": 1}]);
        let data = composed(&quote("draft", rows.clone()), Locale::Uk);
        assert_eq!((&data["number"], &data["draft"]), (&json!(null), &json!(true)));
        assert_eq!(data["labels"]["draft"], "ЧЕРНЕТКА");
        assert!(!data.to_string().contains("2026-0007"), "{data}");
        let data = composed(&quote("sent", rows), Locale::Ru);
        assert_eq!((&data["number"], &data["draft"]), (&json!("2026-0007"), &json!(false)));
        let heading = data["heading"].as_str().unwrap().replace('\u{a0}', " ");
        assert_eq!(heading, "Коммерческое предложение № 2026-0007 от 16 марта 2026 г.");
        assert_eq!(data["words"], "Один евро 00 центов");
        // Nobody gave it a title.
        assert_eq!(data["subject"], json!(null));
    }

    #[test]
    fn what_says_no_currency_is_no_paper() {
        let mut fields = quote("sent", json!([{"title": "a", "price": 1}]));
        fields.remove("currency");
        let around = Around::default();
        let (settings, today) = (PaperSettings::default(), NaiveDate::from_ymd_opt(2026, 3, 20).unwrap());
        let locale = Locale::En;
        let composer = Composer {
            paper: Some(Paper::Quote),
            settings: &settings,
            locale,
            fields: &fields,
            around: &around,
            today,
        };
        let refused = composer.compose().unwrap_err();
        assert!(matches!(refused, Error::Conflict { code: "document.no_currency", .. }), "{refused:?}");
    }
}
