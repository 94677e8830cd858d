//! Every operation of the OpenAPI document as a request, with a good body and the ids of one company's objects.

use messaging::messages::{Content, NewMessage, NewSms};
use messaging::notices::{self, Notice};
use serde_json::{Value, json};

use crate::app::{LEAD_DESK, PASSWORD, TestApp};

/// One request.
#[derive(Debug, Clone)]
pub struct Operation {
    pub method: String,
    /// As in the document.
    pub template: String,
    /// With ids filled in.
    pub path: String,
    /// Nothing, or a body that fits.
    pub body: Option<Value>,
    /// Whether it is addressed to one object by an id of the company's own.
    pub owned: bool,
}

impl Operation {
    /// Whether strangers may ask for it.
    pub fn is_public(&self) -> bool {
        let sign_in = self.template.starts_with("/session") && !(self.method == "GET" && self.template == "/session");
        sign_in || self.template.starts_with("/guest/") || self.template.starts_with("/public/")
    }

    /// Whether it only reads.
    pub fn reads(&self) -> bool {
        let asks = [
            "/query",
            "/aggregate",
            "/evaluate",
            "/expressions/check",
            "/dry-run",
            "/next",
            "/compare",
            "/calculate",
            "/preview",
            "/tasks/parse",
            "/calendars/holidays",
        ]
        .iter()
        .any(|end| self.template.ends_with(end));
        let asks = asks || (self.method == "POST" && self.template.ends_with("/duplicates"));
        let reports =
            ["/reports/funnel", "/reports/process", "/reports/task", "/reports/forecast", "/reports/managers"];
        let cards = self.template.starts_with("/dashboards/") && self.template.ends_with("/read");
        let report = reports.contains(&self.template.as_str()) || self.template == "/reports/saved/{id}/run" || cards;
        self.method == "GET"
            || asks
            || self.template == "/read"
            || self.template == "/read/file"
            || (self.method == "POST" && report)
    }
}

/// A rule that does nothing yet.
fn automation(marker: &str) -> Value {
    let tell = json!({"kind": "notice", "parameters": {"to": "owner", "text": marker}});
    json!({"name": marker, "on": {"event": "deleted"}, "do": [tell], "enabled": false})
}

/// A webhook that sends nothing.
fn webhook(marker: &str) -> Value {
    json!({"url": "https://hooks.walk.test/", "events": ["lead.deleted"], "description": marker, "enabled": false})
}

/// A provider that nobody can reach, and the guard of addresses refuses.
fn provider(label: &str) -> Value {
    json!({"label": label, "issuer": "https://127.0.0.1:9", "client_id": "walk", "client_secret": "walks", "enabled": false})
}

