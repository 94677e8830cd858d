//! Records follow the items of directories: what was merged or taken away is written over in every record that has it.
//!
//! How, `settling` says. All records are gone through twice, for whoever was about to write the old value when the list
//! changed.

use kernel::filter::{Filter, Op};
use kernel::jobs::long::{LongJob, Step, Steps};
use kernel::{BatchId, Error, Fields, Result, Value};
use people::Identities;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::settling::{Piece, Settling};
use crate::write::Change;
use crate::{Record, Records};

/// The kind of long job.
pub const KIND: &str = "records.directory";
/// Records that are changed while the request waits.
pub const AT_ONCE: i64 = 1_000;
/// The kind of its batches.
pub(crate) const BATCH: &str = "directory";
/// Times all records are gone through.
const ROUNDS: usize = 2;

/// One value that becomes another in one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Task {
    pub entity: String,
    pub field: String,
    /// Whether the field has several of them.
    pub many: bool,
    pub from: String,
    pub to: String,
}

/// The work of one change.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Input {
    pub batch: BatchId,
    pub tasks: Vec<Task>,
}

/// Does the steps.
pub struct DirectorySteps(Settling);

impl DirectorySteps {
    /// Over the service of records.
    pub fn new(records: &Records, identities: &Identities) -> Self {
        Self(Settling::new(records, identities))
    }
}

#[async_trait::async_trait]
impl Steps for DirectorySteps {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn step(&self, job: &LongJob) -> Result<Step> {
        let input: Input = serde_json::from_value(job.input.clone()).map_err(Error::internal)?;
        let pieces: Vec<Piece<'_>> = input.tasks.iter().map(Task::piece).collect();
        self.0.step(job, input.batch, &pieces, ROUNDS).await
    }
}

impl Task {
    fn piece(&self) -> Piece<'_> {
        Piece {
            entity: &self.entity,
            filter: Filter::test(&self.field, Op::Eq, self.from.as_str()),
            fields: vec![self.field.clone()],
            change: Box::new(|record: &Record| self.is_in(&record.fields).then(|| self.change(record))),
        }
    }

    /// Whether a record has the value still.
    fn is_in(&self, fields: &Fields) -> bool {
        match fields.get(self.field.as_str()) {
            Some(Value::Text(key)) => *key == self.from,
            Some(Value::Texts(keys)) => keys.contains(&self.from),
            _ => false,
        }
    }

    /// Written over what was read, and over nothing else.
    fn change(&self, record: &Record) -> Change {
        let now = record.fields.get(self.field.as_str());
        let value = if self.many { self.list(now) } else { Json::from(self.to.as_str()) };
        let fields = Map::from_iter([(self.field.clone(), value)]);
        Change::Update { id: record.id, version: Some(record.version), fields }
    }

    fn list(&self, now: Option<&Value>) -> Json {
        let mut kept: Vec<&str> = Vec::new();
        if let Some(Value::Texts(keys)) = now {
            for key in keys {
                let key = if *key == self.from { self.to.as_str() } else { key.as_str() };
                if !kept.contains(&key) {
                    kept.push(key);
                }
            }
        }
        json!(kept)
    }
}
