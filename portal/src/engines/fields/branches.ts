/** Choices that stand in a tree: how they are called, and what is below one. */
import type { Choice } from "@/api/types";

/** Called with what is above them, where they are a tree. */
export function withPaths(choices: Choice[]): Choice[] {
  if (!choices.some(({ parent }) => parent)) return choices;
  const all = new Map(choices.map((choice) => [choice.value, choice]));
  const path = ({ label, parent }: Choice, left: number): string => {
    const above = parent && left > 0 ? all.get(parent) : undefined;
    return above ? `${path(above, left - 1)} / ${label}` : label;
  };
  return choices.map((choice) => ({ ...choice, label: path(choice, 10) }));
}

/** A choice and everything below it. */
export function branchOf(choices: { value: string; parent?: string }[], value: string): string[] {
  const found = new Set([value]);
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const { value: one, parent } of choices) if (parent && found.has(parent)) found.add(one);
  }
  return [...found];
}
