//! `POST /web-form`: a lead from the company's site. The host has checked the signature before this is called.

use serde_json::{Map, Value as Json, json};
use verstak_plugin::prelude::*;

/// Takes `{name, phone, email, message, source, amount, currency}`, each optional but one contact way; answers 201 with the lead's id.
pub fn post(request: &Request) -> Outcome<Response> {
    let Ok(Json::Object(form)) = serde_json::from_slice::<Json>(&request.body) else {
        return Ok(problem(400, "web_form.malformed", "The body must be a JSON object", &[]));
    };
    match records::create("lead", lead(&form)) {
        Ok(saved) => Ok(Response::json(201, json!({ "id": saved.id }).to_string())),
        Err(HostError::Invalid(invalid)) => {
            let fields: Vec<(String, String)> =
                invalid.fields.into_iter().map(|field| (field.field, field.text)).collect();
            Ok(problem(422, "web_form.refused", &invalid.text, &fields))
        }
        Err(error) => Err(error.into()),
    }
}

fn lead(form: &Map<String, Json>) -> Draft {
    let text = |key: &str| form.get(key).and_then(Json::as_str).map(str::trim).filter(|text| !text.is_empty());
    let title = text("name").or(text("phone")).or(text("email")).unwrap_or("Web form");
    let amount = form.get("amount").and_then(|amount| match amount {
        Json::Number(number) => Some(Value::Decimal(number.to_string())),
        Json::String(text) => Some(Value::Decimal(text.trim().to_owned())),
        _ => None,
    });
    Draft::new()
        .with("title", title)
        .with("source", "web")
        .with_some("source_description", text("source"))
        .with_some("phones", text("phone").map(|number| vec![phone(number, "work")]))
        .with_some("emails", text("email").map(|address| vec![phone(address, "work")]))
        .with_some("comments", text("message"))
        .with_some("amount", amount)
        .with_some("currency", text("currency"))
}

fn problem(status: u16, code: &str, detail: &str, fields: &[(String, String)]) -> Response {
    let fields: Map<String, Json> =
        fields.iter().map(|(field, message)| (field.clone(), json!({ "code": code, "message": message }))).collect();
    Response::json(status, json!({ "code": code, "status": status, "detail": detail, "fields": fields }).to_string())
}
