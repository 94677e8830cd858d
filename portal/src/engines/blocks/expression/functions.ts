/** The closed list of functions: the host's, with the host's meaning. Pure. */
import { Decimal } from "./decimal";
import {
  Bytes,
  Dict,
  ExpressionError,
  Instant,
  instantOf,
  instantText,
  Optional,
  Span,
  spanOf,
  TypeName,
  typeOf,
  Uint,
  type V,
  whole,
} from "./values";

const misfit = (operator: string, left: V, right: V) =>
  new ExpressionError(
    `\`${operator}\` does not fit a value of type ${typeOf(left)} and one of type ${typeOf(right)}`,
  );

export function add(left: V, right: V): V {
  if (typeof left === "string" && typeof right === "string") return left + right;
  if (Array.isArray(left) && Array.isArray(right)) return [...left, ...right];
  if (left instanceof Instant && right instanceof Span) return new Instant(left.nanos + right.nanos);
  if (left instanceof Span && right instanceof Instant) return new Instant(left.nanos + right.nanos);
  if (left instanceof Span && right instanceof Span) return new Span(left.nanos + right.nanos);
  return number("+", left, right);
}

export function subtract(left: V, right: V): V {
  if (left instanceof Instant && right instanceof Instant) return new Span(left.nanos - right.nanos);
  if (left instanceof Instant && right instanceof Span) return new Instant(left.nanos - right.nanos);
  if (left instanceof Span && right instanceof Span) return new Span(left.nanos - right.nanos);
  return number("-", left, right);
}

const exactOf = (value: V) =>
  value instanceof Decimal ? value : typeof value === "bigint" ? Decimal.of(value, 0) : undefined;

/** Integers stay integers, decimals stay exact, anything beside a double becomes one. */
export function number(operator: string, left: V, right: V): V {
  if (typeof left === "bigint" && typeof right === "bigint") return whole(integer(operator, left, right));
  if (left instanceof Uint && right instanceof Uint) {
    const value = integer(operator, left.value, right.value);
    if (value < 0n || value >= 2n ** 64n) throw new ExpressionError("the number is too large");
    return new Uint(value);
  }
  if (operator === "%") throw misfit(operator, left, right);
  const [a, b] = [exactOf(left), exactOf(right)];
  if (a && b) return exact(operator, a, b);
  const float = (value: V) =>
    typeof value === "number"
      ? value
      : value instanceof Uint
        ? Number(value.value)
        : exactOf(value)?.toNumber();
  const [x, y] = [float(left), float(right)];
  if (x === undefined || y === undefined || (typeof left !== "number" && typeof right !== "number")) {
    throw misfit(operator, left, right);
  }
  return operator === "+" ? x + y : operator === "-" ? x - y : operator === "*" ? x * y : x / y;
}

function exact(operator: string, left: Decimal, right: Decimal): Decimal {
  if (operator === "+") return left.plus(right);
  if (operator === "-") return left.minus(right);
  if (operator === "*") return left.times(right);
  if (right.isZero) throw new ExpressionError("division by zero");
  return left.over(right);
}

function integer(operator: string, left: bigint, right: bigint): bigint {
  if (operator === "+") return left + right;
  if (operator === "-") return left - right;
  if (operator === "*") return left * right;
  if (right === 0n) throw new ExpressionError("division by zero");
  return operator === "/" ? left / right : left % right;
}

export function negate(value: V): V {
  if (typeof value === "bigint") return whole(-value);
  if (typeof value === "number") return -value;
  if (value instanceof Decimal) return value.negated();
  if (value instanceof Span) return new Span(-value.nanos);
  throw new ExpressionError(`\`-\` does not fit a value of type ${typeOf(value)}`);
}

export function sizeOf(value: V): bigint {
  if (typeof value === "string") return BigInt([...value].length);
  if (Array.isArray(value)) return BigInt(value.length);
  if (value instanceof Dict) return BigInt(value.size);
  if (value instanceof Bytes) return BigInt(atob(value.base64).length);
  throw none("size", value);
}

const none = (name: string, ...values: V[]) =>
  new ExpressionError(
    `\`${name}\` does not fit ${values.map((value) => `a value of type ${typeOf(value)}`).join(" and ")}`,
  );

/** A double as text: never with an exponent. */
function plain(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const text = String(value);
  return /e/i.test(text) ? (Decimal.read(text)?.toString() ?? text) : text;
}

function toText(value: V): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (typeof value === "number") return plain(value);
  if (value instanceof Decimal) return value.toString();
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Instant) return instantText(value);
  throw none("string", value);
}

function toInt(value: V): bigint {
  if (typeof value === "bigint") return value;
  if (value instanceof Uint) return whole(value.value);
  if (value instanceof Decimal) return whole(value.units / 10n ** BigInt(value.scale));
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new ExpressionError("the number is too large");
    return whole(BigInt(Math.trunc(value)));
  }
  if (typeof value === "string" && /^[-+]?\d+$/.test(value)) return whole(BigInt(value.replace(/^\+/, "")));
  if (value instanceof Instant) return value.nanos / 1_000_000_000n;
  throw none("int", value);
}

function toDouble(value: V): V {
  if (typeof value === "number" || value instanceof Decimal) return value;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Uint) return Number(value.value);
  if (typeof value === "string" && value !== "" && !/\s/.test(value)) {
    const read = Number(value);
    if (!Number.isNaN(read)) return read;
  }
  throw none("double", value);
}

function toUint(value: V): Uint {
  const whole = value instanceof Uint ? value.value : toInt(value);
  if (whole < 0n) throw new ExpressionError("the number is too large");
  return new Uint(whole);
}

