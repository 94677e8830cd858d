//! Axes of the funnel: where a step stands, and what is known about the record it is about; as SQL, and as the filter that
//! a value of it stands for.

use kernel::filter::{Filter, Op, Operand, Test};
use kernel::value::FieldType;
use kernel::{Ctx, FieldKey, Result};
use process::runtime::Events;
use records::relations::{self, Joined};
use records::shape::Asker;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait};
use serde_json::Value as Json;

use super::invalid;

/// The rows of steps in the funnel's query; `process` and `records` say what their columns are.
pub(super) const STEPS: &str = "step";
/// The person whose record it is, as `people` joins them.
pub(super) const OWNER: &str = "owner_account";
/// Our own legal entities.
const ORGANIZATION: &str = "organization";

/// One axis.
#[derive(Debug, Clone)]
pub(super) enum Axis {
    /// Definition, or pipeline.
    Template,
    /// Process of the file.
    Process,
    /// Element, or stage.
    Step,
    /// `v:event` of the element.
    Event,
    /// Owner of the record, or who started the instance.
    Manager,
    /// The manager's department.
    Department,
    /// The company of the record, else its contact.
    Client(FieldKey),
    /// A field of the record, under a name of its own.
    Field(String, FieldKey, FieldType),
    /// A field of the record that a link of the record points to.
    Hop(String, Box<Expr>, FieldType),
}

impl Axis {
    /// Reads `template`, `process`, `step`, `event`, `manager`, `department`, `organization`, `client`, `source`,
    /// `field:<key>` or `field:<link>.<key>`.
    pub(super) fn parse(ctx: &Ctx, asker: &Asker<'_>, text: &str, entity: Option<&Joined>) -> Result<Self> {
        let needs = || invalid("group_by", format!("`{}` needs `entity`: of which records?", short(text)));
        Ok(match text {
            "template" => Self::Template,
            "process" => Self::Process,
            "step" | "stage" => Self::Step,
            "event" => Self::Event,
            "manager" => Self::Manager,
            "department" => Self::Department,
            "client" => {
                let joined = entity.ok_or_else(needs)?;
                let client = ["company", "contact"].into_iter().find(|key| joined.value(key).is_some());
                let seen = client.filter(|key| joined.def.shows_key(&ctx.rights, key));
                Self::Client(
                    seen.ok_or_else(|| invalid("group_by", format!("a {} has no client", joined.def.key)))?.into(),
                )
            }
            "organization" => {
                let joined = entity.ok_or_else(needs)?;
                let to = |field: &&records::FieldDef| field.target().is_some_and(|target| target == ORGANIZATION);
                let found = joined.def.fields.iter().filter(to).find(|field| joined.value(&field.key).is_some());
                let key = found.map(|field| field.key.clone());
                let key =
                    key.ok_or_else(|| invalid("group_by", format!("a {} has no organization", joined.def.key)))?;
                of_field(ctx, joined, text, &key)?
            }
            "source" => of_field(ctx, entity.ok_or_else(needs)?, text, "source")?,
            other => {
                let Some(key) = other.strip_prefix("field:") else {
                    let known = "template, process, step, event, manager, department, organization, client, source, \
                                 field:<key>, field:<link>.<key>";
                    return Err(invalid("group_by", format!("`{}` is none of {known}", short(other))));
                };
                let joined = entity.ok_or_else(needs)?;
                match key.split_once('.') {
                    None => of_field(ctx, joined, other, key)?,
                    Some((link, field)) => {
                        let found = relations::hop(asker, ctx, joined, link, field);
                        let (value, kind) = found.ok_or_else(|| not_a_field(joined, key))?;
                        Self::Hop(other.to_owned(), Box::new(value), kind)
                    }
                }
            }
        })
    }

    /// Its name in the answer.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Template => "template",
            Self::Process => "process",
            Self::Step => "step",
            Self::Event => "event",
            Self::Manager => "manager",
            Self::Department => "department",
            Self::Client(_) => "client",
            Self::Field(name, ..) | Self::Hop(name, ..) => name,
        }
    }

    /// Type of its cells.
    pub(super) const fn kind(&self) -> FieldType {
        match self {
            Self::Template | Self::Manager | Self::Department | Self::Client(_) => FieldType::Link,
            Self::Process | Self::Step | Self::Event => FieldType::Text,
            Self::Field(_, _, kind) | Self::Hop(_, _, kind) => *kind,
        }
    }

    /// Its value in SQL.
    pub(super) fn expression(&self, entity: Option<&Joined>, events: &Events) -> Expr {
        let step = |column: &'static str| Expr::col((STEPS, column));
        match self {
            Self::Template => step("template"),
            Self::Process => step("process"),
            Self::Step => step("step"),
            Self::Event => event_of(events),
            Self::Manager => Expr::col((OWNER, "id")),
            Self::Department => Expr::col((OWNER, "department_id")),
            Self::Client(key) | Self::Field(_, key, _) => {
                entity.and_then(|joined| joined.value(key)).unwrap_or_else(nothing)
            }
            Self::Hop(_, value, _) => (**value).clone(),
        }
    }

    /// The filter that a value stands for, over records with stages; none where it says nothing about them.
    pub(super) fn filter(&self, value: &Json) -> Option<Filter> {
        let field = match self {
            Self::Process | Self::Step | Self::Event => return None,
            Self::Template => "pipeline",
            Self::Manager => "owner",
            Self::Department => "owner.department",
            Self::Client(key) | Self::Field(_, key, _) => key,
            Self::Hop(name, ..) => name.strip_prefix("field:").unwrap_or(name),
        };
        let none = |op: Op| Filter::Test(Test { field: field.to_owned(), op, value: Operand::None });
        Some(match value {
            // Whose link is empty has no value there either.
            Json::Null if field.contains('.') => Filter::Not(Box::new(none(Op::NotEmpty))),
            Json::Null => none(Op::Empty),
            value => Filter::test(field, Op::Eq, value.clone()),
        })
    }
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

fn not_a_field(joined: &Joined, key: &str) -> kernel::Error {
    invalid("group_by", format!("`{}` is no field of {} to group by", short(key), joined.def.key))
}

fn of_field(ctx: &Ctx, joined: &Joined, name: &str, key: &str) -> Result<Axis> {
    let def = &joined.def;
    match def.field(key).filter(|field| field.is_sortable() && def.shows(&ctx.rights, field)) {
        Some(field) => Ok(Axis::Field(name.to_owned(), field.key.clone(), field.kind)),
        None => Err(not_a_field(joined, key)),
    }
}

fn nothing() -> Expr {
    Expr::cust("NULL")
}

fn event_of(events: &Events) -> Expr {
    if events.is_empty() {
        return nothing();
    }
    let cases = events.iter().fold(CaseStatement::new(), |cases, ((definition, element), event)| {
        let there = Expr::col((STEPS, "template")).eq(*definition);
        cases.case(there.and(Expr::col((STEPS, "step")).eq(element.as_str())), event.as_str())
    });
    cases.into()
}
