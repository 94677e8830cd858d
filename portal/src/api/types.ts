/**
 * Shapes of the public API the portal speaks. The only file that states them: it is to be replaced by
 * types generated from `/api/v1/openapi.json`, and nothing else in the portal repeats a shape.
 */

export type Id = string;
/** A JSON value of a record's field; its meaning comes from the field's type in the catalogue. */
export type Value = unknown;
export type Locale = "en" | "ru" | "uk";

export interface Me {
  user: {
    id: Id;
    name: string;
    email: string;
    locale: Locale | null;
    department_id?: Id | null;
    absent_until?: string | null;
  };
  tenant: { id: Id; slug: string; name: string; locale: Locale; currency: string; time_zone: string };
  roles: { id: Id; key: string; name: string }[];
  admin: boolean;
  operator: boolean;
  plugins: { id: string; title: string }[];
  counters: Record<string, number>;
}

export type FieldType =
  | "text"
  | "long_text"
  | "integer"
  | "decimal"
  | "money"
  | "boolean"
  | "date"
  | "datetime"
  | "choice"
  | "link"
  | "links"
  | "record"
  | "user"
  | "department"
  | "stage"
  | "pipeline"
  | "phones"
  | "emails"
  | "urls"
  | "messengers"
  | "json";

export interface Choice {
  value: string;
  label: string;
}

export interface Field {
  key: string;
  label: string;
  type: FieldType;
  required: boolean;
  read_only: boolean;
  sortable: boolean;
  filterable: boolean;
  /** The entity a `link` or `links` field points at. */
  entity?: string;
  choices?: Choice[];
  max_length?: number;
}

export type StageSemantic = "open" | "won" | "lost";

export interface Stage {
  key: string;
  name: string;
  semantic: StageSemantic;
  color?: string | null;
  sort: number;
}

export interface Pipeline {
  id: Id;
  key: string;
  name: string;
  is_default: boolean;
  stages: Stage[];
}

export interface Entity {
  key: string;
  label: string;
  label_plural: string;
  title_field: string;
  staged: boolean;
  actions: { read: boolean; create: boolean; update: boolean; delete: boolean };
  fields: Field[];
  pipelines: Pipeline[];
  layout: { list: string[]; card: string[]; sections: { title: string; fields: string[] }[] };
}

export type Fields = Record<string, Value>;

export interface Ref {
  entity: string;
  title: string;
}
export type Refs = Record<Id, Ref>;

export interface RecordData {
  id: Id;
  version: number;
  entity: string;
  fields: Fields;
  /** Titles of what it points at, in an answer with one record. */
  refs?: Refs;
}

export interface Page<T> {
  items: T[];
  next_cursor?: string | null;
  total?: number | null;
}
export interface RecordPage extends Page<RecordData> {
  refs?: Refs;
}

export type RelativeDay =
  | "today"
  | "yesterday"
  | "tomorrow"
  | "this_week"
  | "last_week"
  | "next_week"
  | "this_month"
  | "last_month"
  | "next_month"
  | "this_quarter"
  | "this_year";

export type FilterOp =
  | "eq"
  | "ne"
  | "gt"
  | "gte"
  | "lt"
  | "lte"
  | "in"
  | "not_in"
  | "contains"
  | "starts_with"
  | "empty"
  | "not_empty"
  | "between";

export interface Comparison {
  field: string;
  op: FilterOp;
  value?: Value;
}
export type Filter = { and: Filter[] } | { or: Filter[] } | { not: Filter } | Comparison;

export interface Sort {
  field: string;
  desc?: boolean;
}

export interface RecordQuery {
  filter?: Filter;
  q?: string;
  sort?: Sort[];
  fields?: string[];
  limit?: number;
  cursor?: string | null;
  total?: boolean;
  deleted?: boolean;
}

export interface AggregateQuery {
  filter?: Filter;
  q?: string;
  group_by: (string | { field: string; bucket: "day" | "week" | "month" | "quarter" | "year" })[];
  measures: { op: "count" | "sum" | "avg" | "min" | "max"; field?: string }[];
}
export interface AggregateRow {
  group: Record<string, Value>;
  values: Record<string, number | null>;
}

/** One entry of a multi-value field: a phone, an e-mail, a site, a messenger. */
export interface MultiValue {
  value: string;
  kind: string;
}

export interface FieldProblem {
  code: string;
  message: string;
}

/** RFC 9457 problem details with the project's members. `detail` and messages are in the caller's language. */
export interface Problem {
  type?: string;
  title?: string;
  status: number;
  code: string;
  detail?: string;
  fields?: Record<string, FieldProblem>;
  request_id?: string;
  /** `record.conflict`: the record as it is now. */
  current?: RecordData;
  /** `hook.rejected`: the plugin that refused. */
  plugin?: string;
  /** `auth.choose_tenant`: the companies this e-mail belongs to. */
  tenants?: { slug: string; name: string }[];
}

export interface BulkRequest {
  create?: { fields: Fields }[];
  update?: { id: Id; version?: number; fields: Fields }[];
  delete?: Id[];
  all_or_nothing?: boolean;
}
export interface BulkResult {
  index: number;
  status: "created" | "updated" | "deleted" | "refused";
  id?: Id;
  code?: string;
  detail?: string;
  fields?: Record<string, FieldProblem>;
}
export interface BulkAnswer {
  batch: Id;
  results: BulkResult[];
}
export interface UndoAnswer {
  restored: number;
  kept: { entity: string; id: Id; reason: string }[];
}

