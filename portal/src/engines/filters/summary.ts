/** A filter in plain words: "Responsible is me, Amount at least 500,000". Pure: words come in. */

import type { Filter, Refs, Value } from "@/api/types";
import { type TextContext, textOf } from "@/engines/fields/text";
import type { Shape } from "@/engines/source";
import { formatDate, formatNumber } from "@/i18n/format";
import { type Choice, fromFilter, type Resolved, resolveField } from "./model";

export interface FilterWords {
  choice(choice: Choice): string;
  period(period: string): string;
  days(count: number): string;
  /** Records named one by one. */
  chosen(count: number): string;
  /** Where a record has been. */
  reached: string;
  or: string;
  not: string;
  and: string;
}

export interface SummaryContext {
  entity: Shape;
  entities: Shape[];
  refs: Refs;
  currency: string;
  words: FilterWords;
  text: TextContext["words"];
}

export function summaryOf(filter: Filter, context: SummaryContext): string {
  const { words } = context;
  if ("and" in filter) return filter.and.map((part) => nested(part, context)).join(", ");
  if ("or" in filter) return filter.or.map((part) => nested(part, context)).join(` ${words.or} `);
  if ("not" in filter) return `${words.not} (${summaryOf(filter.not, context)})`;

  // Records named one by one: their ids say nothing to anybody.
  if (filter.field === "id" && Array.isArray(filter.value)) return words.chosen(filter.value.length);
  const resolved =
    reached(filter.field, context) ?? resolveField(filter.field, context.entity, context.entities);
  const label = resolved?.label ?? filter.field;
  const condition = fromFilter(filter, resolved?.field.type);
  if (!resolved || !condition) {
    const value = filter.value === undefined ? "" : ` ${JSON.stringify(filter.value)}`;
    return `${label} ${filter.op}${value}`;
  }
  const valueText = (value: Value) =>
    textOf(resolved.field, value, {
      entity: resolved.entity,
      refs: context.refs,
      currency: context.currency,
      words: context.text,
    });
  const entered = enteredText(condition.choice, condition.value, valueText, words);
  return [label, words.choice(condition.choice), entered].filter(Boolean).join(" ");
}

/** Where a record has been, which is no field of it: named as its stages are. */
function reached(field: string, { entity, entities, words }: SummaryContext): Resolved | undefined {
  const stage = field === "reached" ? entity.fields.find(({ type }) => type === "stage") : undefined;
  return (
    stage && {
      field: stage,
      entity: resolveField(stage.key, entity, entities)?.entity ?? entity,
      label: words.reached,
    }
  );
}

function nested(part: Filter, context: SummaryContext): string {
  const text = summaryOf(part, context);
  return "or" in part || "and" in part ? `(${text})` : text;
}

function enteredText(
  choice: Choice,
  value: Value,
  valueText: (value: Value) => string,
  words: FilterWords,
): string {
  switch (choice) {
    case "contains":
    case "starts_with":
      return `«${String(value)}»`;
    case "equals":
    case "at_least":
    case "at_most":
      return typeof value === "number" ? valueText(value) || formatNumber(value) : String(value);
    case "between":
    case "dates": {
      const pair = Array.isArray(value) ? value : [];
      const one = (part: Value) => (choice === "dates" ? formatDate(String(part)) : valueText(part));
      return pair.map(one).join(` ${words.and} `);
    }
    case "any_of":
    case "none_of":
      return (Array.isArray(value) ? value : []).map(valueText).join(", ");
    case "period":
      return words.period(String(value));
    case "last_days":
    case "next_days":
      return words.days(Number(value));
    case "since":
    case "until":
    case "before":
      return formatDate(String(value));
    default:
      return "";
  }
}
