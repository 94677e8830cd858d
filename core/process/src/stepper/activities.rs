//! Activities: what is done at once, and what is asked of the outside.

use kernel::text::Message;
use serde_json::{Map, Value as Json};

use super::budget::{self, MAX_VARIABLES, weigh_all, weight};
use super::event::{Command, Evaluated, VisitOutcome};
use super::events::Place;
use super::parts::Plan;
use super::run::{Move, Run};
use super::state::{ScopeId, WaitId, WaitKind};
use super::variables::in_english;
use crate::definition::contract::{Contract, Executor};
use crate::definition::model::{MessageRef, Node, NodeIx, NodeKind, Parameter, Service};

impl Run<'_> {
    /// An activity, or one member of a repeated one, begins. Everything that can fail comes before anything changes.
    pub fn run_activity(&mut self, token: Move) -> Result<(), Message> {
        match &self.node(token.node).kind {
            NodeKind::Script { expression, result } => {
                let value = self.value(token.scope, expression)?;
                let mut brought = Map::new();
                if let Some(result) = result {
                    if self.definition.is_undone(token.node) {
                        brought.insert(result.clone(), value.clone());
                    }
                    self.write(token.scope, result, value)?;
                }
                self.done_at_once(token, brought);
            }
            NodeKind::Send(message) => {
                self.publish(token.scope, message)?;
                self.done_at_once(token, Map::new());
            }
            NodeKind::SubProcess { scope, .. } => {
                let boundary = self.plan_boundary(token)?;
                self.open_sub_process(token, *scope, boundary);
            }
            NodeKind::User(_) | NodeKind::Service(_) | NodeKind::Call { .. } => {
                let boundary = self.plan_boundary(token)?;
                let wait = self.fresh();
                let (kind, command, weight) = self.order(token.scope, token.node, wait)?;
                self.open_wait(wait, token.scope, token.node, kind.into(), Place::Work, token.via);
                self.say(command, weight);
                self.arm_boundary(boundary, token.scope, Place::Host(wait));
            }
            NodeKind::Receive(_) => {
                let boundary = self.plan_boundary(token)?;
                let plan = self.plan(token.scope, token.node)?;
                let wait =
                    self.arm(token.scope, token.node, plan, Place::Work, token.via).ok_or("it waits for no message")?;
                self.arm_boundary(boundary, token.scope, Place::Host(wait));
            }
            _ => self.done_at_once(token, Map::new()),
        }
        Ok(())
    }

    fn done_at_once(&mut self, token: Move, brought: Map<String, Json>) {
        let (now, via) = (self.now(), self.flow_id(token.via));
        self.visit(self.id(token.node), now, VisitOutcome::Completed, None, via);
        self.complete_with(token.scope, token.node, brought);
    }

    /// Timers and subscriptions of the boundary events; none for a member, whose repetition has them as a whole.
    fn plan_boundary(&mut self, token: Move) -> Result<Vec<(NodeIx, Plan)>, String> {
        if self.is_member(token.scope, token.node) { Ok(Vec::new()) } else { self.plan_events(token.scope, token.node) }
    }

    /// What the outside is asked for by a task, service or call, and what its variables take.
    pub fn order(&mut self, scope: ScopeId, node: NodeIx, wait: WaitId) -> Result<(WaitKind, Command, usize), String> {
        let node = self.node(node);
        let element = node.id.clone();
        match &node.kind {
            NodeKind::User(contract) => {
                let parameters = self.evaluated(scope, contract)?;
                let weight = weigh_all(&parameters.form).map_err(in_english)?;
                Ok((WaitKind::Task, Command::OpenTask { wait, element, parameters }, weight))
            }
            NodeKind::Service(service) => {
                let parameters = self.parameters(scope, &service.parameters)?;
                let weight = weigh_all(&parameters).map_err(in_english)?;
                Ok((WaitKind::Service, Command::CallService { wait, element, parameters }, weight))
            }
            NodeKind::Call { .. } => {
                let variables = self.visible(scope);
                let weight = weigh_all(&variables).map_err(in_english)?;
                Ok((WaitKind::Call, Command::CallProcess { wait, element, variables }, weight))
            }
            _ => Err("it asks nothing of the outside".to_owned()),
        }
    }

    fn evaluated(&mut self, scope: ScopeId, contract: &Contract) -> Result<Evaluated, String> {
        let executors = self.people(scope, "executors", contract.executors.iter())?;
        let escalate = self.people(scope, "escalation", contract.escalate.iter().map(|escalate| &escalate.to))?;
        let main_action = match &contract.main_action {
            Some(action) => self.parameters(scope, &action.parameters)?,
            None => Map::new(),
        };
        let mut form = Map::new();
        if !contract.form.is_empty() {
            form = self.visible(scope);
            form.retain(|name, value| !value.is_null() && contract.form.iter().any(|field| field.name == *name));
        }
        Ok(Evaluated { executors, escalate, form, main_action })
    }

    /// Values of the expressions that name people.
    fn people<'c>(
        &mut self,
        scope: ScopeId,
        what: &str,
        named: impl Iterator<Item = &'c Executor>,
    ) -> Result<Vec<Json>, String> {
        let (mut values, mut sum) = (Vec::new(), 0);
        for executor in named {
            if let Executor::Expression(expression) = executor {
                let value = self.evaluate(scope, expression).map_err(|problem| format!("{what}: {problem}"))?;
                sum += weight(&value);
                if sum > MAX_VARIABLES {
                    return Err(in_english(budget::variables()));
                }
                values.push(value);
            }
        }
        Ok(values)
    }

    fn parameters(&mut self, scope: ScopeId, list: &[(String, Parameter)]) -> Result<Map<String, Json>, String> {
        let (mut values, mut sum) = (Map::new(), 0);
        for (name, parameter) in list {
            let value = match parameter {
                Parameter::Text(text) => Json::String(text.clone()),
                Parameter::Expression(expression) => {
                    self.evaluate(scope, expression).map_err(|problem| format!("parameter `{name}`: {problem}"))?
                }
            };
            sum += weight(&value);
            if sum > MAX_VARIABLES {
                return Err(in_english(budget::variables()));
            }
            values.insert(name.clone(), value);
        }
        Ok(values)
    }

    /// Publishes a message.
    pub fn publish(&mut self, scope: ScopeId, message: &MessageRef) -> Result<(), Message> {
        self.may_throw(&message.name)?;
        let key = self.key(scope, message)?;
        let variables = self.visible(scope);
        let weight = weigh_all(&variables)?;
        self.say(Command::Message { name: message.name.clone(), key, variables }, weight);
        Ok(())
    }
}

/// The variable that gets the answer of an activity.
pub(super) fn result_of(node: &Node) -> Option<&str> {
    match &node.kind {
        NodeKind::Service(Service { result, .. }) => result.as_deref(),
        NodeKind::User(contract) => contract.result.as_deref(),
        _ => None,
    }
}
