//! A rule that grows into a process: a drawing of what it does, for whoever goes on drawing. Its trigger is the start event,
//! its condition a gateway, its delay a timer, its actions service tasks in their order. The rule itself stays as it is.
//!
//! What came of an action is the variable `result_<number>`, from 1. What a process says in another way stands in words in
//! the drawing's documentation. The same rule always gives the same file.

use std::fmt::Write as _;

use ::people::require_admin;
use kernel::{Ctx, Error, Locale, Result};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::model::{Action, ActsAs, Rule, SCRIPT, TriggerKind};
use super::rules::MAX_ACTIONS;
use super::{Automations, people, words};
use crate::definition::words::text as worded;
use crate::definition::{BPMN, OURS, escaped, layout};
use crate::drawings::{DrawingKind, DrawingView, NewDrawing};

/// The file while it is written.
struct Sheet {
    locale: Locale,
    messages: String,
    nodes: String,
    flows: String,
    /// The element that leads to the next one, and when.
    last: String,
    condition: Option<String>,
    /// Whether a gateway leads past everything.
    passes: bool,
    notes: Vec<String>,
}

impl Automations {
    /// Makes a drawing of a rule (administrators who design processes).
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn draw(&self, ctx: &Ctx, id: Uuid) -> Result<DrawingView> {
        require_admin(ctx)?;
        let placed = self.one(ctx, id).await?.placed;
        let title: String = placed.rule.name.chars().filter(|letter| !letter.is_control()).collect();
        let title = Some(title).filter(|title| !title.trim().is_empty());
        let (entity, rule, locale) = (placed.entity, placed.rule, ctx.locale);
        // Where everything stands is much to work out.
        let written = tokio::task::spawn_blocking(move || file(&entity, &rule, locale));
        let xml = written.await.map_err(Error::internal)?.into_bytes();
        self.processes.create_drawing(ctx, NewDrawing { xml, title, kind: DrawingKind::Draft }).await
    }
}

/// The file, with a diagram.
fn file(entity: &str, rule: &Rule, locale: Locale) -> String {
    let mut sheet = Sheet {
        locale,
        messages: String::new(),
        nodes: String::new(),
        flows: String::new(),
        last: "start".to_owned(),
        condition: None,
        passes: false,
        notes: Vec::new(),
    };
    sheet.start(entity, rule);
    sheet.conditions(rule);
    for (number, action) in (1..).zip(&rule.actions) {
        sheet.action(number, action);
    }
    sheet.then("end", "<endEvent id=\"end\"/>");
    if sheet.passes {
        sheet.node("<endEvent id=\"passed\"/>");
    }
    if rule.once {
        sheet.note("once", "");
    }
    if rule.acts_as == ActsAs::Actor {
        sheet.note("actor", "");
    }
    let text = sheet.written(&rule.name);
    // It is well-formed: we wrote it.
    layout::laid_out(text.as_bytes()).unwrap_or(text)
}

