// @vitest-environment happy-dom
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { describe, expect, it } from "vitest";
import { ApiError } from "@/api/problem";
import { flatten } from "@/api/record-pages";
import type { Stage } from "@/api/types";
import { pageOptions, totalOptions } from "@/engines/pages";
import { machine, shape, type Workshop, workshop } from "@/engines/testing/fake-source";
import { run } from "@/engines/testing/render";
import { type BoardScope, columnQuery, totalsOf, totalsQuery } from "./columns";
import { useBoard } from "./use-board";

const column = (key: string, sort: number): Stage => ({ key, name: key, semantic: "open", color: "", sort });
/** Columns of a choice: a board needs no pipeline. */
const scope: BoardScope = {
  shape,
  group: { field: "state", columns: [column("idle", 1), column("running", 2)], holds: () => true },
};

/** The board with its columns and totals open, as ids and counts. */
async function open(source: Workshop, over: BoardScope = scope) {
  const ask = (key: string) => pageOptions(source.pages(columnQuery(over, key), key));
  const board = await run(() => ({
    board: useBoard(source, over),
    idle: useInfiniteQuery(ask("idle")).data,
    running: useInfiniteQuery(ask("running")).data,
    totals: useQuery(totalOptions(source.totals(totalsQuery(over)))).data ?? [],
  }));
  const count = (key: string) => totalsOf(board.now().totals, "state", key, "EUR").count;
  return {
    ...board,
    ids: () => [board.now().idle, board.now().running].map((pages) => flatten(pages).map((row) => row.id)),
    counts: () => [count("idle"), count("running")],
  };
}
const rowOf = (source: Workshop, id: string) => {
  const row = source.rows.find((one) => one.id === id);
  if (!row) throw new Error(`no ${id}`);
  return row;
};

describe("a board over any source", () => {
  it("moves a card and its totals at once, then asks the source", async () => {
    const source = workshop([machine("a", "idle"), machine("b", "idle"), machine("c", "running")]);
    const board = await open(source);
    expect([board.ids(), board.counts()]).toEqual([
      [["a", "b"], ["c"]],
      [2, 1],
    ]);
    await board.does(() => board.now().board.move(rowOf(source, "b"), "running"));
    expect([board.ids(), board.counts()]).toEqual([
      [["a"], ["b", "c"]],
      [1, 2],
    ]);
    expect(source.calls).toEqual(['show b {"state":"running"}', "move b running", "accept b v2"]);
    expect(board.now().board.siblings("c")).toEqual(["b", "c"]);
    board.end();
  });

  it("puts a refused card back where it was, with the reason", async () => {
    const source = workshop([machine("a", "idle"), machine("b", "idle"), machine("c", "idle")]);
    const board = await open(source);
    source.failure = new ApiError({ status: 422, code: "hook.rejected", detail: "No oil." });
    await board.does(() => board.now().board.move(rowOf(source, "b"), "running"));
    expect([board.ids(), board.counts()]).toEqual([
      [["a", "b", "c"], []],
      [3, 0],
    ]);
    expect(board.now().board.refusals.get("b")).toBe("No oil.");
    await board.does(() => board.now().board.dismiss("b"));
    expect(board.now().board.refusals.size).toBe(0);
    board.end();
  });

  it("says nothing where a conversion is offered instead of the move", async () => {
    const source = workshop([machine("a", "idle"), machine("b", "idle"), machine("c", "idle")]);
    const board = await open(source);
    source.failure = new ApiError({ status: 409, code: "lead.convert_required", detail: "Convert it." });
    await board.does(() => board.now().board.move(rowOf(source, "b"), "running"));
    expect(board.ids()).toEqual([["a", "b", "c"], []]);
    expect(board.now().board.refusals.size).toBe(0);
    board.end();
  });

  it("follows what others did, and lets the source say when something narrows it", async () => {
    const source = workshop([machine("a", "idle"), machine("b", "running")]);
    const board = await open(source);
    const moved = machine("a", "running", {}, 2);
    await board.does(() => source.tell({ id: "a", record: moved, fresh: false }));
    expect(board.ids()).toEqual([[], ["a", "b"]]);
    expect(board.now().board.arrived.has("a")).toBe(true);
    await board.does(() => source.tell({ id: "b", fresh: false }));
    expect(board.ids()).toEqual([[], ["a"]]);
    board.end();

    const narrowed = await open(source, { ...scope, q: "x" });
    source.rows = source.rows.filter((row) => row.id !== "b");
    await narrowed.does(() => source.tell({ id: "z", record: machine("z", "running"), fresh: true }));
    expect(narrowed.ids()).toEqual([["a"], []]);
    narrowed.end();
  });

  it("makes a row in a column", async () => {
    const source = workshop([machine("a", "running")]);
    const board = await open(source);
    await board.does(() => board.now().board.add({ name: "Lathe" }, "running", "k1"));
    expect(board.ids()).toEqual([[], ["new 1", "a"]]);
    expect(source.calls).toEqual(["create k1"]);
    board.end();
  });
});
