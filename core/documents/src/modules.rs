//! Papers for plugins. What they make waits for a turn of their own, so that a template of theirs that never ends keeps nobody
//! from their papers; what they bring, a template and its data, is set or filled like everything else, and sees nothing more.

use std::sync::Arc;
use std::time::Duration;

use kernel::{Ctx, Result};
use serde_json::{Map, Value as Json};

use crate::gather::Source;
use crate::own::{TemplateKind, upload};
use crate::service::Documents;
use crate::typeset::Turn;

/// Papers of plugins that are made at the same time, of all companies together; a company has no more than that in line.
const TURNS: usize = 1;
/// How long one waits for its turn: less than a route of a plugin may last, so that it can still say so.
const PATIENCE: Duration = Duration::from_secs(8);

impl Documents {
    /// The same for plugins: one paper at a time, beside those of people.
    #[must_use]
    pub fn for_modules(&self) -> Self {
        Self { typesetter: self.typesetter.apart(TURNS, PATIENCE), ..self.clone() }
    }

    /// A turn for what is made beside papers and takes as long, held until it is made.
    ///
    /// # Errors
    /// `Limited` where others wait too.
    pub async fn turn(&self, ctx: &Ctx) -> Result<Turn> {
        self.typesetter.turn(ctx.tenant).await
    }

    /// A paper of data that somebody brings, by a template that they bring: its bytes and what they are. It is kept nowhere. A
    /// member `draft = true` of the data marks the paper with what `labels.draft` says; with `squares = true` characters that no font
    /// has are drawn as squares.
    ///
    /// # Errors
    /// `TooLarge`; `document.invalid` naming `file` (it is no template), `template` (it is wrong, takes too long or too much memory)
    /// or `characters`; `Limited` where others wait too.
    pub async fn compose(
        &self,
        ctx: &Ctx,
        name: &str,
        template: &[u8],
        data: Map<String, Json>,
    ) -> Result<(Vec<u8>, TemplateKind)> {
        let content = upload::read_aside(name.to_owned(), template.to_vec()).await?;
        let kind = content.kind();
        let source = Source::Own(Arc::new(content));
        Ok((self.set_by(ctx, source, Json::Object(data), None).await?, kind))
    }
}