impl Sheet {
    fn written(&self, name: &str) -> String {
        let documentation = match self.notes.is_empty() {
            true => String::new(),
            false => format!("    <documentation>{}</documentation>\n", xml(&self.notes.join("\n"))),
        };
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<definitions xmlns=\"{BPMN}\" xmlns:v=\"{OURS}\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" id=\"definitions\" targetNamespace=\"urn:verstak:rule\">\n{}  <process id=\"{}\" name=\"{}\" isExecutable=\"true\">\n{documentation}{}{}  </process>\n</definitions>\n",
            self.messages,
            key(name),
            xml(name),
            self.nodes,
            self.flows
        )
    }

    fn note(&mut self, what: &str, value: &str) {
        self.notes.push(worded(self.locale, &format!("rule.note.{what}"), value));
    }

    fn node(&mut self, element: &str) {
        let _ = writeln!(self.nodes, "    {element}");
    }

    /// An element after the last one.
    fn then(&mut self, id: &str, element: &str) {
        self.node(element);
        let (from, condition) = (std::mem::replace(&mut self.last, id.to_owned()), self.condition.take());
        let flow = format!("<sequenceFlow id=\"{from}-{id}\" sourceRef=\"{from}\" targetRef=\"{id}\"");
        let _ = match condition {
            Some(condition) => writeln!(
                self.flows,
                "    {flow}><conditionExpression xsi:type=\"tFormalExpression\">{}</conditionExpression></sequenceFlow>",
                xml(&condition)
            ),
            None => writeln!(self.flows, "    {flow}/>"),
        };
    }

    /// A gateway that goes on only when the condition holds.
    fn ask(&mut self, id: &str, condition: String) {
        let passing = format!("{id}-passed");
        self.then(id, &format!("<exclusiveGateway id=\"{id}\" default=\"{passing}\"/>"));
        let _ = writeln!(self.flows, "    <sequenceFlow id=\"{passing}\" sourceRef=\"{id}\" targetRef=\"passed\"/>");
        (self.condition, self.passes) = (Some(condition), true);
    }

    fn wait(&mut self, span: &str) {
        let timer = format!("<timerEventDefinition><timeDuration>{}</timeDuration></timerEventDefinition>", xml(span));
        self.then("wait", &format!("<intermediateCatchEvent id=\"wait\">{timer}</intermediateCatchEvent>"));
        self.note("wait", span);
    }

    /// A message of the file.
    fn message(&mut self, id: &str, name: &str) {
        let _ = writeln!(self.messages, "  <message id=\"{id}\" name=\"{}\"/>", xml(name));
    }

    fn start(&mut self, entity: &str, rule: &Rule) {
        let on = &rule.on;
        let stage = on.stage.as_deref().unwrap_or_default();
        let name = match on.event {
            TriggerKind::Created => Some(format!("{entity}.created")),
            TriggerKind::Deleted => Some(format!("{entity}.deleted")),
            TriggerKind::Updated => {
                if !on.fields.is_empty() {
                    self.note("fields", &on.fields.join(", "));
                }
                Some(format!("{entity}.updated"))
            }
            TriggerKind::StageLeft => {
                self.note("left", stage);
                Some(format!("{entity}.updated"))
            }
            TriggerKind::StageEntered | TriggerKind::Stuck => Some(format!("{entity}.stage:{stage}")),
            TriggerKind::Webhook => {
                self.note("hook", on.record.as_deref().unwrap_or("-"));
                Some(key(&rule.name))
            }
            // Somebody starts it from the record.
            TriggerKind::Button => None,
            TriggerKind::Date => {
                self.note("date", on.field.as_deref().unwrap_or_default());
                None
            }
            TriggerKind::Schedule => {
                self.note("schedule", entity);
                let cron = xml(on.cron.as_deref().unwrap_or_default());
                let timer = format!("<timerEventDefinition><timeCycle>{cron}</timeCycle></timerEventDefinition>");
                return self.node(&format!("<startEvent id=\"start\">{timer}</startEvent>"));
            }
        };
        match name {
            Some(name) => {
                self.message("message_start", &name);
                let event = "<messageEventDefinition messageRef=\"message_start\"/>";
                self.node(&format!("<startEvent id=\"start\">{event}</startEvent>"));
            }
            None => self.node("<startEvent id=\"start\"/>"),
        }
    }

    /// What is asked and waited for before the first action, as the rule does.
    fn conditions(&mut self, rule: &Rule) {
        let when = rule.when.as_deref().map(named);
        for name in ["before", "today", "now"] {
            if rule.when.as_deref().is_some_and(|when| when.contains(name)) {
                self.note("name", name);
            }
        }
        if rule.on.event == TriggerKind::Stuck {
            self.wait(rule.on.after.as_deref().unwrap_or_default());
            let stage = quoted(rule.on.stage.as_deref().unwrap_or_default());
            self.ask("still", format!("record.stage == {stage}"));
        }
        if let Some(when) = &when {
            self.ask("asked", when.clone());
        }
        if let Some(delay) = &rule.delay {
            self.wait(delay);
            if let Some(when) = when {
                self.ask("asked_again", when);
            }
        }
    }

    fn action(&mut self, number: usize, action: &Action) {
        let (id, asked) = (format!("action_{number}"), action.asked());
        let given = &*asked;
        match action.kind.as_str() {
            "task" => self.task(&id, given),
            "message" => self.send(&id, given),
            SCRIPT => {
                let text = given.get(SCRIPT).and_then(Json::as_str).unwrap_or_default();
                let name = self.name_of(SCRIPT);
                let element = script(&id, &name, &format!("result_{number}"), &expression(text));
                self.then(&id, &element);
            }
            kind => {
                let service = match kind {
                    "set-fields" | "move-stage" => "update-record",
                    other => other,
                };
                let mut element = format!(
                    "<serviceTask id=\"{id}\" name=\"{}\" v:service=\"{}\" v:resultVariable=\"result_{number}\">\n      <extensionElements>\n",
                    xml(&self.name_of(kind)),
                    xml(service)
                );
                for (name, value) in given {
                    let value = if ["to", "cc"].contains(&name.as_str()) { together(value) } else { parameter(value) };
                    let _ = writeln!(element, "        <v:param name=\"{}\">{}</v:param>", xml(name), xml(&value));
                }
                element.push_str("      </extensionElements>\n    </serviceTask>");
                self.then(&id, &element);
            }
        }
    }

    /// What an action is called.
    fn name_of(&self, kind: &str) -> String {
        let key = format!("rule.kind.{kind}");
        let words = worded(self.locale, &key, "");
        if words == key { kind.to_owned() } else { words }
    }

    fn task(&mut self, id: &str, given: &Map<String, Json>) {
        let plain = |name: &str| given.get(name).and_then(Json::as_str).unwrap_or_default();
        let mut element = format!("<userTask id=\"{id}\" name=\"{}\"", xml(plain("title")));
        let who = given.get("executors").map(together).unwrap_or_default();
        for (name, value) in [("executors", who.as_str()), ("duration", plain("within"))] {
            if !value.is_empty() {
                let _ = write!(element, " v:{name}=\"{}\"", xml(value));
            }
        }
        match plain("description") {
            "" => element.push_str("/>"),
            text => {
                let _ = write!(element, "><documentation>{}</documentation></userTask>", xml(text));
            }
        }
        if plain("title").contains("{{") || plain("title").starts_with('=') {
            self.note("title", plain("title"));
        }
        self.then(id, &element);
    }

    /// A message brings the variables of its process: those of the action are set before it.
    fn send(&mut self, id: &str, given: &Map<String, Json>) {
        let variables = given.iter().filter(|(name, _)| !["message", "key"].contains(&name.as_str()));
        for (number, (name, value)) in (1..).zip(variables) {
            let value = parameter(value);
            let value = value.strip_prefix('=').map_or_else(|| quoted(&value), str::to_owned);
            let (set, title) = (format!("{id}_{number}"), self.name_of(SCRIPT));
            let element = script(&set, &title, name, &value);
            self.then(&set, &element);
        }
        let message = format!("message_{id}");
        self.message(&message, given.get("message").and_then(Json::as_str).unwrap_or_default());
        let key = given.get("key").and_then(Json::as_str).filter(|key| !key.trim().is_empty());
        let key = key.map(|key| format!(" v:correlationKey=\"{}\"", xml(&expression_of(key))));
        let name = xml(&self.name_of("message"));
        let key = key.unwrap_or_default();
        self.then(id, &format!("<sendTask id=\"{id}\" name=\"{name}\" messageRef=\"{message}\"{key}/>"));
    }
}