/// Objects of a company, by kind.
pub struct Objects {
    pub marker: String,
    ids: Vec<(&'static str, String)>,
}

impl Objects {
    /// Makes one of everything in the first company, each with the marker in its texts.
    pub async fn make(app: &TestApp, marker: &str) -> Self {
        let admin = app.admin();
        let phones = json!(["+79161234567"]);
        let mut ids = Vec::new();
        for (entity, fields) in [
            ("lead", json!({"title": marker, "comments": marker, "phones": phones})),
            ("deal", json!({"title": marker, "amount": 7})),
            ("contact", json!({"title": marker, "phones": phones})),
            ("company", json!({"title": marker})),
            ("activity", json!({"title": marker, "kind": "note", "text": marker})),
            ("quote", json!({"title": marker, "rows": [{"title": marker, "price": 7}]})),
            ("invoice", json!({"title": marker, "rows": [{"title": marker, "price": 7}]})),
            ("payment", json!({"title": marker, "amount": 7, "purpose": marker})),
        ] {
            ids.push((entity, admin.create(entity, fields).await.id()));
        }
        let of = |answer: crate::app::Answer| answer.id();
        ids.push((
            "views",
            of(admin
                .post("/views", json!({"entity": "lead", "name": marker, "shared": true, "config": {"q": marker}}))
                .await),
        ));
        let rule = json!({"name": marker, "check": "true", "message": {"en": marker}});
        ids.push((
            "validation-rules",
            of(admin.post("/validation-rules", json!({"entity": "lead", "rule": rule})).await),
        ));
        let rule = json!({"entity": "lead", "rule": automation(marker)});
        ids.push(("automations", of(admin.post("/automations", rule).await)));
        ids.push(("webhooks", of(admin.post("/webhooks", webhook(marker)).await)));
        ids.push(("sign-in-providers", of(admin.post("/sign-in-providers", provider(marker)).await)));
        let bulk =
            admin.post("/records/company/bulk", json!({"create": [{"fields": {"title": marker}}]})).await.ok(200);
        ids.push(("batches", bulk["batch"].as_str().unwrap().to_owned()));
        let edit = json!({"filter": {"field": "title", "op": "eq", "value": marker}, "fields": {"comments": marker}});
        ids.push(("jobs", of(admin.post("/records/company/bulk", edit).await)));
        app.drain().await;
        let layout = json!({"sections": [{"title": {"en": "walk"}, "fields": ["phones"]}]});
        let layout = admin.put("/layouts", json!({"of": {"entity": "company"}, "layout": layout})).await.ok(200);
        ids.push(("layouts", layout["id"].as_str().unwrap().to_owned()));
        let list = json!({"key": "x_marked_list", "label": {"en": marker}, "items": [{"key": "one", "label": {"en": marker}}]});
        admin.post("/directories", list).await.ok(201);
        ids.push(("directories", "x_marked_list".to_owned()));
        ids.push(("users", of(admin.post("/users", json!({"name": marker, "email": "someone@marker.test"})).await)));
        ids.push(("departments", of(admin.post("/departments", json!({"name": marker})).await)));
        ids.push(("roles", of(admin.post("/roles", json!({"key": "marked", "name": marker})).await)));
        ids.push(("tokens", of(admin.post("/tokens", json!({"name": marker})).await)));
        let pipeline = json!({"entity": "deal", "label": {"en": marker}});
        ids.push(("pipelines", of(admin.post("/pipelines", pipeline).await)));
        let changes = admin.get("/configuration/changes").await.ok(200);
        ids.push(("configuration", changes["items"][0]["id"].as_str().unwrap().to_owned()));
        let password = json!({"email": "admin@acme.test", "password": PASSWORD});
        app.stranger().header("user-agent", marker).post("/session", password).await.ok(200);
        let sessions = admin.get("/me/sessions").await.ok(200);
        ids.push(("me", sessions["items"][0]["id"].as_str().unwrap().to_owned()));
        let form = format!(
            "--B\r\nContent-Disposition: form-data; name=\"entity\"\r\n\r\nlead\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"l.csv\"\r\n\r\nTitle,Phone\n{marker},+79161234567\n\r\n--B--\r\n"
        );
        ids.push((
            "imports",
            of(admin.send("POST", "/api/v1/imports", Some("multipart/form-data; boundary=B"), form.into_bytes()).await),
        ));
        let uri = format!("/api/v1/records/lead/{}/files?name=picture.gif", ids[0].1);
        let octets = Some("application/octet-stream");
        ids.push(("files", of(admin.send("POST", &uri, octets, PICTURE.to_vec()).await)));
        let title = marker.replace(' ', "%20");
        let uri = format!("/api/v1/document-templates/own?entity=quote&name=walk.typ&title={title}");
        ids.push(("document-templates", of(admin.send("POST", &uri, octets, b"Walk".to_vec()).await)));
        ids.push(("plugin-messages", Self::message(app, marker).await));
        ids.push(("notifications", Self::notice(app, marker).await));
        ids.extend(Self::of_processes(app, marker).await);
        let config = json!({"measures": ["lead.created"]});
        let report = json!({"name": marker, "config": config, "shared": {"all": true}});
        ids.push(("reports", of(admin.post("/reports/saved", report).await)));
        let export = json!({"config": {"measures": ["lead.created"]}, "format": "csv", "name": marker});
        ids.push(("exports", of(admin.post("/reports/export", export).await)));
        let list = json!({"entity": "lead", "fields": ["title"], "format": "csv", "name": marker});
        ids.push(("lists", of(admin.post("/exports", list).await)));
        app.drain().await;
        let card = json!({"id": "a", "x": 0, "y": 0, "w": 6, "h": 4, "card": {"kind": "text", "text": marker}});
        let board = json!({"name": marker, "cards": [card], "shared": {"all": true}});
        ids.push(("dashboards", of(admin.post("/dashboards", board).await)));
        Self { marker: marker.to_owned(), ids }
    }

