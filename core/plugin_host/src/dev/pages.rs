//! Steps of test scripts about pages: figures that the plugin computes, and presses.

use kernel::{Ctx, Error, UserId};
use serde_json::{Map, Value as Json};

use super::scene::Scene;
use super::script::{Figures, Press};
use crate::points::pages::{Deed, Patch, View};
use crate::surfaces::spec::Spec;
use crate::surfaces::{Open, viewer};

/// The page as somebody opens it, and who then acts: a public one is opened by a stranger, whoever is named.
async fn open(scene: &Scene, ctx: &Ctx, plugin: &str, surface: &str) -> kernel::Result<(Open, Ctx)> {
    if let Ok(visit) = scene.host.try_out(&scene.tenant, plugin, surface, ctx.locale).await {
        return Ok((visit.open, visit.ctx));
    }
    let user = ctx.user().unwrap_or(UserId(uuid::Uuid::nil()));
    let identity = scene.host.inner.identities.of_user(ctx.tenant, user).await?;
    Ok((scene.host.open(ctx, &viewer(&identity), plugin, surface, None).await?, ctx.clone()))
}

/// The rows that a source gives; those wanted must have the fields.
pub(super) async fn figures(
    scene: &Scene,
    ctx: &Ctx,
    plugin: &str,
    asked: &Figures,
    rows: &[Map<String, Json>],
    view: View,
) -> kernel::Result<Result<(), String>> {
    let (open, ctx) = open(scene, ctx, plugin, &asked.surface).await?;
    let Spec::Plugin(computed) = open.source(&asked.source, &asked.given(&open))? else {
        return Ok(Err(format!("the plugin does not compute the source `{}`", asked.source)));
    };
    let got = scene.host.computed(&ctx, &open, &computed, &view, None).await?.rows;
    if got.len() != rows.len() {
        return Ok(Err(format!("{} rows instead of {}", got.len(), rows.len())));
    }
    for (index, (got, wanted)) in got.iter().zip(rows).enumerate() {
        for (key, wanted) in wanted {
            let got = got.fields.get(key).unwrap_or(&Json::Null);
            // Scripts have no word for nothing but an empty text.
            if got != wanted && !(got.is_null() && wanted == "") {
                return Ok(Err(format!("{key} of row {} is {got}, not {wanted}", index + 1)));
            }
        }
    }
    Ok(Ok(()))
}

impl Figures {
    /// The source as it is declared, with the script's input.
    fn given(&self, open: &Open) -> Json {
        let declared = open.surface().and_then(|surface| surface.tree.as_ref()?.sources.get(&self.source));
        let mut given = declared.map_or(Json::Null, |source| source.json.clone());
        if let (Some(map), Some(input)) = (given.as_object_mut(), &self.input) {
            map.insert("input".to_owned(), input.clone());
        }
        given
    }
}

/// What a press does; a toast that is wanted must be said.
pub(super) async fn press(
    scene: &Scene,
    ctx: &Ctx,
    plugin: &str,
    asked: &Press,
    rows: Vec<String>,
    input: Json,
) -> Result<Result<(), String>, Error> {
    let (open, ctx) = open(scene, ctx, plugin, &asked.surface).await?;
    let deed = Deed { act: asked.act.clone(), key: ctx.id(), entity: None, rows, input };
    let acted = scene.host.act(&ctx, &open, deed, &View::default()).await?;
    let errors: Vec<String> = acted.errors.iter().map(|(field, words)| format!("{field}: {words}")).collect();
    let refused: Vec<String> = acted.refused.iter().map(|one| one.detail.clone()).collect();
    let problems: Vec<String> = errors.into_iter().chain(refused).collect();
    match &asked.problem {
        Some(wanted) if problems.iter().any(|one| one.contains(wanted.as_str())) => return Ok(Ok(())),
        Some(_) => return Ok(Err(format!("no such problem; there are: {}", problems.join("; ")))),
        None if !problems.is_empty() => return Ok(Err(format!("it was not done: {}", problems.join("; ")))),
        None => {}
    }
    let said = acted.patches.iter().filter_map(|patch| match patch {
        Patch::Toast(toast) => Some(toast.text.as_str()),
        _ => None,
    });
    let said: Vec<&str> = said.collect();
    match &asked.toast {
        Some(wanted) if !said.iter().any(|one| one.contains(wanted.as_str())) => {
            Ok(Err(format!("it said {said:?}, not {wanted:?}")))
        }
        _ => Ok(Ok(())),
    }
}
