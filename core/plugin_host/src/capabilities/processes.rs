//! `processes`: starting them and sending them messages and signals, narrowed to the names that were granted.

use kernel::Ctx;
use process::runtime::{Delivered, MessageInput, SignalInput, StartInput};
use uuid::Uuid;

use super::{Caller, State, host_error, object, uuid_from_wit};
use crate::bindings::subjects::Subject;
use crate::bindings::types::HostError;
use crate::bindings::verstak::work::processes as wit;
use crate::manifest::ProcessPermission;

type Answer<T> = wasmtime::Result<Result<T, HostError>>;

impl wit::Host for State {
    async fn start(&mut self, start: wit::NewInstance) -> Answer<String> {
        self.enter()?;
        Ok(self.start_process(start).await)
    }

    async fn publish(&mut self, message: wit::Message) -> Answer<wit::Delivered> {
        self.enter()?;
        Ok(self.publish_message(message).await)
    }

    async fn signal(&mut self, name: String, variables: String) -> Answer<wit::Delivered> {
        self.enter()?;
        Ok(self.broadcast_signal(name, &variables).await)
    }
}

impl State {
    /// The caller and the context to act in, if the permission covers it and there is somebody to act for.
    fn may_process(
        &mut self,
        what: &str,
        covers: impl Fn(&ProcessPermission) -> bool,
    ) -> Result<(Caller, Ctx), HostError> {
        let caller = self.granted("processes")?;
        self.take_rows(1)?;
        if !caller.plugin.manifest().permissions.processes.as_ref().is_some_and(covers) {
            return Err(HostError::Denied(format!("the permission `processes` does not include {what}")));
        }
        if !caller.is_itself() && (caller.anonymous || caller.ctx.user().is_none()) {
            return Err(HostError::Denied("there is nobody to act for".to_owned()));
        }
        let ctx = caller.own_ctx();
        Ok((caller, ctx))
    }

    async fn start_process(&mut self, start: wit::NewInstance) -> Result<String, HostError> {
        let what = format!("starting `{}`", start.definition);
        let (caller, ctx) = self.may_process(&what, |permission| permission.starts(&start.definition))?;
        let input = StartInput {
            definition: start.definition,
            version: None,
            process: None,
            subject: start.subject.map(subject).transpose()?,
            variables: object("variables", &start.variables)?,
        };
        let started = Box::pin(caller.services.processes.begin(&ctx, input)).await;
        started.map(|id| id.to_string()).map_err(|error| host_error(&error))
    }

    async fn publish_message(&mut self, message: wit::Message) -> Result<wit::Delivered, HostError> {
        let what = format!("the message `{}`", message.name);
        let (caller, ctx) = self.may_process(&what, |permission| permission.publishes(&message.name))?;
        let input = MessageInput {
            name: message.name,
            key: message.key,
            variables: object("variables", &message.variables)?,
            subject: message.subject.map(subject).transpose()?,
        };
        let sent = Box::pin(caller.services.processes.publish_message(&ctx, input)).await;
        sent.map(delivered).map_err(|error| host_error(&error))
    }

    async fn broadcast_signal(&mut self, name: String, variables: &str) -> Result<wit::Delivered, HostError> {
        let what = format!("the signal `{name}`");
        let (caller, ctx) = self.may_process(&what, |permission| permission.signals(&name))?;
        let input = SignalInput { name, variables: object("variables", variables)? };
        let sent = Box::pin(caller.services.processes.broadcast_signal(&ctx, input)).await;
        sent.map(delivered).map_err(|error| host_error(&error))
    }
}

fn subject(subject: Subject) -> Result<process::runtime::Subject, HostError> {
    Ok(process::runtime::Subject { id: uuid_from_wit(&subject.id)?, entity: subject.entity })
}

fn delivered(delivered: Delivered) -> wit::Delivered {
    let texts = |ids: Vec<Uuid>| ids.iter().map(ToString::to_string).collect();
    wit::Delivered { instances: texts(delivered.instances), started: texts(delivered.started) }
}
