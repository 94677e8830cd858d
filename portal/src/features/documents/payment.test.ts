import { expect, it } from "vitest";
import type { RecordData } from "@/api/types";
import { allocationsOf, partsFor, unseenOf } from "./payment";

const payment = (id: string, paid_on: string, allocations: unknown): RecordData =>
  ({ id, version: 1, entity: "payment", fields: { paid_on, allocations } }) as RecordData;

const part = (invoice: string, paid: number) => ({ invoice, amount: paid, rate: "1", paid, currency: "EUR" });

it("parts of one invoice are shown from the newest payment", () => {
  const parts = partsFor("i", [
    payment("old", "2026-01-01", [part("i", 10), part("other", 5)]),
    payment("new", "2026-02-01", [part("i", 20.1)]),
    payment("none", "2026-03-01", null),
  ]);
  expect(parts.map((one) => one.payment.id)).toEqual(["new", "old"]);
  expect(unseenOf(30.3, parts)).toBe(0.2);
  expect(unseenOf(30.1, parts)).toBe(0);
});

it("a payment without allocations has none", () => {
  expect(allocationsOf({ allocations: null })).toEqual([]);
  expect(allocationsOf({})).toEqual([]);
});
