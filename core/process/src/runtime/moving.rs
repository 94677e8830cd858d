//! Published definitions on their way between companies (`kernel::moving`), as their files. What comes in is deployed and published;
//! running instances stay with the version that they have. A file that names a person, or carries headers of a request, stays.

use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::moving::{self, Gathered, Moved, Object, Trouble};
use kernel::{Ctx, Error, Result};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{INVALID, Processes};

/// A definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProcessSpec {
    key: String,
    /// The file of the published version.
    xml: String,
}

/// A definition of a file, read.
///
/// # Errors
/// What is not understood, in English.
pub fn object(spec: Json) -> std::result::Result<Object, String> {
    let read: ProcessSpec = moving::read(spec)?;
    Ok(Object { key: read.key.clone(), spec: moving::sorted(json!(read)) })
}

impl Processes {
    /// Published definitions that may leave the company, by key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn gather(&self, conn: &impl ConnectionTrait, ctx: &Ctx) -> Result<Gathered> {
        let (of, its) = ("process_definition", "process_version");
        let same_version = Expr::col((its, "version")).equals((of, "published"));
        let select = Query::select()
            .column((of, "key"))
            .column((its, "xml"))
            .from(of)
            .inner_join(its, Expr::col((its, "definition_id")).equals((of, "id")).and(same_version))
            .and_where(Expr::col((of, "tenant_id")).eq(ctx.tenant.0))
            .order_by((of, "key"), Order::Asc)
            .take();
        let mut specs = Vec::new();
        for row in conn.query_all(&select).await? {
            let xml: Vec<u8> = row.try_get_by_index(1)?;
            // In another encoding it cannot be judged, and would not come out of the file as it went in.
            let foreign = std::str::from_utf8(&xml).is_err();
            let xml = String::from_utf8_lossy(&xml).into_owned();
            specs.push((ProcessSpec { key: row.try_get_by_index(0)?, xml }, foreign));
        }
        // Databases order texts differently.
        specs.sort_by(|(one, _), (other, _)| one.key.cmp(&other.key));
        let mut all = Gathered::default();
        for (spec, foreign) in specs {
            let why = if foreign { Some("configuration.not_utf8") } else { kept_back(&spec.xml) };
            match why {
                Some(why) => all.hold(spec.key.clone(), why, json!(spec)),
                None => all.add(spec.key.clone(), json!(spec)),
            }
        }
        Ok(all)
    }

    /// Deploys and publishes definitions inside a transaction, and tells what stands in the way.
    ///
    /// # Errors
    /// `Denied`, or when the database fails.
    pub async fn put(&self, tx: &Tx, ctx: &Ctx, wanted: &[&Moved]) -> Result<Vec<Trouble>> {
        let mut troubles = Vec::new();
        for moved in wanted {
            if let Err(error) = self.put_one(tx, ctx, moved).await {
                troubles.extend(Trouble::of(moved, error)?);
            }
        }
        Ok(troubles)
    }

    async fn put_one(&self, tx: &Tx, ctx: &Ctx, moved: &Moved) -> Result<()> {
        let Some(spec) = moved.wanted::<ProcessSpec>()? else { return Ok(()) };
        let file = self.deployable(ctx, spec.xml.into_bytes(), true).await?;
        if file.key() != spec.key {
            let error = FieldError::new("invalid").with("reason", format!("the file is of `{}`", file.key()));
            return Err(Error::field(INVALID, "key", error));
        }
        self.add_version(tx, ctx, &file, true, None).await.map(drop)
    }
}

/// Why a file must not leave the company.
fn kept_back(xml: &str) -> Option<&'static str> {
    let letters = xml.as_bytes();
    let plain = |at: usize| letters.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let address = |at: usize| at.checked_sub(1).is_some_and(plain) && plain(at + 1);
    if xml.contains("user:") || xml.match_indices('@').any(|(at, _)| address(at)) {
        return Some("configuration.names_somebody");
    }
    let small = xml.to_ascii_lowercase();
    ["authorization", "\"headers\""].iter().any(|word| small.contains(word)).then_some("configuration.secret")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_somebody_or_carries_secrets_stays() {
        assert_eq!(kept_back(r#"<task v:executors="role:head"/> a @ b"#), None);
        assert!(kept_back(r#"<task v:executors="user:max"/>"#).is_some());
        assert!(kept_back("to boss@acme.test").is_some());
        assert!(kept_back(r#"<v:parameter name="headers">"#).is_some());
    }
}
