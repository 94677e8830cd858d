/**
 * The reference of the tree as JSON Schema, for whoever checks packages: `sdk/ui/blocks.json` is this, written down
 * (`reference.test.ts`). The compiler holds its keys, and which of them are required, to the types of `tree.ts`.
 */
import { most } from "./limits";
import type { Action, BlockOf, Common, Kind, Tree } from "./tree";
import { verbs } from "./tree";

export interface Schema {
  type?: string | string[];
  enum?: readonly (string | number | boolean)[];
  const?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: boolean | Schema;
  anyOf?: Schema[];
  maxItems?: number;
  minItems?: number;
  maximum?: number;
  minimum?: number;
  $ref?: string;
  description?: string;
  [more: `x-${string}`]: unknown;
}

interface Must {
  must: true;
  schema: Schema;
}
interface May {
  must: false;
  schema: Schema;
}
type Spec<T> = { [K in keyof T]-?: undefined extends T[K] ? May : Must };

const must = (schema: Schema): Must => ({ must: true, schema });
const may = (schema: Schema): May => ({ must: false, schema });
const ref = (name: string): Schema => ({ $ref: `#/$defs/${name}` });
const list = (items: Schema, maxItems?: number): Schema =>
  maxItems === undefined ? { type: "array", items } : { type: "array", items, maxItems };
const oneOf = (...values: string[]): Schema => ({ enum: values });
const computed = ref("computed");
const given = (schema: Schema): Schema => ({ anyOf: [schema, computed] });

const text = ref("text");
const name: Schema = { type: "string" };
const number: Schema = { type: "number" };
const flag: Schema = { type: "boolean" };
const any: Schema = {};
const object: Schema = { type: "object" };
const action = ref("action");
const blocks = ref("blocks");
const tone = ref("tone");
const source: Schema = { type: "string", description: "A name among `sources`." };
const field: Schema = { type: "string", description: "A field of the source's rows." };

function objectOf<T>(spec: Spec<T>): Schema {
  const entries = Object.entries<Must | May>(spec);
  const required = entries.filter(([, { must }]) => must).map(([key]) => key);
  return {
    type: "object",
    properties: Object.fromEntries(entries.map(([key, { schema }]) => [key, schema])),
    ...(required.length > 0 ? { required } : {}),
  };
}

type Own<K extends Kind> = Omit<BlockOf<K>, keyof Common>;

const common: Spec<Common> = {
  block: must(name),
  id: may(name),
  title: may(text),
  note: may(text),
  when: may(given(flag)),
  width: may({ type: "number", minimum: 1, maximum: 12 }),
  height: may({ type: "number", minimum: 24, maximum: 4_000 }),
  actions: may(list(action)),
  empty: may(text),
  phone: may(oneOf("hide", "fold")),
  else: may(blocks),
};

