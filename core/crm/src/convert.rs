//! A lead becomes clients and a deal: contact, company and deal are made or linked in one transaction, in which the lead is
//! won and keeps the chain. Its activities and tasks move along. All of it is one batch, which can be undone.

use kernel::filter::Filter;
use kernel::{BatchId, Ctx, Error, Fields, RecordId, Result};
use records::read::{Query, Sort};
use records::stages::Semantic;
use records::{Change, Record, WriteOptions};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::sales::{Sales, filtered};
use crate::sums::text;

/// Records that move at a time, and times.
const PAGE: u64 = 500;
const MAX_PAGES: usize = 20;
/// What moves along with a lead.
const ALONG: [&str; 2] = ["activity", "task"];

/// What a lead becomes of one kind.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Becomes {
    /// Nothing.
    #[default]
    None,
    /// A new record of what the lead says, with these fields instead.
    #[schema(value_type = Object)]
    Create(Map<String, Json>),
    /// One that is there.
    Link(Uuid),
}

/// What a lead becomes.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConvertInput {
    /// The person.
    pub contact: Becomes,
    /// Who they work for.
    pub company: Becomes,
    /// What is sold.
    pub deal: Becomes,
}

/// What a lead became.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Converted {
    /// To undo it by.
    #[schema(value_type = Uuid)]
    pub batch: BatchId,
    /// The person.
    pub contact: Option<Uuid>,
    /// Who they work for.
    pub company: Option<Uuid>,
    /// The deal.
    pub deal: Option<Uuid>,
    /// Activities and tasks that moved to it.
    pub moved: usize,
    /// Those that stayed, because the actor may not change them or a process holds them.
    pub stayed: usize,
}

const PERSON: [&str; 6] = ["honorific", "last_name", "first_name", "middle_name", "birthdate", "position"];
const REACH: [&str; 5] = ["phones", "emails", "sites", "messengers", "address"];
const ORIGIN: [&str; 2] = ["source", "source_description"];
const UTM: [&str; 5] = ["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"];
const SUMS: [&str; 3] = ["amount", "currency", "rows"];

/// The records of a conversion, in the order in which they are told.
#[derive(Debug, Clone, Copy, Default)]
struct Three {
    contact: Option<Uuid>,
    company: Option<Uuid>,
    deal: Option<Uuid>,
}

impl Sales {
    /// Converts a lead.
    ///
    /// # Errors
    /// `NotFound`; 409 `lead.converted` when it is won already; 422 `lead.nothing`; as the changes of the lead and the new
    /// records, whose fields are named `contact.<field>` and so on.
    pub async fn convert(&self, ctx: &Ctx, lead: RecordId, input: &ConvertInput) -> Result<Converted> {
        self.convert_in(ctx, lead, input, None).await
    }

    /// The same as a part of a batch that is there.
    ///
    /// # Errors
    /// As `convert`.
    pub async fn convert_in(
        &self,
        ctx: &Ctx,
        lead: RecordId,
        input: &ConvertInput,
        batch: Option<BatchId>,
    ) -> Result<Converted> {
        let record = self.records.get(ctx, "lead", lead).await?;
        let won = self.won_stage(ctx, &record).await?;
        let id = |becomes: &Becomes| match becomes {
            Becomes::None => None,
            Becomes::Create(_) => Some(ctx.id()),
            Becomes::Link(id) => Some(*id),
        };
        let three = Three { contact: id(&input.contact), company: id(&input.company), deal: id(&input.deal) };
        let Some(home) = three.home() else {
            return Err(Error::field("lead.nothing", "deal", kernel::error::FieldError::new("required")));
        };
        let batch = match batch {
            Some(batch) => batch,
            None => self.records.open_batch(ctx, "convert").await?,
        };
        let changes = changes(&record, input, three, &won);
        self.records.convert_together(ctx, &changes, batch).await.map_err(|refused| {
            let place = refused.index.and_then(|index| changes.get(index)).map(|(entity, _)| entity.as_str());
            named(refused.error, place)
        })?;
        let (mut moved, mut stayed) = (0, 0);
        for entity in ALONG {
            let (went, kept) = self.move_along(ctx, entity, lead, home, Some(batch)).await?;
            (moved, stayed) = (moved + went, stayed + kept);
        }
        let Three { contact, company, deal } = three;
        Ok(Converted { batch, contact, company, deal, moved, stayed })
    }

