import { describe, expect, it } from "vitest";
import type { AggregateRow, Entity, Field } from "@/api/types";
import { columnQuery, type Grouping, shiftTotals, totalsOf, totalsQuery } from "./columns";

const field = (key: string, sortable = true): Field => ({
  key,
  label: key,
  type: "text",
  required: false,
  read_only: false,
  system: false,
  own: false,
  sortable,
  filterable: true,
});
const entity = (fields: Field[]): Entity => ({
  key: "deal",
  label: "Deal",
  label_plural: "Deals",
  title_field: "title",
  staged: true,
  own: false,
  actions: { read: true, create: true, update: true, delete: true },
  fields,
  pipelines: [],
  layout: { list: [], card: [], sections: [] },
});
const deal = entity([field("stage_since"), field("amount"), field("currency")]);

const group: Grouping = {
  field: "stage",
  columns: [],
  within: { field: "pipeline", op: "eq", value: "p" },
  holds: () => true,
};

const row = (stage: string, currency: string | null, count: number, sum: number): AggregateRow => ({
  group: { stage, currency },
  values: { count, sum_amount: sum },
});

describe("board questions", () => {
  it("asks one stage of one pipeline, newest arrivals first, beside the person's filter", () => {
    const filter = { field: "amount", op: "gte", value: 1 } as const;
    expect(columnQuery({ shape: deal, group, filter, q: "x" }, "new")).toMatchObject({
      filter: {
        and: [
          { field: "pipeline", op: "eq", value: "p" },
          { field: "stage", op: "eq", value: "new" },
          filter,
        ],
      },
      q: "x",
      sort: [{ field: "stage_since", desc: true }],
    });
    expect(columnQuery({ shape: entity([]), group }, "new").sort).toEqual([
      { field: "created_at", desc: true },
    ]);
  });

  it("asks sums only where there are amounts", () => {
    expect(totalsQuery({ shape: deal, group }).measures).toHaveLength(2);
    expect(totalsQuery({ shape: entity([]), group }).measures).toEqual([{ op: "count" }]);
  });
});

describe("totals", () => {
  const rows = [row("new", "EUR", 2, 100), row("new", "RUB", 3, 900), row("won", null, 1, 50)];

  it("never add different currencies together", () => {
    expect(totalsOf(rows, "stage", "new", "RUB")).toEqual({
      count: 5,
      sums: [
        { currency: "RUB", amount: 900 },
        { currency: "EUR", amount: 100 },
      ],
    });
    expect(totalsOf(rows, "stage", "won", "RUB").sums).toEqual([{ currency: "RUB", amount: 50 }]);
    expect(totalsOf(rows, "stage", "lost", "RUB")).toEqual({ count: 0, sums: [] });
  });

  it("move with a card and back again", () => {
    const fields = { amount: 40, currency: "EUR" };
    const moved = shiftTotals(rows, "stage", "new", "won", fields);
    expect(totalsOf(moved, "stage", "new", "RUB")).toEqual({
      count: 4,
      sums: [
        { currency: "RUB", amount: 900 },
        { currency: "EUR", amount: 60 },
      ],
    });
    expect(totalsOf(moved, "stage", "won", "RUB")).toEqual({
      count: 2,
      sums: [
        { currency: "RUB", amount: 50 },
        { currency: "EUR", amount: 40 },
      ],
    });
    const back = shiftTotals(moved, "stage", "won", "new", fields);
    expect(totalsOf(back, "stage", "new", "RUB")).toEqual(totalsOf(rows, "stage", "new", "RUB"));
    expect(totalsOf(back, "stage", "won", "RUB")).toEqual(totalsOf(rows, "stage", "won", "RUB"));
  });

  it("follow a card without an amount and one that appears", () => {
    expect(totalsOf(shiftTotals([], "stage", undefined, "new", {}), "stage", "new", "RUB")).toEqual({
      count: 1,
      sums: [],
    });
    expect(totalsOf(shiftTotals([], "stage", "new", undefined, {}), "stage", "new", "RUB").count).toBe(0);
  });
});
