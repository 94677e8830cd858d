/** What definitions and variables say, in the portal's terms. Pure. */
import type { Definition, ProcessProblem } from "@/api/types";

export const problemsOf = (definition: Pick<Definition, "problems">): ProcessProblem[] =>
  definition.problems as unknown as ProcessProblem[];

/** Errors first, then in the order they were found. */
export const worstFirst = (problems: ProcessProblem[]): ProcessProblem[] =>
  [...problems].sort((left, right) => Number(right.severity === "error") - Number(left.severity === "error"));

/** A variable as people read it: texts as they are, the rest as JSON. */
export const shownValue = (value: unknown): string =>
  typeof value === "string" ? value : value === null || value === undefined ? "—" : JSON.stringify(value);

/** `2 h 5 min`, `3 days`: the two largest parts of a span. */
export function spanOf(from: string, to: string): { days: number; hours: number; minutes: number } {
  const seconds = Math.max(0, Math.round((new Date(to).getTime() - new Date(from).getTime()) / 1_000));
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3_600);
  return { days, hours, minutes: Math.floor((seconds % 3_600) / 60) };
}