    /// Carries a conversion to its end that was cut off when its records were written: what is still about the lead goes
    /// where the rest of it went. A lead that was won in another way, or became what was there before, stays as it is.
    /// Gives the lead.
    ///
    /// # Errors
    /// `NotFound`; when the database fails.
    pub async fn carry_on(&self, ctx: &Ctx, lead: RecordId, batch: Option<BatchId>) -> Result<Record> {
        let record = self.records.get(ctx, "lead", lead).await?;
        let link = |of: &Record, key: &str| of.fields.get(key).and_then(kernel::Value::as_id);
        let [contact, company, deal] = ["contact", "company", "deal"].map(|key| link(&record, key));
        let Some((entity, id)) = (Three { contact, company, deal }).home() else { return Ok(record) };
        let made = match self.records.get(ctx, entity, RecordId(id)).await {
            Ok(home) => link(&home, "lead") == Some(lead.0),
            Err(Error::NotFound(_) | Error::Denied(_)) => false,
            Err(error) => return Err(error),
        };
        if made {
            for kind in ALONG {
                self.move_along(ctx, kind, lead, (entity, id), batch).await?;
            }
        }
        Ok(record)
    }

    /// The stage of a lead that was converted; one that is there already is not converted again.
    async fn won_stage(&self, ctx: &Ctx, lead: &Record) -> Result<String> {
        let catalogue = self.records.catalogue_of(ctx).await?;
        let here = catalogue.pipelines.stage_ever("lead", text(&lead.fields, "stage"));
        if here.is_some_and(|(_, stage)| stage.semantic == Semantic::Won) {
            return Err(Error::Conflict { code: "lead.converted", current: None });
        }
        let pipeline = here.map(|(pipeline, _)| pipeline);
        let won = pipeline.and_then(|pipeline| pipeline.stages.iter().find(|stage| stage.semantic == Semantic::Won));
        won.map(|stage| stage.key.to_string()).ok_or_else(|| Error::NotFound("a stage that is won".into()))
    }

    /// Gives what is about a lead to another record.
    async fn move_along(
        &self,
        ctx: &Ctx,
        entity: &str,
        lead: RecordId,
        (to, id): (&str, Uuid),
        batch: Option<BatchId>,
    ) -> Result<(usize, usize)> {
        let (mut moved, mut stayed) = (0, 0);
        if !ctx.rights.may(entity, kernel::access::Action::Update) {
            return Ok((moved, stayed));
        }
        let about = json!({"and": [
            {"field": "record_entity", "op": "eq", "value": "lead"},
            {"field": "record_id", "op": "eq", "value": lead},
        ]});
        let filter: Option<Filter> = filtered(&about)?;
        let sort = vec![Sort { field: "number".into(), descending: false }];
        let mut query =
            Query { filter, sort, fields: Some(vec!["title".into()]), limit: Some(PAGE), ..Query::default() };
        let options = WriteOptions { batch, ..WriteOptions::default() };
        for _ in 0..MAX_PAGES {
            let page = self.records.query(ctx, entity, &query).await?;
            let fields = Map::from_iter([("record_entity".to_owned(), json!(to)), ("record_id".to_owned(), json!(id))]);
            let change = |found: &Record| Change::Update { id: found.id, version: None, fields: fields.clone() };
            let changes: Vec<Change> = page.items.iter().map(change).collect();
            let count = changes.len();
            let outcomes = self.records.write(ctx, entity, changes, &options).await?;
            let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
            (moved, stayed) = (moved + done, stayed + count - done);
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                break;
            }
        }
        Ok((moved, stayed))
    }
}

