/** Lengths of time: whole seconds on the wire, hours and minutes to people. Pure. */

/** `5400` -> `1:30`, `90` -> `0:01:30`. */
export function durationText(seconds: number): string {
  if (seconds < 0) return `−${durationText(-seconds)}`;
  const part = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes, rest] = [
    Math.floor(seconds / 3_600),
    Math.floor((seconds % 3_600) / 60),
    seconds % 60,
  ];
  return `${hours}:${part(minutes)}${rest ? `:${part(rest)}` : ""}`;
}

/**
 * `1:30`, `0:01:30`, and hours alone: `1`, `1.5`, `1,5`. Nothing for an empty text, undefined for what cannot
 * be read.
 */
export function readDuration(text: string): number | null | undefined {
  const typed = text.trim();
  if (!typed) return null;
  if (/^\d+([.,]\d+)?$/.test(typed)) return Math.round(Number(typed.replace(",", ".")) * 3_600);
  const parts = /^(\d+):([0-5]?\d)(?::([0-5]?\d))?$/.exec(typed);
  if (!parts) return undefined;
  return Number(parts[1]) * 3_600 + Number(parts[2]) * 60 + Number(parts[3] ?? 0);
}
