/** Roles that a module brings, and who may be given them. Pure. */
import type { Id, PluginDetail, Role, UserRow } from "@/api/types";

/** People by the key of the role. */
export type Given = Record<string, Id[]>;

type Brought = PluginDetail["brings"][number];

/** The roles of the version that is switched on: not those that it does not bring any more. */
export function rolesOf(brings: Brought[]): Brought[] {
  return brings.filter(({ what, change }) => what === "role" && change !== "gone");
}

/** Those who may be given a role, and how many have it already. */
export function candidatesOf(
  key: string,
  roles: Role[],
  users: UserRow[],
): { free: UserRow[]; held: number } {
  const role = roles.find((one) => one.key === key);
  const has = (user: UserRow) => role !== undefined && user.roles.includes(role.id);
  return { free: users.filter((user) => user.active && !has(user)), held: users.filter(has).length };
}

/** What is sent: roles that somebody gets. */
export function payloadOfGiven(given: Given): Given | undefined {
  const kept = Object.entries(given).filter(([, people]) => people.length > 0);
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}
