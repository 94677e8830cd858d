//! What somebody outside may send to processes: messages and signals that their roles name, with the variables that the
//! receiver declares; to processes they operate anything.

use kernel::access::{Definitions, ProcessAction};
use kernel::{Ctx, Error, Result};
use records::Operation;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::{Processes, invalid};
use crate::definition::fit;
use crate::definition::model::Definition;

/// Somebody outside who sends. What processes send one another, and what the product tells them, has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sender {
    /// Whether a role of theirs names the message or signal.
    named: bool,
    /// Keys of the definitions they operate; none = every one.
    operates: Option<Vec<String>>,
}

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sent<'a> {
    Message(&'a str),
    Signal(&'a str),
}

impl Processes {
    /// The sender of a message or signal from outside.
    ///
    /// # Errors
    /// `Denied` when they may send it to nobody, `process.invalid` naming `name` when only the product sends it.
    pub(super) async fn sender(&self, ctx: &Ctx, sent: Sent<'_>) -> Result<Sender> {
        let named = match sent {
            Sent::Message(name) => ctx.rights.may_publish(name),
            Sent::Signal(name) => ctx.rights.may_broadcast(name),
        };
        let operates = match ctx.rights.processes(ProcessAction::Operate) {
            Definitions::All => None,
            Definitions::Keys(keys) => Some(keys.into_iter().map(str::to_owned).collect::<Vec<_>>()),
        };
        if !named && operates.as_ref().is_some_and(Vec::is_empty) {
            return Err(Error::Denied("send"));
        }
        if let Sent::Message(name) = sent
            && self.is_told(ctx, name).await?
        {
            return Err(invalid("name", format!("`{name}` is told by the product itself when records change")));
        }
        Ok(Sender { named, operates })
    }

    /// Names of changes of records (`lead.created`, `deal.stage:won`) come from the product alone: whoever receives one
    /// may rely on it.
    pub(super) async fn is_told(&self, ctx: &Ctx, name: &str) -> Result<bool> {
        let Some((entity, what)) = name.split_once('.') else { return Ok(false) };
        let told = what.starts_with("stage:") || (Operation::of_event(name).is_some() && !what.contains('.'));
        Ok(told && self.records.catalogue(ctx.tenant).await?.find(entity).is_some())
    }

    /// Those of the names that a definition throws which are the product's own.
    pub(super) async fn told(&self, ctx: &Ctx, definition: &Definition) -> Result<Vec<String>> {
        let mut told = Vec::new();
        for (_, name) in fit::thrown(definition) {
            if self.is_told(ctx, name).await? {
                told.push(name.to_owned());
            }
        }
        Ok(told)
    }
}

impl Sender {
    /// Whether they operate the definition.
    fn operates(&self, definition: &Definition) -> bool {
        self.operates.as_ref().is_none_or(|keys| keys.contains(&definition.key))
    }

    /// Whether they may send to instances and starts of the definition.
    pub(super) fn reaches(&self, definition: &Definition) -> bool {
        self.named || self.operates(definition)
    }

    /// A variable that the receiver does not take from them.
    pub(super) fn refused<'a>(
        &self,
        definition: &Definition,
        element: &str,
        variables: &'a Map<String, Json>,
    ) -> Option<&'a str> {
        if self.operates(definition) {
            return None;
        }
        variables.keys().map(String::as_str).find(|name| !declares(definition, element, name))
    }

    /// Those of the variables that the receiver takes from them.
    pub(super) fn taken(
        &self,
        definition: &Definition,
        element: &str,
        mut variables: Map<String, Json>,
    ) -> Map<String, Json> {
        if !self.operates(definition) {
            variables.retain(|name, _| declares(definition, element, name));
        }
        variables
    }
}

/// Whether a variable is declared where the element stands: as a data object or property of a scope around it.
fn declares(definition: &Definition, element: &str, variable: &str) -> bool {
    let mut scope = definition.beginning_at(element).map(|(node, _)| definition.node(node).scope);
    while let Some(inside) = scope.map(|scope| definition.scope(scope)) {
        if inside.data.iter().any(|name| name == variable) {
            return true;
        }
        scope = inside.parent;
    }
    false
}

/// What the receiver says of a variable it does not take.
pub(super) fn undeclared(name: &str) -> Error {
    invalid(
        "variables",
        format!("the receiver declares no variable `{name}` (a data object of its process): ask whoever operates it"),
    )
}
