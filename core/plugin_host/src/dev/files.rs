//! Steps about files of records.

use futures::TryStreamExt;
use kernel::{Ctx, RecordId};

use super::scene::Scene;
use super::script::FindFiles;
use super::test::explain;

/// Looks at the files of a record as somebody sees them.
pub(super) async fn look(scene: &Scene, ctx: &Ctx, record: RecordId, find: &FindFiles) -> Result<(), String> {
    let listed = scene.files.list(ctx, &find.entity, record, false).await;
    let (found, _) = listed.map_err(|error| explain(&error))?;
    if found.len() != find.count {
        return Err(format!("{} files instead of {}", found.len(), find.count));
    }
    let Some(newest) = found.first() else { return Ok(()) };
    if let Some(name) = find.name.as_ref().filter(|name| **name != newest.name) {
        return Err(format!("the newest file is `{}`, not `{name}`", newest.name));
    }
    if let Some(kind) = find.media_type.as_ref().filter(|kind| **kind != newest.media_type) {
        return Err(format!("the newest file is {}, not {kind}", newest.media_type));
    }
    let Some(text) = &find.text else { return Ok(()) };
    let read = async {
        let pieces = scene.files.read(newest, 0, newest.size).await?;
        let pieces: Vec<_> = pieces.try_collect().await?;
        Ok::<_, kernel::Error>(pieces.concat())
    };
    let bytes = read.await.map_err(|error| explain(&error))?;
    let got = String::from_utf8_lossy(&bytes);
    if got == text.as_str() { Ok(()) } else { Err(format!("the file holds {got:?}, not {text:?}")) }
}
