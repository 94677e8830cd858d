//! Own templates: added, changed, removed, taken back to an older version (administrators). What cannot be set at all is
//! refused when it is uploaded, with the line that is wrong; what only asks for names that do not exist is kept with them.

use std::sync::Arc;

use kernel::error::FieldError;
use kernel::files::name;
use kernel::{Ctx, Error, Locale, Result};
use serde::Deserialize;
use serde_json::Value as Json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::{self, Edit};
use super::upload::{self, Content};
use super::write::{self, Fresh, Looked, conflict, noted};
use super::{OwnTemplate, OwnVersion};
use crate::gather::Source;
use crate::service::{Documents, required};
use crate::templates::{Paper, of_sale};
use crate::{INVALID, docx};

/// Characters of a title.
const MAX_TITLE: usize = 100;

/// A new template.
#[derive(Debug, Clone)]
pub struct NewTemplate {
    /// Entity of whose records it makes papers.
    pub entity: String,
    /// Which kind of paper, of a document of sale; the usual one where it is left out.
    pub paper: Option<Paper>,
    /// What people call it; as its file where it is left out.
    pub title: Option<String>,
}

/// A file as somebody uploaded it.
#[derive(Debug, Clone)]
pub struct Uploaded {
    /// What it is called: `.typ`, `.zip` or `.docx`.
    pub name: String,
    /// Its bytes, up to 2 MB.
    pub bytes: Vec<u8>,
}

/// What changes of a template; what is left out stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TemplateEdit {
    /// What people call it, up to 100 characters.
    pub title: Option<String>,
    /// Whether it is taken where nobody chooses; another one that was is not any more.
    pub usual: Option<bool>,
}

fn gone(id: Uuid) -> Error {
    Error::NotFound(format!("own template {id}"))
}

pub(super) fn title_of(title: &str) -> Result<String> {
    let title: String = title.chars().filter(|letter| !letter.is_control()).collect();
    let title = title.trim();
    if title.is_empty() {
        return Err(required("title"));
    }
    if title.chars().count() > MAX_TITLE {
        return Err(Error::field(INVALID, "title", FieldError::new("too_long").with("max", MAX_TITLE)));
    }
    Ok(title.to_owned())
}