impl Three {
    /// Where what was about the lead goes.
    fn home(self) -> Option<(&'static str, Uuid)> {
        let deal = self.deal.map(|id| ("deal", id));
        deal.or(self.contact.map(|id| ("contact", id))).or(self.company.map(|id| ("company", id)))
    }
}

/// The changes of a conversion: the lead first, so that what is wrong with it is told first.
fn changes(lead: &Record, input: &ConvertInput, three: Three, won: &str) -> Vec<(String, Change)> {
    let mut own = Map::from_iter([("stage".to_owned(), json!(won))]);
    for (key, id) in [("contact", three.contact), ("company", three.company), ("deal", three.deal)] {
        own.extend(id.map(|id| (key.to_owned(), json!(id))));
    }
    let mut all = vec![("lead".to_owned(), Change::Update { id: lead.id, version: Some(lead.version), fields: own })];
    let made = [
        ("company", &input.company, three.company, company(lead, three)),
        ("contact", &input.contact, three.contact, contact(lead, three)),
        ("deal", &input.deal, three.deal, deal(lead, three)),
    ];
    for (entity, becomes, id, mut fields) in made {
        let (Becomes::Create(given), Some(id)) = (becomes, id) else { continue };
        fields.extend(given.clone());
        all.push((entity.to_owned(), Change::CreateAs { id: RecordId(id), fields }));
    }
    all
}

fn contact(lead: &Record, three: Three) -> Map<String, Json> {
    let mut fields = taken(&lead.fields, PERSON.iter().chain(&REACH).chain(&ORIGIN).chain(&UTM));
    if ["last_name", "first_name"].iter().all(|key| text(&lead.fields, key).is_empty()) {
        fields.insert("title".to_owned(), json!(text(&lead.fields, "title")));
    }
    fields.extend(three.company.map(|company| ("companies".to_owned(), json!([company]))));
    of_lead(lead, fields)
}

fn company(lead: &Record, three: Three) -> Map<String, Json> {
    // The ways to reach a person are the person's.
    let reach = REACH.iter().filter(|_| three.contact.is_none());
    let mut fields = taken(&lead.fields, reach.chain(&UTM));
    let title = [text(&lead.fields, "company_title"), text(&lead.fields, "title")];
    let title = title.into_iter().find(|title| !title.is_empty()).unwrap_or_default();
    fields.insert("title".to_owned(), json!(title));
    of_lead(lead, fields)
}

fn deal(lead: &Record, three: Three) -> Map<String, Json> {
    let mut fields = taken(&lead.fields, SUMS.iter().chain(&ORIGIN).chain(&UTM));
    fields.insert("title".to_owned(), json!(text(&lead.fields, "title")));
    fields.extend(three.company.map(|company| ("company".to_owned(), json!(company))));
    fields.extend(three.contact.map(|contact| ("contacts".to_owned(), json!([contact]))));
    of_lead(lead, fields)
}

/// What every record of a conversion has: where it comes from, and who answers for it.
fn of_lead(lead: &Record, mut fields: Map<String, Json>) -> Map<String, Json> {
    fields.insert("lead".to_owned(), json!(lead.id));
    fields.extend(taken(&lead.fields, ["owner"].iter()));
    fields
}

fn taken<'a>(fields: &Fields, keys: impl Iterator<Item = &'a &'a str>) -> Map<String, Json> {
    let value = |key: &&str| Some(((*key).to_owned(), fields.get(*key).filter(|value| !value.is_empty())?.to_json()));
    keys.filter_map(value).collect()
}

/// Names the record whose field is wrong.
fn named(error: Error, place: Option<&str>) -> Error {
    match (error, place) {
        (Error::Invalid { code, fields }, Some(place)) if place != "lead" => {
            let fields = fields.into_iter().map(|(key, error)| (format!("{place}.{key}"), error)).collect();
            Error::Invalid { code, fields }
        }
        (error, _) => error,
    }
}
