/**
 * A field's value as plain text: for titles, timeline changes, filter summaries and accessible names.
 * Pure: everything it needs comes in `TextContext`.
 */
import type { Entity, Field, Fields, MultiValue, Pipeline, Refs, Stage, Value } from "@/api/types";
import { formatDate, formatDateTime, formatMoney, formatNumber, formatPhone } from "@/i18n/format";

export interface TextContext {
  entity: Entity;
  refs: Refs;
  /** Used when the record has none of its own. */
  currency: string;
  words: { yes: string; no: string; unknown: string };
}

export function isEmpty(value: Value): boolean {
  return (
    value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0)
  );
}

export function multiValues(value: Value): MultiValue[] {
  if (!Array.isArray(value)) return [];
  return value.filter(
    (entry): entry is MultiValue =>
      typeof entry === "object" && entry !== null && typeof (entry as MultiValue).value === "string",
  );
}

export function ids(value: Value): string[] {
  if (typeof value === "string" && value) return [value];
  return Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === "string") : [];
}

export function stageOf(entity: Entity, key: Value): Stage | undefined {
  for (const pipeline of entity.pipelines) {
    const found = pipeline.stages.find((stage) => stage.key === key);
    if (found) return found;
  }
  return undefined;
}

export function pipelineOf(entity: Entity, id: Value): Pipeline | undefined {
  return entity.pipelines.find((pipeline) => pipeline.id === id || pipeline.key === id);
}

export function fieldOf(entity: Entity, key: string): Field | undefined {
  return entity.fields.find((field) => field.key === key);
}

/** The currency of a record's amounts. */
export function currencyOf(fields: Fields | undefined, fallback: string): string {
  return typeof fields?.currency === "string" && fields.currency ? fields.currency : fallback;
}

/** "" for an empty value. `fields` is the record around it, when there is one (its currency). */
export function textOf(field: Field, value: Value, context: TextContext, fields?: Fields): string {
  if (isEmpty(value)) return "";
  switch (field.type) {
    case "integer":
      return typeof value === "number" ? formatNumber(value, 0) : String(value);
    case "decimal":
      return typeof value === "number" ? formatNumber(value, 4) : String(value);
    case "money":
      return Number.isFinite(Number(value))
        ? formatMoney(Number(value), currencyOf(fields, context.currency))
        : String(value);
    case "boolean":
      return value ? context.words.yes : context.words.no;
    case "date":
      return formatDate(String(value));
    case "datetime":
      return formatDateTime(String(value));
    case "choice":
      return ids(value)
        .map((one) => field.choices?.find((choice) => choice.value === one)?.label ?? one)
        .join(", ");
    case "stage":
      return stageOf(context.entity, value)?.name ?? String(value);
    case "pipeline":
      return pipelineOf(context.entity, value)?.name ?? String(value);
    case "link":
    case "links":
    case "record":
    case "user":
    case "department":
      return ids(value)
        .map((id) => context.refs[id]?.title ?? context.words.unknown)
        .join(", ");
    case "phones":
      return multiValues(value)
        .map((entry) => formatPhone(entry.value))
        .join(", ");
    case "emails":
    case "urls":
    case "messengers":
      return multiValues(value)
        .map((entry) => entry.value)
        .join(", ");
    case "json":
      return JSON.stringify(value);
    default:
      return String(value);
  }
}

/** What a record is called everywhere. */
export function titleOf(entity: Entity, fields: Fields, untitled: string): string {
  const title = fields[entity.title_field];
  if (typeof title === "string" && title.trim()) return title;
  return fields.number ? `${entity.label} ${fields.number}` : untitled;
}
