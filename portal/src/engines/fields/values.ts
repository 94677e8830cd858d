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
