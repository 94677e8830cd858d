import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import type { Entity, Field, FieldType, Filter } from "@/api/types";
import {
  type Choice,
  type Condition,
  choicesOf,
  filterable,
  fromFilter,
  inputOf,
  isComplete,
  joinParts,
  partsOf,
  resolveField,
  toFilter,
} from "./model";
import { onlyMatch } from "./only-match";
import { type SummaryContext, summaryOf } from "./summary";
import { pointersOf } from "./use-summary";

const field = (key: string, type: FieldType, more: Partial<Field> = {}): Field => ({
  key,
  label: key[0]?.toUpperCase() + key.slice(1),
  type,
  required: false,
  read_only: false,
  system: false,
  own: false,
  sortable: true,
  filterable: true,
  ...more,
});

const entity = (key: string, fields: Field[]): Entity => ({
  key,
  label: key,
  label_plural: `${key}s`,
  title_field: "title",
  staged: true,
  own: false,
  actions: { read: true, create: true, update: true, delete: true },
  fields,
  pipelines: [
    {
      id: "p1",
      key: "sales",
      name: "Sales",
      is_default: true,
      stages: [{ key: "new", name: "New", semantic: "open", color: "", sort: 1 }],
    },
  ],
  layout: { list: [], card: [], sections: [] },
});

const company = entity("company", [
  field("title", "text"),
  field("industry", "choice", { choices: [{ value: "it", label: "IT" }] }),
]);
const deal = entity("deal", [
  field("title", "text"),
  field("amount", "money"),
  field("owner", "user"),
  field("stage", "stage"),
  field("created_at", "datetime"),
  field("close_date", "date"),
  field("urgent", "boolean"),
  field("company", "link", { entity: "company" }),
  field("secret", "text", { filterable: false }),
]);
const entities = [deal, company];

const entered: Record<ReturnType<typeof inputOf>, unknown> = {
  none: null,
  text: "abc",
  number: 5,
  numbers: [1, 10],
  set: ["new"],
  period: "this_week",
  days: 7,
  day: "2026-03-01",
  days_range: ["2026-03-01", "2026-03-31"],
};

beforeAll(async () => {
  await i18next.init({ lng: "en", resources: {} });
});

describe("conditions", () => {
  it("come back from the query language as they were entered, for every field type and choice", () => {
    for (const one of deal.fields) {
      for (const choice of choicesOf(one)) {
        const condition: Condition = { field: one.key, choice, value: entered[inputOf(choice, one.type)] };
        expect(isComplete(condition, one.type), `${one.type} ${choice}`).toBe(true);
        expect(fromFilter(toFilter(condition, one.type), one.type), `${one.type} ${choice}`).toEqual(
          condition,
        );
      }
    }
  });

  it("are fixed where nothing of the day or of who asks may count", () => {
    for (const one of deal.fields) {
      for (const choice of choicesOf(one, true)) {
        const { value } = toFilter(
          { field: one.key, choice, value: entered[inputOf(choice, one.type)] },
          one.type,
        );
        const plain = typeof value !== "object" || value === null || Array.isArray(value);
        expect(plain, `${one.type} ${choice}`).toBe(true);
      }
    }
  });

  it("write what the server understands", () => {
    const check = (choice: Choice, value: unknown, type: FieldType, filter: Filter) =>
      expect(toFilter({ field: "f", choice, value }, type)).toEqual(filter);
    check("is_me", null, "user", { field: "f", op: "eq", value: { me: true } });
    check("last_days", 7, "datetime", { field: "f", op: "gte", value: { relative: "days_ago", n: 7 } });
    check("period", "today", "date", { field: "f", op: "eq", value: { relative: "today" } });
    check("any_of", ["a", "b"], "choice", { field: "f", op: "in", value: ["a", "b"] });
    check("empty", null, "text", { field: "f", op: "empty" });
    check("until", "2026-03-01", "date", { field: "f", op: "lte", value: "2026-03-01" });
  });

  it("covers the whole last day of a moment", () => {
    const filter = toFilter({ field: "f", choice: "until", value: "2026-03-01" }, "datetime");
    const end = new Date(String(filter.value));
    expect([end.getDate(), end.getHours(), end.getMinutes()]).toEqual([1, 23, 59]);
  });

  it("is not complete without what has to be entered", () => {
    expect(isComplete({ field: "f", choice: "at_least", value: null }, "money")).toBe(false);
    expect(isComplete({ field: "f", choice: "between", value: [1, null] }, "money")).toBe(false);
    expect(isComplete({ field: "f", choice: "any_of", value: [] }, "choice")).toBe(false);
    expect(isComplete({ field: "f", choice: "contains", value: "" }, "text")).toBe(false);
  });

  it("leaves alone what the builder cannot show", () => {
    const or: Filter = {
      or: [
        { field: "title", op: "eq", value: "a" },
        { field: "title", op: "eq", value: "b" },
      ],
    };
    expect(fromFilter(or, "text")).toBeUndefined();
    expect(fromFilter({ field: "amount", op: "gt", value: 3 }, "money")).toBeUndefined();
    const parts = partsOf({ and: [or, { field: "amount", op: "gte", value: 1 }] });
    expect(joinParts(parts)).toEqual({ and: [or, { field: "amount", op: "gte", value: 1 }] });
    expect(joinParts(parts.slice(0, 1))).toBe(or);
    expect(joinParts([])).toBeUndefined();
  });
});

