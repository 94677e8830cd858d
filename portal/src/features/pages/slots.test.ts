// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import type { AnyBlock, Tree } from "@/engines/blocks/tree";
import { onlyAction } from "./opened";
import { faceOf } from "./slot";

const tree = (...blocks: AnyBlock[]): Tree => ({ v: 1, blocks });
const approve = { label: "Approve", stage: "approved" };
const note: AnyBlock = { block: "notice", text: "n" };

describe("a surface in a slot", () => {
  it("is done at once where it is but one action", () => {
    expect(onlyAction(tree({ block: "actions", items: [approve] }))).toBe(approve);
    expect(onlyAction(tree({ block: "actions", items: [approve, approve] }))).toBeUndefined();
    expect(onlyAction(tree({ block: "actions", items: [approve] }, note))).toBeUndefined();
    expect(onlyAction(tree({ block: "actions", items: [approve], when: false }))).toBeUndefined();
    expect(onlyAction(tree(note))).toBeUndefined();
  });
  it("shows in the corner what is small, and opens the rest", () => {
    const badges: AnyBlock = { block: "badges", items: [{ text: "2" }] };
    expect(faceOf(tree(badges, note))).toEqual({ face: tree(badges), more: true });
    expect(faceOf(tree(badges))).toEqual({ face: tree(badges), more: false });
  });
});
