/** A day a person chose and the moment the server keeps: the end of that day in this browser's time zone. */
export const endOfDay = (day: string | null): string | null =>
  day === null ? null : new Date(`${day}T23:59:59`).toISOString();

/** The local day of a moment, YYYY-MM-DD. */
export function dayOf(moment: string | null | undefined): string | null {
  if (!moment) return null;
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return null;
  const two = (number: number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Whether somebody is absent now. */
export const isAbsent = (until: string | null | undefined, now: number): boolean =>
  typeof until === "string" && new Date(until).getTime() > now;
