//! Loops and multi-instances (BPMN 13.3.6, 13.3.7): a body scope with one scope for each member or round.

use std::collections::VecDeque;

use kernel::expression::Expression;
use kernel::text::Message;
use serde_json::{Map, Value as Json};

use super::budget::{self, MAX_MEMBERS, MAX_VARIABLES, weigh, weight};
use super::event::VisitOutcome;
use super::events::Place;
use super::run::{Move, Run};
use super::state::{Failed, Role, ScopeId};
use super::variables::{kind_of, weight_of};
use crate::definition::model::{Node, Over, Repeat};

/// How a repetition goes on.
enum Next {
    Begin,
    Wait,
    Finish,
}

impl Run<'_> {
    /// A repeated activity begins.
    pub fn open_body(&mut self, token: Move) -> Result<(), Message> {
        let node = self.node(token.node);
        let Some(repeat) = &node.repeat else { return self.run_activity(token) };
        let (total, items) = match repeat {
            Repeat::Loop { .. } => (0, VecDeque::new()),
            Repeat::Multi { over, .. } => self.members(token.scope, over)?,
        };
        let at_once = if matches!(repeat, Repeat::Multi { sequential: false, .. }) { total } else { 1 };
        let room = self.limits.places.saturating_sub(self.places());
        if usize::try_from(at_once).is_ok_and(|needed| needed > room) {
            return Err(budget::places(self.limits.places));
        }
        let boundary = self.plan_events(token.scope, token.node)?;
        let role = Role::Body { total, begun: 0, completed: 0, items, output: Vec::new() };
        let via = self.flow_id(token.via);
        let body = self.open_scope(Some(token.scope), Some(node.id.clone()), role, via);
        self.weight += self.scope(body).map_or(0, weight_of);
        self.arm_boundary(boundary, token.scope, Place::Scope(body));
        match repeat {
            Repeat::Loop { test_before: false, .. } => self.begin_member(body, node),
            Repeat::Loop { .. } => self.go_on(body),
            Repeat::Multi { .. } if total == 0 => self.finish_body(body),
            Repeat::Multi { sequential: true, .. } => self.begin_member(body, node),
            Repeat::Multi { .. } => (0..total).for_each(|_| self.begin_member(body, node)),
        }
        Ok(())
    }

    fn members(&mut self, scope: ScopeId, over: &Over) -> Result<(u32, VecDeque<Json>), Message> {
        let (count, items) = match over {
            Over::Count(count) => {
                let value = self.evaluate(scope, count)?;
                let number = whole(&value).ok_or_else(|| {
                    format!("`{}` gave {value}, not a number of instances (0, 1, 2 ...)", count.text())
                })?;
                (number, VecDeque::new())
            }
            Over::Collection { list, .. } => match self.value(scope, list)? {
                list @ Json::Array(_) if self.weight.saturating_add(weigh(&list)?) > MAX_VARIABLES => {
                    return Err(budget::variables());
                }
                Json::Array(items) => (u64::try_from(items.len()).unwrap_or(u64::MAX), VecDeque::from(items)),
                other => return Err(format!("`{}` gave {}, not a list", list.text(), kind_of(&other)).into()),
            },
        };
        match u32::try_from(count) {
            Ok(count) if count <= MAX_MEMBERS => Ok((count, items)),
            _ => Err(format!("{count} instances are more than the {MAX_MEMBERS} that one activity may have").into()),
        }
    }

    /// The next member or round.
    fn begin_member(&mut self, body: ScopeId, node: &Node) {
        let Some(state) = self.scope_mut(body) else { return };
        let via = state.via.clone();
        let Role::Body { begun, items, .. } = &mut state.role else { return };
        let index = *begun;
        *begun = index.saturating_add(1);
        let item = items.pop_front();
        let mut variables = Map::new();
        if let Some(Repeat::Multi { over, output, .. }) = &node.repeat {
            if let Some(name) = output.as_ref().and_then(|(_, taken)| own_output(taken.text())) {
                variables.insert(name, Json::Null);
            }
            if let (Over::Collection { item: name, .. }, Some(item)) = (over, item) {
                variables.insert(name.clone(), item);
            }
        }
        let flow = via.as_deref().and_then(|id| self.definition.flow_by_id.get(id).copied());
        let member = self.open_scope(Some(body), Some(node.id.clone()), Role::Member { index }, via);
        if let Some(state) = self.scope_mut(member) {
            state.variables = variables;
        }
        if let Some(node) = self.definition.find(&node.id) {
            self.send(member, node, flow);
        }
    }

    /// A member or round came to its end. What it gives is collected unless an operator goes on without.
    pub fn member_done(&mut self, member: ScopeId, collect: bool) {
        let Some(state) = self.scope(member) else { return };
        let (Some(body), Some(node), Role::Member { index }) = (state.parent, self.owner(member), &state.role) else {
            return;
        };
        let (node, index) = (self.node(node), *index);
        let mut collected = None;
        if let (Some(Repeat::Multi { output: Some((list, taken)), .. }), true) = (&node.repeat, collect) {
            match self.collect(member, taken) {
                Ok(value) => collected = Some((index, value)),
                Err(problem) => {
                    let message = match problem {
                        Message::Words(problem) => format!("output for `{list}`: {problem}").into(),
                        limit @ Message::Key { .. } => limit,
                    };
                    return self.raise(member, node.id.clone(), message, Failed::Collect);
                }
            }
        }
        self.remove_scope(member);
        self.weight += collected.as_ref().map_or(0, |(_, value)| weight(value));
        if let Some(Role::Body { completed, output, .. }) = self.scope_mut(body).map(|body| &mut body.role) {
            *completed = completed.saturating_add(1);
            output.extend(collected);
        }
        self.go_on(body);
    }

    fn collect(&mut self, member: ScopeId, taken: &Expression) -> Result<Json, Message> {
        let value = self.value(member, taken)?;
        match self.weight.saturating_add(weigh(&value)?) <= MAX_VARIABLES {
            true => Ok(value),
            false => Err(budget::variables()),
        }
    }

    /// Finds out how a repetition goes on, and does it.
    pub fn go_on(&mut self, body: ScopeId) {
        let Some(node) = self.owner(body).map(|node| self.node(node)) else { return };
        self.settle_repeat(body);
        match self.next_of(body, node) {
            Ok(Next::Begin) => self.begin_member(body, node),
            Ok(Next::Wait) => {}
            Ok(Next::Finish) => self.finish_body(body),
            Err(message) => self.raise(body, node.id.clone(), message, Failed::Repeat),
        }
    }

    fn next_of(&mut self, body: ScopeId, node: &Node) -> Result<Next, String> {
        let Some(Role::Body { total, begun, completed, .. }) = self.scope(body).map(|body| &body.role) else {
            return Ok(Next::Wait);
        };
        let (total, begun, completed) = (*total, *begun, *completed);
        match &node.repeat {
            Some(Repeat::Loop { max: Some(max), .. }) if begun >= *max => Ok(Next::Finish),
            Some(Repeat::Loop { condition, .. }) => {
                let more = condition.as_ref().map_or(Ok(true), |condition| self.holds(body, condition));
                let more = more.map_err(|problem| format!("loop condition: {problem}"))?;
                Ok(if more { Next::Begin } else { Next::Finish })
            }
            Some(Repeat::Multi { sequential, completion, .. }) => {
                if let Some(completion) = completion.as_ref().filter(|_| completed > 0)
                    && self.holds(body, completion).map_err(|problem| format!("completion condition: {problem}"))?
                {
                    return Ok(Next::Finish);
                }
                Ok(match completed {
                    done if done >= total => Next::Finish,
                    done if *sequential && begun == done => Next::Begin,
                    _ => Next::Wait,
                })
            }
            None => Ok(Next::Finish),
        }
    }

    /// A repetition is over: what is left of it is cancelled, what was collected is written; it was counted when it was
    /// collected, so there is room for it.
    pub fn finish_body(&mut self, body: ScopeId) {
        self.cancel_content(body);
        self.withdraw_guards(body);
        let Some(state) = self.scope_mut(body) else { return };
        let (since, via, parent) = (state.since, state.via.clone(), state.parent);
        let Role::Body { completed, output, .. } = &mut state.role else { return };
        let (completed, mut output) = (*completed, std::mem::take(output));
        let (Some(parent), Some(node)) = (parent, self.owner(body)) else { return };
        let done = self.done_of_body(body, node);
        self.weight = self.weight.saturating_sub(output.iter().map(|(_, value)| weight(value)).sum());
        self.remove_scope(body);
        if let Some(Repeat::Multi { output: Some((list, _)), .. }) = &self.node(node).repeat {
            output.sort_by_key(|(index, _)| *index);
            self.put(parent, list, output.into_iter().map(|(_, value)| value).collect());
        }
        // Nothing of it was done.
        if completed == 0 {
            self.visit(self.id(node), since.unwrap_or(self.now()), VisitOutcome::Skipped, None, via);
        }
        self.complete(parent, node, done);
    }
}

fn whole(value: &Json) -> Option<u64> {
    value.as_u64().or_else(|| {
        let number = value.as_f64().filter(|number| number.fract() == 0.0 && *number >= 0.0)?;
        format!("{number:.0}").parse().ok()
    })
}

/// A plain variable that is collected of each member is the member's own, so that members do not write over each
/// other's (BPMN 10.3.8, `outputDataItem`).
fn own_output(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some(quoted) = text.strip_prefix("vars[").and_then(|text| text.strip_suffix(']')) {
        return serde_json::from_str(quoted).ok();
    }
    let name = text.strip_prefix("vars.").unwrap_or(text);
    let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.chars().next()?.is_numeric();
    plain.then(|| name.to_owned())
}
