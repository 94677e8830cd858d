//! What a changed list of stages would do to the records: what moves where, what is closed or opened by it.

use std::collections::{BTreeMap, HashMap};

use kernel::Locale;
use kernel::error::{FieldError, FieldErrors};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::checked::CheckedStage;
use super::settle::Task;
use super::{Pipeline, Pipelines, Semantic, Stage};

/// A stage that is taken away, with the records that stand in it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Moving {
    /// Its key.
    pub stage: String,
    /// Its name.
    pub name: String,
    /// Records in it.
    pub records: i64,
    /// The stage that they move to, by key.
    pub to: Option<String>,
}

/// A stage that means something else than before.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Turned {
    /// Its key.
    pub stage: String,
    /// Its name.
    pub name: String,
    /// What it meant.
    pub from: Semantic,
    /// What it would mean.
    pub to: Semantic,
    /// Records in it.
    pub records: i64,
}

/// What a change of a pipeline does.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub struct Planned {
    /// Names of new stages.
    pub added: Vec<String>,
    /// Stages that go.
    pub removed: Vec<Moving>,
    /// Stages that mean something else.
    pub turned: Vec<Turned>,
    /// Records that move to another stage.
    pub moves: i64,
    /// Open records that would be closed.
    pub closes: i64,
    /// Closed records that would be open.
    pub opens: i64,
    /// Records whose deadline is worked out anew.
    pub retimed: i64,
    /// Names this plan: what closes or opens records is done only by who has seen it and sends this along.
    pub preview: String,
}

/// What a list of stages is compared to.
pub(super) struct Compared<'a> {
    pub pipelines: &'a Pipelines,
    pub old: &'a Pipeline,
    /// Records by stage.
    pub counts: &'a HashMap<String, i64>,
    pub locale: Locale,
}

impl Compared<'_> {
    /// What the list does; none at all takes the pipeline away. With it what is to be done to the records.
    ///
    /// # Errors
    /// `move_to.<stage>`: a stage that does not go, or a place that is not there.
    pub fn plan(
        &self,
        new: &[CheckedStage],
        move_to: &BTreeMap<String, String>,
    ) -> Result<(Planned, Vec<Task>), FieldErrors> {
        let mut errors = FieldErrors::new();
        let mut plan = Planned::default();
        let mut tasks = Vec::new();
        let stays = |key: &str| new.iter().find(|stage| stage.key == key);
        let all = || self.old.stages.iter().chain(&self.old.gone);
        for (from, to) in move_to {
            let place = || format!("move_to.{}", from.chars().take(80).collect::<String>());
            if stays(from).is_some() || !all().any(|stage| stage.key == *from) {
                errors.insert(place(), FieldError::new("not_going"));
            } else if self.semantic(new, to).is_none() {
                errors.insert(
                    place(),
                    FieldError::new("unknown_name").with("value", to.chars().take(80).collect::<String>()),
                );
            }
        }
        plan.added = new
            .iter()
            .filter(|stage| !self.old.stages.iter().any(|old| old.key == stage.key))
            .map(|stage| stage.labels.in_locale(self.locale).to_owned())
            .collect();
        for old in all() {
            let (records, to) = (self.counts.get(&old.key).copied().unwrap_or(0), move_to.get(&old.key));
            let live = self.old.stages.iter().any(|stage| stage.key == old.key);
            match stays(&old.key) {
                Some(now) => self.stays(old, now, records, &mut plan, &mut tasks),
                // Of what is gone already only those who are asked for move.
                None if !live && (to.is_none() || records == 0) => {}
                None => {
                    let meant = to.and_then(|to| self.semantic(new, to));
                    plan.turns(old.semantic, meant.unwrap_or(old.semantic), records);
                    if let Some(to) = to.filter(|_| records > 0) {
                        plan.moves += records;
                        tasks.push(Task { stage: old.key.clone(), to: Some(to.clone()) });
                    }
                    let name = old.name_in(self.locale).to_owned();
                    plan.removed.push(Moving { stage: old.key.clone(), name, records, to: to.cloned() });
                }
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        plan.preview = self.named(new, move_to, &plan);
        Ok((plan, tasks))
    }

    /// What a stage means after the change; none where records cannot move there.
    fn semantic(&self, new: &[CheckedStage], key: &str) -> Option<Semantic> {
        let here = new.iter().find(|stage| stage.key == key).map(|stage| stage.semantic);
        here.or_else(|| {
            let (pipeline, stage) = self.pipelines.stage(&self.old.entity, key)?;
            (pipeline.id != self.old.id && !pipeline.archived).then_some(stage.semantic)
        })
    }

    fn stays(&self, old: &Stage, now: &CheckedStage, records: i64, plan: &mut Planned, tasks: &mut Vec<Task>) {
        let (turned, retimed) = (old.semantic != now.semantic, old.rules.duration != now.rules.duration);
        if turned {
            plan.turns(old.semantic, now.semantic, records);
            let name = now.labels.in_locale(self.locale).to_owned();
            let (from, to) = (old.semantic, now.semantic);
            plan.turned.push(Turned { stage: old.key.clone(), name, from, to, records });
        }
        if retimed && now.semantic == Semantic::Open {
            plan.retimed += records;
        }
        if (turned || retimed) && records > 0 {
            tasks.push(Task { stage: old.key.clone(), to: None });
        }
    }

    /// The plan's name: the same for the same change of the same records.
    fn named(&self, new: &[CheckedStage], move_to: &BTreeMap<String, String>, plan: &Planned) -> String {
        let stages: Vec<_> = new.iter().map(|stage| json!([stage.key, stage.semantic])).collect();
        let text = json!([self.old.id, self.old.version, stages, move_to, plan.closes, plan.opens]).to_string();
        hex::encode(Sha256::digest(text.as_bytes())).chars().take(32).collect()
    }
}

impl Planned {
    fn turns(&mut self, from: Semantic, to: Semantic, records: i64) {
        match (from == Semantic::Open, to == Semantic::Open) {
            (true, false) => self.closes += records,
            (false, true) => self.opens += records,
            _ => {}
        }
    }

    /// Records that stand in what would go, and nobody has said where they move.
    pub fn stranded(&self) -> impl Iterator<Item = &Moving> {
        self.removed.iter().filter(|one| one.records > 0 && one.to.is_none())
    }

    /// Whether somebody has to have seen it before it is done.
    pub fn needs_preview(&self) -> bool {
        self.closes + self.opens > 0 || self.turned.iter().any(|one| one.records > 0)
    }
}
