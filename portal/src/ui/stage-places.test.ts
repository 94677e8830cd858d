import { describe, expect, it } from "vitest";
import { placesOf } from "./stage-places";

const stages = [
  { key: "new", semantic: "open" as const },
  { key: "talk", semantic: "open" as const },
  { key: "offer", semantic: "open" as const },
  { key: "won", semantic: "won" as const },
  { key: "lost", semantic: "lost" as const },
];

describe("places of stages", () => {
  it("tells a stage that the record was moved past from one that it stood in", () => {
    expect(placesOf(stages, "offer", ["new", "offer"])).toEqual([
      "passed",
      "skipped",
      "current",
      "ahead",
      "ahead",
    ]);
  });

  it("has every open stage behind a closed record, and never the other end", () => {
    expect(placesOf(stages, "lost", ["new", "talk", "won", "lost"])).toEqual([
      "passed",
      "passed",
      "skipped",
      "ahead",
      "current",
    ]);
  });

  it("calls nothing skipped while it is not known, and what stands further on is ahead even if it was once reached", () => {
    for (const unknown of [undefined, []]) {
      expect(placesOf(stages, "offer", unknown)).toEqual(["passed", "passed", "current", "ahead", "ahead"]);
    }
    expect(placesOf(stages, "talk", ["new", "offer", "talk"])).toEqual([
      "passed",
      "current",
      "ahead",
      "ahead",
      "ahead",
    ]);
    expect(placesOf(stages, "gone", ["gone"])).toEqual(["ahead", "ahead", "ahead", "ahead", "ahead"]);
  });
});
