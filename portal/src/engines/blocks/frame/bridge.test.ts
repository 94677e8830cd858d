import { beforeEach, describe, expect, it } from "vitest";
import { Bridge, bounds, type Doors, type Stopped } from "./bridge";

let now = 0;
let timers: { run: () => void; at: number }[] = [];
const clock = {
  now: () => now,
  later: (run: () => void, ms: number) => {
    const timer = { run, at: now + ms };
    timers.push(timer);
    return () => {
      timers = timers.filter((one) => one !== timer);
    };
  },
};
const pass = (ms: number) => {
  now += ms;
  const due = timers.filter(({ at }) => at <= now);
  timers = timers.filter(({ at }) => at > now);
  for (const { run } of due) run();
};

let told: Record<string, unknown>[] = [];
let done: unknown[] = [];
let stopped: Stopped[] = [];
let closed = 0;
let rows: unknown[] = [];

function bridge(): Bridge {
  const doors: Doors = {
    sources: ["mine"],
    acts: ["approve"],
    context: () => ({ locale: "en", texts: { a: "A" } }),
    data: () => ({ rows }),
    act: async (name, input) => {
      done.push([name, input]);
      return { errors: {} };
    },
    set: (change) => done.push(["set", change]),
    open: (target) => done.push(["open", target]),
    toast: (text, tone) => done.push(["toast", text, tone]),
    resize: (height) => done.push(["resize", height]),
    pick: async (kind) => `picked ${kind}`,
    draft: (value) => done.push(["draft", value]),
  };
  const port = { postMessage: (text: string) => told.push(JSON.parse(text)), close: () => (closed += 1) };
  return new Bridge(port, doors, (why) => stopped.push(why), clock);
}
const settle = () => new Promise((resolve) => setTimeout(resolve));
const say = async (one: Bridge, message: object) => {
  one.receive(JSON.stringify(message));
  await settle();
};

beforeEach(() => {
  [now, timers, told, done, stopped, closed, rows] = [0, [], [], [], [], 0, [{ id: "1" }]];
});

describe("a frame that is ready", () => {
  it("is told where it stands and what its sources say", async () => {
    const one = bridge();
    one.tellData("mine");
    expect(told, "nothing before it is ready").toEqual([]);
    await say(one, { type: "ready", id: 1 });
    expect(told.map(({ type }) => type)).toEqual(["context", "data", "answer"]);
    expect(told[1]).toEqual({ type: "data", name: "mine", rows: [{ id: "1" }] });
    pass(bounds.ready_ms);
    expect(stopped).toEqual([]);
  });

  it("presses, sets, opens, says, grows, picks and keeps what is declared", async () => {
    const one = bridge();
    await say(one, { type: "ready" });
    await say(one, { type: "act", id: 2, name: "approve", input: { a: 1 } });
    await say(one, { type: "set", state: { zoom: 2 } });
    await say(one, { type: "open", record: "x", entity: "lead" });
    await say(one, { type: "toast", text: "x".repeat(900), tone: "danger" });
    await say(one, { type: "resize", height: 90_000 });
    await say(one, { type: "draft", value: { a: 1 } });
    await say(one, { type: "pick", id: 3, kind: "user" });
    expect(done).toEqual([
      ["approve", { a: 1 }],
      ["set", { params: undefined, state: { zoom: 2 } }],
      ["open", { record: "x", entity: "lead" }],
      ["toast", "x".repeat(bounds.toast), "danger"],
      ["resize", bounds.highest],
      ["draft", { a: 1 }],
    ]);
    expect(told.at(-1)).toEqual({ type: "answer", id: 3, ok: true, value: "picked user" });
  });

  it("gets nothing that its block does not declare", async () => {
    const one = bridge();
    await say(one, { type: "ready" });
    told = [];
    const refused: [object, string][] = [
      [{ type: "data", name: "others" }, "undeclared"],
      [{ type: "act", name: "delete_all" }, "undeclared"],
      [{ type: "open", url: "https://evil.example" }, "invalid"],
      [{ type: "open", record: "x" }, "invalid"],
      [{ type: "set", state: [1] }, "invalid"],
      [{ type: "resize", height: "100%" }, "invalid"],
      [{ type: "pick", kind: "lead" }, "invalid"],
      [{ type: "draft", value: "x".repeat(bounds.draftBytes) }, "invalid"],
      [{ type: "fetch", url: "/api/v1/me" }, "unknown"],
    ];
    for (const [message] of refused) await say(one, message);
    expect(told.map(({ ok, code }) => [ok, code])).toEqual(refused.map(([, code]) => [false, code]));
    expect([done, stopped]).toEqual([[], []]);
  });

  it("is told that a source is too large rather than sent it", async () => {
    rows = ["x".repeat(bounds.bytes)];
    const one = bridge();
    await say(one, { type: "ready" });
    expect(told[1]).toEqual({ type: "data", name: "mine", problem: { code: "too_large" } });
  });
});

describe("a frame is cut off", () => {
  it("that is not ready in time, and hears nothing after", async () => {
    const one = bridge();
    await say(one, { type: "toast", text: "first" });
    expect(told).toEqual([
      { type: "answer", id: null, ok: false, code: "not_ready", detail: "say `ready` first" },
    ]);
    pass(bounds.ready_ms - 1);
    expect(stopped).toEqual([]);
    pass(1);
    expect([stopped, closed]).toEqual([["silent"], 1]);
    await say(one, { type: "ready" });
    expect(told).toHaveLength(1);
  });

  it("that sends more than twenty messages in a second, not one that sends them slowly", async () => {
    const slow = bridge();
    await say(slow, { type: "ready" });
    for (let sent = 0; sent < 60; sent += 1) {
      pass(60);
      slow.receive(JSON.stringify({ type: "resize", height: 100 }));
    }
    expect(stopped).toEqual([]);
    const fast = bridge();
    for (let sent = 0; sent <= bounds.perSecond; sent += 1) fast.receive(JSON.stringify({ type: "ready" }));
    expect(stopped).toEqual(["flood"]);
  });

  it("that sends too much at once, or what is no message", () => {
    for (const [message, why] of [
      ["x".repeat(bounds.bytes + 1), "large"],
      [{ type: "ready" }, "foreign"],
      ["{", "foreign"],
      ["[]", "foreign"],
      ['{"type": 1}', "foreign"],
      [new ArrayBuffer(8), "foreign"],
    ] as const) {
      stopped = [];
      bridge().receive(message);
      expect(stopped, String(message).slice(0, 20)).toEqual([why]);
    }
  });

  it("once, whatever happens then", () => {
    const one = bridge();
    one.stop("left");
    one.stop("flood");
    one.receive("x");
    pass(10_000);
    expect([stopped, closed]).toEqual([["left"], 1]);
  });
});
