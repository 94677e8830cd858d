import { expect, it } from "vitest";
import type { Field } from "@/api/types";
import { dateFields, moves, onDays } from "./dates";

const field = (key: string, type: string, rest: Partial<Field> = {}) =>
  ({ key, type, filterable: true, read_only: false, system: false, ...rest }) as Field;
const created = field("created_at", "datetime", { system: true, read_only: true });
const fields = [
  field("title", "text"),
  created,
  field("live", "date", { filterable: false }),
  field("close_date", "date"),
  field("x_visit", "datetime"),
];
const all = { read: true, create: true, update: true, delete: true };

it("offers dates and moments that can be asked for, those that people set first", () => {
  expect(dateFields({ fields }).map(({ key }) => key)).toEqual(["close_date", "x_visit", "created_at"]);
  expect(dateFields({ fields: [field("title", "text")] })).toEqual([]);
});

it("moves only by what the person may set", () => {
  expect(moves({ actions: all }, field("close_date", "date"))).toBe(true);
  expect(moves({ actions: all }, created)).toBe(false);
  expect(moves({ actions: all }, field("close_date", "date", { read_only: true }))).toBe(false);
  expect(moves({ actions: { ...all, update: false } }, field("close_date", "date"))).toBe(false);
});

it("asks for whole days of the wall clock, beside the filter", () => {
  const mine = { field: "owner", op: "eq", value: { me: true } } as const;
  expect(onDays({ key: "close_date", type: "date" }, ["2026-03-02", "2026-03-08"], mine)).toEqual({
    and: [
      mine,
      { field: "close_date", op: "gte", value: "2026-03-02" },
      { field: "close_date", op: "lte", value: "2026-03-08" },
    ],
  });
  // The clock is set forward on the last of these days: it has 23 hours.
  expect(
    onDays({ key: "x_visit", type: "datetime" }, ["2026-03-23", "2026-03-29"], undefined, "Europe/Kyiv"),
  ).toEqual({
    and: [
      { field: "x_visit", op: "gte", value: "2026-03-22T22:00:00.000Z" },
      { field: "x_visit", op: "lt", value: "2026-03-29T21:00:00.000Z" },
    ],
  });
});
