/**
 * A field's value as plain text: for titles, timeline changes, filter summaries and accessible names.
 * Pure: everything it needs comes in `TextContext`.
 */
import type { Field, Fields, Pipeline, Refs, Stage, Value } from "@/api/types";
import type { Shape } from "@/engines/source";
import { formatDate, formatDateTime, formatNumber, formatPhone } from "@/i18n/format";
import { addressText } from "./address";
import { durationText } from "./duration";
import { currencyOf, moneyText } from "./money";
import { ids, isEmpty, multiValues } from "./values";

export interface TextContext {
  entity: Shape;
  refs: Refs;
  /** Used when the record has none of its own. */
  currency: string;
  words: { yes: string; no: string; unknown: string };
}

export function stageOf(entity: Shape, key: Value): Stage | undefined {
  for (const pipeline of entity.pipelines) {
    const found = pipeline.stages.find((stage) => stage.key === key);
    if (found) return found;
  }
  // Taken away since: what has been through it still names it.
  return entity.gone_stages?.find((stage) => stage.key === key);
}

export function pipelineOf(entity: Shape, id: Value): Pipeline | undefined {
  return entity.pipelines.find((pipeline) => pipeline.id === id || pipeline.key === id);
}

export function fieldOf(entity: Shape, key: string): Field | undefined {
  return entity.fields.find((field) => field.key === key);
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
      return moneyText(value, currencyOf(context.entity, field, fields, context.currency));
    case "duration":
      return typeof value === "number" ? durationText(value) : String(value);
    case "boolean":
      return value ? context.words.yes : context.words.no;
    case "date":
      return formatDate(String(value));
    case "datetime":
      return formatDateTime(String(value));
    case "choice":
    case "choices":
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
    case "address":
      return addressText(value);
    case "json":
      return JSON.stringify(value);
    default:
      return String(value);
  }
}

/** What a record is called everywhere. */
export function titleOf(entity: Shape, fields: Fields, untitled: string): string {
  const title = fields[entity.title_field];
  if (typeof title === "string" && title.trim()) return title;
  return fields.number ? `${entity.label} ${fields.number}` : untitled;
}

/** The same where the title may be a person, a date or a choice: as the first column of a module's table. */
export function nameOf(context: TextContext, fields: Fields, untitled: string): string {
  const { entity } = context;
  const field = fieldOf(entity, entity.title_field);
  const value = fields[entity.title_field];
  if (!field || field.type === "text" || isEmpty(value)) return titleOf(entity, fields, untitled);
  return textOf(field, value, context, fields);
}
