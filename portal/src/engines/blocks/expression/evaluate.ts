/**
 * Evaluates a compiled expression over named values. Three outcomes: a value, an error (words for whoever made the
 * page), or unknown: what is needed is not here, and the host decides. Deterministic and bounded; it knows no clock.
 */
import { add, functions, negate, number, subtract } from "./functions";
import { limits, type Node, shapeProblem } from "./node";
import {
  Bytes,
  bind,
  compare,
  costOf,
  Dict,
  ExpressionError,
  equal,
  type Key,
  NotKnown,
  Optional,
  TypeName,
  toJson,
  Uint,
  type V,
} from "./values";

export interface Environment {
  /** A JSON value, a `Row`, or `unknown`; undefined where there is no such name. */
  lookup(name: string): unknown;
  /** Whether the person may do this with the entity; undefined when it is not known here. */
  can?(entity: string, action: string): boolean | undefined;
}

export type Outcome = { value: unknown } | { error: string } | { unknown: true };

const types = new Set([
  "bool",
  "bytes",
  "double",
  "int",
  "list",
  "map",
  "null_type",
  "string",
  "type",
  "uint",
]);

export function evaluate(root: Node, environment: Environment): Outcome {
  const problem = shapeProblem(root);
  if (problem) return { error: problem };
  try {
    const run = new Evaluation(environment);
    const value = run.node(root, undefined);
    run.charge(value);
    return { value: toJson(value) };
  } catch (error) {
    if (error instanceof NotKnown) return { unknown: true };
    if (error instanceof ExpressionError) return { error: error.message };
    throw error;
  }
}

/** Whether it holds: true, false, or undefined when it cannot be said here (an error too). */
export function holds(root: Node, environment: Environment): boolean | undefined {
  const outcome = evaluate(root, environment);
  return "value" in outcome && typeof outcome.value === "boolean" ? outcome.value : undefined;
}

interface Bound {
  name: string;
  value: V;
  outer: Bound | undefined;
}

class Evaluation {
  private rounds = limits.rounds;
  private made = limits.made;
  constructor(private readonly environment: Environment) {}

  charge(value: V): void {
    this.made -= costOf(value, this.made);
    if (this.made < 0) throw new ExpressionError("it makes too much data");
  }

  private spend(rounds: number, words: string): void {
    this.rounds -= rounds;
    if (this.rounds < 0) throw new ExpressionError(words);
  }

  node(node: Node, bound: Bound | undefined): V {
    if (node === null || typeof node === "boolean" || typeof node === "string") return node;
    if (typeof node === "number") return BigInt(node);
    if ("name" in node) return this.name(node.name, bound);
    if ("call" in node) return this.call(node.call, bound);
    if ("get" in node) return this.member(node.get, bound);
    if ("has" in node) return this.has(node.has, bound);
    if ("get?" in node) return this.optional(this.node(node["get?"][0], bound), node["get?"][1]);
    if ("list" in node) return this.kept(node.list.map((part) => this.node(part, bound)));
    if ("entries" in node) return this.entries(node.entries, bound);
    if ("int" in node) return BigInt(node.int);
    if ("uint" in node) return new Uint(BigInt(node.uint));
    if ("double" in node) return Number(node.double);
    if ("bytes" in node) return new Bytes(node.bytes);
    if ("all" in node) return this.every(node.all, bound, false);
    if ("exists" in node) return this.every(node.exists, bound, true);
    if ("exists_one" in node) {
      const { length } = this.filtered(node.exists_one, bound);
      return length === 1;
    }
    if ("filter" in node) return this.kept(this.filtered(node.filter, bound));
    if ("map" in node) return this.mapped(node.map, bound);
    throw new ExpressionError("a node that is not known");
  }

  private kept<T extends V>(value: T): T {
    this.charge(value);
    return value;
  }

  private name(name: string, bound: Bound | undefined): V {
    for (let at = bound; at; at = at.outer) if (at.name === name) return at.value;
    const given = this.environment.lookup(name);
    if (given !== undefined) return bind(given);
    if (types.has(name)) return new TypeName(name);
    throw new ExpressionError(`\`${name}\` is not defined`);
  }

  private member([operand, field]: [Node, string], bound: Bound | undefined): V {
    const object = this.node(operand, bound);
    if (object instanceof Optional) return this.optional(object, field);
    if (!(object instanceof Dict))
      throw new ExpressionError(`there is no \`${field}\`: test it with has(...) first`);
    const found = object.get(field);
    if (found === undefined)
      throw new ExpressionError(`there is no \`${field}\`: test it with has(...) first`);
    return found;
  }

  private has([operand, field]: [Node, string], bound: Bound | undefined): boolean {
    const object = this.node(operand, bound);
    if (object instanceof Dict) return object.has(field);
    throw new ExpressionError(`there is no \`${field}\`: test it with has(...) first`);
  }

  private optional(object: V, key: V): Optional {
    const inner = object instanceof Optional ? object.value : object;
    if (inner === undefined || inner === null) return new Optional();
    if (Array.isArray(inner)) return new Optional(typeof key === "bigint" ? inner[Number(key)] : undefined);
    if (inner instanceof Dict) return new Optional(inner.get(keyOf(key)));
    throw new ExpressionError("it has no members");
  }

  private entries(entries: [Node, Node][], bound: Bound | undefined): V {
    const made = new Map<Key, V>();
    for (const [key, value] of entries) made.set(keyOf(this.node(key, bound)), this.node(value, bound));
    return this.kept(Dict.made(made));
  }

