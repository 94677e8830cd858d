//! Other servers of a test script: each answers what the script says, nothing leaves the machine.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde_json::Value as Json;

use super::script::{Fetched, WebAnswer};
use crate::outbound::{Incoming, NoAnswer, Outbound, Outgoing};

/// Answers of a script, and what was asked.
#[derive(Debug, Default)]
pub(super) struct Scripted {
    answers: Vec<WebAnswer>,
    sent: Mutex<Vec<Outgoing>>,
}

impl Scripted {
    pub(super) fn new(answers: &[WebAnswer]) -> Arc<Self> {
        Arc::new(Self { answers: answers.to_vec(), sent: Mutex::default() })
    }

    /// Whether so many requests went to an address, the last of them with this body and these headers.
    pub(super) fn check(&self, wanted: &Fetched) -> Result<(), String> {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let there: Vec<&Outgoing> = sent.iter().filter(|request| request.url.as_str() == wanted.url).collect();
        if there.len() != wanted.count {
            let all: Vec<&str> = sent.iter().map(|request| request.url.as_str()).collect();
            return Err(format!("{} requests instead of {}; all went to {all:?}", there.len(), wanted.count));
        }
        let Some(last) = there.last() else { return Ok(()) };
        let body: Json = serde_json::from_slice(&last.body).unwrap_or(Json::Null);
        if wanted.body.as_ref().is_some_and(|wanted| *wanted != body) {
            return Err(format!("the body is {body}"));
        }
        let has = |(name, value): (&String, &String)| last.headers.iter().any(|(n, v)| n == name && v == value);
        match wanted.headers.iter().find(|header| !has(*header)) {
            Some((name, _)) => Err(format!("the header {name} is not so: {:?}", last.headers)),
            None => Ok(()),
        }
    }
}

#[async_trait]
impl Outbound for Scripted {
    async fn send(&self, request: Outgoing) -> Result<Incoming, NoAnswer> {
        let fits = |answer: &&WebAnswer| answer.url == request.url.as_str() && answer.method == request.method;
        let answer = self.answers.iter().find(fits).cloned();
        let place = format!("{} {}", request.method, request.url);
        let most = request.most;
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        let answer = answer.ok_or_else(|| NoAnswer::Unavailable(format!("the script has no answer to {place}")))?;
        let body = match answer.body {
            Json::Null => Vec::new(),
            Json::String(text) => text.into_bytes(),
            other => other.to_string().into_bytes(),
        };
        if body.len() > most {
            return Err(NoAnswer::TooLong(most / 1024));
        }
        Ok(Incoming { status: answer.status, headers: answer.headers.into_iter().collect(), body })
    }
}
