//! Axes of the funnel as SQL: where a step stands, and what is known about the record it is about.

use kernel::value::FieldType;
use kernel::{Ctx, FieldKey, Result};
use process::runtime::Events;
use records::relations::Joined;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait};

use super::invalid;

/// The rows of steps in the funnel's query; `process` and `records` say what their columns are.
pub(super) const STEPS: &str = "step";
/// The person whose record it is, as `people` joins them.
pub(super) const OWNER: &str = "owner_account";

/// One axis.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    Client,
    /// A field of the record.
    Field(FieldKey, FieldType),
}

impl Axis {
    /// Reads `template`, `process`, `step`, `event`, `manager`, `department`, `client` or `field:<key>`.
    pub(super) fn parse(ctx: &Ctx, text: &str, entity: Option<&Joined>) -> Result<Self> {
        let needs = || invalid("group_by", format!("`{text}` needs `entity`: of which records?"));
        Ok(match text {
            "template" => Self::Template,
            "process" => Self::Process,
            "step" | "stage" => Self::Step,
            "event" => Self::Event,
            "manager" => Self::Manager,
            "department" => Self::Department,
            "client" => {
                let joined = entity.ok_or_else(needs)?;
                if client(joined).is_none() {
                    return Err(invalid("group_by", format!("a {} has no client", joined.def.key)));
                }
                Self::Client
            }
            other => {
                let Some(key) = other.strip_prefix("field:") else {
                    let known = "template, process, step, event, manager, department, client, field:<key>";
                    return Err(invalid("group_by", format!("`{other}` is none of {known}")));
                };
                let def = &entity.ok_or_else(needs)?.def;
                match def.field(key).filter(|f| f.is_sortable() && def.shows(&ctx.rights, f)) {
                    Some(field) => Self::Field(field.key.clone(), field.kind),
                    None => return Err(invalid("group_by", format!("`{key}` is no field of {} to group by", def.key))),
                }
            }
        })
    }

    /// Its name in the answer.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Template => "template".into(),
            Self::Process => "process".into(),
            Self::Step => "step".into(),
            Self::Event => "event".into(),
            Self::Manager => "manager".into(),
            Self::Department => "department".into(),
            Self::Client => "client".into(),
            Self::Field(key, _) => format!("field:{key}"),
        }
    }

    /// Type of its cells.
    pub(super) const fn kind(&self) -> FieldType {
        match self {
            Self::Template | Self::Manager | Self::Department | Self::Client => FieldType::Link,
            Self::Process | Self::Step | Self::Event => FieldType::Text,
            Self::Field(_, kind) => *kind,
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
            Self::Client => entity.and_then(client).unwrap_or_else(nothing),
            Self::Field(key, _) => entity.and_then(|joined| joined.value(key)).unwrap_or_else(nothing),
        }
    }
}

fn nothing() -> Expr {
    Expr::cust("NULL")
}

/// The client of a record.
fn client(joined: &Joined) -> Option<Expr> {
    ["company", "contact"].into_iter().find_map(|key| joined.value(key))
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
