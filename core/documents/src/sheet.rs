//! From what stands on a paper to its bytes: the template with all it reads, set in a child or filled as a Word file.

use std::sync::Arc;

use kernel::{Ctx, Error, RecordId, Result};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::docx;
use crate::gather::Source;
use crate::own::upload::Content;
use crate::service::Documents;
use crate::typeset::Sheet;

/// Bytes of a picture of an organization.
const MAX_PICTURE: u64 = 1024 * 1024;
/// Pictures by the names of their files.
const PICTURES: [&str; 3] = ["logo", "signature", "stamp"];
/// Records around one, whose words a template has under these names.
const AROUND: [&str; 3] = ["organization", "company", "contact"];
/// Says across each page that it is a draft; one line.
const MARK: &str = r#"#set page(foreground: place(center + horizon, rotate(-35deg, text(font: "Noto Sans", size: 92pt, weight: "bold", fill: rgb(0, 0, 0, 22), json("data.json").labels.draft))))"#;

/// A sheet with its template and the template's own files. What own templates make of a draft says so, whatever they say.
fn begun(source: &Source, draft: bool) -> Sheet {
    match source {
        Source::Ours(paper) => Sheet { main: paper.source().to_owned(), ..Sheet::default() },
        Source::Own(content) => {
            let Content::Typ { main, files } = content.as_ref() else { return Sheet::default() };
            let (main, above) = if draft { (format!("{MARK}\n{main}"), 1) } else { (main.clone(), 0) };
            let mut sheet = Sheet { main, above, ..Sheet::default() };
            for (name, bytes) in files {
                sheet = sheet.with(name, bytes);
            }
            sheet
        }
    }
}

/// The record's words also by the name of its entity: `deal.title`.
pub(crate) fn by_its_entity(data: &mut Json) {
    let Json::Object(object) = data else { return };
    let (Some(Json::String(entity)), Some(record)) = (object.get("entity").cloned(), object.get("record").cloned())
    else {
        return;
    };
    if AROUND.contains(&entity.as_str()) || !object.contains_key(&entity) {
        object.insert(entity, record);
    }
}

impl Documents {
    /// Makes the bytes of a paper.
    pub(crate) async fn set_by(
        &self,
        ctx: &Ctx,
        source: Source,
        mut data: Json,
        organization: Option<Uuid>,
    ) -> Result<Vec<u8>> {
        if matches!(source, Source::Own(_)) {
            by_its_entity(&mut data);
        }
        if let Source::Own(content) = &source
            && let Content::Docx(_) = content.as_ref()
        {
            let content = Arc::clone(content);
            let turn = self.typesetter.turn(ctx.tenant).await?;
            let filled = tokio::task::spawn_blocking(move || {
                let _turn = turn;
                match content.as_ref() {
                    Content::Docx(bytes) => docx::fill(bytes, &data),
                    Content::Typ { .. } => Err(Error::Internal("no Word file".into())),
                }
            });
            return filled.await.map_err(Error::internal)?;
        }
        let sheet = self.sheet(ctx, &source, data, organization).await?;
        self.typesetter.set(ctx.tenant, sheet).await
    }

    /// A paper, ready to be set, with the pictures of its organization.
    async fn sheet(&self, ctx: &Ctx, source: &Source, mut data: Json, organization: Option<Uuid>) -> Result<Sheet> {
        use chrono::Datelike;
        let today = ctx.now().utc().with_timezone(&ctx.zone).date_naive();
        let day = (
            today.year(),
            u8::try_from(today.month()).map_err(Error::internal)?,
            u8::try_from(today.day()).map_err(Error::internal)?,
        );
        let says = |name: &str| data.get(name) == Some(&Json::Bool(true));
        let mut sheet = begun(source, says("draft"));
        sheet.squares = says("squares");
        sheet.day = day;
        for (kind, name, bytes) in self.pictures(ctx, organization).await? {
            if let Some(value) = data.get_mut(kind).filter(|value| value.as_str() == Some("wanted")) {
                *value = Json::String(name.clone());
                sheet = sheet.with(&name, &bytes);
            }
        }
        for kind in PICTURES {
            if let Some(value) = data.get_mut(kind).filter(|value| value.as_str() == Some("wanted")) {
                *value = Json::Null;
            }
        }
        sheet = sheet.with("paper.typ", crate::templates::SHARED.as_bytes());
        Ok(sheet.with("data.json", &serde_json::to_vec(&data).map_err(Error::internal)?))
    }

    /// The newest files of an organization that are called `logo`, `signature` and `stamp`, whatever comes after the point.
    async fn pictures(&self, ctx: &Ctx, organization: Option<Uuid>) -> Result<Vec<(&'static str, String, Vec<u8>)>> {
        let Some(organization) = organization else { return Ok(Vec::new()) };
        let eyes = Ctx::system(ctx.tenant, ctx.zone, ctx.locale, &ctx.env);
        let files = match self.files.list(&eyes, "organization", RecordId(organization), false).await {
            Ok((files, _)) => files,
            Err(Error::NotFound(_)) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        for kind in PICTURES {
            let named = |name: &str| name.rsplit_once('.').is_some_and(|(stem, _)| stem.eq_ignore_ascii_case(kind));
            let fitting = files.iter().find(|file| {
                named(&file.name) && file.size <= MAX_PICTURE && kernel::files::kind::is_picture(&file.media_type)
            });
            let Some(file) = fitting else { continue };
            let name = format!("{kind}.{}", file.media_type.trim_start_matches("image/"));
            let bytes = self.store.read_whole(file.tenant, file.id, file.size, MAX_PICTURE).await?;
            found.push((kind, name, bytes));
        }
        Ok(found)
    }
}
