//! What becomes of an own template, written inside a transaction of whoever changes it. All templates of the company are
//! locked before (`store::lock_all`): what is counted of them stays so.

use kernel::db::Tx;
use kernel::{Ctx, Error, Result, audit};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::OwnTemplate;
use super::store::{self, Edit, NewVersion};
use super::upload::Content;
use crate::templates::Paper;

/// Own templates of a company.
pub(super) const MAX_TEMPLATES: usize = 100;
/// Versions of a template.
const MAX_VERSIONS: i64 = 200;
/// Bytes of all versions of a company's templates.
const MAX_BYTES: i64 = 64 * 1024 * 1024;

/// A file that was looked at.
pub(super) struct Looked {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) content: Content,
    pub(super) unknown: Vec<String>,
}

/// A template that is there for the first time.
pub(super) struct Fresh {
    pub(super) entity: String,
    pub(super) paper: Option<Paper>,
    pub(super) title: String,
}

pub(super) fn conflict(code: &'static str) -> Error {
    Error::Conflict { code, current: None }
}

/// Adds a template with its first version.
pub(super) async fn add(tx: &Tx, ctx: &Ctx, fresh: Fresh, looked: &Looked) -> Result<OwnTemplate> {
    let template = OwnTemplate {
        id: ctx.id(),
        entity: fresh.entity,
        paper: fresh.paper,
        title: fresh.title,
        kind: looked.content.kind(),
        version: 1,
        usual: false,
        file_name: looked.name.clone(),
        size: i64::try_from(looked.bytes.len()).map_err(Error::internal)?,
        unknown: looked.unknown.clone(),
        updated_at: ctx.now(),
    };
    let (count, bytes) = store::kept(tx, ctx.tenant).await?;
    if count >= MAX_TEMPLATES {
        return Err(conflict("document.too_many_templates"));
    }
    has_room(bytes, looked)?;
    store::insert(tx, ctx, &template).await?;
    keep_version(tx, ctx, &template, looked).await?;
    noted(tx, ctx, "document_template.added", &template).await?;
    Ok(template)
}

/// Gives a template its next version.
pub(super) async fn next(
    tx: &Tx,
    ctx: &Ctx,
    now: OwnTemplate,
    looked: &Looked,
    act: &'static str,
) -> Result<OwnTemplate> {
    if now.version >= MAX_VERSIONS {
        return Err(conflict("document.too_many_versions"));
    }
    has_room(store::kept(tx, ctx.tenant).await?.1, looked)?;
    let next = OwnTemplate {
        version: now.version + 1,
        file_name: looked.name.clone(),
        size: i64::try_from(looked.bytes.len()).map_err(Error::internal)?,
        unknown: looked.unknown.clone(),
        updated_at: ctx.now(),
        ..now
    };
    keep_version(tx, ctx, &next, looked).await?;
    store::edit(tx, ctx, next.id, Edit { version: Some(next.version), ..Edit::default() }).await?;
    noted(tx, ctx, act, &next).await?;
    Ok(next)
}

/// Removes a template that nobody takes by default: versions that papers name stay behind them.
pub(super) async fn remove(tx: &Tx, ctx: &Ctx, template: &OwnTemplate) -> Result<()> {
    let (named, busy) = store::named_versions(tx, ctx.tenant, template.id).await?;
    if busy {
        return Err(conflict("document.template_busy"));
    }
    if store::forget(tx, ctx.tenant, template.id, &named).await? {
        store::edit(tx, ctx, template.id, Edit { removed: true, ..Edit::default() }).await?;
    }
    noted(tx, ctx, "document_template.removed", template).await
}

fn has_room(bytes: i64, looked: &Looked) -> Result<()> {
    let more = i64::try_from(looked.bytes.len()).map_err(Error::internal)?;
    if bytes.saturating_add(more) > MAX_BYTES { Err(conflict("document.templates_full")) } else { Ok(()) }
}

async fn keep_version(tx: &Tx, ctx: &Ctx, template: &OwnTemplate, looked: &Looked) -> Result<()> {
    let sha256 = hex::encode(Sha256::digest(&looked.bytes));
    let version = NewVersion {
        version: template.version,
        file_name: &looked.name,
        sha256: &sha256,
        content: &looked.bytes,
        unknown: &looked.unknown,
    };
    store::insert_version(tx, ctx, template.id, &version).await
}

/// Writes down what was done.
pub(super) async fn noted(tx: &Tx, ctx: &Ctx, act: &str, template: &OwnTemplate) -> Result<()> {
    let detail = json!({
        "title": template.title, "entity": template.entity, "version": template.version, "usual": template.usual,
        "file": template.file_name,
    });
    Ok(audit::record(tx, ctx, act, &template.id.to_string(), detail).await?)
}
