//! Template packs: processes of ours to begin with, in the company's language.
//!
//! Owns: the files of `templates/`, one BPMN file in English for each template and beside it a table with its title,
//! description, the roles it speaks of and the other languages of its texts; modules bring such files too. Must not know: who
//! deploys it. Data leaves as a catalogue and as BPMN files. Ids, conditions and names of variables are the same in every language.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::LazyLock;

use kernel::Locale;
use serde::Deserialize;

use crate::definition::{BPMN, OURS, Problem, escaped, read};

/// Key, file and table of each template.
const SOURCES: [(&str, &str, &str); 4] = [
    (
        "dealer-purchase",
        include_str!("../templates/dealer-purchase.bpmn"),
        include_str!("../templates/dealer-purchase.json"),
    ),
    (
        "lead-qualification",
        include_str!("../templates/lead-qualification.bpmn"),
        include_str!("../templates/lead-qualification.json"),
    ),
    (
        "quote-approval",
        include_str!("../templates/quote-approval.bpmn"),
        include_str!("../templates/quote-approval.json"),
    ),
    (
        "absence-request",
        include_str!("../templates/absence-request.bpmn"),
        include_str!("../templates/absence-request.json"),
    ),
];

/// Elements whose name is what they are called by, not what people read.
const CALLED: [&str; 4] = ["message", "signal", "error", "escalation"];

static ALL: LazyLock<Vec<Template>> = LazyLock::new(|| {
    // A table that cannot be read gives English texts without a title; the tests below know that there is none.
    let made = |(key, file, table): (&str, &str, &str)| Template {
        key: key.to_owned(),
        file: file.to_owned(),
        table: serde_json::from_str(table).unwrap_or_default(),
    };
    SOURCES.into_iter().map(made).collect()
});

/// A process to begin with.
#[derive(Debug)]
pub struct Template {
    /// Its key: the id of its process and the key of the definition made from it.
    pub key: String,
    file: String,
    table: Table,
}

/// What stands beside the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    title: HashMap<Locale, String>,
    description: HashMap<Locale, String>,
    roles: Vec<Role>,
    /// English text -> the same in other languages.
    texts: BTreeMap<String, HashMap<Locale, String>>,
}

/// A role whose holders have tasks in the process.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Its key, as executors name it.
    pub key: String,
    name: HashMap<Locale, String>,
}

impl Role {
    /// What to call it.
    pub fn name(&self, locale: Locale) -> &str {
        in_locale(&self.name, locale)
    }
}

/// All templates.
pub fn all() -> &'static [Template] {
    &ALL
}

/// The template with this key.
pub fn find(key: &str) -> Option<&'static Template> {
    ALL.iter().find(|template| template.key == key)
}

impl Template {
    /// One of a module: its file in English and its table, written as ours are.
    ///
    /// # Errors
    /// What is wrong, in English: a file that cannot run or has something an author should know, a process of another name, a
    /// table that cannot be read or has no English title.
    pub fn of(key: &str, file: &[u8], table: &[u8]) -> Result<Self, String> {
        let file = String::from_utf8(file.to_vec()).map_err(|_| "it is no UTF-8 text".to_owned())?;
        let said = |problems: &[Problem]| {
            problems.first().map_or_else(String::new, |problem| format!("{}: {}", problem.element, problem.message))
        };
        let (definition, problems) = read(file.as_bytes()).map_err(|problems| said(&problems))?;
        if !problems.is_empty() {
            return Err(said(&problems));
        }
        if definition.key != key {
            return Err(format!("its process is called `{}`, not `{key}`", definition.key));
        }
        let table: Table = serde_json::from_slice(table).map_err(|error| format!("its table: {error}"))?;
        if !table.title.contains_key(&Locale::En) {
            return Err("its table has no English title".to_owned());
        }
        Ok(Self { key: key.to_owned(), file, table })
    }

    /// What it is called.
    pub fn title(&self, locale: Locale) -> &str {
        in_locale(&self.table.title, locale)
    }

    /// What it is for.
    pub fn description(&self, locale: Locale) -> &str {
        in_locale(&self.table.description, locale)
    }

    /// Roles it needs.
    pub fn roles(&self) -> &[Role] {
        &self.table.roles
    }

