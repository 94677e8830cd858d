import { expect, it } from "vitest";
import type { Drawing } from "@/engines/route-map/drawing";
import { counterpart, ofSteps, sightsOfDifferences } from "./compare";

const drawing = (...nodes: [id: string, name: string, tag?: string][]): Drawing => ({
  nodes: new Map(
    nodes.map(([id, name, tag = "userTask"]) => [
      id,
      { id, name, tag, kind: "task" as const, documentation: "" },
    ]),
  ),
  order: [],
  drawn: true,
});
const left = drawing(["a", "Check"], ["old", "Pay"], ["gone", "Call"], ["x", "Same"], ["y", "Same"]);
const right = drawing(["a", "Check"], ["new", "Pay"], ["more", "Write"], ["z", "Same"]);

it("finds an element by its id, else by a kind and name that is there once", () => {
  expect(counterpart("a", right, left)).toBe("a");
  expect(counterpart("new", right, left)).toBe("old");
  expect(counterpart("z", right, left), "two are called so").toBe("z");
});

it("marks what is gone at the left, what is new at the right, the rest on both", () => {
  const element = (id: string) => ({ element: id, type: "userTask", name: "" });
  const sights = sightsOfDifferences(
    {
      added: [element("more")],
      removed: [element("gone")],
      moved: [element("a"), element("new")],
      changed: [
        { element: "new", what: "name" },
        { element: "flow", what: "condition" },
      ],
    },
    left,
    right,
  );
  const told = (side: "left" | "right") => [...sights[side]].map(([id, { state }]) => `${id} ${state}`);
  expect(told("left")).toEqual(["gone removed", "old changed", "flow changed", "a moved"]);
  expect(told("right")).toEqual(["more added", "new changed", "flow changed", "a moved"]);
  expect([...ofSteps(sights.right, right).keys()]).toEqual(["more", "new", "a"]);
});
