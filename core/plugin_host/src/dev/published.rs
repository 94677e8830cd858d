//! Steps about events that the plugin publishes.

use kernel::event::{self, Cursor, Range};
use serde_json::{Map, Value as Json};

use super::scene::Scene;
use super::script::FindPublished;

/// Events of a script that are looked at.
const MOST: u64 = 20_000;

/// Looks at the events of a name; the newest must say what is wanted.
pub(super) async fn look(scene: &Scene, find: &FindPublished, wanted: &Map<String, Json>) -> Result<(), String> {
    let range = Range { tenant: scene.tenant.id, after: Cursor::default(), to: Cursor::END, record: None };
    let read = event::read_range(scene.db.read(), &range, MOST).await.map_err(|error| error.to_string())?;
    let found: Vec<_> = read.into_iter().filter(|one| one.kind == find.name).collect();
    if found.len() != find.count {
        return Err(format!("{} events `{}` instead of {}", found.len(), find.name, find.count));
    }
    let Some(newest) = found.last() else { return Ok(()) };
    let said = |field: &str| newest.changes.get(field).and_then(|pair| pair.get(1)).unwrap_or(&Json::Null);
    match wanted.iter().find(|(field, value)| said(field) != *value) {
        Some((field, value)) => Err(format!("{field} is {}, not {value}", said(field))),
        None => Ok(()),
    }
}
