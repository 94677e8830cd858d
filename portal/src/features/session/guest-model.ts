/** A guest's view as the card shows it. Pure. */
import type { GuestField } from "@/api/guests";
import type { Field, Fields } from "@/api/types";
import { isEmpty } from "@/engines/fields/values";
import type { Shape } from "@/engines/source";

/** What the card shows a field by. Names of choices and of what it links to come in words: the value is a text then. */
export interface Shown {
  field: Field;
  record: { fields: Fields };
  /** Of an amount. */
  currency: string;
}

/** Nothing knows more of a guest's record than its fields do: no stages, no links. */
export const guestShape = { key: "", title_field: "", fields: [], pipelines: [] } as unknown as Shape;

/** A field of a guest's view; nothing when there is nothing to read. */
export function shownOf({ key, label, type, value, text, currency }: GuestField): Shown | undefined {
  const said = text || value;
  if (isEmpty(said)) return undefined;
  const field = { key, label, type: text ? "long_text" : type } as Field;
  return { field, record: { fields: { [key]: said } }, currency: currency ?? "" };
}
