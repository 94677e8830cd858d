//! `processes`: starting them and sending them messages and signals, narrowed to the names that were granted.

use kernel::access::{ProcessAction, ProcessRights};
use kernel::{Ctx, InstanceId, Locale, RecordRef};
use process::runtime::{Delivered, MessageInput, SignalInput, StartInput};
use records::Catalogue;
use serde::Deserialize;

use super::{Caller, State, host_error, id_from_wit, object};
use crate::bindings::subjects::Subject;
use crate::bindings::types::HostError;
use crate::bindings::verstak::work::processes as wit;
use crate::manifest::check::{fail, text};
use crate::manifest::permissions::{Grant, Part, Permission, things};
use crate::manifest::{Manifest, ManifestError, Text, names};

/// What the manifest says: `[permissions.processes]`.
pub(crate) const PART: Part = Part::of::<ProcessPermission>("processes");

/// Which processes may be started and told what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProcessPermission {
    /// Keys of definitions that may be started; `*` for all.
    #[serde(default)]
    start: Vec<String>,
    /// Names of messages that may be published; `*` for all.
    #[serde(default)]
    messages: Vec<String>,
    /// Names of signals that may be broadcast; `*` for all.
    #[serde(default)]
    signals: Vec<String>,
    /// Shown to the admin who grants it.
    #[serde(default)]
    reason: Text,
}

/// What a plugin that acts for itself may do with processes.
pub(crate) fn rights(manifest: &Manifest) -> ProcessRights {
    let Some(permission) = manifest.permissions.part::<ProcessPermission>() else { return ProcessRights::default() };
    let set = |names: &[String]| names.iter().cloned().collect();
    ProcessRights {
        definitions: permission.start.iter().map(|key| (key.clone(), [ProcessAction::Start].into())).collect(),
        messages: set(&permission.messages),
        signals: set(&permission.signals),
    }
}

impl Permission for ProcessPermission {
    fn check(&self) -> Result<(), ManifestError> {
        text("permissions.processes.reason", &self.reason)?;
        if self.start.is_empty() && self.messages.is_empty() && self.signals.is_empty() {
            return fail("permissions.processes", "name what it may do in `start`, `messages` or `signals`");
        }
        Ok(())
    }

    fn grants(&self, _catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant> {
        let list = |names: &[String]| if names.is_empty() { "-".to_owned() } else { names.join(", ") };
        let words = match locale {
            Locale::En => "Processes: starts {start}; sends messages {messages}; sends signals {signals}",
            Locale::Ru => "Процессы: запускает {start}; отправляет сообщения {messages}; подаёт сигналы {signals}",
            Locale::Uk => "Процеси: запускає {start}; надсилає повідомлення {messages}; подає сигнали {signals}",
        };
        let title = words
            .replace("{start}", &list(&self.start))
            .replace("{messages}", &list(&self.messages))
            .replace("{signals}", &list(&self.signals));
        let (start, messages) = (things("start", &self.start), things("message", &self.messages));
        let scope = start.chain(messages).chain(things("signal", &self.signals)).collect();
        vec![Grant { key: "processes".to_owned(), title, reason: self.reason.clone(), scope }]
    }
}

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
        let caller = self.writes("processes")?;
        self.take_rows(1)?;
        if !caller.plugin.manifest().permissions.part().is_some_and(covers) {
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
        let (caller, ctx) = self.may_process(&what, |permission| names(&permission.start, &start.definition))?;
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
        let (caller, ctx) = self.may_process(&what, |permission| names(&permission.messages, &message.name))?;
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
        let (caller, ctx) = self.may_process(&what, |permission| names(&permission.signals, &name))?;
        let input = SignalInput { name, variables: object("variables", variables)? };
        let sent = Box::pin(caller.services.processes.broadcast_signal(&ctx, input)).await;
        sent.map(delivered).map_err(|error| host_error(&error))
    }
}

fn subject(subject: Subject) -> Result<RecordRef, HostError> {
    Ok(RecordRef { id: id_from_wit(&subject.id)?, entity: subject.entity.into() })
}

fn delivered(delivered: Delivered) -> wit::Delivered {
    let texts = |ids: Vec<InstanceId>| ids.iter().map(ToString::to_string).collect();
    wit::Delivered { instances: texts(delivered.instances), started: texts(delivered.started) }
}
