import { expect, it } from "vitest";
import { actsOf, chainFilters, complete, leftOf, picksOf, takenOf } from "./acts";

const names = (entity: string, fields: Record<string, unknown>) =>
  actsOf(entity, fields as never).map((act) =>
    act.kind === "step" ? act.step : act.kind === "make" ? act.to : act.kind,
  );

it.each([
  ["deal", {}, ["quote", "order", "invoice"]],
  ["quote", { state: "draft" }, ["send"]],
  ["quote", { state: "sent" }, ["accept", "decline", "revise"]],
  ["quote", { state: "sent", revised: true }, []],
  ["quote", { state: "expired" }, ["send", "revise"]],
  ["order", { state: "confirmed" }, ["invoice", "fulfil", "cancel"]],
  ["order", { state: "cancelled" }, []],
  ["order", { state: "fulfilled", rows: [{ id: "a", quantity: 2, invoiced: 2 }] }, ["close"]],
  ["order", { state: "fulfilled", rows: [{ id: "a", quantity: 2, invoiced: 1 }] }, ["invoice", "close"]],
  ["invoice", { state: "draft", kind: "invoice" }, ["issue"]],
  ["invoice", { state: "issued", kind: "invoice", paid: 0, credited: null }, ["credit", "void"]],
  ["invoice", { state: "issued", kind: "credit" }, ["void"]],
  ["invoice", { state: "paid", kind: "invoice", paid: 10 }, ["credit"]],
  ["invoice", { state: "partly_paid", kind: "invoice", credited: 3 }, ["credit"]],
  ["invoice", { state: "void", kind: "invoice" }, []],
  ["quote", { state: "some state of tomorrow" }, []],
])("%s %j can %j", (entity, fields, acts) => {
  expect(names(entity, fields)).toEqual(acts);
});

const rows = [
  { id: "a", quantity: 3, invoiced: 1.2 },
  { id: "b", quantity: 2, invoiced: 2 },
];

it("an order counts what is invoiced, other documents do not", () => {
  expect(leftOf({ id: "a", quantity: 0.3, invoiced: 0.1 }, true)).toBe(0.2);
  expect(picksOf(rows, true)).toEqual([
    { taken: true, quantity: 1.8 },
    { taken: false, quantity: 0 },
  ]);
  expect(picksOf(rows, false).map(({ quantity }) => quantity)).toEqual([3, 2]);
});

it("all that is left is asked for without rows, a part of it by rows", () => {
  const picks = picksOf(rows, true);
  expect(takenOf(rows, picks, true)).toBeUndefined();
  expect(takenOf(rows, [{ taken: true, quantity: 1 }, picks[1] as never], true)).toEqual([
    { id: "a", quantity: 1 },
  ]);
});

it("nothing is made of nothing", () => {
  expect(complete([{ taken: false, quantity: 1 }])).toBe(false);
  expect(complete([{ taken: true, quantity: null }])).toBe(false);
  expect(complete([{ taken: true, quantity: -1 }])).toBe(true);
});

it("a document is looked for by its deal and by what it was made of", () => {
  expect(chainFilters("quote", "q", { deal: null, revises: "p" })).toEqual({
    deal: undefined,
    quote: {
      or: [
        { field: "id", op: "eq", value: "q" },
        { field: "revises", op: "eq", value: "q" },
        { field: "id", op: "eq", value: "p" },
      ],
    },
    order: { or: [{ field: "quote", op: "eq", value: "q" }] },
    invoice: { or: [{ field: "quote", op: "eq", value: "q" }] },
  });
  expect(chainFilters("deal", "d", {}).invoice).toEqual({ or: [{ field: "deal", op: "eq", value: "d" }] });
});
