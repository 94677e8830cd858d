// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { backend, button, click, settle, show } from "@/engines/testing/block-page";
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