  private call([name, ...parts]: [string, ...Node[]], bound: Bound | undefined): V {
    const part = (index: number) => this.node(parts[index] ?? null, bound);
    switch (name) {
      case "&&":
        return this.logic(parts, bound, false);
      case "||":
        return this.logic(parts, bound, true);
      case "?:":
        return truth(part(0)) ? part(1) : part(2);
      case "!":
        return !truth(part(0));
      case "neg":
        return negate(part(0));
      case "+": {
        const sum = add(part(0), part(1));
        return typeof sum === "string" || Array.isArray(sum) ? this.kept(sum) : sum;
      }
      case "-":
        return subtract(part(0), part(1));
      case "*":
      case "/":
      case "%":
        return number(name, part(0), part(1));
      case "==":
        return equal(this.seen(part(0)), this.seen(part(1)));
      case "!=":
        return !equal(this.seen(part(0)), this.seen(part(1)));
      case "<":
        return compare(part(0), part(1)) < 0;
      case "<=":
        return compare(part(0), part(1)) <= 0;
      case ">":
        return compare(part(0), part(1)) > 0;
      case ">=":
        return compare(part(0), part(1)) >= 0;
      case "in":
        return this.contained(this.seen(part(0)), this.seen(part(1)));
      case "[]":
        return indexed(part(0), part(1));
      case "[?]":
        return this.optional(part(0), part(1));
      case "can":
        return this.can(part(0), part(1));
    }
    const known = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (!known) throw new NotKnown();
    if (parts.length < known.least || parts.length > known.most) {
      throw new ExpressionError(`\`${name}\` does not take ${parts.length} values`);
    }
    return known.run(...parts.map((_, index) => part(index)));
  }

  /** A value that is compared or searched counts by what is in it. */
  private seen(value: V): V {
    const most = this.rounds * 16;
    const cost = costOf(value, most);
    // Counting stops where it is more than is left.
    this.spend(cost > most ? Number.POSITIVE_INFINITY : Math.floor(cost / 16), "it compares too much data");
    return value;
  }

  private contained(value: V, place: V): boolean {
    if (Array.isArray(place)) return place.some((one) => equal(one, value));
    if (place instanceof Dict) return place.has(keyOf(value));
    throw new ExpressionError("`in` needs a list or a map");
  }

  private can(entity: V, action: V): boolean {
    const known = this.environment.can?.(String(entity), String(action));
    if (known === undefined) throw new NotKnown();
    return known;
  }

  /** `&&` and `||`: what decides does so whatever stands beside it, an error or something unknown. */
  private logic(parts: Node[], bound: Bound | undefined, decides: boolean): boolean {
    let left: unknown;
    try {
      if (truth(this.node(parts[0] ?? null, bound)) === decides) return decides;
    } catch (error) {
      left = error;
    }
    let right: unknown;
    try {
      if (truth(this.node(parts[1] ?? null, bound)) === decides) return decides;
    } catch (error) {
      right = error;
    }
    const unknown = [left, right].find((one) => one instanceof NotKnown);
    if (unknown ?? right ?? left) throw unknown ?? right ?? left;
    return !decides;
  }

  private members(range: Node, bound: Bound | undefined): V[] {
    const over = this.node(range, bound);
    const members = Array.isArray(over) ? over : over instanceof Dict ? over.keys() : undefined;
    if (!members) throw new ExpressionError("a comprehension needs a list or a map");
    this.spend(members.length + 1, "it goes over too many members");
    this.charge(over);
    return members;
  }

  private every([range, name, body]: [Node, string, Node], bound: Bound | undefined, any: boolean): boolean {
    let waiting: unknown;
    for (const value of this.members(range, bound)) {
      try {
        if (truth(this.node(body, { name, value, outer: bound })) === any) return any;
      } catch (error) {
        if (!(waiting instanceof NotKnown)) waiting = error;
      }
      if (this.rounds < 0 || this.made < 0) throw waiting;
    }
    if (waiting) throw waiting;
    return !any;
  }

  private filtered([range, name, body]: [Node, string, Node], bound: Bound | undefined): V[] {
    return this.members(range, bound).filter((value) =>
      truth(this.node(body, { name, value, outer: bound })),
    );
  }

  private mapped(loop: [Node, string, Node] | [Node, string, Node, Node], bound: Bound | undefined): V[] {
    const [range, name, condition, body] = loop.length === 4 ? loop : [loop[0], loop[1], true, loop[2]];
    const made: V[] = [];
    for (const value of this.members(range, bound)) {
      const inner = { name, value, outer: bound };
      if (truth(this.node(condition, inner))) made.push(this.kept(this.node(body, inner)));
    }
    return made;
  }
}

function truth(value: V): boolean {
  if (typeof value === "boolean") return value;
  throw new ExpressionError("a condition that is not true or false");
}

function keyOf(value: V): Key {
  if (typeof value === "string" || typeof value === "bigint" || typeof value === "boolean") return value;
  if (value instanceof Uint) return value.value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  throw new ExpressionError("a key must be a text, a whole number, true or false");
}

function indexed(object: V, key: V): V {
  if (Array.isArray(object)) {
    const at = typeof key === "bigint" ? Number(key) : typeof key === "number" ? key : Number.NaN;
    const found = object[at];
    if (found === undefined) throw new ExpressionError("Index out of bounds");
    return found;
  }
  if (object instanceof Dict) {
    const found = object.get(keyOf(key));
    if (found === undefined)
      throw new ExpressionError(`there is no \`${String(key)}\`: test it with has(...) first`);
    return found;
  }
  throw new ExpressionError("it has no members");
}
