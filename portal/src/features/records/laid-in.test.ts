import { describe, expect, it } from "vitest";
import type { Entity } from "@/api/types";
import { beginsIn, laidIn } from "./laid-in";

const own = { list: [], card: ["owner"], sections: [], form: ["owner"] };
const entity = {
  layout: { list: [], card: [], sections: [] },
  pipeline_layouts: [{ pipeline: "partners", layout: own }],
  pipelines: [
    { id: "sales", is_default: true, stages: [{ key: "new" }] },
    { id: "partners", is_default: false, stages: [{ key: "first" }] },
  ],
} as unknown as Entity;

describe("fields in a pipeline", () => {
  it("stand as arranged for it, elsewhere as everywhere", () => {
    expect(laidIn(entity, "partners").layout).toBe(own);
    expect(laidIn(entity, "sales")).toBe(entity);
    expect(laidIn({ ...entity, pipeline_layouts: undefined }, "partners").layout).toBe(entity.layout);
  });

  it("are asked by the form of the pipeline that the record begins in", () => {
    expect(beginsIn(entity, { stage: "first" })).toBe("partners");
    expect(beginsIn(entity, {})).toBe("sales");
    expect(beginsIn(entity, { pipeline: "partners" })).toBe("partners");
    expect(beginsIn({ ...entity, pipelines: [] }, {})).toBeUndefined();
  });
});
