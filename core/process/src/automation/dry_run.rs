//! What a rule would have done: on one record as it is, on what somebody outside would send, or on what happened in the
//! last days. Writes and sends nothing.
//!
//! Of the past the record is what it is now with what the event says on top; imports count, whether rules were asked for them or
//! not.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use ::people::require_admin;
use kernel::error::FieldError;
use kernel::event::{self, Event, Range};
use kernel::expression::Expression;
use kernel::{Ctx, EntityKey, Error, Fields, RecordId, RecordRef, Result, Timestamp};
use records::EntityDef;
use records::happened::{Happened, SENT};
use records::stages::StageClock;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::model::{PlacedRule, Rule, TriggerKind};
use super::view::title;
use super::{Automations, INVALID, answer, hooks, reader, words};
use crate::definition::time;

/// Days of a dry run.
const MAX_DAYS: u32 = 90;
/// Events that one dry run looks at.
const MAX_EVENTS: usize = 100_000;
/// Events read at once.
const PAGE: u64 = 500;
/// Records and problems that are listed.
const LISTED: usize = 20;

/// A rule to try.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AutomationDryRun)]
pub struct DryRunInput {
    /// Its entity.
    pub entity: String,
    /// The rule.
    pub rule: Rule,
    /// On this record, as if it had just been set off.
    #[serde(default)]
    pub record: Option<Uuid>,
    /// With what somebody outside would send, for a webhook; then the record may be left out: it is the one that is named by what
    /// is sent, or made of it.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub vars: Map<String, Json>,
    /// Or on what happened in so many days, 1 to 90.
    #[serde(default)]
    pub days: Option<u32>,
}

/// What would have happened.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
#[schema(as = AutomationDryRunOutcome)]
pub struct DryRunOutcome {
    /// Changes that set the rule off.
    pub set_off: usize,
    /// Those for which its condition held.
    pub fired: usize,
    /// Actions by kind, in the rule's order.
    pub actions: Vec<Foreseen>,
    /// Letters among them.
    pub letters: usize,
    /// Records that it would have acted on, newest last, at most 20.
    pub examples: Vec<Example>,
    /// What could not be answered, at most 20.
    pub problems: Vec<Problem>,
    /// Whether there was more than one dry run looks at, or its time was over before.
    pub truncated: bool,
    /// Of the past, when its time was over: up to when it looked at what happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, nullable = false)]
    pub until: Option<Timestamp>,
}

/// How often an action would have been done.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = AutomationForeseen)]
pub struct Foreseen {
    /// Its kind.
    pub kind: String,
    /// How often.
    pub count: usize,
    /// Of one record: with what.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    pub parameters: Option<Map<String, Json>>,
}

/// A record that the rule would have acted on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = AutomationExample)]
pub struct Example {
    /// The record.
    pub record: Uuid,
    /// Its title.
    pub title: String,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// Something that could not be answered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = AutomationProblem)]
pub struct Problem {
    /// The record.
    pub record: Uuid,
    /// Why, in English.
    pub problem: String,
}

impl Automations {
    /// What a rule would have done, on a record or in the last days (administrators). It is checked as if it were kept.
    ///
    /// # Errors
    /// `Denied`, `NotFound` for the entity or record, `config.invalid` by part.
    pub async fn dry_run(&self, ctx: &Ctx, input: DryRunInput) -> Result<DryRunOutcome> {
        require_admin(ctx)?;
        let rule = self.checked(ctx, &input.entity, input.rule).await?;
        match (input.record, input.days) {
            (Some(record), None) => self.on_record(ctx, &input.entity, &rule, RecordId(record), input.vars).await,
            (None, None) if rule.on.event == TriggerKind::Webhook => {
                self.on_call(ctx, &input.entity, &rule, input.vars).await
            }
            (None, Some(days)) if (1..=MAX_DAYS).contains(&days) => {
                self.on_past(ctx, &input.entity, &rule, ctx.now().plus_seconds(-i64::from(days) * 86_400)).await
            }
            (None, Some(_)) => {
                Err(Error::field(INVALID, "days", FieldError::new("range").with("min", 1).with("max", MAX_DAYS)))
            }
            _ => Err(Error::field(INVALID, "record", FieldError::new("required"))),
        }
    }

