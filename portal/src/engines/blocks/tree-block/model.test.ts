import { describe, expect, it } from "vitest";
import { buildTree, flatten, keyOf, moveOf, type NodeInput, placeTree, type TreeNode } from "./model";

const levels = [{ parent: "above" }, { parent: "above", under: "unit" }];
const unit = (id: string, parent?: string): NodeInput => ({ id, level: 0, label: id, parent });
const work = (id: string, under?: string, parent?: string): NodeInput => ({
  id,
  level: 1,
  label: id,
  under,
  parent,
});
const inputs = [
  unit("a"),
  unit("b", "a"),
  unit("c", "a"),
  work("w", "b"),
  work("v", "b", "w"),
  work("lost", "nobody"),
];
const all = (given: NodeInput[]): Map<string, TreeNode> =>
  new Map(flatten(buildTree(given), new Set()).map((node) => [node.id, node]));
const get = (nodes: Map<string, TreeNode>, id: string) => nodes.get(id) as TreeNode;

describe("a tree of several levels", () => {
  it("stands under its own level first, then under the level above", () => {
    expect(flatten(buildTree(inputs), new Set()).map(({ id, depth }) => [id, depth])).toEqual([
      ["a", 0],
      ["b", 1],
      ["w", 2],
      ["v", 3],
      ["c", 1],
      ["lost", 0],
    ]);
  });
  it("loses nobody in a circle", () => {
    const round = [unit("x", "z"), unit("y", "x"), unit("z", "y"), unit("tail", "y")];
    expect(
      flatten(buildTree(round), new Set())
        .map(({ id }) => id)
        .sort(),
    ).toEqual(["tail", "x", "y", "z"]);
  });
  it("hides what is below a closed one", () => {
    const roots = buildTree(inputs);
    expect(flatten(roots, new Set([keyOf({ level: 0, id: "b" })])).map(({ id }) => id)).toEqual([
      "a",
      "b",
      "c",
      "lost",
    ]);
  });
});

describe("moving", () => {
  const nodes = all(inputs);
  it("writes who is above", () => {
    expect(moveOf(get(nodes, "c"), get(nodes, "b"), levels)).toEqual({ above: "b" });
    expect(moveOf(get(nodes, "v"), get(nodes, "c"), levels)).toEqual({ unit: "c", above: null });
    expect(moveOf(get(nodes, "lost"), get(nodes, "w"), levels)).toEqual({ above: "w", unit: "b" });
  });
  it("goes neither into itself nor under its own", () => {
    expect(moveOf(get(nodes, "a"), get(nodes, "a"), levels)).toBeUndefined();
    expect(moveOf(get(nodes, "a"), get(nodes, "b"), levels)).toBeUndefined();
  });
  it("goes nowhere its level may not stand", () => {
    expect(moveOf(get(nodes, "c"), get(nodes, "w"), levels)).toBeUndefined();
    expect(moveOf(get(nodes, "w"), undefined, [{ parent: "above" }, { under: "unit" }])).toBeUndefined();
  });
  it("is nothing where it is already", () => {
    expect(moveOf(get(nodes, "b"), get(nodes, "a"), levels)).toBeUndefined();
    expect(moveOf(get(nodes, "a"), undefined, levels)).toBeUndefined();
    expect(moveOf(get(nodes, "b"), undefined, levels)).toEqual({ above: null });
  });
});

describe("a drawing of a tree", () => {
  it("puts a parent in the middle of what is below it, and nothing over anything", () => {
    const drawing = placeTree(
      buildTree(inputs),
      new Set(),
      { width: 100, height: 20, gapX: 20, gapY: 10 },
      "down",
    );
    const at = new Map(drawing.nodes.map(({ node, x, y }) => [node.id, [x, y]]));
    expect(at.get("a")?.[0]).toBe(((at.get("b")?.[0] ?? 0) + (at.get("c")?.[0] ?? 0)) / 2);
    expect(at.get("w")?.[1]).toBe(60);
    const places = drawing.nodes.map(({ x, y }) => `${x} ${y}`);
    expect(new Set(places).size).toBe(places.length);
    expect(drawing.lines).toHaveLength(4);
  });
});
