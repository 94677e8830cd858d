/** Values of an evaluation: CEL's kinds over JSON, bound member by member as they are looked at. Pure. */
import { Decimal } from "./decimal";

export class ExpressionError extends Error {}
/** What is needed is not here (yet): neither an error nor an answer. */
export class NotKnown extends Error {}

export class Uint {
  constructor(readonly value: bigint) {}
}
/** A moment, in nanoseconds since 1970. */
export class Instant {
  constructor(readonly nanos: bigint) {}
}
/** A length of time in nanoseconds. */
export class Span {
  constructor(readonly nanos: bigint) {}
}
export class Bytes {
  constructor(readonly base64: string) {}
}
export class Optional {
  constructor(readonly value?: V) {}
}
export class TypeName {
  constructor(readonly name: string) {}
}

/** How fields of a row are bound: by the type of the field, where JSON alone does not say it. */
export type Types = Record<string, string>;
export type Key = string | bigint | boolean;

/** An object of the environment or of a literal. */
export class Dict {
  private constructor(
    private readonly raw: Record<string, unknown> | undefined,
    private readonly types: Types | undefined,
    private readonly made: Map<Key, V> | undefined,
  ) {}

  static bound(raw: Record<string, unknown>, types?: Types): Dict {
    return new Dict(raw, types, undefined);
  }
  static made(entries: Map<Key, V>): Dict {
    return new Dict(undefined, undefined, entries);
  }

  get(key: Key): V | undefined {
    if (this.made) return this.made.get(key);
    if (typeof key !== "string" || !this.raw || !Object.hasOwn(this.raw, key)) return undefined;
    return bind(this.raw[key], this.types?.[key]);
  }
  has(key: Key): boolean {
    return this.made
      ? this.made.has(key)
      : typeof key === "string" && this.raw !== undefined && Object.hasOwn(this.raw, key);
  }
  /** Sorted, so that every evaluation goes the same way. */
  keys(): Key[] {
    const keys = this.made ? [...this.made.keys()] : Object.keys(this.raw ?? {});
    return keys.sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
  }
  get size(): number {
    return this.made ? this.made.size : Object.keys(this.raw ?? {}).length;
  }
}

export type V =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint
  | Decimal
  | Instant
  | Span
  | Bytes
  | Optional
  | TypeName
  | Dict
  | V[];

/** In the environment: this is on its way, or not known to the portal at all. */
export const unknown = Symbol("unknown");

const most_i64 = 2n ** 63n - 1n;
export const fits = (value: bigint) => value <= most_i64 && value >= -most_i64 - 1n;
export function whole(value: bigint): bigint {
  if (!fits(value)) throw new ExpressionError("the number is too large");
  return value;
}

/** A value of the environment, bound as the host binds it. */
export function bind(raw: unknown, type?: string): V {
  if (raw === unknown) throw new NotKnown();
  if (raw === null || raw === undefined) return null;
  if (typeof raw === "boolean") return raw;
  if (type === "decimal" || type === "money") return Decimal.read(raw) ?? null;
  if (type === "datetime" && typeof raw === "string") return instantOf(raw) ?? raw;
  if (typeof raw === "number") return Number.isSafeInteger(raw) ? BigInt(raw) : raw;
  if (typeof raw === "string") return raw;
  if (Array.isArray(raw)) {
    const multi = type === "phones" || type === "emails" || type === "urls" || type === "messengers";
    return raw.map((one) => (multi && isObject(one) ? bind(one.value) : bind(one)));
  }
  if (raw instanceof Row) return Dict.bound(raw.fields, raw.types);
  if (isObject(raw)) return Dict.bound(raw);
  throw new ExpressionError("a value that has no type");
}

