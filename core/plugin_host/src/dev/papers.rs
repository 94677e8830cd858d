//! Templates of the company of a test script, and steps about papers. Papers are really set, so a template that is wrong fails
//! its step; what a script looks at is what stands on them.

use documents::{Made, MadeState, NewTemplate, TemplateEdit, Uploaded};
use kernel::{Ctx, RecordId};

use super::scene::Scene;
use super::script::{FindPapers, ScriptTemplate};
use super::test::explain;

/// Brings the templates of a script, as an administrator would.
pub(super) async fn set_up(scene: &Scene, templates: &[ScriptTemplate]) -> kernel::Result<()> {
    let admin = scene.ctx("admin").await?;
    for template in templates {
        let new = NewTemplate { entity: template.entity.clone(), paper: None, title: None };
        let file = Uploaded { name: template.name.clone(), bytes: template.text.clone().into_bytes() };
        let made = scene.documents.add_own(&admin, new, file).await?;
        if template.usual {
            let edit = TemplateEdit { usual: Some(true), ..TemplateEdit::default() };
            scene.documents.edit_own(&admin, made.id, edit).await?;
        }
    }
    Ok(())
}

/// Looks at the papers of a record that are kept, as somebody sees them.
pub(super) async fn look(scene: &Scene, ctx: &Ctx, record: RecordId, find: &FindPapers) -> Result<(), String> {
    let listed = scene.documents.list(ctx, &find.entity, record).await.map_err(|error| explain(&error))?;
    let found: Vec<Made> = listed.into_iter().filter(|made| made.state == MadeState::Kept).collect();
    if found.len() != find.count {
        let names: Vec<&str> = found.iter().map(|made| made.file_name.as_str()).collect();
        return Err(format!("{} papers instead of {}: {}", found.len(), find.count, names.join(" | ")));
    }
    let Some(newest) = found.first() else { return Ok(()) };
    if let Some(name) = find.name.as_ref().filter(|name| **name != newest.file_name) {
        return Err(format!("the newest paper is `{}`, not `{name}`", newest.file_name));
    }
    let Some(words) = &find.text else { return Ok(()) };
    // Spaces inside figures and dates are hard.
    let stands = newest.data.to_string().replace('\u{a0}', " ");
    if stands.contains(words.as_str()) { Ok(()) } else { Err(format!("`{words}` does not stand on it: {stands}")) }
}
