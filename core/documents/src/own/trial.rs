//! How a paper would look: by an own template, or by settings that are not kept yet, with a record of choice or with an
//! example. It is marked as a draft, takes no number and is kept nowhere.

use std::sync::Arc;

use kernel::{Ctx, Error, Locale, RecordId, Result};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{OwnTemplate, TemplateKind, store, upload};
use crate::gather::{Gathered, Source, Used};
use crate::service::Documents;
use crate::templates::{Paper, PaperSettings};

/// What an own template is tried with.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Trial {
    /// A record of its entity; an example where it is left out.
    pub record: Option<Uuid>,
    /// `en`, `ru` or `uk`; as a paper would have it where it is left out.
    pub locale: Option<Locale>,
    /// One of its versions; the present one where it is left out.
    pub version: Option<i64>,
}

/// Settings that are tried.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SettingsTrial {
    /// All of them: what is left out is as the product brings it.
    pub settings: PaperSettings,
    /// A document; an example where it is left out.
    pub record: Option<Uuid>,
    /// `en`, `ru` or `uk`; as a paper would have it where it is left out.
    pub locale: Option<Locale>,
}

/// Marks what stands on a paper as a draft without a number.
pub(super) fn as_draft(data: &mut Json) {
    if let Json::Object(object) = data {
        object.insert("draft".to_owned(), json!(true));
        object.insert("number".to_owned(), Json::Null);
    }
}

impl Documents {
    /// Tries an own template (administrators): the bytes of the paper and what they are.
    ///
    /// # Errors
    /// `Denied`; `NotFound` without the template, its version or the record; `document.invalid` naming `template` with the
    /// line that is wrong, or `characters`; `Limited`.
    pub async fn try_own(&self, ctx: &Ctx, id: Uuid, trial: &Trial) -> Result<(Vec<u8>, TemplateKind)> {
        people::require_admin(ctx)?;
        let template = self.own_template(ctx, id).await?;
        let used = self.used(ctx, &template, trial.version.unwrap_or(template.version)).await?;
        let (kind, source) = (template.kind, Source::Own(Arc::clone(&used.content)));
        let gathered = match trial.record {
            Some(record) => {
                let record = self.records.get(ctx, &template.entity, RecordId(record)).await?;
                self.gathered(ctx, record, template.paper, Some(used), trial.locale).await?
            }
            None => {
                let settings = PaperSettings::default();
                let locale = trial.locale.unwrap_or(ctx.locale);
                self.sample(ctx, &template.entity, template.paper, settings, locale).await?
            }
        };
        Ok((self.drafted(ctx, source, &gathered).await?, kind))
    }

    /// Tries settings of a template of ours (administrators).
    ///
    /// # Errors
    /// As `try_own`; `document.invalid` naming `settings.color`, `settings.columns` or a text.
    pub async fn try_settings(&self, ctx: &Ctx, key: &str, trial: &SettingsTrial) -> Result<Vec<u8>> {
        people::require_admin(ctx)?;
        let paper = Paper::of(key).ok_or_else(|| Error::NotFound(format!("document template {key}")))?;
        trial.settings.check()?;
        let gathered = match trial.record {
            Some(record) => {
                let record = self.document(ctx, paper, RecordId(record)).await?;
                let mut gathered = self.gathered(ctx, record, Some(paper), None, trial.locale).await?;
                gathered.settings = trial.settings.clone();
                gathered
            }
            None => {
                let entity = paper.entities().first().copied().unwrap_or_default();
                let locale = trial.locale.unwrap_or(ctx.locale);
                self.sample(ctx, entity, Some(paper), trial.settings.clone(), locale).await?
            }
        };
        self.drafted(ctx, Source::Ours(paper), &gathered).await
    }

    async fn drafted(&self, ctx: &Ctx, source: Source, gathered: &Gathered) -> Result<Vec<u8>> {
        let mut data = self.written(ctx, gathered)?;
        as_draft(&mut data);
        self.set_by(ctx, source, data, gathered.organization).await
    }

    /// A document of which a paper of this kind can be made.
    async fn document(&self, ctx: &Ctx, paper: Paper, id: RecordId) -> Result<records::Record> {
        for entity in paper.entities() {
            match self.records.get(ctx, entity, id).await {
                Err(Error::NotFound(_)) => {}
                found => return found,
            }
        }
        Err(Error::NotFound(format!("a document {id}")))
    }

    /// A version of an own template, ready to be used.
    pub(crate) async fn used(&self, ctx: &Ctx, template: &OwnTemplate, version: i64) -> Result<Used> {
        let content = self.content_of(ctx, template.id, version).await?;
        Ok(Used { id: template.id, version, title: template.title.clone(), content })
    }

    /// What a version of an own template consists of.
    pub(crate) async fn content_of(&self, ctx: &Ctx, id: Uuid, version: i64) -> Result<Arc<upload::Content>> {
        let kept = store::content(self.records.db().read(), ctx.tenant, id, version).await?;
        let (name, bytes) = kept.ok_or_else(|| Error::NotFound(format!("version {version} of own template {id}")))?;
        Ok(Arc::new(upload::read_aside(name, bytes).await?))
    }
}
