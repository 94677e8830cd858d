/** Rates as they are sent. Pure. */
const most = 1_000_000_000;

/** Digits without an exponent, as the server reads them; undefined where it is no rate. */
export function rateOf(value: unknown): string | undefined {
  if (typeof value !== "number" || !(value > 0) || value > most) return undefined;
  const text = value.toFixed(10).replace(/\.?0+$/, "");
  return text === "0" ? undefined : text;
}
