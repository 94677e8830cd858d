import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keys } from "./keys";
import { onInstanceChange, onRecordChange, receive, receiveInstance } from "./live";
import { queryClient } from "./query-client";
import type { RecordData, RecordEvent } from "./types";

const event = (entity: string, record: string, version = 2): RecordEvent =>
  ({ type: `${entity}.updated`, entity, record, version, changed: ["title"] }) as RecordEvent;
const record = (id: string, version: number): RecordData => ({
  id,
  version,
  entity: "lead",
  fields: { title: id },
});

let asked: { url: string; body: unknown }[] = [];

/** The server sees these leads and nothing else. */
function server(...leads: RecordData[]) {
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    asked.push({ url, body: JSON.parse(String(init.body)) });
    const body = { items: leads, refs: {}, next_cursor: null };
    return new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });
  });
}

function shown(...items: RecordData[]) {
  const pages = { pages: [{ items, refs: {}, next_cursor: null }], pageParams: [null] };
  queryClient.setQueryData(keys.list("lead", {}), pages);
}

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  queryClient.clear();
});

describe("live updates", () => {
  it("ask nothing about what no page shows", async () => {
    server();
    shown(record("a", 1));
    receive(event("task", "t"));
    receive(event("deal", "d"));
    await vi.advanceTimersByTimeAsync(500);
    expect(asked).toEqual([]);
  });

  it("read what changed by its ids, in one question, and say what is gone", async () => {
    server(record("a", 2));
    shown(record("a", 1), record("b", 1));
    const heard: [string, boolean][] = [];
    const stop = onRecordChange(({ id, record }) => void heard.push([id, record !== undefined]));
    receive(event("lead", "a"));
    receive(event("lead", "b"));
    await vi.advanceTimersByTimeAsync(500);
    stop();
    expect(asked.map(({ url }) => url)).toEqual(["/api/v1/records/lead/query"]);
    expect(asked[0]?.body).toMatchObject({ filter: { field: "id", op: "in", value: ["a", "b"] } });
    expect(heard).toEqual([
      ["a", true],
      ["b", false],
    ]);
    const pages = queryClient.getQueryData<{ pages: { items: RecordData[] }[] }>(keys.list("lead", {}));
    expect(pages?.pages[0]?.items.map(({ id, version }) => [id, version])).toEqual([["a", 2]]);
  });

  it("pass over the version that is here already", async () => {
    server();
    shown(record("a", 2));
    receive(event("lead", "a", 2));
    await vi.advanceTimersByTimeAsync(500);
    expect(asked).toEqual([]);
  });
});

it("processes that went on are told some at a time, each once", () => {
  const told: string[][] = [];
  const stop = onInstanceChange((ids) => void told.push([...ids]));
  for (const id of ["i1", "i2", "i1"]) receiveInstance(event("process", id));
  expect(told).toEqual([]);
  vi.advanceTimersByTime(300);
  receiveInstance(event("process", "i3"));
  stop();
  vi.advanceTimersByTime(300);
  expect(told).toEqual([["i1", "i2"]]);
});