/** A row with the types of its fields: what a source gives to expressions. */
export class Row {
  constructor(
    readonly fields: Record<string, unknown>,
    readonly types?: Types,
  ) {}
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const moment = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/i;

export function instantOf(text: string): Instant | undefined {
  const parts = moment.exec(text);
  if (!parts) return undefined;
  const fraction = BigInt((parts[7] ?? "").padEnd(9, "0"));
  const ms = Date.parse(`${text.slice(0, 19)}${parts[8]?.toUpperCase()}`);
  return Number.isNaN(ms) ? undefined : new Instant(BigInt(ms) * 1_000_000n + fraction);
}

/** `90m`, `1h30m`, `-1500ms`. */
export function spanOf(text: string): Span | undefined {
  const sign = text.startsWith("-") ? -1n : 1n;
  const rest = text.replace(/^[-+]/, "");
  if (rest === "0") return new Span(0n);
  if (!/^(\d+(\.\d+)?(h|ms|m|s|us|µs|ns))+$/.test(rest)) return undefined;
  const unit: Record<string, bigint> = {
    h: 3_600_000_000_000n,
    m: 60_000_000_000n,
    s: 1_000_000_000n,
    ms: 1_000_000n,
    us: 1_000n,
    µs: 1_000n,
    ns: 1n,
  };
  let nanos = 0n;
  for (const [, number = "0", , name = "s"] of rest.matchAll(/(\d+(\.\d+)?)(h|ms|m|s|us|µs|ns)/g)) {
    const [first = "0", fraction = ""] = number.split(".");
    const size = unit[name] ?? 0n;
    nanos += BigInt(first) * size + (BigInt(fraction || "0") * size) / 10n ** BigInt(fraction.length);
  }
  return new Span(sign * nanos);
}

export function typeOf(value: V): string {
  if (value === null) return "null_type";
  if (typeof value === "bigint") return "int";
  if (typeof value === "number" || value instanceof Decimal) return "double";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "string";
  if (Array.isArray(value)) return "list";
  if (value instanceof Dict) return "map";
  if (value instanceof Uint) return "uint";
  if (value instanceof Instant) return "google.protobuf.Timestamp";
  if (value instanceof Span) return "google.protobuf.Duration";
  if (value instanceof Bytes) return "bytes";
  return value instanceof TypeName ? "type" : "optional_type";
}

/** A number beside another as both can be compared: exact where neither is floating. */
function numbers(left: V, right: V): [number, number] | [Decimal, Decimal] | undefined {
  const exact = (value: V) =>
    typeof value === "bigint"
      ? Decimal.of(value, 0)
      : value instanceof Uint
        ? Decimal.of(value.value, 0)
        : value instanceof Decimal
          ? value
          : undefined;
  const [a, b] = [exact(left), exact(right)];
  if (a && b) return [a, b];
  const float = (value: V, one: Decimal | undefined) => (typeof value === "number" ? value : one?.toNumber());
  const [x, y] = [float(left, a), float(right, b)];
  return x === undefined || y === undefined ? undefined : [x, y];
}

export function equal(left: V, right: V): boolean {
  const pair = numbers(left, right);
  if (pair)
    return typeof pair[0] === "number" ? pair[0] === pair[1] : pair[0].compare(pair[1] as Decimal) === 0;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((one, index) => equal(one, right[index] ?? null));
  }
  if (left instanceof Dict && right instanceof Dict) {
    return (
      left.size === right.size &&
      left.keys().every((key) => right.has(key) && equal(left.get(key) ?? null, right.get(key) ?? null))
    );
  }
  if (left instanceof Instant && right instanceof Instant) return left.nanos === right.nanos;
  if (left instanceof Span && right instanceof Span) return left.nanos === right.nanos;
  if (left instanceof Bytes && right instanceof Bytes) return left.base64 === right.base64;
  if (left instanceof TypeName && right instanceof TypeName) return left.name === right.name;
  if (left instanceof Optional && right instanceof Optional) {
    if (left.value === undefined || right.value === undefined) return left.value === right.value;
    return equal(left.value, right.value);
  }
  return left === right;
}

export function compare(left: V, right: V): number {
  const order = <T>(a: T, b: T) => (a < b ? -1 : a > b ? 1 : 0);
  const pair = numbers(left, right);
  if (pair) {
    if (pair[0] instanceof Decimal) return pair[0].compare(pair[1] as Decimal);
    if (!Number.isNaN(pair[0]) && !Number.isNaN(pair[1])) return order(pair[0], pair[1]);
  } else if (typeof left === "string" && typeof right === "string") return byCodePoint(left, right);
  else if (typeof left === "boolean" && typeof right === "boolean") return order(left, right);
  else if (left instanceof Instant && right instanceof Instant) return order(left.nanos, right.nanos);
  else if (left instanceof Span && right instanceof Span) return order(left.nanos, right.nanos);
  throw new ExpressionError(
    `a value of type ${typeOf(left)} cannot be compared to one of type ${typeOf(right)}`,
  );
}

/** Text in the order of its code points, as the host's: JavaScript's own differs for what lies past U+FFFF. */
function byCodePoint(left: string, right: string): number {
  const [a, b] = [[...left], [...right]];
  for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
    const step = (a[at]?.codePointAt(0) ?? 0) - (b[at]?.codePointAt(0) ?? 0);
    if (step !== 0) return Math.sign(step);
  }
  return Math.sign(a.length - b.length);
}

/** What a value costs that is kept: its bytes of text, its members and theirs. */
export function costOf(value: V, most: number): number {
  if (typeof value === "string") return value.length * (/^[\0-\x7f]*$/.test(value) ? 1 : 2) + 1;
  let sum = 1;
  const parts: V[] = Array.isArray(value)
    ? value
    : value instanceof Dict
      ? value.keys().map((key) => value.get(key) ?? null)
      : [];
  for (const part of parts) {
    if (sum > most) break;
    sum += costOf(part, most - sum);
  }
  return sum;
}

/** As JSON; what JSON has no place for is an error. */
export function toJson(value: V): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new ExpressionError("gave a number that is not finite");
    return value;
  }
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Decimal) return value.toNumber();
  if (value instanceof Uint) return Number(value.value);
  if (value instanceof Instant) return instantText(value);
  if (value instanceof Span) return spanText(value);
  if (value instanceof Bytes) return value.base64;
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Dict) {
    return Object.fromEntries(value.keys().map((key) => [String(key), toJson(value.get(key) ?? null)]));
  }
  throw new ExpressionError(`gave a value of type ${typeOf(value)}, which cannot be kept`);
}

export function instantText({ nanos }: Instant): string {
  const below = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const text = new Date(Number((nanos - below) / 1_000_000n)).toISOString().slice(0, 19);
  const digits = String(below).padStart(9, "0");
  // Three, six or nine digits, as the host writes them.
  const shown = below === 0n ? "" : `.${digits.replace(/(000){1,2}$/, "")}`;
  return `${text}${shown}Z`;
}

function spanText({ nanos }: Span): string {
  const size = nanos < 0n ? -nanos : nanos;
  const rest = String(size % 1_000_000_000n).padStart(9, "0");
  const fraction = rest === "000000000" ? "" : `.${rest.replace(/0+$/, "")}`;
  return `${nanos < 0n ? "-" : ""}PT${size / 1_000_000_000n}${fraction}S`;
}
