/** Types of fields the portal draws: those of the description, and those a catalogue of the company's own adds. */
import type { Field, FieldType } from "@/api/types";

export type Kind = FieldType | "currency" | "duration" | "choices" | "address" | "file" | "formula";

export const kindOf = (field: Field): Kind => field.type;

/** Whether a person may fill it in here; a file and a computed value come from elsewhere. */
export function isEditable(field: Field): boolean {
  const kind = kindOf(field);
  return !field.read_only && kind !== "file" && kind !== "formula";
}

export const isNumeric = (field: Field) =>
  ["integer", "decimal", "money", "duration"].includes(kindOf(field));
