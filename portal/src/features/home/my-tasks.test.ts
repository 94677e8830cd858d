import { afterEach, describe, expect, it, vi } from "vitest";
import { loadMyTasks } from "./my-tasks";

afterEach(() => vi.unstubAllGlobals());

const task = (id: string) => ({ id, version: 1, entity: "task", fields: { title: id } });

function server(dated: string[], undated: string[]) {
  vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
    const found = String(init.body).includes('"not_empty"') ? dated : undated;
    const body = { items: found.map(task), refs: {}, total: found.length };
    return new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });
  });
}

describe("my tasks at home", () => {
  it("what is due stands before what has no deadline", async () => {
    server(["late", "tomorrow"], ["someday"]);
    const { items, total } = await loadMyTasks(8);
    expect([items.map((item) => item.id), total]).toEqual([["late", "tomorrow", "someday"], 3]);
  });

  it("tasks without a deadline push out nothing that is due", async () => {
    server(["late"], ["a", "b", "c"]);
    const { items, total } = await loadMyTasks(2);
    expect([items.map((item) => item.id), total]).toEqual([["late", "a"], 4]);
  });
});
