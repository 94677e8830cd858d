//! What is needed to make a paper of a record: the record as the actor sees it, whose it is, for whom, in which language,
//! by which settings.

use std::collections::BTreeSet;

use kernel::error::FieldError;
use kernel::{Ctx, Error, FieldKey, Fields, Locale, RecordId, Result, Value};
use records::Record;
use records::catalogue::entity_label;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::INVALID;
use crate::data::{Around, Composer, Data, text};
use crate::service::Documents;
use crate::store;
use crate::templates::{Paper, PaperSettings};
use crate::typeset::Sheet;

/// What a paper cannot be without: whoever does not see these makes none.
const NEEDED: [&str; 4] = ["rows", "amount", "state", "document_number"];
/// Bytes of a picture of an organization.
const MAX_PICTURE: u64 = 1024 * 1024;
/// Pictures by the names of their files.
const PICTURES: [&str; 3] = ["logo", "signature", "stamp"];

/// Everything that a paper is made of.
#[derive(Debug, Clone)]
pub(crate) struct Gathered {
    pub paper: Paper,
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
    match record.entity.as_str() {
        "quote" => Some(Paper::Quote),
        "order" => Some(Paper::Order),
        "invoice" if text(&record.fields, "kind").as_deref() == Some("credit") => Some(Paper::Credit),
        "invoice" => Some(Paper::Invoice),
        _ => None,
    }
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
    Err(Error::field(INVALID, "template", FieldError::worded("choice", "document.other_template")))
}

impl Documents {
    /// Gathers what a paper of a record is made of.
    ///
    /// # Errors
    /// `NotFound`; `Denied` where its rows or sums are hidden; `document.invalid` naming `template`.
    pub(crate) async fn gather(
        &self,
        ctx: &Ctx,
        entity: &str,
        record: RecordId,
        paper: Option<Paper>,
        locale: Option<Locale>,
    ) -> Result<Gathered> {
        let record = self.records.get(ctx, entity, record).await?;
        let paper =
            paper.or_else(|| usual(&record)).ok_or_else(|| Error::NotFound(format!("a template of {entity}")))?;
        fits(paper, &record)?;
        if NEEDED.iter().any(|key| !record.fields.contains_key(*key)) {
            return Err(Error::Denied("document"));
        }
        let organization = id(&record.fields, "organization");
        let around = self.around(ctx, &record, organization).await?;
        let own = [&around.contact, &around.company, &around.organization].into_iter().find_map(language);
        let locale = match locale.or(own) {
            Some(locale) => locale,
            None => people::tenant::get(self.records.db(), ctx.tenant).await?.locale,
        };
        let (version, settings) = self.settings_of(ctx, paper).await?;
        Ok(Gathered { paper, record, around, locale, version, settings, organization })
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

    /// A paper, ready to be set, with the pictures of its organization.
    pub(crate) async fn sheet(
        &self,
        ctx: &Ctx,
        paper: Paper,
        mut data: Json,
        organization: Option<Uuid>,
    ) -> Result<Sheet> {
        use chrono::Datelike;
        let today = ctx.now().utc().with_timezone(&ctx.zone).date_naive();
        let mut sheet = Sheet {
            main: paper.source().to_owned(),
            day: (
                today.year(),
                u8::try_from(today.month()).map_err(Error::internal)?,
                u8::try_from(today.day()).map_err(Error::internal)?,
            ),
            ..Sheet::default()
        };
        for (kind, name, bytes) in self.pictures(ctx, organization).await? {
            if let Some(value) = data.get_mut(kind).filter(|value| value.as_str() == Some("wanted")) {
                *value = Json::String(name.clone());
                sheet = sheet.with(&name, &bytes);
            }
        }
        for kind in PICTURES {
            if let Some(value) = data.get_mut(kind).filter(|value| value.as_str() == Some("wanted")) {
                *value = Json::Null;
            }
        }
        sheet = sheet.with("paper.typ", crate::templates::SHARED.as_bytes());
        Ok(sheet.with("data.json", &serde_json::to_vec(&data).map_err(Error::internal)?))
    }

    /// The newest files of an organization that are called `logo`, `signature` and `stamp`, whatever comes after the point.
    async fn pictures(&self, ctx: &Ctx, organization: Option<Uuid>) -> Result<Vec<(&'static str, String, Vec<u8>)>> {
        let Some(organization) = organization else { return Ok(Vec::new()) };
        let eyes = Ctx::system(ctx.tenant, ctx.zone, ctx.locale, &ctx.env);
        let files = match self.files.list(&eyes, "organization", RecordId(organization), false).await {
            Ok((files, _)) => files,
            Err(Error::NotFound(_)) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        for kind in PICTURES {
            let named = |name: &str| name.rsplit_once('.').is_some_and(|(stem, _)| stem.eq_ignore_ascii_case(kind));
            let fitting = files.iter().find(|file| {
                named(&file.name) && file.size <= MAX_PICTURE && kernel::files::kind::is_picture(&file.media_type)
            });
            let Some(file) = fitting else { continue };
            let name = format!("{kind}.{}", file.media_type.trim_start_matches("image/"));
            let bytes = self.store.read_whole(file.tenant, file.id, file.size, MAX_PICTURE).await?;
            found.push((kind, name, bytes));
        }
        Ok(found)
    }
}
