/**
 * A filter as people build it (conditions that all hold) and as the query language writes it. What the
 * builder cannot show as a condition (or, not, nested) is kept as it is and shown as one chip.
 */

import type { Comparison, Field, FieldType, Filter, FilterOp, RelativeDay, Value } from "@/api/types";
import type { Shape } from "@/engines/source";

/** What a person chooses; several may write the same operator with another value. */
export type Choice =
  | "contains"
  | "starts_with"
  | "equals"
  | "at_least"
  | "at_most"
  | "between"
  | "any_of"
  | "none_of"
  | "is_true"
  | "is_false"
  | "is_me"
  | "my_department"
  | "my_subtree"
  | "my_headed"
  | "period"
  | "last_days"
  | "next_days"
  | "since"
  | "until"
  | "before"
  | "dates"
  | "empty"
  | "not_empty";

export const periods: RelativeDay[] = [
  "today",
  "yesterday",
  "tomorrow",
  "this_week",
  "last_week",
  "next_week",
  "this_month",
  "last_month",
  "next_month",
  "this_quarter",
  "this_year",
];

const presence: Choice[] = ["empty", "not_empty"];
const text: Choice[] = ["contains", "equals", "starts_with", ...presence];
const several: Choice[] = ["contains", ...presence];
const number: Choice[] = ["at_least", "at_most", "between", "equals", ...presence];
const list: Choice[] = ["any_of", "none_of", ...presence];
const moment: Choice[] = [
  "period",
  "last_days",
  "next_days",
  "since",
  "until",
  "before",
  "dates",
  ...presence,
];

const byType: Record<FieldType, Choice[]> = {
  text,
  long_text: ["contains", ...presence],
  integer: number,
  decimal: number,
  money: number,
  boolean: ["is_true", "is_false"],
  date: moment,
  datetime: moment,
  choice: list,
  stage: ["any_of", "none_of"],
  pipeline: ["any_of", "none_of"],
  link: list,
  links: list,
  user: ["is_me", ...list],
  department: ["my_department", "my_subtree", "my_headed", ...list],
  phones: several,
  emails: several,
  urls: several,
  messengers: several,
  currency: list,
  choices: list,
  duration: number,
  address: presence,
  file: presence,
  formula: presence,
  record: presence,
  json: presence,
};

/** What depends on the day or on who asks. */
const moving: readonly Choice[] = [
  "is_me",
  "my_department",
  "my_subtree",
  "my_headed",
  "period",
  "last_days",
  "next_days",
];

/** `fixed`: only what means the same on every day and for everybody. */
export function choicesOf(field: Field, fixed = false): Choice[] {
  const all = byType[field.type] ?? presence;
  return fixed ? all.filter((choice) => !moving.includes(choice)) : all;
}

/** What has to be entered for a choice. */
export type Input = "none" | "text" | "number" | "numbers" | "set" | "period" | "days" | "day" | "days_range";

export function inputOf(choice: Choice, type: FieldType): Input {
  switch (choice) {
    case "contains":
    case "starts_with":
      return "text";
    case "equals":
      return ["integer", "decimal", "money", "duration"].includes(type) ? "number" : "text";
    case "at_least":
    case "at_most":
      return "number";
    case "between":
      return "numbers";
    case "any_of":
    case "none_of":
      return "set";
    case "period":
      return "period";
    case "last_days":
    case "next_days":
      return "days";
    case "since":
    case "until":
    case "before":
      return "day";
    case "dates":
      return "days_range";
    default:
      return "none";
  }
}

export interface Condition {
  field: string;
  choice: Choice;
  /** As entered: text, number, list of ids, period, number of days, calendar day(s) YYYY-MM-DD. */
  value: Value;
}

/** What is typed and cannot be read is an object here. */
const isEntered = (one: Value) => typeof one === "number" || (typeof one === "string" && one !== "");

/** Whether there is enough to ask the server. */
export function isComplete(condition: Condition, type: FieldType): boolean {
  const { value } = condition;
  switch (inputOf(condition.choice, type)) {
    case "none":
      return true;
    case "numbers":
    case "days_range":
      return Array.isArray(value) && value.length === 2 && value.every(isEntered);
    case "set":
      return Array.isArray(value) && value.length > 0;
    case "number":
    case "days":
      return typeof value === "number";
    default:
      return typeof value === "string" && value !== "";
  }
}

const startOf = (day: string) => new Date(`${day}T00:00:00`).toISOString();
const endOf = (day: string) => new Date(`${day}T23:59:59.999`).toISOString();

