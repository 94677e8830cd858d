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
  hidden?: boolean;
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
}
/** One record as answered alone: with the titles of what it points at. */
export interface RecordAnswer extends RecordData {
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
  current?: RecordAnswer;
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