describe("fields to filter by", () => {
  it("are one's own and those one hop away", () => {
    const paths = filterable(deal, entities).map(({ path }) => path);
    expect(paths).toContain("company.industry");
    expect(paths).not.toContain("secret");
    expect(resolveField("company.industry", deal, entities)?.label).toBe("Company → Industry");
    expect(resolveField("company.nothing", deal, entities)).toBeUndefined();
  });
});

describe("summary", () => {
  const context: SummaryContext = {
    entity: deal,
    entities,
    refs: { u1: { entity: "user", title: "Anna" } },
    currency: "USD",
    words: {
      choice: (choice) => choice.replaceAll("_", " "),
      period: (period) => period.replace("_", " "),
      days: (count) => `${count} days`,
      chosen: (count) => `${count} chosen`,
      reached: "Reached",
      or: "or",
      not: "not",
      and: "and",
    },
    text: { yes: "yes", no: "no", unknown: "unavailable" },
  };

  it("says a filter in plain words", () => {
    const check = (filter: Filter, text: string) => expect(summaryOf(filter, context)).toBe(text);
    check({ field: "amount", op: "gte", value: 1000 }, "Amount at least $1,000");
    check({ field: "owner", op: "in", value: ["u1", "u2"] }, "Owner any of Anna, unavailable");
    check({ field: "stage", op: "in", value: ["new"] }, "Stage any of New");
    check({ field: "created_at", op: "eq", value: { relative: "this_week" } }, "Created_at period this week");
    check({ field: "company.industry", op: "in", value: ["it"] }, "Company → Industry any of IT");
    check(
      { field: "created_at", op: "gte", value: { relative: "days_ago", n: 3 } },
      "Created_at last days 3 days",
    );
  });

  it("says nested filters, and what it does not know, without hiding anything", () => {
    const a: Filter = { field: "title", op: "contains", value: "a" };
    const b: Filter = { field: "urgent", op: "eq", value: true };
    expect(summaryOf({ and: [{ or: [a, b] }, { not: a }] }, context)).toBe(
      "(Title contains «a» or Urgent is true), not (Title contains «a»)",
    );
    expect(summaryOf({ field: "amount", op: "gt", value: 3 }, context)).toBe("Amount gt 3");
  });

  it("knows which records a filter points at", () => {
    const filter: Filter = {
      and: [
        { field: "owner", op: "in", value: ["u1"] },
        {
          or: [
            { field: "company", op: "in", value: ["c1"] },
            { field: "title", op: "eq", value: "x" },
          ],
        },
      ],
    };
    expect(pointersOf(filter, deal, entities)).toEqual([
      { kind: "user", id: "u1" },
      { kind: "company", id: "c1" },
    ]);
  });
});

describe("what is typed among choices", () => {
  const options = [
    { value: "a", label: "Annual" },
    { value: "b", label: "Annual, unpaid" },
    { value: "c", label: "Sick leave" },
  ];
  it("means the only one that contains it, or the one that is called so", () => {
    expect(onlyMatch(options, "sick")).toBe("c");
    expect(onlyMatch(options, " annual ")).toBe("a");
    expect(onlyMatch(options, "ann")).toBeUndefined();
    expect(onlyMatch(options, "other")).toBeUndefined();
  });
});