/** Each kind's own properties. */
const own: { [K in Kind]: Spec<Own<K>> } = {
  columns: { blocks: must(blocks) },
  section: { blocks: must(blocks), folded: may(flag) },
  tabs: {
    tabs: must(
      list({
        type: "object",
        properties: { id: name, title: text, count: given(number), blocks },
        required: ["id", "title", "blocks"],
      }),
    ),
  },
  split: { master: must(ref("block")), param: must(name), detail: must(blocks) },
  repeat: { source: must(source), blocks: must(blocks), layout: may(oneOf("stack", "grid")) },
  table: {
    source: must(source),
    columns: must(list({ anyOf: [name, ref("column")] }, most.tableColumns)),
    filters: may(list(field, most.tableColumns)),
    views: may(
      list({
        type: "object",
        properties: { id: name, title: text, when: given(flag), columns: list(name), sort: list(any) },
        required: ["id", "title"],
      }),
    ),
    group_by: may(field),
    row_actions: may(list(action)),
    bulk_actions: may(list(action)),
    on_open: may(action),
    move: may(field),
  },
  board: {
    source: must(source),
    group_by: must(field),
    card: must(list(field, most.cardFields)),
    sum: may(field),
    move: may(flag),
    add: may(flag),
  },
  calendar: {
    source: must(source),
    start: must(field),
    end: may(field),
    label: must(field),
    tone: may(given(tone)),
    modes: may(list(oneOf("month", "week", "day", "agenda"))),
    move: may(flag),
    add: may(action),
    on_open: may(action),
  },
  gantt: {
    source: must(source),
    start: must(field),
    end: must(field),
    label: must(field),
    parent: may(field),
    progress: may(field),
    depends: may({
      anyOf: [
        {
          type: "object",
          properties: { source, from: field, to: field, kind: field, lag: field },
          required: ["source", "from", "to"],
        },
        { type: "object", properties: { field }, required: ["field"] },
      ],
    }),
    baseline: may({ type: "object", properties: { start: field, end: field }, required: ["start", "end"] }),
    critical: may(flag),
    milestone: may(field),
    tone: may(given(tone)),
    calendar: may({
      type: "object",
      properties: { source, day: field, off: field },
      required: ["source", "day"],
    }),
    move: may(flag),
    link: may(flag),
    on_open: may(action),
  },
  tree: {
    levels: must(
      list({
        type: "object",
        properties: { source, label: field, parent: field, under: field },
        required: ["source", "label"],
      }),
    ),
    shape: may(oneOf("outline", "mind_map", "org_chart")),
    card: may(list(field, most.cardFields)),
    checked: may(field),
    move: may(flag),
    add: may(action),
    on_open: may(action),
  },
  matrix: {
    rows: must({
      type: "object",
      properties: { source, label: field, columns: list(field), group_by: field },
      required: ["source", "label"],
    }),
    columns: must({
      anyOf: [
        { type: "object", properties: { source, label: field }, required: ["source", "label"] },
        {
          type: "object",
          properties: { from: given(name), to: given(name), step: oneOf("day", "week", "month") },
          required: ["from", "to"],
        },
      ],
    }),
    cells: must({
      type: "object",
      properties: {
        source,
        row: field,
        column: field,
        from: field,
        to: field,
        value: field,
        text: field,
        tone: given(tone),
      },
      required: ["source", "row", "value"],
    }),
    edit: may(oneOf("number", "duration", "boolean", "choice", "text")),
    choices: may(
      list(
        { type: "object", properties: { value: name, label: text, tone }, required: ["value", "label"] },
        most.choices,
      ),
    ),
    write: may({
      anyOf: [
        { type: "object", properties: { record: name }, required: ["record"] },
        { type: "object", properties: { act: name }, required: ["act"] },
      ],
    }),
    totals: may(oneOf("none", "rows", "columns", "both")),
    shade: may({
      type: "object",
      properties: { source, day: field, off: field },
      required: ["source", "day"],
    }),
  },
  chart: {
    source: must(source),
    kind: must(oneOf("bar", "line", "pie", "funnel", "heat")),
    x: must(field),
    y: must(field),
    series: may(field),
    stack: may(flag),
    target: may(given(number)),
    format: may(ref("format")),
    on_open: may(action),
  },
  stats: {
    tiles: must(
      list(
        {
          type: "object",
          properties: {
            label: text,
            value: any,
            format: ref("format"),
            currency: name,
            before: given(number),
            target: given(number),
            spark: given(list(number)),
            tone: given(tone),
            on_open: action,
          },
          required: ["label", "value"],
        },
        most.tiles,
      ),
    ),
  },
  details: {
    source: must(source),
    fields: may(list(field)),
    sections: may(
      list({
        type: "object",
        properties: { title: text, fields: list(field) },
        required: ["title", "fields"],
      }),
    ),
    edit: may(flag),
  },
  timeline: {
    source: must(source),
    at: must(field),
    text: must(field),
    kind: may(field),
    actor: may(field),
    composer: may(action),
  },
  files: {
    source: must(source),
    upload: may(flag),
    accept: may(list(name)),
    max_mb: may(number),
  },
  stages: {
    source: may(source),
    stages: may(
      list({
        type: "object",
        properties: { label: text, state: oneOf("done", "current", "ahead") },
        required: ["label", "state"],
      }),
    ),
  },
  text: { markdown: must(text) },
  notice: { tone: may(tone), text: must(text), action: may(action) },
  badges: {
    items: must(
      list({
        type: "object",
        properties: { text, tone: given(tone), when: given(flag) },
        required: ["text"],
      }),
    ),
  },
  code: { text: must(text), copy: may(flag) },
  progress: { label: must(text), value: must(given(number)), max: may(given(number)) },
  timer: {
    label: must(text),
    since: may(given(name)),
    until: may(given(name)),
    add: may(given(number)),
    warn: may(number),
  },
  preview: { html: may(given(name)), text: may(text), as: may(oneOf("mail", "sms", "page")) },
  frame: { file: must(name), sources: may(list(source)), acts: may(list(name)) },
  audio: {
    file: must(given(name)),
    marks: may(list({ type: "object", properties: { at: number, label: text }, required: ["at", "label"] })),
  },
  actions: { items: must(list(action)) },
  rendered: { surface: must(name), input: may(any) },
  form: {
    entity: may(name),
    record: may(given(name)),
    fields: must(list({ anyOf: [name, ref("input")] }, most.formFields)),
    steps: may(
      list({
        type: "object",
        properties: { id: name, title: text, fields: list(name), when: given(flag) },
        required: ["id", "title", "fields"],
      }),
    ),
    defaults: may(object),
    check: may(list(ref("check"))),
    submit: may(action),
    live: may(flag),
  },
};