    /// The BPMN file in a language.
    pub fn file(&self, locale: Locale) -> String {
        let mut file = self.file.clone();
        let mut texts = texts(&self.file);
        texts.sort_by_key(|text| std::cmp::Reverse(text.place.start));
        for Text { place, text } in texts {
            if let Some(translated) = self.table.texts.get(&text).and_then(|other| other.get(&locale)) {
                file.replace_range(place, &escaped(translated));
            }
        }
        file
    }
}

fn in_locale(texts: &HashMap<Locale, String>, locale: Locale) -> &str {
    texts.get(&locale).or_else(|| texts.get(&Locale::En)).map_or("", String::as_str)
}

/// A text of a file that may have other languages.
struct Text {
    /// Where its characters stand.
    place: Range<usize>,
    text: String,
}

fn texts(file: &str) -> Vec<Text> {
    let Ok(document) = roxmltree::Document::parse(file) else { return Vec::new() };
    let mut found = Vec::new();
    for element in document.descendants().filter(roxmltree::Node::is_element) {
        let (tag, namespace) = (element.tag_name().name(), element.tag_name().namespace().unwrap_or_default());
        let names: &[&str] = match namespace {
            BPMN if !CALLED.contains(&tag) => &["name"],
            OURS => &["label", "choices"],
            _ => &[],
        };
        let attributes = element.attributes().filter(|it| it.namespace().is_none() && names.contains(&it.name()));
        found.extend(attributes.map(|it| Text { place: it.range_value(), text: it.value().to_owned() }));
        // Of parameters only those of letters are for people.
        let of_letter = matches!(element.attribute("name"), Some("subject" | "text"));
        if (namespace == BPMN && tag == "documentation" || namespace == OURS && tag == "param" && of_letter)
            && let Some(inside) = element.first_child().filter(roxmltree::Node::is_text)
        {
            found.push(Text { place: inside.range(), text: inside.text().unwrap_or_default().to_owned() });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::definition::contract::Executor;
    use crate::definition::model::NodeKind;

    #[test]
    fn every_template_reads_without_a_problem_in_every_language() {
        for (template, locale) in all().iter().flat_map(|template| Locale::ALL.map(|locale| (template, locale))) {
            let file = template.file(locale);
            let (definition, problems) = read(file.as_bytes()).unwrap_or_else(|problems| panic!("{problems:#?}"));
            assert_eq!(problems, [], "{} {locale}", template.key);
            assert_eq!(definition.key, template.key);
            assert_eq!(definition.name, template.title(locale));
        }
    }

    #[test]
    fn every_text_has_every_language_and_no_table_has_more() {
        for template in all() {
            assert_eq!(
                serde_json::from_str::<Table>(source(template).2).map(|_| ()).map_err(|e| e.to_string()),
                Ok(())
            );
            let texts = texts(&template.file);
            let there: BTreeSet<&str> = texts.iter().map(|text| text.text.as_str()).collect();
            for text in &texts {
                let other = template.table.texts.get(&text.text).unwrap_or_else(|| panic!("no table: {}", text.text));
                assert!(other.len() == 2 && !other.contains_key(&Locale::En), "{}", text.text);
            }
            for text in template.table.texts.keys() {
                assert!(there.contains(text.as_str()), "{}: nothing says `{text}`", template.key);
            }
            for names in [&template.table.title, &template.table.description]
                .into_iter()
                .chain(template.roles().iter().map(|role| &role.name))
            {
                assert_eq!(names.len(), 3, "{names:?}");
            }
        }
    }

    fn source(template: &Template) -> (&'static str, &'static str, &'static str) {
        SOURCES.into_iter().find(|(key, ..)| *key == template.key).unwrap()
    }

    #[test]
    fn other_languages_change_texts_and_nothing_else() {
        for template in all() {
            assert_eq!(template.file(Locale::En), template.file);
            let plain = |file: &str| {
                let mut file = file.to_owned();
                let mut texts = texts(&file);
                texts.sort_by_key(|text| std::cmp::Reverse(text.place.start));
                for text in texts {
                    file.replace_range(text.place, "");
                }
                file
            };
            for locale in [Locale::Ru, Locale::Uk] {
                assert_eq!(plain(&template.file(locale)), plain(&template.file), "{} {locale}", template.key);
            }
        }
        assert!(find("dealer-purchase").unwrap().file(Locale::Ru).contains("Подготовить техническое решение"));
        assert!(find("nothing").is_none());
    }

    #[test]
    fn what_a_module_brings_is_judged() {
        let ours = find("quote-approval").unwrap();
        let (_, file, table) = source(ours);
        let of = |key: &str, file: &str, table: &str| {
            Template::of(key, file.as_bytes(), table.as_bytes()).map(|made| made.title(Locale::Ru).to_owned())
        };
        assert_eq!(of("quote-approval", file, table), Ok("Согласование предложения".to_owned()));
        assert_eq!(of("other", file, table).unwrap_err(), "its process is called `quote-approval`, not `other`");
        assert!(of("quote-approval", file, "{\"x\": 1}").unwrap_err().starts_with("its table: "));
        let nameless = "{\"title\": {}, \"description\": {}, \"roles\": [], \"texts\": {}}";
        assert_eq!(of("quote-approval", file, nameless).unwrap_err(), "its table has no English title");
        assert!(of("quote-approval", "<x/>", table).is_err());
        assert!(Template::of("x", &[0xff], table.as_bytes()).is_err());
    }

    #[test]
    fn every_node_and_flow_is_drawn_where_no_other_node_is() {
        for template in all() {
            let (definition, _) = read(template.file.as_bytes()).unwrap();
            let document = roxmltree::Document::parse(&template.file).unwrap();
            let drawn: Vec<_> = document.descendants().filter(|node| node.has_attribute("bpmnElement")).collect();
            let place = |id: &str| {
                let shape = drawn.iter().find(|node| node.attribute("bpmnElement") == Some(id)).copied();
                let shape = shape.unwrap_or_else(|| panic!("{}: `{id}` is not drawn", template.key));
                let bounds = shape.children().find(|node| node.tag_name().name() == "Bounds").unwrap();
                ["x", "y", "width", "height"].map(|name| bounds.attribute(name).unwrap().parse::<i32>().unwrap())
            };
            for flow in &definition.flows {
                let edge = drawn.iter().find(|node| node.attribute("bpmnElement") == Some(&flow.id)).unwrap();
                assert!(edge.children().filter(|node| node.tag_name().name() == "waypoint").count() >= 2);
            }
            let free = definition.nodes.iter().filter(|node| !matches!(node.kind, NodeKind::Boundary { .. }));
            let places: Vec<_> = free.map(|node| (&node.id, place(&node.id))).collect();
            assert!(definition.nodes.iter().all(|node| place(&node.id)[2] > 0));
            for (at, (id, [x, y, w, h])) in places.iter().enumerate() {
                assert!(*x >= 0 && *y >= 0);
                for (other, [ox, oy, ow, oh]) in places.iter().skip(at + 1) {
                    let apart = x + w < *ox || ox + ow < *x || y + h < *oy || oy + oh < *y;
                    assert!(apart, "{}: `{id}` lies on `{other}`", template.key);
                }
            }
        }
    }

    #[test]
    fn steps_have_their_contract_and_their_roles_are_in_the_catalogue() {
        for template in all() {
            let (definition, _) = read(template.file.as_bytes()).unwrap();
            let mut roles = BTreeSet::new();
            for node in &definition.nodes {
                let NodeKind::User(contract) = &node.kind else { continue };
                assert!(contract.duration.is_some() && !contract.remind_before.is_empty(), "{}", node.id);
                assert!(contract.event.is_some() && !contract.executors.is_empty(), "{}", node.id);
                assert!(!node.documentation.is_empty(), "{}", node.id);
                let escalated = contract.escalate.iter().map(|escalate| &escalate.to);
                for who in contract.executors.iter().chain(escalated) {
                    match who {
                        Executor::Role(key) => drop(roles.insert(key.clone())),
                        Executor::Expression(expression) => {
                            let named = expression.text().split("role:").skip(1);
                            roles.extend(named.filter_map(|rest| rest.split('"').next()).map(str::to_owned));
                        }
                        _ => {}
                    }
                }
            }
            let listed: BTreeSet<String> = template.roles().iter().map(|role| role.key.clone()).collect();
            assert_eq!(roles, listed, "{}", template.key);
        }
    }
}