    async fn on_record(
        &self,
        ctx: &Ctx,
        entity: &str,
        rule: &Rule,
        id: RecordId,
        sent: Map<String, Json>,
    ) -> Result<DryRunOutcome> {
        let records = self.processes.records();
        let def = records.defined(ctx, entity).await?;
        let image = records.images(ctx, entity, &[id]).await?.remove(&id);
        let image = image.ok_or_else(|| Error::NotFound(format!("{entity} {id}")))?;
        let happened = Happened::nothing(&def, id, &image, ctx).with_sent(sent);
        let example = Example { record: id.0, title: title(&image), at: ctx.now() };
        let subject = RecordRef { entity: EntityKey::from(entity), id };
        self.on_scene(ctx, rule, &def, &happened, (example, Some(subject))).await
    }

    /// As if this were sent to the rule's address: about the record that it names, or one with what is made of it, as far as that
    /// can be seen before it is written.
    async fn on_call(&self, ctx: &Ctx, entity: &str, rule: &Rule, sent: Map<String, Json>) -> Result<DryRunOutcome> {
        let system = self.processes.system(ctx.tenant).await?;
        let def = self.processes.records().defined(&system, entity).await?;
        let scene = hooks::before_record(&def, &system, &sent);
        if let Some(id) = self.named(&system, (entity, rule), &def, &scene).await? {
            return self.on_record(ctx, entity, rule, id, sent).await;
        }
        let fields = hooks::fields_of(&def, rule, &scene)?;
        let mut changes: Map<String, Json> =
            fields.iter().map(|(key, value)| (key.clone(), json!([null, value]))).collect();
        changes.insert(SENT.to_owned(), Json::Object(sent));
        let event = reader::unlogged(&system, (entity, Uuid::nil()), "webhook", ctx.now(), Json::Object(changes));
        let happened = Happened::to(&def, &Fields::new(), &event, false, &system);
        let example = Example { record: Uuid::nil(), title: String::new(), at: ctx.now() };
        let mut outcome = self.on_scene(ctx, rule, &def, &happened, (example, None)).await?;
        // There is none yet.
        outcome.examples.clear();
        let made = Foreseen { kind: "create-record".to_owned(), count: 1, parameters: Some(fields) };
        outcome.actions.insert(0, made);
        Ok(outcome)
    }

    /// What a rule would do about one record, with what.
    async fn on_scene(
        &self,
        ctx: &Ctx,
        rule: &Rule,
        def: &Arc<EntityDef>,
        happened: &Happened,
        (example, subject): (Example, Option<RecordRef>),
    ) -> Result<DryRunOutcome> {
        let mut outcome = DryRunOutcome { set_off: 1, ..DryRunOutcome::default() };
        let record = example.record;
        outcome.note(condition(rule, def)?.as_ref(), happened, example);
        outcome.count(rule);
        if outcome.fired == 0 {
            return Ok(outcome);
        }
        let nothing = Json::Array(Vec::new());
        outcome.actions.clear();
        for action in &rule.actions {
            let parameters = words::evaluate(def, &action.asked(), happened, &nothing);
            let mut parameters = match parameters {
                Ok(parameters) => Some(parameters),
                // What came of actions before is not known.
                Err(problem) => {
                    outcome.problems.push(Problem { record, problem: format!("{}: {problem}", action.kind) });
                    None
                }
            };
            if let Some(parameters) = parameters.as_mut().filter(|_| action.kind == "email") {
                let to = self.processes.addresses(ctx, parameters.get("to"), subject.as_ref()).await?;
                parameters.insert("to".to_owned(), Json::from(to));
            }
            outcome.actions.push(Foreseen { kind: action.kind.clone(), count: 1, parameters });
        }
        Ok(outcome)
    }

