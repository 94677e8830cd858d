import { describe, expect, it } from "vitest";
import { settle } from "./known";
import type { AnyBlock } from "./tree";

const text = (markdown: string): AnyBlock => ({ block: "text", markdown });
const unknown = (...other: AnyBlock[]): AnyBlock => ({
  block: "holograph",
  ...(other.length ? { else: other } : {}),
});

describe("a block that is not known", () => {
  it("gives way to its own else", () => {
    expect(settle([text("a"), unknown(text("b"))]).blocks).toEqual([text("a"), text("b")]);
  });
  it("takes its nearest ancestor with it where that one has an else", () => {
    const inner: AnyBlock = { block: "section", blocks: [text("a"), unknown()] };
    const outer: AnyBlock = { block: "section", blocks: [inner], else: [text("instead")] };
    expect(settle([outer, text("b")])).toEqual({ blocks: [text("instead"), text("b")], dropped: [] });
  });
  it("is left out and noted where nobody has one; the rest stays", () => {
    const section: AnyBlock = { block: "section", blocks: [text("a"), unknown()] };
    expect(settle([section])).toEqual({
      blocks: [{ block: "section", blocks: [text("a")] }],
      dropped: ["holograph"],
    });
  });
  it("looks on when the else is not known either", () => {
    const outer: AnyBlock = { block: "section", blocks: [unknown(unknown())], else: [text("instead")] };
    expect(settle([outer]).blocks).toEqual([text("instead")]);
  });
});
