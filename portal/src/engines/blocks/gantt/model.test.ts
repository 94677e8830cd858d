import { describe, expect, it } from "vitest";
import {
  boxOf,
  criticalOf,
  isKept,
  type Link,
  type LinkKind,
  linesOf,
  moved,
  pathOf,
  scaleOf,
  type Task,
} from "./model";

const task = (id: string, start: number, end: number, parent?: string): Task => ({
  id,
  label: id,
  start: `2026-03-${String(start).padStart(2, "0")}`,
  end: `2026-03-${String(end).padStart(2, "0")}`,
  parent,
});
const link = (from: string, to: string, kind: LinkKind = "FS", lag = 0): Link => ({ from, to, kind, lag });

describe("lines of a time line", () => {
  const tasks = [
    task("a", 1, 1),
    task("a1", 2, 5, "a"),
    task("a2", 4, 9, "a"),
    task("b", 3, 4),
    task("a11", 6, 12, "a1"),
  ];
  it("stand under their own, and a summary spans what is below it", () => {
    const lines = linesOf(tasks, new Set());
    expect(lines.map(({ task: { id }, depth, summary }) => [id, depth, summary])).toEqual([
      ["a", 0, true],
      ["a1", 1, true],
      ["a11", 2, false],
      ["a2", 1, false],
      ["b", 0, false],
    ]);
    expect(lines[0]?.task).toMatchObject({ start: "2026-03-04", end: "2026-03-12" });
  });
  it("keep their span when they are closed", () => {
    const lines = linesOf(tasks, new Set(["a"]));
    expect(lines.map(({ task: { id } }) => id)).toEqual(["a", "b"]);
    expect(lines[0]?.task.end).toBe("2026-03-12");
  });
  it("are all there even where parents go in a circle", () => {
    const round = [task("x", 1, 2, "y"), task("y", 1, 2, "x"), task("z", 1, 2)];
    expect(
      linesOf(round, new Set())
        .map(({ task: { id } }) => id)
        .sort(),
    ).toEqual(["x", "y", "z"]);
  });
});

describe("the critical path", () => {
  it("goes along the longest chain", () => {
    const tasks = [task("a", 1, 5), task("b", 6, 10), task("c", 6, 7), task("d", 11, 11)];
    const links = [link("a", "b"), link("a", "c"), link("b", "d"), link("c", "d")];
    expect([...criticalOf(tasks, links)].sort()).toEqual(["a", "b", "d"]);
  });
  it.each([
    ["SS", 3, ["a", "b"]],
    ["FF", 3, ["a", "b"]],
    ["SF", 10, ["a", "b"]],
  ] as const)("counts %s with its lag", (kind, lag, critical) => {
    const tasks = [task("a", 1, 5), task("b", 4, 8), task("c", 1, 2)];
    expect([...criticalOf(tasks, [link("a", "b", kind, lag)])].sort()).toEqual(critical);
  });
  it("goes over a weekend where only working days count", () => {
    // Friday the 6th, Monday the 9th.
    const tasks = [task("a", 2, 6), task("b", 9, 13)];
    expect([...criticalOf(tasks, [link("a", "b")])]).toEqual(["b"]);
    expect(
      [
        ...criticalOf(tasks, [link("a", "b")], (day) => [5, 6].includes((new Date(day).getUTCDay() + 6) % 7)),
      ].sort(),
    ).toEqual(["a", "b"]);
  });
  it("is empty where links go in a circle", () => {
    const tasks = [task("a", 1, 2), task("b", 3, 4)];
    expect(criticalOf(tasks, [link("a", "b"), link("b", "a")]).size).toBe(0);
  });
  it("tells which links the days break", () => {
    const [a, b] = [task("a", 1, 5), task("b", 4, 8)];
    expect(isKept(link("a", "b", "FS"), a, b)).toBe(false);
    expect(isKept(link("a", "b", "SS", 3), a, b)).toBe(true);
    expect(isKept(link("a", "b", "SS", 4), a, b)).toBe(false);
    expect(isKept(link("a", "b", "FF", 3), a, b)).toBe(true);
    expect(isKept(link("a", "b", "SF", 8), a, b)).toBe(true);
    expect(isKept(link("a", "b", "SF", 9), a, b)).toBe(false);
  });
});

describe("places", () => {
  it("include the baseline, and a bar is as wide as its days", () => {
    const late = { ...task("a", 10, 12), baseline: { start: "2026-02-20", end: "2026-02-22" } };
    const scale = scaleOf([late], "2026-03-10", "day");
    expect(scale.from).toBe("2026-02-17");
    expect(boxOf(scale, "2026-02-17", "2026-02-18")).toEqual({ x: 0, width: 64 });
  });
  it("count days over the change of clocks", () => {
    const scale = { from: "2026-03-28", days: 10, day: 10 };
    expect(boxOf(scale, "2026-03-29", "2026-03-30")).toEqual({ x: 10, width: 20 });
  });
  it("lead a link from the right side to the right side", () => {
    const [from, to] = [
      { x: 0, width: 20, y: 10 },
      { x: 60, width: 20, y: 40 },
    ];
    expect(pathOf("FS", from, to)).toBe("M20 10H28V40H60");
    expect(pathOf("SS", from, to)).toBe("M0 10H-8V40H60");
    expect(pathOf("FF", from, to)).toBe("M20 10H88V40H80");
    expect(pathOf("FS", { ...from, x: 50 }, { ...to, x: 10 })).toBe("M70 10H78V25H2V40H10");
  });
  it("never end before they begin", () => {
    const one = task("a", 10, 12);
    expect(moved(one, 2, "both")).toEqual({ start: "2026-03-12", end: "2026-03-14" });
    expect(moved(one, -5, "end")).toEqual({ start: "2026-03-10", end: "2026-03-10" });
    expect(moved(one, 5, "start")).toEqual({ start: "2026-03-12", end: "2026-03-12" });
  });
});