    /// An SMS of a plugin to a gateway that may not be reached.
    async fn message(app: &TestApp, marker: &str) -> String {
        let gateway = json!({"title": marker, "url": "https://169.254.169.254/", "body": "{\"to\": \"{to}\", \"text\": \"{text}\"}"});
        app.admin().put("/message-gateways/quote-approval", gateway).await.ok(200);
        let (ctx, tx) = (app.system(), app.state.db.begin().await.unwrap());
        let sms = NewSms { to: "+79161234567".into(), text: marker.to_owned(), gateway: None };
        let (id, key) = (ctx.id(), marker.to_owned());
        let message = NewMessage { id, key, about: None, content: Content::Sms(sms) };
        app.state.messages.put(&tx, &ctx, LEAD_DESK, &[message]).await.unwrap().remove(0).unwrap();
        tx.commit().await.unwrap();
        id.to_string()
    }

    /// A notice of a plugin that the administrator is asked to confirm.
    async fn notice(app: &TestApp, marker: &str) -> String {
        let (ctx, tx) = (app.system(), app.state.db.begin().await.unwrap());
        let people = vec![app.id_of("admin").to_string().parse().unwrap()];
        let words = [(kernel::Locale::En, marker.to_owned())].into();
        let notice = Notice { key: marker.to_owned(), people, words, link: None, confirm: true };
        notices::send(&tx, &ctx, LEAD_DESK, &[notice]).await.unwrap();
        tx.commit().await.unwrap();
        let page = app.admin().get("/notifications").await.ok(200);
        let notice = page["items"].as_array().unwrap().iter().find(|item| item["confirm"] == true);
        notice.unwrap_or_else(|| panic!("{page}"))["id"].as_str().unwrap().to_owned()
    }

    /// A definition, an instance of it with a task of the administrator, a letter that could not be sent, a calendar.
    async fn of_processes(app: &TestApp, marker: &str) -> Vec<(&'static str, String)> {
        let admin = app.admin();
        let deployed = admin
            .send(
                "POST",
                "/api/v1/process-definitions?publish=true",
                Some("application/xml"),
                walked_process(marker).into_bytes(),
            )
            .await
            .ok(201);
        let definition = deployed["id"].as_str().unwrap().to_owned();
        let started = admin
            .post("/process-instances", json!({"definition": definition, "variables": {"who": marker}}))
            .await
            .ok(201);
        let instance = started["id"].as_str().unwrap().to_owned();
        app.drain().await;
        let of = |page: Value| page["items"][0]["id"].as_str().unwrap_or_else(|| panic!("{page}")).to_owned();
        let task = of(admin.get(&format!("/tasks?instance={instance}")).await.ok(200));
        let letter = of(admin.get("/letters").await.ok(200));
        let calendar =
            json!({"calendar": {"week": {"mon": ["09:00-18:00"]}, "days": [{"date": "2026-05-01", "name": marker}]}});
        admin.put("/calendars/company", calendar).await.ok(200);
        let file = walked_process(marker).into_bytes();
        let drawn = admin.send("POST", "/api/v1/process-drawings", Some("application/xml"), file).await.ok(201);
        let drawing = drawn["id"].as_str().unwrap().to_owned();
        vec![
            ("process-definitions", definition),
            ("process-drawings", drawing),
            ("process-instances", instance),
            ("tasks", task),
            ("letters", letter),
        ]
    }

