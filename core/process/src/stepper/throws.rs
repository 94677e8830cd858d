//! Events thrown: what a throwing or ending event does.

use kernel::text::Message;

use super::budget::weigh_all;
use super::event::{Command, VisitOutcome};
use super::run::{Move, Run};
use super::state::ScopeId;
use crate::definition::model::{NodeIx, NodeKind, Outcome, Trigger};

impl Run<'_> {
    /// A throwing or ending event.
    pub fn throw(&mut self, token: Move, outcome: &Outcome) -> Result<(), Message> {
        match outcome {
            Outcome::None => self.pass(token),
            Outcome::Message(_) | Outcome::Signal(_) => {
                self.tell(token.scope, outcome)?;
                self.pass(token);
            }
            Outcome::Link(name) => self.follow_link(token, name)?,
            Outcome::Terminate => {
                let (now, via) = (self.now(), self.flow_id(token.via));
                self.visit(self.id(token.node), now, VisitOutcome::Completed, None, via);
                self.terminate(token.scope);
            }
            Outcome::Escalation(code) => self.throw_escalation(token, code),
            Outcome::Error(code) => self.throw_error(token, code),
            Outcome::Compensate { activity, wait } => self.throw_compensation(token, activity.as_ref(), *wait),
            Outcome::Cancel => self.cancel_transaction(token)?,
            Outcome::Several(parts) => return self.throw_several(token, parts),
        }
        Ok(())
    }

    /// Messages and signals, then what the token goes on with. Nothing is told when one of them cannot be.
    fn throw_several(&mut self, token: Move, parts: &[Outcome]) -> Result<(), Message> {
        let told = self.commands.len();
        let (last, more) = match parts.split_last() {
            Some((last, more)) if !matches!(last, Outcome::Message(_) | Outcome::Signal(_)) => (last, more),
            _ => (&Outcome::None, parts),
        };
        for part in more {
            if let Err(message) = self.tell(token.scope, part) {
                self.commands.truncate(told);
                return Err(message);
            }
        }
        self.throw(token, last)
    }

    /// A message or signal is told.
    fn tell(&mut self, scope: ScopeId, outcome: &Outcome) -> Result<(), Message> {
        match outcome {
            Outcome::Message(message) => self.publish(scope, message),
            Outcome::Signal(name) => {
                self.may_throw(name)?;
                let variables = self.visible(scope);
                let weight = weigh_all(&variables)?;
                self.say(Command::Signal { name: name.clone(), variables }, weight);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Passes for a message or signal that is not the product's own to tell.
    pub fn may_throw(&self, name: &str) -> Result<(), Message> {
        match self.input.told.iter().any(|told| told == name) {
            true => Err(Message::key("process.reserved").with("name", name)),
            false => Ok(()),
        }
    }

    fn follow_link(&mut self, token: Move, name: &str) -> Result<(), String> {
        let node = self.node(token.node);
        let catches =
            |node: &&NodeIx| matches!(&self.node(**node).kind, NodeKind::Catch(Trigger::Link(to)) if to == name);
        let target = self.definition.scope(node.scope).nodes.iter().find(catches).copied();
        let target = target.ok_or_else(|| format!("there is no link catch event named `{name}` beside it"))?;
        let (now, via) = (self.now(), self.flow_id(token.via));
        self.visit(node.id.clone(), now, VisitOutcome::Completed, None, via);
        self.send(token.scope, target, None);
        Ok(())
    }
}
