import { describe, expect, it } from "vitest";
import type { AccessRow, Department, Entity, Role } from "@/api/types";
import { dayOf, endOfDay, isAbsent } from "./days";
import {
  changeField,
  changeRow,
  draftOf,
  foundEntity,
  foundRows,
  keyOf,
  manyRows,
  sees,
  setFilter,
  toggleAction,
  toInput,
  without,
} from "./rights";
import { below, possibleParents, treeOf } from "./tree";

const department = (id: string, parent_id: string | null = null): Department => ({
  id,
  name: id,
  parent_id,
  head_id: null,
  head_ids: [],
});

describe("departments", () => {
  const all = [department("c", "b"), department("b", "a"), department("a"), department("z", "gone")];

  it("stand in a tree by name, with their depth", () => {
    expect(treeOf(all).map(({ department: { id }, depth }) => `${depth}${id}`)).toEqual([
      "0a",
      "1b",
      "2c",
      "0z",
    ]);
  });

  it("never disappear, even when their parents go round", () => {
    const round = [department("x", "y"), department("y", "x")];
    expect(treeOf(round)).toHaveLength(2);
  });

  it("cannot be moved under themselves", () => {
    expect([...below(all, "b")].sort()).toEqual(["b", "c"]);
    expect(possibleParents(all, "b").map((branch) => branch.department.id)).toEqual(["a", "z"]);
    expect(possibleParents(all)).toHaveLength(4);
  });
});

const entities = [{ key: "lead" }, { key: "deal" }] as Entity[];
const mine = { field: "owner", op: "eq" as const, value: { me: true } };
const rows: AccessRow[] = [
  { kind: "restriction", entity: "lead", actions: ["delete"], filter: mine },
  { kind: "permission", entity: "deal", actions: ["read"] },
  { kind: "permission", entity: "lead", actions: ["update"], filter: mine },
  { kind: "permission", entity: "*", actions: ["read"] },
];
const role: Role = {
  id: "r",
  key: "sales",
  name: "Sales",
  admin: false,
  rows,
  field_rights: [],
  problems: [],
};

describe("rights of a role", () => {
  it("are found by what their entity is called, and a new rule is of the entity that was looked for", () => {
    const names = new Map([
      ["*", "All sections"],
      ["deal", "Deals"],
      ["dealer_visit", "Visits of dealers"],
    ]);
    const rows = ["lead", "deal", "dealer_visit", "deal"].map(
      (entity): AccessRow => ({ kind: "permission", entity, actions: ["read"] }),
    );
    expect(foundRows(rows, names, " Deals ")).toEqual([1, 3]);
    expect(foundRows(rows, names, "")).toEqual([0, 1, 2, 3]);
    expect(foundRows(rows, names, "lea")).toEqual([0]);
    expect(foundEntity(names, "deal")).toBe("deal");
    expect(foundEntity(names, "of dea")).toBe("dealer_visit");
    expect(foundEntity(names, "  ")).toBeUndefined();
    expect(foundEntity(names, "quotes")).toBeUndefined();
    expect([manyRows(rows), manyRows([...rows, ...rows, ...rows])]).toEqual([false, true]);
  });
  it("come in a steady order", () => {
    expect(draftOf(role, entities).rows.map(({ kind, entity }) => `${entity} ${kind}`)).toEqual([
      "* permission",
      "lead permission",
      "lead restriction",
      "deal permission",
    ]);
  });

  it("lose the filter with the entity, not with anything else", () => {
    expect(changeRow(rows, 0, { kind: "permission" })[0]?.filter).toEqual(mine);
    expect(changeRow(rows, 0, { entity: "deal" })[0]).toEqual({
      kind: "restriction",
      entity: "deal",
      actions: ["delete"],
    });
    expect(setFilter(rows, 0, undefined)[0]).not.toHaveProperty("filter");
    expect(setFilter(rows, 1, mine)[1]?.filter).toEqual(mine);
  });

  it("keep actions in one order, whichever was pressed first", () => {
    expect(toggleAction(rows, 0, "read", true)[0]?.actions).toEqual(["read", "delete"]);
    expect(toggleAction(rows, 0, "delete", false)[0]?.actions).toEqual([]);
  });

  it("are sent without rows that do nothing and without unfinished fields", () => {
    const draft = {
      ...draftOf(role, entities),
      rows: toggleAction(rows, 0, "delete", false),
      fields: [
        { entity: "lead", field: "amount", right: "hidden" as const },
        { entity: "lead", field: "", right: "hidden" as const },
        { entity: "lead", field: "amount", right: "read_only" as const },
      ],
    };
    const input = toInput(draft, false);
    expect(input).not.toHaveProperty("key");
    expect(input.rows).toHaveLength(3);
    expect(input.field_rights).toEqual([{ entity: "lead", field: "amount", right: "read_only" }]);
    expect(toInput({ ...draft, key: " new " }, true).key).toBe("new");
  });

  it("forget the field with its entity", () => {
    const fields = [{ entity: "lead", field: "amount", right: "hidden" as const }];
    expect(changeField(fields, 0, { entity: "deal" })[0]?.field).toBe("");
    expect(changeField(fields, 0, { right: "read_only" })[0]?.field).toBe("amount");
    expect(without(fields, 0)).toEqual([]);
  });

  it("get a key out of a name in any of the three languages", () => {
    expect(keyOf("Менеджер по продажам")).toBe("menedzher_po_prodazham");
    expect(keyOf("  Склад №2 (Київ)")).toBe("sklad_2_kiiv");
  });
});

describe("absence", () => {
  it("lasts to the end of the chosen day", () => {
    const until = endOfDay("2026-03-01");
    expect(dayOf(until)).toBe("2026-03-01");
    expect(isAbsent(until, new Date("2026-03-01T12:00:00").getTime())).toBe(true);
    expect(isAbsent(until, new Date("2026-03-02T00:00:01").getTime())).toBe(false);
    expect([endOfDay(null), dayOf(null), dayOf("nonsense")]).toEqual([null, null, null]);
  });
});

describe("who sees an entity made later", () => {
  const role = (...rows: Partial<AccessRow>[]) =>
    ({ admin: false, rows: rows.map((row) => ({ kind: "permission", actions: ["read"], ...row })) }) as Role;

  it("a role that names it, or one for all that covers it", () => {
    expect(sees(role({ entity: "order" }), "order")).toBe(true);
    expect(sees(role({ entity: "*", covers: ["lead"] }), "order")).toBe(false);
    expect(sees(role({ entity: "*", covers: ["lead", "order"] }), "order")).toBe(true);
    expect(sees(role({ entity: "lead" }), "order")).toBe(false);
    expect(sees(role({ entity: "order", actions: ["create"] }), "order")).toBe(false);
    expect(sees(role({ entity: "order", kind: "restriction" }), "order")).toBe(false);
    expect(sees({ ...role(), admin: true }, "order")).toBe(true);
  });
});
