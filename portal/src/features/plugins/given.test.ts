import { describe, expect, it } from "vitest";
import type { PluginDetail, Role, UserRow } from "@/api/types";
import { candidatesOf, payloadOfGiven, rolesOf } from "./given";

type Brought = PluginDetail["brings"][number];

const brought = (what: Brought["what"], key: string, change?: Brought["change"]): Brought => ({
  what,
  key,
  label: key,
  entities: [],
  on: [],
  change,
});
const user = (id: string, roles: string[], active = true) => ({ id, name: id, roles, active }) as UserRow;

describe("roles that a module brings", () => {
  it("are those of the version that is switched on", () => {
    const all = [brought("role", "asks"), brought("hook", "check"), brought("role", "old", "gone")];
    expect(rolesOf(all).map(({ key }) => key)).toEqual(["asks"]);
  });

  it("are given to those who may sign in and do not have them", () => {
    const users = [user("ann", ["r1"]), user("bob", []), user("gone", [], false)];
    const roles = [{ id: "r1", key: "asks" } as Role];
    const { free, held } = candidatesOf("asks", roles, users);
    expect([free.map(({ id }) => id), held]).toEqual([["bob"], 1]);
    expect(candidatesOf("new", roles, users).free.map(({ id }) => id)).toEqual(["ann", "bob"]);
  });

  it("are sent where somebody was chosen", () => {
    expect(payloadOfGiven({ asks: ["ann"], heads: [] })).toEqual({ asks: ["ann"] });
    expect(payloadOfGiven({ asks: [] })).toBeUndefined();
  });
});