    /// Objects that a test has made itself.
    pub fn made(ids: Vec<(&'static str, String)>) -> Self {
        Self { marker: "walk".to_owned(), ids }
    }

    pub fn id(&self, kind: &str) -> &str {
        let found = self.ids.iter().find(|(known, _)| *known == kind);
        &found.unwrap_or_else(|| panic!("the walk does not know an object of `{kind}`: teach it")).1
    }

    /// Every id.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.ids.iter().map(|(_, id)| id.as_str())
    }

    /// Every operation there is, once per entity where it has one.
    pub fn operations(&self) -> Vec<Operation> {
        self.operations_of(&verstak::openapi::document())
    }

    /// The same of a document.
    pub fn operations_of(&self, document: &Value) -> Vec<Operation> {
        let mut all = Vec::new();
        for (template, methods) in document["paths"].as_object().unwrap() {
            for method in methods
                .as_object()
                .unwrap()
                .keys()
                .filter(|key| ["get", "post", "put", "patch", "delete"].contains(&key.as_str()))
            {
                let template = template.strip_prefix("/api/v1").unwrap();
                if ["/letter", "/send"].iter().any(|end| template.ends_with(&format!("{{entity}}/{{id}}{end}"))) {
                    // Only what is sold has papers.
                    for entity in ["quote", "invoice"] {
                        all.push(self.operation(method, template, entity));
                    }
                } else if template.contains("{entity}") {
                    for entity in ["lead", "deal", "contact", "company", "activity"] {
                        all.push(self.operation(method, template, entity));
                    }
                } else {
                    all.push(self.operation(method, template, ""));
                }
            }
        }
        assert!(all.len() > 80, "the document has lost its operations");
        all
    }

    /// Every operation that has an entity in its address, on one.
    pub fn operations_on(&self, entity: &str) -> Vec<Operation> {
        let document = verstak::openapi::document();
        let paths = document["paths"].as_object().unwrap().iter();
        let of_entities = paths.filter(|(template, _)| template.contains("{entity}"));
        let methods = of_entities.flat_map(|(template, methods)| {
            methods.as_object().unwrap().keys().map(move |method| (template.strip_prefix("/api/v1").unwrap(), method))
        });
        methods.map(|(template, method)| self.operation(method, template, entity)).collect()
    }

