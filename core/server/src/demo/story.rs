//! What happens day by day: leads come in, managers work on them, some become clients with deals, deals are won or
//! lost, and everything leaves calls, letters, meetings, notes and tasks behind.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate, NaiveTime, TimeZone, Weekday};
use kernel::clock::Env;
use kernel::{Ctx, Locale, RecordId, Result, Timestamp, UserId};
use people::tenant::Tenant;
use records::{Change, Record, Records, WriteOptions};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::client::{self, Person};
use super::dice::{Dice, Past};
use super::goods;
use super::staff::Staff;
use super::words::{self, Words};
use crate::AppState;

const SOURCES: [&str; 10] =
    ["web", "web", "web", "advertising", "advertising", "call", "email", "social", "referral", "event"];
const LEAD_STAGES: [&str; 4] = ["new", "in_progress", "qualified", "proposal"];
const DEAL_STAGES: [&str; 6] = ["deal_new", "preparation", "quote", "negotiation", "contract", "payment"];

/// A lead that is being worked on.
struct Lead {
    id: RecordId,
    owner: usize,
    person: Person,
    goods: &'static str,
    amount: i64,
    source: &'static str,
    stage: usize,
    due: NaiveDate,
}

/// A deal that is being worked on.
struct Deal {
    id: RecordId,
    owner: usize,
    language: Locale,
    stage: usize,
    due: NaiveDate,
}

/// A client that may buy again.
struct Client {
    owner: usize,
    language: Locale,
    company: Option<RecordId>,
    contact: RecordId,
    title: String,
}

/// What is to be written about a record in somebody's session.
struct Mention {
    entity: &'static str,
    id: RecordId,
    language: Locale,
}

/// What a session is going to write.
#[derive(Default)]
struct Desk {
    leads: Vec<Change>,
    /// New deals first.
    deals: Vec<Change>,
    new_deals: Vec<Deal>,
    mentions: Vec<Mention>,
}

/// The story so far.
pub(super) struct Story<'a> {
    records: &'a Records,
    tenant: Tenant,
    /// Sums are made in dollars and multiplied by this.
    rate: i64,
    clock: Arc<Past>,
    dice: Dice,
    managers: Vec<Ctx>,
    intake: [Ctx; 2],
    turn: usize,
    people: usize,
    leads: VecDeque<Lead>,
    deals: VecDeque<Deal>,
    clients: Vec<Client>,
}

impl<'a> Story<'a> {
    pub(super) async fn new(
        state: &'a AppState,
        tenant: &Tenant,
        env: &Env,
        clock: Arc<Past>,
        dice: Dice,
        staff: Staff,
    ) -> Result<Self> {
        let ctx =
            async |user: UserId| Ok::<_, kernel::Error>(state.identities.of_user(tenant.id, user).await?.ctx(env));
        let mut managers = Vec::new();
        for user in staff.managers {
            managers.push(ctx(user).await?);
        }
        let rate = goods::per_dollar(&tenant.currency);
        Ok(Self {
            records: &state.records,
            tenant: tenant.clone(),
            rate,
            clock,
            dice,
            managers,
            intake: [ctx(staff.marketer).await?, ctx(staff.support).await?],
            turn: 0,
            people: 0,
            leads: VecDeque::new(),
            deals: VecDeque::new(),
            clients: Vec::new(),
        })
    }

