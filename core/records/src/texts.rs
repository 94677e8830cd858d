//! What is kept of records to find them by (searched text, phones, addresses, composed letters) is made by the program.
//! When its form changes, rows of older versions are made anew at the start, before anything is answered.
//!
//! The table `text_form` holds the form that all rows have. The work is repeatable: a start that is interrupted begins
//! again, and two nodes that start together write the same.

use std::collections::BTreeSet;

use kernel::clock::Env;
use kernel::db::{ConnectionTrait, Tx};
use kernel::filter::Storage;
use kernel::phone::Country;
use kernel::value::FieldType;
use kernel::{Ctx, Db, Fields, RecordId, Result, Value};
use people::tenant;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Order, Query};
use uuid::Uuid;

use crate::catalogue::EntityDef;
use crate::read::Row;
use crate::write::{Inserts, search_text, searchable};
use crate::{Record, Records, search};

/// Of this program. Raise it with each change of what `search_text` and `searchable` give, and of the plans of numbers.
const FORM: i64 = 1;
/// Rows of one transaction.
const CHUNK: u64 = 500;

/// Brings every row into the present form, when one may be of an older.
///
/// # Errors
/// When the database fails.
pub async fn renew(db: &Db, env: &Env) -> Result<()> {
    let select = Query::select().expr(Expr::col("version").max()).from("text_form").take();
    let row = db.read().query_one(&select).await?;
    let form: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
    if form.is_some_and(|form| form >= FORM) {
        return Ok(());
    }
    let records = Records::new(db, env);
    for tenant in tenant::list(db).await? {
        let ctx = tenant.system_ctx(env);
        let catalogue = records.catalogue(ctx.tenant).await?;
        let home = Country::of_currency(&catalogue.pipelines.currency);
        for def in catalogue.entities() {
            let count = renew_entity(db, &ctx, def, home).await?;
            if count > 0 {
                tracing::info!(tenant = %ctx.tenant, entity = %def.key, count, "searched texts were made anew");
            }
        }
    }
    let tx = db.begin().await?;
    tx.execute(&Query::delete().from_table("text_form").take()).await?;
    tx.execute(&Query::insert().into_table("text_form").columns(["version"]).values_panic([FORM.into()]).take())
        .await?;
    tx.commit().await?;
    Ok(())
}

async fn renew_entity(db: &Db, ctx: &Ctx, def: &EntityDef, home: Option<Country>) -> Result<u64> {
    let row = Row::whole(def);
    let (mut last, mut count) = (RecordId(Uuid::nil()), 0);
    let tx = db.begin().await?;
    search::mark(&tx, ctx.tenant, &def.key).await?;
    tx.commit().await?;
    loop {
        let mut select = row.select();
        select.and_where(Expr::col((def.table, "id")).gt(last)).order_by((def.table, "id"), Order::Asc).limit(CHUNK);
        def.own(&mut select, ctx.tenant);
        let tx = db.begin().await?;
        let found = tx.query_all(&select).await?;
        let records = found.iter().map(|found| row.decode(found)).collect::<Result<Vec<Record>>>()?;
        let Some(end) = records.last() else { return Ok(count) };
        last = end.id;
        count += u64::try_from(records.len()).unwrap_or_default();
        for record in &records {
            texts(&tx, def, record).await?;
        }
        communications(&tx, ctx, def, home, &records).await?;
        tx.commit().await?;
    }
}

/// The searched text, and texts that are not composed.
async fn texts(tx: &Tx, def: &EntityDef, record: &Record) -> Result<()> {
    let mut fields: Fields = record.fields.clone();
    let mut update = Query::update();
    update.table(def.table).and_where(Expr::col("id").eq(record.id));
    for field in &def.fields {
        let Some(Value::Text(text)) = record.fields.get(&field.key) else { continue };
        let kept = match field.kind {
            FieldType::Text => kernel::words::composed(text),
            FieldType::LongText => kernel::words::normalized(text),
            _ => continue,
        };
        // A text that is nothing but what is invisible stays: it may be one that must be there.
        if let Storage::Column(column) = field.storage
            && *kept != **text
            && !kept.trim().is_empty()
        {
            let value = Value::Text(kept.into_owned());
            update.value(Alias::new(column), value.to_cell(field.kind));
            fields.insert(field.key.clone(), value);
        }
    }
    let number = if let Some(Value::Integer(number)) = fields.get("number") { *number } else { 0 };
    update.value("search", search_text(def, &fields, number));
    Ok(tx.later(&update).await?)
}

async fn communications(tx: &Tx, ctx: &Ctx, def: &EntityDef, home: Option<Country>, records: &[Record]) -> Result<()> {
    let ids = records.iter().map(|record| record.id);
    tx.later(&Query::delete().from_table("communication").and_where(Expr::col("record_id").is_in(ids)).take()).await?;
    let mut insert = Query::insert();
    insert.into_table("communication").columns(["tenant_id", "entity", "record_id", "field", "value"]);
    let mut rows = Inserts::new(tx, insert);
    for record in records {
        for field in def.fields.iter().filter(|field| field.kind.is_multi()) {
            let Some(Value::Multi(values)) = record.fields.get(&field.key) else { continue };
            let forms: BTreeSet<String> =
                values.iter().flat_map(|item| searchable(field.kind, &item.value, home)).collect();
            for form in forms {
                let (entity, key) = (def.key.as_str().into(), field.key.as_str().into());
                rows.add(vec![ctx.tenant.0.into(), entity, record.id.into(), key, form.into()]).await?;
            }
        }
    }
    rows.send().await
}
