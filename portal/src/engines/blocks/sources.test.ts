import { describe, expect, it } from "vitest";
import { type Clock, Sources } from "./sources";
import type { Backend, ReadRequest, ReadResult } from "./wire";

function stage(answer: (request: ReadRequest) => ReadResult[] | Promise<ReadResult[]>) {
  let now = 0;
  const waiting = new Set<{ at: number; run(): void }>();
  const clock: Clock = {
    now: () => now,
    later(run, ms) {
      const one = { at: now + ms, run };
      waiting.add(one);
      return () => void waiting.delete(one);
    },
  };
  const calls: ReadRequest[] = [];
  const backend = {
    async read(request: ReadRequest) {
      calls.push(request);
      return { results: await answer(request) };
    },
  } as unknown as Backend;
  const context = () => ({ plugin: "p", surface: "s", params: {}, state: {}, locale: "en" });
  const sources = new Sources(backend, context, clock);
  const settle = async () => {
    for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
  };
  return {
    sources,
    settle,
    asked: () => calls.map(({ items, wait_ms }) => `${items.map(({ name }) => name).join(" ")} ${wait_ms}`),
    async pass(ms: number) {
      now += ms;
      for (const one of [...waiting]) {
        if (one.at > now) continue;
        waiting.delete(one);
        one.run();
      }
      await settle();
    },
  };
}

const ok = (name: string, ...ids: string[]): ReadResult => ({
  name,
  status: "ok",
  rows: ids.map((id) => ({ id, fields: { n: id } })),
  fields: [],
  refs: {},
});
const plugin = (input: unknown = {}) => ({ plugin: "x", input });

describe("the sources of a page", () => {
  it("are asked in one call, the late ones alone", async () => {
    const { sources, settle, asked } = stage(({ items, wait_ms }) =>
      items.map(({ name }) => (name === "b" && wait_ms === 300 ? { name, status: "late" } : ok(name, "1"))),
    );
    sources.want("a", plugin());
    sources.want("b", plugin());
    await settle();
    expect(asked()).toEqual(["a b 300", "b 10000"]);
    expect([sources.get("a").rows?.length, sources.get("b").rows?.length]).toEqual([1, 1]);
  });
  it("go in calls of twenty", async () => {
    const { sources, settle, asked } = stage(({ items }) => items.map(({ name }) => ok(name)));
    for (let index = 0; index < 23; index += 1) sources.want(`s${index}`, plugin());
    await settle();
    expect(asked().map((call) => call.split(" ").length - 1)).toEqual([20, 3]);
  });
  it("are made anew at most each two seconds, and after typing when it pauses", async () => {
    const { sources, settle, asked, pass } = stage(({ items }) => items.map(({ name }) => ok(name)));
    sources.want("a", plugin());
    await settle();
    sources.refresh();
    sources.refresh();
    await pass(1_000);
    expect(asked()).toHaveLength(1);
    await pass(1_000);
    expect(asked()).toHaveLength(2);
    for (const letter of ["q", "qu", "que"]) {
      sources.want("a", plugin(letter), true);
      await pass(200);
    }
    expect(asked()).toHaveLength(2);
    await pass(100);
    expect(asked()).toHaveLength(3);
  });
  it("drop a late answer to an older question", async () => {
    const waiting: (() => void)[] = [];
    const { sources, settle } = stage(
      ({ items }) =>
        new Promise<ReadResult[]>((resolve) => {
          const [{ source }] = items as unknown as [{ source: { input: string } }];
          const { input } = source;
          waiting.push(() => resolve([ok("a", input)]));
        }),
    );
    sources.want("a", plugin("old"));
    await settle();
    sources.want("a", plugin("new"));
    await settle();
    waiting[1]?.();
    await settle();
    waiting[0]?.();
    await settle();
    expect(sources.get("a").rows?.map(({ id }) => id)).toEqual(["new"]);
  });
  it("keep the last good answer where the next one fails, and say who failed", async () => {
    let broken = false;
    const { sources, settle, pass } = stage(({ items }) =>
      items.map(({ name }) =>
        broken
          ? {
              name,
              status: "error",
              problem: { code: "plugin.trap", detail: "It broke.", by: "Leave", request_id: "r1" },
            }
          : ok(name, "1"),
      ),
    );
    sources.want("a", plugin());
    await settle();
    broken = true;
    sources.refresh();
    await pass(2_000);
    expect(sources.get("a")).toMatchObject({
      loading: false,
      rows: [{ id: "1" }],
      problem: { by: "Leave", request_id: "r1" },
    });
  });
  it("stop when the person says so, and begin again", async () => {
    let answer: (() => void) | undefined;
    const { sources, settle } = stage(
      ({ items }) =>
        new Promise((resolve) => {
          answer = () => resolve(items.map(({ name }) => ok(name, "1")));
        }),
    );
    sources.want("a", plugin());
    await settle();
    sources.cancel("a");
    answer?.();
    await settle();
    expect(sources.get("a")).toMatchObject({ cancelled: true, loading: false });
    sources.retry("a");
    await settle();
    answer?.();
    await settle();
    expect(sources.get("a").rows).toHaveLength(1);
  });
  it("put back only what was changed", async () => {
    const { sources, settle } = stage(({ items }) => items.map(({ name }) => ok(name, "1", "2")));
    sources.want("a", plugin());
    await settle();
    const back = sources.show("a", (rows) =>
      rows.map((row) => (row.id === "1" ? { ...row, fields: { n: "typed" } } : row)),
    );
    sources.show("a", (rows) => [...rows, { id: "3", fields: {} }]);
    expect(sources.get("a").rows?.[0]?.fields.n).toBe("typed");
    back();
    expect(sources.get("a").rows?.map(({ id, fields }) => [id, fields.n])).toEqual([
      ["1", "1"],
      ["2", "2"],
      ["3", undefined],
    ]);
    const undelete = sources.show("a", (rows) => rows.filter(({ id }) => id !== "2"));
    undelete();
    expect(sources.get("a").rows).toHaveLength(3);
  });
});

it("keeps what was read after the first portion when it is made anew", async () => {
  let round = 0;
  const { sources, settle, pass } = stage(({ items }) =>
    items.map(({ name, cursor }) => {
      round += 1;
      const rows = cursor ? ok(name, "3", "4") : ok(name, round > 2 ? "0" : "1", "2");
      return { ...rows, next_cursor: cursor ? "end" : "two" } as ReadResult;
    }),
  );
  sources.want("a", { records: "lead" });
  await settle();
  await sources.more("a");
  sources.heard(["lead"]);
  await pass(2_000);
  expect(sources.get("a").rows?.map(({ id }) => id)).toEqual(["0", "2", "3", "4"]);
  expect(sources.get("a").cursor).toBe("end");
});
