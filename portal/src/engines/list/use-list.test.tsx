// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import { ApiError, NetworkError } from "@/api/problem";
import { machine, workshop } from "@/engines/testing/fake-source";
import { run } from "@/engines/testing/render";
import { runBulk } from "./bulk";
import { useCellSave } from "./use-cell-save";
import { type ListView, portion, useList } from "./use-list";
import { useSelection } from "./use-selection";

const many = (count: number) => Array.from({ length: count }, (_, index) => machine(`m${index}`, "idle"));
const everything: ListView = {};

describe("a list over any source", () => {
  it("shows the source's columns and reads on in portions, to the end", async () => {
    const source = workshop(many(portion + 20));
    const list = await run(() => useList(source, everything));
    expect(list.now().columns.map((column) => column.key)).toEqual(["name", "state", "hours"]);
    expect([list.now().records.length, list.now().total]).toEqual([portion, portion + 20]);
    await list.does(() => list.now().more());
    expect(list.now().records).toHaveLength(portion + 20);
    await list.does(() => list.now().more());
    expect(list.now().records).toHaveLength(portion + 20);
    list.end();
  });

  it("drops a row that is gone and asks again where a new one stands", async () => {
    const source = workshop(many(2));
    const list = await run(() => useList(source, everything));
    await list.does(() => source.tell({ id: "m0", fresh: false }));
    expect(list.now().records.map((row) => row.id)).toEqual(["m1"]);
    source.rows = [machine("m9", "idle"), ...source.rows];
    await list.does(() => source.tell({ id: "m9", record: source.rows[0], fresh: true }));
    expect(list.now().records.map((row) => row.id)).toEqual(["m9", "m0", "m1"]);
    list.end();
    expect(() => source.tell({ id: "m0", fresh: false })).not.toThrow();
  });

  it("says what went wrong and tries again", async () => {
    const source = workshop(many(1));
    let down = true;
    const pages = source.pages;
    source.pages = (query) => ({
      ...pages(query),
      read: (cursor, signal) =>
        down ? Promise.reject(new NetworkError()) : pages(query).read(cursor, signal),
    });
    const list = await run(() => useList(source, everything));
    expect(list.now().error).toBeInstanceOf(NetworkError);
    down = false;
    await list.does(() => list.now().retry());
    expect([list.now().error, list.now().records.length]).toEqual([null, 1]);
    list.end();
  });

  it("saves a cell by the source and keeps the reason of a refusal at the cell", async () => {
    const source = workshop([machine("a", "idle")]);
    const [row] = source.rows;
    const hours = source.shape.fields.find((one) => one.key === "hours");
    if (!row || !hours) throw new Error("no row");
    const cells = await run(() => useCellSave(source));
    await cells.does(() => cells.now().save(row, hours, 0, {}));
    expect(source.calls).toEqual([]);
    source.failure = new ApiError({
      status: 422,
      code: "record.invalid",
      fields: { hours: { code: "range", message: "Too many." } },
    });
    await cells.does(() => cells.now().save(row, hours, 9, {}));
    expect(cells.now().problemOf(row, hours)).toBe("Too many.");
    await cells.does(() => cells.now().save(row, hours, 8, {}));
    expect(cells.now().problemOf(row, hours)).toBeUndefined();
    expect(source.calls).toEqual(['save a {"hours":9}', 'save a {"hours":8}']);
    cells.end();
  });

  it("changes chosen rows in one go and keeps every refusal", async () => {
    const source = workshop([machine("a", "idle"), machine("b", "broken"), machine("c", "idle")]);
    const selection = await run(() => useSelection(source.rows, "all"));
    await selection.does(() => selection.now().toggle(0, false));
    await selection.does(() => selection.now().toggle(2, true));
    expect(selection.now().all).toBe(true);
    const outcome = await runBulk(
      source,
      { kind: "update", fields: { hours: 1 } },
      [...selection.now().ids],
      () => undefined,
      new AbortController().signal,
    );
    expect(outcome).toMatchObject({ done: ["a", "c"], refused: [{ id: "b", reason: "It is broken." }] });
    expect(source.calls).toEqual(["bulk a b c", "refresh"]);
    selection.end();
  });
});
