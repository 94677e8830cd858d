//! One kind of task: `task` becomes an entity of the catalogue, what its step promises stays beside it in
//! `task_contract`, and activities of kind `task` become tasks with the same ids.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::prelude::Uuid;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};
use serde_json::{Value as Json, json};

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, APART).await?;
        dialect::run(manager, TABLE).await?;
        dialect::run(manager, ROWS).await?;
        for column in MOVED {
            dialect::run(manager, &format!("ALTER TABLE task_contract DROP COLUMN {column}")).await?;
        }
        let sqlite = manager.get_database_backend() == DbBackend::Sqlite;
        let quoted = if sqlite { "json_quote(result)" } else { "to_jsonb(result)" };
        dialect::run(manager, &CONTRACTS.replace("{quoted}", quoted)).await?;
        let fresh = if sqlite { "randomblob(16)" } else { "gen_random_uuid()" };
        dialect::run(manager, &RIGHTS.replace("{fresh}", fresh)).await?;
        views(manager.get_connection()).await
    }
}

/// Views of activities that asked for tasks alone become views of tasks.
async fn views(conn: &SchemaManagerConnection<'_>) -> Result<(), DbErr> {
    let select = Query::select()
        .column("id")
        .column("config")
        .from("record_view")
        .and_where(Expr::col("entity").eq("activity"))
        .take();
    for row in conn.query_all(&select).await? {
        let id: Uuid = row.try_get_by_index(0)?;
        let Some(config) = of_tasks(row.try_get_by_index(1)?) else { continue };
        let update = Query::update()
            .table("record_view")
            .value("entity", "task")
            .value("config", config)
            .and_where(Expr::col("id").eq(id))
            .take();
        conn.execute(&update).await?;
    }
    Ok(())
}

/// The same view of tasks; none when it asks for other activities too.
fn of_tasks(mut config: Json) -> Option<Json> {
    let asked = json!({"field": "kind", "op": "eq", "value": "task"});
    let filter = config.get_mut("filter")?;
    let rest = match filter.get("and").and_then(Json::as_array) {
        Some(all) if all.contains(&asked) => all.iter().filter(|test| **test != asked).cloned().collect(),
        None if *filter == asked => Vec::new(),
        _ => return None,
    };
    *filter = json!({ "and": rest });
    renamed(filter);
    if let Some(sort) = config.get_mut("sort") {
        renamed(sort);
    }
    let columns = config.get_mut("columns").and_then(Json::as_array_mut);
    for column in columns.into_iter().flat_map(|columns| {
        columns.retain(|column| !["kind", "direction", "result"].iter().any(|gone| column == gone));
        columns
    }) {
        if let Some(name) = column.as_str().and_then(name_of) {
            *column = json!(name);
        }
    }
    Some(config)
}

/// Whatever names a field of an activity names the task's.
fn renamed(json: &mut Json) {
    match json {
        Json::Array(items) => items.iter_mut().for_each(renamed),
        Json::Object(object) => {
            if object.get("field") == Some(&json!("done"))
                && let Some(done) = object.get("value").and_then(Json::as_bool)
            {
                object.insert("value".into(), json!(if done { "completed" } else { "open" }));
            }
            if let Some(name) = object.get("field").and_then(Json::as_str).and_then(name_of) {
                object.insert("field".into(), json!(name));
            }
            object.iter_mut().filter(|(key, _)| *key != "value").for_each(|(_, inner)| renamed(inner));
        }
        _ => {}
    }
}

fn name_of(field: &str) -> Option<&'static str> {
    Some(match field {
        "text" => "description",
        "done" => "state",
        "done_at" => "completed_at",
        "deadline" => "due",
        "starts_at" => "planned_start",
        "ends_at" => "planned_end",
        _ => return None,
    })
}

const APART: &str = "
DROP INDEX task_newest;
DROP INDEX task_state;
DROP INDEX task_open_due;
DROP INDEX task_open_assignee;
DROP INDEX task_unclaimed;
DROP INDEX task_assignee;
DROP INDEX task_creator;
DROP INDEX task_subject;
DROP INDEX task_role;
DROP INDEX task_wait;
ALTER TABLE task RENAME TO task_contract";

