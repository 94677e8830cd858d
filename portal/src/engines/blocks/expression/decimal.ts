/** Exact decimal numbers: amounts are added and compared digit by digit, never in floating point. Pure. */

const mostDigits = 40;

export class Decimal {
  private constructor(
    /** The number times ten to the power of `scale`. */
    readonly units: bigint,
    readonly scale: number,
  ) {}

  static of(units: bigint, scale: number): Decimal {
    let [whole, digits] = [units, scale];
    while (digits > 0 && whole % 10n === 0n) {
      whole /= 10n;
      digits -= 1;
    }
    return new Decimal(whole, digits);
  }

  /** Reads `-12.50` and what the wire writes of a number; undefined for anything else. */
  static read(value: unknown): Decimal | undefined {
    if (typeof value === "number" && !Number.isFinite(value)) return undefined;
    if (typeof value !== "number" && typeof value !== "string") return undefined;
    const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(String(value).trim());
    if (!parts) return undefined;
    const [, sign = "", whole = "0", fraction = "", power = "0"] = parts;
    const shift = Number(power);
    if (whole.length + fraction.length + Math.abs(shift) > mostDigits * 10) return undefined;
    const units = BigInt(`${sign}${whole}${fraction}`);
    const scale = fraction.length - shift;
    return scale >= 0 ? Decimal.of(units, scale) : Decimal.of(units * 10n ** BigInt(-scale), 0);
  }

  static readonly zero = new Decimal(0n, 0);

  private with(other: Decimal): [bigint, bigint, number] {
    const scale = Math.max(this.scale, other.scale);
    return [
      this.units * 10n ** BigInt(scale - this.scale),
      other.units * 10n ** BigInt(scale - other.scale),
      scale,
    ];
  }

  plus(other: Decimal): Decimal {
    const [left, right, scale] = this.with(other);
    return Decimal.of(left + right, scale);
  }

  minus(other: Decimal): Decimal {
    const [left, right, scale] = this.with(other);
    return Decimal.of(left - right, scale);
  }

  times(other: Decimal): Decimal {
    return Decimal.of(this.units * other.units, this.scale + other.scale);
  }

  /** To ten digits after the point, half away from zero. */
  over(other: Decimal): Decimal {
    const scale = 10;
    const [left, right] = this.with(other);
    const scaled = left * 10n ** BigInt(scale + 1);
    const quotient = scaled / right;
    const half = quotient < 0n ? -5n : 5n;
    return Decimal.of((quotient + half) / 10n, scale);
  }

  compare(other: Decimal): number {
    const [left, right] = this.with(other);
    return left < right ? -1 : left > right ? 1 : 0;
  }

  negated(): Decimal {
    return new Decimal(-this.units, this.scale);
  }

  get isZero(): boolean {
    return this.units === 0n;
  }

  toString(): string {
    const negative = this.units < 0n;
    const digits = String(negative ? -this.units : this.units).padStart(this.scale + 1, "0");
    const whole = digits.slice(0, digits.length - this.scale);
    const text = this.scale ? `${whole}.${digits.slice(-this.scale)}` : whole;
    return negative ? `-${text}` : text;
  }

  /** For drawing and for `Intl`: the nearest number. */
  toNumber(): number {
    return Number(this.toString());
  }
}

/** The exact sum of numbers as they came over the wire; what is no number counts nothing. */
export function sumOf(values: Iterable<unknown>): number {
  let sum = Decimal.zero;
  for (const value of values) sum = sum.plus(Decimal.read(value) ?? Decimal.zero);
  return sum.toNumber();
}
