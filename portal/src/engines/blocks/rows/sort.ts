/** Rows in the order a person chose, where all of them are here. */
import { useMemo } from "react";
import type { RecordData, Sort, Value } from "@/api/types";
import { fieldOf, type TextContext, textOf } from "@/engines/fields/text";
import { isEmpty } from "@/engines/fields/values";
import type { Shape } from "@/engines/source";

export function sortRows(
  rows: RecordData[],
  sort: Sort[] | undefined,
  words: (key: string, value: Value) => string,
): RecordData[] {
  const first = sort?.[0];
  if (!first) return rows;
  const by = (left: RecordData, right: RecordData): number => {
    const [a, b] = [left.fields[first.field], right.fields[first.field]];
    // What is empty stands last, whichever way.
    if (isEmpty(a) || isEmpty(b)) return Number(isEmpty(a)) - Number(isEmpty(b));
    const order =
      typeof a === "number" && typeof b === "number"
        ? a - b
        : words(first.field, a).localeCompare(words(first.field, b), undefined, { numeric: true });
    return first.desc ? -order : order;
  };
  return [...rows].sort(by);
}

export function useGivenRows(
  rows: RecordData[],
  sort: Sort[] | undefined,
  texts: TextContext,
  shape: Shape,
): RecordData[] {
  return useMemo(
    () =>
      sortRows(rows, sort, (key, value) => {
        const field = fieldOf(shape, key);
        const sortsByItself = field?.type === "date" || field?.type === "datetime";
        return field && !sortsByItself ? textOf(field, value, texts) : String(value);
      }),
    [rows, sort, texts, shape],
  );
}
