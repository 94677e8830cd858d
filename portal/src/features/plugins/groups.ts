/** What a module asks for and brings, in a few lines: which of it is one group, and what of it is said in any case. Pure. */
import type { PluginDetail } from "@/api/types";

type Permission = PluginDetail["permissions"][number];
type Brought = PluginDetail["brings"][number];
type Change = PluginDetail["schema"][number];

/** So many lines are read as they are; more are folded. */
export const fewLines = 6;
/** So many names stand in a sentence. */
const names = 5;

/** The names of a group, and how many more there are. */
export interface Named {
  names: string[];
  more: number;
}

export function named(all: string[]): Named {
  const given = [...new Set(all.filter((one) => one !== ""))];
  return { names: given.slice(0, names), more: Math.max(0, given.length - names) };
}

export interface Group<T> extends Named {
  key: T;
  count: number;
}

function grouped<T, K extends string>(
  all: T[],
  keyOf: (one: T) => K,
  namesOf: (one: T) => string[],
): Group<K>[] {
  const groups = new Map<K, T[]>();
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return [...groups].map(([key, held]) => ({ key, count: held.length, ...named(held.flatMap(namesOf)) }));
}

/** "Leads: sees A, B; sets C" as a subject and its sentences; one that names nothing is none. */
export function partsOf(title: string): [string, string[]] {
  const at = title.indexOf(": ");
  if (at < 0) return [title, []];
  const parts = title.slice(at + 2).split("; ");
  return [title.slice(0, at), parts.map((part) => part.trim()).filter((part) => part.includes(" "))];
}

/** Whether records are only looked at, or changed too: the server's sentence has more than one part then. */
const isLookedAt = ({ title }: Permission) => !title.includes("; ");

export type PermissionGroup = "sees" | "changes" | "else";

export const permissionGroups = (all: Permission[]): Group<PermissionGroup>[] =>
  grouped(
    all,
    (one) => (one.key.startsWith("records.") ? (isLookedAt(one) ? "sees" : "changes") : "else"),
    ({ title }) => [partsOf(title)[0]],
  );

/** What an update asks beyond the version before. */
export const asksMore = ({ change }: Permission) => change === "new" || change === "wider";

export const changeGroups = (all: Change[]): Group<Change["what"]>[] =>
  grouped(
    all,
    ({ what }) => what,
    ({ what, entity_label, label }) => [what.startsWith("entity_") || !label ? entity_label : label],
  );

/** What goes away, or cannot be: never folded. */
export const isGrave = (change: Change) => change.what.endsWith("_gone") || Boolean(change.refused);

export const broughtGroups = (all: Brought[], entityOf: (key: string) => string): Group<Brought["what"]>[] =>
  grouped(
    all,
    ({ what }) => what,
    ({ what, label, entities }) => (what === "hook" ? entities.map(entityOf) : [label]),
  );

/** What lets strangers in, or is new in an update: never folded. */
export const isMarked = ({ what, auth, change }: Brought) =>
  (what === "route" && auth === "none") || change !== undefined;

/** Entities as people call them, also those that come with the module. */
export function entityNames(
  schema: Change[],
  known: { key: string; label_plural: string }[],
): (key: string) => string {
  const all = new Map(schema.map(({ entity, entity_label }) => [entity, entity_label]));
  for (const { key, label_plural } of known) all.set(key, label_plural);
  return (key) => all.get(key) ?? key;
}

const verbs = ["created", "updated", "deleted", "restored"] as const;

/** "task.updated" as its entity and what happened; none where it is no event of records. */
export function eventParts(name: string): { entity: string; verb: (typeof verbs)[number] } | undefined {
  const [entity = "", happened] = name.split(".");
  const verb = verbs.find((one) => one === happened);
  return verb && { entity, verb };
}