    fn operation(&self, method: &str, template: &str, entity: &str) -> Operation {
        let kind = template.split('/').nth(1).unwrap();
        let mut path = template.replace("{entity}", entity);
        let mut owned = false;
        if path.contains("{id}") {
            let id = match kind {
                "plugins" => LEAD_DESK,
                "records" if entity.is_empty() => self.id(template.split('/').nth(2).unwrap()),
                "records" => self.id(entity),
                "payments" => self.id("payment"),
                other => self.id(other),
            };
            owned = kind != "plugins";
            path = path.replace("{id}", id);
        }
        if path.contains("{directory}") {
            owned = true;
            path = path.replace("{directory}", self.id("directories"));
        }
        if kind == "document-templates" {
            path = path.replace("{key}", "quote");
        }
        path = path
            .replace("{of}", "company")
            .replace("{version}", "1")
            .replace("{key}", "quote-approval")
            .replace("{channel}", "mail");
        path = path.replace("{revision}", "1").replace("{note}", &uuid::Uuid::nil().to_string());
        path = path.replace("{role}", "manager").replace("{schedule}", &uuid::Uuid::nil().to_string());
        if path.contains("{export}") {
            path = path.replace("{export}", self.id("exports"));
        }
        if path.contains("{list}") {
            path = path.replace("{list}", self.id("lists"));
        }
        path = path.replace("{delivery}", &uuid::Uuid::nil().to_string());
        path = path.replace("{link}", &uuid::Uuid::nil().to_string());
        path = path.replace("{company}", "acme").replace("{plugin}", LEAD_DESK).replace("{page}", "walk");
        path = path.replace("{job}", "nightly").replace("{run}", &uuid::Uuid::nil().to_string());
        path = path.replace("{rule}", &uuid::Uuid::nil().to_string());
        if method == "get" && ["/layouts", "/layouts/history"].contains(&template) {
            path.push_str("?entity=lead");
        }
        if (method, template) == ("get", "/records/{entity}/rules") {
            path.push_str("?changes=create,update");
        }
        if method == "post" && template.starts_with("/configuration/") {
            path.push_str("?dry_run=true");
        }
        match (method, template) {
            ("post", "/document-templates/own") => path.push_str("?entity=quote&name=walk.typ"),
            ("post", "/public/{company}/{plugin}/{page}/files") => path.push_str("?input=walk&name=walk.txt"),
            ("put", "/document-templates/own/{id}/content") => path.push_str("?name=walk.typ&seen=1"),
            _ => {}
        }
        if (method, template) == ("get", "/documents") {
            path = format!("{path}?entity=quote&id={}", self.id("quote"));
        }
        assert!(!path.contains('{'), "the walk does not know the parameters of {template}: teach it");
        let method = method.to_uppercase();
        let body = (method != "GET" && method != "DELETE").then(|| self.body(&method, template, entity));
        Operation { method, template: template.to_owned(), path, body, owned }
    }

