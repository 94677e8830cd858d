/**
 * A page as data, as it comes over the wire. A string is literal; `{"=": e}` is an expression, `{"t": key}` a
 * translation: what users typed becomes neither. `sdk/ui/blocks.json` is made from `reference.ts`, which the compiler
 * holds to these types.
 */
import type { FieldType, Filter, Sort } from "@/api/types";
import type { Node } from "./expression/node";

export interface Computed {
  "=": Node;
}
/** A translation of the package; `count` among `with` chooses the plural form. */
export interface Translated {
  t: string;
  with?: Record<string, unknown>;
}
export type Text = string | Computed | Translated;
/** A value or an expression that gives one. */
export type Given<T> = T | Computed;
export type Tone = "plain" | "accent" | "ok" | "warn" | "danger";

export interface Tree {
  v: number;
  params?: Record<
    string,
    { type: "text" | "integer" | "number" | "boolean" | "date" | "id"; default?: unknown }
  >;
  /** The first values; kept by the portal, 16 KiB. */
  state?: Record<string, unknown>;
  sources?: Record<string, SourceSpec>;
  blocks: AnyBlock[];
}

export type SourceSpec =
  | { records: string; filter?: unknown; sort?: Sort[]; fields?: string[]; limit?: number; q?: Given<string> }
  | { record: string; id: Given<string>; fields?: string[] }
  | { aggregate: string; filter?: unknown; group_by?: unknown[]; measures?: unknown[] }
  | { report: string; input?: unknown }
  | {
      plugin: string;
      input?: unknown;
      columns?: ColumnType[];
      on?: string[];
      every?: number;
      cache?: number;
    };

export interface ColumnType {
  key: string;
  label: Text;
  type: FieldType;
}

/** What every block may have. */
export interface Common {
  block: string;
  /** Stable: the same id and kind keep typed text, focus and scroll. */
  id?: string;
  title?: Text;
  note?: Text;
  when?: Given<boolean>;
  width?: number;
  /** In pixels; the skeleton is as high. */
  height?: number;
  actions?: Action[];
  empty?: Text;
  phone?: "hide" | "fold";
  /** Drawn in its place where the block is not known. */
  else?: AnyBlock[];
}

export interface Sourced {
  source: string;
}

export interface ColumnsBlock extends Common {
  block: "columns";
  blocks: AnyBlock[];
}
export interface SectionBlock extends Common {
  block: "section";
  blocks: AnyBlock[];
  folded?: boolean;
}
export interface TabsBlock extends Common {
  block: "tabs";
  tabs: { id: string; title: Text; count?: Given<number>; blocks: AnyBlock[] }[];
}
export interface SplitBlock extends Common {
  block: "split";
  master: AnyBlock;
  /** The parameter that says what is open. */
  param: string;
  detail: AnyBlock[];
}
export interface RepeatBlock extends Common, Sourced {
  block: "repeat";
  blocks: AnyBlock[];
  layout?: "stack" | "grid";
}

/** Ways to show a value that are no field types. */
export type ShownAs = "elapsed" | "audio" | "progress" | "badge";

