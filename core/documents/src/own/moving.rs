//! Own templates on their way between companies (`kernel::moving`): by entity and title, with their present file. A source stands
//! there as text, another file in base64; great files stay. Files are taken apart and their names looked at, not set: that
//! takes seconds, during which nobody else could write.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::files::name;
use kernel::moving::{self, Gathered, Moved, Object, Trouble};
use kernel::{Ctx, Error, Message, Result, TenantId};
use records::Catalogue;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::OwnTemplate;
use super::keep::{NewTemplate, paper_of, title_of, unknown_in};
use super::store::{self, Edit};
use super::upload;
use super::write::{self, Fresh, Looked, MAX_TEMPLATES, conflict};
use crate::INVALID;
use crate::service::Documents;
use crate::templates::{Paper, of_sale};

/// Bytes of a file that moves.
const MAX_FILE: usize = 256 * 1024;
/// Bytes of all of them: with everything else that a company has they fit into one file of configuration.
const MAX_ALL: usize = 1024 * 1024;
/// Bytes that all files of one import unpack to: they are taken apart while nobody else can write.
const MAX_TAKEN: usize = 32 * 1024 * 1024;

/// A template of the company's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnSpec {
    entity: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paper: Option<Paper>,
    title: String,
    /// Whether it is taken where nobody chooses.
    #[serde(default)]
    usual: bool,
    /// What its file is called.
    file: String,
    /// What stands in a source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// Any other file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

impl OwnSpec {
    fn of(template: &OwnTemplate, file: String, bytes: &[u8]) -> Self {
        let (text, base64) = written(&file, bytes);
        let OwnTemplate { entity, paper, title, usual, .. } = template;
        Self { entity: entity.clone(), paper: *paper, title: title.clone(), usual: *usual, file, text, base64 }
    }

    fn bytes(&self) -> std::result::Result<Vec<u8>, String> {
        let bytes = match (&self.text, &self.base64) {
            (Some(text), None) => text.clone().into_bytes(),
            (None, Some(packed)) => STANDARD.decode(packed).map_err(|error| error.to_string())?,
            _ => return Err("its file is either `text` or `base64`".to_owned()),
        };
        if bytes.len() > MAX_FILE {
            return Err(format!("its file has more than {} KiB", MAX_FILE / 1024));
        }
        Ok(bytes)
    }
}

/// How a file stands in one of configuration: the same bytes always in the same way.
fn written(file: &str, bytes: &[u8]) -> (Option<String>, Option<String>) {
    let source = file.to_ascii_lowercase().ends_with(".typ");
    // No file of configuration has a zero in a text.
    let text = std::str::from_utf8(bytes).ok().filter(|text| source && !text.contains('\0'));
    match text {
        Some(text) => (Some(text.to_owned()), None),
        None => (None, Some(STANDARD.encode(bytes))),
    }
}

fn key(entity: &str, title: &str) -> String {
    format!("{entity}.{title}")
}

fn key_of(template: &OwnTemplate) -> String {
    key(&template.entity, &template.title)
}

/// A template of a file, read.
///
/// # Errors
/// What is not understood, in English.
pub fn object(spec: Json) -> std::result::Result<Object, String> {
    let read: OwnSpec = moving::read(spec)?;
    let (text, base64) = written(&read.file, &read.bytes()?);
    let full = OwnSpec { paper: read.paper.or(of_sale(&read.entity)), text, base64, ..read };
    Ok(Object { key: key(&full.entity, &full.title), spec: moving::sorted(json!(full)) })
}