/// A task without a deadline sorts after all others by `due_sort`.
const TABLE: &str = "
CREATE TABLE task (
    id {uuid} PRIMARY KEY,
    tenant_id {uuid} NOT NULL REFERENCES tenant (id),
    number BIGINT NOT NULL,
    version BIGINT NOT NULL,
    title TEXT NOT NULL,
    owner {uuid},
    creator {uuid},
    editor {uuid},
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_activity_at BIGINT NOT NULL,
    deleted_at BIGINT,
    comments TEXT,
    origin_system TEXT,
    origin_id TEXT,
    search TEXT NOT NULL,
    custom {json},
    description TEXT,
    state TEXT NOT NULL,
    status TEXT,
    priority TEXT,
    assignee {uuid},
    role TEXT,
    due_at BIGINT,
    due_sort BIGINT GENERATED ALWAYS AS (coalesce(due_at, 9223372036854775807)) STORED,
    planned_start BIGINT,
    planned_end BIGINT,
    estimate BIGINT,
    time_spent BIGINT,
    completed_at BIGINT,
    completed_by {uuid},
    record_entity TEXT,
    record_id {uuid},
    parent {uuid},
    instance_id {uuid},
    element TEXT,
    process_name TEXT,
    definition_id {uuid}
);
CREATE UNIQUE INDEX task_number ON task (tenant_id, number);
CREATE INDEX task_created ON task (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX task_title ON task (tenant_id, title, id) WHERE deleted_at IS NULL;
CREATE INDEX task_owner ON task (tenant_id, owner, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX task_origin ON task (tenant_id, origin_system, origin_id) WHERE origin_id IS NOT NULL;
CREATE INDEX task_deleted ON task (tenant_id, deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX task_newest ON task (tenant_id, id);
CREATE INDEX task_state ON task (tenant_id, state, id);
CREATE INDEX task_open_due ON task (tenant_id, due_sort, id) WHERE state = 'open';
CREATE INDEX task_open_assignee ON task (assignee, due_at) WHERE state = 'open';
CREATE INDEX task_unclaimed ON task (tenant_id, id) WHERE state = 'open' AND assignee IS NULL;
CREATE INDEX task_assignee ON task (assignee, id) WHERE assignee IS NOT NULL;
CREATE INDEX task_creator ON task (creator, id) WHERE creator IS NOT NULL;
CREATE INDEX task_record ON task (tenant_id, record_id, id) WHERE record_id IS NOT NULL;
CREATE INDEX task_role ON task (tenant_id, role, id) WHERE role IS NOT NULL;
CREATE INDEX task_instance ON task (instance_id, id) WHERE instance_id IS NOT NULL;
CREATE INDEX task_parent ON task (parent, id) WHERE parent IS NOT NULL;
CREATE UNIQUE INDEX task_contract_wait ON task_contract (instance_id, wait) WHERE instance_id IS NOT NULL";

/// Numbers are given by age over both kinds of tasks there were. What was deleted before it was done is cancelled in the
/// moment of its deletion, as the product does it from now on.
const ROWS: &str = "
INSERT INTO task (id, tenant_id, number, version, title, owner, creator, editor, created_at, updated_at,
    last_activity_at, deleted_at, comments, origin_system, origin_id, search, custom, description, state, assignee, role,
    due_at, planned_start, planned_end, completed_at, completed_by, record_entity, record_id, instance_id, element,
    process_name, definition_id)
SELECT id, tenant_id, number, version, title, owner, creator, editor, created_at, updated_at, last_activity_at,
    deleted_at, comments, origin_system, origin_id, CAST(number AS TEXT) || ' ' || search, custom, description, state,
    assignee, role, due_at, planned_start, planned_end, completed_at, completed_by, record_entity, record_id,
    instance_id, element, process_name, definition_id
FROM (
    SELECT every.*, ROW_NUMBER() OVER (PARTITION BY tenant_id ORDER BY created_at, id) AS number FROM (
        SELECT id, tenant_id, version, title, owner, creator, creator AS editor, created_at, updated_at,
            updated_at AS last_activity_at, NULL AS deleted_at, NULL AS comments, NULL AS origin_system,
            NULL AS origin_id, search, NULL AS custom, NULLIF(description, '') AS description, state, assignee, role,
            due_at, NULL AS planned_start, NULL AS planned_end, completed_at, completed_by,
            subject_entity AS record_entity, subject_id AS record_id, instance_id, element, process_name, definition_id
        FROM task_contract
        UNION ALL
        SELECT id, tenant_id, version, title, owner, creator, editor, created_at, updated_at, last_activity_at,
            deleted_at, comments, origin_system, origin_id, search, custom, NULLIF(text, ''),
            CASE WHEN done THEN 'completed' WHEN deleted_at IS NULL THEN 'open' ELSE 'cancelled' END, owner, NULL,
            deadline, starts_at, ends_at, CASE WHEN done THEN coalesce(done_at, updated_at) ELSE deleted_at END,
            CASE WHEN done THEN editor END, record_entity, record_id, NULL, NULL, NULL, NULL
        FROM activity WHERE kind = 'task'
    ) AS every
) AS numbered;
INSERT INTO sequence (tenant_id, name, value) SELECT tenant_id, 'task', count(*) FROM task GROUP BY tenant_id";

/// Columns of `task_contract` that are the record's now.
const MOVED: [&str; 20] = [
    "version",
    "state",
    "title",
    "description",
    "search",
    "element",
    "process_name",
    "definition_id",
    "subject_entity",
    "subject_id",
    "creator",
    "owner",
    "role",
    "assignee",
    "created_at",
    "updated_at",
    "due_sort",
    "due_at",
    "completed_at",
    "completed_by",
];

/// What was an activity has promised nothing, and is done by whoever it belonged to.
const CONTRACTS: &str = "
INSERT INTO task_contract (id, tenant_id, candidates, executors, contract, variables, checklist, action, result, marks,
    reminders_sent, claimed_at)
SELECT id, tenant_id, CASE WHEN owner IS NULL THEN 0 ELSE 1 END, '[]', '{}', '{}', '[]', '{}',
    CASE WHEN result IS NULL OR result = '' THEN NULL ELSE {quoted} END, '{}', 0,
    CASE WHEN owner IS NULL THEN NULL ELSE created_at END
FROM activity WHERE kind = 'task';
INSERT INTO task_executor (task_id, user_id, tenant_id)
SELECT id, owner, tenant_id FROM activity WHERE kind = 'task' AND owner IS NOT NULL;
DELETE FROM activity WHERE kind = 'task'";

/// Whoever may do something with activities may do it with tasks: with all of them, or with those that they or the
/// people below them have or made.
const RIGHTS: &str = r#"
INSERT INTO access_row (id, tenant_id, role_id, kind, entity, actions, filter, covers)
SELECT {fresh}, tenant_id, role_id, kind, 'task', actions, CAST(CASE
    WHEN filter IS NULL THEN NULL
    WHEN CAST(filter AS TEXT) LIKE '%my_subtree%' THEN '{"or": [{"field": "assignee", "op": "in", "value": {"my_subtree": true}}, {"field": "creator", "op": "in", "value": {"my_subtree": true}}]}'
    WHEN CAST(filter AS TEXT) LIKE '%my_department%' THEN '{"or": [{"field": "assignee", "op": "in", "value": {"my_department": true}}, {"field": "creator", "op": "in", "value": {"my_department": true}}]}'
    ELSE '{"or": [{"field": "assignee", "op": "eq", "value": {"me": true}}, {"field": "creator", "op": "eq", "value": {"me": true}}]}'
    END AS {json}), NULL
FROM access_row WHERE entity = 'activity' AND kind = 'permission'"#;