/** The query language's form. Calendar days of a moment are the days of this browser's time zone. */
export function toFilter({ field, choice, value }: Condition, type: FieldType): Comparison {
  const write = (op: FilterOp, written?: Value): Comparison =>
    written === undefined ? { field, op } : { field, op, value: written };
  const from = (day: Value) => (type === "datetime" ? startOf(String(day)) : day);
  const to = (day: Value) => (type === "datetime" ? endOf(String(day)) : day);
  switch (choice) {
    case "contains":
      return write("contains", value);
    case "starts_with":
      return write("starts_with", value);
    case "equals":
      return write("eq", value);
    case "at_least":
      return write("gte", value);
    case "at_most":
      return write("lte", value);
    case "between":
      return write("between", value);
    case "any_of":
      return write("in", value);
    case "none_of":
      return write("not_in", value);
    case "is_true":
      return write("eq", true);
    case "is_false":
      return write("eq", false);
    case "is_me":
      return write("eq", { me: true });
    case "my_department":
      return write("eq", { my_department: true });
    case "my_subtree":
      return write("in", { my_subtree: true });
    case "my_headed":
      return write("in", { my_headed: true });
    case "period":
      return write("eq", { relative: value });
    case "last_days":
      return write("gte", { relative: "days_ago", n: value });
    case "next_days":
      return write("lte", { relative: "days_ahead", n: value });
    case "since":
      return write("gte", from(value));
    case "until":
      return write("lte", to(value));
    case "before":
      return write("lt", from(value));
    case "dates": {
      const [first, last] = value as [Value, Value];
      return write("between", [from(first), to(last)]);
    }
    case "empty":
      return write("empty");
    case "not_empty":
      return write("not_empty");
  }
}

const isObject = (value: Value): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const dayOf = (value: Value): string => {
  const written = String(value);
  if (!written.includes("T")) return written.slice(0, 10);
  const date = new Date(written);
  const pad = (part: number) => String(part).padStart(2, "0");
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
};

/** Back from the query language; undefined when the builder has no such condition. */
export function fromFilter(node: Filter, type: FieldType | undefined): Condition | undefined {
  if (!("field" in node) || !type) return undefined;
  const { field, op, value } = node;
  const read = (choice: Choice, entered: Value = null): Condition | undefined =>
    (byType[type] ?? []).includes(choice) ? { field, choice, value: entered } : undefined;
  const timed = type === "date" || type === "datetime";

  if (isObject(value)) {
    if (value.me === true && op === "eq") return read("is_me");
    if (value.my_department === true && op === "eq") return read("my_department");
    if (value.my_subtree === true && (op === "in" || op === "eq")) return read("my_subtree");
    if (value.my_headed === true && (op === "in" || op === "eq")) return read("my_headed");
    if (value.relative === "days_ago" && op === "gte") return read("last_days", value.n);
    if (value.relative === "days_ahead" && op === "lte") return read("next_days", value.n);
    if (op === "eq" && periods.includes(value.relative as RelativeDay)) return read("period", value.relative);
    return undefined;
  }
  switch (op) {
    case "empty":
    case "not_empty":
      return read(op);
    case "contains":
    case "starts_with":
      return read(op, value);
    case "in":
      return Array.isArray(value) ? read("any_of", value) : undefined;
    case "not_in":
      return Array.isArray(value) ? read("none_of", value) : undefined;
    case "gte":
      return timed ? read("since", dayOf(value)) : read("at_least", value);
    case "lte":
      return timed ? read("until", dayOf(value)) : read("at_most", value);
    case "lt":
      return read("before", dayOf(value));
    case "between":
      if (!Array.isArray(value)) return undefined;
      return timed ? read("dates", value.map(dayOf)) : read("between", value);
    case "eq":
      if (type === "boolean") return read(value === true ? "is_true" : "is_false");
      return read("equals", value) ?? read("any_of", [value]);
    default:
      return undefined;
  }
}

/** The parts that all must hold. */
export function partsOf(filter: Filter | undefined): Filter[] {
  if (!filter) return [];
  return "and" in filter ? filter.and : [filter];
}

export function joinParts(parts: Filter[]): Filter | undefined {
  return parts.length > 1 ? { and: parts } : parts[0];
}

export interface Resolved {
  field: Field;
  /** Where the field lives: the entity itself or the linked one. */
  entity: Shape;
  /** "Company → Industry" across a link. */
  label: string;
}

/** The catalogue's field behind a path of at most one hop. */
export function resolveField(path: string, entity: Shape, entities: Shape[]): Resolved | undefined {
  const [first, second] = path.split(".");
  const field = entity.fields.find((one) => one.key === first);
  if (!field) return undefined;
  if (second === undefined) return { field, entity, label: field.label };
  const target = entities.find((one) => one.key === field.entity);
  const inner = target?.fields.find((one) => one.key === second);
  return target && inner
    ? { field: inner, entity: target, label: `${field.label} → ${inner.label}` }
    : undefined;
}

/** Every field a person may filter by: own ones, and those of linked records. */
export function filterable(
  entity: Shape,
  entities: Shape[],
): { path: string; label: string; group?: string }[] {
  const usable = (field: Field) => field.filterable;
  const own = entity.fields.filter(usable).map((field) => ({ path: field.key, label: field.label }));
  const linked = entity.fields
    .filter((field) => usable(field) && (field.type === "link" || field.type === "links"))
    .flatMap((link) => {
      const target = entities.find((one) => one.key === link.entity);
      return (target?.fields ?? [])
        .filter(usable)
        .filter((field) => !["link", "links", "pipeline"].includes(field.type))
        .map((field) => ({ path: `${link.key}.${field.key}`, label: field.label, group: link.label }));
    });
  return [...own, ...linked];
}
