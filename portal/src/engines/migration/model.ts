/**
 * Running instances brought to another version: where they stand, which of the new steps is each of the old, and what was
 * refused, by reason. Pure.
 */
import type { Body, Instance } from "@/api/types";
import type { DrawnNode } from "@/engines/route-map/drawing";

export type Report = Body<"MigrationReport">;

export interface Standing {
  element: string;
  name: string;
  /** Instances that stand there. */
  count: number;
}

export interface Running {
  /** Instances by version, the newest first; the version they are brought to is none of them. */
  versions: { version: number; count: number }[];
  total: number;
  standing: Standing[];
}

type Stands = Pick<Instance, "version" | "active" | "incidents">;

export function runningOf(instances: Stands[], target: number | undefined): Running {
  const versions = new Map<number, number>();
  const standing = new Map<string, Standing>();
  const old = instances.filter(({ version }) => version !== target);
  for (const { version, active, incidents } of old) {
    versions.set(version, (versions.get(version) ?? 0) + 1);
    const there = new Map<string, string>();
    for (const { element } of incidents) there.set(element, "");
    for (const { element, name } of active) there.set(element, name);
    for (const [element, name] of there) {
      const before = standing.get(element);
      standing.set(element, { element, name: before?.name || name, count: (before?.count ?? 0) + 1 });
    }
  }
  return {
    versions: [...versions]
      .map(([version, count]) => ({ version, count }))
      .sort((left, right) => right.version - left.version),
    total: old.length,
    standing: [...standing.values()].sort((left, right) => right.count - left.count),
  };
}

export type Mapping = Record<string, string>;
type Nodes = Map<string, DrawnNode>;

/** For steps that the new version lacks: the one of the same kind and name, when there is one alone; else none. */
export function proposedMapping(elements: string[], old: Nodes, now: Nodes): Mapping {
  const mapping: Mapping = {};
  for (const element of elements) {
    const before = old.get(element);
    if (now.has(element) || !before) continue;
    const same = [...now.values()].filter(
      ({ tag, name }) =>
        tag === before.tag && name !== "" && name.toLowerCase() === before.name.toLowerCase(),
    );
    const [one] = same;
    if (one && same.length === 1) mapping[element] = one.id;
  }
  return mapping;
}

export interface MappingRow extends Standing {
  /** Where it goes; empty while nobody said. */
  to: string;
  /** The new version has it as it is. */
  kept: boolean;
}

/** What nobody has said yet first, then what was mapped, then what stays as it is; the fullest first. */
export function rowsOf(standing: Standing[], mapping: Mapping, now: Nodes): MappingRow[] {
  const rows = standing.map((one) => {
    const kept = now.has(one.element) && !mapping[one.element];
    return { ...one, kept, to: mapping[one.element] ?? (kept ? one.element : "") };
  });
  const rank = ({ kept, to }: MappingRow) => (kept ? 2 : to ? 1 : 0);
  return rows.sort((left, right) => rank(left) - rank(right) || right.count - left.count);
}

/** Elements that only a report names: what stands around a step, or waits at a join. */
export function namedOnly(report: Report | undefined, standing: Standing[], now: Nodes): Standing[] {
  const known = new Set(standing.map(({ element }) => element));
  const found = new Map<string, Standing>();
  for (const { problems } of report?.instances ?? []) {
    for (const { element } of problems) {
      if (known.has(element) || now.has(element)) continue;
      found.set(element, { element, name: "", count: (found.get(element)?.count ?? 0) + 1 });
    }
  }
  return [...found.values()];
}

/** What a step can become: of the same kind; all steps where its own is not known. */
export const targetsOf = (before: DrawnNode | undefined, now: Nodes): DrawnNode[] =>
  [...now.values()].filter(({ tag, kind }) => kind !== "process" && (!before || tag === before.tag));

export interface Refusal {
  element: string;
  message: string;
  instances: string[];
}

/** Why instances stay, the most frequent reason first. */
export function refusalsOf(report: Report): Refusal[] {
  const found = new Map<string, Refusal>();
  for (const { instance, ok, problems } of report.instances) {
    if (ok) continue;
    for (const { element, message } of problems) {
      const key = `${element} ${message}`;
      const refusal = found.get(key) ?? { element, message, instances: [] };
      refusal.instances.push(instance);
      found.set(key, refusal);
    }
  }
  return [...found.values()].sort((left, right) => right.instances.length - left.instances.length);
}

export type ReasonCode = "process" | "element" | "kind" | "repeat" | "around" | "flow";

/** The server's sentences (`core/process/src/runtime/operations.rs`), by what they mean. */
const reasons: [RegExp, ReasonCode][] = [
  [/has no process with this id/, "process"],
  [/has no element/, "element"],
  [/another kind of element/, "kind"],
  [/repeated differently/, "repeat"],
  [/another sub-process/, "around"],
  [/came by the flow/, "flow"],
];

export const reasonOf = (message: string): ReasonCode | undefined =>
  reasons.find(([pattern]) => pattern.test(message))?.[1];
