import { describe, expect, it } from "vitest";
import { applied } from "./quick-model";

const read = {
  title: "call Ivanov @an",
  due: "2026-03-03T12:00:00Z",
  assignee: null,
  chips: [
    {
      kind: "person" as const,
      text: "@an",
      from: 12,
      to: 15,
      people: [
        { id: "1", name: "Anna" },
        { id: "2", name: "Antony" },
      ],
    },
  ],
};

describe("what was read of a line", () => {
  it("stays as it is while nothing was put right", () => {
    expect(applied(read, {})).toEqual(read);
  });
  it("has whom one chose, and no more their short name", () => {
    expect(applied(read, { person: "2" })).toMatchObject({
      title: "call Ivanov",
      assignee: { id: "2", name: "Antony" },
    });
  });
  it("loses what one takes away", () => {
    const taken = applied({ ...read, assignee: { id: "1", name: "Anna" } }, { due: false, person: null });
    expect(taken).toMatchObject({ due: null, assignee: null, title: read.title });
  });
});
