// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import type { Field } from "@/api/types";
import { backend, button, click, settle, show, toasts } from "@/engines/testing/block-page";
import type { ActAnswer, ReadResult } from "./wire";

const rows = (...names: string[]): ReadResult[] => [
  {
    name: "rows",
    status: "ok",
    rows: names.map((name) => ({ id: name, fields: { name } })),
    fields: [],
    refs: {},
  },
];

it("works from the first press until the answer: a second press meanwhile does nothing, a later one has a key of its own", async () => {
  const keys: string[] = [];
  let answer: (given: ActAnswer) => void = () => undefined;
  const given = backend(() => rows("Anna"), {
    act: (_, key) => {
      keys.push(key);
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
  });
  await show([{ block: "actions", actions: [{ label: "Count anew", act: "count" }] }], given);
  await click("Count anew");
  await click("Count anew");
  expect(keys).toHaveLength(1);
  expect(button("Count anew")?.getAttribute("aria-busy")).toBe("true");
  answer({});
  await settle();
  expect(button("Count anew")?.getAttribute("aria-busy")).toBeNull();
  await click("Count anew");
  expect(new Set(keys).size).toBe(2);
  answer({});
  await settle();
});

describe("an action on rows", () => {
  const chosen = (count: number) => ({
    rows: Array.from({ length: count }, (_, at) => ({ id: `r${at}`, fields: {} })),
  });
  const approve = async (answer: ActAnswer, count: number) => {
    const given = backend(() => rows(), { act: async () => answer });
    const actions = [{ label: "Approve", act: "approve" }];
    await show([{ block: "actions", actions }], given, { subject: chosen(count) });
    await click("Approve");
    await settle();
  };
  const refused = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ id: `r${at}`, detail: `Not yours ${at}.` }));

  it("says apart what was done and what was refused, at most five of them", async () => {
    await approve({ refused: refused(7) }, 9);
    const [done, not] = toasts();
    expect(done).toMatchObject({ text: expect.stringContaining("2 rows changed"), refusal: false });
    expect(not?.refusal).toBe(true);
    expect(not?.text).toContain("7 rows refused");
    expect(not?.text).toContain("Not yours 4.");
    expect(not?.text).not.toContain("Not yours 5.");
    expect(not?.text).toContain("and 2 more");
  });
  it("is a refusal where nothing was done", async () => {
    await approve({ refused: refused(2), patches: [{ op: "toast", text: "Two are not yours." }] }, 2);
    expect(toasts().map(({ refusal }) => refusal)).toEqual([true]);
    expect(toasts()[0]?.text).toContain("Two are not yours.");
    expect(toasts()[0]?.text).toContain("Not done");
  });
  it("is a refusal where the module says so", async () => {
    await approve({ patches: [{ op: "toast", text: "The quota is used up.", tone: "danger" }] }, 2);
    expect(toasts()).toEqual([{ text: "The quota is used up.", refusal: true }]);
  });
  it("names a row by its title", async () => {
    const answer = { refused: [{ id: "Anna", detail: "Not yours." }] };
    const given = backend(
      () =>
        rows("Anna").map((one) =>
          one.status === "ok"
            ? { ...one, fields: [{ key: "name", label: "Name", type: "text" } as Field] }
            : one,
        ),
      { act: async () => answer },
    );
    const actions = [{ label: "Approve", act: "approve" }];
    await show(
      [{ block: "repeat", source: "rows", height: 200, blocks: [{ block: "actions", actions }] }],
      given,
    );
    await click("Approve");
    await settle();
    expect(toasts()[0]?.text).toContain("Anna: Not yours.");
  });
});

it("says where it is pressed where the action asks, and does it all the same where nobody knows", async () => {
  const inputs: unknown[] = [];
  const given = backend(() => rows("Anna"), {
    act: async ({ input }) => {
      inputs.push(input);
      return {};
    },
  });
  const knows = (known: boolean) =>
    Object.defineProperty(navigator, "geolocation", {
      configurable: true,
      value: {
        getCurrentPosition: (done: PositionCallback, refused: PositionErrorCallback) =>
          known
            ? done({ coords: { latitude: 50.45, longitude: 30.52, accuracy: 20 } } as GeolocationPosition)
            : refused({} as GeolocationPositionError),
      },
    });
  const start = (label: string, locate: boolean) => ({ label, act: "start", locate, input: { note: "x" } });
  await show([{ block: "actions", actions: [start("Start here", true), start("Start", false)] }], given);
  knows(true);
  await click("Start here");
  await settle();
  await click("Start");
  await settle();
  knows(false);
  await click("Start here");
  await settle();
  expect(inputs).toEqual([
    { note: "x", position: { latitude: 50.45, longitude: 30.52, accuracy: 20 } },
    { note: "x" },
    { note: "x" },
  ]);
});
