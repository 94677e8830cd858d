/** What stands in the form of a rule of automation, and what is sent of it. Pure. */

import type { Field } from "@/api/types";
import type { AutomationRule } from "./automation-api";

export const events = [
  "created",
  "updated",
  "stage_entered",
  "stage_left",
  "stuck",
  "date",
  "deleted",
] as const;
export type EventKind = (typeof events)[number];
export const staged: readonly EventKind[] = ["stage_entered", "stage_left", "stuck"];

/** Actions with a form of their own; others are written as JSON. */
export const kinds = [
  "task",
  "notice",
  "email",
  "set-fields",
  "move-stage",
  "create-record",
  "start-process",
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

function actionDraft({ kind, parameters }: Action): ActionDraft {
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
  const fields = fieldsOf(known === "create-record" ? (action.texts.entity ?? "") : entity);
  const rows = action.rows.filter(({ key }) => key !== "");
  return {
    ...Object.fromEntries(own.filter(([, text]) => text !== "")),
    ...Object.fromEntries(
      rows.map(({ key, value }) => [
        key,
        readValue(
          fields.find((field) => field.key === key),
          value,
        ),
      ]),
    ),
  };
}

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
    },
    ...(draft.when.trim() ? { when: draft.when } : {}),
    once: draft.once && !stuck,
    ...(draft.delay && !stuck ? { delay: draft.delay } : {}),
    do: draft.actions.map((action) => ({
      kind: action.kind.trim(),
      parameters: parametersOf(action, entity, fieldsOf),
    })),
    as: draft.acts,
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
