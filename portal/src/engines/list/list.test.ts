import { describe, expect, it } from "vitest";
import type { Entity, Field } from "@/api/types";
import { readResults, requestOf } from "./bulk";
import { columnsOf, fieldsToRead, moveColumn } from "./columns";

const field = (key: string): Field => ({
  key,
  label: key,
  type: key === "amount" ? "money" : "text",
  required: false,
  read_only: false,
  system: false,
  own: false,
  sortable: true,
  filterable: true,
});
const entity: Entity = {
  key: "lead",
  label: "Lead",
  label_plural: "Leads",
  title_field: "title",
  staged: true,
  own: false,
  actions: { read: true, create: true, update: true, delete: true },
  fields: ["title", "amount", "currency", "owner", "stage"].map(field),
  pipelines: [],
  layout: { list: ["owner", "title", "amount"], card: [], sections: [] },
};
const keys = (fields: Field[]) => fields.map((one) => one.key);

describe("columns", () => {
  it("are the layout's unless chosen, the title first, unknown ones out", () => {
    expect(keys(columnsOf(entity, undefined))).toEqual(["title", "owner", "amount"]);
    expect(keys(columnsOf(entity, ["amount", "gone", "amount"]))).toEqual(["title", "amount"]);
  });

  it("read what they need to be shown", () => {
    expect(fieldsToRead(entity, columnsOf(entity, ["amount"])).sort()).toEqual([
      "amount",
      "currency",
      "stage",
      "title",
    ]);
  });

  it("move, but never before the title", () => {
    const list = ["title", "a", "b", "c"];
    expect(moveColumn(list, "c", "a", "title")).toEqual(["title", "c", "a", "b"]);
    expect(moveColumn(list, "a", undefined, "title")).toEqual(["title", "b", "c", "a"]);
    expect(moveColumn(list, "b", "title", "title")).toEqual(["title", "b", "a", "c"]);
    expect(moveColumn(list, "title", "b", "title")).toBe(list);
  });
});

describe("bulk", () => {
  it("asks in the order of the rows and keeps the whole reason of each refusal", () => {
    expect(requestOf({ kind: "delete" }, ["a"])).toEqual({ delete: ["a"] });
    expect(requestOf({ kind: "update", fields: { stage: "won" } }, ["a", "b"]).update).toHaveLength(2);
    expect(requestOf({ kind: "update", fields: { stage: "won" }, silent: true }, ["a"])).toEqual({
      update: [{ id: "a", fields: { stage: "won" } }],
      run_rules: false,
    });
    expect(
      readResults(
        ["a", "b", "c"],
        [
          { index: 0, status: "updated", id: "a" },
          {
            index: 1,
            status: "refused",
            code: "hook.rejected",
            detail: "No contact way.",
            fields: { phones: { code: "required", message: "Give a phone." } },
          },
          { index: 2, status: "refused", code: "record.not_found" },
        ],
      ),
    ).toEqual({
      done: ["a"],
      refused: [
        { id: "b", reason: "No contact way. Give a phone." },
        { id: "c", reason: "record.not_found" },
      ],
    });
  });
});