export interface TimelineItem {
  id: Id;
  kind: "change" | "activity";
  at: string;
  /** Who did it; an activity names its creator among its own fields instead. */
  actor?: {
    kind: "user" | "plugin" | "import" | "system" | "token";
    id?: Id | null;
    name?: string | null;
  } | null;
  event?: string;
  changes?: Record<string, { before: Value; after: Value }>;
  activity?: RecordData | null;
  batch?: Id | null;
}
export interface TimelinePage extends Page<TimelineItem> {
  refs?: Refs;
}

export interface ViewConfig {
  filter?: Filter;
  sort?: Sort[];
  columns?: string[];
  q?: string;
}
export interface View {
  id: Id;
  entity: string;
  name: string;
  kind: "list" | "board";
  shared: boolean;
  mine: boolean;
  config: ViewConfig;
}

export interface UserRow {
  id: Id;
  name: string;
  email: string;
  locale?: Locale;
  active: boolean;
  department_id?: Id | null;
  roles: Id[];
  absent_until?: string | null;
}
export interface Department {
  id: Id;
  name: string;
  parent_id?: Id | null;
  head_id?: Id | null;
}

export type Action = "read" | "create" | "update" | "delete";
/** `entity` is a key or `*`. */
export interface AccessRow {
  kind: "permission" | "restriction";
  entity: string;
  actions: Action[];
  filter?: Filter;
}
export interface FieldRight {
  entity: string;
  field: string;
  right: "hidden" | "read_only";
}
/** `rows` and `field_rights` are filled for administrators only. */
export interface Role {
  id: Id;
  key: string;
  name: string;
  admin: boolean;
  rows: AccessRow[];
  field_rights: FieldRight[];
}
export type TokenScope = "read" | "write" | "admin";
export interface Token {
  id: Id;
  name: string;
  scopes: TokenScope[];
  created_at: string;
  expires_at?: string | null;
  /** Only in the answer that made it. */
  token?: string;
}

export interface Plugin {
  id: string;
  title: string;
  description: string;
  version: string;
  /** The newest installed version, where it differs from the one in use. */
  available?: string | null;
  level: "core" | "verified" | "publisher" | "dev";
  enabled: boolean;
  state: "enabled" | "disabled" | "failing";
  problem?: string | null;
  category: string;
}
export type Breaker = "closed" | "open" | "half_open" | "disabled";
export type SettingType = "text" | "integer" | "boolean" | "choice" | "role" | "user" | "secret";
export interface PluginSetting {
  key: string;
  type: SettingType;
  label: string;
  help?: string;
  required: boolean;
  default?: Value;
  choices?: Choice[];
  min?: number;
  max?: number;
}
export interface PluginDetail extends Plugin {
  permissions: { key: string; title: string; reason: string; granted: boolean }[];
  settings_schema: PluginSetting[];
  /** In force; secrets are never sent out. */
  settings: Record<string, Value>;
  hooks: {
    id: string;
    entity: string;
    operations: string[];
    order: number;
    when?: string;
    breaker: Breaker;
  }[];
  events: { id: string; on: string[]; breaker: Breaker }[];
  routes: { method: string; path: string; auth: "user" | "hmac" | "none"; url: string; breaker: Breaker }[];
  /** Of signed routes; null until the plugin was switched on once. */
  secret?: string | null;
}
export type LogLevel = "debug" | "info" | "warning" | "error";
export interface LogLine {
  id: Id;
  at: string;
  level: LogLevel;
  point: string;
  message: string;
  invocation: Id;
  duration_us?: number | null;
}
/** Of one point over the last 30 days; times in microseconds. */
export interface PluginCost {
  point: string;
  calls: number;
  failures: number;
  cpu_us: number;
  wall_us: number;
  host_calls: number;
  rows: number;
}

export type ImportState = "uploaded" | "checking" | "checked" | "running" | "done" | "cancelled" | "failed";
export type Duplicates = "create" | "skip" | "update";
export interface ImportColumn {
  index: number;
  name: string;
  samples: string[];
}
/** No `field` = the column is left out. */
export interface Mapped {
  column: number;
  field?: string | null;
}
export interface ImportTarget {
  key: string;
  label: string;
  /** Several columns may go into it. */
  many: boolean;
}
export interface Import {
  id: Id;
  entity: string;
  file_name: string;
  format: string;
  state: ImportState;
  columns: ImportColumn[];
  mapping: Mapped[];
  targets: ImportTarget[];
  options: { duplicates: Duplicates };
  total: number;
  processed: number;
  accepted: number;
  refused: number;
  skipped: number;
  /** The undo group of what was written. */
  batch?: Id | null;
  problem?: string | null;
  /** The first refused rows (none in lists). */
  errors: { row: number; field?: string | null; code: string; message: string }[];
  created_at: string;
  finished_at?: string | null;
}
export interface Batch {
  id: Id;
  kind: string;
  created_at: string;
  undone_at?: string | null;
}

/** `event: record` of the live stream. */
export interface RecordEvent {
  type: string;
  entity: string;
  record: Id;
  version: number;
  actor?: { kind: string; id?: Id | null };
  changed?: string[];
  batch?: Id | null;
}
