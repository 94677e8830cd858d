import { describe, expect, it } from "vitest";
import type { Field, Me } from "@/api/types";
import type { Shape } from "@/engines/source";
import { brief, fillable, presetOf } from "./fields";

const me = { user: { id: "u1", name: "Ann" }, tenant: { currency: "EUR" } } as Me;

function shapeOf(...fields: Partial<Field>[]): Shape {
  const keys = fields.map((field) => field.key);
  return {
    key: "task",
    title_field: "title",
    layout: { list: [], card: [], sections: [{ key: "main", title: "", fields: keys }] },
    fields,
  } as unknown as Shape;
}

describe("what stands in a form of a new row", () => {
  it("a new task is mine and open: nobody has to choose its state", () => {
    const task = shapeOf(
      { key: "title", type: "text", required: true },
      { key: "state", type: "choice", required: true, choices: [{ value: "open", label: "Open" }] },
      { key: "assignee", type: "user" },
      { key: "owner", type: "user" },
      { key: "reviewer", type: "user" },
    );
    expect(presetOf(task, me).fields).toEqual({ state: "open", assignee: "u1", owner: "u1" });
  });

  it("a state without the word open is left to the person", () => {
    const order = shapeOf({
      key: "state",
      type: "choice",
      required: true,
      choices: [{ value: "idle", label: "Idle" }],
    });
    expect(presetOf(order, me).fields).toEqual({});
  });

  it("a field begins with its own default, also where we would know another word", () => {
    const request = shapeOf(
      { key: "title", type: "text", required: true },
      {
        key: "state",
        type: "choice",
        required: true,
        default: "draft",
        choices: [
          { value: "draft", label: "Draft" },
          { value: "open", label: "Open" },
        ],
      },
      { key: "days", type: "integer", default: 1 },
      { key: "paid", type: "boolean", default: false },
      { key: "note", type: "text" },
    );
    expect(presetOf(request, me).fields).toEqual({ state: "draft", days: 1, paid: false });
  });
});

describe("what a form of a new row asks", () => {
  const keysOf = (fields: Field[]) => fields.map(({ key }) => key);
  const correction = {
    ...shapeOf(
      { key: "title", type: "text", required: true },
      { key: "starts_at", type: "datetime", required: true },
      { key: "state", type: "choice", required: true, default: "pending" },
    ),
    plugin: "verstak.time-tracking",
  } as Shape;

  it("a module's row that shows no title is not asked for one; a state that begins by itself only with all", () => {
    expect(keysOf(fillable(correction))).toEqual(["starts_at", "state"]);
    expect(brief(correction)).toEqual(["starts_at"]);
  });

  it("where the title is shown, it is asked", () => {
    const shown = { ...correction, layout: { ...correction.layout, list: ["title"] } } as Shape;
    expect(brief(shown)).toEqual(["title", "starts_at"]);
    expect(keysOf(fillable({ ...correction, plugin: undefined } as Shape))).toContain("title");
  });
});
