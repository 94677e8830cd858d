//! A handler that writes down what it does.

use std::sync::{Arc, Mutex};

use kernel::jobs::{Handler, Job, JobError, Worker};

use crate::app::TestApp;

/// Writes down what it is asked to do and does what the payload says: `ok`, `retry`, `fatal`, `panic`; `hang` and `kill` never
/// come back, as if the process had ended.
#[derive(Clone, Default)]
pub struct Probe {
    pub ran: Arc<Mutex<Vec<String>>>,
}

#[async_trait::async_trait]
impl Handler for Probe {
    fn kind(&self) -> &'static str {
        "probe"
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let what = job.payload["do"].as_str().unwrap().to_owned();
        self.ran.lock().unwrap().push(format!("{what}{}", job.attempt));
        match what.as_str() {
            "retry" => Err(JobError::Retry("not yet".into())),
            "fatal" => Err(JobError::Fatal("never".into())),
            "panic" => panic!("as the payload says"),
            "hang" | "kill" => std::future::pending().await,
            _ => Ok(()),
        }
    }

    async fn dead(&self, job: &Job, error: &str) {
        self.ran.lock().unwrap().push(format!("dead after {}: {error}", job.attempt));
    }
}

impl Probe {
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.ran.lock().unwrap())
    }

    pub fn worker(&self, app: &TestApp) -> Worker {
        Worker::new(&app.state.db, &app.state.env, vec![Arc::new(self.clone())])
    }
}
