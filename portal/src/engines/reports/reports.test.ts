import { describe, expect, it } from "vitest";
import type { Filter, ReportAnswer, ReportRow } from "@/api/types";
import { flattened } from "./drill";
import { changeText, figureText } from "./figures";
import { type AxisView, chartOf, gridOf } from "./grid";
import { choiceOf, hasBothEnds, rangeOf, spread } from "./period";
import { asked, axisOf, axisText, nextSort, type Question, questionOf, tidy } from "./question";

const question = (more: Partial<Question> = {}): Question => ({
  measures: ["deal.won"],
  rows: [],
  chart: "table",
  ...more,
});

describe("a time", () => {
  it("is chosen with its last day and asked for without the day after", () => {
    expect(rangeOf({ from: "2027-01-01", to: "2027-01-31" })).toEqual({
      from: "2027-01-01",
      to: "2027-02-01",
      preset: null,
    });
    expect(rangeOf("this_month")).toEqual({ from: null, to: null, preset: "this_month" });
    expect(rangeOf({})).toBeNull();
    expect(rangeOf(undefined)).toBeNull();
  });

  it("comes back from what is kept as it was chosen", () => {
    for (const choice of ["last_quarter", { from: "2027-01-01", to: "2027-02-28" }, { from: "2027-01-01" }]) {
      expect(choiceOf(rangeOf(choice))).toEqual(choice);
    }
    expect(choiceOf(null)).toBeUndefined();
  });

  it("has a time before it only where both ends are known", () => {
    expect(hasBothEnds("this_year")).toBe(true);
    expect(hasBothEnds({ from: "2027-01-01" })).toBe(false);
    expect(tidy(question({ period: { from: "2027-01-01" }, compare: "before" })).compare).toBeUndefined();
  });

  it("is spread over every month between its first and last, across years and leap days", () => {
    expect(spread("month", "2026-11-01", "2027-02-01")).toEqual([
      "2026-11-01",
      "2026-12-01",
      "2027-01-01",
      "2027-02-01",
    ]);
    expect(spread("day", "2028-02-28", "2028-03-01")).toEqual(["2028-02-28", "2028-02-29", "2028-03-01"]);
    expect(spread("day", "2000-01-01", "2027-01-01")).toBeUndefined();
  });
});

describe("a question", () => {
  it("writes axes as the server reads them", () => {
    expect(axisOf(axisText({ key: "closed_at", bucket: "month" }))).toEqual({
      key: "closed_at",
      bucket: "month",
    });
    const sent = asked(question({ rows: ["owner"], column: "closed_at:quarter", period: "this_year" }));
    expect(sent.group_by).toEqual(["owner"]);
    expect(sent.column).toEqual({ field: "closed_at", bucket: "quarter" });
  });

  it("comes back from what was kept", () => {
    const kept = question({
      rows: ["owner", "company.industry"],
      column: "closed_at:month",
      period: { from: "2027-01-01", to: "2027-01-31" },
      compare: "before",
      sort: "-deal.won",
      currency: "EUR",
      chart: "bar",
      filter: { field: "stage", op: "in", value: ["won"] },
    });
    expect(questionOf(asked(kept), "bar")).toEqual(kept);
  });

  it("lets an order go with what it was by, also where only a part is asked", () => {
    expect(tidy(question({ sort: "-deal.lost" })).sort).toBeUndefined();
    expect(tidy(question({ rows: ["owner"], sort: "owner" })).sort).toBe("owner");
    expect(
      asked(question({ rows: ["owner"], column: "stage", sort: "owner" }), { rows: false }).sort,
    ).toBeNull();
  });

  it("is sorted from the largest, from the smallest, as it comes", () => {
    expect([undefined, "-a", "a", "b"].map((sort) => nextSort(sort, "a"))).toEqual([
      "-a",
      "a",
      undefined,
      "-a",
    ]);
  });
});

describe("the filter behind a figure", () => {
  it("is flat, so that each condition can be read and taken away", () => {
    const filter: Filter = {
      and: [
        {
          and: [
            {
              or: [
                { field: "stage", op: "eq", value: "won" },
                { field: "stage", op: "eq", value: "lost" },
              ],
            },
            { field: "closed_at", op: "gte", value: "2027-01-01T00:00:00Z" },
          ],
        },
        { field: "owner", op: "eq", value: "u1" },
      ],
    };
    expect(flattened(filter)).toEqual({
      and: [
        { field: "stage", op: "in", value: ["won", "lost"] },
        { field: "closed_at", op: "gte", value: "2027-01-01T00:00:00Z" },
        { field: "owner", op: "eq", value: "u1" },
      ],
    });
  });

  it("keeps alternatives of different fields as they are", () => {
    const either: Filter = {
      or: [
        { field: "stage", op: "eq", value: "won" },
        { field: "owner", op: "eq", value: "u" },
      ],
    };
    expect(flattened(either)).toEqual(either);
    expect(flattened({ and: [] })).toEqual({ and: [] });
  });
});

const row = (
  group: Record<string, unknown>,
  won: number | null,
  n = won ?? 0,
  before?: number,
): ReportRow => ({
  group,
  values: { "deal.won": won },
  n: { "deal.won": n },
  drill: { "deal.won": { entity: "deal", filter: { and: [] } } },
  ...(before === undefined ? {} : { before: { "deal.won": before } }),
});

const answer = (rows: ReportRow[], total: number): ReportAnswer => ({
  columns: [
    { key: "owner", label: "Owner" },
    { key: "deal.won", label: "Won", unit: "number", date: "closed_at" },
  ],
  rows,
  totals: row({}, total),
  as_of: "2027-01-15T10:00:00Z",
  currency: "UAH",
  missing_rates: [],
  hidden: [],
  hidden_labels: {},
  refs: {},
});

