//! Papers of records: previews, papers that are kept, settings of templates.

use std::sync::Arc;

use bytes::Bytes;
use kernel::child::ChildCommand;
use kernel::clock::Env;
use kernel::error::FieldError;
use kernel::files::Store;
use kernel::{Actor, Ctx, Error, Locale, RecordId, RecordRef, Result, TenantId, audit};
use messaging::Mail;
use records::Records;
use records::files::Files;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::gather::{Gathered, Source, Which};
use crate::lines::Lines;
use crate::moving;
use crate::own::TemplateKind;
use crate::store::{self, Made, MadeState};
use crate::templates::{Paper, PaperSettings, Template};
use crate::typeset::Typesetter;
use crate::words::word;
use crate::{INVALID, own};

/// Which paper.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentInput {
    /// One of ours; the usual one of the record where it is left out.
    #[serde(default)]
    pub template: Option<Paper>,
    /// A template of the company's own instead.
    #[serde(default)]
    pub own: Option<Uuid>,
    /// `quote`, `order` or `invoice`; any entity that has a template of the company's own.
    pub entity: String,
    /// The record.
    pub id: Uuid,
    /// `en`, `ru` or `uk`; the client's, else the organization's, else the company's where it is left out.
    #[serde(default)]
    pub locale: Option<Locale>,
    /// What it is made as; as its template makes it where it is left out.
    #[serde(default)]
    pub format: Option<Format>,
}

impl DocumentInput {
    const fn which(&self) -> Which {
        Which { paper: self.template, own: self.own }
    }
}

/// What a paper is made as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// PDF 1.7, tagged.
    Pdf,
    /// A Word file, of a template that is one.
    Docx,
}

/// Passes a format that the template makes.
fn made_as(gathered: &Gathered, format: Option<Format>) -> Result<TemplateKind> {
    let kind = gathered.own.as_ref().map_or(TemplateKind::Typ, |own| own.content.kind());
    let wrong = |words: &str| Err(Error::field(INVALID, "format", FieldError::worded("choice", words)));
    match (format, kind) {
        (Some(Format::Pdf), TemplateKind::Docx) => wrong("document.no_converter"),
        (Some(Format::Docx), TemplateKind::Typ) => wrong("document.no_word"),
        _ => Ok(kind),
    }
}

/// The service; cheap to clone.
#[derive(Clone)]
pub struct Documents {
    pub(crate) env: Env,
    pub(crate) records: Records,
    pub(crate) files: Files,
    pub(crate) store: Store,
    pub(crate) mail: Mail,
    pub(crate) typesetter: Typesetter,
    /// Papers of one record are made one after another.
    pub(crate) making: Arc<Lines<(TenantId, RecordId)>>,
}

impl Documents {
    /// Over the services of records, files and letters. Papers are set by a command of the server's own binary; none: in
    /// this process.
    pub fn new(
        env: &Env,
        records: &Records,
        files: &Files,
        store: &Store,
        mail: &Mail,
        child: Option<ChildCommand>,
    ) -> Self {
        Self {
            env: env.clone(),
            records: records.clone(),
            files: files.clone(),
            store: store.clone(),
            mail: mail.clone(),
            typesetter: Typesetter::new(child),
            making: Arc::new(Lines::new(1)),
        }
    }

