import { expect, test } from "vitest";
import type { GuestField } from "@/api/guests";
import { textOf } from "@/engines/fields/text";
import { guestShape, shownOf } from "./guest-model";

const field = (part: Partial<GuestField>): GuestField => ({
  key: "a",
  label: "A",
  type: "text",
  value: null,
  ...part,
});

const words = { yes: "yes", no: "no", unknown: "?" };

/** What the card would say of it. */
function said(part: Partial<GuestField>): string {
  const shown = shownOf(field(part));
  if (!shown) return "";
  const { field: known, record, currency } = shown;
  return textOf(
    known,
    record.fields[known.key],
    { entity: guestShape, refs: {}, currency, words },
    record.fields,
  );
}

test("values are read as the card shows them", () => {
  expect(said({ value: "plain" })).toBe("plain");
  expect(said({ text: "Won", type: "stage", value: null })).toBe("Won");
  expect(said({ type: "boolean", value: false })).toBe("no");
  expect(said({ type: "date", value: "2026-04-01" })).toMatch(/2026/);
  expect(said({ type: "decimal", value: 1.5 })).toMatch(/1.5/);
  expect(said({ type: "duration", value: 3600 })).toBe("1:00");
});

test("money has its currency", () => {
  expect(said({ type: "money", value: 4711, currency: "USD" })).toMatch(/\$\s?4.?711|4.?711\s?\$/);
  expect(said({ type: "money", value: 4711, currency: "UAH" })).toMatch(/(₴|UAH)/);
});

test("what has no value is left out", () => {
  expect(shownOf(field({ value: null }))).toBeUndefined();
  expect(shownOf(field({ value: "" }))).toBeUndefined();
  expect(shownOf(field({ text: "", value: null }))).toBeUndefined();
});