const names: Record<string, string> = { a: "Yana", b: "Anton" };
const owner: AxisView = {
  key: "owner",
  label: "Owner",
  text: (value) => names[String(value)] ?? "not set",
  rank: () => 0,
};
const month: AxisView = {
  key: "closed_at",
  label: "Closed",
  bucket: "month",
  text: (value) => String(value ?? "not set"),
  rank: (value) => Date.parse(String(value)),
};
const words = { before: "before", total: "Total", rest: "others" };

describe("the table of an answer", () => {
  it("is in the order of names as people read them, what is empty last, unless the server was asked to sort", () => {
    const rows = [row({ owner: "a" }, 1), row({ owner: null }, 2), row({ owner: "b" }, 3)];
    const labels = (sort?: string) =>
      gridOf(
        { whole: answer(rows, 6) },
        { question: question({ rows: ["owner"], sort }), rows: [owner] },
      ).rows.map(({ group }) => group.labels[0]);
    expect(labels()).toEqual(["Anton", "Yana", "not set"]);
    expect(labels("-owner")).toEqual(["Yana", "Anton", "not set"]);
    expect(labels("-deal.won")).toEqual(["Yana", "not set", "Anton"]);
  });

  it("puts values across with totals that the server has counted, never sums of cells", () => {
    const whole = answer(
      [row({ owner: "a", closed_at: "2027-01-01" }, 4), row({ owner: "b", closed_at: "2027-02-01" }, 5)],
      7,
    );
    const byRow = answer([row({ owner: "a" }, 4), row({ owner: "b" }, 6)], 7);
    const byColumn = answer([row({ closed_at: "2027-01-01" }, 4), row({ closed_at: "2027-02-01" }, 5)], 7);
    const grid = gridOf(
      { whole, byRow, byColumn },
      { question: question({ rows: ["owner"], column: "closed_at:month" }), rows: [owner], column: month },
    );
    expect(grid.columns.map(({ group, total }) => (total ? "Total" : group?.labels[0]))).toEqual([
      "2027-01-01",
      "2027-02-01",
      "Total",
    ]);
    expect(
      grid.rows.map(({ group, cells }) => [group.labels[0], ...cells.map(({ value }) => value)]),
    ).toEqual([
      ["Anton", null, 5, 6],
      ["Yana", 4, null, 4],
    ]);
    expect(grid.totals?.map(({ value }) => value)).toEqual([4, 5, 7]);
  });

  it("tells a figure that opens nothing from one with too many records to open", () => {
    const many = { ...row({ owner: "a" }, 5000), drill: { "deal.won": null } } as unknown as ReportRow;
    const grid = gridOf(
      { whole: answer([many], 5000) },
      { question: question({ rows: ["owner"] }), rows: [owner] },
    );
    expect(grid.rows[0]?.cells[0]?.drill).toBeNull();
  });
});

describe("the chart of an answer", () => {
  it("has a point for each month between, where nothing was counted a zero", () => {
    const rows = [row({ closed_at: "2026-11-01" }, 2), row({ closed_at: "2027-01-01" }, 3)];
    const grid = gridOf(
      { whole: answer(rows, 5) },
      { question: question({ rows: ["closed_at:month"] }), rows: [month] },
    );
    const chart = chartOf(grid, words, { round: false });
    expect(chart?.categories).toEqual(["2026-11-01", "2026-12-01", "2027-01-01"]);
    expect(chart?.series[0]?.values).toEqual([2, 0, 3]);
    expect(chart?.cell(1, 0)?.drill, "nothing to open where nothing was").toBeUndefined();
    expect(chart?.cell(2, 0)?.value).toBe(3);
  });

  it("shows the time before beside one measure and says which groups are in the table alone", () => {
    const rows = Array.from({ length: 45 }, (_, at) => row({ owner: String(at) }, at, at, 1));
    const grid = gridOf(
      { whole: answer(rows, 9) },
      { question: question({ rows: ["owner"] }), rows: [owner] },
    );
    const chart = chartOf(grid, words, { round: false });
    expect(chart?.series.map(({ name }) => name)).toEqual(["Won", "before"]);
    expect(chart?.categories).toHaveLength(40);
    expect(chart?.more).toBe(5);
  });
});

it("a round chart has room for few groups: the smaller ones are one, and it opens nothing", () => {
  const rows = Array.from({ length: 9 }, (_, at) => row({ owner: String(at) }, 9 - at));
  const grid = gridOf(
    { whole: answer(rows, 45) },
    { question: question({ rows: ["owner"], sort: "-deal.won" }), rows: [owner] },
  );
  const chart = chartOf(grid, words, { round: true, shown: 6 });
  expect(chart?.series[0]?.values).toEqual([9, 8, 7, 6, 5, 10]);
  expect(chart?.categories.at(-1)).toBe("others");
  expect(chart?.cell(5, 0)?.drill).toBeUndefined();
});

describe("a figure in words", () => {
  it("carries its unit", () => {
    expect(figureText(46_800, "seconds", "UAH")).toBe("13 hr");
    expect(figureText(3_000, "seconds", "UAH")).toBe("50 min");
    expect(figureText(33_300, "seconds", "UAH")).toBe("9 hr 15 min");
    expect(figureText(66.7, "percent", "UAH")).toBe("66.7 %");
    expect(figureText(3.5, "days", "UAH")).toBe("3.5 days");
  });

  it("tells points of a percentage from parts of a count", () => {
    expect(changeText(50, 40, "percent", "pts")).toBe("+10 pts");
    expect(changeText(50, 40, "number", "pts")).toBe("+25 %");
    expect(changeText(50, 0, "number", "pts")).toBeUndefined();
  });
});
