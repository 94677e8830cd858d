/**
 * Working time as the file writes it (ISO 8601, a day is eight hours, a week five days) and as people say it: a number of
 * one unit. Pure.
 */

export type Unit = "minutes" | "hours" | "days";
export interface Span {
  amount: number;
  unit: Unit;
}

export const secondsIn: Record<Unit, number> = { minutes: 60, hours: 3_600, days: 28_800 };

/** Seconds of working time; undefined for what is no length of working time. */
export function readWorking(text: string): number | undefined {
  const weeks = /^P(\d+)W$/.exec(text);
  if (weeks) return Number(weeks[1]) * 5 * secondsIn.days;
  const parts = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text);
  if (!parts || /^P$|T$/.test(text)) return undefined;
  const [days, hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0));
  return (days ?? 0) * secondsIn.days + (hours ?? 0) * 3_600 + (minutes ?? 0) * 60 + (seconds ?? 0);
}

/** In the largest unit that is whole; seconds alone are nobody's plan and are no span. */
export function spanOf(text: string): Span | undefined {
  const seconds = readWorking(text);
  if (seconds === undefined) return undefined;
  for (const unit of ["days", "hours", "minutes"] as const) {
    if (seconds % secondsIn[unit] === 0) return { amount: seconds / secondsIn[unit], unit };
  }
  return undefined;
}

export function writeSpan({ amount, unit }: Span): string {
  if (unit === "days") return `P${amount}D`;
  return unit === "hours" ? `PT${amount}H` : `PT${amount}M`;
}

/** A length of calendar time in a timer: the same texts, but a day is a day. */
export function timerSpan(text: string): Span | undefined {
  const one = /^P(?:(\d+)D|T(\d+)H|T(\d+)M)$/.exec(text);
  if (!one) return undefined;
  if (one[1]) return { amount: Number(one[1]), unit: "days" };
  return one[2] ? { amount: Number(one[2]), unit: "hours" } : { amount: Number(one[3]), unit: "minutes" };
}
