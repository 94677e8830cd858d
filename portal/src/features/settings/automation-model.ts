/** What stands in the form of a rule of automation, and what is sent of it. Pure. */

import type { Field, Filter } from "@/api/types";
import type { AutomationRule } from "./automation-api";
import type { Words } from "./pipelines/model";

export const events = [
  "created",
  "updated",
  "stage_entered",
  "stage_left",
  "stuck",
  "date",
  "deleted",
  "button",
  "schedule",
  "webhook",
] as const;
export type EventKind = (typeof events)[number];
export const staged: readonly EventKind[] = ["stage_entered", "stage_left", "stuck"];

/** Those of which a record as it stands may be an answer. */
export const applicable: readonly EventKind[] = [
  "created",
  "updated",
  "stage_entered",
  "stuck",
  "button",
  "schedule",
];

/** Actions with a form of their own; others are written as JSON. */
export const kinds = [
  "task",
  "notice",
  "email",
  "set-fields",
  "move-stage",
  "create-record",
  "link",
  "unlink",
  "document",
  "start-process",
  "message",
  "script",
  "webhook",
] as const;
export type Kind = (typeof kinds)[number];
export const knownKind = (kind: string): Kind | undefined => kinds.find((one) => one === kind);

/** Parameters that are texts in the form, by kind; what else an action has are fields. */
const texts: Record<Kind, readonly string[]> = {
  task: ["title", "description", "executors", "within"],
  notice: ["to", "text"],
  email: ["to", "cc", "subject", "text", "reply_to"],
  "set-fields": [],
  "move-stage": ["stage"],
  "create-record": ["entity"],
  link: ["field", "to"],
  unlink: ["field", "to"],
  document: ["template"],
  message: ["message", "key"],
  script: ["script"],
  "start-process": ["process"],
  webhook: ["url", "method"],
};

export interface FieldRow {
  id: number;
  key: string;
  value: string;
}

export interface ActionDraft {
  id: number;
  kind: string;
  texts: Record<string, string>;
  rows: FieldRow[];
  /** Of an action without a form: its parameters. */
  json: string;
}

export interface RuleDraft {
  name: string;
  event: EventKind;
  fields: string[];
  stage: string;
  after: string;
  /** Of a date: the field, days and whether before it. */
  field: string;
  days: string;
  before: boolean;
  at: string;
  /** Of a button: what stands on it, and whom it is for. */
  label: Words;
  roles: string[];
  /** Of a schedule: when, which records, how many at a time. */
  cron: string;
  filter?: Filter;
  most: string;
  /** Of a webhook: which record it is about, and fields of one that is made. */
  record: string;
  make: FieldRow[];
  when: string;
  once: boolean;
  delay: string;
  acts: "rule" | "actor";
  enabled: boolean;
  actions: ActionDraft[];
}

let last = 0;
export const freshId = (): number => {
  last += 1;
  return last;
};

export const freshAction = (kind: string): ActionDraft => ({
  id: freshId(),
  kind,
  texts: kind === "task" ? { executors: "owner" } : kind === "notice" ? { to: "owner" } : {},
  rows: kind === "set-fields" ? [{ id: freshId(), key: "", value: "" }] : [],
  json: "{}",
});

const freshRule = (): RuleDraft => ({
  name: "",
  event: "created",
  fields: [],
  stage: "",
  after: "",
  field: "",
  days: "0",
  before: true,
  at: "09:00",
  label: {},
  roles: [],
  cron: "0 9 * * 1-5",
  most: "100",
  record: "",
  make: [],
  when: "",
  once: false,
  delay: "",
  acts: "rule",
  enabled: true,
  actions: [freshAction("task")],
});

const textOf = (value: unknown): string => {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value.join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
};

type Action = AutomationRule["do"][number];

export function actionDraft({ kind, parameters }: Action): ActionDraft {
  const given = (parameters ?? {}) as Record<string, unknown>;
  const known = knownKind(kind);
  const own = known ? texts[known] : [];
  const rest = Object.entries(given).filter(([key]) => !own.includes(key));
  return {
    id: freshId(),
    kind,
    texts: Object.fromEntries(own.filter((key) => key in given).map((key) => [key, textOf(given[key])])),
    rows: known ? rest.map(([key, value]) => ({ id: freshId(), key, value: textOf(value) })) : [],
    json: JSON.stringify(given, undefined, 2),
  };
}

/** Whole days; what else there is stays as it was written. */
function offsetDraft(offset: string): Pick<RuleDraft, "days" | "before"> {
  const days = /^(-?)P(\d+)D$/.exec(offset);
  return days ? { days: days[2] ?? "0", before: days[1] === "-" } : { days: offset, before: false };
}

function dateOf({ field, days, before, at }: RuleDraft): Partial<AutomationRule["on"]> {
  const offset = /^\d+$/.test(days) ? `${before && days !== "0" ? "-" : ""}P${days}D` : days;
  return { ...(field ? { field } : {}), offset, at };
}

function buttonOf({ label, roles }: RuleDraft): Partial<AutomationRule["on"]> {
  const said: Record<string, string> = {};
  for (const [locale, words] of Object.entries(label)) if (words?.trim()) said[locale] = words.trim();
  return { label: said, roles };
}

function scheduleOf({ cron, filter, most }: RuleDraft): Partial<AutomationRule["on"]> {
  const count = Number(most);
  return {
    cron: cron.trim(),
    ...(filter ? { filter: filter as Record<string, unknown> } : {}),
    ...(most.trim() && Number.isInteger(count) && count >= 0 ? { most: count } : {}),
  };
}

