/**
 * What a dry run says, as a walk over the drawing: which way was taken at each question and by which condition, and what a
 * step would have to bring so that another way is taken. Pure.
 */
import type { DryRun } from "@/api/types";
import { type Condition, readCondition } from "@/engines/designer/condition";
import type { Way } from "@/engines/designer/designer";

export type Told = DryRun["steps"][number];

export interface Walked extends Told {
  /** Arrows of a question, in the file's order; none where nothing is asked. */
  ways: Way[];
  /** Those that the run took, as far as it says. */
  taken: Way[];
}

/** What a person chose at a question: what these variables would be once the element before it is done. */
export interface Choice {
  way: string;
  /** Empty: known from the start. */
  element: string;
  variables: Record<string, unknown>;
}

export const waysFrom = (ways: Way[], element: string): Way[] =>
  ways.filter(({ source }) => source === element);

/** `asks`: whether an element is a question; `one`: whether it takes a single way. */
export function walkOf(
  run: Pick<DryRun, "steps" | "problems">,
  ways: Way[],
  asks: (element: string) => boolean,
  one: (element: string) => boolean,
): Walked[] {
  const failed = (run.problems as unknown as { element: string }[]).map(({ element }) => element);
  return run.steps.map((step, at) => {
    const own = asks(step.element) ? waysFrom(ways, step.element) : [];
    const rest = run.steps.slice(at + 1);
    const again = rest.findIndex(({ element }) => element === step.element);
    const later = (again < 0 ? rest : rest.slice(0, again + 1)).map(({ element }) => element);
    const reached = [...later, ...failed];
    const taken = own.filter(({ target }) => reached.includes(target));
    const first = reached.find((element) => own.some(({ target }) => target === element));
    return {
      ...step,
      ways: own,
      taken: one(step.element) ? taken.filter(({ target }) => target === first).slice(0, 1) : taken,
    };
  });
}

const guard = /^has\(([^()]+)\)\s*&&\s*(?=\1(?![\p{L}\p{N}_.]))/u;

/** The comparison a condition makes, also where it first asks whether there is anything to compare. */
export const comparisonOf = (condition: string): Condition | undefined =>
  readCondition(condition) ??
  (guard.test(condition) ? readCondition(condition.replace(guard, "")) : undefined);

/** Names of variables alone: what a record says is not a step's to bring. */
const variableOf = ({ field }: Condition): string | undefined => /^vars\.([^.]+)$/.exec(field)?.[1];

export function holds({ comparison, value }: Condition, given: unknown): boolean {
  const there = given !== undefined && given !== null;
  if (comparison === "filled") return there;
  if (comparison === "empty") return !there;
  if (!there) return comparison === "is_not";
  if (comparison === "is") return given === value;
  if (comparison === "is_not") return given !== value;
  if (typeof given !== "number" || typeof value !== "number") return false;
  if (comparison === "more") return given > value;
  if (comparison === "at_least") return given >= value;
  return comparison === "less" ? given < value : given <= value;
}

/** Values on either side of what is compared; the most telling first. */
function candidates(conditions: Condition[]): unknown[] {
  const found = new Set<unknown>();
  for (const { value } of conditions) {
    found.add(value);
    if (typeof value === "number") found.add(value + 1).add(value - 1);
    if (typeof value === "boolean") found.add(!value);
  }
  return [...found, "…", null];
}

const MOST = 2_000;

/**
 * What variables would have to be so that a question takes this way and no earlier one. Undefined where nobody can say: a
 * condition is a formula, or asks the record.
 */
export function answersFor(ways: Way[], wanted: Way): Record<string, unknown> | undefined {
  const asked = ways.filter(({ otherwise, condition }) => !otherwise && condition);
  const read = asked.map(({ id, condition }) => ({ id, condition: comparisonOf(condition) }));
  const all = read.flatMap(({ condition }) => (condition ? [condition] : []));
  const names = [...new Set(all.map(variableOf))];
  if (all.length < read.length || names.length === 0 || names.includes(undefined)) return undefined;
  let tries: Record<string, unknown>[] = [{}];
  for (const name of names as string[]) {
    const values = candidates(all.filter((one) => variableOf(one) === name));
    tries = tries.flatMap((before) => values.map((value) => ({ ...before, [name]: value }))).slice(0, MOST);
  }
  return tries.find((variables) => {
    const first = read.find(
      ({ condition }) => condition && holds(condition, variables[variableOf(condition) ?? ""]),
    );
    return wanted.otherwise || !wanted.condition ? !first : first?.id === wanted.id;
  });
}

/** The element before a question whose end would bring the answer: the nearest that somebody or something does. */
export function bringerOf(question: string, ways: Way[], works: (element: string) => boolean): string {
  const seen = new Set([question]);
  let edge = [question];
  while (edge.length > 0) {
    const before = edge.flatMap((element) =>
      ways.filter(({ target }) => target === element).map(({ source }) => source),
    );
    const found = before.find(works);
    if (found) return found;
    edge = [...new Set(before)].filter((element) => !seen.has(element));
    for (const element of edge) seen.add(element);
  }
  return "";
}

/** What is sent with a dry run for all that was chosen. */
export function sentOf(choices: Iterable<Choice>): {
  variables: Record<string, unknown>;
  answers: Record<string, Record<string, unknown>>;
} {
  const variables: Record<string, unknown> = {};
  const answers: Record<string, Record<string, unknown>> = {};
  for (const { element, variables: brought } of choices) {
    if (element) answers[element] = { ...answers[element], ...brought };
    else Object.assign(variables, brought);
  }
  return { variables, answers };
}

/** Places on the walk by element, as they stand on the drawing: `2`, `3, 7`. */
export function placesOf(steps: Pick<Told, "element" | "order">[]): Map<string, string> {
  const places = new Map<string, number[]>();
  for (const { element, order } of steps) places.set(element, [...(places.get(element) ?? []), order]);
  return new Map(
    [...places].map(([element, orders]) => [
      element,
      orders.length > 3 ? `${orders.slice(0, 3).join(", ")}…` : orders.join(", "),
    ]),
  );
}