export interface Column {
  name: string;
  label?: Text;
  value?: Given<unknown>;
  /** Of a value that is computed, or another way to show a field. */
  type?: FieldType | ShownAs;
  /** Of a badge. */
  tone?: Given<Tone>;
  width?: number;
  edit?: boolean;
  sum?: boolean;
}
export interface TableBlock extends Common, Sourced {
  block: "table";
  columns: (string | Column)[];
  /** Fields that a person may narrow the rows by. */
  filters?: string[];
  /** Tabs over the rows; `when` says of a row whether it belongs. */
  views?: { id: string; title: Text; when?: Given<boolean>; columns?: string[]; sort?: Sort[] }[];
  /** Rows of one value stand together under its head. */
  group_by?: string;
  row_actions?: Action[];
  bulk_actions?: Action[];
  on_open?: Action;
  /** A number by which people arrange the rows: dragged, or moved by a menu. */
  move?: string;
}
export interface BoardBlock extends Common, Sourced {
  block: "board";
  group_by: string;
  card: string[];
  sum?: string;
  move?: boolean;
  add?: boolean;
}
export interface CalendarBlock extends Common, Sourced {
  block: "calendar";
  start: string;
  end?: string;
  label: string;
  tone?: Given<Tone>;
  modes?: ("month" | "week" | "day" | "agenda")[];
  move?: boolean;
  add?: Action;
  on_open?: Action;
}
export interface GanttBlock extends Common, Sourced {
  block: "gantt";
  start: string;
  end: string;
  label: string;
  /** The field that names the row above. */
  parent?: string;
  progress?: string;
  /** A source of `{from, to, kind, lag}`, or a field with a list of ids (finish to start). */
  depends?: { source: string; from: string; to: string; kind?: string; lag?: string } | { field: string };
  baseline?: { start: string; end: string };
  critical?: boolean;
  milestone?: string;
  tone?: Given<Tone>;
  /** Days that are not worked, as the `shade` of a matrix; without it the weekends. */
  calendar?: { source: string; day: string; off?: string };
  move?: boolean;
  /** Links may be made: as records of the source of `depends`, or in its field. */
  link?: boolean;
  on_open?: Action;
}
export interface TreeBlock extends Common {
  block: "tree";
  levels: { source: string; label: string; parent?: string; under?: string }[];
  shape?: "outline" | "mind_map" | "org_chart";
  card?: string[];
  checked?: string;
  move?: boolean;
  add?: Action;
  on_open?: Action;
}
export type CellEdit = "number" | "duration" | "boolean" | "choice" | "text";
export interface MatrixBlock extends Common {
  block: "matrix";
  rows: { source: string; label: string; columns?: string[]; group_by?: string };
  columns:
    | { source: string; label: string }
    | { from: Given<string>; to: Given<string>; step?: "day" | "week" | "month" };
  cells: {
    source: string;
    row: string;
    /** The field with the column: an id, or a day. */
    column?: string;
    from?: string;
    to?: string;
    value: string;
    text?: string;
    tone?: Given<Tone>;
  };
  edit?: CellEdit;
  choices?: { value: string; label: Text; tone?: Tone }[];
  /** `record`: one record a cell. Else an act with `{row, column, old, new}`. */
  write?: { record: string } | { act: string };
  totals?: "none" | "rows" | "columns" | "both";
  /** Days off are shaded: a source of `{day, off}`. */
  shade?: { source: string; day: string; off?: string };
}
export interface ChartBlock extends Common, Sourced {
  block: "chart";
  kind: "bar" | "line" | "pie" | "funnel" | "heat";
  x: string;
  y: string;
  series?: string;
  stack?: boolean;
  target?: Given<number>;
  format?: Format;
  on_open?: Action;
}
export type Format = "number" | "money" | "percent" | "duration";
export interface StatsBlock extends Common {
  block: "stats";
  tiles: {
    label: Text;
    value: Given<unknown>;
    format?: Format;
    currency?: string;
    before?: Given<number>;
    target?: Given<number>;
    spark?: Given<number[]>;
    tone?: Given<Tone>;
    on_open?: Action;
  }[];
}
export interface DetailsBlock extends Common, Sourced {
  block: "details";
  fields?: string[];
  sections?: { title: Text; fields: string[] }[];
  edit?: boolean;
}
export interface TimelineBlock extends Common, Sourced {
  block: "timeline";
  at: string;
  text: string;
  kind?: string;
  actor?: string;
  composer?: Action;
}
export interface FilesBlock extends Common, Sourced {
  block: "files";
  upload?: boolean;
  accept?: string[];
  max_mb?: number;
}
export interface StagesBlock extends Common {
  block: "stages";
  source?: string;
  stages?: { label: Text; state: "done" | "current" | "ahead" }[];
}
export interface TextBlock extends Common {
  block: "text";
  markdown: Text;
}
export interface NoticeBlock extends Common {
  block: "notice";
  tone?: Tone;
  text: Text;
  action?: Action;
}
export interface BadgesBlock extends Common {
  block: "badges";
  items: { text: Text; tone?: Given<Tone>; when?: Given<boolean> }[];
}
export interface CodeBlock extends Common {
  block: "code";
  text: Text;
  copy?: boolean;
}
export interface ProgressBlock extends Common {
  block: "progress";
  label: Text;
  value: Given<number>;
  max?: Given<number>;
}
export interface TimerBlock extends Common {
  block: "timer";
  label: Text;
  since?: Given<string>;
  until?: Given<string>;
  /** Seconds kept from before. */
  add?: Given<number>;
  /** Seconds before the end from which it warns. */
  warn?: number;
}
export interface PreviewBlock extends Common {
  block: "preview";
  html?: Given<string>;
  text?: Text;
  as?: "mail" | "sms" | "page";
}
export interface AudioBlock extends Common {
  block: "audio";
  file: Given<string>;
  marks?: { at: number; label: Text }[];
}
/** A page of the package in a closed frame; needs the grant `ui.frame`. */
export interface FrameBlock extends Common {
  block: "frame";
  /** A page below `ui/` of the package, `map/index.html`. */
  file: string;
  /** Sources whose rows it gets. */
  sources?: string[];
  /** What it may press. */
  acts?: string[];
}
export interface ActionsBlock extends Common {
  block: "actions";
  items: Action[];
}
export interface RenderedBlock extends Common {
  block: "rendered";
  surface: string;
  input?: unknown;
}

