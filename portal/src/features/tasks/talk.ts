/** The history of a task in people's terms. Pure. */
import type { TaskEvent } from "@/api/types";

interface Pair {
  before?: unknown;
  after?: unknown;
}

/** Kept by the product with every change; says nothing to people. */
const silent = new Set([
  "updated_at",
  "editor",
  "last_activity_at",
  "note",
  "completed_at",
  "completed_by",
  "overdue",
  "comments",
]);

export const changesOf = (event: TaskEvent) => event.changes as Record<string, Pair>;

export function noteOf(event: TaskEvent): string | undefined {
  const note = changesOf(event).note?.after;
  return typeof note === "string" && note ? note : undefined;
}

/** Keys that changed and are worth a line. */
export const toldOf = (event: TaskEvent): string[] =>
  Object.keys(changesOf(event)).filter((key) => !silent.has(key));

/** Said about the task rather than done to it. */
export const isComment = (event: TaskEvent): boolean =>
  event.event === "task.updated" && noteOf(event) !== undefined && toldOf(event).length === 0;

export type Deed =
  | "created"
  | "completed"
  | "cancelled"
  | "said"
  | "reminded"
  | "late"
  | "letter"
  | "checklist"
  | "changed";

/** What it was, in one word that the texts know. */
export function deedOf(event: TaskEvent): Deed {
  const kind = event.event.split(".").pop();
  if (kind === "created" || kind === "completed" || kind === "cancelled") return kind;
  if (isComment(event)) return "said";
  const told = toldOf(event);
  if (told.includes("reminders_sent")) return "reminded";
  if (told.length === 0 && changesOf(event).overdue) return "late";
  if (told.includes("main_action")) return "letter";
  if (told.length === 1 && told[0] === "checklist") return "checklist";
  return "changed";
}
