import { describe, expect, it } from "vitest";
import type { SaleRow } from "@/api/sales";
import type { Fields } from "@/api/types";
import { unread } from "@/engines/fields/values";
import {
  closedBy,
  draftOf,
  draftRow,
  emptyRow,
  filledIn,
  isUnread,
  moved,
  rowOf,
  wholeOf,
  wrongOf,
} from "./model";

const drill: SaleRow = {
  id: "r1",
  product: "p1",
  title: "Drill",
  unit: "pcs",
  quantity: 1.75,
  price: 12.98,
  discount_percent: null,
  discount_amount: 3,
  tax: "t1",
  tax_rate: 20,
  tax_included: true,
  source: null,
};

describe("rows in their controls", () => {
  it("are sent as they came, without figures", () => {
    const figures = { gross: 22.72, discount: 3, share: 0, net: 16.43, tax: 3.29, total: 19.72 };
    const { rows } = draftOf({ rows: [{ ...drill, figures }] });
    expect(rows[0]).toMatchObject({ key: "r1", discount: 3, by: "amount" });
    expect(rows.map(rowOf)).toEqual([drill]);
  });

  it("keep what is invoiced of an order's row", () => {
    expect(rowOf(draftRow({ ...drill, invoiced: 1 }, "r1")).invoiced).toBe(1);
  });

  it("have a discount of nought by amount as an amount", () => {
    expect(draftRow({ ...drill, discount_amount: 0 }, "r1")).toMatchObject({ discount: 0, by: "amount" });
  });

  it("leave out what is empty, and count one where nothing is counted", () => {
    const row = rowOf({ ...emptyRow("k"), title: "  ", quantity: null, unit: " h " });
    expect(row).toMatchObject({ title: null, unit: "h", quantity: 1, price: null });
    expect(row).not.toHaveProperty("key");
  });

  it("of a record without rows are none", () => {
    expect(draftOf({})).toEqual({ rows: [], discount: null, by: "percent" });
    expect(draftOf({ rows: null, discount_percent: 5 }).discount).toBe(5);
  });

  it("are not sent while something typed cannot be read", () => {
    const row = emptyRow("k");
    expect(isUnread({ rows: [row], discount: null, by: "percent" })).toBe(false);
    expect(isUnread({ rows: [{ ...row, price: unread("x") }], discount: null, by: "percent" })).toBe(true);
    expect(isUnread({ rows: [row], discount: unread("5,"), by: "percent" })).toBe(true);
  });

  it("have one of two discounts", () => {
    expect(wholeOf({ discount: 5, by: "percent" })).toEqual({ percent: 5, amount: null });
    expect(wholeOf({ discount: 5, by: "amount" })).toEqual({ percent: null, amount: 5 });
    expect(wholeOf({ discount: unread("x"), by: "amount" })).toEqual({ percent: null, amount: null });
  });
});

describe("what the catalogue knows", () => {
  it("fills in what is open", () => {
    const row = { ...emptyRow("k"), product: "p1" };
    expect(filledIn(row, drill)).toMatchObject({ title: "Drill", price: 12.98, tax: "t1", tax_rate: 20 });
  });

  it("changes nothing that is written, and gives the same row then", () => {
    const row = { ...draftRow(drill, "k"), title: "Drill, blue", price: 0 };
    expect(filledIn(row, drill)).toBe(row);
    expect(filledIn(row, undefined)).toBe(row);
  });
});

describe("order", () => {
  it("changes by one place, not beyond the ends", () => {
    expect(moved(["a", "b", "c"], 2, -1)).toEqual(["a", "c", "b"]);
    expect(moved(["a", "b", "c"], 0, 1)).toEqual(["b", "a", "c"]);
    const rows = ["a", "b"];
    expect(moved(rows, 0, -1)).toBe(rows);
    expect(moved(rows, 1, 1)).toBe(rows);
  });
});

describe("a refusal", () => {
  it("stands at its row and part, what is about none at the whole", () => {
    const error = (message: string) => ({ code: "x", message });
    const wrong = wrongOf({
      "rows.1.price": error("range"),
      "rows.1.discount_amount": error("two"),
      "rows.2.tax_rate": error("rate"),
      "rows.3": error("type"),
      discount_amount: error("mixed"),
      rows: error("many"),
    });
    expect([...(wrong.rows.get(1) ?? [])]).toEqual([
      ["price", "range"],
      ["discount", "two"],
    ]);
    expect(wrong.rows.get(2)?.get("tax")).toBe("rate");
    expect(wrong.rows.get(3)?.get("")).toBe("type");
    expect(wrong.whole).toEqual(["mixed", "many"]);
    expect(wrongOf(undefined)).toEqual({ rows: new Map(), whole: [] });
  });
});

describe("documents", () => {
  const cases: [string, Fields, ReturnType<typeof closedBy>][] = [
    ["deal", {}, undefined],
    ["quote", { state: "draft" }, undefined],
    ["quote", { state: "sent" }, "closed_quote"],
    ["quote", { state: "draft", revised: true }, "closed_revised"],
    ["order", { state: "confirmed" }, undefined],
    ["order", { state: "closed" }, "closed_order"],
    ["invoice", { state: "draft", kind: "credit" }, undefined],
    ["invoice", { state: "paid", kind: "invoice" }, "closed_invoice"],
    ["invoice", { state: "issued", kind: "credit" }, "closed_credit"],
    ["invoice", { state: "void", kind: "invoice" }, "closed_void"],
  ];
  it.each(cases)("%s %j: %s", (entity, fields, reason) => {
    expect(closedBy(entity, fields)).toBe(reason);
  });
});