const open: Schema = {
  anyOf: [
    { type: "object", properties: { page: name, params: object }, required: ["page"] },
    { type: "object", properties: { record: given(name), entity: name }, required: ["record", "entity"] },
    { type: "object", properties: { url: given(name) }, required: ["url"] },
    {
      type: "object",
      properties: { surface: name, as: oneOf("panel", "modal", "page"), params: object },
      required: ["surface"],
    },
  ],
};

const actionSpec: Spec<Action> = {
  label: must(text),
  icon: may(name),
  tone: may(tone),
  when: may(given(flag)),
  enabled: may(given(flag)),
  why: may(text),
  confirm: may(text),
  ask: may(list(ref("input"), most.ask)),
  swipe: may(oneOf("left", "right")),
  locate: may(given(flag)),
  // biome-ignore lint/suspicious/noThenProperty: the word of the specification
  then: may(
    list({
      anyOf: [
        oneOf("refresh", "close", "next"),
        { type: "object", properties: { open: ref("open") }, required: ["open"] },
      ],
    }),
  ),
  create: may({
    type: "object",
    properties: { entity: name, fields: object },
    required: ["entity", "fields"],
  }),
  update: may(object),
  delete: may({ const: true }),
  stage: may(given(name)),
  act: may(name),
  input: may(any),
  shows: may(object),
  open: may(ref("open")),
  form: may({
    type: "object",
    properties: { entity: name, record: given(name), defaults: object },
    required: ["entity"],
  }),
  call: may(given(name)),
  set: may({ type: "object", properties: { params: object, state: object } }),
  process: may(name),
  complete: may(given(name)),
  download: may({
    anyOf: [
      { type: "object", properties: { source, as: oneOf("csv", "xlsx") }, required: ["source", "as"] },
      { type: "object", properties: { file: given(name) }, required: ["file"] },
    ],
  }),
};

const treeSpec: Spec<Tree> = {
  v: must({ type: "integer", minimum: 1 }),
  params: may({
    type: "object",
    additionalProperties: {
      type: "object",
      properties: { type: oneOf("text", "integer", "number", "boolean", "date", "id"), default: any },
      required: ["type"],
    },
  }),
  state: may(object),
  sources: may({ type: "object", additionalProperties: ref("source") }),
  blocks: must(blocks),
};

