//! Axes of the funnel as SQL: where a step stands, and what is known about the record it is about.

use kernel::filter::Storage;
use kernel::value::FieldType;
use kernel::{Ctx, Result};
use process::runtime::Events;
use records::EntityDef;
use sea_orm::sea_query::{Alias, CaseStatement, Expr, ExprTrait};

use super::invalid;

/// The rows of steps in the funnel's query.
pub(super) const STEPS: &str = "step";
/// The person whose record it is.
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
    Field(&'static str, FieldType),
}

impl Axis {
    /// Reads `template`, `process`, `step`, `event`, `manager`, `department`, `client` or `field:<key>`.
    pub(super) fn parse(ctx: &Ctx, text: &str, entity: Option<&'static EntityDef>) -> Result<Self> {
        let needs = || invalid("group_by", format!("`{text}` needs `entity`: of which records?"));
        Ok(match text {
            "template" => Self::Template,
            "process" => Self::Process,
            "step" | "stage" => Self::Step,
            "event" => Self::Event,
            "manager" => Self::Manager,
            "department" => Self::Department,
            "client" => {
                let def = entity.ok_or_else(needs)?;
                if client(def).is_none() {
                    return Err(invalid("group_by", format!("a {} has no client", def.key)));
                }
                Self::Client
            }
            other => {
                let Some(key) = other.strip_prefix("field:") else {
                    let known = "template, process, step, event, manager, department, client, field:<key>";
                    return Err(invalid("group_by", format!("`{other}` is none of {known}")));
                };
                let def = entity.ok_or_else(needs)?;
                let field = def.field(key).filter(|f| f.kind.is_sortable() && ctx.rights.sees(def.key, f.key));
                match field.map(|field| (field.storage, field.kind)) {
                    Some((Storage::Column(column), kind)) => Self::Field(column, kind),
                    _ => return Err(invalid("group_by", format!("`{key}` is no field of {} to group by", def.key))),
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
            Self::Field(column, _) => format!("field:{column}"),
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
    pub(super) fn expression(&self, entity: Option<&'static EntityDef>, events: &Events) -> Expr {
        let step = |column: &'static str| Expr::col((STEPS, column));
        match self {
            Self::Template => step("template"),
            Self::Process => step("process"),
            Self::Step => step("step"),
            Self::Event => event_of(events),
            Self::Manager => Expr::col((OWNER, "id")),
            Self::Department => Expr::col((OWNER, "department_id")),
            Self::Client => entity.and_then(|def| Some((def, client(def)?))).map_or_else(
                || Expr::cust("NULL"),
                |(def, column)| Expr::col((Alias::new(def.table), Alias::new(column))),
            ),
            Self::Field(column, _) => {
                let table = entity.map_or("", |def| def.table);
                Expr::col((Alias::new(table), Alias::new(*column)))
            }
        }
    }
}

/// The column that names the client of a record.
pub(super) fn client(def: &EntityDef) -> Option<&'static str> {
    ["company", "contact"].into_iter().find_map(|key| match def.field(key)?.storage {
        Storage::Column(column) => Some(column),
        Storage::Links => None,
    })
}

fn event_of(events: &Events) -> Expr {
    if events.is_empty() {
        return Expr::cust("NULL");
    }
    let cases = events.iter().fold(CaseStatement::new(), |cases, ((definition, element), event)| {
        let there = Expr::col((STEPS, "template")).eq(*definition);
        cases.case(there.and(Expr::col((STEPS, "step")).eq(element.as_str())), event.as_str())
    });
    cases.into()
}
