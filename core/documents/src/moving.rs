//! Settings of templates on their way between companies (`kernel::moving`): those that a company has changed.

use kernel::db::{ConnectionTrait, Tx};
use kernel::moving::{self, Gathered, Moved, Object};
use kernel::{Ctx, Error, Result, TenantId, audit};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::store;
use crate::templates::{Paper, PaperSettings};

/// The first part of acts about templates in the audit log.
pub const KIND: &str = "document_template";

/// A template as a company has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateSpec {
    key: Paper,
    settings: PaperSettings,
}

/// A template of a file, read.
///
/// # Errors
/// What is not understood, in English.
pub fn object(spec: Json) -> std::result::Result<Object, String> {
    let read: TemplateSpec = moving::read(spec)?;
    Ok(Object { key: read.key.key().to_owned(), spec: moving::sorted(json!(read)) })
}

/// What the audit log is told of a change.
pub(crate) fn told(paper: Paper, before: Option<&PaperSettings>, after: &PaperSettings) -> Json {
    let spec = |settings: &PaperSettings| json!({"key": paper, "settings": settings});
    json!({"key": paper, "before": before.map(spec), "after": spec(after)})
}

/// Templates that look otherwise than the product brings them, by key.
///
/// # Errors
/// When the database fails.
pub async fn gather(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Gathered> {
    let mut own = store::settings(conn, tenant).await?;
    own.retain(|(_, _, settings)| *settings != PaperSettings::default());
    own.sort_by_key(|(paper, ..)| paper.key());
    let mut all = Gathered::default();
    for (key, _, settings) in own {
        all.add(key.key().to_owned(), json!(TemplateSpec { key, settings }));
    }
    Ok(all)
}

/// Changes a template, or lets it look as the product brings it.
///
/// # Errors
/// `document.invalid`.
pub async fn put(tx: &Tx, ctx: &Ctx, moved: &Moved) -> Result<()> {
    let Some(paper) = Paper::of(&moved.key) else {
        return Err(Error::NotFound(format!("document template {}", moved.key)));
    };
    let settings = moved.wanted::<TemplateSpec>()?.map_or_else(PaperSettings::default, |spec| spec.settings);
    settings.check()?;
    store::lock_settings(tx, ctx.tenant, paper).await?;
    let own = store::settings(tx, ctx.tenant).await?;
    let before = own.iter().find(|(of, ..)| *of == paper);
    let version = before.map_or(0, |(_, version, _)| *version) + 1;
    store::put_settings(tx, ctx, paper, version, &settings).await?;
    let told = told(paper, before.map(|(.., settings)| settings), &settings);
    Ok(audit::record(tx, ctx, "document_template.updated", paper.key(), told).await?)
}