    async fn on_past(&self, ctx: &Ctx, entity: &str, rule: &Rule, since: Timestamp) -> Result<DryRunOutcome> {
        let conn = self.processes.db().read();
        let def = self.processes.records().defined(ctx, entity).await?;
        match rule.on.event {
            TriggerKind::Date => return self.on_dates(ctx, &def, rule, since).await,
            TriggerKind::Schedule => return self.on_schedule(ctx, &def, rule).await,
            _ => {}
        }
        let to = event::head(conn).await?;
        let mut range = Range { tenant: ctx.tenant, after: event::place_before(conn, since).await?, to, record: None };
        let (mut outcome, mut read) = (DryRunOutcome::default(), 0);
        let mut past = self.past(rule, &def, since)?;
        loop {
            let page = event::read_range(conn, &range, PAGE).await?;
            let Some((last, at)) = page.last().map(|last| (last.cursor(), last.at)) else { break };
            range.after = last;
            read += page.len();
            past.over = Instant::now() >= past.end;
            if past.over {
                break;
            }
            let ours = page.into_iter().filter(|event| event.entity == entity && event.at >= since);
            let mut set_off = Vec::new();
            for event in ours {
                set_off.extend(self.past_event(ctx, &mut past, event).await?);
            }
            self.ask(ctx, &def, &mut past, set_off, &mut outcome).await?;
            if past.over {
                break;
            }
            past.seen = past.seen.max(at);
            if read >= MAX_EVENTS {
                outcome.truncated = true;
                break;
            }
        }
        if !past.over {
            let now = ctx.now();
            let stayed = std::mem::take(&mut past.waiting).into_values();
            let stayed = stayed.filter(|(_, due)| *due <= now).map(|(event, _)| event).collect();
            self.ask(ctx, &def, &mut past, stayed, &mut outcome).await?;
        }
        outcome.until = past.over.then_some(past.seen);
        Ok(outcome.ended(rule, &past))
    }

    fn past<'a>(&self, rule: &'a Rule, def: &EntityDef, since: Timestamp) -> Result<Past<'a>> {
        Ok(Past {
            rule,
            condition: condition(rule, def)?,
            waiting: HashMap::new(),
            acted: HashSet::new(),
            end: Instant::now() + self.patience,
            over: false,
            seen: since,
        })
    }

    async fn on_dates(&self, ctx: &Ctx, def: &Arc<EntityDef>, rule: &Rule, since: Timestamp) -> Result<DryRunOutcome> {
        let mut outcome = DryRunOutcome::default();
        let mut past = self.past(rule, def, since)?;
        let (mut cursor, mut read) = (None, 0);
        loop {
            let place = (&*def.key, rule, Uuid::nil());
            let (events, next) = self.dates(ctx, place, (since, ctx.now()), cursor).await?;
            read += events.len();
            self.ask(ctx, def, &mut past, events, &mut outcome).await?;
            outcome.truncated = next.is_some() && read >= MAX_EVENTS;
            cursor = next;
            if cursor.is_none() || outcome.truncated || past.over {
                break;
            }
        }
        Ok(outcome.ended(rule, &past))
    }

    /// As if a time of the rule came now.
    async fn on_schedule(&self, ctx: &Ctx, def: &Arc<EntityDef>, rule: &Rule) -> Result<DryRunOutcome> {
        let placed = PlacedRule { id: Uuid::nil(), entity: def.key.to_string(), place: 0, rule: rule.clone() };
        let system = self.processes.system(ctx.tenant).await?;
        let (events, more) = self.chosen(&system, &placed, ctx.now()).await?;
        let mut outcome = DryRunOutcome { truncated: more, ..DryRunOutcome::default() };
        let mut past = self.past(rule, def, ctx.now())?;
        self.ask(ctx, def, &mut past, events, &mut outcome).await?;
        Ok(outcome.ended(rule, &past))
    }

    /// The event that set the rule off: itself, or the one after which the record stood in its stage long enough.
    async fn past_event(&self, ctx: &Ctx, past: &mut Past<'_>, event: Event) -> Result<Option<Event>> {
        let set_off = past.rule.on.is_set_off_by(&event);
        if past.rule.on.event != TriggerKind::Stuck {
            return Ok(set_off.then_some(event));
        }
        let mut stayed = None;
        if event.changes.get("stage").is_some()
            && let Some((entered, due)) = past.waiting.remove(&event.record)
        {
            stayed = (due <= event.at).then_some(entered);
        }
        if set_off {
            let seconds = past.rule.on.after.as_deref().and_then(|after| time::working(after).ok()).unwrap_or(0);
            if let Some(due) = self.processes.at(ctx, event.at, seconds).await? {
                past.waiting.insert(event.record, (event, due));
            }
        }
        Ok(stayed)
    }

    /// Asks the condition about many events at once.
    async fn ask(
        &self,
        ctx: &Ctx,
        def: &Arc<EntityDef>,
        past: &mut Past<'_>,
        events: Vec<Event>,
        outcome: &mut DryRunOutcome,
    ) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let ids: Vec<RecordId> = events.iter().map(|event| RecordId(event.record)).collect();
        let images = self.processes.records().images(ctx, &def.key, &ids).await?;
        for event in &events {
            past.over |= Instant::now() >= past.end;
            if past.over {
                return Ok(());
            }
            // Gone for good: nobody can say any more.
            let Some(image) = images.get(&RecordId(event.record)) else { continue };
            outcome.set_off += 1;
            if past.rule.once && past.acted.contains(&event.record) {
                continue;
            }
            let happened = Happened::to(def, image, event, false, &ctx.acting_as(event.actor.clone()));
            let example = Example { record: event.record, title: title(image), at: event.at };
            if outcome.note(past.condition.as_ref(), &happened, example) && past.rule.once {
                past.acted.insert(event.record);
            }
            past.seen = past.seen.max(event.at);
        }
        Ok(())
    }
}

