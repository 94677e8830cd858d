//! The requests that are measured, each beside its statements.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::Outcome;
use crate::bare::{Recipe, Swap, Turn};
use crate::capture::Watched;
use crate::client::Ask;
use crate::company::{Company, Leads, fields};

/// Leads of loops are numbered from here, far from those of the product.
const OWN_NUMBERS: usize = 100_000_000;

/// Something measured: how to ask for it, and what a loop does in its place.
pub struct Scenario {
    /// In the table.
    pub name: &'static str,
    /// The n-th request of a client.
    pub ask: Box<dyn Fn(usize, usize) -> Option<Ask> + Send + Sync>,
    recipes: Vec<Arc<Recipe>>,
    swap: Box<dyn Fn(usize, usize) -> Option<Swap> + Send + Sync>,
}

impl Scenario {
    /// The n-th turn of a loop.
    pub fn turn(&self, client: usize, n: usize) -> Option<Turn> {
        let recipe = self.recipes.get((client + n) % self.recipes.len().max(1))?;
        Some((Arc::clone(recipe), (self.swap)(client, n)?))
    }

    /// Statements of one request: outside a transaction, inside one.
    pub fn statements(&self) -> (usize, usize) {
        self.recipes.first().map(|recipe| recipe.counts()).unwrap_or_default()
    }

    /// The statements of one request.
    pub fn texts(&self) -> Vec<String> {
        self.recipes.first().map(|recipe| recipe.texts().map(str::to_owned).collect()).unwrap_or_default()
    }
}

/// A POST of JSON below the leads.
pub fn post(path: &str, body: &Json) -> Ask {
    Ask { method: "POST", path: format!("/api/v1/records/lead{path}"), body: Some(body.to_string()) }
}

/// A creation of the n-th lead.
pub fn create(n: usize, people: &[Uuid]) -> Ask {
    let mut fields = fields(n, people);
    fields.insert("stage".to_owned(), json!("new"));
    post("", &json!({ "fields": fields }))
}

/// Everything measured against bare statements.
pub async fn scenarios(watched: &Watched, company: &Company, leads: &Leads) -> Outcome<Vec<Arc<Scenario>>> {
    let all = vec![
        get(watched, leads).await?,
        list("list of 50: one owner's, newest first", watched, company.people.iter().map(by_owner).collect()).await?,
        list("list of 50: stage and least amount, by amount", watched, (0..20).map(by_amount).collect()).await?,
        list("list of 50: first page", watched, vec![page(None)]).await?,
        list(
            "list of 50: page in the middle",
            watched,
            vec![page(Some(middle_cursor(watched, leads.all.len() / 2).await?))],
        )
        .await?,
        list("newest 50 with a part of the title that few have", watched, vec![titled("сидорова олена, век")]).await?,
        list("newest 50 with a word of the title that some have", watched, vec![titled("енко Тар")]).await?,
        list("newest 50 with a word of the title that many have", watched, vec![titled("Вектор")]).await?,
        list("newest 50 with a word of the title that none has", watched, vec![titled("перезвон")]).await?,
        list("words: a fragment of a phone", watched, (0..20).map(phone).collect()).await?,
        creation(watched, company).await?,
        stage_move(watched, leads).await?,
    ];
    Ok(all.into_iter().map(Arc::new).collect())
}

fn by_owner(owner: &Uuid) -> Json {
    json!({ "filter": { "field": "owner", "op": "eq", "value": owner }, "sort": [{ "field": "created_at", "desc": true }], "limit": 50 })
}

fn by_amount(step: i32) -> Json {
    let stage = json!({ "field": "stage", "op": "eq", "value": "in_progress" });
    let amount = json!({ "field": "amount", "op": "gte", "value": step * 10_000 });
    json!({ "filter": { "and": [stage, amount] }, "sort": [{ "field": "amount", "desc": true }], "limit": 50 })
}

fn page(cursor: Option<String>) -> Json {
    json!({ "sort": [{ "field": "created_at", "desc": true }], "limit": 50, "cursor": cursor })
}

fn titled(part: &str) -> Json {
    let filter = json!({ "field": "title", "op": "contains", "value": part });
    json!({ "filter": filter, "sort": [{ "field": "created_at", "desc": true }], "limit": 50 })
}

fn phone(step: usize) -> Json {
    json!({ "q": format!("916{:05}", step * 4_937 % 100_000), "limit": 50 })
}

