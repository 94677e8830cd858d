//! What is needed to make a paper of a record: the record as the actor sees it, whose it is, for whom, in which language,
//! by which settings.

use std::collections::BTreeSet;
use std::sync::Arc;

use kernel::error::FieldError;
use kernel::filter::Filter;
use kernel::{Ctx, Error, FieldKey, Fields, Locale, RecordId, Result, Value};
use records::Record;
use records::catalogue::entity_label;
use records::read::Query;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use crate::INVALID;
use crate::data::{Around, Composer, Data, text};
use crate::own::upload::Content;
use crate::own::{self, OwnTemplate};
use crate::service::Documents;
use crate::store;
use crate::templates::{Paper, PaperSettings, of_sale};
use crate::words::word;

/// What a paper cannot be without: whoever does not see these makes none.
const NEEDED: [&str; 4] = ["rows", "amount", "state", "document_number"];

/// Which template somebody wants; none: the usual one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Which {
    /// One of ours.
    pub paper: Option<Paper>,
    /// One of the company's own.
    pub own: Option<Uuid>,
}

/// A version of an own template.
#[derive(Debug, Clone)]
pub(crate) struct Used {
    pub id: Uuid,
    pub version: i64,
    pub title: String,
    pub content: Arc<Content>,
}

/// What a paper is set by.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// A template of ours.
    Ours(Paper),
    /// One of the company's.
    Own(Arc<Content>),
}

/// Everything that a paper is made of.
#[derive(Debug, Clone)]
pub(crate) struct Gathered {
    /// None: the record is no document of sale.
    pub paper: Option<Paper>,
    /// By which own template, where one is used.
    pub own: Option<Used>,
    /// What own templates have beside what stands on every paper.
    pub words: Option<Map<String, Json>>,
    pub record: Record,
    pub around: Around,
    pub locale: Locale,
    pub version: i64,
    pub settings: PaperSettings,
    pub organization: Option<Uuid>,
}

fn id(fields: &Fields, key: &str) -> Option<Uuid> {
    fields.get(key).and_then(Value::as_id)
}

/// The language of somebody's record.
fn language(fields: &Fields) -> Option<Locale> {
    text(fields, "language")?.parse().ok()
}

impl Gathered {
    /// What stands on the paper.
    pub fn data(&self, ctx: &Ctx) -> Result<Data> {
        self.data_of(ctx, &self.record.fields)
    }

    /// By what it is set.
    pub fn source(&self) -> Result<Source> {
        match (&self.own, self.paper) {
            (Some(own), _) => Ok(Source::Own(Arc::clone(&own.content))),
            (None, Some(paper)) => Ok(Source::Ours(paper)),
            (None, None) => Err(Error::Internal("a paper of no template".into())),
        }
    }

