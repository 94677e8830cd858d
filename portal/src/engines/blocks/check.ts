/** Whether a tree can be drawn: its limits as a whole, and each block against the reference. Pure. */
import { most } from "./limits";
import { blockSchemas, definitions, type Schema } from "./reference";
import type { AnyBlock, KnownBlock, Tree } from "./tree";

/** Why a tree or a block is not drawn; a key of the texts with its values. */
export interface Refusal {
  key: "too_large" | "too_many" | "too_deep" | "no_tree" | "not_right";
  what?: "tree" | "blocks" | "state" | "sources";
  size?: number;
  most?: number;
  /** Where, for whoever made the page. */
  at?: string;
}

/** The blocks inside a block. */
export function childrenOf(block: AnyBlock): AnyBlock[] {
  const one = block as unknown as Partial<Record<string, unknown>>;
  const inside = (value: unknown): AnyBlock[] => (Array.isArray(value) ? (value as AnyBlock[]) : []);
  const tabs = Array.isArray(one.tabs) ? (one.tabs as { blocks?: unknown }[]) : [];
  return [
    ...inside(one.blocks),
    ...inside(one.detail),
    ...(one.master ? [one.master as AnyBlock] : []),
    ...tabs.flatMap((tab) => inside(tab.blocks)),
    ...inside(one.else),
  ];
}

export function treeRefusal(tree: Tree): Refusal | undefined {
  if (typeof tree !== "object" || tree === null || !Array.isArray(tree.blocks)) return { key: "no_tree" };
  const bytes = new TextEncoder().encode(JSON.stringify(tree)).length;
  if (bytes > most.treeBytes) {
    return { key: "too_large", what: "tree", size: Math.ceil(bytes / 1024), most: most.treeBytes / 1024 };
  }
  const state = new TextEncoder().encode(JSON.stringify(tree.state ?? {})).length;
  if (state > most.stateBytes) {
    return { key: "too_large", what: "state", size: Math.ceil(state / 1024), most: most.stateBytes / 1024 };
  }
  let count = 0;
  let deepest = 0;
  const visit = (blocks: AnyBlock[], depth: number) => {
    if (blocks.length > 0) deepest = Math.max(deepest, depth);
    for (const block of blocks) {
      count += 1;
      if (depth <= most.depth) visit(childrenOf(block), depth + 1);
    }
  };
  visit(tree.blocks, 1);
  if (count > most.blocks) return { key: "too_many", what: "blocks", size: count, most: most.blocks };
  if (deepest > most.depth) return { key: "too_deep", what: "blocks", most: most.depth };
  return undefined;
}

export const isKnown = (block: AnyBlock): block is KnownBlock => Object.hasOwn(blockSchemas, block.block);

/** Where a block does not fit its reference; its inner blocks are judged when they are drawn. */
export function blockProblem(block: KnownBlock): string | undefined {
  return mismatch(block, blockSchemas[block.block], block.block);
}

/** The first place where a value does not fit a schema. */
export function mismatch(value: unknown, schema: Schema, at: string): string | undefined {
  if (schema.$ref) {
    const name = schema.$ref.slice("#/$defs/".length);
    // Blocks inside are judged one by one.
    if (name === "block" || name === "blocks") return undefined;
    const known = definitions[name];
    return known ? mismatch(value, known, at) : undefined;
  }
  if (schema.anyOf) {
    return schema.anyOf.some((one) => mismatch(value, one, at) === undefined) ? undefined : at;
  }
  if ("const" in schema) return value === schema.const ? undefined : at;
  if (schema.enum) return schema.enum.includes(value as string) ? undefined : at;
  if (schema.type && !fits(value, schema.type as string)) return at;
  if (typeof value === "number") {
    const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema;
    if (value < minimum || value > maximum) return at;
  }
  if (Array.isArray(value)) {
    if (schema.maxItems !== undefined && value.length > schema.maxItems)
      return `${at} (> ${schema.maxItems})`;
    if (!schema.items) return undefined;
    return first(value.map((one, index) => () => mismatch(one, schema.items as Schema, `${at}[${index}]`)));
  }
  if (typeof value !== "object" || value === null) return undefined;
  const missing = schema.required?.find((key) => (value as Record<string, unknown>)[key] === undefined);
  if (missing) return `${at}.${missing}`;
  return first(
    Object.entries(value).map(([key, one]) => () => {
      const known = schema.properties?.[key];
      if (known) return one === undefined ? undefined : mismatch(one, known, `${at}.${key}`);
      if (typeof schema.additionalProperties === "object") {
        return mismatch(one, schema.additionalProperties, `${at}.${key}`);
      }
      // A newer minor adds properties: what is not known is passed over.
      return schema.additionalProperties === false ? `${at}.${key}` : undefined;
    }),
  );
}

function first(tests: (() => string | undefined)[]): string | undefined {
  for (const test of tests) {
    const found = test();
    if (found) return found;
  }
  return undefined;
}

function fits(value: unknown, type: string): boolean {
  switch (type) {
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}
