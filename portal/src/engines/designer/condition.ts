/**
 * The condition of a branch, both ways: "field, comparison, value" as CEL, and CEL that says no more than that as field,
 * comparison and value. What says more stays the text it is. Pure.
 */

export type Comparison = "is" | "is_not" | "more" | "at_least" | "less" | "at_most" | "filled" | "empty";

export interface Condition {
  /** `record.amount`, `vars.decision`. */
  field: string;
  comparison: Comparison;
  /** As it is in the value's field: a text, a number, yes or no. None where nothing is compared. */
  value: string | number | boolean;
}

const signs = { is: "==", is_not: "!=", more: ">", at_least: ">=", less: "<", at_most: "<=" } as const;
const comparisonOf = new Map(
  Object.entries(signs).map(([name, sign]) => [sign as string, name as Comparison]),
);

const name = "[\\p{L}_][\\p{L}\\p{N}_]*";
const path = `${name}(?:\\.${name})*`;
const compared = new RegExp(`^(${path})\\s*(==|!=|>=|<=|>|<)\\s*(.+)$`, "su");
const filled = new RegExp(`^has\\((${path})\\)\\s*&&\\s*(${path})\\s*!=\\s*null$`, "u");
const empty = new RegExp(`^!\\s*has\\((${path})\\)\\s*\\|\\|\\s*(${path})\\s*==\\s*null$`, "u");
const bare = new RegExp(`^(!?)\\s*(${path})$`, "u");

/** Names that are no variables. */
const roots = ["vars", "record", "instance", "actor"];
const words = new Set(["true", "false", "null", "in"]);

/** The text of an expression without the marks that other tools and people put around it. */
function plain(text: string): string {
  const trimmed = text.trim();
  const inside = /^[$#]\{(.*)\}$/s.exec(trimmed)?.[1] ?? trimmed.replace(/^=/, "");
  return inside.trim();
}

function fieldOf(text: string): string {
  const root = text.split(".")[0] ?? "";
  return roots.includes(root) ? text : `vars.${text}`;
}

/** Undefined for what is more than one comparison. */
export function readCondition(expression: string): Condition | undefined {
  const text = plain(expression);
  for (const [pattern, comparison] of [
    [filled, "filled"],
    [empty, "empty"],
  ] as const) {
    const found = pattern.exec(text);
    if (found?.[1] && found[1] === found[2]) return { field: fieldOf(found[1]), comparison, value: "" };
  }
  const alone = bare.exec(text);
  if (alone?.[2] && !words.has(alone[2]) && !roots.includes(alone[2])) {
    return { field: fieldOf(alone[2]), comparison: "is", value: alone[1] !== "!" };
  }
  const parts = compared.exec(text);
  const comparison = parts?.[2] && comparisonOf.get(parts[2]);
  if (!parts?.[1] || !parts[3] || !comparison || words.has(parts[1]) || roots.includes(parts[1])) {
    return undefined;
  }
  const value = literal(parts[3].trim());
  return value === undefined ? undefined : { field: fieldOf(parts[1]), comparison, value };
}

function literal(text: string): string | number | boolean | undefined {
  if (text === "true" || text === "false") return text === "true";
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  const quoted = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')$/s.exec(text);
  if (!quoted) return undefined;
  return (quoted[1] ?? quoted[2] ?? "").replace(/\\(.)/g, (_, sign: string) =>
    sign === "n" ? "\n" : sign === "t" ? "\t" : sign,
  );
}

export function writeCondition({ field, comparison, value }: Condition): string {
  if (comparison === "filled") return `has(${field}) && ${field} != null`;
  if (comparison === "empty") return `!has(${field}) || ${field} == null`;
  return `${field} ${signs[comparison]} ${literalOf(value)}`;
}

function literalOf(value: string | number | boolean): string {
  if (typeof value !== "string") return String(value);
  const escaped = value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  return `"${escaped}"`;
}

/** What can be compared about a field of this kind. */
export function comparisonsOf(kind: "number" | "boolean" | "text"): Comparison[] {
  if (kind === "boolean") return ["is"];
  const ordered: Comparison[] = ["more", "at_least", "less", "at_most"];
  return ["is", "is_not", ...(kind === "number" ? ordered : []), "filled", "empty"];
}
