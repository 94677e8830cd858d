//! A mail server that a script plays, and steps about messages.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use messaging::mail::{Letter, PostOffice};
use messaging::messages::{Channel, GatewayInput, Message, MessageQuery};
use serde_json::Value as Json;

use super::scene::Scene;
use super::script::{FindMessages, RefusedMail, ScriptGateway};
use super::test::explain;

/// Takes letters but those that the script refuses.
#[derive(Debug, Default)]
pub(super) struct Office {
    refused: Vec<RefusedMail>,
    taken: Mutex<Vec<Letter>>,
}

impl Office {
    pub(super) fn new(refused: &[RefusedMail]) -> Arc<Self> {
        Arc::new(Self { refused: refused.to_vec(), taken: Mutex::default() })
    }
}

#[async_trait]
impl PostOffice for Office {
    async fn take(&self, letter: &Letter) -> Result<(), String> {
        let all = || letter.to.iter().chain(&letter.cc);
        if let Some(refused) = self.refused.iter().find(|refused| all().any(|to| *to == refused.to)) {
            return Err(refused.refuses.clone());
        }
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(letter.clone());
        Ok(())
    }
}

/// Sets up the gateways of a script.
pub(super) async fn set_up(scene: &Scene, gateways: &[ScriptGateway]) -> kernel::Result<()> {
    let admin = scene.ctx("admin").await?;
    for gateway in gateways {
        let input: GatewayInput = serde_json::from_value(Json::Object(gateway.input.clone()))
            .map_err(|error| kernel::Error::Internal(format!("gateways.{}: {error}", gateway.key)))?;
        scene.messages.set_gateway(&admin, &gateway.key, input).await?;
    }
    Ok(())
}

/// Looks at the messages that a plugin sent.
pub(super) async fn look(scene: &Scene, plugin: &str, find: &FindMessages) -> Result<(), String> {
    let admin = scene.ctx("admin").await.map_err(|error| explain(&error))?;
    let query = MessageQuery {
        plugin: Some(plugin.to_owned()),
        state: find.state,
        channel: find.channel,
        ..MessageQuery::default()
    };
    let listed = scene.messages.list(&admin, &query).await.map_err(|error| explain(&error))?;
    let found: Vec<&Message> =
        listed.iter().filter(|one| find.to.as_ref().is_none_or(|to| one.to.contains(to))).collect();
    if found.len() != find.count {
        let all: Vec<String> =
            listed.iter().map(|one| format!("{} to {:?} ({:?})", one.key, one.to, one.state)).collect();
        return Err(format!("{} messages instead of {}; there are {all:?}", found.len(), find.count));
    }
    let Some(newest) = found.first() else { return Ok(()) };
    if let Some(key) = find.key.as_ref().filter(|key| **key != newest.key) {
        return Err(format!("the newest has the key `{}`, not `{key}`", newest.key));
    }
    if let Some(subject) = find.subject.as_ref().filter(|subject| **subject != newest.subject) {
        return Err(format!("the subject is {:?}, not {subject:?}", newest.subject));
    }
    let Some(words) = &find.text else { return Ok(()) };
    let text = match newest.channel {
        Channel::Sms => newest.text.clone(),
        Channel::Mail => {
            let letter = scene.mail.letter(&admin, newest.id).await.map_err(|error| explain(&error))?;
            letter.text
        }
    };
    if text.contains(words.as_str()) { Ok(()) } else { Err(format!("the text is {text:?}, without {words:?}")) }
}
