import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { blockProblem, treeRefusal } from "./check";
import { most } from "./limits";
import { kinds, referenceFile } from "./reference";
import type { AnyBlock, KnownBlock, Tree } from "./tree";

const file = new URL("../../../../sdk/ui/blocks.json", import.meta.url);

describe("the reference of blocks", () => {
  it("is written down in sdk/ui/blocks.json", () => {
    const made = `${JSON.stringify(referenceFile(), null, 2)}\n`;
    if (process.env.UPDATE) writeFileSync(file, made);
    expect(readFileSync(file, "utf8")).toBe(made);
  });

  it("has a definition for every kind and no name that leads nowhere", () => {
    const made = JSON.parse(JSON.stringify(referenceFile())) as { $defs: Record<string, unknown> };
    expect(kinds.filter((kind) => !(`block.${kind}` in made.$defs))).toEqual([]);
    const named = [...JSON.stringify(made).matchAll(/"#\/\$defs\/([^"]+)"/g)].map((match) => match[1]);
    expect(named.filter((name) => name !== undefined && !(name in made.$defs))).toEqual([]);
  });

  it("tells where a block is not right, and passes over what a newer minor added", () => {
    const block = (rest: object) => blockProblem({ block: "gantt", ...rest } as unknown as KnownBlock);
    const right = { source: "a", start: "s", end: "e", label: "l" };
    expect(block(right)).toBeUndefined();
    expect(block({ ...right, glitter: true })).toBeUndefined();
    expect(block({ ...right, source: undefined })).toBe("gantt.source");
    expect(block({ ...right, move: "yes" })).toBe("gantt.move");
    expect(block({ ...right, title: { t: "key", with: {} } })).toBeUndefined();
    expect(block({ ...right, title: { html: "<b>" } })).toBe("gantt.title");
  });
});

describe("limits of a tree", () => {
  const tree = (blocks: AnyBlock[], rest: Partial<Tree> = {}): Tree => ({ v: 1, blocks, ...rest });
  const text = (markdown: string): AnyBlock => ({ block: "text", markdown });
  it("draws what is within them", () => {
    expect(treeRefusal(tree([text("a")]))).toBeUndefined();
    expect(treeRefusal(tree(Array.from({ length: most.blocks }, () => text("a"))))).toBeUndefined();
  });
  it("refuses what is no tree, too large, too many, too deep or keeps too much", () => {
    expect(treeRefusal({} as Tree)?.key).toBe("no_tree");
    expect(treeRefusal(tree([text("щ".repeat(most.treeBytes / 2))]))).toMatchObject({
      key: "too_large",
      what: "tree",
    });
    expect(treeRefusal(tree([], { state: { a: "x".repeat(most.stateBytes) } }))).toMatchObject({
      what: "state",
    });
    expect(treeRefusal(tree(Array.from({ length: most.blocks + 1 }, () => text("a"))))?.key).toBe("too_many");
    const nested = (depth: number): AnyBlock =>
      depth === 1 ? text("a") : { block: "section", blocks: [nested(depth - 1)] };
    expect(treeRefusal(tree([nested(most.depth)]))).toBeUndefined();
    expect(treeRefusal(tree([nested(most.depth + 1)]))?.key).toBe("too_deep");
  });
});
