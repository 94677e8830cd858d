/**
 * Which module goes into which script: computed from who imports what, by no list of names.
 *
 * - What the entry reaches by static imports is the first script.
 * - Everything else is behind doors: pages of the router and pieces that are loaded later. Modules behind the same doors
 *   are one script. Two scripts become one while the requests saved are worth more than what somebody then loads
 *   without need.
 * - Foreign code keeps the bundler's own splitting, which knows what is left of it; what many doors share is `controls`.
 */
import type { Plugin } from "vite";

/**
 * What one request less may cost a page, in bytes of source (28 kB are some 2 KiB of compressed script). More makes
 * fewer scripts and heavier pages: `npm run size` and `tests/browser/specs/load.spec.ts` stand on either side.
 */
const REQUEST = 28_000;
/** What a piece saves or loads counts less than what a page does: it comes later, and to fewer people. */
const PIECE = 0.1;
/** A piece that an address opens counts more: the settings have many of them, and each is rarely opened. */
const PART = 0.5;
/** From so many doors on a foreign module goes with what all of them share. */
const MANY = 12;
/** A foreign module that imports more than this is an index of its package. */
const INDEX = 40;

const FOREIGN = /\/node_modules\//;
const ROUTER = /\/src\/routes\/router\.tsx$/;
/** Pages whose pieces have addresses of their own, or are there as soon as the page is. */
const PARTED = /\/src\/features\/(?:settings\/page|drawings\/drawing-page)\.tsx$/;
const DRAG = /\/node_modules\/@atlaskit\/pragmatic-drag-and-drop/;
const ICON = /\/@tabler\/icons-react\/.*\/Icon\w+\.mjs$/;

const FIRST: "$initial"[] = ["$initial"];

export type Info = {
  code: string;
  isEntry: boolean;
  importedIds: readonly string[];
  dynamicallyImportedIds: readonly string[];
};
type Imports = (id: string) => readonly string[];
/** A page or a piece: what it counts, and all it needs beyond the first script. */
type Door = { weight: number; needs: Set<string> };
/** Modules of one script, who loads it, and all that comes with it. */
type Group = {
  doors: Set<string>;
  modules: string[];
  brings: Set<string>;
  /** A piece that others need from the start too: its script is its own. */
  door: boolean;
};

/** The groups for the bundler, and the plugin that finds them once all modules are known. */
export function chunks() {
  let names = new Map<string, string>();
  const plugin: Plugin = {
    name: "verstak-chunks",
    apply: "build",
    buildEnd() {
      const all = new Map<string, Info>();
      for (const id of [...this.getModuleIds()].sort()) {
        const info = this.getModuleInfo(id);
        if (!info) continue;
        const { code, isEntry, importedIds, dynamicallyImportedIds } = info;
        all.set(id, { code: code ?? "", isEntry, importedIds, dynamicallyImportedIds });
      }
      names = namesOf(all);
    },
  };
  const groups = [
    { name: "first", tags: FIRST },
    // Without what its modules need: that has a place of its own, and would come to all who need only that.
    { name: (id: string) => names.get(id), includeDependenciesRecursively: false },
    // Small parts of one thing, which whoever drags needs together.
    { name: "drag", test: DRAG },
    { name: "controls", test: FOREIGN, minShareCount: MANY },
  ];
  return { plugin, groups };
}

/** Names of scripts by module; a module that is not among them stays with its door, or where the bundler puts it. */
export function namesOf(all: Map<string, Info>): Map<string, string> {
  const imports = importsOf(all);
  const entries = [...all].flatMap(([id, { isEntry }]) => (isEntry ? [id] : []));
  const first = reach(entries, imports, new Set());
  const doors = new Map<string, Door>();
  for (const [id, { dynamicallyImportedIds }] of all) {
    const weight = ROUTER.test(id) ? 1 : PARTED.test(id) ? PART : PIECE;
    for (const door of FOREIGN.test(id) ? [] : dynamicallyImportedIds) {
      const known = doors.get(door);
      if (known) known.weight = Math.max(known.weight, weight);
      else doors.set(door, { weight, needs: reach([door], imports, first) });
    }
  }
  const size = (id: string) => all.get(id)?.code.length ?? 0;
  const groups = merged(groupsOf(doors, imports, first), doors, imports, size);
  return new Map(
    groups.flatMap(({ modules, door }) => {
      const [biggest = ""] = modules.toSorted((x, y) => size(y) - size(x) || (x < y ? -1 : 1));
      return door ? [] : modules.map((id) => [id, nameOf(biggest)] as const);
    }),
  );
}

/** Static imports, past the indexes of packages: of those a module needs only what it names. */
function importsOf(all: Map<string, Info>): Imports {
  const files = new Map<string, string>();
  for (const id of all.keys()) if (FOREIGN.test(id)) files.set(`${packageOf(id)} ${baseOf(id)}`, id);
  const known = new Map<string, readonly string[]>();
  return (id) => {
    const found = known.get(id);
    if (found) return found;
    const { importedIds, code } = all.get(id) ?? { importedIds: [], code: "" };
    const next = importedIds.flatMap((one) => {
      const isIndex = FOREIGN.test(one) && (all.get(one)?.importedIds.length ?? 0) > INDEX;
      if (!isIndex) return [one];
      const owner = packageOf(one);
      return named(code, owner).flatMap((name) => files.get(`${owner} ${name}`) ?? []);
    });
    known.set(id, next);
    return next;
  };
}

