/** What can be done with a field by its type. */
import type { Choice, Field, Value } from "@/api/types";
import { withPaths } from "./branches";
import { ids } from "./values";

/** Come from elsewhere: an upload, a computation. */
const fromElsewhere = ["file", "formula"];

/** Whether a person may fill it in, in a form or on a card. */
export function isFillable(field: Field): boolean {
  return !field.read_only && !fromElsewhere.includes(field.type);
}

/** Whether it may be set by itself, in a cell or for many rows: what another field belongs to may not. */
export function isEditable(field: Field): boolean {
  return isFillable(field) && field.type !== "record";
}

export const isNumeric = (field: Field) => ["integer", "decimal", "money", "duration"].includes(field.type);

/** What a choice offers: an archived one only where the row has it already. */
export function offeredOf(field: Field, value: Value): Choice[] {
  const kept = ids(value);
  const offered = (choice: Choice) => !choice.archived || kept.includes(choice.value);
  return withPaths(field.choices ?? []).filter(offered);
}

/** The product's rows of a sale, which have a section of their own on the card. */
export const isSaleRows = ({ key, type, own }: Field) => key === "rows" && type === "json" && !own;

/** Whether its value is only for what computes with it: nobody reads it as text. */
export const isUnreadable = (field: Field) =>
  isSaleRows(field) || (field.key === "allocations" && field.type === "json" && !field.own);
