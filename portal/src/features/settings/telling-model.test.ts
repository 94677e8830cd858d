import { expect, it } from "vitest";
import en from "@/i18n/en/watch.json";
import { kindsOf, withChannel, wordOf } from "./telling-model";

const shown = { portal: true, mail: false, digest: false };

it("kinds stand in the order of a task's life, and each has a name", () => {
  const kinds = kindsOf({ "stage.overdue": shown, "task.new": shown, "task.unknown": shown });
  expect(kinds).toEqual(["task.new", "stage.overdue"]);
  for (const kind of kinds) expect(en).toHaveProperty([`telling_${wordOf(kind)}`]);
});

it("one way of one kind changes and nothing else", () => {
  const before = { "task.new": shown, "task.overdue": shown };
  expect(withChannel(before, "task.new", "mail", true)).toEqual({
    "task.new": { portal: true, mail: true, digest: false },
    "task.overdue": shown,
  });
});
