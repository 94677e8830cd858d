//! Transactions (BPMN 10.3.5, 13.3.4): a cancel end event ends what is under way, has everything undone that was done,
//! and leaves by the cancel event at the boundary.

use kernel::text::Message;

use super::event::VisitOutcome;
use super::run::{Move, Run};
use super::state::{PROCESS, Role, ScopeId, Then};
use super::variables::chain;
use crate::definition::model::{NodeKind, Trigger};

impl Run<'_> {
    /// A cancel end event. Of a repeated transaction the whole is cancelled: the boundary is that of the whole.
    pub fn cancel_transaction(&mut self, token: Move) -> Result<(), Message> {
        let scope = self.transaction_around(token.scope).ok_or("there is no transaction under way around it")?;
        let (now, via, id) = (self.now(), self.flow_id(token.via), self.id(token.node));
        self.visit(id.clone(), now, VisitOutcome::Completed, None, via.clone());
        let left = self.take_all(scope);
        self.interrupt(scope);
        self.withdraw_guards(scope);
        self.undo(scope, id, left, Then::Cancel, via);
        Ok(())
    }

    /// The scope of the nearest transaction that is under way.
    fn transaction_around(&self, scope: ScopeId) -> Option<ScopeId> {
        let is_transaction = |scope: &ScopeId| {
            let node = self.owner(*scope).map(|node| &self.node(node).kind);
            matches!(node, Some(NodeKind::SubProcess { transaction: true, .. }))
        };
        let mut open = chain(&self.state, scope).into_iter().filter(is_transaction);
        open.find_map(|scope| match self.scope(scope)?.role {
            Role::Inside => Some(scope),
            Role::Member { .. } => self.scope(scope)?.parent,
            _ => None,
        })
    }

    /// Everything is undone: the transaction is left by its cancel event; without one nothing follows.
    pub fn leave_cancelled(&mut self, scope: ScopeId) {
        let Some(state) = self.scope(scope) else { return };
        let (around, since) = (state.parent.unwrap_or(PROCESS), state.since.unwrap_or(self.now()));
        let events = self.owner(scope).map(|node| self.node(node).boundary.as_slice()).unwrap_or_default();
        let event = events.iter().find(|event| matches!(self.definition.trigger(**event), Some(Trigger::Cancel)));
        self.cancel_scope(scope, VisitOutcome::Cancelled);
        if let Some(&event) = event {
            self.visit(self.id(event), since, VisitOutcome::Completed, None, None);
            self.leave(around, event);
        }
    }
}