    /// The kind of paper: what is no document of sale is not sent by letter.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn of_sale(&self) -> Result<Paper> {
        self.paper.ok_or_else(|| Error::NotFound(format!("a letter of {}", self.record.entity)))
    }

    /// What its file is called.
    pub fn file_name(&self, number: &str) -> String {
        let name = match (&self.own, self.paper) {
            (Some(own), _) => format!("{} {number}.{}", own.title, own.content.kind().end()),
            (None, Some(paper)) => format!("{} {number}.pdf", word(self.locale, &format!("title.{}", paper.key()))),
            (None, None) => format!("{number}.pdf"),
        };
        name.replace(['/', '\\'], "-")
    }

    /// What a template is given, and what is kept of a paper.
    pub fn written(&self, data: &Data) -> Result<Json> {
        let mut json = serde_json::to_value(data).map_err(Error::internal)?;
        if let (Some(words), Json::Object(object)) = (&self.words, &mut json) {
            object.extend(words.clone());
            if let Some(Json::Object(record)) = object.get_mut("record").filter(|_| self.paper.is_some()) {
                // Drawn after the record was read, when it is issued with its paper.
                record.insert("document_number".to_owned(), json!(data.number.clone().unwrap_or_default()));
                record.insert("document_date".to_owned(), json!(data.date));
                record.remove("state");
            }
        }
        Ok(json)
    }

    /// The same with another image of the record, of which only what the actor sees counts.
    pub fn data_of(&self, ctx: &Ctx, image: &Fields) -> Result<Data> {
        let seen: BTreeSet<&FieldKey> = self.record.fields.keys().collect();
        let fields: Fields = image
            .iter()
            .filter(|(key, _)| seen.contains(key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let today = ctx.now().utc().with_timezone(&ctx.zone).date_naive();
        let composer = Composer {
            paper: self.paper,
            settings: &self.settings,
            locale: self.locale,
            fields: &fields,
            around: &self.around,
            today,
        };
        composer.compose()
    }
}

/// The paper of a record where nobody said which.
pub(crate) fn usual(record: &Record) -> Option<Paper> {
    let credit = record.entity == "invoice" && text(&record.fields, "kind").as_deref() == Some("credit");
    if credit { Some(Paper::Credit) } else { of_sale(&record.entity) }
}

/// A template that does not fit the record.
fn other(field: &str) -> Error {
    Error::field(INVALID, field, FieldError::worded("choice", "document.other_template"))
}

/// Passes a paper that can be made of a record.
fn fits(paper: Paper, record: &Record) -> Result<()> {
    let credit = text(&record.fields, "kind").as_deref() == Some("credit");
    let kind = match paper {
        Paper::Credit => credit,
        Paper::Invoice => !credit,
        _ => true,
    };
    if kind && paper.entities().contains(&record.entity.as_str()) {
        return Ok(());
    }
    Err(other("template"))
}

impl Documents {
    /// Gathers what a paper of a record is made of.
    ///
    /// # Errors
    /// `NotFound`; `Denied` where its rows or sums are hidden; `document.invalid` naming `template` or `own`.
    pub(crate) async fn gather(
        &self,
        ctx: &Ctx,
        entity: &str,
        record: RecordId,
        which: Which,
        locale: Option<Locale>,
    ) -> Result<Gathered> {
        let record = self.records.get(ctx, entity, record).await?;
        let (paper, own) = self.chosen(ctx, &record, which).await?;
        self.gathered(ctx, record, paper, own, locale).await
    }

    /// The template that was asked for, else the usual one of the company, else ours.
    async fn chosen(&self, ctx: &Ctx, record: &Record, which: Which) -> Result<(Option<Paper>, Option<Used>)> {
        if let Some(paper) = which.paper.filter(|_| which.own.is_none()) {
            fits(paper, record)?;
            return Ok((Some(paper), None));
        }
        let all = own::store::list(self.records.db().read(), ctx.tenant).await?;
        let template = match which.own {
            Some(id) => {
                let fitting = |one: &&OwnTemplate| one.id == id && record.entity == one.entity.as_str();
                Some(all.iter().find(fitting).ok_or_else(|| other("own"))?)
            }
            None => {
                let paper = usual(record);
                let is_usual =
                    |one: &&OwnTemplate| one.usual && record.entity == one.entity.as_str() && one.paper == paper;
                all.iter().find(is_usual)
            }
        };
        let Some(template) = template else {
            let paper = usual(record).ok_or_else(|| Error::NotFound(format!("a template of {}", record.entity)))?;
            return Ok((Some(paper), None));
        };
        if let Some(paper) = template.paper {
            fits(paper, record).map_err(|_| other("own"))?;
        }
        Ok((template.paper, Some(self.used(ctx, template, template.version).await?)))
    }

    /// The same by a template that was chosen and fits.
    pub(crate) async fn gathered(
        &self,
        ctx: &Ctx,
        record: Record,
        paper: Option<Paper>,
        own: Option<Used>,
        locale: Option<Locale>,
    ) -> Result<Gathered> {
        if paper.is_some() && NEEDED.iter().any(|key| !record.fields.contains_key(*key)) {
            return Err(Error::Denied("document"));
        }
        let mut organization = id(&record.fields, "organization");
        if organization.is_none() && paper.is_none() {
            organization = self.main_organization(ctx).await?;
        }
        let around = self.around(ctx, &record, organization).await?;
        let theirs = [&around.contact, &around.company, &around.organization].into_iter().find_map(language);
        let locale = match locale.or(theirs) {
            Some(locale) => locale,
            None => people::tenant::get(self.records.db(), ctx.tenant).await?.locale,
        };
        let (version, settings) = match paper {
            Some(paper) => self.settings_of(ctx, paper).await?,
            None => (0, PaperSettings::default()),
        };
        let version = own.as_ref().map_or(version, |own| own.version);
        let words = match &own {
            Some(_) => Some(self.words(ctx, &record, &around, locale).await?),
            None => None,
        };
        Ok(Gathered { paper, own, words, record, around, locale, version, settings, organization })
    }

    /// The record and what is around it as words, for own templates.
    async fn words(&self, ctx: &Ctx, record: &Record, around: &Around, locale: Locale) -> Result<Map<String, Json>> {
        let mut words = Map::new();
        words.insert("entity".to_owned(), json!(record.entity.as_str()));
        words.insert("record".to_owned(), json!(self.said(ctx, &record.entity, &record.fields, locale).await?));
        for (key, fields) in
            [("organization", &around.organization), ("company", &around.company), ("contact", &around.contact)]
        {
            words.insert(key.to_owned(), json!(self.said(ctx, key, fields, locale).await?));
        }
        words.insert("owner".to_owned(), json!(around.owner));
        Ok(words)
    }

    /// The organization of ours that sells where nobody said which.
    async fn main_organization(&self, ctx: &Ctx) -> Result<Option<Uuid>> {
        let eyes = Ctx::system(ctx.tenant, ctx.zone, ctx.locale, &ctx.env);
        let main = json!({"field": "main", "op": "eq", "value": true});
        let filter = Filter::parse(&main).map_err(|_| Error::Internal("a filter of ours".into()))?;
        let query = Query { filter: Some(filter), limit: Some(1), ..Query::default() };
        let page = self.records.query(&eyes, "organization", &query).await?;
        Ok(page.items.first().map(|found| found.id.0))
    }

    async fn around(&self, ctx: &Ctx, record: &Record, organization: Option<Uuid>) -> Result<Around> {
        let mut around = Around {
            company: self.linked(ctx, &record.fields, "company", "company").await?,
            contact: self.linked(ctx, &record.fields, "contact", "contact").await?,
            owner: self.name_of(ctx, id(&record.fields, "owner")).await?,
            ..Around::default()
        };
        if let Some(organization) = organization {
            around.organization = self.own(ctx, organization).await?;
            around.head = self.name_of(ctx, id(&around.organization, "head")).await?;
        }
        let credited = self.linked(ctx, &record.fields, "credits", "invoice").await?;
        around.credits = text(&credited, "document_number");
        self.taxes(ctx, record, &mut around).await?;
        let catalogue = self.records.catalogue_of(ctx).await?;
        let def = catalogue.entity(&record.entity)?;
        around.unnamed = Locale::ALL.map(|locale| entity_label(def, false, locale)).to_vec();
        Ok(around)
    }

    /// What the actor sees of a linked record; nothing where they see none.
    async fn linked(&self, ctx: &Ctx, fields: &Fields, key: &str, entity: &str) -> Result<Fields> {
        let Some(id) = id(fields, key) else { return Ok(Fields::new()) };
        match self.records.get(ctx, entity, RecordId(id)).await {
            Ok(record) => Ok(record.fields),
            Err(Error::NotFound(_) | Error::Denied(_)) => Ok(Fields::new()),
            Err(error) => Err(error),
        }
    }

    /// An organization of our own: everybody who makes papers shows its details, but for fields that are hidden from them.
    async fn own(&self, ctx: &Ctx, organization: Uuid) -> Result<Fields> {
        let eyes = Ctx::system(ctx.tenant, ctx.zone, ctx.locale, &ctx.env);
        match self.records.get(&eyes, "organization", RecordId(organization)).await {
            Ok(record) => {
                let seen = record.fields.into_iter();
                Ok(seen.filter(|(key, _)| ctx.rights.sees("organization", key.as_str())).collect())
            }
            Err(Error::NotFound(_)) => Ok(Fields::new()),
            Err(error) => Err(error),
        }
    }

    async fn name_of(&self, ctx: &Ctx, user: Option<Uuid>) -> Result<Option<String>> {
        let Some(user) = user else { return Ok(None) };
        let person = people::staff::person(self.records.db().read(), ctx.tenant, user).await?;
        Ok(person.map(|person| person.name))
    }

    /// Names of the taxes of the rows: whoever sees the rows sees them.
    async fn taxes(&self, ctx: &Ctx, record: &Record, around: &mut Around) -> Result<()> {
        let Some(Value::Json(Json::Array(rows))) = record.fields.get("rows") else { return Ok(()) };
        let ids: BTreeSet<RecordId> =
            rows.iter().filter_map(|row| row.get("tax")?.as_str()?.parse().ok()).map(RecordId).collect();
        let eyes = Ctx::system(ctx.tenant, ctx.zone, ctx.locale, &ctx.env);
        let ids: Vec<RecordId> = ids.into_iter().collect();
        for tax in self.records.get_many(&eyes, "tax", &ids).await? {
            around.taxes.extend(text(&tax.fields, "title").map(|title| (tax.id.0, title)));
        }
        Ok(())
    }

    async fn settings_of(&self, ctx: &Ctx, paper: Paper) -> Result<(i64, PaperSettings)> {
        let all = store::settings(self.records.db().read(), ctx.tenant).await?;
        let own = all.into_iter().find(|(of, ..)| *of == paper);
        Ok(own.map_or_else(|| (0, PaperSettings::default()), |(_, version, settings)| (version, settings)))
    }
}