/// The condition of a rule that was found right a moment ago.
fn condition(rule: &Rule, def: &EntityDef) -> Result<Option<Expression>> {
    let wrong = |problem| Error::field(INVALID, "when", FieldError::new("expression").with("problem", problem));
    answer::condition(rule, def).map_err(wrong)
}

/// What is known of the events so far.
struct Past<'a> {
    rule: &'a Rule,
    condition: Option<Expression>,
    /// Records in the stage, with the event of entering and when they are there too long.
    waiting: HashMap<Uuid, (Event, Timestamp)>,
    /// Records that the rule would have acted on.
    acted: HashSet<Uuid>,
    /// When its time is over, and whether it is.
    end: Instant,
    over: bool,
    /// Up to when it looked.
    seen: Timestamp,
}

impl DryRunOutcome {
    /// Counts one change; returns whether the rule would have acted.
    fn note(&mut self, condition: Option<&Expression>, happened: &Happened, example: Example) -> bool {
        match condition.map_or(Ok(true), |condition| happened.holds(condition)) {
            Ok(true) => {
                self.fired += 1;
                if self.examples.len() < LISTED {
                    self.examples.push(example);
                }
                true
            }
            Ok(false) => false,
            Err(problem) => {
                if self.problems.len() < LISTED {
                    self.problems.push(Problem { record: example.record, problem });
                }
                false
            }
        }
    }

    /// What came of it in the end.
    fn ended(mut self, rule: &Rule, past: &Past<'_>) -> Self {
        self.truncated |= past.over;
        self.count(rule);
        self
    }

    fn count(&mut self, rule: &Rule) {
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        let mut order: Vec<&str> = Vec::new();
        for action in &rule.actions {
            if !order.contains(&action.kind.as_str()) {
                order.push(&action.kind);
            }
            *kinds.entry(&action.kind).or_default() += self.fired;
        }
        let count = |kind: &str| kinds.get(kind).copied().unwrap_or_default();
        self.letters = count("email");
        self.actions = order
            .into_iter()
            .map(|kind| Foreseen { kind: kind.to_owned(), count: count(kind), parameters: None })
            .collect();
    }
}
