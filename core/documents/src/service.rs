//! Papers of records: previews, papers that are kept, settings of templates.

use bytes::Bytes;
use kernel::child::ChildCommand;
use kernel::clock::Env;
use kernel::error::FieldError;
use kernel::files::Store;
use kernel::{Actor, Ctx, Error, Locale, RecordId, RecordRef, Result, audit};
use messaging::Mail;
use records::Records;
use records::files::Files;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::INVALID;
use crate::gather::Gathered;
use crate::store::{self, Made, MadeState};
use crate::templates::{Paper, PaperSettings, Template};
use crate::typeset::Typesetter;
use crate::words::word;

/// Which paper.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentInput {
    /// The usual one of the record where it is left out.
    #[serde(default)]
    pub template: Option<Paper>,
    /// `quote`, `order` or `invoice`.
    pub entity: String,
    /// The record.
    pub id: Uuid,
    /// `en`, `ru` or `uk`; the client's, else the organization's, else the company's where it is left out.
    #[serde(default)]
    pub locale: Option<Locale>,
    /// What it is made as.
    #[serde(default)]
    pub format: Format,
}

/// What a paper is made as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// PDF 1.7, tagged.
    #[default]
    Pdf,
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
}

/// What a file of a paper is called.
pub(crate) fn file_name(paper: Paper, locale: Locale, number: &str) -> String {
    format!("{} {number}.pdf", word(locale, &format!("title.{}", paper.key()))).replace(['/', '\\'], "-")
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
        audit::record(&tx, ctx, "document_template.updated", key, json!({"version": now + 1, "settings": settings}))
            .await?;
        tx.commit().await?;
        let all = self.templates(ctx).await?;
        all.into_iter().find(|one| one.key == paper).ok_or_else(|| Error::NotFound(key.to_owned()))
    }

    /// A paper that is not kept: of a draft it is marked as one and has no number.
    ///
    /// # Errors
    /// `NotFound`, `Denied` where rows or sums are hidden; `document.invalid` naming `template` or `characters`; 409
    /// `document.no_currency`; `Limited`.
    pub async fn preview(&self, ctx: &Ctx, input: &DocumentInput) -> Result<Vec<u8>> {
        let gathered = self.gather(ctx, &input.entity, RecordId(input.id), input.template, input.locale).await?;
        self.set(ctx, &gathered, self.written(ctx, &gathered)?).await
    }

    /// What stands on a paper, as it is kept.
    pub(crate) fn written(&self, ctx: &Ctx, gathered: &Gathered) -> Result<Json> {
        serde_json::to_value(gathered.data(ctx)?).map_err(Error::internal)
    }

    pub(crate) async fn set(&self, ctx: &Ctx, gathered: &Gathered, data: Json) -> Result<Vec<u8>> {
        let sheet = self.sheet(ctx, gathered.paper, data, gathered.organization).await?;
        self.typesetter.set(sheet).await
    }

    /// Makes a paper of an issued document and keeps it among its files. Where the same one is there already, that one is
    /// given.
    ///
    /// # Errors
    /// As `preview`; 409 `document.draft`; `file.full` and `file.too_many`.
    pub async fn make(&self, ctx: &Ctx, input: &DocumentInput) -> Result<Made> {
        let gathered = self.gather(ctx, &input.entity, RecordId(input.id), input.template, input.locale).await?;
        let mut made = self.planned(ctx, &gathered)?;
        if let Some(there) = self.there(ctx, &made).await? {
            return Ok(there);
        }
        let pdf = self.set(ctx, &gathered, made.data.clone()).await?;
        let sha256 = self.keep(ctx, &made, pdf).await?;
        (made.state, made.sha256) = (MadeState::Kept, Some(sha256));
        let tx = self.records.db().begin().await?;
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
        let number = data.number.as_ref().ok_or(Error::Conflict { code: "document.draft", current: None })?;
        Ok(Made {
            id: ctx.id(),
            record: RecordRef { entity: gathered.record.entity.clone(), id: gathered.record.id },
            template: gathered.paper,
            template_version: gathered.version,
            locale: gathered.locale,
            data: serde_json::to_value(data).map_err(Error::internal)?,
            organization: gathered.organization,
            state: MadeState::Making,
            file: ctx.id(),
            file_name: file_name(gathered.paper, gathered.locale, number),
            sha256: None,
            letter: None,
            letter_id: None,
            letter_state: None,
            problem: None,
            actor: ctx.actor.clone(),
            created_at: ctx.now(),
        })
    }

    /// The same paper, whose file is still there.
    async fn there(&self, ctx: &Ctx, wanted: &Made) -> Result<Option<Made>> {
        let all = store::of_record(self.records.db().read(), ctx.tenant, &wanted.record).await?;
        let same = |one: &&Made| {
            one.state == MadeState::Kept
                && (one.template, one.template_version) == (wanted.template, wanted.template_version)
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
    pub(crate) async fn keep(&self, ctx: &Ctx, made: &Made, pdf: Vec<u8>) -> Result<String> {
        let hands = Self::hands(ctx, &made.actor);
        let bytes = futures::stream::iter([Ok(Bytes::from(pdf))]);
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

/// Notes in the audit what was made or sent.
pub(crate) async fn noted(tx: &kernel::db::Tx, ctx: &Ctx, act: &str, made: &Made) -> Result<()> {
    let detail = json!({
        "entity": made.record.entity, "record": made.record.id, "template": made.template, "file": made.file,
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
