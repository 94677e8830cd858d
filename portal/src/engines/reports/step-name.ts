/** What a step of a process is called: in its process, else in all that have one of that id. Pure. */
import type { Value } from "@/api/types";

export type StepNames = Record<string, Record<string, string>>;

export function stepName(
  steps: StepNames | undefined,
  element: Value,
  definition?: Value,
): string | undefined {
  const known = Object.entries(steps ?? {}).filter(([id]) => !definition || id === definition);
  const names = new Set(known.map(([, names]) => names[String(element)]).filter(Boolean));
  return names.size > 0 ? [...names].toSorted().join(" / ") : undefined;
}
