//! Companies, people and believable leads, made through the public services as an import would make them.

use std::time::Duration;

use kernel::{Ctx, Locale, UserId};
use people::token::NewToken;
use people::user::{self, NewUser};
use records::{Change, WriteOptions};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;
use verstak::AppState;
use verstak::setup::{NewCompany, create_company};

use crate::Outcome;
use crate::measure::now;

/// Changes given to `Records::write` at once.
const BATCH: usize = 1_000;
const PEOPLE: usize = 20;
const FIRST: [&str; 10] = ["Анна", "Олена", "Mary", "Иван", "Тарас", "John", "Мария", "Дмитро", "Peter", "Сергей"];
const LAST: [&str; 10] =
    ["Иванова", "Шевченко", "Smith", "Петров", "Коваленко", "Brown", "Сидорова", "Бондар", "Jones", "Кузнецов"];
const FIRMS: [&str; 8] =
    ["Ромашка", "Північ", "Acme Supplies", "Вектор", "Зоря", "Blue River", "СтройДом", "Агро Плюс"];
const SOURCES: [&str; 6] = ["web", "call", "email", "advertising", "partner", "referral"];
/// Four of ten leads wait in the first stage; those are the ones that are moved.
const STAGES: [&str; 10] =
    ["new", "new", "new", "new", "in_progress", "in_progress", "qualified", "proposal", "converted", "junk"];

/// A company that requests are made in.
pub struct Company {
    /// Its administrator.
    pub ctx: Ctx,
    /// The administrator's API token.
    pub token: String,
    /// People who own leads.
    pub people: Vec<Uuid>,
}

/// The leads of a company.
pub struct Leads {
    /// All, in the order they were made.
    pub all: Vec<Uuid>,
    /// Those in the first stage, never changed.
    pub new: Vec<Uuid>,
    /// How long writing them took.
    pub took: Duration,
}

/// Makes a company with an administrator, a token and twenty people.
pub async fn make(state: &AppState, name: &str) -> Outcome<Company> {
    let slug: String = name.to_lowercase().replace(' ', "-");
    let input = NewCompany {
        name: name.to_owned(),
        locale: Locale::En,
        admin_email: format!("admin@{slug}.example"),
        admin_name: "Ada Admin".to_owned(),
        admin_password: state.env.secret(),
    };
    let (tenant, admin) = create_company(&state.db, &state.env, &input).await?;
    let id = UserId(admin.id);
    let token = NewToken { name: "bench".to_owned(), scopes: Vec::new(), expires_at: None };
    let (_, token) = people::token::create(&state.db, &tenant.system_ctx(&state.env), id, &token).await?;
    let ctx = state.identities.of_user(tenant.id, id).await?.ctx(&state.env);
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let name = format!("{} {}", pick(&FIRST, number), pick(&LAST, number / 2));
        let input = NewUser { name, email: format!("person{number}@{slug}.example"), ..NewUser::default() };
        people.push(user::create(&state.db, &ctx, &input).await?.id);
    }
    Ok(Company { ctx, token, people })
}

/// Writes leads in batches.
pub async fn load(state: &AppState, company: &Company, count: usize) -> Outcome<Leads> {
    let mut leads = Leads { all: Vec::with_capacity(count), new: Vec::new(), took: Duration::ZERO };
    let begin = now();
    for from in (0..count).step_by(BATCH) {
        let numbers = from..count.min(from + BATCH);
        let changes = numbers.clone().map(|n| Change::Create { fields: fields(n, &company.people) }).collect();
        let outcomes = state.records.write(&company.ctx, "lead", changes, &WriteOptions::default()).await?;
        for (number, outcome) in numbers.zip(outcomes) {
            let id = outcome?.record.id.0;
            leads.all.push(id);
            if *pick(&STAGES, number) == "new" {
                leads.new.push(id);
            }
        }
    }
    leads.took = begin.elapsed();
    // What else the server would do with them by and by would run beside what is measured.
    state.records.fill_search().await?;
    state.db.learn().await?;
    Ok(leads)
}

/// The fields of the n-th lead; the same for every run.
pub fn fields(n: usize, people: &[Uuid]) -> Map<String, Json> {
    // Large odd steps scatter values over their ranges without a generator's state.
    let mixed = n.wrapping_mul(2_654_435_761) >> 7;
    let (first, last, firm) = (pick(&FIRST, mixed), pick(&LAST, mixed / 10), pick(&FIRMS, mixed / 100));
    let phone = format!("+7916{:07}", mixed % 10_000_000);
    let owner = people.get(mixed % people.len().max(1));
    let fields = json!({
        "title": format!("{last} {first}, {firm}"),
        "first_name": first,
        "last_name": last,
        "company_title": firm,
        "position": "Закупки",
        "stage": pick(&STAGES, n),
        "phones": [{ "value": phone, "kind": "mobile" }],
        "emails": [{ "value": format!("lead{n}@example.com"), "kind": "work" }],
        "source": pick(&SOURCES, mixed / 3),
        "source_description": "Заявка с сайта: калькулятор доставки",
        "amount": mixed % 900_000 + 1_000,
        "currency": "RUB",
        "owner": owner,
        "comments": format!("Просил перезвонить после {} часов. Interested in delivery terms.", 9 + mixed % 9),
        "utm_source": "google",
        "utm_medium": "cpc",
        "utm_campaign": format!("campaign-{}", mixed % 40),
    });
    if let Json::Object(fields) = fields { fields } else { Map::new() }
}

fn pick<T>(all: &[T], number: usize) -> &T {
    let Some(one) = all.get(number % all.len().max(1)) else { unreachable!("lists of words are not empty") };
    one
}
