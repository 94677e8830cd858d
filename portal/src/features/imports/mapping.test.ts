import { describe, expect, it } from "vitest";
import type { Entity, ImportColumn, ImportTarget, Mapped } from "@/api/types";
import {
  choose,
  columnName,
  fieldOf,
  hasMeanings,
  lastRows,
  leftOut,
  mean,
  meaningOf,
  missingRequired,
  sameChoices,
  stepOf,
  takenFrom,
  toSend,
} from "./mapping";

const targets: ImportTarget[] = [
  { key: "full_name", label: "Full name", many: false },
  { key: "title", label: "Title", many: false },
  { key: "first_name", label: "First name", many: false },
  { key: "last_name", label: "Last name", many: false },
  { key: "phones", label: "Phones", many: true },
  { key: "stage", label: "Stage", many: false },
];
const columns: ImportColumn[] = ["Name", "Phone", "Phone 2", ""].map((name, index) => ({
  index,
  name,
  samples: [],
}));
const start: Mapped[] = [
  { column: 0, field: "full_name" },
  { column: 1, field: "phones" },
  { column: 2, field: null },
  { column: 3 },
];
const entity = {
  title_field: "title",
  fields: [
    { key: "title", type: "text", required: true },
    { key: "stage", type: "stage", required: true },
    { key: "phones", type: "phones", required: false },
  ],
} as unknown as Entity;

describe("mapping of columns", () => {
  it("gives several columns to a field of many values", () => {
    const next = choose(start, targets, 2, "phones");
    expect(next.map((entry) => entry.field ?? null)).toEqual(["full_name", "phones", "phones", null]);
  });

  it("takes a field of one value from the column that had it", () => {
    const next = choose(choose(start, targets, 3, "title"), targets, 2, "title");
    expect(fieldOf(next, 2)).toBe("title");
    expect(fieldOf(next, 3)).toBeNull();
  });

  it("never keeps a full name beside its parts", () => {
    const next = choose(start, targets, 3, "last_name");
    expect(fieldOf(next, 0)).toBeNull();
    const again = choose(choose(next, targets, 2, "first_name"), targets, 0, "full_name");
    expect([2, 3].map((column) => fieldOf(again, column))).toEqual([null, null]);
    expect(takenFrom(start, targets, columns, 3, "last_name").map(({ index }) => index)).toEqual([0]);
  });

  it("adds a column the mapping did not mention", () => {
    expect(fieldOf(choose([], targets, 1, "phones"), 1)).toBe("phones");
  });

  it("names columns that will be left out", () => {
    expect(leftOut(start, columns).map(({ index }) => index)).toEqual([2, 3]);
    expect(columnName({ index: 3, name: " ", samples: [] }, (number) => `Column ${number}`)).toBe("Column 4");
  });

  it("warns of a required field only where nothing stands for it", () => {
    expect(missingRequired(entity, start, targets)).toEqual([]);
    expect(missingRequired(entity, choose(start, targets, 0, null), targets)).toEqual(["Title"]);
    const unnamed = targets.filter(({ key }) => key === "title");
    expect(missingRequired(entity, [], unnamed)).toEqual(["Title"]);
  });

  it("sends every column once, in the order of the file", () => {
    expect(toSend([{ column: 1, field: "phones" }], columns)).toEqual([
      { column: 0, field: null },
      { column: 1, field: "phones" },
      { column: 2, field: null },
      { column: 3, field: null },
    ]);
    expect(sameChoices(start, [...start].reverse(), columns)).toBe(true);
    expect(sameChoices(start, choose(start, targets, 2, "phones"), columns)).toBe(false);
  });

  it("keeps what values mean until the field is another one", () => {
    const meant = mean(mean(start, 1, "Hot", "in_progress"), 1, "cold", null);
    expect(meaningOf(meant, 1, " hOT ")).toEqual({ from: "Hot", to: "in_progress" });
    expect(toSend(meant, columns)[1]).toEqual({
      column: 1,
      field: "phones",
      values: [
        { from: "Hot", to: "in_progress" },
        { from: "cold", to: null },
      ],
    });
    expect(sameChoices(start, meant, columns)).toBe(false);
    expect(meaningOf(mean(meant, 1, "HOT", undefined), 1, "hot")).toBeUndefined();
    expect(toSend(choose(meant, targets, 1, "stage"), columns)[1]).toEqual({ column: 1, field: "stage" });
  });

  it("offers meanings for words, not for texts and numbers", () => {
    expect(hasMeanings(entity, "stage")).toBe(true);
    expect(hasMeanings(entity, "rows.product")).toBe(true);
    expect(hasMeanings(entity, "title")).toBe(false);
    expect(hasMeanings(entity, null)).toBe(false);
  });

  it("lets a header have up to three rows", () => {
    const top = [1, 3, 4, 5, 6].map((row) => ({ row, cells: [] }));
    expect(lastRows(top, 3).map(({ row }) => row)).toEqual([3, 4, 5]);
    expect(lastRows(top, 6).map(({ row }) => row)).toEqual([6]);
    expect(lastRows(top, 2)).toEqual([]);
  });

  it("tells where the wizard stands", () => {
    expect(stepOf({ state: "uploaded" })).toBe(1);
    expect(stepOf({ state: "failed" })).toBe(1);
    expect(stepOf({ state: "failed", batch: "b" })).toBe(3);
    expect(stepOf({ state: "checked" })).toBe(2);
    expect(stepOf({ state: "running", batch: "b" })).toBe(3);
  });
});