/** After the biggest module, by its whole path: the same in the next release, and never that of another script. */
const nameOf = (id: string) =>
  `shared-${id
    .replace(/^.*\/(?:src|node_modules)\//, "")
    .replace(/\.\w+$/, "")
    .replace(/[^\w-]+/g, "-")}`;
const packageOf = (id: string) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1] ?? "";
const baseOf = (id: string) => id.slice(id.lastIndexOf("/") + 1).replace(/\.\w+$/, "");

/** What a module imports from a package by name, also as names of files are written. */
function named(code: string, owner: string): string[] {
  return [...code.matchAll(/import\s*\{([^}]*)\}\s*from\s*["']([^"']+)["']/g)]
    .filter(([, , from]) => from === owner)
    .flatMap(([, list = ""]) => list.split(","))
    .map((part) => part.trim().split(/\s/)[0] ?? "")
    .flatMap((name) => [name, name.replace(/\B[A-Z]/g, (letter) => `-${letter}`).toLowerCase()]);
}

function reach(from: string[], imports: Imports, without: Set<string>): Set<string> {
  const seen = new Set<string>();
  const left = [...from];
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    if (seen.has(id) || without.has(id)) continue;
    seen.add(id);
    left.push(...imports(id));
  }
  return seen;
}

/** Own modules and icons behind two doors and more, by their doors. */
function groupsOf(doors: Map<string, Door>, imports: Imports, first: Set<string>): Group[] {
  const behind = new Map<string, string[]>();
  for (const [door, { needs }] of doors) {
    for (const id of needs) behind.set(id, [...(behind.get(id) ?? []), door]);
  }
  const groups = new Map<string, Group>();
  for (const [id, of] of behind) {
    if (of.length < 2 || (FOREIGN.test(id) && !ICON.test(id))) continue;
    const door = doors.has(id);
    const key = door ? id : of.join(" ");
    const group = groups.get(key) ?? { doors: new Set(of), modules: [], brings: new Set(), door };
    group.modules.push(id);
    for (const one of reach([id], imports, first)) group.brings.add(one);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Makes one of two while that wins something, the best pair first. */
function merged(
  groups: Group[],
  doors: Map<string, Door>,
  imports: Imports,
  size: (id: string) => number,
): Group[] {
  const left = new Set(groups);
  const pair = (a: Group, b: Group) => ({ a, b, won: worth(a, b, doors, size) });
  let pairs = groups.flatMap((a, at) => groups.slice(at + 1).map((b) => pair(a, b)));
  for (;;) {
    const next = nextOf([...left], imports);
    pairs = pairs
      .filter(({ a, b, won }) => won > 0 && left.has(a) && left.has(b))
      .sort((x, y) => y.won - x.won);
    const best = pairs.find(({ a, b }) => !circular(a, b, next));
    if (!best) return [...left];
    const one = join(best.a, best.b);
    left.delete(best.a);
    left.delete(best.b);
    pairs.push(...[...left].map((other) => pair(other, one)));
    left.add(one);
  }
}

const join = (a: Group, b: Group): Group => ({
  doors: new Set([...a.doors, ...b.doors]),
  modules: [...a.modules, ...b.modules],
  brings: new Set([...a.brings, ...b.brings]),
  door: false,
});

/** What one script in place of two wins, in bytes: requests saved, less what comes without need. */
function worth(a: Group, b: Group, doors: Map<string, Door>, size: (id: string) => number): number {
  let left = 0;
  if (a.door || b.door) return left;
  for (const id of a.doors) if (b.doors.has(id)) left += (doors.get(id)?.weight ?? 0) * REQUEST;
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    for (const id of one.doors) {
      const door = doors.get(id);
      if (!door || other.doors.has(id)) continue;
      if (left <= 0) return left;
      for (const module of other.brings) if (!door.needs.has(module)) left -= door.weight * size(module);
    }
  }
  return left;
}

/** Which groups a group needs. */
function nextOf(groups: Group[], imports: Imports): Map<Group, Set<Group>> {
  const groupOf = new Map(groups.flatMap((group) => group.modules.map((id) => [id, group] as const)));
  const needs = (group: Group) => group.modules.flatMap(imports).flatMap((id) => groupOf.get(id) ?? []);
  return new Map(groups.map((group) => [group, new Set(needs(group))]));
}

/** Whether a way leads out of the two and back into them: scripts that need each other start in no good order. */
function circular(a: Group, b: Group, next: Map<Group, Set<Group>>): boolean {
  const left = [a, b]
    .flatMap((group) => [...(next.get(group) ?? [])])
    .filter((group) => group !== a && group !== b);
  const seen = new Set<Group>();
  for (let group = left.pop(); group; group = left.pop()) {
    if (group === a || group === b) return true;
    if (seen.has(group)) continue;
    seen.add(group);
    left.push(...(next.get(group) ?? []));
  }
  return false;
}
