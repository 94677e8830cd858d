/**
 * An expression as the host compiled it: JSON, read by no parser. One key names what a node is; bare JSON is a literal
 * (a whole number is CEL's `int`). The mapping from CEL's own tree is written down in `sdk/ui/README.md`.
 */

/** Variable, range, body; of `map` also range, variable, condition, body. */
type Loop = [Node, string, Node];

export type Node =
  | null
  | boolean
  | number
  | string
  | { int: string }
  | { uint: string }
  | { double: number | "NaN" | "Infinity" | "-Infinity" }
  | { bytes: string }
  | { name: string }
  | { get: [Node, string] }
  | { "get?": [Node, string] }
  | { has: [Node, string] }
  | { call: [string, ...Node[]] }
  | { list: Node[] }
  | { entries: [Node, Node][] }
  | { all: Loop }
  | { exists: Loop }
  | { exists_one: Loop }
  | { filter: Loop }
  | { map: Loop | [Node, string, Node, Node] };

export const limits = {
  nodes: 1_000,
  depth: 100,
  /** Comprehensions inside one another. */
  nesting: 2,
  /** Members gone over in one evaluation, of all comprehensions together. */
  rounds: 200_000,
  /** Bytes of text and members that one evaluation may make. */
  made: 2_000_000,
};

const loops = new Set(["all", "exists", "exists_one", "filter", "map"]);
const known = new WeakMap<object, string | null>();

/** What is wrong with a tree's shape, or nothing; each tree is gone over once. */
export function shapeProblem(root: Node): string | null {
  if (typeof root !== "object" || root === null) return null;
  const before = known.get(root);
  if (before !== undefined) return before;
  let nodes = 0;
  const visit = (node: unknown, depth: number, nesting: number): string | null => {
    nodes += 1;
    if (nodes > limits.nodes) return `more than ${limits.nodes} nodes`;
    if (depth > limits.depth) return `more than ${limits.depth} levels inside one another`;
    if (node === null || typeof node === "boolean" || typeof node === "string") return null;
    if (typeof node === "number")
      return Number.isSafeInteger(node) ? null : "a literal that is no whole number";
    if (typeof node !== "object" || Array.isArray(node)) return "it is no tree";
    const [kind, rest] = Object.entries(node)[0] ?? ["", undefined];
    const inside = loops.has(kind) ? nesting + 1 : nesting;
    if (inside > limits.nesting) return `more than ${limits.nesting} comprehensions inside one another`;
    for (const part of partsOf(kind, rest)) {
      const problem = visit(part, depth + 1, inside);
      if (problem) return problem;
    }
    return null;
  };
  const problem = visit(root, 0, 0);
  known.set(root, problem);
  return problem;
}

function partsOf(kind: string, rest: unknown): unknown[] {
  if (!Array.isArray(rest)) return [];
  if (kind === "get" || kind === "get?" || kind === "has") return [rest[0]];
  if (kind === "call") return rest.slice(1);
  if (kind === "list") return rest;
  if (kind === "entries") return rest.flat();
  if (loops.has(kind)) return [rest[0], ...rest.slice(2)];
  return [];
}

/** The names that must be given, each with the fields looked at; null = the whole. */
export function namesOf(root: Node): Map<string, Set<string> | null> {
  const names = new Map<string, Set<string> | null>();
  const note = (name: string, field: string | null, bound: string[]) => {
    if (bound.includes(name)) return;
    const before = names.get(name);
    if (field === null || before === null) names.set(name, null);
    else names.set(name, (before ?? new Set()).add(field));
  };
  const visit = (node: unknown, bound: string[]): void => {
    if (typeof node !== "object" || node === null) return;
    const [kind, rest] = Object.entries(node)[0] ?? ["", undefined];
    if (kind === "name") note(String(rest), null, bound);
    if (!Array.isArray(rest)) return;
    const operand = rest[0] as { name?: unknown } | undefined;
    if ((kind === "get" || kind === "get?" || kind === "has") && typeof operand?.name === "string") {
      note(operand.name, String(rest[1]), bound);
      return;
    }
    if (loops.has(kind)) {
      visit(rest[0], bound);
      for (const part of rest.slice(2)) visit(part, [...bound, String(rest[1])]);
      return;
    }
    for (const part of partsOf(kind, rest)) visit(part, bound);
  };
  visit(root, []);
  return names;
}
