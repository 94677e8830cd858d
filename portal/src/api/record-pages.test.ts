import { describe, expect, it } from "vitest";
import { allRefs, flatten, insertRecord, type Pages, removeRecord, replaceRecord } from "./record-pages";
import type { RecordData } from "./types";

const record = (id: string, version = 1, fields = {}): RecordData => ({
  id,
  version,
  entity: "lead",
  fields,
});
const pages = (...groups: string[][]): Pages => ({
  pages: groups.map((ids, index) => ({
    items: ids.map((id) => record(id)),
    next_cursor: null,
    refs: {},
    ...(index === 0 ? { total: 10 } : {}),
  })),
  pageParams: groups.map(() => null),
});
const ids = (value: Pages) => flatten(value).map((item) => item.id);

describe("pages of records", () => {
  it("replace a record in place and keep the other pages as they are", () => {
    const before = pages(["a", "b"], ["c"]);
    const after = replaceRecord(before, {
      ...record("c", 2, { title: "new" }),
      refs: { u: { entity: "user", title: "U" } },
    });
    expect(after.pages[0]).toBe(before.pages[0]);
    expect(flatten(after)[2]?.fields).toEqual({ title: "new" });
    expect(allRefs(after).u?.title).toBe("U");
  });

  it("never put an older version over a newer one", () => {
    const before = replaceRecord(pages(["a"]), record("a", 5, { title: "new" }));
    expect(replaceRecord(before, record("a", 4, { title: "old" }))).toBe(before);
  });

  it("keep fields the newer answer did not carry", () => {
    const before = replaceRecord(pages(["a"]), record("a", 2, { title: "t", amount: 1 }));
    expect(flatten(replaceRecord(before, record("a", 3, { amount: 2 })))[0]?.fields).toEqual({
      title: "t",
      amount: 2,
    });
  });

  it("move a card and put it back where it was", () => {
    const column = pages(["a", "b", "c"], ["d"]);
    const without = removeRecord(column, "b");
    expect(ids(without)).toEqual(["a", "c", "d"]);
    expect(without.pages[0]?.total).toBe(9);
    const back = insertRecord(without, record("b"), {}, "c");
    expect(ids(back)).toEqual(["a", "b", "c", "d"]);
    expect(back.pages[0]?.total).toBe(10);
  });

  it("insert on top without a neighbour, once only", () => {
    const column = insertRecord(pages(["a"]), record("n"));
    expect(ids(column)).toEqual(["n", "a"]);
    expect(ids(insertRecord(column, record("n")))).toEqual(["n", "a"]);
  });

  it("leave pages without the record untouched", () => {
    const column = pages(["a"]);
    expect(removeRecord(column, "zz")).toBe(column);
    expect(replaceRecord(column, record("zz"))).toBe(column);
  });
});
