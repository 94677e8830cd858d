import { expect, it } from "vitest";
import type { TimelineItem } from "@/api/types";
import { linesOf } from "./timeline-groups";

const item = (id: string, event: string, minute: number, person = "olha") =>
  ({
    id,
    event,
    at: new Date(Date.UTC(2026, 10, 29, 12, minute)).toISOString(),
    actor: { kind: "user", id: person, name: person },
  }) as unknown as TimelineItem;

it("makes one line of files that one person added together, and of nothing else", () => {
  const lines = linesOf([
    item("5", "file.added", 50),
    item("4", "file.added", 49),
    item("3", "file.added", 48, "petro"),
    item("2", "file.removed", 47, "petro"),
    item("1", "file.removed", 46, "petro"),
    item("0", "file.added", -600, "petro"),
  ]);
  expect(lines.map((line) => [line.item.id, line.more.map(({ id }) => id)])).toEqual([
    ["5", ["4"]],
    ["3", []],
    ["2", []],
    ["1", []],
    ["0", []],
  ]);
});