function webhookOf({ record, make }: RuleDraft, fields: readonly Field[]): Partial<AutomationRule["on"]> {
  const rows = make.filter(({ key }) => key !== "");
  return {
    ...(record.trim() ? { record: record.trim() } : {}),
    ...(rows.length > 0 ? { make: valuesOf(rows, fields) } : {}),
  };
}

export function ruleDraft(rule?: AutomationRule): RuleDraft {
  if (!rule) return freshRule();
  return {
    name: rule.name,
    event: rule.on.event,
    fields: rule.on.fields ?? [],
    stage: rule.on.stage ?? "",
    after: rule.on.after ?? "",
    field: rule.on.field ?? "",
    ...offsetDraft(rule.on.offset ?? "P0D"),
    at: rule.on.at ?? "09:00",
    label: (rule.on.label ?? {}) as Words,
    roles: rule.on.roles ?? [],
    cron: rule.on.cron ?? "0 9 * * 1-5",
    filter: rule.on.filter as Filter | undefined,
    most: rule.on.event === "schedule" ? String(rule.on.most ?? "") : "100",
    record: rule.on.record ?? "",
    make: Object.entries(rule.on.make ?? {}).map(([key, value]) => ({
      id: freshId(),
      key,
      value: textOf(value),
    })),
    when: rule.when ?? "",
    once: rule.once ?? false,
    delay: rule.delay ?? "",
    acts: rule.as ?? "rule",
    enabled: rule.enabled ?? true,
    actions: rule.do.map(actionDraft),
  };
}

/** A text as a value of the field: yes, no and numbers are not texts; nothing empties it. */
export function readValue(field: Pick<Field, "type"> | undefined, text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  if (trimmed.startsWith("=") || trimmed.includes("{{")) return text;
  if (field?.type === "boolean" && (trimmed === "true" || trimmed === "false")) return trimmed === "true";
  if (["integer", "decimal", "money", "duration"].includes(field?.type ?? "")) {
    const number = Number(trimmed.replace(",", "."));
    return Number.isFinite(number) ? number : text;
  }
  if (["links", "choices"].includes(field?.type ?? "")) return trimmed.split(",").map((one) => one.trim());
  return text;
}

type Fields = (entity: string) => readonly Field[];

function parametersOf(action: ActionDraft, entity: string, fieldsOf: Fields): Record<string, unknown> {
  const known = knownKind(action.kind);
  if (!known) return readJson(action.json) ?? {};
  const own = texts[known].map((key) => [key, action.texts[key]?.trim() ?? ""] as const);
  // What a message brings belongs to no record.
  const fields =
    known === "message" ? [] : fieldsOf(known === "create-record" ? (action.texts.entity ?? "") : entity);
  const rows = action.rows.filter(({ key }) => key !== "");
  return {
    ...Object.fromEntries(own.filter(([, text]) => text !== "")),
    ...valuesOf(rows, fields),
  };
}

/** What stands in rows, each as its field has it. */
const valuesOf = (rows: readonly FieldRow[], fields: readonly Field[]): Record<string, unknown> =>
  Object.fromEntries(
    rows.map(({ key, value }) => [
      key,
      readValue(
        fields.find((field) => field.key === key),
        value,
      ),
    ]),
  );

/** An object; undefined for everything else. */
export function readJson(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Not yet written to its end.
  }
  return undefined;
}

export const actionOf = (action: ActionDraft, entity: string, fieldsOf: Fields): Action => ({
  kind: action.kind.trim(),
  parameters: parametersOf(action, entity, fieldsOf),
});

export function ruleOf(draft: RuleDraft, entity: string, fieldsOf: Fields): AutomationRule {
  const { event } = draft;
  const stuck = event === "stuck";
  return {
    name: draft.name,
    on: {
      event,
      ...(event === "updated" && draft.fields.length > 0 ? { fields: draft.fields } : {}),
      ...(staged.includes(event) && draft.stage ? { stage: draft.stage } : {}),
      ...(stuck && draft.after ? { after: draft.after } : {}),
      ...(event === "date" ? dateOf(draft) : {}),
      ...(event === "button" ? buttonOf(draft) : {}),
      ...(event === "schedule" ? scheduleOf(draft) : {}),
      ...(event === "webhook" ? webhookOf(draft, fieldsOf(entity)) : {}),
    },
    ...(draft.when.trim() ? { when: draft.when } : {}),
    once: draft.once && !stuck,
    ...(draft.delay && !stuck ? { delay: draft.delay } : {}),
    do: draft.actions.map((action) => actionOf(action, entity, fieldsOf)),
    as: event === "webhook" ? "rule" : draft.acts,
    enabled: draft.enabled,
  };
}

/** People of a parameter: those the list knows, and addresses written by hand. */
export function peopleOf(text: string): { people: string[]; others: string } {
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const byHand = (part: string) => part.includes("@") && !part.startsWith("user:");
  return { people: parts.filter((part) => !byHand(part)), others: parts.filter(byHand).join(", ") };
}

export const peopleText = (people: string[], others: string): string =>
  [...people, ...(others.trim() ? [others.trim()] : [])].join(", ");

/** A list with one row moved by one place. */
export function swapped<T>(list: readonly T[], index: number, by: -1 | 1): T[] {
  const made = [...list];
  const [one, other] = [made[index], made[index + by]];
  if (one === undefined || other === undefined) return made;
  made[index] = other;
  made[index + by] = one;
  return made;
}
