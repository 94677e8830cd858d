import { expect, it } from "vitest";
import type { Plan } from "@/api/reports-wire";
import {
  around,
  changedRows,
  inputsOf,
  isReadable,
  periodOf,
  periodText,
  refusedRow,
  rowsOf,
  stepped,
} from "./plan-grid";

const plan = (more: Partial<Plan> = {}): Plan => ({
  id: "p1",
  version: 3,
  measure: "deal.won_amount",
  label: "Won",
  unit: "money",
  who: { kind: "company" },
  period: { kind: "month", from: "2027-01-01", to: "2027-02-01" },
  value: 100_000,
  note: "",
  reason: "",
  currency: "UAH",
  fact: 60_000,
  deviation: -40_000,
  percent: 60,
  run_rate: 114_545.45,
  working_days: 21,
  working_days_gone: 11,
  drill: null,
  may_edit: true,
  ...more,
});

it("months, quarters and years are read, written and walked through", () => {
  for (const text of ["2027-01", "2027-Q1", "2027-Q4", "2027"]) expect(periodText(periodOf(text))).toBe(text);
  expect(periodText(stepped(periodOf("2027-01"), -1))).toBe("2026-12");
  expect(periodText(stepped(periodOf("2027-Q4"), 1))).toBe("2028-Q1");
  expect(periodText(around("quarter", "2027-05-31"))).toBe("2027-Q2");
  expect(periodText(around("month", "2027-05-31"))).toBe("2027-05");
});

it("only what has changed is sent, each with the version that was seen", () => {
  const rows = [
    ...rowsOf([plan()]),
    { key: "user u1 deal.won", who: { kind: "user" as const, id: "u1" }, measure: "deal.won" },
  ];
  expect(changedRows(rows, { [rows[0]?.key ?? ""]: { value: 100_000, reason: "" } })).toEqual([]);
  const edits = { [rows[0]?.key ?? ""]: { reason: "Two holidays" }, "user u1 deal.won": { value: 5 } };
  const period = periodOf("2027-01");
  expect(inputsOf(rows, edits, period)).toEqual([
    {
      id: "p1",
      version: 3,
      measure: "deal.won_amount",
      who: { kind: "company" },
      period,
      value: 100_000,
      note: "",
      reason: "Two holidays",
    },
    { measure: "deal.won", who: { kind: "user", id: "u1" }, period, value: 5, note: "", reason: "" },
  ]);
  expect(refusedRow(rows, edits, "items.1.value")?.key).toBe("user u1 deal.won");
  expect(refusedRow(rows, edits, "items")).toBeUndefined();
});

it("an emptied plan is taken away; what cannot be read is not sent", () => {
  const rows = rowsOf([plan()]);
  const key = rows[0]?.key ?? "";
  expect(inputsOf(rows, { [key]: { value: null } }, periodOf("2027-01"))[0]?.value).toBeNull();
  expect([{ value: 5 }, { value: null }, {}].every(isReadable)).toBe(true);
  expect([{ value: -5 }, { value: { $unread: "x" } }].some(isReadable)).toBe(false);
});