/// Own templates, by entity and title.
///
/// # Errors
/// When the database fails.
pub async fn gather(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Gathered> {
    let mut templates = store::list(conn, tenant).await?;
    // Databases order texts differently.
    templates.sort_by_cached_key(|one| (key_of(one), one.id));
    let (mut all, mut left) = (Gathered::default(), MAX_ALL);
    for template in &templates {
        let size = usize::try_from(template.size).unwrap_or(usize::MAX);
        if size > MAX_FILE || size > left {
            let why = Message::key("configuration.template_large");
            all.left_out.push((key_of(template), why.with("file", MAX_FILE / 1024).with("all", MAX_ALL / 1024)));
            continue;
        }
        let Some((file, bytes)) = store::content(conn, tenant, template.id, template.version).await? else { continue };
        left -= size;
        all.add(key_of(template), json!(OwnSpec::of(template, file, &bytes)));
    }
    Ok(all)
}

impl Documents {
    /// Adds, changes and removes own templates inside a transaction, and tells what stands in the way (administrators).
    ///
    /// # Errors
    /// `Denied`; when the database fails.
    pub async fn put_own(&self, tx: &Tx, ctx: &Ctx, catalogue: &Catalogue, wanted: &[Moved]) -> Result<Vec<Trouble>> {
        people::require_admin(ctx)?;
        // Each of them is taken apart: a file with many small ones that unpack to great ones takes its time.
        if let Some(first) = wanted.first().filter(|_| wanted.len() > MAX_TEMPLATES) {
            return Trouble::of(first, conflict("document.too_many_templates"));
        }
        store::lock_all(tx, ctx.tenant).await?;
        // Who is no longer the usual one makes room for another one of the file.
        for moved in wanted {
            let stays = moved.wanted::<OwnSpec>().is_ok_and(|spec| spec.is_some_and(|spec| spec.usual));
            if let Some(there) = there(tx, ctx, &moved.key).await?.filter(|there| there.usual && !stays) {
                store::edit(tx, ctx, there.id, Edit { usual: Some(false), ..Edit::default() }).await?;
                write::noted(tx, ctx, "document_template.updated", &OwnTemplate { usual: false, ..there }).await?;
            }
        }
        let (mut troubles, mut left) = (Vec::new(), MAX_TAKEN);
        for moved in wanted {
            if let Err(error) = self.put_one(tx, ctx, catalogue, moved, &mut left).await {
                troubles.extend(Trouble::of(moved, error)?);
            }
        }
        Ok(troubles)
    }

    /// `left`: bytes that files of this import may still unpack to.
    async fn put_one(&self, tx: &Tx, ctx: &Ctx, catalogue: &Catalogue, moved: &Moved, left: &mut usize) -> Result<()> {
        let there = there(tx, ctx, &moved.key).await?;
        let Some(spec) = moved.wanted::<OwnSpec>()? else {
            return match there {
                Some(template) => write::remove(tx, ctx, &template).await,
                None => Ok(()),
            };
        };
        let looked = self.looked_at(ctx, catalogue, &spec, left).await?;
        let template = match there {
            Some(template) => changed(tx, ctx, template, &spec, &looked).await?,
            None => {
                let fresh = Fresh { entity: spec.entity.clone(), paper: spec.paper, title: spec.title.clone() };
                write::add(tx, ctx, fresh, &looked).await?
            }
        };
        if spec.usual && !template.usual {
            take_by_default(tx, ctx, template).await?;
        }
        Ok(())
    }

    /// The file of a template that may be kept, taken apart.
    async fn looked_at(&self, ctx: &Ctx, catalogue: &Catalogue, spec: &OwnSpec, left: &mut usize) -> Result<Looked> {
        catalogue.entity(&spec.entity)?;
        let new = NewTemplate { entity: spec.entity.clone(), paper: spec.paper, title: None };
        paper_of(&new)?;
        if title_of(&spec.title)? != spec.title {
            return Err(wrong("title", FieldError::new("invalid").with("reason", "blanks around it")));
        }
        if name::cleaned(&spec.file).as_ref() != Some(&spec.file) {
            return Err(wrong("file", FieldError::new("invalid").with("reason", "no name of a file")));
        }
        let bytes = spec.bytes().map_err(|reason| wrong("file", FieldError::new("invalid").with("reason", reason)))?;
        let (content, unpacked) = upload::measured_aside(spec.file.clone(), bytes.clone()).await?;
        *left = left.checked_sub(unpacked).ok_or_else(|| {
            let error = FieldError::worded("invalid", "document.unpacked_all");
            wrong("file", error.with("max", MAX_TAKEN / (1024 * 1024)))
        })?;
        let given = self.sample_from(ctx, catalogue, (spec.entity.as_str(), spec.paper), ctx.locale)?;
        let unknown = unknown_in(content.clone(), given).await?;
        Ok(Looked { name: spec.file.clone(), bytes, content, unknown })
    }
}

fn wrong(part: &str, error: FieldError) -> Error {
    Error::field(INVALID, part, error)
}

/// The template with this name here: of several the one that is told (`gather`).
async fn there(tx: &Tx, ctx: &Ctx, key: &str) -> Result<Option<OwnTemplate>> {
    let named = store::list(tx, ctx.tenant).await?.into_iter().filter(|one| key_of(one) == key);
    Ok(named.min_by_key(|one| one.id))
}

/// Gives a template the file as its next version, unless it is its present one.
async fn changed(tx: &Tx, ctx: &Ctx, there: OwnTemplate, spec: &OwnSpec, looked: &Looked) -> Result<OwnTemplate> {
    if looked.content.kind() != there.kind {
        return Err(wrong("file", FieldError::worded("invalid", "document.other_kind")));
    }
    if spec.paper != there.paper {
        return Err(wrong("paper", FieldError::new("read_only")));
    }
    let present = store::content(tx, ctx.tenant, there.id, there.version).await?;
    if present.is_some_and(|(file, bytes)| file == looked.name && bytes == looked.bytes) {
        return Ok(there);
    }
    write::next(tx, ctx, there, looked, "document_template.updated").await
}

/// Makes a template the usual one, where no other one is.
async fn take_by_default(tx: &Tx, ctx: &Ctx, template: OwnTemplate) -> Result<()> {
    let all = store::list(tx, ctx.tenant).await?;
    let beside = |one: &OwnTemplate| one.entity == template.entity && one.paper == template.paper;
    if all.iter().any(|one| one.usual && beside(one)) {
        return Err(conflict("document.usual_taken"));
    }
    store::edit(tx, ctx, template.id, Edit { usual: Some(true), ..Edit::default() }).await?;
    write::noted(tx, ctx, "document_template.updated", &OwnTemplate { usual: true, ..template }).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(part: &str, value: Json) -> Json {
        let mut spec = json!({"entity": "quote", "title": "Offer", "file": "offer.typ", "text": "= A"});
        spec[part] = value;
        spec
    }

    #[test]
    fn the_same_bytes_stand_there_in_the_same_way() {
        let plain = object(spec("usual", json!(false))).unwrap();
        assert_eq!((plain.key.as_str(), &plain.spec["paper"]), ("quote.Offer", &json!("quote")));
        let mut packed = spec("base64", json!(STANDARD.encode("= A")));
        packed.as_object_mut().unwrap().remove("text");
        assert_eq!(object(packed).unwrap(), plain);
        let word = written("offer.docx", b"PK");
        assert_eq!((word.0, word.1), (None, Some(STANDARD.encode("PK"))));
        assert_eq!(written("a.typ", b"a\0").0, None);
        assert_eq!(written("a.TYP", "\u{feff}= A".as_bytes()).0.as_deref(), Some("\u{feff}= A"));
    }

    #[test]
    fn a_file_is_one_of_two_and_not_great() {
        assert!(object(spec("text", json!(null))).is_err());
        assert!(object(spec("base64", json!("AAAA"))).is_err());
        assert!(object(spec("text", json!("x".repeat(MAX_FILE + 1)))).is_err());
        let mut wrong = spec("base64", json!("no base64!"));
        wrong.as_object_mut().unwrap().remove("text");
        assert!(object(wrong).is_err());
    }
}
