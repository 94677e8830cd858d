import { describe, expect, it } from "vitest";
import {
  definitionSearch,
  journalSearch,
  pluginSearch,
  recordsSearch,
  settingsGroups,
  tasksSearch,
} from "./search";

describe("the settings", () => {
  it("have each section in one group", () => {
    const all: string[] = Object.values(settingsGroups).flat();
    expect(new Set(all).size).toBe(all.length);
  });
});

describe("the address", () => {
  it("keeps what it knows and drops the rest", () => {
    expect(
      recordsSearch({
        record: "1",
        q: "",
        filter: { field: "a", op: "eq", value: 1 },
        sort: "no",
        deleted: "yes",
        x: 1,
      }),
    ).toEqual({ record: "1", filter: { field: "a", op: "eq", value: 1 } });
    expect(recordsSearch({ date: "close_date", mode: "week", at: "2026-03-02" })).toEqual({
      date: "close_date",
      mode: "week",
      at: "2026-03-02",
    });
    expect(recordsSearch({ date: 7, mode: "year", at: "soon" })).toEqual({});
    for (const at of ["2026-99-99", "9999-12-31", "0000-01-01"]) expect(recordsSearch({ at })).toEqual({});
  });

  it("of tasks and processes that was damaged on its way is read without what is no id", () => {
    const id = "01a225dc-2926-73f6-8aec-36a21cbb1fab";
    expect(tasksSearch({ view: "team", person: "01a225dc-29", task: id, show: "x" })).toEqual({
      view: "team",
      task: id,
    });
    // Named, or the router would leave what was written.
    expect("person" in tasksSearch({ person: "zzz" })).toBe(true);
    expect("version" in definitionSearch({ version: "abc" })).toBe(true);
    expect("tab" in pluginSearch({ tab: "zzz" })).toBe(true);
    expect(tasksSearch({ q: "a".repeat(300) }).q).toHaveLength(200);
    expect(
      journalSearch({ subject: "zzz", instance: `${id} `, state: "bogus", definition: "dealer" }),
    ).toEqual({
      definition: "dealer",
    });
  });
});
