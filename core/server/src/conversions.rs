//! The service `convert-lead` of processes and rules: the lead they are about becomes clients and a deal, as sales does
//! it. `contact`, `company` and `deal` are each `create`, the fields of a new record, the id of one that is there, or
//! nothing.

use crm::{Becomes, ConvertInput, Sales};
use kernel::{Ctx, Error, Fields, RecordId};
use process::runtime::{Service, ServiceCall, ServiceFailure, failure};
use serde_json::{Map, Value as Json, json};

/// What a service task calls this service by.
const KIND: &str = "convert-lead";
/// What it is done to.
const LEAD: &str = "lead";
/// What a lead becomes.
const BECOMES: [&str; 3] = ["contact", "company", "deal"];

/// Sales as a service of processes.
pub(crate) struct Conversions {
    pub sales: Sales,
}

#[async_trait::async_trait]
impl Service for Conversions {
    fn serves(&self, kind: &str) -> bool {
        kind == KIND
    }

    async fn call(&self, ctx: &Ctx, call: &ServiceCall) -> Result<Json, ServiceFailure> {
        let lead = lead_of(call)?;
        let input = ConvertInput {
            contact: becomes(call, "contact")?,
            company: becomes(call, "company")?,
            deal: becomes(call, "deal")?,
        };
        match self.sales.convert_in(ctx, lead, &input, call.batch).await {
            Ok(made) => Ok(json!({"contact": made.contact, "company": made.company, "deal": made.deal})),
            // A person was quicker, or the call comes again after a crash: the rest of it is done.
            Err(Error::Conflict { code: "lead.converted", .. }) => {
                let record = self.sales.carry_on(ctx, lead, call.batch).await.map_err(|error| failure(&error))?;
                Ok(became(&record.fields))
            }
            Err(error) => Err(failure(&error)),
        }
    }
}

/// What a lead became.
fn became(lead: &Fields) -> Json {
    let link = |key: &str| (key.to_owned(), lead.get(key).map_or(Json::Null, kernel::Value::to_json));
    Json::Object(BECOMES.map(link).into_iter().collect())
}

fn lead_of(call: &ServiceCall) -> Result<RecordId, ServiceFailure> {
    match (call.parameters.get("id"), &call.subject) {
        (Some(Json::String(id)), _) => id.parse().map_err(|_| never("the parameter `id` is no id")),
        (_, Some(subject)) if subject.entity == LEAD => Ok(subject.id),
        _ => Err(never("the parameter `id` is missing, and there is no lead that it is about")),
    }
}

fn becomes(call: &ServiceCall, what: &str) -> Result<Becomes, ServiceFailure> {
    match call.parameters.get(what) {
        None | Some(Json::Null) => Ok(Becomes::None),
        Some(Json::Object(fields)) => Ok(Becomes::Create(fields.clone())),
        Some(Json::String(text)) => match text.trim() {
            "" | "none" => Ok(Becomes::None),
            "create" => Ok(Becomes::Create(Map::new())),
            id => id.parse().map(Becomes::Link).map_err(|_| unknown(what)),
        },
        Some(_) => Err(unknown(what)),
    }
}

fn unknown(what: &str) -> ServiceFailure {
    never(&format!("`{what}` is neither `create`, `none`, an id nor the fields of a new record"))
}

fn never(why: &str) -> ServiceFailure {
    ServiceFailure::Never(format!("{KIND}: {why}"))
}
