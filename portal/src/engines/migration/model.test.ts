import { describe, expect, it } from "vitest";
import type { DrawnNode } from "@/engines/route-map/drawing";
import {
  namedOnly,
  proposedMapping,
  type Report,
  reasonOf,
  refusalsOf,
  rowsOf,
  runningOf,
  targetsOf,
} from "./model";

const node = (id: string, name: string, tag = "userTask"): DrawnNode => ({
  id,
  name,
  tag,
  kind: tag === "process" ? "process" : "task",
  documentation: "",
});
const nodes = (...all: DrawnNode[]) => new Map(all.map((one) => [one.id, one]));
const instance = (version: number, ...elements: string[]) =>
  ({
    version,
    active: elements.map((element) => ({ element, name: element.toUpperCase() })),
    incidents: [],
  }) as unknown as Parameters<typeof runningOf>[0][number];
const report = (...instances: [string, [string, string][]][]): Report => ({
  dry_run: true,
  migrated: 0,
  refused: 0,
  instances: instances.map(([id, problems]) => ({
    instance: id,
    ok: problems.length === 0,
    problems: problems.map(([element, message]) => ({ element, message })),
  })),
});

describe("what runs", () => {
  it("is counted by version and by step, without those of the version itself", () => {
    const running = runningOf(
      [instance(1, "a"), instance(2, "a", "b"), instance(2, "b"), instance(3, "a")],
      3,
    );
    expect(running.versions).toEqual([
      { version: 2, count: 2 },
      { version: 1, count: 1 },
    ]);
    expect(running.total).toBe(3);
    expect(running.standing).toEqual([
      { element: "a", name: "A", count: 2 },
      { element: "b", name: "B", count: 2 },
    ]);
  });
  it("counts an instance once where it stands twice, and where it failed", () => {
    const stuck = { ...instance(1, "a", "a"), incidents: [{ element: "f" }] } as unknown as Parameters<
      typeof runningOf
    >[0][number];
    expect(runningOf([stuck], 2).standing.map(({ element, count }) => [element, count])).toEqual([
      ["f", 1],
      ["a", 1],
    ]);
  });
});

describe("old steps and new", () => {
  const now = nodes(
    node("x", "Check"),
    node("y", "Pay"),
    node("z", "Pay"),
    node("g", "Ask", "exclusiveGateway"),
  );
  const old = nodes(node("c", "check"), node("p", "Pay"), node("q", "Ask"), node("x", "Other name"));
  it("are proposed by kind and name where only one has them", () => {
    expect(proposedMapping(["c", "p", "q", "x"], old, now)).toEqual({ c: "x" });
  });
  it("stand with what nobody has said first", () => {
    const standing = ["x", "c", "p"].map((element, at) => ({ element, name: "", count: 10 - at }));
    const rows = rowsOf(standing, { c: "x" }, now);
    expect(rows.map(({ element, to, kept }) => [element, to, kept])).toEqual([
      ["p", "", false],
      ["c", "x", false],
      ["x", "x", true],
    ]);
  });
  it("become only what they are", () => {
    expect(targetsOf(old.get("c"), now).map(({ id }) => id)).toEqual(["x", "y", "z"]);
    expect(targetsOf(undefined, now)).toHaveLength(4);
  });
});

describe("a report", () => {
  it("groups what stays by reason", () => {
    const refusals = refusalsOf(
      report(
        ["1", [["a", "gone"]]],
        ["2", []],
        [
          "3",
          [
            ["a", "gone"],
            ["b", "other"],
          ],
        ],
      ),
    );
    expect(refusals).toEqual([
      { element: "a", message: "gone", instances: ["1", "3"] },
      { element: "b", message: "other", instances: ["3"] },
    ]);
  });
  it("names elements that no step stands for", () => {
    const standing = [{ element: "a", name: "A", count: 1 }];
    const found = namedOnly(
      report(
        [
          "1",
          [
            ["a", "gone"],
            ["sub", "gone"],
          ],
        ],
        ["2", [["x", "kind"]]],
      ),
      standing,
      nodes(node("x", "X")),
    );
    expect(found).toEqual([{ element: "sub", name: "", count: 1 }]);
  });
  it("is read by what its sentences mean", () => {
    expect(reasonOf("the version has no element `check`: map it to another one")).toBe("element");
    expect(reasonOf("`x` is another kind of element")).toBe("kind");
    expect(reasonOf("a token came by the flow `f`, which the version does not have")).toBe("flow");
    expect(reasonOf("something else")).toBeUndefined();
  });
});