const kindOfSource = (key: string, more: Record<string, Schema>): Schema => ({
  type: "object",
  properties: { [key]: name, ...more },
  required: key === "record" ? ["record", "id"] : [key],
});

export const kinds = Object.keys(own) as Kind[];

/** Each block's schema, its common properties among them. */
export const blockSchemas = Object.fromEntries(
  kinds.map((kind) => {
    const spec = { ...common, ...own[kind] } as unknown as Spec<Common>;
    const schema = objectOf(spec);
    return [kind, { ...schema, properties: { ...schema.properties, block: { const: kind } } }];
  }),
) as unknown as Record<Kind, Schema>;

const sourceSchema: Schema = {
  anyOf: [
    kindOfSource("records", {
      filter: any,
      sort: list(object),
      fields: list(name),
      limit: { type: "integer" },
      q: given(name),
    }),
    kindOfSource("record", { id: given(name), fields: list(name) }),
    kindOfSource("aggregate", { filter: any, group_by: list(any), measures: list(any) }),
    kindOfSource("report", { input: any }),
    kindOfSource("plugin", {
      input: any,
      columns: list({
        type: "object",
        properties: { key: name, label: text, type: name },
        required: ["key", "label", "type"],
      }),
      on: list(name),
      every: number,
      cache: number,
    }),
  ],
};

const inputSchema: Schema = {
  type: "object",
  properties: {
    name,
    label: text,
    type: name,
    help: text,
    required: given(flag),
    when: given(flag),
    enabled: given(flag),
    default: any,
    choices: list(
      { type: "object", properties: { value: name, label: text }, required: ["value", "label"] },
      most.choices,
    ),
    min: given(number),
    max: given(number),
    check: list(ref("check")),
    reset_on: list(name),
    entity: name,
    placeholders: list(
      { type: "object", properties: { name, label: text }, required: ["name", "label"] },
      most.tableColumns,
    ),
    fields: list(ref("input"), most.formFields),
  },
  required: ["name", "label"],
};

export const definitions: Record<string, Schema> = {
  computed: {
    type: "object",
    properties: { "=": any },
    required: ["="],
    additionalProperties: false,
    description: "A compiled expression; see README.md.",
  },
  text: {
    anyOf: [
      { type: "string" },
      computed,
      { type: "object", properties: { t: name, with: object }, required: ["t"], additionalProperties: false },
    ],
  },
  tone: oneOf("plain", "accent", "ok", "warn", "danger"),
  format: oneOf("number", "money", "percent", "duration"),
  blocks: { type: "array", items: ref("block") },
  block: {
    type: "object",
    properties: { block: name },
    required: ["block"],
    description: "One of the blocks below; another kind is drawn as its `else` or its nearest ancestor's.",
    "x-kinds": kinds,
  },
  column: {
    type: "object",
    properties: {
      name,
      label: text,
      value: any,
      type: name,
      tone: given(tone),
      width: number,
      edit: flag,
      sum: flag,
    },
    required: ["name"],
  },
  check: { type: "object", properties: { rule: computed, text }, required: ["rule", "text"] },
  input: inputSchema,
  open,
  action: { ...objectOf(actionSpec), "x-verbs": verbs },
  source: sourceSchema,
};

/** The whole file. */
export function referenceFile(): unknown {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $comment:
      "Made from portal/src/engines/blocks/reference.ts; `UPDATE=1 npm test -- reference` writes it anew.",
    title: "A page of a Verstak plugin",
    ...objectOf(treeSpec),
    "x-limits": most,
    $defs: {
      ...definitions,
      ...Object.fromEntries(kinds.map((kind) => [`block.${kind}`, blockSchemas[kind]])),
    },
  };
}
