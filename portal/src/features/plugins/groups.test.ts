import { describe, expect, it } from "vitest";
import type { PluginDetail } from "@/api/types";
import { broughtGroups, changeGroups, entityNames, eventParts, partsOf, permissionGroups } from "./groups";

type Permission = PluginDetail["permissions"][number];
type Change = PluginDetail["schema"][number];
type Brought = PluginDetail["brings"][number];

const permission = (key: string, title: string) =>
  ({ key, title, reason: "x", granted: false }) as Permission;
const change = (what: Change["what"], entity: string, label: string) =>
  ({ what, entity, entity_label: `The ${entity}`, label }) as Change;

describe("what a module asks for, in groups", () => {
  it("a sentence that names nothing is none", () => {
    expect(partsOf("Tasks: sees ; sets Time spent")).toEqual(["Tasks", ["sets Time spent"]]);
    expect(partsOf("Tasks: sees ")).toEqual(["Tasks", []]);
    expect(partsOf("Tells people")).toEqual(["Tells people", []]);
  });

  it("records that are looked at stand apart from those that are changed", () => {
    const all = [
      permission("records.deal", "Deals: sees Title"),
      permission("records.task", "Tasks: sees Title; sets Time spent"),
      permission("notify", "Tells people"),
    ];
    expect(permissionGroups(all).map(({ key, count, names }) => [key, count, names])).toEqual([
      ["sees", 1, ["Deals"]],
      ["changes", 1, ["Tasks"]],
      ["else", 1, ["Tells people"]],
    ]);
  });

  it("many names are a few and how many more", () => {
    const fields = ["a", "b", "c", "d", "e", "f", "g"].map((one) => change("field_new", "deal", one));
    expect(changeGroups(fields)).toEqual([
      { key: "field_new", count: 7, names: ["a", "b", "c", "d", "e"], more: 2 },
    ]);
  });

  it("an entity that comes with the module has its name already", () => {
    const entityOf = entityNames(
      [change("entity_new", "rollout_item", "")],
      [{ key: "task", label_plural: "Tasks" }],
    );
    expect([entityOf("rollout_item"), entityOf("task"), entityOf("other")]).toEqual([
      "The rollout_item",
      "Tasks",
      "other",
    ]);
    const hook = { what: "hook", key: "guard", label: "", entities: ["rollout_item"], on: [] } as Brought;
    expect(broughtGroups([hook], entityOf)[0]?.names).toEqual(["The rollout_item"]);
  });

  it("events of records are known from others", () => {
    expect(eventParts("task.updated")).toEqual({ entity: "task", verb: "updated" });
    expect(eventParts("acme.sent")).toBeUndefined();
  });
});