export interface Input {
  name: string;
  label: Text;
  /** `period` is `{from, to}`; `filter` is of the list of `entity`; `template` is Markdown with placeholders; `rows` are
   * forms within the form, at most `max`; `file` takes files on public pages, one or at most `max`. */
  type?: FieldType | "period" | "filter" | "template" | "rows" | "file";
  help?: Text;
  required?: Given<boolean>;
  when?: Given<boolean>;
  enabled?: Given<boolean>;
  default?: unknown;
  choices?: { value: string; label: Text }[];
  min?: Given<number>;
  max?: Given<number>;
  check?: { rule: Computed; text: Text }[];
  /** Emptied when one of these changes. */
  reset_on?: string[];
  /** Of a `filter`. */
  entity?: string;
  /** Of a `template`: `{name}` is filled by whoever reads it. */
  placeholders?: { name: string; label: Text }[];
  /** Of `rows`. */
  fields?: Input[];
}
export interface FormBlock extends Common {
  block: "form";
  entity?: string;
  record?: Given<string>;
  fields: (string | Input)[];
  steps?: { id: string; title: Text; fields: string[]; when?: Given<boolean> }[];
  defaults?: Record<string, unknown>;
  check?: { rule: Computed; text: Text }[];
  submit?: Action;
  /** Filters: what is typed goes to the parameters of the same names. */
  live?: boolean;
}

export type KnownBlock =
  | ColumnsBlock
  | SectionBlock
  | TabsBlock
  | SplitBlock
  | RepeatBlock
  | TableBlock
  | BoardBlock
  | CalendarBlock
  | GanttBlock
  | TreeBlock
  | MatrixBlock
  | ChartBlock
  | StatsBlock
  | DetailsBlock
  | TimelineBlock
  | FilesBlock
  | StagesBlock
  | TextBlock
  | NoticeBlock
  | BadgesBlock
  | CodeBlock
  | ProgressBlock
  | TimerBlock
  | PreviewBlock
  | AudioBlock
  | FrameBlock
  | ActionsBlock
  | RenderedBlock
  | FormBlock;
export type Kind = KnownBlock["block"];
export type BlockOf<K extends Kind> = Extract<KnownBlock, { block: K }>;
/** A block of a kind this portal may not know. */
export type AnyBlock = KnownBlock | (Common & { block: string });

/** One verb, and what stands around it. */
export interface Action {
  label: Text;
  icon?: string;
  tone?: Tone;
  when?: Given<boolean>;
  enabled?: Given<boolean>;
  /** Said where it is not enabled. */
  why?: Text;
  /** Only where undo is impossible. */
  confirm?: Text;
  /** Up to five inputs first. */
  ask?: Input[];
  /** Of a row of a table: a finger that pushes the row that way does it, on a phone; its menu and keys do it everywhere. */
  swipe?: "left" | "right";
  /** Of an `act`: where the browser is goes along as `position`, if its person lets it; nobody waits for long. */
  locate?: Given<boolean>;
  then?: ("refresh" | "close" | "next" | { open: OpenTarget })[];
  create?: { entity: string; fields: Record<string, unknown> };
  update?: Record<string, unknown>;
  delete?: true;
  stage?: Given<string>;
  act?: string;
  input?: unknown;
  /** The optimistic picture of `act`: fields of the row as they will be. */
  shows?: Record<string, unknown>;
  open?: OpenTarget;
  form?: { entity: string; record?: Given<string>; defaults?: Record<string, unknown> };
  call?: Given<string>;
  set?: { params?: Record<string, unknown>; state?: Record<string, unknown> };
  process?: string;
  complete?: Given<string>;
  download?: { source: string; as: "csv" | "xlsx" } | { file: Given<string> };
}
export const verbs = [
  "create",
  "update",
  "delete",
  "stage",
  "act",
  "open",
  "form",
  "call",
  "set",
  "process",
  "complete",
  "download",
] as const;
export type Verb = (typeof verbs)[number];

export type OpenTarget =
  | { page: string; params?: Record<string, unknown> }
  | { record: Given<string>; entity: string }
  | { url: Given<string> }
  | { surface: string; as?: "panel" | "modal" | "page"; params?: Record<string, unknown> };

export type SourceFilter = Filter;
