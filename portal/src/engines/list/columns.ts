/** Which columns a list has and how wide they are. Pure. */
import type { Field, FieldType } from "@/api/types";
import { isUnreadable } from "@/engines/fields/kinds";
import { currencyFieldOf } from "@/engines/fields/money";
import type { Shape } from "@/engines/source";

const widths: Partial<Record<FieldType, number>> = {
  long_text: 240,
  integer: 96,
  decimal: 110,
  money: 130,
  boolean: 110,
  date: 124,
  datetime: 130,
  stage: 160,
  user: 180,
  link: 180,
  links: 200,
  phones: 170,
  emails: 190,
  urls: 180,
};

const titleWidth = 300;

export function defaultWidth(field: Field, isTitle: boolean): number {
  return isTitle ? titleWidth : (widths[field.type] ?? 150);
}

/** Chosen columns, or the layout's; the title always first, unknown ones left out. */
export function columnsOf(entity: Shape, chosen: string[] | undefined): Field[] {
  const wanted = chosen?.length ? chosen : entity.layout.list;
  const keys = [entity.title_field, ...wanted.filter((key) => key !== entity.title_field)];
  return [...new Set(keys)]
    .map((key) => entity.fields.find((field) => field.key === key))
    .filter((field): field is Field => field !== undefined && !isUnreadable(field));
}

/** Fields read with the rows: the columns, and what showing them needs. */
export function fieldsToRead(shape: Shape, columns: Field[]): string[] {
  const keys = new Set(columns.map((field) => field.key));
  for (const field of columns) {
    const currency = field.type === "money" && currencyFieldOf(shape, field);
    if (currency) keys.add(currency.key);
  }
  for (const key of ["stage", "pipeline", "number", "deleted_at"]) {
    if (shape.fields.some((field) => field.key === key)) keys.add(key);
  }
  return [...keys];
}

/** The list of keys with one moved before another; the title cannot be moved. */
export function moveColumn(
  keys: string[],
  from: string,
  before: string | undefined,
  fixed: string,
): string[] {
  if (from === fixed || from === before) return keys;
  const rest = keys.filter((key) => key !== from);
  const at = before === undefined ? rest.length : rest.indexOf(before);
  const target = before === fixed ? 1 : at;
  if (target < 0) return keys;
  return [...rest.slice(0, target), from, ...rest.slice(target)];
}
