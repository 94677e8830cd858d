/** What was read of a line, with what a person has put right since. Pure. */
import type { Body, Id } from "@/api/types";

type Parsed = Body<"QuickTask">;

export interface Chosen {
  /** `false`: without the deadline that was read. */
  due?: false;
  /** Of several whom a name fits; null: nobody of them. */
  person?: Id | null;
}

/** Whom one has chosen goes out of the title; what one has taken away stays out of the task alone. */
export function applied(read: Parsed, { due, person }: Chosen): Parsed {
  const next = { ...read };
  if (due === false) next.due = null;
  if (person === null) next.assignee = null;
  const chip = person && read.chips.find(({ people }) => people?.some(({ id }) => id === person));
  if (chip) {
    next.assignee = chip.people?.find(({ id }) => id === person);
    next.title = read.title
      .split(/\s+/)
      .filter((word) => word !== chip.text)
      .join(" ");
  }
  return next;
}
