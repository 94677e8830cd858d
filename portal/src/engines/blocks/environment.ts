/** The names an expression of a page may use, and values with expressions in them made plain. Pure. */
import { formatDate } from "@/i18n/format";
import { type Environment, evaluate, type Outcome } from "./expression/evaluate";
import type { Node } from "./expression/node";
import { Row, type Types, unknown } from "./expression/values";
import type { SourceData } from "./sources";
import type { Computed, Given, Text } from "./tree";

export interface Names {
  me?: Record<string, unknown>;
  /** The person's day, YYYY-MM-DD. */
  today: string;
  params: Record<string, unknown>;
  state: Record<string, unknown>;
  settings?: Record<string, unknown>;
  record?: Record<string, unknown> | Row | null;
  form?: Record<string, unknown>;
  row?: Row;
  sources: Record<string, SourceData>;
  can?(entity: string, action: string): boolean | undefined;
}

/** Types of a source's fields, as expressions bind them. */
export function typesOf(source: SourceData): Types {
  return Object.fromEntries((source.fields ?? []).map(({ key, type }) => [key, type]));
}

function sourceNames(source: SourceData): Record<string, unknown> {
  if (!source.rows) return { rows: unknown, first: unknown, total: unknown };
  const types = typesOf(source);
  const rows = source.rows.map((row) => new Row({ id: row.id, ...row.fields }, types));
  return { rows, first: rows[0] ?? {}, total: source.total ?? rows.length };
}

export function environmentOf(names: Names): Environment {
  const made = new Map<string, unknown>();
  const make = (name: string): unknown => {
    switch (name) {
      case "me":
        return names.me ?? unknown;
      case "today":
        return names.today;
      case "params":
        return names.params;
      case "state":
        return names.state;
      case "settings":
        return names.settings ?? unknown;
      case "record":
        return names.record === undefined ? unknown : names.record;
      case "form":
        return names.form ?? {};
      case "row":
        return names.row ?? unknown;
      case "sources":
        return Object.fromEntries(
          Object.entries(names.sources).map(([key, source]) => [key, sourceNames(source)]),
        );
      default:
        return undefined;
    }
  };
  return {
    lookup(name) {
      if (!made.has(name)) made.set(name, make(name));
      return made.get(name);
    },
    can: names.can,
  };
}

export const isComputed = (value: unknown): value is Computed =>
  typeof value === "object" && value !== null && !Array.isArray(value) && "=" in value;

export function outcomeOf(node: Node, environment: Environment): Outcome {
  return evaluate(node, environment);
}

/** The value, or nothing where it cannot be said. */
export function plain<T>(given: Given<T> | undefined, environment: Environment): T | undefined {
  if (given === undefined || !isComputed(given)) return given as T | undefined;
  const outcome = evaluate(given["="], environment);
  return "value" in outcome ? (outcome.value as T) : undefined;
}

/** A value with expressions anywhere in it made plain; `waiting` where one of them cannot be said yet. */
export function resolve(value: unknown, environment: Environment): { value: unknown } | { waiting: true } {
  let waiting = false;
  const visit = (one: unknown): unknown => {
    if (isComputed(one)) {
      const outcome = evaluate(one["="], environment);
      if ("value" in outcome) return outcome.value;
      if ("unknown" in outcome) waiting = true;
      return null;
    }
    if (Array.isArray(one)) return one.map(visit);
    if (typeof one !== "object" || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([key, inner]) => [key, visit(inner)]));
  };
  const made = visit(value);
  return waiting ? { waiting: true } : { value: made };
}

/** A condition that is left out holds; one that cannot be said does not. */
export function isTrue(given: Given<boolean> | undefined, environment: Environment): boolean {
  return given === undefined || plain(given, environment) === true;
}

const isDay = (value: unknown): value is string =>
  typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value);

/** A text in words. Translations are the package's; what is missing shows its key. */
export function textIn(
  text: Text | undefined,
  environment: Environment,
  texts: Record<string, string>,
  locale: string,
): string {
  if (text === undefined) return "";
  if (typeof text === "string") return text;
  if (isComputed(text)) {
    const value = plain<unknown>(text, environment);
    return value === undefined || value === null ? "" : String(value);
  }
  const filled = resolve(text.with ?? {}, environment);
  const values = ("value" in filled ? filled.value : {}) as Record<string, unknown>;
  const count = Number(values.count);
  const form = Number.isFinite(count) ? new Intl.PluralRules(locale).select(count) : undefined;
  const found = (form && texts[`${text.t}_${form}`]) ?? texts[text.t] ?? texts[`${text.t}_other`] ?? text.t;
  // What is not known yet is left open; days stand as their reader writes them.
  const said = (value: unknown) => (isDay(value) ? formatDate(value) : String(value ?? "…"));
  const waits = !("value" in filled);
  return found.replace(/\{(\w+)\}/g, (hole, name: string) =>
    name in (text.with ?? {}) && (waits || values[name] !== undefined) ? said(values[name]) : hole,
  );
}