    /// Our templates with their settings.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn templates(&self, ctx: &Ctx) -> Result<Vec<Template>> {
        let own = store::settings(self.records.db().read(), ctx.tenant).await?;
        let all = Paper::ALL.map(|paper| {
            let own = own.iter().find(|(of, ..)| *of == paper);
            Template {
                key: paper,
                entities: paper.entities().to_vec(),
                title: word(ctx.locale, &format!("title.{}", paper.key())).to_owned(),
                version: own.map_or(0, |(_, version, _)| *version),
                settings: own.map_or_else(PaperSettings::default, |(.., settings)| settings.clone()),
            }
        });
        Ok(all.to_vec())
    }

    /// Changes the settings of a template (administrators); papers that were made stay as they are.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; `document.invalid` naming `settings.color`, `settings.columns` or a text; 409
    /// `document.template_changed` where `version` is no longer the one that was seen.
    pub async fn put_template(&self, ctx: &Ctx, key: &str, version: i64, settings: &PaperSettings) -> Result<Template> {
        people::require_admin(ctx)?;
        let paper = Paper::of(key).ok_or_else(|| Error::NotFound(format!("document template {key}")))?;
        settings.check()?;
        let tx = self.records.db().begin().await?;
        // Two who change the same template: the second one reads what the first one wrote.
        store::lock_settings(&tx, ctx.tenant, paper).await?;
        let own = store::settings(&tx, ctx.tenant).await?;
        let now = own.iter().find(|(of, ..)| *of == paper).map_or(0, |(_, version, _)| *version);
        if now != version {
            return Err(Error::Conflict { code: "document.template_changed", current: None });
        }
        store::put_settings(&tx, ctx, paper, now + 1, settings).await?;
        let before = own.iter().find(|(of, ..)| *of == paper).map(|(.., settings)| settings);
        let told = moving::told(paper, before, settings);
        audit::record(&tx, ctx, "document_template.updated", key, told).await?;
        tx.commit().await?;
        let all = self.templates(ctx).await?;
        all.into_iter().find(|one| one.key == paper).ok_or_else(|| Error::NotFound(key.to_owned()))
    }

    /// A paper that is not kept: of a draft it is marked as one and has no number.
    ///
    /// # Errors
    /// `NotFound`, `Denied` where rows or sums are hidden; `document.invalid` naming `template` or `characters`; 409
    /// `document.no_currency`; `Limited`.
    pub async fn preview(&self, ctx: &Ctx, input: &DocumentInput) -> Result<(Vec<u8>, TemplateKind)> {
        let gathered = self.gather(ctx, &input.entity, RecordId(input.id), input.which(), input.locale).await?;
        let kind = made_as(&gathered, input.format)?;
        Ok((self.set(ctx, &gathered, self.written(ctx, &gathered)?).await?, kind))
    }

    /// What stands on a paper, as it is kept.
    pub(crate) fn written(&self, ctx: &Ctx, gathered: &Gathered) -> Result<Json> {
        gathered.written(&gathered.data(ctx)?)
    }

    pub(crate) async fn set(&self, ctx: &Ctx, gathered: &Gathered, data: Json) -> Result<Vec<u8>> {
        self.set_by(ctx, gathered.source()?, data, gathered.organization).await
    }

    /// The bytes of a paper that was planned.
    pub(crate) async fn set_made(&self, ctx: &Ctx, made: &Made) -> Result<Vec<u8>> {
        let source = match (made.own, made.template) {
            (Some(own), _) => Source::Own(self.content_of(ctx, own, made.template_version).await?),
            (None, Some(paper)) => Source::Ours(paper),
            (None, None) => return Err(Error::Internal("a paper of no template".into())),
        };
        self.set_by(ctx, source, made.data.clone(), made.organization).await
    }

    /// Makes a paper of an issued document and keeps it among its files. Where the same one is there already, that one is
    /// given.
    ///
    /// # Errors
    /// As `preview`; 409 `document.draft`; `file.full` and `file.too_many`.
    pub async fn make(&self, ctx: &Ctx, input: &DocumentInput) -> Result<Made> {
        self.made(ctx, input, None).await
    }

    /// The same for somebody who may ask twice: with the same key, which is the id of the paper, it is made once.
    ///
    /// # Errors
    /// As `make`.
    pub async fn make_once(&self, ctx: &Ctx, key: Uuid, input: &DocumentInput) -> Result<Made> {
        self.made(ctx, input, Some(key)).await
    }

    async fn made(&self, ctx: &Ctx, input: &DocumentInput, key: Option<Uuid>) -> Result<Made> {
        let gathered = self.gather(ctx, &input.entity, RecordId(input.id), input.which(), input.locale).await?;
        made_as(&gathered, input.format)?;
        let mut made = self.planned(ctx, &gathered)?;
        if let Some(key) = key {
            (made.id, made.file) = (key, kernel::id::derived(&format!("paper:{key}")));
        }
        // Who asks for the same one meanwhile finds it.
        let line = self.making.of((ctx.tenant, made.record.id));
        let _alone = line.acquire_owned().await.map_err(Error::internal)?;
        if let Some(there) = self.there(ctx, &made).await? {
            return Ok(there);
        }
        let bytes = self.set(ctx, &gathered, made.data.clone()).await?;
        let sha256 = self.keep(ctx, &made, bytes).await?;
        (made.state, made.sha256) = (MadeState::Kept, Some(sha256));
        let tx = self.records.db().begin().await?;
        held(&tx, ctx, made.own).await?;
        store::insert(&tx, ctx, &made).await?;
        noted(&tx, ctx, "document.made", &made).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// A paper that is to be made of an issued document.
    pub(crate) fn planned(&self, ctx: &Ctx, gathered: &Gathered) -> Result<Made> {
        let data = gathered.data(ctx)?;
        self.planned_with(ctx, gathered, &data)
    }

    pub(crate) fn planned_with(&self, ctx: &Ctx, gathered: &Gathered, data: &crate::data::Data) -> Result<Made> {
        // What is no document of sale has no number: its paper is called as it is.
        let number = match gathered.paper {
            Some(_) => data.number.as_ref().ok_or(Error::Conflict { code: "document.draft", current: None })?,
            None => &data.heading,
        };
        Ok(Made {
            id: ctx.id(),
            record: RecordRef { entity: gathered.record.entity.clone(), id: gathered.record.id },
            template: gathered.paper,
            own: gathered.own.as_ref().map(|own| own.id),
            template_version: gathered.version,
            locale: gathered.locale,
            data: gathered.written(data)?,
            organization: gathered.organization,
            state: MadeState::Making,
            file: ctx.id(),
            file_name: gathered.file_name(number),
            sha256: None,
            letter: None,
            letter_id: None,
            letter_state: None,
            problem: None,
            actor: ctx.actor.clone(),
            created_at: ctx.now(),
        })
    }

    /// The paper with this id; else the same one, whose file is still there.
    async fn there(&self, ctx: &Ctx, wanted: &Made) -> Result<Option<Made>> {
        let all = store::of_record(self.records.db().read(), ctx.tenant, &wanted.record).await?;
        if let Some(before) = all.iter().find(|one| one.id == wanted.id) {
            return Ok(Some(before.clone()));
        }
        let same = |one: &&Made| {
            one.state == MadeState::Kept
                && (one.template, one.own) == (wanted.template, wanted.own)
                && one.template_version == wanted.template_version
                && one.data == wanted.data
        };
        let Some(there) = all.iter().find(same) else { return Ok(None) };
        match self.files.get(ctx, there.file).await {
            Ok(_) => Ok(Some(there.clone())),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts a paper among the files of its record, for whoever may see the record. Gives the hash of its bytes.
    pub(crate) async fn keep(&self, ctx: &Ctx, made: &Made, bytes: Vec<u8>) -> Result<String> {
        let hands = Self::hands(ctx, &made.actor);
        let bytes = futures::stream::iter([Ok(Bytes::from(bytes))]);
        let (entity, id) = (made.record.entity.as_str(), made.record.id);
        let kept = self.files.add_once(&hands, made.file, entity, id, &made.file_name, bytes).await?;
        Ok(kept.sha256)
    }

    /// Acts for somebody with the rights of the product.
    pub(crate) fn hands(ctx: &Ctx, actor: &Actor) -> Ctx {
        let system = Ctx::system(ctx.tenant, ctx.zone, ctx.locale, &ctx.env);
        Ctx { actor: actor.clone(), cause: ctx.cause.clone(), ..system }
    }

    /// Papers of a record that the actor sees, newest first.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn list(&self, ctx: &Ctx, entity: &str, id: RecordId) -> Result<Vec<Made>> {
        self.records.get(ctx, entity, id).await?;
        let record = RecordRef { entity: entity.into(), id };
        store::of_record(self.records.db().read(), ctx.tenant, &record).await
    }
}

/// Keeps an own template as it is until the transaction ends, so that no paper names one that is removed meanwhile.
pub(crate) async fn held(tx: &kernel::db::Tx, ctx: &Ctx, own: Option<Uuid>) -> Result<()> {
    let Some(id) = own else { return Ok(()) };
    if own::store::lock(tx, ctx.tenant, id).await? {
        return Ok(());
    }
    Err(Error::Conflict { code: "document.template_changed", current: None })
}

/// Notes in the audit what was made or sent.
pub(crate) async fn noted(tx: &kernel::db::Tx, ctx: &Ctx, act: &str, made: &Made) -> Result<()> {
    let detail = json!({
        "entity": made.record.entity, "record": made.record.id, "template": made.template, "own": made.own, "file": made.file,
        "version": made.template_version, "locale": made.locale, "to": made.letter.as_ref().map(|letter| &letter.to),
    });
    Ok(audit::record(tx, ctx, act, &made.id.to_string(), detail).await?)
}

/// What is wrong with a letter, as a problem of ours.
pub(crate) fn of_letter(error: Error) -> Error {
    match error {
        Error::Invalid { fields, .. } => Error::Invalid { code: INVALID, fields },
        other => other,
    }
}

/// A field that is required.
pub(crate) fn required(field: &str) -> Error {
    Error::field(INVALID, field, FieldError::new("required"))
}