/// The cursor after so many records.
async fn middle_cursor(watched: &Watched, depth: usize) -> Outcome<String> {
    let mut cursor = None;
    for _ in 0..(depth / 500).max(1) {
        let body = json!({ "sort": [{ "field": "created_at", "desc": true }], "limit": 500, "fields": ["created_at"], "cursor": cursor });
        let answer = watched.send(&post("/query", &body)).await?.answer;
        cursor = answer.get("next_cursor").and_then(Json::as_str).map(str::to_owned);
    }
    cursor.ok_or_else(|| "there are too few leads for a page in the middle".into())
}

/// Sends twice: the first fills what is kept in memory.
async fn recipe(watched: &Watched, ask: &Ask) -> Outcome<Arc<Recipe>> {
    watched.send(ask).await?;
    Ok(Arc::new(Recipe::new(&watched.send(ask).await?.statements)))
}

async fn get(watched: &Watched, leads: &Leads) -> Outcome<Scenario> {
    let ids = leads.all.clone();
    let path = |id: Uuid| Ask { method: "GET", path: format!("/api/v1/records/lead/{id}"), body: None };
    let seen = ids.first().copied().ok_or("there are no leads")?;
    let recipe = recipe(watched, &path(seen)).await?;
    // A large step visits all corners of the table, the same ones on both sides.
    let pick = move |client: usize, n: usize| ids.get((client * 31_337 + n * 7_919) % ids.len().max(1)).copied();
    let swapped = pick.clone();
    Ok(Scenario {
        name: "get one",
        ask: Box::new(move |client, n| Some(path(pick(client, n)?))),
        recipes: vec![recipe],
        swap: Box::new(move |client, n| Some(Swap { id: Some((seen, swapped(client, n)?)), number: None })),
    })
}

async fn list(name: &'static str, watched: &Watched, bodies: Vec<Json>) -> Outcome<Scenario> {
    let mut recipes = Vec::new();
    for body in &bodies {
        recipes.push(recipe(watched, &post("/query", body)).await?);
    }
    let ask = move |client: usize, n: usize| Some(post("/query", bodies.get((client + n) % bodies.len().max(1))?));
    Ok(Scenario { name, ask: Box::new(ask), recipes, swap: Box::new(|_, _| Some(Swap::default())) })
}

async fn creation(watched: &Watched, company: &Company) -> Outcome<Scenario> {
    let people = company.people.clone();
    let ask = create(0, &people);
    watched.send(&ask).await?;
    let seen = watched.send(&ask).await?;
    let id: Uuid = seen.answer.get("id").and_then(Json::as_str).ok_or("no id")?.parse()?;
    let number = seen.answer.get("fields").and_then(|f| f.get("number")).and_then(Json::as_i64).ok_or("no number")?;
    let (env, next, asked) = (company.ctx.env.clone(), AtomicUsize::new(OWN_NUMBERS), AtomicUsize::new(0));
    Ok(Scenario {
        name: "create",
        ask: Box::new(move |_, _| Some(create(asked.fetch_add(1, Ordering::Relaxed), &people))),
        recipes: vec![Arc::new(Recipe::new(&seen.statements))],
        swap: Box::new(move |_, _| {
            let own = i64::try_from(next.fetch_add(1, Ordering::Relaxed)).ok()?;
            Some(Swap { id: Some((id, kernel::id::fresh(&env))), number: Some((number, own)) })
        }),
    })
}

/// Loops move each lead once, because their statements hold the version they expect. The product moves one lead of
/// ten, round and round through the stages.
async fn stage_move(watched: &Watched, leads: &Leads) -> Outcome<Scenario> {
    let path = |id: Uuid, stage: &str| post(&format!("/{id}/stage"), &json!({ "stage": stage }));
    let mut untouched = leads.new.iter().copied();
    let (warm, seen) = (untouched.next().ok_or("there are no leads")?, untouched.next().ok_or("there are no leads")?);
    watched.send(&path(warm, "in_progress")).await?;
    let recipe = Arc::new(Recipe::new(&watched.send(&path(seen, "in_progress")).await?.statements));
    let own: Vec<Uuid> = untouched.collect();
    let (asked, bare) = own.split_at(own.len() / 10);
    let (asked, bare) = (asked.to_vec(), bare.to_vec());
    let (next_bare, next_asked) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let ask = move |_, _| {
        let next = next_asked.fetch_add(1, Ordering::Relaxed);
        let stage = ["in_progress", "qualified", "proposal"].into_iter().cycle().nth(next / asked.len().max(1) % 3)?;
        asked.get(next % asked.len().max(1)).map(|id| path(*id, stage))
    };
    Ok(Scenario {
        name: "stage move",
        ask: Box::new(ask),
        recipes: vec![recipe],
        swap: Box::new(move |_, _| {
            bare.get(next_bare.fetch_add(1, Ordering::Relaxed)).map(|id| Swap { id: Some((seen, *id)), number: None })
        }),
    })
}