fn script(id: &str, name: &str, variable: &str, expression: &str) -> String {
    format!(
        "<scriptTask id=\"{id}\" name=\"{}\" scriptFormat=\"cel\" v:resultVariable=\"{}\"><script>{}</script></scriptTask>",
        xml(name),
        xml(variable),
        xml(expression)
    )
}

/// The id of the process: letters and digits of the name, in Latin.
fn key(name: &str) -> String {
    let key: String = kernel::text::latin(name, '-').chars().take(64).collect();
    format!("rule-{key}").trim_end_matches('-').to_owned()
}

/// A text that may stand in the file: what XML cannot say is left out.
fn xml(text: &str) -> String {
    let kept = |sign: &char| !(sign.is_control() || matches!(sign, '\u{fffe}' | '\u{ffff}'));
    let said = |sign: &char| matches!(sign, '\n' | '\t') || kept(sign);
    escaped(&text.chars().filter(said).collect::<String>())
}

/// A text in CEL.
fn quoted(text: &str) -> String {
    Json::from(text).to_string()
}

/// An expression of a rule as a process says it: what came of actions is in variables.
fn named(expression: &str) -> String {
    (0..MAX_ACTIONS).fold(expression.trim().to_owned(), |text, index| {
        text.replace(&format!("results[{index}]"), &format!("vars.result_{}", index + 1))
    })
}

