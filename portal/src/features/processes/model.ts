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

/** Whether the drawing's formulas speak of the record it is about: started about none, it would stop at the first of them. */
export const speaksOfRecord = (xml: string | undefined): boolean => /\brecord\.\w/.test(xml ?? "");
