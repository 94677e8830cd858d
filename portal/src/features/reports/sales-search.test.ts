import { expect, test } from "vitest";
import type { Entity } from "@/api/types";
import {
  forecastQuestion,
  funnelAddress,
  funnelQuestion,
  managersQuestion,
  salesAddress,
  sameQuestion,
} from "./sales-search";

const one = "01890000-0000-7000-8000-000000000001";
const two = "01890000-0000-7000-8000-000000000002";
const pipelines = [
  { id: one, is_default: true },
  { id: two, is_default: false },
] as Entity["pipelines"];
const deal = { key: "deal", pipelines };
const owned = { field: "owner", op: "eq", value: one } as const;

test("a kept funnel comes back as it was asked", () => {
  for (const search of [
    {},
    { period: "all" },
    {
      period: { from: "2027-01-01", to: "2027-01-31" },
      mode: "visited" as const,
      by: ["manager", "field:source"],
    },
    { pipeline: two, filter: owned },
    { pipeline: two, filter: { and: [owned, { not: owned }] } },
    { over: "process" as const, definition: "dealer-purchase", by: ["event"] },
  ]) {
    const config = funnelQuestion(deal, search) as Record<string, unknown>;
    const address = funnelAddress({ id: two, config, chart: null });
    expect(address.saved).toBe(two);
    expect(sameQuestion(funnelQuestion(deal, address), config), JSON.stringify(search)).toBe(true);
  }
});

test("a kept forecast and managers come back with their time and order", () => {
  const forecast = forecastQuestion({ filter: owned });
  expect(forecastQuestion(salesAddress({ id: one, config: forecast, chart: null }))).toEqual(forecast);
  for (const period of [undefined, "all", "last_month"]) {
    const config = managersQuestion({ period, department: two });
    const address = salesAddress({ id: one, config, chart: { sort: "-deal.won" } }, "all");
    expect(managersQuestion(address)).toEqual(config);
    expect(address.sort).toBe("-deal.won");
  }
});

test("what is null or stands in another order asks the same", () => {
  expect(sameQuestion({ a: null, b: { c: 1, d: 2 } }, { b: { d: 2, c: 1 } })).toBe(true);
  expect(sameQuestion({ by: ["a", "b"] }, { by: ["b", "a"] })).toBe(false);
});