impl Documents {
    /// A company's own templates, by entity and title: those of entities that the actor may read.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_templates(&self, ctx: &Ctx) -> Result<Vec<OwnTemplate>> {
        let all = store::list(self.records.db().read(), ctx.tenant).await?;
        let seen =
            |one: &OwnTemplate| ctx.rights.is_admin() || ctx.rights.may(&one.entity, kernel::access::Action::Read);
        Ok(all.into_iter().filter(seen).collect())
    }

    /// Adds a template (administrators).
    ///
    /// # Errors
    /// `Denied`; `NotFound` without such an entity; `TooLarge`; `document.invalid` naming `file`, `template` with the line
    /// that is wrong, `characters`, `title` or `paper`; 409 `document.too_many_templates`, `document.templates_full`.
    pub async fn add_own(&self, ctx: &Ctx, new: NewTemplate, file: Uploaded) -> Result<OwnTemplate> {
        people::require_admin(ctx)?;
        let paper = paper_of(&new)?;
        let title = match &new.title {
            Some(title) => title_of(title)?,
            None => title_of(file.name.rsplit_once('.').map_or(file.name.as_str(), |(stem, _)| stem))?,
        };
        let looked = self.looked(ctx, &new.entity, paper, file).await?;
        let tx = self.records.db().begin().await?;
        // Two who upload at once: the second one counts what the first one brought.
        store::lock_all(&tx, ctx.tenant).await?;
        let template = write::add(&tx, ctx, Fresh { entity: new.entity, paper, title }, &looked).await?;
        tx.commit().await?;
        Ok(template)
    }

    /// Another version of a template (administrators); papers that were made stay as they are.
    ///
    /// # Errors
    /// As `add_own`; `NotFound`; 409 `document.template_changed` where `seen` is no longer its version,
    /// `document.too_many_versions`; `document.invalid` naming `file` where it is of another kind.
    pub async fn replace_own(&self, ctx: &Ctx, id: Uuid, seen: i64, file: Uploaded) -> Result<OwnTemplate> {
        people::require_admin(ctx)?;
        let template = self.own_template(ctx, id).await?;
        let looked = self.looked(ctx, &template.entity, template.paper, file).await?;
        if looked.content.kind() != template.kind {
            return Err(Error::field(INVALID, "file", FieldError::worded("invalid", "document.other_kind")));
        }
        self.next_version(ctx, id, seen, &looked, "document_template.updated").await
    }

    /// Makes an older version the present one: it becomes the newest (administrators).
    ///
    /// # Errors
    /// As `replace_own`.
    pub async fn restore_own(&self, ctx: &Ctx, id: Uuid, version: i64, seen: i64) -> Result<OwnTemplate> {
        people::require_admin(ctx)?;
        let template = self.own_template(ctx, id).await?;
        let (name, bytes) = self.own_file(ctx, id, version).await?;
        let looked = self.looked(ctx, &template.entity, template.paper, Uploaded { name, bytes }).await?;
        self.next_version(ctx, id, seen, &looked, "document_template.restored").await
    }

    async fn next_version(
        &self,
        ctx: &Ctx,
        id: Uuid,
        seen: i64,
        looked: &Looked,
        act: &'static str,
    ) -> Result<OwnTemplate> {
        let tx = self.records.db().begin().await?;
        store::lock_all(&tx, ctx.tenant).await?;
        if !store::lock(&tx, ctx.tenant, id).await? {
            return Err(gone(id));
        }
        let now = store::find(&tx, ctx.tenant, id).await?.ok_or_else(|| gone(id))?;
        if now.version != seen {
            return Err(conflict("document.template_changed"));
        }
        let next = write::next(&tx, ctx, now, looked, act).await?;
        tx.commit().await?;
        Ok(next)
    }

    /// Calls a template otherwise, or makes it the usual one of its entity and kind (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`; `document.invalid` naming `title`.
    pub async fn edit_own(&self, ctx: &Ctx, id: Uuid, edit: TemplateEdit) -> Result<OwnTemplate> {
        people::require_admin(ctx)?;
        let title = edit.title.as_deref().map(title_of).transpose()?;
        let template = self.own_template(ctx, id).await?;
        let tx = self.records.db().begin().await?;
        // Two who choose a usual one: in one order, the last one wins, and there is one.
        store::lock_all(&tx, ctx.tenant).await?;
        if !store::lock(&tx, ctx.tenant, id).await? {
            return Err(gone(id));
        }
        if edit.usual == Some(true) {
            store::none_usual(&tx, ctx, &template.entity, template.paper).await?;
        }
        store::edit(&tx, ctx, id, Edit { title, usual: edit.usual, ..Edit::default() }).await?;
        let now = store::find(&tx, ctx.tenant, id).await?.ok_or_else(|| gone(id))?;
        noted(&tx, ctx, "document_template.updated", &now).await?;
        tx.commit().await?;
        Ok(now)
    }

    /// Removes a template (administrators). Versions that papers name stay behind them.
    ///
    /// # Errors
    /// `Denied`, `NotFound`; 409 `document.template_usual` while it is taken where nobody chooses,
    /// `document.template_busy` while a paper is made by it.
    pub async fn remove_own(&self, ctx: &Ctx, id: Uuid) -> Result<()> {
        people::require_admin(ctx)?;
        let tx = self.records.db().begin().await?;
        if !store::lock(&tx, ctx.tenant, id).await? {
            return Err(gone(id));
        }
        let template = store::find(&tx, ctx.tenant, id).await?.ok_or_else(|| gone(id))?;
        if template.usual {
            return Err(conflict("document.template_usual"));
        }
        write::remove(&tx, ctx, &template).await?;
        Ok(tx.commit().await?)
    }

    /// Versions of a template, newest first (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn own_versions(&self, ctx: &Ctx, id: Uuid) -> Result<Vec<OwnVersion>> {
        people::require_admin(ctx)?;
        self.own_template(ctx, id).await?;
        store::versions(self.records.db().read(), ctx.tenant, id).await
    }

    /// The file of a version as it was uploaded: its name and its bytes (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn own_file(&self, ctx: &Ctx, id: Uuid, version: i64) -> Result<(String, Vec<u8>)> {
        people::require_admin(ctx)?;
        self.own_template(ctx, id).await?;
        store::content(self.records.db().read(), ctx.tenant, id, version).await?.ok_or_else(|| gone(id))
    }

    /// The source of a template of ours, to begin an own one with.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn source(&self, key: &str) -> Result<(String, &'static str)> {
        let paper = Paper::of(key).ok_or_else(|| Error::NotFound(format!("document template {key}")))?;
        Ok((format!("{}.typ", paper.key()), paper.source()))
    }

    pub(super) async fn own_template(&self, ctx: &Ctx, id: Uuid) -> Result<OwnTemplate> {
        store::find(self.records.db().read(), ctx.tenant, id).await?.ok_or_else(|| gone(id))
    }

    /// Takes a file apart, finds names that do not exist, and sets it once with a sample.
    async fn looked(&self, ctx: &Ctx, entity: &str, paper: Option<Paper>, file: Uploaded) -> Result<Looked> {
        let cleaned = name::cleaned(&file.name).ok_or_else(|| required("name"))?;
        let content = upload::read(&cleaned, &file.bytes)?;
        let given = self.sample_data(ctx, entity, paper, ctx.locale).await?;
        let unknown = unknown_in(content.clone(), given.clone()).await?;
        let source = Source::Own(Arc::new(content.clone()));
        // Names that do not exist are told all at once, not as the first line that breaks.
        match self.set_by(ctx, source, given, None).await {
            Ok(_) => {}
            Err(error @ Error::Invalid { .. }) if unknown.is_empty() || !asks_for_a_key(&error) => return Err(error),
            Err(Error::Invalid { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(Looked { name: cleaned, bytes: file.bytes, content, unknown })
    }
}

/// Names of a template that what it is given does not have.
pub(super) async fn unknown_in(content: Content, given: Json) -> Result<Vec<String>> {
    let found = tokio::task::spawn_blocking(move || match &content {
        Content::Typ { main, .. } => Ok(super::names::unknown_in(main, &given)),
        Content::Docx(bytes) => docx::unknown_in(bytes, &given),
    });
    found.await.map_err(Error::internal)?
}

/// Whether a template broke because it asked for a name that is not there.
fn asks_for_a_key(error: &Error) -> bool {
    let fields = error.fields_in(Locale::En);
    fields.get("template").is_some_and(|(_, words)| words.contains("does not contain"))
}

/// The kind of paper of a new template.
pub(super) fn paper_of(new: &NewTemplate) -> Result<Option<Paper>> {
    let wrong = || Error::field(INVALID, "paper", FieldError::worded("choice", "document.other_template"));
    match (new.paper, of_sale(&new.entity)) {
        (Some(paper), Some(_)) if paper.entities().contains(&new.entity.as_str()) => Ok(Some(paper)),
        (Some(_), _) => Err(wrong()),
        (None, usual) => Ok(usual),
    }
}
