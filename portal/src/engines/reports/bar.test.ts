import { expect, test } from "vitest";
import type { Measure } from "@/api/types";
import { barIn, entitiesOf, keptBar, withFilter } from "./bar";

const mine = { field: "owner", op: "eq", value: { me: true } } as const;
const measures = [{ key: "lead.created", entity: "lead" }] as Measure[];

test("the address goes over what is kept; `all` and an empty filter take it away", () => {
  const kept = keptBar({ filter_bar: { period: "this_month", filter: { deal: mine } } });
  expect(barIn({}, kept)).toEqual({ period: "this_month", filter: { deal: mine } });
  expect(barIn({ period: "all", filter: {} }, kept)).toEqual({ period: undefined, filter: undefined });
  expect(barIn({}, keptBar({ filter_bar: null }))).toEqual({ period: undefined, filter: undefined });
  expect(withFilter({ deal: mine }, "deal", undefined)).toEqual({});
  expect(withFilter({ deal: mine }, "lead", mine)).toEqual({ deal: mine, lead: mine });
});

test("entities are those of the cards that count records", () => {
  const question = { measures: ["lead.created"] } as never;
  const cards = [
    { card: { kind: "question", question, chart: null } },
    { card: { kind: "funnel", question: { over: "stage", entity: "deal" } } },
    { card: { kind: "forecast", question: {} } },
    { card: { kind: "report", saved: "r" } },
    { card: { kind: "text", text: "" } },
    { card: { kind: "tasks" } },
  ] as Parameters<typeof entitiesOf>[0];
  expect(entitiesOf(cards, measures, [{ id: "r", kind: "query", config: question }])).toEqual([
    "lead",
    "deal",
  ]);
});