function toBool(value: V): boolean {
  if (typeof value === "boolean") return value;
  if (typeof value === "string" && ["true", "TRUE", "True", "t", "1"].includes(value)) return true;
  if (typeof value === "string" && ["false", "FALSE", "False", "f", "0"].includes(value)) return false;
  throw none("bool", value);
}

function instant(value: V): Instant {
  const read = value instanceof Instant ? value : typeof value === "string" ? instantOf(value) : undefined;
  if (!read) throw none("timestamp", value);
  return read;
}

function span(value: V): Span {
  const read = value instanceof Span ? value : typeof value === "string" ? spanOf(value) : undefined;
  if (!read) throw none("duration", value);
  return read;
}

const zones = new Map<string, Intl.DateTimeFormat>();

function partsIn(at: Instant, zone: string): Record<string, number> {
  let format = zones.get(zone);
  if (!format) {
    try {
      format = new Intl.DateTimeFormat("en-US", {
        timeZone: zone,
        hourCycle: "h23",
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
        minute: "numeric",
        second: "numeric",
      });
    } catch {
      throw new ExpressionError(`there is no time zone \`${zone}\``);
    }
    zones.set(zone, format);
  }
  const ms = Number(at.nanos / 1_000_000n);
  return Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
}

const ofSpan: Record<string, bigint> = {
  getHours: 3_600_000_000_000n,
  getMinutes: 60_000_000_000n,
  getSeconds: 1_000_000_000n,
  getMilliseconds: 1_000_000n,
};

function calendar(name: string, value: V, zone: V): bigint {
  const size = ofSpan[name];
  if (value instanceof Span && size !== undefined) return value.nanos / size;
  if (!(value instanceof Instant) || typeof zone !== "string") throw none(name, value);
  if (name === "getMilliseconds") return (((value.nanos / 1_000_000n) % 1_000n) + 1_000n) % 1_000n;
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = partsIn(value, zone);
  const midnight = Date.UTC(year, month - 1, day);
  const answers: Record<string, number> = {
    getFullYear: year,
    getMonth: month - 1,
    getDate: day,
    getDayOfMonth: day - 1,
    getDayOfWeek: new Date(midnight).getUTCDay(),
    getDayOfYear: (midnight - Date.UTC(year, 0, 1)) / 86_400_000,
    getHours: hour,
    getMinutes: minute,
    getSeconds: second,
  };
  return BigInt(answers[name] ?? 0);
}

type Function = (...values: V[]) => V;

const textual =
  (name: string, test: (text: string, part: string) => boolean): Function =>
  (text = null, part = null) => {
    if (typeof text !== "string" || typeof part !== "string") throw none(name, text, part);
    return test(text, part);
  };

const optional = (name: string, value: V): Optional => {
  if (!(value instanceof Optional)) throw none(name, value);
  return value;
};

const empty = (value: V): boolean =>
  value === null ||
  value === false ||
  value === "" ||
  value === 0n ||
  value === 0 ||
  (value instanceof Decimal && value.isZero) ||
  (Array.isArray(value) && value.length === 0) ||
  (value instanceof Dict && value.size === 0);

/** By name, with how many values each takes. */
export const functions: Record<string, { least: number; most: number; run: Function }> = {
  size: { least: 1, most: 1, run: (value = null) => sizeOf(value) },
  contains: { least: 2, most: 2, run: textual("contains", (text, part) => text.includes(part)) },
  startsWith: { least: 2, most: 2, run: textual("startsWith", (text, part) => text.startsWith(part)) },
  endsWith: { least: 2, most: 2, run: textual("endsWith", (text, part) => text.endsWith(part)) },
  string: { least: 1, most: 1, run: (value = null) => toText(value) },
  int: { least: 1, most: 1, run: (value = null) => toInt(value) },
  uint: { least: 1, most: 1, run: (value = null) => toUint(value) },
  double: { least: 1, most: 1, run: (value = null) => toDouble(value) },
  bool: { least: 1, most: 1, run: (value = null) => toBool(value) },
  dyn: { least: 1, most: 1, run: (value = null) => value },
  type: { least: 1, most: 1, run: (value = null) => new TypeName(typeOf(value)) },
  timestamp: { least: 1, most: 1, run: (value = null) => instant(value) },
  duration: { least: 1, most: 1, run: (value = null) => span(value) },
  "optional.of": { least: 1, most: 1, run: (value = null) => new Optional(value) },
  "optional.none": { least: 0, most: 0, run: () => new Optional() },
  "optional.ofNonZeroValue": {
    least: 1,
    most: 1,
    run: (value = null) => (empty(value) ? new Optional() : new Optional(value)),
  },
  hasValue: { least: 1, most: 1, run: (value = null) => optional("hasValue", value).value !== undefined },
  value: {
    least: 1,
    most: 1,
    run(value = null) {
      const found = optional("value", value).value;
      if (found === undefined) throw new ExpressionError("the optional has no value");
      return found;
    },
  },
  or: {
    least: 2,
    most: 2,
    run: (first = null, second = null) =>
      optional("or", first).value === undefined ? optional("or", second) : first,
  },
  orValue: {
    least: 2,
    most: 2,
    run: (first = null, second = null) => optional("orValue", first).value ?? second,
  },
  ...Object.fromEntries(
    [
      "getFullYear",
      "getMonth",
      "getDate",
      "getDayOfMonth",
      "getDayOfWeek",
      "getDayOfYear",
      "getHours",
      "getMinutes",
      "getSeconds",
      "getMilliseconds",
    ].map((name) => [
      name,
      { least: 1, most: 2, run: (value: V = null, zone: V = "UTC") => calendar(name, value, zone) },
    ]),
  ),
};