/// The expression that a text is as a whole.
fn expression(text: &str) -> String {
    named(words::whole(text).unwrap_or(text))
}

/// The expression that gives what a text gives.
fn expression_of(text: &str) -> String {
    match words::whole(text) {
        Some(whole) => named(whole),
        None => pieces(text),
    }
}

/// A text with expressions in it, put together.
fn pieces(text: &str) -> String {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((inside, left)) = after.split_once("}}") else { break };
        if !before.is_empty() {
            parts.push(quoted(before));
        }
        parts.push(told(inside));
        rest = left;
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(quoted(rest));
    }
    parts.join(" + ")
}

/// What an expression gives within a text: nothing where it gives none, as rules write it.
fn told(inside: &str) -> String {
    let expression = named(inside);
    let is_path = expression.chars().all(|sign| sign.is_ascii_alphanumeric() || "_.[]".contains(sign));
    let asked = if is_path { expression.clone() } else { format!("({expression})") };
    format!("({asked} == null ? \"\" : string({expression}))")
}

/// A value in CEL.
fn value_of(value: &Json) -> String {
    match value {
        Json::String(text) => expression_of(text),
        Json::Array(items) => format!("[{}]", items.iter().map(value_of).collect::<Vec<_>>().join(", ")),
        Json::Object(members) => {
            let member = |(name, value): (&String, &Json)| format!("{}: {}", quoted(name), value_of(value));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// A parameter as a process writes it: as it is, or an expression behind `=`.
fn parameter(value: &Json) -> String {
    match value {
        Json::String(text) if !words::is_open(value) => text.clone(),
        other => format!("={}", value_of(other)),
    }
}

/// People as one text.
fn together(value: &Json) -> String {
    let open = |items: &Vec<Json>| items.iter().any(words::is_open);
    match value {
        Json::Array(items) if !open(items) => people::parts(Some(value)).join(", "),
        other => parameter(other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::definition;

    fn drawn(rule: Json) -> String {
        let rule: Rule = serde_json::from_value(rule).unwrap();
        file("deal", &rule, Locale::En)
    }

    #[test]
    fn a_rule_becomes_a_file_that_can_be_read() {
        let text = drawn(
            json!({"name": "Won & <done>\u{1}", "on": {"event": "stage_entered", "stage": "won"}, "when": "record.amount > 5.0",
            "delay": "PT2H", "do": [
                {"kind": "task", "parameters": {"title": "Call", "description": "a < b", "executors": ["owner", "role:sales"], "within": "P1D"}},
                {"kind": "create-record", "parameters": {"entity": "activity", "title": "Of {{record.title}}", "done": true}},
                {"kind": "set-fields", "parameters": {"comments": "{{results[1].id}} \"x\"", "amount": "=record.amount * 2.0"}},
                {"kind": "script", "parameters": {"script": "record.title + '!'"}},
                {"kind": "message", "parameters": {"message": "paid", "key": "{{record.title}}", "sum": 5, "note": "x"}},
                {"kind": "webhook", "parameters": {"url": "https://a.test", "body": {"a": [1, "{{record.title}}"]}}}]}),
        );
        let (definition, _) =
            definition::read(text.as_bytes()).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
        assert_eq!(definition.key, "rule-won-done");
        for said in [
            "name=\"deal.stage:won\"",
            "<timeDuration>PT2H</timeDuration>",
            "v:executors=\"owner, role:sales\" v:duration=\"P1D\"",
            "=&quot;Of &quot; + (record.title == null ? &quot;&quot; : string(record.title))",
            "=(vars.result_2.id == null ? &quot;&quot; : string(vars.result_2.id)) + &quot; \\&quot;x\\&quot;&quot;",
            "<v:param name=\"done\">=true</v:param>",
            "v:service=\"update-record\"",
            "v:correlationKey=\"(record.title == null ? &quot;&quot; : string(record.title))\"",
            "={&quot;a&quot;: [1, (record.title == null ? &quot;&quot; : string(record.title))]}",
        ] {
            assert!(text.contains(said), "{said}\n{text}");
        }
        assert_eq!(text.matches("<exclusiveGateway").count(), 2);
        assert!(text.contains("BPMNDiagram"), "{text}");
    }

    #[test]
    fn hostile_texts_stay_texts() {
        let bad = "]]></script>\"'<end/>&amp;\u{0}\u{b}\u{fffe}{{ {{record.title}} }} -->";
        let variables: Map<String, Json> = (0..49).map(|number| (format!("<v{number}\">"), Json::from(bad))).collect();
        let mut message = variables.clone();
        message.insert("message".to_owned(), Json::from(bad));
        let one = |kind: &str, parameters: &Map<String, Json>| json!({"kind": kind, "parameters": parameters});
        let actions: Vec<Json> = (0..MAX_ACTIONS)
            .map(|number| match number % 3 {
                0 => one("message", &message),
                1 => one("task", &Map::from_iter([("title".to_owned(), Json::from(bad))])),
                _ => one("plugin:\"/><x", &variables),
            })
            .collect();
        let text = drawn(json!({"name": bad, "on": {"event": "created"}, "when": bad, "do": actions}));
        let read = roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{error}"));
        let count = |tag: &str| read.descendants().filter(|node| node.tag_name().name() == tag).count();
        assert_eq!((count("userTask"), count("serviceTask"), count("sendTask"), count("x")), (7, 6, 7, 0));
        assert_eq!((count("scriptTask"), count("endEvent")), (7 * 49, 2));
    }

    #[test]
    fn each_trigger_begins_a_process_and_what_it_says_otherwise_is_told() {
        let tell = json!([{"kind": "notice", "parameters": {"to": "owner", "text": "x"}}]);
        for (on, said) in [
            (json!({"event": "created"}), "deal.created"),
            (json!({"event": "updated", "fields": ["amount", "title"]}), "amount, title"),
            (json!({"event": "stage_left", "stage": "new"}), "deal.updated"),
            (json!({"event": "stuck", "stage": "new", "after": "P2D"}), "record.stage == &quot;new&quot;"),
            (json!({"event": "deleted"}), "deal.deleted"),
            (json!({"event": "date", "field": "close_date"}), "close_date"),
            (json!({"event": "button", "label": {"en": "Go"}, "roles": ["a"]}), "<startEvent id=\"start\"/>"),
            (json!({"event": "webhook", "record": "vars.id"}), "names the record by vars.id"),
            (json!({"event": "webhook", "record": "vars.id"}), "<message id=\"message_start\" name=\"rule-r\"/>"),
            (json!({"event": "schedule", "cron": "0 9 * * 1"}), "<timeCycle>0 9 * * 1</timeCycle>"),
        ] {
            let text = drawn(json!({"name": "r", "on": on, "do": tell, "once": true}));
            assert!(text.contains(said), "{said}\n{text}");
            let read = definition::read(text.as_bytes());
            assert!(read.is_ok(), "{:?}\n{text}", read.err());
        }
    }
}
