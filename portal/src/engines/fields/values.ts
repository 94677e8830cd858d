/** What a field's value is, before it is words or pixels. Pure. */
import type { MultiValue, Value } from "@/api/types";

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

/** Lines left empty are not values. */
export function withoutEmpty(value: Value): Value {
  return Array.isArray(value) && value.some((entry) => entry && typeof entry === "object")
    ? multiValues(value).filter((entry) => entry.value.trim())
    : value;
}

/** Typed text that cannot be read as a value: it stands in the value's place until it is mended, and is never sent. */
export interface Unread {
  $unread: string;
}

export const unread = (text: string): Unread => ({ $unread: text });

/** The text of what could not be read. */
export function unreadText(value: Value): string | undefined {
  const text = typeof value === "object" && value !== null ? (value as Partial<Unread>).$unread : undefined;
  return typeof text === "string" ? text : undefined;
}