    fn body(&self, method: &str, template: &str, entity: &str) -> Value {
        let fields = match entity {
            "activity" => json!({"title": "walk", "kind": "call"}),
            "lead" => json!({"title": "walk", "phones": ["+79161234567"]}),
            _ => json!({"title": "walk"}),
        };
        match (method, template) {
            ("POST", "/session/forgotten") => json!({"email": "nobody@nowhere.test"}),
            ("POST", "/session/link") => json!({"secret": "walk"}),
            ("POST", "/session/oidc") => json!({"provider": uuid::Uuid::nil()}),
            ("POST", "/session/oidc/code") => json!({"code": "000000"}),
            ("POST" | "PUT", "/sign-in-providers" | "/sign-in-providers/{id}") => provider("walk"),
            ("POST", "/session/link/password") => json!({"secret": "walk", "password": "walks and walks"}),
            ("POST", "/me/factor" | "/me/factor/remove") => json!({"present": "wrong password"}),
            ("PUT", "/me/factor") => json!({"code": "000000"}),
            ("POST", "/session") => json!({"email": "nobody@nowhere.test", "password": "wrong password"}),
            ("POST", "/records/{entity}") => json!({"fields": fields}),
            ("PATCH", "/records/{entity}/{id}") => json!({"fields": {"title": "walked"}}),
            ("POST", "/records/{entity}/bulk") => {
                let id = self.id(entity);
                json!({"create": [{"fields": fields}], "update": [{"id": id, "fields": {"title": "walked"}}], "delete": [id]})
            }
            ("POST", "/records/{entity}/evaluate") => json!({"id": self.id(entity), "fields": {"title": "walked"}}),
            ("POST", "/entities/{entity}/expressions/check") => json!({"text": "record.title != null"}),
            ("POST" | "PUT", "/validation-rules" | "/validation-rules/{id}") => {
                let rule = json!({"name": "walk", "check": "true", "message": {"en": "walk"}});
                if method == "PUT" { json!({"rule": rule}) } else { json!({"entity": "lead", "rule": rule}) }
            }
            ("POST", "/automations") => json!({"entity": "lead", "rule": automation("walk")}),
            ("POST", "/automations/{id}/apply") => json!({"dry_run": true}),
            ("PUT", "/automations/{id}") => json!({"rule": automation("walk")}),
            ("POST" | "PUT", "/webhooks" | "/webhooks/{id}") => webhook("walk"),
            ("POST", "/guest/open" | "/guest/paper") => json!({"token": "walk"}),
            ("POST", "/guest/comments") => json!({"token": "walk", "name": "walk", "text": "walk"}),
            ("POST", "/public/{company}/{plugin}/{page}/read") => {
                json!({"items": [{"name": "walk", "source": {"plugin": "walk"}}]})
            }
            ("POST", "/public/{company}/{plugin}/{page}/act") => json!({"act": "walk"}),
            ("PUT", "/plugins/{id}/public-pages/{page}") => json!({"open": true}),
            ("POST", "/guest/answer") => json!({"token": "walk", "accept": true, "name": "walk"}),
            ("POST", "/records/{entity}/{id}/share") => json!({"scope": "view", "label": "walk"}),
            ("POST", "/records/{entity}/{id}/share/{link}/comments") => json!({"text": "walk"}),
            ("POST", "/automations/dry-run") => {
                json!({"entity": "lead", "rule": automation("walk"), "record": self.id("lead")})
            }
            ("POST", "/records/{entity}/{id}/buttons/{rule}") => json!({"press": uuid::Uuid::nil()}),
            ("POST", "/records/{entity}/query") => json!({"q": self.marker, "total": true}),
            ("POST", "/records/{entity}/{id}/stage") => {
                json!({"stage": if entity == "deal" { "quote" } else { "junk" }})
            }
            ("POST", "/records/{entity}/{id}/timeline") => json!({"text": "walk"}),
            ("POST", "/records/{entity}/duplicates") => json!({"fields": fields}),
            ("POST", "/records/{entity}/merge") => {
                json!({"into": self.id(entity), "records": [uuid::Uuid::nil()], "dry_run": true})
            }
            ("POST", "/entities/{entity}/fields/{key}/type") => json!({"type": "integer", "dry_run": true}),
            ("PUT", "/layouts") => {
                json!({"of": {"entity": "lead"}, "layout": {"sections": [{"title": {"en": "walk"}, "fields": ["title"]}]}})
            }
            ("POST", "/access/preview") => json!({"user": self.id("users"), "entity": "lead"}),
            ("PUT", "/entities/{entity}/duplicates") => json!({"mode": "warn"}),
            ("POST", "/exports") => json!({"entity": "lead", "fields": ["title"], "format": "csv"}),
            ("POST", "/views") => json!({"entity": "lead", "name": "walk"}),
            ("PATCH", "/views/{id}" | "/users/{id}") => json!({"name": "walked"}),
            ("POST", "/users") => {
                json!({"name": "walk", "email": "walk@walk.test", "roles": [self.id("roles")], "department_id": self.id("departments")})
            }
            ("POST" | "PATCH", "/departments" | "/departments/{id}") => {
                json!({"name": "walk", "parent_id": self.id("departments"), "head_id": self.id("users")})
            }
            ("POST" | "PATCH", "/roles" | "/roles/{id}") => json!({"key": "walk", "name": "walk"}),
            ("POST", "/tokens") => json!({"name": "walk"}),
            ("PATCH", "/files/{id}") => json!({"name": "walked"}),
            ("PATCH", "/me") => json!({"locale": "uk"}),
            ("PATCH", "/tenant") => json!({"currency": "EUR"}),
            ("POST", "/plugins/{id}/enable") => json!({"grants": "requested"}),
            ("POST", "/directories") => json!({"label": {"en": "walk"}}),
            ("PATCH", "/directories/{directory}") => json!({"label": {"en": "walked"}}),
            ("POST", "/directories/{directory}/merge") => json!({"from": "source", "dry_run": true}),
            ("POST", "/pipelines") => json!({"entity": "lead", "label": {"en": "walk"}}),
            ("PATCH", "/pipelines/{id}") => json!({"label": {"en": "walked"}}),
            ("PUT", "/pipelines/{id}/stages") => json!({"stages": []}),
            ("PUT", "/currency-rates") => json!({"rates": []}),
            ("PUT", "/records/{entity}/{id}/rows") => json!({"rows": [{"title": "walk", "price": 10}]}),
            ("POST", "/documents" | "/documents/preview") => json!({"entity": "quote", "id": self.id("quote")}),
            ("POST", "/document-templates/own" | "/public/{company}/{plugin}/{page}/files")
            | ("PUT", "/document-templates/own/{id}/content") => Value::String("Walk".to_owned()),
            ("PATCH", "/document-templates/own/{id}") => json!({"title": "walked"}),
            ("POST", "/document-templates/own/{id}/versions/{version}/restore") => json!({"seen": 1}),
            ("PUT", "/document-templates/{key}") => json!({"version": 0, "settings": {"color": "#102030"}}),
            ("POST", "/records/{entity}/{id}/derive") => json!({"to": "invoice"}),
            ("POST", "/records/lead/{id}/convert") => json!({"deal": {"create": {}}}),
            ("POST", "/records/invoice/{id}/void") => json!({"reason": "walk"}),
            ("POST", "/payments/{id}/allocate") => json!({"invoice": self.id("invoice"), "amount": 1}),
            ("POST", "/records/invoice/{id}/payments") => json!({"fields": {"amount": 1}}),
            ("POST", "/sales/calculate") => json!({"rows": [{"quantity": 2, "price": 10}]}),
            ("POST", "/reports/saved") => json!({"name": "walk", "config": {"measures": ["lead.created"]}}),
            ("PATCH", "/reports/saved/{id}") => json!({"name": "walked"}),
            ("POST", "/reports/saved/{id}/schedules") => {
                json!({"every": "day", "hour": 9, "recipients": [self.id("users")]})
            }
            ("POST", "/reports/export") => json!({"config": {"measures": ["lead.created"]}, "format": "csv"}),
            ("PUT", "/plans" | "/reports/probabilities") => json!({"items": []}),
            ("POST" | "PUT", "/dashboards" | "/dashboards/{id}") => {
                let card = json!({"id": "a", "x": 0, "y": 0, "w": 6, "h": 4, "card": {"kind": "tasks"}});
                json!({"name": "walk", "cards": [card]})
            }
            ("PUT", "/dashboards/homes/{role}") => {
                json!({"cards": [{"id": "a", "x": 0, "y": 0, "w": 6, "h": 4, "card": {"kind": "tasks"}}]})
            }
            ("POST", "/reports/query") => json!({"measures": ["lead.created", "deal.won_amount"]}),
            ("PUT", "/plugins/{id}/gate") => json!({"departments": null}),
            ("PUT", "/plugins/{id}/settings") => json!({"settings": {"country": "UA"}}),
            ("POST", "/imports" | "/plugins") => json!({}),
            ("POST", "/imports/link") => json!({"entity": "lead", "url": "https://169.254.169.254/list.csv"}),
            ("POST", "/imports/{id}/header") => json!({"first": 1, "last": 1}),
            ("POST", "/process-definitions" | "/process-drawings") | ("PUT", "/process-drawings/{id}/xml") => {
                Value::String(walked_process("walk"))
            }
            ("POST", "/process-drawings/from-steps") => json!({"title": "walk", "lines": ["walk"]}),
            ("POST", "/process-drawings/compare") => {
                let drawing = self.id("process-drawings");
                json!({"from": {"drawing": drawing}, "to": {"drawing": drawing}})
            }
            ("POST", "/process-drawings/{id}/fix") => json!({"fix": "make_executable"}),
            ("POST", "/process-drawings/{id}/notes") => json!({"element": "task", "pain": "rework"}),
            ("PATCH", "/process-drawings/{id}/revisions/{revision}") => json!({"name": "walked"}),
            ("POST", "/process-definitions/{id}/migrate" | "/process-instances/{id}/migrate") => {
                json!({"version": 1, "dry_run": true})
            }
            ("POST", "/process-instances") => {
                json!({"definition": self.id("process-definitions"), "subject": {"entity": "lead", "id": self.id("lead")}, "variables": {"a": 1}})
            }
            ("PATCH", "/process-instances/{id}") => json!({"variables": {"walked": true}}),
            ("POST", "/process-instances/{id}/skip") => json!({"incident": 1}),
            ("POST", "/process-instances/{id}/start-from") => json!({"element": "task"}),
            ("POST", "/process-instances/{id}/move") => json!({"wait": 1, "element": "task", "reason": "walk"}),
            ("POST", "/process-instances/{id}/next") => json!({"wait": 1}),
            ("POST", "/messages") => {
                json!({"name": "walk", "key": "1", "variables": {}, "subject": {"entity": "lead", "id": self.id("lead")}})
            }
            ("POST", "/signals") => json!({"name": "walk", "variables": {}}),
            ("POST", "/tasks") => {
                json!({"title": "walk", "assignee": self.id("users"), "subject": {"entity": "lead", "id": self.id("lead")}})
            }
            ("PATCH", "/tasks/{id}") => json!({"title": "walked"}),
            ("POST", "/tasks/{id}/return") => json!({"note": "x"}),
            ("POST", "/tasks/{id}/delegate") => json!({"to": self.id("users")}),
            ("POST", "/tasks/{id}/action") => json!({"kind": "approve"}),
            ("POST", "/tasks/{id}/checklist") => json!({"add": ["walk"]}),
            ("POST", "/tasks/{id}/comments") => json!({"text": "walk"}),
            ("POST", "/notifications/read") => json!({}),
            ("POST", "/read") => {
                json!({"plugin": LEAD_DESK, "surface": "walk", "items": [{"name": "walk", "source": {"records": "lead"}}]})
            }
            ("POST", "/read/file") => {
                json!({"plugin": LEAD_DESK, "surface": "walk", "name": "walk", "source": {"records": "lead"}, "as": "csv"})
            }
            ("POST", "/calendars/preview") => {
                json!({"of": "company", "calendar": {"week": {"mon": ["09:00-18:00"]}}, "duration": 60})
            }
            ("POST", "/calendars/holidays") => json!({"country": "UA", "year": 2026}),
            ("PUT", "/me/notifications") => json!({"quiet": false}),
            ("POST", "/view-as") => json!({"user": self.id("users")}),
            ("POST", "/tasks/parse") => json!({"text": "walk tomorrow 15:00"}),
            ("POST", "/process-definitions/{id}/migrate/undo") => json!({"batch": uuid::Uuid::nil()}),
            ("PUT", "/calendars/{of}") => json!({"calendar": null}),
            ("PUT", "/message-gateways/{key}") => {
                json!({"title": "walk", "url": "https://sms.walk.test/", "body": "{\"to\": \"{to}\", \"text\": \"{text}\"}"})
            }
            ("POST", "/letters/{id}/settle" | "/plugin-messages/{id}/settle") => json!({"decision": "sent"}),
            _ => json!({}),
        }
    }
}

/// A picture of one pixel.
pub const PICTURE: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

/// A process with a task of the administrator, and a letter.
fn walked_process(marker: &str) -> String {
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:v="urn:verstak:bpmn:1" targetNamespace="t">
  <process id="walk" name="{marker}" isExecutable="true">
    <startEvent id="start"/>
    <sequenceFlow id="f1" sourceRef="start" targetRef="task"/>
    <sequenceFlow id="f2" sourceRef="start" targetRef="letter"/>
    <userTask id="task" name="{marker}" v:executors="owner"/>
    <serviceTask id="letter" v:service="email">
      <extensionElements>
        <v:param name="to">someone@marker.test</v:param>
        <v:param name="subject">{marker}</v:param>
        <v:param name="text">{marker}</v:param>
      </extensionElements>
    </serviceTask>
  </process>
</definitions>"#
    )
}
