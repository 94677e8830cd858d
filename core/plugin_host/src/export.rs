//! All that a company holds of a plugin, line by line, to be kept before it is removed for good: what was set, its entities with
//! their records, its fields on other records, its keys. Secrets stay here.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::db::ConnectionTrait;
use kernel::{Ctx, Error, RecordId, Result, audit};
use people::require_admin;
use records::catalogue::declared::Holdings;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use serde_json::{Value as Json, json};

use crate::PluginHost;
use crate::manifest::SettingType;
use crate::registry::store;
use crate::settings::{Settings, is_sealed};

/// Keys of a page.
const PAGE: u64 = 200;

/// What is told next.
#[derive(Debug)]
enum Place {
    /// What it is.
    Head,
    /// A part of the catalogue: its definition, then its records from here on.
    Part(usize, Option<RecordId>, bool),
    /// Keys behind this one.
    Keys(Option<String>),
    End,
}

/// An export that is read piece by piece.
#[derive(Debug)]
pub struct Export {
    ctx: Ctx,
    plugin: String,
    head: Json,
    holdings: Holdings,
    place: Place,
}

impl PluginHost {
    /// Begins an export of what the company holds of a plugin, whether it runs it or not (administrators).
    ///
    /// # Errors
    /// `Denied`; `NotFound` where it holds nothing.
    pub async fn export(&self, ctx: &Ctx, plugin: &str) -> Result<Export> {
        require_admin(ctx)?;
        let db = &self.inner.services.db;
        let row = store::in_tenant(db.read(), ctx.tenant, plugin).await?;
        let holdings = self.inner.services.records.holdings(ctx, plugin).await?;
        if row.is_none() && holdings.is_empty() {
            return Err(Error::NotFound(format!("plugin {plugin} in this company")));
        }
        let (settings, asked_anew) = match &row {
            Some(row) => self.open_settings(plugin, &row.version, &row.settings).await,
            None => (Json::Null, BTreeSet::new()),
        };
        let version = row.as_ref().map(|row| row.version.clone());
        let head = json!({
            "verstak_module_data": 1,
            "plugin": plugin,
            "version": version,
            "at": ctx.now(),
            "settings": settings,
            "asked_anew": asked_anew,
        });
        let tx = db.begin().await?;
        audit::record(&tx, ctx, "plugin.exported", plugin, json!({ "version": version })).await?;
        tx.commit().await?;
        Ok(Export { ctx: ctx.clone(), plugin: plugin.to_owned(), head, holdings, place: Place::Head })
    }

    /// Settings without secrets, and the keys of those that were set: whoever takes it over is asked for them anew. Of a version
    /// that cannot be read no settings.
    async fn open_settings(&self, plugin: &str, version: &str, settings: &Settings) -> (Json, BTreeSet<String>) {
        let version = self.inner.registry.version(plugin, version).await.ok();
        let is_secret = |key: &str| {
            let mut declared = version.iter().flat_map(|version| &version.manifest.settings);
            declared.any(|setting| setting.key == key && setting.kind == SettingType::Secret)
        };
        let (secrets, open): (Settings, Settings) =
            settings.clone().into_iter().partition(|(key, value)| is_secret(key) || is_sealed(value));
        let open = if version.is_some() { json!(open) } else { Json::Null };
        (open, secrets.into_keys().collect())
    }

    /// The next lines; none at the end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_lines(&self, export: &mut Export) -> Result<Option<Vec<Json>>> {
        match std::mem::replace(&mut export.place, Place::End) {
            Place::Head => {
                export.place = Place::Part(0, None, true);
                Ok(Some(vec![export.head.clone()]))
            }
            Place::Part(index, _, _) if index >= export.holdings.len() => {
                export.place = Place::Keys(None);
                Ok(Some(Vec::new()))
            }
            Place::Part(index, after, begins) => {
                let page = self.inner.services.records.held(&export.ctx, &export.holdings, index, after).await?;
                let mut lines = Vec::with_capacity(page.rows.len() + 1);
                lines.extend(export.holdings.part(index).filter(|_| begins).map(|part| json!({ "part": part })));
                lines.extend(page.rows.into_iter().map(|row| json!({ "record": row })));
                export.place = match page.next {
                    Some(next) => Place::Part(index, Some(next), false),
                    None => Place::Part(index + 1, None, true),
                };
                Ok(Some(lines))
            }
            Place::Keys(after) => {
                let (lines, next) = self.keys_after(export, after).await?;
                if let Some(next) = next {
                    export.place = Place::Keys(Some(next));
                }
                Ok(Some(lines))
            }
            Place::End => Ok(None),
        }
    }

    async fn keys_after(&self, export: &Export, after: Option<String>) -> Result<(Vec<Json>, Option<String>)> {
        let mut select = Query::select();
        select
            .columns(["key", "value"])
            .from("plugin_kv")
            .and_where(Expr::col("tenant_id").eq(export.ctx.tenant.0))
            .and_where(Expr::col("plugin").eq(export.plugin.as_str()))
            .order_by("key", Order::Asc)
            .limit(PAGE);
        if let Some(after) = after {
            select.and_where(Expr::col("key").gt(after));
        }
        let rows = self.inner.services.db.read().query_all(&select).await?;
        let (mut lines, mut last) = (Vec::with_capacity(rows.len()), None);
        for row in &rows {
            let (key, value): (String, Vec<u8>) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            lines.push(json!({ "key": key, "value": STANDARD.encode(value) }));
            last = Some(key);
        }
        let whole = u64::try_from(rows.len()).is_ok_and(|count| count == PAGE);
        Ok((lines, last.filter(|_| whole)))
    }
}
