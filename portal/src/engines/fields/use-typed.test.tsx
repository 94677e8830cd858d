// @vitest-environment happy-dom
import { expect, it } from "vitest";
import type { Value } from "@/api/types";
import { run } from "@/engines/testing/render";
import { useTyped } from "./use-typed";

async function editor(first: Value, follows = true) {
  let value = first;
  const said: Value[] = [];
  const running = await run(() =>
    useTyped({
      value,
      write: (one) => (typeof one === "number" ? String(one) : ""),
      read: (text) => (/^\d+$/.test(text) ? Number(text) : undefined),
      reason: () => "no number",
      onChange(next) {
        said.push(next);
        if (follows) value = next;
      },
    }),
  );
  const give = (next: Value) =>
    running.does(() => {
      value = next;
      running.again();
    });
  return { running, said, give, typed: () => running.now().typed };
}

it("shows what the form holds after it was sent and emptied", async () => {
  const { running, give, typed } = await editor(null);
  await running.does(() => running.now().type("12"));
  await running.does(() => running.now().settle());
  await give(null);
  expect(typed()).toBe("");
  expect(running.now().wrong).toBeUndefined();
});

it("never changes what is being typed, and shows the other value when the person is done without one of their own", async () => {
  const { running, give, typed } = await editor(5, false);
  await running.does(() => running.now().type("12"));
  await give(7);
  expect(typed()).toBe("12");
  await running.does(() => running.now().settle());
  expect(typed()).toBe("7");
});

it("keeps what cannot be read until the value itself changes", async () => {
  const { running, give, typed } = await editor(null);
  await running.does(() => running.now().type("1x"));
  await running.does(() => running.now().settle());
  expect(typed()).toBe("1x");
  expect(running.now().wrong).toBe("no number");
  await give(3);
  expect(typed()).toBe("3");
});