    /// Every working day until now.
    pub(super) async fn tell(mut self, now: Timestamp) -> Result<()> {
        let last = now.utc().with_timezone(&self.tenant.zone).date_naive();
        let mut day = kernel::clock::Clock::now(&*self.clock).utc().with_timezone(&self.tenant.zone).date_naive();
        while day < last {
            day = day.succ_opt().unwrap_or(last);
            if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
                continue;
            }
            let morning = self.time(day, 9, self.dice.between(0, 40));
            if morning.plus_seconds(600) >= now {
                break;
            }
            self.clock.go_to(morning);
            let [marketer, support] = &self.intake;
            let taker = if self.dice.chance(60) { marketer.clone() } else { support.clone() };
            self.take_in(&taker, day, self.dice.between(3, 9)).await?;
            for part in 0..if self.dice.chance(40) { 2 } else { 1 } {
                let start = self.time(day, 10 + part * 4, self.dice.between(0, 180));
                if start.plus_seconds(3_600) >= now {
                    return Ok(());
                }
                self.clock.go_to(start);
                self.turn = (self.turn + 1) % self.managers.len().max(1);
                self.session(self.turn, day, last).await?;
            }
        }
        Ok(())
    }

    /// A time of a day in the company's zone.
    fn time(&self, day: NaiveDate, hour: i64, minutes: i64) -> Timestamp {
        let minutes = u32::try_from(hour * 60 + minutes).unwrap_or_default();
        let time = NaiveTime::from_num_seconds_from_midnight_opt(minutes * 60, 0).unwrap_or_default();
        let local = self.tenant.zone.from_local_datetime(&day.and_time(time)).earliest();
        local.map_or_else(|| Timestamp::from(day.and_time(time).and_utc()), Timestamp::from)
    }

    fn later(&self, day: NaiveDate, from: i64, to: i64) -> NaiveDate {
        let days = u64::try_from(self.dice.between(from, to)).unwrap_or(1);
        day.checked_add_days(chrono::Days::new(days)).unwrap_or(day)
    }

    /// Writes changes of one entity; a refusal of one of them is a fault of this story.
    async fn write(&self, ctx: &Ctx, entity: &str, changes: Vec<Change>) -> Result<Vec<Record>> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        // Leads that are converted are told of as they were.
        let options = WriteOptions { converting: true, ..WriteOptions::default() };
        let written = self.records.write(ctx, entity, changes, &options).await?;
        written.into_iter().map(|result| result.map(|written| written.record)).collect()
    }

    /// New leads come in and go to the managers by turn.
    async fn take_in(&mut self, ctx: &Ctx, day: NaiveDate, count: i64) -> Result<()> {
        let mut fresh: Vec<Lead> = Vec::new();
        let mut changes = Vec::new();
        for _ in 0..count {
            self.people += 1;
            let person = client::person(&self.dice, self.tenant.locale, self.people);
            let words = words::of(person.language);
            let lead = Lead {
                id: RecordId(Uuid::nil()),
                owner: self.people % self.managers.len().max(1),
                goods: self.dice.pick(words.goods),
                amount: self.dice.between(3, 400) * 50 * self.rate,
                source: self.dice.pick(&SOURCES),
                stage: 0,
                due: self.later(day, 0, 7),
                person,
            };
            let fields = self.lead_fields(&lead, words);
            changes.push(Change::Create { fields });
            fresh.push(lead);
        }
        for (mut lead, record) in fresh.into_iter().zip(self.write(ctx, "lead", changes).await?) {
            lead.id = record.id;
            self.leads.push_back(lead);
        }
        Ok(())
    }

    fn lead_fields(&self, lead: &Lead, words: &Words) -> Map<String, Json> {
        let person = &lead.person;
        let mut fields = Map::new();
        let title = capital(&self.dice.pick(words.requests).replace("{}", lead.goods));
        let mut put = |key: &str, value: Json| drop(fields.insert(key.to_owned(), value));
        put("title", json!(title));
        put("last_name", json!(person.last));
        put("first_name", json!(person.first));
        if self.dice.chance(60) {
            put("middle_name", json!(person.middle));
        }
        put("honorific", json!(if person.woman { "ms" } else { "mr" }));
        put("position", json!(person.position));
        put("phones", json!(person.phones));
        put("emails", json!(person.email.iter().map(|e| json!({"value": e, "kind": "work"})).collect::<Vec<_>>()));
        put("company_title", json!(person.firm.as_ref().map(|firm| &firm.title)));
        put("address", json!(person.city));
        put("source", json!(lead.source));
        put("amount", json!(lead.amount));
        put("owner", json!(self.managers.get(lead.owner).and_then(Ctx::user)));
        if lead.source == "advertising" {
            put("utm_source", json!(self.dice.pick(&["search", "social", "partners"])));
            put("utm_medium", json!("cpc"));
            put("utm_campaign", json!(self.dice.pick(&["racks-spring", "new-store", "warehouse", "brand"])));
        }
        fields
    }

    /// A manager sits down and works through what is due. Clients come before the deals that point to them, deals
    /// before the leads they came from.
    async fn session(&mut self, manager: usize, day: NaiveDate, last: NaiveDate) -> Result<()> {
        let Some(ctx) = self.managers.get(manager).cloned() else { return Ok(()) };
        let mut desk = Desk::default();
        let ready = self.work_leads(manager, day, &mut desk);
        self.work_deals(manager, day, &mut desk);
        if self.dice.chance(40) {
            self.sell_again(manager, day, &mut desk);
        }
        self.convert(&ctx, ready, day, &mut desk).await?;
        self.clock.pass(self.dice.between(2, 15));
        for (new, record) in desk.new_deals.into_iter().zip(self.write(&ctx, "deal", desk.deals).await?) {
            desk.mentions.push(Mention { entity: "deal", id: record.id, language: new.language });
            self.deals.push_back(Deal { id: record.id, ..new });
        }
        self.clock.pass(self.dice.between(1, 5));
        self.write(&ctx, "lead", desk.leads).await?;
        self.clock.pass(self.dice.between(5, 25));
        let told: Vec<Mention> = desk.mentions.into_iter().filter(|_| self.dice.chance(42)).collect();
        let (tasks, activities): (Vec<Mention>, Vec<Mention>) = told.into_iter().partition(|_| self.dice.chance(14));
        let activities = activities.iter().map(|mention| self.activity(mention)).collect();
        self.write(&ctx, "activity", activities).await?;
        let tasks = tasks.iter().map(|mention| self.task(mention, day, last)).collect();
        self.write(&ctx, "task", tasks).await?;
        Ok(())
    }

    /// Moves the leads that are due. Returns those that become clients.
    fn work_leads(&mut self, manager: usize, day: NaiveDate, desk: &mut Desk) -> Vec<Lead> {
        let (due, rest): (VecDeque<Lead>, _) =
            std::mem::take(&mut self.leads).into_iter().partition(|lead| lead.owner == manager && lead.due <= day);
        self.leads = rest;
        let mut ready = Vec::new();
        for mut lead in due {
            let language = lead.person.language;
            desk.mentions.push(Mention { entity: "lead", id: lead.id, language });
            if self.dice.chance(18) {
                let why = self.dice.pick(words::of(language).junk);
                desk.leads.push(update(lead.id, json!({"stage": "junk", "comments": why})));
                continue;
            }
            lead.stage += 1;
            match LEAD_STAGES.get(lead.stage) {
                Some(stage) if lead.stage < 2 || self.dice.chance(75) => {
                    desk.leads.push(update(lead.id, json!({"stage": stage})));
                    lead.due = self.later(day, 3, 24);
                    self.leads.push_back(lead);
                }
                _ => ready.push(lead),
            }
        }
        ready
    }

    /// Leads that are ready become companies, contacts and deals, in this order: each points to the one before.
    async fn convert(&mut self, ctx: &Ctx, leads: Vec<Lead>, day: NaiveDate, desk: &mut Desk) -> Result<()> {
        let changes = leads.iter().filter_map(|lead| self.company(lead)).collect();
        let mut companies = self.write(ctx, "company", changes).await?.into_iter().map(|record| record.id);
        let companies: Vec<Option<RecordId>> =
            leads.iter().map(|lead| lead.person.firm.as_ref().and_then(|_| companies.next())).collect();
        let changes = leads.iter().zip(&companies).map(|(lead, company)| self.contact(lead, *company)).collect();
        let contacts = self.write(ctx, "contact", changes).await?;
        // New deals are written first, so that their outcomes stand in front of those of the moved ones.
        let mut deals = Vec::new();
        let mut fresh = Vec::new();
        for ((lead, company), contact) in leads.into_iter().zip(companies).zip(contacts.iter().map(|record| record.id))
        {
            let language = lead.person.language;
            let fields = self.deal(language, lead.goods, lead.amount, (company, contact), day, Some(lead.id));
            deals.push(Change::Create { fields });
            fresh.push(self.new_deal(lead.owner, language, day));
            desk.leads.push(update(lead.id, json!({"stage": "converted", "company": company, "contact": contact})));
            let title = lead.person.firm.map_or_else(|| lead.person.last.to_owned(), |firm| firm.title);
            self.clients.push(Client { owner: lead.owner, language, company, contact, title });
        }
        deals.append(&mut desk.deals);
        fresh.append(&mut desk.new_deals);
        (desk.deals, desk.new_deals) = (deals, fresh);
        Ok(())
    }

    fn new_deal(&self, owner: usize, language: Locale, day: NaiveDate) -> Deal {
        Deal { id: RecordId(Uuid::nil()), owner, language, stage: 0, due: self.later(day, 1, 8) }
    }

    fn company(&self, lead: &Lead) -> Option<Change> {
        let firm = lead.person.firm.as_ref()?;
        let phone = lead.person.phones.first();
        Some(Change::Create {
            fields: object(json!({
                "title": firm.title, "kind": "client", "industry": firm.industry, "employees": firm.employees,
                "tax_id": firm.tax_id, "address": firm.address, "phones": phone.into_iter().collect::<Vec<_>>(),
                "emails": [{"value": format!("office@{}", firm.domain), "kind": "work"}],
                "sites": [{"value": format!("https://{}", firm.domain), "kind": "work"}],
                "revenue": self.dice.chance(30).then(|| self.dice.between(2, 900) * 10_000 * self.rate),
                "lead": lead.id,
            })),
        })
    }

    fn contact(&self, lead: &Lead, company: Option<RecordId>) -> Change {
        let person = &lead.person;
        let emails: Vec<Json> = person.email.iter().map(|e| json!({"value": e, "kind": "work"})).collect();
        Change::Create {
            fields: object(json!({
                "last_name": person.last, "first_name": person.first, "middle_name": person.middle,
                "honorific": if person.woman { "ms" } else { "mr" }, "position": person.position, "kind": "client",
                "phones": person.phones, "emails": emails, "address": person.city,
                "companies": company.into_iter().collect::<Vec<_>>(), "source": lead.source, "lead": lead.id,
                "birthdate": self.dice.chance(20).then(|| {
                    format!("{}-{:02}-{:02}", self.dice.between(1962, 2001), self.dice.between(1, 12), self.dice.between(1, 28))
                }),
            })),
        }
    }

    fn deal(
        &self,
        language: Locale,
        goods: &str,
        amount: i64,
        (company, contact): (Option<RecordId>, RecordId),
        day: NaiveDate,
        lead: Option<RecordId>,
    ) -> Map<String, Json> {
        let words = words::of(language);
        object(json!({
            "title": capital(&self.dice.pick(words.deals).replace("{}", goods)),
            "kind": if lead.is_some() { "sale" } else { "goods" },
            "amount": amount * self.dice.between(8, 14) / 10,
            "probability": self.dice.between(1, 9) * 10,
            "begin_date": day.to_string(), "close_date": self.later(day, 14, 60).to_string(),
            "company": company, "contacts": [contact], "lead": lead,
            "source": if lead.is_some() { Json::Null } else { json!("returning") },
        }))
    }

    /// Moves the deals that are due.
    fn work_deals(&mut self, manager: usize, day: NaiveDate, desk: &mut Desk) {
        let (due, rest): (VecDeque<Deal>, _) =
            std::mem::take(&mut self.deals).into_iter().partition(|deal| deal.owner == manager && deal.due <= day);
        self.deals = rest;
        for mut deal in due {
            desk.mentions.push(Mention { entity: "deal", id: deal.id, language: deal.language });
            deal.stage += 1;
            if self.dice.chance(9) {
                let why = self.dice.pick(words::of(deal.language).lost);
                desk.deals.push(update(deal.id, json!({"stage": "lost", "comments": why, "probability": 0})));
            } else if let Some(stage) = DEAL_STAGES.get(deal.stage) {
                let probability = i64::try_from(deal.stage).unwrap_or_default() * 15 + self.dice.between(0, 2) * 5;
                desk.deals.push(update(deal.id, json!({"stage": stage, "probability": probability})));
                deal.due = self.later(day, 3, 18);
                self.deals.push_back(deal);
            } else {
                desk.deals.push(update(deal.id, json!({"stage": "won", "probability": 100})));
            }
        }
    }

    /// A known client orders again.
    fn sell_again(&mut self, manager: usize, day: NaiveDate, desk: &mut Desk) {
        let own: Vec<&Client> = self.clients.iter().filter(|client| client.owner == manager).collect();
        let Some(client) = own.get(self.dice.below(own.len())) else { return };
        let goods = self.dice.pick(words::of(client.language).goods);
        let amount = self.dice.between(2, 200) * 50 * self.rate;
        let mut fields = self.deal(client.language, goods, amount, (client.company, client.contact), day, None);
        fields.insert("title".into(), json!(format!("{} — {}", capital(goods), client.title)));
        desk.deals.insert(0, Change::Create { fields });
        desk.new_deals.insert(0, self.new_deal(client.owner, client.language, day));
    }

    fn activity(&self, mention: &Mention) -> Change {
        let words = words::of(mention.language);
        let (kind, texts) = match self.dice.below(86) {
            0..42 => ("call", words.calls),
            42..64 => ("email", words.letters),
            64..72 => ("meeting", words.meetings),
            _ => ("note", words.notes),
        };
        let (title, text) = texts.get(self.dice.below(texts.len())).copied().unwrap_or_default();
        let mut fields = object(json!({
            "kind": kind, "title": title, "text": text, "record_entity": mention.entity, "record_id": mention.id, "done": true,
        }));
        if matches!(kind, "call" | "email") {
            fields.insert("direction".into(), json!(if self.dice.chance(70) { "outgoing" } else { "incoming" }));
        }
        Change::Create { fields }
    }

    fn task(&self, mention: &Mention, day: NaiveDate, last: NaiveDate) -> Change {
        let texts = words::of(mention.language).tasks;
        let (title, text) = texts.get(self.dice.below(texts.len())).copied().unwrap_or_default();
        let deadline = self.later(day, 1, 6);
        let due = self.time(deadline, 10, self.dice.between(0, 480) / 15 * 15);
        // Most of what was planned in the past is done; what is planned from now on is not.
        let done = deadline < last && self.dice.chance(94);
        Change::Create {
            fields: object(json!({
                "title": title, "description": text, "record_entity": mention.entity, "record_id": mention.id,
                "due": due.to_string(), "state": if done { "completed" } else { "open" },
            })),
        }
    }
}

fn update(id: RecordId, fields: Json) -> Change {
    Change::Update { id, version: None, fields: object(fields) }
}

pub(super) fn object(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// With a capital first letter.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
