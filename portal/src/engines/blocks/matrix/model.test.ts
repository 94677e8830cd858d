import { describe, expect, it } from "vitest";
import type { MatrixBlock } from "@/engines/blocks/tree";
import type { SourceRow } from "@/engines/blocks/wire";
import { buildMatrix, dayColumns, readCell, step } from "./model";

const row = (id: string, fields: Record<string, unknown>): SourceRow => ({ id, fields });
const block: MatrixBlock = {
  block: "matrix",
  rows: { source: "people", label: "name", group_by: "team" },
  columns: { from: "2026-03-27", to: "2026-03-30" },
  cells: { source: "hours", row: "person", column: "day", value: "spent" },
  edit: "number",
};
const words = (one: SourceRow, field: string) => String(one.fields[field] ?? "");

function matrix(cells: SourceRow[], change: Partial<MatrixBlock> = {}, off?: Map<string, boolean>) {
  return buildMatrix({
    block: { ...block, ...change },
    rows: [
      row("a", { name: "A", team: "x" }),
      row("b", { name: "B", team: "y" }),
      row("c", { name: "C", team: "x" }),
    ],
    columns: dayColumns("2026-03-27", "2026-03-30", "day", (day) => day, off),
    cells,
    rowText: words,
    cellText: words,
    toneOf: () => "plain",
  });
}

describe("a matrix", () => {
  it("keeps groups together and sums digit by digit", () => {
    const made = matrix([
      row("1", { person: "a", day: "2026-03-27", spent: 0.1 }),
      row("2", { person: "a", day: "2026-03-28", spent: 0.2 }),
      row("3", { person: "b", day: "2026-03-27", spent: 7 }),
      row("4", { person: "gone", day: "2026-03-27", spent: 100 }),
    ]);
    expect(made.rows.map(({ id }) => id)).toEqual(["a", "c", "b"]);
    expect([made.rowTotal("a"), made.columnTotal("2026-03-27"), made.total]).toEqual([0.3, 7.1, 7.3]);
  });
  it("adds several rows of one cell, and shows them as one that is not edited", () => {
    const made = matrix([
      row("1", { person: "a", day: "2026-03-27", spent: 2 }),
      row("2", { person: "a", day: "2026-03-27T10:00:00Z", spent: 3 }),
    ]);
    expect(made.cell("a", "2026-03-27")).toMatchObject({ value: 5, text: "5" });
    expect(made.cell("a", "2026-03-27")?.rows).toHaveLength(2);
  });
  it("spreads what lasts over its days", () => {
    const cells = { source: "hours", row: "person", from: "from", to: "to", value: "kind" };
    const made = matrix([row("1", { person: "a", from: "2026-03-01", to: "2026-03-28", kind: "off" })], {
      cells,
      edit: undefined,
    });
    expect(made.columns.map(({ key }) => made.cell("a", key)?.text)).toEqual([
      "off",
      "off",
      undefined,
      undefined,
    ]);
  });
  it("shades weekends, or what a working calendar says", () => {
    expect(matrix([]).columns.map(({ shaded }) => shaded)).toEqual([false, true, true, false]);
    const off = new Map([["2026-03-30", true]]);
    expect(matrix([], {}, off).columns.map(({ shaded }) => shaded)).toEqual([false, false, false, true]);
  });
  it("reads what is typed, and keeps what cannot be read", () => {
    const read = {
      number: (text: string) => (/^\d+$/.test(text) ? Number(text) : undefined),
      duration: (text: string) => (text === "1:30" ? 5_400 : undefined),
    };
    expect(readCell("number", "8", 7, read)).toEqual({ value: 8 });
    expect(readCell("number", "8", 8, read)).toEqual({ same: true });
    expect(readCell("number", " ", 8, read)).toEqual({ value: null });
    expect(readCell("number", "", undefined, read)).toEqual({ same: true });
    expect(readCell("number", "eight", 8, read)).toEqual({ unread: true });
    expect(readCell("duration", "1:30", null, read)).toEqual({ value: 5_400 });
  });
  it("is walked by keys and never left by them", () => {
    expect(step("ArrowRight", [0, 0], 3, 4)).toEqual([0, 1]);
    expect(step("ArrowRight", [0, 3], 3, 4)).toEqual([0, 3]);
    expect(step("PageDown", [1, 2], 3, 4)).toEqual([2, 2]);
    expect(step("End", [1, 0], 3, 4)).toEqual([1, 3]);
    expect(step("a", [1, 0], 3, 4)).toBeUndefined();
  });
});
